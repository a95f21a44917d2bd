/*
 * template: a descriptor's templates, filled in with the values of one
 * request.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <jansson.h>

#include "common/buf.h"
#include "gateway/value.h"

/*
 * The value of a variable in its own type: a new reference; NULL if it is
 * not set.  *masked: it stands for a secret that nobody may see.
 */
json_t *template_variable(struct values *, const char *name, int *masked);

/*
 * Append s, its placeholders filled in.  In a URL the values are
 * percent-encoded but for one at its start, which is the base.  Returns 0,
 * or -1 if one is not set or the result does not fit.
 */
int template_string(struct values *, const char *s, int url, struct buf *);

/*
 * The string with its values: of the value's own type if it is one
 * placeholder.  A new reference, or NULL if it is not set.  Strings may
 * hold any octets (those of the filter raw).
 */
json_t *template_value(struct values *, const char *s);

/* The same where all is text: ${report} is "yes" or "no". */
json_t *template_text(struct values *, const char *s);

/*
 * The template with its values, each of its own type.  Members and elements
 * whose value is not set are left out, and so is an object or array that
 * this empties.  A new reference, or NULL if nothing is left.
 */
json_t *template_json(struct values *, json_t *);

#endif
