/*
 * notify: which recipients of a message want to be told of their SMS's fate
 * (RFC 3461), on both sides of the link.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stddef.h>

#include "common/config.h"
#include "common/ipc.h"
#include "common/number.h"

#define NOTIFY_ENVID_MAX 100	/* octets of xtext; RFC 3461, 4.4 */
#define NOTIFY_ORCPT_MAX 500	/* octets; RFC 3461, 4.2 */
#define NOTIFY_POOL	 16384	/* octets of all ORCPTs of a message */

/* The bits of a NOTIFY; the same as PARAMETER_... in session/parameter.h. */
enum {
	NOTIFY_SUCCESS = 2,
	NOTIFY_FAILURE = 4,
	NOTIFY_DELAY = 8
};

struct notify_recipient {
	char number[NUMBER_SIZE];
	unsigned bits;		/* at least one */
	size_t orcpt;		/* where it is in the pool */
};

struct notify {
	char envid[NOTIFY_ENVID_MAX + 1]; /* xtext; "": none */
	/* what notify_reset writes is together, in one page of memory */
	size_t n;
	size_t used;		/* of the pool, whose first octet is a NUL */
	char pool[NOTIFY_POOL];
	struct notify_recipient v[CONFIG_RCPTS_MAX];
};

void notify_reset(struct notify *);

/*
 * Add a recipient, unless there is one with that number.  An ORCPT ("" is
 * none) for which the pool has no room is left out.
 */
void notify_add(struct notify *, const char *number, unsigned bits,
    const char *orcpt);

/* The recipient with that number, or NULL. */
const struct notify_recipient *notify_find(const struct notify *,
    const char *number);

void notify_put(struct buf *, const struct notify *);

/* A value that a sound session would not have written makes the frame bad. */
void notify_get(struct ipc_frame *, struct notify *);

#endif
