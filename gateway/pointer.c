/*
 * pointer: following a JSON pointer through a document.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/pointer.h"

int
pointer_is(const char *s)
{
	size_t n;

	while (*s == '/') {
		n = strcspn(++s, "/");
		if (n > POINTER_TOKEN_MAX)
			return 0;
		s += n;
	}
	return *s == '\0';
}

/* The first step of a pointer, unescaped; returns the rest of it. */
static const char *
next_step(const char *s, char step[POINTER_TOKEN_MAX + 1])
{
	size_t n = 0;

	for (s++; *s != '\0' && *s != '/'; s++) {
		if (n == POINTER_TOKEN_MAX)
			continue; /* pointer_is() has refused those */
		if (*s == '~' && (s[1] == '0' || s[1] == '1'))
			step[n++] = *++s == '0' ? '~' : '/';
		else
			step[n++] = *s;
	}
	step[n] = '\0';
	return s;
}

static json_t *
follow(json_t *j, const char *step)
{
	size_t n = strlen(step);

	if (!json_is_array(j))
		return json_object_get(j, step);
	if (n == 0 || n > 6 || strspn(step, "0123456789") != n)
		return NULL;
	return json_array_get(j, strtoul(step, NULL, 10));
}

void
pointer_walk(json_t *j, const char *s, pointer_test test, const void *arg,
    struct pointer_count *count)
{
	char step[POINTER_TOKEN_MAX + 1];
	const char *key, *rest;
	json_t *item;
	size_t i;

	if (j == NULL || *s == '\0') {
		count->targets++;
		count->passed += test(j, arg) == 1;
		return;
	}
	rest = next_step(s, step);
	if (strcmp(step, "*") != 0 ||
	    (!json_is_array(j) && !json_is_object(j))) {
		pointer_walk(follow(j, step), rest, test, arg, count);
		return;
	}
	json_array_foreach(j, i, item)
		pointer_walk(item, rest, test, arg, count);
	json_object_foreach(j, key, item)
		pointer_walk(item, rest, test, arg, count);
}

/* arg: where the first value that is found goes */
static int
keep_first(json_t *j, const void *arg)
{
	json_t **first = *(json_t ***)(size_t)arg;

	if (*first == NULL)
		*first = j;
	return 0;
}

json_t *
pointer_get(json_t *j, const char *s)
{
	struct pointer_count count = {0, 0};
	json_t *found = NULL, **first = &found;

	pointer_walk(j, s, keep_first, &first, &count);
	return found;
}

void
pointer_text(json_t *j, char *out, size_t room)
{
	out[0] = '\0';
	if (json_is_string(j))
		snprintf(out, room, "%s", json_string_value(j));
	else if (json_is_integer(j))
		snprintf(out, room, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(j));
	else if (json_is_real(j))
		snprintf(out, room, "%.17g", json_real_value(j));
	else if (json_is_boolean(j))
		snprintf(out, room, "%s", json_is_true(j) ? "true" : "false");
}
