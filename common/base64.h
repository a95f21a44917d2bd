/*
 * base64: decodes base64 (RFC 4648, 4); buf_base64() encodes.
 */
#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>

/* The value of a base64 digit, 0 to 63; -1 for any other character. */
int base64_digit(char);

/*
 * Decode a string strictly: whole groups of four, padding where it is due and
 * nothing after it, no bits left over.  out has room for max + 1 octets; the
 * result gets a NUL at its end.  Returns the number of octets, or -1 if the
 * string is malformed or the result is longer than max.
 */
long base64_decode(const char *, char *out, size_t max);

/* The state of a decoder that is fed in pieces; all zero at its start. */
struct base64 {
	unsigned bits, digits;	/* of an incomplete group */
	int padded;		/* padding was the last thing that was read */
};

/*
 * Decode the n octets at *p as far as possible; skip characters that are no
 * digits (RFC 2045, 6.8).  Stop after an "=" that ends a group, and set padded;
 * the next call begins a new group.  *p moves behind the octets that were read.
 * out has room for n octets and may overlap the input.  Returns the octets
 * decoded.
 */
size_t base64_feed(struct base64 *, const char **p, size_t n, char *out);

#endif
