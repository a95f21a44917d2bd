/*
 * form: the fields of a form or of a query
 * (application/x-www-form-urlencoded).
 */
#ifndef FORM_H
#define FORM_H

#include <stddef.h>

#include <jansson.h>

#define FORM_FIELDS_MAX 256

struct form_field {
	const char *name, *value;
};

struct form {
	struct form_field field[FORM_FIELDS_MAX];
	size_t n;
	char *storage;
};

/*
 * Take a form of n octets apart.  Returns 0; or -1 if it has too many fields,
 * or a NUL.  form_free frees it, whatever was returned.
 */
int form_read(struct form *, const char *s, size_t n);
void form_free(struct form *);

/* Sort the fields by name, then by value. */
void form_sort(struct form *);

/*
 * The fields as members of an object; of those with one name the first.
 * Octets that are not UTF-8 are read as ISO 8859-1.  NULL: out of memory.
 */
json_t *form_json(const struct form *);

#endif
