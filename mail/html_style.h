/*
 * html_style: what style="" and other attributes say about the look of an
 * element.  It keeps no state; only the html files use it.
 */
#ifndef HTML_STYLE_H
#define HTML_STYLE_H

/* How an element looks. */
#define HTML_LOOK_NONE	    0x00001U	/* display:none */
#define HTML_LOOK_INVISIBLE 0x00002U	/* visibility:hidden */
#define HTML_LOOK_CLEAR	    0x00004U	/* opacity:0 */
#define HTML_LOOK_HIDDEN    0x00008U	/* the attribute hidden */
#define HTML_LOOK_PRE	    0x00010U	/* white-space:pre and the like */
#define HTML_LOOK_PLAIN	    0x00020U	/* list-style:none */
#define HTML_LOOK_TINY	    0x00040U	/* font-size:0 */
#define HTML_LOOK_FLAT	    0x00080U	/* line-height:0 */
#define HTML_LOOK_GLASS	    0x00100U	/* color:transparent */
#define HTML_LOOK_MAX_0	    0x00200U	/* max-height:0, max-width:0 */
#define HTML_LOOK_CUT	    0x00400U	/* overflow:hidden */
#define HTML_LOOK_HEIGHT_0  0x00800U	/* height:0 */
#define HTML_LOOK_WIDTH_0   0x01000U	/* width:0 */
#define HTML_LOOK_HIGH	    0x02000U	/* min-height: more than 0 */
#define HTML_LOOK_WIDE	    0x04000U	/* min-width: more than 0 */
#define HTML_LOOK_OUTLOOK   0x08000U	/* mso-hide:all */
#define HTML_LOOK_ARIA	    0x10000U	/* aria-hidden="true" */
#define HTML_LOOK_PREVIEW   0x20000U	/* a class for the inbox preview */

/* These hide an element and all in it. */
#define HTML_LOOK_HIDE	(HTML_LOOK_NONE | HTML_LOOK_CLEAR | \
	HTML_LOOK_HIDDEN | HTML_LOOK_PREVIEW)

/* These hide its text, but an element inside may undo that. */
#define HTML_LOOK_SOFT	(HTML_LOOK_INVISIBLE | HTML_LOOK_TINY | \
	HTML_LOOK_FLAT | HTML_LOOK_GLASS)

/*
 * Read a declaration in lower case without blanks: "font-size:0px".  *looks has
 * the result of the declarations before it; of a property the last one counts.
 * The bits of HTML_LOOK_SOFT that it decides are added to *declared.
 */
void html_style_declare(const char *, unsigned *looks, unsigned *declared);

/* HTML_LOOK_PREVIEW if a class or an id, in lower case, says that; else 0. */
unsigned html_style_class(const char *);

#endif
