/*
 * journal: one interface to a folder, whose answers are there at once, and to
 * a cluster, whose answers come later.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "delivery/journal.h"
#include "delivery/journal_etcd.h"
#include "delivery/journal_file.h"
#include "delivery/journal_link.h"
#include "delivery/journal_value.h"

#define WAIT_MAX 60000 /* milliseconds */

static struct {
	const struct config *config;
	int etcd;
	char why[JOURNAL_WHY_MAX + 1];	/* of a folder */
} self;

int
journal_init(const struct config *c)
{
	self.config = c;
	self.etcd = c->journal_etcd.n > 0;
	return self.etcd ? journal_etcd_init(c) : 0;
}

const char *
journal_why(void)
{
	return self.etcd ? journal_etcd_why() : self.why;
}

const char *
journal_where(void)
{
	return self.etcd ? journal_link_member() : self.config->journal;
}

/* What a function of journal_file.c returned, and errno. */
static enum journal_answer
answer_of(int r)
{
	if (r == 0)
		return JOURNAL_OK;
	if (r == 1)
		return JOURNAL_BUSY;
	snprintf(self.why, sizeof(self.why), "%s", strerror(errno));
	return JOURNAL_FAILED;
}

/* ---- waiting ---- */

unsigned
journal_prepare(struct curl_waitfd *w, int *ms)
{
	return self.etcd ? journal_link_prepare(w, ms) : 0;
}

void
journal_turn(const struct curl_waitfd *w, unsigned n)
{
	if (self.etcd)
		journal_link_turn(w, n);
}

void
journal_wait(const int *over)
{
	struct curl_waitfd w[JOURNAL_WAITS];
	struct pollfd p[JOURNAL_WAITS];
	unsigned i, n;
	int ms;

	while (!*over) {
		ms = WAIT_MAX;
		n = journal_prepare(w, &ms);
		for (i = 0; i < n; i++)
			p[i] = (struct pollfd){w[i].fd, (short)(
			    (w[i].events & CURL_WAIT_POLLIN ? POLLIN : 0) |
			    (w[i].events & CURL_WAIT_POLLOUT ? POLLOUT : 0)),
			    0};
		if (*over || poll(p, n, ms) == -1)
			n = 0;
		for (i = 0; i < n; i++)
			w[i].revents = (short)(
			    (p[i].revents & ~POLLOUT ? CURL_WAIT_POLLIN : 0) |
			    (p[i].revents & POLLOUT ? CURL_WAIT_POLLOUT : 0));
		journal_turn(w, n);
	}
}

struct check {
	int over;
	enum journal_answer answer;
};

static void
on_check(void *arg, enum journal_answer a)
{
	struct check *c = arg;

	c->over = 1;
	c->answer = a;
}

int
journal_check(void)
{
	struct check c = {0, JOURNAL_OK};

	if (!self.etcd)
		return 0; /* check.c looks at folders */
	journal_etcd_check(on_check, &c);
	journal_wait(&c.over);
	return c.answer == JOURNAL_OK ? 0 : -1;
}

/* ---- one message ---- */

void
journal_read_key(journal_key_done done, void *arg)
{
	struct journal_key key;

	if (self.etcd) {
		journal_etcd_read_key(done, arg);
		return;
	}
	if (answer_of(journal_file_read_key(self.config->journal, &key)) ==
	    JOURNAL_OK)
		done(arg, &key);
	else
		done(arg, NULL);
	explicit_bzero(&key, sizeof(key));
}

void
journal_open(struct journal *j, const char *key, journal_done done, void *arg)
{
	if (self.etcd)
		done(arg, journal_etcd_open(j, key) == 0 ? JOURNAL_OK :
							   JOURNAL_FAILED);
	else
		done(arg, answer_of(journal_file_open(j, self.config->journal,
		    key)));
}

void
journal_claim(struct journal *j, long ms, journal_done done, void *arg)
{
	/* a folder's lock lasts as long as the process */
	if (self.etcd)
		journal_etcd_claim(j, ms, done, arg);
	else
		done(arg, answer_of(journal_file_commit(j)));
}

void
journal_result(struct journal *j, long ms, journal_done done, void *arg)
{
	if (self.etcd)
		journal_etcd_result(j, ms, done, arg);
	else
		done(arg, answer_of(journal_file_commit(j)));
}

void
journal_close(struct journal *j)
{
	if (self.etcd)
		journal_record_free(j);
	else
		journal_file_close(j);
}

void
journal_prune(void)
{
	if (self.etcd)
		return; /* leases do it */
	journal_file_prune(self.config->journal, self.config->journal_keep);
	journal_value_prune(self.config->journal);
}

/* ---- values ---- */

/* 2: it is another's by now. */
static void
tell(int r, const struct journal_value *v, journal_got got, void *arg)
{
	enum journal_answer a = r == 2 ? JOURNAL_CHANGED : answer_of(r);

	got(arg, a, r == 0 || r == 2 ? v : NULL);
}

void
journal_get(enum journal_kind kind, const char *name, journal_got got,
    void *arg)
{
	struct journal_value v;
	int r;

	if (self.etcd) {
		journal_etcd_get(kind, name, got, arg);
		return;
	}
	r = journal_value_get(self.config->journal, kind, name, &v);
	tell(r, &v, got, arg);
}

void
journal_put(const struct journal_change *c, journal_got got, void *arg)
{
	struct journal_value v;
	int r;

	if (self.etcd) {
		journal_etcd_put(c, got, arg);
		return;
	}
	r = journal_value_put(self.config->journal, c, &v);
	tell(r, &v, got, arg);
}

void
journal_next(enum journal_kind kind, const char *name, journal_got got,
    void *arg)
{
	struct journal_value v;
	int r;

	if (self.etcd) {
		journal_etcd_next(kind, name, got, arg);
		return;
	}
	r = journal_value_next(self.config->journal, kind, name, &v);
	tell(r, &v, got, arg);
}
