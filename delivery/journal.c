/*
 * journal: one interface to a folder, whose answers are there at once, and to
 * a cluster, whose answers come later.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "delivery/journal.h"
#include "delivery/journal_file.h"
#include "delivery/journal_value.h"

static struct {
	const struct config *config;
	char why[JOURNAL_WHY_MAX + 1];
} self;

int
journal_init(const struct config *c)
{
	self.config = c;
	return 0;
}

const char *
journal_why(void)
{
	return self.why;
}

const char *
journal_where(void)
{
	return self.config->journal;
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

unsigned
journal_prepare(struct curl_waitfd *w, int *ms)
{
	(void)w;
	(void)ms;
	return 0;
}

void
journal_turn(const struct curl_waitfd *w, unsigned n)
{
	(void)w;
	(void)n;
}

void
journal_wait(const int *over)
{
	(void)over;
}

void
journal_read_key(journal_key_done done, void *arg)
{
	struct journal_key key;

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
	done(arg, answer_of(journal_file_open(j, self.config->journal, key)));
}

void
journal_claim(struct journal *j, long ms, journal_done done, void *arg)
{
	(void)ms; /* the lock lasts as long as the process */
	done(arg, answer_of(journal_file_commit(j)));
}

void
journal_result(struct journal *j, long ms, journal_done done, void *arg)
{
	(void)ms;
	done(arg, answer_of(journal_file_commit(j)));
}

void
journal_close(struct journal *j)
{
	journal_file_close(j);
}

void
journal_prune(void)
{
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
	int r = journal_value_get(self.config->journal, kind, name, &v);

	tell(r, &v, got, arg);
}

void
journal_put(const struct journal_change *c, journal_got got, void *arg)
{
	struct journal_value v;
	int r = journal_value_put(self.config->journal, c, &v);

	tell(r, &v, got, arg);
}

void
journal_next(enum journal_kind kind, const char *name, journal_got got,
    void *arg)
{
	struct journal_value v;
	int r = journal_value_next(self.config->journal, kind, name, &v);

	tell(r, &v, got, arg);
}
