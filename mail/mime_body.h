/*
 * mime_body: from the body of one part to the text that a person would read.
 * The body comes in as it is in the message, in pieces of any size.  Transfer
 * encoding, charset, line ends, uuencoded blocks, format=flowed and HTML are
 * undone; UTF-8 comes out (RFC 2045, 2046, 3676).
 */
#ifndef MIME_BODY_H
#define MIME_BODY_H

#include <stddef.h>

#include "mail/charset.h"
#include "mail/html.h"
#include "mail/mime_decode.h"

#define MIME_INDENT_MAX 64	/* blanks before the first word that are kept */
#define MIME_BEGIN_MAX	128	/* octets of uuencode's first line */
#define MIME_UU_MAX	88	/* octets of uuencode's other lines */
#define MIME_HELD_MAX	1024	/* octets of a body's start that are judged */
#define MIME_MARK_MAX	3	/* octets of "-- ", a signature's first line */

enum mime_body_kind {
	MIME_BODY_PLAIN,
	MIME_BODY_HTML,
	MIME_BODY_DATA		/* octets: only the encoding is undone */
};

/* What the header says about the body. */
struct mime_body_form {
	enum mime_body_kind kind;
	enum mime_decode_encoding encoding;
	const char *charset;	/* "": guess it; must outlive the body */
	int links;		/* HTML: 1 prints the target of <a> */
	int flowed, delsp;	/* plain text: RFC 3676, 4 */
};

enum mime_body_uu_state {
	MIME_BODY_UU_NONE,
	MIME_BODY_UU_BEGUN,	/* "begin 644 name" */
	MIME_BODY_UU_BLOCK	/* a data line came after it */
};

struct mime_body_uu {
	enum mime_body_uu_state state;
	int middle;		/* in a line of text */
	size_t n, line;		/* octets held; start of the last line */
	char hold[MIME_BEGIN_MAX + MIME_UU_MAX + 2];
};

enum mime_body_flow_phase {
	MIME_BODY_FLOW_QUOTE,	/* counting ">" */
	MIME_BODY_FLOW_STUFF,	/* one space may follow */
	MIME_BODY_FLOW_MARK,	/* is it "-- "? */
	MIME_BODY_FLOW_TEXT
};

struct mime_body_flow {
	enum mime_body_flow_phase phase;
	size_t depth, before;	/* ">" of this line, of the previous one */
	int started, open;	/* there was a line; the next continues it */
	int space;		/* a space is held: it may end the line */
	size_t nmark;
};

/* The start of a body, held until it is known what kind of body it is. */
struct mime_body_held {
	int open;		/* it is still held */
	size_t n, look;		/* octets; at how many to judge them next */
	char s[MIME_HELD_MAX];
};

struct mime_body {
	void (*put)(void *, const char *, size_t);
	void *arg;
	struct mime_body_form form;
	int blank;		/* nothing but blanks so far */
	unsigned lines;		/* blank lines so far: 0 or 1 */
	int start, after_cr;	/* position in the decoded text */
	struct mime_body_held encoded, decoded, text; /* in this order */
	struct mime_decode decode;
	struct charset charset;
	char named[CHARSET_NAME_MAX + 1]; /* the charset that the body names */
	struct mime_body_uu uu;
	struct mime_body_flow flow;
	struct html html;
	size_t nindent;
	char indent[MIME_INDENT_MAX];
};

/*
 * Begin a body.  For MIME_BODY_DATA, put gets its decoded octets.  For text,
 * put gets pieces that are never empty: whole characters of valid UTF-8 without
 * NUL, with LF as line end.  The first piece begins with the blanks before the
 * first visible character, at most MIME_INDENT_MAX of them; the member lines is
 * then 1 if there were blank lines above.  Uuencoded blocks are left out.
 *
 * Where the start of the body shows that the form is wrong or incomplete (it
 * was never encoded, it is HTML, it names its charset), the body is read as
 * what it is (mime_sniff.h).  Call mime_body_end after each mime_body_init:
 * iconv(3) may be open.
 */
void mime_body_init(struct mime_body *, const struct mime_body_form *,
    void (*put)(void *arg, const char *, size_t), void *arg);
void mime_body_feed(struct mime_body *, const char *, size_t);
void mime_body_end(struct mime_body *);

#endif
