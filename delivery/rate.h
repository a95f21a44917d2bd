/*
 * rate: the flood guard: how many texts may be sent to a recipient, for a
 * login, and in all.  Its counters are in the journal.
 */
#ifndef RATE_H
#define RATE_H

#include "delivery/job.h"

/* A message whose priority is this, on a gateway's scale or SMTP's, passes. */
#define RATE_PRIORITY	    100
#define RATE_PRIORITY_LEVEL 6	/* MT-PRIORITY (RFC 6710) */

#define RATE_HELD_ID "held-back"	/* the journal's, in place of an id */

void rate_init(const struct config *);

/* 1 if the job's recipients are counted. */
int rate_is_on(const struct job *);

/*
 * Count those that are to be sent to, and leave out those that are too many:
 * LIMITED, or HELD.  Then call `then`, from here or from journal_turn.
 */
void rate_admit(struct job *, void (*then)(struct job *));

/* Its outcomes are known: what was surely not sent has not counted. */
void rate_settle(struct job *, void (*then)(struct job *));

#endif
