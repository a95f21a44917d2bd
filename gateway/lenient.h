/*
 * lenient: reading the JSON of an answer, also where it is not quite JSON.
 */
#ifndef LENIENT_H
#define LENIENT_H

#include <stddef.h>

#include <jansson.h>

/* Octets that a repaired octet becomes at most: \u00XX */
#define LENIENT_GROWTH 6

/*
 * The n octets as JSON: a new reference, or NULL.  What jansson reads is
 * returned as it is.  Where it refuses, these are repaired, and nothing else:
 * a byte order mark; half a surrogate pair, or a NUL, in a string (U+FFFD
 * takes its place); octets that are not UTF-8 (they are read as ISO 8859-1);
 * control characters in a string; numbers too large for jansson (they become
 * strings with the same digits).
 */
json_t *lenient_json(const char *, size_t n);

/* The octets without a byte order mark (RFC 8259, 8.1); *n is updated. */
const char *lenient_skip_mark(const char *, size_t *n);

#endif
