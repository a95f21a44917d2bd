/*
 * reply: an SMS that has come in becomes a mail, once.
 */
#ifndef HOOK_REPLY_H
#define HOOK_REPLY_H

#include "common/config.h"
#include "common/number.h"
#include "gateway/hook.h"
#include "hook/once.h"

#define REPLY_LIMIT	 30	/* mails of one number ... */
#define REPLY_LIMIT_LIFE 3600	/* ... in so many seconds */

enum reply_outcome {
	REPLY_TAKEN,
	REPLY_MALFORMED,	/* it has no sender */
	REPLY_LATER		/* not now; the log says why */
};

enum reply_outcome reply_take(const struct tools *, const struct hook_reply *,
    json_t *item);

/*
 * A number in its one form; "" if it is none.  digits: the gateway writes
 * E.164 without a '+'.
 */
void reply_number(const struct config *, const char *, int digits,
    char out[NUMBER_SIZE]);

/* The first of our domains that is one, else our name. */
const char *reply_domain(const struct config *);

#endif
