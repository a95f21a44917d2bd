/*
 * variable: the values of variables that are not made from templates.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/number.h"
#include "gateway/hook.h"
#include "gateway/message.h"
#include "gateway/variable.h"
#include "gateway/wipe.h"
#include "sms/text.h"

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

int
variable_is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return n > 0 && n <= DESCRIPTOR_NAME_MAX && s[n] == '\0';
}

/* ---- `set` and `secret` ---- */

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

/* The bounds of a variable that is a number; 0: it is none. */
static int
find_range(const struct descriptor *g, const char *name, long range[2])
{
	const struct {
		const char *name;
		long least, most;
	} ranges[] = {
		{"sim", 1, OPTIONS_SIM_MAX},
		{"priority", g->priority.min, g->priority.max},
		{"ttl", (long)g->limits.ttl[0], (long)g->limits.ttl[1]},
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (strcmp(ranges[i].name, name) == 0) {
			range[0] = ranges[i].least;
			range[1] = ranges[i].most;
			return 1;
		}
	return 0;
}

/* The most octets that a variable may have; 0: not limited. */
static size_t
find_length(const struct descriptor *g, const char *name)
{
	return strcmp(name, "device") == 0 ? g->limits.device :
	    strcmp(name, "from") == 0	   ? g->limits.from :
					     0;
}

json_t *
variable_typed(const struct descriptor *g, const char *name,
    const char *value)
{
	long range[2];
	size_t most;

	if (find_range(g, name, range))
		return typed_number(value, range[0], range[1]);
	if (strcmp(name, "report") == 0)
		return strcmp(value, "yes") == 0 ? json_true() :
		    strcmp(value, "no") == 0	 ? json_false() :
						   NULL;
	most = find_length(g, name);
	return most != 0 && strlen(value) > most ? NULL :
	    json_stringn_nocheck(value, strlen(value));
}

const char *
variable_type(const struct descriptor *g, const char *name, char *out,
    size_t room)
{
	size_t most = find_length(g, name);
	long range[2];

	if (find_range(g, name, range))
		snprintf(out, room, "a number from %ld to %ld", range[0],
		    range[1]);
	else if (strcmp(name, "report") == 0)
		snprintf(out, room, "yes or no");
	else if (most != 0)
		snprintf(out, room, "at most %zu octets", most);
	else
		snprintf(out, room, "a string");
	return out;
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

const char *
variable_of_pair(const struct descriptor *g, const struct config_pair *p,
    int *own)
{
	size_t n = strlen(g->name);

	*own = 0;
	if (strchr(p->name, '.') == NULL)
		return hook_is_name(p->name) ? NULL : p->name;
	if (strncmp(p->name, g->name, n) != 0 || p->name[n] != '.' ||
	    hook_is_name(p->name + n + 1))
		return NULL;
	*own = 1;
	return p->name + n + 1;
}

/* A line for this gateway alone comes before one for all. */
const char *
variable_set(const struct descriptor *g, const char *name)
{
	const char *found = NULL;
	size_t i;

	for (i = 0; i < g->nset; i++)
		if (strcmp(g->set[i].name, name) == 0) {
			found = g->set[i].pair->value;
			if (g->set[i].own)
				break;
		}
	return found;
}

const char *
variable_configured(const struct descriptor *g, const char *name)
{
	const char *s = variable_set(g, name);

	return s != NULL ? s : find_secret(g, name);
}

/* ---- what a login has ---- */

/* A login brings its own credentials; ours do not fill its gaps. */
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
		break; /* variable_of_login() leaves it to our own */
	}
	return NULL;
}

int
variable_of_login(const struct values *v, const char *name,
    const char **value)
{
	*value = NULL;
	if (v->login == NULL || v->login->kind == IPC_EXTERNAL)
		return 0;
	*value = login_value(v->login, name);
	return 1;
}

int
variable_is_secret(const struct values *v, const char *name)
{
	return (variable_kind(name) == VARIABLE_LOGIN &&
	    (v->login != NULL || strcmp(name, "user") != 0)) ||
	    (find_secret(v->g, name) != NULL &&
	    variable_set(v->g, name) == NULL);
}

/* ---- what a message has ---- */

/* Format "digits" drops the '+'; a short code has none anyway. */
static const char *
recipient(const struct descriptor *g, const char *number)
{
	return number + (g->digits && *number == '+');
}

static json_t *
joined(const struct values *v)
{
	const struct gateway_message *m = v->message;
	size_t room = (NUMBER_SIZE + DESCRIPTOR_SEPARATOR_MAX) *
	    m->nto + 1, i;
	char *storage = wipe_must(malloc(room));
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
recipients(const struct values *v)
{
	const struct gateway_message *m = v->message;
	json_t *list;
	size_t i;

	if (m->nto == 0)
		return NULL;
	if (v->g->to == DESCRIPTOR_TO_ONE)
		return json_string(recipient(v->g, m->to[0]));
	if (v->g->to == DESCRIPTOR_TO_JOIN)
		return joined(v);
	list = json_array();
	for (i = 0; i < m->nto; i++)
		json_array_append_new(list,
		    json_string(recipient(v->g, m->to[i])));
	return list;
}

/* "ascii" is printable ASCII and LF that the GSM alphabet has, too. */
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
 * A time that has come nearer than the gateway takes is put off to the
 * nearest that it does; a past one is none.
 */
uint32_t
variable_schedule(const struct values *v)
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

json_t *
variable_of_message(const struct values *v, const char *name)
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
		return v->recipient != 0 ? json_string(recipient(v->g,
		    m->to[v->recipient - 1])) : NULL;
	if (strcmp(name, "index") == 0)
		return v->recipient != 0 ?
		    json_integer((json_int_t)v->recipient - 1) : NULL;
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

json_t *
variable_of_options(const struct values *v, const char *name)
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

/* ---- what a descriptor says of its variables ---- */

const struct descriptor_variable *
variable_find(const struct descriptor *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->nvariable; i++)
		if (strcmp(g->variable[i].name, name) == 0)
			return &g->variable[i];
	return NULL;
}

int
variable_is_sent(const struct descriptor *g, const char *name)
{
	const struct descriptor_variable *v = variable_find(g, name);

	return v != NULL && v->sent;
}

const char *
variable_meaning(const struct descriptor *g, const char *name)
{
	const char *s = json_string_value(json_object_get(g->variables,
	    name));

	return s != NULL ? s : "";
}

const struct descriptor_map *
variable_map(const struct descriptor *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->nmap; i++)
		if (strcmp(g->map[i].name, name) == 0)
			return &g->map[i];
	return NULL;
}

/* A string of a map; anything else has no placeholders. */
static const char *
map_template(json_t *j)
{
	return json_is_string(j) ? json_string_value(j) : "";
}

const char *
variable_part(const struct descriptor *g, const char *name, size_t i,
    const char **of)
{
	const struct descriptor_map *m = variable_map(g, name);
	const char *key;
	json_t *item;
	size_t n = 3;

	*of = NULL;
	if (m == NULL)
		return i > 0 ? NULL : json_string_value(
		    json_object_get(g->defaults, name));
	if (i == 0) {
		*of = m->of;
		return "";
	}
	if (i == 1)
		return map_template(m->fallback);
	if (i == 2)
		return map_template(m->unset);
	json_object_foreach(m->values, key, item)
		if (n++ == i)
			return map_template(item);
	return NULL;
}
