/*
 * form: percent-encoding and plus signs are undone once, here.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "hook/form.h"

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode in place, up to end.  Returns 0, or -1 if there is a NUL in it. */
static int
decode(char *s, const char *end)
{
	char *out = s;

	for (; s < end; s++) {
		if (*s == '%' && end - s > 2 && digit(s[1]) != -1 &&
		    digit(s[2]) != -1) {
			*out = (char)(digit(s[1]) << 4 | digit(s[2]));
			s += 2;
		} else {
			*out = *s == '+' ? ' ' : *s;
		}
		if (*out++ == '\0')
			return -1;
	}
	*out = '\0';
	return 0;
}

/* One field, NAME=VALUE or NAME, that ends at end, where a NUL may stand. */
static int
add(struct form *f, char *s, char *end)
{
	char *equals = memchr(s, '=', (size_t)(end - s));
	char *name_end = equals != NULL ? equals : end;
	char *value = equals != NULL ? equals + 1 : end;

	if (s == end)
		return 0;
	if (f->n == FORM_FIELDS_MAX)
		return -1;
	f->field[f->n++] = (struct form_field){.name = s, .value = value};
	/* the value first: the name's NUL may stand where it begins */
	return decode(value, end) == -1 || decode(s, name_end) == -1 ? -1 : 0;
}

int
form_read(struct form *f, const char *s, size_t n)
{
	char *p, *end, *stop;

	f->n = 0;
	if ((f->storage = malloc(n + 1)) == NULL)
		return -1;
	memcpy(f->storage, s, n);
	f->storage[n] = '\0';
	end = f->storage + n;
	for (p = f->storage; p < end; p = stop + 1) {
		if ((stop = memchr(p, '&', (size_t)(end - p))) == NULL)
			stop = end;
		if (add(f, p, stop) == -1)
			return -1;
	}
	return 0;
}

void
form_free(struct form *f)
{
	free(f->storage);
	f->storage = NULL;
	f->n = 0;
}

static int
compare(const void *a, const void *b)
{
	const struct form_field *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r != 0 ? r : strcmp(x->value, y->value);
}

void
form_sort(struct form *f)
{
	qsort(f->field, f->n, sizeof(f->field[0]), compare);
}

/* Any octets as UTF-8: malloced, or NULL. */
static char *
to_utf8(const char *s)
{
	char *out = malloc(2 * strlen(s) + 1);
	size_t n = 0, left = strlen(s);
	int len;

	if (out == NULL)
		return NULL;
	while (left > 0) {
		len = utf8_length(s, left, NULL);
		if (len < 1) {
			n += utf8_write(out + n, (unsigned char)*s);
			len = 1;
		} else {
			memcpy(out + n, s, (size_t)len);
			n += (size_t)len;
		}
		s += len;
		left -= (size_t)len;
	}
	out[n] = '\0';
	return out;
}

json_t *
form_json(const struct form *f)
{
	json_t *o = json_object();
	char *name, *value;
	size_t i;

	for (i = 0; i < f->n && o != NULL; i++) {
		name = to_utf8(f->field[i].name);
		value = to_utf8(f->field[i].value);
		if (name != NULL && value != NULL &&
		    json_object_get(o, name) == NULL)
			json_object_set_new(o, name, json_string(value));
		free(name);
		free(value);
	}
	return o;
}
