/*
 * ask: what the session asks the delivery side; blocking stubs that read
 * like local calls.  Their other halves are the answer_x() of deliver.c.
 */
#ifndef ASK_H
#define ASK_H

#include <stddef.h>
#include <stdint.h>

#include "auth.h"
#include "common/ipc.h"
#include "common/number.h"
#include "common/options.h"
#include "common/tally.h"

#define ASK_GRACE 2000 /* milliseconds beyond the gateway's own deadline */

/* The link's descriptor; -1 if there is none. */
void ask_init(int fd);

/* 1 once the link has failed: nothing can be delivered in this session. */
int ask_broken(void);

/* Tell an agent whose session this is; before all else, no answer. */
void ask_hello(const char *session, const char *peer, int trusted);

/* Tell the delivery side to connect to the gateway; no answer. */
void ask_warm(void);

/* Tell it that what it knows of the client is void; no answer. */
void ask_forget(void);

/* Hand over credentials that only the gateway can judge.  0, or -1. */
int ask_login(const struct auth *);

/*
 * Have credentials judged; at most ms milliseconds.  Fills in the rights of
 * the login if they are right.
 */
enum ipc_verdict ask_auth(const struct auth *, struct rights *, int ms);

/* What can the gateway do?  0; -1 if the link is broken. */
int ask_can(struct abilities *);

struct ask_message {
	const char *text;	/* UTF-8; "" with a data SMS */
	const char *message_id;	/* NULL: none */
	const char *date;	/* NULL: none */
	const char *sender;	/* of the envelope; "@": the null sender */
	char (*to)[NUMBER_SIZE]; /* numbers; only read */
	size_t nto;
	const struct options *options;
};

struct ask_result {
	enum ipc_outcome outcome;
	unsigned gateway;	/* whose, in the order of config_gateway */
	uint32_t status;	/* the gateway's; 0: none */
	uint32_t ms;		/* what the gateway took */
	uint32_t retry_after;	/* seconds that it asks to wait; 0: none */
	int unjournalled;	/* a retry may be sent twice */
	char id[IPC_ID_MAX + 1]; /* of the accepted message */
};

/* The session's last word: what it has counted; no answer. */
void ask_tally(const struct tally *);

/*
 * Deliver, and wait for what became of each recipient: at most ms
 * milliseconds for the gateway, and a little for the way.  Fills
 * message->nto results; on a broken link they are IPC_OUTCOME_INTERNAL, or
 * IPC_OUTCOME_TIMEOUT where no answer came in time.
 */
void ask_send(const struct ask_message *, struct ask_result *, int ms);

#endif
