/*
 * html: HTML to the text that a person would read on a phone.  This file keeps
 * the open elements and decides what each does to its text: whether it is
 * hidden or keeps its white space, where lines, lists and cells begin.
 * html_token.c finds the tags, html_element.c has the table of elements,
 * html_write.c writes the text with its white space and links.  Broken HTML is
 * read as browsers read it (HTML standard, 13.2.6), as far as this is possible
 * without a tree and without looking ahead.
 *
 * A phone shows a paragraph, a division, a heading, a row and a list item each
 * as a line.  Only <br> makes blank lines, since each costs a character.  List
 * items begin with "- " or their number, a blank separates cells, a picture
 * becomes its alt text, a <select> the option that the author selected, <q>
 * gets straight quotes, <hr> ends a line.
 */
#include <limits.h>
#include <string.h>

#include "mail/html.h"
#include "mail/html_char.h"
#include "mail/html_element.h"
#include "mail/html_style.h"
#include "mail/html_token.h"
#include "mail/html_write.h"

#define HTML_NUMBER_MAX 999999	/* start of a list */

/* Stand in place of a list's number. */
#define LIST_BULLETS	INT_MIN
#define LIST_PLAIN	(INT_MIN + 1)

/* A tag inside one of these ends no element outside of it. */
#define HTML_OUTER	(HTML_IS_CELL | HTML_IS_TABLE)

/* Nor does the end tag of an inline element inside one of these. */
#define HTML_SPECIAL	(HTML_IS_FLOW | HTML_IS_HIDE | HTML_IS_TABLE | \
	HTML_IS_ROWS | HTML_IS_ROW | HTML_IS_CELL | HTML_IS_SELECT)

/* ---- the open elements ---- */

static int
html_hidden(const struct html *h)
{
	return h->hide > 0 || h->select == HTML_UNSELECTED;
}

/* The looks of HTML_LOOK_SOFT that hide the text here. */
static unsigned
html_soft(const struct html *h)
{
	return h->depth > 0 ? h->stack[h->depth - 1].looks & HTML_LOOK_SOFT :
			      0;
}

/* The same inside the element whose start tag was read. */
static unsigned
html_soft_inside(const struct html *h)
{
	return (html_soft(h) & ~h->declared) | (h->looks & HTML_LOOK_SOFT);
}

/* 1 if text that comes now is shown. */
static int
html_shows(const struct html *h)
{
	return !html_hidden(h) && html_soft(h) == 0;
}

/*
 * 1 if the start tag hides its element and all in it.  For the parts of a table
 * a height is only a minimum.  mso-hide hides a link only in Outlook, which
 * draws a button instead.  aria-hidden also marks ornaments, but before all
 * other text it hides a preview for the inbox.
 */
static int
html_hides(const struct html *h, unsigned is)
{
	unsigned looks = h->looks;
	int table = (is & (HTML_IS_TABLE | HTML_IS_ROWS | HTML_IS_ROW |
	    HTML_IS_CELL)) != 0;

	if (is & (HTML_IS_HIDE | HTML_IS_ROOT))
		return (is & HTML_IS_HIDE) != 0;
	if (looks & HTML_LOOK_HIDE)
		return 1;
	if ((looks & HTML_LOOK_MAX_0) && (looks & HTML_LOOK_CUT))
		return 1;
	if (!table && (looks & HTML_LOOK_HEIGHT_0) && !(looks & HTML_LOOK_HIGH))
		return 1;
	if (!table && (looks & HTML_LOOK_WIDTH_0) && !(looks & HTML_LOOK_WIDE))
		return 1;
	if ((looks & HTML_LOOK_OUTLOOK) && !(is & HTML_IS_LINK))
		return 1;
	return (looks & HTML_LOOK_ARIA) && (is & HTML_IS_FLOW) &&
	    !html_write_started(h);
}

/* 1 if a hidden element still separates the text before and after it. */
static int
html_has_box(const struct html *h, unsigned is)
{
	return (is & HTML_IS_FLOW) && !(is & HTML_IS_HIDE) &&
	    !(h->looks & (HTML_LOOK_NONE | HTML_LOOK_HIDDEN));
}

/* Parse the wanted attribute as a number; 0 if it is none. */
static int
html_number(const struct html *h, int *number)
{
	size_t i = 0;
	int n = 0, minus;

	while (i < h->value_len && html_char_is_blank(h->value[i]))
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
	if (h->looks & HTML_LOOK_PLAIN)
		number = LIST_PLAIN;
	else if (!(is & HTML_IS_NUMBERED))
		number = LIST_BULLETS;
	else {
		html_number(h, &number);
		number--;
	}
	h->number[h->lists - 1] = number;
}

static void
html_item_marker(struct html *h, enum html_marker marker, int number)
{
	if (h->looks & HTML_LOOK_PLAIN)
		marker = HTML_NO_MARKER;
	html_write_marker(h, marker, number);
}

static void
html_item(struct html *h)
{
	int *number = NULL;

	if (h->lists >= 1 && h->lists <= HTML_LIST_MAX)
		number = &h->number[h->lists - 1];
	if (number == NULL || *number == LIST_BULLETS)
		html_item_marker(h, HTML_BULLET, 0);
	else if (*number == LIST_PLAIN)
		html_item_marker(h, HTML_NO_MARKER, 0);
	else {
		if (!html_number(h, number))
			++*number;
		html_item_marker(h, HTML_NUMBER, *number);
	}
}

static int
html_push(struct html *h, unsigned is)
{
	unsigned pre = (is & HTML_IS_PRE) || (h->looks & HTML_LOOK_PRE);
	unsigned soft = is & HTML_IS_ROOT ? 0 : html_soft_inside(h);

	if (h->depth == HTML_DEPTH_MAX)
		return -1;
	h->stack[h->depth].is = is;
	h->stack[h->depth].key = h->key;
	h->stack[h->depth].looks = (uint16_t)(soft |
	    (pre ? HTML_LOOK_PRE : 0));
	h->depth++;
	if (pre)
		html_write_pre(h, 1);
	if (is & HTML_IS_LIST)
		html_list(h, is);
	if (is & HTML_IS_SELECT)
		h->select = HTML_UNSELECTED;
	return 0;
}

static void
html_pop(struct html *h)
{
	unsigned is = h->stack[--h->depth].is;
	int visible = !html_hidden(h);

	if (h->stack[h->depth].looks & HTML_LOOK_PRE)
		html_write_pre(h, -1);
	if (is & HTML_IS_LIST)
		h->lists--;
	if (is & HTML_IS_SELECT)
		h->select = HTML_NO_SELECT;
	if (h->hide > h->depth)
		h->hide = 0;
	if (visible && (is & HTML_IS_FLOW))
		html_write_break(h, (is & HTML_IS_HARD) != 0);
	if (visible && (is & HTML_IS_ITEM))
		html_write_marker(h, HTML_NO_MARKER, 0);
}

/*
 * End the innermost element that has this key or is one of these, and all that
 * are open inside it.  The search stops at an element that is one of bounds.
 * Returns 0 if it finds none.
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

/* Elements that end where this one begins (13.1.2.4, optional tags). */
static unsigned
html_ends(unsigned is)
{
	if (is & HTML_IS_ROWS)
		return HTML_IS_ROWS | HTML_IS_ROW | HTML_IS_CELL;
	if (is & HTML_IS_ROW)
		return HTML_IS_ROW | HTML_IS_CELL;
	return is & (HTML_IS_CELL | HTML_IS_ITEM | HTML_IS_TERM |
	    HTML_IS_LINK | HTML_IS_HEADING);
}

/* Elements at which the search for implicitly closed elements stops. */
static unsigned
html_start_bounds(unsigned is)
{
	if (is & (HTML_IS_ROWS | HTML_IS_ROW | HTML_IS_CELL))
		return HTML_IS_TABLE;
	if (is & HTML_IS_HEADING)
		return HTML_SPECIAL;
	if (is & (HTML_IS_ITEM | HTML_IS_TERM))
		return HTML_IS_FIRM | HTML_IS_CELL;
	return HTML_OUTER;
}

/* Elements at which the search for an end tag's element stops (13.2.4.2). */
static unsigned
html_end_bounds(unsigned is)
{
	if (is & HTML_IS_TABLE)
		return 0;
	if (is & (HTML_IS_ROWS | HTML_IS_ROW | HTML_IS_CELL))
		return HTML_IS_TABLE;
	if (is & HTML_IS_ITEM)
		return HTML_IS_LIST | HTML_OUTER;
	return is & HTML_SPECIAL ? HTML_OUTER : HTML_SPECIAL;
}

/*
 * End the element of an end tag; 0 if there is none.  The end tag of <b> and
 * the like may stand inside a block that began in the element (13.2.6.4.7, the
 * adoption agency algorithm).  This matters only if that element is hidden.
 */
static int
html_end_element(struct html *h, unsigned is)
{
	if (html_unwind(h, h->key, 0, html_end_bounds(is)))
		return 1;
	return (is & HTML_IS_FORMAT) && h->hide > 0 &&
	    h->stack[h->hide - 1].key == h->key &&
	    html_unwind(h, h->key, 0, HTML_OUTER);
}

/* Begin an <option>, the only part of a <select> that may be shown. */
static void
html_option(struct html *h)
{
	if (h->select == HTML_NO_SELECT)
		return;
	h->select =
	    h->seen & HTML_SEEN_WANTED ? HTML_SELECTED : HTML_UNSELECTED;
	if (!html_hidden(h))
		html_write_space(h);
}

/* Write the alt text, without a character that was cut at its end. */
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
	html_write_literal(h, h->value, n);
}

/*
 * Handle a start tag in a visible place.  Even if its own text is invisible, it
 * separates the text before and after it.  Of the soft looks, only
 * visibility:hidden hides a picture: the others concern letters.
 */
static void
html_begin(struct html *h, unsigned is)
{
	unsigned soft = html_soft_inside(h);

	if ((is & HTML_IS_LINE) && soft == 0)
		html_write_line(h);
	if (is & HTML_IS_FLOW)
		html_write_break(h, (is & HTML_IS_HARD) != 0);
	if (is & HTML_IS_CELL)
		html_write_cell(h);
	if (is & (HTML_IS_WORD | HTML_IS_SELECT))
		html_write_space(h);
	if ((is & HTML_IS_ITEM) && soft == 0)
		html_item(h);
	if ((is & HTML_IS_IMAGE) && !(soft & HTML_LOOK_INVISIBLE))
		html_image(h);
	if ((is & HTML_IS_LINK) && !h->value_cut)
		html_write_link(h, h->value, h->value_len);
	if ((is & HTML_IS_QUOTE) && soft == 0)
		html_write_literal(h, "\"", 1);
}

static void
html_open(struct html *h)
{
	unsigned is = html_element_is(h->key), ends = html_ends(is);
	int hide;

	while (ends != 0 &&
	    html_unwind(h, HTML_KEY_NONE, ends, html_start_bounds(is)))
		continue;
	if (is & HTML_IS_FLOW)
		html_unwind(h, HTML_KEY_NONE, HTML_IS_PARA, HTML_OUTER);
	if (is & (HTML_IS_LINK | HTML_IS_CELL))
		html_write_link_end(h);
	hide = html_hides(h, is);
	if (hide && !html_hidden(h) && html_has_box(h, is))
		html_write_break(h, (is & HTML_IS_HARD) != 0);
	if (!hide && !html_hidden(h))
		html_begin(h, is);
	if (is & HTML_IS_OPTION)
		html_option(h);
	if ((is & HTML_IS_VOID) ||
	    ((is & HTML_IS_RAW) && (is & HTML_IS_HIDE)) ||
	    (is == 0 && h->slash))
		return;
	if (!hide && h->hide == 0 && !(is & (HTML_SPECIAL | HTML_IS_QUOTE)) &&
	    !(h->looks & HTML_LOOK_PRE) && h->declared == 0 &&
	    h->depth >= HTML_INLINE_MAX)
		return;
	if (html_push(h, is) == 0 && hide && h->hide == 0)
		h->hide = h->depth;
	if (is & HTML_IS_PRE)
		html_write_skip(h, HTML_LF_FIRST);
}

static void
html_close(struct html *h)
{
	unsigned is = html_element_is(h->key);
	int visible = !html_hidden(h), shows = html_shows(h), found;

	found = html_end_element(h, is);
	if (is & (HTML_IS_LINK | HTML_IS_CELL))
		html_write_link_end(h);
	if ((is & HTML_IS_OPTION) && h->select == HTML_SELECTED)
		h->select = HTML_UNSELECTED;
	if (!visible)
		return;
	if ((is & HTML_IS_LINE) && shows)	/* </br> is <br> */
		html_write_line(h);
	if (is & HTML_IS_FLOW)
		html_write_break(h, (is & HTML_IS_HARD) != 0);
	if (is & HTML_IS_WORD)
		html_write_space(h);
	if ((is & HTML_IS_QUOTE) && found && shows)
		html_write_literal(h, "\"", 1);
}

/* ---- the document ---- */

/* Write text unless it is hidden. */
static const char *
html_text(struct html *h, const char *p, const char *end)
{
	if (html_shows(h))
		return html_write_text(h, p, end);
	p = memchr(p, '<', (size_t)(end - p));
	return p != NULL ? p : end;
}

static void
html_literal(struct html *h, const char *p, size_t n)
{
	if (html_shows(h))
		html_write_literal(h, p, n);
}

static void
html_tag(struct html *h)
{
	html_write_skip(h, HTML_LF);
	if (h->closing)
		html_close(h);
	else
		html_open(h);
}

static const struct html_token_calls html_calls = {
	html_text,
	html_literal,
	html_tag,
};

void
html_init(struct html *h, int links,
    void (*put)(void *arg, const char *, size_t), void *arg)
{
	memset(h, 0, sizeof(*h));
	html_token_init(h, &html_calls);
	html_write_init(h, links, put, arg);
}

void
html_feed(struct html *h, const char *p, size_t n)
{
	html_token_feed(h, p, n);
}

void
html_end(struct html *h)
{
	html_token_end(h);
	html_write_end(h);
}
