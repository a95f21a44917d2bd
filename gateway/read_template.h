/*
 * read_template: reading the templates of a descriptor: which variables they
 * use, and whether these may stand there.
 */
#ifndef READ_TEMPLATE_H
#define READ_TEMPLATE_H

#include <jansson.h>

#include "gateway/descriptor.h"

/* What kind of text a template makes, which decides what may stand in it. */
enum read_context {
	READ_JSON,	/* a body of JSON */
	READ_ELEMENT,	/* to.element */
	READ_FORM,	/* a form or a query */
	READ_TEXT,	/* a header, a body of text, what authenticates */
	READ_URL,
	READ_PART	/* a default or a map, which stands in another */
};

/*
 * Note the variables of a template; sent: it is part of what is sent for a
 * message.  What may not stand there is an error.
 */
void read_template(struct descriptor *, const char *path, json_t *template,
    enum read_context, int sent);
void read_template_string(struct descriptor *, const char *path, const char *,
    enum read_context, int sent);

/* Note a single variable. */
void read_template_name(struct descriptor *, const char *path, const char *,
    int sent);

/* 1 if a variable is made of itself, or nests deeper than is allowed. */
int read_template_is_circular(const struct descriptor *, const char *name);

/* When all are noted: what a sent variable is made of is sent, too. */
void read_template_close(struct descriptor *);

#endif
