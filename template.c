/*
 * template: from ${name} to values: a login's, the message's, the
 * configuration's, the descriptor's own defaults.  No network, no files.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "descriptor.h"
#include "gateway.h"
#include "template.h"

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

json_t *
template_typed(const char *name, const char *value)
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
find_secret(const struct descriptor *g, const char *name)
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
string_value(const struct template_values *v, const char *name)
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
recipient(const struct descriptor *g, const char *number)
{
	return json_string(number + (g->digits && *number == '+'));
}

static json_t *
recipients(const struct template_values *v)
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
json_value(const struct template_values *v, const char *name)
{
	const char *s;

	if (strcmp(name, "to") == 0)
		return recipients(v);
	s = string_value(v, name);
	return s != NULL ? template_typed(name, s) : NULL;
}

/* ---- placeholders: ${name}, ${name!} ---- */

int
template_name(const char *s, struct template_name *p)
{
	size_t n = strspn(s + 2, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	if (n == 0 || n > TEMPLATE_NAME_MAX)
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
is_placeholder(const char *s, struct template_name *p)
{
	return strncmp(s, "${", 2) == 0 && template_name(s, p) == 0 &&
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

int
template_string(struct template_values *v, const char *s, int url,
    struct buf *out)
{
	struct template_name p;
	const char *start = s, *value;

	while (*s != '\0') {
		if (strncmp(s, "${", 2) != 0 || template_name(s, &p) == -1) {
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

static json_t *
fill_leaf(struct template_values *v, const char *s)
{
	struct template_name p;
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
	room = TEMPLATE_VALUE_MAX;
	if (v->message != NULL)
		room += strlen(v->message->text);
	if ((storage = malloc(room)) == NULL)
		return NULL;
	buf_init(&b, storage, room);
	if (template_string(v, s, 0, &b) == 0)
		j = json_string(b.p);
	free(storage);
	return j;
}

static json_t *
fill_object(struct template_values *v, json_t *template)
{
	json_t *out = json_object(), *item, *filled;
	const char *key;

	json_object_foreach(template, key, item)
		if ((filled = template_json(v, item)) != NULL)
			json_object_set_new(out, key, filled);
	if (json_object_size(out) == 0 && json_object_size(template) != 0) {
		json_decref(out);
		return NULL;
	}
	return out;
}

static json_t *
fill_array(struct template_values *v, json_t *template)
{
	json_t *out = json_array(), *item, *filled;
	size_t i;

	json_array_foreach(template, i, item)
		if ((filled = template_json(v, item)) != NULL)
			json_array_append_new(out, filled);
	if (json_array_size(out) == 0 && json_array_size(template) != 0) {
		json_decref(out);
		return NULL;
	}
	return out;
}

json_t *
template_json(struct template_values *v, json_t *template)
{
	if (json_is_string(template))
		return fill_leaf(v, json_string_value(template));
	if (json_is_object(template))
		return fill_object(v, template);
	if (json_is_array(template))
		return fill_array(v, template);
	return json_incref(template);
}
