/*
 * lenient: reading the JSON of an answer, also where it is not quite JSON.
 */
#ifndef LENIENT_H
#define LENIENT_H

#include <stddef.h>

#include <jansson.h>

/*
 * A value costs jansson up to 300 octets, however short it is.  The longest
 * answer that is known has 5,000: ClickSend's to 100 recipients.
 */
#define LENIENT_VALUES_MAX 65536
#define LENIENT_DEPTH_MAX  64	/* objects and arrays in each other */

/* Octets that a repaired octet becomes at most: \u00XX */
#define LENIENT_GROWTH 6

/*
 * The n octets as JSON: a new reference, or NULL.  What jansson reads is
 * returned as it is.  Where it refuses, these are repaired, and nothing else:
 * a byte order mark; half a surrogate pair, or a NUL, in a string (U+FFFD
 * takes its place); octets that are not UTF-8 (they are read as ISO 8859-1);
 * control characters in a string; numbers too large for jansson (they become
 * strings with the same digits).  NULL for more values, or deeper ones, than
 * the limits above.
 */
json_t *lenient_json(const char *, size_t n);

/* The octets without a byte order mark (RFC 8259, 8.1); *n is updated. */
const char *lenient_skip_mark(const char *, size_t *n);

#endif
