/*
 * fuzz_config: a configuration and overrides, parted by form feeds.  What is
 * read must be within its bounds, an error names its place, nothing is left
 * allocated, and a second reading is no different.
 */
#include <sys/mman.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config.h"

#define HOLDS(x) do { if (!(x)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, \
	__LINE__, #x); abort(); } } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char path[64];
static size_t errors;

static void
report(const char *what)
{
	errors++;
	HOLDS(strncmp(what, path, strlen(path)) == 0 ||
	    strncmp(what, "-o: ", 4) == 0);
	HOLDS(strstr(what, ": ") != NULL);
}

static void
check(const struct config *c)
{
	size_t i, j;

	HOLDS(c->hostname != NULL && c->hostname[0] != '\0' && c->domain.n > 0);
	HOLDS(c->hostname[strcspn(c->hostname, " \t\r\n")] == '\0');
	HOLDS(c->max_recipients >= 1 && c->max_recipients <= CONFIG_RCPTS_MAX);
	HOLDS(c->max_parts >= 0 && c->max_parts <= 255);
	HOLDS((c->tls_cert == NULL) == (c->tls_key == NULL));
	for (i = 0; i < c->alias.n; i++)
		for (j = 0; j < c->alias.v[i].numbers.n; j++)
			HOLDS(number_is_valid(c->alias.v[i].numbers.v[j],
			    c->number.allow_short));
	for (i = 0; i < c->allow.n; i++)
		HOLDS(c->allow.v[i][0] == '+');
	for (i = 0; i < c->set.n; i++)
		HOLDS(config_find(&c->set, c->set.v[i].name) ==
		    c->set.v[i].value && c->set.v[i].where != NULL);
	for (i = 0; i < c->trust.n; i++)
		HOLDS(c->trust.v[i].bits <= 128);
	config_trusts(c, "192.0.2.1");
	config_trusts(c, "2001:db8::1");
	config_trusts(c, "local");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1), *part[CONFIG_OVERRIDES_MAX], *s;
	int fd = memfd_create("config", 0);
	struct config c;
	size_t nparts = 0, before;
	int r;

	HOLDS(text != NULL && fd != -1);
	memcpy(text, data, n);
	text[n] = '\0';
	if ((s = memchr(text, '\f', n)) == NULL)
		s = text + n;
	HOLDS(write(fd, text, (size_t)(s - text)) == s - text);
	while (*s != '\0' && nparts < CONFIG_OVERRIDES_MAX) {
		*s++ = '\0';
		part[nparts++] = s;
		s += strcspn(s, "\f");
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	errors = 0;
	r = config_load(&c, path, part, nparts, report);
	HOLDS((r == 0) == (errors == 0));
	if (r == 0)
		check(&c);
	config_free(&c);
	before = errors;
	HOLDS(config_load(&c, path, part, nparts, report) == r &&
	    errors == 2 * before);
	config_free(&c);
	close(fd);
	free(text);
	return 0;
}
