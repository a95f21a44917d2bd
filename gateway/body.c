/*
 * body: values in JSON, in a form (application/x-www-form-urlencoded, in
 * UTF-8) or in a text.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/body.h"
#include "gateway/descriptor.h"

static void
put_pair(struct template_values *v, const char *name, json_t *value,
    struct buf *b)
{
	size_t room = template_room(v);
	char *storage = malloc(room);
	struct buf text;

	if (storage == NULL) {
		b->overflow = 1;
		return;
	}
	buf_init(&text, storage, room);
	template_put(value, &text);
	if (b->len > 0)
		buf_putc(b, '&');
	template_escape(name, strlen(name), 0, b);
	buf_putc(b, '=');
	template_escape(text.p, text.len, v->mask, b);
	b->overflow |= text.overflow;
	explicit_bzero(storage, text.len);
	free(storage);
}

/* An array, such as ${to} can be, repeats the name. */
static void
put_field(struct template_values *v, const char *name, json_t *template,
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

void
body_form(struct template_values *v, json_t *template, struct buf *b)
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

static int
append(const char *p, size_t n, void *arg)
{
	buf_put(arg, p, n);
	return 0;
}

static int
put_json(struct template_values *v, json_t *template, struct buf *b)
{
	json_t *j = template_json(v, template);
	int e = j != NULL ? json_dump_callback(j, append, b, JSON_COMPACT) :
			    -1;

	json_decref(j);
	return e;
}

static int
put_text(struct template_values *v, json_t *template, struct buf *b)
{
	json_t *j = template_text(v, json_string_value(template));

	if (j == NULL)
		return -1;
	template_put(j, b);
	json_decref(j);
	return 0;
}

static int
put_body(struct template_values *v, struct buf *b)
{
	switch (v->g->type) {
	case BODY_NONE:
		break;
	case BODY_JSON:
		return put_json(v, v->g->body, b);
	case BODY_FORM:
		body_form(v, v->g->body, b);
		return 0;
	case BODY_TEXT:
		return put_text(v, v->g->body, b);
	}
	return 0;
}

int
body_make(struct template_values *v, char **out, size_t *n)
{
	struct buf b;
	char *storage;

	*out = NULL;
	*n = 0;
	if (v->g->type == BODY_NONE)
		return 0;
	if ((storage = malloc(BODY_MAX)) == NULL)
		return -1;
	buf_init(&b, storage, BODY_MAX);
	if (put_body(v, &b) == 0 && !b.overflow &&
	    (*out = malloc(b.len + 1)) != NULL) {
		memcpy(*out, b.p, b.len + 1);
		*n = b.len;
	}
	explicit_bzero(storage, b.len);
	free(storage);
	return *out != NULL ? 0 : -1;
}

const char *
body_type(const struct descriptor *g)
{
	if (g->content_type != NULL)
		return g->content_type;
	switch (g->type) {
	case BODY_NONE:
		return NULL;
	case BODY_JSON:
		return "application/json";
	case BODY_FORM:
		return "application/x-www-form-urlencoded";
	case BODY_TEXT:
		return "text/plain; charset=utf-8";
	}
	return NULL;
}
