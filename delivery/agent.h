/*
 * agent: one smtp2sms-deliver that many sessions share.  It has a listening
 * socket, inherited or its own, and ends when it has been idle for a while.
 */
#ifndef AGENT_H
#define AGENT_H

#include <curl/curl.h>

#include "common/config.h"

#define AGENT_BACKLOG	128	/* of a socket of our own */
#define AGENT_WAITS	2	/* descriptors that agent_prepare fills */
#define AGENT_HELLO_MAX 512	/* octets of a listener's message */

/*
 * Use the socket that LISTEN_FDS names (sd_listen_fds(3)), or make one at the
 * path (NULL: none).  1 if there is one, 0 if none was asked for, -1 on an
 * error, which has been logged.
 */
int agent_open(const struct config *, const char *path);

/*
 * Serve the sessions that a listener (smtp2sms, listener_slot.c) hands over
 * on this descriptor, a SOCK_SEQPACKET socket: each message is a REQ_HELLO
 * frame with the session's link.  The end comes when the listener has closed
 * its side and all sessions are over.  dry: nothing is sent.  1, or -1.
 */
int agent_listener(const struct config *, int fd, int dry);

/* As serve_prepare and serve_turn. */
unsigned agent_prepare(struct curl_waitfd *, int *ms);
void agent_turn(const struct curl_waitfd *, unsigned n);

/* 1 after SIGTERM: sessions that wait for no answer are closed. */
int agent_stopping(void);

/* 1 when the agent has to end. */
int agent_over(void);

#endif
