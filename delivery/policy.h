/*
 * policy: what a session may ask for.  The session keeps these rules by
 * itself; here they are checked again, as if it had been taken over.
 */
#ifndef POLICY_H
#define POLICY_H

#include "common/config.h"
#include "common/options.h"
#include "delivery/job.h"

#define POLICY_SLACK 60 /* seconds that a clock may be set back meanwhile */

/*
 * What a session of ours would not have asked for, in words for the log, or
 * NULL.  The rights are those of the login.
 */
const char *policy_fault(const struct config *, const struct rights *,
    const struct job *);

#endif
