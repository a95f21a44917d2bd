/*
 * catalogue: what descriptors say of themselves.  They are read as JSON and
 * not checked: what they need may not be set yet.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/config.h"
#include "delivery/catalogue.h"

#define EXIT_BAD 78		/* EX_CONFIG of sysexits(3) */
#define REQUIRED_DEPTH 4	/* defaults in one another */

static json_t *
load(const char *file)
{
	json_error_t e;
	json_t *root = json_load_file(file, JSON_REJECT_DUPLICATES, &e);

	if (root == NULL)
		fprintf(stderr, "smtp2sms: %s: %s\n", file, e.text);
	return root;
}

/* Print it on one line, whatever it has in it. */
static void
print_text(const char *s)
{
	for (; s != NULL && *s != '\0'; s++)
		putchar((unsigned char)*s < ' ' || *s == 127 ? ' ' : *s);
}

/* ---- the gateways ---- */

static int
is_descriptor(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 5 && strcmp(entry->d_name + n - 5, ".json") == 0;
}

static int
print_gateway(const char *folder, const char *name)
{
	char file[PATH_MAX];
	json_t *root;

	snprintf(file, sizeof(file), "%s/%s", folder, name);
	if ((root = load(file)) == NULL)
		return EXIT_BAD;
	printf("%.*s\t", (int)(strlen(name) - 5), name);
	print_text(json_string_value(json_object_get(root, "name")));
	putchar('\n');
	json_decref(root);
	return 0;
}

int
catalogue_gateways(const struct config *c)
{
	struct dirent **entries;
	int i, n, status = 0;

	n = scandir(c->descriptors, &entries, is_descriptor, alphasort);
	if (n == -1) {
		perror(c->descriptors);
		return EXIT_BAD;
	}
	for (i = 0; i < n; i++) {
		if (print_gateway(c->descriptors, entries[i]->d_name) != 0)
			status = EXIT_BAD;
		free(entries[i]);
	}
	free(entries);
	return status;
}

/* ---- the variables of one ---- */

/* What nobody but the delivery side should read. */
static int
is_secret(const char *name)
{
	return strncmp(name, "pass", 4) == 0 || strstr(name, "token") != NULL;
}

/* 1 if the text, or a default that it uses, has a place for the variable. */
static int
has_place(const json_t *root, const char *text, const char *name, int depth)
{
	const json_t *defaults = json_object_get(root, "defaults");
	size_t n = strlen(name);
	char other[64];
	int len;

	while (text != NULL && (text = strstr(text, "${")) != NULL) {
		text += 2;
		if (strncmp(text, name, n) == 0 && text[n] != '\0' &&
		    strchr("}!|", text[n]) != NULL)
			return 1;
		len = (int)strcspn(text, "}!|");
		snprintf(other, sizeof(other), "%.*s", len, text);
		if (depth > 0 && has_place(root, json_string_value(
		    json_object_get(defaults, other)), name, depth - 1))
			return 1;
	}
	return 0;
}

/* 1 if a template says that it makes no sense without the variable. */
static int
is_insisted_on(const json_t *root, const char *name)
{
	char *text = json_dumps(root, JSON_COMPACT), place[64];
	int found;

	snprintf(place, sizeof(place), "${%s!}", name);
	found = text != NULL && strstr(text, place) != NULL;
	free(text);
	return found;
}

/* Without it there is no address, or no message can be sent. */
static int
is_required(const json_t *root, const char *name)
{
	const char *needed = json_string_value(json_object_get(
	    json_object_get(root, "needs"), "message"));

	if (json_object_get(json_object_get(root, "defaults"), name) != NULL)
		return 0;
	return (needed != NULL && strcmp(needed, name) == 0) ||
	    is_insisted_on(root, name) ||
	    has_place(root, json_string_value(json_object_get(root, "url")),
	    name, REQUIRED_DEPTH);
}

static void
print_variable(const json_t *root, const char *name, const json_t *meaning)
{
	printf("%s\t%s\t%s\t", name, is_secret(name) ? "secret" : "set",
	    is_required(root, name) ? "required" : "optional");
	print_text(json_string_value(json_object_get(
	    json_object_get(root, "defaults"), name)));
	putchar('\t');
	print_text(json_string_value(meaning));
	putchar('\n');
}

int
catalogue_variables(const struct config *c)
{
	const char *gateway = config_gateway(c, 0), *name;
	char file[PATH_MAX];
	json_t *root, *meaning;

	if (strchr(gateway, '/') != NULL)
		snprintf(file, sizeof(file), "%s", gateway);
	else
		snprintf(file, sizeof(file), "%s/%s.json", c->descriptors,
		    gateway);
	if ((root = load(file)) == NULL)
		return EXIT_BAD;
	json_object_foreach(json_object_get(root, "variables"), name, meaning)
		print_variable(root, name, meaning);
	json_decref(root);
	return 0;
}
