/*
 * argv: builds the command line of a program that this one executes:
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
	int full;	/* there was no room for an argument */
};

/* Begin with the program of this name in the libexec folder. */
void argv_begin(struct argv *, const struct program *, const char *name);

/* Append an argument; it is not copied. */
void argv_add(struct argv *, const char *);

/* Append an option and its value, unless the value is NULL. */
void argv_option(struct argv *, const char *option, const char *value);

/* Execute the program.  Returns only if that fails, with errno. */
void argv_exec(const struct argv *);

#endif
