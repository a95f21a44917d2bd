/*
 * wording: see wording.h.  Pure.
 */
#include <string.h>

#include "common/wording.h"

static const char *const wording_names[] = {
	[WORDING_FROM] = "from",
	[WORDING_NAME] = "name",
	[WORDING_SUBJECT] = "subject",
	[WORDING_TEXT] = "text",
	[WORDING_HOST] = "host",
	[WORDING_TIME] = "time",
};

/* The placeholder with this name, or -1. */
static int
find(const char *name, size_t n)
{
	int i;

	for (i = 0; i < WORDING_VALUES; i++)
		if (strlen(wording_names[i]) == n &&
		    memcmp(wording_names[i], name, n) == 0)
			return i;
	return -1;
}

int
wording_parse(const char *s, struct wording_piece piece[WORDING_PIECES],
    const char **bad)
{
	unsigned seen = 0;
	const char *next;
	size_t n;
	int k = 0, value;

	while (*s != '\0') {
		next = strstr(s, "${");
		if (next != s) {
			n = next != NULL ? (size_t)(next - s) : strlen(s);
			piece[k++] = (struct wording_piece){s, n, -1};
			s += n;
			continue;
		}
		n = strcspn(s, "}");
		value = s[n] == '}' ? find(s + 2, n - 2) : -1;
		if (value == -1 || seen & 1U << value) {
			*bad = s;
			return -1;
		}
		seen |= 1U << value;
		piece[k++] = (struct wording_piece){s, n + 1, value};
		s += n + 1;
	}
	return k;
}
