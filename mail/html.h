/*
 * html: HTML comes in as UTF-8, in pieces of any size; the text that a person
 * would read comes out.  One pass, no allocation, time linear in the octets:
 * the memory is that of struct html, whatever the size or the nesting.
 */
#ifndef HTML_H
#define HTML_H

#include <stddef.h>

#include "mail/html_private.h"

/*
 * Start a document.  links: 1 prints the target of <a> in brackets after its
 * text.  put gets the text in pieces that are never empty: whole characters of
 * valid UTF-8, LF as line end, no LF at the start or the end of the document,
 * at most one blank line in a row.  Soft hyphens, zero-width spaces and ASCII
 * control characters are left out; U+00A0 and all else stays as it is.
 */
void html_init(struct html *, int links,
    void (*put)(void *arg, const char *, size_t), void *arg);

/* Feed the next octets; how they are cut into pieces changes nothing. */
void html_feed(struct html *, const char *utf8, size_t n);

/* End the document: put what is left.  Then call nothing but html_init. */
void html_end(struct html *);

#endif
