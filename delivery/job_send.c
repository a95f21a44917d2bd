/*
 * job_send: a job's requests to the gateway.  Recipients go in batches, one
 * request for as many of them as the gateway takes at a time.  What ids they
 * have is job_id.c's, what the journal knows of them job_journal.c's; what a
 * request says and an answer means is gateway/'s, HTTP is http.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/metrics.h"
#include "delivery/http.h"
#include "delivery/job_fate.h"
#include "delivery/job_id.h"
#include "delivery/job_journal.h"
#include "delivery/job_reply.h"
#include "delivery/job_road.h"
#include "delivery/job_send.h"
#include "delivery/rate.h"
#include "delivery/rest.h"
#include "delivery/seal.h"
#include "gateway/wipe.h"

/* The recipients of one request, and what is asked about them. */
struct batch {
	struct job *job;
	const struct descriptor *gateway;
	unsigned tried;		/* a bit for each gateway, this one's too */
	long long deadline;	/* of this gateway */
	size_t first, n;	/* of job->todo */
	char **to;
	char *text;		/* NULL: the job's */
	char id[JOB_UUID];
	char before[JOB_UUID];	/* its id one window ago; "": none */
	char asked[JOB_UUID];	/* the id that the gateway is asked for */
	int sent;		/* the message went out before the look-up */
	struct gateway_message message;
	struct gateway_texts *sealed;	/* NULL: nothing is encrypted */
	/* kept while the gateway is asked */
	struct gateway_answer answer;
	long status, ms, retry_after;
	struct gateway_result each[];
};

static struct {
	const struct config *config;
	const struct descriptor *gateway;	/* the first */
} self;

void
job_send_init(const struct config *c, const struct descriptor *g)
{
	self.config = c;
	self.gateway = g;
	job_road_init(c, g);
	rate_init(c);
}

/* What a client has passed on is for its own gateway alone. */
static const struct gateway_login *
login_of(const struct batch *b)
{
	return b->gateway->index == b->job->home ? b->job->login : NULL;
}

static const struct config_road *
road_of(const struct batch *b)
{
	return b->job->road[b->job->todo[b->first]];
}

/*
 * After this result: may another gateway be asked, and is it worth it?  Where
 * the client's own gateway has to judge it first, that one must be there.
 */
static int
goes_on(const struct job *j, const struct job_result *r, enum job_fate fate)
{
	switch (fate) {
	case JOB_FATE_ACCEPTED:
	case JOB_FATE_PERMANENT:
		return 0;
	case JOB_FATE_UNKNOWN:
		/* rather twice than never, if so configured */
		if (self.config->on_unknown != CONFIG_UNKNOWN_RETRY)
			return 0;
		break;
	case JOB_FATE_NOT_TAKEN:
		break;
	}
	return clock_left(j->deadline) > 0 && (j->judged || r->status != 0);
}

/* ---- the end of a batch, and of the job ---- */

static void
free_batch(struct batch *b)
{
	gateway_texts_free(b->sealed);
	free(b->text);
	free(b->to);
	free(b);
}

static void
answer(struct job *j)
{
	int journalled = j->journalled;

	job_reply_note(j);
	j->done(j->arg, j);
	if (journalled) /* the client has its answer: nobody waits for this */
		journal_prune();
}

static void
settle(struct job *j)
{
	rate_settle(j, answer);
}

/* The result first: counters that cannot be reached must not delay it. */
static void
finish(struct job *j)
{
	if (--j->pending > 0)
		return;
	if (j->journalled)
		job_journal_write(j, settle);
	else
		settle(j);
}

static void start_batch(struct job *, size_t first, size_t n,
    const struct descriptor *, unsigned tried);

/* Of several gateways' failures the worst is told. */
static void
keep_result(struct job_result *old, const struct job_result *now,
    enum job_fate fate)
{
	enum job_fate before = job_fate(old->outcome, old->sent, old->status,
	    old->next);

	if (!old->tried || job_fate_rank(now->outcome, fate) >=
	    job_fate_rank(old->outcome, before))
		*old = *now;
}

/*
 * 1 if the outcome says how the gateway is, to whomever asks.  A wrong
 * password of one client's, or what its account may not do, does not.
 */
static int
is_about_gateway(const struct batch *b, const struct job_result *r)
{
	if (r->outcome == IPC_OUTCOME_INTERNAL)
		return 0;
	return login_of(b) == NULL || ipc_is_success(r->outcome) ||
	    r->status == 0 || r->status >= 500;
}

/*
 * The outcome of the batch's i-th recipient.  Returns 1 if the next gateway
 * shall be asked.
 */
static int
end_recipient(struct batch *b, size_t i, int sent)
{
	struct job_result now = {
		.outcome = b->each[i].outcome,
		.status = b->status,
		.ms = b->ms,
		.retry_after = b->retry_after,
		.sent = sent,
		.next = b->each[i].next,
		.tried = 1,
		.gateway = b->gateway->index,
	};
	enum job_fate fate = job_fate(now.outcome, sent, now.status, now.next);
	const char *id = b->each[i].id;

	snprintf(now.id, sizeof(now.id), "%s",
	    ipc_is_success(now.outcome) && *id == '\0' ? b->id : id);
	keep_result(&b->job->result[b->job->todo[b->first + i]], &now, fate);
	if (is_about_gateway(b, &now))
		job_road_note(b->gateway, fate);
	return !b->job->stays[b->job->todo[b->first + i]] &&
	    goes_on(b->job, &now, fate);
}

/*
 * Recipients that a request to the gateway may have.  The flood guard lets
 * some of them pass later than others: where the id of a request is that of
 * its recipients, each has a request of its own, so that a retry has its id.
 */
static size_t
most_in_request(const struct job *j, const struct descriptor *g)
{
	return j->guard != NULL && gateway_has_ids(g) ? 1 :
	    gateway_max_recipients(g);
}

/* Start batches of these recipients at the next gateway, if there is one. */
static void
try_next(struct job *j, size_t first, size_t n, unsigned tried)
{
	const struct descriptor *g;
	size_t i, part, max;

	if (n == 0 ||
	    (g = job_road_next(j, j->road[j->todo[first]], tried)) == NULL)
		return;
	max = most_in_request(j, g);
	for (i = 0; i < n; i += part) {
		part = n - i < max ? n - i : max;
		j->pending++;
		start_batch(j, first + i, part, g, tried);
	}
}

/*
 * Hand the outcomes of the batch's recipients to the job, and free it.  Those
 * that another gateway may serve stand first in the batch's part of todo.
 */
static void
finish_batch(struct batch *b, int sent)
{
	struct job *j = b->job;
	size_t *todo = &j->todo[b->first], i, at, n = 0;

	for (i = 0; i < b->n; i++) {
		if (!end_recipient(b, i, sent))
			continue;
		at = todo[i];
		todo[i] = todo[n];
		todo[n++] = at;
	}
	if (!j->dry)
		try_next(j, b->first, n, b->tried);
	free_batch(b);
	finish(j);
}

/* The same, where all of them have the same outcome. */
static void
finish_batch_as(struct batch *b, enum ipc_outcome o, const char *id, int sent)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		b->each[i].outcome = o;
		snprintf(b->each[i].id, sizeof(b->each[i].id), "%s", id);
	}
	finish_batch(b, sent);
}

/* ---- look-ups: does the gateway have an id? ---- */

static void send_batch(struct batch *);
static int look_up(struct batch *, const char *id);

static int
needs_lookup(const struct batch *b)
{
	return b->job->identity != JOB_UNIQUE && gateway_lookup_rule(b->gateway,
	    &b->message) == GATEWAY_FIRST;
}

/* The gateway does not have the id that it was asked for. */
static void
on_missing(struct batch *b)
{
	if (b->sent)
		finish_batch(b, 1);
	else if (strcmp(b->asked, b->before) != 0 || !needs_lookup(b) ||
	    look_up(b, b->id) == -1)
		send_batch(b);
}

/*
 * Map a failed look-up to an outcome.  The answer means what it would mean
 * to a message, but for 5xx: that is temporary, because the message may be
 * there, or may yet be sent.
 */
static enum ipc_outcome
lookup_outcome(struct batch *b, const struct http_result *e)
{
	gateway_judge(b->gateway, &b->message, e->status, e->body, e->len,
	    e->whole, &b->answer, b->each);
	return ipc_is_success(b->answer.outcome) ||
		b->answer.outcome == IPC_OUTCOME_UNCLEAR ||
		b->answer.outcome == IPC_OUTCOME_FAILED ?
	    IPC_OUTCOME_TEMPORARY :
	    b->answer.outcome;
}

/* The gateway has the id: 1 if this try may have brought it there. */
static int
is_from_this_try(const struct batch *b)
{
	return b->sent && (b->answer.outcome == IPC_OUTCOME_UNCLEAR ||
	    b->answer.outcome == IPC_OUTCOME_LOST);
}

static void
on_looked_up(void *arg, const struct http_result *e)
{
	struct batch *b = arg;
	enum gateway_found found = e->answered ?
	    gateway_judge_lookup(b->gateway, b->asked, e->status, e->body,
		e->len, e->whole) : GATEWAY_UNCLEAR;

	switch (found) {
	case GATEWAY_FOUND:
		b->status = e->status;
		finish_batch_as(b, is_from_this_try(b) ? IPC_OUTCOME_ACCEPTED :
		    IPC_OUTCOME_DUPLICATE, b->asked, 1);
		return;
	case GATEWAY_MISSING:
		on_missing(b);
		return;
	case GATEWAY_UNCLEAR:
		break;
	}
	job_trouble(b->job, b->gateway, "lookup", e->status, e->ms, e->error,
	    e->retry_after);
	if (b->sent) {
		finish_batch(b, 1);
		return;
	}
	/* if it were sent now, the gateway might have it twice */
	b->status = e->status;
	b->ms = e->ms;
	finish_batch_as(b, e->answered ? lookup_outcome(b, e) : e->outcome,
	    "", 0);
}

/* Ask the gateway for the id.  -1: it cannot be asked. */
static int
look_up(struct batch *b, const char *id)
{
	struct gateway_request r;

	if (gateway_lookup(b->gateway, login_of(b), id, &r) == -1)
		return -1;
	strcpy(b->asked, id);
	http_start(&r, clock_left(b->deadline), on_looked_up, b);
	return 0;
}

/* ---- sending ---- */

/*
 * Seconds after which the gateway may be asked again; 0: it did not say.  With
 * 429 and 503 the header means this for any server (RFC 6585, 4; RFC 9110,
 * 15.6.4).
 */
static long
retry_after(const struct batch *b, const struct http_result *e)
{
	if (e->answered && b->answer.retry_after > 0)
		return b->answer.retry_after;
	return e->status == 429 || e->status == 503 ||
	    gateway_retry_after(b->gateway) ? e->retry_after : 0;
}

/*
 * The gateway refused the batch as a whole, and accepted nothing of it: one
 * recipient may be at fault.  Send to both halves; in the end only those
 * are refused that are at fault themselves.
 */
static void
split_batch(struct batch *b)
{
	const struct descriptor *g = b->gateway;
	struct job *j = b->job;
	size_t first = b->first, n = b->n, half = b->n / 2;
	unsigned tried = b->tried;

	log_limited(j->log_limit, LOG_INFO, "gateway", "session", j->session,
	    "request", "send", "recipients", LOG_NUM((long)n), "note",
	    "refused as a whole; sent again in two halves", NULL);
	free_batch(b);
	j->pending += 2;
	start_batch(j, first, half, g, tried);
	start_batch(j, first + half, n - half, g, tried);
	finish(j);
}

/* What a server says that has too much to do. */
static int
is_temporary(enum ipc_outcome o)
{
	return o == IPC_OUTCOME_TEMPORARY || o == IPC_OUTCOME_REFUSED ||
	    o == IPC_OUTCOME_FAILED;
}

static void
on_sent(void *arg, const struct http_result *e)
{
	struct batch *b = arg;
	struct gateway_answer *a = &b->answer;
	size_t i;

	b->status = e->status;
	b->ms = e->ms;
	if (e->answered) {
		metrics_seconds(b->gateway->name, e->ms);
		gateway_judge(b->gateway, &b->message, e->status, e->body,
		    e->len, e->whole, a, b->each);
	} else {
		a->outcome = e->outcome;
		for (i = 0; i < b->n; i++)
			b->each[i].outcome = e->outcome;
	}
	if (ipc_is_success(a->outcome)) {
		finish_batch(b, 1);
		return;
	}
	b->retry_after = retry_after(b, e);
	job_trouble(b->job, b->gateway, "send", e->status, e->ms,
	    e->answered ? a->error : e->error, b->retry_after);
	if (e->answered && a->apart) {
		split_batch(b);
		return;
	}
	if (b->retry_after > 0 && is_temporary(a->outcome))
		rest_begin(b->gateway->index, login_of(b), b->retry_after,
		    a->outcome, e->status);
	b->sent = 1;
	if (!e->sent ||
	    !(e->answered ? gateway_lookup_after(b->gateway, e->status) ||
		    a->outcome == IPC_OUTCOME_UNCLEAR :
		    a->outcome == IPC_OUTCOME_LOST) ||
	    look_up(b, b->id) == -1)
		finish_batch(b, e->sent);
}

static int
make_request(void *arg, struct gateway_request *r)
{
	const struct batch *b = arg;

	return gateway_send(b->gateway, login_of(b), &b->message,
	    b->job->dry, r);
}

/* Which gateways would be tried after this one, as a line of JSON. */
static void
show_next(const struct batch *b)
{
	unsigned tried = b->tried;
	const struct descriptor *g;
	int n = 0;

	fprintf(stderr, "{\"gateway\":\"%s\",\"next\":[", b->gateway->name);
	while ((g = job_road_next(b->job, road_of(b), tried)) != NULL) {
		fprintf(stderr, "%s\"%s\"", n++ > 0 ? "," : "", g->name);
		tried |= 1U << g->index;
	}
	fprintf(stderr, "]}\n");
}

/* In a dry run: print the request, and call it accepted. */
static void
show_batch(struct batch *b)
{
	struct gateway_request r;

	if (make_request(b, &r) == -1) {
		job_trouble(b->job, b->gateway, "send", 0, 0, r.why, 0);
		finish_batch_as(b, IPC_OUTCOME_INTERNAL, "", 0);
		return;
	}
	fprintf(stderr, "%s\n", r.shown != NULL ? r.shown : "");
	gateway_free(&r);
	if (self.gateway->next != NULL)
		show_next(b);
	finish_batch_as(b, IPC_OUTCOME_ACCEPTED, "", 0);
}

static void
on_sealed(void *arg, struct gateway_texts *sealed, const char *why)
{
	struct batch *b = arg;

	if (sealed == NULL) {
		job_trouble(b->job, b->gateway, "encrypt", 0, 0, why, 0);
		finish_batch_as(b, IPC_OUTCOME_INTERNAL, "", 0);
		return;
	}
	b->message.sealed = b->sealed = sealed;
	http_start_once(make_request, clock_left(b->deadline), on_sent, b);
}

/* What the gateway must not read is encrypted first. */
static void
seal_batch(struct batch *b)
{
	struct gateway_request r;
	struct gateway_texts *plain = gateway_plain(b->gateway, login_of(b),
	    &b->message, &r);
	char *passphrase;

	if (plain == NULL) {
		on_sealed(b, NULL, r.why);
		return;
	}
	passphrase = gateway_passphrase(b->gateway);
	seal_start(passphrase, plain, clock_left(b->deadline), on_sealed, b);
	wipe_free(passphrase);
	gateway_texts_free(plain);
}

static void
send_batch(struct batch *b)
{
	if (gateway_encrypts(b->gateway))
		seal_batch(b);
	else
		http_start_once(make_request, clock_left(b->deadline),
		    on_sent, b);
}

/* The gateway has asked not to be asked yet: then its answer still holds. */
static int
rests(struct batch *b)
{
	enum ipc_outcome o;

	b->retry_after = rest_left(b->gateway->index, login_of(b), &o,
	    &b->status);
	if (b->retry_after == 0)
		return 0;
	job_trouble(b->job, b->gateway, "send", 0, 0,
	    "the gateway has asked to wait", b->retry_after);
	finish_batch_as(b, o, "", 0);
	return 1;
}

static void
begin_batch(struct batch *b)
{
	if (b->job->dry) {
		show_batch(b);
		return;
	}
	if (rests(b))
		return;
	if (b->before[0] != '\0' && look_up(b, b->before) == 0)
		return;
	if (needs_lookup(b) && look_up(b, b->id) == 0)
		return;
	send_batch(b);
}

/* ---- may the client use our accounts at other gateways? ---- */

static int
needs_judge(const struct batch *b)
{
	return !b->job->judged && !b->job->dry &&
	    b->gateway->index != b->job->home;
}

/*
 * Nothing is sent.  What another gateway has said of it stands, unless that
 * one has surely not taken it and the client turns out to be nobody.
 */
static void
abandon_batch(struct batch *b, const struct job_result *why)
{
	struct job *j = b->job;
	struct job_result *r;
	size_t i;

	for (i = b->first; i < b->first + b->n; i++) {
		r = &j->result[j->todo[i]];
		if (!r->tried || (why->outcome == IPC_OUTCOME_CREDENTIALS &&
		    job_fate(r->outcome, r->sent, r->status, r->next) ==
		    JOB_FATE_NOT_TAKEN))
			*r = *why;
	}
	free_batch(b);
	finish(j);
}

static void
on_judged(void *arg, const struct http_result *e)
{
	struct batch *b = arg;
	struct job_result why = {
		.outcome = IPC_OUTCOME_TEMPORARY,
		.status = e->status,
		.ms = e->ms,
		.tried = 1,
		.gateway = b->job->home,
	};

	if (e->answered && e->status >= 200 && e->status < 300) {
		b->job->judged = 1;
		begin_batch(b);
		return;
	}
	job_trouble(b->job, self.gateway, "check", e->status, e->ms, e->error,
	    e->retry_after);
	if (e->status == 401 || e->status == 403)
		why.outcome = IPC_OUTCOME_CREDENTIALS;
	else if (!e->answered && e->outcome != IPC_OUTCOME_LOST)
		why.outcome = e->outcome;
	abandon_batch(b, &why);
}

/*
 * The client's own gateway, which is the first, is asked whether it takes the
 * credentials: on our account at another one anybody could send else.
 */
static void
ask_judge(struct batch *b)
{
	const struct job_result why = {
		.outcome = IPC_OUTCOME_CREDENTIALS,
		.tried = 1,
		.gateway = b->job->home,
	};
	struct gateway_request r;

	if (gateway_check(self.gateway, b->job->login, &r) == -1) {
		job_trouble(b->job, self.gateway, "check", 0, 0, r.why, 0);
		abandon_batch(b, &why);
		return;
	}
	http_start(&r, clock_left(b->deadline), on_judged, b);
}

/* The text begins with how many were held back from the recipient. */
static int
add_told(struct batch *b, const struct job *j, size_t at)
{
	if (j->told[at] == 0 || j->options.port != 0)
		return 0;
	return asprintf(&b->text, "(+%ld held back) %s", j->told[at],
	    j->text) == -1 ? -1 : 0;
}

static void
start_batch(struct job *j, size_t first, size_t n, const struct descriptor *g,
    unsigned tried)
{
	struct batch *b = calloc(1, sizeof(*b) + n * sizeof(b->each[0]));
	char **to = calloc(n, sizeof(*to));
	long long deadline = clock_ms() + self.config->timeout_gateway * 1000;
	size_t i;

	if (b == NULL || to == NULL || add_told(b, j, j->todo[first]) == -1) {
		free(b);
		free(to);
		/* what another gateway has said before stands */
		for (i = first; i < first + n; i++)
			if (!j->result[j->todo[i]].tried)
				j->result[j->todo[i]].outcome =
				    IPC_OUTCOME_INTERNAL;
		finish(j);
		return;
	}
	b->job = j;
	b->gateway = g;
	b->tried = tried | 1U << g->index;
	b->deadline = deadline < j->deadline ? deadline : j->deadline;
	b->first = first;
	b->n = n;
	b->to = to;
	for (i = 0; i < n; i++)
		b->to[i] = j->number[j->todo[first + i]];
	/* the id is of what the client said: a retry may tell of others */
	job_id_request(j, b->to, n, b->id, b->before);
	b->message = (struct gateway_message){
		.id = b->id,
		.text = b->text != NULL ? b->text : j->text,
		.to = b->to,
		.nto = n,
		.options = &j->options,
		.now = time(NULL),
		.login = login_of(b),
	};
	if (needs_judge(b))
		ask_judge(b);
	else
		begin_batch(b);
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

/* By road, so that a road's recipients stand together, then by number. */
static int
compare(const struct job *j, size_t a, size_t b)
{
	const struct config_road *x = j->road[a], *y = j->road[b];
	int c = 0;

	if (x == NULL || y == NULL)
		c = (x != NULL) - (y != NULL);
	else if (x != y)
		c = memcmp(x, y, sizeof(*x));
	return c != 0 ? c : strcmp(j->number[a], j->number[b]);
}

/* Insertion sort: at most CONFIG_RCPTS_MAX of them. */
static void
sort_recipients(struct job *j)
{
	size_t i, k, at;

	for (i = 1; i < j->ntodo; i++) {
		at = j->todo[i];
		for (k = i; k > 0 && compare(j, j->todo[k - 1], at) > 0; k--)
			j->todo[k] = j->todo[k - 1];
		j->todo[k] = at;
	}
}

/*
 * Where they make several requests, sort the recipients by road and number:
 * then the same ones make the same requests in whatever order the client
 * names them.
 */
static void
list_recipients(struct job *j)
{
	size_t i, at, before;

	for (i = 0; i < j->nto; i++)
		j->todo[i] = i;
	j->ntodo = j->nto;
	if (j->nto > gateway_max_recipients(self.gateway) ||
	    self.gateway->next != NULL)
		sort_recipients(j);
	for (i = 0; i < j->nto; i++) {
		at = j->todo[i];
		before = i > 0 ? j->todo[i - 1] : at;
		j->rank[at] = i > 0 && job_road_is_same(j->road[before],
		    j->road[at]) ? j->rank[before] + 1 : 0;
	}
}

/*
 * How many recipients from first on go into one batch: those that would share
 * a request if none had been left out.  So a request of which nothing is
 * known is made again as it was, and has the id that the gateway may know.
 */
static size_t
count_batch(const struct job *j, size_t first)
{
	size_t head = j->todo[first], at, i;
	size_t max = most_in_request(j, j->first[head]);

	for (i = first + 1; i < j->ntodo; i++) {
		at = j->todo[i];
		if (j->rank[at] / max != j->rank[head] / max ||
		    j->first[at] != j->first[head] ||
		    j->told[at] != j->told[head] ||
		    !job_road_is_same(j->road[at], j->road[head]))
			break;
	}
	return i - first;
}

void
job_refuse(struct job *j, job_done done, void *arg)
{
	set_all(j, IPC_OUTCOME_TEMPORARY);
	done(arg, j);
}

/*
 * Where each recipient begins.  Those that no gateway of their road can serve
 * are refused.
 */
static void
choose_gateways(struct job *j)
{
	const struct config_road *road = NULL;
	const struct descriptor *g = NULL;
	size_t i, at, n = 0;

	for (i = 0; i < j->ntodo; i++) {
		at = j->todo[i];
		if (i == 0 || !job_road_is_same(road, j->road[at])) {
			road = j->road[at];
			g = road != NULL ? job_road_next(j, road, 0) : NULL;
		}
		j->first[at] = g;
		if (g != NULL)
			j->todo[n++] = at;
		else
			j->result[at].outcome = IPC_OUTCOME_PERMANENT;
	}
	j->ntodo = n;
}

/* Begin to send to those that are left. */
static void
start_batches(struct job *j)
{
	size_t i, n;

	for (i = 0; i < j->ntodo; i += n) {
		n = count_batch(j, i);
		j->pending++;
		start_batch(j, i, n, j->first[j->todo[i]], 0);
	}
	finish(j);
}

/* The journal lets these be sent to; does the flood guard? */
static void
admit(struct job *j)
{
	memcpy(j->all, j->todo, j->ntodo * sizeof(j->todo[0]));
	j->nall = j->ntodo;
	if (j->ntodo > 0 && rate_is_on(j))
		rate_admit(j, start_batches);
	else
		start_batches(j);
}

void
job_send(struct job *j, job_done done, void *arg)
{
	j->done = done;
	j->arg = arg;
	j->pending = 1;		/* until start_batches has ended */
	j->config = self.config;
	j->gateway = self.gateway;
	job_id_identify(j, self.config, time(NULL));
	job_road_choose(j);
	list_recipients(j);
	job_reply_begin(j);
	if (clock_left(j->deadline) == 0)
		set_all(j, IPC_OUTCOME_TIMEOUT); /* the client has given up */
	choose_gateways(j);
	if (config_has_journal(self.config) && j->ntodo > 0 &&
	    j->identity != JOB_UNIQUE && !j->dry) {
		job_journal_read(j, admit);
		return;
	}
	admit(j);
}
