/*
 * gateway: the face of the engine.  A descriptor and a message make a
 * request; an answer makes an outcome.  smtp2sms-gateway(5) has the format of
 * descriptors.
 */
#ifndef GATEWAY_H
#define GATEWAY_H

#include "gateway/message.h"

#define GATEWAY_ANSWER_MAX (2 * 1024 * 1024) /* octets that are read */

struct descriptor;

/*
 * How many recipients one request can have.  It is one if the gateway both
 * recognizes ids and answers for each recipient: after it has accepted some
 * of a request, it would take a retry for the others for a duplicate.
 */
size_t gateway_max_recipients(const struct descriptor *);

/* 1 if what it sends for a message is encrypted first. */
int gateway_encrypts(const struct descriptor *);

/* Which options the descriptor can send, and their bounds. */
void gateway_abilities(const struct descriptor *, struct abilities *);

/*
 * The variables of which one must be set for a message that has only a text
 * and recipients, as "from or service"; NULL: none is missing.
 */
const char *gateway_missing(const struct descriptor *, char *out, size_t room);

/*
 * The limit of the descriptor that a message exceeds, by its name there
 * ("text", "ttl"): it must not be sent.  NULL: none.
 */
const char *gateway_limit(const struct descriptor *,
    const struct gateway_message *);

/*
 * Make a request: to send, to check credentials, to open a connection ahead,
 * to ask whether the gateway has an id.  show: make `shown` as well.
 * Returns 0; or -1 if the descriptor has no such request, or if r->why says
 * why it cannot be made.
 */
int gateway_send(const struct descriptor *, const struct gateway_login *,
    const struct gateway_message *, int show, struct gateway_request *);
int gateway_check(const struct descriptor *, const struct gateway_login *,
    struct gateway_request *);
int gateway_warm(const struct descriptor *, struct gateway_request *);
int gateway_lookup(const struct descriptor *, const struct gateway_login *,
    const char *id, struct gateway_request *);

/*
 * What the answer to gateway_check's request says of the account's credit.
 * Returns 0; or -1 if it says nothing.
 */
int gateway_balance(const struct descriptor *, const char *body, size_t n,
    struct gateway_balance *);

/* The passphrase of a gateway that encrypts; to be freed by wipe_free. */
char *gateway_passphrase(const struct descriptor *);

/*
 * What of a message has to be encrypted: the message is then sent with as
 * many texts in `sealed`, in the same order.  NULL, and r->why, if no request
 * can be made of it.
 */
struct gateway_texts *gateway_plain(const struct descriptor *,
    const struct gateway_login *, const struct gateway_message *,
    struct gateway_request *r);

void gateway_texts_free(struct gateway_texts *);

/* Overwrite and free what a request holds. */
void gateway_free(struct gateway_request *);

/* 1 if the gateway sends a message once, however often it gets its id. */
int gateway_has_ids(const struct descriptor *);

/* 1 if the gateway can be asked whether it has an id. */
int gateway_has_lookup(const struct descriptor *);

enum gateway_lookup {
	GATEWAY_NEVER,	/* no lookup, or not needed for this message */
	GATEWAY_FIRST	/* before every send that could be a retry */
};

enum gateway_lookup gateway_lookup_rule(const struct descriptor *,
    const struct gateway_message *);

/*
 * 1 if the gateway must be asked for the id after it has answered a send
 * with this status, and the outcome is not "accepted".
 */
int gateway_lookup_after(const struct descriptor *, long status);

enum gateway_found { GATEWAY_FOUND, GATEWAY_MISSING, GATEWAY_UNCLEAR };

/*
 * What the answer to gateway_lookup's request means.  It must show the id:
 * some servers say 200 to everything.
 */
enum gateway_found gateway_judge_lookup(const struct descriptor *,
    const char *id, long status, const char *body, size_t n, int whole);

/* 1 if the log shall show the header Retry-After of an answer. */
int gateway_retry_after(const struct descriptor *);

/*
 * Judge the answer to gateway_send: its status and the n octets of its body
 * (whole: the body had no more).  Fills m->nto results, in the order of
 * m->to.
 */
void gateway_judge(const struct descriptor *, const struct gateway_message *m,
    long status, const char *body, size_t n, int whole,
    struct gateway_answer *, struct gateway_result *);

#endif
