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
 * message has no such field.  The first of its name counts.  What is longer
 * is cut, but an X-SMS-... field is empty then.
 */
const char *mime_text(const struct mime *);
const char *mime_field(const struct mime *, enum mime_field);

/*
 * 1 if the message is a bounce or an automatic reply: a report (RFC 6522),
 * or Auto-Submitted says auto-replied (RFC 3834), or it comes from
 * MAILER-DAEMON or postmaster and null_sender says that its envelope has no
 * sender.  That alone does not make one: devices use it, too.
 */
int mime_is_bounce(const struct mime *, int null_sender);

/* 1 if the text went on after MIME_TEXT_MAX octets and was cut there. */
int mime_overflow(const struct mime *);

/*
 * With X-SMS-Port: the decoded octets of the first part that has no text
 * and no parts in it, be it the whole message; NULL if there is none.  More
 * than MIME_DATA_MAX octets are cut to MIME_DATA_MAX + 1.
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

/* How the parts of a level are parted; a message has no boundary. */
struct mime_level {
	int parted;		/* it is a multipart */
	size_t nboundary;	/* 0: none, or not known yet */
	char boundary[MIME_BOUNDARY_MAX + 1];
	char start[MIME_ID_MAX + 1];
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

	/* the header, and what it says of the part */
	struct mime_header header;
	struct mime_part part;
	int report;		/* the message is a multipart/report */

	/* the structure: level[i] belongs to choice.level[i] */
	size_t bounds;		/* levels that are multiparts */
	struct mime_level level[MIME_DEPTH_MAX];

	/* the body that is being read */
	struct mime_body body;
	int is_data;		/* it is no text */
	enum mime_part_rank rank; /* of its text */
	int chosen;		/* it has had its first character */

	/* the part that is data, and the text that is kept */
	int has_data;
	size_t ndata;
	char data[MIME_DATA_MAX + 1];
	struct mime_choice choice;
};

#endif
