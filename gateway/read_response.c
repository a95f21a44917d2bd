/*
 * read_response: success, rules, ids and errors of an answer; response.c
 * applies them.
 */
#include <string.h>

#include "gateway/descriptor.h"
#include "gateway/read_response.h"

static void
read_ok(struct descriptor *g)
{
	static const char *const names[] = {"status", "match", NULL};
	json_t *ok = json_object_get(g->root, "ok");

	if (ok == NULL)
		member_fail(&g->errors, "/ok", "is missing");
	member_only(&g->errors, "/ok", ok, names);
	member_codes(&g->errors, ok, "/ok", "status", 1, &g->ok);
	match_read(&g->errors, ok, "/ok", "match", &g->ok_match);
	match_read_source(&g->errors, g->root, "", "id", &g->id);
	match_read_source(&g->errors, g->root, "", "error", &g->error);
	match_read_rules(&g->errors, g->root, "", "rules", 1, &g->rules);
}

static void
read_habits(struct descriptor *g)
{
	static const char *const replies[] = {"documented", NULL};
	json_t *ids = json_object_get(g->root, "ids");
	json_t *after = json_object_get(g->root, "retry-after");

	g->documented = member_choice(&g->errors, g->root, "", "replies", 0,
	    replies) != -1;
	g->no_ids = json_is_false(ids);
	if (ids != NULL && !g->no_ids)
		member_must(&g->errors, "/ids", ids, "false");
	g->retry_header = json_is_true(after);
	if (json_is_string(after))
		g->retry_after = member_pointer(&g->errors, g->root, "",
		    "retry-after", 0);
	else if (after != NULL && !g->retry_header)
		member_must(&g->errors, "/retry-after", after,
		    "true or a JSON pointer");
}

static void
read_by(struct descriptor *g, json_t *o)
{
	struct descriptor_per_recipient *p = &g->per_recipient;
	int key = json_is_true(json_object_get(o, "key"));
	int order = json_is_true(json_object_get(o, "order"));

	p->list = member_pointer(&g->errors, o, "/each", "list", 1);
	p->number = member_pointer(&g->errors, o, "/each", "to", 0);
	if ((json_object_get(o, "to") != NULL) + key + order != 1)
		member_fail(&g->errors, "/each",
		    "must have one of: to, \"key\": true, \"order\": true");
	p->by = p->number != NULL ? DESCRIPTOR_BY_NUMBER :
	    key			  ? DESCRIPTOR_BY_KEY :
				    DESCRIPTOR_BY_ORDER;
}

static void
read_per_recipient(struct descriptor *g)
{
	static const char *const names[] = {"list", "to", "key", "order",
	    "ok", "id", "error", "rules", "missing", NULL};
	static const char *const only_match[] = {"match", NULL};
	struct descriptor_per_recipient *p = &g->per_recipient;
	json_t *o = json_object_get(g->root, "each"), *ok;

	if (o == NULL)
		return;
	member_only(&g->errors, "/each", o, names);
	read_by(g, o);
	ok = member_object(&g->errors, o, "/each", "ok");
	member_only(&g->errors, "/each/ok", ok, only_match);
	match_read(&g->errors, ok, "/each/ok", "match", &p->ok);
	match_read_source(&g->errors, o, "/each", "id", &p->id);
	match_read_source(&g->errors, o, "/each", "error", &p->error);
	match_read_rules(&g->errors, o, "/each", "rules", 0, &p->rules);
	p->has_missing = match_read_outcome(&g->errors, o, "/each",
	    "missing", 0, &p->missing);
}

static void
read_lookup(struct descriptor *g)
{
	json_t *o = json_object_get(g->root, "lookup");

	if (o == NULL)
		return;
	member_codes(&g->errors, o, "/lookup", "found", 1, &g->found);
	member_codes(&g->errors, o, "/lookup", "missing", 1, &g->missing);
	member_codes(&g->errors, o, "/lookup", "after", 0, &g->after);
	g->found_id = member_pointer(&g->errors, o, "/lookup", "id", 1);
	g->unless = member_string(&g->errors, o, "/lookup", "unless", 0);
}

static void
read_check(struct descriptor *g)
{
	json_t *o = json_object_get(g->root, "check");

	match_read_source(&g->errors, o, "/check", "balance", &g->balance);
	match_read_source(&g->errors, o, "/check", "currency", &g->currency);
}

void
read_response(struct descriptor *g)
{
	read_ok(g);
	read_habits(g);
	read_per_recipient(g);
	read_lookup(g);
	read_check(g);
}
