/*
 * answer: what the session asks, and what it is told: the other halves of
 * session/ask.c.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "common/config.h"
#include "delivery/client.h"
#include "gateway/descriptor.h"

void answer_init(const struct config *, const struct descriptor *);

/* Answer a request, now or from http_turn; or reject the client. */
void answer_frame(struct client *, struct ipc_frame *);

/* Its AUTH has waited for long enough. */
void answer_delayed(struct client *);

/* Its check of a password is over, or its time is up. */
void answer_checked(struct client *);

/*
 * It has asked all it wants for now.  If it will send a message: connect to
 * the gateway ahead of it.
 */
void answer_idle(struct client *);

#endif
