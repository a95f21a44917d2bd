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

#ifdef PROVE_STRINGS
#define strchr prove_strchr
#define strspn prove_strspn
#define strcspn prove_strcspn

static char *
prove_strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (*s == '\0')
			return NULL;
	return (char *)s;
}

static size_t
prove_strspn(const char *s, const char *set)
{
	size_t n;

	for (n = 0; s[n] != '\0' && prove_strchr(set, s[n]) != NULL; n++)
		continue;
	return n;
}

static size_t
prove_strcspn(const char *s, const char *set)
{
	size_t n;

	for (n = 0; s[n] != '\0' && prove_strchr(set, s[n]) == NULL; n++)
		continue;
	return n;
}
#endif
