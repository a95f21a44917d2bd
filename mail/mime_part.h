/*
 * mime_part: what the header of a part says about it, in the Content-... fields
 * and their parameters (RFC 2045, 2046, 2183, 2231).
 */
#ifndef MIME_PART_H
#define MIME_PART_H

#include "mail/charset.h"
#include "mail/mime_decode.h"

#define MIME_SECTIONS_MAX 16	/* of a parameter; RFC 2231, 3 */
#define MIME_BOUNDARY_MAX 255	/* octets; RFC 2046, 5.1.1 allows 70 */
#define MIME_ID_MAX	  128	/* octets of a Content-ID that are compared */

enum mime_part_class {
	MIME_PART_OTHER,
	MIME_PART_OTHER_TEXT,	/* text/... that is not for people: calendar */
	MIME_PART_TEXT,
	MIME_PART_HTML,
	MIME_PART_MULTI,
	MIME_PART_RFC822
};

/* How much a text is worth where there is a choice. */
enum mime_part_rank {
	MIME_PART_RANK_NONE,
	MIME_PART_RANK_FORWARDED, /* text of a message in the message */
	MIME_PART_RANK_NAMED,	/* may be a file, but is not attached */
	MIME_PART_RANK_ENRICHED,
	MIME_PART_RANK_HTML,
	MIME_PART_RANK_MARKDOWN,
	MIME_PART_RANK_PLAIN
};

/* The kinds of parts that contain parts; a message contains one. */
enum mime_part_kind {
	MIME_PART_MESSAGE,
	MIME_PART_MIXED,
	MIME_PART_DIGEST,
	MIME_PART_ALTERNATIVE,
	MIME_PART_RELATED,
	MIME_PART_SIGNED
};

struct mime_part_type {
	char name[24];
	enum mime_part_class class;
	enum mime_part_rank rank;	/* of text */
	enum mime_part_kind kind;	/* of a multipart */
};

enum mime_part_field {
	MIME_PART_CONTENT_TYPE,
	MIME_PART_CONTENT_ENCODING,
	MIME_PART_CONTENT_DISPOSITION,
	MIME_PART_CONTENT_ID,
	MIME_PART_FIELDS
};

/*
 * A boundary that is too long is cut to MIME_BOUNDARY_MAX + 1 octets.  charset
 * has the form of a charset's name, or is "".
 */
struct mime_part {
	const struct mime_part_type *type; /* never NULL */
	unsigned seen;		/* 1 << each field that was set */
	enum mime_decode_encoding encoding;
	int attachment, named, flowed, delsp;
	char charset[CHARSET_NAME_MAX + 1];
	char boundary[MIME_BOUNDARY_MAX + 2];
	char start[MIME_ID_MAX + 1];
	char id[MIME_ID_MAX + 1];
};

/*
 * Set the default type: text/plain (RFC 2045, 5.2), or message/rfc822 in a
 * multipart/digest (RFC 2046, 5.1.5).
 */
void mime_part_init(struct mime_part *, int digest);

/*
 * Read a field, whose body is unfolded, NUL-terminated and holds no CR.  A
 * value that makes no sense changes nothing; one that is too long is cut.
 */
void mime_part_set(struct mime_part *, enum mime_part_field, const char *body);

/* 1 if it is a multipart/report (RFC 6522). */
int mime_part_is_report(const struct mime_part *);

#endif
