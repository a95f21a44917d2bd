/*
 * mime_decode: base64 and quoted-printable (RFC 2045, 6.7 and 6.8) and
 * uuencode, with the errors that senders make.  mime_body.c reads the octets
 * that come out; mime_word.c decodes the base64 of encoded words.
 */
#include <string.h>

#include "mail/mime_char.h"
#include "mail/mime_decode.h"
#include "mail/mime_sniff.h"

static void
mime_decode_flush(struct mime_decode *d)
{
	d->put(d->arg, d->out, d->nout);
	d->nout = 0;
}

static void
mime_decode_emit(struct mime_decode *d, const char *p, size_t n)
{
	if (n > sizeof(d->out) - d->nout)
		mime_decode_flush(d);
	if (n > sizeof(d->out)) {
		d->put(d->arg, p, n);
		return;
	}
	memcpy(d->out + d->nout, p, n);
	d->nout += n;
}

static void
mime_decode_octet(struct mime_decode *d, char c)
{
	if (d->nout == sizeof(d->out))
		mime_decode_flush(d);
	d->out[d->nout++] = c;
}

/* ---- base64 (RFC 2045, 6.8) ---- */

static void
mime_decode_base64_put(struct mime_decode *d, const char *p, const char *end)
{
	char out[MIME_OUT_MAX];
	size_t n, k;

	while (p < end) {
		n = (size_t)(end - p);
		if (n > sizeof(out))
			n = sizeof(out);
		k = base64_feed(&d->base64.group, &p, n, out);
		mime_decode_emit(d, out, k);
	}
}

/* 1 if the line is base64 throughout; a whole line has whole groups. */
static int
mime_decode_base64_is_line(const char *p, size_t n, int whole)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (base64_digit(p[i]) == -1 && (p[i] != '=' || i == 0))
			return 0;
	return !whole || n % 4 == 0;
}

/*
 * Decode a line, or the start of a long one.  Some programs encode a text in
 * pieces, each with padding of its own: after padding, decoding goes on if the
 * next line is base64, too.  Mailing lists and virus scanners add lines in
 * clear text, which end the encoded text.
 */
static void
mime_decode_base64_line(struct mime_decode *d, const char *p, size_t n,
    int whole)
{
	/* octets that 0 to 3 digits of a group give */
	static const size_t octets[] = {0, 0, 1, 2};
	struct mime_decode_base64 *b = &d->base64;
	struct base64 before = b->group;
	const char *end, *q = p;
	char out[MIME_BASE64_MAX];
	size_t k, digits;

	while (n > 0 && (mime_char_is_blank(p[n - 1]) || p[n - 1] == '\r'))
		n--;
	if (n == 0)
		return;
	end = p + n;
	if (before.padded && !mime_decode_base64_is_line(p, n, whole)) {
		b->over = 1;
		return;
	}
	k = base64_feed(&b->group, &q, n, out);
	digits = before.digits + n;
	if (b->begun && !before.padded && (q < end || k + octets[before.digits]
	    != digits / 4 * 3 + octets[digits % 4]) &&
	    mime_sniff_is_clear_line(p, n)) {
		b->over = 1;
		return;
	}
	mime_decode_emit(d, out, k);
	mime_decode_base64_put(d, q, end);
	b->begun = 1;
}

/* Decode at most one line; returns the octets consumed. */
static size_t
mime_decode_base64_some(struct mime_decode *d, const char *p, size_t n)
{
	struct mime_decode_base64 *b = &d->base64;
	size_t room = sizeof(b->line) - b->nline, k;
	const char *lf = memchr(p, '\n', b->middle || n < room ? n : room);

	k = lf != NULL ? (size_t)(lf - p) : n;
	if (b->middle) {
		mime_decode_base64_put(d, p, p + k);
		b->middle = lf == NULL;
		return k + (lf != NULL);
	}
	if (lf != NULL && b->nline == 0) {
		mime_decode_base64_line(d, p, k, 1);
		return k + 1;
	}
	k = k < room ? k : room;
	memcpy(b->line + b->nline, p, k);
	b->nline += k;
	b->middle = b->nline == sizeof(b->line);
	if (lf != NULL || b->middle) {
		mime_decode_base64_line(d, b->line, b->nline, !b->middle);
		b->nline = 0;
	}
	return k + (lf != NULL);
}

static void
mime_decode_base64_body(struct mime_decode *d, const char *p, size_t n)
{
	size_t k;

	for (; n > 0 && !d->base64.over; p += k, n -= k)
		k = mime_decode_base64_some(d, p, n);
}

static void
mime_decode_base64_end(struct mime_decode *d)
{
	if (!d->base64.over && d->base64.nline > 0)
		mime_decode_base64_line(d, d->base64.line, d->base64.nline, 1);
}

/* ---- quoted-printable (RFC 2045, 6.7) ---- */

/* Hold a blank: one at a line's end is no text (RFC 2045, 6.7, rule 3). */
static void
mime_decode_qp_hold(struct mime_decode *d, char c)
{
	struct mime_decode_qp *q = &d->qp;

	if (q->nblanks == sizeof(q->blanks)) {
		mime_decode_emit(d, q->blanks, q->nblanks);
		q->nblanks = 0;
	}
	q->blanks[q->nblanks++] = c;
}

static void
mime_decode_qp_release(struct mime_decode *d)
{
	if (d->qp.nblanks == 0)
		return;
	mime_decode_emit(d, d->qp.blanks, d->qp.nblanks);
	d->qp.nblanks = 0;
}

/* The "=" begins no escape: put it and what came after it as text. */
static void
mime_decode_qp_literal(struct mime_decode *d, enum mime_decode_qp_state state)
{
	if (state != MIME_DECODE_QP_CR)
		mime_decode_octet(d, '=');
	if (state == MIME_DECODE_QP_DIGIT)
		mime_decode_octet(d, d->qp.digit);
	if (state == MIME_DECODE_QP_BLANK)
		mime_decode_qp_release(d);
}

/*
 * Take an octet after "=".  Returns 1 if it was consumed, 0 if it is text.  An
 * "=" that is neither an escape nor a soft break stays as it is (RFC 2045,
 * 6.7); "==" becomes "=", which the encoders that write it mean.
 */
static int
mime_decode_qp_escape(struct mime_decode *d, char c)
{
	struct mime_decode_qp *q = &d->qp;
	enum mime_decode_qp_state state = q->state;
	char octet;

	if (state != MIME_DECODE_QP_DIGIT && c == '\n') {
		q->state = MIME_DECODE_QP_TEXT;
		q->nblanks = 0;
		return 1;
	}
	if (state != MIME_DECODE_QP_DIGIT && state != MIME_DECODE_QP_CR &&
	    c == '\r') {
		q->state = MIME_DECODE_QP_CR;
		return 1;
	}
	if ((state == MIME_DECODE_QP_ESCAPE || state == MIME_DECODE_QP_BLANK) &&
	    mime_char_is_blank(c)) {
		q->state = MIME_DECODE_QP_BLANK;
		if (q->nblanks < sizeof(q->blanks))
			q->blanks[q->nblanks++] = c;
		return 1;
	}
	if (state == MIME_DECODE_QP_ESCAPE && mime_char_hex(c) != -1) {
		q->state = MIME_DECODE_QP_DIGIT;
		q->digit = c;
		return 1;
	}
	q->state = MIME_DECODE_QP_TEXT;
	if (state == MIME_DECODE_QP_ESCAPE && c == '=') {
		mime_decode_octet(d, '=');
		return 1;
	}
	if (state == MIME_DECODE_QP_DIGIT && mime_char_hex(c) != -1) {
		octet = (char)(mime_char_hex(q->digit) << 4 |
		    mime_char_hex(c));
		mime_decode_octet(d, octet);
		return 1;
	}
	mime_decode_qp_literal(d, state);
	return 0;
}

/* Take text up to the next "=" or line end; returns the octets consumed. */
static size_t
mime_decode_qp_text(struct mime_decode *d, const char *p, size_t n)
{
	size_t k = 0, text, i;

	while (k < n && p[k] != '=' && p[k] != '\r' && p[k] != '\n')
		k++;
	text = k;
	if (k == n || p[k] != '=')
		while (text > 0 && mime_char_is_blank(p[text - 1]))
			text--;
	if (text > 0 || (k < n && p[k] == '=')) {
		mime_decode_qp_release(d);
		mime_decode_emit(d, p, text);
	}
	for (i = text; i < k; i++)
		mime_decode_qp_hold(d, p[i]);
	if (k == n)
		return k;
	if (p[k] == '=')
		d->qp.state = MIME_DECODE_QP_ESCAPE;
	else {
		d->qp.nblanks = 0;
		mime_decode_octet(d, p[k]);
	}
	return k + 1;
}

static void
mime_decode_qp_body(struct mime_decode *d, const char *p, size_t n)
{
	size_t k;

	for (; n > 0; p += k, n -= k)
		if (d->qp.state == MIME_DECODE_QP_TEXT)
			k = mime_decode_qp_text(d, p, n);
		else
			k = (size_t)mime_decode_qp_escape(d, *p);
}

static void
mime_decode_qp_end(struct mime_decode *d)
{
	if (d->qp.state == MIME_DECODE_QP_DIGIT) {
		mime_decode_octet(d, '=');
		mime_decode_octet(d, d->qp.digit);
	}
}

/* ---- uuencode (POSIX) ---- */

/* "begin 644 name" */
static int
mime_decode_uu_is_begin(const char *s, size_t n)
{
	size_t i = 6;

	if (n < 6 || memcmp(s, "begin ", 6) != 0)
		return 0;
	while (i < n && s[i] >= '0' && s[i] <= '7')
		i++;
	return (i == 9 || i == 10) && (i == n || s[i] == ' ');
}

/* Decode a data line: its length, then four characters for three octets. */
static void
mime_decode_uu_data(struct mime_decode *d, const char *s, size_t n)
{
	size_t left = n > 0 ? (size_t)(s[0] - ' ') & 63 : 0, i, k;
	unsigned group;

	for (i = 1; left > 0; i += 4) {
		group = 0;
		/* mail programs strip blanks from a line's end: assume them */
		for (k = i; k < i + 4; k++)
			group = group << 6 |
			    (k < n ? (unsigned)(s[k] - ' ') & 63 : 0);
		for (k = 0; k < 3 && left > 0; k++, left--)
			mime_decode_octet(d,
			    (char)(group >> (16 - 8 * k) & 0xff));
	}
}

/* Take a line with its LF, if any.  Text outside the blocks stays. */
static void
mime_decode_uu_line(struct mime_decode *d, const char *s, size_t n)
{
	struct mime_decode_uu *u = &d->uu;
	size_t len = n;

	while (len > 0 && (s[len - 1] == '\n' || s[len - 1] == '\r'))
		len--;
	if (!u->inside && mime_decode_uu_is_begin(s, len))
		u->inside = 1;
	else if (!u->inside)
		mime_decode_emit(d, s, n);
	else if (len == 3 && memcmp(s, "end", 3) == 0)
		u->inside = 0;
	else
		mime_decode_uu_data(d, s, len);
}

static void
mime_decode_uu_body(struct mime_decode *d, const char *p, size_t n)
{
	struct mime_decode_uu *u = &d->uu;
	const char *lf;
	size_t k, room;

	for (; n > 0; p += k, n -= k) {
		lf = memchr(p, '\n', n);
		k = lf != NULL ? (size_t)(lf - p) + 1 : n;
		room = sizeof(u->line) - u->nline;
		if (u->middle) {
			if (!u->inside)
				mime_decode_emit(d, p, k);
			u->middle = lf == NULL;
			continue;
		}
		k = k < room ? k : room;
		memcpy(u->line + u->nline, p, k);
		u->nline += k;
		if (u->line[u->nline - 1] != '\n' &&
		    u->nline < sizeof(u->line))
			continue;
		u->middle = u->line[u->nline - 1] != '\n';
		mime_decode_uu_line(d, u->line, u->nline);
		u->nline = 0;
	}
}

/* ---- the public functions ---- */

void
mime_decode_init(struct mime_decode *d, enum mime_decode_encoding encoding,
    void (*put)(void *, const char *, size_t), void *arg)
{
	d->put = put;
	d->arg = arg;
	d->encoding = encoding;
	memset(&d->base64, 0, sizeof(d->base64));
	d->qp.state = MIME_DECODE_QP_TEXT;
	d->qp.nblanks = 0;
	d->uu.inside = d->uu.middle = 0;
	d->uu.nline = 0;
	d->nout = 0;
}

void
mime_decode_feed(struct mime_decode *d, const char *p, size_t n)
{
	switch (d->encoding) {
	case MIME_DECODE_IDENTITY:
		d->put(d->arg, p, n);
		break;
	case MIME_DECODE_QP:
		mime_decode_qp_body(d, p, n);
		mime_decode_flush(d);
		break;
	case MIME_DECODE_BASE64:
		mime_decode_base64_body(d, p, n);
		mime_decode_flush(d);
		break;
	case MIME_DECODE_UU:
		mime_decode_uu_body(d, p, n);
		mime_decode_flush(d);
		break;
	}
}

void
mime_decode_end(struct mime_decode *d)
{
	switch (d->encoding) {
	case MIME_DECODE_IDENTITY:
		break;
	case MIME_DECODE_QP:
		mime_decode_qp_end(d);
		break;
	case MIME_DECODE_BASE64:
		mime_decode_base64_end(d);
		break;
	case MIME_DECODE_UU:
		mime_decode_uu_line(d, d->uu.line, d->uu.nline);
		break;
	}
	mime_decode_flush(d);
}
