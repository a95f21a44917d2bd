/*
 * start: from a connection on descriptors 0 and 1 to a session: its id, the
 * greeting, the link to the delivery side, the sandbox, the session.
 */
#ifndef START_H
#define START_H

#include "session/peer.h"
#include "session/program.h"
#include "session/wrapper.h"

#define START_ID_MAX 48	/* octets of a session's id, with its NUL */

/* What is known of the connection. */
struct start {
	struct peer peer;
	char id[START_ID_MAX];
	int trusted;		/* it needs no AUTH */
	const char *protocol;	/* of TLS, if it is there already; or NULL */
	const char *subject;	/* of the client's certificate, or NULL */
	struct wrapper wrapper;	/* for STARTTLS by UCSPI-TLS */
	int lmtp;
	int link;		/* to the delivery side; -1: still to be made */
};

/* Give the session an id that no other of this host has. */
void start_identify(struct start *);

/* Decide whether the peer needs AUTH. */
void start_trust(const struct program *, struct start *);

/*
 * For a process that starts many sessions: try the sandbox and log what it
 * lacks, so that none of them does.
 */
void start_try_sandbox(const struct program *);

/* Run the session.  Returns the exit status. */
int start_session(const struct program *, struct start *);

/* The last words to a client, and the time to read them. */
void start_refuse(const char *reply);

#endif
