/*
 * job: one message on its way to the gateway.  It makes one request for as
 * many recipients as the gateway takes, asks the gateway what it has already,
 * and waits for all.  Ids are job_id.c's, what the journal knows is
 * job_journal.c's; requests and answers are gateway.c's, HTTP is http.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "delivery/http.h"
#include "delivery/job.h"
#include "delivery/job_id.h"
#include "delivery/job_journal.h"

/* One request, and the questions around it. */
struct parcel {
	struct job *job;
	size_t first, n;	/* of job->todo */
	char **to;
	char id[JOB_UUID];
	char before[JOB_UUID];	/* its id a window ago; "": none */
	char asked[JOB_UUID];	/* what the gateway is asked for */
	int lookup_after;	/* it has been sent; is it there? */
	struct gateway_message message;
	/* kept while the gateway is asked */
	struct gateway_answer answer;
	long status, ms;
	struct gateway_result each[];
};

static struct {
	const struct config *config;
	const struct descriptor *gateway;
} self;

void
job_init(const struct config *c, const struct descriptor *g)
{
	self.config = c;
	self.gateway = g;
}

struct job *
job_new(void)
{
	return calloc(1, sizeof(struct job));
}

void
job_free(struct job *j)
{
	if (j == NULL)
		return;
	free(j->text);
	free(j);
}

static void
log_trouble(const struct job *j, const char *request, long status, long ms,
    const char *error, long retry_after)
{
	log_event(LOG_WARNING, "gateway", "session", j->session, "peer",
	    j->peer, "request", request, "status", LOG_NUM(status), "ms",
	    LOG_NUM(ms), "error", error, "retry-after",
	    retry_after > 0 ? LOG_NUM(retry_after) : NULL, NULL);
}

/* ---- the requests ---- */

static void
finish(struct job *j)
{
	int journalled = j->journalled;

	if (--j->pending > 0)
		return;
	if (journalled)
		job_journal_write(j);
	j->done(j->arg, j);
	if (journalled) /* nobody waits for this any more */
		journal_prune(self.config->journal, self.config->journal_keep);
}

/* The parcel's recipients have their outcomes; it is over. */
static void
settle(struct parcel *p, int sent)
{
	struct job *j = p->job;
	struct job_result *r;
	const char *id;
	size_t i;

	for (i = 0; i < p->n; i++) {
		r = &j->result[j->todo[p->first + i]];
		id = p->each[i].id;
		r->outcome = p->each[i].outcome;
		r->status = p->status;
		r->ms = p->ms;
		r->sent = sent;
		snprintf(r->id, sizeof(r->id), "%s",
		    r->outcome == IPC_OUTCOME_ACCEPTED && *id == '\0' ? p->id :
								    id);
	}
	free(p->to);
	free(p);
	finish(j);
}

static void
settle_alike(struct parcel *p, enum ipc_outcome o, const char *id, int sent)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		p->each[i].outcome = o;
		snprintf(p->each[i].id, sizeof(p->each[i].id), "%s", id);
	}
	settle(p, sent);
}

static void send_parcel(struct parcel *);
static int look_up(struct parcel *, const char *id);

static int
needs_lookup(const struct parcel *p)
{
	return p->job->mark != NULL && gateway_lookup_rule(self.gateway,
	    &p->message) == GATEWAY_FIRST;
}

/* The gateway does not have the id that it was asked for. */
static void
go_on(struct parcel *p)
{
	if (p->lookup_after)
		settle(p, 1);
	else if (strcmp(p->asked, p->before) != 0 || !needs_lookup(p) ||
	    look_up(p, p->id) == -1)
		send_parcel(p);
}

/*
 * What the gateway says to a question means what it would to a message, but
 * for 5xx: the message may be there, or may yet be sent.
 */
static enum ipc_outcome
refusal(struct parcel *p, const struct http_result *e)
{
	gateway_judge(self.gateway, &p->message, e->status, e->body, e->len,
	    e->whole, &p->answer, p->each);
	return p->answer.outcome == IPC_OUTCOME_ACCEPTED ||
		p->answer.outcome == IPC_OUTCOME_UNCLEAR ||
		p->answer.outcome == IPC_OUTCOME_FAILED ?
	    IPC_OUTCOME_TEMPORARY :
	    p->answer.outcome;
}

static void
on_found(void *arg, const struct http_result *e)
{
	struct parcel *p = arg;
	enum gateway_found found = e->answered ?
	    gateway_judge_lookup(self.gateway, p->asked, e->status, e->body,
		e->len, e->whole) : GATEWAY_UNCLEAR;

	switch (found) {
	case GATEWAY_FOUND:
		p->status = e->status;
		settle_alike(p, IPC_OUTCOME_ACCEPTED, p->asked, 1);
		return;
	case GATEWAY_MISSING:
		go_on(p);
		return;
	case GATEWAY_UNCLEAR:
		break;
	}
	log_trouble(p->job, "lookup", e->status, e->ms, e->error,
	    e->retry_after);
	if (p->lookup_after) {
		settle(p, 1);
		return;
	}
	/* sent now, it might be there twice: the client has to come again */
	p->status = e->status;
	p->ms = e->ms;
	settle_alike(p, e->answered ? refusal(p, e) : e->outcome, "", 0);
}

/* Ask the gateway for the id.  -1: there is no way to. */
static int
look_up(struct parcel *p, const char *id)
{
	struct gateway_request r;

	if (gateway_lookup(self.gateway, p->job->login, id, &r) == -1)
		return -1;
	strcpy(p->asked, id);
	http_start(&r, clock_left(p->job->deadline), on_found, p);
	return 0;
}

/* Seconds until the gateway wants to see it again; 0: it does not say. */
static long
retry_after(const struct gateway_answer *a, const struct http_result *e)
{
	if (e->answered && a->retry_after > 0)
		return a->retry_after;
	return gateway_retry_after(self.gateway) ? e->retry_after : 0;
}

static void
on_sent(void *arg, const struct http_result *e)
{
	struct parcel *p = arg;
	struct gateway_answer *a = &p->answer;
	size_t i;

	p->status = e->status;
	p->ms = e->ms;
	if (e->answered) {
		gateway_judge(self.gateway, &p->message, e->status, e->body,
		    e->len, e->whole, a, p->each);
	} else {
		a->outcome = e->outcome;
		for (i = 0; i < p->n; i++)
			p->each[i].outcome = e->outcome;
	}
	if (a->outcome == IPC_OUTCOME_ACCEPTED) {
		settle(p, 1);
		return;
	}
	log_trouble(p->job, "send", e->status, e->ms,
	    e->answered ? a->error : e->error, retry_after(a, e));
	p->lookup_after = 1;
	if (!e->sent ||
	    !(e->answered ? gateway_lookup_after(self.gateway, e->status) ||
		    a->outcome == IPC_OUTCOME_UNCLEAR :
		    a->outcome == IPC_OUTCOME_LOST) ||
	    look_up(p, p->id) == -1)
		settle(p, e->sent);
}

static int
make_send(void *arg, struct gateway_request *r)
{
	const struct parcel *p = arg;

	return gateway_send(self.gateway, p->job->login, &p->message,
	    p->job->dry, r);
}

/* In a dry run the request is shown, and the answer is what one hopes. */
static void
show(struct parcel *p)
{
	struct gateway_request r;

	if (make_send(p, &r) == -1) {
		log_trouble(p->job, "send", 0, 0, r.why, 0);
		settle_alike(p, IPC_OUTCOME_INTERNAL, "", 0);
		return;
	}
	fprintf(stderr, "%s\n", r.shown != NULL ? r.shown : "");
	gateway_free(&r);
	settle_alike(p, IPC_OUTCOME_ACCEPTED, "", 0);
}

static void
send_parcel(struct parcel *p)
{
	if (p->job->dry)
		show(p);
	else
		http_start_once(make_send, clock_left(p->job->deadline),
		    on_sent, p);
}

static void
start_parcel(struct job *j, size_t first, size_t n)
{
	struct parcel *p = calloc(1, sizeof(*p) + n * sizeof(p->each[0]));
	char **to = calloc(n, sizeof(*to));
	size_t i;

	if (p == NULL || to == NULL) {
		free(p);
		free(to);
		for (i = first; i < first + n; i++)
			j->result[j->todo[i]].outcome = IPC_OUTCOME_INTERNAL;
		finish(j);
		return;
	}
	p->job = j;
	p->first = first;
	p->n = n;
	p->to = to;
	for (i = 0; i < n; i++)
		p->to[i] = j->number[j->todo[first + i]];
	job_id_request(j, p->to, n, p->id, p->before);
	p->message = (struct gateway_message){
		.id = p->id,
		.text = j->text,
		.to = p->to,
		.nto = n,
		.options = &j->options,
		.now = time(NULL),
		.login = j->login,
	};
	if (!j->dry && p->before[0] != '\0' && look_up(p, p->before) == 0)
		return;
	if (!j->dry && needs_lookup(p) && look_up(p, p->id) == 0)
		return;
	send_parcel(p);
}

/* ---- the whole ---- */

static void
set_all(struct job *j, enum ipc_outcome o)
{
	size_t i;

	for (i = 0; i < j->nto; i++)
		j->result[i].outcome = o;
	j->ntodo = 0;
}

/* Insertion: at most CONFIG_RCPTS_MAX of them. */
static void
sort_numbers(struct job *j)
{
	size_t i, k, at;

	for (i = 1; i < j->ntodo; i++) {
		at = j->todo[i];
		for (k = i; k > 0 && strcmp(j->number[j->todo[k - 1]],
		    j->number[at]) > 0; k--)
			j->todo[k] = j->todo[k - 1];
		j->todo[k] = at;
	}
}

/*
 * Where they make several requests, the recipients stand in an order of their
 * own: the same ones make the same requests however the client orders them.
 */
static void
list_recipients(struct job *j)
{
	size_t i;

	for (i = 0; i < j->nto; i++)
		j->todo[i] = i;
	j->ntodo = j->nto;
	if (j->nto > gateway_max_recipients(self.gateway))
		sort_numbers(j);
	for (i = 0; i < j->nto; i++)
		j->place[j->todo[i]] = i;
}

/*
 * How many from first on go together: those that would if none of the others
 * were done.  So a request of which nothing is known is made again as it was,
 * and has the id that the gateway may know.
 */
static size_t
count_together(const struct job *j, size_t first, size_t max)
{
	size_t i, request = j->place[j->todo[first]] / max;

	for (i = first + 1; i < j->ntodo; i++)
		if (j->place[j->todo[i]] / max != request)
			break;
	return i - first;
}

/* What the gateway cannot take is refused before it is asked. */
static int
is_impossible(const struct job *j)
{
	const struct gateway_message m = {
		.text = j->text,
		.options = &j->options,
		.now = time(NULL),
		.login = j->login,
	};
	const char *limit = gateway_limit(self.gateway, &m);
	struct abilities a;

	gateway_abilities(self.gateway, &a);
	if (j->options.port != 0 && !(a.can & OPTIONS_CAN_DATA))
		limit = "no data";
	if (limit != NULL)
		log_trouble(j, "send", 0, 0, limit, 0);
	return limit != NULL;
}

void
job_start(struct job *j, job_done done, void *arg)
{
	size_t max = gateway_max_recipients(self.gateway), i, n;

	j->done = done;
	j->arg = arg;
	j->pending = 1;
	j->config = self.config;
	j->gateway = self.gateway;
	job_id_mark(j, self.config);
	list_recipients(j);
	if (clock_left(j->deadline) == 0)
		set_all(j, IPC_OUTCOME_TIMEOUT); /* its client has given up */
	else if (is_impossible(j))
		set_all(j, IPC_OUTCOME_PERMANENT);
	else if (self.config->journal != NULL && j->mark != NULL && !j->dry)
		job_journal_read(j);
	for (i = 0; i < j->ntodo; i += n) {
		n = count_together(j, i, max);
		j->pending++;
		start_parcel(j, i, n);
	}
	finish(j);
}
