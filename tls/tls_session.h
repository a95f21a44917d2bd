/*
 * tls_session: one session: when TLS begins, when the program does, and the
 * exit status of both.
 */
#ifndef TLS_SESSION_H
#define TLS_SESSION_H

#include <sys/types.h>

#include "tls/tls_program.h"

/*
 * Serve the client on descriptors 0 and 1; child is the program's process.
 * Returns the exit status.  At once: TLS first, then the program (-s).  On
 * demand: the program first, then TLS if it asks for it (UCSPI-TLS).
 */
int session_at_once(const struct side *, pid_t child);
int session_on_demand(const struct side *, pid_t child);

/*
 * The same on demand for a session of a listener, whose program runs already
 * and is no child of this process.
 */
int session_of_listener(const struct side *);

#endif
