/*
 * html_element: the table of elements.  html.c acts on their properties, and
 * html_token.c where the content of an element is read differently.
 */
#include <stdlib.h>
#include <string.h>

#include "mail/html_element.h"
#include "mail/html_private.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

struct html_element {
	char name[HTML_WORD_MAX];
	uint32_t is;
	char wants[9];	/* the attribute whose value matters */
};

/* All elements that are not plainly inline, in the order of strcmp(3). */
static const struct html_element html_elements[] = {
	{"a", HTML_IS_FORMAT | HTML_IS_LINK, "href"},
	{"address", HTML_IS_FLOW, ""},
	{"area", HTML_IS_VOID, ""},
	{"article", HTML_IS_BLOCK, ""},
	{"aside", HTML_IS_BLOCK, ""},
	{"b", HTML_IS_FORMAT, ""},
	{"base", HTML_IS_VOID, ""},
	{"basefont", HTML_IS_VOID, ""},
	{"bgsound", HTML_IS_VOID, ""},
	{"big", HTML_IS_FORMAT, ""},
	{"blockquote", HTML_IS_BLOCK, ""},
	{"body", HTML_IS_BLOCK | HTML_IS_ROOT, ""},
	{"br", HTML_IS_VOID | HTML_IS_LINE, ""},
	{"button", HTML_IS_WORD, ""},
	{"caption", HTML_IS_BLOCK | HTML_IS_HARD, ""},
	{"center", HTML_IS_BLOCK, ""},
	{"code", HTML_IS_FORMAT, ""},
	{"col", HTML_IS_VOID, ""},
	{"datalist", HTML_IS_HIDE, ""},
	{"dd", HTML_IS_BLOCK | HTML_IS_HARD | HTML_IS_TERM, ""},
	{"details", HTML_IS_BLOCK, ""},
	{"dialog", HTML_IS_BLOCK, ""},
	{"dir", HTML_IS_BLOCK | HTML_IS_HARD | HTML_IS_LIST, ""},
	{"div", HTML_IS_FLOW, ""},
	{"dl", HTML_IS_BLOCK | HTML_IS_HARD, ""},
	{"dt", HTML_IS_BLOCK | HTML_IS_HARD | HTML_IS_TERM, ""},
	{"em", HTML_IS_FORMAT, ""},
	{"embed", HTML_IS_VOID, ""},
	{"fieldset", HTML_IS_BLOCK, ""},
	{"figcaption", HTML_IS_BLOCK, ""},
	{"figure", HTML_IS_BLOCK, ""},
	{"font", HTML_IS_FORMAT, ""},
	{"footer", HTML_IS_BLOCK, ""},
	{"form", HTML_IS_BLOCK, ""},
	{"frame", HTML_IS_VOID, ""},
	{"h1", HTML_IS_BLOCK | HTML_IS_HEADING, ""},
	{"h2", HTML_IS_BLOCK | HTML_IS_HEADING, ""},
	{"h3", HTML_IS_BLOCK | HTML_IS_HEADING, ""},
	{"h4", HTML_IS_BLOCK | HTML_IS_HEADING, ""},
	{"h5", HTML_IS_BLOCK | HTML_IS_HEADING, ""},
	{"h6", HTML_IS_BLOCK | HTML_IS_HEADING, ""},
	{"header", HTML_IS_BLOCK, ""},
	{"hgroup", HTML_IS_BLOCK, ""},
	{"hr", HTML_IS_VOID | HTML_IS_BLOCK | HTML_IS_HARD, ""},
	{"html", HTML_IS_BLOCK | HTML_IS_ROOT, ""},
	{"i", HTML_IS_FORMAT, ""},
	{"iframe", HTML_IS_RAW | HTML_IS_HIDE, ""},
	{"image", HTML_IS_VOID | HTML_IS_IMAGE, "alt"},
	{"img", HTML_IS_VOID | HTML_IS_IMAGE, "alt"},
	{"input", HTML_IS_VOID, ""},
	{"keygen", HTML_IS_VOID, ""},
	{"legend", HTML_IS_BLOCK, ""},
	{"li", HTML_IS_BLOCK | HTML_IS_HARD | HTML_IS_ITEM, "value"},
	{"link", HTML_IS_VOID, ""},
	{"listing", HTML_IS_BLOCK | HTML_IS_HARD | HTML_IS_PRE, ""},
	{"main", HTML_IS_BLOCK, ""},
	{"menu", HTML_IS_BLOCK | HTML_IS_HARD | HTML_IS_LIST, ""},
	{"meta", HTML_IS_VOID, ""},
	{"nav", HTML_IS_BLOCK, ""},
	{"nobr", HTML_IS_FORMAT, ""},
	{"noembed", HTML_IS_RAW | HTML_IS_HIDE, ""},
	{"noframes", HTML_IS_RAW | HTML_IS_HIDE, ""},
	{"noscript", HTML_IS_HIDE, ""},
	{"ol", HTML_IS_BLOCK | HTML_IS_HARD | HTML_IS_LIST | HTML_IS_NUMBERED,
	    "start"},
	{"optgroup", HTML_IS_OPTION, ""},
	{"option", HTML_IS_OPTION, "selected"},
	{"p", HTML_IS_FLOW | HTML_IS_PARA, ""},
	{"param", HTML_IS_VOID, ""},
	{"pre", HTML_IS_BLOCK | HTML_IS_HARD | HTML_IS_PRE, ""},
	{"q", HTML_IS_QUOTE, ""},
	{"s", HTML_IS_FORMAT, ""},
	{"script", HTML_IS_RAW | HTML_IS_HIDE, ""},
	{"search", HTML_IS_BLOCK, ""},
	{"section", HTML_IS_BLOCK, ""},
	{"select", HTML_IS_SELECT, ""},
	{"small", HTML_IS_FORMAT, ""},
	{"source", HTML_IS_VOID, ""},
	{"strike", HTML_IS_FORMAT, ""},
	{"strong", HTML_IS_FORMAT, ""},
	{"style", HTML_IS_RAW | HTML_IS_HIDE, ""},
	{"summary", HTML_IS_BLOCK, ""},
	{"table", HTML_IS_BLOCK | HTML_IS_HARD | HTML_IS_TABLE, ""},
	{"tbody", HTML_IS_ROWS, ""},
	{"td", HTML_IS_CELL, ""},
	{"template", HTML_IS_HIDE, ""},
	{"textarea", HTML_IS_BLOCK | HTML_IS_RAW | HTML_IS_REFS | HTML_IS_PRE,
	    ""},
	{"tfoot", HTML_IS_ROWS, ""},
	{"th", HTML_IS_CELL, ""},
	{"thead", HTML_IS_ROWS, ""},
	{"title", HTML_IS_RAW | HTML_IS_REFS | HTML_IS_HIDE, ""},
	{"tr", HTML_IS_BLOCK | HTML_IS_HARD | HTML_IS_ROW, ""},
	{"track", HTML_IS_VOID, ""},
	{"tt", HTML_IS_FORMAT, ""},
	{"u", HTML_IS_FORMAT, ""},
	{"ul", HTML_IS_BLOCK | HTML_IS_HARD | HTML_IS_LIST, ""},
	{"wbr", HTML_IS_VOID, ""},
	/* data of Word, and of old browsers */
	{"xml", HTML_IS_HIDE, ""},
	{"xmp", HTML_IS_BLOCK | HTML_IS_HARD | HTML_IS_RAW | HTML_IS_PRE, ""},
};

static int
html_element_compare(const void *name, const void *element)
{
	return strcmp(name, ((const struct html_element *)element)->name);
}

uint16_t
html_element_key(const char *name, unsigned hash)
{
	const struct html_element *e;

	e = bsearch(name, html_elements, LENGTH(html_elements), sizeof(*e),
	    html_element_compare);
	if (e != NULL)
		return (uint16_t)(e - html_elements);
	return (uint16_t)(LENGTH(html_elements) +
	    hash % (HTML_KEY_NONE - LENGTH(html_elements)));
}

unsigned
html_element_is(unsigned key)
{
	return key < LENGTH(html_elements) ? html_elements[key].is : 0;
}

const char *
html_element_name(unsigned key)
{
	return key < LENGTH(html_elements) ? html_elements[key].name : "";
}

const char *
html_element_wants(unsigned key)
{
	return key < LENGTH(html_elements) ? html_elements[key].wants : "";
}
