/*
 * variable: what a name in a descriptor stands for.
 */
#ifndef VARIABLE_H
#define VARIABLE_H

#include <stdint.h>

#include <jansson.h>

#include "gateway/template.h"

/* Whose a name is. */
enum variable_kind {
	VARIABLE_MESSAGE,	/* the message's alone: no `set` */
	VARIABLE_OPTION,	/* the message's, else by `set` */
	VARIABLE_LOGIN,		/* the login's, else by `set` or `secret` */
	VARIABLE_OWN		/* the descriptor's own */
};

enum variable_kind variable_kind(const char *name);

/*
 * The value in its own type: a new reference; NULL if it is not set.
 * *masked: it stands for a secret that is not to be seen.
 */
json_t *variable_value(struct template_values *, const char *name,
    int *masked);

/*
 * The value that `set` gave to a variable as JSON of the variable's type;
 * NULL if it is not of that type.
 */
json_t *variable_typed(const struct descriptor *, const char *name,
    const char *value);

/* The message's schedule as it is now, seconds since 1970; 0: none. */
uint32_t variable_schedule(const struct template_values *);

/* The value of a text: "ascii", "gsm7", "ucs2"; *parts: of SMS. */
const char *variable_alphabet(const char *text, unsigned *parts);

#endif
