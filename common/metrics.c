/*
 * metrics: counters in memory that processes share, and Prometheus' text
 * format (exposition formats, "Text-based format").
 *
 * A series, once it is there, stays where it is, and adding to it is one
 * atomic instruction.  What has to happen one after the other, making series
 * and writing FILE, happens under a lock on octet 0 of FILE.counts, fcntl(2).
 * A listener has a lock on an octet of its own as long as it lives: behind it
 * is how many sessions it has, which nobody believes when the lock is gone.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/metrics.h"

#define MAGIC	   "smtp2sms counts 1"
#define PATH_ROOM  4096
#define LOCK_TRIES 200		/* with LOCK_PAUSE between them */
#define LOCK_PAUSE 5		/* milliseconds */

struct series {
	atomic_ulong value;
	unsigned family;
	char label[2][METRICS_LABEL];
};

struct store {
	char magic[24];
	size_t size;			/* of the whole: a build's own */
	atomic_uint n;			/* series that are there */
	atomic_ulong sessions[METRICS_LISTENERS];
	struct series series[METRICS_SERIES];
};

static struct {
	const char *file;
	int fd;
	struct store *store;	/* NULL: nothing is counted */
	int dirty;		/* this process has counted something */
	int failed;		/* it has been logged that FILE cannot be */
	int full;		/* ... that there is no room for a series */
	int listener;		/* its place in sessions[], from 1 on */
	long long next;		/* FILE is not written before */
} self = {.fd = -1};

static const struct {
	const char *name, *type, *help;
	const char *label[2];
} families[METRICS_FAMILIES] = {
	[METRICS_MESSAGES] = {"messages_total", "counter",
	    "Messages by the gateway and the outcome of their worst recipient.",
	    {"gateway", "outcome"}},
	[METRICS_RECIPIENTS] = {"recipients_total", "counter",
	    "Recipients of messages by gateway and outcome.",
	    {"gateway", "outcome"}},
	[METRICS_PARTS] = {"parts_total", "counter",
	    "SMS parts, of each recipient, by gateway and outcome.",
	    {"gateway", "outcome"}},
	[METRICS_REPLIES] = {"replies_total", "counter",
	    "Replies to clients by their code.", {"code", NULL}},
	[METRICS_AUTH] = {"auth_total", "counter",
	    "Results of AUTH; unchecked: the gateway will judge.",
	    {"result", NULL}},
	[METRICS_GATEWAY] = {"gateway_seconds", "histogram",
	    "Time that gateways took to answer a request with a message.",
	    {"gateway", "le"}},
	[METRICS_GATEWAY_SUM] = {NULL, NULL, NULL, {"gateway", NULL}},
	[METRICS_SESSIONS] = {"sessions", "gauge",
	    "Sessions of listeners that are open.", {NULL, NULL}},
	[METRICS_CONNECTIONS] = {"connections_total", "counter",
	    "Connections that became a session, or why they did not.",
	    {"result", NULL}},
	[METRICS_TLS] = {"tls_handshakes_total", "counter",
	    "TLS handshakes with clients.", {"result", NULL}},
	[METRICS_HELD_BACK] = {"held_back_total", "counter",
	    "Texts that the flood guard has held back.", {NULL, NULL}},
	[METRICS_RECEIPTS] = {"receipts_total", "counter",
	    "Delivery receipts that were mailed.", {"state", NULL}},
	[METRICS_CLAIMS] = {"claims_total", "counter",
	    "Messages that were looked for in the journal, by what it said.",
	    {"result", NULL}},
};

static const struct {
	long ms;
	const char *le;
} buckets[] = {
	{50, "0.05"}, {100, "0.1"}, {250, "0.25"}, {500, "0.5"}, {1000, "1"},
	{2500, "2.5"}, {5000, "5"}, {10000, "10"}, {30000, "30"},
	{-1, "+Inf"},
};
#define NBUCKETS (sizeof(buckets) / sizeof(buckets[0]))

/* ---- locks ---- */

static int
set_lock(int fd, int octet, short type)
{
	struct flock l = {.l_type = type, .l_whence = SEEK_SET,
	    .l_start = octet, .l_len = 1};

	return fcntl(fd, F_SETLK, &l);
}

/* Wait for the lock on octet 0, but not for ever.  0, or -1 with errno. */
static int
lock(int fd)
{
	struct timespec pause = {0, LOCK_PAUSE * 1000000L};
	int i;

	for (i = 0; i < LOCK_TRIES; i++) {
		if (set_lock(fd, 0, F_WRLCK) == 0)
			return 0;
		if (errno != EACCES && errno != EAGAIN && errno != EINTR)
			return -1;
		nanosleep(&pause, NULL);
	}
	return -1;
}

static void
unlock(int fd)
{
	int saved = errno;

	set_lock(fd, 0, F_UNLCK);
	errno = saved;
}

/* 1 if another process has this octet. */
static int
is_locked(int fd, int octet)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET,
	    .l_start = octet, .l_len = 1};

	return fcntl(fd, F_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

/* ---- FILE.counts ---- */

static int
put_path(char out[PATH_ROOM], const char *file, const char *suffix)
{
	int n = snprintf(out, PATH_ROOM, "%s%s", file, suffix);

	if (n < PATH_ROOM)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* Its octets are all written, so that no page of it can be missing later. */
static int
fill(int fd)
{
	struct store *s = calloc(1, sizeof(*s));
	ssize_t n;

	if (s == NULL)
		return -1;
	memcpy(s->magic, MAGIC, sizeof(MAGIC));
	s->size = sizeof(*s);
	n = write(fd, s, sizeof(*s));
	free(s);
	if (n >= 0 && n < (ssize_t)sizeof(*s))
		errno = ENOSPC;
	return n == (ssize_t)sizeof(*s) ? 0 : -1;
}

/*
 * Make it, complete before it has its name.  again: it takes the place of
 * one that this build cannot read.
 */
static int
make(const char *path, int again)
{
	char new[PATH_ROOM], suffix[32];
	int fd, r = -1;

	snprintf(suffix, sizeof(suffix), ".%ld", (long)getpid());
	if (put_path(new, path, suffix) == -1)
		return -1;
	unlink(new); /* of one that died here */
	fd = open(new, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	if (fill(fd) == 0)
		r = again ? rename(new, path) :
		    /* another process may have been first */
		    link(new, path) == -1 && errno != EEXIST ? -1 : 0;
	close(fd);
	if (!again || r == -1)
		unlink(new);
	return r;
}

/* Map it.  0; 1 if this build cannot read it; -1 with errno. */
static int
map(const char *path, int flags, int protection, int *fd, struct store **s)
{
	struct stat st;

	if ((*fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) ==
	    -1)
		return -1;
	*s = MAP_FAILED;
	if (fstat(*fd, &st) == 0 && st.st_size == (off_t)sizeof(**s))
		*s = mmap(NULL, sizeof(**s), protection, MAP_SHARED, *fd, 0);
	if (*s != MAP_FAILED && memcmp((*s)->magic, MAGIC, sizeof(MAGIC)) ==
	    0 && (*s)->size == sizeof(**s))
		return 0;
	if (*s != MAP_FAILED)
		munmap(*s, sizeof(**s));
	close(*fd);
	*fd = -1;
	return 1;
}

static int
open_store(const char *file)
{
	char path[PATH_ROOM];
	int r, tries;

	if (put_path(path, file, ".counts") == -1)
		return -1;
	for (tries = 0; tries < 3; tries++) {
		r = map(path, O_RDWR, PROT_READ | PROT_WRITE, &self.fd,
		    &self.store);
		if (r == 0)
			return 0;
		self.store = NULL;
		if (r == -1 && errno != ENOENT)
			return -1;
		if (make(path, r == 1) == -1)
			return -1;
	}
	errno = EINVAL;
	return -1;
}

/* Log it once, and again when it has worked meanwhile. */
static int
fail(void)
{
	if (!self.failed)
		log_event(LOG_ERR, "metrics", "file", self.file, "error",
		    strerror(errno), NULL);
	self.failed = 1;
	return -1;
}

static void
close_store(void)
{
	if (self.store != NULL)
		munmap(self.store, sizeof(*self.store));
	if (self.fd != -1)
		close(self.fd);
	self.store = NULL;
	self.fd = -1;
	self.listener = 0;
}

/* All outcomes of a gateway are there from now on. */
static void
make_outcomes(const char *gateway)
{
	const char *name;
	int o;

	for (o = 0; o <= IPC_OUTCOME_LAST; o++) {
		name = ipc_outcome_name((enum ipc_outcome)o);
		metrics_add(METRICS_MESSAGES, gateway, name, 0);
		metrics_add(METRICS_RECIPIENTS, gateway, name, 0);
		metrics_add(METRICS_PARTS, gateway, name, 0);
	}
}

int
metrics_open(const char *file)
{
	static const char *const auth[] = {"ok", "unchecked", "wrong",
	    "temporary"};
	size_t i;

	if (file == NULL)
		return 0;
	self.file = file;
	close_store();
	if (open_store(file) == -1)
		return fail();
#ifdef MADV_DONTFORK
	madvise(self.store, sizeof(*self.store), MADV_DONTFORK);
#endif
	if (self.store->n > 0)
		return 0;
	metrics_add(METRICS_HELD_BACK, NULL, NULL, 0);
	metrics_add(METRICS_CONNECTIONS, "accepted", NULL, 0);
	for (i = 0; i < sizeof(auth) / sizeof(auth[0]); i++)
		metrics_add(METRICS_AUTH, auth[i], NULL, 0);
	metrics_add(METRICS_TLS, "ok", NULL, 0);
	metrics_add(METRICS_TLS, "failed", NULL, 0);
	make_outcomes(METRICS_NO_GATEWAY);
	return 0;
}

void
metrics_forget(void)
{
	self.store = NULL;
	self.fd = -1;
	self.listener = 0;
}

int
metrics_are_on(void)
{
	return self.store != NULL;
}

/* ---- counting ---- */

/*
 * Put a label's value into its place, of octets that need no escape: the
 * names of gateways are file names.
 */
static void
copy_label(char out[METRICS_LABEL], const char *value)
{
	size_t i;

	for (i = 0; value != NULL && value[i] != '\0' && i < METRICS_LABEL - 1;
	    i++)
		out[i] = value[i] < ' ' || value[i] > '~' || value[i] == '"' ||
		    value[i] == '\\' ? '_' : value[i];
	out[i] = '\0';
}

/* Among the first n; from the from-th on, which are those that are new. */
static struct series *
find(unsigned from, unsigned n, enum metrics_family f,
    const char label[2][METRICS_LABEL])
{
	struct series *s = self.store->series + from;

	if (n > METRICS_SERIES)	/* the file is broken */
		n = METRICS_SERIES;
	for (; s < self.store->series + n; s++)
		if (s->family == f && strcmp(s->label[1], label[1]) == 0 &&
		    strcmp(s->label[0], label[0]) == 0)
			return s;
	return NULL;
}

static struct series *
make_series(unsigned from, enum metrics_family f,
    const char label[2][METRICS_LABEL])
{
	struct series *s;
	unsigned n;

	if (lock(self.fd) == -1)
		return NULL;
	n = self.store->n;
	s = find(from, n, f, label);
	if (s == NULL && n < METRICS_SERIES) {
		s = &self.store->series[n];
		s->family = f;
		memcpy(s->label, label, sizeof(s->label));
		self.store->n = n + 1;
	}
	unlock(self.fd);
	if (s == NULL && !self.full) {
		self.full = 1;
		log_event(LOG_ERR, "metrics", "file", self.file, "error",
		    "too many different labels; remove FILE.counts", NULL);
	}
	return s;
}

void
metrics_add(enum metrics_family f, const char *value, const char *second,
    unsigned long count)
{
	char label[2][METRICS_LABEL];
	struct series *s;
	unsigned n;

	if (self.store == NULL)
		return;
	memset(label, 0, sizeof(label));
	copy_label(label[0], value);
	copy_label(label[1], second);
	n = self.store->n;
	if (n > METRICS_SERIES)
		return;
	s = find(0, n, f, label);
	if (s == NULL)
		s = make_series(n, f, label);
	if (s == NULL)
		return;
	atomic_fetch_add(&s->value, count);
	self.dirty = 1;
}

void
metrics_seconds(const char *gateway, long ms)
{
	size_t i;

	for (i = 0; i + 1 < NBUCKETS && ms > buckets[i].ms; i++)
		;
	metrics_add(METRICS_GATEWAY_SUM, gateway, NULL, (unsigned long)ms);
	metrics_add(METRICS_GATEWAY, gateway, buckets[i].le, 1);
}

void
metrics_gateway(const char *gateway)
{
	char label[2][METRICS_LABEL] = {"", "+Inf"};
	size_t i;

	if (self.store == NULL)
		return;
	copy_label(label[0], gateway);
	if (find(0, self.store->n, METRICS_GATEWAY, label) != NULL)
		return;
	make_outcomes(gateway);
	for (i = 0; i < NBUCKETS; i++)
		metrics_add(METRICS_GATEWAY, gateway, buckets[i].le, 0);
}

void
metrics_tally(const struct tally *t)
{
	static const char *const auth[TALLY_AUTHS] = {
		[TALLY_AUTH_OK] = "ok",
		[TALLY_AUTH_UNCHECKED] = "unchecked",
		[TALLY_AUTH_WRONG] = "wrong",
		[TALLY_AUTH_TEMPORARY] = "temporary",
	};
	static const char *const tls[TALLY_TLSS] = {
		[TALLY_TLS_OK] = "ok",
		[TALLY_TLS_FAILED] = "failed",
	};
	char code[8];
	size_t i;

	if (self.store == NULL)
		return;
	if (t->alone)
		metrics_add(METRICS_CONNECTIONS, "accepted", NULL, 1);
	for (i = 0; i < TALLY_AUTHS; i++)
		if (t->auth[i] > 0)
			metrics_add(METRICS_AUTH, auth[i], NULL, t->auth[i]);
	for (i = 0; i < TALLY_TLSS; i++)
		if (t->tls[i] > 0)
			metrics_add(METRICS_TLS, tls[i], NULL, t->tls[i]);
	for (i = 0; i < TALLY_CODES; i++) {
		if (t->reply[i] == 0)
			continue;
		snprintf(code, sizeof(code), "%d", (int)i + TALLY_CODE_MIN);
		metrics_add(METRICS_REPLIES, code, NULL, t->reply[i]);
	}
}

void
metrics_sessions(unsigned long n)
{
	int i;

	if (self.store == NULL)
		return;
	for (i = 1; self.listener == 0 && i <= METRICS_LISTENERS; i++)
		if (set_lock(self.fd, i, F_WRLCK) == 0)
			self.listener = i;
	if (self.listener == 0)
		return;
	self.store->sessions[self.listener - 1] = n;
	self.dirty = 1;
}

/* ---- the text ---- */

static unsigned long
open_sessions(const struct store *s, int fd)
{
	unsigned long sum = 0;
	int i;

	for (i = 1; i <= METRICS_LISTENERS; i++)
		/* our own lock is none to us */
		if (i == self.listener || is_locked(fd, i))
			sum += s->sessions[i - 1];
	return sum;
}

static void
put_labels(FILE *out, enum metrics_family f, const struct series *s)
{
	int i;

	for (i = 0; i < 2 && families[f].label[i] != NULL; i++)
		fprintf(out, "%s%s=\"%s\"", i == 0 ? "{" : ",",
		    families[f].label[i], s->label[i]);
	if (i > 0)
		fputs("}", out);
}

/* The value of a series of this gateway, 0 if it is not there. */
static unsigned long
value_of(const struct store *s, unsigned n, enum metrics_family f,
    const char *gateway, const char *le)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (s->series[i].family == f &&
		    strcmp(s->series[i].label[0], gateway) == 0 &&
		    strcmp(s->series[i].label[1], le) == 0)
			return s->series[i].value;
	return 0;
}

/* Each bucket has what is in the smaller ones, too. */
static void
put_histogram(FILE *out, const struct store *s, unsigned n,
    const char *gateway)
{
	unsigned long sum, count = 0;
	size_t i;

	for (i = 0; i < NBUCKETS; i++) {
		count += value_of(s, n, METRICS_GATEWAY, gateway,
		    buckets[i].le);
		fprintf(out, "smtp2sms_gateway_seconds_bucket{gateway=\"%s\","
		    "le=\"%s\"} %lu\n", gateway, buckets[i].le, count);
	}
	sum = value_of(s, n, METRICS_GATEWAY_SUM, gateway, "");
	fprintf(out, "smtp2sms_gateway_seconds_sum{gateway=\"%s\"} "
	    "%lu.%03lu\n", gateway, sum / 1000, sum % 1000);
	fprintf(out, "smtp2sms_gateway_seconds_count{gateway=\"%s\"} %lu\n",
	    gateway, count);
}

static void
put_series(FILE *out, const struct store *s, unsigned n,
    const struct series *one)
{
	enum metrics_family f = (enum metrics_family)one->family;

	if (f != METRICS_GATEWAY) {
		fprintf(out, "smtp2sms_%s", families[f].name);
		put_labels(out, f, one);
		fprintf(out, " %lu\n", (unsigned long)one->value);
	} else if (strcmp(one->label[1], buckets[NBUCKETS - 1].le) == 0) {
		put_histogram(out, s, n, one->label[0]);
	}
}

/* The lines of a family, if it has any. */
static void
put_family(FILE *out, const struct store *s, int fd, unsigned n,
    enum metrics_family f)
{
	int told = 0;
	unsigned i;

	if (families[f].name == NULL)
		return;
	for (i = 0; i < n; i++) {
		if (s->series[i].family != f)
			continue;
		if (!told++)
			fprintf(out, "# HELP smtp2sms_%s %s\n"
			    "# TYPE smtp2sms_%s %s\n", families[f].name,
			    families[f].help, families[f].name,
			    families[f].type);
		put_series(out, s, n, &s->series[i]);
	}
	if (f == METRICS_SESSIONS)
		fprintf(out, "# HELP smtp2sms_sessions %s\n"
		    "# TYPE smtp2sms_sessions gauge\nsmtp2sms_sessions %lu\n",
		    families[f].help, open_sessions(s, fd));
}

/* Write all of it.  0, or -1 with errno. */
static int
put_all(FILE *out, const struct store *s, int fd)
{
	unsigned n = s->n;
	int f;

	if (n > METRICS_SERIES)
		n = METRICS_SERIES;
	for (f = 0; f < METRICS_FAMILIES; f++)
		put_family(out, s, fd, n, (enum metrics_family)f);
	return ferror(out) ? -1 : 0;
}

/* ---- FILE ---- */

/* Under the lock, so that nobody puts older figures in place of newer ones. */
static int
write_file(void)
{
	char new[PATH_ROOM];
	FILE *out;
	int fd, r;

	if (put_path(new, self.file, ".new") == -1)
		return -1;
	unlink(new); /* of one that died here */
	fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd == -1)
		return -1;
	/* whatever the umask: the node exporter is another user */
	if (fchmod(fd, 0644) == -1 || (out = fdopen(fd, "w")) == NULL) {
		close(fd);
		return -1;
	}
	r = put_all(out, self.store, self.fd);
	if (fclose(out) != 0)
		r = -1;
	return r == 0 ? rename(new, self.file) : -1;
}

/* Somebody has removed FILE.counts: begin a new one. */
static void
reopen(void)
{
	struct stat st;

	if (fstat(self.fd, &st) == 0 && st.st_nlink == 0)
		metrics_open(self.file);
}

static void
write_now(void)
{
	int r = -1;

	reopen();
	if (self.store == NULL || !self.dirty)
		return;
	self.dirty = 0;	/* what is counted from here on is for the next time */
	if (lock(self.fd) == 0) {
		r = write_file();
		unlock(self.fd);
	}
	if (r == -1)
		fail();
	else
		self.failed = 0;
	self.next = clock_ms() + METRICS_PAUSE;
}

void
metrics_turn(int *ms)
{
	int left;

	if (self.store == NULL || !self.dirty)
		return;
	left = self.next == 0 ? 0 : clock_left(self.next);
	if (left == 0)
		write_now();
	else if (left < *ms)
		*ms = left;
}

void
metrics_end(void)
{
	if (self.store != NULL && self.dirty)
		write_now();
}

int
metrics_print(const char *file)
{
	char path[PATH_ROOM];
	struct store *s;
	int fd, r;

	if (put_path(path, file, ".counts") == -1)
		return -1;
	if ((r = map(path, O_RDONLY, PROT_READ, &fd, &s)) != 0) {
		if (r == 1)
			errno = EINVAL;
		return -1;
	}
	return put_all(stdout, s, fd) == 0 && fflush(stdout) == 0 ? 0 : -1;
}
