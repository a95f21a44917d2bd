/*
 * gateway: a descriptor and a message make a request; an answer makes an
 * outcome.  A descriptor is a JSON file: smtp2sms-gateway(5).
 */
#ifndef GATEWAY_H
#define GATEWAY_H

#include "gateway/message.h"

#define GATEWAY_ANSWER_MAX (2 * 1024 * 1024) /* octets that are read */

struct descriptor;

/*
 * How many recipients one request takes.  A gateway that knows ids and answers
 * for each is given one at a time: it would know the id of all when it has
 * taken some.
 */
size_t gateway_max_recipients(const struct descriptor *);

/* The OPTIONS_CAN_... of an option's name in descriptors; 0: it is none. */
uint32_t gateway_can(const char *name);

/* What the descriptor has a place for, and within which bounds. */
void gateway_abilities(const struct descriptor *, struct abilities *);

/*
 * The variables of which one must be set for a message that says nothing but
 * its text and its recipients, as "from or service"; NULL: none is missing.
 */
const char *gateway_missing(const struct descriptor *, char *out, size_t room);

/*
 * The limit of the gateway's that a message is over, by its name in the
 * descriptor ("text", "ttl"): it must not be sent.  NULL: none.
 */
const char *gateway_limit(const struct descriptor *,
    const struct gateway_message *);

/*
 * Make a request: to send, to check credentials, to warm the connection,
 * to ask whether the gateway has an id.  show: make `shown` as well.
 * Returns 0; or -1 if the descriptor has no such request or a value it
 * needs is not set.
 */
int gateway_send(const struct descriptor *, const struct gateway_login *,
    const struct gateway_message *, int show, struct gateway_request *);
int gateway_check(const struct descriptor *, const struct gateway_login *,
    struct gateway_request *);
int gateway_warm(const struct descriptor *, struct gateway_request *);
int gateway_lookup(const struct descriptor *, const struct gateway_login *,
    const char *id, struct gateway_request *);

/* Overwrite and free what a request holds. */
void gateway_free(struct gateway_request *);

/* 1 if the gateway sends a message once, however often its id comes. */
int gateway_has_ids(const struct descriptor *);

/* 1 if it can be asked whether it has an id. */
int gateway_has_lookup(const struct descriptor *);

enum gateway_lookup {
	GATEWAY_NEVER,	/* no lookup, or not needed for this message */
	GATEWAY_FIRST	/* before every send that could be a retry */
};

enum gateway_lookup gateway_lookup_rule(const struct descriptor *,
    const struct gateway_message *);

/*
 * 1 if the gateway is to be asked for the id after an answer of this status
 * to a send, whose outcome is not that it was accepted.
 */
int gateway_lookup_after(const struct descriptor *, long status);

enum gateway_found { GATEWAY_FOUND, GATEWAY_MISSING, GATEWAY_UNCLEAR };

/*
 * What the answer to gateway_lookup's request means.  Found is what shows the
 * id itself: a server that says 200 to everything has nothing.
 */
enum gateway_found gateway_judge_lookup(const struct descriptor *,
    const char *id, long status, const char *body, size_t n, int whole);

/* 1 if the header Retry-After of an answer is worth a word in the log. */
int gateway_retry_after(const struct descriptor *);

/*
 * Judge the answer to gateway_send: its status and the n octets of its
 * body (whole: there was no more).  Fills m->nto results in the order of
 * m->to.
 */
void gateway_judge(const struct descriptor *, const struct gateway_message *m,
    long status, const char *body, size_t n, int whole,
    struct gateway_answer *, struct gateway_result *);

#endif
