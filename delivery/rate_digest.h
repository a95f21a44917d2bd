/*
 * rate_digest: texts that were held back, and that no message has told of, are
 * told of by a text of our own when their time has come.
 */
#ifndef RATE_DIGEST_H
#define RATE_DIGEST_H

#include "common/config.h"

/* Look at once for what is due, and then when something will be. */
void rate_digest_init(const struct config *);

/* Something will be due then. */
void rate_digest_expect(long long when);

/*
 * For the event loop: begin to send what is due; lower *ms to when that will
 * be the case.
 */
void rate_digest_turn(int *ms);

/* Begin no other one: what is under way ends, and others send the rest. */
void rate_digest_stop(void);

/* 1 while digests are being sent. */
int rate_digest_busy(void);

#endif
