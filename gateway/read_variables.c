/*
 * read_variables: `variables`, `defaults` and `map` of a descriptor, and
 * `set` and `secret` of the configuration held against it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "gateway/descriptor.h"
#include "gateway/hook.h"
#include "gateway/read_template.h"
#include "gateway/read_variables.h"
#include "gateway/variable.h"

#define LIST_MAX 256	/* octets of the variables that an error names */

/* ---- members ---- */

static void
read_meanings(struct descriptor *g)
{
	char where[MEMBER_PATH_MAX];
	const char *key;
	json_t *item;

	g->variables = member_object(&g->errors, g->root, "", "variables");
	json_object_foreach(g->variables, key, item)
		if (!json_is_string(item))
			member_must(&g->errors, member_path(where,
			    "/variables", key), item, "a string");
}

static void
read_defaults(struct descriptor *g)
{
	char where[MEMBER_PATH_MAX];
	const char *key;
	json_t *item;

	g->defaults = member_object(&g->errors, g->root, "", "defaults");
	json_object_foreach(g->defaults, key, item) {
		member_path(where, "/defaults", key);
		if (!variable_is_name(key) ||
		    variable_kind(key) == VARIABLE_MESSAGE)
			member_fail(&g->errors, where, "no variable of this "
			    "name can have a default");
		if (!json_is_string(item))
			member_must(&g->errors, where, item, "a string");
		else
			read_template_string(g, where,
			    json_string_value(item), READ_PART, 0);
	}
}

static void
read_map_value(struct descriptor *g, const char *path, const char *key,
    json_t *j)
{
	char where[MEMBER_PATH_MAX];

	member_path(where, path, key);
	if (json_is_object(j) || json_is_array(j))
		member_must(&g->errors, where, j,
		    "a string, a number, true, false or null");
	read_template(g, where, j, READ_PART, 0);
}

static void
read_map(struct descriptor *g, const char *name, json_t *o)
{
	static const char *const names[] = {"of", "values", "else", "unset",
	    NULL};
	struct descriptor_map *m = &g->map[g->nmap++];
	char path[MEMBER_PATH_MAX], where[MEMBER_PATH_MAX];
	const char *key;
	json_t *item;

	member_path(path, "/map", name);
	member_only(&g->errors, path, o, names);
	if (!variable_is_name(name) || variable_kind(name) != VARIABLE_OWN ||
	    json_object_get(g->defaults, name) != NULL)
		member_fail(&g->errors, path, "no map can make this variable: "
		    "it is a message's or a login's, or has a default");
	m->name = name;
	m->of = member_string(&g->errors, o, path, "of", 1);
	member_path(where, path, "of");
	if (m->of != NULL && !variable_is_name(m->of))
		member_must(&g->errors, where, json_object_get(o, "of"),
		    "the name of a variable");
	else if (m->of != NULL)
		read_template_name(g, where, m->of, 0);
	m->values = member_object(&g->errors, o, path, "values");
	member_path(where, path, "values");
	json_object_foreach(m->values, key, item)
		read_map_value(g, where, key, item);
	m->fallback = json_object_get(o, "else");
	read_map_value(g, path, "else", m->fallback);
	m->unset = json_object_get(o, "unset");
	read_map_value(g, path, "unset", m->unset);
	if (m->values == NULL && m->fallback == NULL && m->unset == NULL)
		member_fail(&g->errors, path,
		    "must have one of: values, else, unset");
}

void
read_variables(struct descriptor *g)
{
	json_t *map = member_object(&g->errors, g->root, "", "map"), *item;
	const char *key;

	read_meanings(g);
	read_defaults(g);
	if (json_object_size(map) > DESCRIPTOR_MAPS_MAX) {
		member_fail(&g->errors, "/map", "has %zu members; at most %d",
		    json_object_size(map), DESCRIPTOR_MAPS_MAX);
		return;
	}
	json_object_foreach(map, key, item)
		read_map(g, key, item);
}

/* ---- when all templates have been read ---- */

static void
check_circles(struct descriptor *g)
{
	static const char circle[] = "refers to itself, or nests deeper than "
	    "%d";
	char where[MEMBER_PATH_MAX];
	const char *key;
	json_t *item;
	size_t i;

	json_object_foreach(g->defaults, key, item)
		if (read_template_is_circular(g, key))
			member_fail(&g->errors, member_path(where,
			    "/defaults", key), circle, DESCRIPTOR_NEST_MAX);
	for (i = 0; i < g->nmap; i++)
		if (read_template_is_circular(g, g->map[i].name))
			member_fail(&g->errors, member_path(where, "/map",
			    g->map[i].name), circle, DESCRIPTOR_NEST_MAX);
}

static void
check_meanings(struct descriptor *g)
{
	char where[MEMBER_PATH_MAX];
	const char *key;
	json_t *item;

	json_object_foreach(g->variables, key, item)
		if (variable_find(g, key) == NULL)
			member_fail(&g->errors, member_path(where,
			    "/variables", key), "no template uses ${%s}", key);
}

static void
check_defaults(struct descriptor *g)
{
	char where[MEMBER_PATH_MAX], type[80];
	const char *key, *value;
	json_t *item, *j;

	json_object_foreach(g->defaults, key, item) {
		value = json_string_value(item);
		if (value == NULL || strstr(value, "${") != NULL)
			continue;
		j = variable_typed(g, key, value);
		if (j == NULL)
			member_must(&g->errors, member_path(where,
			    "/defaults", key), item, variable_type(g, key,
			    type, sizeof(type)));
		json_decref(j);
	}
}

/* ---- `set` and `secret` ---- */

static void
append_names(const struct descriptor *g, enum variable_kind kind,
    struct buf *b)
{
	const char *name;
	size_t i;

	for (i = 0; i < g->nvariable; i++) {
		name = g->variable[i].name;
		if (variable_kind(name) == kind &&
		    variable_map(g, name) == NULL)
			buf_fmt(b, "%s%s", b->len > 0 ? ", " : "", name);
	}
}

void
read_variables_fail(struct descriptor *g, const struct config_pair *p,
    const char *keyword, const char *fmt, ...)
{
	char why[LIST_MAX + 160], what[PATH_MAX + LIST_MAX + 320];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	snprintf(what, sizeof(what), "%s: %s %.64s: %s", p->where, keyword,
	    p->name, why);
	g->errors.report(what);
	g->errors.failed = 1;
}

/* The variables that a `set` or `secret` can give a value to. */
static const char *
settable_names(const struct descriptor *g, char out[LIST_MAX])
{
	struct buf b;

	buf_init(&b, out, LIST_MAX);
	append_names(g, VARIABLE_LOGIN, &b);
	append_names(g, VARIABLE_OWN, &b);
	append_names(g, VARIABLE_OPTION, &b);
	return b.len > 0 ? out : "none";
}

static void
check_value(struct descriptor *g, const struct config_pair *p,
    const char *name)
{
	json_t *j = variable_typed(g, name, p->value);
	char type[80];

	if (j == NULL)
		read_variables_fail(g, p, "set", "'%.60s' must be %s",
		    p->value, variable_type(g, name, type, sizeof(type)));
	json_decref(j);
}

/* A line that is for this gateway: may it have the variable? */
static void
check_pair(struct descriptor *g, const struct config_pair *p,
    const char *keyword)
{
	char list[LIST_MAX];
	int own;
	const char *name = variable_of_pair(g, p, &own);

	if (name == NULL)
		return;
	if (variable_find(g, name) == NULL && !own &&
	    g->config->next_gateways.n > 0)
		return;		/* another gateway may have it */
	if (variable_kind(name) == VARIABLE_MESSAGE)
		read_variables_fail(g, p, keyword,
		    "only a message has this variable");
	else if (variable_map(g, name) != NULL)
		read_variables_fail(g, p, keyword, "the descriptor's /map "
		    "makes this variable");
	else if (variable_find(g, name) == NULL)
		read_variables_fail(g, p, keyword, "gateway %s has no "
		    "variable '%s'; it has: %s", g->name, name,
		    settable_names(g, list));
	else if (strcmp(keyword, "set") == 0)
		check_value(g, p, name);
}

/*
 * A line that is for smtp2sms-hook: is there a gateway that has webhooks?
 * dot: behind the gateway's name, or NULL.
 */
static int
check_hook_owner(struct descriptor *first, const struct config_pair *p,
    const char *keyword, const char *dot)
{
	struct descriptor *g;
	size_t n = dot != NULL ? (size_t)(dot - p->name) : 0;

	if (first->config->journal == NULL) {
		read_variables_fail(first, p, keyword,
		    "smtp2sms-hook needs a journal that is a folder");
		return -1;
	}
	if (*p->value == '\0') {
		read_variables_fail(first, p, keyword, "it is empty");
		return -1;
	}
	for (g = first; g != NULL; g = g->next)
		if (g->has_hook && (dot == NULL || (strlen(g->name) == n &&
		    strncmp(p->name, g->name, n) == 0)))
			return 0;
	read_variables_fail(first, p, keyword, dot != NULL ?
	    "there is no gateway of this name that has webhooks" :
	    "none of the gateways has webhooks");
	return -1;
}

/* Is there a gateway that has the variable? */
static int
check_owner(struct descriptor *first, const struct config_pair *p,
    const char *keyword)
{
	const char *dot = strchr(p->name, '.'), *name;
	struct descriptor *g;
	int own;

	if (hook_is_name(dot != NULL ? dot + 1 : p->name))
		return check_hook_owner(first, p, keyword, dot);
	for (g = first; g != NULL; g = g->next) {
		name = variable_of_pair(g, p, &own);
		if (name != NULL && (own || variable_find(g, name) != NULL))
			return 0;	/* check_pair() has seen to it */
	}
	read_variables_fail(first, p, keyword, dot != NULL ?
	    "there is no gateway of this name" :
	    "none of the gateways has this variable");
	return -1;
}

int
read_variables_check_pairs(struct descriptor *first)
{
	const struct config *c = first->config;
	int failed = 0;
	size_t i;

	for (i = 0; i < c->set.n; i++)
		failed |= check_owner(first, &c->set.v[i], "set");
	for (i = 0; i < c->secret.n; i++)
		failed |= check_owner(first, &c->secret.v[i], "secret");
	return failed ? -1 : 0;
}

void
read_variables_check(struct descriptor *g)
{
	const struct config *c = g->config;
	size_t i;

	check_circles(g);
	check_meanings(g);
	read_template_close(g);
	for (i = 0; i < c->set.n; i++)
		check_pair(g, &c->set.v[i], "set");
	for (i = 0; i < c->secret.n; i++)
		check_pair(g, &c->secret.v[i], "secret");
	check_defaults(g);
}
