/*
 * placeholder: the syntax of ${name|filter|filter(arg)} in a template.  A `!`
 * behind the name or at the end says that a value is required.
 */
#ifndef PLACEHOLDER_H
#define PLACEHOLDER_H

#include <stddef.h>

#include "gateway/descriptor.h"
#include "gateway/filter.h"

#define PLACEHOLDER_FILTERS_MAX 4	/* of one placeholder */

struct placeholder {
	char name[DESCRIPTOR_NAME_MAX + 1];
	int required;
	struct filter filter[PLACEHOLDER_FILTERS_MAX];
	size_t nfilter;
	size_t len;		/* octets of the whole placeholder */
};

/*
 * Parse the placeholder that s begins with ("${").  Returns NULL, or what
 * is wrong with it.
 */
const char *placeholder_parse(const char *s, struct placeholder *);

/* 1 if s is one placeholder and nothing else. */
int placeholder_is(const char *s, struct placeholder *);

#endif
