/*
 * load: what every part of reading a descriptor needs: members by their
 * type, and saying what is wrong and where.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stddef.h>

#include <jansson.h>

#include "common/ipc.h"

#define LOAD_PATH_MAX  256	/* octets of a place in an error, NUL counted */
#define LOAD_CODES_MAX 16	/* status codes in one list */

struct descriptor;

struct load_codes {
	int v[LOAD_CODES_MAX];
	size_t n;
};

/* Report "FILE: PATH: REASON"; the descriptor is not to be used. */
void load_fail(struct descriptor *, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The place of a member; out has LOAD_PATH_MAX octets. */
const char *load_path(char *out, const char *path, const char *key);

/* Every member must be one that we know: a typing error is an error. */
void load_only(struct descriptor *, const char *path, json_t *,
    const char *const *names);

/* Members of an object; NULL or 0 if there is none: then required fails. */
const char *load_string(struct descriptor *, json_t *, const char *path,
    const char *key, int required);
json_t *load_object(struct descriptor *, json_t *, const char *path,
    const char *key);
json_t *load_array(struct descriptor *, json_t *, const char *path,
    const char *key, size_t max);
int load_integer(struct descriptor *, json_t *, const char *path,
    const char *key, json_int_t least, json_int_t most, json_int_t *);
int load_outcome(struct descriptor *, json_t *, const char *path,
    const char *key, int required, enum ipc_outcome *);

/* A status code, or an array of 1 to LOAD_CODES_MAX of them. */
void load_codes(struct descriptor *, json_t *, const char *path,
    const char *key, int required, struct load_codes *);

/* 1 if the status is in the list. */
int load_has_code(const struct load_codes *, long status);

#endif
