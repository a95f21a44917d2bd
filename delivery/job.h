/*
 * job: one message that a session wants delivered, and what became of each
 * of its recipients.  Data alone: job_send delivers it, job_id names it,
 * job_journal remembers it.
 */
#ifndef JOB_H
#define JOB_H

#include <stddef.h>

#include "common/config.h"
#include "common/ipc.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/number.h"
#include "common/options.h"
#include "delivery/journal.h"
#include "gateway/descriptor.h"
#include "gateway/gateway.h"
#include "sms/text.h"

#define JOB_TEXT_MAX TEXT_ROOM(IPC_TEXT_MAX + IPC_FIELD_MAX) /* octets */
#define JOB_UUID     37		/* octets of a UUID as text, with its NUL */

struct job_result {
	enum ipc_outcome outcome;
	long status;		/* the gateway's; 0: none */
	long ms;		/* what the gateway took */
	long retry_after;	/* seconds that it asks to wait; 0: none */
	int sent;		/* the gateway may have had it */
	int next;		/* a rule says that another gateway may take it */
	int tried;		/* a gateway has been asked */
	long held;		/* of HELD: texts that are held back by now */
	unsigned gateway;	/* whose outcome it is, in the order of trying */
	char id[IPC_ID_MAX + 1];
};

/* What a retry has in common with the first try, besides what it says. */
enum job_identity {
	JOB_UNIQUE,		/* nothing: the message is like no other */
	JOB_BY_ID,		/* its Message-ID */
	JOB_BY_DATE,		/* its Date */
	JOB_BY_ID_AND_DATE,	/* a Message-ID that others may have, too */
	JOB_BY_TEXT		/* a window of time: `dedupe text` */
};

struct job;
typedef void (*job_done)(void *, struct job *);

struct job {
	/* whose it is; borrowed until done is called */
	const char *session, *peer, *user;
	struct log_limit *log_limit;
	int logged_in;
	int verified;	/* somebody has checked that it is this user */
	int judged;	/* somebody has judged its credentials, if any */
	const struct gateway_login *login;	/* NULL: our own */
	unsigned home;	/* the gateway whom login is for, and whose abilities
			   the session knows; its position */
	const struct config_road *own;	/* the login's; NULL: as configured */
	int dry;
	int digest;	/* our own: it says how many were held back */
	struct config_rate rate; /* the login's own; n 0: as configured */
	/* what it says */
	char *text;
	char message_id[IPC_FIELD_MAX + 1], date[IPC_FIELD_MAX + 1];
	char sender[IPC_SENDER_MAX + 1]; /* of the envelope; "@": <> */
	char number[CONFIG_RCPTS_MAX][NUMBER_SIZE];
	size_t nto;
	struct options options;
	struct notify *notify;	/* who wants to be told of its fate; or NULL */
	long long deadline;
	/* what became of it, in the order of the numbers */
	struct job_result result[CONFIG_RCPTS_MAX];
	int unjournalled;	/* the journal could not be written */
	long long due;		/* when a digest tells of it; 0: no need */
	/* private to job*.c from here on */
	const struct config *config;
	const struct descriptor *gateway;
	job_done done;
	void *arg;
	enum job_identity identity;
	long window;		/* of JOB_BY_TEXT; else -1 */
	size_t todo[CONFIG_RCPTS_MAX], ntodo; /* what still has to be sent */
	size_t rank[CONFIG_RCPTS_MAX]; /* of a number on its road, before some
					  were done */
	int journalled;
	struct journal journal;
	int counted[CONFIG_RCPTS_MAX]; /* a try has been, for all we know */
	int stays[CONFIG_RCPTS_MAX]; /* ... and no other gateway may be asked */
	long told[CONFIG_RCPTS_MAX]; /* how many held back the text tells of */
	struct rate *guard;	/* rate.c's; NULL: nothing is counted */
	char record[JOB_UUID];	/* the journal's name for the message */
	int looks;		/* at the record */
	size_t all[CONFIG_RCPTS_MAX], nall; /* todo before the first; then
				those that were claimed */
	void (*then)(struct job *); /* when the journal has answered */
	/* the gateways of each recipient; NULL: none can take the message */
	const struct config_road *road[CONFIG_RCPTS_MAX];
	/* where it begins: the gateway that may have it already */
	const struct descriptor *first[CONFIG_RCPTS_MAX];
	size_t pending;		/* batches that are under way */
};

/* An empty job, or NULL: out of memory.  job_free frees it. */
struct job *job_new(void);
void job_free(struct job *);

/* Where there are several gateways: the name of this one, for the log. */
const char *job_gateway_name(const struct job *, const struct descriptor *);

/* Log what was wrong with a request of the job; retry_after 0: not said. */
void job_trouble(const struct job *, const struct descriptor *,
    const char *request, long status, long ms, const char *error,
    long retry_after);

#endif
