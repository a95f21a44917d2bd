/*
 * probe: do the gateways take our credentials?  For monitoring.
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
 * Ask the gateway, and unless `alone` those after it, for the credentials of
 * the configuration; or the gateway alone for those of the user whose
 * password comes on standard input (NULL: none).  Nothing is sent.  Prints
 * one line with performance data, returns the exit code of the worst.
 */
int probe_run(const struct config *, const struct descriptor *, int alone,
    const char *user);

#endif
