/*
 * journal: what is noted is found again, by whoever asks, however its
 * writer ended.  Its files are included so that each of their system calls is
 * a step at which it can be made to fail or to die.
 */
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define FDS_MAX 64

/* ---- the steps ---- */

static time_t ahead;			/* seconds that the clock is wrong */
static int steps, fail_at, die_at;	/* 0: never */
static void (*meanwhile)(void);		/* what another does at each step */
static int skip_steps;			/* ... but for the first of them */
static int fail_syncs;
static int unsynced[FDS_MAX];		/* by descriptor */
static int folder_unsynced;

static int
step(void)
{
	void (*act)(void) = meanwhile;

	steps++;
	if (act != NULL && skip_steps-- <= 0) {
		meanwhile = NULL; /* its own steps are its own */
		act();
		meanwhile = act;
	}
	if (steps == die_at)
		raise(SIGKILL);
	if (steps == fail_at) {
		errno = EIO;
		return -1;
	}
	return 0;
}

/* It dies, or fails, when half is written. */
static ssize_t
write_step(int fd, const void *p, size_t n, off_t at)
{
	unsynced[fd] = 1;
	if (steps + 1 == die_at || steps + 1 == fail_at)
		if (pwrite(fd, p, n / 2, at) == -1)
			abort();
	return step() == -1 ? -1 : pwrite(fd, p, n, at);
}

static int
sync_step(int fd)
{
	struct stat st;

	if (step() == -1)
		return -1;
	if (fail_syncs) {
		errno = EIO;
		return -1;
	}
	unsynced[fd] = 0;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		folder_unsynced = 0;
	return fsync(fd);
}

static int
open_step(int folder, const char *name, int flags, mode_t mode)
{
	if (step() == -1)
		return -1;
	if ((flags & O_CREAT) != 0 && faccessat(folder, name, F_OK, 0) == -1)
		folder_unsynced = 1;
	return openat(folder, name, flags, mode);
}

static int
rename_step(int from, const char *old, int to, const char *new)
{
	folder_unsynced = 1;
	return step() == -1 ? -1 : renameat(from, old, to, new);
}

static int
unlink_step(int folder, const char *name, int flags)
{
	return step() == -1 ? -1 : unlinkat(folder, name, flags);
}

static int
stat_step(int fd, struct stat *st)
{
	return step() == -1 ? -1 : fstat(fd, st);
}

static int
lock_step(int fd, int how)
{
	return step() == -1 ? -1 : flock(fd, how);
}

/* A close that fails has closed all the same. */
static int
close_step(int fd)
{
	int r = close(fd);

	return step() == -1 ? -1 : r;
}

#define OPEN_ARG(a, b, c, d, ...) open_step(a, b, c, d)
#define openat(...) OPEN_ARG(__VA_ARGS__, 0, 0)
#define open(name, flags) open_step(AT_FDCWD, name, flags, 0)
#define mkdirat(a, b, c) (step() == -1 ? -1 : mkdirat(a, b, c))
#define flock(fd, how) lock_step(fd, how)
#define fstat(fd, st) stat_step(fd, st)
#define fstatat(a, b, c, d) (step() == -1 ? -1 : fstatat(a, b, c, d))
#define pread(a, b, c, d) (step() == -1 ? -1 : pread(a, b, c, d))
#define pwrite(a, b, c, d) write_step(a, b, c, d)
#define ftruncate(fd, n) (step() == -1 ? -1 : ftruncate(fd, n))
#define fsync(fd) sync_step(fd)
#define renameat(a, b, c, d) rename_step(a, b, c, d)
#define unlinkat(a, b, c) unlink_step(a, b, c)
#define close(fd) close_step(fd)
#define linkat(a, b, c, d, e) (step() == -1 ? -1 : linkat(a, b, c, d, e))
#define time(p) (time(p) + ahead)

#include "delivery/journal_record.c"
#include "delivery/journal_file.c"

#undef openat
#undef open
#undef fstatat
#undef fstat
#undef flock
#undef close
#undef unlinkat
#undef time

/* ---- helpers ---- */

#define KEY   "5e1c07d6-2b8f-4f0a-9d51-3c1a648bee02"
#define OTHER "5e1c07d6-2b8f-4f0a-9d51-3c1a648bee03"
#define A     "0a1c07d6-2b8f-4f0a-9d51-3c1a648bee02"
#define B     "0b1c07d6-2b8f-4f0a-9d51-3c1a648bee02"
#define C     "0c1c07d6-2b8f-4f0a-9d51-3c1a648bee02"

static char dir[] = "/tmp/smtp2sms-unit-journal-XXXXXX";
static char path[sizeof(dir) + 64];	/* of KEY's record */
static const char *const names[] = {A, B, C};

static void
empty(void)
{
	char command[sizeof(dir) + 32];

	snprintf(command, sizeof(command), "rm -rf %s/*", dir);
	if (system(command) != 0)
		abort();
}

/* A state with an id; "sending", "accepted id-1"... as words. */
static const char *
look(const struct journal *j, const char *name, time_t since)
{
	static char out[8][128];
	static int turn;
	char id[IPC_ID_MAX + 1], *p = out[turn++ % 8];
	enum journal_state s = journal_find(j, name, since, id);

	snprintf(p, sizeof(out[0]), "%s%s%s", words[s],
	    id[0] != '\0' ? " " : "", id);
	return p;
}

/* The same, of KEY's record, which nobody has. */
static const char *
reread(const char *name)
{
	struct journal j;
	const char *s;
	int r;

	if ((r = journal_file_open(&j, dir, KEY)) != 0)
		return r == 1 ? "busy" : strerror(errno);
	s = look(&j, name, 0);
	journal_file_close(&j);
	return s;
}

/* Note and commit one state. */
static int
put(struct journal *j, const char *name, enum journal_state s,
    const char *id)
{
	return journal_note(j, name, s, id) == 0 ? journal_file_commit(j) : -1;
}

/* Open KEY's record, note, commit, close. */
static int
put_one(const char *name, enum journal_state s, const char *id)
{
	struct journal j;
	int r;

	if ((r = journal_file_open(&j, dir, KEY)) != 0)
		return -1;
	r = put(&j, name, s, id);
	journal_file_close(&j);
	return r;
}

static char *
slurp(size_t *n)
{
	static char p[65536];
	FILE *f = fopen(path, "r");

	*n = f == NULL ? 0 : fread(p, 1, sizeof(p), f);
	if (f != NULL)
		fclose(f);
	return p;
}

static void
spill(const char *p, size_t n)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fwrite(p, 1, n, f) != n || fclose(f) != 0)
		abort();
}

static int
exists(const char *what)
{
	return access(what, F_OK) == 0;
}

static int
count_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < FDS_MAX; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

/* Run it in a process of its own; its status is what it returns. */
static pid_t
begin(int (*what)(int), int arg)
{
	pid_t pid;

	fflush(stdout);
	if ((pid = fork()) == -1)
		abort();
	if (pid == 0)
		_exit(what(arg));
	return pid;
}

static int
end(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* ---- tests ---- */

static void
test_states(void)
{
	struct journal j;

	tap_ok(journal_file_open(&j, dir, KEY) == 0, "a record that is new");
	tap_is(look(&j, A, 0), "new", "knows nobody");
	tap_ok(journal_note(&j, A, JOURNAL_SENDING, NULL) == 0 &&
	    journal_note(&j, B, JOURNAL_SENDING, NULL) == 0 &&
	    journal_file_commit(&j) == 0, "two are on their way");
	tap_is(look(&j, A, 0), "sending", "for the one who sends");
	tap_ok(put(&j, A, JOURNAL_ACCEPTED, "id-1") == 0, "one has arrived");
	journal_file_close(&j);
	tap_is(reread(A), "accepted id-1", "the next session knows it");
	tap_is(reread(B), "unknown", "and that of the other nothing is known");
	tap_ok(put_one(B, JOURNAL_NEW, NULL) == 0, "it was not taken");
	tap_is(reread(B), "new", "so all begins anew");
	tap_is(reread(A), "accepted id-1", "for this one alone");
	put_one(C, JOURNAL_UNKNOWN, NULL);
	tap_is(reread(C), "unknown", "UNKNOWN is kept");
	put_one(C, JOURNAL_ACCEPTED, NULL);
	tap_is(reread(C), "accepted", "a gateway may give no id");
}

/* The gateway that may have it, for as long as nobody knows. */
static void
test_named(void)
{
	char longest[IPC_ID_MAX + 1], want[IPC_ID_MAX + 16];
	struct journal j;

	empty();
	put_one(A, JOURNAL_SENDING, "");
	put_one(A, JOURNAL_UNKNOWN, "one");
	tap_is(reread(A), "unknown one", "UNKNOWN is kept with its gateway");
	put_one(A, JOURNAL_SENDING, "");
	tap_is(reread(A), "unknown one", "also if the retry came no further");
	put_one(A, JOURNAL_NEW, "");
	tap_is(reread(A), "unknown one", "or was certainly not taken");
	put_one(A, JOURNAL_SENDING, "");
	put_one(A, JOURNAL_UNKNOWN, "");
	tap_is(reread(A), "unknown one", "or is at a gateway without a name");
	put_one(A, JOURNAL_SENDING, "");
	put_one(A, JOURNAL_UNKNOWN, "two");
	tap_is(reread(A), "unknown two", "the last one counts");
	journal_file_open(&j, dir, KEY);
	tap_ok(journal_tries(&j, A) == 3, "the tries are counted as well");
	journal_forget(&j, A);
	put(&j, A, JOURNAL_SENDING, "");
	tap_is(look(&j, A, 0), "sending", "forgotten, with its gateway");
	put(&j, A, JOURNAL_ACCEPTED, "id-1");
	journal_file_close(&j);
	tap_is(reread(A), "accepted id-1", "an id takes its place");
	memset(longest, 'x', IPC_ID_MAX);
	longest[IPC_ID_MAX] = '\0';
	journal_file_open(&j, dir, KEY);
	put(&j, B, JOURNAL_UNKNOWN, longest);
	j.entry[1].tries = TRIES_MAX;
	j.entry[1].dirty = 1;
	journal_file_commit(&j);
	journal_file_close(&j);
	snprintf(want, sizeof(want), "unknown %s", longest);
	tap_is(reread(B), want, "the longest name, and the most tries");
}

/* Lines of versions that named no gateway, or did not count. */
static void
test_older(void)
{
	static const char *const bad[] = {"3,", "0,one", "-1,one", "3,a,b",
	    "3one", "+3", "03"};
	struct journal j = {.key = KEY};
	char head[LINE_ROOM], text[LINE_ROOM + 20];
	size_t i;
	int good = 1;

	for (i = 0; i < 9; i++) {
		snprintf(head, sizeof(head), "1700000000 unknown %s =%s",
		    i == 7 ? A : B, i < 7 ? bad[i] : i == 7 ? "" : "3");
		snprintf(text, sizeof(text), "%s %016llx\n", head,
		    (unsigned long long)sum(sum(0xcbf29ce484222325, KEY),
			head));
		journal_record_load(&j, text, strlen(text));
		good &= j.n == (i < 7 ? 0 : i - 6);
	}
	tap_ok(good, "lines that we would not write do not count");
	tap_ok(strcmp(look(&j, A, 0), "unknown") == 0 &&
	    journal_tries(&j, A) == 1, "a line without a number is one try");
	tap_ok(strcmp(look(&j, B, 0), "unknown") == 0 &&
	    journal_tries(&j, B) == 3, "one without a gateway has its tries");
	journal_record_free(&j);
}

static void
test_time(void)
{
	time_t before = time(NULL);
	struct journal j;

	put_one(A, JOURNAL_ACCEPTED, "id-1");
	journal_file_open(&j, dir, KEY);
	tap_is(look(&j, A, before), "accepted id-1", "noted since then");
	tap_is(look(&j, A, time(NULL) + 1), "new", "not noted since then");
	journal_file_close(&j);
}

/* Clocks that were ahead when something was noted, and are right now. */
static void
test_clock_ahead(void)
{
	const time_t window = time(NULL) - 600;
	struct journal j;

	empty();
	ahead = 86400;
	put_one(A, JOURNAL_ACCEPTED, "id-1");
	ahead = 0;
	journal_file_open(&j, dir, KEY);
	tap_is(look(&j, A, window), "new", "of tomorrow: not in the window");
	tap_is(look(&j, A, 0), "accepted id-1", "without one it counts");
	journal_file_close(&j);
	ahead = JOURNAL_AHEAD - 60;
	put_one(A, JOURNAL_ACCEPTED, "id-2");
	ahead = 0;
	journal_file_open(&j, dir, KEY);
	tap_is(look(&j, A, window), "accepted id-2", "a little ahead: in it");
	journal_file_close(&j);

	journal_file_open(&j, dir, KEY);
	ahead = 86400;
	put(&j, B, JOURNAL_SENDING, NULL);
	ahead = 0;
	put(&j, B, JOURNAL_ACCEPTED, "id-3");
	tap_is(look(&j, B, window), "accepted id-3", "set back between claim "
	    "and result: it counts");
	journal_file_close(&j);
	journal_file_open(&j, dir, KEY);
	tap_is(look(&j, B, window), "accepted id-3", "also for the next");
	journal_file_close(&j);
}

static void
test_uncommitted(void)
{
	struct journal j;

	empty();
	journal_file_open(&j, dir, KEY);
	journal_note(&j, A, JOURNAL_ACCEPTED, "id-1");
	journal_file_close(&j);
	tap_is(reread(A), "new", "what was not committed is lost");
	tap_ok(!exists(path), "a record with nothing in it goes");
	put_one(A, JOURNAL_SENDING, NULL);
	tap_ok(exists(path), "one with something stays");
	put_one(A, JOURNAL_NEW, NULL);
	tap_ok(!exists(path), "until there is nothing left in it");
	journal_file_open(&j, dir, KEY);
	put(&j, A, JOURNAL_SENDING, NULL);
	journal_note(&j, A, JOURNAL_NEW, NULL);
	journal_file_close(&j);
	tap_ok(!exists(path), "also if that was only noted");
}

/* Names and ids that are none; an id of IPC_ID_MAX octets. */
static void
test_names(void)
{
	static const char *const bad[] = {"", "../../../../../../../../../../x",
	    "5e1c07d6-2b8f-4f0a-9d51-3c1a648bee0",
	    "5e1c07d6-2b8f-4f0a-9d51-3c1a648bee022",
	    "5E1c07d6-2b8f-4f0a-9d51-3c1a648bee02",
	    "5e1c07d6/2b8f-4f0a-9d51-3c1a648bee02", "+4915112345678"};
	char id[IPC_ID_MAX + 2], want[IPC_ID_MAX + 16];
	struct journal j;
	size_t i;
	int good = 1;

	empty();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		good &= journal_file_open(&j, dir, bad[i]) == -1 &&
		    errno == EINVAL;
	}
	tap_ok(good, "what is no UUID is no key");
	journal_file_open(&j, dir, KEY);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		good &= journal_note(&j, bad[i], JOURNAL_ACCEPTED, "") == -1;
	tap_ok(good, "nor a recipient's name");
	tap_ok(journal_note(&j, A, JOURNAL_ACCEPTED, "a b") == -1 &&
	    journal_note(&j, A, JOURNAL_ACCEPTED, "a\nb") == -1 &&
	    errno == EINVAL, "ids with a blank or a line's end");
	memset(id, 'x', sizeof(id));
	id[IPC_ID_MAX + 1] = '\0';
	tap_ok(journal_note(&j, A, JOURNAL_ACCEPTED, id) == -1,
	    "an id that is too long");
	id[IPC_ID_MAX] = '\0';
	tap_ok(put(&j, A, JOURNAL_ACCEPTED, id) == 0, "the longest");
	journal_file_close(&j);
	snprintf(want, sizeof(want), "accepted %s", id);
	tap_is(reread(A), want, "comes back");
}

/* ---- files that are not as they were written ---- */

struct line {
	const char *name;
	enum journal_state state;
};

static const struct line lines[] = {{A, JOURNAL_SENDING},
    {B, JOURNAL_SENDING}, {A, JOURNAL_ACCEPTED}, {B, JOURNAL_NEW},
    {C, JOURNAL_UNKNOWN}, {B, JOURNAL_UNKNOWN}, {C, JOURNAL_NEW},
    {A, JOURNAL_NEW}, {A, JOURNAL_ACCEPTED}};
#define NLINES (sizeof(lines) / sizeof(lines[0]))

static void
write_lines(void)
{
	struct journal j;
	size_t i;

	empty();
	journal_file_open(&j, dir, KEY);
	for (i = 0; i < NLINES; i++)
		put(&j, lines[i].name, lines[i].state,
		    lines[i].state == JOURNAL_ACCEPTED ? "id-1" : "");
	journal_file_close(&j);
}

/* What a name's state must be if the lines from..to are missing. */
static const char *
without(const char *name, size_t from, size_t to)
{
	const char *s = "new";
	size_t i;

	for (i = 0; i < NLINES; i++) {
		if ((i >= from && i <= to) ||
		    strcmp(lines[i].name, name) != 0)
			continue;
		s = lines[i].state == JOURNAL_ACCEPTED ? "accepted id-1" :
		    lines[i].state == JOURNAL_NEW      ? "new" :
							 "unknown";
	}
	return s;
}

static int
all_without(size_t from, size_t to)
{
	int good = 1;
	size_t i;

	for (i = 0; i < 3; i++)
		good &= strcmp(reread(names[i]),
		    without(names[i], from, to)) == 0;
	return good;
}

static void
test_truncated(void)
{
	char *p, copy[8192];
	size_t n, cut, whole = 0;
	int good = 1, goes_on = 1;

	write_lines();
	p = slurp(&n);
	memcpy(copy, p, n);
	for (cut = 0; cut <= n; cut++) {
		if (cut > 0 && copy[cut - 1] == '\n')
			whole++;
		spill(copy, cut);
		good &= all_without(whole, NLINES);
		goes_on &= put_one(OTHER, JOURNAL_ACCEPTED, "id-2") == 0 &&
		    strcmp(reread(OTHER), "accepted id-2") == 0 &&
		    all_without(whole, NLINES);
	}
	tap_ok(whole == NLINES, "%zu lines, %zu octets", whole, n);
	tap_ok(good, "cut at every octet, the whole lines count");
	tap_ok(goes_on, "and what is added then is found");
}

static void
test_changed(void)
{
	char *p, copy[8192];
	size_t n, i, line = 0;
	int good = 1;

	write_lines();
	p = slurp(&n);
	memcpy(copy, p, n);
	for (i = 0; i < n; i++) {
		copy[i] ^= 1;
		spill(copy, n);
		copy[i] ^= 1;
		good &= all_without(line, line + (copy[i] == '\n'));
		line += copy[i] == '\n';
	}
	tap_ok(good, "one bit changed: that line does not count");
	spill(copy, n);
	snprintf(path + strlen(path) - 1, 2, "3");
	spill(copy, n);
	snprintf(path + strlen(path) - 1, 2, "2");
	empty();
	put_one(B, JOURNAL_ACCEPTED, "id-1");
	p = slurp(&n);
	memset(p + n, 0, 4096);
	spill(p, n + 4096);
	tap_is(reread(B), "accepted id-1", "NULs behind the last line");
	put_one(A, JOURNAL_ACCEPTED, "id-2");
	tap_is(reread(A), "accepted id-2", "are overwritten");
}

/* Lines of another message say nothing of this one. */
static void
test_moved(void)
{
	char from[sizeof(path)];
	struct journal j;

	empty();
	journal_file_open(&j, dir, OTHER);
	put(&j, A, JOURNAL_ACCEPTED, "id-1");
	journal_file_close(&j);
	snprintf(from, sizeof(from), "%s/5e/%s", dir, OTHER);
	tap_ok(rename(from, path) == 0, "a record under another's name");
	tap_is(reread(A), "new", "is not believed");
}

/* ---- sizes ---- */

static void
name_of(char out[JOURNAL_NAME_MAX + 1], unsigned n)
{
	snprintf(out, JOURNAL_NAME_MAX + 1,
	    "%08x-2b8f-4f0a-9d51-3c1a648bee02", n);
}

static void
test_full(void)
{
	char name[JOURNAL_NAME_MAX + 1];
	struct journal j;
	unsigned i;
	int good = 1;

	empty();
	journal_file_open(&j, dir, KEY);
	for (i = 0; i < JOURNAL_NAMES_MAX; i++) {
		name_of(name, i);
		good &= journal_note(&j, name, JOURNAL_SENDING, "") == 0;
	}
	tap_ok(good, "JOURNAL_NAMES_MAX recipients");
	tap_ok(journal_note(&j, A, JOURNAL_SENDING, "") == -1 &&
	    errno == ENOMEM, "one more has no room while all are noted");
	tap_ok(journal_file_commit(&j) == 0, "all are written");
	j.entry[7].time--;
	j.entry[7].dirty = 1;
	journal_file_commit(&j);
	tap_ok(put(&j, A, JOURNAL_ACCEPTED, "id-1") == 0, "then it has");
	journal_file_close(&j);
	tap_is(reread(A), "accepted id-1", "and is found");
	journal_file_open(&j, dir, KEY);
	name_of(name, 7);
	tap_is(look(&j, name, 0), "new", "the oldest is forgotten");
	for (i = 0; i < JOURNAL_NAMES_MAX; i++) {
		name_of(name, i);
		good &= i == 7 || strcmp(look(&j, name, 0), "unknown") == 0;
	}
	tap_ok(good, "the others are not");
	journal_file_close(&j);
}

static void
test_rewrite(void)
{
	char id[16];
	struct stat st;
	int i, good = 1;

	empty();
	put_one(B, JOURNAL_ACCEPTED, "id-b");
	for (i = 0; i < 1000; i++) {
		snprintf(id, sizeof(id), "id-%d", i);
		good &= put_one(A, JOURNAL_SENDING, "") == 0 &&
		    put_one(A, JOURNAL_ACCEPTED, id) == 0;
	}
	tap_ok(good, "two thousand lines about the same recipient");
	tap_is(reread(A), "accepted id-999", "the last counts");
	tap_is(reread(B), "accepted id-b", "who was first is known");
	stat(path, &st);
	tap_ok(st.st_size > 0 && st.st_size < (LINES_FEW + 2) * LINE_ROOM,
	    "the file is small: %ld", (long)st.st_size);
}

static void
test_too_large(void)
{
	struct journal j;

	put_one(A, JOURNAL_ACCEPTED, "id-1");
	tap_ok(truncate(path, JOURNAL_FILE_MAX) == 0 &&
	    strcmp(reread(A), "accepted id-1") == 0,
	    "a file of JOURNAL_FILE_MAX octets");
	tap_ok(truncate(path, JOURNAL_FILE_MAX + 1) == 0 &&
	    journal_file_open(&j, dir, KEY) == -1 && errno == EFBIG,
	    "one more, and it is none of ours");
	tap_ok(j.fd == -1, "there is nothing to close");
}

/* ---- what can fail ---- */

/* The disk is full after every possible octet. */
static void
test_no_room(void)
{
	struct rlimit old, now;
	struct journal j;
	size_t n, limit;
	int good = 1, after = 1;

	empty();
	put_one(A, JOURNAL_ACCEPTED, "id-1");
	put_one(B, JOURNAL_SENDING, "");
	slurp(&n);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	for (limit = n; limit < n + 80; limit++) {
		now = (struct rlimit){limit, old.rlim_max};
		journal_file_open(&j, dir, KEY);
		setrlimit(RLIMIT_FSIZE, &now);
		good &= put(&j, B, JOURNAL_ACCEPTED, "id-2") == -1 &&
		    errno == EFBIG;
		journal_file_close(&j);
		setrlimit(RLIMIT_FSIZE, &old);
		after &= strcmp(reread(A), "accepted id-1") == 0 &&
		    strcmp(reread(B), "unknown") == 0;
	}
	/* nor is there a line of a commit of two that was there as a whole */
	for (limit = n; limit < n + 150; limit++) {
		now = (struct rlimit){limit, old.rlim_max};
		journal_file_open(&j, dir, KEY);
		journal_note(&j, B, JOURNAL_ACCEPTED, "id-2");
		journal_note(&j, C, JOURNAL_SENDING, "");
		setrlimit(RLIMIT_FSIZE, &now);
		good &= journal_file_commit(&j) == -1;
		journal_file_close(&j);
		setrlimit(RLIMIT_FSIZE, &old);
		after &= strcmp(reread(B), "unknown") == 0 &&
		    strcmp(reread(C), "new") == 0;
	}
	tap_ok(good, "no room: a commit fails");
	tap_ok(after, "and the file says what it said");
	journal_file_open(&j, dir, KEY);
	now = (struct rlimit){n + 10, old.rlim_max};
	setrlimit(RLIMIT_FSIZE, &now);
	good = put(&j, B, JOURNAL_ACCEPTED, "id-2") == -1;
	setrlimit(RLIMIT_FSIZE, &old);
	tap_ok(good && journal_file_commit(&j) == 0, "room again, the same commit");
	journal_file_close(&j);
	tap_is(reread(B), "accepted id-2", "is made good");
}

/* Lines of a commit that failed are not left behind those of the next. */
static void
test_failed_commit(void)
{
	char name[JOURNAL_NAME_MAX + 1];
	struct journal j;
	unsigned i;
	int good = 1;

	empty();
	journal_file_open(&j, dir, KEY);
	for (i = 0; i < 60; i++) {
		name_of(name, i);
		journal_note(&j, name, JOURNAL_SENDING, "");
	}
	fail_syncs = 1;
	tap_ok(journal_file_commit(&j) == -1 && errno == EIO, "the disk fails");
	fail_syncs = 0;
	for (i = 0; i < 60; i++) {
		name_of(name, i);
		journal_note(&j, name, i == 0 ? JOURNAL_ACCEPTED : JOURNAL_NEW,
		    "");
	}
	tap_ok(journal_file_commit(&j) == 0, "it works again");
	journal_file_close(&j);
	for (i = 0; i < 60; i++) {
		name_of(name, i);
		good &= strcmp(reread(name), i == 0 ? "accepted" : "new") == 0;
	}
	tap_ok(good, "and nothing is left of what failed");
}

static int
try_as_nobody(int arg)
{
	struct journal j;

	(void)arg;
	if (getuid() == 0 && (setgid(65534) == -1 || setuid(65534) == -1))
		return 1;
	journal_file_prune(dir, 3600);
	return journal_file_open(&j, dir, KEY) == -1 && errno == EACCES ? 0 : 1;
}

static void
test_folder(void)
{
	char where[sizeof(path) + 8];
	struct journal j;

	empty();
	snprintf(where, sizeof(where), "%s/none", dir);
	tap_ok(journal_file_open(&j, where, KEY) == -1 && errno == ENOENT,
	    "a folder that is not there");
	journal_file_prune(where, 3600);
	tap_ok(!exists(where), "is not made");
	put_one(A, JOURNAL_ACCEPTED, "id-1");
	tap_ok(journal_file_open(&j, path, KEY) == -1 && errno == ENOTDIR,
	    "a folder that is a file");
	unlink(path);
	tap_ok(symlink("/etc/hosts", path) == 0 &&
	    journal_file_open(&j, dir, KEY) == -1, "a record that is a link");
	unlink(path);
	tap_ok(mkfifo(path, 0600) == 0 && journal_file_open(&j, dir, KEY) == -1 &&
	    errno == EINVAL, "a record that is a pipe");
	unlink(path);
	tap_ok(mkdir(path, 0700) == 0 && journal_file_open(&j, dir, KEY) == -1 &&
	    errno == EISDIR, "a record that is a folder");
	rmdir(path);
	/* nobody cannot enter root's; an ordinary user has only his own */
	chmod(dir, getuid() == 0 ? 0500 : 0);
	tap_ok(end(begin(try_as_nobody, 0)) == 0, "a folder of somebody else");
	chmod(dir, 0700);
}

/* ---- several at once ---- */

static int to_parent[2];

static int
hold(int arg)
{
	struct journal j;

	(void)arg;
	if (journal_file_open(&j, dir, KEY) != 0 ||
	    put(&j, A, JOURNAL_SENDING, "") == -1 ||
	    write(to_parent[1], "", 1) != 1)
		return 1;
	for (;;)
		pause();
}

static void
test_holder(void)
{
	struct journal j, k;
	pid_t pid;
	char c;

	empty();
	if (pipe(to_parent) == -1)
		abort();
	pid = begin(hold, 0);
	tap_ok(read(to_parent[0], &c, 1) == 1 &&
	    journal_file_open(&j, dir, KEY) == 1, "another process has it");
	tap_ok(j.fd == -1, "there is nothing to close");
	tap_ok(journal_file_open(&j, dir, OTHER) == 0, "not its neighbour");
	tap_ok(journal_file_open(&k, dir, OTHER) == 1, "the same process, twice");
	journal_file_close(&j);
	kill(pid, SIGKILL);
	tap_ok(end(pid) == -SIGKILL, "the process is killed");
	tap_is(reread(A), "unknown", "its record can be had");
	close(to_parent[0]);
	close(to_parent[1]);
}

static int
linger(int arg)
{
	(void)arg;
	while (getppid() != 1)
		pause();
	return 0;
}

static void
test_child(void)
{
	struct journal j, k;
	pid_t pid;

	journal_file_open(&j, dir, KEY);
	pid = begin(linger, 0);
	journal_file_close(&j);
	tap_ok(journal_file_open(&k, dir, KEY) == 0,
	    "a child that has the descriptor does not hold the record");
	journal_file_close(&k);
	kill(pid, SIGKILL);
	end(pid);
}

#define WORKERS 4
#define ROUNDS	100

/* The record that is locked is the one in the folder. */
static int
is_there(const struct journal *j)
{
	struct stat a, b;

	return fstat(j->fd, &a) == 0 && stat(path, &b) == 0 &&
	    a.st_ino == b.st_ino;
}

/* Each notes names of its own; every third round it takes them back. */
static int
work(int worker)
{
	char name[JOURNAL_NAME_MAX + 1];
	enum journal_state s;
	struct journal j;
	int i, r;

	for (i = 0; i < ROUNDS; i++) {
		name_of(name, (unsigned)(worker * ROUNDS + i));
		s = i % 3 == 0 ? JOURNAL_NEW : JOURNAL_ACCEPTED;
		while ((r = journal_file_open(&j, dir, KEY)) == 1)
			usleep(100);
		if (r == -1 || put(&j, name, JOURNAL_SENDING, "") == -1 ||
		    !is_there(&j) || put(&j, name, s, "id") == -1 ||
		    !is_there(&j))
			return 1;
		journal_file_close(&j);
	}
	return 0;
}

static void
test_together(void)
{
	char name[JOURNAL_NAME_MAX + 1];
	pid_t pid[WORKERS];
	struct journal j;
	int i, good = 1;

	empty();
	for (i = 0; i < WORKERS; i++)
		pid[i] = begin(work, i);
	for (i = 0; i < WORKERS; i++)
		good &= end(pid[i]) == 0;
	tap_ok(good, "%d processes, %d rounds each", WORKERS, ROUNDS);
	journal_file_open(&j, dir, KEY);
	for (i = 0; i < WORKERS * ROUNDS; i++) {
		name_of(name, (unsigned)i);
		good &= strcmp(look(&j, name, 0),
		    i % ROUNDS % 3 == 0 ? "new" : "accepted id") == 0;
	}
	journal_file_close(&j);
	tap_ok(good, "nothing that one of them noted is lost");
}

/* Another session tries to open the record at each step of ours. */
static int stolen, tried;

static void
steal(void)
{
	struct journal j;
	int r = journal_file_open(&j, dir, KEY);

	tried++;
	if (r == 0)
		journal_file_close(&j);
	stolen |= r != 1;
}

static void
test_lock(void)
{
	struct journal j;
	int i;

	empty();
	stolen = tried = 0;
	journal_file_open(&j, dir, KEY);
	meanwhile = steal;
	for (i = 0; i < 2 * LINES_FEW; i++)
		put(&j, A, JOURNAL_ACCEPTED, "id-1");
	meanwhile = NULL;
	tap_ok(j.lines < 2 * LINES_FEW && tried > 4 * LINES_FEW,
	    "commits and a rewrite, %d steps", tried);
	tap_ok(!stolen, "the record is locked at each of them");
	journal_file_close(&j);
}

static void
take_away(void)
{
	unlink(path);
}

/* The file goes just before we have its lock, at every step. */
static void
test_taken_away(void)
{
	struct journal j;
	int r;

	put_one(A, JOURNAL_ACCEPTED, "id-1");
	meanwhile = take_away;
	r = journal_file_open(&j, dir, KEY);
	meanwhile = NULL;
	tap_ok(r == 1, "a record that is always taken away: try later");
}

/* Whatever step fails or kills, there is one key, whole, or none. */
static void
test_key(void)
{
	struct journal_key first, again;
	int i, bad = 0;

	empty();
	tap_ok(journal_file_read_key("/nowhere", &first) == -1 && errno == ENOENT,
	    "a journal that is not there has no key");
	for (i = 1, steps = i; steps >= i; i++) {
		empty();
		steps = 0;
		fail_at = i;
		if (journal_file_read_key(dir, &first) == 0) {
			fail_at = 0;
			bad |= journal_file_read_key(dir, &again) == -1 ||
			    memcmp(&first, &again, sizeof(first)) != 0;
		}
		fail_at = 0;
		bad |= journal_file_read_key(dir, &first) == -1;
	}
	tap_ok(!bad && i > 5, "each of %d steps fails: one key or none",
	    i - 1);
	tap_ok(journal_file_read_key(dir, &again) == 0 &&
	    memcmp(&first, &again, sizeof(first)) == 0, "read again: the same");
	tap_ok(memcmp(first.inner, first.outer, sizeof(first.inner)) != 0,
	    "of two halves");
	empty();
	journal_file_read_key(dir, &again);
	tap_ok(memcmp(&first, &again, sizeof(first)) != 0,
	    "another journal has another");
	empty();
}

/* ---- pruning ---- */

static void
age(const char *file, long seconds)
{
	struct timeval t[2] = {{time(NULL) - seconds, 0},
	    {time(NULL) - seconds, 0}};

	utimes(file, t);
}

/* As many calls as give all records their turn. */
static void
prune_all(long keep)
{
	int i;

	for (i = 0; i < TURNS; i++)
		journal_file_prune(dir, keep);
}

/* It is the turn of KEY's folder. */
static void
prune_here(long keep)
{
	char file[sizeof(path)];
	FILE *f;

	snprintf(file, sizeof(file), "%s/prune", dir);
	if ((f = fopen(file, "w")) == NULL)
		abort();
	fputs("015e\n", f);
	fclose(f);
	journal_file_prune(dir, keep);
}

static int
count_records(void)
{
	char command[sizeof(dir) + 64];
	int n = -1;
	FILE *f;

	snprintf(command, sizeof(command),
	    "find %s -type f ! -name prune | wc -l", dir);
	if ((f = popen(command, "r")) != NULL) {
		if (fscanf(f, "%d", &n) != 1)
			n = -1;
		pclose(f);
	}
	return n;
}

static void
test_prune(void)
{
	char name[JOURNAL_NAME_MAX + 1], file[sizeof(path)];
	struct journal j;
	unsigned i;

	empty();
	for (i = 0; i < 600; i++) {
		name_of(name, i * 0x01234567);
		journal_file_open(&j, dir, name);
		put(&j, A, JOURNAL_ACCEPTED, "id");
		journal_file_close(&j);
		snprintf(file, sizeof(file), "%s/%.2s/%s", dir, name, name);
		if (i % 3 != 0)
			age(file, 3700);
	}
	tap_ok(count_records() == 600, "600 records, 400 of them old");
	prune_all(3600);
	tap_ok(count_records() == 200, "the old ones go");
	prune_all(3600);
	tap_ok(count_records() == 200, "no others do");
}

/* A record of a time to come is kept from now on, and not until then. */
static void
test_prune_ahead(void)
{
	struct stat st;

	empty();
	put_one(A, JOURNAL_ACCEPTED, "id");
	age(path, -86400 * 365);
	prune_here(3600);
	tap_ok(stat(path, &st) == 0 && st.st_mtime <= time(NULL) + 1,
	    "of next year: its time begins now");
	age(path, 3700);
	prune_here(3600);
	tap_ok(!exists(path), "and ends as any other's");
}

static void
test_prune_open(void)
{
	char file[sizeof(path) + 16];
	struct journal j, k;

	empty();
	put_one(A, JOURNAL_ACCEPTED, "id-1");
	journal_file_open(&j, dir, KEY);
	age(path, 3700);
	prune_all(3600);
	tap_ok(exists(path), "a record that is open stays");
	journal_file_close(&j);
	snprintf(file, sizeof(file), "%s.new", path);
	fclose(fopen(file, "w"));
	age(file, 3700);
	snprintf(file, sizeof(file), "%s/5e/mine", dir);
	fclose(fopen(file, "w"));
	age(file, 3700);
	prune_all(3600);
	tap_ok(!exists(path), "closed, it goes");
	tap_ok(count_records() == 1 && exists(file),
	    "so does one that was not finished; what is none of ours stays");
	/* who waits at the lock while it is removed gets a new one */
	put_one(A, JOURNAL_ACCEPTED, "id-1");
	journal_file_open(&j, dir, KEY);
	unlink(path);
	tap_ok(journal_file_open(&k, dir, KEY) == 0 && is_there(&k),
	    "a record that was removed is made anew");
	journal_file_close(&k);
	journal_file_close(&j);
}

/* Another removes the record, if nobody has it, and a third makes it anew. */
static int made;

static void
make_anew(void)
{
	struct journal j;

	if (made || !exists(path) || journal_file_open(&j, dir, KEY) != 0)
		return;
	unlink(path);
	journal_file_close(&j);
	made = put_one(B, JOURNAL_ACCEPTED, "id-2") == 0;
}

static void
test_prune_anew(void)
{
	int i, good = 1;

	empty();
	for (i = 0; i < 20; i++) {
		put_one(A, JOURNAL_ACCEPTED, "id-1");
		age(path, 7200);
		made = 0;
		skip_steps = i;
		meanwhile = make_anew;
		prune_here(3600);
		meanwhile = NULL;
		good &= !made || exists(path);
	}
	tap_ok(!made, "a record that is old goes");
	tap_ok(good, "a record that is made anew meanwhile stays");
}

static int
prune_for_ever(int arg)
{
	(void)arg;
	while (getppid() != 1)
		prune_here(-3600);
	return 0;
}

/* Whatever a pruner that takes everything does to those that are closed. */
static void
test_prune_race(void)
{
	pid_t pruner, pid[2];
	int good;

	empty();
	pruner = begin(prune_for_ever, 0);
	pid[0] = begin(work, 0);
	pid[1] = begin(work, 1);
	good = end(pid[0]) == 0;
	good &= end(pid[1]) == 0;
	tap_ok(good, "no record is removed under a session");
	kill(pruner, SIGKILL);
	end(pruner);
}

static const char *
turn_is(void)
{
	static char s[8];
	char file[sizeof(path)];
	FILE *f;

	snprintf(file, sizeof(file), "%s/prune", dir);
	memset(s, 0, sizeof(s));
	if ((f = fopen(file, "r")) == NULL || fread(s, 1, 5, f) != 5)
		return "none";
	fclose(f);
	return s;
}

static void
test_prune_pace(void)
{
	char file[sizeof(path)];
	FILE *f;

	empty();
	snprintf(file, sizeof(file), "%s/prune", dir);
	journal_file_prune(dir, 7 * 86400);
	tap_is(turn_is(), "0001\n", "the first turn");
	journal_file_prune(dir, 7 * 86400);
	tap_is(turn_is(), "0001\n", "the next would be too soon");
	age(file, -1);
	journal_file_prune(dir, 7 * 86400);
	tap_is(turn_is(), "0001\n", "nor if the file's time is a little ahead");
	age(file, 40);
	journal_file_prune(dir, 7 * 86400);
	tap_is(turn_is(), "0002\n", "now it is not");
	age(file, -4000);
	journal_file_prune(dir, 7 * 86400);
	tap_is(turn_is(), "0003\n", "a clock set back does not stop it");
	f = fopen(file, "w");
	fputs("0fff\n", f);
	fclose(f);
	journal_file_prune(dir, 3600);
	tap_is(turn_is(), "0000\n", "the last turn");
	f = fopen(file, "w");
	fputs("zz", f);
	fclose(f);
	journal_file_prune(dir, 3600);
	tap_is(turn_is(), "0001\n", "what cannot be read begins anew");
}

/* ---- dying and failing at every step ---- */

static int reports[2];

/* Tell the parent what has been done for sure. */
static void
did(char what)
{
	if (write(reports[1], &what, 1) != 1)
		abort();
}

/* Committed, and really: nothing waits to be synced. */
static int
commit(struct journal *j, char what)
{
	if (journal_file_commit(j) == -1)
		return -1;
	if (unsynced[j->fd] || folder_unsynced)
		did('!');
	did(what);
	return 0;
}

/* A message to A and B: B's is not taken at first, then nobody knows. */
static void
scenario(void)
{
	struct journal j;

	if (journal_file_open(&j, dir, KEY) == 0) {
		journal_note(&j, A, JOURNAL_SENDING, NULL);
		journal_note(&j, B, JOURNAL_SENDING, NULL);
		if (commit(&j, 's') == 0) {
			journal_note(&j, A, JOURNAL_ACCEPTED, "id-1");
			journal_note(&j, B, JOURNAL_NEW, NULL);
			commit(&j, 'a');
		}
		journal_file_close(&j);
	}
	if (journal_file_open(&j, dir, KEY) == 0) {
		journal_note(&j, B, JOURNAL_SENDING, NULL);
		if (commit(&j, 't') == 0) {
			journal_note(&j, B, JOURNAL_UNKNOWN, NULL);
			commit(&j, 'u');
		}
		journal_file_close(&j);
	}
}

/* Whether what the file says agrees with what was done for sure. */
static int
agrees(const char *done)
{
	const char *a = reread(A), *b = reread(B);
	int sent = strchr(done, 's') != NULL, good;

	if (strchr(done, 'a') != NULL)
		good = strcmp(a, "accepted id-1") == 0;
	else if (sent)
		good = strcmp(a, "unknown") == 0 ||
		    strcmp(a, "accepted id-1") == 0;
	else
		good = strcmp(a, "new") == 0 || strcmp(a, "unknown") == 0;
	if (strchr(done, 't') != NULL)
		good &= strcmp(b, "unknown") == 0;
	else
		good &= strcmp(b, "new") == 0 || strcmp(b, "unknown") == 0;
	return good && strchr(done, '!') == NULL;
}

/* A record that is due to be written anew: A's lines, then B's. */
static void
prepare_stale(void)
{
	struct journal j;
	int i;

	empty();
	journal_file_open(&j, dir, KEY);
	for (i = 0; i < LINES_FEW; i++)
		put(&j, A, JOURNAL_ACCEPTED, "id-1");
	journal_file_close(&j);
}

static void
scenario_stale(void)
{
	struct journal j;

	if (journal_file_open(&j, dir, KEY) != 0)
		return;
	journal_note(&j, B, JOURNAL_SENDING, NULL);
	if (commit(&j, 's') == 0) {
		journal_note(&j, B, JOURNAL_ACCEPTED, "id-2");
		commit(&j, 'a');
	}
	journal_file_close(&j);
}

static int
agrees_stale(const char *done)
{
	const char *b = reread(B);
	int good = strcmp(reread(A), "accepted id-1") == 0;

	if (strchr(done, 'a') != NULL)
		good &= strcmp(b, "accepted id-2") == 0;
	else if (strchr(done, 's') != NULL)
		good &= strcmp(b, "new") != 0;
	else
		good &= strncmp(b, "accepted", 8) != 0;
	return good && strchr(done, '!') == NULL;
}

struct play {
	const char *title;
	void (*prepare)(void), (*run)(void);
	int (*check)(const char *);
};

static const struct play plays[] = {
	{"a message", empty, scenario, agrees},
	{"a rewrite", prepare_stale, scenario_stale, agrees_stale},
};

static int
act(int which)
{
	steps = 0;
	memset(unsynced, 0, sizeof(unsynced));
	folder_unsynced = 0;
	plays[which].run();
	return steps < fail_at; /* it came to its end before */
}

/* What was reported until now. */
static void
heard(char *done, size_t room)
{
	ssize_t n = read(reports[0], done, room - 1);

	done[n > 0 ? n : 0] = '\0';
}

/* Let it die at one step after the other, until it gets to the end. */
static void
test_deaths(int which)
{
	const struct play *p = &plays[which];
	char done[16];
	int n, r, good = 1, again = 1;

	for (n = 1;; n++) {
		p->prepare();
		die_at = n;
		r = end(begin(act, which));
		die_at = 0;
		heard(done, sizeof(done));
		if (r != -SIGKILL)
			break;
		good &= p->check(done);
		again &= put_one(C, JOURNAL_ACCEPTED, "id-3") == 0 &&
		    strcmp(reread(C), "accepted id-3") == 0 && p->check(done);
	}
	tap_ok(good, "%s: killed at each of %d steps", p->title, n - 1);
	tap_ok(again, "and the record can be gone on with");
	tap_ok(p->check(done) && strlen(done) >= 2, "alive: %s", done);
}

static void
test_failures(int which)
{
	const struct play *p = &plays[which];
	int n, over, fds = count_fds(), good = 1, left = 0;
	char done[16];

	for (n = 1, over = 0; !over; n++) {
		p->prepare();
		fail_at = n;
		over = act(which);
		fail_at = 0;
		heard(done, sizeof(done));
		good &= p->check(done);
		left |= count_fds() != fds;
	}
	tap_ok(good, "%s: each of %d steps fails", p->title, n - 1);
	tap_ok(!left, "and no descriptor is left open");
}

static void
test_steps(void)
{
	int i;

	if (pipe(reports) == -1 ||
	    fcntl(reports[0], F_SETFL, O_NONBLOCK) == -1)
		abort();
	for (i = 0; i < 2; i++) {
		test_deaths(i);
		test_failures(i);
	}
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 2;
	snprintf(path, sizeof(path), "%s/5e/%s", dir, KEY);
	test_states();
	test_named();
	test_older();
	test_time();
	test_clock_ahead();
	test_uncommitted();
	test_names();
	test_truncated();
	test_changed();
	test_moved();
	test_full();
	test_rewrite();
	test_too_large();
	test_no_room();
	test_failed_commit();
	test_folder();
	test_holder();
	test_child();
	test_together();
	test_lock();
	test_taken_away();
	test_key();
	test_prune();
	test_prune_ahead();
	test_prune_open();
	test_prune_anew();
	test_prune_race();
	test_prune_pace();
	test_steps();
	empty();
	rmdir(dir);
	return tap_done();
}
