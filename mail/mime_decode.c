/*
 * mime_decode: base64 and quoted-printable (RFC 2045, 6.7 and 6.8), taken
 * from senders as they are.  What the octets mean is mime_leaf.c's;
 * encoded words, which have base64 too, are mime_word.c's.
 */
#include <string.h>

#include "mail/mime_decode.h"

int
mime_decode_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

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

int
mime_decode_base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

size_t
mime_decode_base64(struct mime_decode_base64 *b, const char *p, size_t n,
    char *out)
{
	const char *end = p + n;
	size_t k = 0;
	int digit;

	for (; p < end && !b->done; p++) {
		if (*p == '=' && b->digits >= 2)
			b->done = 1;
		if ((digit = mime_decode_base64_digit(*p)) == -1)
			continue;
		b->acc = (b->acc << 6 | (unsigned)digit) & 0xffffff;
		b->digits = (b->digits + 1) % 4;
		if (b->digits == 2)
			out[k++] = (char)(b->acc >> 4 & 0xff);
		else if (b->digits == 3)
			out[k++] = (char)(b->acc >> 2 & 0xff);
		else if (b->digits == 0)
			out[k++] = (char)(b->acc & 0xff);
	}
	return k;
}

static void
mime_decode_base64_body(struct mime_decode *d, const char *p, size_t n)
{
	char buf[MIME_OUT_MAX];
	size_t k;

	for (; n > 0 && !d->base64.done; p += k, n -= k) {
		k = n < sizeof(buf) ? n : sizeof(buf);
		mime_decode_emit(d, buf,
		    mime_decode_base64(&d->base64, p, k, buf));
	}
}

/* ---- quoted-printable (RFC 2045, 6.7) ---- */

/* Blanks at the end of a line are not of the text (RFC 2045, 6.7, 3). */
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

/*
 * An octet after "=".  Returns 1 if it is done with, 0 if it is text.  An
 * "=" that does not belong there stays as it is (RFC 2045, 6.7), but "==" is
 * one, as it was meant by the encoders that write it.
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
	    mime_decode_is_blank(c)) {
		q->state = MIME_DECODE_QP_BLANK;
		if (q->nblanks < sizeof(q->blanks))
			q->blanks[q->nblanks++] = c;
		return 1;
	}
	if (state == MIME_DECODE_QP_ESCAPE && mime_decode_hex(c) != -1) {
		q->state = MIME_DECODE_QP_DIGIT;
		q->digit = c;
		return 1;
	}
	q->state = MIME_DECODE_QP_TEXT;
	if (state == MIME_DECODE_QP_ESCAPE && c == '=') {
		mime_decode_octet(d, '=');
		return 1;
	}
	if (state == MIME_DECODE_QP_DIGIT && mime_decode_hex(c) != -1) {
		octet = (char)(mime_decode_hex(q->digit) << 4 |
		    mime_decode_hex(c));
		mime_decode_octet(d, octet);
		return 1;
	}
	if (state != MIME_DECODE_QP_CR)
		mime_decode_octet(d, '=');
	if (state == MIME_DECODE_QP_DIGIT)
		mime_decode_octet(d, q->digit);
	if (state == MIME_DECODE_QP_BLANK)
		mime_decode_qp_release(d);
	return 0;
}

/* Text up to the next "=" or line end; returns the octets that are done. */
static size_t
mime_decode_qp_text(struct mime_decode *d, const char *p, size_t n)
{
	size_t k = 0, text, i;

	while (k < n && p[k] != '=' && p[k] != '\r' && p[k] != '\n')
		k++;
	text = k;
	if (k == n || p[k] != '=')
		while (text > 0 && mime_decode_is_blank(p[text - 1]))
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

/* ---- what others call ---- */

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
	}
}

void
mime_decode_end(struct mime_decode *d)
{
	if (d->encoding == MIME_DECODE_QP)
		mime_decode_qp_end(d);
	mime_decode_flush(d);
}
