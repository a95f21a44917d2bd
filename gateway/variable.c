/*
 * variable: from names to values: a login's, the message's, the
 * configuration's, maps and defaults of the descriptor.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/descriptor.h"
#include "gateway/gateway.h"
#include "gateway/maps.h"
#include "gateway/variable.h"
#include "sms/text.h"

#define MASK "***"

enum variable_kind
variable_kind(const char *name)
{
	static const struct {
		const char *name;
		enum variable_kind kind;
	} names[] = {
		{"id", VARIABLE_MESSAGE}, {"text", VARIABLE_MESSAGE},
		{"to", VARIABLE_MESSAGE}, {"number", VARIABLE_MESSAGE},
		{"index", VARIABLE_MESSAGE}, {"data", VARIABLE_MESSAGE},
		{"port", VARIABLE_MESSAGE}, {"alphabet", VARIABLE_MESSAGE},
		{"parts", VARIABLE_MESSAGE}, {"schedule", VARIABLE_MESSAGE},
		{"priority", VARIABLE_OPTION}, {"ttl", VARIABLE_OPTION},
		{"report", VARIABLE_OPTION}, {"sim", VARIABLE_OPTION},
		{"device", VARIABLE_OPTION}, {"from", VARIABLE_OPTION},
		{"user", VARIABLE_LOGIN}, {"password", VARIABLE_LOGIN},
		{"token", VARIABLE_LOGIN},
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].kind;
	return VARIABLE_OWN;
}

/* ---- what `set` gives ---- */

static json_t *
typed_number(const char *value, long least, long most)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	return *value == '\0' || *end != '\0' || errno != 0 || n < least ||
	    n > most ? NULL : json_integer(n);
}

json_t *
variable_typed(const struct descriptor *g, const char *name,
    const char *value)
{
	const struct descriptor_limits *l = &g->limits;

	if (strcmp(name, "sim") == 0)
		return typed_number(value, 1, OPTIONS_SIM_MAX);
	if (strcmp(name, "priority") == 0)
		return typed_number(value, g->priority.min, g->priority.max);
	if (strcmp(name, "ttl") == 0)
		return typed_number(value, (long)l->ttl[0], (long)l->ttl[1]);
	if (strcmp(name, "report") == 0)
		return strcmp(value, "yes") == 0 ? json_true() :
		    strcmp(value, "no") == 0	 ? json_false() :
						   NULL;
	if ((strcmp(name, "device") == 0 && l->device != 0 &&
	    strlen(value) > l->device) || (strcmp(name, "from") == 0 &&
	    l->from != 0 && strlen(value) > l->from))
		return NULL;
	return json_stringn_nocheck(value, strlen(value));
}

static const char *
find_secret(const struct descriptor *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->nsecret; i++)
		if (strcmp(g->secret[i].name, name) == 0)
			return g->secret[i].value;
	return NULL;
}

/* ---- what a login has ---- */

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

/* What nobody may see: all that a login brings, passwords and secrets. */
static int
is_secret(const struct template_values *v, const char *name)
{
	return (variable_kind(name) == VARIABLE_LOGIN &&
	    (v->login != NULL || strcmp(name, "user") != 0)) ||
	    (find_secret(v->g, name) != NULL &&
	    config_find(&v->g->config->set, name) == NULL);
}

/* ---- what a message has ---- */

/* "digits" has no '+'; a short code never has. */
static const char *
recipient(const struct descriptor *g, const char *number)
{
	return number + (g->digits && *number == '+');
}

static json_t *
elements(struct template_values *v)
{
	json_t *list = json_array(), *item;

	for (v->place = 1; v->place <= v->message->nto; v->place++)
		if ((item = template_json(v, v->g->element)) != NULL)
			json_array_append_new(list, item);
	v->place = 0;
	return list;
}

static json_t *
joined(const struct template_values *v)
{
	const struct gateway_message *m = v->message;
	size_t room = (NUMBER_SIZE + DESCRIPTOR_SEPARATOR_MAX) *
	    m->nto + 1, i;
	char *storage = malloc(room);
	json_t *j = NULL;
	struct buf b;

	if (storage == NULL)
		return NULL;
	buf_init(&b, storage, room);
	for (i = 0; i < m->nto; i++) {
		if (i > 0)
			buf_puts(&b, v->g->separator);
		buf_puts(&b, recipient(v->g, m->to[i]));
	}
	j = json_string(b.p);
	free(storage);
	return j;
}

static json_t *
recipients(struct template_values *v)
{
	const struct gateway_message *m = v->message;
	json_t *list;
	size_t i;

	if (m->nto == 0)
		return NULL;
	if (v->g->mode == TO_ONE)
		return json_string(recipient(v->g, m->to[0]));
	if (v->g->mode == TO_JOIN)
		return joined(v);
	if (v->g->element != NULL)
		return elements(v);
	list = json_array();
	for (i = 0; i < m->nto; i++)
		json_array_append_new(list,
		    json_string(recipient(v->g, m->to[i])));
	return list;
}

/* Printable ASCII and LF that are in the GSM alphabet; GSM-7; the rest. */
const char *
variable_alphabet(const char *text, unsigned *parts)
{
	struct text_info info;
	const char *s;

	text_count(text, &info);
	*parts = info.parts;
	if (info.alphabet == TEXT_UCS2)
		return "ucs2";
	for (s = text; *s != '\0'; s++)
		if ((*s < ' ' && *s != '\n') || *s >= 0x7f)
			return "gsm7";
	return "ascii";
}

static json_t *
text_value(const char *text, const char *name)
{
	const char *alphabet;
	unsigned parts;

	if (*text == '\0')
		return NULL;
	if (strcmp(name, "text") == 0)
		return json_string(text);
	alphabet = variable_alphabet(text, &parts);
	return strcmp(name, "parts") == 0 ? json_integer(parts) :
					    json_string(alphabet);
}

static json_t *
data_value(const struct options *o, const char *name)
{
	if (o == NULL || o->ndata == 0)
		return NULL;
	if (strcmp(name, "port") == 0)
		return json_integer((json_int_t)o->port);
	return json_stringn_nocheck((const char *)o->data, o->ndata);
}

/*
 * What the gateway would find too near, since time has passed, is put off
 * to the nearest that it takes; a past one is now.
 */
uint32_t
variable_schedule(const struct template_values *v)
{
	const struct gateway_message *m = v->message;
	uint32_t at, near;

	if (m == NULL || m->options == NULL || m->options->schedule == 0 ||
	    (time_t)m->options->schedule <= m->now)
		return 0;
	at = m->options->schedule;
	near = (uint32_t)m->now + v->g->limits.schedule[0];
	return at < near ? near : at;
}

static json_t *
message_value(struct template_values *v, const char *name)
{
	const struct gateway_message *m = v->message;
	uint32_t at;

	if (m == NULL)
		return v->trial ? json_string("x") : NULL;
	if (strcmp(name, "id") == 0)
		return m->id != NULL ? json_string(m->id) : NULL;
	if (strcmp(name, "to") == 0)
		return recipients(v);
	if (strcmp(name, "schedule") == 0)
		return (at = variable_schedule(v)) != 0 ?
		    json_integer((json_int_t)at) : NULL;
	if (strcmp(name, "number") == 0)
		return v->place != 0 ? json_string(recipient(v->g,
		    m->to[v->place - 1])) : NULL;
	if (strcmp(name, "index") == 0)
		return v->place != 0 ?
		    json_integer((json_int_t)v->place - 1) : NULL;
	if (strcmp(name, "data") == 0 || strcmp(name, "port") == 0)
		return data_value(m->options, name);
	return text_value(m->text, name);
}

static int
priority(const struct descriptor *g, const struct options *o)
{
	return o->priority_kind == OPTIONS_PRIORITY_RAW ? o->priority :
	    g->priority.levels[o->priority + OPTIONS_LEVEL_MAX];
}

static json_t *
option_value(const struct template_values *v, const char *name)
{
	const struct options *o = v->message != NULL ? v->message->options :
						       NULL;

	if (o == NULL)
		return NULL;
	if (strcmp(name, "priority") == 0)
		return o->priority_kind != OPTIONS_PRIORITY_NONE ?
		    json_integer(priority(v->g, o)) : NULL;
	if (strcmp(name, "ttl") == 0)
		return o->ttl != 0 ? json_integer((json_int_t)o->ttl) : NULL;
	if (strcmp(name, "report") == 0)
		return o->report == OPTIONS_REPORT_NONE ? NULL :
		    json_boolean(o->report == OPTIONS_REPORT_YES);
	if (strcmp(name, "sim") == 0)
		return o->sim != 0 ? json_integer((json_int_t)o->sim) : NULL;
	if (strcmp(name, "device") == 0)
		return *o->device != '\0' ? json_string(o->device) : NULL;
	return *o->from != '\0' ? json_string(o->from) : NULL;
}

/* ---- what the descriptor makes itself ---- */

static json_t *
map_value(struct template_values *v, const struct descriptor_map *m)
{
	char text[MATCH_TEXT_MAX + 1];
	json_t *of, *found = m->unset;
	int masked, mask = v->mask;
	struct buf b;

	v->mask = 0; /* the choice; what is chosen is masked again */
	of = variable_value(v, m->of, &masked);
	v->mask = mask;
	if (of != NULL) {
		buf_init(&b, text, sizeof(text));
		if (strcmp(m->of, "report") == 0)
			buf_puts(&b, json_is_true(of) ? "yes" : "no");
		else
			template_put(of, &b);
		found = b.overflow ? NULL : json_object_get(m->values, text);
		if (found == NULL)
			found = m->otherwise;
		json_decref(of);
		explicit_bzero(text, sizeof(text));
	}
	if (json_is_string(found))
		return template_value(v, json_string_value(found));
	return json_is_null(found) ? NULL : json_incref(found);
}

static json_t *
default_value(struct template_values *v, const char *name)
{
	json_t *made, *typed;
	const char *s = json_string_value(json_object_get(v->g->defaults,
	    name));

	if (s == NULL)
		return NULL;
	if ((made = template_value(v, s)) == NULL || !json_is_string(made))
		return made;
	if (v->mask && strcmp(json_string_value(made), MASK) == 0)
		return made;
	typed = variable_typed(v->g, name, json_string_value(made));
	json_decref(made);
	return typed;
}

static json_t *
own_value(struct template_values *v, const char *name)
{
	const char *s = config_find(&v->g->config->set, name);
	const struct descriptor_map *m;
	json_t *j;

	if (s == NULL)
		s = find_secret(v->g, name);
	if (s != NULL)
		return *s != '\0' ? variable_typed(v->g, name, s) : NULL;
	if (v->nest == TEMPLATE_NEST_MAX)
		return NULL;
	v->nest++;
	m = maps_find(v->g, name);
	j = m != NULL ? map_value(v, m) : default_value(v, name);
	v->nest--;
	return j;
}

json_t *
variable_value(struct template_values *v, const char *name, int *masked)
{
	const char *s;
	json_t *j;

	*masked = 0;
	switch (variable_kind(name)) {
	case VARIABLE_MESSAGE:
		return message_value(v, name);
	case VARIABLE_OPTION:
		if ((j = option_value(v, name)) != NULL)
			return j;
		return own_value(v, name);
	case VARIABLE_LOGIN:
		if (v->login == NULL || v->login->kind == IPC_EXTERNAL)
			break;
		if ((s = login_value(v->login, name)) == NULL)
			return NULL;
		*masked = v->mask;
		return *masked ? json_string(MASK) :
				 json_stringn_nocheck(s, strlen(s));
	case VARIABLE_OWN:
		break;
	}
	if ((j = own_value(v, name)) == NULL && v->trial &&
	    variable_kind(name) == VARIABLE_LOGIN)
		return json_string("x");
	if (j != NULL && v->mask && is_secret(v, name)) {
		json_decref(j);
		*masked = 1;
		return json_string(MASK);
	}
	return j;
}
