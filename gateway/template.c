/*
 * template: placeholders are parsed and filled in.  What a name stands for
 * is variable.c's, what a filter makes of it filter.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config.h"
#include "gateway/descriptor.h"
#include "gateway/gateway.h"
#include "gateway/template.h"
#include "gateway/variable.h"

const char *
template_name(const char *s, struct template_name *p)
{
	size_t n = strspn(s + 2, "abcdefghijklmnopqrstuvwxyz0123456789_-"), f;

	memset(p, 0, sizeof(*p));
	if (n == 0 || n > TEMPLATE_NAME_MAX)
		return "no name of 1 to 32 of a-z, 0-9, - and _";
	memcpy(p->name, s + 2, n);
	n += 2;
	if (s[n] == '!') {
		p->required = 1;
		n++;
	}
	while (s[n] == '|') {
		if (p->nfilter == TEMPLATE_FILTERS_MAX)
			return "more than 4 filters";
		f = filter_parse(s + n + 1, &p->filter[p->nfilter++]);
		if (f == 0)
			return "no such filter";
		n += 1 + f;
	}
	if (s[n] == '!' && p->nfilter > 0 && !p->required) {
		p->required = 1;
		n++;
	}
	p->len = n + 1;
	return s[n] == '}' ? filter_wrong(p) : "no closing brace";
}

int
template_is_name(const char *s, struct template_name *p)
{
	return strncmp(s, "${", 2) == 0 && template_name(s, p) == NULL &&
	    s[p->len] == '\0';
}

void
template_escape(const char *s, size_t n, int mask, struct buf *b)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((s[i] >= '0' && s[i] <= '9') ||
		    (s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= 'A' && s[i] <= 'Z') ||
		    (s[i] != '\0' && strchr("-._~", s[i]) != NULL) ||
		    (mask && s[i] == '*'))
			buf_putc(b, s[i]);
		else
			buf_fmt(b, "%%%02X", (unsigned char)s[i]);
}

void
template_put(json_t *j, struct buf *b)
{
	char number[64];

	if (json_is_string(j)) {
		buf_put(b, json_string_value(j), json_string_length(j));
	} else if (json_is_integer(j)) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
		    json_integer_value(j));
		buf_puts(b, number);
	} else if (json_is_real(j)) {
		snprintf(number, sizeof(number), "%.15g", json_real_value(j));
		buf_puts(b, number);
	} else if (json_is_boolean(j)) {
		buf_puts(b, json_is_true(j) ? "true" : "false");
	}
}

size_t
template_room(const struct template_values *v)
{
	size_t room = TEMPLATE_VALUE_MAX;

	/* in UTF-16 and hex an octet is four; a number is escaped */
	if (v->message != NULL)
		room += 4 * strlen(v->message->text) + v->message->nto *
		    3 * (NUMBER_SIZE + DESCRIPTOR_SEPARATOR_MAX);
	return room;
}

/* A required one that is not set is the one to be told of. */
static void
note_unset(struct template_values *v, const char *name, int required)
{
	if (required ? !v->missing : v->unset[0] == '\0')
		snprintf(v->unset, sizeof(v->unset), "%s", name);
	v->missing |= required;
}

/* text: in the words of `set`, where the value has others in JSON */
static json_t *
fill(struct template_values *v, const struct template_name *p, int text)
{
	int masked;
	json_t *j = variable_value(v, p->name, &masked), *word;

	if (j != NULL && !masked && (v->message != NULL || !v->trial))
		j = filter_apply(v, p, j);
	if (j == NULL)
		note_unset(v, p->name, p->required);
	if (!text || !json_is_boolean(j) || strcmp(p->name, "report") != 0 ||
	    p->nfilter != 0)
		return j;
	word = json_string(json_is_true(j) ? "yes" : "no");
	json_decref(j);
	return word;
}

/* A step of a path that would lead out of it. */
static int
is_dots(json_t *j)
{
	const char *s = json_string_value(j);

	return s != NULL && (strcmp(s, ".") == 0 || strcmp(s, "..") == 0);
}

static int
put_placeholder(struct template_values *v, const struct template_name *p,
    int escape, struct buf *out)
{
	json_t *j = fill(v, p, 1);
	size_t room = template_room(v);
	struct buf b;
	char *storage;
	int ok = 0;

	if (j == NULL || (escape && is_dots(j)) ||
	    (storage = malloc(room)) == NULL) {
		json_decref(j);
		return -1;
	}
	buf_init(&b, storage, room);
	template_put(j, &b);
	v->too_long |= b.overflow;
	if (b.overflow || json_is_array(j))
		ok = -1;
	else if (escape)
		template_escape(b.p, b.len, v->mask, out);
	else
		buf_put(out, b.p, b.len);
	explicit_bzero(storage, b.len);
	free(storage);
	json_decref(j);
	return ok;
}

/* "http://host/" before "/path": people write it so. */
static void
take_slash(struct buf *b)
{
	if (b->len > 0 && b->p[b->len - 1] == '/')
		buf_cut(b, b->len - 1);
}

int
template_string(struct template_values *v, const char *s, int url,
    struct buf *out)
{
	struct template_name p;
	const char *start = s;

	while (*s != '\0') {
		if (strncmp(s, "${", 2) != 0 || template_name(s, &p) != NULL) {
			buf_putc(out, *s++);
			continue;
		}
		if (put_placeholder(v, &p, url && s != start, out) == -1)
			return -1;
		if (url && s == start && s[p.len] == '/')
			take_slash(out);
		s += p.len;
	}
	v->too_long |= out->overflow;
	return out->overflow ? -1 : 0;
}

json_t *
template_value(struct template_values *v, const char *s)
{
	size_t room = template_room(v);
	struct template_name p;
	json_t *j = NULL;
	struct buf b;
	char *storage;

	if (template_is_name(s, &p))
		return fill(v, &p, 0);
	if ((storage = malloc(room)) == NULL)
		return NULL;
	buf_init(&b, storage, room);
	if (template_string(v, s, 0, &b) == 0)
		j = json_stringn_nocheck(b.p, b.len);
	explicit_bzero(storage, b.len);
	free(storage);
	return j;
}

json_t *
template_text(struct template_values *v, const char *s)
{
	struct template_name p;

	return template_is_name(s, &p) ? fill(v, &p, 1) :
					 template_value(v, s);
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
		return template_value(v, json_string_value(template));
	if (json_is_object(template))
		return fill_object(v, template);
	if (json_is_array(template))
		return fill_array(v, template);
	return json_incref(template);
}
