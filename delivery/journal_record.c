/*
 * journal_record: a record in memory, and the lines that it is written as:
 *
 *	TIME STATE NAME =ID SUM
 *
 * Where nobody knows the outcome, =TRIES or =TRIES,GATEWAY is in place of =ID:
 * how many tries there were, and where the message may be.  SUM is against
 * accidents, not against intruders.  Of two lines with the same name the last
 * counts.  Where the lines are kept is not known here.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "delivery/journal_record.h"

#define LINE_ROOM JOURNAL_RECORD_LINE
#define TRIES_MAX 999999
#define ID_WORD	  (sizeof("=999999,") + IPC_ID_MAX)

static const char *const words[] = {
	[JOURNAL_NEW] = "new",
	[JOURNAL_SENDING] = "sending",
	[JOURNAL_ACCEPTED] = "accepted",
	[JOURNAL_UNKNOWN] = "unknown",
};
#define NWORDS (sizeof(words) / sizeof(words[0]))

int
journal_record_starts_with_name(const char *s)
{
	size_t i;

	for (i = 0; i < JOURNAL_NAME_MAX; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s[i] != '-')
				return 0;
		} else if (s[i] == '\0' ||
		    strchr("0123456789abcdef", s[i]) == NULL) {
			return 0;
		}
	}
	return 1;
}

int
journal_record_is_name(const char *s)
{
	return journal_record_starts_with_name(s) && s[JOURNAL_NAME_MAX] == '\0';
}

/* ---- lines ---- */

/* FNV-1a, 64 bits. */
static uint64_t
sum(uint64_t h, const char *s)
{
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	return h;
}

static int
is_open_state(enum journal_state s)
{
	return s == JOURNAL_SENDING || s == JOURNAL_UNKNOWN;
}

/* A line with its newline, for this record alone.  Returns its length. */
static size_t
format(const struct journal *j, const struct journal_entry *e,
    char out[LINE_ROOM])
{
	char tries[24 + IPC_ID_MAX + 1] = "";
	uint64_t h;
	int n;

	if (is_open_state(e->state) && e->tries > 0)
		snprintf(tries, sizeof(tries), "%ld%s%s", e->tries,
		    e->id[0] != '\0' ? "," : "", e->id);
	n = snprintf(out, LINE_ROOM, "%lld %s %s =%s", (long long)e->time,
	    words[e->state], e->name,
	    is_open_state(e->state) ? tries : e->id);
	h = sum(sum(0xcbf29ce484222325, j->key), out);
	n += snprintf(out + n, LINE_ROOM - (size_t)n, " %016llx\n",
	    (unsigned long long)h);
	return (size_t)n;
}

/* What is behind the "=": an id, or how many tries and where it may be. */
static void
parse_id(struct journal_entry *e, const char *s)
{
	char *end;

	if (is_open_state(e->state)) {
		e->tries = strtol(s, &end, 10);
		s = *end == ',' ? end + 1 : "";
	}
	/* one that is too long is cut here, and so is not what we would write */
	memcpy(e->id, s, strnlen(s, IPC_ID_MAX));
}

/* A line is right if it is what we would have written. */
static int
parse(const struct journal *j, const char *line, size_t n,
    struct journal_entry *e)
{
	char copy[LINE_ROOM], again[LINE_ROOM], word[10], id[ID_WORD];
	long long when;
	size_t i;

	_Static_assert(ID_WORD == 72 + 1 && JOURNAL_NAME_MAX == 36,
	    "the widths below");
	if (n >= sizeof(copy))
		return -1;
	memcpy(copy, line, n);
	copy[n] = '\0';
	memset(e, 0, sizeof(*e));
	if (sscanf(copy, "%lld %9s %36s %72s", &when, word, e->name,
		id) != 4 || id[0] != '=')
		return -1;
	for (i = 0; i < NWORDS && strcmp(word, words[i]) != 0; i++)
		;
	if (i == NWORDS)
		return -1;
	e->state = (enum journal_state)i;
	e->time = (time_t)when;
	parse_id(e, id + 1);
	if (format(j, e, again) != n || memcmp(line, again, n) != 0)
		return -1;
	return journal_record_is_name(e->name) && ipc_is_id(e->id) ? 0 : -1;
}

/* ---- entries ---- */

static struct journal_entry *
find(const struct journal *j, const char *name)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		if (strcmp(j->entry[i].name, name) == 0)
			return &j->entry[i];
	return NULL;
}

int
journal_record_is_ahead(time_t t)
{
	return t > time(NULL) + JOURNAL_AHEAD;
}

/*
 * In a full record the one that says least makes room: NEW, one of a clock
 * that was ahead, or the oldest.
 */
static struct journal_entry *
oldest(struct journal *j)
{
	struct journal_entry *e = NULL;
	size_t i;

	for (i = 0; i < j->n; i++) {
		if (j->entry[i].dirty)
			continue;
		if (j->entry[i].state == JOURNAL_NEW ||
		    journal_record_is_ahead(j->entry[i].time))
			return &j->entry[i];
		if (e == NULL || j->entry[i].time < e->time)
			e = &j->entry[i];
	}
	if (e == NULL)
		errno = ENOMEM;
	return e;
}

/* The entry of that name, which may be new; NULL with errno. */
static struct journal_entry *
enter(struct journal *j, const char *name)
{
	struct journal_entry *e = find(j, name);
	size_t room;

	if (e != NULL)
		return e;
	if (j->n == JOURNAL_NAMES_MAX) {
		e = oldest(j);
	} else {
		if (j->n == j->room) {
			room = j->room == 0 ? 8 : 2 * j->room;
			e = realloc(j->entry, room * sizeof(*e));
			if (e == NULL)
				return NULL;
			j->entry = e;
			j->room = room;
		}
		e = &j->entry[j->n++];
	}
	if (e != NULL) {
		memset(e, 0, sizeof(*e));
		memcpy(e->name, name, sizeof(e->name));
	}
	return e;
}

size_t
journal_record_count(const struct journal *j)
{
	size_t i, n = 0;

	for (i = 0; i < j->n; i++)
		n += j->entry[i].state != JOURNAL_NEW;
	return n;
}

/* ---- lines in and out ---- */

/* Take one line in; what is no line of ours changes nothing. */
static int
load_line(struct journal *j, const char *line, size_t n)
{
	struct journal_entry got, *e;

	if (parse(j, line, n, &got) == -1)
		return 1;
	if ((e = enter(j, got.name)) == NULL)
		return -1;
	*e = got;
	e->written = 1;
	if (e->state == JOURNAL_SENDING)
		e->state = JOURNAL_UNKNOWN;
	return 0;
}

int
journal_record_load(struct journal *j, const char *p, size_t size)
{
	const char *s = p, *end = p + size, *nl;
	int r;

	for (; (nl = memchr(s, '\n', (size_t)(end - s))) != NULL; s = nl + 1) {
		j->lines++;
		r = load_line(j, s, (size_t)(nl + 1 - s));
		if (r == -1)
			return -1;
		if (r == 0)
			j->end = nl + 1 - p;
	}
	return 0;
}

char *
journal_record_lines(struct journal *j, int all, size_t *size, size_t *lines)
{
	char *p = malloc(j->n * LINE_ROOM + 1);
	const struct journal_entry *e;
	size_t i;

	*size = *lines = 0;
	if (p == NULL)
		return NULL;
	for (i = 0; i < j->n; i++) {
		e = &j->entry[i];
		if (all ? e->state != JOURNAL_NEW : e->dirty) {
			*size += format(j, e, p + *size);
			++*lines;
		}
	}
	return p;
}

/* ---- reading and noting ---- */

enum journal_state
journal_find(const struct journal *j, const char *name, time_t since,
    char id[IPC_ID_MAX + 1])
{
	const struct journal_entry *e = find(j, name);

	id[0] = '\0';
	if (e == NULL || (since != 0 && (e->time < since ||
	    journal_record_is_ahead(e->time))))
		return JOURNAL_NEW;
	if (e->state != JOURNAL_NEW)
		memcpy(id, e->id, sizeof(e->id));
	return e->state;
}

long
journal_tries(const struct journal *j, const char *name)
{
	const struct journal_entry *e = find(j, name);

	if (e == NULL || !is_open_state(e->state))
		return 0;
	return e->tries > 0 ? e->tries : 1; /* 0: a line without a number */
}

void
journal_forget(struct journal *j, const char *name)
{
	struct journal_entry *e = find(j, name);

	if (e == NULL)
		return;
	e->state = JOURNAL_NEW;
	e->tries = 0;
	e->id[0] = '\0';
	e->dirty = e->written;
}

/* What a new state makes of the tries that may have been taken. */
static void
set_state(struct journal_entry *e, enum journal_state state, long tries)
{
	e->tries = 0;
	switch (state) {
	case JOURNAL_SENDING:
		e->tries = tries < TRIES_MAX ? tries + 1 : tries;
		break;
	case JOURNAL_UNKNOWN:
		e->tries = tries > 0 ? tries : 1;
		break;
	case JOURNAL_NEW:
		/* the last one was not; of those before nobody knows */
		e->tries = tries > 1 ? tries - 1 : 0;
		state = e->tries > 0 ? JOURNAL_UNKNOWN : JOURNAL_NEW;
		break;
	case JOURNAL_ACCEPTED:
		break;
	}
	e->state = state;
}

int
journal_note(struct journal *j, const char *name, enum journal_state state,
    const char *id)
{
	struct journal_entry *e;

	if (id == NULL)
		id = "";
	if (!journal_record_is_name(name) || !ipc_is_id(id)) {
		errno = EINVAL;
		return -1;
	}
	if ((e = enter(j, name)) == NULL)
		return -1;
	set_state(e, state, journal_tries(j, name));
	e->time = time(NULL);
	/* while nobody knows, the gateway that may have it stays named */
	if (!is_open_state(e->state) ||
	    (state == JOURNAL_UNKNOWN && id[0] != '\0'))
		memcpy(e->id, id, strlen(id) + 1);
	e->dirty = e->state != JOURNAL_NEW || e->written;
	return 0;
}

void
journal_record_free(struct journal *j)
{
	free(j->entry);
	j->entry = NULL;
	j->n = j->room = 0;
}
