/*
 * confine: what smtp2sms-hook can do in its sandbox, and what it cannot.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delivery/note.h"
#include "hook/confine.h"
#include "tap.h"

static char dir[] = "/tmp/smtp2sms-confine.XXXXXX";

static int
can_run(void)
{
	char program[] = "/bin/true";
	char *argv[] = {program, NULL}, *env[] = {NULL};

	return execve(program, argv, env) == 0; /* or it never returns */
}

/* What is said here is told by a process that then ends. */
static void
inside(const struct notes *notes)
{
	static const char name[] = "01234567-89ab-cdef-0123-456789abcdef";
	char got[JOURNAL_VALUE_MAX + 1];

	tap_ok(note_get(notes, name, got) == 0, "no note is there");
	tap_ok(note_claim(notes, name, "one", 60) == 0, "claim");
	tap_ok(note_put(notes, name, "two", 60, 1) == 0, "put");
	tap_ok(note_get(notes, name, got) == 1 && strcmp(got, "two") == 0,
	    "get");
	tap_ok(note_drop(notes, name) == 0, "drop");
	tap_ok(open("/etc/passwd", O_RDONLY) == -1, "no other file");
	tap_ok(open("/tmp/smtp2sms-confine", O_WRONLY | O_CREAT, 0600) == -1,
	    "none is made");
	tap_ok(socket(AF_INET, SOCK_STREAM, 0) == -1, "no socket");
	tap_ok(socket(AF_UNIX, SOCK_STREAM, 0) == -1, "of no kind");
	tap_ok(fork() == -1, "no process");
	tap_ok(!can_run(), "no program");
	tap_ok(kill(getppid(), 0) == -1, "no signals");
	exit(tap_done());
}

int
main(void)
{
	struct notes notes;
	char command[100];
	int status = 1;

	if (mkdtemp(dir) == NULL || notes_open(&notes, dir) == -1)
		return 1;
	if (fork() == 0) {
		if (confine_enter(0, dir) == -1) {
			printf("1..0 # SKIP no sandbox: %s\n",
			    strerror(errno));
			exit(0);
		}
		inside(&notes);
	}
	wait(&status);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) != 0 || status != 0;
}
