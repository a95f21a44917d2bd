/*
 * check: whether a configuration that can be read will do.
 */
#ifndef CHECK_H
#define CHECK_H

#include "common/config.h"

struct descriptor;

/*
 * What must be right before anything is served: files that can be read and
 * written, and not written by others.  Returns 0, or -1 and errors are told.
 */
int check_start(const struct config *, const struct descriptor *,
    config_report);

/*
 * What -t says besides: errors with which no mail could be sent; and on
 * standard output remarks, of what will work and is still not right, or may
 * be right in a while, as an agent that has not been started.
 * Returns 0, or -1 if there was an error.
 */
int check_test(const struct config *, const struct descriptor *,
    config_report);

#endif
