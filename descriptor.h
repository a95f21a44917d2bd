/*
 * descriptor: a gateway as data; smtp2sms-gateway(5).
 */
#ifndef DESCRIPTOR_H
#define DESCRIPTOR_H

#include <limits.h>
#include <regex.h>
#include <stddef.h>

#include <jansson.h>

#include "config.h"
#include "ipc.h"
#include "template.h"

#define DESCRIPTOR_RULES_MAX 32
#define DESCRIPTOR_CODES_MAX 16
#define DESCRIPTOR_NAMES_MAX 64	  /* variables that it uses */
#define DESCRIPTOR_URL_MAX   4096 /* octets, filled in */
#define DESCRIPTOR_DEPTH_MAX 16	  /* of the body's template */
#define DESCRIPTOR_SECRET_MAX   8192 /* octets of a secret's file */

struct rule {
	int status;		/* 0: any */
	const char *pointer;	/* JSON pointer of what regex looks at */
	regex_t regex;
	int has_regex;
	enum outcome outcome;
};

struct secret {
	const char *name;
	char *value;
};

struct descriptor {
	const struct config *config;
	json_t *root;
	const char *method, *url, *check_url, *warm_url;
	const char *id, *error;	/* JSON pointers */
	json_t *body, *defaults, *auth;
	int one, digits;
	size_t max_to, max_text;
	int ok[DESCRIPTOR_CODES_MAX];
	size_t nok;
	struct rule rule[DESCRIPTOR_RULES_MAX];
	size_t nrule;
	struct secret *secret;
	size_t nsecret;
	/* while loading */
	char file[PATH_MAX];
	config_report report;
	int failed;
	char used[DESCRIPTOR_NAMES_MAX][TEMPLATE_NAME_MAX + 1];
	size_t nused;
};

/*
 * Load the descriptor that the configuration names, and the secrets.
 * Every error is reported with file, JSON path and reason.  NULL if there
 * was one.
 */
struct descriptor *descriptor_load(const struct config *, config_report);

#endif
