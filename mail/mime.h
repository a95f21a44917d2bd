/*
 * mime: a message comes in as octets, in pieces of any size; its text and a
 * few header fields come out as UTF-8.  One pass, no allocation: the memory
 * is that of struct mime, whatever the size, the depth or the number of
 * parts (RFC 5322, 2045, 2046, 2047, 2231, 3676).
 */
#ifndef MIME_H
#define MIME_H

#include <stddef.h>

#include "mail/mime_body.h"
#include "mail/mime_choice.h"
#include "mail/mime_header.h"
#include "mail/mime_part.h"

struct mime;

/*
 * Read a message; links: 1 prints the target of <a> in brackets.  How the
 * octets are cut into pieces changes nothing of what comes out.  Call mime_end
 * after each mime_init: iconv(3) may be open.
 */
void mime_init(struct mime *, int links);
void mime_feed(struct mime *, const void *, size_t);
void mime_end(struct mime *);

/*
 * Call these after mime_end.  Both strings are valid UTF-8 without NUL.
 * mime_text: at most MIME_TEXT_MAX octets with LF as line end; never NULL, and
 * blank or empty if the message has no text.  Blank lines, the signature and
 * control characters are still in it: text.c removes them.
 * mime_field: one line of at most MIME_FIELD_MAX octets; NULL if the message
 * has no such field.  Of several fields of that name the first counts.  A
 * longer one is cut, but an X-SMS-... field that is too long becomes "".
 */
const char *mime_text(const struct mime *);
const char *mime_field(const struct mime *, enum mime_field);

/* 1 if an X-SMS-... field is there several times, with different values. */
int mime_differs(const struct mime *, enum mime_field);

/*
 * 1 if the message is a bounce or an automatic reply: it is a report (RFC
 * 6522), or Auto-Submitted says auto-replied (RFC 3834), or it is from
 * MAILER-DAEMON or postmaster and has no sender in its envelope (null_sender).
 * A null sender alone does not make a bounce, since devices use it, too.
 */
int mime_is_bounce(const struct mime *, int null_sender);

/* 1 if the text was longer than MIME_TEXT_MAX octets and was cut there. */
int mime_overflow(const struct mime *);

/*
 * With X-SMS-Port: the decoded octets of the first part, or of the whole
 * message, that is neither text nor multipart; NULL if there is none.  If it
 * has more than MIME_DATA_MAX octets, *n is MIME_DATA_MAX + 1.
 */
const char *mime_data(const struct mime *, size_t *n);

/*
 * Where the text came from, for people: "1.2 text/plain charset=koi8-r";
 * "none" if the message has no text.  At most MIME_SOURCE_MAX octets of
 * printable ASCII.
 */
const char *mime_source(const struct mime *);

#define MIME_DATA_MAX	133	/* octets of a data SMS (OPTIONS_DATA_MAX) */

/* ---- private to mime.c from here on: the storage of a message ---- */

#define MIME_LINE_MAX	1024	/* octets of a line that are looked at */

/* How the parts of a level are separated; a message has no boundary. */
struct mime_level {
	int parted;		/* this is a multipart */
	size_t nboundary;	/* 0: none, or still unknown */
	char boundary[MIME_BOUNDARY_MAX + 1];
	char start[MIME_ID_MAX + 1];
};

enum mime_state { MIME_HEAD, MIME_BODY, MIME_SKIP };
enum mime_end_of_line { MIME_EOL_NONE, MIME_EOL_LF, MIME_EOL_CRLF };

struct mime {
	int links;
	enum mime_state state;

	/* lines */
	int first;		/* the next line is the message's first */
	int middle;		/* in a line whose start has been read */
	int cr;			/* a CR is held: it may begin the line end */
	enum mime_end_of_line eol; /* held line end: a delimiter's or text */
	size_t nline;
	char line[MIME_LINE_MAX];

	/* the header, and what it says about the part */
	struct mime_header header;
	struct mime_part part;
	int report;		/* the message is a multipart/report */

	/* the structure: level[i] belongs to choice.level[i] */
	size_t bounds;		/* how many levels are multiparts */
	struct mime_level level[MIME_DEPTH_MAX];

	/* the body that is being read */
	struct mime_body body;
	int is_data;		/* it is not text */
	enum mime_part_rank rank; /* of its text */
	int chosen;		/* its text has begun */

	/* the octets of the data part, and the text that is kept */
	int has_data;
	size_t ndata;
	char data[MIME_DATA_MAX + 1];
	struct mime_choice choice;
};

#endif
