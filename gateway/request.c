/*
 * request: the URL, the headers, the body and what authenticates them, filled
 * in for one message or for a question to the gateway.  response.c is its
 * counterpart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/encrypt.h"
#include "gateway/message.h"
#include "gateway/request.h"
#include "gateway/template.h"
#include "gateway/wipe.h"

/* Overwrite and free n octets. */
static void
wipe(char *s, size_t n)
{
	if (s != NULL)
		explicit_bzero(s, n);
	free(s);
}

static void
wipe_string(char *s)
{
	wipe(s, s != NULL ? strlen(s) : 0);
}

/* ---- forms ---- */

static void
put_pair(struct values *v, const char *name, json_t *value,
    struct buf *b)
{
	size_t room = value_room(v);
	char *storage = wipe_must(malloc(room));
	struct buf text;

	if (storage == NULL) {
		b->overflow = 1;
		return;
	}
	buf_init(&text, storage, room);
	value_put(value, &text);
	if (b->len > 0)
		buf_putc(b, '&');
	value_escape(name, strlen(name), 0, b);
	buf_putc(b, '=');
	value_escape(text.p, text.len, v->mask, b);
	b->overflow |= text.overflow;
	explicit_bzero(storage, text.len);
	free(storage);
}

/* An array repeats the name; ${to} can be one. */
static void
put_field(struct values *v, const char *name, json_t *template,
    struct buf *b)
{
	json_t *value = template_text(v, json_string_value(template)), *item;
	size_t i;

	if (json_is_array(value))
		json_array_foreach(value, i, item)
			put_pair(v, name, item, b);
	else if (value != NULL && !json_is_null(value))
		put_pair(v, name, value, b);
	json_decref(value);
}

/* Append name=value&..., percent-encoded; what is not set is left out. */
static void
put_form(struct values *v, json_t *template, struct buf *b)
{
	json_t *field, *item;
	const char *name;
	size_t i;

	json_object_foreach(template, name, field) {
		if (json_is_string(field))
			put_field(v, name, field, b);
		json_array_foreach(field, i, item)
			put_field(v, name, item, b);
	}
}

/* ---- the URL ---- */

/* The query follows one that the URL has of its own. */
static int
put_url(struct values *v, const char *template, json_t *query,
    struct buf *b)
{
	char *storage;
	struct buf q;

	if (template_string(v, template, 1, b) == -1)
		return -1;
	if (query == NULL)
		return 0;
	if ((storage = wipe_must(malloc(REQUEST_URL_MAX))) == NULL)
		return -1;
	buf_init(&q, storage, REQUEST_URL_MAX);
	put_form(v, query, &q);
	if (q.len > 0) {
		buf_putc(b, strchr(template, '?') != NULL ? '&' : '?');
		buf_put(b, q.p, q.len);
	}
	b->overflow |= q.overflow;
	if (b->overflow)
		value_too_long(v, "the URL");
	explicit_bzero(storage, q.len);
	free(storage);
	return b->overflow ? -1 : 0;
}

/* malloced; NULL if a value is missing or does not fit. */
static char *
make_url(struct values *v, const char *template, json_t *query)
{
	char *storage, *url = NULL;
	struct buf b;

	if (template == NULL || (storage = wipe_must(malloc(REQUEST_URL_MAX))) == NULL)
		return NULL;
	buf_init(&b, storage, REQUEST_URL_MAX);
	if (put_url(v, template, query, &b) == 0)
		url = wipe_must(strdup(b.p));
	explicit_bzero(storage, b.len);
	free(storage);
	return url;
}

/* ---- headers ---- */

/* Add a field; the value is malloced, and r's from here on.  0, or -1. */
static int
add_header(struct gateway_request *r, const char *name, char *value)
{
	struct gateway_header *h = &r->header[r->nheader];

	if (value == NULL || r->nheader == GATEWAY_HEADERS_MAX) {
		wipe_string(value);
		return -1;
	}
	h->value = value;
	h->name = wipe_must(strdup(name));
	r->nheader++;
	return h->name != NULL ? 0 : -1;
}

/* A string with its values; malloced, or NULL if it is not set. */
static char *
fill(struct values *v, const char *template)
{
	size_t room = value_room(v);
	char *storage = wipe_must(malloc(room)), *s = NULL;
	json_t *j = template_text(v, template);
	struct buf b;

	if (storage != NULL && j != NULL) {
		buf_init(&b, storage, room);
		value_put(j, &b);
		if (!b.overflow && strlen(b.p) == b.len)
			s = wipe_must(strdup(b.p));
		explicit_bzero(storage, b.len);
	}
	free(storage);
	json_decref(j);
	return s;
}

/* A control character would end the field: it becomes a blank. */
static char *
fill_header(struct values *v, const char *template)
{
	char *s = fill(v, template), *p;

	for (p = s; p != NULL && *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	return s;
}

/* Add those of a descriptor's object that have a value. */
static int
add_headers(struct values *v, json_t *headers, struct gateway_request *r)
{
	const char *name;
	json_t *item;
	char *value;

	json_object_foreach(headers, name, item) {
		value = fill_header(v, json_string_value(item));
		if (value != NULL && add_header(r, name, value) == -1)
			return -1;
	}
	return 0;
}

/* ---- authentication ---- */

#define SCHEME_VALUES 3

/* Fill in what the scheme is made of; 0, or -1 if a value is not set. */
static int
scheme_values(struct values *v, json_t *scheme,
    const char *const names[SCHEME_VALUES], char *out[SCHEME_VALUES])
{
	const char *s;
	size_t i;

	for (i = 0; i < SCHEME_VALUES; i++) {
		s = json_string_value(json_object_get(scheme, names[i]));
		if (s == NULL)
			continue;
		out[i] = fill(v, s);
		if (out[i] == NULL || strpbrk(out[i], "\r\n") != NULL)
			return -1;
	}
	return 0;
}

static char *
join(const char *a, const char *between, const char *b)
{
	size_t room = strlen(a) + strlen(between) + strlen(b) + 1;
	char *s = wipe_must(malloc(room));

	if (s != NULL)
		snprintf(s, room, "%s%s%s", a, between, b);
	return s;
}

/* RFC 7617 */
static char *
basic(const char *user, const char *password)
{
	char *pair = join(user, ":", password), *value = NULL;
	size_t room;
	struct buf b;

	if (pair == NULL)
		return NULL;
	room = strlen(pair) * 2 + 16;
	if ((value = wipe_must(malloc(room))) != NULL) {
		buf_init(&b, value, room);
		buf_puts(&b, "Basic ");
		buf_base64(&b, pair, strlen(pair));
	}
	wipe_string(pair);
	return value;
}

static int
sign(struct gateway_request *r, const char *provider, const char *user,
    const char *secret)
{
	r->sigv4 = wipe_must(strdup(provider));
	r->sigv4_user = wipe_must(strdup(user));
	r->sigv4_secret = wipe_must(strdup(secret));
	return r->sigv4 != NULL && r->sigv4_user != NULL &&
	    r->sigv4_secret != NULL ? 0 : -1;
}

static int
add_scheme(const struct values *v, json_t *scheme, char *value[SCHEME_VALUES],
    struct gateway_request *r)
{
	const char *type = json_string_value(json_object_get(scheme, "type"));
	const char *name = json_string_value(json_object_get(scheme, "name"));

	if (strcmp(type, "basic") == 0)
		return add_header(r, "Authorization", v->mask ?
		    wipe_must(strdup("Basic ***")) : basic(value[0], value[1]));
	if (strcmp(type, "bearer") == 0)
		return add_header(r, "Authorization",
		    join("Bearer ", "", value[2]));
	if (strcmp(type, "header") == 0)
		return add_header(r, name, wipe_must(strdup(value[2])));
	if (strcmp(type, "aws-sigv4") != 0)
		return 0; /* none */
	return v->mask ? add_header(r, "Authorization",
	    wipe_must(strdup("AWS4-HMAC-SHA256 ***"))) :
	    sign(r, value[2], value[0], value[1]);
}

static int
try_scheme(struct values *v, json_t *scheme, struct gateway_request *r)
{
	const char *type = json_string_value(json_object_get(scheme, "type"));
	const char *names[SCHEME_VALUES] = {"user", "password",
	    strcmp(type, "bearer") == 0	   ? "token" :
	    strcmp(type, "header") == 0    ? "value" :
					     "provider"};
	char *value[SCHEME_VALUES] = {NULL, NULL, NULL};
	int e = scheme_values(v, scheme, names, value);
	size_t i;

	if (e == 0)
		e = add_scheme(v, scheme, value, r);
	for (i = 0; i < SCHEME_VALUES; i++)
		wipe_string(value[i]);
	return e;
}

/*
 * Use the first scheme whose values are all set.  -1 if there is none,
 * though the descriptor has schemes.  The body must be there: AWS signs it.
 */
static int
authenticate(struct values *v, struct gateway_request *r)
{
	json_t *scheme;
	size_t i;

	json_array_foreach(v->g->auth, i, scheme)
		if (try_scheme(v, scheme, r) == 0)
			return 0;
	return json_array_size(v->g->auth) == 0 ? 0 : -1;
}

/* ---- the body ---- */

static int
append(const char *p, size_t n, void *arg)
{
	buf_put(arg, p, n);
	return 0;
}

static int
put_json(struct values *v, json_t *template, struct buf *b)
{
	json_t *j = template_json(v, template), *own;
	int e = j == NULL ? -1 : 0;

	if (e == 0 && v->g->encrypts) {
		own = json_deep_copy(j); /* nothing of it is the template's */
		json_decref(j);
		j = own;
		e = encrypt_replace(v->g, j, v->message->sealed);
	}
	if (e == 0)
		e = json_dump_callback(j, append, b, JSON_COMPACT);
	json_decref(j);
	return e;
}

static int
put_text(struct values *v, json_t *template, struct buf *b)
{
	json_t *j = template_text(v, json_string_value(template));

	if (j == NULL)
		return -1;
	value_put(j, b);
	json_decref(j);
	return 0;
}

static int
put_body(struct values *v, struct buf *b)
{
	switch (v->g->body_type) {
	case DESCRIPTOR_BODY_NONE:
		break;
	case DESCRIPTOR_BODY_JSON:
		return put_json(v, v->g->body, b);
	case DESCRIPTOR_BODY_FORM:
		put_form(v, v->g->body, b);
		return 0;
	case DESCRIPTOR_BODY_TEXT:
		return put_text(v, v->g->body, b);
	}
	return 0;
}

/*
 * *out is malloced, NULL if the descriptor has no body.  Returns 0; or -1 if
 * a value that it needs is not set or it is too large.
 */
static int
make_body(struct values *v, char **out, size_t *n)
{
	struct buf b;
	char *storage;

	*out = NULL;
	*n = 0;
	if (v->g->body_type == DESCRIPTOR_BODY_NONE)
		return 0;
	if ((storage = wipe_must(malloc(REQUEST_BODY_MAX))) == NULL)
		return -1;
	buf_init(&b, storage, REQUEST_BODY_MAX);
	if (put_body(v, &b) == 0 && !b.overflow &&
	    (*out = wipe_must(malloc(b.len + 1))) != NULL) {
		memcpy(*out, b.p, b.len + 1);
		*n = b.len;
	}
	if (b.overflow)
		value_too_long(v, "the body");
	explicit_bzero(storage, b.len);
	free(storage);
	return *out != NULL ? 0 : -1;
}

/* For Content-Type; NULL: there is no body. */
static const char *
content_type(const struct descriptor *g)
{
	if (g->content_type != NULL)
		return g->content_type;
	switch (g->body_type) {
	case DESCRIPTOR_BODY_NONE:
		return NULL;
	case DESCRIPTOR_BODY_JSON:
		return "application/json";
	case DESCRIPTOR_BODY_FORM:
		return "application/x-www-form-urlencoded";
	case DESCRIPTOR_BODY_TEXT:
		return "text/plain; charset=utf-8";
	}
	return NULL;
}

/* ---- all of it ---- */

void
request_free(struct gateway_request *r)
{
	size_t i;

	for (i = 0; i < r->nheader; i++) {
		free(r->header[i].name);
		wipe_string(r->header[i].value);
	}
	wipe(r->body, r->nbody);
	wipe_string(r->url);
	wipe_string(r->sigv4);
	wipe_string(r->sigv4_user);
	wipe_string(r->sigv4_secret);
	free(r->shown);
	memset(r, 0, sizeof(*r));
}

/* There is no request: say why. */
static int
fail(const struct values *v, struct gateway_request *r)
{
	request_free(r);
	if (v->too_long[0] != '\0')
		snprintf(r->why, sizeof(r->why), "%s is too long",
		    v->too_long);
	else if (v->unset[0] != '\0')
		snprintf(r->why, sizeof(r->why), "variable '%s' is not set",
		    v->unset);
	else
		snprintf(r->why, sizeof(r->why), "out of memory, or too many "
		    "header fields");
	return -1;
}

static int
fail_credentials(struct gateway_request *r)
{
	request_free(r);
	snprintf(r->why, sizeof(r->why), "there are no credentials");
	return -1;
}

/* 1 if a value is missing or too long, though the request could be made. */
static int
is_incomplete(const struct values *v)
{
	return v->missing || v->too_long[0] != '\0';
}

int
request_send(struct values *v, struct gateway_request *r)
{
	const struct descriptor *g = v->g;
	const char *type = content_type(g);

	memset(r, 0, sizeof(*r));
	r->method = g->method;
	r->url = make_url(v, g->url, g->query);
	if (r->url == NULL || make_body(v, &r->body, &r->nbody) == -1 ||
	    (type != NULL && add_header(r, "Content-Type", wipe_must(strdup(type))) ==
	    -1) || add_headers(v, g->headers, r) == -1 || is_incomplete(v))
		return fail(v, r);
	return authenticate(v, r) == 0 ? 0 : fail_credentials(r);
}

struct gateway_texts *
request_plain(struct values *v, struct gateway_request *r)
{
	json_t *j = template_json(v, v->g->body);
	struct gateway_texts *t;

	memset(r, 0, sizeof(*r));
	if (j == NULL || is_incomplete(v)) {
		json_decref(j);
		fail(v, r);
		return NULL;
	}
	t = encrypt_list(v->g, j);
	json_decref(j);
	return t;
}

char *
request_show(const struct gateway_request *r, enum descriptor_body type)
{
	json_t *headers = json_object(), *body = NULL, *j;
	char *line, *copy;
	size_t i;

	for (i = 0; i < r->nheader; i++)
		json_object_set_new(headers, r->header[i].name,
		    json_string(r->header[i].value));
	if (type == DESCRIPTOR_BODY_JSON)
		body = json_loadb(r->body, r->nbody, 0, NULL);
	else if (type != DESCRIPTOR_BODY_NONE)
		body = json_string(r->body);
	j = json_pack("{s:s, s:s, s:o, s:o*}", "method", r->method, "url",
	    r->url, "headers", headers, "body", body);
	line = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	copy = line != NULL ? wipe_must(strdup(line)) : NULL;
	wipe_free(line);
	return copy;
}

int
request_call(struct values *v, const struct descriptor_call *c,
    int with_login, struct gateway_request *r)
{
	memset(r, 0, sizeof(*r));
	r->method = c->method;
	r->url = make_url(v, c->url, NULL);
	if (r->url == NULL || add_headers(v, c->headers, r) == -1 ||
	    is_incomplete(v))
		return fail(v, r);
	if (with_login && authenticate(v, r) == -1)
		return fail_credentials(r);
	return 0;
}
