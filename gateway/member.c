/*
 * member: reading members of JSON objects, and reporting errors.  Which
 * members a descriptor has is said in read*.c and match.c.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "gateway/member.h"
#include "gateway/pointer.h"
#include "gateway/wipe.h"

#define REASON_MAX 400	/* octets */
#define SHOWN_MAX  40	/* octets of a value that an error shows */

void
member_fail(struct member_errors *e, const char *path, const char *fmt, ...)
{
	char what[REASON_MAX], all[PATH_MAX + MEMBER_PATH_MAX + REASON_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(all, sizeof(all), "%s: %.*s%s%s", e->file, MEMBER_PATH_MAX,
	    path, *path != '\0' ? ": " : "", what);
	e->report(all);
	e->failed = 1;
}

void
member_must(struct member_errors *e, const char *path, json_t *value,
    const char *what)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (text == NULL)
		member_fail(e, path, "must be %s", what);
	else
		member_fail(e, path, "%.*s%s: must be %s", SHOWN_MAX, text,
		    strlen(text) > SHOWN_MAX ? "..." : "", what);
	wipe_free(text);
}

const char *
member_path(char *out, const char *path, const char *key)
{
	snprintf(out, MEMBER_PATH_MAX, "%.180s/%.60s", path, key);
	return out;
}

const char *
member_index(char *out, const char *path, size_t i)
{
	snprintf(out, MEMBER_PATH_MAX, "%.180s/%zu", path, i);
	return out;
}

/* "a, b, c" */
static const char *
join_names(const char *const *names, char *out, size_t room)
{
	struct buf b;
	size_t i;

	buf_init(&b, out, room);
	for (i = 0; names[i] != NULL; i++)
		buf_fmt(&b, "%s%s", i > 0 ? ", " : "", names[i]);
	return out;
}

static int
find_name(const char *const *names, const char *name)
{
	int i;

	for (i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

void
member_only(struct member_errors *e, const char *path, json_t *o,
    const char *const *names)
{
	char where[MEMBER_PATH_MAX], list[REASON_MAX];
	const char *key;
	json_t *item;

	if (o != NULL && !json_is_object(o))
		member_must(e, path, o, "an object");
	json_object_foreach(o, key, item)
		if (find_name(names, key) == -1)
			member_fail(e, member_path(where, path, key),
			    "unknown member; known are: %s",
			    join_names(names, list, sizeof(list)));
}

/* The member, if it is of that type; what: the type for people. */
static json_t *
typed(struct member_errors *e, json_t *o, const char *path, const char *key,
    int required, json_type type, const char *what)
{
	json_t *j = json_object_get(o, key);
	char where[MEMBER_PATH_MAX];

	member_path(where, path, key);
	if (j == NULL && required)
		member_fail(e, where, "is missing; it must be %s", what);
	if (j == NULL || json_typeof(j) == type)
		return j;
	member_must(e, where, j, what);
	return NULL;
}

const char *
member_string(struct member_errors *e, json_t *o, const char *path,
    const char *key, int required)
{
	return json_string_value(typed(e, o, path, key, required, JSON_STRING,
	    "a string"));
}

const char *
member_pointer(struct member_errors *e, json_t *o, const char *path,
    const char *key, int required)
{
	json_t *j = typed(e, o, path, key, required, JSON_STRING,
	    "a JSON pointer");
	char where[MEMBER_PATH_MAX];

	if (j == NULL || pointer_is(json_string_value(j)))
		return json_string_value(j);
	member_must(e, member_path(where, path, key), j, "a JSON pointer");
	return NULL;
}

json_t *
member_object(struct member_errors *e, json_t *o, const char *path,
    const char *key)
{
	return typed(e, o, path, key, 0, JSON_OBJECT, "an object");
}

json_t *
member_array(struct member_errors *e, json_t *o, const char *path,
    const char *key, size_t max)
{
	json_t *j = typed(e, o, path, key, 0, JSON_ARRAY, "an array");
	char where[MEMBER_PATH_MAX];

	if (json_array_size(j) <= max)
		return j;
	member_fail(e, member_path(where, path, key),
	    "has %zu elements; at most %zu", json_array_size(j), max);
	return NULL;
}

int
member_integer(struct member_errors *e, json_t *o, const char *path,
    const char *key, int required, json_int_t least, json_int_t most,
    json_int_t *out)
{
	char where[MEMBER_PATH_MAX], what[100];
	json_t *j;

	snprintf(what, sizeof(what), "a whole number from %"
	    JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT, least, most);
	j = typed(e, o, path, key, required, JSON_INTEGER, what);
	if (j == NULL)
		return 0;
	*out = json_integer_value(j);
	if (*out >= least && *out <= most)
		return 1;
	member_must(e, member_path(where, path, key), j, what);
	return 0;
}

int
member_choice(struct member_errors *e, json_t *o, const char *path,
    const char *key, int required, const char *const *names)
{
	char where[MEMBER_PATH_MAX], what[REASON_MAX];
	json_t *j;
	int i;

	strcpy(what, "one of: ");
	join_names(names, what + strlen(what), sizeof(what) - strlen(what));
	j = typed(e, o, path, key, required, JSON_STRING, what);
	if (j == NULL)
		return -1;
	i = find_name(names, json_string_value(j));
	if (i == -1)
		member_must(e, member_path(where, path, key), j, what);
	return i;
}

static void
add_code(struct member_errors *e, json_t *code, const char *path,
    struct member_codes *out)
{
	json_int_t n = json_integer_value(code);

	if (!json_is_integer(code) || n < 100 || n > 599)
		member_must(e, path, code, "a status code of HTTP");
	else
		out->v[out->n++] = (int)n;
}

void
member_codes(struct member_errors *e, json_t *o, const char *path,
    const char *key, int required, struct member_codes *out)
{
	json_t *j = json_object_get(o, key), *code;
	char where[MEMBER_PATH_MAX];
	size_t i, n = json_array_size(j);

	member_path(where, path, key);
	if (j == NULL && required)
		member_fail(e, where, "is missing; it must be a status code "
		    "of HTTP, or an array of them");
	if (j == NULL)
		return;
	if (!json_is_array(j))
		add_code(e, j, where, out);
	else if (n == 0 || n > MEMBER_CODES_MAX)
		member_fail(e, where, "has %zu elements; must have 1 to %d "
		    "status codes", n, MEMBER_CODES_MAX);
	else
		json_array_foreach(j, i, code)
			add_code(e, code, where, out);
}

int
member_has_code(const struct member_codes *c, long status)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->v[i] == status)
			return 1;
	return 0;
}
