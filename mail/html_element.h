/*
 * html_element: the table of HTML's elements and their properties.  It is
 * constant; only the html files use it.
 */
#ifndef HTML_ELEMENT_H
#define HTML_ELEMENT_H

#include <stdint.h>

/* What an element is. */
#define HTML_IS_FLOW	0x00000001U	/* a line end before and after */
#define HTML_IS_HARD	0x00000002U	/* ... also at the edge of a cell */
#define HTML_IS_FIRM	0x00000004U	/* <li> in it ends no <li> around it */
#define HTML_IS_LINE	0x00000008U	/* a line end */
#define HTML_IS_WORD	0x00000010U	/* a blank before and after */
#define HTML_IS_VOID	0x00000020U	/* no content, no end tag */
#define HTML_IS_ROOT	0x00000040U	/* never hidden */
#define HTML_IS_HIDE	0x00000080U	/* always hidden */
#define HTML_IS_RAW	0x00000100U	/* has no tags but its end tag */
#define HTML_IS_REFS	0x00000200U	/* ... but has references */
#define HTML_IS_PRE	0x00000400U	/* keeps white space */
#define HTML_IS_PARA	0x00000800U	/* ends where a block begins */
#define HTML_IS_FORMAT	0x00001000U	/* its end tag may be in a block */
#define HTML_IS_LIST	0x00002000U
#define HTML_IS_NUMBERED 0x00004000U
#define HTML_IS_ITEM	0x00008000U	/* of a list */
#define HTML_IS_TERM	0x00010000U	/* <dt>, <dd> */
#define HTML_IS_TABLE	0x00020000U
#define HTML_IS_ROWS	0x00040000U
#define HTML_IS_ROW	0x00080000U
#define HTML_IS_CELL	0x00100000U
#define HTML_IS_SELECT	0x00200000U
#define HTML_IS_OPTION	0x00400000U
#define HTML_IS_LINK	0x00800000U
#define HTML_IS_IMAGE	0x01000000U
#define HTML_IS_QUOTE	0x02000000U
#define HTML_IS_HEADING	0x04000000U

#define HTML_IS_BLOCK	(HTML_IS_FLOW | HTML_IS_FIRM)

/* The key of no element. */
#define HTML_KEY_NONE	0xffffU

/*
 * The key of the element with this name, in lower case.  An element that is not
 * in the table gets a key from the hash of its name: it is inline, and the key
 * only serves to find its end tag.  Never HTML_KEY_NONE.
 */
uint16_t html_element_key(const char *name, unsigned hash);

/* HTML_IS_...; 0, which means inline, if it is not in the table. */
unsigned html_element_is(unsigned key);

/* Its name, of at most HTML_WORD_MAX octets; "" if it is not in the table. */
const char *html_element_name(unsigned key);

/* The name of the one attribute whose value matters; "" if none does. */
const char *html_element_wants(unsigned key);

#endif
