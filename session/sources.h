/*
 * sources: counts the sessions of each source, and its failed AUTHs of the last
 * minutes.  A source is an IPv4 address or an IPv6 /64, in which a host has as
 * many addresses as it likes.  Pure: the caller has the memory and the clock.
 */
#ifndef SOURCES_H
#define SOURCES_H

#include <stddef.h>
#include <stdint.h>

#define SOURCES_MAX	8192	/* sources that are known at a time */
#define SOURCES_BUCKETS 4096	/* a power of two */
#define SOURCES_MINUTES 10	/* during which a failure counts */
#define SOURCES_FAILURES 65535	/* failures that are counted in a minute */

struct source {
	unsigned char key[16];	/* IPv6, or IPv4 mapped into it */
	uint32_t sessions;
	uint64_t minute;	/* of the latest failure; 0: none */
	uint16_t failures[SOURCES_MINUTES]; /* by minute, modulo the size */
	int next;		/* in its bucket; -1: the last one */
};

struct sources {
	uint64_t seed;		/* of the hash: so a client cannot choose the
				   bucket */
	size_t n;		/* members of v that are in use */
	int hand;		/* where the search for room goes on */
	int bucket[SOURCES_BUCKETS];
	struct source v[SOURCES_MAX];
};

void sources_init(struct sources *, uint64_t seed);

/*
 * The index of the source that an address (IPv6, or IPv4 mapped into it)
 * belongs to.  If there is no room, a source without sessions is forgotten, if
 * possible one without failures.  -1: all have sessions.
 */
int sources_find(struct sources *, const unsigned char address[16]);

/* Count a session that begins or ends.  Until it ends, the index is valid. */
void sources_begin(struct sources *, int index);
void sources_end(struct sources *, int index);
uint32_t sources_sessions(const struct sources *, int index);

/* Count a failed AUTH at this second, by any clock that never goes back. */
void sources_failure(struct sources *, int index, uint64_t seconds);

/* How many AUTHs failed in the last SOURCES_MINUTES. */
uint32_t sources_failures(const struct sources *, int index,
    uint64_t seconds);

#endif
