/*
 * utf8: the characters of UTF-8 (RFC 3629).  What is made of those that are
 * broken is for others to say.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX 4 /* octets of a character */

/*
 * The octets of the character that begins at p, where there are n > 0 octets
 * (in a string with a NUL at its end n may be UTF8_MAX): 1 to UTF8_MAX; 0 if
 * these are a part of one, and the rest may follow; -1 if they are not UTF-8.
 * *bad, unless bad is NULL, is then how many of them are one mistake (Unicode,
 * section 3.9: maximal subparts).
 */
int utf8_length(const char *p, size_t n, size_t *bad);

/* Write a code point that is no surrogate; the number of its octets. */
size_t utf8_write(char s[UTF8_MAX], uint32_t);

#endif
