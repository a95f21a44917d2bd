/*
 * What CBMC has no model of, or one that is slow: plain loops.
 */
#include <stddef.h>
#include <string.h>

#define explicit_bzero(p, n) memset(p, 0, n)
#define memchr prove_memchr

static void *
prove_memchr(const void *p, int c, size_t n)
{
	const unsigned char *s = p;
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i] == (unsigned char)c)
			return (void *)(s + i);
	return NULL;
}
