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

/*
 * Use the socket that LISTEN_FDS names (sd_listen_fds(3)), or make one at the
 * path (NULL: none).  1 if there is one, 0 if none was asked for, -1 on an
 * error, which has been logged.
 */
int agent_open(const struct config *, const char *path);

/* As serve_prepare and serve_turn. */
unsigned agent_prepare(struct curl_waitfd *, int *ms);
void agent_turn(const struct curl_waitfd *, unsigned n);

/* 1 after SIGTERM: sessions that wait for no answer are closed. */
int agent_stopping(void);

/* 1 when the agent has to end. */
int agent_over(void);

#endif
