/*
 * mail: an SMS that has come in, and what became of one, as mails (RFC 5322).
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

/* What became of an SMS (RFC 3461, RFC 3464). */
struct mail_receipt {
	const char *number, *to;
	const char *envid, *orcpt;	/* xtext; "" */
	const char *message_id;		/* with its brackets; "" */
	const char *action, *status;
	const char *error;		/* the gateway's words; "" */
	const char *domain, *hostname, *id;
	time_t date;
};

void mail_receipt(const struct mail_receipt *, struct buf *);

#endif
