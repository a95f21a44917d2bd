/*
 * load: members of a descriptor by their type, and errors with file, JSON
 * path and reason.  Which members there are is not said here.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gateway/descriptor.h"
#include "gateway/load.h"

void
load_fail(struct descriptor *g, const char *path, const char *fmt, ...)
{
	char what[300], all[PATH_MAX + LOAD_PATH_MAX + 320];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(all, sizeof(all), "%s: %.*s%s%s", g->file, LOAD_PATH_MAX,
	    path, *path != '\0' ? ": " : "", what);
	g->report(all);
	g->failed = 1;
}

const char *
load_path(char *out, const char *path, const char *key)
{
	snprintf(out, LOAD_PATH_MAX, "%.180s/%.60s", path, key);
	return out;
}

void
load_only(struct descriptor *g, const char *path, json_t *o,
    const char *const *names)
{
	char where[LOAD_PATH_MAX];
	const char *key;
	json_t *item;
	size_t i;

	if (o != NULL && !json_is_object(o))
		load_fail(g, path, "is not an object");
	json_object_foreach(o, key, item) {
		for (i = 0; names[i] != NULL; i++)
			if (strcmp(names[i], key) == 0)
				break;
		if (names[i] == NULL)
			load_fail(g, load_path(where, path, key),
			    "unknown member");
	}
}

/* The member, if it is of that type; required: an error if it is missing. */
static json_t *
member(struct descriptor *g, json_t *o, const char *path, const char *key,
    json_type type, int required)
{
	static const char *const names[] = {[JSON_OBJECT] = "an object",
	    [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
	    [JSON_INTEGER] = "a whole number"};
	json_t *j = json_object_get(o, key);
	char where[LOAD_PATH_MAX];

	load_path(where, path, key);
	if (j == NULL && required)
		load_fail(g, where, "is missing");
	if (j == NULL)
		return NULL;
	if (json_typeof(j) != type) {
		load_fail(g, where, "is not %s", names[type]);
		return NULL;
	}
	return j;
}

const char *
load_string(struct descriptor *g, json_t *o, const char *path,
    const char *key, int required)
{
	return json_string_value(member(g, o, path, key, JSON_STRING,
	    required));
}

json_t *
load_object(struct descriptor *g, json_t *o, const char *path,
    const char *key)
{
	return member(g, o, path, key, JSON_OBJECT, 0);
}

json_t *
load_array(struct descriptor *g, json_t *o, const char *path,
    const char *key, size_t max)
{
	json_t *j = member(g, o, path, key, JSON_ARRAY, 0);
	char where[LOAD_PATH_MAX];

	if (json_array_size(j) <= max)
		return j;
	load_fail(g, load_path(where, path, key), "has more than %zu elements",
	    max);
	return NULL;
}

int
load_integer(struct descriptor *g, json_t *o, const char *path,
    const char *key, json_int_t least, json_int_t most, json_int_t *out)
{
	json_t *j = member(g, o, path, key, JSON_INTEGER, 0);
	json_int_t n = json_integer_value(j);
	char where[LOAD_PATH_MAX];

	if (j == NULL)
		return 0;
	if (n < least || n > most) {
		load_fail(g, load_path(where, path, key),
		    "is not from %" JSON_INTEGER_FORMAT " to %"
		    JSON_INTEGER_FORMAT, least, most);
		return 0;
	}
	*out = n;
	return 1;
}

int
load_outcome(struct descriptor *g, json_t *o, const char *path,
    const char *key, int required, enum ipc_outcome *out)
{
	static const struct {
		const char *name;
		enum ipc_outcome outcome;
	} names[] = {
		{"accepted", IPC_OUTCOME_ACCEPTED},
		{"temporary", IPC_OUTCOME_TEMPORARY},
		{"permanent", IPC_OUTCOME_PERMANENT},
		{"credentials", IPC_OUTCOME_CREDENTIALS},
	};
	const char *s = load_string(g, o, path, key, required);
	char where[LOAD_PATH_MAX];
	size_t i;

	if (s == NULL)
		return 0;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, s) == 0) {
			*out = names[i].outcome;
			return 1;
		}
	load_fail(g, load_path(where, path, key), "'%.20s' is none of: "
	    "accepted, temporary, permanent, credentials", s);
	return 0;
}

static void
add_code(struct descriptor *g, json_t *code, const char *path,
    struct load_codes *out)
{
	json_int_t n = json_integer_value(code);

	if (!json_is_integer(code) || n < 100 || n > 599)
		load_fail(g, path, "is not a status code");
	else
		out->v[out->n++] = (int)n;
}

void
load_codes(struct descriptor *g, json_t *o, const char *path,
    const char *key, int required, struct load_codes *out)
{
	json_t *j = json_object_get(o, key), *code;
	char where[LOAD_PATH_MAX];
	size_t i;

	load_path(where, path, key);
	if (j == NULL && required)
		load_fail(g, where, "is missing");
	if (j == NULL)
		return;
	if (!json_is_array(j))
		add_code(g, j, where, out);
	else if (json_array_size(j) == 0 ||
	    json_array_size(j) > LOAD_CODES_MAX)
		load_fail(g, where, "is not an array of 1 to %d status codes",
		    LOAD_CODES_MAX);
	else
		json_array_foreach(j, i, code)
			add_code(g, code, where, out);
}

int
load_has_code(const struct load_codes *c, long status)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->v[i] == status)
			return 1;
	return 0;
}
