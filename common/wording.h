/*
 * wording: parses the template of an SMS, "${from}: ${subject} ${text}", into
 * text and placeholders.  text.c puts the values in their places.
 */
#ifndef WORDING_H
#define WORDING_H

#include <stddef.h>

#define WORDING_MAX	300	/* octets of a template */

/* The placeholders; each may stand in a template once. */
enum wording_value {
	WORDING_FROM,
	WORDING_NAME,
	WORDING_SUBJECT,
	WORDING_TEXT,
	WORDING_HOST,
	WORDING_TIME,
	WORDING_VALUES
};

#define WORDING_ALL \
	"${from}, ${name}, ${subject}, ${text}, ${host} and ${time}"

/* n octets of text; or, if value is not -1, a placeholder. */
struct wording_piece {
	const char *p;
	size_t n;
	int value;
};

/* Pieces of a template: text before, between and after its placeholders. */
#define WORDING_PIECES (2 * WORDING_VALUES + 1)

/*
 * Parse a template.  Returns the number of pieces; or -1, and *bad is a
 * placeholder that is unknown, is given twice, or has no end.
 */
int wording_parse(const char *, struct wording_piece[WORDING_PIECES],
    const char **bad);

#endif
