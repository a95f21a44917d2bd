/*
 * charset: text in any charset comes in, in pieces of any size; UTF-8 comes
 * out.  US-ASCII, UTF-8, UTF-7 and windows-1252 are decoded here, all else
 * by iconv(3).
 */
#ifndef CHARSET_H
#define CHARSET_H

#include <stddef.h>
#include <stdint.h>

#include <iconv.h>

#define CHARSET_NAME_MAX  40	/* octets; RFC 2978, 2.3 */
#define CHARSET_CARRY_MAX 16	/* octets of a character that is not complete */

enum charset_how {
	CHARSET_GUESS,		/* UTF-8 if it is, else windows-1252 */
	CHARSET_UTF8,
	CHARSET_1252,
	CHARSET_LATIN,		/* windows-1252, unless it is UTF-8 */
	CHARSET_720,
	CHARSET_HZ,		/* RFC 1843 */
	CHARSET_UTF7,
	CHARSET_UTF16,		/* which octet comes first is not known yet */
	CHARSET_LATER,		/* iconv(3), once it is more than ASCII */
	CHARSET_ICONV
};

struct charset_alias;

struct charset {
	void (*put)(void *, const char *, size_t);
	void *arg;
	enum charset_how how;
	const struct charset_alias *alias;
	int seen;		/* a sequence that was UTF-8 and not ASCII */
	int declared;		/* the mail says that it is UTF-8 */
	int opened;		/* cd is */
	iconv_t cd;
	size_t unit;		/* octets to skip where iconv fails */
	int shift;		/* HZ, UTF-7: inside one; 1: right after "+" */
	unsigned bits, nbits;
	uint_least32_t high;	/* half a surrogate pair; 0: none */
	size_t ncarry;
	unsigned char carry[CHARSET_CARRY_MAX];
};

/* 1 if the n octets are a charset's name by their form. */
int charset_is_name(const char *, size_t n);

/*
 * Begin to decode.  The name may be an alias in any letter case; NULL, one
 * that is not known, or one that iconv(3) cannot open is a charset to be
 * guessed: the first sequence that is not ASCII decides.  If it is UTF-8
 * (RFC 3629), all is taken as UTF-8 and single octets that are not as
 * windows-1252; else all the rest is windows-1252.  US-ASCII is guessed as
 * well, and so is UTF-8, but there what is broken later is U+FFFD.
 * ISO-8859-1 is windows-1252, as in browsers (encoding.spec.whatwg.org), but
 * UTF-8 where the first sequence says so: many programs write a label of
 * ISO-8859-1, or -15, over UTF-8.
 * put gets whole characters, valid UTF-8 only; NUL is possible.  Each
 * charset_open needs its charset_close.
 */
void charset_open(struct charset *, const char *name,
    void (*put)(void *, const char *, size_t), void *arg);
void charset_feed(struct charset *, const void *, size_t);
void charset_close(struct charset *);

#endif
