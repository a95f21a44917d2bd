/*
 * mime: a message comes in as octets, in pieces of any size; its text and a
 * few header fields come out as UTF-8.  One pass, no allocation: the memory
 * is that of struct mime, whatever the size, the depth or the number of
 * parts (RFC 5322, 2045, 2046, 2047, 2231, 3676).
 */
#ifndef MIME_H
#define MIME_H

#include <stddef.h>

#include "charset.h"
#include "html.h"

/* The fields that are kept; SUBJECT is decoded, all are unfolded. */
enum mime_field {
	MIME_SUBJECT,
	MIME_MESSAGE_ID,
	MIME_DATE,
	MIME_IMPORTANCE,	/* RFC 2156 */
	MIME_X_PRIORITY,
	MIME_PRIORITY,		/* RFC 2156 */
	MIME_SMS_PRIORITY,	/* X-SMS-Priority, and so on */
	MIME_SMS_TTL,
	MIME_SMS_SCHEDULE,
	MIME_SMS_REPORT,	/* X-SMS-Delivery-Report */
	MIME_SMS_DEVICE,
	MIME_SMS_SIM,
	MIME_SMS_FROM,
	MIME_SMS_PORT,
	MIME_FIELDS
};

struct mime;

/* links: 1 prints the target of <a> in brackets. */
void mime_init(struct mime *, int links);
void mime_feed(struct mime *, const void *, size_t);
void mime_end(struct mime *);

/*
 * After mime_end.  Both are valid UTF-8, NUL-terminated and hold no NUL.
 * mime_text: line ends are LF, at most MIME_TEXT_MAX octets; never NULL,
 * blank or empty if the message has no text.  Blank lines, the signature
 * and control characters are still in it: they are text.c's.
 * mime_field: one line of at most MIME_FIELD_MAX octets; NULL if the
 * message has no such field.  The first of its name counts.
 */
const char *mime_text(const struct mime *);
const char *mime_field(const struct mime *, enum mime_field);

/* 1 if the text went on after MIME_TEXT_MAX octets and was cut there. */
int mime_overflow(const struct mime *);

/*
 * Where the text came from, for people: "1.2 text/plain charset=koi8-r";
 * "none" if the message has no text.  At most MIME_SOURCE_MAX octets of
 * printable ASCII.
 */
const char *mime_source(const struct mime *);

#define MIME_TEXT_MAX	(128 * 1024)	/* octets of UTF-8 */
#define MIME_FIELD_MAX	1000		/* octets of UTF-8 */
#define MIME_SOURCE_MAX 200

/* ---- private to mime.c from here on: the storage of a message ---- */

#define MIME_LINE_MAX	  1024	/* octets of a line that are looked at */
#define MIME_RAW_MAX	  8192	/* octets of a header field's body */
#define MIME_NAME_MAX	  255	/* octets of a field's name */
#define MIME_SECTIONS_MAX 16	/* of a parameter; RFC 2231, 3 */
#define MIME_DEPTH_MAX	  64	/* multiparts and messages in each other */
#define MIME_BOUNDARY_MAX 255	/* octets; RFC 2046, 5.1.1 has 70 */
#define MIME_ID_MAX	  128	/* octets of a Content-ID that are compared */
#define MIME_OUT_MAX	  1024	/* octets decoded in one go */
#define MIME_BLANKS_MAX	  128	/* blanks at a line's end, quoted-printable */
#define MIME_INDENT_MAX	  64	/* blanks before the first word of a part */
#define MIME_BEGIN_MAX	  128	/* octets of uuencode's first line */
#define MIME_UU_MAX	  88	/* octets of its other lines */
#define MIME_MARK_MAX	  3	/* octets of "-- ", a signature's first line */

/* What a level of the message is; the root is a message too. */
enum mime_kind {
	MIME_MESSAGE,
	MIME_MIXED,
	MIME_DIGEST,
	MIME_ALTERNATIVE,
	MIME_RELATED,
	MIME_SIGNED
};

struct mime_level {
	enum mime_kind kind;
	unsigned child;		/* number of the part that is being read */
	unsigned kept;		/* number of the last part with text */
	int score;		/* of the text that was kept; 0: none */
	int root;		/* the part that is being read is the root */
	size_t text, source;	/* where the text and its source begin */
	size_t nboundary;	/* 0: a message */
	char boundary[MIME_BOUNDARY_MAX + 1];
	char start[MIME_ID_MAX + 1];
};

struct mime_type;

enum mime_encoding { MIME_IDENTITY, MIME_QP, MIME_BASE64 };

/* What the header says of the part that is being read. */
struct mime_part {
	const struct mime_type *type;
	unsigned seen;		/* fields there were */
	enum mime_encoding encoding;
	int attachment, named, flowed, delsp;
	char charset[CHARSET_NAME_MAX + 1];
	char boundary[MIME_BOUNDARY_MAX + 2];
	char start[MIME_ID_MAX + 1];
	char id[MIME_ID_MAX + 1];
};

struct mime_base64 {
	unsigned acc, digits;
	int done;		/* there was padding */
};

enum mime_qp_state {
	MIME_QP_TEXT,
	MIME_QP_ESCAPE,		/* "=" */
	MIME_QP_DIGIT,		/* "=" and a digit */
	MIME_QP_BLANK,		/* "=" and blanks */
	MIME_QP_CR		/* "=" and CR */
};

struct mime_qp {
	enum mime_qp_state state;
	char digit;
	size_t nblanks;
	char blanks[MIME_BLANKS_MAX];
};

enum mime_uu_state {
	MIME_UU_NONE,
	MIME_UU_BEGUN,		/* "begin 644 name" */
	MIME_UU_BLOCK		/* and a line of data after it */
};

struct mime_uu {
	enum mime_uu_state state;
	int middle;		/* of a line of text */
	size_t n, line;		/* octets held; where the last line begins */
	char hold[MIME_BEGIN_MAX + MIME_UU_MAX + 2];
};

enum mime_flow_phase {
	MIME_FLOW_QUOTE,	/* counting ">" */
	MIME_FLOW_STUFF,	/* one space may follow */
	MIME_FLOW_MARK,		/* is it "-- "? */
	MIME_FLOW_TEXT
};

struct mime_flow {
	enum mime_flow_phase phase;
	size_t depth, before;	/* ">" of this line, of the one before */
	int started, open;	/* a line before; it goes on here */
	int space;		/* held back: it may be the line's last */
	size_t nmark;
};

enum mime_state { MIME_HEAD, MIME_BODY, MIME_SKIP };
enum mime_end_of_line { MIME_EOL_NONE, MIME_EOL_LF, MIME_EOL_CRLF };

/*
 * What was begun with mime_init has to be ended with mime_end: charset.c may
 * have iconv(3) open.
 */
struct mime {
	int links;
	enum mime_state state;

	/* lines */
	int first;		/* of the message */
	int middle;		/* of a line that has been begun */
	int cr;			/* a CR that may belong to the line's end */
	enum mime_end_of_line eol; /* of the line before; the boundary's? */
	size_t nline;
	char line[MIME_LINE_MAX];

	/* the header */
	int field;		/* being read; -1: none, or of no interest */
	unsigned seen;		/* fields that are kept */
	size_t nraw, nkept;
	int kept_full;
	char raw[MIME_RAW_MAX + 1];
	char kept[MIME_FIELDS][MIME_FIELD_MAX + 1];

	/* the structure */
	size_t depth, bounds;	/* levels; those with a boundary */
	struct mime_level level[MIME_DEPTH_MAX];
	struct mime_part part;

	/* the body of a part that is text */
	int reading;
	int blank;		/* nothing but blanks so far */
	unsigned lines;		/* blank lines so far: 0 or 1 */
	int rank;		/* enum mime_rank of mime.c */
	int start, after_cr;	/* of the decoded text */
	struct mime_base64 base64;
	struct mime_qp qp;
	struct charset charset;
	struct mime_uu uu;
	struct mime_flow flow;
	struct html html;
	size_t nindent, nout;
	char indent[MIME_INDENT_MAX];
	char out[MIME_OUT_MAX];

	/* the result */
	int overflow;
	size_t ntext, nsource;
	char text[MIME_TEXT_MAX + 1];
	char source[MIME_SOURCE_MAX + 1];
};

#endif
