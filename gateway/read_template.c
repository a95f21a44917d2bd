/*
 * read_template: which variables the templates of a descriptor use, and
 * where each may stand.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/placeholder.h"
#include "gateway/read_template.h"
#include "gateway/variable.h"

/* ---- the list of variables ---- */

void
read_template_name(struct descriptor *g, const char *path, const char *name,
    int sent)
{
	struct descriptor_variable *v;
	size_t i;

	for (i = 0; i < g->nvariable; i++)
		if (strcmp(g->variable[i].name, name) == 0)
			break;
	if (i == DESCRIPTOR_VARIABLES_MAX) {
		member_fail(&g->errors, path, "${%s}: more than %d variables",
		    name, DESCRIPTOR_VARIABLES_MAX);
		return;
	}
	v = &g->variable[i];
	if (i == g->nvariable) {
		snprintf(v->name, sizeof(v->name), "%s", name);
		g->nvariable++;
	}
	v->sent |= sent;
}

/* ---- what a variable is made of ---- */

typedef int (*predicate)(const struct placeholder *);

static int any_part(const struct descriptor *, const char *, predicate, int);

static int
any_in_string(const struct descriptor *g, const char *s, predicate holds,
    int depth)
{
	struct placeholder p;

	while ((s = strstr(s, "${")) != NULL) {
		if (placeholder_parse(s, &p) != NULL) {
			s += 2;
			continue;
		}
		if (holds(&p) || any_part(g, p.name, holds, depth))
			return 1;
		s += p.len;
	}
	return 0;
}

/*
 * 1 if the predicate holds for a placeholder that the variable is made of,
 * at any depth.  More than DESCRIPTOR_NEST_MAX in one another are a circle,
 * and count as if it held.
 */
static int
any_part(const struct descriptor *g, const char *name, predicate holds,
    int depth)
{
	const char *s, *of;
	size_t i;

	if (depth == DESCRIPTOR_NEST_MAX)
		return variable_part(g, name, 0, &of) != NULL;
	for (i = 0; (s = variable_part(g, name, i, &of)) != NULL; i++)
		if (of != NULL ? any_part(g, of, holds, depth + 1) :
		    any_in_string(g, s, holds, depth + 1))
			return 1;
	return 0;
}

static int
never(const struct placeholder *p)
{
	(void)p;
	return 0;
}

int
read_template_is_circular(const struct descriptor *g, const char *name)
{
	return any_part(g, name, never, 0);
}

static int
is_raw(const struct placeholder *p)
{
	return p->nfilter > 0 && p->filter[0].kind == FILTER_RAW;
}

/* ---- what may stand where ---- */

/* ${to} as an array must be a whole string, of JSON or a form. */
static const char *
wrong_array(const struct descriptor *g, const struct placeholder *p,
    int whole, enum read_context context)
{
	if (g->to != DESCRIPTOR_TO_ARRAY || strcmp(p->name, "to") != 0)
		return NULL;
	if (context == READ_JSON || (context == READ_FORM &&
	    g->element == NULL))
		return whole && p->nfilter == 0 ? NULL :
		    "is an array: it must be the whole string";
	return "is an array, which can only stand in JSON or a form";
}

static const char *
wrong_context(const struct descriptor *g, const struct placeholder *p,
    int whole, enum read_context context)
{
	if ((strcmp(p->name, "number") == 0 ||
	    strcmp(p->name, "index") == 0) && context != READ_ELEMENT)
		return "can only stand in to.element";
	if (strcmp(p->name, "to") == 0 && context == READ_ELEMENT)
		return "is made of to.element, so it cannot stand in it";
	if (context != READ_FORM && context != READ_PART &&
	    (is_raw(p) || any_part(g, p->name, is_raw, 0)))
		return "raw can only stand in a form or a query";
	return wrong_array(g, p, whole, context);
}

/* No message and no login may choose the host that it is sent to. */
static const char *
wrong_start(const struct placeholder *p, int first, enum read_context context)
{
	if (context != READ_URL || !first)
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
read_template_string(struct descriptor *g, const char *path, const char *s,
    enum read_context context, int sent)
{
	struct placeholder p;
	const char *start = s, *wrong;
	int whole;

	if (s == NULL)
		return;
	whole = placeholder_is(s, &p);
	while ((s = strstr(s, "${")) != NULL) {
		if ((wrong = placeholder_parse(s, &p)) != NULL) {
			member_fail(&g->errors, path,
			    "bad placeholder in '%.60s': %s", s, wrong);
			return;
		}
		if ((wrong = wrong_context(g, &p, whole, context)) != NULL ||
		    (wrong = wrong_start(&p, s == start, context)) != NULL)
			member_fail(&g->errors, path, "%.*s: %s", (int)p.len,
			    s, wrong);
		read_template_name(g, path, p.name, sent);
		s += p.len;
	}
}

static void
read_json(struct descriptor *g, const char *path, json_t *j,
    enum read_context context, int sent, int depth)
{
	char where[MEMBER_PATH_MAX];
	const char *key;
	json_t *item;
	size_t i;

	if (depth > DESCRIPTOR_DEPTH_MAX) {
		member_fail(&g->errors, path, "nested deeper than %d",
		    DESCRIPTOR_DEPTH_MAX);
		return;
	}
	if (json_is_string(j))
		read_template_string(g, path, json_string_value(j), context,
		    sent);
	json_object_foreach(j, key, item)
		read_json(g, member_path(where, path, key), item, context,
		    sent, depth + 1);
	json_array_foreach(j, i, item)
		read_json(g, member_index(where, path, i), item, context,
		    sent, depth + 1);
}

void
read_template(struct descriptor *g, const char *path, json_t *template,
    enum read_context context, int sent)
{
	read_json(g, path, template, context, sent, 0);
}

/* ---- when all are noted ---- */

/* Note what a sent variable is made of as sent. */
static void
mark_parts(struct descriptor *g, const char *name)
{
	struct placeholder p;
	const char *s, *of;
	size_t i;

	for (i = 0; (s = variable_part(g, name, i, &of)) != NULL; i++) {
		if (of != NULL)
			read_template_name(g, "", of, 1);
		while ((s = strstr(s, "${")) != NULL) {
			if (placeholder_parse(s, &p) == NULL)
				read_template_name(g, "", p.name, 1);
			s += 2;
		}
	}
}

void
read_template_close(struct descriptor *g)
{
	size_t i;
	int depth;

	for (depth = 0; depth <= DESCRIPTOR_NEST_MAX; depth++)
		for (i = 0; i < g->nvariable; i++)
			if (g->variable[i].sent)
				mark_parts(g, g->variable[i].name);
}
