/*
 * gateway: a descriptor and a message make a request; an answer makes an
 * outcome.  A descriptor is a JSON file: smtp2sms-gateway(5).
 */
#ifndef GATEWAY_H
#define GATEWAY_H

#include <stddef.h>

#include "ipc.h"

#define GATEWAY_ANSWER_MAX (64 * 1024)	/* octets of an answer that are read */
#define GATEWAY_ERROR_MAX  200		/* octets of a gateway's error text */

struct descriptor;

/* Whose credentials a request carries; NULL: the configuration's own. */
struct gateway_login {
	enum ipc_kind kind;
	const char *user, *secret;
};

struct gateway_message {
	const char *id, *text;
	char *const *to;
	size_t nto;		/* at most gateway_max_recipients */
};

struct gateway_request {
	const char *method;
	char *url;
	char *body;		/* NULL: none */
	char *authorization;	/* the header's value, or NULL: a secret */
};

/* How many recipients one request takes. */
size_t gateway_max_recipients(const struct descriptor *);

/* The most octets of text that the gateway takes; 0: not known. */
size_t gateway_max_text(const struct descriptor *);

/*
 * Make a request: to send, to check credentials, to warm the connection.
 * Returns 0; or -1 if the descriptor has no such request or a value it
 * needs is not set.
 */
int gateway_send(const struct descriptor *, const struct gateway_login *,
    const struct gateway_message *, struct gateway_request *);
int gateway_check(const struct descriptor *, const struct gateway_login *,
    struct gateway_request *);
int gateway_warm(const struct descriptor *, struct gateway_request *);
void gateway_free(struct gateway_request *);

/* The request as one line of JSON for people, secrets masked; malloced. */
char *gateway_describe(const struct gateway_request *);

struct gateway_answer {
	enum outcome outcome;
	char id[IPC_ID_MAX + 1];	/* "": the answer has none */
	char error[GATEWAY_ERROR_MAX + 1]; /* for the log */
};

/*
 * Judge the answer to gateway_send: its status and the n octets of its
 * body (whole: there was no more).
 */
void gateway_judge(const struct descriptor *, long status, const char *body,
    size_t n, int whole, struct gateway_answer *);

#endif
