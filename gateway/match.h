/*
 * match: what a descriptor asks of an answer: tests, rules made of tests,
 * and sources: where in the answer a text is to be found.
 */
#ifndef MATCH_H
#define MATCH_H

#include <regex.h>
#include <stddef.h>

#include <jansson.h>

#include "common/ipc.h"
#include "gateway/member.h"

#define MATCH_LIST_MAX	8	/* tests that must all hold */
#define MATCH_RULES_MAX 32
#define MATCH_SOURCE_MAX 4	/* alternatives of one source */
#define MATCH_VALUES_MAX 64	/* of one `in` */
#define MATCH_TEXT_MAX	4095	/* octets that are looked at of one text */

enum match_kind { MATCH_EQUALS, MATCH_IN, MATCH_REGEX, MATCH_ABSENT };

struct match {
	const char *pointer;	/* NULL: the text of the answer */
	enum match_kind kind;
	json_t *values;		/* of MATCH_EQUALS and MATCH_IN; borrowed */
	regex_t regex;
	int any;		/* one element suffices */
};

struct match_list {
	struct match v[MATCH_LIST_MAX];
	size_t n;
};

struct match_rule {
	struct member_codes status;	/* none: any */
	struct match_list match;
	enum ipc_outcome then;
	int apart;	/* nothing was accepted: take the request apart */
	int next;	/* nothing was accepted: another gateway may */
	const char *note;		/* for the log; NULL: none */
};

struct match_rules {
	struct match_rule v[MATCH_RULES_MAX];
	size_t n;
};

/* A text in an answer: at a pointer, or a group of a regular expression. */
struct match_alternative {
	const char *pointer;	/* NULL: regex */
	regex_t regex;
};

/* Where a text is looked for: the first alternative that finds one counts. */
struct match_source {
	struct match_alternative v[MATCH_SOURCE_MAX];
	size_t n;
};

/* What is tested: an answer, or an element of it. */
struct match_subject {
	long status;
	json_t *json;		/* NULL: it is none */
	const char *text;	/* its first MATCH_TEXT_MAX octets, at most */
};

/*
 * Read tests, rules or a source from member `key` of an object; errors are
 * reported.  with_status: the rules are for a whole answer, so they may ask
 * for its status code, and take the request apart.
 */
void match_read(struct member_errors *, json_t *, const char *path,
    const char *key, struct match_list *);
void match_read_rules(struct member_errors *, json_t *, const char *path,
    const char *key, int with_status, struct match_rules *);
void match_read_source(struct member_errors *, json_t *, const char *path,
    const char *key, struct match_source *);

/* An outcome by its name in descriptors.  1 if there is one, else 0. */
int match_read_outcome(struct member_errors *, json_t *, const char *path,
    const char *key, int required, enum ipc_outcome *);

/* 1 if every test holds; so it does if there is none. */
int match_all(const struct match_list *, const struct match_subject *);

/* 1 if one of the tests, or each alternative of a source, needs JSON. */
int match_needs_json(const struct match_list *);
int match_source_needs_json(const struct match_source *);

/* The first rule that matches, or NULL. */
const struct match_rule *match_rule(const struct match_rules *,
    const struct match_subject *);

/*
 * What a refusal means whose body is cut, if `o` is what its status says: a
 * rule that looks at the body might have said something else.
 */
enum ipc_outcome match_rules_cut(const struct match_rules *, long status,
    enum ipc_outcome o);

/* The text that a source gives; malloced, or NULL. */
char *match_find(const struct match_source *, const struct match_subject *);

#endif
