/*
 * names: which variables a descriptor uses and where; `set` and `secret`
 * held against them.  Those that it makes itself are maps.c's, values are
 * variable.c's.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/descriptor.h"
#include "gateway/maps.h"
#include "gateway/names.h"
#include "gateway/variable.h"

/* ---- the list ---- */

static struct descriptor_name *
find(const struct descriptor *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->nname; i++)
		if (strcmp(g->name[i].name, name) == 0)
			return (struct descriptor_name *)(size_t)&g->name[i];
	return NULL;
}

void
names_note_name(struct descriptor *g, const char *path, const char *name,
    int sent)
{
	struct descriptor_name *n = find(g, name);

	if (n == NULL && g->nname == DESCRIPTOR_NAMES_MAX) {
		load_fail(g, path, "uses more than %d variables",
		    DESCRIPTOR_NAMES_MAX);
		return;
	}
	if (n == NULL) {
		n = &g->name[g->nname++];
		snprintf(n->name, sizeof(n->name), "%s", name);
	}
	n->sent |= sent;
}

int
names_sent(const struct descriptor *g, const char *name)
{
	const struct descriptor_name *n = find(g, name);

	return n != NULL && n->sent;
}

/* ---- what the templates of a name lead to ---- */

/* 1 if it is asked of any placeholder that a name is made of. */
typedef int (*names_test)(const struct template_name *);

static int leads(const struct descriptor *, const char *, names_test, int);

static int
string_leads(const struct descriptor *g, const char *s, names_test test,
    int depth)
{
	struct template_name p;

	while ((s = strstr(s, "${")) != NULL) {
		if (template_name(s, &p) != NULL) {
			s += 2;
			continue;
		}
		if (test(&p) || leads(g, p.name, test, depth))
			return 1;
		s += p.len;
	}
	return 0;
}

/* More than TEMPLATE_NEST_MAX in one another count as found: a circle. */
static int
leads(const struct descriptor *g, const char *name, names_test test,
    int depth)
{
	const char *s, *of;
	size_t i;

	if (depth == TEMPLATE_NEST_MAX)
		return maps_inner(g, name, 0, &of) != NULL;
	for (i = 0; (s = maps_inner(g, name, i, &of)) != NULL; i++)
		if (of != NULL ? leads(g, of, test, depth + 1) :
		    string_leads(g, s, test, depth + 1))
			return 1;
	return 0;
}

static int
never(const struct template_name *p)
{
	(void)p;
	return 0;
}

static int
is_raw(const struct template_name *p)
{
	return p->nfilter > 0 && p->filter[0].kind == FILTER_RAW;
}

/* ---- noting ---- */

/* What stands for an array is the whole of a string, in JSON or a form. */
static const char *
wrong_list(const struct descriptor *g, const struct template_name *p,
    int whole, enum names_place place)
{
	if (g->mode != TO_ARRAY || strcmp(p->name, "to") != 0)
		return NULL;
	if (place == NAMES_JSON || (place == NAMES_FORM &&
	    g->element == NULL))
		return whole && p->nfilter == 0 ? NULL :
		    "is an array, which stands alone";
	return "is an array, which cannot stand here";
}

static const char *
wrong_place(const struct descriptor *g, const struct template_name *p,
    int whole, enum names_place place)
{
	if ((strcmp(p->name, "number") == 0 ||
	    strcmp(p->name, "index") == 0) && place != NAMES_ELEMENT)
		return "is for to.element";
	if (strcmp(p->name, "to") == 0 && place == NAMES_ELEMENT)
		return "is made of to.element";
	if (place != NAMES_FORM && place != NAMES_INNER &&
	    (is_raw(p) || leads(g, p->name, is_raw, 0)))
		return "raw is for a form and a query";
	return wrong_list(g, p, whole, place);
}

/* ... and no session says where its own message goes. */
static const char *
wrong_start(const struct template_name *p, int first, enum names_place place)
{
	if (place != NAMES_URL || !first)
		return NULL;
	switch (variable_kind(p->name)) {
	case VARIABLE_MESSAGE:
	case VARIABLE_OPTION:
	case VARIABLE_LOGIN:
		return "cannot stand at the start of a URL";
	case VARIABLE_OWN:
		break;
	}
	return NULL;
}

void
names_note_string(struct descriptor *g, const char *path, const char *s,
    enum names_place place, int sent)
{
	struct template_name p;
	const char *start = s, *wrong;
	int whole;

	if (s == NULL)
		return;
	whole = template_is_name(s, &p);
	while ((s = strstr(s, "${")) != NULL) {
		if ((wrong = template_name(s, &p)) != NULL) {
			load_fail(g, path, "bad placeholder in '%.60s': %s",
			    s, wrong);
			return;
		}
		if ((wrong = wrong_place(g, &p, whole, place)) != NULL ||
		    (wrong = wrong_start(&p, s == start, place)) != NULL)
			load_fail(g, path, "%.*s: %s", (int)p.len, s, wrong);
		names_note_name(g, path, p.name, sent);
		s += p.len;
	}
}

static void
note_json(struct descriptor *g, const char *path, json_t *j,
    enum names_place place, int sent, int depth)
{
	char where[LOAD_PATH_MAX], n[24];
	const char *key;
	json_t *item;
	size_t i;

	if (depth > DESCRIPTOR_DEPTH_MAX) {
		load_fail(g, path, "nested deeper than %d",
		    DESCRIPTOR_DEPTH_MAX);
		return;
	}
	if (json_is_string(j))
		names_note_string(g, path, json_string_value(j), place, sent);
	json_object_foreach(j, key, item)
		note_json(g, load_path(where, path, key), item, place, sent,
		    depth + 1);
	json_array_foreach(j, i, item) {
		snprintf(n, sizeof(n), "%zu", i);
		note_json(g, load_path(where, path, n), item, place, sent,
		    depth + 1);
	}
}

void
names_note(struct descriptor *g, const char *path, json_t *template,
    enum names_place place, int sent)
{
	note_json(g, path, template, place, sent, 0);
}

/* ---- when all are noted ---- */

/* What a sent variable is made of is sent, too. */
static void
spread(struct descriptor *g, const char *name)
{
	struct template_name p;
	const char *s, *of;
	size_t i;

	for (i = 0; (s = maps_inner(g, name, i, &of)) != NULL; i++) {
		if (of != NULL)
			names_note_name(g, "", of, 1);
		while ((s = strstr(s, "${")) != NULL) {
			if (template_name(s, &p) == NULL)
				names_note_name(g, "", p.name, 1);
			s += 2;
		}
	}
}

static void
check_circles(struct descriptor *g)
{
	char where[LOAD_PATH_MAX];
	const char *key;
	json_t *item;
	size_t i;

	json_object_foreach(g->defaults, key, item)
		if (leads(g, key, never, 0))
			load_fail(g, load_path(where, "/defaults", key),
			    "refers to itself, or nests deeper than %d",
			    TEMPLATE_NEST_MAX);
	for (i = 0; i < g->nmap; i++)
		if (leads(g, g->map[i].name, never, 0))
			load_fail(g, load_path(where, "/map", g->map[i].name),
			    "refers to itself, or nests deeper than %d",
			    TEMPLATE_NEST_MAX);
}

static void
check_set(struct descriptor *g, const struct config_pair *p)
{
	json_t *j = variable_typed(g, p->name, p->value);

	if (j == NULL)
		load_fail(g, "", "set %s: bad value '%s'", p->name, p->value);
	json_decref(j);
}

static void
check_default(struct descriptor *g, const char *name, const char *value)
{
	char where[LOAD_PATH_MAX];
	json_t *j;

	if (strstr(value, "${") != NULL)
		return;
	if ((j = variable_typed(g, name, value)) == NULL)
		load_fail(g, load_path(where, "/defaults", name),
		    "bad value '%.60s'", value);
	json_decref(j);
}

static void
check_pair(struct descriptor *g, const struct config_pair *p, int secret)
{
	const char *keyword = secret ? "secret" : "set";

	if (variable_kind(p->name) == VARIABLE_MESSAGE)
		load_fail(g, "", "%s %s: that is the message's own", keyword,
		    p->name);
	else if (maps_find(g, p->name) != NULL)
		load_fail(g, "", "%s %s: that is made by /map", keyword,
		    p->name);
	else if (find(g, p->name) == NULL)
		load_fail(g, "", "has no variable '%s' (%s)", p->name,
		    keyword);
	else if (!secret)
		check_set(g, p);
}

void
names_check(struct descriptor *g)
{
	const struct config *c = g->config;
	char where[LOAD_PATH_MAX];
	const char *key;
	json_t *item;
	size_t i;
	int depth;

	check_circles(g);
	json_object_foreach(g->variables, key, item)
		if (find(g, key) == NULL)
			load_fail(g, load_path(where, "/variables", key),
			    "is a variable that is not used");
	for (depth = 0; depth <= TEMPLATE_NEST_MAX; depth++)
		for (i = 0; i < g->nname; i++)
			if (g->name[i].sent)
				spread(g, g->name[i].name);
	for (i = 0; i < c->set.n; i++)
		check_pair(g, &c->set.v[i], 0);
	for (i = 0; i < c->secret.n; i++)
		check_pair(g, &c->secret.v[i], 1);
	json_object_foreach(g->defaults, key, item)
		if (json_is_string(item))
			check_default(g, key, json_string_value(item));
}
