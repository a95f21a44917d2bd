/*
 * mime_body: the body of one part, and what a person would read of it.  It
 * comes in as it is in the message, in pieces of any size; transfer encoding,
 * charset, line ends, uuencoded blocks, format=flowed and HTML are undone;
 * UTF-8 comes out (RFC 2045, 2046, 3676).
 */
#ifndef MIME_BODY_H
#define MIME_BODY_H

#include <stddef.h>

#include "mail/charset.h"
#include "mail/html.h"
#include "mail/mime_decode.h"

#define MIME_INDENT_MAX 64	/* blanks before the first word of a part */
#define MIME_BEGIN_MAX	128	/* octets of uuencode's first line */
#define MIME_UU_MAX	88	/* octets of its other lines */
#define MIME_HELD_MAX	1024	/* octets of its start that are looked at */
#define MIME_MARK_MAX	3	/* octets of "-- ", a signature's first line */

enum mime_body_kind {
	MIME_BODY_PLAIN,
	MIME_BODY_HTML,
	MIME_BODY_DATA		/* octets: nothing but the encoding is undone */
};

/* What the header says of the body. */
struct mime_body_form {
	enum mime_body_kind kind;
	enum mime_decode_encoding encoding;
	const char *charset;	/* "": to be guessed; it outlives the body */
	int links;		/* of HTML: 1 prints the target of <a> */
	int flowed, delsp;	/* of plain text: RFC 3676, 4 */
};

enum mime_body_uu_state {
	MIME_BODY_UU_NONE,
	MIME_BODY_UU_BEGUN,	/* "begin 644 name" */
	MIME_BODY_UU_BLOCK	/* and a line of data after it */
};

struct mime_body_uu {
	enum mime_body_uu_state state;
	int middle;		/* of a line of text */
	size_t n, line;		/* octets held; where the last line begins */
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
	size_t depth, before;	/* ">" of this line, of the one before */
	int started, open;	/* a line before; it goes on here */
	int space;		/* held back: it may be the line's last */
	size_t nmark;
};

/* The start of a body, held until it is known what it is. */
struct mime_body_held {
	int open;		/* it is still held */
	size_t n, look;		/* octets; when to look at them next */
	char s[MIME_HELD_MAX];
};

struct mime_body {
	void (*put)(void *, const char *, size_t);
	void *arg;
	struct mime_body_form form;
	int blank;		/* nothing but blanks so far */
	unsigned lines;		/* blank lines so far: 0 or 1 */
	int start, after_cr;	/* of the decoded text */
	struct mime_body_held encoded, decoded, text;
	struct mime_decode decode;
	struct charset charset;
	char named[CHARSET_NAME_MAX + 1]; /* the charset that it named itself */
	struct mime_body_uu uu;
	struct mime_body_flow flow;
	struct html html;
	size_t nindent;
	char indent[MIME_INDENT_MAX];
};

/*
 * Begin a body.  put gets the octets of data; or the text, from the first
 * character on that shows something, in pieces that are never empty: valid UTF-8, whole characters,
 * line ends are LF, no NUL.  Of blank lines in front only their being there
 * is kept, in lines, which is 0 or 1 when put is called first; of blanks in
 * front of the first word MIME_INDENT_MAX, which are put.  Uuencoded blocks
 * are left out.  Where its start says against the form that nothing was
 * encoded, that it is HTML, or which charset it has, it is read as that
 * (mime_sniff.h).  What was begun has to be ended: charset.c may have iconv(3)
 * open.
 */
void mime_body_init(struct mime_body *, const struct mime_body_form *,
    void (*put)(void *arg, const char *, size_t), void *arg);
void mime_body_feed(struct mime_body *, const char *, size_t);
void mime_body_end(struct mime_body *);

#endif
