/*
 * agent: smtp2sms-deliver as the one that many sessions share: a listening
 * socket that it was given or made, and an end when nobody needs it.
 */
#ifndef AGENT_H
#define AGENT_H

#include <curl/curl.h>

#include "common/config.h"

#define AGENT_BACKLOG	128	/* of a socket of our own */
#define AGENT_WAITS	2	/* descriptors that agent_prepare fills */

/*
 * Take over the socket that LISTEN_FDS names (sd_listen_fds(3)), or make
 * one at the path (NULL: none).  1 if there is one, 0 if none was asked
 * for, -1 if it cannot be had: it has been logged.
 */
int agent_open(const struct config *, const char *path);

/* As serve_prepare and serve_turn. */
unsigned agent_prepare(struct curl_waitfd *, int *ms);
void agent_turn(const struct curl_waitfd *, unsigned n);

/* 1 after SIGTERM: whoever has nothing under way is sent away. */
int agent_stopping(void);

/* 1 when it is time to end. */
int agent_over(void);

#endif
