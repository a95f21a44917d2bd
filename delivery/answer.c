/*
 * answer: what the session asks.  One table says which request is allowed in
 * which state, and answer_x() there is the other half of ask_x() in
 * session/ask.c.  Whatever a session says is checked as if it had been taken
 * over.
 */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/metrics.h"
#include "delivery/answer.h"
#include "delivery/rate_digest.h"
#include "delivery/http.h"
#include "delivery/job_metrics.h"
#include "delivery/job_send.h"
#include "delivery/policy.h"
#include "delivery/source.h"

#define WARM_MAX    8	 /* connections that are opened ahead at a time */
#define WARM_PAUSE  5000 /* milliseconds between two for one session */
#define CHECK_PAUSE 1000 /* milliseconds from a failed AUTH to the next one */

static struct {
	const struct config *config;
	const struct descriptor *gateway;
	int warming;
} self;

void
answer_init(const struct config *c, const struct descriptor *g)
{
	self.config = c;
	self.gateway = g;
}

static const struct rights *
rights_of(const struct client *c)
{
	static const struct rights none = {.subject = -1, .max_parts = -1};

	return c->logged_in && c->profile != NULL ? &c->profile->rights :
						    &none;
}

/* The credentials for the gateway; NULL: the configuration's own. */
static const struct gateway_login *
login_of(struct client *c)
{
	const struct users_profile *p = c->profile;

	if (p != NULL && p->has_gateway)
		c->login = (struct gateway_login){p->kind, p->gateway_user,
		    p->gateway_secret};
	else if (self.config->auth == CONFIG_AUTH_GATEWAY &&
	    c->kind != IPC_EXTERNAL)
		c->login = (struct gateway_login){c->kind, c->user, c->secret};
	else
		return NULL;
	return &c->login;
}

/*
 * The gateway that the credentials are for, and whose abilities the session
 * is told: the first that the login's line has chosen, else the first of all.
 */
static const struct descriptor *
home_of(const struct client *c)
{
	const struct descriptor *g = self.gateway;

	if (c->logged_in && c->profile != NULL && c->profile->road.n > 0)
		while (g->index != c->profile->road.gateway[0])
			g = g->next;
	return g;
}

/* ---- REQ_HELLO ---- */

static int
answer_hello(struct client *c, struct ipc_frame *f)
{
	ipc_get_str(f, c->session, IPC_NAME_MAX);
	ipc_get_str(f, c->peer, IPC_NAME_MAX);
	c->auth_required = !ipc_get_u8(f);
	if (ipc_close(f) == -1)
		return client_reject(c, "a malformed introduction");
	c->introduced = 1;
	return 0;
}

/* ---- REQ_LOGIN, REQ_AUTH, REQ_FORGET ---- */

static int
is_certificate_allowed(void)
{
	return self.config->tls_client_ca != NULL &&
	    (self.config->auth == CONFIG_AUTH_GATEWAY ||
	    self.config->auth == CONFIG_AUTH_USERS);
}

static int
read_credentials(struct client *c, struct ipc_frame *f)
{
	unsigned kind = ipc_get_u8(f);

	ipc_get_str(f, c->user, IPC_USER_MAX);
	ipc_get_str(f, c->secret, IPC_SECRET_MAX);
	if (ipc_close(f) == -1 || kind > IPC_EXTERNAL)
		return client_reject(c, "malformed credentials");
	if (kind == IPC_EXTERNAL && !is_certificate_allowed())
		return client_reject(c, "a certificate where none is asked "
		    "for");
	if (self.config->auth == CONFIG_AUTH_NONE ||
	    self.config->auth == CONFIG_AUTH_ANY)
		return client_reject(c, "credentials where none are asked "
		    "for");
	if (c->auth_failures >= self.config->max_auth_failures)
		return client_reject(c, "more passwords than a session may "
		    "try");
	c->kind = (enum ipc_kind)kind;
	return 0;
}

/* A certificate needs no secret: whoever has logged in stays that user. */
static int
is_somebody_else(const struct client *c)
{
	return c->kind == IPC_EXTERNAL && c->known[0] != '\0' &&
	    strcmp(c->known, c->user) != 0;
}

static void
set_known(struct client *c)
{
	if (c->known[0] == '\0')
		strcpy(c->known, c->user);
}

/* Too many wrong passwords have come from there, in whatever sessions. */
static int
is_blocked(struct client *c)
{
	if (!c->shared || !source_blocked(self.config, c->peer))
		return 0;
	log_limited(&c->log_limit, LOG_WARNING, "login", "session", c->session,
	    "peer", c->peer, "error",
	    "too many failed passwords from this source", NULL);
	return 1;
}

static void
count_failure(struct client *c)
{
	c->auth_failures++;
	if (c->shared)
		source_failed(self.config, c->peer);
}

/* Keep credentials that nobody but the gateway can judge, and not now. */
static int
answer_login(struct client *c, struct ipc_frame *f)
{
	if (read_credentials(c, f) == -1)
		return -1;
	if (self.config->auth != CONFIG_AUTH_GATEWAY ||
	    (self.config->auth_check && c->kind != IPC_EXTERNAL))
		return client_reject(c, "credentials that were not checked");
	if (is_somebody_else(c))
		return client_reject(c, "another client's certificate");
	set_known(c);
	c->logged_in = 1;
	c->verified = c->kind == IPC_EXTERNAL; /* TLS has seen to that */
	c->want_warm = 1;
	return 0;
}

static void
finish_auth(struct client *c, enum ipc_verdict v)
{
	struct buf b;

	c->logged_in = v == IPC_VERDICT_OK;
	/* a gateway sees the token, and not the name beside it */
	c->verified = c->logged_in && c->kind != IPC_BEARER;
	c->want_warm |= c->logged_in;
	if (v == IPC_VERDICT_WRONG)
		count_failure(c);
	if (c->logged_in) {
		set_known(c);
	} else {
		c->next_check = clock_ms() + CHECK_PAUSE;
		client_forget(c);
	}
	c->busy = 0;
	if (client_begin(c, &b, ANS_AUTH, sizeof(struct rights) * 2) == -1)
		return;
	ipc_put_u8(&b, v);
	rights_put(&b, rights_of(c));
	client_answer(c, &b);
}

static void
on_gateway_checked(void *arg, const struct http_result *e)
{
	enum ipc_verdict v = IPC_VERDICT_TEMPORARY;
	struct client *c = arg;

	if (e->answered) {
		if (e->status >= 200 && e->status < 300)
			v = IPC_VERDICT_OK;
		else if (e->status == 401 || e->status == 403)
			v = IPC_VERDICT_WRONG;
	}
	if (v == IPC_VERDICT_TEMPORARY)
		log_limited(&c->log_limit, LOG_WARNING, "gateway", "session",
		    c->session, "peer", c->peer, "request", "check", "status",
		    LOG_NUM(e->status), "ms", LOG_NUM(e->ms), "error",
		    e->error, NULL);
	finish_auth(c, v);
}

static void
check_at_gateway(struct client *c)
{
	struct gateway_request r;

	if (gateway_check(self.gateway, login_of(c), &r) == -1)
		finish_auth(c, IPC_VERDICT_WRONG);
	else
		http_start(&r, self.config->timeout_gateway * 1000,
		    on_gateway_checked, c);
}

/* Ask the users file or checkpassword; a child process does the work. */
static void
check_here(struct client *c)
{
	if ((c->check = calloc(1, sizeof(*c->check))) != NULL &&
	    (c->profile = calloc(1, sizeof(*c->profile))) != NULL &&
	    login_begin(c->check, self.config, c->kind, c->user, c->secret,
		c->profile) == 0) {
		c->deadline = clock_ms() +
		    self.config->timeout_gateway * 1000;
		return;
	}
	free(c->check);
	c->check = NULL;
	finish_auth(c, IPC_VERDICT_TEMPORARY);
}

void
answer_checked(struct client *c)
{
	enum ipc_verdict v = login_end(c->check);

	free(c->check);
	c->check = NULL;
	c->deadline = 0;
	finish_auth(c, v);
}

static void
check(struct client *c)
{
	if (is_somebody_else(c))
		finish_auth(c, IPC_VERDICT_WRONG);
	else if (is_blocked(c))
		finish_auth(c, IPC_VERDICT_TEMPORARY);
	else if (self.config->auth != CONFIG_AUTH_GATEWAY)
		check_here(c);
	else if (c->dry)
		finish_auth(c, IPC_VERDICT_OK);
	else
		check_at_gateway(c);
}

void
answer_delayed(struct client *c)
{
	c->delayed = 0;
	c->deadline = 0;
	check(c);
}

/* Neither the gateway nor the log hears of more than one failure a second. */
static int
answer_auth(struct client *c, struct ipc_frame *f)
{
	if (read_credentials(c, f) == -1)
		return -1;
	c->busy = 1;
	if (c->next_check != 0 && clock_left(c->next_check) > 0) {
		c->delayed = 1;
		c->deadline = c->next_check;
	} else {
		check(c);
	}
	return 0;
}

static int
answer_forget(struct client *c, struct ipc_frame *f)
{
	if (ipc_close(f) == -1)
		return client_reject(c, "a malformed request");
	client_forget(c);
	return 0;
}

/* ---- REQ_NOTIFY ---- */

static int
answer_notify(struct client *c, struct ipc_frame *f)
{
	if (c->notify == NULL &&
	    (c->notify = malloc(sizeof(*c->notify))) == NULL)
		return client_reject(c, "out of memory");
	notify_get(f, c->notify);
	if (ipc_close(f) == -1)
		return client_reject(c, "a malformed request");
	return 0;
}

/* ---- REQ_SEND ---- */

/* Read the message that the session wants sent; NULL, or what is wrong. */
static const char *
read_job(struct client *c, struct ipc_frame *f, struct job *j)
{
	int32_t ms = (int32_t)(ipc_get_u32(f) - (uint32_t)clock_ms());
	size_t i, room = f->left < JOB_TEXT_MAX ? f->left : JOB_TEXT_MAX;

	if ((j->text = malloc(room + 1)) == NULL)
		return "out of memory";
	ipc_get_str(f, j->text, room);
	ipc_get_str(f, j->message_id, IPC_FIELD_MAX);
	ipc_get_str(f, j->date, IPC_FIELD_MAX);
	ipc_get_str(f, j->sender, IPC_SENDER_MAX);
	j->nto = ipc_get_u32(f);
	if (j->nto < 1 || j->nto > (size_t)self.config->max_recipients)
		return "a wrong number of recipients";
	for (i = 0; i < j->nto; i++)
		ipc_get_str(f, j->number[i], NUMBER_SIZE - 1);
	options_get(f, &j->options);
	if (ipc_close(f) == -1 ||
	    ms > (int32_t)config_timeout_delivery(self.config) * 1000)
		return "a malformed message";
	j->deadline = clock_ms() + ms;
	return policy_fault(self.config, rights_of(c), j);
}

/* What the message does not say, the login's profile does. */
static void
merge_options(struct options *o, const struct options *d)
{
	if (o->priority_kind == OPTIONS_PRIORITY_NONE) {
		o->priority_kind = d->priority_kind;
		o->priority = d->priority;
	}
	if (o->ttl == 0)
		o->ttl = d->ttl;
	if (o->report == OPTIONS_REPORT_NONE)
		o->report = d->report;
	if (o->sim == 0)
		o->sim = d->sim;
	if (o->device[0] == '\0')
		strcpy(o->device, d->device);
	if (o->from[0] == '\0')
		strcpy(o->from, d->from);
}

/*
 * u32 n, n times (u8 outcome, u8 enum ipc_result, u8 gateway, u32 status,
 * u32 ms, u32 retry-after, u32 held, str id)
 */
static void
put_results(struct client *c, const struct job *j)
{
	const struct job_result *r;
	struct buf b;
	size_t i;

	if (client_begin(c, &b, ANS_SEND, j->nto * (IPC_ID_MAX + 32)) == -1)
		return;
	ipc_put_u32(&b, (uint32_t)j->nto);
	for (i = 0; i < j->nto; i++) {
		r = &j->result[i];
		ipc_put_u8(&b, r->outcome);
		ipc_put_u8(&b, j->unjournalled ? IPC_RESULT_UNJOURNALLED : 0);
		ipc_put_u8(&b, r->gateway);
		ipc_put_u32(&b, (uint32_t)r->status);
		ipc_put_u32(&b, (uint32_t)r->ms);
		ipc_put_u32(&b, (uint32_t)r->retry_after);
		ipc_put_u32(&b, (uint32_t)r->held);
		ipc_put_str(&b, r->id, strlen(r->id));
	}
	client_answer(c, &b);
}

/* Its credentials are those that only the gateway can judge. */
static int
is_judged_by_gateway(struct client *c)
{
	return c->logged_in && c->profile == NULL &&
	    login_of(c) == &c->login;
}

static void
on_delivered(void *arg, struct job *j)
{
	struct client *c = arg;

	c->job = NULL;
	c->busy = 0;
	if (is_judged_by_gateway(c) && j->result[0].gateway == j->home &&
	    j->result[0].outcome == IPC_OUTCOME_CREDENTIALS)
		count_failure(c);
	job_metrics_add(j);
	if (j->due != 0)
		rate_digest_expect(j->due);
	put_results(c, j);
	job_free(j);
}

static int
answer_send(struct client *c, struct ipc_frame *f)
{
	struct job *j = job_new();
	const char *why = j == NULL ? "out of memory" : read_job(c, f, j);

	if (why == NULL && ++c->messages > self.config->max_messages)
		why = "more messages than a session may send";
	if (why != NULL) {
		job_free(j);
		return client_reject(c, why);
	}
	j->notify = c->notify;	/* of this message alone */
	c->notify = NULL;
	j->session = c->session;
	j->peer = c->peer;
	j->log_limit = &c->log_limit;
	j->user = c->logged_in ? c->user : "";
	j->logged_in = c->logged_in;
	j->verified = c->verified;
	/* under auth-check the gateway has taken a token, too */
	j->judged = !c->logged_in || c->verified || self.config->auth_check;
	j->login = c->logged_in ? login_of(c) : NULL;
	j->home = home_of(c)->index;
	j->dry = c->dry;
	if (c->logged_in && c->profile != NULL) {
		merge_options(&j->options, &c->profile->options);
		j->rate = c->profile->rate;
		j->own = c->profile->road.n > 0 ? &c->profile->road : NULL;
	}
	c->want_warm = 0;
	c->job = j;
	c->busy = 1;
	if (is_judged_by_gateway(c) && is_blocked(c))
		job_refuse(j, on_delivered, c);
	else
		job_send(j, on_delivered, c);
	return 0;
}

/* ---- REQ_CAN ---- */

static int
answer_can(struct client *c, struct ipc_frame *f)
{
	struct abilities a;
	struct buf b;

	if (ipc_close(f) == -1)
		return client_reject(c, "a malformed request");
	gateway_abilities(home_of(c), &a);
	if (client_begin(c, &b, ANS_CAN, sizeof(a) * 2) == -1)
		return -1;
	abilities_put(&b, &a);
	client_answer(c, &b);
	return 0;
}

/* ---- REQ_TALLY ---- */

static int
answer_tally(struct client *c, struct ipc_frame *f)
{
	struct tally t;

	if (c->tallied || tally_get(f, &t) == -1)
		return client_reject(c, "figures that cannot be");
	c->tallied = 1;
	if (!c->dry)
		metrics_tally(&t);
	return 0;
}

/* ---- REQ_WARM ---- */

static int
answer_warm(struct client *c, struct ipc_frame *f)
{
	if (ipc_close(f) == -1)
		return client_reject(c, "a malformed request");
	c->want_warm = 1;
	return 0;
}

static void
on_warm(void *arg, const struct http_result *e)
{
	(void)arg;
	self.warming--;
	if (!e->answered)
		log_event(LOG_INFO, "gateway", "request", "warm", "ms",
		    LOG_NUM(e->ms), "error", e->error, NULL);
}

/* Where the gateway is slow, no message may have to wait behind these. */
static int
may_warm(void)
{
	return self.warming < WARM_MAX &&
	    2 * (self.warming + 1) <= self.config->agent_requests &&
	    !http_is_warm();
}

void
answer_idle(struct client *c)
{
	struct gateway_request r;

	if (!c->want_warm || c->busy)
		return;
	c->want_warm = 0;
	if (c->dry || clock_left(c->next_warm) > 0 || !may_warm() ||
	    gateway_warm(home_of(c), &r) == -1)
		return;
	c->next_warm = clock_ms() + WARM_PAUSE;
	self.warming++;
	http_start(&r, self.config->timeout_gateway * 1000, on_warm, NULL);
}

/* ---- the table ---- */

enum state {
	NEW = 1,	/* has to say who it is */
	STRANGER = 2,	/* has to log in */
	GUEST = 4,	/* need not log in */
	USER = 8,	/* has logged in */
	KNOWN = STRANGER | GUEST | USER
};

static const struct request {
	enum ipc_type type;
	unsigned states; /* in which it is allowed */
	int (*answer)(struct client *, struct ipc_frame *);
	const char *fault; /* in words, where it is not allowed */
} requests[] = {
	{REQ_HELLO, NEW, answer_hello, "an introduction a second time"},
	{REQ_LOGIN, STRANGER | GUEST, answer_login,
	    "credentials a second time"},
	{REQ_AUTH, STRANGER | GUEST, answer_auth, "credentials a second time"},
	{REQ_FORGET, KNOWN, answer_forget, ""},
	{REQ_WARM, KNOWN, answer_warm, ""},
	{REQ_CAN, KNOWN, answer_can, ""},
	{REQ_TALLY, KNOWN, answer_tally, ""},
	{REQ_NOTIFY, GUEST | USER, answer_notify,
	    "a message without authentication"},
	{REQ_SEND, GUEST | USER, answer_send,
	    "a message without authentication"},
};
#define NREQUESTS (sizeof(requests) / sizeof(requests[0]))

static enum state
state_of(const struct client *c)
{
	if (!c->introduced)
		return NEW;
	if (c->logged_in)
		return USER;
	/* with auth any the session keeps the credentials to itself */
	return c->auth_required && self.config->auth != CONFIG_AUTH_ANY ?
	    STRANGER : GUEST;
}

void
answer_frame(struct client *c, struct ipc_frame *f)
{
	enum state state = state_of(c);
	size_t i;

	for (i = 0; i < NREQUESTS && requests[i].type != f->type; i++)
		;
	if (c->busy)
		client_reject(c, "a request before the answer to the last "
		    "one");
	else if (i == NREQUESTS)
		client_reject(c, "an unknown request");
	else if (state == NEW && !(requests[i].states & NEW))
		client_reject(c, "a request without an introduction");
	else if (!(requests[i].states & state))
		client_reject(c, requests[i].fault);
	else
		requests[i].answer(c, f);
}
