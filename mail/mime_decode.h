/*
 * mime_decode: the transfer encodings (RFC 2045, 6).  The encoded body of a
 * part comes in, in pieces of any size; its octets come out.  No input is an
 * error: characters that do not belong there are skipped or kept as they are.
 */
#ifndef MIME_DECODE_H
#define MIME_DECODE_H

#include <stddef.h>

#include "common/base64.h"

#define MIME_OUT_MAX	1024	/* octets decoded in one go */
#define MIME_BLANKS_MAX 128	/* blanks at a quoted-printable line's end */
#define MIME_DECODE_UU_MAX 128	/* octets of a line of uuencode */
#define MIME_BASE64_MAX 128	/* octets of a base64 line that are judged */

enum mime_decode_encoding {
	MIME_DECODE_IDENTITY,	/* 7bit, 8bit, binary */
	MIME_DECODE_QP,
	MIME_DECODE_BASE64,
	MIME_DECODE_UU		/* uuencode (POSIX); no RFC has it */
};

struct mime_decode_base64 {
	struct base64 group;
	int begun;		/* there was a line of it */
	int middle;		/* in a line whose start has been decoded */
	int over;		/* the rest is not base64 */
	size_t nline;
	char line[MIME_BASE64_MAX]; /* a line that is not complete yet */
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

struct mime_decode_uu {
	int inside;		/* between "begin" and "end" */
	int middle;		/* in a line that is too long for uuencode */
	size_t nline;
	char line[MIME_DECODE_UU_MAX];
};

struct mime_decode {
	void (*put)(void *, const char *, size_t);
	void *arg;
	enum mime_decode_encoding encoding;
	struct mime_decode_base64 base64;
	struct mime_decode_qp qp;
	struct mime_decode_uu uu;
	size_t nout;
	char out[MIME_OUT_MAX];
};

/*
 * Begin a body.  put gets its octets.  mime_decode_feed puts all that it can
 * decode before it returns; it keeps only what the next octets decide.  Call
 * nothing but mime_decode_init after mime_decode_end.
 */
void mime_decode_init(struct mime_decode *, enum mime_decode_encoding,
    void (*put)(void *arg, const char *, size_t), void *arg);
void mime_decode_feed(struct mime_decode *, const char *, size_t);
void mime_decode_end(struct mime_decode *);

#endif
