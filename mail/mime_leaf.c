/*
 * mime_leaf: a chain from the body of a part to its text: mime_decode.c,
 * charset.c and line ends, then html.c, or uuencode and format=flowed.
 * Which part is read and what becomes of its text is mime.c's; signature,
 * blank lines and control characters are text.c's.
 */
#include <string.h>

#include "mail/mime_leaf.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* ---- what comes before the first word ---- */

/* Octets of the character at p that shows nothing; 0 if it shows something. */
static size_t
mime_leaf_invisible(const char *p, size_t n)
{
	/* NEL, NBSP, soft hyphen, grapheme joiner, ogham, Mongolian and
	 * ideographic spaces, byte order mark */
	static const char list[][4] = {"\xc2\x85", "\xc2\xa0", "\xc2\xad",
	    "\xcd\x8f", "\xe1\x9a\x80", "\xe1\xa0\x8e", "\xe3\x80\x80",
	    "\xef\xbb\xbf"};
	const unsigned char *u = (const unsigned char *)p;
	size_t i, k;

	if (u[0] <= ' ' || u[0] == 0x7f)
		return 1;
	if (u[0] < 0xc2)
		return 0;
	/* U+2000 to 200f, 2028 to 202f, 205f to 206f: spaces, joiners, marks
	 * of direction, line and paragraph separators */
	if (n >= 3 && u[0] == 0xe2 && u[1] == 0x80 &&
	    (u[2] <= 0x8f || u[2] >= 0xa8) && u[2] <= 0xaf)
		return 3;
	if (n >= 3 && u[0] == 0xe2 && u[1] == 0x81 && u[2] >= 0x9f &&
	    u[2] <= 0xaf)
		return 3;
	for (i = 0; i < LENGTH(list); i++) {
		k = strlen(list[i]);
		if (n >= k && memcmp(p, list[i], k) == 0)
			return k;
	}
	return 0;
}

/* Text as it shall be read, whole characters; what comes first is held. */
static void
mime_leaf_put(void *arg, const char *p, size_t n)
{
	struct mime_leaf *l = arg;
	size_t k;

	while (l->blank && n > 0) {
		if ((k = mime_leaf_invisible(p, n)) == 0) {
			l->blank = 0;
			if (l->nindent > 0)
				l->put(l->arg, l->indent, l->nindent);
			break;
		}
		if (*p == '\n') {
			l->lines = 1;
			l->nindent = 0;
		} else if (mime_decode_is_blank(*p) &&
		    l->nindent < MIME_INDENT_MAX)
			l->indent[l->nindent++] = *p;
		p += k;
		n -= k;
	}
	if (n > 0)
		l->put(l->arg, p, n);
}

/* ---- format=flowed (RFC 3676) ---- */

/* A line of text begins: does it go on with the one before? */
static void
mime_leaf_flow_begin(struct mime_leaf *l, int join)
{
	struct mime_leaf_flow *f = &l->flow;
	size_t i;

	f->phase = MIME_LEAF_FLOW_TEXT;
	if (join && f->open && f->depth == f->before)
		return;
	if (f->started)
		mime_leaf_put(l, "\n", 1);
	for (i = 0; i < f->depth; i++)
		mime_leaf_put(l, ">", 1);
	if (f->depth > 0)
		mime_leaf_put(l, " ", 1);
}

static void
mime_leaf_flow_end(struct mime_leaf *l)
{
	static const char mark[] = "-- ";
	struct mime_leaf_flow *f = &l->flow;
	int signature = 0;

	if (f->phase != MIME_LEAF_FLOW_TEXT) {
		signature = f->nmark == MIME_MARK_MAX;
		mime_leaf_flow_begin(l, f->nmark > 0 && !signature);
		mime_leaf_put(l, mark, f->nmark);
	}
	if (f->space && !l->form.delsp)
		mime_leaf_put(l, " ", 1);
	f->open = f->space && !signature;
	f->before = f->depth;
	f->started = 1;
	f->phase = MIME_LEAF_FLOW_QUOTE;
	f->depth = f->nmark = 0;
	f->space = 0;
}

/* Text inside a line: a space that may be its last is held back. */
static void
mime_leaf_flow_text(struct mime_leaf *l, const char *p, size_t n)
{
	struct mime_leaf_flow *f = &l->flow;

	if (f->space)
		mime_leaf_put(l, " ", 1);
	f->space = p[n - 1] == ' ';
	mime_leaf_put(l, p, n - (size_t)f->space);
}

static void
mime_leaf_flow_octet(struct mime_leaf *l, char c)
{
	static const char mark[] = "-- ";
	struct mime_leaf_flow *f = &l->flow;

	if (f->phase == MIME_LEAF_FLOW_QUOTE) {
		if (c == '>') {
			f->depth++;
			return;
		}
		f->phase = MIME_LEAF_FLOW_STUFF;
	}
	if (f->phase == MIME_LEAF_FLOW_STUFF) {
		f->phase = MIME_LEAF_FLOW_MARK;
		if (c == ' ')
			return;
	}
	if (f->nmark < MIME_MARK_MAX && c == mark[f->nmark]) {
		f->nmark++;
		return;
	}
	mime_leaf_flow_begin(l, 1);
	if (f->nmark > 0)
		mime_leaf_flow_text(l, mark, f->nmark);
	mime_leaf_flow_text(l, &c, 1);
}

static void
mime_leaf_flow(struct mime_leaf *l, const char *p, size_t n)
{
	const char *lf;
	size_t k;

	if (!l->form.flowed) {
		mime_leaf_put(l, p, n);
		return;
	}
	while (n > 0) {
		k = 1;
		if (*p == '\n')
			mime_leaf_flow_end(l);
		else if (l->flow.phase != MIME_LEAF_FLOW_TEXT)
			mime_leaf_flow_octet(l, *p);
		else {
			lf = memchr(p, '\n', n);
			k = lf == NULL ? n : (size_t)(lf - p);
			mime_leaf_flow_text(l, p, k);
		}
		p += k;
		n -= k;
	}
}

/* ---- uuencoded blocks (POSIX, uuencode) are attachments ---- */

/* "begin 644 name" */
static int
mime_leaf_uu_is_begin(const char *s, size_t n)
{
	size_t i = 6;

	while (i < n && s[i] >= '0' && s[i] <= '7')
		i++;
	return (i == 9 || i == 10) && i + 1 < n && s[i] == ' ';
}

/*
 * A line of data: its first octet tells its length.  Some encoders add a
 * check digit; strict: no other has fewer octets than it should.
 */
static int
mime_leaf_uu_is_data(const char *s, size_t n, int strict)
{
	size_t octets, want, i;

	if (n == 0)
		return !strict;
	for (i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '`')
			return 0;
	octets = (size_t)(s[0] - ' ') & 63;
	want = 1 + (octets + 2) / 3 * 4;
	if (n > want + 1)
		return 0;
	return !strict || (octets > 0 && n >= 1 + (octets * 4 + 2) / 3);
}

/* What was held is text after all. */
static void
mime_leaf_uu_flush(struct mime_leaf *l)
{
	struct mime_leaf_uu *u = &l->uu;
	size_t n = u->n;

	u->state = MIME_LEAF_UU_NONE;
	u->n = u->line = 0;
	if (n > 0)
		mime_leaf_flow(l, u->hold, n);
}

/* 1 if the line that is held may still matter. */
static int
mime_leaf_uu_may_be(const struct mime_leaf_uu *u)
{
	size_t n = u->n - u->line;

	if (u->state != MIME_LEAF_UU_NONE)
		return n <= MIME_UU_MAX;
	if (n > MIME_BEGIN_MAX)
		return 0;
	return memcmp(u->hold, "begin ", n < 6 ? n : 6) == 0;
}

/* A line that is held, whose end has come (and was not held). */
static void
mime_leaf_uu_line(struct mime_leaf *l, int ended)
{
	struct mime_leaf_uu *u = &l->uu;
	const char *s = u->hold + u->line;
	size_t n = u->n - u->line;

	switch (u->state) {
	case MIME_LEAF_UU_NONE:
		if (!ended || !mime_leaf_uu_is_begin(s, n))
			break;
		u->state = MIME_LEAF_UU_BEGUN;
		u->hold[u->n++] = '\n';
		u->line = u->n;
		return;
	case MIME_LEAF_UU_BEGUN:
		if (!mime_leaf_uu_is_data(s, n, 1))
			break;
		u->state = MIME_LEAF_UU_BLOCK;
		u->n = u->line = 0;
		return;
	case MIME_LEAF_UU_BLOCK:
		if (n == 3 && memcmp(s, "end", 3) == 0)
			u->state = MIME_LEAF_UU_NONE;
		else if (!mime_leaf_uu_is_data(s, n, 0))
			break;
		u->n = 0;
		return;
	}
	mime_leaf_uu_flush(l);
	if (ended)
		mime_leaf_flow(l, "\n", 1);
}

static void
mime_leaf_uu(struct mime_leaf *l, const char *p, size_t n)
{
	struct mime_leaf_uu *u = &l->uu;
	const char *lf;
	size_t k;

	while (n > 0) {
		k = 1;
		if (u->middle || (u->state == MIME_LEAF_UU_NONE && u->n == 0 &&
				     *p != 'b')) {
			lf = memchr(p, '\n', n);
			k = lf == NULL ? n : (size_t)(lf - p) + 1;
			u->middle = lf == NULL;
			mime_leaf_flow(l, p, k);
		} else if (*p == '\n') {
			mime_leaf_uu_line(l, 1);
		} else {
			u->hold[u->n++] = *p;
			u->middle = !mime_leaf_uu_may_be(u);
			if (u->middle)
				mime_leaf_uu_flush(l);
		}
		p += k;
		n -= k;
	}
}

/* ---- decoded text: byte order mark, NUL, line ends ---- */

static void
mime_leaf_run(struct mime_leaf *l, const char *p, size_t n)
{
	if (n == 0)
		return;
	if (l->form.html)
		html_feed(&l->html, p, n);
	else
		mime_leaf_uu(l, p, n);
}

/* Any number of CR and an LF after them are one line end. */
static void
mime_leaf_clean(void *arg, const char *p, size_t n)
{
	struct mime_leaf *l = arg;
	const char *end = p + n, *q;

	if (l->start && n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	l->start = 0;
	while (p < end) {
		if (l->after_cr && (*p == '\r' || *p == '\n')) {
			l->after_cr = *p == '\r';
			p++;
			continue;
		}
		for (q = p; q < end && *q != '\r' && *q != '\0'; q++)
			continue;
		if (q > p)
			l->after_cr = 0;
		mime_leaf_run(l, p, (size_t)(q - p));
		if (q < end && *q == '\r') {
			l->after_cr = 1;
			mime_leaf_run(l, "\n", 1);
		}
		p = q + 1;
	}
}

static void
mime_leaf_decoded(void *arg, const char *p, size_t n)
{
	struct mime_leaf *l = arg;

	charset_feed(&l->charset, p, n);
}

/* ---- what others call ---- */

void
mime_leaf_init(struct mime_leaf *l, const struct mime_leaf_form *form,
    void (*put)(void *, const char *, size_t), void *arg)
{
	l->put = put;
	l->arg = arg;
	l->form = *form;
	l->form.charset = NULL;
	l->blank = l->start = 1;
	l->lines = 0;
	l->after_cr = 0;
	l->nindent = 0;
	l->uu.state = MIME_LEAF_UU_NONE;
	l->uu.middle = 0;
	l->uu.n = l->uu.line = 0;
	memset(&l->flow, 0, sizeof(l->flow));
	mime_decode_init(&l->decode, form->encoding, mime_leaf_decoded, l);
	charset_open(&l->charset, form->charset, mime_leaf_clean, l);
	if (form->html)
		html_init(&l->html, form->links, mime_leaf_put, l);
}

void
mime_leaf_feed(struct mime_leaf *l, const char *p, size_t n)
{
	mime_decode_feed(&l->decode, p, n);
}

void
mime_leaf_end(struct mime_leaf *l)
{
	mime_decode_end(&l->decode);
	charset_close(&l->charset);
	if (l->form.html) {
		html_end(&l->html);
		return;
	}
	if (l->uu.n > 0)
		mime_leaf_uu_line(l, 0);
	if (l->flow.phase != MIME_LEAF_FLOW_QUOTE || l->flow.depth > 0)
		mime_leaf_flow_end(l);
}
