/*
 * base64: decoding (RFC 4648, section 4).  Encoding is buf_base64's.
 */
#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>

/* The value of a digit, 0 to 63; -1 if the character is none. */
int base64_digit(char);

/*
 * Decode a string strictly: whole groups of four, padding where it is due
 * and nothing behind it, no bits left over.  out has max + 1 octets of room,
 * and a NUL goes behind what is decoded.  Returns the number of octets, or
 * -1 if it is malformed or longer than max.
 */
long base64_decode(const char *, char *out, size_t max);

/* Where a decoder that is fed in pieces stands.  Begins as all zero. */
struct base64 {
	unsigned bits, digits;	/* of the group that has been begun */
	int padded;		/* no digit since padding */
};

/*
 * Decode the n octets at *p as far as they go: what is no digit is skipped (RFC
 * 2045, 6.8).  It stops behind an "=" that ends a group, with padded set; the
 * next call begins a new group.  *p is moved behind what has been read; out has
 * room for n octets and may be where they come from.  Returns the octets that
 * are there.
 */
size_t base64_feed(struct base64 *, const char **p, size_t n, char *out);

#endif
