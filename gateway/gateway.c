/*
 * gateway: what the delivery side asks of the engine.  There is no network
 * and no log here: the delivery side's event loop runs the requests.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "gateway/descriptor.h"
#include "gateway/encrypt.h"
#include "gateway/gateway.h"
#include "gateway/request.h"
#include "gateway/response.h"
#include "gateway/template.h"
#include "gateway/variable.h"
#include "gateway/wipe.h"

/* ---- what a gateway can do ---- */

size_t
gateway_max_recipients(const struct descriptor *g)
{
	if (g->per_recipient.by != DESCRIPTOR_BY_NONE && gateway_has_ids(g))
		return 1;
	return g->encrypts && g->max_to > ENCRYPT_RECIPIENTS_MAX ?
	    ENCRYPT_RECIPIENTS_MAX : g->max_to;
}

int
gateway_encrypts(const struct descriptor *g)
{
	return g->encrypts;
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

/* 1 if a template gives the variable a value without a message or a login. */
static int
has_value(const struct descriptor *g, const char *name)
{
	struct values v = {.g = g};
	json_t *j;
	int masked;

	if (name == NULL)
		return 0;
	j = template_variable(&v, name, &masked);
	json_decref(j);
	return j != NULL;
}

/* 1 if what `needs` says of a message or an option is there. */
static int
has_need(const struct descriptor *g, const char *what)
{
	json_t *need = json_object_get(g->needs, what), *name;
	size_t i;

	if (!json_is_array(need))
		return need == NULL || has_value(g, json_string_value(need));
	json_array_foreach(need, i, name)
		if (has_value(g, json_string_value(name)))
			return 1;
	return 0;
}

const char *
gateway_missing(const struct descriptor *g, char *out, size_t room)
{
	json_t *need = json_object_get(g->needs, "message"), *name;
	struct buf b;
	size_t i;

	if (has_need(g, "message"))
		return NULL;
	buf_init(&b, out, room);
	if (json_is_string(need))
		buf_puts(&b, json_string_value(need));
	json_array_foreach(need, i, name)
		buf_fmt(&b, "%s%s", i > 0 ? " or " : "",
		    json_string_value(name));
	return out;
}

void
gateway_abilities(const struct descriptor *g, struct abilities *a)
{
	size_t i;

	memset(a, 0, sizeof(*a));
	for (i = 0; i < NABILITIES; i++)
		if (variable_is_sent(g, abilities[i].name) &&
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

	if (o->ndata != 0 && (!variable_is_sent(g, "data") ||
	    is_over(o->ndata, l->data)))
		return "data";
	if (variable_is_sent(g, "device") && is_over(strlen(o->device), l->device))
		return "device";
	if (variable_is_sent(g, "from") && is_over(strlen(o->from), l->from))
		return "from";
	if (variable_is_sent(g, "ttl") && o->ttl != 0 &&
	    (o->ttl < l->ttl[0] || o->ttl > l->ttl[1]))
		return "ttl";
	if (variable_is_sent(g, "schedule") && (time_t)o->schedule > now &&
	    (time_t)o->schedule - now > (time_t)l->schedule[1])
		return "schedule";
	if (variable_is_sent(g, "priority") &&
	    o->priority_kind == OPTIONS_PRIORITY_RAW &&
	    (o->priority < g->priority.min || o->priority > g->priority.max))
		return "priority";
	return NULL;
}

const char *
gateway_limit(const struct descriptor *g, const struct gateway_message *m)
{
	size_t n = strlen(m->text);

	if (is_over(g->encrypts ? encrypt_size(n) : n, g->limits.text))
		return "text";
	if (is_over(characters(m->text), g->limits.characters))
		return "characters";
	return m->options != NULL ? option_limit(g, m->options, m->now) : NULL;
}

/* ---- requests ---- */

int
gateway_send(const struct descriptor *g, const struct gateway_login *login,
    const struct gateway_message *m, int show, struct gateway_request *r)
{
	struct values v = {.g = g, .login = login, .message = m};
	struct gateway_request masked;

	if (request_send(&v, r) == -1)
		return -1;
	if (!show)
		return 0;
	v.mask = 1;
	if (request_send(&v, &masked) == -1)
		return 0;
	r->shown = request_show(&masked, g->body_type);
	request_free(&masked);
	return 0;
}

char *
gateway_passphrase(const struct descriptor *g)
{
	return encrypt_passphrase(g);
}

struct gateway_texts *
gateway_plain(const struct descriptor *g, const struct gateway_login *login,
    const struct gateway_message *m, struct gateway_request *r)
{
	struct values v = {.g = g, .login = login, .message = m};

	return request_plain(&v, r);
}

void
gateway_texts_free(struct gateway_texts *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->n; i++)
		wipe_free(t->v[i]);
	free(t->v);
	free(t);
}

int
gateway_check(const struct descriptor *g, const struct gateway_login *login,
    struct gateway_request *r)
{
	struct values v = {.g = g, .login = login};

	return request_call(&v, &g->check, 1, r);
}

int
gateway_balance(const struct descriptor *g, const char *body, size_t n,
    struct gateway_balance *b)
{
	return response_balance(g, body, n, b);
}

int
gateway_warm(const struct descriptor *g, struct gateway_request *r)
{
	struct values v = {.g = g};

	return request_call(&v, &g->warm, 0, r);
}

int
gateway_lookup(const struct descriptor *g, const struct gateway_login *login,
    const char *id, struct gateway_request *r)
{
	struct gateway_message m = {.id = id, .text = ""};
	struct values v = {.g = g, .login = login, .message = &m};

	return request_call(&v, &g->lookup, 1, r);
}

void
gateway_free(struct gateway_request *r)
{
	request_free(r);
}

/* ---- ids ---- */

int
gateway_has_ids(const struct descriptor *g)
{
	size_t i;

	if (!variable_is_sent(g, "id") || g->no_ids)
		return 0;
	for (i = 0; i < g->rules.n; i++)
		if (g->rules.v[i].then == IPC_OUTCOME_DUPLICATE)
			return 1;
	return g->lookup.url != NULL;
}

int
gateway_has_lookup(const struct descriptor *g)
{
	return g->lookup.url != NULL && variable_is_sent(g, "id");
}

enum gateway_lookup
gateway_lookup_rule(const struct descriptor *g,
    const struct gateway_message *m)
{
	struct values v = {.g = g, .message = m};
	json_t *unless = NULL;
	int masked;

	if (g->lookup.url == NULL)
		return GATEWAY_NEVER;
	if (g->unless != NULL)
		unless = template_variable(&v, g->unless, &masked);
	json_decref(unless);
	return unless != NULL ? GATEWAY_NEVER : GATEWAY_FIRST;
}

int
gateway_lookup_after(const struct descriptor *g, long status)
{
	return member_has_code(&g->after, status);
}

enum gateway_found
gateway_judge_lookup(const struct descriptor *g, const char *id, long status,
    const char *body, size_t n, int whole)
{
	if (member_has_code(&g->found, status))
		return !whole		     ? GATEWAY_UNCLEAR :
		    response_shows_id(g, id, body, n) ? GATEWAY_FOUND :
					       GATEWAY_MISSING;
	return member_has_code(&g->missing, status) ? GATEWAY_MISSING :
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
	response_judge(g, m, status, body, n, whole, a, result);
}
