/*
 * mime_decode: the transfer encodings (RFC 2045, 6).  The encoded body of a
 * part comes in, in pieces of any size; its octets come out.  No input is an
 * error: what does not belong there is skipped or stays as it is.
 */
#ifndef MIME_DECODE_H
#define MIME_DECODE_H

#include <stddef.h>

#define MIME_OUT_MAX	1024	/* octets decoded in one go */
#define MIME_BLANKS_MAX 128	/* blanks at a line's end, quoted-printable */

enum mime_decode_encoding {
	MIME_DECODE_IDENTITY,	/* 7bit, 8bit, binary */
	MIME_DECODE_QP,
	MIME_DECODE_BASE64
};

/* Begins as {0, 0, 0}. */
struct mime_decode_base64 {
	unsigned acc, digits;
	int done;		/* there was padding */
};

enum mime_decode_qp_state {
	MIME_DECODE_QP_TEXT,
	MIME_DECODE_QP_ESCAPE,	/* "=" */
	MIME_DECODE_QP_DIGIT,	/* "=" and a digit */
	MIME_DECODE_QP_BLANK,	/* "=" and blanks */
	MIME_DECODE_QP_CR	/* "=" and CR */
};

struct mime_decode_qp {
	enum mime_decode_qp_state state;
	char digit;
	size_t nblanks;
	char blanks[MIME_BLANKS_MAX];
};

struct mime_decode {
	void (*put)(void *, const char *, size_t);
	void *arg;
	enum mime_decode_encoding encoding;
	struct mime_decode_base64 base64;
	struct mime_decode_qp qp;
	size_t nout;
	char out[MIME_OUT_MAX];
};

/*
 * Begin a body.  put gets its octets; a piece that was fed is put before
 * mime_decode_feed returns, but for what the next one decides.  After
 * mime_decode_end only mime_decode_init.
 */
void mime_decode_init(struct mime_decode *, enum mime_decode_encoding,
    void (*put)(void *arg, const char *, size_t), void *arg);
void mime_decode_feed(struct mime_decode *, const char *, size_t);
void mime_decode_end(struct mime_decode *);

/*
 * Decode base64 to out, which has room for n octets and may be where they
 * come from; returns the octets that are there.  Octets that are not digits
 * are skipped (RFC 2045, 6.8); after padding that makes sense comes no more.
 */
size_t mime_decode_base64(struct mime_decode_base64 *, const char *, size_t n,
    char *out);

/* The value of a digit: 0 to 63 in base64, 0 to 15; -1 if it is none. */
int mime_decode_base64_digit(char);
int mime_decode_hex(char);

/* 1 if it is a space or a tab. */
static inline int
mime_decode_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

#endif
