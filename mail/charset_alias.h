/*
 * charset_alias: the names that mails use for charsets, and how each charset is
 * decoded.  Only charset.c uses it.
 */
#ifndef CHARSET_ALIAS_H
#define CHARSET_ALIAS_H

#define CHARSET_NAME_MAX 40	/* octets; RFC 2978, 2.3 */

enum charset_how {
	CHARSET_GUESS,		/* UTF-8 if it is, else windows-1252 */
	CHARSET_UTF8,
	CHARSET_1252,
	CHARSET_LATIN,		/* windows-1252, unless it is UTF-8 */
	CHARSET_720,
	CHARSET_HZ,		/* RFC 1843 */
	CHARSET_UTF7,
	CHARSET_UTF16,		/* the byte order is not known yet */
	CHARSET_LATER,		/* iconv(3), opened at the first octet beyond
				 * ASCII */
	CHARSET_ICONV
};

/* How to decode a charset. */
struct charset_alias {
	char name[18], other[18];	/* iconv(3)'s names; other may be "" */
	enum charset_how how;
};

/*
 * Find a charset by a name of at most CHARSET_NAME_MAX octets, in any letter
 * case and however it is punctuated.  NULL if it is not known.
 */
const struct charset_alias *charset_alias_find(const char *name);

#endif
