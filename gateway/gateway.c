/*
 * gateway: a descriptor and a message make a request.  What its answer
 * means is answer.c's.  No network here and no log: the delivery side's
 * event loop runs the requests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/buf.h"
#include "gateway/answer.h"
#include "gateway/body.h"
#include "gateway/descriptor.h"
#include "gateway/gateway.h"
#include "gateway/headers.h"
#include "gateway/names.h"
#include "gateway/pointer.h"
#include "gateway/template.h"
#include "gateway/variable.h"
#include "gateway/wipe.h"

/* ---- what a gateway can do ---- */

size_t
gateway_max_recipients(const struct descriptor *g)
{
	return g->each.by != EACH_NONE && gateway_has_ids(g) ? 1 : g->max_to;
}

static const struct {
	const char *name;
	uint32_t can;
} abilities[] = {
	{"priority", OPTIONS_CAN_PRIORITY}, {"ttl", OPTIONS_CAN_TTL},
	{"schedule", OPTIONS_CAN_SCHEDULE}, {"report", OPTIONS_CAN_REPORT},
	{"sim", OPTIONS_CAN_SIM}, {"device", OPTIONS_CAN_DEVICE},
	{"from", OPTIONS_CAN_FROM}, {"data", OPTIONS_CAN_DATA},
};
#define NABILITIES (sizeof(abilities) / sizeof(abilities[0]))

uint32_t
gateway_can(const char *name)
{
	size_t i;

	for (i = 0; i < NABILITIES; i++)
		if (strcmp(abilities[i].name, name) == 0)
			return abilities[i].can;
	return 0;
}

/* 1 if the variable is set that the option means nothing without. */
static int
has_need(const struct descriptor *g, const char *option)
{
	const char *need = json_string_value(json_object_get(g->needs,
	    option));

	return need == NULL || config_find(&g->config->set, need) != NULL;
}

void
gateway_abilities(const struct descriptor *g, struct abilities *a)
{
	size_t i;

	memset(a, 0, sizeof(*a));
	for (i = 0; i < NABILITIES; i++)
		if (names_sent(g, abilities[i].name) &&
		    has_need(g, abilities[i].name))
			a->can |= abilities[i].can;
	a->ttl_min = g->limits.ttl[0];
	a->ttl_max = g->limits.ttl[1];
	a->schedule_min = g->limits.schedule[0];
	a->schedule_max = g->limits.schedule[1];
	a->priority_min = g->priority.min;
	a->priority_max = g->priority.max;
}

/* Code points of UTF-8 */
static size_t
characters(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static int
is_over(size_t n, size_t most)
{
	return most != 0 && n > most;
}

static const char *
option_limit(const struct descriptor *g, const struct options *o, time_t now)
{
	const struct descriptor_limits *l = &g->limits;

	if (o->ndata != 0 && (!names_sent(g, "data") ||
	    is_over(o->ndata, l->data)))
		return "data";
	if (names_sent(g, "device") && is_over(strlen(o->device), l->device))
		return "device";
	if (names_sent(g, "from") && is_over(strlen(o->from), l->from))
		return "from";
	if (names_sent(g, "ttl") && o->ttl != 0 &&
	    (o->ttl < l->ttl[0] || o->ttl > l->ttl[1]))
		return "ttl";
	if (names_sent(g, "schedule") && (time_t)o->schedule > now &&
	    (time_t)o->schedule - now > (time_t)l->schedule[1])
		return "schedule";
	if (names_sent(g, "priority") &&
	    o->priority_kind == OPTIONS_PRIORITY_RAW &&
	    (o->priority < g->priority.min || o->priority > g->priority.max))
		return "priority";
	return NULL;
}

const char *
gateway_limit(const struct descriptor *g, const struct gateway_message *m)
{
	if (is_over(strlen(m->text), g->limits.text))
		return "text";
	if (is_over(characters(m->text), g->limits.characters))
		return "characters";
	return m->options != NULL ? option_limit(g, m->options, m->now) : NULL;
}

/* ---- a URL ---- */

/* The query goes behind what the URL has of its own. */
static int
put_url(struct template_values *v, const char *template, json_t *query,
    struct buf *b)
{
	char *storage;
	struct buf q;

	if (template_string(v, template, 1, b) == -1)
		return -1;
	if (query == NULL)
		return 0;
	if ((storage = malloc(GATEWAY_URL_MAX)) == NULL)
		return -1;
	buf_init(&q, storage, GATEWAY_URL_MAX);
	body_form(v, query, &q);
	if (q.len > 0) {
		buf_putc(b, strchr(template, '?') != NULL ? '&' : '?');
		buf_put(b, q.p, q.len);
	}
	b->overflow |= q.overflow;
	v->too_long |= b->overflow;
	explicit_bzero(storage, q.len);
	free(storage);
	return b->overflow ? -1 : 0;
}

static char *
make_url(struct template_values *v, const char *template, json_t *query)
{
	char *storage, *url = NULL;
	struct buf b;

	if (template == NULL || (storage = malloc(GATEWAY_URL_MAX)) == NULL)
		return NULL;
	buf_init(&b, storage, GATEWAY_URL_MAX);
	if (put_url(v, template, query, &b) == 0)
		url = strdup(b.p);
	explicit_bzero(storage, b.len);
	free(storage);
	return url;
}

/* ---- requests ---- */

void
gateway_free(struct gateway_request *r)
{
	size_t i;

	for (i = 0; i < r->nheader; i++) {
		free(r->header[i].name);
		headers_wipe_string(r->header[i].value);
	}
	headers_wipe(r->body, r->nbody);
	headers_wipe_string(r->url);
	headers_wipe_string(r->sigv4);
	headers_wipe_string(r->sigv4_user);
	headers_wipe_string(r->sigv4_secret);
	free(r->shown);
	memset(r, 0, sizeof(*r));
}

/* It cannot be made, since there are no credentials or for another reason. */
static int
fail(const struct template_values *v, struct gateway_request *r,
    int credentials)
{
	int unset = !v->too_long && (v->missing || r->url == NULL);

	gateway_free(r);
	if (credentials)
		snprintf(r->why, sizeof(r->why), "there are no credentials");
	else if (unset && v->unset[0] != '\0')
		snprintf(r->why, sizeof(r->why), "variable '%s' is not set",
		    v->unset);
	else
		snprintf(r->why, sizeof(r->why), "a value does not fit");
	return -1;
}

/* A request for a message; the one that is shown is made like it. */
static int
make_send(struct template_values *v, struct gateway_request *r)
{
	const struct descriptor *g = v->g;
	const char *type = body_type(g);

	memset(r, 0, sizeof(*r));
	r->method = g->method;
	r->url = make_url(v, g->url, g->query);
	if (r->url == NULL || body_make(v, &r->body, &r->nbody) == -1 ||
	    (type != NULL && headers_add(r, "Content-Type", strdup(type)) ==
	    -1) || headers_fill(v, g->headers, r) == -1 || v->missing ||
	    v->too_long)
		return fail(v, r, 0);
	return headers_authenticate(v, r) == 0 ? 0 : fail(v, r, 1);
}

/* One line of JSON about a request in which secrets are masked. */
static char *
describe(const struct gateway_request *r, enum descriptor_type type)
{
	json_t *headers = json_object(), *body = NULL, *j;
	char *line, *copy;
	size_t i;

	for (i = 0; i < r->nheader; i++)
		json_object_set_new(headers, r->header[i].name,
		    json_string(r->header[i].value));
	if (type == BODY_JSON)
		body = json_loadb(r->body, r->nbody, 0, NULL);
	else if (type != BODY_NONE)
		body = json_string(r->body);
	j = json_pack("{s:s, s:s, s:o, s:o*}", "method", r->method, "url",
	    r->url, "headers", headers, "body", body);
	line = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	copy = line != NULL ? strdup(line) : NULL;
	wipe_free(line);
	return copy;
}

int
gateway_send(const struct descriptor *g, const struct gateway_login *login,
    const struct gateway_message *m, int show, struct gateway_request *r)
{
	struct template_values v = {.g = g, .login = login, .message = m};
	struct gateway_request masked;

	if (make_send(&v, r) == -1)
		return -1;
	if (!show)
		return 0;
	v.mask = 1;
	if (make_send(&v, &masked) == -1)
		return 0;
	r->shown = describe(&masked, g->type);
	gateway_free(&masked);
	return 0;
}

static int
make_call(struct template_values *v, const struct descriptor_call *c,
    int authentic, struct gateway_request *r)
{
	memset(r, 0, sizeof(*r));
	r->method = c->method;
	r->url = make_url(v, c->url, NULL);
	if (r->url == NULL || headers_fill(v, c->headers, r) == -1 ||
	    v->missing || v->too_long)
		return fail(v, r, 0);
	return !authentic || headers_authenticate(v, r) == 0 ? 0 :
							       fail(v, r, 1);
}

int
gateway_check(const struct descriptor *g, const struct gateway_login *login,
    struct gateway_request *r)
{
	struct template_values v = {.g = g, .login = login};

	return make_call(&v, &g->check, 1, r);
}

int
gateway_warm(const struct descriptor *g, struct gateway_request *r)
{
	struct template_values v = {.g = g};

	return make_call(&v, &g->warm, 0, r);
}

int
gateway_lookup(const struct descriptor *g, const struct gateway_login *login,
    const char *id, struct gateway_request *r)
{
	struct gateway_message m = {.id = id, .text = ""};
	struct template_values v = {.g = g, .login = login, .message = &m};

	return make_call(&v, &g->lookup, 1, r);
}

/* ---- ids ---- */

int
gateway_has_ids(const struct descriptor *g)
{
	size_t i;

	if (!names_sent(g, "id") || g->no_ids)
		return 0;
	for (i = 0; i < g->rules.n; i++)
		if (g->rules.v[i].then == IPC_OUTCOME_ACCEPTED)
			return 1;
	return g->lookup.url != NULL;
}

int
gateway_has_lookup(const struct descriptor *g)
{
	return g->lookup.url != NULL && names_sent(g, "id");
}

enum gateway_lookup
gateway_lookup_rule(const struct descriptor *g,
    const struct gateway_message *m)
{
	struct template_values v = {.g = g, .message = m};
	json_t *unless = NULL;
	int masked;

	if (g->lookup.url == NULL)
		return GATEWAY_NEVER;
	if (g->unless != NULL)
		unless = variable_value(&v, g->unless, &masked);
	json_decref(unless);
	return unless != NULL ? GATEWAY_NEVER : GATEWAY_FIRST;
}

int
gateway_lookup_after(const struct descriptor *g, long status)
{
	return load_has_code(&g->after, status);
}

static int
shows_id(const struct descriptor *g, const char *id, const char *body,
    size_t n)
{
	json_t *answer = json_loadb(body, n, JSON_ALLOW_NUL, NULL);
	char shown[IPC_ID_MAX + 2];

	pointer_text(pointer_get(answer, g->found_id), shown, sizeof(shown));
	json_decref(answer);
	return strcmp(shown, id) == 0;
}

enum gateway_found
gateway_judge_lookup(const struct descriptor *g, const char *id, long status,
    const char *body, size_t n, int whole)
{
	if (load_has_code(&g->found, status))
		return !whole		     ? GATEWAY_UNCLEAR :
		    shows_id(g, id, body, n) ? GATEWAY_FOUND :
					       GATEWAY_MISSING;
	return load_has_code(&g->missing, status) ? GATEWAY_MISSING :
						    GATEWAY_UNCLEAR;
}

int
gateway_retry_after(const struct descriptor *g)
{
	return g->retry_header;
}

void
gateway_judge(const struct descriptor *g, const struct gateway_message *m,
    long status, const char *body, size_t n, int whole,
    struct gateway_answer *a, struct gateway_result *result)
{
	answer_judge(g, m, status, body, n, whole, a, result);
}
