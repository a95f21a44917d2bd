/* sources: sessions and failures of each source, and what is forgotten. */
#include <arpa/inet.h>

#include <stdlib.h>

#include "session/sources.h"
#include "tap.h"

static struct sources s;

static int
find(const char *text)
{
	unsigned char a[16] = {[10] = 0xff, [11] = 0xff};

	if (inet_pton(AF_INET6, text, a) != 1 &&
	    inet_pton(AF_INET, text, a + 12) != 1)
		abort();
	return sources_find(&s, a);
}

/* The source 10.x.y.z of a number. */
static int
find_number(unsigned n)
{
	char text[32];

	snprintf(text, sizeof(text), "10.%u.%u.%u", n >> 16 & 255,
	    n >> 8 & 255, n & 255);
	return find(text);
}

static void
test_keys(void)
{
	sources_init(&s, 1);
	tap_ok(find("192.0.2.1") == find("192.0.2.1"), "an IPv4 address");
	tap_ok(find("192.0.2.1") != find("192.0.2.2"), "another one");
	tap_ok(find("192.0.2.1") == find("::ffff:192.0.2.1"),
	    "IPv4 mapped into IPv6 is IPv4");
	tap_ok(find("2001:db8:1:2::1") == find("2001:db8:1:2:ffff::9"),
	    "an IPv6 /64 is one source");
	tap_ok(find("2001:db8:1:2::1") != find("2001:db8:1:3::1"),
	    "the next /64 is another");
}

static void
test_sessions(void)
{
	int i;

	sources_init(&s, 2);
	i = find("192.0.2.1");
	sources_begin(&s, i);
	sources_begin(&s, i);
	tap_ok(sources_sessions(&s, find("192.0.2.1")) == 2, "two sessions");
	tap_ok(sources_sessions(&s, find("192.0.2.2")) == 0, "of one source");
	sources_end(&s, i);
	tap_ok(sources_sessions(&s, i) == 1, "one has ended");
	sources_end(&s, i);
	sources_end(&s, i);
	tap_ok(sources_sessions(&s, i) == 0, "never fewer than none");
}

static void
test_failures(void)
{
	uint64_t t;
	int i;

	for (t = 30; t < 100000; t += 60 * 1663) {
		sources_init(&s, 3);
		i = find("192.0.2.1");
		tap_ok(sources_failures(&s, i, t) == 0, "none at first");
		sources_failure(&s, i, t);
		sources_failure(&s, i, t + 60);
		tap_ok(sources_failures(&s, i, t + 60) == 2,
		    "failures of two minutes");
		tap_ok(sources_failures(&s, i, t + 9 * 60) == 2,
		    "they count for nine minutes and more");
		tap_ok(sources_failures(&s, i, t + 10 * 60) == 1,
		    "then the older is forgotten");
		tap_ok(sources_failures(&s, i, t + 11 * 60) == 0,
		    "and the other");
		sources_failure(&s, i, t + 15 * 60);
		tap_ok(sources_failures(&s, i, t + 15 * 60) == 1,
		    "an old one does not come back");
		sources_failure(&s, i, t + 500 * 60);
		tap_ok(sources_failures(&s, i, t + 500 * 60) == 1,
		    "not after hours either");
	}
	sources_init(&s, 3);
	i = find("192.0.2.1");
	for (t = 0; t < SOURCES_FAILURES + 10; t++)
		sources_failure(&s, i, 0);
	tap_ok(sources_failures(&s, i, 0) == SOURCES_FAILURES,
	    "SOURCES_FAILURES in a minute, and no overflow");
}

static void
test_full(void)
{
	int guilty, busy, all = 1;
	unsigned i;

	sources_init(&s, 4);
	guilty = find("192.0.2.1");
	sources_failure(&s, guilty, 0);
	busy = find("192.0.2.2");
	sources_begin(&s, busy);
	for (i = 2; i < SOURCES_MAX; i++)
		all &= find_number(i) == (int)i;
	tap_ok(all, "SOURCES_MAX sources");
	for (i = 0; i < 3 * SOURCES_MAX; i++)
		all &= find_number(100000 + i) != -1;
	tap_ok(all, "more take the places of others");
	tap_ok(find("192.0.2.2") == busy && sources_sessions(&s, busy) == 1,
	    "but not of one with a session");
	tap_ok(find("192.0.2.1") == guilty &&
	    sources_failures(&s, guilty, 0) == 1, "nor of one with failures");
	for (i = 0; i < SOURCES_MAX; i++)
		if (sources_sessions(&s, (int)i) == 0)
			sources_begin(&s, (int)i);
	tap_ok(find("203.0.113.1") == -1, "no place where all have sessions");
	sources_end(&s, guilty);
	tap_ok(find("203.0.113.1") == guilty,
	    "one with failures makes room if there is no other");
	for (i = 0, all = 1; i < SOURCES_MAX; i++)
		all &= s.v[i].next >= -1 && s.v[i].next < SOURCES_MAX;
	tap_ok(all, "the chains are whole");
}

int
main(void)
{
	test_keys();
	test_sessions();
	test_failures();
	test_full();
	return tap_done();
}
