/*
 * libFuzzer target for html.c.  The first octet says whether links are
 * printed, the next two how the rest is cut into pieces.  Whatever comes in,
 * the promises of html.h hold for what comes out, and the pieces change
 * nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mail/html.h"

#define IN_MAX	(64 * 1024)
#define OUT_MAX (4 * IN_MAX + 64)	/* "<li>a" in a list from 999999 */

struct sink {
	char text[OUT_MAX];
	size_t len;
};

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
hold(int cond)
{
	if (!cond)
		abort();
}

/* Octets of the character at p (RFC 3629, section 4), 0 if it is none. */
static size_t
character(const unsigned char *p, size_t left)
{
	uint32_t c;
	size_t i, n;

	if (p[0] < 0x80)
		return 1;
	n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || n > left)
		return 0;
	c = p[0] & (0xffU >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fU);
	}
	if (c < (n == 2 ? 0x80U : n == 3 ? 0x800U : 0x10000U) ||
	    c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

static void
put(void *arg, const char *p, size_t n)
{
	struct sink *s = arg;
	size_t i, k;

	hold(n > 0 && n <= OUT_MAX - s->len);
	for (i = 0; i < n; i += k) {
		k = character((const unsigned char *)p + i, n - i);
		hold(k > 0);
		hold(k > 1 || p[i] == '\n' || p[i] == '\t' ||
		    (p[i] >= ' ' && p[i] < 0x7f));
		hold(k != 2 || memcmp(p + i, "\xc2\xad", 2) != 0);
		hold(k != 3 || memcmp(p + i, "\xe2\x80\x8b", 3) != 0);
	}
	memcpy(s->text + s->len, p, n);
	s->len += n;
}

static void
check_lines(const struct sink *s)
{
	size_t i, run = 0;

	if (s->len > 0)
		hold(s->text[0] != '\n' && s->text[s->len - 1] != '\n');
	for (i = 0; i < s->len; i++) {
		run = s->text[i] == '\n' ? run + 1 : 0;
		hold(run <= 2);
	}
}

/* What only the parser's own books can show. */
static void
check_books(const struct html *h)
{
	hold(h->depth <= HTML_DEPTH_MAX && h->hide <= h->depth);
	hold(h->pre <= h->depth && h->lists <= h->depth);
	hold(h->value_len <= HTML_VALUE_MAX && h->href_len <= HTML_VALUE_MAX);
	hold(h->word_len <= HTML_WORD_MAX + 1);
	hold(h->rule_len <= HTML_RULE_MAX && h->out_len <= HTML_OUT_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct html h;
	static struct sink whole, parts;
	uint32_t seed;
	size_t k;

	if (n < 3 || n > IN_MAX)
		return 0;
	seed = data[1] + 256U * data[2];
	whole.len = parts.len = 0;
	html_init(&h, data[0] & 1, put, &whole);
	html_feed(&h, (const char *)data + 3, n - 3);
	check_books(&h);
	html_end(&h);
	check_lines(&whole);
	html_init(&h, data[0] & 1, put, &parts);
	for (data += 3, n -= 3; n > 0; data += k, n -= k) {
		seed = seed * 1103515245 + 12345;
		k = 1 + (seed >> 16) % (seed >> 28 == 0 ? 200 : 5);
		if (k > n)
			k = n;
		html_feed(&h, (const char *)data, k);
	}
	html_end(&h);
	hold(whole.len == parts.len &&
	    memcmp(whole.text, parts.text, whole.len) == 0);
	return 0;
}
