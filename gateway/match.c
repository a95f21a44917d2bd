/*
 * match: tests, rules and sources: reading them from a descriptor, and
 * asking them of an answer.  response.c decides what follows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/match.h"
#include "gateway/pointer.h"
#include "gateway/wipe.h"

#define SCALAR "a string, a number, true or false"

/* ---- reading ---- */

static int
read_regex(struct member_errors *e, const char *path, const char *s, int flags,
    regex_t *out)
{
	char why[100];
	int code = regcomp(out, s, REG_EXTENDED | flags);

	if (code == 0)
		return 0;
	regerror(code, out, why, sizeof(why));
	member_fail(e, path, "regex: '%.60s': %s", s, why);
	return -1;
}

static int
is_scalar(const json_t *j)
{
	return json_is_string(j) || json_is_number(j) || json_is_boolean(j);
}

static void
read_values(struct member_errors *e, const char *path, json_t *j,
    struct match *m)
{
	json_t *item;
	size_t i;

	m->values = j;
	if (m->kind == MATCH_EQUALS) {
		if (!is_scalar(j))
			member_must(e, path, j, SCALAR);
		return;
	}
	if (json_array_size(j) == 0 || json_array_size(j) > MATCH_VALUES_MAX)
		member_fail(e, path, "must be an array of 1 to %d values",
		    MATCH_VALUES_MAX);
	json_array_foreach(j, i, item)
		if (!is_scalar(item))
			member_must(e, path, item, SCALAR);
}

static void
read_kind(struct member_errors *e, json_t *o, const char *path, struct match *m)
{
	static const char *const kinds[] = {[MATCH_EQUALS] = "equals",
	    [MATCH_IN] = "in", [MATCH_REGEX] = "regex",
	    [MATCH_ABSENT] = "absent"};
	char where[MEMBER_PATH_MAX];
	const char *s;
	json_t *j;
	int found = 0;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if ((j = json_object_get(o, kinds[i])) == NULL)
			continue;
		found++;
		m->kind = (enum match_kind)i;
		member_path(where, path, kinds[i]);
		if (i == MATCH_EQUALS || i == MATCH_IN)
			read_values(e, where, j, m);
		else if (i == MATCH_ABSENT && !json_is_true(j))
			member_must(e, where, j, "true");
		else if (i == MATCH_REGEX && (s = member_string(e, o, path,
		    "regex", 1)) != NULL)
			read_regex(e, path, s, REG_NOSUB, &m->regex);
	}
	if (found != 1)
		member_fail(e, path,
		    "must have one of: equals, in, regex, absent");
	else if (m->kind == MATCH_ABSENT && m->pointer == NULL)
		member_fail(e, path, "absent requires a path");
}

static void
read_match(struct member_errors *e, json_t *o, const char *path,
    struct match_list *list)
{
	static const char *const names[] = {"path", "equals", "in", "regex",
	    "absent", "any", NULL};
	struct match *m = &list->v[list->n];
	char where[MEMBER_PATH_MAX];
	json_t *any;
	int failed = e->failed;

	e->failed = 0;
	member_only(e, path, o, names);
	m->pointer = member_pointer(e, o, path, "path", 0);
	read_kind(e, o, path, m);
	any = json_object_get(o, "any");
	if (any != NULL && !json_is_true(any))
		member_must(e, member_path(where, path, "any"), any, "true");
	m->any = any != NULL;
	list->n += !e->failed;
	e->failed |= failed;
}

int
match_read_outcome(struct member_errors *e, json_t *o, const char *path,
    const char *key, int required, enum ipc_outcome *out)
{
	static const char *const names[] = {"accepted", "duplicate",
	    "temporary", "permanent", "credentials", NULL};
	static const enum ipc_outcome outcomes[] = {IPC_OUTCOME_ACCEPTED,
	    IPC_OUTCOME_DUPLICATE, IPC_OUTCOME_TEMPORARY,
	    IPC_OUTCOME_PERMANENT, IPC_OUTCOME_CREDENTIALS};
	int i = member_choice(e, o, path, key, required, names);

	if (i == -1)
		return 0;
	*out = outcomes[i];
	return 1;
}

/*
 * What a rule's "then" says.  "apart" is permanent for a single recipient,
 * "next" if there is no other gateway.
 */
static void
read_then(struct member_errors *e, json_t *rule, const char *path,
    int with_apart, struct match_rule *r)
{
	const char *s = json_string_value(json_object_get(rule, "then"));

	r->apart = with_apart && s != NULL && strcmp(s, "apart") == 0;
	r->next = s != NULL && strcmp(s, "next") == 0;
	if (r->apart || r->next)
		r->then = IPC_OUTCOME_PERMANENT;
	else
		match_read_outcome(e, rule, path, "then", 1, &r->then);
}

void
match_read(struct member_errors *e, json_t *o, const char *path,
    const char *key, struct match_list *out)
{
	json_t *j = json_object_get(o, key), *item;
	char list[MEMBER_PATH_MAX], where[MEMBER_PATH_MAX];
	size_t i;

	member_path(list, path, key);
	if (j == NULL)
		return;
	if (!json_is_array(j)) {
		read_match(e, j, list, out);
		return;
	}
	if (json_array_size(j) > MATCH_LIST_MAX) {
		member_fail(e, list, "has %zu tests; at most %d",
		    json_array_size(j), MATCH_LIST_MAX);
		return;
	}
	json_array_foreach(j, i, item)
		read_match(e, item, member_index(where, list, i), out);
}

void
match_read_rules(struct member_errors *e, json_t *o, const char *path,
    const char *key, int with_status, struct match_rules *out)
{
	static const char *const names[] = {"match", "then", "note", "status",
	    NULL};
	static const char *const without[] = {"match", "then", "note", NULL};
	json_t *rules = member_array(e, o, path, key, MATCH_RULES_MAX), *j;
	char where[MEMBER_PATH_MAX], list[MEMBER_PATH_MAX];
	struct match_rule *r;
	size_t i;

	member_path(list, path, key);
	json_array_foreach(rules, i, j) {
		member_index(where, list, i);
		r = &out->v[out->n++];
		member_only(e, where, j, with_status ? names : without);
		member_codes(e, j, where, "status", 0, &r->status);
		match_read(e, j, where, "match", &r->match);
		read_then(e, j, where, with_status, r);
		r->note = member_string(e, j, where, "note", 0);
	}
}

static void
read_alternative(struct member_errors *e, const char *path, json_t *j,
    struct match_source *out)
{
	static const char *const names[] = {"regex", NULL};
	struct match_alternative *a = &out->v[out->n];
	const char *s = json_string_value(j);

	if (s != NULL && !pointer_is(s)) {
		member_must(e, path, j, "a JSON pointer, or an object with "
		    "a regex");
		return;
	}
	if (s != NULL) {
		a->pointer = s;
		out->n++;
		return;
	}
	member_only(e, path, j, names);
	s = member_string(e, j, path, "regex", 1);
	if (s == NULL || read_regex(e, path, s, 0, &a->regex) == -1)
		return;
	out->n++;
	if (a->regex.re_nsub == 0)
		member_fail(e, path, "regex: '%.60s' has no group in "
		    "parentheses", s);
}

void
match_read_source(struct member_errors *e, json_t *o, const char *path,
    const char *key, struct match_source *out)
{
	json_t *j = json_object_get(o, key), *item;
	char list[MEMBER_PATH_MAX], where[MEMBER_PATH_MAX];
	size_t i, size = json_array_size(j);

	member_path(list, path, key);
	if (j == NULL)
		return;
	if (!json_is_array(j)) {
		read_alternative(e, list, j, out);
		return;
	}
	if (size == 0 || size > MATCH_SOURCE_MAX) {
		member_fail(e, list, "has %zu elements; must have 1 to %d",
		    size, MATCH_SOURCE_MAX);
		return;
	}
	json_array_foreach(j, i, item)
		read_alternative(e, member_index(where, list, i), item, out);
}

/* ---- asking ---- */

static int
equals(const char *text, json_t *value)
{
	char want[MATCH_TEXT_MAX + 1];

	pointer_text(value, want, sizeof(want));
	return strcmp(text, want) == 0;
}

/* 1 if the expression matches; without memory nobody could tell. */
static int
finds(const regex_t *regex, const char *text, size_t n, regmatch_t *group)
{
	int r = regexec(regex, text, n, group, 0);

	if (r == REG_ESPACE)
		wipe_must(NULL);
	return r == 0;
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
		return finds(&m->regex, text, 0, NULL);
	case MATCH_ABSENT:
		return 0;
	}
	return 0;
}

/* A pointer_test: arg is a struct match. */
static int
value_matches(json_t *j, const void *arg)
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

/* `equals` and `in` look at the text without the blanks around it. */
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
		return 0; /* no test holds for what is not JSON */
	pointer_walk(s->json, m->pointer, value_matches, m, &count);
	return count.passed > 0 && (m->any || count.passed == count.targets);
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
		    member_has_code(&r->status, s->status)) &&
		    match_all(&r->match, s))
			return r;
	}
	return NULL;
}

enum ipc_outcome
match_rules_cut(const struct match_rules *rules, long status,
    enum ipc_outcome o)
{
	const struct match_rule *r;
	size_t i;

	for (i = 0; i < rules->n; i++) {
		r = &rules->v[i];
		if (r->match.n == 0 || (r->status.n > 0 &&
		    !member_has_code(&r->status, status)))
			continue;
		if (r->then == IPC_OUTCOME_ACCEPTED ||
		    r->then == IPC_OUTCOME_DUPLICATE)
			return IPC_OUTCOME_UNCLEAR;
		o = IPC_OUTCOME_TEMPORARY;
	}
	return o;
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
find_by(const struct match_alternative *a, const struct match_subject *s)
{
	char text[MATCH_TEXT_MAX + 1];
	regmatch_t group[2];

	if (a->pointer != NULL) {
		pointer_text(s->json != NULL ? pointer_get(s->json,
		    a->pointer) : NULL, text, sizeof(text));
		return text[0] != '\0' ? wipe_must(strdup(text)) : NULL;
	}
	if (!finds(&a->regex, s->text, 2, group) ||
	    group[1].rm_eo <= group[1].rm_so)
		return NULL;
	return wipe_must(strndup(s->text + group[1].rm_so,
	    (size_t)(group[1].rm_eo - group[1].rm_so)));
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
