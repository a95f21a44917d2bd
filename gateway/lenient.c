/*
 * lenient: some gateways accept a message, and send an answer that a strict
 * parser refuses.  What was accepted must not be sent again for that.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/utf8.h"
#include "gateway/lenient.h"
#include "gateway/wipe.h"

#define MARK	    "\xef\xbb\xbf"
#define REPLACEMENT "\xef\xbf\xbd"	/* U+FFFD */
#define EXACT_MAX   18			/* digits that fit 63 bits for sure */

const char *
lenient_skip_mark(const char *s, size_t *n)
{
	if (*n < strlen(MARK) || memcmp(s, MARK, strlen(MARK)) != 0)
		return s;
	*n -= strlen(MARK);
	return s + strlen(MARK);
}

/* ---- strings ---- */

/* The value of \uXXXX at s, of n octets; -1 if that is not there. */
static long
escaped(const char *s, size_t n)
{
	char digits[5] = "";

	if (n < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	memcpy(digits, s + 2, 4);
	return strspn(digits, "0123456789abcdefABCDEF") == 4 ?
	    strtol(digits, NULL, 16) : -1;
}

static int
is_high(long c)
{
	return c >= 0xd800 && c <= 0xdbff;
}

static int
is_low(long c)
{
	return c >= 0xdc00 && c <= 0xdfff;
}

/* An escape at s, of n octets; returns how many it has. */
static size_t
put_escape(const char *s, size_t n, struct buf *out)
{
	long c = escaped(s, n);

	if (is_high(c) && is_low(escaped(s + 6, n - 6))) {
		buf_put(out, s, 12);
		return 12;
	}
	if (is_high(c) || is_low(c) || c == 0) {
		buf_puts(out, REPLACEMENT);
		return 6;
	}
	buf_put(out, s, n < 2 ? n : 2);
	return n < 2 ? n : 2;
}

/* Octets from 0x80 on; returns how many belong to the character. */
static size_t
put_character(const char *s, size_t n, struct buf *out)
{
	char utf8[UTF8_MAX];
	int len = utf8_length(s, n, NULL);

	if (len > 0) {
		buf_put(out, s, (size_t)len);
		return (size_t)len;
	}
	buf_put(out, utf8, utf8_write(utf8, (unsigned char)*s));
	return 1;
}

/* The string that begins at s; returns its octets, both quotes counted. */
static size_t
put_string(const char *s, size_t n, struct buf *out)
{
	size_t i = 1;

	buf_putc(out, '"');
	while (i < n && s[i] != '"') {
		if (s[i] == '\\')
			i += put_escape(s + i, n - i, out);
		else if ((unsigned char)s[i] >= 0x80)
			i += put_character(s + i, n - i, out);
		else if (s[i] == '\0')
			buf_puts(out, REPLACEMENT), i++;
		else if (s[i] < ' ')
			buf_fmt(out, "\\u%04x", s[i++]);
		else
			buf_putc(out, s[i++]);
	}
	if (i == n)
		return n;	/* it has no end, and stays no JSON */
	buf_putc(out, '"');
	return i + 1;
}

/* ---- numbers ---- */

/* A number of JSON that jansson refuses for its size (RFC 8259, 6). */
static int
is_too_large(const char *number)
{
	size_t sign = *number == '-', digits = strspn(number + sign,
	    "0123456789");

	if (number[sign + digits] == '\0')
		return digits > EXACT_MAX;
	errno = 0;
	return fabs(strtod(number, NULL)) == HUGE_VAL && errno == ERANGE;
}

/* The number that begins at s; returns its octets. */
static size_t
put_number(const char *s, size_t n, struct buf *out)
{
	char *copy;
	size_t len = 1;
	int quote;

	while (len < n && strchr("0123456789+-.eE", s[len]) != NULL &&
	    s[len] != '\0')
		len++;
	if ((copy = strndup(s, len)) == NULL) {
		out->overflow = 1;
		return len;
	}
	quote = is_too_large(copy);
	buf_fmt(out, "%s", quote ? "\"" : "");
	buf_put(out, s, len);
	buf_fmt(out, "%s", quote ? "\"" : "");
	free(copy);
	return len;
}

/* ---- all of it ---- */

static void
repair(const char *s, size_t n, struct buf *out)
{
	size_t i = 0;

	while (i < n)
		if (s[i] == '"')
			i += put_string(s + i, n - i, out);
		else if (s[i] == '-' || (s[i] >= '0' && s[i] <= '9'))
			i += put_number(s + i, n - i, out);
		else
			buf_putc(out, s[i++]);
}

/*
 * 1 if it has few enough values, and none too deep: each but the first stands
 * behind one of "{[,:".
 */
static int
is_within_limits(const char *s, size_t n)
{
	size_t i, values = 1, depth = 0;
	int quoted = 0;

	for (i = 0; i < n && values <= LENIENT_VALUES_MAX &&
	    depth <= LENIENT_DEPTH_MAX; i++) {
		if (quoted && s[i] == '\\')
			i++;
		else if (s[i] == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		values += s[i] == '{' || s[i] == '[' || s[i] == ',' ||
		    s[i] == ':';
		if (s[i] == '{' || s[i] == '[')
			depth++;
		else if ((s[i] == '}' || s[i] == ']') && depth > 0)
			depth--;
	}
	return values <= LENIENT_VALUES_MAX && depth <= LENIENT_DEPTH_MAX;
}

json_t *
lenient_json(const char *s, size_t n)
{
	const size_t flags = JSON_ALLOW_NUL | JSON_DECODE_ANY;
	json_t *j;
	struct buf b;
	size_t room;
	char *storage;

	s = lenient_skip_mark(s, &n);
	if (!is_within_limits(s, n))
		return NULL;
	j = json_loadb(s, n, flags, NULL);
	if (j != NULL)
		return j;
	room = n * LENIENT_GROWTH + 1;
	if ((storage = wipe_must(malloc(room))) == NULL)
		return NULL;
	buf_init(&b, storage, room);
	repair(s, n, &b);
	if (!b.overflow)
		j = json_loadb(b.p, b.len, flags, NULL);
	explicit_bzero(storage, b.len);
	free(storage);
	return j;
}
