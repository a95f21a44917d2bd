/*
 * journal_file: records in files, locked and crash-safe.
 *
 * DIR/xx/KEY is one message; xx is the start of KEY.  Who has it open has it
 * locked, flock(2).  Lines (journal_record.c) are appended.  A line that is
 * torn or wrong was never committed, or its disk is broken: it is not there.
 * When most lines have been overtaken by later ones, the file is written anew
 * as KEY.new and renamed.  DIR/prune says how far journal_file_prune has come.
 * DIR/key has the journal's random octets.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delivery/journal_file.h"
#include "delivery/journal_record.h"

#define LINES_FEW    64	  /* a file of so many lines stays as it is */
#define LINES_FACTOR 4	  /* lines for each recipient, before a rewrite */
#define OPEN_TRIES   16	  /* if others remove what was just opened */
#define NEW_SUFFIX   ".new"
#define KEY_FILE     "key"
#define FILE_ROOM    (JOURNAL_NAME_MAX + sizeof(NEW_SUFFIX))
#define TURNS	     4096 /* of pruning: 256 folders, 16 parts of each */
#define TURNS_KEEP   4	  /* rounds of pruning while a record is kept */

/* ---- opening ---- */

/* A file system that cannot sync folders says EINVAL, and does without. */
static int
sync_folder(int fd)
{
	return fsync(fd) == -1 && errno != EINVAL ? -1 : 0;
}

static void
close_quietly(int fd)
{
	int saved = errno;

	if (fd != -1)
		close(fd);
	errno = saved;
}

/* DIR/xx, made if need be.  A descriptor, or -1. */
static int
open_folder(const char *dir, const char *key)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	const char xx[] = {key[0], key[1], '\0'};
	int root, fd;

	if ((root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	fd = openat(root, xx, flags);
	if (fd == -1 && errno == ENOENT &&
	    (mkdirat(root, xx, 0700) == 0 || errno == EEXIST) &&
	    sync_folder(root) == 0)
		fd = openat(root, xx, flags);
	close_quietly(root);
	return fd;
}

/*
 * 1 if the open file is still the one of that name: between the opening and
 * the lock it may have been removed or replaced.
 */
static int
is_current(int folder, const char *name, int fd, struct stat *st)
{
	struct stat there;

	return fstat(fd, st) == 0 &&
	    fstatat(folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st->st_dev == there.st_dev && st->st_ino == there.st_ino;
}

/* Open the record and lock it: 0, 1 if another has it, or -1. */
static int
take(struct journal *j)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC;
	struct stat st;
	int tries;

	for (tries = 0; tries < OPEN_TRIES; tries++) {
		if ((j->fd = openat(j->folder, j->key, flags, 0600)) == -1)
			return -1;
		if (flock(j->fd, LOCK_EX | LOCK_NB) == -1)
			return errno == EWOULDBLOCK ? 1 : -1;
		if (is_current(j->folder, j->key, j->fd, &st)) {
			if (S_ISREG(st.st_mode))
				return 0;
			errno = EINVAL;
			return -1;
		}
		close(j->fd);
		j->fd = -1;
	}
	return 1;
}

/* Read up to max octets from the start.  Returns how many, or -1. */
static ssize_t
read_all(int fd, char *p, size_t max)
{
	size_t have = 0;
	ssize_t n;

	while (have < max) {
		n = pread(fd, p + have, max - have, (off_t)have);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

static int
load(struct journal *j)
{
	char *p = malloc(JOURNAL_FILE_MAX + 1);
	ssize_t n;
	int r = -1;

	if (p == NULL)
		return -1;
	n = read_all(j->fd, p, JOURNAL_FILE_MAX + 1);
	if (n > JOURNAL_FILE_MAX)
		errno = EFBIG;
	else if (n != -1)
		r = journal_record_load(j, p, (size_t)n);
	free(p);
	return r;
}

static void
let_go(struct journal *j)
{
	close_quietly(j->fd);
	close_quietly(j->folder);
	journal_record_free(j);
	j->fd = j->folder = -1;
}

int
journal_file_open(struct journal *j, const char *dir, const char *key)
{
	int r;

	memset(j, 0, sizeof(*j));
	j->fd = j->folder = -1;
	if (!journal_record_is_name(key)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(j->key, key, sizeof(j->key));
	if ((j->folder = open_folder(dir, key)) == -1)
		return -1;
	r = take(j);
	if (r == 0 && load(j) == -1) {
		flock(j->fd, LOCK_UN);
		r = -1;
	}
	if (r != 0)
		let_go(j);
	return r;
}

/* ---- writing ---- */

static int
write_at(int fd, const char *p, size_t n, off_t at)
{
	ssize_t done;

	while (n > 0) {
		done = pwrite(fd, p, n, at);
		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1)
			return -1;
		p += done;
		n -= (size_t)done;
		at += done;
	}
	return 0;
}

/*
 * Lines that were not written as a whole are none: the next to read would
 * take what they say for something that had begun.
 */
static void
take_back(struct journal *j)
{
	int saved = errno, r = ftruncate(j->fd, j->end);

	(void)r; /* or they stay, and are "unknown" */
	errno = saved;
}

/* Behind the last line that is right; what is torn there is cut off. */
static int
append(struct journal *j)
{
	size_t size, lines;
	char *p = journal_record_lines(j, 0, &size, &lines);
	int r = -1;

	if (p == NULL)
		return -1;
	if ((size_t)j->end + size > JOURNAL_FILE_MAX)
		errno = EFBIG;
	else if (ftruncate(j->fd, j->end) == 0 &&
	    write_at(j->fd, p, size, j->end) == 0 && fsync(j->fd) == 0)
		r = 0;
	free(p);
	if (r == -1) {
		take_back(j);
		return -1;
	}
	j->end += (off_t)size;
	j->lines += lines;
	return 0;
}

/*
 * A new file with one line for each recipient.  It is locked before it has
 * the record's name, so that the record is never without a lock.
 */
static int
rewrite(struct journal *j)
{
	char name[FILE_ROOM];
	size_t size, lines;
	char *p;
	int fd;

	snprintf(name, sizeof(name), "%s" NEW_SUFFIX, j->key);
	unlinkat(j->folder, name, 0); /* of one that died here */
	fd = openat(j->folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return -1;
	p = journal_record_lines(j, 1, &size, &lines);
	if (p == NULL || flock(fd, LOCK_EX | LOCK_NB) == -1 ||
	    write_at(fd, p, size, 0) == -1 || fsync(fd) == -1 ||
	    renameat(j->folder, name, j->folder, j->key) == -1) {
		free(p);
		close_quietly(fd);
		unlinkat(j->folder, name, 0);
		return -1;
	}
	free(p);
	flock(j->fd, LOCK_UN);
	close(j->fd);
	j->fd = fd;
	j->end = (off_t)size;
	j->lines = lines;
	j->settled = 0;
	return 0;
}

/* Whether most of the file would be lines that have been overtaken. */
static int
is_stale(const struct journal *j, size_t more)
{
	size_t lines = j->lines + more;

	return (lines > LINES_FEW && lines > LINES_FACTOR * journal_record_count(j)) ||
	    (size_t)j->end + more * JOURNAL_RECORD_LINE > JOURNAL_FILE_MAX;
}

int
journal_file_commit(struct journal *j)
{
	struct journal_entry *e, *end = j->entry + j->n;
	size_t dirty = 0;

	for (e = j->entry; e < end; e++)
		if (e->dirty) {
			dirty++;
			e->written = 1; /* even if it fails half-way */
		}
	if (dirty == 0)
		return 0;
	/* a rewrite that fails is no harm: the lines are put at the end */
	if ((!is_stale(j, dirty) || rewrite(j) == -1) && append(j) == -1)
		return -1;
	/* another session may have made the file, and not come to this */
	if (!j->settled && sync_folder(j->folder) == -1)
		return -1;
	j->settled = 1;
	for (e = j->entry; e < end; e++)
		e->dirty = 0;
	return 0;
}

void
journal_file_close(struct journal *j)
{
	size_t i;
	int keep = 0;

	if (j->fd == -1)
		return;
	for (i = 0; i < j->n; i++)
		keep |= j->entry[i].state != JOURNAL_NEW &&
		    j->entry[i].written;
	if (!keep)
		unlinkat(j->folder, j->key, 0);
	flock(j->fd, LOCK_UN); /* for a child that still has it, too */
	let_go(j);
}

/* ---- the key ---- */

/* A file of its own, so that nobody reads a key that is half written. */
static int
make_key(int root)
{
	struct journal_key key;
	char name[sizeof(KEY_FILE) + 20];
	int fd, r = -1;

	snprintf(name, sizeof(name), KEY_FILE ".%ld", (long)getpid());
	unlinkat(root, name, 0); /* of one that died here */
	fd = openat(root, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	if (getentropy(key.inner, sizeof(key.inner)) == 0 &&
	    getentropy(key.outer, sizeof(key.outer)) == 0 &&
	    write_at(fd, (const char *)&key, sizeof(key), 0) == 0 &&
	    fsync(fd) == 0 &&
	    /* another session may have been first: then its key is the one */
	    (linkat(root, name, root, KEY_FILE, 0) == 0 || errno == EEXIST))
		r = sync_folder(root);
	close_quietly(fd);
	unlinkat(root, name, 0);
	explicit_bzero(&key, sizeof(key));
	return r;
}

static int
load_key(int root, struct journal_key *key)
{
	int fd = openat(root, KEY_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return -1;
	n = read_all(fd, (char *)key, sizeof(*key));
	close_quietly(fd);
	if (n == (ssize_t)sizeof(*key))
		return 0;
	if (n != -1)
		errno = EINVAL;
	return -1;
}

int
journal_file_read_key(const char *dir, struct journal_key *key)
{
	int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (root == -1)
		return -1;
	r = load_key(root, key);
	if (r == -1 && errno == ENOENT && make_key(root) == 0)
		r = load_key(root, key);
	close_quietly(root);
	return r;
}

/* ---- pruning ---- */

/* Remove one record if it is old and nobody has it. */
static void
prune_one(int folder, const char *name, time_t before)
{
	struct stat st;
	int fd;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode) ||
	    (st.st_mtime >= before && !journal_record_is_ahead(st.st_mtime)))
		return;
	fd = openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	if (fd == -1)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    is_current(folder, name, fd, &st)) {
		if (st.st_mtime < before)
			unlinkat(folder, name, 0);
		else if (journal_record_is_ahead(st.st_mtime))
			futimens(fd, NULL); /* its time begins now */
	}
	close(fd);
}

/* A record's name, or that of one that was not finished. */
static int
is_record(const char *s)
{
	if (!journal_record_starts_with_name(s))
		return 0;
	s += JOURNAL_NAME_MAX;
	return *s == '\0' || strcmp(s, NEW_SUFFIX) == 0;
}

/* One sixteenth of one folder's records: those whose third digit it is. */
static void
prune_folder(int root, unsigned turn, time_t before)
{
	const char digit = "0123456789abcdef"[turn >> 8];
	struct dirent *d;
	char xx[3];
	DIR *dir;
	int fd;

	snprintf(xx, sizeof(xx), "%02x", turn & 0xff);
	fd = openat(root, xx, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return;
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	while ((d = readdir(dir)) != NULL)
		if (is_record(d->d_name) && d->d_name[2] == digit)
			prune_one(fd, d->d_name, before);
	closedir(dir);
}

/*
 * Whose turn it is, and note the next one; -1: it is too soon, or another
 * is at it.  With calls enough all have their turn TURNS_KEEP times while a
 * record is kept.
 */
static int
next_turn(int fd, long keep, time_t now)
{
	char s[8] = "";
	unsigned turn = 0;
	struct stat st;
	time_t age;

	if (flock(fd, LOCK_EX | LOCK_NB) == -1 || fstat(fd, &st) == -1)
		return -1;
	/* Linux's file times can be some milliseconds ahead of time(3) */
	age = st.st_mtime < now ? now - st.st_mtime : 0;
	if (st.st_size > 0 && st.st_mtime <= now + JOURNAL_AHEAD &&
	    age < keep / (TURNS * TURNS_KEEP))
		return -1;
	if (pread(fd, s, 4, 0) == 4)
		sscanf(s, "%4x", &turn);
	turn %= TURNS;
	snprintf(s, sizeof(s), "%04x\n", (turn + 1) % TURNS);
	return write_at(fd, s, 5, 0) == 0 ? (int)turn : -1;
}

void
journal_file_prune(const char *dir, long keep)
{
	time_t now = time(NULL);
	int root, fd, turn;

	if ((root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return;
	fd = openat(root, "prune", O_RDWR | O_CREAT | O_NOFOLLOW |
	    O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd != -1) {
		turn = next_turn(fd, keep, now);
		if (turn != -1)
			prune_folder(root, (unsigned)turn, now - keep);
		close(fd);
	}
	close(root);
}
