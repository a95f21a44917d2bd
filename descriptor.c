/*
 * descriptor: reading one, and saying what is wrong with it and where.
 * What is done with it is gateway.c's.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descriptor.h"

static void
fail(struct descriptor *g, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
fail(struct descriptor *g, const char *path, const char *fmt, ...)
{
	char what[300], all[PATH_MAX + 400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(all, sizeof(all), "%s: %s%s%s", g->file, path,
	    *path != '\0' ? ": " : "", what);
	g->report(all);
	g->failed = 1;
}

/* Every member must be one that we know: a typing error is an error. */
static void
only_members(struct descriptor *g, const char *path, json_t *o,
    const char *const *names)
{
	char where[128];
	const char *key;
	json_t *item;
	size_t i;

	json_object_foreach(o, key, item) {
		for (i = 0; names[i] != NULL; i++)
			if (strcmp(names[i], key) == 0)
				break;
		snprintf(where, sizeof(where), "%s/%.40s", path, key);
		if (names[i] == NULL)
			fail(g, where, "unknown member");
	}
}

/* Note the names that s uses; a broken placeholder is an error. */
static void
note_names(struct descriptor *g, const char *path, const char *s)
{
	struct template_name p;
	size_t i;

	while ((s = strstr(s, "${")) != NULL) {
		if (template_name(s, &p) == -1) {
			fail(g, path, "bad placeholder in '%.60s'", s);
			return;
		}
		for (i = 0; i < g->nused; i++)
			if (strcmp(g->used[i], p.name) == 0)
				break;
		if (i == sizeof(g->used) / sizeof(g->used[0]))
			fail(g, path, "too many variables");
		else if (i == g->nused)
			strcpy(g->used[g->nused++], p.name);
		s += p.len;
	}
}

static void
note_template(struct descriptor *g, const char *path, json_t *j, int depth)
{
	char where[256];
	const char *key;
	json_t *item;
	size_t i;

	if (depth > DESCRIPTOR_DEPTH_MAX) {
		fail(g, path, "nested deeper than %d", DESCRIPTOR_DEPTH_MAX);
		return;
	}
	if (json_is_string(j))
		note_names(g, path, json_string_value(j));
	json_object_foreach(j, key, item) {
		snprintf(where, sizeof(where), "%.180s/%.60s", path, key);
		note_template(g, where, item, depth + 1);
	}
	json_array_foreach(j, i, item) {
		snprintf(where, sizeof(where), "%.180s/%zu", path, i);
		note_template(g, where, item, depth + 1);
	}
}

/* A string member; NULL if it is missing, an error if it is required. */
static const char *
get_string(struct descriptor *g, json_t *o, const char *path, const char *key,
    int required)
{
	json_t *j = json_object_get(o, key);
	char where[128];

	snprintf(where, sizeof(where), "%s/%s", path, key);
	if (j == NULL && required)
		fail(g, where, "is missing");
	if (j == NULL)
		return NULL;
	if (!json_is_string(j)) {
		fail(g, where, "is not a string");
		return NULL;
	}
	note_names(g, where, json_string_value(j));
	return json_string_value(j);
}

static const char *
get_pointer(struct descriptor *g, json_t *o, const char *path, const char *key)
{
	const char *s = get_string(g, o, path, key, 0);
	char where[128];

	snprintf(where, sizeof(where), "%s/%s", path, key);
	if (s != NULL && *s != '/')
		fail(g, where, "'%.60s' is not a JSON pointer", s);
	return s;
}

static void
load_auth(struct descriptor *g)
{
	static const char *const names[] = {"type", "user", "password",
	    "token", NULL};
	const char *type;
	char path[32];
	json_t *a;
	size_t i;

	g->auth = json_object_get(g->root, "auth");
	if (g->auth != NULL && !json_is_array(g->auth))
		fail(g, "/auth", "is not an array");
	json_array_foreach(g->auth, i, a) {
		snprintf(path, sizeof(path), "/auth/%zu", i);
		only_members(g, path, a, names);
		type = get_string(g, a, path, "type", 1);
		if (type == NULL)
			continue;
		if (strcmp(type, "basic") == 0) {
			get_string(g, a, path, "user", 1);
			get_string(g, a, path, "password", 1);
		} else if (strcmp(type, "bearer") == 0) {
			get_string(g, a, path, "token", 1);
		} else {
			fail(g, path, "type '%.20s' is none of: basic, bearer",
			    type);
		}
	}
}

static void
load_to(struct descriptor *g)
{
	static const char *const names[] = {"mode", "max", "format", NULL};
	json_t *to = json_object_get(g->root, "to");
	const char *mode, *format;
	json_int_t max;

	only_members(g, "/to", to, names);
	if ((mode = get_string(g, to, "/to", "mode", 1)) == NULL)
		return;
	g->one = strcmp(mode, "one") == 0;
	if (!g->one && strcmp(mode, "array") != 0)
		fail(g, "/to/mode", "'%.20s' is none of: one, array", mode);
	max = json_integer_value(json_object_get(to, "max"));
	if (g->one ? max != 0 : max < 1 || max > CONFIG_RCPTS_MAX)
		fail(g, "/to/max", g->one ? "goes with array alone" :
		    "is not a number from 1 to 1000");
	g->max_to = g->one ? 1 : (size_t)max;
	format = get_string(g, to, "/to", "format", 0);
	g->digits = format != NULL && strcmp(format, "digits") == 0;
	if (format != NULL && !g->digits && strcmp(format, "e164") != 0)
		fail(g, "/to/format", "'%.20s' is none of: e164, digits",
		    format);
}

static void
load_body(struct descriptor *g)
{
	static const char *const names[] = {"type", "template", NULL};
	json_t *body = json_object_get(g->root, "body");
	const char *type;

	only_members(g, "/body", body, names);
	type = get_string(g, body, "/body", "type", 1);
	if (type != NULL && strcmp(type, "json") != 0)
		fail(g, "/body/type", "'%.20s' is none of: json", type);
	g->body = json_object_get(body, "template");
	if (!json_is_object(g->body))
		fail(g, "/body/template", "is not an object");
	else
		note_template(g, "/body/template", g->body, 0);
}

static int
get_status(struct descriptor *g, json_t *code, const char *path)
{
	json_int_t n = json_integer_value(code);

	if (!json_is_integer(code) || n < 100 || n > 599)
		fail(g, path, "is not a status code");
	return (int)n;
}

static void
load_ok(struct descriptor *g)
{
	static const char *const names[] = {"status", NULL};
	json_t *ok = json_object_get(g->root, "ok"), *list, *code;
	size_t i;

	only_members(g, "/ok", ok, names);
	list = json_object_get(ok, "status");
	if (json_array_size(list) == 0 ||
	    json_array_size(list) > DESCRIPTOR_CODES_MAX) {
		fail(g, "/ok/status", "is not an array of status codes");
		return;
	}
	json_array_foreach(list, i, code)
		g->ok[g->nok++] = get_status(g, code, "/ok/status");
}

static int
outcome_of(const char *name, enum outcome *o)
{
	static const struct {
		const char *name;
		enum outcome outcome;
	} names[] = {
		{"accepted", OUTCOME_ACCEPTED},
		{"temporary", OUTCOME_TEMPORARY},
		{"permanent", OUTCOME_PERMANENT},
		{"credentials", OUTCOME_CREDENTIALS},
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, name) == 0) {
			*o = names[i].outcome;
			return 0;
		}
	return -1;
}

static void
load_match(struct descriptor *g, const char *path, json_t *match,
    struct rule *r)
{
	static const char *const names[] = {"path", "regex", NULL};
	char why[100];
	const char *s;
	int e;

	only_members(g, path, match, names);
	r->pointer = get_pointer(g, match, path, "path");
	if ((s = get_string(g, match, path, "regex", 1)) == NULL)
		return;
	e = regcomp(&r->regex, s, REG_EXTENDED | REG_NOSUB);
	if (e != 0) {
		regerror(e, &r->regex, why, sizeof(why));
		fail(g, path, "regex: %s", why);
		return;
	}
	r->has_regex = 1;
}

static void
load_rules(struct descriptor *g)
{
	static const char *const names[] = {"status", "match", "then", NULL};
	json_t *rules = json_object_get(g->root, "rules"), *j;
	json_t *match, *status;
	char path[40];
	const char *then;
	struct rule *r;
	size_t i;

	if (json_array_size(rules) > DESCRIPTOR_RULES_MAX ||
	    (rules != NULL && !json_is_array(rules))) {
		fail(g, "/rules", "is not an array of at most %d",
		    DESCRIPTOR_RULES_MAX);
		return;
	}
	json_array_foreach(rules, i, j) {
		r = &g->rule[g->nrule++];
		snprintf(path, sizeof(path), "/rules/%zu", i);
		only_members(g, path, j, names);
		if ((status = json_object_get(j, "status")) != NULL)
			r->status = get_status(g, status, path);
		then = get_string(g, j, path, "then", 1);
		if (then != NULL && outcome_of(then, &r->outcome) == -1)
			fail(g, path, "then: '%.20s' is none of: accepted, "
			    "temporary, permanent, credentials", then);
		snprintf(path, sizeof(path), "/rules/%zu/match", i);
		if ((match = json_object_get(j, "match")) != NULL)
			load_match(g, path, match, r);
	}
}

static char *
read_secret(struct descriptor *g, const char *name, const char *file)
{
	char line[DESCRIPTOR_SECRET_MAX + 2], what[64];
	FILE *f = fopen(file, "re");
	size_t n;

	snprintf(what, sizeof(what), "secret %.40s", name);
	if (f == NULL) {
		fail(g, what, "%s: %s", file, strerror(errno));
		return NULL;
	}
	setvbuf(f, NULL, _IONBF, 0);
	n = fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	line[n] = '\0';
	if (n > DESCRIPTOR_SECRET_MAX)
		fail(g, what, "%s: larger than %d octets", file,
		    DESCRIPTOR_SECRET_MAX);
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0')
		fail(g, what, "%s: the first line is empty", file);
	file = strdup(line);
	explicit_bzero(line, sizeof(line));
	return (char *)(size_t)file;
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

static int
is_used(const struct descriptor *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->nused; i++)
		if (strcmp(g->used[i], name) == 0)
			return 1;
	return 0;
}

/* `set` and `secret` must name variables that there are, with right values. */
static void
check_variables(struct descriptor *g)
{
	const struct config_pairs *lists[] = {&g->config->set,
	    &g->config->secret};
	const struct config_pair *p;
	json_t *j;
	size_t i, k;

	for (k = 0; k < 2; k++)
		for (i = 0; i < lists[k]->n; i++) {
			p = &lists[k]->v[i];
			if (!is_used(g, p->name))
				fail(g, "", "has no variable '%s' (%s)",
				    p->name, k == 0 ? "set" : "secret");
			if (k == 1)
				continue;
			if ((j = template_typed(p->name, p->value)) == NULL)
				fail(g, "", "set %s: bad value '%s'", p->name,
				    p->value);
			json_decref(j);
		}
}

/* A URL's variables must all have a value once and for all. */
static const char *
get_url(struct descriptor *g, json_t *o, const char *path, int required)
{
	struct template_values v = {.g = g};
	const char *s = get_string(g, o, path, "url", required);
	char storage[DESCRIPTOR_URL_MAX], where[64];
	struct buf b;

	if (s == NULL)
		return NULL;
	buf_init(&b, storage, sizeof(storage));
	snprintf(where, sizeof(where), "%s/url", path);
	if (template_string(&v, s, 1, &b) == -1)
		fail(g, where, "a variable of '%s' is not set", s);
	else if (strncmp(b.p, "https://", 8) != 0 &&
	    strncmp(b.p, "http://", 7) != 0)
		fail(g, where, "'%s' is not an http or https URL", b.p);
	return s;
}

static void
load_defaults(struct descriptor *g)
{
	char where[128];
	const char *key;
	json_t *item;

	g->defaults = json_object_get(g->root, "defaults");
	if (g->defaults != NULL && !json_is_object(g->defaults))
		fail(g, "/defaults", "is not an object");
	json_object_foreach(g->defaults, key, item) {
		snprintf(where, sizeof(where), "/defaults/%.40s", key);
		if (!json_is_string(item))
			fail(g, where, "is not a string");
	}
}

static void
load_members(struct descriptor *g)
{
	static const char *const names[] = {"name", "url", "method", "auth",
	    "to", "body", "ok", "id", "error", "rules", "check", "warm",
	    "defaults", "max-text", NULL};
	static const char *const only_url[] = {"url", NULL};
	json_t *check = json_object_get(g->root, "check");
	json_t *warm = json_object_get(g->root, "warm");

	only_members(g, "", g->root, names);
	load_defaults(g);
	g->url = get_url(g, g->root, "", 1);
	g->method = get_string(g, g->root, "", "method", 0);
	if (g->method == NULL)
		g->method = "POST";
	else if (strcmp(g->method, "POST") != 0 &&
	    strcmp(g->method, "PUT") != 0)
		fail(g, "/method", "is none of: POST, PUT");
	only_members(g, "/check", check, only_url);
	g->check_url = check != NULL ? get_url(g, check, "/check", 1) : NULL;
	only_members(g, "/warm", warm, only_url);
	g->warm_url = warm != NULL ? get_url(g, warm, "/warm", 1) : NULL;
	g->id = get_pointer(g, g->root, "", "id");
	g->error = get_pointer(g, g->root, "", "error");
	g->max_text = (size_t)json_integer_value(
	    json_object_get(g->root, "max-text"));
	load_auth(g);
	load_to(g);
	load_body(g);
	load_ok(g);
	load_rules(g);
	check_variables(g);
	if (g->config->auth_check && g->check_url == NULL)
		fail(g, "/check", "is missing, and auth-check is on");
}

struct descriptor *
descriptor_load(const struct config *c, config_report report)
{
	struct descriptor *g = calloc(1, sizeof(*g));
	json_error_t e;

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
	g->root = json_load_file(g->file, JSON_REJECT_DUPLICATES, &e);
	if (g->root == NULL) {
		fail(g, "", "line %d: %s", e.line, e.text);
		return NULL;
	}
	load_secrets(g);
	if (json_is_object(g->root))
		load_members(g);
	else
		fail(g, "", "is not a JSON object");
	return g->failed ? NULL : g;
}
