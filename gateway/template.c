/*
 * template: filling in.  A default is a template, a map chooses between
 * templates, to.element is one, and a template is made of variables: so all
 * of these are filled in here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/message.h"
#include "gateway/placeholder.h"
#include "gateway/template.h"
#include "gateway/variable.h"
#include "gateway/wipe.h"

#define MASK "***"

/* ---- variables that are made of templates ---- */

/* to.element, filled in for each recipient. */
static json_t *
elements(struct values *v)
{
	json_t *list = json_array(), *item;

	for (v->recipient = 1; v->recipient <= v->message->nto; v->recipient++)
		if ((item = template_json(v, v->g->element)) != NULL)
			json_array_append_new(list, item);
	v->recipient = 0;
	return list;
}

static json_t *
map_value(struct values *v, const struct descriptor_map *m)
{
	char text[MATCH_TEXT_MAX + 1];
	json_t *of, *found = m->unset;
	int masked, mask = v->mask;
	struct buf b;

	v->mask = 0; /* to choose by the value; what is chosen is masked */
	of = template_variable(v, m->of, &masked);
	v->mask = mask;
	if (of != NULL) {
		buf_init(&b, text, sizeof(text));
		if (strcmp(m->of, "report") == 0)
			buf_puts(&b, json_is_true(of) ? "yes" : "no");
		else
			value_put(of, &b);
		found = b.overflow ? NULL : json_object_get(m->values, text);
		if (found == NULL)
			found = m->fallback;
		json_decref(of);
		explicit_bzero(text, sizeof(text));
	}
	if (json_is_string(found))
		return template_value(v, json_string_value(found));
	return json_is_null(found) ? NULL : json_incref(found);
}

static json_t *
default_value(struct values *v, const char *name)
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

/* What is configured comes before what the descriptor has of its own. */
static json_t *
own_value(struct values *v, const char *name)
{
	const char *s = variable_configured(v->g, name);
	const struct descriptor_map *m = variable_map(v->g, name);
	json_t *j;

	if (s != NULL)
		return *s != '\0' ? variable_typed(v->g, name, s) : NULL;
	if (v->nest == DESCRIPTOR_NEST_MAX)
		return NULL;
	v->nest++;
	j = m != NULL ? map_value(v, m) : default_value(v, name);
	v->nest--;
	return j;
}

static json_t *
message_value(struct values *v, const char *name)
{
	if (v->message == NULL)
		return v->trial ? json_string("x") : NULL;
	if (strcmp(name, "to") == 0 && v->g->element != NULL)
		return elements(v);
	return variable_of_message(v, name);
}

json_t *
template_variable(struct values *v, const char *name, int *masked)
{
	enum variable_kind kind = variable_kind(name);
	const char *s;
	json_t *j;

	*masked = 0;
	switch (kind) {
	case VARIABLE_MESSAGE:
		return message_value(v, name);
	case VARIABLE_OPTION:
		j = variable_of_options(v, name);
		return j != NULL ? j : own_value(v, name);
	case VARIABLE_LOGIN:
		if (!variable_of_login(v, name, &s))
			break;
		*masked = v->mask && s != NULL;
		return s == NULL ? NULL : json_string_nocheck(v->mask ? MASK : s);
	case VARIABLE_OWN:
		break;
	}
	j = own_value(v, name);
	if (j == NULL && v->trial && kind == VARIABLE_LOGIN)
		return json_string("x");
	if (j == NULL || !v->mask || !variable_is_secret(v, name))
		return j;
	json_decref(j);
	*masked = 1;
	return json_string(MASK);
}

/* ---- strings ---- */

/* Keep the name of what is not set, rather of one that is required. */
static void
note_unset(struct values *v, const char *name, int required)
{
	if (required ? !v->missing : v->unset[0] == '\0')
		snprintf(v->unset, sizeof(v->unset), "%s", name);
	v->missing |= required;
}

/* text: ${report} in the words of `set`, which are not those of JSON */
static json_t *
fill(struct values *v, const struct placeholder *p, int text)
{
	int masked;
	json_t *j = template_variable(v, p->name, &masked), *word;

	if (j != NULL && !masked && (v->message != NULL || !v->trial))
		j = filter_apply(v, p->name, p->filter, p->nfilter, j);
	if (j == NULL)
		note_unset(v, p->name, p->required);
	if (!text || !json_is_boolean(j) || strcmp(p->name, "report") != 0 ||
	    p->nfilter != 0)
		return j;
	word = json_string(json_is_true(j) ? "yes" : "no");
	json_decref(j);
	return word;
}

/* A path segment that would lead out of the path (RFC 3986, 3.3). */
static int
is_dots(json_t *j)
{
	const char *s = json_string_value(j);

	return s != NULL && (strcmp(s, ".") == 0 || strcmp(s, "..") == 0);
}

static int
put_placeholder(struct values *v, const struct placeholder *p,
    int escape, struct buf *out)
{
	json_t *j = fill(v, p, 1);
	size_t room = value_room(v);
	struct buf b;
	char *storage;
	int ok = 0;

	if (j == NULL || (escape && is_dots(j)) ||
	    (storage = wipe_must(malloc(room))) == NULL) {
		json_decref(j);
		return -1;
	}
	buf_init(&b, storage, room);
	value_put(j, &b);
	if (b.overflow)
		value_too_long(v, p->name);
	if (b.overflow || json_is_array(j))
		ok = -1;
	else if (escape)
		value_escape(b.p, b.len, v->mask, out);
	else
		buf_put(out, b.p, b.len);
	explicit_bzero(storage, b.len);
	free(storage);
	json_decref(j);
	return ok;
}

/* People write "set base http://host/", and "/path" follows. */
static void
cut_slash(struct buf *b)
{
	if (b->len > 0 && b->p[b->len - 1] == '/')
		buf_cut(b, b->len - 1);
}

int
template_string(struct values *v, const char *s, int url,
    struct buf *out)
{
	struct placeholder p;
	const char *start = s;

	while (*s != '\0') {
		if (strncmp(s, "${", 2) != 0 || placeholder_parse(s, &p) != NULL) {
			buf_putc(out, *s++);
			continue;
		}
		if (put_placeholder(v, &p, url && s != start, out) == -1)
			return -1;
		if (url && s == start && s[p.len] == '/')
			cut_slash(out);
		s += p.len;
	}
	if (out->overflow)
		value_too_long(v, url ? "the URL" : "a string");
	return out->overflow ? -1 : 0;
}

json_t *
template_value(struct values *v, const char *s)
{
	size_t room = value_room(v);
	struct placeholder p;
	json_t *j = NULL;
	struct buf b;
	char *storage;

	if (placeholder_is(s, &p))
		return fill(v, &p, 0);
	if ((storage = wipe_must(malloc(room))) == NULL)
		return NULL;
	buf_init(&b, storage, room);
	if (template_string(v, s, 0, &b) == 0)
		j = json_stringn_nocheck(b.p, b.len);
	explicit_bzero(storage, b.len);
	free(storage);
	return j;
}

json_t *
template_text(struct values *v, const char *s)
{
	struct placeholder p;

	return placeholder_is(s, &p) ? fill(v, &p, 1) :
					 template_value(v, s);
}

/* ---- JSON ---- */

static json_t *
fill_object(struct values *v, json_t *template)
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
fill_array(struct values *v, json_t *template)
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
template_json(struct values *v, json_t *template)
{
	if (json_is_string(template))
		return template_value(v, json_string_value(template));
	if (json_is_object(template))
		return fill_object(v, template);
	if (json_is_array(template))
		return fill_array(v, template);
	return json_incref(template);
}
