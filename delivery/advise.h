/*
 * advise: what -t says of a configuration that can be read.
 */
#ifndef ADVISE_H
#define ADVISE_H

#include "common/config.h"

struct descriptor;

/*
 * Print what will keep mails from being sent, or the agent from being found,
 * although every value is a good one: a login's line may bring what is
 * missing, an agent may yet be started.  Returns -1, and reports, if the
 * gateway lacks what no message can be sent without; else 0.
 */
int advise(const struct config *, const struct descriptor *, config_report);

#endif
