/*
 * sources: how many sessions each source has, and how many of its AUTHs
 * failed lately.  A source is an IPv4 address or an IPv6 /64, of which a host
 * has as many addresses as it likes.  Pure: memory and clock are the caller's.
 */
#ifndef SOURCES_H
#define SOURCES_H

#include <stddef.h>
#include <stdint.h>

#define SOURCES_MAX	8192	/* that are known at a time */
#define SOURCES_BUCKETS 4096	/* a power of two */
#define SOURCES_MINUTES 10	/* for which a failure counts */
#define SOURCES_FAILURES 65535	/* that are counted in a minute */

struct source {
	unsigned char key[16];	/* IPv6, or IPv4 mapped into it */
	uint32_t sessions;
	uint64_t minute;	/* of the latest failure; 0: none */
	uint16_t failures[SOURCES_MINUTES]; /* by minute, modulo the size */
	int next;		/* in its bucket; -1: the last one */
};

struct sources {
	uint64_t seed;		/* of the hash: whoever connects cannot
				   choose the bucket */
	size_t n;		/* of v that are in use */
	int hand;		/* where the search for a place goes on */
	int bucket[SOURCES_BUCKETS];
	struct source v[SOURCES_MAX];
};

void sources_init(struct sources *, uint64_t seed);

/*
 * The index of the source that an address (IPv6, or IPv4 mapped into it)
 * belongs to.  Where all places are taken, a source that has no session is
 * forgotten, and sooner one without failures.  -1: all have sessions.
 */
int sources_find(struct sources *, const unsigned char address[16]);

/* A session begins, or ends.  Until it ends, its source keeps its index. */
void sources_begin(struct sources *, int index);
void sources_end(struct sources *, int index);
uint32_t sources_sessions(const struct sources *, int index);

/* An AUTH failed, at this second of any clock that does not go back. */
void sources_failure(struct sources *, int index, uint64_t seconds);

/* How many failed in the last SOURCES_MINUTES. */
uint32_t sources_failures(const struct sources *, int index,
    uint64_t seconds);

#endif
