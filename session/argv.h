/*
 * argv: the command line of a program that this one starts, or becomes:
 * smtp2sms-deliver, smtp2sms-tls.
 */
#ifndef ARGV_H
#define ARGV_H

#include <stddef.h>

#include "session/program.h"

#define ARGV_MAX (4 * CONFIG_OVERRIDES_MAX + 32)

struct argv {
	char path[4096];
	char *v[ARGV_MAX + 1];	/* with a NULL at the end */
	size_t n;
	int full;	/* an argument had no room */
};

/* Begin with the program of this name in the folder libexec. */
void argv_begin(struct argv *, const struct program *, const char *name);

/* Put an argument at the end; it is not copied. */
void argv_add(struct argv *, const char *);

/* ... an option and its value, unless that is NULL. */
void argv_option(struct argv *, const char *option, const char *value);

/* Become the program.  Returns only if that fails: errno says why. */
void argv_exec(const struct argv *);

#endif
