/*
 * fuzz_journal: the lines of a record are read once more by a slow reader,
 * after the head of journal_record.c; both must agree on what is known of
 * each recipient.  What is written of them says the same when it is read.
 * A fuzzer does not hit upon a checksum: a "!" at the end of a line stands
 * for the right one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/journal_record.h"

#define HOLDS(x) do { if (!(x)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, \
	__LINE__, #x); abort(); } } while (0)

#define KEY   "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
#define LINES 256	/* of one input */

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct line {
	long long time;
	enum journal_state state;
	char name[JOURNAL_NAME_MAX + 1], id[IPC_ID_MAX + 1];
	long tries;
};

static struct line lines[LINES];
static size_t nlines;

/* ---- the slow reader ---- */

/* FNV-1a (draft-eastlake-fnv), of the record's key and the line. */
static void
checksum(const char *s, size_t n, char out[17])
{
	uint64_t h = 14695981039346656037U;
	const char *k;

	for (k = KEY; *k != '\0'; k++) {
		h ^= (unsigned char)*k;
		h *= 1099511628211U;
	}
	for (; n > 0; n--) {
		h ^= (unsigned char)*s++;
		h *= 1099511628211U;
	}
	snprintf(out, 17, "%016llx", (unsigned long long)h);
}

/* A number as printf(3) writes it. */
static int
is_number(const char *s)
{
	char again[32];

	snprintf(again, sizeof(again), "%lld", strtoll(s, NULL, 10));
	return strcmp(s, again) == 0;
}

static int
is_uuid(const char *s)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	if (strlen(s) != strlen(form))
		return 0;
	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == '-' ? s[i] != '-' :
		    (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f'))
			return 0;
	return 1;
}

static int
read_state(const char *s, enum journal_state *state)
{
	static const char *const words[] = {"new", "sending", "accepted",
	    "unknown"};
	size_t i;

	for (i = 0; i < 4; i++)
		if (strcmp(s, words[i]) == 0) {
			*state = (enum journal_state)i;
			return 0;
		}
	return -1;
}

/* The five words of a line; 0, or -1: it is none. */
static int
read_words(char *word[5], struct line *l)
{
	char *comma;
	int is_open;

	if (!is_number(word[0]) || read_state(word[1], &l->state) == -1 ||
	    !is_uuid(word[2]) || word[3][0] != '=')
		return -1;
	is_open = l->state == JOURNAL_SENDING || l->state == JOURNAL_UNKNOWN;
	comma = is_open ? strchr(word[3], ',') : word[3];
	if (comma != NULL && (strlen(comma + 1) > IPC_ID_MAX ||
	    !ipc_is_id(comma + 1) || (is_open && comma[1] == '\0')))
		return -1;
	if (strlen(word[3]) > strlen("=999999,") + IPC_ID_MAX)
		return -1;
	strcpy(l->id, comma != NULL ? comma + 1 : "");
	if (is_open && comma != NULL)
		*comma = '\0';
	if (is_open && (comma != NULL || word[3][1] != '\0') &&
	    (!is_number(word[3] + 1) || word[3][1] == '-' ||
	    word[3][1] == '0'))
		return -1;
	l->time = strtoll(word[0], NULL, 10);
	strcpy(l->name, word[2]);
	l->tries = is_open ? strtol(word[3] + 1, NULL, 10) : 0;
	if (is_open && l->tries == 0)
		l->tries = 1;
	if (l->state == JOURNAL_SENDING)
		l->state = JOURNAL_UNKNOWN;
	return 0;
}

static void
read_line(const char *s, size_t n)
{
	char copy[JOURNAL_RECORD_LINE], want[17], *word[5], *rest = copy;
	size_t i;

	if (n + 1 >= sizeof(copy) || memchr(s, '\0', n) != NULL)
		return;
	memcpy(copy, s, n);
	copy[n] = '\0';
	for (i = 0; i < 5; i++)
		if ((word[i] = strsep(&rest, " ")) == NULL)
			return;
	if (rest != NULL)
		return;
	checksum(s, (size_t)(word[4] - copy) - 1, want);
	if (strcmp(word[4], want) == 0 && read_words(word, &lines[nlines]) == 0)
		nlines++;
}

/* ---- both ---- */

/* What the last line with this name says is what the record says. */
static void
compare(const struct journal *j)
{
	char id[IPC_ID_MAX + 1];
	const struct line *l;
	size_t i, k;

	for (i = 0; i < nlines; i++) {
		for (l = &lines[i], k = i + 1; k < nlines; k++)
			if (strcmp(lines[k].name, l->name) == 0)
				l = &lines[k];
		HOLDS(journal_find(j, l->name, 0, id) == l->state);
		HOLDS(strcmp(id, l->state != JOURNAL_NEW ? l->id : "") == 0);
		HOLDS(journal_tries(j, l->name) == l->tries);
		HOLDS(journal_find(j, l->name, (time_t)4102444800, id) ==
		    JOURNAL_NEW);
	}
	for (i = 0; i < j->n; i++) {
		for (k = 0; k < nlines; k++)
			if (strcmp(lines[k].name, j->entry[i].name) == 0)
				break;
		HOLDS(k < nlines);
	}
}

/* Written and read again, it says the same. */
static void
write_again(struct journal *j)
{
	struct journal k = {.key = KEY};
	char id[IPC_ID_MAX + 1], other[IPC_ID_MAX + 1], *all;
	size_t size, count, i;

	HOLDS((all = journal_record_lines(j, 1, &size, &count)) != NULL);
	HOLDS(count == journal_record_count(j));
	HOLDS(journal_record_load(&k, all, size) == 0);
	HOLDS(k.lines == count && (size_t)k.end == size && k.n == count);
	for (i = 0; i < j->n; i++) {
		HOLDS(journal_find(j, j->entry[i].name, 0, id) ==
		    journal_find(&k, j->entry[i].name, 0, other));
		HOLDS(strcmp(id, other) == 0 &&
		    journal_tries(j, j->entry[i].name) ==
		    journal_tries(&k, j->entry[i].name));
	}
	journal_record_free(&k);
	free(all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 17 * LINES + 1), *out = text, *begin = text;
	struct journal j = {.key = KEY};
	size_t i, count = 0, before;
	off_t end = 0;	/* of the last line that is right */

	HOLDS(text != NULL);
	nlines = 0;
	for (i = 0; i < n && count < LINES; i++) {
		if (data[i] != '\n') {
			*out++ = (char)data[i];
			continue;
		}
		if (out - begin >= 2 && out[-1] == '!') {
			checksum(begin, (size_t)(out - begin) - 2, out - 1);
			out += 15;
		}
		*out = '\n';
		before = nlines;
		read_line(begin, (size_t)(out - begin));
		begin = ++out;
		if (nlines > before)
			end = out - text;
		count++;
	}
	HOLDS(journal_record_load(&j, text, (size_t)(out - text)) == 0);
	HOLDS(j.lines == count && j.end == end);
	compare(&j);
	write_again(&j);
	journal_record_free(&j);
	free(text);
	return 0;
}
