/*
 * html_token: octets come in, tags and text come out, by a subset of the HTML
 * standard, 13.2.5.  Only html.c uses it.  No input makes a function fail.
 */
#ifndef HTML_TOKEN_H
#define HTML_TOKEN_H

#include <stddef.h>

struct html;

/* Attributes that a tag has had already: h->seen. */
#define HTML_SEEN_STYLE	 0x1U
#define HTML_SEEN_WANTED 0x2U

/*
 * The callbacks that take the tokens.  They must not call html_token_feed.
 */
struct html_token_calls {
	/*
	 * Text as it stands in the document, never empty.  The callee takes it
	 * up to the first "<" or, unless it is hidden, "&", and returns where
	 * that is, or end.
	 */
	const char *(*text)(struct html *, const char *p, const char *end);

	/* n octets of text from a reference or from broken markup. */
	void (*literal)(struct html *, const char *, size_t n);

	/*
	 * A tag is complete: it is in the members of struct html that belong
	 * to the tag.  An end tag has no looks and no value.
	 */
	void (*tag)(struct html *);
};

/* Start; the callbacks outlive the document, whose other members are 0. */
void html_token_init(struct html *, const struct html_token_calls *);

/* Feed the next n octets; how they are cut into pieces changes nothing. */
void html_token_feed(struct html *, const char *, size_t n);

/* End: drop an unfinished tag or comment; a lone "<" is text. */
void html_token_end(struct html *);

#endif
