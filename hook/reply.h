/*
 * reply: an SMS that has come in becomes a mail, once.
 */
#ifndef HOOK_REPLY_H
#define HOOK_REPLY_H

#include "common/config.h"
#include "delivery/note.h"
#include "gateway/hook.h"

#define REPLY_REPEAT_LIFE  (7 * 86400)	/* seconds that a webhook is known */
#define REPLY_BUSY_LIFE	   120	/* seconds that one may be under way */
#define REPLY_LIMIT	   30	/* mails of one number ... */
#define REPLY_LIMIT_LIFE   3600	/* ... in so many seconds */

enum reply_outcome {
	REPLY_MAILED,
	REPLY_REPEATED,		/* it has been mailed before */
	REPLY_MALFORMED,	/* it has no sender */
	REPLY_LATER		/* not now; the log says why */
};

/* What it is done with. */
struct reply_tools {
	const struct config *config;
	const struct notes *notes;
	const char *gateway;
	int mailer;
};

enum reply_outcome reply_take(const struct reply_tools *,
    const struct hook_reply *, json_t *item);

#endif
