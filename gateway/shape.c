/*
 * shape: the shape of a request in a descriptor: address, headers, query,
 * recipients, body, ways to authenticate.  It is read here; gateway.c and
 * body.c fill it in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/descriptor.h"
#include "gateway/gateway.h"
#include "gateway/maps.h"
#include "gateway/names.h"
#include "gateway/shape.h"
#include "gateway/variable.h"

/* ---- addresses ---- */

/* What it takes besides a message and a login must be there. */
static void
check_values(struct descriptor *g, const char *path, const char *s, int nest)
{
	struct template_values v = {.g = g, .trial = 1};
	struct template_name p;
	const char *made, *meaning;
	json_t *j;
	int masked;

	for (; (s = strstr(s, "${")) != NULL; s += p.len) {
		if (template_name(s, &p) != NULL)
			return;
		j = variable_value(&v, p.name, &masked);
		json_decref(j);
		if (j != NULL)
			continue;
		made = json_string_value(json_object_get(g->defaults,
		    p.name));
		meaning = maps_meaning(g, p.name);
		if (made != NULL && nest < TEMPLATE_NEST_MAX)
			check_values(g, path, made, nest + 1);
		else
			load_fail(g, path, "${%s} is not set%s%.150s%s",
			    p.name, *meaning != '\0' ? " (" : "", meaning,
			    *meaning != '\0' ? ")" : "");
	}
}

static void
check_url(struct descriptor *g, const char *path, const char *s)
{
	struct template_values v = {.g = g, .trial = 1};
	char *storage = malloc(GATEWAY_URL_MAX);
	struct buf b;

	if (storage == NULL) {
		load_fail(g, path, "out of memory");
		return;
	}
	buf_init(&b, storage, GATEWAY_URL_MAX);
	if (template_string(&v, s, 1, &b) == -1)
		load_fail(g, path, "'%.100s' cannot be filled in", s);
	else if (strncmp(b.p, "https://", 8) != 0 &&
	    strncmp(b.p, "http://", 7) != 0)
		load_fail(g, path, "'%.100s' is not an http or https URL", s);
	explicit_bzero(storage, b.len);
	free(storage);
}

const char *
shape_url(struct descriptor *g, json_t *o, const char *path, int sent)
{
	const char *s = load_string(g, o, path, "url", 1);
	char where[LOAD_PATH_MAX];
	int failed = g->failed;

	if (s == NULL)
		return NULL;
	load_path(where, path, "url");
	g->failed = 0;
	names_note_string(g, where, s, NAMES_URL, sent);
	check_values(g, where, s, 0);
	if (!g->failed)
		check_url(g, where, s);
	g->failed |= failed;
	return s;
}

const char *
shape_method(struct descriptor *g, json_t *o, const char *path,
    const char *otherwise)
{
	static const char *const methods[] = {"GET", "POST", "PUT"};
	const char *s = load_string(g, o, path, "method", 0);
	char where[LOAD_PATH_MAX];
	size_t i;

	for (i = 0; s != NULL && i < 3; i++)
		if (strcmp(s, methods[i]) == 0)
			return methods[i];
	if (s != NULL)
		load_fail(g, load_path(where, path, "method"),
		    "'%.20s' is none of: GET, POST, PUT", s);
	return otherwise;
}

/* ---- headers, query, ways to authenticate ---- */

/* A token of RFC 9110, 5.6.2, that is not curl's or another member's. */
static const char *
wrong_header(const char *name)
{
	static const char *const taken[] = {"Authorization", "Connection",
	    "Content-Length", "Content-Type", "Expect", "Host",
	    "Transfer-Encoding"};
	size_t n = strspn(name, "!#$%&'*+-.^_`|~0123456789"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"), i;

	if (n == 0 || name[n] != '\0')
		return "is no name of a header";
	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strcasecmp(taken[i], name) == 0)
			return "is not set here";
	return NULL;
}

json_t *
shape_headers(struct descriptor *g, json_t *o, const char *path, int sent)
{
	json_t *headers = load_object(g, o, path, "headers"), *item;
	char where[LOAD_PATH_MAX], list[LOAD_PATH_MAX];
	const char *name, *wrong;

	load_path(list, path, "headers");
	if (json_object_size(headers) > DESCRIPTOR_HEADERS_MAX)
		load_fail(g, list, "has more than %d members",
		    DESCRIPTOR_HEADERS_MAX);
	json_object_foreach(headers, name, item) {
		load_path(where, list, name);
		if ((wrong = wrong_header(name)) != NULL)
			load_fail(g, where, "%s", wrong);
		if (!json_is_string(item))
			load_fail(g, where, "is not a string");
		names_note(g, where, item, NAMES_TEXT, sent);
	}
	return headers;
}

/* An object of strings, or of arrays of strings. */
static json_t *
get_form(struct descriptor *g, json_t *o, const char *path, const char *key)
{
	json_t *form = load_object(g, o, path, key), *item, *one;
	char where[LOAD_PATH_MAX], list[LOAD_PATH_MAX];
	const char *name;
	size_t i;
	int ok;

	load_path(list, path, key);
	json_object_foreach(form, name, item) {
		ok = json_is_string(item) || json_is_array(item);
		json_array_foreach(item, i, one)
			ok &= json_is_string(one);
		load_path(where, list, name);
		if (!ok)
			load_fail(g, where,
			    "is not a string or an array of strings");
		names_note(g, where, item, NAMES_FORM, 1);
	}
	return form;
}

static void
load_way(struct descriptor *g, json_t *a, const char *path)
{
	static const struct {
		const char *type, *names[5];
	} ways[] = {
		{"none", {"type"}},
		{"basic", {"type", "user", "password"}},
		{"bearer", {"type", "token"}},
		{"header", {"type", "name", "value"}},
		{"aws-sigv4", {"type", "provider", "user", "password"}},
	};
	const char *type = load_string(g, a, path, "type", 1), *s;
	char where[LOAD_PATH_MAX];
	size_t i, k;

	for (i = 0; type != NULL && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].type, type) == 0)
			break;
	if (type == NULL || i == sizeof(ways) / sizeof(ways[0])) {
		load_fail(g, path, "type is none of: none, basic, bearer, "
		    "header, aws-sigv4");
		return;
	}
	load_only(g, path, a, ways[i].names);
	for (k = 1; ways[i].names[k] != NULL; k++) {
		s = load_string(g, a, path, ways[i].names[k], 1);
		names_note_string(g, load_path(where, path, ways[i].names[k]),
		    s, NAMES_TEXT, 1);
	}
	s = json_string_value(json_object_get(a, "name"));
	if (s != NULL && wrong_header(s) != NULL &&
	    strcasecmp(s, "Authorization") != 0)
		load_fail(g, load_path(where, path, "name"), "%s",
		    wrong_header(s));
}

static void
load_auth(struct descriptor *g)
{
	char path[LOAD_PATH_MAX];
	json_t *a;
	size_t i;

	g->auth = load_array(g, g->root, "", "auth", DESCRIPTOR_AUTH_MAX);
	json_array_foreach(g->auth, i, a) {
		snprintf(path, sizeof(path), "/auth/%zu", i);
		load_way(g, a, path);
	}
}

/* ---- recipients and body ---- */

static void
load_mode(struct descriptor *g, json_t *to)
{
	static const char *const modes[] = {[TO_ONE] = "one",
	    [TO_ARRAY] = "array", [TO_JOIN] = "join"};
	const char *mode = load_string(g, to, "/to", "mode", 1);
	json_int_t max = 1;
	size_t i;

	for (i = 0; mode != NULL && i < 3; i++)
		if (strcmp(modes[i], mode) == 0)
			break;
	if (mode == NULL || i == 3) {
		load_fail(g, "/to/mode", "is none of: one, array, join");
		return;
	}
	g->mode = (enum descriptor_mode)i;
	if (g->mode == TO_ONE && json_object_get(to, "max") != NULL)
		load_fail(g, "/to/max", "goes with array and join alone");
	else if (!load_integer(g, to, "/to", "max", 1, CONFIG_RCPTS_MAX,
	    &max) && g->mode != TO_ONE)
		load_fail(g, "/to/max", "is missing, or is none");
	g->max_to = (size_t)max;
}

static void
load_to(struct descriptor *g)
{
	static const char *const names[] = {"mode", "max", "format",
	    "separator", "element", NULL};
	json_t *to = json_object_get(g->root, "to");
	const char *format;

	if (to == NULL)
		load_fail(g, "/to", "is missing");
	load_only(g, "/to", to, names);
	load_mode(g, to);
	format = load_string(g, to, "/to", "format", 0);
	g->digits = format != NULL && strcmp(format, "digits") == 0;
	if (format != NULL && !g->digits && strcmp(format, "e164") != 0)
		load_fail(g, "/to/format", "'%.20s' is none of: e164, digits",
		    format);
	g->separator = load_string(g, to, "/to", "separator",
	    g->mode == TO_JOIN);
	if (g->separator != NULL && (g->mode != TO_JOIN ||
	    *g->separator == '\0' ||
	    strlen(g->separator) > DESCRIPTOR_SEPARATOR_MAX))
		load_fail(g, "/to/separator", "is for join, and is 1 to %d "
		    "octets", DESCRIPTOR_SEPARATOR_MAX);
	g->element = json_object_get(to, "element");
	if (g->element != NULL && g->mode != TO_ARRAY)
		load_fail(g, "/to/element", "is for array");
}

static void
load_template(struct descriptor *g, json_t *body, const char *type)
{
	json_t *t = json_object_get(body, "template");

	g->body = t;
	if (strcmp(type, "json") == 0) {
		g->type = BODY_JSON;
		if (!json_is_object(t) && !json_is_array(t))
			load_fail(g, "/body/template",
			    "is not an object or an array");
		names_note(g, "/body/template", t, NAMES_JSON, 1);
	} else if (strcmp(type, "form") == 0) {
		g->type = BODY_FORM;
		if (get_form(g, body, "/body", "template") == NULL)
			load_fail(g, "/body/template", "is not an object");
	} else if (strcmp(type, "text") == 0) {
		g->type = BODY_TEXT;
		names_note_string(g, "/body/template", load_string(g, body,
		    "/body", "template", 1), NAMES_TEXT, 1);
	} else {
		load_fail(g, "/body/type",
		    "'%.20s' is none of: json, form, text", type);
	}
}

static void
load_body(struct descriptor *g)
{
	static const char *const names[] = {"type", "template",
	    "content-type", NULL};
	json_t *body = json_object_get(g->root, "body");
	const char *type;

	if (g->element != NULL)
		names_note(g, "/to/element", g->element, NAMES_ELEMENT, 1);
	if (body == NULL)
		return;
	load_only(g, "/body", body, names);
	if (strcmp(g->method, "GET") == 0)
		load_fail(g, "/body", "does not go with GET");
	if ((type = load_string(g, body, "/body", "type", 1)) != NULL)
		load_template(g, body, type);
	g->content_type = load_string(g, body, "/body", "content-type", 0);
	if (g->content_type != NULL &&
	    (*g->content_type == '\0' || !options_is_name(g->content_type)))
		load_fail(g, "/body/content-type", "is no type");
}

void
shape_load(struct descriptor *g)
{
	load_to(g);
	maps_load(g);
	g->method = shape_method(g, g->root, "", "POST");
	g->url = shape_url(g, g->root, "", 1);
	g->headers = shape_headers(g, g->root, "", 1);
	g->query = get_form(g, g->root, "", "query");
	load_auth(g);
	load_body(g);
}
