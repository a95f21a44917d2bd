/*
 * rest: accounts at a gateway that has asked not to be asked for a while
 * (Retry-After, RFC 9110, 10.2.3).
 */
#ifndef REST_H
#define REST_H

#include "common/ipc.h"
#include "gateway/gateway.h"

#define REST_MAX      64	/* accounts that are remembered at a time */
#define REST_SECONDS  60	/* at most, whatever the gateway says */

/*
 * The gateway, by its position, has answered this account with this outcome
 * and status, and asked to come again after so many seconds.  NULL: the
 * configuration's own account.
 */
void rest_begin(unsigned gateway, const struct gateway_login *, long seconds,
    enum ipc_outcome, long status);

/*
 * Seconds until the account may be used again, and the last answer to it;
 * 0: now.
 */
long rest_left(unsigned gateway, const struct gateway_login *,
    enum ipc_outcome *, long *status);

#endif
