/*
 * rate: one text after the other is counted: of the account's and the login's
 * counters as many as are wanted are taken at once, of a recipient's one, and
 * what is not used is given back.  A text that was sent to before without
 * anybody knowing the outcome has been counted then.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uuid/uuid.h>

#include "common/log.h"
#include "common/metrics.h"
#include "delivery/job_fate.h"
#include "delivery/job_id.h"
#include "delivery/rate.h"
#include "delivery/rate_value.h"
#include "delivery/update.h"

#define HELD_KEEP (366L * 86400) /* seconds; a digest is sent long before */
#define TELL_GRACE 300	/* seconds beyond the time that sending may take */

/* What is known of a recipient of the job. */
struct mark {
	int counted;		/* in this job */
	int over;		/* too many: until */
	long long until;
	int told_before;	/* by an earlier try of this message */
};

enum phase {
	/* before sending */
	TAKE_TOTAL,		/* of the account's counters */
	TAKE_LOGIN,
	TAKE_RECIPIENT,		/* of the one whose turn it is; then */
	TELL,			/* how many were held back from it, or */
	HOLD,			/* hold this text back, too */
	/* behind it: give back what was not sent */
	GIVE_RECIPIENT,
	SETTLE_TOLD,
	GIVE_LOGIN,		/* ... and was not used, before sending */
	GIVE_TOTAL,
	OVER
};

struct rate {
	struct job *job;
	void (*then)(struct job *);
	enum phase phase;
	int begun;		/* this phase's update */
	int idle, running;	/* no update is under way; run() is */
	int settling;		/* the outcomes are known */
	long long now;		/* when it was counted */
	char id[JOB_UUID];	/* of the message */
	size_t at;		/* in todo, or in all: whose turn it is */
	long total, login;	/* that were taken */
	long long total_until, login_until; /* when there will be more */
	long used;		/* of these */
	/* of an update: what it is about, and what it has said */
	long amount;
	int sent;
	long got;
	long long until;
	struct update update;
	struct mark mark[CONFIG_RCPTS_MAX];
};

static const struct config *config;

void
rate_init(const struct config *c)
{
	config = c;
}

int
rate_is_on(const struct job *j)
{
	return !j->dry && config_has_journal(config) &&
	    (config->nrates > 0 || j->rate.n > 0);
}

static int
is_urgent(const struct options *o)
{
	switch (o->priority_kind) {
	case OPTIONS_PRIORITY_LEVEL:
		return o->priority >= RATE_PRIORITY_LEVEL;
	case OPTIONS_PRIORITY_RAW:
		return o->priority >= RATE_PRIORITY;
	case OPTIONS_PRIORITY_NONE:
		break;
	}
	return 0;
}

/*
 * Nobody has judged these credentials: the client must not get a 250 for
 * them, or have its name in somebody's digest.
 */
static int
may_hold(const struct job *j)
{
	return config->over == CONFIG_OVER_DIGEST && j->judged &&
	    !j->digest && j->options.port == 0;
}

/* What was held back from its recipients may be told by it. */
static int
may_tell(const struct job *j)
{
	return config->over == CONFIG_OVER_DIGEST && !j->digest &&
	    j->options.port == 0;
}

/* Who the message is from, for a digest. */
static const char *
sender_of(const struct job *j)
{
	if (j->logged_in)
		return j->user;
	return j->sender[0] != '\0' && strcmp(j->sender, "@") != 0 ?
	    j->sender : j->peer;
}

/* The recipient whose turn it is. */
static size_t
recipient(const struct rate *r)
{
	return r->settling ? r->job->all[r->at] : r->job->todo[r->at];
}

/* ---- rules ---- */

static enum config_rate_kind
kind_of(enum phase p)
{
	switch (p) {
	case TAKE_TOTAL:
	case GIVE_TOTAL:
		return CONFIG_RATE_TOTAL;
	case TAKE_LOGIN:
	case GIVE_LOGIN:
		return CONFIG_RATE_LOGIN;
	case TAKE_RECIPIENT:
	case TELL:
	case HOLD:
	case GIVE_RECIPIENT:
	case SETTLE_TOLD:
	case OVER:
		break;
	}
	return CONFIG_RATE_RECIPIENT;
}

/*
 * The rules of a kind, which stand together; a login may have its own.  A
 * digest keeps to what the account may send in all.
 */
static const struct config_rate *
rules_of(const struct rate *r, size_t *n)
{
	const struct config_rate *v = config->rate, *end = v + config->nrates;
	enum config_rate_kind kind = kind_of(r->phase);

	*n = 0;
	if (r->job->digest && kind != CONFIG_RATE_TOTAL)
		return NULL;
	if (kind == CONFIG_RATE_LOGIN) {
		if (!r->job->logged_in)
			return NULL;
		*n = 1;
		if (r->job->rate.n > 0)
			return &r->job->rate;
	}
	while (v < end && v->kind != kind)
		v++;
	for (*n = 0; v + *n < end && v[*n].kind == kind; ++*n)
		;
	return v;
}

static int
has_rules(const struct rate *r)
{
	size_t n;

	rules_of(r, &n);
	return n > 0;
}

static long
longest_period(const struct rate *r)
{
	const struct config_rate *v;
	long most = 1;
	size_t n;

	for (v = rules_of(r, &n); n > 0; v++, n--)
		if (v->seconds > most)
			most = v->seconds;
	return most;
}

/* ---- updates ---- */

static void run(struct rate *);

/* Nobody can count: the message waits, or goes without it. */
static void
give_up(struct rate *r)
{
	struct job *j = r->job;
	size_t i;

	log_limited(j->log_limit, LOG_ERR, "rate", "session", j->session,
	    "error", journal_why(), NULL);
	r->phase = OVER; /* the client waits: one time limit is enough */
	if (r->settling || !config->journal_required)
		return;
	while (j->ntodo > 0) {
		i = j->todo[--j->ntodo];
		if (j->result[i].outcome != IPC_OUTCOME_HELD) /* it stays so */
			j->result[i].outcome = IPC_OUTCOME_INTERNAL;
	}
}

static void
on_updated(void *arg, int failed)
{
	struct rate *r = arg;

	r->idle = 1;
	if (failed)
		give_up(r);
	if (!r->running)
		run(r);
}

static void
start(struct rate *r, enum journal_kind kind, const char *name, long keep,
    enum update_what (*change)(void *, const char *, struct buf *))
{
	struct update *u = &r->update;

	r->begun = 1;
	r->idle = 0;
	u->kind = kind;
	strcpy(u->name, name);
	u->keep = keep;
	u->change = change;
	u->done = on_updated;
	u->arg = r;
	update_start(u);
}

static void
start_counter(struct rate *r,
    enum update_what (*change)(void *, const char *, struct buf *))
{
	char name[JOB_UUID];

	switch (kind_of(r->phase)) {
	case CONFIG_RATE_TOTAL:
		job_id_name("rate total", "", name);
		break;
	case CONFIG_RATE_LOGIN:
		job_id_login(r->job, name);
		break;
	case CONFIG_RATE_RECIPIENT:
		job_id_recipient(r->job->number[recipient(r)], name);
		break;
	}
	start(r, JOURNAL_RATE, name, longest_period(r), change);
}

static void
start_held(struct rate *r,
    enum update_what (*change)(void *, const char *, struct buf *))
{
	char name[JOB_UUID];

	job_id_recipient(r->job->number[recipient(r)], name);
	start(r, JOURNAL_DIGEST, name, HELD_KEEP, change);
}

/* Take amount of them: got is how many may be. */
static enum update_what
take(void *arg, const char *text, struct buf *out)
{
	const struct config_rate *rules;
	struct rate *r = arg;
	struct rate_counter c;
	size_t n;

	rules = rules_of(r, &n);
	rate_counter_read(&c, text);
	r->got = rate_counter_take(&c, rules, n, r->amount,
	    is_urgent(&r->job->options), r->now, &r->until);
	rate_counter_write(&c, out);
	return r->got > 0 ? UPDATE_WRITE : UPDATE_NOTHING;
}

static enum update_what
give(void *arg, const char *text, struct buf *out)
{
	struct rate *r = arg;
	struct rate_counter c;

	rate_counter_read(&c, text);
	rate_counter_give(&c, r->amount, r->now);
	rate_counter_write(&c, out);
	return c.n > 0 ? UPDATE_WRITE : UPDATE_NOTHING;
}

/* got: how many are held back now. */
static enum update_what
hold(void *arg, const char *text, struct buf *out)
{
	struct rate *r = arg;
	size_t i = recipient(r);
	struct rate_held h;

	rate_held_read(&h, text);
	strcpy(h.number, r->job->number[i]);
	rate_held_add(&h, sender_of(r->job), r->mark[i].until);
	r->got = h.pile.n;
	rate_held_write(&h, out);
	return UPDATE_DURABLE;
}

/* got: how many texts the message has to tell of. */
static enum update_what
tell(void *arg, const char *text, struct buf *out)
{
	struct rate *r = arg;
	struct rate_held h;
	struct mark *m = &r->mark[recipient(r)];

	r->got = 0;
	if (rate_held_read(&h, text) == -1)
		return UPDATE_NOTHING;
	if (strcmp(h.by, r->id) != 0)
		rate_held_end_stale(&h, config->on_unknown, r->now);
	m->told_before = h.told.n > 0 && strcmp(h.by, r->id) == 0;
	if (m->told_before)
		r->got = h.told.n;
	if (h.told.n > 0 || h.pile.n == 0)
		return UPDATE_NOTHING;
	rate_held_tell(&h, r->id, r->now + config_timeout_delivery(config) +
	    TELL_GRACE);
	r->got = h.told.n;
	rate_held_write(&h, out);
	return UPDATE_DURABLE;
}

/* The message has told it, if it was sent. */
static enum update_what
settle_told(void *arg, const char *text, struct buf *out)
{
	struct rate *r = arg;
	struct rate_held h;

	if (rate_held_read(&h, text) == -1 || h.told.n == 0 ||
	    strcmp(h.by, r->id) != 0)
		return UPDATE_NOTHING;
	if (r->sent)
		memset(&h.told, 0, sizeof(h.told));
	else
		rate_held_untell(&h);
	rate_held_write(&h, out);
	return h.pile.n > 0 ? UPDATE_DURABLE : UPDATE_REMOVE;
}

/* ---- before sending: a step begins, and has ended ---- */

/* How many recipients have not been counted by an earlier try. */
static long
count_new(const struct job *j)
{
	long n = 0;
	size_t i;

	for (i = 0; i < j->ntodo; i++)
		n += !j->counted[j->todo[i]];
	return n;
}

static void
set_over(struct rate *r, long long until)
{
	size_t i = recipient(r);

	r->mark[i].over = 1;
	r->mark[i].until = until;
	r->job->result[i].outcome = IPC_OUTCOME_LIMITED;
	r->phase = HOLD;
}

static void
set_counted(struct rate *r)
{
	r->mark[recipient(r)].counted = 1;
	r->used++;
	r->phase = TELL;
}

static void
set_held(struct rate *r)
{
	struct job_result *result = &r->job->result[recipient(r)];

	result->outcome = IPC_OUTCOME_HELD;
	result->held = r->got;
	strcpy(result->id, RATE_HELD_ID);
	metrics_add(METRICS_HELD_BACK, NULL, NULL, 1);
	if (r->job->due == 0 || r->mark[recipient(r)].until < r->job->due)
		r->job->due = r->mark[recipient(r)].until;
}

static void
next_recipient(struct rate *r)
{
	r->at++;
	r->phase = r->settling ? GIVE_RECIPIENT : TAKE_RECIPIENT;
}

static void
begin_recipient(struct rate *r)
{
	struct job *j = r->job;

	r->amount = 1;
	if (r->at == j->ntodo)
		r->phase = GIVE_LOGIN;
	else if (j->counted[recipient(r)])
		r->phase = TELL;
	else if (r->used == r->login)
		set_over(r, r->login_until > r->total_until ? r->login_until :
							      r->total_until);
	else if (has_rules(r))
		start_counter(r, take);
	else
		set_counted(r);
}

/* ---- behind it ---- */

/* What the outcome says of a text: 1 it was sent, 0 not, -1 nobody knows. */
static int
was_sent(const struct rate *r, size_t i)
{
	const struct job_result *e = &r->job->result[i];

	switch (job_fate(e->outcome, e->sent, e->status, e->next)) {
	case JOB_FATE_ACCEPTED:
		/* an earlier try was, and that one has not told it */
		return e->outcome != IPC_OUTCOME_DUPLICATE ||
		    r->mark[i].told_before;
	case JOB_FATE_UNKNOWN:
		return -1;
	case JOB_FATE_NOT_TAKEN:
	case JOB_FATE_PERMANENT:
		break;
	}
	return 0;
}

/* It counts, or may: a gateway that has it already has had it once. */
static int
counts(const struct rate *r, size_t i)
{
	return r->job->result[i].outcome == IPC_OUTCOME_DUPLICATE ||
	    was_sent(r, i) != 0;
}

static void
begin_give(struct rate *r)
{
	size_t i;

	if (r->at == r->job->nall) {
		r->phase = GIVE_LOGIN;
		return;
	}
	i = recipient(r);
	r->phase = SETTLE_TOLD;
	if (!r->mark[i].counted || counts(r, i))
		return;
	r->used--;
	r->amount = 1;
	r->phase = GIVE_RECIPIENT;
	if (has_rules(r))
		start_counter(r, give);
	else
		r->phase = SETTLE_TOLD;
}

static void
begin_settle(struct rate *r)
{
	size_t i = recipient(r);

	r->sent = was_sent(r, i);
	if (r->job->told[i] > 0 && r->sent != -1)
		start_held(r, settle_told);
	else
		next_recipient(r);
}

/* ---- all steps ---- */

static void
begin(struct rate *r)
{
	struct job *j = r->job;

	switch (r->phase) {
	case TAKE_TOTAL:
		r->got = r->amount = count_new(j);
		if (r->amount > 0 && has_rules(r))
			start_counter(r, take);
		r->begun = 1;
		break;
	case TAKE_LOGIN:
		r->got = r->amount = r->total;
		if (r->amount > 0 && has_rules(r))
			start_counter(r, take);
		r->begun = 1;
		break;
	case TAKE_RECIPIENT:
		begin_recipient(r);
		break;
	case TELL:
		if (may_tell(j))
			start_held(r, tell);
		else
			next_recipient(r);
		break;
	case HOLD:
		if (may_hold(j))
			start_held(r, hold);
		else
			next_recipient(r);
		break;
	case GIVE_RECIPIENT:
		begin_give(r);
		break;
	case SETTLE_TOLD:
		begin_settle(r);
		break;
	case GIVE_LOGIN:
		r->amount = r->login - r->used;
		if (r->amount > 0 && has_rules(r))
			start_counter(r, give);
		r->begun = 1;
		break;
	case GIVE_TOTAL:
		r->amount = r->total - r->used;
		if (r->amount > 0 && has_rules(r))
			start_counter(r, give);
		r->begun = 1;
		break;
	case OVER:
		break;
	}
}

/* Its update, if there was one, has ended. */
static void
end(struct rate *r)
{
	switch (r->phase) {
	case TAKE_TOTAL:
		r->total = r->got;
		r->total_until = r->until;
		r->until = 0;
		r->phase = TAKE_LOGIN;
		break;
	case TAKE_LOGIN:
		r->login = r->got;
		r->login_until = r->until;
		r->phase = TAKE_RECIPIENT;
		break;
	case TAKE_RECIPIENT:
		if (r->got > 0)
			set_counted(r);
		else
			set_over(r, r->until);
		break;
	case TELL:
		r->job->told[recipient(r)] = r->got;
		next_recipient(r);
		break;
	case HOLD:
		set_held(r);
		next_recipient(r);
		break;
	case GIVE_RECIPIENT:
		r->phase = SETTLE_TOLD;
		break;
	case SETTLE_TOLD:
		next_recipient(r);
		break;
	case GIVE_LOGIN:
		r->login = r->used;
		r->phase = GIVE_TOTAL;
		break;
	case GIVE_TOTAL:
		r->total = r->used;
		r->phase = OVER;
		break;
	case OVER:
		break;
	}
}

/* Those that are too many are not sent to. */
static void
leave_out(struct rate *r)
{
	struct job *j = r->job;
	size_t i, n = 0;

	for (i = 0; i < j->ntodo; i++)
		if (!r->mark[j->todo[i]].over)
			j->todo[n++] = j->todo[i];
	j->ntodo = n;
}

/* An update may be over before it has returned: no step calls the next. */
static void
run(struct rate *r)
{
	r->running = 1;
	while (r->idle && r->phase != OVER) {
		if (r->begun) {
			r->begun = 0;
			end(r);
		} else {
			begin(r);
		}
	}
	r->running = 0;
	if (!r->idle)
		return;
	if (!r->settling)
		leave_out(r);
	r->then(r->job);
}

void
rate_admit(struct job *j, void (*then)(struct job *))
{
	struct rate *r = calloc(1, sizeof(*r));
	uuid_t id;

	if (r == NULL) {
		while (j->ntodo > 0)
			j->result[j->todo[--j->ntodo]].outcome =
			    IPC_OUTCOME_INTERNAL;
		then(j);
		return;
	}
	j->guard = r;
	r->job = j;
	r->then = then;
	r->now = (long long)time(NULL);
	r->idle = 1;
	strcpy(r->id, j->record);
	if (r->id[0] == '\0') {	/* a message that is like no other */
		uuid_generate_random(id);
		uuid_unparse_lower(id, r->id);
	}
	run(r);
}

void
rate_settle(struct job *j, void (*then)(struct job *))
{
	struct rate *r = j->guard;

	if (r == NULL) {
		then(j);
		return;
	}
	r->settling = 1;
	r->then = then;
	r->at = 0;
	r->phase = GIVE_RECIPIENT;
	r->begun = 0;
	run(r);
}
