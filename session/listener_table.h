/*
 * listener_table: what a listener knows of its sessions.  It lies in a file
 * of memory that survives when the listener executes itself, and that no
 * session inherits.
 */
#ifndef LISTENER_TABLE_H
#define LISTENER_TABLE_H

#include <sys/types.h>

#include "session/helper.h"
#include "session/peer.h"
#include "session/sockets.h"
#include "session/sources.h"
#include "session/start.h"

#define TABLE_SLOTS_MAX 65536	/* sessions where max-sessions is 0 */

/* A session, as the listener sees it. */
struct slot {
	pid_t pid;		/* 0: there is none */
	int next;		/* of those that are free; -1: the last */
	int source;		/* in sources; -1: it is not counted */
	int client;		/* its connection, for TLS; -1: not kept */
	int link;		/* to be handed to smtp2sms-deliver; -1: it has
				   been, or is not needed */
	int line;		/* see line.h; -1: closed */
	int at_link, at_line;	/* where poll(2) has them; -1: not at all */
	int link_waits;		/* there was something on the link, and
				   smtp2sms-deliver could not take it */
	int delivers;		/* the link has been handed over */
	int was_tls;		/* it has asked for TLS */
	int tls_waits;		/* ... and smtp2sms-tls could not take it */
	int was_peer;		/* it has told its peer */
	long failures;		/* of AUTH */
	char id[START_ID_MAX];
	struct peer peer;
	int trusted;
};

enum table_tls {
	TABLE_TLS_NONE,		/* not configured */
	TABLE_TLS_STARTING,
	TABLE_TLS_READY,
	TABLE_TLS_BROKEN	/* certificate or key cannot be used */
};

struct table {
	char build[48];		/* of the program whose table it is */
	size_t size;		/* octets of all of it */
	struct sockets sockets;
	int pending;		/* a connection that is to be served as the
				   files are now; -1: none */
	enum sockets_kind pending_kind;
	struct helper deliver, tls, keeper;
	enum table_tls tls_state;
	uint64_t tls_command;	/* how smtp2sms-tls was started: a hash */
	int was_root;		/* privileges have been dropped */
	size_t sessions;	/* that are there */
	size_t delivering;	/* those whose link is smtp2sms-deliver's */
	size_t nslots;		/* that there is room for */
	size_t high;		/* no slot from here on was ever used */
	int free;		/* the first that is free below high; -1 */
	struct sources sources;
	struct slot slot[];
};

/* A new one with room for n sessions, or NULL with errno. */
struct table *table_new(size_t n);

/* The one that an earlier program of this process has left, or NULL. */
struct table *table_inherited(void);

/* Make room for n sessions, if there is less.  The table may move. */
struct table *table_grow(struct table *, size_t n);

/* Keep memory out of the processes that are forked. */
void table_keep_back(void *, size_t);

/* A free slot, or NULL; and to make it free again. */
struct slot *table_take(struct table *);
void table_release(struct table *, struct slot *);

/*
 * Before exec: let the next program inherit the table and all descriptors
 * in it; and after one that has failed, the opposite.  0, or -1.
 */
int table_hand_on(struct table *, int yes);

#endif
