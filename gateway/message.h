/*
 * message: what goes through the engine: a message and whose it is, the
 * request that is made of it, and what the answer means for each recipient.
 * gateway.h has the functions.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stddef.h>
#include <time.h>

#include "common/ipc.h"
#include "common/options.h"

#define GATEWAY_ERROR_MAX   200		/* octets of a gateway's error text */
#define GATEWAY_HEADERS_MAX 16		/* of a request, without curl's own */
#define GATEWAY_AMOUNT_MAX  31		/* octets of a balance */
#define GATEWAY_UNIT_MAX    15		/* octets of its unit */
#define GATEWAY_WHY_MAX	    127		/* octets: why there is no request */

/* Whose credentials a request carries; NULL: the configuration's own. */
struct gateway_login {
	enum ipc_kind kind;
	const char *user, *secret;
};

/* Texts to encrypt, or encrypted; gateway_texts_free frees them. */
struct gateway_texts {
	char **v;
	size_t n;
};

struct gateway_message {
	const char *id, *text;	/* text: "" with a data SMS */
	char *const *to;
	size_t nto;		/* at most gateway_max_recipients */
	const struct options *options;	/* NULL: none */
	time_t now;
	/* what gateway_plain gave, encrypted; NULL: nothing is */
	const struct gateway_texts *sealed;
	/* for gateway_judge: no error shows this secret; may be NULL */
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
	 * For CURLOPT_AWS_SIGV4, and what it signs with; NULL: no signature.
	 * curl 7.88 would also sign an "Expect:" that the caller adds only
	 * to suppress that header, so it must not be in curl's list then.
	 */
	char *sigv4, *sigv4_user, *sigv4_secret;
	/* one line of JSON for people, secrets masked; only if asked for */
	char *shown;
	/* why it could not be made, for people */
	char why[GATEWAY_WHY_MAX + 1];
};

/* What became of one recipient of a request. */
struct gateway_result {
	enum ipc_outcome outcome;
	int next;	/* permanent for this gateway; another may accept it */
	char id[IPC_ID_MAX + 1];	/* "": the answer has none */
};

/* An account's credit. */
struct gateway_balance {
	char amount[GATEWAY_AMOUNT_MAX + 1];	/* a number */
	char unit[GATEWAY_UNIT_MAX + 1];	/* letters; "": not said */
};

struct gateway_answer {
	enum ipc_outcome outcome;		/* the worst of all: for the log */
	char id[IPC_ID_MAX + 1];	/* of the whole; "": it has none */
	char error[GATEWAY_ERROR_MAX + 1]; /* for the log; no secret in it */
	long retry_after;		/* seconds, from the body; 0: none */
	/*
	 * 1 if a request for several recipients was refused as a whole, and
	 * nothing of it was accepted: perhaps for one of them alone
	 */
	int apart;
};

#endif
