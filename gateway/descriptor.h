/*
 * descriptor: a gateway as data, as smtp2sms-gateway(5) describes it.
 * read.c fills it in; request.c and response.c follow it.
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
#include "gateway/match.h"
#include "gateway/member.h"

#define DESCRIPTOR_NAME_MAX	 32	/* octets of a variable's name */
#define DESCRIPTOR_VARIABLES_MAX 64	/* that it uses */
#define DESCRIPTOR_DEPTH_MAX	 16	/* of the body's template */
#define DESCRIPTOR_NEST_MAX	 8	/* defaults and maps in one another */
#define DESCRIPTOR_HEADERS_MAX	 12	/* of its own */
#define DESCRIPTOR_AUTH_MAX	 8	/* authentication schemes */
#define DESCRIPTOR_MAPS_MAX	 32
#define DESCRIPTOR_SEPARATOR_MAX 8	/* octets between joined numbers */
#define DESCRIPTOR_SECRET_MAX	 8192	/* octets of a secret's file */
#define DESCRIPTOR_ENCRYPT_MAX	 8	/* pointers to values */
#define DESCRIPTOR_LEVELS	 19	/* of MT-PRIORITY: -9 to 9 */

struct descriptor_secret {
	const char *name;
	char *value;
};

/* A `set` line that is for this gateway. */
struct descriptor_pair {
	const char *name;	/* without the gateway's name in front */
	const struct config_pair *pair;
	int own;		/* it was in front */
};

/* A variable that a template uses. */
struct descriptor_variable {
	char name[DESCRIPTOR_NAME_MAX + 1];
	int sent;	/* in what is sent for a message */
};

/* A variable made of another. */
struct descriptor_map {
	const char *name, *of;
	json_t *values, *fallback, *unset;
};

struct descriptor_limits {
	size_t text, characters, device, from, data;	/* 0: not known */
	uint32_t ttl[2], schedule[2];	/* least and most, seconds */
};

struct descriptor_priority {
	int is_set, levels[DESCRIPTOR_LEVELS], min, max;
};

/* What ${to} stands for. */
enum descriptor_to {
	DESCRIPTOR_TO_ONE,
	DESCRIPTOR_TO_ARRAY,
	DESCRIPTOR_TO_JOIN
};

enum descriptor_body {
	DESCRIPTOR_BODY_NONE,
	DESCRIPTOR_BODY_JSON,
	DESCRIPTOR_BODY_FORM,
	DESCRIPTOR_BODY_TEXT
};

/* How an answer says which recipient an element of its list is about. */
enum descriptor_by {
	DESCRIPTOR_BY_NONE,	/* there is no list */
	DESCRIPTOR_BY_NUMBER,	/* by a number in the element */
	DESCRIPTOR_BY_KEY,	/* by the member's name */
	DESCRIPTOR_BY_ORDER
};

/* The member "each": an answer for each recipient of a request. */
struct descriptor_per_recipient {
	enum descriptor_by by;
	const char *list, *number;	/* JSON pointers */
	struct match_list ok;
	struct match_source id, error;
	struct match_rules rules;
	int has_missing;	/* the outcome of who is not in the list */
	enum ipc_outcome missing;
};

/* The member "encrypt": what of the body goes out encrypted. */
struct descriptor_encrypt {
	const char *passphrase;	/* a template; NULL: nothing is */
	const char *value[DESCRIPTOR_ENCRYPT_MAX]; /* JSON pointers */
	size_t n;
	const char *mark;	/* the member that says so */
};

/* A request that is not for a message. */
struct descriptor_call {
	const char *method, *url;	/* NULL: there is none */
	json_t *headers;
};

struct descriptor {
	const struct config *config;
	struct descriptor *next; /* the gateway that is tried after it */
	unsigned index;		/* in the order of trying, from 0 on */
	char name[CONFIG_NAME_MAX + 1];
	json_t *root;
	/* the request */
	const char *method, *url;
	json_t *query, *headers, *auth, *body, *defaults, *variables, *needs;
	enum descriptor_body body_type;
	const char *content_type;
	enum descriptor_to to;
	const char *separator;
	json_t *element;
	int digits;		/* numbers have no '+' */
	size_t max_to;
	struct descriptor_map map[DESCRIPTOR_MAPS_MAX];
	size_t nmap;
	struct descriptor_limits limits;
	struct descriptor_priority priority;
	struct descriptor_pair *set;
	size_t nset;
	struct descriptor_secret *secret;
	size_t nsecret;
	struct descriptor_encrypt encrypt;
	int encrypts;		/* and there is a passphrase */
	/* the answer */
	int no_ids;		/* it is told ids, and does not know them again */
	int documented;		/* 4xx and 5xx as SMSGate documents them */
	struct member_codes ok;
	struct match_list ok_match;
	struct match_source id, error;
	const char *retry_after;
	int retry_header;
	struct match_rules rules;
	struct descriptor_per_recipient per_recipient;
	/* other requests */
	struct descriptor_call check, warm, lookup;
	struct match_source balance, currency;	/* in a check's answer */
	const char *found_id;	/* a pointer into what was looked up */
	struct member_codes found, missing, after;
	const char *unless;
	int has_hook;		/* it has webhooks that can be read: hook.h */
	/* the variables that its templates use */
	struct descriptor_variable variable[DESCRIPTOR_VARIABLES_MAX];
	size_t nvariable;
	/* while it is read */
	char file[PATH_MAX];
	struct member_errors errors;
};

#endif
