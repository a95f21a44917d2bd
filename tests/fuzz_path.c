/*
 * fuzz_path: what follows FROM: and TO:.  What is read ends behind a '>', has
 * parts within their limits, and is read again as it was when it is written
 * in the plain form.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/path.h"

#define HOLDS(x) do { if (!(x)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, \
	__LINE__, #x); abort(); } } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The local part as a quoted-string. */
static void
write_path(char *out, size_t room, const struct path *p)
{
	char local[2 * PATH_LOCAL_MAX + 1], *q = local;
	const char *s;

	for (s = p->local; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			*q++ = '\\';
		*q++ = *s;
	}
	*q = '\0';
	snprintf(out, room, "<\"%s\"%s%s>", local,
	    p->domain[0] != '\0' ? "@" : "", p->domain);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *s = malloc(n + 1), again[1024];
	struct path p, q;
	const char *end;

	HOLDS(s != NULL);
	memcpy(s, data, n);
	s[n] = '\0';
	if (path_parse(s, &end, &p) == 0) {
		HOLDS(end > s && end <= s + strlen(s));
		HOLDS(strlen(p.local) <= PATH_LOCAL_MAX &&
		    strlen(p.domain) <= PATH_DOMAIN_MAX);
		if (p.local[0] != '\0') {
			write_path(again, sizeof(again), &p);
			HOLDS(path_parse(again, &end, &q) == 0);
			HOLDS(*end == '\0' && q.utf8 == p.utf8 &&
			    strcmp(q.local, p.local) == 0 &&
			    strcmp(q.domain, p.domain) == 0);
		}
	}
	free(s);
	return 0;
}
