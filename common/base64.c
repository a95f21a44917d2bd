/*
 * base64: a decoder that refuses malformed input, for passwords, and one that
 * decodes as far as possible, for mails.  Pure.
 */
#include <string.h>

#include "common/base64.h"

int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

long
base64_decode(const char *s, char *out, size_t max)
{
	size_t i, k, n = strlen(s), len = 0;
	unsigned long v;
	int d;

	if (n % 4 != 0)
		return -1;
	for (i = 0; i < n; i += 4) {
		size_t octets = 3;

		if (i + 4 == n && s[i + 3] == '=')
			octets = s[i + 2] == '=' ? 1 : 2;
		for (v = 0, k = 0; k < 4; k++) {
			d = k > octets ? 0 : base64_digit(s[i + k]);
			if (d == -1)
				return -1;
			v = v << 6 | (unsigned long)d;
		}
		if (len + octets > max || (v & (0xffffffUL >> 8 * octets)))
			return -1;
		for (k = 0; k < octets; k++)
			out[len++] = (char)(v >> (16 - 8 * k) & 0xff);
	}
	out[len] = '\0';
	return (long)len;
}

size_t
base64_feed(struct base64 *b, const char **pp, size_t n, char *out)
{
	const char *p = *pp, *end = p + n;
	size_t k = 0;
	int digit;

	for (; p < end; p++) {
		if ((digit = base64_digit(*p)) == -1) {
			if (*p != '=' || b->digits < 2)
				continue;
			b->digits = 0;
			b->padded = 1;
			p++;
			break;
		}
		b->padded = 0;
		b->bits = (b->bits << 6 | (unsigned)digit) & 0xffffff;
		b->digits = (b->digits + 1) % 4;
		if (b->digits == 2)
			out[k++] = (char)(b->bits >> 4 & 0xff);
		else if (b->digits == 3)
			out[k++] = (char)(b->bits >> 2 & 0xff);
		else if (b->digits == 0)
			out[k++] = (char)(b->bits & 0xff);
	}
	*pp = p;
	return k;
}
