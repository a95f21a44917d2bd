/*
 * fuzz_mime: a libFuzzer target for mime.c and what it stands on.  The input
 * is a message.  How it is cut changes nothing, what comes out is UTF-8
 * without NUL and within its limits.
 *
 *	make fuzz FUZZERS=mime
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/mime.h"
#include "utf8_valid.h"

#define SMALL 16 /* octets of a piece that is copied to the stack */

#define HOLDS(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "line %d: %s\n", __LINE__, #cond); \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Feed k octets so that ASan sees what is read beyond them. */
static void
feed(struct mime *m, const uint8_t *p, size_t k)
{
	uint8_t small[SMALL], *copy;

	if (k <= SMALL) {
		memcpy(small + SMALL - k, p, k);
		mime_feed(m, small + SMALL - k, k);
		return;
	}
	HOLDS((copy = malloc(k)) != NULL);
	memcpy(copy, p, k);
	mime_feed(m, copy, k);
	free(copy);
}

/* Decode in pieces as the seed says; it may be a single octet each. */
static void
decode(struct mime *m, const uint8_t *p, size_t n, uint32_t seed)
{
	size_t k, size = seed % 5 * (seed % 5);

	mime_init(m, (int)(seed & 1));
	for (; n > 0; p += k, n -= k) {
		seed = seed * 1664525 + 1013904223;
		k = 1 + (seed >> 16) % (1 + 17 * size);
		k = k > n ? n : k;
		feed(m, p, k);
	}
	mime_end(m);
}

static void
check(const struct mime *m)
{
	const char *s;
	enum mime_field i;

	s = mime_text(m);
	HOLDS(s != NULL && utf8_valid(s, strlen(s)));
	HOLDS(strlen(s) <= MIME_TEXT_MAX);
	HOLDS(strchr(s, '\r') == NULL);
	HOLDS(strlen(s) == m->choice.ntext);
	for (i = 0; i < MIME_FIELDS; i++) {
		if ((s = mime_field(m, i)) == NULL)
			continue;
		HOLDS(utf8_valid(s, strlen(s)) && strlen(s) <= MIME_FIELD_MAX);
		HOLDS(strpbrk(s, "\r\n\t") == NULL);
		HOLDS(s[0] != ' ' && (s[0] == '\0' || s[strlen(s) - 1] != ' '));
	}
	s = mime_source(m);
	HOLDS(strlen(s) <= MIME_SOURCE_MAX && s[0] != '\0');
	HOLDS((strcmp(s, "none") == 0) == (mime_text(m)[0] == '\0'));
	for (; *s != '\0'; s++)
		HOLDS(*s >= ' ' && *s <= '~');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct mime whole, pieces;
	enum mime_field i;
	const char *a, *b;
	size_t k, l;
	uint32_t seed;

	for (seed = (uint32_t)n; seed < n + 2; seed++) {
		mime_init(&whole, (int)(seed & 1));
		mime_feed(&whole, data, n);
		mime_end(&whole);
		check(&whole);
		/* what is left of another message has no effect */
		memset(&pieces, 0xa5, sizeof(pieces) - sizeof(pieces.choice.text));
		decode(&pieces, data, n, seed);
		check(&pieces);
		HOLDS(strcmp(mime_text(&whole), mime_text(&pieces)) == 0);
		HOLDS(strcmp(mime_source(&whole), mime_source(&pieces)) == 0);
		HOLDS(mime_overflow(&whole) == mime_overflow(&pieces));
		a = mime_data(&whole, &k);
		b = mime_data(&pieces, &l);
		HOLDS((a == NULL) == (b == NULL) && k == l);
		HOLDS(k <= MIME_DATA_MAX + 1 && (a != NULL || k == 0));
		HOLDS(a == NULL || memcmp(a, b, k) == 0);
		for (i = 0; i < MIME_FIELDS; i++) {
			a = mime_field(&whole, i);
			b = mime_field(&pieces, i);
			HOLDS((a == NULL) == (b == NULL));
			HOLDS(a == NULL || strcmp(a, b) == 0);
		}
	}
	return 0;
}
