/*
 * html_write: writes the text of a document: characters, white space, lines,
 * cells, list items and the targets of links.  A blank, a line end or a list
 * marker waits for the next visible character and is put before it, so that
 * none stands at an edge.  This file knows no elements, and all text that it
 * gets is visible.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/utf8.h"
#include "mail/html_char.h"
#include "mail/html_write.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

#define HTML_LINES_MAX	2	/* LFs in a row: one blank line */

/* ---- lines ---- */

static void
html_write_flush(struct html *h)
{
	if (h->out_len > 0)
		h->put(h->arg, h->out, h->out_len);
	h->out_len = 0;
}

/* Put whole characters. */
static void
html_write_put(struct html *h, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && h->dashes < 3; i++)
		h->dashes = p[i] == '-' && h->dashes < 2 ? h->dashes + 1 : 3;
	if (n > sizeof(h->out) - h->out_len)
		html_write_flush(h);
	if (n > sizeof(h->out)) {
		h->put(h->arg, p, n);
		return;
	}
	memcpy(h->out + h->out_len, p, n);
	h->out_len += n;
}

/* Compare the next part of the link's text with its target. */
static void
html_write_compare(struct html *h, const char *p, size_t n)
{
	size_t i;

	h->link_text = 1;
	for (i = 0; i < LENGTH(h->same); i++) {
		if (n > h->href_len - h->at[i] ||
		    strncasecmp(h->href + h->at[i], p, n) != 0)
			h->same[i] = 0;
		else
			h->at[i] += n;
	}
}

/* Put what has been waiting for the next character. */
static void
html_write_lead(struct html *h)
{
	char number[16];

	if (h->link && h->link_text && (h->lines > 0 || h->space))
		html_write_compare(h, " ", 1);
	if (h->started && h->lines > 0) {
		html_write_put(h, "\n\n", h->lines);
		h->dashes = 0;
	} else if (h->started && h->space)
		html_write_put(h, " ", 1);
	switch (h->marker) {
	case HTML_NO_MARKER:
		break;
	case HTML_BULLET:
		html_write_put(h, "- ", 2);
		break;
	case HTML_NUMBER:
		snprintf(number, sizeof(number), "%d. ", h->item);
		html_write_put(h, number, strlen(number));
		break;
	}
	h->started = 1;
	h->lines = 0;
	h->hard = h->edge = h->space = 0;
	h->marker = HTML_NO_MARKER;
	h->skip = HTML_LF;
}

/* Write whole characters, none of them white space that collapses. */
static void
html_write_show(struct html *h, const char *p, size_t n)
{
	if (n == 0)
		return;
	html_write_lead(h);
	if (h->link)
		html_write_compare(h, p, n);
	html_write_put(h, p, n);
}

int
html_write_started(const struct html *h)
{
	return h->started;
}

void
html_write_space(struct html *h)
{
	if (h->started && h->lines == 0)
		h->space = 1;
}

/*
 * End a line.  The blank at its end is dropped, unless the line is a
 * signature's "-- " (RFC 3676, 4.3).
 */
static void
html_write_end_line(struct html *h)
{
	if (h->space && h->dashes == 2)
		html_write_put(h, " ", 1);
	h->space = 0;
}

/* For <br>, and for LF where white space is kept. */
void
html_write_line(struct html *h)
{
	if (h->edge && h->lines == 0)
		return;
	html_write_end_line(h);
	if (h->lines < HTML_LINES_MAX)
		h->lines++;
}

/* Begin a line, unless this one is empty. */
void
html_write_break(struct html *h, int hard)
{
	if (h->edge && !hard)
		return;
	html_write_end_line(h);
	if (h->lines == 0)
		h->lines = 1;
	if (hard) {
		h->hard = 1;
		h->edge = 0;
	}
}

/*
 * Begin a cell: on the line where the cell before it ended, after a blank, even
 * if both hold paragraphs.  It gets a line of its own only if it is the first
 * of its row, or if the cell before it held a list or a table.
 */
void
html_write_cell(struct html *h)
{
	if (!h->hard)
		h->lines = 0;
	html_write_space(h);
	h->edge = 1;
}

/* Take a white space character. */
static void
html_write_blank(struct html *h, char c)
{
	enum html_skip skip = h->skip;

	if (h->pre == 0) {
		html_write_space(h);
		return;
	}
	h->skip = c == '\r' ? HTML_LF_AFTER_CR : HTML_LF;
	if (c == '\f')
		c = ' ';
	if (c == ' ' || c == '\t')
		html_write_show(h, &c, 1);
	else if (c == '\r' ? skip != HTML_LF_FIRST : skip == HTML_LF)
		html_write_line(h);
}

void
html_write_marker(struct html *h, enum html_marker marker, int number)
{
	h->marker = marker;
	h->item = number;
}

void
html_write_pre(struct html *h, int more)
{
	h->pre += (unsigned)more;
}

void
html_write_skip(struct html *h, enum html_skip skip)
{
	h->skip = skip;
}

/* ---- characters ---- */

/* A visible ASCII character that begins no markup. */
static int
html_write_is_plain(char c)
{
	return c > ' ' && c < 0x7f && c != '<' && c != '&';
}

/* 1 for soft hyphen and zero-width space, which only allow line breaks. */
static int
html_write_is_nothing(const char *p, int n)
{
	return (n == 2 && memcmp(p, "\xc2\xad", 2) == 0) ||
	    (n == 3 && memcmp(p, "\xe2\x80\x8b", 3) == 0);
}

static void
html_write_bad(struct html *h)
{
	html_write_show(h, "\xef\xbf\xbd", 3);
}

/* An incomplete character turned out to be none. */
static void
html_write_part_end(struct html *h)
{
	if (h->part_len > 0)
		html_write_bad(h);
	h->part_len = 0;
}

/* Add an octet to an incomplete character; returns where to go on. */
static const char *
html_write_part(struct html *h, const char *p)
{
	const char *part = (const char *)h->part;
	int n;

	h->part[h->part_len] = (unsigned char)*p;
	n = utf8_length(part, h->part_len + 1u, NULL);
	if (n < 0) {
		html_write_part_end(h);
		return p;
	}
	h->part_len++;
	if (n > 0) {
		if (!html_write_is_nothing(part, n))
			html_write_show(h, part, (size_t)n);
		h->part_len = 0;
	}
	return p + 1;
}

/* Take what is not in a run of plain characters; returns where to go on. */
static const char *
html_write_odd(struct html *h, const char *p, const char *end)
{
	int n = utf8_length(p, (size_t)(end - p), NULL);

	if (html_char_is_blank(*p))
		html_write_blank(h, *p);
	else if (n < 0 && utf8_length(p, 1, NULL) < 0)
		html_write_bad(h);
	else if (n <= 0) {
		h->part[0] = (unsigned char)*p;
		h->part_len = 1;
	} else	/* a control character, or html_write_is_nothing */
		return p + n;
	return p + 1;
}

/* Runs of plain characters are written in one go: they are most of a text. */
const char *
html_write_text(struct html *h, const char *p, const char *end)
{
	const char *run;
	int n;

	while (p < end && h->part_len > 0)
		p = html_write_part(h, p);
	while (p < end && *p != '<' && *p != '&') {
		for (run = p; p < end; p += n) {
			n = 1;
			if (html_write_is_plain(*p) || (*p == ' ' && p > run &&
			    p + 1 < end && html_write_is_plain(p[1])))
				continue;
			if ((unsigned char)*p < 0x80)
				break;
			n = utf8_length(p, (size_t)(end - p), NULL);
			if (n <= 0 || html_write_is_nothing(p, n))
				break;
		}
		html_write_show(h, run, (size_t)(p - run));
		if (p < end && *p != '<' && *p != '&')
			p = html_write_odd(h, p, end);
		while (p < end && h->part_len > 0)
			p = html_write_part(h, p);
	}
	return p;
}

void
html_write_literal(struct html *h, const char *p, size_t n)
{
	const char *end = p + n;

	while (p < end) {
		p = html_write_text(h, p, end);
		if (p < end)
			html_write_show(h, p++, 1);
	}
	html_write_part_end(h);
}

/* ---- links ---- */

/*
 * Where the target goes on after "scheme://"; 0 if it does not begin like that.
 * Nobody can follow a fragment, a relative URL or a script on a phone, and the
 * text of a mailto: or tel: is as good as its target.
 */
static size_t
html_write_link_host(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n && (html_char_is_word(s[i]) || (i > 0 &&
	    memchr("+-.", s[i], 3) != NULL)); i++)
		continue;
	if (i == 0 || n - i <= 3 || memcmp(s + i, "://", 3) != 0)
		return 0;
	return i + 3;
}

/* Remember the target without control characters and outer blanks. */
void
html_write_link(struct html *h, const char *target, size_t n)
{
	size_t i, host;
	char c;

	if (!h->links || n > sizeof(h->href))
		return;
	h->href_len = 0;
	for (i = 0; i < n; i++) {
		c = target[i];
		if ((unsigned char)c > ' ' || (c == ' ' && h->href_len > 0))
			h->href[h->href_len++] = c;
	}
	while (h->href_len > 0 && h->href[h->href_len - 1] == ' ')
		h->href_len--;
	host = html_write_link_host(h->href, h->href_len);
	if (host == 0)
		return;
	h->link = 1;
	h->link_text = 0;
	h->same[0] = h->same[1] = 1;
	h->at[0] = 0;
	h->at[1] = host;
}

/* 1 if the link's text was its target, perhaps without scheme or last "/". */
static int
html_write_link_same(const struct html *h)
{
	size_t i, left;

	for (i = 0; i < LENGTH(h->same); i++) {
		left = h->href_len - h->at[i];
		if (h->same[i] && (left == 0 ||
		    (left == 1 && h->href[h->at[i]] == '/')))
			return 1;
	}
	return 0;
}

/*
 * Write the target right after the link's text, on the same line; a link
 * without text has nothing to show.  What is not ASCII is percent-encoded (RFC
 * 3986, 2.1), so that it does not turn the SMS into UCS-2.
 */
void
html_write_link_end(struct html *h)
{
	char code[4];
	size_t i;
	unsigned char c;

	if (!h->link)
		return;
	h->link = 0;
	if (!h->link_text || html_write_link_same(h))
		return;
	html_write_put(h, " (", 2);
	for (i = 0; i < h->href_len; i++) {
		c = (unsigned char)h->href[i];
		if (c > ' ' && c < 0x7f && strchr("\"<>", c) == NULL) {
			html_write_put(h, h->href + i, 1);
			continue;
		}
		snprintf(code, sizeof(code), "%%%02X", (unsigned)c);
		html_write_put(h, code, 3);
	}
	html_write_put(h, ")", 1);
}

void
html_write_init(struct html *h, int links,
    void (*put)(void *arg, const char *, size_t), void *arg)
{
	h->links = links;
	h->put = put;
	h->arg = arg;
}

void
html_write_end(struct html *h)
{
	html_write_part_end(h);
	html_write_link_end(h);
	html_write_flush(h);
}
