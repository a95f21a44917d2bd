/*
 * template: the placeholders of a descriptor and what they stand for.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <stddef.h>

#include <jansson.h>

#include "buf.h"

#define TEMPLATE_NAME_MAX  32	 /* octets of a variable's name */
#define TEMPLATE_VALUE_MAX 16384 /* octets of a string but for its text */

struct descriptor;
struct gateway_login;
struct gateway_message;

/* What the placeholders of one request stand for. */
struct template_values {
	const struct descriptor *g;
	const struct gateway_login *login;	/* NULL: our own credentials */
	const struct gateway_message *message;	/* NULL: none */
	int missing;		/* set: a required one was not there */
};

/* ${name} or, required, ${name!} */
struct template_name {
	char name[TEMPLATE_NAME_MAX + 1];
	int required;
	size_t len;	/* octets of the whole placeholder */
};

/* Parse the placeholder that s begins with ("${").  0, or -1. */
int template_name(const char *s, struct template_name *);

/*
 * Fill in the placeholders of s.  In a URL the values are percent-encoded
 * but for one at its start, which is the base.  Returns 0, or -1 if one is
 * not set or the result does not fit.
 */
int template_string(struct template_values *, const char *s, int url,
    struct buf *);

/*
 * The template with its values, each of its own type; what is not set goes,
 * and so does a container that this empties.  A new reference, or NULL.
 */
json_t *template_json(struct template_values *, json_t *);

/*
 * The value that `set` gave to a variable as JSON of the variable's type;
 * NULL if it is not of that type.
 */
json_t *template_typed(const char *name, const char *value);

#endif
