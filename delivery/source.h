/*
 * source: failed passwords by where they come from, across sessions: an IPv4
 * address, or a /64 of IPv6.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include "common/config.h"

#define SOURCE_MAX    4096	/* that are remembered at a time */
#define SOURCE_WINDOW 600	/* seconds in which failures add up */

/*
 * A password from this peer was wrong.  Peers in trust are not counted, nor
 * are those that have no address.
 */
void source_failed(const struct config *, const char *peer);

/* 1 if max-auth-failures-per-source were wrong within SOURCE_WINDOW. */
int source_blocked(const struct config *, const char *peer);

#endif
