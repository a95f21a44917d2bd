/*
 * mail: an SMS that has come in, as a mail (RFC 5322).
 */
#ifndef HOOK_MAIL_H
#define HOOK_MAIL_H

#include <time.h>

#include "common/buf.h"

#define MAIL_NAME_MAX 45	/* octets of a sender's name; RFC 2047, 2 */

struct mail_reply {
	const char *number;	/* who has sent it; "": nobody can answer */
	const char *name;	/* the same as the gateway writes it */
	const char *to, *domain;	/* an address, and the domain of ours */
	const char *id;		/* for Message-ID, without the domain */
	const char *in_reply_to; /* a Message-ID with its brackets; "" */
	const char *text;	/* UTF-8 */
	time_t date;
};

/*
 * Write the mail, whose lines end with LF.  Nothing that comes from outside
 * can add a header field.
 */
void mail_reply(const struct mail_reply *, struct buf *);

#endif
