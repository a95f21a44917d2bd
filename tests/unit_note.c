/*
 * note: what is written is read again until its life is over; of many that
 * claim a name one gets it, whoever dies.
 */
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delivery/note.h"
#include "tap.h"

#define CLAIMS 200
#define PROCESSES 8

static char dir[] = "/tmp/smtp2sms-note.XXXXXX";

static const char *
name_of(const struct notes *s, const char *kind, const char *a, const char *b)
{
	static char name[2][NOTE_NAME_SIZE];
	static int turn;
	const char *part[2] = {a, b};

	turn = !turn;
	note_name(&s->key, kind, part, 2, name[turn]);
	return name[turn];
}

static void
names(const struct notes *s)
{
	char a[NOTE_NAME_SIZE];

	snprintf(a, sizeof(a), "%s", name_of(s, "k", "1", "2"));
	tap_ok(strlen(a) == NOTE_NAME_SIZE - 1, "a name has its length");
	tap_is(name_of(s, "k", "1", "2"), a, "the same parts, the same name");
	tap_ok(strcmp(name_of(s, "k", "12", ""), a) != 0,
	    "parts are not run together");
	tap_ok(strcmp(name_of(s, "l", "1", "2"), a) != 0, "nor kinds");
}

static void
reading(const struct notes *s)
{
	char got[JOURNAL_VALUE_MAX + 1], large[JOURNAL_VALUE_MAX + 2];
	const char *name = name_of(s, "read", "x", "");

	tap_ok(note_get(s, name, got) == 0, "nothing is there");
	tap_is(got, "", "and nothing is read");
	tap_ok(note_put(s, name, "one", 60, 1) == 0, "put");
	tap_ok(note_get(s, name, got) == 1, "it is there");
	tap_is(got, "one", "as it was put");
	tap_ok(note_put(s, name, "2", 60, 1) == 0, "put in its place");
	note_get(s, name, got);
	tap_is(got, "2", "the later one, and all of it");
	memset(large, 'x', sizeof(large));
	large[JOURNAL_VALUE_MAX + 1] = '\0';
	errno = 0;
	tap_ok(note_put(s, name, large, 60, 1) == -1 && errno == EINVAL,
	    "one that is too long");
	large[JOURNAL_VALUE_MAX] = '\0';
	tap_ok(note_put(s, name, large, 60, 1) == 0, "the longest");
	tap_ok(note_get(s, name, got) == 1 && strcmp(got, large) == 0,
	    "is read");
	tap_ok(note_drop(s, name) == 0 && note_get(s, name, got) == 0,
	    "dropped");
	tap_ok(note_drop(s, name) == 0, "dropped again");
}

static void
lives(const struct notes *s)
{
	char got[JOURNAL_VALUE_MAX + 1];
	const char *name = name_of(s, "life", "x", "");

	note_put(s, name, "short", 0, 1);
	tap_ok(note_get(s, name, got) == 0, "its life is over");
	tap_ok(note_claim(s, name, "mine", 60) == 0,
	    "the name is free for a claim");
	tap_ok(note_claim(s, name, "yours", 60) == 1, "and then it is not");
	note_get(s, name, got);
	tap_is(got, "mine", "the first claim stays");
}

static int
claim_all(const struct notes *s)
{
	char number[16];
	int i, r, got = 0;

	for (i = 0; i < CLAIMS; i++) {
		snprintf(number, sizeof(number), "%d", i);
		do
			r = note_claim(s, name_of(s, "race", number, ""), "x",
			    60);
		while (r == -1 && errno == EBUSY);
		got += r == 0;
	}
	return got;
}

static void
races(const struct notes *s)
{
	int fd[2], i, got, all = 0;

	if (pipe(fd) == -1)
		return;
	for (i = 0; i < PROCESSES; i++)
		if (fork() == 0) {
			got = claim_all(s);
			_exit(write(fd[1], &got, sizeof(got)) == -1);
		}
	for (i = 0; i < PROCESSES; i++)
		if (read(fd[0], &got, sizeof(got)) == sizeof(got))
			all += got;
	while (wait(NULL) > 0)
		;
	tap_ok(all == CLAIMS, "%d of %d claims, by %d processes", all, CLAIMS,
	    PROCESSES);
}

/* A writer that is killed leaves the old one or the new one. */
static void
deaths(const struct notes *s)
{
	const char *name = name_of(s, "death", "", "");
	char got[JOURNAL_VALUE_MAX + 1];
	int i, whole = 0;
	pid_t pid;

	note_put(s, name, "0", 60, 1);
	for (i = 0; i < 20; i++) {
		if ((pid = fork()) == 0)
			for (;;)
				note_put(s, name, i % 2 ? "odd" : "even", 60, 1);
		usleep(1000U * (unsigned)(i % 5));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		whole += note_get(s, name, got) == 1 &&
		    (strcmp(got, "odd") == 0 || strcmp(got, "even") == 0 ||
			strcmp(got, "0") == 0);
	}
	tap_ok(whole == 20, "whoever is killed, the note is whole");
	tap_ok(note_put(s, name, "last", 60, 1) == 0, "and nobody is locked out");
}

int
main(void)
{
	struct notes s;
	char command[100];

	if (mkdtemp(dir) == NULL)
		return 1;
	tap_ok(notes_open(&s, "/nonexistent") == -1, "no such folder");
	tap_ok(notes_open(&s, dir) == 0, "open");
	names(&s);
	reading(&s);
	lives(&s);
	races(&s);
	deaths(&s);
	notes_close(&s);
	tap_ok(s.dir == NULL, "closed");
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) != 0 || tap_done();
}
