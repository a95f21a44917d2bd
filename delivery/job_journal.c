/*
 * job_journal: what the journal knows of a job's recipients, and what it is
 * told about them.  How the journal keeps it is journal.c's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/metrics.h"
#include "delivery/job_fate.h"
#include "delivery/job_id.h"
#include "delivery/job_journal.h"
#include "delivery/rate.h"

#define LOOKS_MAX    4	  /* at a record that others change meanwhile */
#define RESULT_GRACE 1000 /* milliseconds after the deadline of sending; the
			     session waits for ASK_GRACE */

static void
log_trouble(const struct job *j, const char *why)
{
	log_limited(j->log_limit, LOG_ERR, "journal", "session", j->session,
	    j->config->journal != NULL ? "folder" : "member", journal_where(),
	    "error", why, NULL);
}

/*
 * The gateway that may have a recipient's message: of several, the one that
 * the journal names.  NULL: nobody knows which.
 */
static const struct descriptor *
find_holder(const struct job *j, const char *name)
{
	const struct descriptor *g = j->gateway;

	if (g->next == NULL)
		return g;
	while (g != NULL && strcmp(g->name, name) != 0)
		g = g->next;
	return g;
}

/* 1 if the gateway will know a retry by its id, or by that one window ago. */
static int
gateway_knows(const struct job *j, const struct descriptor *g)
{
	return g != NULL && gateway_has_ids(g) &&
	    (j->window == -1 || gateway_has_lookup(g));
}

/*
 * Nobody knows whether the recipient was sent to: may it get the SMS once more?
 */
static int
may_repeat(const struct job *j, const char *name)
{
	return j->config->on_unknown == CONFIG_UNKNOWN_RETRY &&
	    journal_tries(&j->journal, name) <= j->config->unknown_tries;
}

/* 1 if the recipient must not be sent to: its result says why. */
static int
is_done(struct job *j, const char *key, size_t i, time_t since)
{
	struct job_result *r = &j->result[i];
	const struct descriptor *holder;
	char name[JOB_UUID];

	job_id_recipient(j->number[i], name);
	j->counted[i] = j->stays[i] = 0;
	switch (journal_find(&j->journal, name, since, r->id)) {
	case JOURNAL_ACCEPTED:
		r->outcome = strcmp(r->id, RATE_HELD_ID) == 0 ?
		    IPC_OUTCOME_HELD : IPC_OUTCOME_DUPLICATE;
		return 1;
	case JOURNAL_SENDING:
	case JOURNAL_UNKNOWN:
		holder = find_holder(j, r->id);
		r->id[0] = '\0';
		j->counted[i] = 1;
		j->stays[i] = !may_repeat(j, name);
		/* a gateway that knows ids says itself whether it has it */
		if (gateway_knows(j, holder)) {
			j->first[i] = holder;
			return 0;
		}
		if (!j->stays[i])
			return 0;
		r->outcome = IPC_OUTCOME_UNKNOWN;
		snprintf(r->id, sizeof(r->id), "%s", key);
		return 1;
	case JOURNAL_NEW:
		journal_forget(&j->journal, name); /* of an earlier window */
		break;
	}
	return 0;
}

/* Send to none of those that are left: they have this outcome. */
static void
leave_all(struct job *j, enum ipc_outcome o)
{
	size_t i;

	for (i = 0; i < j->ntodo; i++)
		j->result[j->todo[i]].outcome = o;
	j->ntodo = 0;
}

/* The journal cannot be written: the message waits, or goes without it. */
static void
on_failure(struct job *j, const char *why)
{
	metrics_add(METRICS_CLAIMS, "failed", NULL, 1);
	log_trouble(j, why);
	if (j->config->journal_required)
		leave_all(j, IPC_OUTCOME_INTERNAL);
	else
		j->unjournalled = 1;
}

/* Another session is sending this message: try later. */
static void
on_busy(struct job *j)
{
	metrics_add(METRICS_CLAIMS, "busy", NULL, 1);
	leave_all(j, IPC_OUTCOME_TEMPORARY);
}

/* Anew: what an earlier look at the record left out is looked at again. */
static void
list_again(struct job *j)
{
	memcpy(j->todo, j->all, j->nall * sizeof(j->todo[0]));
	j->ntodo = j->nall;
}

/* Leave out those that are done, and note that the others are sent to. */
static int
note_sending(struct job *j)
{
	char name[JOB_UUID];
	time_t since = 0;
	size_t i, n = 0;
	int failed = 0;

	if (j->window != -1)
		since = time(NULL) - j->config->dedupe_window;
	for (i = 0; i < j->ntodo; i++)
		if (!is_done(j, j->record, j->todo[i], since))
			j->todo[n++] = j->todo[i];
	j->ntodo = n;
	for (i = 0; i < n; i++) {
		job_id_recipient(j->number[j->todo[i]], name);
		failed |= journal_note(&j->journal, name, JOURNAL_SENDING, "");
	}
	return failed ? -1 : 0;
}

static void claim(struct job *);

static void
on_claim(void *arg, enum journal_answer a)
{
	struct job *j = arg;

	switch (a) {
	case JOURNAL_OK:
		metrics_add(METRICS_CLAIMS, "claimed", NULL, 1);
		break;
	case JOURNAL_CHANGED:
		if (++j->looks < LOOKS_MAX) {
			list_again(j);
			claim(j);
			return;
		}
		/* FALLTHROUGH */
	case JOURNAL_BUSY:
		on_busy(j);
		break;
	case JOURNAL_FAILED:
		on_failure(j, journal_why());
		break;
	}
	j->then(j);
}

/* Claim the recipients that are left, if there are any. */
static void
claim(struct job *j)
{
	int failed = note_sending(j);

	if (failed)
		on_failure(j, strerror(errno));
	else if (j->ntodo == 0)
		metrics_add(METRICS_CLAIMS, "done", NULL, 1);
	if (failed || j->ntodo == 0)
		j->then(j);
	else
		journal_claim(&j->journal, clock_left(j->deadline), on_claim,
		    j);
}

static void
on_open(void *arg, enum journal_answer a)
{
	struct job *j = arg;

	switch (a) {
	case JOURNAL_OK:
		j->journalled = 1;
		claim(j);
		return;
	case JOURNAL_BUSY:
	case JOURNAL_CHANGED:
		on_busy(j);
		break;
	case JOURNAL_FAILED:
		on_failure(j, journal_why());
		break;
	}
	j->then(j);
}

static void
on_key(void *arg, const struct journal_key *key)
{
	struct job *j = arg;

	if (key == NULL && job_id_needs_key(j)) {
		on_failure(j, journal_why());
		j->then(j);
		return;
	}
	job_id_message(j, key, j->record);
	journal_open(&j->journal, j->record, on_open, j);
}

void
job_journal_read(struct job *j, void (*then)(struct job *))
{
	j->then = then;
	memcpy(j->all, j->todo, j->ntodo * sizeof(j->todo[0]));
	j->nall = j->ntodo;
	if (job_id_needs_key(j))
		journal_read_key(on_key, j);
	else
		on_key(j, NULL);
}

static enum journal_state
state_of(const struct job_result *r)
{
	switch (job_fate(r->outcome, r->sent, r->status, r->next)) {
	case JOB_FATE_ACCEPTED:
		return JOURNAL_ACCEPTED;
	case JOB_FATE_UNKNOWN:
		return JOURNAL_UNKNOWN;
	case JOB_FATE_NOT_TAKEN:
	case JOB_FATE_PERMANENT:
		break;
	}
	return JOURNAL_NEW;
}

/* What the journal keeps of a result: of an unknown one, where it is. */
static const char *
note_of(const struct job *j, const struct job_result *r)
{
	const struct descriptor *g = j->gateway;

	if (state_of(r) != JOURNAL_UNKNOWN)
		return r->id;
	if (g->next == NULL)
		return "";
	while (g->index != r->gateway)
		g = g->next;
	return ipc_is_id(g->name) ? g->name : "";
}

static void
on_result(void *arg, enum journal_answer a)
{
	struct job *j = arg;

	if (a == JOURNAL_OK)
		j->unjournalled = 0;
	else
		log_trouble(j, journal_why()); /* there it stays "unknown" */
	journal_close(&j->journal);
	j->then(j);
}

void
job_journal_write(struct job *j, void (*then)(struct job *))
{
	char name[JOB_UUID];
	size_t i, k;

	j->then = then;
	for (i = 0; i < j->nall; i++) {
		k = j->all[i];
		job_id_recipient(j->number[k], name);
		/* what was noted before has room, and cannot fail */
		journal_note(&j->journal, name, state_of(&j->result[k]),
		    note_of(j, &j->result[k]));
	}
	if (j->nall > 0) {
		journal_result(&j->journal, clock_left(j->deadline) +
		    RESULT_GRACE, on_result, j);
		return;
	}
	journal_close(&j->journal);
	then(j);
}
