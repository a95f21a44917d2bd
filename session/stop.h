/*
 * stop: SIGTERM asks a listener's session to end soon (RFC 5321, 3.8): when its
 * client has been silent for a moment, or before its next transaction.  A
 * transaction that is under way gets its reply first.
 */
#ifndef STOP_H
#define STOP_H

#include <poll.h>

#define STOP_WAIT 5000	/* milliseconds for the client to send a command */

/* Catch SIGTERM from here on; only stop_poll notices it. */
void stop_catch(void);

/* Like poll(2) for one descriptor; SIGTERM makes it fail with EINTR. */
int stop_poll(struct pollfd *, int ms);

/* When STOP_WAIT ends, by clock_ms(); 0: there was no SIGTERM. */
long long stop_deadline(void);

#endif
