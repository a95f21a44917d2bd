/*
 * tls_environment: the SSL_ variables that tell a program about its TLS.  The
 * process with the key describes a connection; the program's process puts that
 * into its environment.
 */
#ifndef TLS_ENVIRONMENT_H
#define TLS_ENVIRONMENT_H

#include <tls.h>

#include "common/buf.h"

#define ENV_MAX 8192	/* octets of the variables */

/* Remove the variables, and those of UCSPI-TLS: nobody may forge them. */
void environment_clear(void);

/*
 * Describe a connection: "NAME=value" and NUL for each variable, and one more
 * NUL.  The buffer has ENV_MAX octets of storage.  It is logged as well.
 */
void environment_describe(struct buf *, struct tls *);

/*
 * Read such a block from the control socket and set the variables.  Returns 0,
 * or -1 if the other side has gone or sends anything else.
 */
int environment_read(int ctl);

#endif
