/*
 * html_token: the tokenizer: tags, attributes, references, comments, with the
 * states of the HTML standard, 13.2.5; numbers in comments are its sections.
 * Broken HTML is read as browsers read it, as far as this is possible without a
 * tree and without looking ahead.  html_style.c reads style="", html.c keeps
 * the open elements and decides what is shown.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/utf8.h"
#include "mail/html_char.h"
#include "mail/html_element.h"
#include "mail/html_entities.h"
#include "mail/html_private.h"
#include "mail/html_style.h"
#include "mail/html_token.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

#define HTML_LEGACY_MAX 6	/* octets of the longest in html_legacy */

#define CODE_MAX	0x10ffff
#define CODE_BAD	0xfffd	/* replacement character */

/* ---- the names and values of a tag ---- */

static void
html_token_word_add(struct html *h, char c)
{
	if (h->word_len < HTML_WORD_MAX)
		h->word[h->word_len] = c;
	if (h->word_len <= HTML_WORD_MAX)
		h->word_len++;
}

/* Terminate the word; "" if it is longer than any that matters. */
static const char *
html_token_word(struct html *h)
{
	h->word[h->word_len > HTML_WORD_MAX ? 0 : h->word_len] = '\0';
	return h->word;
}

/* End the name of an element. */
static void
html_token_named(struct html *h)
{
	unsigned hash = 0;
	size_t i;

	for (i = 0; i < h->word_len && i < HTML_WORD_MAX; i++)
		hash = hash * 31 + (unsigned char)h->word[i];
	h->key = html_element_key(html_token_word(h), hash);
	h->slash = 0;
	h->seen = h->looks = h->declared = 0;
	h->value_len = 0;
	h->value_cut = 0;
	h->attr = HTML_ATTR_NONE;
	h->state = HTML_GAP;
}

/* End the name of an attribute; of several with one name the first counts. */
static void
html_token_attr_named(struct html *h)
{
	const char *name = html_token_word(h);

	h->attr = HTML_ATTR_NONE;
	h->rule_len = 0;
	if (h->closing || *name == '\0')
		return;
	if (strcmp(name, "hidden") == 0)
		h->looks |= HTML_LOOK_HIDDEN;
	else if (strcmp(name, "style") == 0 && !(h->seen & HTML_SEEN_STYLE)) {
		h->seen |= HTML_SEEN_STYLE;
		h->attr = HTML_ATTR_STYLE;
	} else if (strcmp(name, "class") == 0 || strcmp(name, "id") == 0)
		h->attr = HTML_ATTR_CLASS;
	else if (strcmp(name, "aria-hidden") == 0)
		h->attr = HTML_ATTR_ARIA;
	else if (strcmp(name, html_element_wants(h->key)) == 0 &&
	    !(h->seen & HTML_SEEN_WANTED)) {
		h->seen |= HTML_SEEN_WANTED;
		h->attr = HTML_ATTR_WANTED;
	}
}

/* End a declaration of style, a class, or the value of aria-hidden. */
static void
html_token_ruled(struct html *h)
{
	h->rule[h->rule_len] = '\0';
	h->rule_len = 0;
	if (h->attr == HTML_ATTR_STYLE)
		html_style_declare(h->rule, &h->looks, &h->declared);
	else if (h->attr == HTML_ATTR_CLASS)
		h->looks |= html_style_class(h->rule);
	else if (strcmp(h->rule, "true") == 0)
		h->looks |= HTML_LOOK_ARIA;
}

static void
html_token_rule_add(struct html *h, char c)
{
	int blank = html_char_is_blank(c);

	if (h->attr == HTML_ATTR_STYLE ? c == ';' : blank)
		html_token_ruled(h);
	else if (!blank && h->rule_len < HTML_RULE_MAX)
		h->rule[h->rule_len++] = html_char_lower(c);
}

static void
html_token_value_add(struct html *h, const char *p, size_t n)
{
	size_t i, room = HTML_VALUE_MAX - h->value_len;

	switch (h->attr) {
	case HTML_ATTR_NONE:
		break;
	case HTML_ATTR_STYLE:
	case HTML_ATTR_CLASS:
	case HTML_ATTR_ARIA:
		for (i = 0; i < n; i++)
			html_token_rule_add(h, p[i]);
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

/* ---- references ---- */

/*
 * Numeric references 128 to 159 mean windows-1252 (13.2.5.80).  Five of them
 * are unassigned; the standard makes them control characters, which nobody can
 * read.
 */
static const uint16_t html_token_windows[] = {
	0x20ac, CODE_BAD, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, CODE_BAD, 0x017d, CODE_BAD,
	CODE_BAD, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, CODE_BAD, 0x017e, 0x0178,
};

static int
html_token_compare_entity(const void *name, const void *entity)
{
	return strcmp(name, ((const struct html_entity *)entity)->name);
}

/* Put the character of a reference, or the text of a bad one, in its place. */
static void
html_token_sink(struct html *h, const char *p, size_t n)
{
	if (h->back == HTML_VALUE)
		html_token_value_add(h, p, n);
	else
		h->calls->literal(h, p, n);
}

static void
html_token_code(struct html *h, uint32_t c)
{
	char s[UTF8_MAX];

	if (c >= 0x80 && c <= 0x9f)
		c = html_token_windows[c - 0x80];
	if (c == 0 || c > CODE_MAX || (c >= 0xd800 && c <= 0xdfff))
		c = CODE_BAD;
	html_token_sink(h, s, utf8_write(s, c));
}

static const struct html_entity *
html_token_legacy_find(const char *name)
{
	return bsearch(name, html_legacy, LENGTH(html_legacy),
	    sizeof(html_legacy[0]), html_token_compare_entity);
}

/* The longest start of the name that is a reference without a semicolon. */
static const struct html_entity *
html_token_legacy_start(const struct html *h)
{
	const struct html_entity *e = NULL;
	char name[HTML_LEGACY_MAX + 1];
	size_t n = h->word_len;

	if (n > HTML_LEGACY_MAX)
		n = HTML_LEGACY_MAX;
	memcpy(name, h->word, n);
	for (; e == NULL && n > 0; n--) {
		name[n] = '\0';
		e = html_token_legacy_find(name);
	}
	return e;
}

/*
 * End the name of a reference; c is the character after it.  Returns 1 if c
 * belongs to the reference (13.2.5.73).
 */
static int
html_token_ref_named(struct html *h, char c)
{
	const struct html_entity *e = NULL;
	const char *name = html_token_word(h);
	size_t n = 0;

	if (c == ';') {
		e = bsearch(name, html_modern, LENGTH(html_modern), sizeof(*e),
		    html_token_compare_entity);
		if (e == NULL)
			e = html_token_legacy_find(name);
	}
	if (e != NULL) {
		html_token_code(h, e->code);
		return 1;
	}
	e = html_token_legacy_start(h);
	if (e != NULL)
		n = strlen(e->name);
	/* in an attribute, "&copy" of "?a=1&copy=2" is no reference */
	if (e != NULL && h->back == HTML_VALUE &&
	    (n < h->word_len || c == '=' || html_char_is_word(c)))
		e = NULL;
	if (e != NULL)
		html_token_code(h, e->code);
	else {
		n = 0;
		html_token_sink(h, "&", 1);
	}
	html_token_sink(h, name + n, h->word_len - n);
	return 0;
}

/* End a numeric reference; without digits it is text. */
static void
html_token_ref_numeric(struct html *h)
{
	if (h->digits)
		html_token_code(h, h->code);
	else
		html_token_sink(h, h->base == 16 ? h->word : "&#",
		    h->base == 16 ? 3 : 2);
}

static void
html_token_ref_start(struct html *h, enum html_state back)
{
	h->back = back;
	h->state = HTML_REF;
	h->word_len = 0;
	h->code = 0;
	h->base = 10;
	h->digits = 0;
}

static const char *
html_token_in_ref(struct html *h, const char *p)
{
	if (*p == '#') {
		h->state = HTML_REF_HASH;
		return p + 1;
	}
	if (html_char_is_word(*p)) {
		h->state = HTML_REF_NAME;
		return p;
	}
	html_token_sink(h, "&", 1);
	h->state = h->back;
	return p;
}

static const char *
html_token_in_ref_name(struct html *h, const char *p)
{
	if (html_char_is_word(*p) && h->word_len <= HTML_ENTITY_MAX) {
		html_token_word_add(h, *p);
		return p + 1;
	}
	h->state = h->back;
	return p + html_token_ref_named(h, *p);
}

static const char *
html_token_in_ref_hash(struct html *h, const char *p)
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
html_token_in_ref_digits(struct html *h, const char *p)
{
	char c = html_char_lower(*p);
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
	html_token_ref_numeric(h);
	h->state = h->back;
	return p + (h->digits && c == ';');
}

/* ---- text and the names of tags ---- */

static const char *
html_token_in_text(struct html *h, const char *p, const char *end)
{
	p = h->calls->text(h, p, end);
	if (p == end)
		return end;
	if (*p == '<')
		h->state = HTML_OPEN;
	else
		html_token_ref_start(h, HTML_TEXT);
	return p + 1;
}

/* Take the content of an element that has no tags inside. */
static const char *
html_token_in_raw(struct html *h, const char *p, const char *end)
{
	unsigned is = html_element_is(h->key);

	if (is & HTML_IS_HIDE) {
		p = memchr(p, '<', (size_t)(end - p));
		if (p == NULL)
			return end;
	} else
		p = h->calls->text(h, p, end);
	if (p == end)
		return end;
	h->word_len = 0;
	if (*p == '<')
		h->state = HTML_RAW_OPEN;
	else if (is & HTML_IS_REFS)
		html_token_ref_start(h, HTML_RAW);
	else
		h->calls->literal(h, p, 1);
	return p + 1;
}

/* What looked like the end tag of a raw element is part of its content. */
static void
html_token_raw_go_on(struct html *h, const char *mark)
{
	if (!(html_element_is(h->key) & HTML_IS_HIDE)) {
		h->calls->literal(h, mark, strlen(mark));
		h->calls->literal(h, h->word, h->word_len);
	}
	h->word_len = 0;
	h->state = HTML_RAW;
}

static const char *
html_token_in_raw_open(struct html *h, const char *p)
{
	if (*p == '/') {
		h->state = HTML_RAW_NAME;
		return p + 1;
	}
	html_token_raw_go_on(h, "<");
	return p;
}

static const char *
html_token_in_raw_name(struct html *h, const char *p)
{
	if (html_char_is_letter(*p) && h->word_len < HTML_WORD_MAX) {
		html_token_word_add(h, *p);
		return p + 1;
	}
	if ((html_char_is_blank(*p) || *p == '/' || *p == '>') &&
	    strcasecmp(html_token_word(h), html_element_name(h->key)) == 0) {
		h->closing = 1;
		h->state = HTML_GAP;
		return p;
	}
	html_token_raw_go_on(h, "</");
	return p;
}

static const char *
html_token_in_open(struct html *h, const char *p)
{
	h->closing = 0;
	h->word_len = 0;
	if (html_char_is_letter(*p)) {
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
	h->calls->literal(h, "<", 1);
	h->state = HTML_TEXT;
	return p;
}

static const char *
html_token_in_open_end(struct html *h, const char *p)
{
	h->closing = 1;
	h->state = html_char_is_letter(*p) ? HTML_NAME : HTML_BOGUS;
	return p;
}

static const char *
html_token_in_name(struct html *h, const char *p, const char *end)
{
	for (; p < end; p++) {
		if (html_char_is_blank(*p) || *p == '/' || *p == '>') {
			html_token_named(h);
			return p;
		}
		html_token_word_add(h, html_char_lower(*p));
	}
	return p;
}

static const char *
html_token_in_gap(struct html *h, const char *p)
{
	int raw;

	if (*p == '>') {
		raw = !h->closing && (html_element_is(h->key) & HTML_IS_RAW);
		h->state = raw ? HTML_RAW : HTML_TEXT;
		h->calls->tag(h);
		return p + 1;
	}
	if (html_char_is_blank(*p))
		return p + 1;
	h->slash = *p == '/';
	if (h->slash)
		return p + 1;
	h->word_len = 0;
	html_token_word_add(h, html_char_lower(*p));	/* even if it is "=" */
	h->state = HTML_ATTR;
	return p + 1;
}

/* ---- attributes ---- */

static const char *
html_token_in_attr(struct html *h, const char *p, const char *end)
{
	for (; p < end; p++) {
		if (html_char_is_blank(*p) || *p == '/' || *p == '>' ||
		    *p == '=') {
			html_token_attr_named(h);
			h->state = HTML_ATTR_END;
			return p;
		}
		html_token_word_add(h, html_char_lower(*p));
	}
	return p;
}

static const char *
html_token_in_attr_end(struct html *h, const char *p)
{
	if (html_char_is_blank(*p))
		return p + 1;
	if (*p == '=') {
		h->state = HTML_VALUE_START;
		return p + 1;
	}
	h->state = HTML_GAP;
	return p;
}

static const char *
html_token_in_value_start(struct html *h, const char *p)
{
	if (html_char_is_blank(*p))
		return p + 1;
	h->quote = 0;
	h->state = *p == '>' ? HTML_GAP : HTML_VALUE;
	if (*p != '"' && *p != '\'')
		return p;
	h->quote = *p;
	return p + 1;
}

/* Where the value ends or, in one that matters, a reference begins. */
static const char *
html_token_value_stop(const struct html *h, const char *p, const char *end)
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
			       html_char_is_blank(*p) || *p == '>')
			return p;
	}
	return end;
}

static const char *
html_token_in_value(struct html *h, const char *p, const char *end)
{
	const char *stop = html_token_value_stop(h, p, end);

	html_token_value_add(h, p, (size_t)(stop - p));
	if (stop == end)
		return end;
	if (*stop == '&' && h->attr != HTML_ATTR_NONE) {
		html_token_ref_start(h, HTML_VALUE);
		return stop + 1;
	}
	if (h->attr != HTML_ATTR_NONE && h->attr != HTML_ATTR_WANTED)
		html_token_ruled(h);
	h->state = HTML_GAP;
	return stop + (h->quote != 0);
}

/* ---- comments and the like ---- */

/* After "<!": a comment, a CDATA section, or something that ends at ">". */
static const char *
html_token_in_bang(struct html *h, const char *p)
{
	static const char cdata[] = "[CDATA[";

	if (h->word_len == 0 ? *p == '-' || *p == '[' :
	    h->word[0] == '-' ? *p == '-' : *p == cdata[h->word_len]) {
		html_token_word_add(h, *p);
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
 * A comment ends at "-->" or "--!>"; "<!-->" and "<!--->" are whole comments
 * (13.2.5.43 to 52).  So Outlook's <!--[if mso]> hides all up to <![endif]-->,
 * and text between <!--[if !mso]><!--> and <!--<![endif]--> stays.
 */
static const char *
html_token_in_comment(struct html *h, const char *p, const char *end)
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
 * A CDATA section belongs to XML; in HTML it is a comment that ends at the
 * first ">".  Here it ends at "]]>", where its author meant it to end.
 */
static const char *
html_token_in_cdata(struct html *h, const char *p, const char *end)
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
html_token_in_bogus(struct html *h, const char *p, const char *end)
{
	p = memchr(p, '>', (size_t)(end - p));
	if (p == NULL)
		return end;
	h->state = HTML_TEXT;
	return p + 1;
}

/* Take one step: consume octets or change the state; returns the new p. */
static const char *
html_token_step(struct html *h, const char *p, const char *end)
{
	switch (h->state) {
	case HTML_TEXT:
		return html_token_in_text(h, p, end);
	case HTML_RAW:
		return html_token_in_raw(h, p, end);
	case HTML_RAW_OPEN:
		return html_token_in_raw_open(h, p);
	case HTML_RAW_NAME:
		return html_token_in_raw_name(h, p);
	case HTML_OPEN:
		return html_token_in_open(h, p);
	case HTML_OPEN_END:
		return html_token_in_open_end(h, p);
	case HTML_NAME:
		return html_token_in_name(h, p, end);
	case HTML_GAP:
		return html_token_in_gap(h, p);
	case HTML_ATTR:
		return html_token_in_attr(h, p, end);
	case HTML_ATTR_END:
		return html_token_in_attr_end(h, p);
	case HTML_VALUE_START:
		return html_token_in_value_start(h, p);
	case HTML_VALUE:
		return html_token_in_value(h, p, end);
	case HTML_BANG:
		return html_token_in_bang(h, p);
	case HTML_COMMENT:
		return html_token_in_comment(h, p, end);
	case HTML_CDATA:
		return html_token_in_cdata(h, p, end);
	case HTML_BOGUS:
		return html_token_in_bogus(h, p, end);
	case HTML_REF:
		return html_token_in_ref(h, p);
	case HTML_REF_NAME:
		return html_token_in_ref_name(h, p);
	case HTML_REF_HASH:
		return html_token_in_ref_hash(h, p);
	case HTML_REF_DIGITS:
		return html_token_in_ref_digits(h, p);
	}
	return end;
}

void
html_token_init(struct html *h, const struct html_token_calls *calls)
{
	h->calls = calls;
	h->state = HTML_TEXT;
}

void
html_token_feed(struct html *h, const char *p, size_t n)
{
	const char *end = p + n;

	while (p < end)
		p = html_token_step(h, p, end);
}

void
html_token_end(struct html *h)
{
	int value = h->back == HTML_VALUE;

	switch (h->state) {
	case HTML_OPEN:
		h->calls->literal(h, "<", 1);
		break;
	case HTML_OPEN_END:
		h->calls->literal(h, "</", 2);
		break;
	case HTML_RAW_OPEN:
		html_token_raw_go_on(h, "<");
		break;
	case HTML_RAW_NAME:
		html_token_raw_go_on(h, "</");
		break;
	case HTML_REF:
		if (!value)
			html_token_sink(h, "&", 1);
		break;
	case HTML_REF_NAME:
		if (!value)
			html_token_ref_named(h, '\0');
		break;
	case HTML_REF_HASH:
	case HTML_REF_DIGITS:
		if (!value)
			html_token_ref_numeric(h);
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
}
