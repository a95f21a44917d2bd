/*
 * value: values as text, and how much room they may need.
 */
#include <stdio.h>
#include <string.h>

#include "common/number.h"
#include "gateway/message.h"
#include "gateway/value.h"

void
value_too_long(struct values *v, const char *what)
{
	if (v->too_long[0] == '\0')
		snprintf(v->too_long, sizeof(v->too_long), "%s", what);
}

void
value_put(json_t *j, struct buf *b)
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

void
value_escape(const char *s, size_t n, int mask, struct buf *b)
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

size_t
value_room(const struct values *v)
{
	size_t room = VALUE_MAX;

	/* an octet is four of UTF-16 in hex; a number is percent-encoded */
	if (v->message != NULL)
		room += 4 * strlen(v->message->text) + v->message->nto *
		    3 * (NUMBER_SIZE + DESCRIPTOR_SEPARATOR_MAX);
	return room;
}
