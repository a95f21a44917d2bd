/*
 * encrypt: which values are encrypted, and how they come into the body.
 */
#include <stdlib.h>
#include <string.h>

#include "common/sealing.h"
#include "gateway/encrypt.h"
#include "gateway/message.h"
#include "gateway/pointer.h"
#include "gateway/read_template.h"
#include "gateway/template.h"
#include "gateway/wipe.h"

#define ROOM (DESCRIPTOR_SECRET_MAX + 1) /* octets for a passphrase */

/* ---- reading it ---- */

/*
 * A passphrase that is there and cannot be used is an error: without it the
 * messages would go out in clear.
 */
static void
check_passphrase(struct descriptor *g)
{
	char *storage = wipe_alloc(ROOM);
	struct values v = {.g = g};
	struct buf b;
	int made;

	buf_init(&b, storage, ROOM);
	made = template_string(&v, g->encrypt.passphrase, 0, &b) == 0;
	if (v.too_long[0] != '\0' || b.overflow ||
	    b.len > SEALING_PASSPHRASE_MAX)
		member_fail(&g->errors, "/encrypt/passphrase",
		    "has more than %d octets", SEALING_PASSPHRASE_MAX);
	else if (made && b.len == 0)
		member_fail(&g->errors, "/encrypt/passphrase", "is empty");
	g->encrypts = made;
	wipe_free(storage);
}

void
encrypt_read(struct descriptor *g)
{
	static const char *const names[] = {"passphrase", "values", "mark",
	    NULL};
	json_t *o = json_object_get(g->root, "encrypt"), *list, *item;
	struct descriptor_encrypt *e = &g->encrypt;
	char where[MEMBER_PATH_MAX];
	size_t i;

	if (o == NULL)
		return;
	member_only(&g->errors, "/encrypt", o, names);
	if (g->body_type != DESCRIPTOR_BODY_JSON)
		member_fail(&g->errors, "/encrypt",
		    "goes with a body of type json only");
	e->passphrase = member_string(&g->errors, o, "/encrypt", "passphrase",
	    1);
	if (e->passphrase != NULL)
		read_template_string(g, "/encrypt/passphrase", e->passphrase,
		    READ_TEXT, 0);
	e->mark = member_string(&g->errors, o, "/encrypt", "mark", 1);
	list = member_array(&g->errors, o, "/encrypt", "values",
	    DESCRIPTOR_ENCRYPT_MAX);
	if (json_array_size(list) == 0)
		member_fail(&g->errors, "/encrypt/values", "is missing");
	json_array_foreach(list, i, item)
		if (!json_is_string(item) ||
		    !pointer_is(json_string_value(item)))
			member_must(&g->errors, member_index(where,
			    "/encrypt/values", i), item, "a JSON pointer");
		else
			e->value[e->n++] = json_string_value(item);
	if (!g->errors.failed)
		check_passphrase(g);
}

char *
encrypt_passphrase(const struct descriptor *g)
{
	char *storage = wipe_alloc(ROOM);
	struct values v = {.g = g};
	struct buf b;

	buf_init(&b, storage, ROOM);
	template_string(&v, g->encrypt.passphrase, 0, &b);
	return storage;
}

size_t
encrypt_size(size_t n)
{
	return SEALING_SIZE(n);
}

/* ---- a body's values ---- */

/* Where a walk over the values is. */
struct cursor {
	struct gateway_texts *texts;
	size_t at;
	int failed;
};

static int
collect(json_t *j, const void *arg)
{
	struct cursor *c = *(struct cursor **)(size_t)arg;

	if (!json_is_string(j))
		return 0;
	c->texts->v = wipe_must(realloc(c->texts->v,
	    (c->texts->n + 1) * sizeof(*c->texts->v)));
	c->texts->v[c->texts->n++] = wipe_strdup(json_string_value(j));
	return 1;
}

static int
replace(json_t *j, const void *arg)
{
	struct cursor *c = *(struct cursor **)(size_t)arg;

	if (!json_is_string(j))
		return 0;
	if (c->at == c->texts->n ||
	    json_string_set(j, c->texts->v[c->at++]) == -1)
		c->failed = 1;
	return 1;
}

static void
walk(const struct descriptor *g, json_t *body, pointer_test test,
    struct cursor *c)
{
	struct pointer_count count = {0, 0};
	size_t i;

	for (i = 0; i < g->encrypt.n; i++)
		pointer_walk(body, g->encrypt.value[i], test, &c, &count);
}

struct gateway_texts *
encrypt_list(const struct descriptor *g, json_t *body)
{
	struct cursor c = {wipe_must(calloc(1, sizeof(*c.texts))), 0, 0};

	walk(g, body, collect, &c);
	return c.texts;
}

int
encrypt_replace(const struct descriptor *g, json_t *body,
    const struct gateway_texts *sealed)
{
	struct gateway_texts none = {NULL, 0};
	struct cursor c = {&none, 0, 0};

	json_object_set_new(body, g->encrypt.mark, json_true());
	if (sealed == NULL)
		return 0;
	none = *sealed;
	walk(g, body, replace, &c);
	return c.failed || c.at != none.n ? -1 : 0;
}
