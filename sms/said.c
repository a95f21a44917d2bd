/*
 * said: the search algorithm of Knuth, Morris and Pratt, over letters and
 * digits.  Pure.
 */
#include <stddef.h>
#include <stdint.h>

#include "sms/gsm.h"
#include "sms/said.h"

/* The letters to find, and where the search goes on after a mismatch. */
struct said_pattern {
	size_t n;
	uint32_t c[SAID_MAX];
	size_t back[SAID_MAX];
};

/* The letter or digit in lower case; 0 if it is neither. */
static uint32_t
said_letter(uint32_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c + 'a' - 'A';
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return c;
	/* signs of Latin-1, general punctuation, ideographic space */
	if (c < 0xc0 || (c >= 0x2000 && c <= 0x206f) || c == 0x3000)
		return 0;
	return c;
}

/* Prepare the search.  0, or -1 if there is no room for the letters. */
static int
said_prepare(struct said_pattern *w, const char *p, const char *end)
{
	size_t k = 0, i;
	uint32_t c;

	w->n = 0;
	while (p < end) {
		if ((c = said_letter(gsm_next(&p, end))) == 0)
			continue;
		if (w->n == SAID_MAX)
			return -1;
		w->c[w->n++] = c;
	}
	w->back[0] = 0;
	for (i = 1; i < w->n; i++) {
		while (k > 0 && w->c[i] != w->c[k])
			k = w->back[k - 1];
		k += w->c[i] == w->c[k];
		w->back[i] = k;
	}
	return 0;
}

/* 1 if a word ends at p. */
static int
said_ends_word(const char *p, const char *end)
{
	return p == end || said_letter(gsm_next(&p, end)) == 0;
}

int
said_in(const char *p, const char *end, const char *what,
    const char *what_end)
{
	struct said_pattern w;
	unsigned char starts[SAID_MAX];	/* does this letter begin a word? */
	size_t k = 0, i = 0;
	int word = 0;
	uint32_t c;

	if (said_prepare(&w, what, what_end) == -1)
		return 0;
	if (w.n == 0)
		return 1;
	while (p < end) {
		c = said_letter(gsm_next(&p, end));
		if (c == 0) {
			word = 0;
			continue;
		}
		starts[i % SAID_MAX] = (unsigned char)!word;
		word = 1;
		while (k > 0 && c != w.c[k])
			k = w.back[k - 1];
		k += c == w.c[k];
		i++;
		if (k < w.n)
			continue;
		if (starts[(i - w.n) % SAID_MAX] && said_ends_word(p, end))
			return 1;
		k = w.back[k - 1];
	}
	return 0;
}
