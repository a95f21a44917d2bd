/*
 * gateway: a descriptor and a message make a request; an answer makes an
 * outcome.  No network here and no log: deliver.c runs the requests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "buf.h"
#include "descriptor.h"
#include "gateway.h"
#include "template.h"

size_t
gateway_max_recipients(const struct descriptor *g)
{
	return g->max_to;
}

size_t
gateway_max_text(const struct descriptor *g)
{
	return g->max_text;
}

/* ---- requests ---- */

static char *
fill_url(struct template_values *v, const char *template)
{
	char storage[DESCRIPTOR_URL_MAX];
	struct buf b;

	if (template == NULL)
		return NULL;
	buf_init(&b, storage, sizeof(storage));
	return template_string(v, template, 1, &b) == 0 ? strdup(b.p) : NULL;
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
authorization(struct template_values *v, json_t *a)
{
	static const char *const parts[] = {"user", "password", "token"};
	char value[3][DESCRIPTOR_SECRET_MAX + 256], *header = NULL;
	struct buf b[3];
	const char *s;
	size_t i;
	int ok = 1;

	for (i = 0; i < 3; i++) {
		buf_init(&b[i], value[i], sizeof(value[i]));
		s = json_string_value(json_object_get(a, parts[i]));
		if (s != NULL && template_string(v, s, 0, &b[i]) == -1)
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

static void
add_header(struct gateway_request *r, const char *name, char *value)
{
	if (r->nheader == GATEWAY_HEADERS_MAX)
		return;
	r->header[r->nheader].name = strdup(name);
	r->header[r->nheader++].value = value;
}

/* The first way of authentication that the values are enough for. */
static int
authorize(struct template_values *v, struct gateway_request *r)
{
	char *header = NULL;
	json_t *a;
	size_t i;

	json_array_foreach(v->g->auth, i, a)
		if ((header = authorization(v, a)) != NULL)
			break;
	if (header != NULL && strpbrk(header, "\r\n") != NULL) {
		free(header);
		header = NULL;
	}
	if (header != NULL)
		add_header(r, "Authorization", header);
	return header != NULL || json_array_size(v->g->auth) == 0 ? 0 : -1;
}

static int
finish(struct template_values *v, struct gateway_request *r)
{
	if (authorize(v, r) == 0 && r->url != NULL && !v->missing)
		return 0;
	gateway_free(r);
	return -1;
}

/* The request as one line of JSON for people, secrets masked. */
static char *
describe(const struct gateway_request *r)
{
	json_t *headers = json_object(), *j;
	const char *value;
	char masked[32], *line;
	size_t i;

	for (i = 0; i < r->nheader; i++) {
		value = r->header[i].value;
		snprintf(masked, sizeof(masked), "%.*s ***",
		    (int)strcspn(value, " "), value);
		json_object_set_new(headers, r->header[i].name, json_string(
		    strcmp(r->header[i].name, "Authorization") == 0 ? masked :
								      value));
	}
	j = json_pack("{s:s, s:s, s:o, s:o*}", "method", r->method, "url",
	    r->url, "headers", headers, "body",
	    r->body != NULL ? json_loads(r->body, 0, NULL) : NULL);
	line = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	return line;
}

int
gateway_send(const struct descriptor *g, const struct gateway_login *login,
    const struct gateway_message *m, int show, struct gateway_request *r)
{
	struct template_values v = {.g = g, .login = login, .message = m};
	json_t *body;

	memset(r, 0, sizeof(*r));
	r->method = g->method;
	r->url = fill_url(&v, g->url);
	if ((body = template_json(&v, g->body)) == NULL)
		v.missing = 1;
	else if ((r->body = json_dumps(body, JSON_COMPACT)) == NULL)
		v.missing = 1;
	else
		r->nbody = strlen(r->body);
	json_decref(body);
	add_header(r, "Content-Type", strdup("application/json"));
	if (finish(&v, r) == -1)
		return -1;
	if (show)
		r->shown = describe(r);
	return 0;
}

int
gateway_check(const struct descriptor *g, const struct gateway_login *login,
    struct gateway_request *r)
{
	struct template_values v = {.g = g, .login = login};

	memset(r, 0, sizeof(*r));
	r->method = "GET";
	r->url = fill_url(&v, g->check_url);
	return finish(&v, r);
}

int
gateway_warm(const struct descriptor *g, struct gateway_request *r)
{
	struct template_values v = {.g = g};

	memset(r, 0, sizeof(*r));
	r->method = "GET";
	r->url = fill_url(&v, g->warm_url);
	return r->url != NULL ? 0 : -1;
}

int
gateway_lookup(const struct descriptor *g, const struct gateway_login *login,
    const char *id, struct gateway_request *r)
{
	(void)g, (void)login, (void)id, (void)r;
	return -1;
}

int
gateway_has_ids(const struct descriptor *g)
{
	return g->nrule > 0;
}

enum gateway_lookup
gateway_lookup_rule(const struct descriptor *g,
    const struct gateway_message *m)
{
	(void)g, (void)m;
	return GATEWAY_NEVER;
}

int
gateway_lookup_after(const struct descriptor *g, long status)
{
	(void)g, (void)status;
	return 0;
}

enum gateway_found
gateway_judge_lookup(const struct descriptor *g, long status)
{
	(void)g, (void)status;
	return GATEWAY_UNCLEAR;
}

int
gateway_retry_after(const struct descriptor *g)
{
	(void)g;
	return 0;
}

void
gateway_abilities(const struct descriptor *g, struct abilities *a)
{
	(void)g;
	memset(a, 0, sizeof(*a));
}

const char *
gateway_limit(const struct descriptor *g, const struct gateway_message *m)
{
	return g->max_text != 0 && strlen(m->text) > g->max_text ? "text" :
								   NULL;
}

static void
wipe(char *s, size_t n)
{
	if (s != NULL)
		explicit_bzero(s, n);
	free(s);
}

void
gateway_free(struct gateway_request *r)
{
	size_t i;

	for (i = 0; i < r->nheader; i++) {
		free(r->header[i].name);
		if (r->header[i].value != NULL)
			wipe(r->header[i].value, strlen(r->header[i].value));
	}
	wipe(r->body, r->nbody);
	free(r->url);
	free(r->shown);
	memset(r, 0, sizeof(*r));
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
is_ok(const struct descriptor *g, long status)
{
	size_t i;

	for (i = 0; i < g->nok; i++)
		if (g->ok[i] == status)
			return 1;
	return 0;
}

static enum outcome
judge_status(const struct descriptor *g, long status, json_t *answer)
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
gateway_judge(const struct descriptor *g, const struct gateway_message *m,
    long status, const char *body, size_t n, int whole,
    struct gateway_answer *a, struct gateway_result *result)
{
	json_t *answer = whole ? json_loadb(body, n, JSON_ALLOW_NUL, NULL) :
				 NULL;
	char id[IPC_ID_MAX + 2];
	size_t i;

	text_at(answer, g->error, a->error, sizeof(a->error));
	text_at(answer, g->id, id, sizeof(id));
	a->retry_after = 0;
	strcpy(a->id, ipc_is_id(id) ? id : "");
	a->outcome = judge_status(g, status, answer);
	for (i = 0; i < g->nrule; i++)
		if (rule_matches(&g->rule[i], status, answer, body, n)) {
			a->outcome = g->rule[i].outcome;
			break;
		}
	for (i = 0; i < m->nto; i++) {
		result[i].outcome = a->outcome;
		strcpy(result[i].id, a->id);
	}
	json_decref(answer);
}
