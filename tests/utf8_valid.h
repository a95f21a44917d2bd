/*
 * utf8_valid: the judge of what the fuzz targets put out.
 */
#ifndef UTF8_VALID_H
#define UTF8_VALID_H

#include <stddef.h>

/* UTF-8 after the table of RFC 3629, section 4; apart from the code it judges. */
static int
utf8_valid(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned low, high, more;

	while (n-- > 0) {
		low = 0x80;
		high = 0xbf;
		if (*p < 0x80)
			more = 0;
		else if (*p >= 0xc2 && *p <= 0xdf)
			more = 1;
		else if (*p >= 0xe0 && *p <= 0xef)
			more = 2;
		else if (*p >= 0xf0 && *p <= 0xf4)
			more = 3;
		else
			return 0;
		if (*p == 0xe0)
			low = 0xa0;
		else if (*p == 0xed)
			high = 0x9f;
		else if (*p == 0xf0)
			low = 0x90;
		else if (*p == 0xf4)
			high = 0x8f;
		for (p++; more > 0; more--, p++, n--) {
			if (n == 0 || *p < low || *p > high)
				return 0;
			low = 0x80;
			high = 0xbf;
		}
	}
	return 1;
}

#endif
