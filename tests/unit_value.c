/*
 * value: the journal's small values in a folder: what is written is read
 * again, none of several writers undoes another's, and time removes them.
 */
#include <sys/wait.h>

#include <dirent.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

static long ahead;	/* seconds that the clock is ahead */

#define time(p) (time(p) + ahead)
#include "delivery/journal_record.c"
#include "delivery/journal_value.c"
#undef time

#define A "0a1c07d6-2b8f-4f0a-9d51-3c1a648bee02"
#define B "0b1c07d6-2b8f-4f0a-9d51-3c1a648bee02"
#define C "0c1c07d6-2b8f-4f0a-9d51-3c1a648bee02"

#define WRITERS 4
#define ADDS	100

static char dir[] = "/tmp/smtp2sms-unit-value-XXXXXX";

/* Write text (NULL: remove) over that revision; what put returned. */
static int
put(const char *name, uint64_t revision, const char *text,
    struct journal_value *v)
{
	const struct journal_change c = {
		.kind = JOURNAL_RATE, .name = name, .revision = revision,
		.text = text, .n = text == NULL ? 0 : strlen(text),
		.keep = 600, .durable = 1,
	};

	return journal_value_put(dir, &c, v);
}

static const char *
get(const char *name)
{
	static struct journal_value v;

	if (journal_value_get(dir, JOURNAL_RATE, name, &v) == -1)
		return "failed";
	return v.revision == 0 ? "none" : v.text;
}

static void
test_swap(void)
{
	struct journal_value v, old;

	tap_is(get(A), "none", "there is no value at first");
	tap_ok(put(A, 0, "one", &v) == 0 && v.revision != 0, "it is made");
	tap_is(v.text, "one", "and told");
	old = v;
	tap_is(get(A), "one", "it is read again");
	tap_ok(put(A, 0, "two", &v) == 2, "it cannot be made twice");
	tap_is(v.text, "one", "who tries is told what there is");
	tap_ok(put(A, old.revision, "three", &v) == 0 &&
	    v.revision != old.revision, "it is replaced by who has read it");
	tap_ok(put(A, old.revision, "four", &v) == 2, "but not by others");
	tap_is(get(A), "three", "it stays");
	tap_ok(put(A, v.revision, NULL, &v) == 0 && v.revision == 0,
	    "it is removed");
	tap_is(get(A), "none", "and gone");
	tap_ok(put(A, old.revision, "five", &v) == 2, "what is gone has no "
	    "revision");
}

static void
test_octets(void)
{
	static char text[JOURNAL_VALUE_MAX + 1];
	struct journal_change c = {.kind = JOURNAL_REPLY, .name = A,
	    .text = text, .n = JOURNAL_VALUE_MAX, .keep = 600};
	struct journal_value v;

	memset(text, '\n', sizeof(text));
	text[7] = '\0';
	tap_ok(journal_value_put(dir, &c, &v) == 0 &&
	    journal_value_get(dir, JOURNAL_REPLY, A, &v) == 0 &&
	    v.n == c.n && memcmp(v.text, text, c.n) == 0,
	    "%d octets of any kind", JOURNAL_VALUE_MAX);
	c.n++;
	tap_ok(journal_value_put(dir, &c, &v) == -1, "one more is too long");
	c.n = 0;
	c.revision = v.revision;
	c.name = "../../../../../../../../../../../etc";
	tap_ok(journal_value_put(dir, &c, &v) == -1 &&
	    journal_value_get(dir, JOURNAL_REPLY, c.name, &v) == -1,
	    "a name that is no UUID");
	tap_is(get(A), "none", "another kind has its own values");
}

static void
test_next(void)
{
	struct journal_value v;

	put(B, 0, "b", &v);
	put(A, 0, "a", &v);
	put(C, 0, "c", &v);
	journal_value_next(dir, JOURNAL_RATE, "", &v);
	tap_is(v.name, A, "the first by name");
	journal_value_next(dir, JOURNAL_RATE, A, &v);
	tap_ok(strcmp(v.name, B) == 0 && strcmp(v.text, "b") == 0,
	    "the one behind it");
	journal_value_next(dir, JOURNAL_RATE, C, &v);
	tap_ok(v.revision == 0, "there are no more");
	tap_ok(journal_value_next(dir, JOURNAL_RECEIPT, "", &v) == 0 &&
	    v.revision == 0, "of this kind there are none at all");
}

static void
test_time(void)
{
	struct journal_value v;
	char path[sizeof(dir) + 64];

	snprintf(path, sizeof(path), "%s/rate/%s", dir, A);
	journal_value_prune(dir);
	ahead = 599;
	tap_is(get(A), "a", "a value is kept");
	ahead = 601;
	tap_is(get(A), "none", "until its time is over");
	journal_value_next(dir, JOURNAL_RATE, "", &v);
	tap_ok(v.revision == 0, "then it is not counted, either");
	tap_ok(access(path, F_OK) == 0, "its file is there");
	ahead = PRUNE_TIME + 601;
	journal_value_prune(dir);
	tap_ok(access(path, F_OK) == -1, "until it is pruned");
	ahead = 0;
}

/* Add 1 to the counter B, ADDS times. */
static int
count(void)
{
	struct journal_value v;
	char text[24];
	int i, r;

	for (i = 0; i < ADDS; i++) {
		if (journal_value_get(dir, JOURNAL_RATE, B, &v) == -1)
			return 1;
		do {
			snprintf(text, sizeof(text), "%d", atoi(v.text) + 1);
			r = put(B, v.revision, text, &v);
			if (r == 1)
				journal_value_get(dir, JOURNAL_RATE, B, &v);
		} while (r > 0);
		if (r == -1)
			return 1;
	}
	return 0;
}

static void
test_writers(void)
{
	struct journal_value v;
	int i, status, bad = 0;
	char want[24];

	journal_value_get(dir, JOURNAL_RATE, B, &v);
	put(B, v.revision, "0", &v);
	fflush(stdout);
	for (i = 0; i < WRITERS; i++)
		if (fork() == 0)
			_exit(count());
	while (wait(&status) != -1)
		bad |= status;
	snprintf(want, sizeof(want), "%d", WRITERS * ADDS);
	tap_ok(!bad, "%d processes add to a counter", WRITERS);
	tap_is(get(B), want, "none of them is lost");
}

int
main(void)
{
	char command[sizeof(dir) + 16];

	if (mkdtemp(dir) == NULL)
		return 1;
	test_swap();
	test_octets();
	test_next();
	test_time();
	test_writers();
	tap_ok(journal_value_get("/nowhere", JOURNAL_RATE, A,
	    &(struct journal_value){0}) == -1, "a folder that is not there");
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		return 1;
	return tap_done();
}
