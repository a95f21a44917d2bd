/*
 * body: what a request carries besides its address and its headers: JSON,
 * a form, a text; and a query, which is a form in a URL.
 */
#ifndef BODY_H
#define BODY_H

#include <stddef.h>

#include <jansson.h>

#include "common/buf.h"
#include "gateway/template.h"

#define BODY_MAX (4 * 1024 * 1024)	/* octets */

/* Append name=value&..., percent-encoded; what is not set goes. */
void body_form(struct template_values *, json_t *template, struct buf *);

/*
 * The body of the descriptor; *out is malloced, and NULL if it has none.
 * Returns 0; or -1 if a value that it needs is not set or it is too large.
 */
int body_make(struct template_values *, char **out, size_t *n);

/* The type for the header Content-Type; NULL: no body. */
const char *body_type(const struct descriptor *);

#endif
