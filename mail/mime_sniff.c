/*
 * mime_sniff: looks at the first octets of a body, or at one of its lines.
 * Nothing is kept and nothing is decided here: mime_body.c and mime_decode.c
 * do what follows from it.
 */
#include <string.h>

#include "common/base64.h"
#include "common/utf8.h"
#include "mail/mime_sniff.h"

#define SNIFF_PIECE 192	/* octets that are decoded in one go */

static int
mime_sniff_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Octets that no text has: controls, and what is not UTF-8. */
static size_t
mime_sniff_garbage(const char *p, size_t n)
{
	const char *end = p + n;
	size_t bad = 0;
	int len;

	while (p < end) {
		len = utf8_length(p, (size_t)(end - p), NULL);
		if (len == 0)	/* a character that is cut */
			break;
		if (len < 0 || ((unsigned char)*p < ' ' && *p != 0x1b &&
				   !mime_sniff_is_space(*p)) || *p == 0x7f)
			bad++;
		p += len > 0 ? len : 1;
	}
	return bad;
}

int
mime_sniff_is_clear_base64(const char *p, size_t n)
{
	const char *end = p + n;
	struct base64 b = {0, 0, 0};
	char out[SNIFF_PIECE];
	size_t foreign = 0, decoded = 0, bad = 0, i, k;

	for (i = 0; i < n; i++)
		foreign += base64_digit(p[i]) == -1 && p[i] != '=' &&
		    p[i] != '\r' && p[i] != '\n';
	if (foreign * 16 < n)
		return 0;
	while (p < end) {
		k = (size_t)(end - p) < sizeof(out) ? (size_t)(end - p) :
						      sizeof(out);
		k = base64_feed(&b, &p, k, out);
		decoded += k;
		bad += mime_sniff_garbage(out, k);
	}
	return decoded == 0 || bad * 8 >= decoded;
}
