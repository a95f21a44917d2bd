/*
 * maps: `variables`, `defaults` and `map`: variables that a descriptor makes
 * or explains itself.  Their values are variable.c's.
 */
#include <string.h>

#include "gateway/descriptor.h"
#include "gateway/maps.h"
#include "gateway/names.h"
#include "gateway/variable.h"

static int
is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return n > 0 && n <= TEMPLATE_NAME_MAX && s[n] == '\0';
}

static void
load_variables(struct descriptor *g)
{
	char where[LOAD_PATH_MAX];
	const char *key;
	json_t *item;

	g->variables = load_object(g, g->root, "", "variables");
	json_object_foreach(g->variables, key, item)
		if (!json_is_string(item))
			load_fail(g, load_path(where, "/variables", key),
			    "is not a string");
}

const char *
maps_meaning(const struct descriptor *g, const char *name)
{
	const char *s = json_string_value(json_object_get(g->variables,
	    name));

	return s != NULL ? s : "";
}

static void
load_defaults(struct descriptor *g)
{
	char where[LOAD_PATH_MAX];
	const char *key;
	json_t *item;

	g->defaults = load_object(g, g->root, "", "defaults");
	json_object_foreach(g->defaults, key, item) {
		load_path(where, "/defaults", key);
		if (!is_name(key) || variable_kind(key) == VARIABLE_MESSAGE)
			load_fail(g, where, "is no name of a variable that "
			    "can have a default");
		if (!json_is_string(item))
			load_fail(g, where, "is not a string");
		else
			names_note_string(g, where, json_string_value(item),
			    NAMES_INNER, 0);
	}
}

static void
load_map_value(struct descriptor *g, const char *path, const char *key,
    json_t *j)
{
	char where[LOAD_PATH_MAX];

	load_path(where, path, key);
	if (json_is_object(j) || json_is_array(j))
		load_fail(g, where, "is no string, number, true, false, null");
	names_note(g, where, j, NAMES_INNER, 0);
}

static void
load_map(struct descriptor *g, const char *name, json_t *o)
{
	static const char *const names[] = {"of", "values", "else", "unset",
	    NULL};
	struct descriptor_map *m = &g->map[g->nmap++];
	char path[LOAD_PATH_MAX], where[LOAD_PATH_MAX];
	const char *key;
	json_t *item;

	load_path(path, "/map", name);
	load_only(g, path, o, names);
	if (!is_name(name) || variable_kind(name) != VARIABLE_OWN ||
	    json_object_get(g->defaults, name) != NULL)
		load_fail(g, path, "is no name of a variable of its own");
	m->name = name;
	m->of = load_string(g, o, path, "of", 1);
	if (m->of != NULL && !is_name(m->of))
		load_fail(g, path, "of: '%.40s' is no name", m->of);
	else if (m->of != NULL)
		names_note_name(g, path, m->of, 0);
	m->values = load_object(g, o, path, "values");
	load_path(where, path, "values");
	json_object_foreach(m->values, key, item)
		load_map_value(g, where, key, item);
	m->otherwise = json_object_get(o, "else");
	load_map_value(g, path, "else", m->otherwise);
	m->unset = json_object_get(o, "unset");
	load_map_value(g, path, "unset", m->unset);
	if (m->values == NULL && m->otherwise == NULL && m->unset == NULL)
		load_fail(g, path, "has none of: values, else, unset");
}

void
maps_load(struct descriptor *g)
{
	json_t *map = load_object(g, g->root, "", "map"), *item;
	const char *key;

	load_variables(g);
	load_defaults(g);
	if (json_object_size(map) > DESCRIPTOR_MAPS_MAX) {
		load_fail(g, "/map", "has more than %d members",
		    DESCRIPTOR_MAPS_MAX);
		return;
	}
	json_object_foreach(map, key, item)
		load_map(g, key, item);
}

const struct descriptor_map *
maps_find(const struct descriptor *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->nmap; i++)
		if (strcmp(g->map[i].name, name) == 0)
			return &g->map[i];
	return NULL;
}

const char *
maps_inner(const struct descriptor *g, const char *name, size_t i,
    const char **of)
{
	const struct descriptor_map *m = maps_find(g, name);
	const char *key;
	json_t *item;
	size_t n = 0;

	*of = NULL;
	if (m == NULL)
		return i > 0 ? NULL : json_string_value(
		    json_object_get(g->defaults, name));
	if (i == 0) {
		*of = m->of;
		return "";
	}
	if (i <= 2) {
		item = i == 1 ? m->otherwise : m->unset;
		return json_is_string(item) ? json_string_value(item) : "";
	}
	json_object_foreach(m->values, key, item)
		if (n++ == i - 3)
			return json_is_string(item) ?
			    json_string_value(item) : "";
	return NULL;
}
