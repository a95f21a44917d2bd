/*
 * wording: the template of an SMS, "${from}: ${subject} ${text}": text and
 * placeholders.  What is put in their places is text.c's.
 */
#ifndef WORDING_H
#define WORDING_H

#include <stddef.h>

#define WORDING_MAX	300	/* octets of a template */

/* What a placeholder stands for; each may stand in a template once. */
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

/* Pieces of a template: text before, between and behind its placeholders. */
#define WORDING_PIECES (2 * WORDING_VALUES + 1)

/*
 * Take a template apart.  Returns how many pieces there are, or -1: *bad is a
 * placeholder that is unknown, or there twice, or has no end.
 */
int wording_parse(const char *, struct wording_piece[WORDING_PIECES],
    const char **bad);

#endif
