/*
 * match: tests of an answer and rules made of them: how they are read and
 * how they are asked.  What follows from them is answer.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/descriptor.h"
#include "gateway/match.h"
#include "gateway/pointer.h"

/* ---- reading ---- */

static int
load_regex(struct descriptor *g, const char *path, const char *s, int flags,
    regex_t *out)
{
	char why[100];
	int e = regcomp(out, s, REG_EXTENDED | flags);

	if (e == 0)
		return 0;
	regerror(e, out, why, sizeof(why));
	load_fail(g, path, "regex: %s", why);
	return -1;
}

static int
is_scalar(const json_t *j)
{
	return json_is_string(j) || json_is_number(j) || json_is_boolean(j);
}

static void
load_values(struct descriptor *g, const char *path, json_t *j,
    struct match *m)
{
	json_t *item;
	size_t i;

	m->values = j;
	if (m->kind == MATCH_EQUALS) {
		if (!is_scalar(j))
			load_fail(g, path, "is no string, number, true, false");
		return;
	}
	if (json_array_size(j) == 0 || json_array_size(j) > MATCH_VALUES_MAX)
		load_fail(g, path, "is not an array of 1 to %d values",
		    MATCH_VALUES_MAX);
	json_array_foreach(j, i, item)
		if (!is_scalar(item))
			load_fail(g, path, "holds what is no string, number, "
			    "true, false");
}

static void
load_kind(struct descriptor *g, json_t *o, const char *path, struct match *m)
{
	static const char *const kinds[] = {[MATCH_EQUALS] = "equals",
	    [MATCH_IN] = "in", [MATCH_REGEX] = "regex",
	    [MATCH_ABSENT] = "absent"};
	char where[LOAD_PATH_MAX];
	const char *s;
	json_t *j;
	int found = 0;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if ((j = json_object_get(o, kinds[i])) == NULL)
			continue;
		found++;
		m->kind = (enum match_kind)i;
		load_path(where, path, kinds[i]);
		if (i == MATCH_EQUALS || i == MATCH_IN)
			load_values(g, where, j, m);
		else if (i == MATCH_ABSENT && !json_is_true(j))
			load_fail(g, where, "is not true");
		else if (i == MATCH_REGEX && (s = load_string(g, o, path,
		    "regex", 1)) != NULL)
			load_regex(g, path, s, REG_NOSUB, &m->regex);
	}
	if (found != 1)
		load_fail(g, path,
		    "has not one of: equals, in, regex, absent");
	else if (m->kind == MATCH_ABSENT && m->pointer == NULL)
		load_fail(g, path, "absent wants a path");
}

static const char *
load_pointer(struct descriptor *g, json_t *o, const char *path,
    const char *key)
{
	const char *s = load_string(g, o, path, key, 0);
	char where[LOAD_PATH_MAX];

	if (s != NULL && !pointer_is(s)) {
		load_fail(g, load_path(where, path, key),
		    "'%.60s' is not a JSON pointer", s);
		return NULL;
	}
	return s;
}

static void
load_match(struct descriptor *g, json_t *o, const char *path,
    struct match_list *list)
{
	static const char *const names[] = {"path", "equals", "in", "regex",
	    "absent", "any", NULL};
	struct match *m = &list->v[list->n];
	char where[LOAD_PATH_MAX];
	json_t *any;
	int failed = g->failed;

	g->failed = 0;
	load_only(g, path, o, names);
	m->pointer = load_pointer(g, o, path, "path");
	load_kind(g, o, path, m);
	any = json_object_get(o, "any");
	if (any != NULL && !json_is_true(any))
		load_fail(g, load_path(where, path, "any"), "is not true");
	m->any = any != NULL;
	list->n += !g->failed;
	g->failed |= failed;
}

void
match_load(struct descriptor *g, json_t *o, const char *path,
    const char *key, struct match_list *out)
{
	json_t *j = json_object_get(o, key), *item;
	char where[LOAD_PATH_MAX], place[LOAD_PATH_MAX], n[24];
	size_t i;

	load_path(where, path, key);
	if (j == NULL)
		return;
	if (!json_is_array(j)) {
		load_match(g, j, where, out);
		return;
	}
	if (json_array_size(j) > MATCH_LIST_MAX) {
		load_fail(g, where, "has more than %d tests", MATCH_LIST_MAX);
		return;
	}
	json_array_foreach(j, i, item) {
		snprintf(n, sizeof(n), "%zu", i);
		load_match(g, item, load_path(place, where, n), out);
	}
}

void
match_load_rules(struct descriptor *g, json_t *o, const char *path,
    const char *key, int status, struct match_rules *out)
{
	static const char *const names[] = {"match", "then", "status", NULL};
	static const char *const without[] = {"match", "then", NULL};
	json_t *rules = load_array(g, o, path, key, MATCH_RULES_MAX), *j;
	char where[LOAD_PATH_MAX], list[LOAD_PATH_MAX], n[24];
	struct match_rule *r;
	size_t i;

	load_path(list, path, key);
	json_array_foreach(rules, i, j) {
		snprintf(n, sizeof(n), "%zu", i);
		load_path(where, list, n);
		r = &out->v[out->n++];
		load_only(g, where, j, status ? names : without);
		load_codes(g, j, where, "status", 0, &r->status);
		match_load(g, j, where, "match", &r->match);
		load_outcome(g, j, where, "then", 1, &r->then);
	}
}

static void
load_way(struct descriptor *g, const char *path, const char *key, json_t *j,
    struct match_source *out)
{
	static const char *const names[] = {"regex", NULL};
	struct match_way *w = &out->v[out->n];
	const char *s = json_string_value(j);
	char where[LOAD_PATH_MAX];

	load_path(where, path, key);
	if (s != NULL && !pointer_is(s)) {
		load_fail(g, where, "'%.60s' is not a JSON pointer", s);
		return;
	}
	if (s != NULL) {
		w->pointer = s;
		out->n++;
		return;
	}
	load_only(g, where, j, names);
	s = load_string(g, j, where, "regex", 1);
	if (s == NULL || load_regex(g, where, s, 0, &w->regex) == -1)
		return;
	out->n++;
	if (w->regex.re_nsub == 0)
		load_fail(g, where, "regex: has no group in parentheses");
}

void
match_load_source(struct descriptor *g, json_t *o, const char *path,
    const char *key, struct match_source *out)
{
	json_t *j = json_object_get(o, key), *item;
	char where[LOAD_PATH_MAX], n[24];
	size_t i;

	if (j == NULL)
		return;
	if (!json_is_array(j)) {
		load_way(g, path, key, j, out);
		return;
	}
	load_path(where, path, key);
	if (json_array_size(j) == 0 || json_array_size(j) > MATCH_WAYS_MAX) {
		load_fail(g, where, "is not an array of 1 to %d ways",
		    MATCH_WAYS_MAX);
		return;
	}
	json_array_foreach(j, i, item) {
		snprintf(n, sizeof(n), "%zu", i);
		load_way(g, where, n, item, out);
	}
}

/* ---- asking ---- */

static int
equals(const char *text, json_t *value)
{
	char want[MATCH_TEXT_MAX + 1];

	pointer_text(value, want, sizeof(want));
	return strcmp(text, want) == 0;
}

static int
text_matches(const struct match *m, const char *text)
{
	json_t *item;
	size_t i;

	switch (m->kind) {
	case MATCH_EQUALS:
		return equals(text, m->values);
	case MATCH_IN:
		json_array_foreach(m->values, i, item)
			if (equals(text, item))
				return 1;
		return 0;
	case MATCH_REGEX:
		return regexec(&m->regex, text, 0, NULL, 0) == 0;
	case MATCH_ABSENT:
		return 0;
	}
	return 0;
}

/* A pointer_test: arg is a struct match. */
static int
place_matches(json_t *j, const void *arg)
{
	const struct match *m = arg;
	char text[MATCH_TEXT_MAX + 1];

	if (j == NULL || json_is_null(j))
		return m->kind == MATCH_ABSENT;
	if (!is_scalar(j))
		return 0;
	pointer_text(j, text, sizeof(text));
	return text_matches(m, text);
}

/* equals and in look at the text without the blanks around it */
static int
body_matches(const struct match *m, const char *text)
{
	static const char blanks[] = " \t\r\n";
	char trimmed[MATCH_TEXT_MAX + 1];
	size_t n;

	if (m->kind == MATCH_REGEX)
		return text_matches(m, text);
	text += strspn(text, blanks);
	snprintf(trimmed, sizeof(trimmed), "%s", text);
	for (n = strlen(trimmed); n > 0; n--)
		if (strchr(blanks, trimmed[n - 1]) == NULL)
			break;
	trimmed[n] = '\0';
	return text_matches(m, trimmed);
}

static int
holds(const struct match *m, const struct match_subject *s)
{
	struct pointer_count count = {0, 0};

	if (m->pointer == NULL)
		return body_matches(m, s->text);
	if (s->json == NULL)
		return 0; /* nothing is known of what cannot be read */
	pointer_walk(s->json, m->pointer, place_matches, m, &count);
	return count.passed > 0 && (m->any || count.passed == count.places);
}

int
match_all(const struct match_list *list, const struct match_subject *s)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (!holds(&list->v[i], s))
			return 0;
	return 1;
}

int
match_needs_json(const struct match_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (list->v[i].pointer != NULL)
			return 1;
	return 0;
}

const struct match_rule *
match_rule(const struct match_rules *rules, const struct match_subject *s)
{
	const struct match_rule *r;
	size_t i;

	for (i = 0; i < rules->n; i++) {
		r = &rules->v[i];
		if ((r->status.n == 0 ||
		    load_has_code(&r->status, s->status)) &&
		    match_all(&r->match, s))
			return r;
	}
	return NULL;
}

int
match_source_needs_json(const struct match_source *source)
{
	size_t i;

	for (i = 0; i < source->n; i++)
		if (source->v[i].pointer == NULL)
			return 0;
	return source->n > 0;
}

static char *
find_by(const struct match_way *w, const struct match_subject *s)
{
	char text[MATCH_TEXT_MAX + 1];
	regmatch_t group[2];

	if (w->pointer != NULL) {
		pointer_text(s->json != NULL ? pointer_get(s->json,
		    w->pointer) : NULL, text, sizeof(text));
		return text[0] != '\0' ? strdup(text) : NULL;
	}
	if (regexec(&w->regex, s->text, 2, group, 0) != 0 ||
	    group[1].rm_eo <= group[1].rm_so)
		return NULL;
	return strndup(s->text + group[1].rm_so,
	    (size_t)(group[1].rm_eo - group[1].rm_so));
}

char *
match_find(const struct match_source *source, const struct match_subject *s)
{
	char *found = NULL;
	size_t i;

	for (i = 0; i < source->n && found == NULL; i++)
		found = find_by(&source->v[i], s);
	return found;
}
