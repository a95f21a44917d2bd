/*
 * read: a descriptor's file, the secrets that go with it, and the members
 * that are neither of a request nor of an answer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/descriptor.h"
#include "gateway/encrypt.h"
#include "gateway/hook.h"
#include "gateway/read.h"
#include "gateway/read_request.h"
#include "gateway/read_response.h"
#include "gateway/read_variables.h"
#include "gateway/variable.h"
#include "gateway/wipe.h"

/* ---- limits, priorities, needs ---- */

static void
read_range(struct descriptor *g, json_t *limits, const char *key,
    json_int_t least, uint32_t range[2])
{
	json_t *a = member_array(&g->errors, limits, "/limits", key, 2);
	json_int_t low = json_integer_value(json_array_get(a, 0));
	json_int_t high = json_integer_value(json_array_get(a, 1));
	char where[MEMBER_PATH_MAX], what[100];

	range[0] = (uint32_t)least;
	range[1] = INT32_MAX;
	if (a == NULL)
		return;
	if (json_array_size(a) != 2 || low < least || high < low ||
	    high > INT32_MAX) {
		snprintf(what, sizeof(what), "[LEAST, MOST], two whole "
		    "numbers from %d to %d", (int)least, INT32_MAX);
		member_must(&g->errors, member_path(where, "/limits", key), a,
		    what);
		return;
	}
	range[0] = (uint32_t)low;
	range[1] = (uint32_t)high;
}

static void
read_limits(struct descriptor *g)
{
	static const char *const names[] = {"text", "characters", "device",
	    "from", "data", "ttl", "schedule", NULL};
	json_t *limits = json_object_get(g->root, "limits");
	size_t *const sizes[] = {&g->limits.text, &g->limits.characters,
	    &g->limits.device, &g->limits.from, &g->limits.data};
	json_int_t n;
	size_t i;

	member_only(&g->errors, "/limits", limits, names);
	for (i = 0; i < 5; i++)
		if (member_integer(&g->errors, limits, "/limits", names[i], 0,
		    1, INT32_MAX, &n))
			*sizes[i] = (size_t)n;
	read_range(g, limits, "ttl", 1, g->limits.ttl);
	read_range(g, limits, "schedule", 0, g->limits.schedule);
}

static void
read_levels(struct descriptor *g, json_t *levels, json_int_t min,
    json_int_t max)
{
	char where[MEMBER_PATH_MAX], what[80];
	json_int_t n;
	json_t *item;
	size_t i;

	snprintf(what, sizeof(what), "a number from min, %d, to max, %d",
	    (int)min, (int)max);
	if (json_array_size(levels) != DESCRIPTOR_LEVELS)
		member_fail(&g->errors, "/priority/levels", "must be %d "
		    "numbers, for the levels -9 to 9; there are %zu",
		    DESCRIPTOR_LEVELS, json_array_size(levels));
	json_array_foreach(levels, i, item) {
		n = json_integer_value(item);
		if (!json_is_integer(item) || n < min || n > max)
			member_must(&g->errors, member_index(where,
			    "/priority/levels", i), item, what);
		g->priority.levels[i] = (int)n;
	}
}

static void
read_priority(struct descriptor *g)
{
	static const char *const names[] = {"levels", "min", "max", NULL};
	json_t *p = json_object_get(g->root, "priority");
	json_int_t min = 0, max = 0;

	if (p == NULL)
		return;
	member_only(&g->errors, "/priority", p, names);
	if (member_integer(&g->errors, p, "/priority", "min", 1,
	    OPTIONS_RAW_MIN, OPTIONS_RAW_MAX, &min) &&
	    member_integer(&g->errors, p, "/priority", "max", 1, min,
	    OPTIONS_RAW_MAX, &max))
		read_levels(g, member_array(&g->errors, p, "/priority",
		    "levels", DESCRIPTOR_LEVELS), min, max);
	g->priority.is_set = 1;
	g->priority.min = (int)min;
	g->priority.max = (int)max;
}

static void
check_need(struct descriptor *g, const char *path, json_t *name)
{
	if (!json_is_string(name))
		member_must(&g->errors, path, name, "the name of a variable");
	else if (!variable_is_sent(g, json_string_value(name)))
		member_fail(&g->errors, path, "nothing that is sent uses "
		    "${%s}", json_string_value(name));
}

/* For a message or an option the variable, or an array of which one will do. */
static void
read_needs(struct descriptor *g)
{
	static const char *const names[] = {"message", "priority", "ttl",
	    "schedule", "report", "sim", "device", "from", "data", NULL};
	char path[MEMBER_PATH_MAX], where[MEMBER_PATH_MAX];
	const char *key;
	json_t *need, *name;
	size_t i;

	g->needs = json_object_get(g->root, "needs");
	member_only(&g->errors, "/needs", g->needs, names);
	json_object_foreach(g->needs, key, need) {
		member_path(path, "/needs", key);
		if (!json_is_array(need) || json_array_size(need) == 0)
			check_need(g, path, need);
		json_array_foreach(need, i, name)
			check_need(g, member_index(where, path, i), name);
	}
}

/* ---- secrets ---- */

/* The first line of a file.  0; or -1, and why has what is wrong with it. */
static int
read_line(const char *file, char out[DESCRIPTOR_SECRET_MAX + 2], char *why,
    size_t room)
{
	FILE *f = fopen(file, "re");
	int failed;
	size_t n;

	if (f == NULL) {
		snprintf(why, room, "%s", strerror(errno));
		return -1;
	}
	setvbuf(f, NULL, _IONBF, 0); /* no copy of a secret in a buffer */
	n = fread(out, 1, DESCRIPTOR_SECRET_MAX + 1, f);
	failed = ferror(f);
	snprintf(why, room, "%s", strerror(errno));
	fclose(f);
	out[n] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	if (failed)
		return -1;
	if (n > DESCRIPTOR_SECRET_MAX)
		snprintf(why, room, "larger than %d octets",
		    DESCRIPTOR_SECRET_MAX);
	else if (out[0] == '\0')
		snprintf(why, room, "the first line is empty");
	else
		return 0;
	return -1;
}

static char *
read_secret(struct descriptor *g, const struct config_pair *p)
{
	char line[DESCRIPTOR_SECRET_MAX + 2] = "", why[100], *copy;

	if (read_line(p->value, line, why, sizeof(why)) == -1)
		read_variables_fail(g, p, "secret", "%s: %s", p->value, why);
	copy = wipe_must(strdup(line));
	explicit_bzero(line, sizeof(line));
	return copy;
}

static void
add_secret(struct descriptor *g, const struct config_pair *p, int want_own)
{
	int own;
	const char *name = variable_of_pair(g, p, &own);

	if (name == NULL || own != want_own)
		return;
	g->secret[g->nsecret].name = name;
	g->secret[g->nsecret++].value = read_secret(g, p);
}

/* Those for this gateway alone first, so that they are found first. */
static void
read_secrets(struct descriptor *g)
{
	const struct config_pairs *p = &g->config->secret;
	size_t i;

	g->secret = wipe_must(calloc(p->n + 1, sizeof(*g->secret)));
	for (i = 0; i < p->n; i++)
		add_secret(g, &p->v[i], 1);
	for (i = 0; i < p->n; i++)
		add_secret(g, &p->v[i], 0);
}

/* The `set` lines that are for this gateway. */
static void
find_set(struct descriptor *g)
{
	const struct config_pairs *p = &g->config->set;
	struct descriptor_pair *d;
	size_t i;

	g->set = wipe_must(calloc(p->n + 1, sizeof(*g->set)));
	for (i = 0; i < p->n; i++) {
		d = &g->set[g->nset];
		d->pair = &p->v[i];
		d->name = variable_of_pair(g, d->pair, &d->own);
		g->nset += d->name != NULL;
	}
}

/* ---- all of it ---- */

static void
read_members(struct descriptor *g)
{
	static const char *const names[] = {"name", "url", "method", "query",
	    "headers", "auth", "to", "body", "defaults", "map", "limits",
	    "ids", "needs", "priority", "ok", "id", "error", "rules", "each",
	    "replies", "retry-after", "check", "warm", "lookup", "variables",
	    "hook", "encrypt", NULL};
	struct hook hook;

	member_only(&g->errors, "", g->root, names);
	read_limits(g);
	read_priority(g);
	read_request(g);
	read_request_calls(g);
	encrypt_read(g);
	read_response(g);
	g->has_hook = hook_read(&g->errors, g->root, &hook);
	read_variables_check(g);
	read_needs(g);
	if (!variable_is_sent(g, "text"))
		member_fail(&g->errors, "", "nothing that is sent uses "
		    "${text}");
	if (variable_is_sent(g, "priority") && !g->priority.is_set)
		member_fail(&g->errors, "/priority",
		    "is missing, and ${priority} is used");
}

static void
find_file(const struct config *c, const char *gateway, char file[PATH_MAX])
{
	if (strchr(gateway, '/') != NULL)
		snprintf(file, PATH_MAX, "%s", gateway);
	else
		snprintf(file, PATH_MAX, "%s/%s.json", c->descriptors,
		    gateway);
}

/* The JSON of the file that the errors name, or NULL. */
static json_t *
load(struct member_errors *errors)
{
	json_error_t e;
	json_t *root;

	if (access(errors->file, R_OK) == -1) {
		member_fail(errors, "", "%s", strerror(errno));
		return NULL;
	}
	root = json_load_file(errors->file, JSON_REJECT_DUPLICATES, &e);
	if (root == NULL)
		member_fail(errors, "", "line %d: %s", e.line, e.text);
	return root;
}

static struct descriptor *
read_one(const struct config *c, unsigned index, config_report report)
{
	struct descriptor *g = wipe_must(calloc(1, sizeof(*g)));

	if (g == NULL) {
		report("out of memory");
		return NULL;
	}
	g->config = c;
	g->index = index;
	g->errors.report = report;
	find_file(c, config_gateway(c, index), g->file);
	g->errors.file = g->file;
	config_gateway_name(config_gateway(c, index), g->name);
	find_set(g);
	if ((g->root = load(&g->errors)) == NULL)
		return NULL;
	read_secrets(g);
	if (json_is_object(g->root))
		read_members(g);
	else
		member_fail(&g->errors, "", "is not a JSON object");
	return g->errors.failed ? NULL : g;
}

struct descriptor *
read_descriptor(const struct config *c, config_report report)
{
	struct descriptor *first = NULL, **last = &first;
	int failed = 0;
	unsigned i;

	wipe_install();
	for (i = 0; config_gateway(c, i) != NULL; i++)
		if ((*last = read_one(c, i, report)) != NULL)
			last = &(*last)->next;
		else
			failed = 1;
	if (!failed)
		failed = read_variables_check_pairs(first) == -1;
	return failed ? NULL : first;
}

int
read_hook(const struct config *c, const char *gateway, config_report report,
    struct hook *hook)
{
	char file[PATH_MAX];
	struct member_errors errors = {.file = file, .report = report};
	json_t *root;
	int r;

	wipe_install();
	find_file(c, gateway, file);
	if ((root = load(&errors)) == NULL)
		return -1;
	r = hook_read(&errors, root, hook); /* which borrows from root */
	return errors.failed ? -1 : r;
}
