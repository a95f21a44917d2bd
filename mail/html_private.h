/*
 * html_private: the storage of a document; only the html files use it.  Each
 * member belongs to one file: html_write.c, html_token.c or html.c.  The one
 * exception is the tag, which html_token.c fills and html.c reads.
 */
#ifndef HTML_PRIVATE_H
#define HTML_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#define HTML_DEPTH_MAX 256	/* open elements; deeper ones have no effect */
#define HTML_INLINE_MAX 128	/* the same for inline elements */
#define HTML_LIST_MAX  16	/* nested lists whose items are numbered */
#define HTML_WORD_MAX  12	/* octets of a name that is compared */
#define HTML_VALUE_MAX 2048	/* octets of an alt or href */
#define HTML_RULE_MAX  32	/* octets of a declaration in style */
#define HTML_OUT_MAX   1024	/* octets of text that are collected */

struct html_token_calls;

/* The tokenizer's states, fewer than the HTML standard has (13.2.5). */
enum html_state {
	HTML_TEXT,
	HTML_RAW,		/* in <style>, <textarea> and the like */
	HTML_RAW_OPEN,		/* "<" in it */
	HTML_RAW_NAME,		/* "</" in it */
	HTML_OPEN,		/* "<" */
	HTML_OPEN_END,		/* "</" */
	HTML_NAME,		/* of an element */
	HTML_GAP,		/* before the name of an attribute */
	HTML_ATTR,		/* in that name */
	HTML_ATTR_END,		/* in the blanks after that name */
	HTML_VALUE_START,	/* after "=" */
	HTML_VALUE,
	HTML_BANG,		/* "<!" */
	HTML_COMMENT,
	HTML_CDATA,
	HTML_BOGUS,		/* whatever ends at the next ">" */
	HTML_REF,		/* "&" */
	HTML_REF_NAME,
	HTML_REF_HASH,		/* "&#" */
	HTML_REF_DIGITS
};

/* How far the end of a comment or of a CDATA section has come. */
enum html_tail {
	HTML_TAIL_NONE,
	HTML_TAIL_ONE,		/* "-", "]" */
	HTML_TAIL_TWO,		/* "--", "]]" */
	HTML_TAIL_BANG,		/* "--!" */
	HTML_TAIL_START,	/* right after "<!--" */
	HTML_TAIL_START_ONE	/* "<!---" */
};

/* Which attribute is being read. */
enum html_attr {
	HTML_ATTR_NONE,
	HTML_ATTR_STYLE,
	HTML_ATTR_CLASS,	/* or id */
	HTML_ATTR_ARIA,		/* aria-hidden */
	HTML_ATTR_WANTED
};

/* Which part of a <select> is open. */
enum html_choice { HTML_NO_SELECT, HTML_UNSELECTED, HTML_SELECTED };

/* An element that is open. */
struct html_level {
	uint32_t is;			/* HTML_IS_... */
	uint16_t key;
	uint16_t looks;			/* HTML_LOOK_PRE, HTML_LOOK_SOFT */
};

/* What an LF means if it comes now. */
enum html_skip {
	HTML_LF,		/* a line end */
	HTML_LF_FIRST,		/* nothing: it is the first octet of a <pre> */
	HTML_LF_AFTER_CR	/* nothing: it belongs to the CR */
};

/* What stands before a list item. */
enum html_marker { HTML_NO_MARKER, HTML_BULLET, HTML_NUMBER };

struct html {
	/* the token being read: html_token.c */
	const struct html_token_calls *calls;
	enum html_state state;
	enum html_state back;		/* where a reference returns to */
	enum html_tail tail;
	char word[HTML_WORD_MAX + 1];	/* a name */
	size_t word_len;		/* HTML_WORD_MAX + 1: too long */
	char quote;			/* around the value; 0: none */
	enum html_attr attr;
	char rule[HTML_RULE_MAX + 1];	/* a declaration of style, a class */
	size_t rule_len;
	uint32_t code;			/* of a numeric reference */
	unsigned base;			/* its digits: 10, 16 */
	int digits;			/* there is one */

	/* the tag: html_token.c, for html.c */
	int closing;			/* </x> */
	int slash;			/* <x/> */
	uint16_t key;			/* which element it is */
	unsigned seen;			/* HTML_SEEN_... */
	unsigned looks;			/* HTML_LOOK_... */
	unsigned declared;		/* the HTML_LOOK_SOFT that it decides */
	char value[HTML_VALUE_MAX];	/* the wanted attribute's */
	size_t value_len;
	int value_cut;			/* it was longer */

	/* the elements that are open: html.c */
	struct html_level stack[HTML_DEPTH_MAX];
	size_t depth;
	size_t hide;			/* depth of the outermost hidden one */
	unsigned lists;
	int number[HTML_LIST_MAX];
	enum html_choice select;

	/* from here on html_write.c's: where the text goes */
	void (*put)(void *, const char *, size_t);
	void *arg;
	int links;

	/* the text that is read */
	unsigned char part[4];		/* a character cut by a piece's end */
	size_t part_len;
	unsigned pre;			/* how many elements keep white space */
	enum html_skip skip;

	/* what has to be written before the next character */
	int started;			/* a character has been written */
	unsigned lines;			/* LFs, 0 to 2 */
	int hard;			/* a cell's edge does not undo them */
	int edge;			/* the cell is empty so far */
	int space;
	enum html_marker marker;
	int item;			/* the number of a list item */
	unsigned dashes;		/* the line: 0 "", 1 -, 2 --, 3 other */

	/* the link that is open */
	int link;
	int link_text;			/* it has text */
	int same[2];			/* the text so far equals the target's
					 * start, [1]: without its scheme */
	size_t at[2];			/* ... up to here */
	char href[HTML_VALUE_MAX];
	size_t href_len;

	char out[HTML_OUT_MAX];
	size_t out_len;
};

#endif
