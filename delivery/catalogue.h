/*
 * catalogue: what descriptors say of themselves, for people and for
 * smtp2sms-setup(8).
 */
#ifndef CATALOGUE_H
#define CATALOGUE_H

#include "common/config.h"

/*
 * Print a line for each descriptor of the folder `descriptors`: its name for
 * `gateway`, a tab, and what people call it.  Returns an exit status.
 */
int catalogue_gateways(const struct config *);

/*
 * Print a line for each variable that the first gateway's descriptor explains:
 * its name, "set" or "secret", "required" or "optional", its default, and the
 * explanation, with tabs between them.  Returns an exit status.
 */
int catalogue_variables(const struct config *);

#endif
