/*
 * notify: a table of recipients, and its frame: str ENVID, u32 n, n times
 * (str number, u8 bits, str ORCPT).
 */
#include <string.h>

#include "common/notify.h"

#define ALL_BITS (NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY)

void
notify_reset(struct notify *t)
{
	t->envid[0] = t->pool[0] = '\0';
	t->n = 0;
	t->used = 1;
}

const struct notify_recipient *
notify_find(const struct notify *t, const char *number)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (strcmp(t->v[i].number, number) == 0)
			return &t->v[i];
	return NULL;
}

void
notify_add(struct notify *t, const char *number, unsigned bits,
    const char *orcpt)
{
	struct notify_recipient *r = &t->v[t->n];
	size_t n = strlen(orcpt) + 1;

	if (t->n == CONFIG_RCPTS_MAX || strlen(number) >= NUMBER_SIZE ||
	    notify_find(t, number) != NULL)
		return;
	if (t->used == 0)
		t->used = 1;	/* its first octet is "no ORCPT" */
	strcpy(r->number, number);
	r->bits = bits;
	r->orcpt = 0;
	if (n > 1 && n <= sizeof(t->pool) - t->used) {
		r->orcpt = t->used;
		memcpy(t->pool + t->used, orcpt, n);
		t->used += n;
	}
	t->n++;
}

void
notify_put(struct buf *b, const struct notify *t)
{
	const struct notify_recipient *r;
	const char *orcpt;

	ipc_put_str(b, t->envid, strlen(t->envid));
	ipc_put_u32(b, (uint32_t)t->n);
	for (r = t->v; r < t->v + t->n; r++) {
		orcpt = t->pool + r->orcpt;
		ipc_put_str(b, r->number, strlen(r->number));
		ipc_put_u8(b, r->bits);
		ipc_put_str(b, orcpt, strlen(orcpt));
	}
}

/* Printable ASCII without blanks: it goes into a line of its own. */
static int
is_word(const char *s)
{
	for (; *s > ' ' && *s < 0x7f; s++)
		;
	return *s == '\0';
}

void
notify_get(struct ipc_frame *f, struct notify *t)
{
	char number[NUMBER_SIZE], orcpt[NOTIFY_ORCPT_MAX + 1];
	unsigned bits;
	size_t i, n;

	notify_reset(t);
	ipc_get_str(f, t->envid, NOTIFY_ENVID_MAX);
	n = ipc_get_u32(f);
	if (n > CONFIG_RCPTS_MAX || !is_word(t->envid))
		f->bad = 1;
	for (i = 0; i < n && !f->bad; i++) {
		ipc_get_str(f, number, NUMBER_SIZE - 1);
		bits = ipc_get_u8(f);
		ipc_get_str(f, orcpt, NOTIFY_ORCPT_MAX);
		if (bits == 0 || (bits & ~(unsigned)ALL_BITS) != 0 ||
		    !number_is_valid(number, 1) || !is_word(orcpt))
			f->bad = 1;
		else if (!f->bad)
			notify_add(t, number, bits, orcpt);
	}
}
