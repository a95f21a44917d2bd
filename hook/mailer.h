/*
 * mailer: a process that hands mails to the mail server, for a program in a
 * sandbox that can neither start one nor connect.
 */
#ifndef MAILER_H
#define MAILER_H

#include "common/buf.h"
#include "common/config.h"

#define MAILER_MAIL_MAX (1024 * 1024)	/* octets of a mail */
#define MAILER_RCPT_MAX 512		/* octets of an address */
#define MAILER_SECONDS	25		/* that the mail server may take */

/*
 * Fork the process, which ends when its parent does.  Returns the descriptor
 * that mailer_send needs, or -1 with errno.
 */
int mailer_start(const struct config *);

/*
 * Hand a mail over, from <> to one address.  Returns 0 if the mail server has
 * taken it, else -1; the log says why.
 */
int mailer_send(int fd, const char *rcpt, const struct buf *mail);

#endif
