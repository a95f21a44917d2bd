/*
 * sources: a hash table with chains of indices.  A source is removed only to
 * make room for another.
 */
#include <string.h>

#include "session/sources.h"

#define NETWORK 8	/* octets of an IPv6 address that name a source */
#define SEARCH	64	/* sources among which one without failures is sought */

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

void
sources_init(struct sources *s, uint64_t seed)
{
	size_t i;

	s->seed = seed;
	s->n = 0;
	s->hand = 0;
	for (i = 0; i < SOURCES_BUCKETS; i++)
		s->bucket[i] = -1;
}

static void
make_key(unsigned char key[16], const unsigned char address[16])
{
	memcpy(key, address, 16);
	if (memcmp(address, mapped, sizeof(mapped)) != 0)
		memset(key + NETWORK, 0, 16 - NETWORK);
}

/* Two rounds of a multiplicative mix (as in MurmurHash3's finalizer). */
static size_t
hash(const struct sources *s, const unsigned char key[16])
{
	uint64_t h = s->seed, word;
	size_t i;

	for (i = 0; i < 16; i += sizeof(word)) {
		memcpy(&word, key + i, sizeof(word));
		h ^= word;
		h ^= h >> 33;
		h *= 0xff51afd7ed558ccdULL;
		h ^= h >> 33;
		h *= 0xc4ceb9fe1a85ec53ULL;
		h ^= h >> 33;
	}
	return (size_t)(h & (SOURCES_BUCKETS - 1));
}

static int
look_up(const struct sources *s, const unsigned char key[16])
{
	int i;

	for (i = s->bucket[hash(s, key)]; i != -1; i = s->v[i].next)
		if (memcmp(s->v[i].key, key, 16) == 0)
			return i;
	return -1;
}

static void
remove_source(struct sources *s, int index)
{
	int *p = &s->bucket[hash(s, s->v[index].key)];

	while (*p != index)
		p = &s->v[*p].next;
	*p = s->v[index].next;
}

/* Find an index for a new source, or -1. */
static int
make_room(struct sources *s)
{
	int i, seen, found = -1;

	if (s->n < SOURCES_MAX)
		return (int)s->n++;
	for (seen = 0; seen < SOURCES_MAX; seen++) {
		if (seen >= SEARCH && found != -1)
			break;
		i = s->hand;
		s->hand = (s->hand + 1) % SOURCES_MAX;
		if (s->v[i].sessions > 0)
			continue;
		if (found == -1 || s->v[i].minute == 0)
			found = i;
		if (s->v[i].minute == 0)
			break;
	}
	if (found != -1)
		remove_source(s, found);
	return found;
}

int
sources_find(struct sources *s, const unsigned char address[16])
{
	unsigned char key[16];
	size_t at;
	int i;

	make_key(key, address);
	if ((i = look_up(s, key)) == -1) {
		if ((i = make_room(s)) == -1)
			return -1;
		memset(&s->v[i], 0, sizeof(s->v[i]));
		memcpy(s->v[i].key, key, sizeof(key));
		at = hash(s, key);
		s->v[i].next = s->bucket[at];
		s->bucket[at] = i;
	}
	return i;
}

void
sources_begin(struct sources *s, int index)
{
	s->v[index].sessions++;
}

void
sources_end(struct sources *s, int index)
{
	if (s->v[index].sessions > 0)
		s->v[index].sessions--;
}

uint32_t
sources_sessions(const struct sources *s, int index)
{
	return s->v[index].sessions;
}

/* Minutes are counted from 1, so that 0 can stand for none. */
static uint64_t
minute_of(uint64_t seconds)
{
	return seconds / 60 + 1;
}

/* Forget the counts of minutes whose members are needed for new ones. */
static void
forget_old(struct source *v, uint64_t minute)
{
	uint64_t m;

	if (v->minute == 0 || minute >= v->minute + SOURCES_MINUTES)
		memset(v->failures, 0, sizeof(v->failures));
	else
		for (m = v->minute + 1; m <= minute; m++)
			v->failures[m % SOURCES_MINUTES] = 0;
	v->minute = minute;
}

void
sources_failure(struct sources *s, int index, uint64_t seconds)
{
	uint64_t minute = minute_of(seconds);
	struct source *v = &s->v[index];

	if (minute != v->minute)
		forget_old(v, minute);
	if (v->failures[minute % SOURCES_MINUTES] < SOURCES_FAILURES)
		v->failures[minute % SOURCES_MINUTES]++;
}

uint32_t
sources_failures(const struct sources *s, int index, uint64_t seconds)
{
	const struct source *v = &s->v[index];
	uint64_t now = minute_of(seconds), m;
	uint32_t sum = 0;

	if (v->minute == 0)
		return 0;
	/* begin with the oldest minute that counts */
	m = now >= SOURCES_MINUTES ? now - SOURCES_MINUTES + 1 : 1;
	if (v->minute >= SOURCES_MINUTES &&
	    m < v->minute - SOURCES_MINUTES + 1)
		m = v->minute - SOURCES_MINUTES + 1;
	for (; m <= v->minute; m++)
		sum += v->failures[m % SOURCES_MINUTES];
	return sum;
}
