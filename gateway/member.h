/*
 * member: the members of a JSON object by their type, and errors that say
 * where in which file something is wrong, what stands there, and what may.
 */
#ifndef MEMBER_H
#define MEMBER_H

#include <stddef.h>

#include <jansson.h>

#include "common/config.h"
#include "common/ipc.h"

#define MEMBER_PATH_MAX	 256	/* octets of a JSON pointer, NUL counted */
#define MEMBER_CODES_MAX 16	/* status codes in one list */

/* Who hears of the errors in a file, and whether there was one. */
struct member_errors {
	const char *file;
	config_report report;
	int failed;
};

struct member_codes {
	int v[MEMBER_CODES_MAX];
	size_t n;
};

/* Report "FILE: POINTER: REASON". */
void member_fail(struct member_errors *, const char *path, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* Report "FILE: POINTER: VALUE: must be WHAT". */
void member_must(struct member_errors *, const char *path, json_t *value,
    const char *what);

/* Append a member's name to a pointer; out has MEMBER_PATH_MAX octets. */
const char *member_path(char *out, const char *path, const char *key);
/* ... or the index of an element. */
const char *member_index(char *out, const char *path, size_t i);

/* Each member of the object must be one of these; so typing errors show. */
void member_only(struct member_errors *, const char *path, json_t *,
    const char *const *names);

/*
 * A member of an object, if it is there and of that type; else NULL or 0.
 * A member of another type is an error; so is a missing one if required.
 */
const char *member_string(struct member_errors *, json_t *, const char *path,
    const char *key, int required);
const char *member_pointer(struct member_errors *, json_t *, const char *path,
    const char *key, int required);
json_t *member_object(struct member_errors *, json_t *, const char *path,
    const char *key);
json_t *member_array(struct member_errors *, json_t *, const char *path,
    const char *key, size_t max);
int member_integer(struct member_errors *, json_t *, const char *path,
    const char *key, int required, json_int_t least, json_int_t most,
    json_int_t *);

/* The position of a string among names; -1, and an error, if it is none. */
int member_choice(struct member_errors *, json_t *, const char *path,
    const char *key, int required, const char *const *names);

/* A status code, or an array of 1 to MEMBER_CODES_MAX of them. */
void member_codes(struct member_errors *, json_t *, const char *path,
    const char *key, int required, struct member_codes *);

/* 1 if the status is in the list. */
int member_has_code(const struct member_codes *, long status);

#endif
