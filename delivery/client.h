/*
 * client: one session's end of the link: frames in, an answer out.  What a
 * frame means is not known here.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <sys/queue.h>

#include "common/buf.h"
#include "common/ipc.h"
#include "common/log.h"
#include "delivery/job.h"
#include "delivery/login.h"
#include "delivery/users.h"
#include "gateway/gateway.h"

#define CLIENT_WAIT 10000 /* milliseconds for a frame to be complete, or for
			     an answer to be taken */

struct client {
	LIST_ENTRY(client) entry;	/* serve.c's */
	int fd;			/* -1: the session has gone */
	int slot;		/* serve.c's: where fd is polled; -1: nowhere */
	int hostile;		/* it broke a rule of the link */
	int busy;		/* a request of it is under way */
	long long deadline;	/* of a check, of a frame that has begun, of
				   an answer that is not taken; 0: none */
	/* what the session said, and answer.c knows of it */
	char session[IPC_NAME_MAX + 1], peer[IPC_NAME_MAX + 1];
	int auth_required, dry;
	int introduced, logged_in, want_warm;
	int verified;	/* somebody has checked that it is this user */
	int shared;	/* this delivery side serves other sessions, too */
	int tallied;	/* it has said what it has counted */
	int delayed;	/* its AUTH waits until the deadline */
	long long next_check;	/* no AUTH begins before; 0: none has failed */
	long long next_warm;	/* no connection is made ahead before */
	long messages, auth_failures;
	struct log_limit log_limit;
	enum ipc_kind kind;
	char user[IPC_USER_MAX + 1], secret[IPC_SECRET_MAX + 1];
	char known[IPC_USER_MAX + 1];	/* who it was first; "": nobody */
	struct users_profile *profile;	/* NULL: the login has none */
	struct gateway_login login;
	struct login_check *check;	/* under way */
	struct job *job;		/* under way */
	struct notify *notify;		/* of the next message, or NULL */
	/* octets: a frame that is being read, an answer that is written */
	size_t have, done, room;
	char *in;
	size_t out_len, out_done;
	char *out;
};

/* A client at this descriptor, or NULL: out of memory. */
struct client *client_new(int fd);

/* Free it, and overwrite what it said. */
void client_free(struct client *);

/* Overwrite its credentials: it is nobody again. */
void client_forget(struct client *);

/* Close the link; what is under way goes on. */
void client_hang_up(struct client *);

/*
 * The session broke a rule of the link, or memory ran out: log why, and close
 * the link without an answer.  Returns -1.
 */
int client_reject(struct client *, const char *why);

/*
 * Read what the session has sent: 1 if there are new octets.  client_frame
 * opens the next whole frame among them and returns 1, or 0 if there is none
 * yet; it overwrites the frame before.
 */
int client_read(struct client *);
int client_frame(struct client *, struct ipc_frame *);

/*
 * Begin an answer with room for this many octets of fields; -1: it has been
 * rejected.  client_answer sends what was put into the buffer.
 */
int client_begin(struct client *, struct buf *, enum ipc_type, size_t room);
void client_answer(struct client *, struct buf *);

/* Go on writing the answer. */
void client_write(struct client *);

#endif
