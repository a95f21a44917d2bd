/*
 * dots: see dots.h.  tests/prove/dots.c proves this file against the RFC.
 */
#include <string.h>

#include "session/dots.h"

enum {
	AT_LINE,	/* behind CRLF: a dot may end the message */
	AT_LINE_LF,	/* behind a repaired LF: a dot is only stuffing */
	INSIDE,
	BEHIND_CR,
	BEHIND_DOT,	/* CRLF "." */
	BEHIND_DOT_CR	/* CRLF "." CR */
};

void
dots_begin(struct dots *d, enum dots_lf lf)
{
	*d = (struct dots){.lf = lf, .state = AT_LINE};
}

/* The state behind an LF that ends a line. */
static int
behind_lf(struct dots *d, int last_is_cr)
{
	if (last_is_cr || d->lf == DOTS_LF_EQUAL)
		return AT_LINE;
	if (d->lf == DOTS_LF_REPAIR)
		return AT_LINE_LF;
	d->bare = 1;
	return INSIDE;
}

/*
 * How many of the next n octets can be handed on as they are: up to the LF
 * that ends the line, or all.  A bare LF that is not refused is handed on as
 * it is, too: mime.c takes it for a CRLF.
 */
size_t
dots_take_chunk(struct dots *d, const char *s, size_t n)
{
	const char *lf, *cr;
	size_t text;
	int last_is_cr;

	lf = memchr(s, '\n', n);
	text = lf != NULL ? (size_t)(lf - s) : n;
	if (memchr(s, '\0', text) != NULL)
		d->bare = 1;
	if (d->state == BEHIND_CR && *s != '\n')
		d->bare = 1;
	cr = memchr(s, '\r', text);
	if (cr != NULL && cr != s + text - 1)
		d->bare = 1;
	last_is_cr = text > 0 ? s[text - 1] == '\r' : d->state == BEHIND_CR;
	if (lf == NULL) {
		d->state = last_is_cr ? BEHIND_CR : INSIDE;
		return n;
	}
	d->state = behind_lf(d, last_is_cr);
	return text + 1;
}

/*
 * Take one octet where a dot matters.  Returns 1 if it is part of the
 * framing, 0 if it is text, and then the state is INSIDE.
 */
static int
take_framing(struct dots *d, char ch)
{
	int state = d->state;

	if (ch == '.' && (state == AT_LINE || state == AT_LINE_LF)) {
		d->state = state == AT_LINE ? BEHIND_DOT : INSIDE;
		return 1;
	}
	if (state == BEHIND_DOT && ch == '\r') {
		d->state = BEHIND_DOT_CR;
		return 1;
	}
	if (ch == '\n' && (state == BEHIND_DOT_CR ||
	    (state == BEHIND_DOT && d->lf == DOTS_LF_EQUAL))) {
		d->ended = 1;
		return 1;
	}
	if (state == BEHIND_DOT_CR)
		d->bare = 1;
	d->state = INSIDE;
	return 0;
}

size_t
dots_take(struct dots *d, const char *s, size_t n, size_t *framing)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (d->state == INSIDE || d->state == BEHIND_CR ||
		    !take_framing(d, s[i]))
			break;
		if (d->ended) {
			*framing = i + 1;
			return i + 1;
		}
	}
	*framing = i;
	return i < n ? i + dots_take_chunk(d, s + i, n - i) : n;
}

void
dots_end_chunks(struct dots *d)
{
	if (d->state == BEHIND_CR)
		d->bare = 1;
}
