/*
 * html_write: visible text comes in, and where its lines, cells and list items
 * begin; lines go out to the put of html_init.  Only html.c uses it.  No
 * function fails.
 */
#ifndef HTML_WRITE_H
#define HTML_WRITE_H

#include <stddef.h>

#include "mail/html_private.h"

/* Start; the arguments are html_init's.  The rest of the document is zero. */
void html_write_init(struct html *, int links,
    void (*put)(void *arg, const char *, size_t), void *arg);

/*
 * Write text up to the first "<" or "&"; returns where that is, or end.  It is
 * UTF-8 (RFC 3629) in pieces of any size; invalid octets become U+FFFD.  White
 * space collapses unless an element keeps it.
 */
const char *html_write_text(struct html *, const char *p, const char *end);

/* Write n octets of text, "<" and "&" included; they end a character. */
void html_write_literal(struct html *, const char *, size_t n);

/* 1 if a visible character has been written. */
int html_write_started(const struct html *);

/* Write a blank, if text comes before and after it on the line. */
void html_write_space(struct html *);

/* Write a line end, unless at a cell's edge; at most two in a row. */
void html_write_line(struct html *);

/* End the line unless it is empty; hard: also at a cell's edge. */
void html_write_break(struct html *, int hard);

/* Begin a cell. */
void html_write_cell(struct html *);

/* Set what stands before the next character; number is HTML_NUMBER's. */
void html_write_marker(struct html *, enum html_marker, int number);

/* One element more (1), or fewer (-1), keeps its white space. */
void html_write_pre(struct html *, int more);

/* Set what an LF means that comes next in an element that keeps it. */
void html_write_skip(struct html *, enum html_skip);

/*
 * Begin a link with n octets of its target, in UTF-8.  A target longer than
 * HTML_VALUE_MAX is not printed, and none is without links in html_init.  The
 * link before it must have ended.
 */
void html_write_link(struct html *, const char *target, size_t n);

/* End the link, if one is open. */
void html_write_link_end(struct html *);

/* End the document: put what is left. */
void html_write_end(struct html *);

#endif
