/*
 * variable: where the value of a name comes from: a message, a login, `set`
 * and `secret`.  Defaults, maps and to.element are made of templates, so
 * they are filled in by template.c; here they can only be looked up.
 */
#ifndef VARIABLE_H
#define VARIABLE_H

#include <stdint.h>

#include <jansson.h>

#include "gateway/value.h"

/* Where a variable may get its value from. */
enum variable_kind {
	VARIABLE_MESSAGE,	/* only the message: no `set` */
	VARIABLE_OPTION,	/* the message, else `set` */
	VARIABLE_LOGIN,		/* the login, else `set` or `secret` */
	VARIABLE_OWN		/* the descriptor's own: `set` or `secret` */
};

enum variable_kind variable_kind(const char *name);

/* 1 if it is 1 to DESCRIPTOR_NAME_MAX of a-z, 0-9, - and _ */
int variable_is_name(const char *);

/* ---- values: a new reference; NULL if it has none ---- */

/* VARIABLE_MESSAGE, but not what to.element makes of ${to}. */
json_t *variable_of_message(const struct values *, const char *name);

/* VARIABLE_OPTION, as the message asks for it. */
json_t *variable_of_options(const struct values *, const char *name);

/*
 * VARIABLE_LOGIN: 1 if the login is asked rather than `set` and `secret`;
 * *value is borrowed, NULL if the login has none.
 */
int variable_of_login(const struct values *, const char *name,
    const char **value);

/* What `set`, and `set` or `secret` give: borrowed, NULL if they do not. */
const char *variable_set(const struct descriptor *, const char *name);

/*
 * The name of a variable in a `set` or `secret` line, if the line is for this
 * gateway: a gateway's name and a dot may stand in front.  *own: it does.
 * NULL: the line is for another gateway, or for webhooks.
 */
const char *variable_of_pair(const struct descriptor *,
    const struct config_pair *, int *own);
const char *variable_configured(const struct descriptor *, const char *name);

/*
 * The text that `set` or a default has for a variable as JSON of the
 * variable's type; NULL if it is not of that type.
 */
json_t *variable_typed(const struct descriptor *, const char *name,
    const char *value);

/* What variable_typed takes for a name, for people. */
const char *variable_type(const struct descriptor *, const char *name,
    char *out, size_t room);

/* 1 if nobody may see it: what a login brings, passwords, secrets. */
int variable_is_secret(const struct values *, const char *name);

/* The message's schedule as it is now, seconds since 1970; 0: none. */
uint32_t variable_schedule(const struct values *);

/* The alphabet of a text: "ascii", "gsm7", "ucs2"; *parts: of SMS. */
const char *variable_alphabet(const char *text, unsigned *parts);

/* ---- what a descriptor says of its variables ---- */

/* The entry of a variable that a template uses, or NULL. */
const struct descriptor_variable *variable_find(const struct descriptor *,
    const char *name);

/* 1 if the variable goes into what is sent for a message. */
int variable_is_sent(const struct descriptor *, const char *name);

/* What `variables` says of a name, for people; "" if nothing. */
const char *variable_meaning(const struct descriptor *, const char *name);

/* The map that makes a variable, or NULL. */
const struct descriptor_map *variable_map(const struct descriptor *,
    const char *name);

/*
 * The templates that a default or a map is made of, by their index.  *of: a
 * map's `of`, which is a name and no template.  NULL behind the last.
 */
const char *variable_part(const struct descriptor *, const char *name,
    size_t i, const char **of);

#endif
