/*
 * secret: files, each line of which is a secret.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook/secret.h"

/* The pair "GATEWAY.NAME", else "NAME". */
static const struct config_pair *
find(const struct config_pairs *p, const char *gateway, const char *name)
{
	const struct config_pair *found = NULL;
	size_t i, n = strlen(gateway);

	for (i = 0; i < p->n; i++) {
		if (strncmp(p->v[i].name, gateway, n) == 0 &&
		    p->v[i].name[n] == '.' &&
		    strcmp(p->v[i].name + n + 1, name) == 0)
			return &p->v[i];
		if (strcmp(p->v[i].name, name) == 0)
			found = &p->v[i];
	}
	return found;
}

static int
fail(config_report report, const struct config_pair *p, const char *why)
{
	char what[600];

	snprintf(what, sizeof(what), "%.200s: secret %.100s: %.200s: %s",
	    p->where, p->name, p->value, why);
	report(what);
	return -1;
}

/* The whole file; out has SECRET_FILE_MAX + 2 octets. */
static int
slurp(const struct config_pair *p, config_report report, char *out)
{
	FILE *f = fopen(p->value, "re");
	size_t n;
	int failed;

	if (f == NULL)
		return fail(report, p, strerror(errno));
	setvbuf(f, NULL, _IONBF, 0); /* no copy of a secret in a buffer */
	n = fread(out, 1, SECRET_FILE_MAX + 1, f);
	failed = ferror(f);
	fclose(f);
	out[n] = '\0';
	if (failed)
		return fail(report, p, "cannot be read");
	if (n > SECRET_FILE_MAX)
		return fail(report, p, "is too large");
	return 0;
}

/* Each line that is not empty is a key. */
static int
take_keys(struct verify_secrets *s, char *lines)
{
	char *rest = NULL, *line;

	for (line = strtok_r(lines, "\r\n", &rest); line != NULL;
	    line = strtok_r(NULL, "\r\n", &rest)) {
		if (s->nkeys == VERIFY_KEYS_MAX ||
		    (s->key[s->nkeys] = strdup(line)) == NULL)
			return -1;
		s->nkeys++;
	}
	return s->nkeys > 0 ? 0 : -1;
}

static int
load_keys(const struct config *c, const char *gateway, config_report report,
    struct verify_secrets *s)
{
	const struct config_pair *p = find(&c->secret, gateway, HOOK_KEY);
	const char *set = secret_set(c, gateway, HOOK_KEY);
	char lines[SECRET_FILE_MAX + 2];
	int r;

	if (p == NULL && set == NULL)
		return 0;
	if (p == NULL) {
		if (*set == '\0') {	/* anybody could sign with it */
			report("set " HOOK_KEY ": the key is empty");
			return -1;
		}
		if ((s->key[0] = strdup(set)) == NULL)
			return -1;
		s->nkeys = 1;
		return 0;
	}
	r = slurp(p, report, lines);
	if (r == 0 && take_keys(s, lines) == -1)
		r = fail(report, p, "must have 1 to 16 lines");
	explicit_bzero(lines, sizeof(lines));
	return r;
}

static int
load_url(const struct config *c, const char *gateway, config_report report,
    struct verify_secrets *s)
{
	const struct config_pair *p = find(&c->secret, gateway,
	    HOOK_URL_SECRET);
	char line[SECRET_FILE_MAX + 2];
	size_t n;
	int r;

	if (p == NULL)
		return 0;
	if ((r = slurp(p, report, line)) == 0) {
		n = strcspn(line, "\r\n");
		if (n < VERIFY_SECRET_MIN || n > VERIFY_SECRET_MAX) {
			r = fail(report, p, "its first line must have 16 to "
			    "255 octets");
		} else {
			memcpy(s->url, line, n);
			s->url[n] = '\0';
		}
	}
	explicit_bzero(line, sizeof(line));
	return r;
}

int
secret_load(const struct config *c, const char *gateway, config_report report,
    struct verify_secrets *s)
{
	_Static_assert(VERIFY_KEYS_MAX == 16 && VERIFY_SECRET_MIN == 16 &&
	    VERIFY_SECRET_MAX == 255, "the errors name them");
	memset(s, 0, sizeof(*s));
	return load_keys(c, gateway, report, s) == 0 &&
	    load_url(c, gateway, report, s) == 0 ? 0 : -1;
}

void
secret_wipe(struct verify_secrets *s)
{
	size_t i;

	for (i = 0; i < s->nkeys; i++) {
		explicit_bzero(s->key[i], strlen(s->key[i]));
		free(s->key[i]);
	}
	explicit_bzero(s, sizeof(*s));
}

const char *
secret_set(const struct config *c, const char *gateway, const char *name)
{
	const struct config_pair *p = find(&c->set, gateway, name);

	return p != NULL ? p->value : NULL;
}
