/*
 * charset: converts any charset to UTF-8.  Here are strict UTF-8, windows-1252,
 * and the handling of iconv(3); charset_alias.c has the names that mails use.
 * The file is pure, except that iconv(3) may load a module.  mime_body.c
 * decides which charset a part has.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/utf8.h"
#include "mail/charset.h"

#define CHARSET_OUT_MAX	 1024	/* octets converted in one go */
#define CHARSET_JOIN_MAX 64	/* octets: a carried character and some more */

static const char charset_bad[] = "\xef\xbf\xbd"; /* U+FFFD */

/* windows-1252 from 0x80 on; the five unassigned octets are controls. */
static const uint_least16_t charset_1252[32] = {
	0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
	0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
};

/* Code page 720 (DOS, Arabic) from 0x80 on. */
static const uint_least16_t charset_720[128] = {
	0x0080, 0x0081, 0x00e9, 0x00e2, 0x0084, 0x00e0, 0x0086, 0x00e7,
	0x00ea, 0x00eb, 0x00e8, 0x00ef, 0x00ee, 0x008d, 0x008e, 0x008f,
	0x0090, 0x0651, 0x0652, 0x00f4, 0x00a4, 0x0640, 0x00fb, 0x00f9,
	0x0621, 0x0622, 0x0623, 0x0624, 0x00a3, 0x0625, 0x0626, 0x0627,
	0x0628, 0x0629, 0x062a, 0x062b, 0x062c, 0x062d, 0x062e, 0x062f,
	0x0630, 0x0631, 0x0632, 0x0633, 0x0634, 0x0635, 0x00ab, 0x00bb,
	0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556,
	0x2555, 0x2563, 0x2551, 0x2557, 0x255d, 0x255c, 0x255b, 0x2510,
	0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f,
	0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0x2567,
	0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256b,
	0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580,
	0x0636, 0x0637, 0x0638, 0x0639, 0x063a, 0x0641, 0x00b5, 0x0642,
	0x0643, 0x0644, 0x0645, 0x0646, 0x0647, 0x0648, 0x0649, 0x064a,
	0x2261, 0x064b, 0x064c, 0x064d, 0x064e, 0x064f, 0x0650, 0x2248,
	0x00b0, 0x2219, 0x00b7, 0x221a, 0x207f, 0x00b2, 0x25a0, 0x00a0,
};

int
charset_is_name(const char *s, size_t n)
{
	static const char valid[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._:+-";
	size_t i;

	if (n == 0 || n > CHARSET_NAME_MAX)
		return 0;
	for (i = 0; i < n; i++)
		if (s[i] == '\0' || strchr(valid, s[i]) == NULL)
			return 0;
	return 1;
}

static int
charset_iconv_open(struct charset *c, const char *name)
{
	if (name[0] == '\0')
		return -1;
	c->cd = iconv_open("UTF-8", name);
	if (c->cd == (iconv_t)-1)
		return -1;
	c->opened = 1;
	c->how = CHARSET_ICONV;
	c->unit = strncmp(name, "UTF-16", 6) == 0 ? 2 :
	    strncmp(name, "UTF-32", 6) == 0	  ? 4 :
						    1;
	return 0;
}

/* Open iconv(3); guess the charset if iconv does not have it. */
static void
charset_iconv(struct charset *c)
{
	if (charset_iconv_open(c, c->alias->name) == -1 &&
	    charset_iconv_open(c, c->alias->other) == -1)
		c->how = CHARSET_GUESS;
}

void
charset_open(struct charset *c, const char *name,
    void (*put)(void *, const char *, size_t), void *arg)
{
	const struct charset_alias *a;

	c->put = put;
	c->arg = arg;
	c->how = CHARSET_GUESS;
	c->seen = c->declared = c->opened = 0;
	c->ncarry = 0;
	c->shift = 0;
	c->high = 0;
	if (name == NULL || !charset_is_name(name, strlen(name)))
		return;
	if ((a = charset_alias_find(name)) == NULL)
		return;
	c->alias = a;
	c->how = a->how == CHARSET_ICONV ? CHARSET_LATER : a->how;
	c->declared = a->how == CHARSET_UTF8;
	if (strncmp(a->name, "UTF-", 4) == 0)
		charset_iconv(c);
}

/* Put a code point, which must not be a surrogate. */
static void
charset_put_code(struct charset *c, uint_least32_t u)
{
	char s[UTF8_MAX];

	c->put(c->arg, s, utf8_write(s, u));
}

static void
charset_put_1252(struct charset *c, unsigned char octet)
{
	charset_put_code(c, octet < 0x80 || octet >= 0xa0 ?
		octet :
		charset_1252[octet - 0x80]);
}

/* The number of octets before the first one beyond ASCII. */
static size_t
charset_ascii(const unsigned char *p, size_t n)
{
	size_t i = 0;
	uint64_t word;

	for (; n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		if (word & 0x8080808080808080U)
			break;
	}
	while (i < n && p[i] < 0x80)
		i++;
	return i;
}

static void
charset_feed_1252(struct charset *c, const unsigned char *p, size_t n)
{
	size_t k;

	while (n > 0) {
		if ((k = charset_ascii(p, n)) > 0)
			c->put(c->arg, (const char *)p, k);
		else
			charset_put_1252(c, p[k++]);
		p += k;
		n -= k;
	}
}

/*
 * 1 if a valid UTF-8 sequence is hardly ever windows-1252.  There it would be
 * two or more special characters in a row.  An accented capital before a
 * quotation mark does occur; the pairs that encode Greek, Cyrillic, Hebrew and
 * Arabic letters do not.
 */
static int
charset_is_plain_utf8(const unsigned char *p, int len)
{
	static const char quotes[] = "\x85\x91\x92\x93\x94\x96\x97\x99\xab"
				     "\xbb";

	if (len > 2 || p[0] == 0xc2 || p[0] == 0xc3)
		return 1;
	if (p[0] == 0xc4 || p[0] == 0xc5)
		return strchr(quotes, (char)p[1]) == NULL;
	return (p[0] >= 0xce && p[0] <= 0xd3) || (p[0] >= 0xd7 && p[0] <= 0xdb);
}

/*
 * Pass ASCII on; the first sequence beyond it decides whether the text is
 * UTF-8 or the other charset.  Returns the number of octets consumed.
 */
static size_t
charset_latin(struct charset *c, const unsigned char *p, size_t n,
    enum charset_how other)
{
	size_t k = charset_ascii(p, n);
	int len = k < n ? utf8_length((const char *)p + k, n - k, NULL) : 0;

	if (k > 0)
		c->put(c->arg, (const char *)p, k);
	if (len != 0)
		c->how = len > 0 && charset_is_plain_utf8(p + k, len) ?
		    CHARSET_GUESS :
		    other;
	return k;
}

static void
charset_feed_720(struct charset *c, const unsigned char *p, size_t n)
{
	for (; n > 0; p++, n--)
		charset_put_code(c, *p < 0x80 ? *p : charset_720[*p - 0x80]);
}

/* Handle a sequence that is not UTF-8; returns the octets consumed. */
static size_t
charset_broken(struct charset *c, const unsigned char *p, size_t bad)
{
	if (!c->seen) {
		c->how = CHARSET_1252;
		return 0;
	}
	if (!c->declared) {
		charset_put_1252(c, p[0]);
		return 1;
	}
	c->put(c->arg, charset_bad, 3);
	return bad;
}

/*
 * Decode UTF-8.  Returns the octets consumed: fewer than n if the last
 * sequence is incomplete, or if the text turns out not to be UTF-8.
 */
static size_t
charset_utf8(struct charset *c, const unsigned char *p, size_t n)
{
	size_t done = 0, i = 0, bad;
	int len;

	for (;;) {
		i += charset_ascii(p + i, n - i);
		len = i < n ?
		    utf8_length((const char *)p + i, n - i, &bad) :
		    0;
		if (len > 0) {
			i += (size_t)len;
			c->seen = 1;
			continue;
		}
		if (i > done)
			c->put(c->arg, (const char *)p + done, i - done);
		if (len == 0)
			return i;
		i += charset_broken(c, p + i, bad);
		done = i;
		if (c->how == CHARSET_1252)
			return i;
	}
}

/* Take a UTF-16 unit of a UTF-7 shift; 0 means that the shift ends. */
static void
charset_utf7_unit(struct charset *c, uint_least32_t unit)
{
	uint_least32_t high = c->high;

	c->high = 0;
	if (high != 0 && unit >= 0xdc00 && unit <= 0xdfff) {
		charset_put_code(c,
		    0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
		return;
	}
	if (high != 0)
		c->put(c->arg, charset_bad, 3);
	if (unit >= 0xd800 && unit <= 0xdbff)
		c->high = unit;
	else if (unit >= 0xdc00 && unit <= 0xdfff)
		c->put(c->arg, charset_bad, 3);
	else if (unit != 0)
		charset_put_code(c, unit);
}

/* End a shift.  A lone "+" is not UTF-7, but people write it: keep it. */
static void
charset_utf7_end(struct charset *c)
{
	charset_utf7_unit(c, 0);
	if (c->shift == 1)
		c->put(c->arg, "+", 1);
	c->shift = 0;
}

/*
 * UTF-7 (RFC 2152).  Some systems have no iconv(3) for it, and the result of
 * those that have depends on the cuts between pieces when the text is broken.
 */
static void
charset_utf7(struct charset *c, unsigned char octet)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *digit = octet == '\0' ? NULL : strchr(digits, octet);

	if (c->shift != 0 && digit != NULL) {
		c->shift = 2;
		c->bits = c->bits << 6 | (unsigned)(digit - digits);
		c->bits &= 0x3fffff;
		c->nbits += 6;
		if (c->nbits >= 16) {
			c->nbits -= 16;
			charset_utf7_unit(c, c->bits >> c->nbits & 0xffff);
		}
		return;
	}
	if (c->shift != 0) {
		charset_utf7_end(c);
		if (octet == '-')
			return;
	}
	if (octet == '+') {
		c->shift = 1;
		c->bits = c->nbits = 0;
	} else if (octet < 0x80)
		charset_put_code(c, octet);
	else
		c->put(c->arg, charset_bad, 3);
}

/* Put the output of iconv(3) after checking that it is valid UTF-8. */
static void
charset_put_checked(struct charset *c, const unsigned char *p, size_t n)
{
	c->seen = c->declared = 1;
	if (charset_utf8(c, p, n) < n)
		c->put(c->arg, charset_bad, 3);
}

/*
 * Convert with iconv(3); invalid input becomes U+FFFD.  Returns the octets
 * consumed, without an incomplete character at the end.  With p NULL, put
 * what iconv still holds.
 */
static size_t
charset_convert(struct charset *c, const unsigned char *p, size_t n)
{
	unsigned char buf[CHARSET_OUT_MAX];
	char *in = (char *)p, *out;
	size_t left = n, room, skip, r;
	int error;

	for (;;) {
		out = (char *)buf;
		room = sizeof(buf);
		r = p == NULL ? iconv(c->cd, NULL, NULL, &out, &room) :
				iconv(c->cd, &in, &left, &out, &room);
		error = errno;
		charset_put_checked(c, buf, sizeof(buf) - room);
		if (r != (size_t)-1)
			return n - left;
		if (error == E2BIG && room < sizeof(buf))
			continue;
		if (p == NULL || left == 0 ||
		    (error == EINVAL && left < CHARSET_CARRY_MAX))
			return n - left;
		c->put(c->arg, charset_bad, 3);
		skip = c->unit < left ? c->unit : left;
		in += skip;
		left -= skip;
	}
}

/*
 * Two octets between "~{" and "~}" are a GB 2312 character without its high
 * bits.  Returns the octets consumed: 2, or 1 if they are no such character.
 */
static size_t
charset_hz_pair(struct charset *c, const unsigned char *p)
{
	unsigned char pair[2] = {p[0] | 0x80, p[1] | 0x80};

	if (p[0] >= 0x21 && p[0] <= 0x7e && p[1] >= 0x21 && p[1] <= 0x7e &&
	    charset_convert(c, pair, 2) == 2)
		return 2;
	c->put(c->arg, charset_bad, 3);
	return 1;
}

/* "~" and this octet, outside "~{" and "~}". */
static void
charset_hz_escape(struct charset *c, unsigned char octet)
{
	if (octet == '{' && !c->opened &&
	    charset_iconv_open(c, "GB18030") == -1) {
		c->how = CHARSET_GUESS;
		return;
	}
	c->how = CHARSET_HZ;
	if (octet == '{')
		c->shift = 2;
	else if (octet == '~')
		c->put(c->arg, "~", 1);
	else if (octet != '\n') {	/* "~" LF joins two lines */
		c->put(c->arg, "~", 1);
		charset_feed_1252(c, &octet, 1);
	}
}

/* Decode HZ (RFC 1843); returns the octets consumed. */
static size_t
charset_hz(struct charset *c, const unsigned char *p, size_t n)
{
	size_t i = 0;

	while (i < n && c->how == CHARSET_HZ) {
		if (c->shift != 0 && (p[i] == '\r' || p[i] == '\n'))
			c->shift = 0;
		if (c->shift == 0 && p[i] != '~') {
			charset_feed_1252(c, p + i++, 1);
			continue;
		}
		if (n - i < 2)
			break;
		if (c->shift != 0 && (p[i] != '~' || p[i + 1] != '}')) {
			i += charset_hz_pair(c, p + i);
			continue;
		}
		if (c->shift == 0)
			charset_hz_escape(c, p[i + 1]);
		else
			c->shift = 0;
		i += 2;
	}
	return i;
}

/* Find the byte order: by a byte order mark, else by which octet is zero. */
static size_t
charset_utf16(struct charset *c, const unsigned char *p, size_t n)
{
	int mark, little;

	if (n < 2)
		return 0;
	little = (p[0] == 0xff && p[1] == 0xfe) || (p[0] != 0 && p[1] == 0);
	mark = (p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff);
	if (charset_iconv_open(c, little ? "UTF-16LE" : "UTF-16BE") == -1)
		c->how = CHARSET_GUESS;
	return mark ? 2 : 0;
}

/*
 * Pass on what is ASCII in all charsets of the table without iconv(3): to
 * load one of its modules takes longer than the rest of a short message.
 */
static size_t
charset_later(struct charset *c, const unsigned char *p, size_t n)
{
	size_t k = 0;

	while (k < n && ((p[k] >= ' ' && p[k] < '~') || p[k] == '\t' ||
			    p[k] == '\r' || p[k] == '\n'))
		k++;
	if (k > 0)
		c->put(c->arg, (const char *)p, k);
	if (k < n && strcmp(c->alias->name, "ISO-8859-15") == 0 &&
	    p[k] >= 0x80) {
		charset_latin(c, p + k, n - k, CHARSET_ICONV);
		if (c->how != CHARSET_ICONV)
			return k;
	}
	if (k < n)
		charset_iconv(c);
	return k;
}

/* Decode; returns the octets consumed, all but an incomplete character. */
static size_t
charset_decode(struct charset *c, const unsigned char *p, size_t n)
{
	size_t done = 0;

	if (c->how == CHARSET_UTF16)
		done = charset_utf16(c, p, n);
	else if (c->how == CHARSET_LATER)
		done = charset_later(c, p, n);
	else if (c->how == CHARSET_LATIN)
		done = charset_latin(c, p, n, CHARSET_1252);
	if (c->how == CHARSET_UTF16 || c->how == CHARSET_LATER ||
	    c->how == CHARSET_LATIN)
		return done;
	if (c->how == CHARSET_HZ)
		done += charset_hz(c, p + done, n - done);
	if (c->how == CHARSET_HZ)
		return done;
	if (c->how == CHARSET_720) {
		charset_feed_720(c, p + done, n - done);
		return n;
	}
	if (c->how == CHARSET_ICONV)
		return done + charset_convert(c, p + done, n - done);
	if (c->how == CHARSET_UTF7) {
		for (; done < n; done++)
			charset_utf7(c, p[done]);
		return n;
	}
	if (c->how != CHARSET_1252)
		done += charset_utf8(c, p + done, n - done);
	if (c->how != CHARSET_1252)
		return done;
	charset_feed_1252(c, p + done, n - done);
	return n;
}

void
charset_feed(struct charset *c, const void *data, size_t n)
{
	const unsigned char *p = data;
	unsigned char join[CHARSET_JOIN_MAX];
	size_t k, done;

	while (c->ncarry > 0 && n > 0) {
		k = sizeof(join) - c->ncarry < n ? sizeof(join) - c->ncarry : n;
		memcpy(join, c->carry, c->ncarry);
		memcpy(join + c->ncarry, p, k);
		done = charset_decode(c, join, c->ncarry + k);
		if (done < c->ncarry) {
			c->ncarry += k - done;
			memcpy(c->carry, join + done, c->ncarry);
			p += k;
			n -= k;
			continue;
		}
		p += done - c->ncarry;
		n -= done - c->ncarry;
		c->ncarry = 0;
	}
	if (n == 0)
		return;
	done = charset_decode(c, p, n);
	c->ncarry = n - done;
	memcpy(c->carry, p + done, c->ncarry);
}

void
charset_close(struct charset *c)
{
	size_t i;

	if (c->ncarry > 0 && c->how == CHARSET_LATER) {
		/* an incomplete UTF-8 sequence is complete in ISO-8859-15 */
		charset_iconv(c);
		if (c->how == CHARSET_ICONV)
			c->ncarry -= charset_convert(c, c->carry, c->ncarry);
	}
	if (c->ncarry > 0 && !c->seen && (c->how == CHARSET_GUESS ||
	    c->how == CHARSET_UTF8 || c->how == CHARSET_LATIN))
		for (i = 0; i < c->ncarry; i++)
			charset_put_1252(c, c->carry[i]);
	else if (c->ncarry > 0)
		c->put(c->arg, charset_bad, 3);
	c->ncarry = 0;
	if (c->how == CHARSET_UTF7 && c->shift != 0)
		charset_utf7_end(c);
	if (c->opened) {
		charset_convert(c, NULL, 0);
		iconv_close(c->cd);
	}
	c->how = CHARSET_GUESS;
}
