/*
 * line: the messages between a session and its listener, over a SOCK_SEQPACKET
 * socket of the session's own.  The listener believes little of them: the
 * session may have been taken over.
 */
#ifndef LINE_H
#define LINE_H

#include "session/peer.h"
#include "session/wrapper.h"

/* The first octet of a message. */
enum line_word {
	/* the session's */
	LINE_FAILED = 'f',	/* an AUTH failed */
	LINE_PEER = 'p',	/* struct peer: from the PROXY header */
	LINE_TLS = 't',		/* begin TLS */
	/* the listener's answers to the last two */
	LINE_GO = 'g',		/* for LINE_TLS with three descriptors */
	LINE_FULL = 'F',	/* the source has too many sessions */
	LINE_BLOCKED = 'B',	/* too many of its AUTHs have failed */
	LINE_NO = 'n'		/* no TLS is available */
};

#define LINE_MAX_SIZE (1 + sizeof(struct peer))	/* octets of a message */
#define LINE_FDS      3	/* control, in, out: see struct wrapper */

/* Set the session's socket; -1: it has no listener, and sends nothing. */
void line_init(int fd);

/* Report that an AUTH failed. */
void line_failed(void);

/*
 * Report the peer that the PROXY header names.  Returns whether the session may
 * go on: LINE_GO, LINE_FULL or LINE_BLOCKED.
 */
enum line_word line_peer(const struct peer *);

/* Ask for TLS: 0 and its descriptors, or -1. */
int line_tls(struct wrapper *);

/* 1 if there is a listener to ask. */
int line_has_listener(void);

#endif
