/*
 * html_write: text and where its lines, cells and list items begin come in;
 * lines come out, by the put of html_init.  For html.c alone, which says
 * nothing of what is hidden.  No function fails.
 */
#ifndef HTML_WRITE_H
#define HTML_WRITE_H

#include <stddef.h>

#include "mail/html_private.h"

/* Start; the arguments are html_init's.  The rest of the document is zero. */
void html_write_init(struct html *, int links,
    void (*put)(void *arg, const char *, size_t), void *arg);

/*
 * Text, up to the first "<" or "&"; returns where that is, or end.  UTF-8
 * (RFC 3629), in pieces of any size; what is none becomes U+FFFD.  White
 * space collapses unless an element keeps it.
 */
const char *html_write_text(struct html *, const char *p, const char *end);

/* n octets in which "<" and "&" are text, too; they end a character. */
void html_write_literal(struct html *, const char *, size_t n);

/* 1 if there has been a character that shows. */
int html_write_started(const struct html *);

/* A blank, if text comes before and after it on the line. */
void html_write_space(struct html *);

/* A line's end, not at a cell's edge; more than two in a row are two. */
void html_write_line(struct html *);

/* A line's end unless one has just come; hard: also at a cell's edge. */
void html_write_break(struct html *, int hard);

/* A cell begins. */
void html_write_cell(struct html *);

/* What stands before the next character; number is HTML_NUMBER's. */
void html_write_marker(struct html *, enum html_marker, int number);

/* So many elements more, or fewer (-1), keep their white space. */
void html_write_pre(struct html *, int more);

/* What an LF is that comes next, in an element that keeps it. */
void html_write_skip(struct html *, enum html_skip);

/*
 * A link begins: n octets of its target, UTF-8, at most HTML_VALUE_MAX; one
 * that is longer is not printed, nor is any without links in html_init.  The
 * link before it has ended.
 */
void html_write_link(struct html *, const char *target, size_t n);

/* The link ends, if there is one. */
void html_write_link_end(struct html *);

/* The end of the document: what is left is put. */
void html_write_end(struct html *);

#endif
