/*
 * mime_body: a chain of filters from the body of a part to its text:
 *
 *	encoded		mime_decode.c undoes the transfer encoding
 *	decoded		charset.c makes UTF-8, then line ends become LF
 *	text		html.c; or, in plain text, uuencode and format=flowed
 *
 * Each of the three may hold the start of its input until mime_sniff.c can tell
 * whether the header is right.  mime.c chooses the parts to read; text.c
 * removes signature, blank lines and control characters.
 */
#include <string.h>

#include "mail/mime_body.h"
#include "mail/mime_char.h"
#include "mail/mime_sniff.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* ---- what comes before the first word ---- */

/* The octets of the character at p if it is invisible, else 0. */
static size_t
mime_body_invisible(const char *p, size_t n)
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

/* Put whole characters of the final text; hold back the blanks in front. */
static void
mime_body_put(void *arg, const char *p, size_t n)
{
	struct mime_body *b = arg;
	size_t k;

	while (b->blank && n > 0) {
		if ((k = mime_body_invisible(p, n)) == 0) {
			b->blank = 0;
			if (b->nindent > 0)
				b->put(b->arg, b->indent, b->nindent);
			break;
		}
		if (*p == '\n') {
			b->lines = 1;
			b->nindent = 0;
		} else if (mime_char_is_blank(*p) &&
		    b->nindent < MIME_INDENT_MAX)
			b->indent[b->nindent++] = *p;
		p += k;
		n -= k;
	}
	if (n > 0)
		b->put(b->arg, p, n);
}

/* ---- format=flowed (RFC 3676) ---- */

/* Begin a line of text; join: it may continue the previous one. */
static void
mime_body_flow_begin(struct mime_body *b, int join)
{
	struct mime_body_flow *f = &b->flow;
	size_t i;

	f->phase = MIME_BODY_FLOW_TEXT;
	if (join && f->open && f->depth == f->before)
		return;
	if (f->started)
		mime_body_put(b, "\n", 1);
	for (i = 0; i < f->depth; i++)
		mime_body_put(b, ">", 1);
	if (f->depth > 0)
		mime_body_put(b, " ", 1);
}

static void
mime_body_flow_end(struct mime_body *b)
{
	static const char mark[] = "-- ";
	struct mime_body_flow *f = &b->flow;
	int signature = 0;

	if (f->phase != MIME_BODY_FLOW_TEXT) {
		signature = f->nmark == MIME_MARK_MAX;
		mime_body_flow_begin(b, f->nmark > 0 && !signature);
		mime_body_put(b, mark, f->nmark);
	}
	if (f->space && !b->form.delsp)
		mime_body_put(b, " ", 1);
	f->open = f->space && !signature;
	f->before = f->depth;
	f->started = 1;
	f->phase = MIME_BODY_FLOW_QUOTE;
	f->depth = f->nmark = 0;
	f->space = 0;
}

/* Put text inside a line; hold back a space that may end it. */
static void
mime_body_flow_text(struct mime_body *b, const char *p, size_t n)
{
	struct mime_body_flow *f = &b->flow;

	if (f->space)
		mime_body_put(b, " ", 1);
	f->space = p[n - 1] == ' ';
	mime_body_put(b, p, n - (size_t)f->space);
}

static void
mime_body_flow_octet(struct mime_body *b, char c)
{
	static const char mark[] = "-- ";
	struct mime_body_flow *f = &b->flow;

	if (f->phase == MIME_BODY_FLOW_QUOTE) {
		if (c == '>') {
			f->depth++;
			return;
		}
		f->phase = MIME_BODY_FLOW_STUFF;
	}
	if (f->phase == MIME_BODY_FLOW_STUFF) {
		f->phase = MIME_BODY_FLOW_MARK;
		if (c == ' ')
			return;
	}
	if (f->nmark < MIME_MARK_MAX && c == mark[f->nmark]) {
		f->nmark++;
		return;
	}
	mime_body_flow_begin(b, 1);
	if (f->nmark > 0)
		mime_body_flow_text(b, mark, f->nmark);
	mime_body_flow_text(b, &c, 1);
}

static void
mime_body_flow(struct mime_body *b, const char *p, size_t n)
{
	const char *lf;
	size_t k;

	if (!b->form.flowed) {
		mime_body_put(b, p, n);
		return;
	}
	while (n > 0) {
		k = 1;
		if (*p == '\n')
			mime_body_flow_end(b);
		else if (b->flow.phase != MIME_BODY_FLOW_TEXT)
			mime_body_flow_octet(b, *p);
		else {
			lf = memchr(p, '\n', n);
			k = lf == NULL ? n : (size_t)(lf - p);
			mime_body_flow_text(b, p, k);
		}
		p += k;
		n -= k;
	}
}

/* ---- uuencoded blocks (POSIX, uuencode) are attachments: skip them ---- */

/* "begin 644 name" */
static int
mime_body_uu_is_begin(const char *s, size_t n)
{
	size_t i = 6;

	while (i < n && s[i] >= '0' && s[i] <= '7')
		i++;
	return (i == 9 || i == 10) && i + 1 < n && s[i] == ' ';
}

/*
 * 1 if this may be a data line, whose first octet tells its length.  Some
 * encoders add a check digit.  strict: the line must not be empty or too short.
 */
static int
mime_body_uu_is_data(const char *s, size_t n, int strict)
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

/* Put what was held: it is text after all. */
static void
mime_body_uu_flush(struct mime_body *b)
{
	struct mime_body_uu *u = &b->uu;
	size_t n = u->n;

	u->state = MIME_BODY_UU_NONE;
	u->n = u->line = 0;
	if (n > 0)
		mime_body_flow(b, u->hold, n);
}

/* 1 if the line that is held may still belong to a uuencoded block. */
static int
mime_body_uu_may_be(const struct mime_body_uu *u)
{
	size_t n = u->n - u->line;

	if (u->state != MIME_BODY_UU_NONE)
		return n <= MIME_UU_MAX;
	if (n > MIME_BEGIN_MAX)
		return 0;
	return memcmp(u->hold, "begin ", n < 6 ? n : 6) == 0;
}

/* Judge the line that is held; its line end, if any, is not held. */
static void
mime_body_uu_line(struct mime_body *b, int ended)
{
	struct mime_body_uu *u = &b->uu;
	const char *s = u->hold + u->line;
	size_t n = u->n - u->line;

	switch (u->state) {
	case MIME_BODY_UU_NONE:
		if (!ended || !mime_body_uu_is_begin(s, n))
			break;
		u->state = MIME_BODY_UU_BEGUN;
		u->hold[u->n++] = '\n';
		u->line = u->n;
		return;
	case MIME_BODY_UU_BEGUN:
		if (!mime_body_uu_is_data(s, n, 1))
			break;
		u->state = MIME_BODY_UU_BLOCK;
		u->n = u->line = 0;
		return;
	case MIME_BODY_UU_BLOCK:
		if (n == 3 && memcmp(s, "end", 3) == 0)
			u->state = MIME_BODY_UU_NONE;
		else if (!mime_body_uu_is_data(s, n, 0))
			break;
		u->n = 0;
		return;
	}
	mime_body_uu_flush(b);
	if (ended)
		mime_body_flow(b, "\n", 1);
}

static void
mime_body_uu(struct mime_body *b, const char *p, size_t n)
{
	struct mime_body_uu *u = &b->uu;
	const char *lf;
	size_t k;

	while (n > 0) {
		k = 1;
		if (u->middle || (u->state == MIME_BODY_UU_NONE && u->n == 0 &&
				     *p != 'b')) {
			lf = memchr(p, '\n', n);
			k = lf == NULL ? n : (size_t)(lf - p) + 1;
			u->middle = lf == NULL;
			mime_body_flow(b, p, k);
		} else if (*p == '\n') {
			mime_body_uu_line(b, 1);
		} else {
			u->hold[u->n++] = *p;
			u->middle = !mime_body_uu_may_be(u);
			if (u->middle)
				mime_body_uu_flush(b);
		}
		p += k;
		n -= k;
	}
}

/* ---- the starts that are held ---- */

/* Hold as many octets as there is room for; returns how many. */
static size_t
mime_body_hold(struct mime_body_held *h, const char *p, size_t n)
{
	size_t room = sizeof(h->s) - h->n;

	n = n < room ? n : room;
	memcpy(h->s + h->n, p, n);
	h->n += n;
	return n;
}

/*
 * 1 if it is time to judge what is held: at its first octet, whenever it has
 * doubled, which keeps the time linear, and when it is full.
 */
static int
mime_body_looks(struct mime_body_held *h)
{
	if (h->n < h->look && h->n < sizeof(h->s))
		return 0;
	h->look = 2 * h->n;
	return 1;
}

static void
mime_body_held_init(struct mime_body_held *h, int open)
{
	h->open = open;
	h->n = 0;
	h->look = 1;
}

/* ---- decoded text: byte order mark, NUL, line ends ---- */

/* Pass on text in UTF-8: it is known now whether it is HTML. */
static void
mime_body_known(struct mime_body *b, const char *p, size_t n)
{
	if (b->form.kind == MIME_BODY_HTML)
		html_feed(&b->html, p, n);
	else
		mime_body_uu(b, p, n);
}

/* Judge whether text that should be plain is HTML, and pass on its start. */
static void
mime_body_release_text(struct mime_body *b)
{
	b->text.open = 0;
	if (mime_sniff_html(b->text.s, b->text.n) == 1) {
		b->form.kind = MIME_BODY_HTML;
		html_init(&b->html, b->form.links, mime_body_put, b);
	}
	if (b->text.n > 0)
		mime_body_known(b, b->text.s, b->text.n);
}

/* Octets of the whole characters among the first max of n. */
static size_t
mime_body_whole(const char *p, size_t n, size_t max)
{
	if (n <= max)
		return n;
	while (max > 0 && ((unsigned char)p[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static void
mime_body_run(struct mime_body *b, const char *p, size_t n)
{
	size_t k;

	if (b->text.open && b->text.n == 0 && n > 0 &&
	    mime_sniff_html(p, n) == 0)
		b->text.open = 0;
	if (b->text.open && n > 0) {
		k = mime_body_whole(p, n, sizeof(b->text.s) - b->text.n);
		mime_body_hold(&b->text, p, k);
		p += k;
		n -= k;
		if (n > 0 || (mime_body_looks(&b->text) &&
		    mime_sniff_html(b->text.s, b->text.n) != -1))
			mime_body_release_text(b);
	}
	if (n > 0)
		mime_body_known(b, p, n);
}

/* Make one LF of any number of CR and an LF after them; drop NUL. */
static void
mime_body_clean(void *arg, const char *p, size_t n)
{
	struct mime_body *b = arg;
	const char *end = p + n, *q;

	if (b->start && n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	b->start = 0;
	while (p < end) {
		if (b->after_cr && (*p == '\r' || *p == '\n')) {
			b->after_cr = *p == '\r';
			p++;
			continue;
		}
		for (q = p; q < end && *q != '\r' && *q != '\0'; q++)
			continue;
		if (q > p)
			b->after_cr = 0;
		mime_body_run(b, p, (size_t)(q - p));
		if (q < end && *q == '\r') {
			b->after_cr = 1;
			mime_body_run(b, "\n", 1);
		}
		p = q + 1;
	}
}

/* ---- charset ---- */

/*
 * Open the charset that the text names itself, if any, and pass on its start.
 * The header names none.
 */
static void
mime_body_release_decoded(struct mime_body *b)
{
	int html = b->form.kind == MIME_BODY_HTML ||
	    mime_sniff_html(b->decoded.s, b->decoded.n) == 1;

	b->decoded.open = 0;
	if (!mime_sniff_charset(b->decoded.s, b->decoded.n, html, b->named))
		b->named[0] = '\0';
	charset_open(&b->charset, b->named, mime_body_clean, b);
	charset_feed(&b->charset, b->decoded.s, b->decoded.n);
}

static void
mime_body_decoded(void *arg, const char *p, size_t n)
{
	struct mime_body *b = arg;
	size_t k;

	while (b->decoded.open && n > 0) {
		k = mime_body_hold(&b->decoded, p, n);
		p += k;
		n -= k;
		if (mime_body_looks(&b->decoded) &&
		    (b->decoded.n == sizeof(b->decoded.s) ||
			!mime_sniff_may_name(b->decoded.s, b->decoded.n,
			    b->form.kind == MIME_BODY_HTML)))
			mime_body_release_decoded(b);
	}
	if (n > 0)
		charset_feed(&b->charset, p, n);
}

/* ---- transfer encoding ---- */

/*
 * Judge whether the body is encoded, as its header says, and pass on its start
 * (whole: all of it).  Some programs write the label and encode nothing.
 */
static void
mime_body_release_encoded(struct mime_body *b, int whole)
{
	const char *s = b->encoded.s, *charset = b->form.charset;
	size_t n = b->encoded.n;
	int clear = 0;

	b->encoded.open = 0;
	switch (b->form.encoding) {
	case MIME_DECODE_IDENTITY:
	case MIME_DECODE_UU:
		break;
	case MIME_DECODE_QP:
		clear = mime_sniff_is_clear_qp(s, n, charset);
		break;
	case MIME_DECODE_BASE64:
		clear = mime_sniff_is_clear_base64(s, n, charset, whole);
		break;
	}
	mime_decode_init(&b->decode, clear ? MIME_DECODE_IDENTITY :
	    b->form.encoding, mime_body_decoded, b);
	if (n > 0)
		mime_decode_feed(&b->decode, s, n);
}

/* ---- the public functions ---- */

static void
mime_body_init_text(struct mime_body *b)
{
	b->blank = b->start = 1;
	b->lines = 0;
	b->after_cr = 0;
	b->nindent = 0;
	b->uu.state = MIME_BODY_UU_NONE;
	b->uu.middle = 0;
	b->uu.n = b->uu.line = 0;
	memset(&b->flow, 0, sizeof(b->flow));
	b->named[0] = '\0';
	mime_body_held_init(&b->decoded, *b->form.charset == '\0');
	mime_body_held_init(&b->text, b->form.kind == MIME_BODY_PLAIN);
	if (*b->form.charset != '\0')
		charset_open(&b->charset, b->form.charset, mime_body_clean, b);
	if (b->form.kind == MIME_BODY_HTML)
		html_init(&b->html, b->form.links, mime_body_put, b);
}

void
mime_body_init(struct mime_body *b, const struct mime_body_form *form,
    void (*put)(void *, const char *, size_t), void *arg)
{
	b->put = put;
	b->arg = arg;
	b->form = *form;
	mime_body_held_init(&b->encoded, form->kind != MIME_BODY_DATA &&
	    form->encoding != MIME_DECODE_IDENTITY);
	if (form->kind == MIME_BODY_DATA) {
		mime_decode_init(&b->decode, form->encoding, put, arg);
		return;
	}
	mime_decode_init(&b->decode, form->encoding, mime_body_decoded, b);
	mime_body_init_text(b);
}

void
mime_body_feed(struct mime_body *b, const char *p, size_t n)
{
	size_t k;

	if (b->encoded.open) {
		k = mime_body_hold(&b->encoded, p, n);
		p += k;
		n -= k;
		if (b->encoded.n == sizeof(b->encoded.s))
			mime_body_release_encoded(b, 0);
	}
	if (n > 0)
		mime_decode_feed(&b->decode, p, n);
}

void
mime_body_end(struct mime_body *b)
{
	if (b->encoded.open)
		mime_body_release_encoded(b, 1);
	mime_decode_end(&b->decode);
	if (b->form.kind == MIME_BODY_DATA)
		return;
	if (b->decoded.open)
		mime_body_release_decoded(b);
	charset_close(&b->charset);
	if (b->text.open)
		mime_body_release_text(b);
	if (b->form.kind == MIME_BODY_HTML) {
		html_end(&b->html);
		return;
	}
	if (b->uu.n > 0)
		mime_body_uu_line(b, 0);
	if (b->flow.phase != MIME_BODY_FLOW_QUOTE || b->flow.depth > 0)
		mime_body_flow_end(b);
}
