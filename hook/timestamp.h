/*
 * timestamp: points in time as gateways write them.
 */
#ifndef TIMESTAMP_H
#define TIMESTAMP_H

#include <time.h>

/*
 * Read seconds or milliseconds since 1970, or RFC 3339 with its offset.
 * Returns 0, or -1 if it is neither, or before 1970, or after 2105.
 */
int timestamp_read(const char *, time_t *);

#endif
