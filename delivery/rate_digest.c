/*
 * rate_digest: one value of the journal after the other is looked at, and one
 * digest sent at a time.  Several processes may do so at once: who sends a
 * digest puts off its time first, by one change of the value.  A digest is a
 * message like others to the journal, with a Message-ID of its own; so it is
 * not sent twice if this process is killed, and not lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "delivery/rate_digest.h"
#include "delivery/job_fate.h"
#include "delivery/job_id.h"
#include "delivery/job_metrics.h"
#include "delivery/job_send.h"
#include "delivery/rate_value.h"
#include "delivery/update.h"

#define LEASE_GRACE 60	/* seconds beyond the time that sending may take */
#define RETRY	    60	/* seconds until one that failed is sent again */
#define PAUSE	    10	/* seconds between two looks at all of them */
#define KEEP	    (366L * 86400) /* seconds */

enum step { SEEK, TAKE, SEND, CLEAR, OVER };

static struct {
	const struct config *config;
	int on;
	int stopping;		/* no other one is taken */
	long long next;		/* when there is something to do; 0: never */
	long long found;	/* ... as far as this round has seen */
	enum step step;
	int busy, idle, running;
	int yield;		/* it is the event loop's turn */
	char name[JOURNAL_NAME_MAX + 1];	/* whose turn it is */
	struct rate_held held;	/* what this process may send */
	int taken;		/* ... if it may */
	int settled;		/* its outcome is final */
	int limited;		/* the account may send no more now */
	struct update update;
	struct log_limit log_limit;
} self;

void
rate_digest_init(const struct config *c)
{
	self.config = c;
	self.log_limit.session = "digest";
	/* a login of the users file may have a rate of its own */
	self.on = c->over == CONFIG_OVER_DIGEST && config_has_journal(c) &&
	    (c->nrates > 0 || c->auth == CONFIG_AUTH_USERS);
	self.next = (long long)time(NULL);
}

void
rate_digest_expect(long long when)
{
	if (self.next == 0 || when < self.next)
		self.next = when;
	if (self.found == 0 || when < self.found)
		self.found = when;
}

void
rate_digest_stop(void)
{
	self.on = 0;
	self.stopping = 1;
}

int
rate_digest_busy(void)
{
	return self.busy;
}

/* When something has to be done about it; 0: never. */
static long long
due_of(const struct rate_held *h)
{
	return h->told.n > 0 ? h->told.due : h->pile.n > 0 ? h->pile.due : 0;
}

static void run(void);

/* A step that takes time has ended. */
static void
go_on(void)
{
	self.idle = 1;
	if (!self.running)
		run();
}

static void
fail(void)
{
	log_event(LOG_ERR, "digest", "error", journal_why(), NULL);
	rate_digest_expect((long long)time(NULL) + RETRY);
	self.step = OVER;
}

/* ---- which is due? ---- */

static void
on_next(void *arg, enum journal_answer a, const struct journal_value *v)
{
	struct rate_held h;
	long long due;

	(void)arg;
	if (a != JOURNAL_OK) {
		fail();
	} else if (v->revision == 0) {
		self.step = OVER;
	} else {
		strcpy(self.name, v->name);
		due = rate_held_read(&h, v->text) == 0 ? due_of(&h) : 0;
		if (due != 0 && due <= (long long)time(NULL))
			self.step = TAKE;
		else if (due != 0)
			rate_digest_expect(due);
		self.yield = 1;
	}
	go_on();
}

/* ---- take it ---- */

/* Where the account may send no more, the others wait with this one. */
static void
end_clear(void)
{
	self.step = SEEK;
	if (!self.limited)
		return;
	rate_digest_expect((long long)time(NULL) + RETRY);
	self.step = OVER;
}

static void
on_updated(void *arg, int failed)
{
	(void)arg;
	if (failed)
		fail();
	else if (self.step == TAKE)
		self.step = self.taken ? SEND : SEEK;
	else
		end_clear();
	go_on();
}

static void
start_update(enum update_what (*change)(void *, const char *, struct buf *))
{
	struct update *u = &self.update;

	u->kind = JOURNAL_DIGEST;
	strcpy(u->name, self.name);
	u->keep = KEEP;
	u->change = change;
	u->done = on_updated;
	update_start(u);
}

/* Nobody else sends it until that time. */
static enum update_what
take(void *arg, const char *text, struct buf *out)
{
	long long now = (long long)time(NULL);
	struct rate_held *h = &self.held;
	char by[JOURNAL_NAME_MAX + 1];

	(void)arg;
	self.taken = 0;
	if (rate_held_read(h, text) == -1 || due_of(h) == 0 ||
	    due_of(h) > now)
		return UPDATE_NOTHING;
	rate_held_end_stale(h, self.config->on_unknown, now);
	if (h->told.n == 0) {
		snprintf(by, sizeof(by), RATE_BY_DIGEST "%lld", h->pile.due);
		rate_held_tell(h, by, 0);
	}
	self.taken = h->told.n > 0;
	h->told.due = now + config_timeout_delivery(self.config) +
	    LEASE_GRACE;
	rate_held_write(h, out);
	return h->told.n > 0 ? UPDATE_DURABLE : UPDATE_REMOVE;
}

/* ---- send it ---- */

/* 1 if nothing more can become of it. */
static int
is_final(const struct job_result *r)
{
	if (r->outcome == IPC_OUTCOME_UNKNOWN)
		return 1;	/* on-unknown says: not again */
	switch (job_fate(r->outcome, r->sent, r->status, r->next)) {
	case JOB_FATE_ACCEPTED:
	case JOB_FATE_PERMANENT:
		return 1;
	case JOB_FATE_UNKNOWN:
	case JOB_FATE_NOT_TAKEN:
		break;
	}
	return 0;
}

static void
on_sent(void *arg, struct job *j)
{
	const struct job_result *r = &j->result[0];

	(void)arg;
	log_event(ipc_is_success(r->outcome) ? LOG_INFO : LOG_WARNING,
	    "digest", "to", LOG_MASKED(j->number[0]), "held",
	    LOG_NUM(self.held.told.n), "outcome",
	    ipc_outcome_name(r->outcome), "status",
	    r->status != 0 ? LOG_NUM(r->status) : NULL, "id", r->id, NULL);
	job_metrics_add(j);
	self.settled = is_final(r);
	self.limited = r->outcome == IPC_OUTCOME_LIMITED;
	job_free(j);
	self.step = CLEAR;
	go_on();
}

static void
start_job(void)
{
	struct job *j = job_new();

	if (j == NULL || (j->text = malloc(RATE_TEXT_MAX)) == NULL) {
		job_free(j);
		self.settled = 0;
		self.step = CLEAR;
		go_on();
		return;
	}
	j->session = "digest";
	j->log_limit = &self.log_limit;
	j->peer = j->user = "";
	j->digest = j->judged = 1;
	rate_held_text(&self.held, j->text);
	snprintf(j->message_id, sizeof(j->message_id), "<%s.%s@smtp2sms>",
	    self.held.by, self.name);
	strcpy(j->sender, "@");
	strcpy(j->number[0], self.held.number);
	j->nto = 1;
	j->deadline = clock_ms() +
	    config_timeout_delivery(self.config) * 1000;
	job_send(j, on_sent, NULL);
}

/* It has been told; or it is told again, as the same message. */
static enum update_what
clear(void *arg, const char *text, struct buf *out)
{
	struct rate_held h;

	(void)arg;
	if (rate_held_read(&h, text) == -1 || h.told.n == 0 ||
	    strcmp(h.by, self.held.by) != 0)
		return UPDATE_NOTHING;
	if (self.settled)
		memset(&h.told, 0, sizeof(h.told));
	else
		h.told.due = (long long)time(NULL) + RETRY;
	if (due_of(&h) == 0)
		return UPDATE_REMOVE;
	rate_digest_expect(due_of(&h));
	rate_held_write(&h, out);
	return UPDATE_DURABLE;
}

/* ---- all steps ---- */

static void
begin(void)
{
	if (self.stopping && (self.step == SEEK || self.step == TAKE)) {
		self.step = OVER;
		return;
	}
	self.idle = 0;
	switch (self.step) {
	case SEEK:
		journal_next(JOURNAL_DIGEST, self.name, on_next, NULL);
		break;
	case TAKE:
		start_update(take);
		break;
	case SEND:
		start_job();
		break;
	case CLEAR:
		start_update(clear);
		break;
	case OVER:
		break;
	}
}

/* A step may be over before it has returned: none calls the next. */
static void
run(void)
{
	long long soonest;

	self.running = 1;
	self.yield = 0;
	while (self.idle && self.step != OVER && !self.yield)
		begin();
	self.running = 0;
	if (self.step != OVER)
		return;
	soonest = (long long)time(NULL) + PAUSE;
	self.next = self.found != 0 && self.found < soonest ? soonest :
							      self.found;
	self.busy = 0;
}

/* Go on where another turn of the event loop was let in between. */
static void
resume(int *ms)
{
	if (self.idle)
		run();
	if (!self.busy || self.idle)
		*ms = 0;
}

void
rate_digest_turn(int *ms)
{
	long long left;

	if (self.busy) {
		resume(ms);
		return;
	}
	if (!self.on || self.next == 0)
		return;
	left = self.next - (long long)time(NULL);
	if (left > 0) {
		if (left < *ms / 1000)
			*ms = (int)left * 1000;
		return;
	}
	self.busy = self.idle = 1;
	self.found = 0;
	self.limited = 0;
	self.name[0] = '\0';
	self.step = SEEK;
	resume(ms);
}
