/*
 * mime_mailbox: the first mailbox of an address field such as From (RFC
 * 5322, 3.4): who wrote the mail, by name and by address.
 */
#ifndef MIME_MAILBOX_H
#define MIME_MAILBOX_H

#include "common/ipc.h"

#define MIME_MAILBOX_MAX 320	/* octets of an address; RFC 3696, errata */
#define MIME_DISPLAY_MAX IPC_FIELD_MAX /* octets of a display name */

struct mime_mailbox {
	char name[MIME_DISPLAY_MAX + 1];	/* UTF-8; "": there is none */
	char address[MIME_MAILBOX_MAX + 1];	/* "": there is none */
};

/*
 * Parse the body of a field, unfolded and valid UTF-8.  The name is the
 * display name with its encoded words decoded (RFC 2047), else the comment
 * behind the address, where old programs put it.  The address may lack a
 * domain.  A name that is too long is cut, an address is left out.
 */
void mime_mailbox_parse(struct mime_mailbox *, const char *field);

/* 1 if this is the local part of the address, in any letter case. */
int mime_mailbox_is_local(const struct mime_mailbox *, const char *local);

#endif
