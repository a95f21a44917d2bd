/*
 * ask: what a session asks the delivery side: blocking stubs that read like
 * local calls.  Their counterparts are in delivery/answer.c: answer_x() for
 * ask_x().
 */
#ifndef ASK_H
#define ASK_H

#include <stddef.h>
#include <stdint.h>

#include "auth.h"
#include "common/ipc.h"
#include "common/notify.h"
#include "common/number.h"
#include "common/options.h"
#include "common/tally.h"

#define ASK_GRACE 2000 /* milliseconds beyond the gateway's own deadline */

/* Set the link's descriptor; -1 if there is no link. */
void ask_init(int fd);

/* 1 once the link has failed: nothing can be delivered in this session. */
int ask_broken(void);

/* Tell an agent whose session this is, before any other request; no answer. */
void ask_hello(const char *session, const char *peer, int trusted);

/* Tell the delivery side to connect to the gateway; no answer. */
void ask_warm(void);

/* Tell it to forget the client's identity (after STARTTLS); no answer. */
void ask_forget(void);

/* Hand over credentials that only the gateway can judge.  0, or -1. */
int ask_login(const struct auth *);

/*
 * Have credentials judged, within ms milliseconds.  If they are right, set the
 * rights of the login.
 */
enum ipc_verdict ask_auth(const struct auth *, struct rights *, int ms);

/* Ask for the gateway's abilities.  0, or -1 if the link is broken. */
int ask_can(struct abilities *);

struct ask_message {
	const char *text;	/* UTF-8; "" with a data SMS */
	const char *message_id;	/* NULL: none */
	const char *date;	/* NULL: none */
	const char *sender;	/* of the envelope; "@": the null sender */
	char (*to)[NUMBER_SIZE]; /* numbers; not changed */
	size_t nto;
	const struct options *options;
};

struct ask_result {
	enum ipc_outcome outcome;
	unsigned gateway;	/* which one, as in config_gateway */
	uint32_t status;	/* the gateway's HTTP status; 0: none */
	uint32_t ms;		/* how long the gateway took */
	uint32_t retry_after;	/* seconds that it asks to wait; 0: none */
	uint32_t held;		/* of HELD: how many are by now; 0: the journal
				   knew */
	int unjournalled;	/* not in the journal: a retry may send twice */
	char id[IPC_ID_MAX + 1]; /* of the accepted message */
};

/* Say who wants to be told of the fate of the message that comes next. */
void ask_notify(const struct notify *);

/* Report what the session has counted, as its last request; no answer. */
void ask_tally(const struct tally *);

/*
 * Deliver a message, and wait for the outcome of each recipient: ms
 * milliseconds for the gateways, plus ASK_GRACE.  Sets message->nto results.
 * If the link is broken, they are IPC_OUTCOME_INTERNAL, or IPC_OUTCOME_TIMEOUT
 * if no answer came in time.
 */
void ask_send(const struct ask_message *, struct ask_result *, int ms);

#endif
