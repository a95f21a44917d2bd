/*
 * read_request: the address, headers, query, authentication, recipients and
 * body of a request; request.c fills them in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/placeholder.h"
#include "gateway/read_request.h"
#include "gateway/read_template.h"
#include "gateway/read_variables.h"
#include "gateway/request.h"
#include "gateway/template.h"
#include "gateway/variable.h"
#include "gateway/wipe.h"

/* ---- addresses ---- */

/*
 * Report the variables of an address that have no value, though neither a
 * message nor a login could give them one.
 */
static void
check_values(struct descriptor *g, const char *path, const char *s, int nest)
{
	struct values v = {.g = g, .trial = 1};
	struct placeholder p;
	const char *made, *meaning;
	json_t *j;
	int masked;

	for (; (s = strstr(s, "${")) != NULL; s += p.len) {
		if (placeholder_parse(s, &p) != NULL)
			return;
		j = template_variable(&v, p.name, &masked);
		json_decref(j);
		if (j != NULL)
			continue;
		made = json_string_value(json_object_get(g->defaults,
		    p.name));
		meaning = variable_meaning(g, p.name);
		if (made != NULL && nest < DESCRIPTOR_NEST_MAX)
			check_values(g, path, made, nest + 1);
		else
			member_fail(&g->errors, path, "${%s} is not set%s"
			    "%.150s%s; write: set %s VALUE", p.name,
			    *meaning != '\0' ? " (" : "", meaning,
			    *meaning != '\0' ? ")" : "", p.name);
	}
}

/* The address as it will be must be one; secrets in it are masked. */
static void
check_url(struct descriptor *g, const char *path, const char *s)
{
	struct values v = {.g = g, .trial = 1, .mask = 1};
	char *storage = wipe_must(malloc(REQUEST_URL_MAX));
	struct buf b;

	if (storage == NULL) {
		member_fail(&g->errors, path, "out of memory");
		return;
	}
	buf_init(&b, storage, REQUEST_URL_MAX);
	if (template_string(&v, s, 1, &b) == -1)
		member_fail(&g->errors, path, "'%.100s' cannot be filled in",
		    s);
	else if (strncmp(b.p, "https://", 8) != 0 &&
	    strncmp(b.p, "http://", 7) != 0)
		member_fail(&g->errors, path,
		    "'%.200s' is not an http or https URL", b.p);
	free(storage);
}

static const char *
read_url(struct descriptor *g, json_t *o, const char *path, int sent)
{
	const char *s = member_string(&g->errors, o, path, "url", 1);
	char where[MEMBER_PATH_MAX];
	int failed = g->errors.failed;

	if (s == NULL)
		return NULL;
	member_path(where, path, "url");
	g->errors.failed = 0;
	read_template_string(g, where, s, READ_URL, sent);
	check_values(g, where, s, 0);
	if (!g->errors.failed)
		check_url(g, where, s);
	g->errors.failed |= failed;
	return s;
}

static const char *
read_method(struct descriptor *g, json_t *o, const char *path,
    const char *fallback)
{
	static const char *const methods[] = {"GET", "POST", "PUT", NULL};
	int i = member_choice(&g->errors, o, path, "method", 0, methods);

	return i == -1 ? fallback : methods[i];
}

/* ---- headers, query, authentication ---- */

/* A token of RFC 9110, 5.6.2, that is not curl's or another member's. */
static const char *
wrong_header(const char *name)
{
	static const char *const reserved[] = {"Authorization", "Connection",
	    "Content-Length", "Content-Type", "Expect", "Host",
	    "Transfer-Encoding"};
	size_t n = strspn(name, "!#$%&'*+-.^_`|~0123456789"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"), i;

	if (n == 0 || name[n] != '\0')
		return "is not a name of a header field";
	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcasecmp(reserved[i], name) == 0)
			return "cannot be set here";
	return NULL;
}

static json_t *
read_headers(struct descriptor *g, json_t *o, const char *path, int sent)
{
	json_t *headers = member_object(&g->errors, o, path, "headers"), *item;
	char where[MEMBER_PATH_MAX], list[MEMBER_PATH_MAX];
	const char *name, *wrong;

	member_path(list, path, "headers");
	if (json_object_size(headers) > DESCRIPTOR_HEADERS_MAX)
		member_fail(&g->errors, list, "has %zu members; at most %d",
		    json_object_size(headers), DESCRIPTOR_HEADERS_MAX);
	json_object_foreach(headers, name, item) {
		member_path(where, list, name);
		if ((wrong = wrong_header(name)) != NULL)
			member_fail(&g->errors, where, "%s", wrong);
		if (!json_is_string(item))
			member_must(&g->errors, where, item, "a string");
		read_template(g, where, item, READ_TEXT, sent);
	}
	return headers;
}

/* An object of strings, or of arrays of strings. */
static json_t *
read_form(struct descriptor *g, json_t *o, const char *path, const char *key)
{
	json_t *form = member_object(&g->errors, o, path, key), *item, *one;
	char where[MEMBER_PATH_MAX], list[MEMBER_PATH_MAX];
	const char *name;
	size_t i;
	int ok;

	member_path(list, path, key);
	json_object_foreach(form, name, item) {
		ok = json_is_string(item) || json_is_array(item);
		json_array_foreach(item, i, one)
			ok &= json_is_string(one);
		member_path(where, list, name);
		if (!ok)
			member_must(&g->errors, where, item,
			    "a string or an array of strings");
		read_template(g, where, item, READ_FORM, 1);
	}
	return form;
}

/* What each authentication scheme is made of; "type" is first. */
static const char *const of_none[] = {"type", NULL};
static const char *const of_basic[] = {"type", "user", "password", NULL};
static const char *const of_bearer[] = {"type", "token", NULL};
static const char *const of_header[] = {"type", "name", "value", NULL};
static const char *const of_sigv4[] = {"type", "provider", "user", "password",
    NULL};

static void
read_scheme(struct descriptor *g, json_t *a, const char *path)
{
	static const char *const types[] = {"none", "basic", "bearer",
	    "header", "aws-sigv4", NULL};
	static const char *const *const members[] = {of_none, of_basic,
	    of_bearer, of_header, of_sigv4};
	int type = member_choice(&g->errors, a, path, "type", 1, types);
	char where[MEMBER_PATH_MAX];
	const char *s;
	size_t i;

	if (type == -1)
		return;
	member_only(&g->errors, path, a, members[type]);
	for (i = 1; (s = members[type][i]) != NULL; i++)
		read_template_string(g, member_path(where, path, s),
		    member_string(&g->errors, a, path, s, 1), READ_TEXT, 1);
	s = json_string_value(json_object_get(a, "name"));
	if (s != NULL && wrong_header(s) != NULL &&
	    strcasecmp(s, "Authorization") != 0)
		member_fail(&g->errors, member_path(where, path, "name"),
		    "'%.40s' %s", s, wrong_header(s));
}

static void
read_auth(struct descriptor *g)
{
	char path[MEMBER_PATH_MAX];
	json_t *a;
	size_t i;

	g->auth = member_array(&g->errors, g->root, "", "auth",
	    DESCRIPTOR_AUTH_MAX);
	json_array_foreach(g->auth, i, a)
		read_scheme(g, a, member_index(path, "/auth", i));
}

/* ---- recipients and body ---- */

static void
read_mode(struct descriptor *g, json_t *to)
{
	static const char *const modes[] = {[DESCRIPTOR_TO_ONE] = "one",
	    [DESCRIPTOR_TO_ARRAY] = "array", [DESCRIPTOR_TO_JOIN] = "join",
	    NULL};
	int mode = member_choice(&g->errors, to, "/to", "mode", 1, modes);
	json_int_t max = 1;

	if (mode == -1)
		return;
	g->to = (enum descriptor_to)mode;
	if (g->to != DESCRIPTOR_TO_ONE)
		member_integer(&g->errors, to, "/to", "max", 1, 1,
		    CONFIG_RCPTS_MAX, &max);
	else if (json_object_get(to, "max") != NULL)
		member_fail(&g->errors, "/to/max",
		    "goes with mode array or join only");
	g->max_to = (size_t)max;
}

static void
read_separator(struct descriptor *g, json_t *to)
{
	g->separator = member_string(&g->errors, to, "/to", "separator",
	    g->to == DESCRIPTOR_TO_JOIN);
	if (g->separator == NULL)
		return;
	if (g->to != DESCRIPTOR_TO_JOIN)
		member_fail(&g->errors, "/to/separator",
		    "goes with mode join only");
	else if (*g->separator == '\0' ||
	    strlen(g->separator) > DESCRIPTOR_SEPARATOR_MAX)
		member_fail(&g->errors, "/to/separator",
		    "'%.20s' must be 1 to %d octets", g->separator,
		    DESCRIPTOR_SEPARATOR_MAX);
}

static void
read_to(struct descriptor *g)
{
	static const char *const names[] = {"mode", "max", "format",
	    "separator", "element", NULL};
	static const char *const formats[] = {"e164", "digits", NULL};
	json_t *to = json_object_get(g->root, "to");

	if (to == NULL)
		member_fail(&g->errors, "/to", "is missing");
	member_only(&g->errors, "/to", to, names);
	read_mode(g, to);
	g->digits = member_choice(&g->errors, to, "/to", "format", 0,
	    formats) == 1;
	read_separator(g, to);
	g->element = json_object_get(to, "element");
	if (g->element != NULL && g->to != DESCRIPTOR_TO_ARRAY)
		member_fail(&g->errors, "/to/element",
		    "goes with mode array only");
}

static void
read_body_template(struct descriptor *g, json_t *body)
{
	static const char *const types[] = {"json", "form", "text", NULL};
	static const enum descriptor_body bodies[] = {DESCRIPTOR_BODY_JSON,
	    DESCRIPTOR_BODY_FORM, DESCRIPTOR_BODY_TEXT};
	int type = member_choice(&g->errors, body, "/body", "type", 1, types);
	json_t *t = json_object_get(body, "template");

	if (type == -1)
		return;
	g->body = t;
	g->body_type = bodies[type];
	switch (g->body_type) {
	case DESCRIPTOR_BODY_NONE:
		break;
	case DESCRIPTOR_BODY_JSON:
		if (!json_is_object(t) && !json_is_array(t))
			member_must(&g->errors, "/body/template", t,
			    "an object or an array");
		read_template(g, "/body/template", t, READ_JSON, 1);
		break;
	case DESCRIPTOR_BODY_FORM:
		if (t == NULL)
			member_must(&g->errors, "/body/template", t,
			    "an object");
		read_form(g, body, "/body", "template");
		break;
	case DESCRIPTOR_BODY_TEXT:
		read_template_string(g, "/body/template",
		    member_string(&g->errors, body, "/body", "template", 1),
		    READ_TEXT, 1);
		break;
	}
}

static void
read_body(struct descriptor *g)
{
	static const char *const names[] = {"type", "template",
	    "content-type", NULL};
	json_t *body = json_object_get(g->root, "body");

	if (g->element != NULL)
		read_template(g, "/to/element", g->element, READ_ELEMENT, 1);
	if (body == NULL)
		return;
	member_only(&g->errors, "/body", body, names);
	if (strcmp(g->method, "GET") == 0)
		member_fail(&g->errors, "/body", "does not go with GET");
	read_body_template(g, body);
	g->content_type = member_string(&g->errors, body, "/body",
	    "content-type", 0);
	if (g->content_type != NULL &&
	    (*g->content_type == '\0' || !options_is_name(g->content_type)))
		member_fail(&g->errors, "/body/content-type",
		    "'%.40s' is not a media type", g->content_type);
}

void
read_request(struct descriptor *g)
{
	read_to(g);
	read_variables(g); /* what ${to} stands for is known */
	g->method = read_method(g, g->root, "", "POST");
	g->url = read_url(g, g->root, "", 1);
	g->headers = read_headers(g, g->root, "", 1);
	g->query = read_form(g, g->root, "", "query");
	read_auth(g);
	read_body(g);
}

/* ---- other requests ---- */

static void
read_call(struct descriptor *g, const char *key, const char *const *names,
    struct descriptor_call *call)
{
	json_t *o = json_object_get(g->root, key);
	char path[MEMBER_PATH_MAX];

	if (o == NULL)
		return;
	member_path(path, "", key);
	member_only(&g->errors, path, o, names);
	call->method = read_method(g, o, path, "GET");
	call->url = read_url(g, o, path, 0);
	call->headers = read_headers(g, o, path, 0);
}

void
read_request_calls(struct descriptor *g)
{
	static const char *const names[] = {"url", "method", "headers", NULL};
	static const char *const check[] = {"url", "method", "headers",
	    "balance", "currency", NULL};
	static const char *const lookup[] = {"url", "method", "headers",
	    "found", "missing", "id", "unless", "after", NULL};

	read_call(g, "check", check, &g->check);
	read_call(g, "warm", names, &g->warm);
	read_call(g, "lookup", lookup, &g->lookup);
	if (g->config->auth_check && g->index == 0 && g->check.url == NULL)
		member_fail(&g->errors, "/check",
		    "is missing, and auth-check is on");
}
