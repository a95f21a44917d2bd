/*
 * descriptor: reading one.  Members by their type are load.c's, requests
 * shape.c's, variables names.c's, tests of an answer match.c's; what is
 * done with a descriptor is gateway.c's and answer.c's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/descriptor.h"
#include "gateway/gateway.h"
#include "gateway/names.h"
#include "gateway/pointer.h"
#include "gateway/shape.h"
#include "gateway/wipe.h"

/* ---- limits, priorities ---- */

static void
load_range(struct descriptor *g, json_t *limits, const char *key,
    json_int_t least, uint32_t range[2])
{
	json_t *a = load_array(g, limits, "/limits", key, 2);
	json_int_t low = json_integer_value(json_array_get(a, 0));
	json_int_t high = json_integer_value(json_array_get(a, 1));
	char where[LOAD_PATH_MAX];

	range[0] = (uint32_t)least;
	range[1] = INT32_MAX;
	if (json_object_get(limits, key) == NULL)
		return;
	if (json_array_size(a) != 2 || low < least || high < low ||
	    high > INT32_MAX) {
		load_fail(g, load_path(where, "/limits", key),
		    "is not [least, most]");
		return;
	}
	range[0] = (uint32_t)low;
	range[1] = (uint32_t)high;
}

static void
load_limits(struct descriptor *g)
{
	static const char *const names[] = {"text", "characters", "device",
	    "from", "data", "ttl", "schedule", NULL};
	json_t *limits = json_object_get(g->root, "limits");
	size_t *const sizes[] = {&g->limits.text, &g->limits.characters,
	    &g->limits.device, &g->limits.from, &g->limits.data};
	json_int_t n;
	size_t i;

	load_only(g, "/limits", limits, names);
	for (i = 0; i < 5; i++)
		if (load_integer(g, limits, "/limits", names[i], 1,
		    INT32_MAX, &n))
			*sizes[i] = (size_t)n;
	load_range(g, limits, "ttl", 1, g->limits.ttl);
	load_range(g, limits, "schedule", 0, g->limits.schedule);
}

static void
load_priority(struct descriptor *g)
{
	static const char *const names[] = {"levels", "min", "max", NULL};
	json_t *p = json_object_get(g->root, "priority"), *item;
	json_t *levels = load_array(g, p, "/priority", "levels",
	    DESCRIPTOR_LEVELS);
	json_int_t min = 0, max = 0, n;
	size_t i;

	if (p == NULL)
		return;
	load_only(g, "/priority", p, names);
	if (!load_integer(g, p, "/priority", "min", OPTIONS_RAW_MIN,
	    OPTIONS_RAW_MAX, &min) || !load_integer(g, p, "/priority", "max",
	    min, OPTIONS_RAW_MAX, &max))
		load_fail(g, "/priority", "min and max are missing or none");
	if (json_array_size(levels) != DESCRIPTOR_LEVELS)
		load_fail(g, "/priority/levels", "is not an array of %d "
		    "numbers", DESCRIPTOR_LEVELS);
	json_array_foreach(levels, i, item) {
		n = json_integer_value(item);
		if (!json_is_integer(item) || n < min || n > max)
			load_fail(g, "/priority/levels",
			    "has what is not from min to max");
		g->priority.levels[i] = (int)n;
	}
	g->priority.is_set = 1;
	g->priority.min = (int)min;
	g->priority.max = (int)max;
}

static void
load_needs(struct descriptor *g)
{
	char where[LOAD_PATH_MAX];
	const char *key;
	json_t *item;

	g->needs = load_object(g, g->root, "", "needs");
	json_object_foreach(g->needs, key, item) {
		load_path(where, "/needs", key);
		if (gateway_can(key) == 0)
			load_fail(g, where, "is no option");
		else if (!json_is_string(item))
			load_fail(g, where, "is not a string");
		else if (!names_sent(g, json_string_value(item)))
			load_fail(g, where, "${%s} is not used",
			    json_string_value(item));
	}
}

/* ---- what the answer means ---- */

static void
load_ok(struct descriptor *g)
{
	static const char *const names[] = {"status", "match", NULL};
	json_t *ok = json_object_get(g->root, "ok"), *r;
	const char *replies;

	if (ok == NULL)
		load_fail(g, "/ok", "is missing");
	load_only(g, "/ok", ok, names);
	load_codes(g, ok, "/ok", "status", 1, &g->ok);
	match_load(g, ok, "/ok", "match", &g->ok_match);
	match_load_source(g, g->root, "", "id", &g->id);
	match_load_source(g, g->root, "", "error", &g->error);
	match_load_rules(g, g->root, "", "rules", 1, &g->rules);
	replies = load_string(g, g->root, "", "replies", 0);
	g->documented = replies != NULL;
	if (replies != NULL && strcmp(replies, "documented") != 0)
		load_fail(g, "/replies", "is not: documented");
	r = json_object_get(g->root, "ids");
	g->no_ids = json_is_false(r);
	if (r != NULL && !g->no_ids)
		load_fail(g, "/ids", "is not false");
	r = json_object_get(g->root, "retry-after");
	if (json_is_string(r))
		g->retry_after = json_string_value(r);
	else if (r != NULL && !json_is_true(r))
		load_fail(g, "/retry-after", "is not true or a JSON pointer");
	if (g->retry_after != NULL && !pointer_is(g->retry_after))
		load_fail(g, "/retry-after", "is not true or a JSON pointer");
	g->retry_header = json_is_true(r);
}

static void
load_each(struct descriptor *g)
{
	static const char *const names[] = {"list", "to", "key", "order",
	    "ok", "id", "error", "rules", "missing", NULL};
	json_t *o = json_object_get(g->root, "each");
	static const char *const only_match[] = {"match", NULL};
	struct descriptor_each *e = &g->each;
	json_t *ok;
	int key = json_is_true(json_object_get(o, "key"));
	int order = json_is_true(json_object_get(o, "order"));

	if (o == NULL)
		return;
	load_only(g, "/each", o, names);
	e->list = load_string(g, o, "/each", "list", 1);
	e->to = load_string(g, o, "/each", "to", 0);
	if ((e->list != NULL && !pointer_is(e->list)) ||
	    (e->to != NULL && !pointer_is(e->to)))
		load_fail(g, "/each", "list and to are JSON pointers");
	if ((e->to != NULL) + key + order != 1)
		load_fail(g, "/each",
		    "has not one of: to, \"key\": true, \"order\": true");
	e->by = e->to != NULL ? EACH_TO : key ? EACH_KEY : EACH_ORDER;
	ok = load_object(g, o, "/each", "ok");
	load_only(g, "/each/ok", ok, only_match);
	match_load(g, ok, "/each/ok", "match", &e->ok);
	match_load_source(g, o, "/each", "id", &e->id);
	match_load_source(g, o, "/each", "error", &e->error);
	match_load_rules(g, o, "/each", "rules", 0, &e->rules);
	e->has_missing = load_outcome(g, o, "/each", "missing", 0,
	    &e->missing);
}

/* ---- other requests ---- */

static void
load_call(struct descriptor *g, const char *key, const char *const *names,
    struct descriptor_call *call)
{
	json_t *o = json_object_get(g->root, key);
	char path[LOAD_PATH_MAX];

	if (o == NULL)
		return;
	load_path(path, "", key);
	load_only(g, path, o, names);
	call->method = shape_method(g, o, path, "GET");
	call->url = shape_url(g, o, path, 0);
	call->headers = shape_headers(g, o, path, 0);
}

static void
load_calls(struct descriptor *g)
{
	static const char *const names[] = {"url", "method", "headers", NULL};
	static const char *const lookup[] = {"url", "method", "headers",
	    "found", "missing", "id", "unless", "after", NULL};
	json_t *o = json_object_get(g->root, "lookup");

	load_call(g, "check", names, &g->check);
	load_call(g, "warm", names, &g->warm);
	load_call(g, "lookup", lookup, &g->lookup);
	if (g->config->auth_check && g->check.url == NULL)
		load_fail(g, "/check", "is missing, and auth-check is on");
	if (o == NULL)
		return;
	load_codes(g, o, "/lookup", "found", 1, &g->found);
	load_codes(g, o, "/lookup", "missing", 1, &g->missing);
	load_codes(g, o, "/lookup", "after", 0, &g->after);
	g->found_id = load_string(g, o, "/lookup", "id", 1);
	if (g->found_id != NULL && !pointer_is(g->found_id))
		load_fail(g, "/lookup/id", "'%.60s' is not a JSON pointer",
		    g->found_id);
	g->unless = load_string(g, o, "/lookup", "unless", 0);
}

/* ---- all of it ---- */

static char *
read_secret(struct descriptor *g, const char *name, const char *file)
{
	char line[DESCRIPTOR_SECRET_MAX + 2], what[64], *copy;
	FILE *f = fopen(file, "re");
	const char *unread;
	size_t n;

	snprintf(what, sizeof(what), "secret %.40s", name);
	if (f == NULL) {
		load_fail(g, what, "%s: %s", file, strerror(errno));
		return NULL;
	}
	setvbuf(f, NULL, _IONBF, 0);
	n = fread(line, 1, sizeof(line) - 1, f);
	unread = ferror(f) ? strerror(errno) : NULL;
	fclose(f);
	line[n] = '\0';
	if (unread != NULL)
		load_fail(g, what, "%s: %s", file, unread);
	else if (n > DESCRIPTOR_SECRET_MAX)
		load_fail(g, what, "%s: larger than %d octets", file,
		    DESCRIPTOR_SECRET_MAX);
	line[strcspn(line, "\r\n")] = '\0';
	if (unread == NULL && line[0] == '\0')
		load_fail(g, what, "%s: the first line is empty", file);
	copy = strdup(line);
	explicit_bzero(line, sizeof(line));
	return copy;
}

static void
load_secrets(struct descriptor *g)
{
	const struct config_pairs *p = &g->config->secret;
	size_t i;

	g->secret = calloc(p->n + 1, sizeof(*g->secret));
	for (i = 0; i < p->n && g->secret != NULL; i++) {
		g->secret[i].name = p->v[i].name;
		g->secret[i].value = read_secret(g, p->v[i].name,
		    p->v[i].value);
		g->nsecret++;
	}
}

static void
load_members(struct descriptor *g)
{
	static const char *const names[] = {"name", "url", "method", "query",
	    "headers", "auth", "to", "body", "defaults", "map", "limits",
	    "ids", "needs", "priority", "ok", "id", "error", "rules", "each",
	    "replies", "retry-after", "check", "warm", "lookup", "variables",
	    NULL};

	load_only(g, "", g->root, names);
	load_limits(g);
	load_priority(g);
	shape_load(g);
	load_ok(g);
	load_each(g);
	load_calls(g);
	names_check(g);
	load_needs(g);
	if (!names_sent(g, "text"))
		load_fail(g, "", "sends no ${text}");
	if (names_sent(g, "priority") && !g->priority.is_set)
		load_fail(g, "/priority", "is missing, and ${priority} is "
		    "used");
}

struct descriptor *
descriptor_load(const struct config *c, config_report report)
{
	struct descriptor *g = calloc(1, sizeof(*g));
	json_error_t e;

	wipe_install();
	if (g == NULL) {
		report("out of memory");
		return NULL;
	}
	g->config = c;
	g->report = report;
	if (strchr(c->gateway, '/') != NULL)
		snprintf(g->file, sizeof(g->file), "%s", c->gateway);
	else
		snprintf(g->file, sizeof(g->file), "%s/%s.json",
		    c->descriptors, c->gateway);
	if (access(g->file, R_OK) == -1) {
		load_fail(g, "", "%s", strerror(errno));
		return NULL;
	}
	g->root = json_load_file(g->file, JSON_REJECT_DUPLICATES, &e);
	if (g->root == NULL) {
		load_fail(g, "", "line %d: %s", e.line, e.text);
		return NULL;
	}
	load_secrets(g);
	if (json_is_object(g->root))
		load_members(g);
	else
		load_fail(g, "", "is not a JSON object");
	return g->failed ? NULL : g;
}
