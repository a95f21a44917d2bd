/*
 * note: names by HMAC, and values that are put whatever they were.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/digest.h"
#include "delivery/journal_file.h"
#include "delivery/note.h"

#define PUT_TRIES 8	/* if others change the same note meanwhile */

int
notes_open(struct notes *s, const char *dir)
{
	s->dir = dir;
	return journal_file_read_key(dir, &s->key);
}

void
notes_close(struct notes *s)
{
	explicit_bzero(s, sizeof(*s));
}

static void
put_part(struct digest_hmac *h, const char *s)
{
	uint64_t n = strlen(s);

	digest_hmac_put(h, &n, sizeof(n));
	digest_hmac_put(h, s, (size_t)n);
}

/* 32 digits as 8-4-4-4-12. */
static void
as_uuid(const char *digits, char name[NOTE_NAME_SIZE])
{
	size_t i, n = 0;

	for (i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			name[n++] = '-';
		name[n++] = digits[i];
	}
	name[n] = '\0';
}

void
note_name(const struct journal_key *key, const char *kind,
    const char *const part[], size_t n, char name[NOTE_NAME_SIZE])
{
	char digits[2 * DIGEST_MAX + 1];
	unsigned char out[DIGEST_MAX];
	struct digest_hmac h;
	size_t i;

	digest_hmac_begin(&h, DIGEST_SHA256, key->inner, sizeof(key->inner));
	put_part(&h, "note");
	put_part(&h, kind);
	for (i = 0; i < n; i++)
		put_part(&h, part[i]);
	digest_hmac_end(&h, out);
	digest_hex(out, sizeof(out), digits);
	as_uuid(digits, name);
}

/* 0 and what is there; or -1 with errno. */
static int
get(const struct notes *s, const char *name, struct journal_value *v)
{
	int r = journal_value_get(s->dir, JOURNAL_REPLY, name, v);

	if (r == 1)
		errno = EBUSY;
	return r == 0 ? 0 : -1;
}

/* As journal_value_put; text is NULL: remove it. */
static int
change(const struct notes *s, const char *name, const char *text, long life,
    int durable, struct journal_value *v)
{
	const struct journal_change c = {.kind = JOURNAL_REPLY, .name = name,
	    .revision = v->revision, .text = text,
	    .n = text != NULL ? strlen(text) : 0, .keep = life,
	    .durable = durable};
	int r = journal_value_put(s->dir, &c, v);

	if (r == 1)
		errno = EBUSY;
	return r;
}

static int
change_any(const struct notes *s, const char *name, const char *text,
    long life, int durable)
{
	struct journal_value v;
	int i, r = get(s, name, &v) == 0 ? 2 : -1;

	for (i = 0; r == 2 && i < PUT_TRIES; i++)
		r = change(s, name, text, life, durable, &v);
	if (r == 2)
		errno = EBUSY;
	return r == 0 ? 0 : -1;
}

int
note_get(const struct notes *s, const char *name,
    char out[JOURNAL_VALUE_MAX + 1])
{
	struct journal_value v;

	out[0] = '\0';
	if (get(s, name, &v) == -1)
		return -1;
	if (v.revision == 0)
		return 0;
	memcpy(out, v.text, v.n + 1);
	return 1;
}

int
note_put(const struct notes *s, const char *name, const char *text, long life,
    int durable)
{
	return change_any(s, name, text, life, durable);
}

int
note_claim(const struct notes *s, const char *name, const char *text,
    long life)
{
	struct journal_value v;
	int r;

	if (get(s, name, &v) == -1)
		return -1;
	if (v.revision != 0)
		return 1;
	r = change(s, name, text, life, 1, &v);
	return r == 2 ? 1 : r == 0 ? 0 : -1;
}

int
note_drop(const struct notes *s, const char *name)
{
	return change_any(s, name, NULL, 0, 0);
}
