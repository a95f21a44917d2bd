/*
 * update: see update.h.
 */
#include "delivery/update.h"

static void on_put(void *, enum journal_answer, const struct journal_value *);

static void
attempt(struct update *u, const struct journal_value *v)
{
	struct journal_change c = {
		.kind = u->kind,
		.name = u->name,
		.revision = v->revision,
		.keep = u->keep,
	};
	enum update_what what;
	struct buf b;

	buf_init(&b, u->storage, sizeof(u->storage));
	what = u->change(u->arg, v->revision != 0 ? v->text : "", &b);
	if (what == UPDATE_NOTHING ||
	    (what == UPDATE_REMOVE && v->revision == 0)) {
		u->done(u->arg, 0);
		return;
	}
	c.text = what == UPDATE_REMOVE ? NULL : b.p;
	c.n = what == UPDATE_REMOVE ? 0 : b.len;
	c.durable = what != UPDATE_WRITE;
	journal_put(&c, on_put, u);
}

static void
on_put(void *arg, enum journal_answer a, const struct journal_value *v)
{
	struct update *u = arg;

	switch (a) {
	case JOURNAL_OK:
		u->done(u->arg, 0);
		return;
	case JOURNAL_CHANGED:
		if (++u->tries < UPDATE_TRIES) {
			attempt(u, v);
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
		attempt(u, v);
	else
		u->done(u->arg, 1);
}

void
update_start(struct update *u)
{
	u->tries = 0;
	journal_get(u->kind, u->name, on_got, u);
}
