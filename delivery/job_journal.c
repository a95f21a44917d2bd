/*
 * job_journal: what the journal knows of a job's recipients, and what it is
 * told about them.  How the journal keeps it is journal.c's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/metrics.h"
#include "delivery/job_fate.h"
#include "delivery/job_id.h"
#include "delivery/job_journal.h"

static void
log_trouble(const struct job *j)
{
	log_event(LOG_ERR, "journal", "session", j->session, "folder",
	    j->config->journal, "error", strerror(errno), NULL);
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
 * Nobody knows whether the recipient was sent to.  A gateway that knows ids
 * says so itself; else it is sent to again as often as the configuration says.
 */
static int
may_try_again(const struct job *j, const struct descriptor *holder,
    const char *name)
{
	return gateway_knows(j, holder) ||
	    (j->config->on_unknown == CONFIG_UNKNOWN_RETRY &&
	    journal_tries(&j->journal, name) <= j->config->unknown_tries);
}

/* 1 if the recipient must not be sent to: its result says why. */
static int
is_done(struct job *j, const char *key, size_t i, time_t since)
{
	struct job_result *r = &j->result[i];
	const struct descriptor *holder;
	char name[JOB_UUID];

	job_id_recipient(j->number[i], name);
	switch (journal_find(&j->journal, name, since, r->id)) {
	case JOURNAL_ACCEPTED:
		r->outcome = IPC_OUTCOME_DUPLICATE;
		return 1;
	case JOURNAL_SENDING:
	case JOURNAL_UNKNOWN:
		holder = find_holder(j, r->id);
		r->id[0] = '\0';
		if (gateway_knows(j, holder))
			j->first[i] = holder;	/* it is asked first */
		if (may_try_again(j, holder, name))
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
on_failure(struct job *j)
{
	metrics_add(METRICS_CLAIMS, "failed", NULL, 1);
	log_trouble(j);
	if (j->config->journal_required)
		leave_all(j, IPC_OUTCOME_INTERNAL);
	else
		j->unjournalled = 1;
}

/* Open the message's record: as journal_open.  id: its name there. */
static int
open_record(struct job *j, char id[JOB_UUID])
{
	struct journal_key key;

	if (job_id_needs_key(j) &&
	    journal_read_key(j->config->journal, &key) == -1)
		return -1;
	job_id_message(j, &key, id);
	explicit_bzero(&key, sizeof(key));
	return journal_open(&j->journal, j->config->journal, id);
}

void
job_journal_read(struct job *j)
{
	char key[JOB_UUID], name[JOB_UUID];
	time_t since = 0;
	size_t i, n = 0;
	int failed = 0;

	switch (open_record(j, key)) {
	case 0:
		j->journalled = 1;
		break;
	case 1:		/* another session is sending this message */
		metrics_add(METRICS_CLAIMS, "busy", NULL, 1);
		leave_all(j, IPC_OUTCOME_TEMPORARY);
		return;
	default:
		on_failure(j);
		return;
	}
	if (j->window != -1)
		since = time(NULL) - j->config->dedupe_window;
	for (i = 0; i < j->ntodo; i++)
		if (!is_done(j, key, j->todo[i], since))
			j->todo[n++] = j->todo[i];
	j->ntodo = n;
	for (i = 0; i < n; i++) {
		job_id_recipient(j->number[j->todo[i]], name);
		failed |= journal_note(&j->journal, name, JOURNAL_SENDING, "");
	}
	if (n > 0 && (failed || journal_commit(&j->journal) == -1))
		on_failure(j);
	else
		metrics_add(METRICS_CLAIMS, n > 0 ? "claimed" : "done", NULL,
		    1);
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

	if (g->next == NULL || state_of(r) != JOURNAL_UNKNOWN)
		return r->id;
	while (g->index != r->gateway)
		g = g->next;
	return ipc_is_id(g->name) ? g->name : "";
}

void
job_journal_write(struct job *j)
{
	char name[JOB_UUID];
	size_t i, k;
	int failed = 0;

	for (i = 0; i < j->ntodo; i++) {
		k = j->todo[i];
		job_id_recipient(j->number[k], name);
		failed |= journal_note(&j->journal, name,
		    state_of(&j->result[k]), note_of(j, &j->result[k]));
	}
	if (j->ntodo > 0) {
		if (failed || journal_commit(&j->journal) == -1)
			log_trouble(j); /* there it stays "unknown" */
		else
			j->unjournalled = 0;
	}
	journal_close(&j->journal);
}
