/*
 * fuzz_charset: a libFuzzer target for charset.c.  The first line is the
 * charset's name (or its second octet picks one), the rest is text.  How
 * the text is cut changes nothing, and what comes out is UTF-8 in whole
 * characters.
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. \
 *	    tests/fuzz_charset.c charset.c
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/charset.h"
#include "utf8_valid.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define ROOM	  (1024 * 1024)

#define HOLDS(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "line %d: %s\n", __LINE__, #cond); \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const names[] = {"utf-8", "windows-1252", "us-ascii", NULL,
    "utf-16", "utf-7", "iso-2022-jp", "iso-2022-kr", "iso-2022-cn", "gb18030",
    "big5", "big5-hkscs", "shift_jis", "euc-jp", "euc-kr", "euc-tw", "johab",
    "koi8-r", "iso-8859-8", "windows-1255", "windows-1258", "tcvn", "utf-32",
    "utf-16le", "iso-2022-jp-2"};

struct result {
	size_t n;
	char s[ROOM];
};

static void
collect(void *arg, const char *p, size_t n)
{
	struct result *r = arg;

	HOLDS(n > 0 && n <= ROOM - r->n);
	HOLDS(utf8_valid((const char *)p, n));
	memcpy(r->s + r->n, p, n);
	r->n += n;
}

/* Decode; seed 0: in one piece, else in pieces as the seed says. */
static void
decode(struct result *r, const char *name, const uint8_t *p, size_t n,
    uint32_t seed)
{
	struct charset c;
	size_t k;
	uint8_t *copy;

	r->n = 0;
	charset_open(&c, name, collect, r);
	for (; n > 0; p += k, n -= k) {
		seed = seed * 1664525 + 1013904223;
		k = seed >> 16 & 15;
		k = k == 0 || k > n ? (n < 64 ? n : 64) : k;
		HOLDS((copy = malloc(k)) != NULL);
		memcpy(copy, p, k);
		charset_feed(&c, copy, k);
		free(copy);
	}
	charset_close(&c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct result whole, pieces;
	struct charset c;
	char line[64];
	const char *name = line;
	const uint8_t *lf = memchr(data, '\n', n < 60 ? n : 60);
	size_t k;

	if (lf == NULL || n > 64 * 1024)
		return 0;
	k = (size_t)(lf - data);
	memcpy(line, data, k);
	line[k] = '\0';
	if (k == 2 && data[0] == '!')
		name = names[data[1] % LENGTH(names)];
	else
		HOLDS(charset_is_name(line, k) <= (k <= CHARSET_NAME_MAX));
	lf++;
	n -= k + 1;
	whole.n = 0;
	charset_open(&c, name, collect, &whole);
	charset_feed(&c, lf, n);
	charset_close(&c);
	for (k = 0; k < 3; k++) {
		decode(&pieces, name, lf, n, (uint32_t)(n + k));
		HOLDS(pieces.n == whole.n);
		HOLDS(memcmp(pieces.s, whole.s, whole.n) == 0);
	}
	return 0;
}
