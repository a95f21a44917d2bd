/*
 * utf8: the characters of UTF-8 (RFC 3629).  The callers decide what to do with
 * broken ones.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX 4 /* octets of a character */

/*
 * The length of the character at p, of which n > 0 octets can be read (in a
 * string with a NUL at its end, n may be UTF8_MAX): 1 to UTF8_MAX octets; 0 if
 * they are an incomplete character; -1 if they are not UTF-8.  Then *bad,
 * unless bad is NULL, is how many octets count as one error (Unicode, 3.9:
 * maximal subparts).
 */
int utf8_length(const char *p, size_t n, size_t *bad);

/* Write a code point, which is no surrogate; returns the number of octets. */
size_t utf8_write(char s[UTF8_MAX], uint32_t);

#endif
