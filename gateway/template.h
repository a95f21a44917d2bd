/*
 * template: the placeholders of a descriptor, filled in.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <stddef.h>

#include <jansson.h>

#include "common/buf.h"
#include "gateway/filter.h"

#define TEMPLATE_NAME_MAX    32	   /* octets of a variable's name */
#define TEMPLATE_FILTERS_MAX 4	   /* of one placeholder */
#define TEMPLATE_VALUE_MAX   16384 /* octets of a string but for its message */
#define TEMPLATE_NEST_MAX    8	   /* defaults and maps in one another */

struct descriptor;
struct gateway_login;
struct gateway_message;

/* What the placeholders of one request stand for. */
struct template_values {
	const struct descriptor *g;
	const struct gateway_login *login;	/* NULL: our own credentials */
	const struct gateway_message *message;	/* NULL: none */
	size_t place;		/* the recipient from 1; 0: not in an element */
	int mask;		/* secrets are "***" */
	int trial;		/* what is not known before a message is "x" */
	int nest;
	int too_long;		/* set: a value did not fit */
	int missing;		/* set: a required one was not there */
	char unset[TEMPLATE_NAME_MAX + 1];	/* ... or another: its name */
};

/* ${name|filter|filter(arg)}; a `!` behind the name or at the end: required */
struct template_name {
	char name[TEMPLATE_NAME_MAX + 1];
	int required;
	struct filter filter[TEMPLATE_FILTERS_MAX];
	size_t nfilter;
	size_t len;		/* octets of the whole placeholder */
};

/*
 * Parse the placeholder that s begins with ("${").  Returns NULL, or what
 * is wrong with it.
 */
const char *template_name(const char *s, struct template_name *);

/* 1 if s is one placeholder and nothing else */
int template_is_name(const char *s, struct template_name *);

/*
 * Append s, its placeholders filled in.  In a URL the values are
 * percent-encoded but for one at its start, which is the base.  Returns 0,
 * or -1 if one is not set or the result does not fit.
 */
int template_string(struct template_values *, const char *s, int url,
    struct buf *);

/*
 * The string with its values: of the value's own type if it is one
 * placeholder.  A new reference, or NULL if it is not set.  Strings may
 * hold any octets (those of `raw`).
 */
json_t *template_value(struct template_values *, const char *s);

/* The same for where all is text: ${report} is "yes" or "no". */
json_t *template_text(struct template_values *, const char *s);

/*
 * The template with its values, each of its own type; what is not set goes,
 * and so does a container that this empties.  A new reference, or NULL.
 */
json_t *template_json(struct template_values *, json_t *);

/* Append a value as text. */
void template_put(json_t *, struct buf *);

/* Append octets, percent-encoded (RFC 3986, 2.3); stars stay in a mask. */
void template_escape(const char *, size_t, int mask, struct buf *);

/* Octets of storage for one string filled in with these values. */
size_t template_room(const struct template_values *);

#endif
