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
	int tls;		/* TLS since the first octet */
	const char *peer;	/* its address */
	const char *client;	/* subject of its certificate; NULL: none */
	struct wrapper wrapper;	/* for STARTTLS */
	int tls_by_listener;	/* ... or ask the listener for one */
	int any_lf;		/* a bare LF counts as CRLF */
	int dry;		/* send nothing, ask nobody */
	int verbose;		/* log the dialogue, secrets masked */
};

/* Greet the client on descriptor 1; read nothing.  setup stays in use. */
void session_greet(const struct session_setup *);

/*
 * Speak SMTP, or LMTP, on descriptors 0 and 1 until the session is over.
 * Returns 0 if it ended in an orderly way, -1 if the link to the delivery side
 * broke.
 */
int session_run(void);

#endif
