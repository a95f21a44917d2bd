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

/* What is known about the connection. */
struct start {
	struct peer peer;
	char id[START_ID_MAX];
	int trusted;		/* it needs no AUTH */
	const char *protocol;	/* of TLS, if that has begun; or NULL */
	const char *subject;	/* of the client's certificate, or NULL */
	struct wrapper wrapper;	/* for STARTTLS by UCSPI-TLS */
	int lmtp;
	int link;		/* to the delivery side; -1: none yet */
};

/* Give the session an id that no other session of this host has. */
void start_identify(struct start *);

/* Decide whether the peer needs AUTH. */
void start_trust(const struct program *, struct start *);

/*
 * In a process that starts many sessions, try the sandbox once and log what it
 * lacks, so that the sessions do not.
 */
void start_try_sandbox(const struct program *);

/* Run the session.  Returns the exit status. */
int start_session(const struct program *, struct start *);

/* Write a last reply to the client, and give it time to read that. */
void start_refuse(const char *reply);

#endif
