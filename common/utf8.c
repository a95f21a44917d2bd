/*
 * utf8: the characters of UTF-8 (RFC 3629).  Pure.
 */
#include "common/utf8.h"

int
utf8_length(const char *p, size_t n, size_t *bad)
{
	const unsigned char *s = (const unsigned char *)p;
	unsigned char low = 0x80, high = 0xbf;
	size_t i, len;

	if (bad != NULL)
		*bad = 1;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return -1;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	/* no overlong form, no surrogate, nothing beyond U+10FFFF */
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (i = 1; i < len && i < n; i++) {
		if (s[i] < low || s[i] > high) {
			if (bad != NULL)
				*bad = i;
			return -1;
		}
		low = 0x80;
		high = 0xbf;
	}
	return i == len ? (int)len : 0;
}

size_t
utf8_write(char s[UTF8_MAX], uint32_t c)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

	for (i = n - 1; i > 0; i--, c >>= 6)
		s[i] = (char)(0x80 | (c & 0x3f));
	s[0] = (char)(n == 1 ? c : (0xf00U >> n & 0xff) | c);
	return n;
}
