/*
 * source: failed passwords by where they come from.  A table of a fixed size:
 * where it is full, the source that failed first makes room.
 */
#include <string.h>

#include "common/clock.h"
#include "delivery/source.h"

#define PREFIX 8	/* octets of an IPv6 address that name a source */

static struct source {
	unsigned char address[16];
	long failures;
	long long since;	/* of the first failure, clock_ms(); 0: free */
} sources[SOURCE_MAX];

/* 0, or -1 if the peer is not counted. */
static int
find_address(const struct config *c, const char *peer,
    unsigned char address[16])
{
	static const unsigned char v4[12] = {[10] = 0xff, [11] = 0xff};

	if (c->max_auth_failures_per_source == 0 || config_trusts(c, peer) ||
	    config_ip(peer, address) == -1)
		return -1;
	if (memcmp(address, v4, sizeof(v4)) != 0)
		memset(address + PREFIX, 0, 16 - PREFIX);
	return 0;
}

static int
is_current(const struct source *s)
{
	return s->since != 0 &&
	    clock_ms() - s->since < SOURCE_WINDOW * 1000LL;
}

/* The source of that address, or NULL.  room: where it would go. */
static struct source *
find(const unsigned char address[16], struct source **room)
{
	struct source *s;

	*room = sources;
	for (s = sources; s < sources + SOURCE_MAX; s++) {
		if (is_current(s) && memcmp(s->address, address, 16) == 0)
			return s;
		if (s->since < (*room)->since)
			*room = s;
	}
	return NULL;
}

void
source_failed(const struct config *c, const char *peer)
{
	unsigned char address[16];
	struct source *s, *room;

	if (find_address(c, peer, address) == -1)
		return;
	if ((s = find(address, &room)) == NULL) {
		s = room;
		memcpy(s->address, address, sizeof(address));
		s->failures = 0;
		s->since = clock_ms();
	}
	s->failures++;
}

int
source_blocked(const struct config *c, const char *peer)
{
	unsigned char address[16];
	struct source *s, *room;

	return find_address(c, peer, address) == 0 &&
	    (s = find(address, &room)) != NULL &&
	    s->failures >= c->max_auth_failures_per_source;
}
