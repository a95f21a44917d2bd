/*
 * descriptor: a gateway as data; smtp2sms-gateway(5).
 */
#ifndef DESCRIPTOR_H
#define DESCRIPTOR_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/config.h"
#include "common/ipc.h"
#include "common/options.h"
#include "gateway/load.h"
#include "gateway/match.h"
#include "gateway/template.h"

#define DESCRIPTOR_NAMES_MAX	 64	/* variables that it uses */
#define DESCRIPTOR_DEPTH_MAX	 16	/* of the body's template */
#define DESCRIPTOR_HEADERS_MAX	 12	/* of its own */
#define DESCRIPTOR_AUTH_MAX	 8	/* ways to authenticate */
#define DESCRIPTOR_MAPS_MAX	 32
#define DESCRIPTOR_SEPARATOR_MAX 8	/* octets between joined numbers */
#define DESCRIPTOR_SECRET_MAX	 8192	/* octets of a secret's file */
#define DESCRIPTOR_LEVELS	 19	/* of MT-PRIORITY: -9 to 9 */

struct descriptor_secret {
	const char *name;
	char *value;
};

/* A name that a template uses. */
struct descriptor_name {
	char name[TEMPLATE_NAME_MAX + 1];
	int sent;	/* in what is sent for a message */
};

/* A variable made of another. */
struct descriptor_map {
	const char *name, *of;
	json_t *values, *otherwise, *unset;
};

struct descriptor_limits {
	size_t text, characters, device, from, data;	/* 0: not known */
	uint32_t ttl[2], schedule[2];	/* least and most, seconds */
};

struct descriptor_priority {
	int is_set, levels[DESCRIPTOR_LEVELS], min, max;
};

enum descriptor_mode { TO_ONE, TO_ARRAY, TO_JOIN };
enum descriptor_type { BODY_NONE, BODY_JSON, BODY_FORM, BODY_TEXT };
enum descriptor_by { EACH_NONE, EACH_TO, EACH_KEY, EACH_ORDER };

/* The answer for each recipient of a request. */
struct descriptor_each {
	enum descriptor_by by;
	const char *list, *to;
	struct match_list ok;
	struct match_source id, error;
	struct match_rules rules;
	int has_missing;	/* the outcome of who is not in the list */
	enum ipc_outcome missing;
};

/* A request that is not for a message. */
struct descriptor_call {
	const char *method, *url;	/* NULL: there is none */
	json_t *headers;
};

struct descriptor {
	const struct config *config;
	json_t *root;
	/* the request */
	const char *method, *url;
	json_t *query, *headers, *auth, *body, *defaults, *variables, *needs;
	enum descriptor_type type;
	const char *content_type;
	enum descriptor_mode mode;
	const char *separator;
	json_t *element;
	int digits;
	size_t max_to;
	struct descriptor_map map[DESCRIPTOR_MAPS_MAX];
	size_t nmap;
	struct descriptor_limits limits;
	struct descriptor_priority priority;
	struct descriptor_secret *secret;
	size_t nsecret;
	/* the answer */
	int no_ids;		/* it is told ids, and does not know them again */
	int documented;		/* 4xx and 5xx as SMSGate documents them */
	struct load_codes ok;
	struct match_list ok_match;
	struct match_source id, error;
	const char *retry_after;
	int retry_header;
	struct match_rules rules;
	struct descriptor_each each;
	/* other requests */
	struct descriptor_call check, warm, lookup;
	const char *found_id;	/* a pointer into what was looked up */
	struct load_codes found, missing, after;
	const char *unless;
	/* names in it, and what is wrong with it */
	struct descriptor_name name[DESCRIPTOR_NAMES_MAX];
	size_t nname;
	char file[PATH_MAX];
	config_report report;
	int failed;
};

/*
 * Load the descriptor that the configuration names, and the secrets.
 * Every error is reported with file, JSON path and reason.  NULL if there
 * was one.
 */
struct descriptor *descriptor_load(const struct config *, config_report);

#endif
