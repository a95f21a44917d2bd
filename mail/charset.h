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

#include "mail/charset_alias.h"

#define CHARSET_CARRY_MAX 16	/* octets of a character that is not complete */

struct charset {
	void (*put)(void *, const char *, size_t);
	void *arg;
	enum charset_how how;
	const struct charset_alias *alias;
	int seen;		/* there was a valid UTF-8 sequence beyond
				 * ASCII */
	int declared;		/* the mail says that it is UTF-8 */
	int opened;		/* cd is open */
	iconv_t cd;
	size_t unit;		/* octets to skip where iconv fails */
	int shift;		/* HZ, UTF-7: in a shift; 1: right after "+" */
	unsigned bits, nbits;
	uint_least32_t high;	/* half a surrogate pair; 0: none */
	size_t ncarry;
	unsigned char carry[CHARSET_CARRY_MAX];
};

/* 1 if the n octets have the form of a charset's name (RFC 2978, 2.3). */
int charset_is_name(const char *, size_t n);

/*
 * Begin to decode.  The name may be an alias in any letter case.  Where it is
 * NULL, unknown, or a charset that iconv(3) does not have, the charset is
 * guessed: the first sequence beyond ASCII decides.  If that is valid UTF-8
 * (RFC 3629), the text is UTF-8, and a single octet that is not valid is read
 * as windows-1252; else the rest of the text is windows-1252.
 *
 * A label of US-ASCII or UTF-8 is not believed either: the same guess is made,
 * but in a text labelled UTF-8 each broken sequence becomes U+FFFD.
 * ISO-8859-1 means windows-1252, as in browsers (encoding.spec.whatwg.org);
 * yet where the first sequence beyond ASCII is UTF-8, the text is UTF-8, since
 * many programs label UTF-8 as ISO-8859-1 or ISO-8859-15.
 *
 * put gets whole characters of valid UTF-8; NUL is possible.  Call
 * charset_close after each charset_open.
 */
void charset_open(struct charset *, const char *name,
    void (*put)(void *, const char *, size_t), void *arg);
void charset_feed(struct charset *, const void *, size_t);
void charset_close(struct charset *);

#endif
