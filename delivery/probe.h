/*
 * probe: does the gateway take our credentials?  For monitoring.
 */
#ifndef PROBE_H
#define PROBE_H

#include "common/config.h"
#include "gateway/descriptor.h"

/* Exit codes of a monitoring plug-in. */
enum probe_state { PROBE_OK, PROBE_WARNING, PROBE_CRITICAL, PROBE_UNKNOWN };

/* The line of a plug-in that could not even ask.  Returns its exit code. */
int probe_unknown(const char *why);

/*
 * Ask the gateway for the credentials of the configuration, or of the user
 * whose password comes on standard input (NULL: none); nothing is sent.
 * Prints one line with performance data, returns the exit code.
 */
int probe_run(const struct config *, const struct descriptor *,
    const char *user);

#endif
