/*
 * gateway: descriptors.  No network here and no log: deliver.c runs the
 * requests.  jansson reads and writes the JSON.
 */
#include <errno.h>
#include <limits.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "buf.h"
#include "gateway.h"

#define RULES_MAX 32
#define CODES_MAX 16
#define NAME_MAX_ 32	/* octets of a variable's name */
#define URL_MAX	  4096
#define VALUE_MAX 16384 /* octets of an expanded string that is not text */
#define DEPTH_MAX 16	/* of the body's template */

struct rule {
	int status;		/* 0: any */
	const char *pointer;	/* JSON pointer of what regex looks at */
	regex_t regex;
	int has_regex;
	enum outcome outcome;
};

struct secret {
	const char *name;
	char *value;
};

struct gateway {
	const struct config *config;
	json_t *root;
	const char *method, *url, *check_url, *warm_url;
	const char *id, *error;	/* JSON pointers */
	json_t *body, *defaults, *auth;
	int one, digits;
	size_t max_to, max_text;
	int ok[CODES_MAX];
	size_t nok;
	struct rule rule[RULES_MAX];
	size_t nrule;
	struct secret *secret;
	size_t nsecret;
	/* while loading */
	char file[PATH_MAX];
	config_report report;
	int failed;
	char used[64][NAME_MAX_ + 1];
	size_t nused;
};

/* What the placeholders of one request stand for. */
struct values {
	const struct gateway *g;
	const struct gateway_login *login;
	const struct gateway_message *message;
	int missing;		/* a required one was not set */
};

/* ---- variables ---- */

enum kind { STRING, NUMBER, BOOLEAN };

/* What is no string in JSON; `set` gives every value as a string. */
static const struct {
	const char *name;
	enum kind kind;
	long least, most;
} kinds[] = {
	{"sim", NUMBER, 1, 3},
	{"ttl", NUMBER, 5, INT_MAX},
	{"priority", NUMBER, -128, 127},
	{"report", BOOLEAN, 0, 0},
};

static json_t *
typed(const char *name, const char *value)
{
	char *end;
	size_t i;
	long n;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			break;
	if (i == sizeof(kinds) / sizeof(kinds[0]))
		return json_string(value);
	if (kinds[i].kind == BOOLEAN)
		return strcmp(value, "yes") == 0 ? json_true() :
		    strcmp(value, "no") == 0	 ? json_false() :
						   NULL;
	errno = 0;
	n = strtol(value, &end, 10);
	if (*value == '\0' || *end != '\0' || errno != 0 ||
	    n < kinds[i].least || n > kinds[i].most)
		return NULL;
	return json_integer(n);
}

static const char *
find_secret(const struct gateway *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->nsecret; i++)
		if (strcmp(g->secret[i].name, name) == 0)
			return g->secret[i].value;
	return NULL;
}

static int
is_credential(const char *name)
{
	return strcmp(name, "user") == 0 || strcmp(name, "password") == 0 ||
	    strcmp(name, "token") == 0;
}

/* A login brings its own credentials, and none of ours fill a gap. */
static const char *
login_value(const struct gateway_login *l, const char *name)
{
	switch (l->kind) {
	case IPC_PASSWORD:
		return strcmp(name, "user") == 0      ? l->user :
		    strcmp(name, "password") == 0     ? l->secret :
							NULL;
	case IPC_BEARER:
		return strcmp(name, "token") == 0 ? l->secret : NULL;
	case IPC_EXTERNAL:
		break; /* it has none: our own are used */
	}
	return NULL;
}

static const char *
string_value(const struct values *v, const char *name)
{
	const char *s;

	if (v->message != NULL && strcmp(name, "id") == 0)
		return v->message->id;
	if (v->message != NULL && strcmp(name, "text") == 0)
		return v->message->text;
	if (v->login != NULL && is_credential(name))
		return login_value(v->login, name);
	if ((s = config_find(&v->g->config->set, name)) != NULL ||
	    (s = find_secret(v->g, name)) != NULL)
		return s;
	return json_string_value(json_object_get(v->g->defaults, name));
}

/* "digits" has no '+'; a short code never has. */
static json_t *
recipient(const struct gateway *g, const char *number)
{
	return json_string(number + (g->digits && *number == '+'));
}

static json_t *
recipients(const struct values *v)
{
	const struct gateway_message *m = v->message;
	json_t *list;
	size_t i;

	if (m == NULL)
		return NULL;
	if (v->g->one)
		return recipient(v->g, m->to[0]);
	list = json_array();
	for (i = 0; i < m->nto; i++)
		json_array_append_new(list, recipient(v->g, m->to[i]));
	return list;
}

/* The value as JSON of its own type; NULL if it is not set. */
static json_t *
json_value(const struct values *v, const char *name)
{
	const char *s;

	if (strcmp(name, "to") == 0)
		return recipients(v);
	s = string_value(v, name);
	return s != NULL ? typed(name, s) : NULL;
}

/* ---- placeholders: ${name}, ${name!} ---- */

struct placeholder {
	char name[NAME_MAX_ + 1];
	int required;
	size_t len;	/* octets of the whole placeholder */
};

/* Parse the placeholder that s begins with.  0, or -1. */
static int
take_placeholder(const char *s, struct placeholder *p)
{
	size_t n = strspn(s + 2, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	if (n == 0 || n > NAME_MAX_)
		return -1;
	memcpy(p->name, s + 2, n);
	p->name[n] = '\0';
	p->required = s[2 + n] == '!';
	n += 2 + (size_t)p->required;
	p->len = n + 1;
	return s[n] == '}' ? 0 : -1;
}

/* s is one placeholder and nothing else */
static int
is_placeholder(const char *s, struct placeholder *p)
{
	return strncmp(s, "${", 2) == 0 && take_placeholder(s, p) == 0 &&
	    s[p->len] == '\0';
}

static void
put_escaped(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++)
		if (strchr("-._~", *s) != NULL || (*s >= '0' && *s <= '9') ||
		    (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z'))
			buf_putc(b, *s);
		else
			buf_fmt(b, "%%%02X", (unsigned char)*s);
}

/*
 * Fill in the placeholders of s.  In a URL the values are percent-encoded
 * but for one at its start, which is the base.  Returns 0, or -1 if one is
 * not set.
 */
static int
fill_string(struct values *v, const char *s, int url, struct buf *out)
{
	struct placeholder p;
	const char *start = s, *value;

	while (*s != '\0') {
		if (strncmp(s, "${", 2) != 0 || take_placeholder(s, &p) == -1) {
			buf_putc(out, *s++);
			continue;
		}
		if ((value = string_value(v, p.name)) == NULL) {
			v->missing |= p.required;
			return -1;
		}
		if (url && s != start)
			put_escaped(out, value);
		else
			buf_puts(out, value);
		s += p.len;
	}
	return out->overflow ? -1 : 0;
}

static json_t *fill(struct values *, json_t *);

static json_t *
fill_leaf(struct values *v, const char *s)
{
	struct placeholder p;
	char *storage;
	struct buf b;
	json_t *j = NULL;
	size_t room;

	if (is_placeholder(s, &p)) {
		j = json_value(v, p.name);
		if (j == NULL && p.required)
			v->missing = 1;
		return j;
	}
	room = VALUE_MAX + (v->message != NULL ? strlen(v->message->text) : 0);
	if ((storage = malloc(room)) == NULL)
		return NULL;
	buf_init(&b, storage, room);
	if (fill_string(v, s, 0, &b) == 0)
		j = json_string(b.p);
	free(storage);
	return j;
}

static json_t *
fill_object(struct values *v, json_t *template)
{
	json_t *out = json_object(), *item, *filled;
	const char *key;

	json_object_foreach(template, key, item)
		if ((filled = fill(v, item)) != NULL)
			json_object_set_new(out, key, filled);
	if (json_object_size(out) == 0 && json_object_size(template) != 0) {
		json_decref(out);
		return NULL;
	}
	return out;
}

static json_t *
fill_array(struct values *v, json_t *template)
{
	json_t *out = json_array(), *item, *filled;
	size_t i;

	json_array_foreach(template, i, item)
		if ((filled = fill(v, item)) != NULL)
			json_array_append_new(out, filled);
	if (json_array_size(out) == 0 && json_array_size(template) != 0) {
		json_decref(out);
		return NULL;
	}
	return out;
}

/* The template with its values; what is not set goes, and what that empties. */
static json_t *
fill(struct values *v, json_t *template)
{
	if (json_is_string(template))
		return fill_leaf(v, json_string_value(template));
	if (json_is_object(template))
		return fill_object(v, template);
	if (json_is_array(template))
		return fill_array(v, template);
	return json_incref(template);
}

/* ---- loading ---- */

static void
fail(struct gateway *g, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
fail(struct gateway *g, const char *path, const char *fmt, ...)
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
only_members(struct gateway *g, const char *path, json_t *o,
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
note_names(struct gateway *g, const char *path, const char *s)
{
	struct placeholder p;
	size_t i;

	while ((s = strstr(s, "${")) != NULL) {
		if (take_placeholder(s, &p) == -1) {
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
note_template(struct gateway *g, const char *path, json_t *j, int depth)
{
	char where[256];
	const char *key;
	json_t *item;
	size_t i;

	if (depth > DEPTH_MAX) {
		fail(g, path, "nested deeper than %d", DEPTH_MAX);
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
get_string(struct gateway *g, json_t *o, const char *path, const char *key,
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
get_pointer(struct gateway *g, json_t *o, const char *path, const char *key)
{
	const char *s = get_string(g, o, path, key, 0);
	char where[128];

	snprintf(where, sizeof(where), "%s/%s", path, key);
	if (s != NULL && *s != '/')
		fail(g, where, "'%.60s' is not a JSON pointer", s);
	return s;
}

static void
load_auth(struct gateway *g)
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
load_to(struct gateway *g)
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
load_body(struct gateway *g)
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
get_status(struct gateway *g, json_t *code, const char *path)
{
	json_int_t n = json_integer_value(code);

	if (!json_is_integer(code) || n < 100 || n > 599)
		fail(g, path, "is not a status code");
	return (int)n;
}

static void
load_ok(struct gateway *g)
{
	static const char *const names[] = {"status", NULL};
	json_t *ok = json_object_get(g->root, "ok"), *list, *code;
	size_t i;

	only_members(g, "/ok", ok, names);
	list = json_object_get(ok, "status");
	if (json_array_size(list) == 0 || json_array_size(list) > CODES_MAX) {
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
load_match(struct gateway *g, const char *path, json_t *match, struct rule *r)
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
load_rules(struct gateway *g)
{
	static const char *const names[] = {"status", "match", "then", NULL};
	json_t *rules = json_object_get(g->root, "rules"), *j;
	json_t *match, *status;
	char path[40];
	const char *then;
	struct rule *r;
	size_t i;

	if (json_array_size(rules) > RULES_MAX ||
	    (rules != NULL && !json_is_array(rules))) {
		fail(g, "/rules", "is not an array of at most %d", RULES_MAX);
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
read_secret(struct gateway *g, const char *name, const char *file)
{
	char line[GATEWAY_SECRET_MAX + 2], what[64];
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
	if (n > GATEWAY_SECRET_MAX)
		fail(g, what, "%s: larger than %d octets", file,
		    GATEWAY_SECRET_MAX);
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0')
		fail(g, what, "%s: the first line is empty", file);
	file = strdup(line);
	explicit_bzero(line, sizeof(line));
	return (char *)(size_t)file;
}

static void
load_secrets(struct gateway *g)
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
is_used(const struct gateway *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->nused; i++)
		if (strcmp(g->used[i], name) == 0)
			return 1;
	return 0;
}

/* `set` and `secret` must name variables that there are, with right values. */
static void
check_variables(struct gateway *g)
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
			if ((j = typed(p->name, p->value)) == NULL)
				fail(g, "", "set %s: bad value '%s'", p->name,
				    p->value);
			json_decref(j);
		}
}

/* A URL's variables must all have a value once and for all. */
static const char *
get_url(struct gateway *g, json_t *o, const char *path, int required)
{
	struct values v = {.g = g};
	const char *s = get_string(g, o, path, "url", required);
	char storage[URL_MAX], where[64];
	struct buf b;

	if (s == NULL)
		return NULL;
	buf_init(&b, storage, sizeof(storage));
	snprintf(where, sizeof(where), "%s/url", path);
	if (fill_string(&v, s, 1, &b) == -1)
		fail(g, where, "a variable of '%s' is not set", s);
	else if (strncmp(b.p, "https://", 8) != 0 &&
	    strncmp(b.p, "http://", 7) != 0)
		fail(g, where, "'%s' is not an http or https URL", b.p);
	return s;
}

static void
load_defaults(struct gateway *g)
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
load_members(struct gateway *g)
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

struct gateway *
gateway_load(const struct config *c, config_report report)
{
	struct gateway *g = calloc(1, sizeof(*g));
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

size_t
gateway_max_recipients(const struct gateway *g)
{
	return g->max_to;
}

size_t
gateway_max_text(const struct gateway *g)
{
	return g->max_text;
}

/* ---- requests ---- */

static char *
fill_url(struct values *v, const char *template)
{
	char storage[URL_MAX];
	struct buf b;

	if (template == NULL)
		return NULL;
	buf_init(&b, storage, sizeof(storage));
	return fill_string(v, template, 1, &b) == 0 ? strdup(b.p) : NULL;
}

static char *
basic(const char *user, const char *password)
{
	size_t room = strlen(user) + strlen(password) + 2;
	char *pair, *value = NULL;
	struct buf b;

	if ((pair = malloc(room)) != NULL &&
	    (value = malloc(room * 2 + 16)) != NULL) {
		snprintf(pair, room, "%s:%s", user, password);
		buf_init(&b, value, room * 2 + 16);
		buf_puts(&b, "Basic ");
		buf_base64(&b, pair, room - 1);
		explicit_bzero(pair, room);
	}
	free(pair);
	return value;
}

/* One entry of "auth": its header's value, or NULL if it has no values. */
static char *
authorization(struct values *v, json_t *a)
{
	static const char *const parts[] = {"user", "password", "token"};
	char value[3][GATEWAY_SECRET_MAX + 256], *header = NULL;
	struct buf b[3];
	const char *s;
	size_t i;
	int ok = 1;

	for (i = 0; i < 3; i++) {
		buf_init(&b[i], value[i], sizeof(value[i]));
		s = json_string_value(json_object_get(a, parts[i]));
		if (s != NULL && fill_string(v, s, 0, &b[i]) == -1)
			ok = 0;
	}
	s = json_string_value(json_object_get(a, "type"));
	if (ok && strcmp(s, "basic") == 0)
		header = basic(b[0].p, b[1].p);
	else if (ok && (header = malloc(b[2].len + 8)) != NULL)
		sprintf(header, "Bearer %s", b[2].p);
	explicit_bzero(value, sizeof(value));
	return header;
}

/* The first way of authentication that the values are enough for. */
static char *
authorize(struct values *v)
{
	char *header = NULL;
	json_t *a;
	size_t i;

	json_array_foreach(v->g->auth, i, a)
		if ((header = authorization(v, a)) != NULL)
			break;
	if (header != NULL && strpbrk(header, "\r\n") != NULL) {
		free(header);
		return NULL;
	}
	return header;
}

static int
finish(const struct gateway *g, struct values *v, struct gateway_request *r)
{
	if (r->url != NULL && !v->missing &&
	    (r->authorization != NULL || json_array_size(g->auth) == 0))
		return 0;
	gateway_free(r);
	return -1;
}

int
gateway_send(const struct gateway *g, const struct gateway_login *login,
    const struct gateway_message *m, struct gateway_request *r)
{
	struct values v = {.g = g, .login = login, .message = m};
	json_t *body;

	memset(r, 0, sizeof(*r));
	r->method = g->method;
	r->url = fill_url(&v, g->url);
	r->authorization = authorize(&v);
	if ((body = fill(&v, g->body)) == NULL)
		v.missing = 1;
	else if ((r->body = json_dumps(body, JSON_COMPACT)) == NULL)
		v.missing = 1;
	json_decref(body);
	return finish(g, &v, r);
}

int
gateway_check(const struct gateway *g, const struct gateway_login *login,
    struct gateway_request *r)
{
	struct values v = {.g = g, .login = login};

	memset(r, 0, sizeof(*r));
	r->method = "GET";
	r->url = fill_url(&v, g->check_url);
	r->authorization = authorize(&v);
	return finish(g, &v, r);
}

int
gateway_warm(const struct gateway *g, struct gateway_request *r)
{
	struct values v = {.g = g};

	memset(r, 0, sizeof(*r));
	r->method = "GET";
	r->url = fill_url(&v, g->warm_url);
	return r->url != NULL ? 0 : -1;
}

void
gateway_free(struct gateway_request *r)
{
	if (r->authorization != NULL)
		explicit_bzero(r->authorization, strlen(r->authorization));
	free(r->authorization);
	free(r->url);
	free(r->body);
	memset(r, 0, sizeof(*r));
}

char *
gateway_describe(const struct gateway_request *r)
{
	json_t *headers = json_object(), *j;
	char scheme[16] = "", *line;

	if (r->authorization != NULL) {
		snprintf(scheme, sizeof(scheme), "%.*s ***",
		    (int)strcspn(r->authorization, " "), r->authorization);
		json_object_set_new(headers, "Authorization",
		    json_string(scheme));
	}
	if (r->body != NULL)
		json_object_set_new(headers, "Content-Type",
		    json_string("application/json"));
	j = json_pack("{s:s, s:s, s:o, s:o*}", "method", r->method, "url",
	    r->url, "headers", headers, "body",
	    r->body != NULL ? json_loads(r->body, 0, NULL) : NULL);
	line = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	return line;
}

/* ---- answers ---- */

/* Look up a JSON pointer (RFC 6901); borrowed, or NULL. */
static json_t *
look_up(json_t *j, const char *pointer)
{
	char token[128];
	const char *s = pointer;
	size_t n;

	while (j != NULL && *s == '/') {
		for (s++, n = 0; *s != '\0' && *s != '/'; s++) {
			if (n + 1 >= sizeof(token))
				return NULL;
			if (*s == '~' && (s[1] == '0' || s[1] == '1'))
				token[n++] = *++s == '0' ? '~' : '/';
			else
				token[n++] = *s;
		}
		token[n] = '\0';
		if (!json_is_array(j))
			j = json_object_get(j, token);
		else if (n > 0 && strspn(token, "0123456789") == n)
			j = json_array_get(j, strtoul(token, NULL, 10));
		else
			j = NULL;
	}
	return j;
}

/* The value at the pointer as text; "" if there is none. */
static void
text_at(json_t *answer, const char *pointer, char *out, size_t room)
{
	json_t *j = pointer != NULL ? look_up(answer, pointer) : NULL;

	out[0] = '\0';
	if (json_is_string(j))
		snprintf(out, room, "%s", json_string_value(j));
	else if (json_is_integer(j))
		snprintf(out, room, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(j));
}

static int
rule_matches(const struct rule *r, long status, json_t *answer,
    const char *body, size_t n)
{
	char text[1024];

	if (r->status != 0 && r->status != status)
		return 0;
	if (!r->has_regex)
		return 1;
	if (r->pointer != NULL)
		text_at(answer, r->pointer, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%.*s",
		    (int)(n < sizeof(text) ? n : sizeof(text) - 1), body);
	return regexec(&r->regex, text, 0, NULL, 0) == 0;
}

static int
is_ok(const struct gateway *g, long status)
{
	size_t i;

	for (i = 0; i < g->nok; i++)
		if (g->ok[i] == status)
			return 1;
	return 0;
}

static enum outcome
judge_status(const struct gateway *g, long status, json_t *answer)
{
	/* a success that cannot be read may not be one */
	if (is_ok(g, status))
		return g->id == NULL || json_is_object(answer) ||
		    json_is_array(answer) ? OUTCOME_ACCEPTED : OUTCOME_UNCLEAR;
	if (status == 401 || status == 403)
		return OUTCOME_CREDENTIALS;
	if (status >= 400 && status < 500)
		return OUTCOME_REFUSED;
	if (status >= 500 && status < 600)
		return OUTCOME_FAILED;
	return OUTCOME_UNCLEAR;
}

void
gateway_judge(const struct gateway *g, long status, const char *body,
    size_t n, int whole, struct gateway_answer *a)
{
	json_t *answer = whole ? json_loadb(body, n, JSON_ALLOW_NUL, NULL) :
				 NULL;
	char id[IPC_ID_MAX + 2];
	size_t i;

	text_at(answer, g->error, a->error, sizeof(a->error));
	text_at(answer, g->id, id, sizeof(id));
	strcpy(a->id, ipc_is_id(id) ? id : "");
	a->outcome = judge_status(g, status, answer);
	for (i = 0; i < g->nrule; i++)
		if (rule_matches(&g->rule[i], status, answer, body, n)) {
			a->outcome = g->rule[i].outcome;
			break;
		}
	json_decref(answer);
}
