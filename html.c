/*
 * html: HTML to what a person would read of it on a phone.
 *
 * Three layers, each of which knows only the one above it in this file: the
 * writer (lines, blanks, links), the open elements (what is hidden, what
 * keeps its white space, where lists are), the tokenizer (tags, attributes,
 * references, comments).  Broken HTML is read as browsers read it, as far as
 * that can be had without a tree and without looking ahead (HTML standard,
 * 13.2).  Style sheets are not read; of style="" it is what hides an element
 * and what keeps its white space.
 *
 * What a phone gets: a paragraph, a division, a heading, a row, a list item
 * is a line; blank lines come from <br> alone, since each costs a character.
 * List items begin with "- " or their number, cells are separated by a
 * blank, pictures are their alt text, a <select> is the option that the
 * author selected, <q> has straight quotes, <hr> is a line's end.  Charsets
 * are charset.c's, blank lines at the edges text.c's.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "html.h"
#include "html_entities.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

#define HTML_LINES_MAX	2	/* LFs in a row: one blank line */
#define HTML_NUMBER_MAX 999999	/* start of a list */
#define HTML_LEGACY_MAX 6	/* octets of the longest in html_legacy */

#define CODE_MAX	0x10ffff
#define CODE_BAD	0xfffd	/* replacement character */

/* What an element is. */
#define FLOW		0x00000001U	/* a line's end before and after */
#define HARD		0x00000002U	/* ... also at the edge of a cell */
#define FIRM		0x00000004U	/* <li> does not end one outside it */
#define LINE		0x00000008U	/* a line's end */
#define WORD		0x00000010U	/* a blank before and after */
#define VOID		0x00000020U	/* no content, no end tag */
#define ROOT		0x00000040U	/* never hidden */
#define HIDE		0x00000080U	/* always hidden */
#define RAW		0x00000100U	/* no tags inside but its end tag */
#define REFS		0x00000200U	/* ... but references */
#define PRE		0x00000400U	/* keeps white space */
#define PARA		0x00000800U	/* ends where a block begins */
#define FORMAT		0x00001000U	/* may end inside a block */
#define LIST		0x00002000U
#define NUMBERED	0x00004000U
#define ITEM		0x00008000U	/* of a list */
#define TERM		0x00010000U	/* <dt>, <dd> */
#define TABLE		0x00020000U
#define ROWS		0x00040000U
#define ROW		0x00080000U
#define CELL		0x00100000U
#define SELECT		0x00200000U
#define OPTION		0x00400000U
#define LINK		0x00800000U
#define IMAGE		0x01000000U
#define QUOTE		0x02000000U
#define HEADING		0x04000000U

#define BLOCK		(FLOW | FIRM)

/* What an inline end tag does not reach beyond. */
#define SPECIAL (FLOW | HIDE | TABLE | ROWS | ROW | CELL | SELECT)

/* What style and hidden make of an element. */
#define LOOK_NONE	0x01U	/* display:none */
#define LOOK_INVISIBLE	0x02U	/* visibility:hidden */
#define LOOK_CLEAR	0x04U	/* opacity:0 */
#define LOOK_HIDDEN	0x08U	/* hidden */
#define LOOK_PRE	0x10U	/* white-space:pre and its kin */
#define LOOK_PLAIN	0x20U	/* list-style:none */
#define LOOK_HIDE	(LOOK_NONE | LOOK_INVISIBLE | LOOK_CLEAR | LOOK_HIDDEN)

#define SEEN_STYLE	0x1U
#define SEEN_WANTED	0x2U

/* Keys of elements: an index of html_elements, or beyond it a hash. */
#define KEY_NONE	0xffffU

/* In place of a list's number. */
#define LIST_BULLETS	INT_MIN
#define LIST_PLAIN	(INT_MIN + 1)

struct html_element {
	char name[HTML_WORD_MAX];
	uint32_t is;
	char wants[9];	/* the attribute whose value matters */
};

/* All that are more than inline, and FORMAT; in the order of strcmp(3). */
static const struct html_element html_elements[] = {
	{"a", FORMAT | LINK, "href"},
	{"address", FLOW, ""},
	{"area", VOID, ""},
	{"article", BLOCK, ""},
	{"aside", BLOCK, ""},
	{"b", FORMAT, ""},
	{"base", VOID, ""},
	{"basefont", VOID, ""},
	{"bgsound", VOID, ""},
	{"big", FORMAT, ""},
	{"blockquote", BLOCK, ""},
	{"body", BLOCK | ROOT, ""},
	{"br", VOID | LINE, ""},
	{"button", WORD, ""},
	{"caption", BLOCK | HARD, ""},
	{"center", BLOCK, ""},
	{"code", FORMAT, ""},
	{"col", VOID, ""},
	{"datalist", HIDE, ""},
	{"dd", BLOCK | HARD | TERM, ""},
	{"details", BLOCK, ""},
	{"dialog", BLOCK, ""},
	{"dir", BLOCK | HARD | LIST, ""},
	{"div", FLOW, ""},
	{"dl", BLOCK | HARD, ""},
	{"dt", BLOCK | HARD | TERM, ""},
	{"em", FORMAT, ""},
	{"embed", VOID, ""},
	{"fieldset", BLOCK, ""},
	{"figcaption", BLOCK, ""},
	{"figure", BLOCK, ""},
	{"font", FORMAT, ""},
	{"footer", BLOCK, ""},
	{"form", BLOCK, ""},
	{"frame", VOID, ""},
	{"h1", BLOCK | HEADING, ""},
	{"h2", BLOCK | HEADING, ""},
	{"h3", BLOCK | HEADING, ""},
	{"h4", BLOCK | HEADING, ""},
	{"h5", BLOCK | HEADING, ""},
	{"h6", BLOCK | HEADING, ""},
	{"header", BLOCK, ""},
	{"hgroup", BLOCK, ""},
	{"hr", VOID | BLOCK | HARD, ""},
	{"html", BLOCK | ROOT, ""},
	{"i", FORMAT, ""},
	{"iframe", RAW | HIDE, ""},
	{"image", VOID | IMAGE, "alt"},
	{"img", VOID | IMAGE, "alt"},
	{"input", VOID, ""},
	{"keygen", VOID, ""},
	{"legend", BLOCK, ""},
	{"li", BLOCK | HARD | ITEM, "value"},
	{"link", VOID, ""},
	{"listing", BLOCK | HARD | PRE, ""},
	{"main", BLOCK, ""},
	{"menu", BLOCK | HARD | LIST, ""},
	{"meta", VOID, ""},
	{"nav", BLOCK, ""},
	{"nobr", FORMAT, ""},
	{"noembed", RAW | HIDE, ""},
	{"noframes", RAW | HIDE, ""},
	{"noscript", HIDE, ""},
	{"ol", BLOCK | HARD | LIST | NUMBERED, "start"},
	{"optgroup", OPTION, ""},
	{"option", OPTION, "selected"},
	{"p", FLOW | PARA, ""},
	{"param", VOID, ""},
	{"pre", BLOCK | HARD | PRE, ""},
	{"q", QUOTE, ""},
	{"s", FORMAT, ""},
	{"script", RAW | HIDE, ""},
	{"search", BLOCK, ""},
	{"section", BLOCK, ""},
	{"select", SELECT, ""},
	{"small", FORMAT, ""},
	{"source", VOID, ""},
	{"strike", FORMAT, ""},
	{"strong", FORMAT, ""},
	{"style", RAW | HIDE, ""},
	{"summary", BLOCK, ""},
	{"table", BLOCK | HARD | TABLE, ""},
	{"tbody", ROWS, ""},
	{"td", CELL, ""},
	{"template", HIDE, ""},
	{"textarea", BLOCK | RAW | REFS | PRE, ""},
	{"tfoot", ROWS, ""},
	{"th", CELL, ""},
	{"thead", ROWS, ""},
	{"title", RAW | REFS | HIDE, ""},
	{"tr", BLOCK | HARD | ROW, ""},
	{"track", VOID, ""},
	{"tt", FORMAT, ""},
	{"u", FORMAT, ""},
	{"ul", BLOCK | HARD | LIST, ""},
	{"wbr", VOID, ""},
	{"xml", HIDE, ""},	/* data of Word, islands of old browsers */
	{"xmp", BLOCK | HARD | RAW | PRE, ""},
};

static const struct {
	char property[17], value[13];
	unsigned look;
} html_looks[] = {
	{"display:", "none", LOOK_NONE},
	{"visibility:", "hidden", LOOK_INVISIBLE},
	{"visibility:", "collapse", LOOK_INVISIBLE},
	{"opacity:", "0", LOOK_CLEAR},
	{"white-space:", "pre", LOOK_PRE},
	{"white-space:", "pre-wrap", LOOK_PRE},
	{"white-space:", "pre-line", LOOK_PRE},
	{"white-space:", "break-spaces", LOOK_PRE},
	{"list-style:", "none", LOOK_PLAIN},
	{"list-style-type:", "none", LOOK_PLAIN},
};

/*
 * Numeric references 128 to 159 are windows-1252 (HTML standard, 13.2.5.80).
 * The five that it lacks are control characters, which nobody can read.
 */
static const uint16_t html_windows[] = {
	0x20ac, CODE_BAD, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, CODE_BAD, 0x017d, CODE_BAD,
	CODE_BAD, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, CODE_BAD, 0x017e, 0x0178,
};

static int
html_is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

static int
html_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int
html_is_word(char c)
{
	return html_is_letter(c) || (c >= '0' && c <= '9');
}

/* A visible ASCII character that begins no markup. */
static int
html_is_plain(char c)
{
	return c > ' ' && c < 0x7f && c != '<' && c != '&';
}

static char
html_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned
html_is(unsigned key)
{
	return key < LENGTH(html_elements) ? html_elements[key].is : 0;
}

static int
html_hidden(const struct html *h)
{
	return h->hide > 0 || h->select == HTML_UNSELECTED;
}

/* ---- the writer ---- */

static void
html_flush(struct html *h)
{
	if (h->out_len > 0)
		h->put(h->arg, h->out, h->out_len);
	h->out_len = 0;
}

/* Put whole characters. */
static void
html_put(struct html *h, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && h->dashes < 3; i++)
		h->dashes = p[i] == '-' && h->dashes < 2 ? h->dashes + 1 : 3;
	if (n > sizeof(h->out) - h->out_len)
		html_flush(h);
	if (n > sizeof(h->out)) {
		h->put(h->arg, p, n);
		return;
	}
	memcpy(h->out + h->out_len, p, n);
	h->out_len += n;
}

/* The text of the link goes on: is it still what its target begins with? */
static void
html_compare(struct html *h, const char *p, size_t n)
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
html_lead(struct html *h)
{
	char number[16];

	if (h->link && h->link_text && (h->lines > 0 || h->space))
		html_compare(h, " ", 1);
	if (h->started && h->lines > 0) {
		html_put(h, "\n\n", h->lines);
		h->dashes = 0;
	} else if (h->started && h->space)
		html_put(h, " ", 1);
	switch (h->marker) {
	case HTML_NO_MARKER:
		break;
	case HTML_BULLET:
		html_put(h, "- ", 2);
		break;
	case HTML_NUMBER:
		snprintf(number, sizeof(number), "%d. ", h->item);
		html_put(h, number, strlen(number));
		break;
	}
	h->started = 1;
	h->lines = 0;
	h->hard = h->edge = h->space = 0;
	h->marker = HTML_NO_MARKER;
	h->skip = HTML_LF;
}

/* Whole characters of the text, none of them white space that collapses. */
static void
html_show(struct html *h, const char *p, size_t n)
{
	if (n == 0 || html_hidden(h))
		return;
	html_lead(h);
	if (h->link)
		html_compare(h, p, n);
	html_put(h, p, n);
}

static void
html_space(struct html *h)
{
	if (h->started && h->lines == 0)
		h->space = 1;
}

/*
 * A line ends.  The one blank at a line's end that means something is that
 * of a signature's "-- " (RFC 3676, section 4.3).
 */
static void
html_end_line(struct html *h)
{
	if (h->space && h->dashes == 2)
		html_put(h, " ", 1);
	h->space = 0;
}

/* <br>, or LF where it counts. */
static void
html_line(struct html *h)
{
	if (h->edge && h->lines == 0)
		return;
	html_end_line(h);
	if (h->lines < HTML_LINES_MAX)
		h->lines++;
}

/* Here a line begins, unless one has just begun. */
static void
html_break(struct html *h, int hard)
{
	if (h->edge && !hard)
		return;
	html_end_line(h);
	if (h->lines == 0)
		h->lines = 1;
	if (hard) {
		h->hard = 1;
		h->edge = 0;
	}
}

/*
 * A cell begins: after a blank on the line where the one before it ended,
 * even if paragraphs fill both; on a line of its own only if it is the
 * first of its row or if there was a list or a table in the other.
 */
static void
html_cell(struct html *h)
{
	if (!h->hard)
		h->lines = 0;
	html_space(h);
	h->edge = 1;
}

/* White space in what is visible. */
static void
html_blank(struct html *h, char c)
{
	enum html_skip skip = h->skip;

	if (h->pre == 0) {
		html_space(h);
		return;
	}
	h->skip = c == '\r' ? HTML_LF_AFTER_CR : HTML_LF;
	if (c == '\f')
		c = ' ';
	if (c == ' ' || c == '\t')
		html_show(h, &c, 1);
	else if (c == '\r' ? skip != HTML_LF_FIRST : skip == HTML_LF)
		html_line(h);
}

/*
 * Octets of the UTF-8 sequence at p (RFC 3629, section 4); 0 if it may go on
 * after end, -1 if it is none.
 */
static int
html_utf8(const char *p, const char *end)
{
	const unsigned char *s = (const unsigned char *)p;
	unsigned char low = 0x80, high = 0xbf;
	int i, n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return -1;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (i = 1; i < n; i++) {
		if (p + i == end)
			return 0;
		if (s[i] < low || s[i] > high)
			return -1;
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

/* 1 for soft hyphen and zero-width space: places for breaks, not text. */
static int
html_is_nothing(const char *p, int n)
{
	return (n == 2 && memcmp(p, "\xc2\xad", 2) == 0) ||
	    (n == 3 && memcmp(p, "\xe2\x80\x8b", 3) == 0);
}

static void
html_bad(struct html *h)
{
	html_show(h, "\xef\xbf\xbd", 3);
}

/* Whatever has begun to be a character was none. */
static void
html_part_end(struct html *h)
{
	if (h->part_len > 0)
		html_bad(h);
	h->part_len = 0;
}

/* An octet after the start of a character; returns where to go on. */
static const char *
html_part(struct html *h, const char *p)
{
	const char *part = (const char *)h->part;
	int n;

	h->part[h->part_len] = (unsigned char)*p;
	n = html_utf8(part, part + h->part_len + 1);
	if (n < 0) {
		html_part_end(h);
		return p;
	}
	h->part_len++;
	if (n > 0) {
		if (!html_is_nothing(part, n))
			html_show(h, part, (size_t)n);
		h->part_len = 0;
	}
	return p + 1;
}

/* What is not a run of plain characters; returns where to go on. */
static const char *
html_odd(struct html *h, const char *p, const char *end)
{
	int n = html_utf8(p, end);

	if (html_is_blank(*p))
		html_blank(h, *p);
	else if (n < 0 && html_utf8(p, p + 1) < 0)
		html_bad(h);
	else if (n <= 0) {
		h->part[0] = (unsigned char)*p;
		h->part_len = 1;
	} else	/* a control character, or html_is_nothing */
		return p + n;
	return p + 1;
}

/* Text, up to the first "<" or "&"; returns where that is. */
static const char *
html_text(struct html *h, const char *p, const char *end)
{
	const char *run;
	int n;

	while (p < end && h->part_len > 0)
		p = html_part(h, p);
	while (p < end && *p != '<' && *p != '&') {
		for (run = p; p < end; p += n) {
			n = 1;
			if (html_is_plain(*p) || (*p == ' ' && p > run &&
			    p + 1 < end && html_is_plain(p[1])))
				continue;
			if ((unsigned char)*p < 0x80)
				break;
			n = html_utf8(p, end);
			if (n <= 0 || html_is_nothing(p, n))
				break;
		}
		html_show(h, run, (size_t)(p - run));
		if (p < end && *p != '<' && *p != '&')
			p = html_odd(h, p, end);
		while (p < end && h->part_len > 0)
			p = html_part(h, p);
	}
	return p;
}

/* Text in which "<" and "&" are nothing else. */
static void
html_literal(struct html *h, const char *p, size_t n)
{
	const char *end = p + n;

	while (p < end) {
		p = html_text(h, p, end);
		if (p < end)
			html_show(h, p++, 1);
	}
	html_part_end(h);
}

/* ---- links ---- */

/*
 * Where the target goes on after "scheme://", 0 if that is not how it
 * begins: nobody can follow a fragment, a relative or a script on a phone,
 * and the text of a mailto or tel is as good as its target.
 */
static size_t
html_link_host(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n && (html_is_word(s[i]) || (i > 0 &&
	    memchr("+-.", s[i], 3) != NULL)); i++)
		continue;
	if (i == 0 || n - i <= 3 || memcmp(s + i, "://", 3) != 0)
		return 0;
	return i + 3;
}

/* <a href>: remember the target without control characters and blanks. */
static void
html_link(struct html *h)
{
	size_t i, host;
	char c;

	if (!h->links || h->value_cut)
		return;
	h->href_len = 0;
	for (i = 0; i < h->value_len; i++) {
		c = h->value[i];
		if ((unsigned char)c > ' ' || (c == ' ' && h->href_len > 0))
			h->href[h->href_len++] = c;
	}
	while (h->href_len > 0 && h->href[h->href_len - 1] == ' ')
		h->href_len--;
	host = html_link_host(h->href, h->href_len);
	if (host == 0)
		return;
	h->link = 1;
	h->link_text = 0;
	h->same[0] = h->same[1] = 1;
	h->at[0] = 0;
	h->at[1] = host;
}

/* 1 if the text of the link was its target, maybe without scheme or "/". */
static int
html_link_same(const struct html *h)
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
 * </a>, or what ends a link without it.  The target stands right after the
 * text, on its line; a link without text shows nothing.  What is not ASCII
 * is percent-encoded (RFC 3986, 2.1), so that it does not make a text UCS-2.
 */
static void
html_link_end(struct html *h)
{
	char code[4];
	size_t i;
	unsigned char c;

	if (!h->link)
		return;
	h->link = 0;
	if (!h->link_text || html_link_same(h))
		return;
	html_put(h, " (", 2);
	for (i = 0; i < h->href_len; i++) {
		c = (unsigned char)h->href[i];
		if (c > ' ' && c < 0x7f && strchr("\"<>", c) == NULL) {
			html_put(h, h->href + i, 1);
			continue;
		}
		snprintf(code, sizeof(code), "%%%02X", (unsigned)c);
		html_put(h, code, 3);
	}
	html_put(h, ")", 1);
}

/* ---- the open elements ---- */

/* A number in the wanted attribute; 0 if there is none. */
static int
html_number(const struct html *h, int *number)
{
	size_t i = 0;
	int n = 0, minus;

	while (i < h->value_len && html_is_blank(h->value[i]))
		i++;
	minus = i < h->value_len && h->value[i] == '-';
	i += (size_t)minus;
	if (i == h->value_len || h->value[i] < '0' || h->value[i] > '9')
		return 0;
	for (; i < h->value_len && h->value[i] >= '0' && h->value[i] <= '9';
	    i++) {
		n = n * 10 + (h->value[i] - '0');
		if (n > HTML_NUMBER_MAX)
			return 0;
	}
	*number = minus ? -n : n;
	return 1;
}

static void
html_list(struct html *h, unsigned is)
{
	int number = 1;

	if (++h->lists > HTML_LIST_MAX)
		return;
	if (h->looks & LOOK_PLAIN)
		number = LIST_PLAIN;
	else if (!(is & NUMBERED))
		number = LIST_BULLETS;
	else {
		html_number(h, &number);
		number--;
	}
	h->number[h->lists - 1] = number;
}

static void
html_item(struct html *h)
{
	int *number = NULL;

	if (h->lists >= 1 && h->lists <= HTML_LIST_MAX)
		number = &h->number[h->lists - 1];
	if (number == NULL || *number == LIST_BULLETS)
		h->marker = HTML_BULLET;
	else if (*number == LIST_PLAIN)
		h->marker = HTML_NO_MARKER;
	else {
		if (!html_number(h, number))
			++*number;
		h->item = *number;
		h->marker = HTML_NUMBER;
	}
	if (h->looks & LOOK_PLAIN)
		h->marker = HTML_NO_MARKER;
}

static int
html_push(struct html *h, unsigned is)
{
	unsigned pre = (is & PRE) || (h->looks & LOOK_PRE);

	if (h->depth == HTML_DEPTH_MAX)
		return -1;
	h->stack[h->depth].is = is;
	h->stack[h->depth].key = h->key;
	h->stack[h->depth].pre = (uint16_t)pre;
	h->depth++;
	h->pre += pre;
	if (is & LIST)
		html_list(h, is);
	if (is & SELECT)
		h->select = HTML_UNSELECTED;
	return 0;
}

static void
html_pop(struct html *h)
{
	unsigned is = h->stack[--h->depth].is;
	int visible = !html_hidden(h);

	h->pre -= h->stack[h->depth].pre;
	if (is & LIST)
		h->lists--;
	if (is & SELECT)
		h->select = HTML_NO_SELECT;
	if (h->hide > h->depth)
		h->hide = 0;
	if (visible && (is & FLOW))
		html_break(h, (is & HARD) != 0);
	if (visible && (is & ITEM))
		h->marker = HTML_NO_MARKER;
}

/*
 * End the innermost element that has this key or is one of these, and all
 * inside it; 0 if there is none, or none before one that bounds the search.
 */
static int
html_unwind(struct html *h, unsigned key, unsigned these, unsigned bounds)
{
	const struct html_level *e = h->stack + h->depth;

	while (e-- > h->stack) {
		if (e->key == key || (e->is & these)) {
			while (h->stack + h->depth > e)
				html_pop(h);
			return 1;
		}
		if (e->is & bounds)
			return 0;
	}
	return 0;
}

/* What is over when such an element begins (13.1.2.4, optional tags). */
static unsigned
html_ends(unsigned is)
{
	if (is & ROWS)
		return ROWS | ROW | CELL;
	if (is & ROW)
		return ROW | CELL;
	return is & (CELL | ITEM | TERM | LINK | HEADING);
}

/* What its start tag does not reach beyond to end them. */
static unsigned
html_start_bounds(unsigned is)
{
	if (is & (ROWS | ROW | CELL))
		return TABLE;
	if (is & HEADING)
		return SPECIAL;
	return is & (ITEM | TERM) ? FIRM | CELL : CELL | TABLE;
}

/* What its end tag does not reach beyond (13.2.4.2, scopes). */
static unsigned
html_end_bounds(unsigned is)
{
	if (is & TABLE)
		return 0;
	if (is & (ROWS | ROW | CELL))
		return TABLE;
	if (is & ITEM)
		return LIST | CELL | TABLE;
	return is & SPECIAL ? CELL | TABLE : SPECIAL;
}

/*
 * An end tag ends its element; 0 if there is none.  That of <b> and the like
 * may stand inside a block that began in it (13.2.6.4.7, the adoption
 * agency), which matters only if it is the one that is hidden.
 */
static int
html_end_element(struct html *h, unsigned is)
{
	if (html_unwind(h, h->key, 0, html_end_bounds(is)))
		return 1;
	return (is & FORMAT) && h->hide > 0 &&
	    h->stack[h->hide - 1].key == h->key &&
	    html_unwind(h, h->key, 0, CELL | TABLE);
}

/* <option>: the only thing in a <select> that is ever shown. */
static void
html_option(struct html *h)
{
	if (h->select == HTML_NO_SELECT)
		return;
	h->select = h->seen & SEEN_WANTED ? HTML_SELECTED : HTML_UNSELECTED;
	if (!html_hidden(h))
		html_space(h);
}

/* The alt text; a character that was cut with it does not appear. */
static void
html_image(struct html *h)
{
	size_t n = h->value_len;

	if (h->value_cut) {
		while (n > 0 && ((unsigned char)h->value[n - 1] & 0xc0) == 0x80)
			n--;
		if (n > 0 && (unsigned char)h->value[n - 1] >= 0xc0)
			n--;
	}
	html_literal(h, h->value, n);
}

/* A start tag in what is visible. */
static void
html_begin(struct html *h, unsigned is)
{
	if (is & LINE)
		html_line(h);
	if (is & FLOW)
		html_break(h, (is & HARD) != 0);
	if (is & CELL)
		html_cell(h);
	if (is & (WORD | SELECT))
		html_space(h);
	if (is & ITEM)
		html_item(h);
	if (is & IMAGE)
		html_image(h);
	if (is & LINK)
		html_link(h);
	if (is & QUOTE)
		html_show(h, "\"", 1);
}

static void
html_open(struct html *h)
{
	unsigned is = html_is(h->key), ends = html_ends(is);
	int hide;

	while (ends != 0 &&
	    html_unwind(h, KEY_NONE, ends, html_start_bounds(is)))
		continue;
	if (is & FLOW)
		html_unwind(h, KEY_NONE, PARA, CELL | TABLE);
	if (is & (LINK | CELL))
		html_link_end(h);
	hide = (is & HIDE) || ((h->looks & LOOK_HIDE) && !(is & ROOT));
	if (!hide && !html_hidden(h))
		html_begin(h, is);
	if (is & OPTION)
		html_option(h);
	if (is & RAW)
		h->state = HTML_RAW;
	if ((is & VOID) || ((is & RAW) && (is & HIDE)) ||
	    (is == 0 && h->slash))
		return;
	if (!hide && h->hide == 0 && !(is & (SPECIAL | QUOTE)) &&
	    !(h->looks & LOOK_PRE) && h->depth >= HTML_INLINE_MAX)
		return;
	if (html_push(h, is) == 0 && hide && h->hide == 0)
		h->hide = h->depth;
	if (is & PRE)
		h->skip = HTML_LF_FIRST;
}

static void
html_close(struct html *h)
{
	unsigned is = html_is(h->key);
	int visible = !html_hidden(h), found;

	found = html_end_element(h, is);
	if (is & (LINK | CELL))
		html_link_end(h);
	if ((is & OPTION) && h->select == HTML_SELECTED)
		h->select = HTML_UNSELECTED;
	if (!visible)
		return;
	if (is & LINE)	/* </br> is <br> */
		html_line(h);
	if (is & FLOW)
		html_break(h, (is & HARD) != 0);
	if (is & WORD)
		html_space(h);
	if ((is & QUOTE) && found)
		html_show(h, "\"", 1);
}

/* ---- the tokenizer ---- */

static int
html_compare_element(const void *name, const void *element)
{
	return strcmp(name, ((const struct html_element *)element)->name);
}

static int
html_compare_entity(const void *name, const void *entity)
{
	return strcmp(name, ((const struct html_entity *)entity)->name);
}

static void
html_word_add(struct html *h, char c)
{
	if (h->word_len < HTML_WORD_MAX)
		h->word[h->word_len] = c;
	if (h->word_len <= HTML_WORD_MAX)
		h->word_len++;
}

/* The word is complete; "" if it is too long to be of interest. */
static const char *
html_word(struct html *h)
{
	h->word[h->word_len > HTML_WORD_MAX ? 0 : h->word_len] = '\0';
	return h->word;
}

/* The name of an element is complete. */
static void
html_named(struct html *h)
{
	const struct html_element *e;
	unsigned hash = 0;
	size_t i;

	for (i = 0; i < h->word_len && i < HTML_WORD_MAX; i++)
		hash = hash * 31 + (unsigned char)h->word[i];
	e = bsearch(html_word(h), html_elements, LENGTH(html_elements),
	    sizeof(*e), html_compare_element);
	if (e != NULL)
		h->key = (uint16_t)(e - html_elements);
	else
		h->key = (uint16_t)(LENGTH(html_elements) +
		    hash % (KEY_NONE - LENGTH(html_elements)));
	h->slash = 0;
	h->seen = h->looks = 0;
	h->value_len = 0;
	h->value_cut = 0;
	h->attr = HTML_ATTR_NONE;
	h->state = HTML_GAP;
}

/* The name of an attribute is complete; the first of its name counts. */
static void
html_attr_named(struct html *h)
{
	const char *name = html_word(h), *wants = "";

	h->attr = HTML_ATTR_NONE;
	h->rule_len = 0;
	if (h->closing || *name == '\0')
		return;
	if (h->key < LENGTH(html_elements))
		wants = html_elements[h->key].wants;
	if (strcmp(name, "hidden") == 0)
		h->looks |= LOOK_HIDDEN;
	else if (strcmp(name, "style") == 0 && !(h->seen & SEEN_STYLE)) {
		h->seen |= SEEN_STYLE;
		h->attr = HTML_ATTR_STYLE;
	} else if (strcmp(name, wants) == 0 && !(h->seen & SEEN_WANTED)) {
		h->seen |= SEEN_WANTED;
		h->attr = HTML_ATTR_WANTED;
	}
}

/* A declaration of style is complete; the last of its property counts. */
static void
html_declared(struct html *h)
{
	const char *value;
	unsigned set = 0, unset = 0;
	size_t i, n;

	h->rule[h->rule_len] = '\0';
	h->rule_len = 0;
	for (i = 0; i < LENGTH(html_looks); i++) {
		if (h->rule[0] != html_looks[i].property[0])
			continue;
		n = strlen(html_looks[i].property);
		if (strncmp(h->rule, html_looks[i].property, n) != 0)
			continue;
		unset |= html_looks[i].look;
		value = h->rule + n;
		n = strlen(html_looks[i].value);
		if (strncmp(value, html_looks[i].value, n) == 0 &&
		    (value[n] == '\0' || value[n] == '!'))
			set |= html_looks[i].look;
	}
	h->looks = (h->looks & ~unset) | set;
}

static void
html_style_add(struct html *h, char c)
{
	if (c == ';')
		html_declared(h);
	else if (!html_is_blank(c) && h->rule_len < HTML_RULE_MAX)
		h->rule[h->rule_len++] = html_lower(c);
}

static void
html_value_add(struct html *h, const char *p, size_t n)
{
	size_t i, room = HTML_VALUE_MAX - h->value_len;

	switch (h->attr) {
	case HTML_ATTR_NONE:
		break;
	case HTML_ATTR_STYLE:
		for (i = 0; i < n; i++)
			html_style_add(h, p[i]);
		break;
	case HTML_ATTR_WANTED:
		if (n > room) {
			h->value_cut = 1;
			n = room;
		}
		memcpy(h->value + h->value_len, p, n);
		h->value_len += n;
		break;
	}
}

/* What a reference stands for, or what was none, goes where it stood. */
static void
html_sink(struct html *h, const char *p, size_t n)
{
	if (h->back == HTML_VALUE)
		html_value_add(h, p, n);
	else
		html_literal(h, p, n);
}

static void
html_code(struct html *h, uint32_t c)
{
	char s[4];
	size_t n = 0;

	if (c >= 0x80 && c <= 0x9f)
		c = html_windows[c - 0x80];
	if (c == 0 || c > CODE_MAX || (c >= 0xd800 && c <= 0xdfff))
		c = CODE_BAD;
	if (c < 0x80)
		s[n++] = (char)c;
	else if (c < 0x800)
		s[n++] = (char)(0xc0 | (c >> 6));
	else if (c < 0x10000)
		s[n++] = (char)(0xe0 | (c >> 12));
	else {
		s[n++] = (char)(0xf0 | (c >> 18));
		s[n++] = (char)(0x80 | ((c >> 12) & 0x3f));
	}
	if (c >= 0x800)
		s[n++] = (char)(0x80 | ((c >> 6) & 0x3f));
	if (c >= 0x80)
		s[n++] = (char)(0x80 | (c & 0x3f));
	html_sink(h, s, n);
}

static const struct html_entity *
html_legacy_find(const char *name)
{
	return bsearch(name, html_legacy, LENGTH(html_legacy),
	    sizeof(html_legacy[0]), html_compare_entity);
}

/* The longest start of the name that may do without a semicolon. */
static const struct html_entity *
html_legacy_start(const struct html *h)
{
	const struct html_entity *e = NULL;
	char name[HTML_LEGACY_MAX + 1];
	size_t n = h->word_len;

	if (n > HTML_LEGACY_MAX)
		n = HTML_LEGACY_MAX;
	memcpy(name, h->word, n);
	for (; e == NULL && n > 0; n--) {
		name[n] = '\0';
		e = html_legacy_find(name);
	}
	return e;
}

/*
 * The name of a reference is complete and c is what comes after it; returns
 * 1 if c belongs to it (13.2.5.73).
 */
static int
html_ref_named(struct html *h, char c)
{
	const struct html_entity *e = NULL;
	const char *name = html_word(h);
	size_t n = 0;

	if (c == ';') {
		e = bsearch(name, html_modern, LENGTH(html_modern), sizeof(*e),
		    html_compare_entity);
		if (e == NULL)
			e = html_legacy_find(name);
	}
	if (e != NULL) {
		html_code(h, e->code);
		return 1;
	}
	e = html_legacy_start(h);
	if (e != NULL)
		n = strlen(e->name);
	/* In an attribute, "?a=1&copy=2" is no reference. */
	if (e != NULL && h->back == HTML_VALUE &&
	    (n < h->word_len || c == '=' || html_is_word(c)))
		e = NULL;
	if (e != NULL)
		html_code(h, e->code);
	else {
		n = 0;
		html_sink(h, "&", 1);
	}
	html_sink(h, name + n, h->word_len - n);
	return 0;
}

/* A numeric reference without digits was none. */
static void
html_ref_numeric(struct html *h)
{
	if (h->digits)
		html_code(h, h->code);
	else
		html_sink(h, h->base == 16 ? h->word : "&#",
		    h->base == 16 ? 3 : 2);
}

static void
html_ref_start(struct html *h, enum html_state back)
{
	h->back = back;
	h->state = HTML_REF;
	h->word_len = 0;
	h->code = 0;
	h->base = 10;
	h->digits = 0;
}

static const char *
html_in_ref(struct html *h, const char *p)
{
	if (*p == '#') {
		h->state = HTML_REF_HASH;
		return p + 1;
	}
	if (html_is_word(*p)) {
		h->state = HTML_REF_NAME;
		return p;
	}
	html_sink(h, "&", 1);
	h->state = h->back;
	return p;
}

static const char *
html_in_ref_name(struct html *h, const char *p)
{
	if (html_is_word(*p) && h->word_len <= HTML_ENTITY_MAX) {
		html_word_add(h, *p);
		return p + 1;
	}
	h->state = h->back;
	return p + html_ref_named(h, *p);
}

static const char *
html_in_ref_hash(struct html *h, const char *p)
{
	h->state = HTML_REF_DIGITS;
	if (*p != 'x' && *p != 'X')
		return p;
	h->base = 16;
	memcpy(h->word, "&#", 2);
	h->word[2] = *p;
	return p + 1;
}

static const char *
html_in_ref_digits(struct html *h, const char *p)
{
	char c = html_lower(*p);
	unsigned digit = h->base;

	if (c >= '0' && c <= '9')
		digit = (unsigned)(c - '0');
	else if (c >= 'a' && c <= 'f')
		digit = (unsigned)(c - 'a' + 10);
	if (digit < h->base) {
		h->digits = 1;
		if (h->code <= CODE_MAX)
			h->code = h->code * h->base + digit;
		return p + 1;
	}
	html_ref_numeric(h);
	h->state = h->back;
	return p + (h->digits && c == ';');
}

static const char *
html_in_text(struct html *h, const char *p, const char *end)
{
	if (html_hidden(h)) {
		p = memchr(p, '<', (size_t)(end - p));
		if (p == NULL)
			return end;
	} else
		p = html_text(h, p, end);
	if (p == end)
		return end;
	if (*p == '<')
		h->state = HTML_OPEN;
	else
		html_ref_start(h, HTML_TEXT);
	return p + 1;
}

/* In the content of an element that has no tags inside. */
static const char *
html_in_raw(struct html *h, const char *p, const char *end)
{
	unsigned is = html_is(h->key);

	if ((is & HIDE) || html_hidden(h)) {
		p = memchr(p, '<', (size_t)(end - p));
		if (p == NULL)
			return end;
	} else
		p = html_text(h, p, end);
	if (p == end)
		return end;
	h->word_len = 0;
	if (*p == '<')
		h->state = HTML_RAW_OPEN;
	else if (is & REFS)
		html_ref_start(h, HTML_RAW);
	else
		html_show(h, p, 1);
	return p + 1;
}

/* What looked like the end tag of a raw element was part of its content. */
static void
html_raw_go_on(struct html *h, const char *mark)
{
	if (!(html_is(h->key) & HIDE)) {
		html_literal(h, mark, strlen(mark));
		html_literal(h, h->word, h->word_len);
	}
	h->word_len = 0;
	h->state = HTML_RAW;
}

static const char *
html_in_raw_open(struct html *h, const char *p)
{
	if (*p == '/') {
		h->state = HTML_RAW_NAME;
		return p + 1;
	}
	html_raw_go_on(h, "<");
	return p;
}

static const char *
html_in_raw_name(struct html *h, const char *p)
{
	if (html_is_letter(*p) && h->word_len < HTML_WORD_MAX) {
		html_word_add(h, *p);
		return p + 1;
	}
	if ((html_is_blank(*p) || *p == '/' || *p == '>') &&
	    strcasecmp(html_word(h), html_elements[h->key].name) == 0) {
		h->closing = 1;
		h->state = HTML_GAP;
		return p;
	}
	html_raw_go_on(h, "</");
	return p;
}

static const char *
html_in_open(struct html *h, const char *p)
{
	h->closing = 0;
	h->word_len = 0;
	if (html_is_letter(*p)) {
		h->state = HTML_NAME;
		return p;
	}
	if (*p == '/') {
		h->state = HTML_OPEN_END;
		return p + 1;
	}
	if (*p == '!') {
		h->state = HTML_BANG;
		return p + 1;
	}
	if (*p == '?') {
		h->state = HTML_BOGUS;
		return p + 1;
	}
	html_show(h, "<", 1);
	h->state = HTML_TEXT;
	return p;
}

static const char *
html_in_open_end(struct html *h, const char *p)
{
	h->closing = 1;
	h->state = html_is_letter(*p) ? HTML_NAME : HTML_BOGUS;
	return p;
}

static const char *
html_in_name(struct html *h, const char *p, const char *end)
{
	for (; p < end; p++) {
		if (html_is_blank(*p) || *p == '/' || *p == '>') {
			html_named(h);
			return p;
		}
		html_word_add(h, html_lower(*p));
	}
	return p;
}

static const char *
html_in_gap(struct html *h, const char *p)
{
	if (*p == '>') {
		h->state = HTML_TEXT;
		h->skip = HTML_LF;
		if (h->closing)
			html_close(h);
		else
			html_open(h);
		return p + 1;
	}
	if (html_is_blank(*p))
		return p + 1;
	h->slash = *p == '/';
	if (h->slash)
		return p + 1;
	h->word_len = 0;
	html_word_add(h, html_lower(*p));	/* even if it is "=" */
	h->state = HTML_ATTR;
	return p + 1;
}

static const char *
html_in_attr(struct html *h, const char *p, const char *end)
{
	for (; p < end; p++) {
		if (html_is_blank(*p) || *p == '/' || *p == '>' || *p == '=') {
			html_attr_named(h);
			h->state = HTML_ATTR_END;
			return p;
		}
		html_word_add(h, html_lower(*p));
	}
	return p;
}

static const char *
html_in_attr_end(struct html *h, const char *p)
{
	if (html_is_blank(*p))
		return p + 1;
	if (*p == '=') {
		h->state = HTML_VALUE_START;
		return p + 1;
	}
	h->state = HTML_GAP;
	return p;
}

static const char *
html_in_value_start(struct html *h, const char *p)
{
	if (html_is_blank(*p))
		return p + 1;
	h->quote = 0;
	h->state = *p == '>' ? HTML_GAP : HTML_VALUE;
	if (*p != '"' && *p != '\'')
		return p;
	h->quote = *p;
	return p + 1;
}

/* Where the value ends or, if it matters, a reference begins. */
static const char *
html_value_stop(const struct html *h, const char *p, const char *end)
{
	int refs = h->attr != HTML_ATTR_NONE;

	if (h->quote && !refs) {
		p = memchr(p, h->quote, (size_t)(end - p));
		return p != NULL ? p : end;
	}
	for (; p < end; p++) {
		if (refs && *p == '&')
			return p;
		if (h->quote ? *p == h->quote :
			       html_is_blank(*p) || *p == '>')
			return p;
	}
	return end;
}

static const char *
html_in_value(struct html *h, const char *p, const char *end)
{
	const char *stop = html_value_stop(h, p, end);

	html_value_add(h, p, (size_t)(stop - p));
	if (stop == end)
		return end;
	if (*stop == '&' && h->attr != HTML_ATTR_NONE) {
		html_ref_start(h, HTML_VALUE);
		return stop + 1;
	}
	if (h->attr == HTML_ATTR_STYLE)
		html_declared(h);
	h->state = HTML_GAP;
	return stop + (h->quote != 0);
}

/* "<!": a comment, a CDATA section, or something that ends at ">". */
static const char *
html_in_bang(struct html *h, const char *p)
{
	static const char cdata[] = "[CDATA[";

	if (h->word_len == 0 ? *p == '-' || *p == '[' :
	    h->word[0] == '-' ? *p == '-' : *p == cdata[h->word_len]) {
		html_word_add(h, *p);
		if (h->word[0] == '-' && h->word_len == 2) {
			h->state = HTML_COMMENT;
			h->tail = HTML_TAIL_START;
		} else if (h->word_len == sizeof(cdata) - 1) {
			h->state = HTML_CDATA;
			h->tail = HTML_TAIL_NONE;
		}
		return p + 1;
	}
	h->state = HTML_BOGUS;
	return p;
}

/*
 * A comment ends at "-->", "--!>", and "<!-->" and "<!--->" are whole ones
 * (13.2.5.43 to 52).  So Outlook's <!--[if mso]> goes to its <![endif]-->,
 * and what is between <!--[if !mso]><!--> and <!--<![endif]--> stays.
 */
static const char *
html_in_comment(struct html *h, const char *p, const char *end)
{
	enum html_tail tail = h->tail;

	if (tail == HTML_TAIL_NONE) {
		p = memchr(p, '-', (size_t)(end - p));
		if (p == NULL)
			return end;
	}
	h->tail = HTML_TAIL_NONE;
	if (*p == '>' && tail != HTML_TAIL_NONE && tail != HTML_TAIL_ONE)
		h->state = HTML_TEXT;
	else if (*p == '!' && tail == HTML_TAIL_TWO)
		h->tail = HTML_TAIL_BANG;
	else if (*p == '-' && tail == HTML_TAIL_START)
		h->tail = HTML_TAIL_START_ONE;
	else if (*p == '-')
		h->tail = tail == HTML_TAIL_NONE || tail == HTML_TAIL_BANG ?
		    HTML_TAIL_ONE : HTML_TAIL_TWO;
	return p + 1;
}

/*
 * A CDATA section is markup of XML; in HTML it is a comment that ends at
 * the first ">".  Here it ends where its author meant it to.
 */
static const char *
html_in_cdata(struct html *h, const char *p, const char *end)
{
	enum html_tail tail = h->tail;

	if (tail == HTML_TAIL_NONE) {
		p = memchr(p, ']', (size_t)(end - p));
		if (p == NULL)
			return end;
	}
	h->tail = HTML_TAIL_NONE;
	if (*p == '>' && tail == HTML_TAIL_TWO)
		h->state = HTML_TEXT;
	else if (*p == ']')
		h->tail = tail == HTML_TAIL_NONE ? HTML_TAIL_ONE :
						   HTML_TAIL_TWO;
	return p + 1;
}

static const char *
html_in_bogus(struct html *h, const char *p, const char *end)
{
	p = memchr(p, '>', (size_t)(end - p));
	if (p == NULL)
		return end;
	h->state = HTML_TEXT;
	return p + 1;
}

/* One step: p moves on, or the state changes. */
static const char *
html_step(struct html *h, const char *p, const char *end)
{
	switch (h->state) {
	case HTML_TEXT:
		return html_in_text(h, p, end);
	case HTML_RAW:
		return html_in_raw(h, p, end);
	case HTML_RAW_OPEN:
		return html_in_raw_open(h, p);
	case HTML_RAW_NAME:
		return html_in_raw_name(h, p);
	case HTML_OPEN:
		return html_in_open(h, p);
	case HTML_OPEN_END:
		return html_in_open_end(h, p);
	case HTML_NAME:
		return html_in_name(h, p, end);
	case HTML_GAP:
		return html_in_gap(h, p);
	case HTML_ATTR:
		return html_in_attr(h, p, end);
	case HTML_ATTR_END:
		return html_in_attr_end(h, p);
	case HTML_VALUE_START:
		return html_in_value_start(h, p);
	case HTML_VALUE:
		return html_in_value(h, p, end);
	case HTML_BANG:
		return html_in_bang(h, p);
	case HTML_COMMENT:
		return html_in_comment(h, p, end);
	case HTML_CDATA:
		return html_in_cdata(h, p, end);
	case HTML_BOGUS:
		return html_in_bogus(h, p, end);
	case HTML_REF:
		return html_in_ref(h, p);
	case HTML_REF_NAME:
		return html_in_ref_name(h, p);
	case HTML_REF_HASH:
		return html_in_ref_hash(h, p);
	case HTML_REF_DIGITS:
		return html_in_ref_digits(h, p);
	}
	return end;
}

void
html_init(struct html *h, int links,
    void (*put)(void *arg, const char *, size_t), void *arg)
{
	memset(h, 0, sizeof(*h));
	h->links = links;
	h->put = put;
	h->arg = arg;
}

void
html_feed(struct html *h, const char *p, size_t n)
{
	const char *end = p + n;

	while (p < end)
		p = html_step(h, p, end);
}

/* A tag or comment that never ends is dropped, a lone "<" is text. */
void
html_end(struct html *h)
{
	int value = h->back == HTML_VALUE;

	switch (h->state) {
	case HTML_OPEN:
		html_literal(h, "<", 1);
		break;
	case HTML_OPEN_END:
		html_literal(h, "</", 2);
		break;
	case HTML_RAW_OPEN:
		html_raw_go_on(h, "<");
		break;
	case HTML_RAW_NAME:
		html_raw_go_on(h, "</");
		break;
	case HTML_REF:
		if (!value)
			html_sink(h, "&", 1);
		break;
	case HTML_REF_NAME:
		if (!value)
			html_ref_named(h, '\0');
		break;
	case HTML_REF_HASH:
	case HTML_REF_DIGITS:
		if (!value)
			html_ref_numeric(h);
		break;
	case HTML_TEXT:
	case HTML_RAW:
	case HTML_NAME:
	case HTML_GAP:
	case HTML_ATTR:
	case HTML_ATTR_END:
	case HTML_VALUE_START:
	case HTML_VALUE:
	case HTML_BANG:
	case HTML_COMMENT:
	case HTML_CDATA:
	case HTML_BOGUS:
		break;
	}
	html_part_end(h);
	html_link_end(h);
	html_flush(h);
}
