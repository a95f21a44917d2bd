/*
 * value: what the variables of one request are taken from, and values as
 * text.
 */
#ifndef VALUE_H
#define VALUE_H

#include <stddef.h>

#include <jansson.h>

#include "common/buf.h"
#include "gateway/descriptor.h"

#define VALUE_MAX 16384	/* octets of a value, without the message's part */

struct gateway_login;
struct gateway_message;

struct values {
	const struct descriptor *g;
	const struct gateway_login *login;	/* NULL: our own credentials */
	const struct gateway_message *message;	/* NULL: none */
	size_t recipient;	/* of to.element, from 1; 0: not in one */
	int mask;		/* secrets are "***" */
	int trial;		/* what only a message or a login has is "x" */
	int nest;
	/* set: what did not fit, "${text}" or "the URL"; "": all did */
	char too_long[DESCRIPTOR_NAME_MAX + 8];
	int missing;		/* set: a required one was not there */
	/* set: which; or without a required one another that is not set */
	char unset[DESCRIPTOR_NAME_MAX + 1];
};

/* Remember what is too long, unless something else is already. */
void value_too_long(struct values *, const char *what);

/* Append a value as text. */
void value_put(json_t *, struct buf *);

/*
 * Append octets, percent-encoded (RFC 3986, 2.3).  mask: '*' is not, so that
 * a masked secret can be read as one.
 */
void value_escape(const char *, size_t, int mask, struct buf *);

/* Octets of storage for one string filled in with these values. */
size_t value_room(const struct values *);

#endif
