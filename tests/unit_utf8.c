/*
 * utf8: every code point there and back, and sequences of up to four octets
 * (all pairs, and the edges behind them) held against iconv(3).
 */
#include <iconv.h>
#include <stdint.h>
#include <string.h>

#include "common/utf8.h"
#include "tap.h"

#define LAST 0x10ffffU

/* Octets of the character that iconv(3) takes for c; 0: it takes none. */
static size_t
taken(iconv_t cd, char *s, size_t n, uint32_t *c)
{
	char *in = s, *out = (char *)c;
	size_t left = n, room = sizeof(*c);

	iconv(cd, NULL, NULL, NULL, NULL);
	iconv(cd, &in, &left, &out, &room);
	return room == 0 ? n - left : 0;
}

/* What utf8_length() should say; not all iconvs know what may go on. */
static int
want(iconv_t cd, const char *octets, size_t n)
{
	size_t i, k, done;
	char s[UTF8_MAX];
	uint32_t c;

	memcpy(s, octets, UTF8_MAX);
	if ((done = taken(cd, s, n, &c)) > 0)
		return (int)done;
	for (k = 0; k < 1U << UTF8_MAX; k++) {
		for (i = n; i < UTF8_MAX; i++)
			s[i] = k >> i & 1 ? '\xbf' : '\x80';
		if (taken(cd, s, UTF8_MAX, &c) > n)
			return 0;
	}
	return -1;
}

/* 1 if the first n octets are seen in another way. */
static unsigned
differs(iconv_t cd, char *s, size_t n)
{
	size_t bad = 0;
	int got = utf8_length(s, n, &bad);

	if (got != want(cd, s, n))
		return 1;
	/* a mistake is what might have gone on, but for its end */
	return got == -1 &&
	       (bad == 0 || bad > n ||
		   (bad > 1 && utf8_length(s, bad, NULL) != 0) ||
		   (bad < n && utf8_length(s, bad + 1, NULL) != -1));
}

static void
write_all(void)
{
	iconv_t cd = iconv_open("UTF-32LE", "UTF-8");
	unsigned wrong = 0, cut = 0, other = 0;
	char s[UTF8_MAX + 1];
	uint32_t c, again;
	size_t n, k;

	for (c = 0; c <= LAST; c++) {
		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		memset(s, 0, sizeof(s));
		n = utf8_write(s, c);
		wrong += utf8_length(s, n, NULL) != (int)n;
		wrong += utf8_length(s, UTF8_MAX, NULL) != (int)n;
		for (k = 1; k < n; k++)
			cut += utf8_length(s, k, NULL) != 0;
		other += taken(cd, s, n, &again) != n || again != c;
	}
	iconv_close(cd);
	tap_ok(wrong == 0, "what is written is one character: %u", wrong);
	tap_ok(cut == 0, "a part of it may go on: %u", cut);
	tap_ok(other == 0, "and iconv reads what was written: %u", other);
}

static void
read_all(void)
{
	static const char edges[] = "\x7f\x80\xbf\xc0";
	iconv_t cd = iconv_open("UTF-32LE", "UTF-8");
	unsigned wrong[UTF8_MAX + 1] = {0};
	char s[UTF8_MAX];
	size_t i, k, n;
	int a, b;

	for (a = 0; a < 0x100; a++)
		for (b = 0; b < 0x100; b++)
			for (i = 0; i < sizeof(edges) - 1; i++)
				for (k = 0; k < sizeof(edges) - 1; k++) {
					s[0] = (char)a;
					s[1] = (char)b;
					s[2] = edges[i];
					s[3] = edges[k];
					for (n = 1; n <= UTF8_MAX; n++)
						wrong[n] += differs(cd, s, n);
				}
	iconv_close(cd);
	for (n = 1; n <= UTF8_MAX; n++)
		tap_ok(wrong[n] == 0, "%zu octets: %u differ from iconv", n,
		    wrong[n]);
}

int
main(void)
{
	write_all();
	read_all();
	return tap_done();
}
