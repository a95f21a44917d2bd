/*
 * html: HTML comes in as UTF-8, in pieces of any size; what a person would
 * read of it comes out.  One pass, no allocation, time linear in the octets:
 * the memory is that of struct html, whatever the size or the nesting.
 */
#ifndef HTML_H
#define HTML_H

#include <stddef.h>

#include "mail/html_private.h"

/*
 * Start a document.  links: 1 prints the target of <a> in brackets after its
 * text.  put is called with the text, in pieces that are never empty and
 * hold whole characters: valid UTF-8, line ends are LF, no LF at the start
 * or the end of it all, at most one blank line in a row.  Soft hyphens,
 * zero-width spaces and ASCII control characters are left out; U+00A0 and
 * everything else stays as it is.
 */
void html_init(struct html *, int links,
    void (*put)(void *arg, const char *, size_t), void *arg);

/* The next octets; how they are cut into pieces changes nothing. */
void html_feed(struct html *, const char *utf8, size_t n);

/* The end; what is left is put.  After it, only html_init. */
void html_end(struct html *);

#endif
