/*
 * line: what a session and its listener say to each other: messages of a
 * SOCK_SEQPACKET socket that each session has for itself.  The listener
 * believes little of it: a session may have been taken over.
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
	LINE_TLS = 't',		/* TLS shall begin */
	/* the listener's answers to the last two */
	LINE_GO = 'g',		/* for LINE_TLS with three descriptors */
	LINE_FULL = 'F',	/* the source has too many sessions */
	LINE_BLOCKED = 'B',	/* too many of its AUTHs have failed */
	LINE_NO = 'n'		/* there is no TLS */
};

#define LINE_MAX_SIZE (1 + sizeof(struct peer))	/* octets of a message */
#define LINE_FDS      3	/* control, in, out: see struct wrapper */

/* The session's end; -1: it has no listener, and nothing is said. */
void line_init(int fd);

/* An AUTH failed. */
void line_failed(void);

/* The PROXY header names the peer: may the session go on?  Never LINE_NO. */
enum line_word line_peer(const struct peer *);

/* Ask for TLS: 0 and its descriptors, or -1. */
int line_tls(struct wrapper *);

/* 1 if there is a listener to ask. */
int line_has_listener(void);

#endif
