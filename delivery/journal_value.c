/*
 * journal_value: small values in files.
 *
 * DIR/KIND/NAME is one value: a line with its revision and the time when it
 * ends, and the octets of the value.  A new one is written beside it and
 * renamed, so who reads needs no lock.  Who writes holds DIR/KIND/xx.lock,
 * where xx is the start of NAME, for as long as a write takes.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "delivery/journal_record.h"
#include "delivery/journal_value.h"

#define HEAD_MAX   64	/* octets of a value's first line */
#define FILE_MAX   (HEAD_MAX + JOURNAL_VALUE_MAX)
#define LOCK_TRIES 100	/* a millisecond apart */
#define PRUNE_TIME 3600	/* seconds between two looks at a kind's folder */

static const char *const kinds[] = {
	[JOURNAL_RATE] = "rate",
	[JOURNAL_DIGEST] = "digest",
	[JOURNAL_RECEIPT] = "receipt",
	[JOURNAL_REPLY] = "reply",
};
#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *
journal_value_kind(enum journal_kind kind)
{
	return kinds[kind];
}

static void
close_quietly(int fd)
{
	int saved = errno;

	if (fd != -1)
		close(fd);
	errno = saved;
}

/* DIR/KIND; with `make` it is made.  A descriptor, or -1. */
static int
open_kind(const char *dir, enum journal_kind kind, int make)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int root, fd;

	if ((root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	fd = openat(root, kinds[kind], flags);
	if (fd == -1 && errno == ENOENT && make &&
	    (mkdirat(root, kinds[kind], 0700) == 0 || errno == EEXIST))
		fd = openat(root, kinds[kind], flags);
	close_quietly(root);
	return fd;
}

/* ---- reading ---- */

static void
set_none(struct journal_value *v, const char *name)
{
	v->revision = 0;
	v->n = 0;
	v->text[0] = '\0';
	snprintf(v->name, sizeof(v->name), "%s", name);
}

/* What a file says; what is no value, or is over, is none. */
static void
take_in(char *p, size_t n, struct journal_value *v)
{
	char *body = memchr(p, '\n', n < HEAD_MAX ? n : HEAD_MAX);
	uint64_t revision;
	long long end;
	size_t left;

	if (body == NULL)
		return;
	*body++ = '\0';
	left = n - (size_t)(body - p);
	if (sscanf(p, "%" SCNu64 " %lld", &revision, &end) != 2 ||
	    left > JOURNAL_VALUE_MAX || end <= (long long)time(NULL))
		return;
	v->revision = revision;
	v->n = left;
	memcpy(v->text, body, left);
	v->text[left] = '\0';
}

static int
read_value(int folder, const char *name, struct journal_value *v)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	char p[FILE_MAX + 1];
	ssize_t n;

	set_none(v, name);
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	/* a regular file: it is read at once */
	n = read(fd, p, FILE_MAX);
	close_quietly(fd);
	if (n == -1)
		return -1;
	p[n] = '\0';
	take_in(p, (size_t)n, v);
	return 0;
}

int
journal_value_get(const char *dir, enum journal_kind kind, const char *name,
    struct journal_value *v)
{
	int folder, r;

	set_none(v, name);
	if (!journal_record_is_name(name)) {
		errno = EINVAL;
		return -1;
	}
	if ((folder = open_kind(dir, kind, 0)) == -1)
		return errno == ENOENT && access(dir, F_OK) == 0 ? 0 : -1;
	r = read_value(folder, name, v);
	close_quietly(folder);
	return r;
}

/* Of a folder's values the first behind `after`; "": there is none. */
static void
find_next(DIR *d, const char *after, char best[JOURNAL_NAME_MAX + 1])
{
	struct dirent *e;

	best[0] = '\0';
	while ((e = readdir(d)) != NULL)
		if (journal_record_is_name(e->d_name) &&
		    strcmp(e->d_name, after) > 0 &&
		    (best[0] == '\0' || strcmp(e->d_name, best) < 0))
			memcpy(best, e->d_name, JOURNAL_NAME_MAX + 1);
}

int
journal_value_next(const char *dir, enum journal_kind kind, const char *name,
    struct journal_value *v)
{
	char at[JOURNAL_NAME_MAX + 1];
	int folder, r = 0;
	DIR *d;

	set_none(v, name);
	if ((folder = open_kind(dir, kind, 0)) == -1)
		return errno == ENOENT && access(dir, F_OK) == 0 ? 0 : -1;
	if ((d = fdopendir(folder)) == NULL) {
		close_quietly(folder);
		return -1;
	}
	do {
		rewinddir(d);
		find_next(d, v->name, at);
		if (at[0] == '\0') {
			set_none(v, name);
			break;
		}
		r = read_value(folder, at, v);
	} while (r == 0 && v->revision == 0);
	closedir(d);
	return r;
}

/* ---- writing ---- */

/* A descriptor; -1 with errno, EWOULDBLOCK if others have it too long. */
static int
lock(int folder, const char *name)
{
	const struct timespec pause = {0, 1000000};
	char file[8];
	int fd, i;

	snprintf(file, sizeof(file), "%.2s.lock", name);
	fd = openat(folder, file, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	for (i = 0; flock(fd, LOCK_EX | LOCK_NB) == -1; i++) {
		if (errno != EWOULDBLOCK || i == LOCK_TRIES) {
			close_quietly(fd);
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	return fd;
}

/* Write the whole file: it is small, and a short write is an error. */
static int
fill(int fd, const struct journal_change *c, uint64_t revision)
{
	char p[FILE_MAX];
	int n = snprintf(p, HEAD_MAX, "%" PRIu64 " %lld\n", revision,
	    (long long)time(NULL) + c->keep);
	ssize_t done;

	memcpy(p + n, c->text, c->n);
	done = write(fd, p, (size_t)n + c->n);
	if (done == (ssize_t)((size_t)n + c->n))
		return c->durable ? fsync(fd) : 0;
	if (done != -1)
		errno = ENOSPC;
	return -1;
}

static int
replace(int folder, const struct journal_change *c, uint64_t revision)
{
	char beside[JOURNAL_NAME_MAX + sizeof(".new")];
	int fd, r;

	snprintf(beside, sizeof(beside), "%s.new", c->name);
	unlinkat(folder, beside, 0); /* of one that died here */
	fd = openat(folder, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return -1;
	r = fill(fd, c, revision);
	close_quietly(fd);
	if (r == 0)
		r = renameat(folder, beside, folder, c->name);
	if (r == -1) {
		int saved = errno;

		unlinkat(folder, beside, 0);
		errno = saved;
	}
	return r;
}

/* A file system that cannot sync folders says EINVAL, and does without. */
static int
sync_folder(int fd)
{
	return fsync(fd) == -1 && errno != EINVAL ? -1 : 0;
}

/*
 * A revision that no earlier value of that name had, even if it has been
 * removed since: who read that one must not take this for it.
 */
static uint64_t
next_revision(uint64_t before)
{
	struct timespec t;
	uint64_t now;

	clock_gettime(CLOCK_REALTIME, &t);
	now = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
	return now > before ? now : before + 1;
}

/* Locked: compare, and write. */
static int
change(int folder, const struct journal_change *c, struct journal_value *v)
{
	uint64_t revision;

	if (read_value(folder, c->name, v) == -1)
		return -1;
	if (v->revision != c->revision)
		return 2;
	revision = next_revision(v->revision);
	set_none(v, c->name);
	if (c->text == NULL) {
		if (unlinkat(folder, c->name, 0) == -1 && errno != ENOENT)
			return -1;
	} else {
		if (replace(folder, c, revision) == -1)
			return -1;
		v->revision = revision;
		v->n = c->n;
		memcpy(v->text, c->text, c->n);
		v->text[c->n] = '\0';
	}
	return c->durable ? sync_folder(folder) : 0;
}

int
journal_value_put(const char *dir, const struct journal_change *c,
    struct journal_value *v)
{
	int folder, fd, r;

	set_none(v, c->name);
	if (!journal_record_is_name(c->name) || c->n > JOURNAL_VALUE_MAX) {
		errno = EINVAL;
		return -1;
	}
	if ((folder = open_kind(dir, c->kind, 1)) == -1)
		return -1;
	if ((fd = lock(folder, c->name)) != -1) {
		r = change(folder, c, v);
		close_quietly(fd);
	} else {
		r = errno == EWOULDBLOCK ? 1 : -1;
	}
	close_quietly(folder);
	return r;
}

/* ---- pruning ---- */

/* Remove a value whose time is over; its lock keeps others from it. */
static void
prune_one(int folder, const char *name)
{
	int fd = lock(folder, name);
	struct journal_value v;

	if (fd == -1)
		return;
	if (read_value(folder, name, &v) == 0 && v.revision == 0)
		unlinkat(folder, name, 0);
	close(fd);
}

/* Note that the folder has been looked at: 1 if it was due. */
static int
is_due(int folder)
{
	int fd = openat(folder, "prune", O_RDWR | O_CREAT | O_NOFOLLOW |
	    O_NONBLOCK | O_CLOEXEC, 0600);
	time_t now = time(NULL);
	struct stat st;
	int due = 0;

	if (fd == -1)
		return 0;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 &&
	    (st.st_size == 0 || st.st_mtime > now ||
	    now - st.st_mtime > PRUNE_TIME)) {
		due = st.st_size != 0;
		if (pwrite(fd, "\n", 1, 0) != 1)
			due = 0;
	}
	close(fd);
	return due;
}

void
journal_value_prune(const char *dir)
{
	struct dirent *e;
	int folder;
	size_t i;
	DIR *d;

	for (i = 0; i < NKINDS; i++) {
		folder = open_kind(dir, (enum journal_kind)i, 0);
		if (folder == -1)
			continue;
		if (!is_due(folder) || (d = fdopendir(folder)) == NULL) {
			close(folder);
			continue;
		}
		while ((e = readdir(d)) != NULL)
			if (journal_record_is_name(e->d_name))
				prune_one(folder, e->d_name);
		closedir(d);
	}
}
