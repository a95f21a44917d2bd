/*
 * html_token: octets come in, tags and text come out (HTML standard, 13.2.5,
 * cut down).  For html.c alone.  No function fails, whatever comes in.
 */
#ifndef HTML_TOKEN_H
#define HTML_TOKEN_H

#include <stddef.h>

struct html;

/* Attributes that had their turn: h->seen. */
#define HTML_SEEN_STYLE	 0x1U
#define HTML_SEEN_WANTED 0x2U

/*
 * Where tokens go: all that the tokenizer asks of those who use it.  None of
 * these may feed it.
 */
struct html_token_calls {
	/*
	 * Text as it stands in the document, never empty; takes it up to the
	 * first "<" or, unless it is hidden, "&", and returns where that is,
	 * or end.
	 */
	const char *(*text)(struct html *, const char *p, const char *end);

	/* n octets of text that came of a reference or of broken markup. */
	void (*literal)(struct html *, const char *, size_t n);

	/*
	 * A tag is complete; which, is in the members of struct html that
	 * are marked as the tag's.  An end tag has no looks and no value.
	 */
	void (*tag)(struct html *);
};

/* Start; the calls outlive the document.  The rest of it is zero. */
void html_token_init(struct html *, const struct html_token_calls *);

/* The next n octets; how they are cut into pieces changes nothing. */
void html_token_feed(struct html *, const char *, size_t n);

/* A tag or comment that never ends is dropped, a lone "<" is text. */
void html_token_end(struct html *);

#endif
