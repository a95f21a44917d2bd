/*
 * update: see update.h.  Small values are remembered as this process wrote
 * them last: if nobody has changed one since, it need not be read again.
 */
#include <string.h>

#include "delivery/update.h"

#define KEPT	 64	/* values that are remembered */
#define KEPT_MAX 255	/* octets of one */

static struct kept {
	enum journal_kind kind;
	char name[JOURNAL_NAME_MAX + 1];	/* "": none */
	uint64_t revision;
	char text[KEPT_MAX + 1];
} kept[KEPT];

static void on_got(void *, enum journal_answer, const struct journal_value *);
static void on_put(void *, enum journal_answer, const struct journal_value *);

/* The place of a value; the names are random (RFC 9562). */
static struct kept *
place_of(const struct update *u)
{
	return &kept[(unsigned char)(u->name[0] * 16 + u->name[1] +
	    u->name[2]) % KEPT];
}

static void
keep(const struct update *u, const struct journal_value *v)
{
	struct kept *k = place_of(u);

	k->name[0] = '\0';
	if (v == NULL || v->revision == 0 || v->n > KEPT_MAX)
		return;
	k->kind = u->kind;
	strcpy(k->name, u->name);
	k->revision = v->revision;
	memcpy(k->text, v->text, v->n + 1);
}

static const struct kept *
find(const struct update *u)
{
	const struct kept *k = place_of(u);

	return k->kind == u->kind && strcmp(k->name, u->name) == 0 ? k : NULL;
}

/* Write what becomes of a value.  0: nothing does. */
static int
attempt(struct update *u, uint64_t revision, const char *text)
{
	struct journal_change c = {
		.kind = u->kind,
		.name = u->name,
		.revision = revision,
		.keep = u->keep,
	};
	enum update_what what;
	struct buf b;

	buf_init(&b, u->storage, sizeof(u->storage));
	what = u->change(u->arg, text, &b);
	if (what == UPDATE_NOTHING ||
	    (what == UPDATE_REMOVE && revision == 0))
		return 0;
	c.text = what == UPDATE_REMOVE ? NULL : b.p;
	c.n = what == UPDATE_REMOVE ? 0 : b.len;
	c.durable = what != UPDATE_WRITE;
	journal_put(&c, on_put, u);
	return 1;
}

/* The same with what the journal says. */
static void
attempt_value(struct update *u, const struct journal_value *v)
{
	if (!attempt(u, v->revision, v->revision != 0 ? v->text : ""))
		u->done(u->arg, 0);
}

static void
on_put(void *arg, enum journal_answer a, const struct journal_value *v)
{
	struct update *u = arg;

	keep(u, a == JOURNAL_OK ? v : NULL);
	switch (a) {
	case JOURNAL_OK:
		u->done(u->arg, 0);
		return;
	case JOURNAL_CHANGED:
		if (++u->tries < UPDATE_TRIES) {
			attempt_value(u, v);
			return;
		}
		break;
	case JOURNAL_BUSY:
	case JOURNAL_FAILED:
		break;
	}
	u->done(u->arg, 1);
}

static void
on_got(void *arg, enum journal_answer a, const struct journal_value *v)
{
	struct update *u = arg;

	if (a == JOURNAL_OK)
		attempt_value(u, v);
	else
		u->done(u->arg, 1);
}

void
update_start(struct update *u)
{
	const struct kept *k = find(u);

	u->tries = 0;
	/* that there is nothing to do is not believed of an old value */
	if (k == NULL || !attempt(u, k->revision, k->text))
		journal_get(u->kind, u->name, on_got, u);
}
