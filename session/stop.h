/*
 * stop: SIGTERM asks a listener's session to end soon (RFC 5321, 3.8): when
 * it has been silent for a moment, or when its next transaction would begin.
 * What is under way is answered first.
 */
#ifndef STOP_H
#define STOP_H

#include <poll.h>

#define STOP_WAIT 5000	/* milliseconds for a client to go on by itself */

/* From here on SIGTERM asks; it is noticed in stop_poll alone. */
void stop_catch(void);

/* poll(2); a SIGTERM makes it fail with EINTR. */
int stop_poll(struct pollfd *, int ms);

/* When STOP_WAIT is over, by clock_ms(); 0: nobody has asked. */
long long stop_deadline(void);

#endif
