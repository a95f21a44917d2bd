/*
 * listener: each connection to a listening socket becomes a session in a
 * process of its own.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include "session/program.h"
#include "session/sockets.h"

/*
 * Be the listener until it has been idle for long enough or SIGTERM comes.
 * broken: the configuration is wrong, and each client is told so.  Returns
 * the exit status.
 */
int listener_run(struct program *, const struct sockets *, int broken);

/* 1 if this program is a listener that has executed itself. */
int listener_is_resumed(void);

/*
 * Go on being it, after the configuration has been read again.  Until then
 * listener_is_resumed's sockets and sessions wait.
 */
int listener_resume(struct program *, int broken);

#endif
