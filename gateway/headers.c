/*
 * headers: header fields of a request from their templates, and ways to
 * authenticate.  Where curl signs, it is told here with what.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/descriptor.h"
#include "gateway/gateway.h"
#include "gateway/headers.h"
#include "gateway/template.h"

void
headers_wipe(char *s, size_t n)
{
	if (s != NULL)
		explicit_bzero(s, n);
	free(s);
}

void
headers_wipe_string(char *s)
{
	headers_wipe(s, s != NULL ? strlen(s) : 0);
}

int
headers_add(struct gateway_request *r, const char *name, char *value)
{
	struct gateway_header *h = &r->header[r->nheader];

	if (value == NULL || r->nheader == GATEWAY_HEADERS_MAX) {
		headers_wipe_string(value);
		return -1;
	}
	h->value = value;
	h->name = strdup(name);
	r->nheader++;
	return h->name != NULL ? 0 : -1;
}

/* A string with its values; malloced, or NULL if it is not set. */
static char *
fill(struct template_values *v, const char *template)
{
	size_t room = template_room(v);
	char *storage = malloc(room), *s = NULL;
	json_t *j = template_text(v, template);
	struct buf b;

	if (storage != NULL && j != NULL) {
		buf_init(&b, storage, room);
		template_put(j, &b);
		if (!b.overflow && strlen(b.p) == b.len)
			s = strdup(b.p);
		explicit_bzero(storage, b.len);
	}
	free(storage);
	json_decref(j);
	return s;
}

/* No control character passes into a header: each is a blank. */
static char *
fill_header(struct template_values *v, const char *template)
{
	char *s = fill(v, template), *p;

	for (p = s; p != NULL && *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	return s;
}

int
headers_fill(struct template_values *v, json_t *headers,
    struct gateway_request *r)
{
	const char *name;
	json_t *item;
	char *value;

	json_object_foreach(headers, name, item) {
		value = fill_header(v, json_string_value(item));
		if (value != NULL && headers_add(r, name, value) == -1)
			return -1;
	}
	return 0;
}

/* ---- ways to authenticate ---- */

#define WAY_VALUES 3

/* The values that one way is made of; 0, or -1 if one is not set. */
static int
way_values(struct template_values *v, json_t *way,
    const char *const names[WAY_VALUES], char *out[WAY_VALUES])
{
	const char *s;
	size_t i;

	for (i = 0; i < WAY_VALUES; i++) {
		s = json_string_value(json_object_get(way, names[i]));
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
	char *s = malloc(room);

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
	if ((value = malloc(room)) != NULL) {
		buf_init(&b, value, room);
		buf_puts(&b, "Basic ");
		buf_base64(&b, pair, strlen(pair));
	}
	headers_wipe_string(pair);
	return value;
}

static int
sign(struct gateway_request *r, const char *provider, const char *user,
    const char *secret)
{
	r->sigv4 = strdup(provider);
	r->sigv4_user = strdup(user);
	r->sigv4_secret = strdup(secret);
	return r->sigv4 != NULL && r->sigv4_user != NULL &&
	    r->sigv4_secret != NULL ? 0 : -1;
}

static int
add_way(const struct template_values *v, json_t *way, char *value[WAY_VALUES],
    struct gateway_request *r)
{
	const char *type = json_string_value(json_object_get(way, "type"));
	const char *name = json_string_value(json_object_get(way, "name"));

	if (strcmp(type, "basic") == 0)
		return headers_add(r, "Authorization", v->mask ?
		    strdup("Basic ***") : basic(value[0], value[1]));
	if (strcmp(type, "bearer") == 0)
		return headers_add(r, "Authorization",
		    join("Bearer ", "", value[2]));
	if (strcmp(type, "header") == 0)
		return headers_add(r, name, strdup(value[2]));
	if (strcmp(type, "aws-sigv4") != 0)
		return 0; /* none */
	return v->mask ? headers_add(r, "Authorization",
	    strdup("AWS4-HMAC-SHA256 ***")) :
	    sign(r, value[2], value[0], value[1]);
}

static int
try_way(struct template_values *v, json_t *way, struct gateway_request *r)
{
	const char *type = json_string_value(json_object_get(way, "type"));
	const char *names[WAY_VALUES] = {"user", "password",
	    strcmp(type, "bearer") == 0	   ? "token" :
	    strcmp(type, "header") == 0    ? "value" :
					     "provider"};
	char *value[WAY_VALUES] = {NULL, NULL, NULL};
	int e = way_values(v, way, names, value);
	size_t i;

	if (e == 0)
		e = add_way(v, way, value, r);
	for (i = 0; i < WAY_VALUES; i++)
		headers_wipe_string(value[i]);
	return e;
}

int
headers_authenticate(struct template_values *v, struct gateway_request *r)
{
	json_t *way;
	size_t i;

	json_array_foreach(v->g->auth, i, way)
		if (try_way(v, way, r) == 0)
			return 0;
	return json_array_size(v->g->auth) == 0 ? 0 : -1;
}
