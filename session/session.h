/*
 * session: one SMTP session, from the greeting to the end.
 */
#ifndef SESSION_H
#define SESSION_H

#include "common/config.h"
#include "session/wrapper.h"

struct session_setup {
	const struct config *config;
	int lmtp;		/* LMTP (RFC 2033) in place of SMTP */
	int trusted;		/* the peer needs no AUTH */
	int auth_in_clear;	/* AUTH may be used without TLS */
	int tls;		/* TLS was there from the first octet */
	const char *peer;	/* its address */
	const char *client;	/* ... and whose certificate; NULL: none */
	struct wrapper wrapper;	/* for STARTTLS */
	int tls_by_listener;	/* ... or the listener has one when asked */
	int any_lf;		/* a bare LF is as good as CRLF */
	int dry;		/* nothing is sent, nobody is asked */
	int verbose;		/* log the dialogue, secrets masked */
};

/* Greet the client on descriptor 1; nothing is read.  setup stays in use. */
void session_greet(const struct session_setup *);

/*
 * Then speak SMTP (or LMTP) on descriptors 0 and 1 until the session is over.
 * Returns 0 if it ended in an orderly way, -1 if the delivery side was
 * lost.
 */
int session_run(void);

#endif
