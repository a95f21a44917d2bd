/*
 * gateway: a descriptor and a message make a request; an answer makes an
 * outcome.  A descriptor is a JSON file: smtp2sms-gateway(5).
 */
#ifndef GATEWAY_H
#define GATEWAY_H

#include <stddef.h>
#include <time.h>

#include "common/ipc.h"
#include "common/options.h"
#include "gateway/template.h"

#define GATEWAY_ANSWER_MAX  (2 * 1024 * 1024) /* octets that are read */
#define GATEWAY_ERROR_MAX   200		/* octets of a gateway's error text */
#define GATEWAY_URL_MAX	    (64 * 1024)	/* octets, filled in */
#define GATEWAY_HEADERS_MAX 16		/* of a request, but for curl's own */

struct descriptor;

/* Whose credentials a request carries; NULL: the configuration's own. */
struct gateway_login {
	enum ipc_kind kind;
	const char *user, *secret;
};

struct gateway_message {
	const char *id, *text;	/* text: "" with a data SMS */
	char *const *to;
	size_t nto;		/* at most gateway_max_recipients */
	const struct options *options;	/* NULL: none */
	time_t now;
	/* for gateway_judge: whose secret no error may hold; may be NULL */
	const struct gateway_login *login;
};

struct gateway_header {
	char *name, *value;
};

struct gateway_request {
	const char *method;	/* GET, POST, PUT */
	char *url;
	char *body;		/* NULL: none; it may hold NULs */
	size_t nbody;		/* octets */
	/* Content-Type and Authorization among them; values are secrets */
	struct gateway_header header[GATEWAY_HEADERS_MAX];
	size_t nheader;
	/*
	 * CURLOPT_AWS_SIGV4, and what it signs with; NULL: none.  A header
	 * that is only taken out ("Expect:") must not be in curl's list
	 * then: curl 7.88 signs it.
	 */
	char *sigv4, *sigv4_user, *sigv4_secret;
	/* one line of JSON for people, secrets masked; only if asked for */
	char *shown;
	/* where it could not be made: what was missing, for people */
	char why[64 + TEMPLATE_NAME_MAX];
};

/*
 * How many recipients one request takes.  A gateway that knows ids and answers
 * for each is given one at a time: it would know the id of all when it has
 * taken some.
 */
size_t gateway_max_recipients(const struct descriptor *);

/* The CAN_... of an option's name in descriptors; 0: it is none. */
uint32_t gateway_can(const char *name);

/* What the descriptor has a place for, and within which bounds. */
void gateway_abilities(const struct descriptor *, struct abilities *);

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

/* What became of one recipient of a request. */
struct gateway_result {
	enum ipc_outcome outcome;
	char id[IPC_ID_MAX + 1];	/* "": the answer has none */
};

struct gateway_answer {
	enum ipc_outcome outcome;		/* the worst of all: for the log */
	char id[IPC_ID_MAX + 1];	/* of the whole; "": it has none */
	char error[GATEWAY_ERROR_MAX + 1]; /* for the log; no secret in it */
	long retry_after;		/* seconds, from the body; 0: none */
};

/*
 * Judge the answer to gateway_send: its status and the n octets of its
 * body (whole: there was no more).  Fills m->nto results in the order of
 * m->to.
 */
void gateway_judge(const struct descriptor *, const struct gateway_message *m,
    long status, const char *body, size_t n, int whole,
    struct gateway_answer *, struct gateway_result *);

#endif
