/*
 * secret: what smtp2sms-hook knows of a gateway, and no other secret.
 */
#ifndef SECRET_H
#define SECRET_H

#include "common/config.h"
#include "hook/verify.h"

#define SECRET_FILE_MAX 8192	/* octets of a file of keys */

/*
 * Read the files of `secret hook` and `secret hook-key`, or the value of
 * `set hook-key`; those that name the gateway come first.  Errors are
 * reported.  Returns 0, or -1 if there was one.  secret_wipe frees it all.
 */
int secret_load(const struct config *, const char *gateway, config_report,
    struct verify_secrets *);
void secret_wipe(struct verify_secrets *);

/* The value of a `set` line that is for this gateway, or NULL. */
const char *secret_set(const struct config *, const char *gateway,
    const char *name);

#endif
