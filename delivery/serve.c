/*
 * serve: one session after another, or many at once: frames in, answers
 * out.  answer_auth(), answer_send() and answer_can() meet their other
 * halves in ask.c.  A session that breaks the rules gets no answer, and no
 * other session hears of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "delivery/http.h"
#include "delivery/job.h"
#include "delivery/login.h"
#include "delivery/serve.h"
#include "gateway/gateway.h"
#include "sms/text.h"

#define WARM_MAX 8	/* connections that are opened ahead at a time */

struct client {
	struct client *next;
	int fd;			/* -1: it has gone */
	int slot;		/* where its descriptor is waited for; -1 */
	char session[IPC_NAME_MAX + 1], peer[IPC_NAME_MAX + 1];
	int auth_required, dry;
	int introduced;		/* it has said who it is */
	int logged_in, want_warm, busy;
	long messages, auth_failures;
	enum ipc_kind kind;
	char user[IPC_USER_MAX + 1], secret[IPC_SECRET_MAX + 1];
	char known[IPC_USER_MAX + 1];	/* who it was first; "": nobody */
	struct login_profile *profile;	/* NULL: the login has none */
	struct gateway_login login;
	struct login_check *check;	/* under way */
	struct job *job;		/* under way */
	/* of a check, a frame that has begun, an answer that is not taken */
	long long deadline;
	size_t have, room;
	char *in;
	size_t out_len, out_done;
	char *out;
};

static struct {
	const struct config *config;
	const struct descriptor *gateway;
	struct client *first;
	size_t n;
	int hostile;
	int warming;
} self;

void
serve_init(const struct config *c, const struct descriptor *g)
{
	self.config = c;
	self.gateway = g;
}

size_t
serve_count(void)
{
	return self.n;
}

int
serve_hostile(void)
{
	return self.hostile;
}

/* The client's side is over; what it has under way goes on. */
static void
hang_up(struct client *c)
{
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
}

/* The link is broken or the session is hostile: it gets no answer. */
static int
reject(struct client *c, const char *why)
{
	log_event(LOG_ERR, "link", "session", c->session, "peer", c->peer,
	    "error", why, NULL);
	self.hostile = 1;
	hang_up(c);
	return -1;
}

static void
wipe(void *p, size_t n)
{
	if (p != NULL)
		explicit_bzero(p, n);
	free(p);
}

static void
forget(struct client *c)
{
	c->logged_in = 0;
	explicit_bzero(c->secret, sizeof(c->secret));
	c->user[0] = '\0';
	wipe(c->profile, sizeof(*c->profile));
	c->profile = NULL;
}

static void
free_client(struct client *c)
{
	struct client **p;

	for (p = &self.first; *p != c; p = &(*p)->next)
		;
	*p = c->next;
	self.n--;
	hang_up(c);
	forget(c);
	wipe(c->in, c->room);
	free(c->out);
	free(c);
}

int
serve_add(int fd, const struct serve_setup *s)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -1;
	c->fd = fd;
	c->slot = -1;
	c->auth_required = s->auth_required;
	c->dry = s->dry;
	c->introduced = !s->agent;
	strncat(c->session, s->session, IPC_NAME_MAX);
	strncat(c->peer, s->peer, IPC_NAME_MAX);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	c->next = self.first;
	self.first = c;
	self.n++;
	return 0;
}

/* ---- answers to the session ---- */

/* What the client has begun, it has to bring to its end. */
static void
set_deadline(struct client *c)
{
	if (c->busy)
		return;
	if (c->have == 0 && c->out == NULL)
		c->deadline = 0;
	else if (c->deadline == 0)
		c->deadline = clock_ms() + SERVE_FIRST_WAIT;
}

static void
write_out(struct client *c)
{
	ssize_t n;

	while (c->fd != -1 && c->out_done < c->out_len) {
		n = write(c->fd, c->out + c->out_done,
		    c->out_len - c->out_done);
		if (n > 0) {
			c->out_done += (size_t)n;
		} else if (errno == EAGAIN) {
			set_deadline(c);
			return;
		} else if (errno != EINTR) {
			log_event(LOG_WARNING, "link", "session", c->session,
			    "error", "the session has gone before its answer",
			    NULL);
			hang_up(c);
		}
	}
	free(c->out);
	c->out = NULL;
	c->deadline = 0;
	set_deadline(c);
}

/* A session asks one thing at a time, so one answer has room. */
static int
begin(struct client *c, struct buf *b, enum ipc_type type, size_t room)
{
	room += IPC_HEAD + 64;
	free(c->out);
	c->out_len = c->out_done = 0;
	if ((c->out = malloc(room)) == NULL)
		return reject(c, "out of memory");
	buf_init(b, c->out, room);
	ipc_begin(b, type);
	return 0;
}

static void
put_frame(struct client *c, struct buf *b)
{
	if (ipc_end(b) == -1) {
		reject(c, "the answer is too large");
		return;
	}
	c->out_len = b->len;
	write_out(c);
}

static const struct rights *
rights_of(const struct client *c)
{
	static const struct rights none = {.subject = -1, .max_parts = -1};

	return c->logged_in && c->profile != NULL ? &c->profile->rights :
						    &none;
}

static void
finish_auth(struct client *c, enum ipc_verdict v)
{
	struct buf b;

	c->logged_in = v == IPC_VERDICT_OK;
	c->auth_failures += v == IPC_VERDICT_WRONG;
	c->want_warm |= c->logged_in;
	if (c->logged_in && c->known[0] == '\0')
		strcpy(c->known, c->user);
	if (!c->logged_in)
		forget(c);
	c->busy = 0;
	if (begin(c, &b, ANS_AUTH, sizeof(struct rights) * 2) == -1)
		return;
	ipc_put_u8(&b, v);
	rights_put(&b, rights_of(c));
	put_frame(c, &b);
}

static void
finish_send(void *arg, struct job *j)
{
	struct client *c = arg;
	const struct job_result *r;
	struct buf b;
	size_t i;

	c->job = NULL;
	c->busy = 0;
	/* credentials that the gateway alone could judge */
	if (j->login == &c->login && c->profile == NULL &&
	    j->result[0].outcome == IPC_OUTCOME_CREDENTIALS)
		c->auth_failures++;
	if (begin(c, &b, ANS_SEND, j->nto * (IPC_ID_MAX + 32)) == 0) {
		ipc_put_u32(&b, (uint32_t)j->nto);
		for (i = 0; i < j->nto; i++) {
			r = &j->result[i];
			ipc_put_u8(&b, r->outcome);
			ipc_put_u32(&b, (uint32_t)r->status);
			ipc_put_u32(&b, (uint32_t)r->ms);
			ipc_put_str(&b, r->id, strlen(r->id));
		}
		put_frame(c, &b);
	}
	job_free(j);
}

/* ---- requests of the session ---- */

/* The credentials for the gateway; NULL: the configuration's own. */
static const struct gateway_login *
login_of(struct client *c)
{
	const struct login_profile *p = c->profile;

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

/* Numbers that a session of ours could have sent. */
static int
check_number(const struct client *c, const struct job *j, size_t i)
{
	const struct config *k = self.config;
	const struct rights *r = rights_of(c);
	char *own[OPTIONS_ALLOW_MAX];
	size_t n;

	for (n = 0; n < r->nallow; n++)
		own[n] = (char *)(size_t)r->allow[n];
	if (!number_is_valid(j->number[i], k->number.allow_short) ||
	    !number_allowed(j->number[i], n > 0 ? own : k->allow.v,
		n > 0 ? n : k->allow.n, k->deny.v, k->deny.n))
		return -1;
	for (n = 0; n < i; n++)
		if (strcmp(j->number[n], j->number[i]) == 0)
			return -1;
	return 0;
}

/* Text that can be read, of as many parts as may be; or data without one. */
static int
check_text(const struct client *c, const struct job *j)
{
	json_t *s = json_string(j->text); /* NULL unless valid UTF-8 */
	long max = rights_of(c)->max_parts;
	struct text_info info;

	json_decref(s);
	if (s == NULL || (j->text[0] == '\0') != (j->options.port != 0))
		return -1;
	if (max == -1)
		max = self.config->max_parts;
	text_count(j->text, &info);
	return max == 0 || info.parts <= (unsigned long)max ? 0 : -1;
}

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
	for (i = 0; i < j->nto; i++) {
		ipc_get_str(f, j->number[i], NUMBER_SIZE - 1);
		if (f->bad || check_number(c, j, i) == -1)
			return "a recipient that may not be";
	}
	options_get(f, &j->options);
	if (ipc_close(f) == -1 || check_text(c, j) == -1 ||
	    ms > (int32_t)self.config->timeout_gateway * 1000)
		return "a malformed message";
	j->deadline = clock_ms() + ms;
	return NULL;
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

static int
answer_send(struct client *c, struct ipc_frame *f)
{
	struct job *j = job_new();
	const char *why = j == NULL ? "out of memory" : read_job(c, f, j);

	if (why == NULL && c->auth_required && !c->logged_in)
		why = "a message without authentication";
	if (why == NULL && ++c->messages > self.config->max_messages)
		why = "more messages than a session may send";
	if (why != NULL) {
		job_free(j);
		return reject(c, why);
	}
	j->session = c->session;
	j->peer = c->peer;
	j->user = c->logged_in ? c->user : "";
	j->login = c->logged_in ? login_of(c) : NULL;
	j->dry = c->dry;
	if (c->logged_in && c->profile != NULL)
		merge_options(&j->options, &c->profile->options);
	c->want_warm = 0;
	c->job = j;
	c->busy = 1;
	job_start(j, finish_send, c);
	return 0;
}

static int
answer_can(struct client *c)
{
	struct abilities a;
	struct buf b;

	gateway_abilities(self.gateway, &a);
	if (begin(c, &b, ANS_CAN, sizeof(a) * 2) == 0) {
		abilities_put(&b, &a);
		put_frame(c, &b);
	}
	return 0;
}

static int
is_certificate_allowed(void)
{
	return self.config->tls_client_ca != NULL &&
	    (self.config->auth == CONFIG_AUTH_GATEWAY ||
	    self.config->auth == CONFIG_AUTH_USERS);
}

static int
take_credentials(struct client *c, struct ipc_frame *f)
{
	unsigned kind = ipc_get_u8(f);

	if (c->logged_in)
		return reject(c, "credentials a second time");
	ipc_get_str(f, c->user, IPC_USER_MAX);
	ipc_get_str(f, c->secret, IPC_SECRET_MAX);
	if (ipc_close(f) == -1 || kind > IPC_EXTERNAL)
		return reject(c, "malformed credentials");
	if (kind == IPC_EXTERNAL && !is_certificate_allowed())
		return reject(c, "a certificate where none is asked for");
	if (self.config->auth == CONFIG_AUTH_NONE)
		return reject(c, "credentials where none are asked for");
	if (c->auth_failures >= self.config->max_auth_failures)
		return reject(c, "more passwords than a session may try");
	c->kind = (enum ipc_kind)kind;
	return 0;
}

/* Credentials that nobody but the gateway can judge, and not now. */
static int
answer_login(struct client *c, struct ipc_frame *f)
{
	if (take_credentials(c, f) == -1)
		return -1;
	if (self.config->auth != CONFIG_AUTH_GATEWAY ||
	    (self.config->auth_check && c->kind != IPC_EXTERNAL))
		return reject(c, "credentials that were not checked");
	c->logged_in = 1;
	c->want_warm = 1;
	return 0;
}

static void
on_checked(void *arg, const struct http_result *e)
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
		log_event(LOG_WARNING, "gateway", "session", c->session,
		    "peer", c->peer, "request", "check", "status",
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
		    on_checked, c);
}

/* The users file or checkpassword: a process of its own finds out. */
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

static void
end_check(struct client *c)
{
	enum ipc_verdict v = login_end(c->check);

	free(c->check);
	c->check = NULL;
	c->deadline = 0;
	finish_auth(c, v);
}

static int
answer_auth(struct client *c, struct ipc_frame *f)
{
	if (take_credentials(c, f) == -1)
		return -1;
	c->busy = 1;
	if (c->kind == IPC_EXTERNAL && c->known[0] != '\0' &&
	    strcmp(c->known, c->user) != 0)
		/* it needs no secret: whoever has logged in stays that */
		finish_auth(c, IPC_VERDICT_WRONG);
	else if (self.config->auth != CONFIG_AUTH_GATEWAY)
		check_here(c);
	else if (c->dry)
		finish_auth(c, IPC_VERDICT_OK);
	else
		check_at_gateway(c);
	return 0;
}

static int
answer_hello(struct client *c, struct ipc_frame *f)
{
	if (c->introduced)
		return reject(c, "an introduction a second time");
	ipc_get_str(f, c->session, IPC_NAME_MAX);
	ipc_get_str(f, c->peer, IPC_NAME_MAX);
	c->auth_required = !ipc_get_u8(f);
	if (ipc_close(f) == -1)
		return reject(c, "a malformed introduction");
	c->introduced = 1;
	return 0;
}

static int
answer(struct client *c, struct ipc_frame *f)
{
	if (c->busy)
		return reject(c, "a request before the answer to the last one");
	if (!c->introduced && f->type != REQ_HELLO)
		return reject(c, "a request without an introduction");
	switch (f->type) {
	case REQ_LOGIN:
		return answer_login(c, f);
	case REQ_AUTH:
		return answer_auth(c, f);
	case REQ_SEND:
		return answer_send(c, f);
	case REQ_HELLO:
		return answer_hello(c, f);
	case REQ_WARM:
	case REQ_FORGET:
	case REQ_CAN:
		break;
	default:
		return reject(c, "an unknown request");
	}
	if (ipc_close(f) == -1)
		return reject(c, "a malformed request");
	if (f->type == REQ_CAN)
		return answer_can(c);
	if (f->type == REQ_FORGET)
		forget(c);
	else
		c->want_warm = 1;
	return 0;
}

/* ---- octets ---- */

static void
on_warm(void *arg, const struct http_result *e)
{
	(void)arg;
	self.warming--;
	if (!e->answered)
		log_event(LOG_INFO, "gateway", "request", "warm", "ms",
		    LOG_NUM(e->ms), "error", e->error, NULL);
}

/* Where the gateway is slow, no message shall wait behind these. */
static int
may_warm(void)
{
	return self.warming < WARM_MAX &&
	    2 * (self.warming + 1) <= self.config->agent_requests &&
	    !http_is_warm();
}

/* Connect ahead of the message, unless it is here already. */
static void
warm(struct client *c)
{
	struct gateway_request r;

	c->want_warm = 0;
	if (c->dry || !may_warm() || gateway_warm(self.gateway, &r) == -1)
		return;
	self.warming++;
	http_start(&r, self.config->timeout_gateway * 1000, on_warm,
	    NULL);
}

static void
take_frames(struct client *c)
{
	struct ipc_frame f;
	size_t done = 0;
	long size = 0;

	while (c->fd != -1 &&
	    (size = ipc_size(c->in + done, c->have - done)) > 0 &&
	    c->have - done >= (size_t)size) {
		ipc_open(&f, c->in + done, (size_t)size);
		c->deadline = 0;
		answer(c, &f);
		explicit_bzero(c->in + done, (size_t)size);
		done += (size_t)size;
	}
	if (c->fd != -1 && size == -1)
		reject(c, "not a frame");
	c->have -= done;
	memmove(c->in, c->in + done, c->have);
	set_deadline(c);
}

/* Room for the frame that has begun; none is kept between frames. */
static int
make_room(struct client *c)
{
	long size = ipc_size(c->in, c->have);
	size_t want = size > 0 ? (size_t)size : IPC_HEAD + 1024;
	char *in;

	if (want <= c->room)
		return 0;
	if ((in = malloc(want)) == NULL)
		return reject(c, "out of memory");
	if (c->have > 0)
		memcpy(in, c->in, c->have);
	wipe(c->in, c->room);
	c->in = in;
	c->room = want;
	return 0;
}

static void
hear(struct client *c)
{
	ssize_t n;

	if (make_room(c) == -1)
		return;
	n = read(c->fd, c->in + c->have, c->room - c->have);
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		/* what is under way is brought to its end all the same */
		hang_up(c);
		return;
	}
	c->have += (size_t)n;
	take_frames(c);
	if (c->have == 0) {
		wipe(c->in, c->room);
		c->in = NULL;
		c->room = 0;
	}
}

void
serve_dismiss(void)
{
	struct client *c;

	for (c = self.first; c != NULL; c = c->next)
		if (!c->busy && c->out == NULL)
			hang_up(c);
}

/* The descriptor whose news this client waits for; -1: none. */
static int
waits_for(const struct client *c, short *events)
{
	*events = CURL_WAIT_POLLIN;
	if (c->check != NULL)
		return c->check->fd;
	if (c->fd != -1 && c->out != NULL) {
		*events = CURL_WAIT_POLLOUT;
		return c->fd;
	}
	return c->busy ? -1 : c->fd;
}

unsigned
serve_prepare(struct curl_waitfd *w, unsigned max, int *ms)
{
	struct client *c, *next;
	unsigned n = 0;
	short events;
	int fd, left;

	for (c = self.first; c != NULL; c = next) {
		next = c->next;
		if (c->fd == -1 && !c->busy) {
			free_client(c);
			continue;
		}
		if (c->want_warm && !c->busy)
			warm(c);
		if (c->deadline != 0 &&
		    (left = clock_left(c->deadline)) < *ms)
			*ms = left;
		c->slot = -1;
		if ((fd = waits_for(c, &events)) == -1 || n == max)
			continue;
		c->slot = (int)n;
		w[n++] = (struct curl_waitfd){fd, events, 0};
	}
	return n;
}

static void
turn(struct client *c, int news)
{
	int late = c->deadline != 0 && clock_left(c->deadline) == 0;

	if (c->check != NULL) {
		if (news || late)
			end_check(c);
	} else if (c->fd != -1 && late && !c->busy) {
		reject(c, c->out != NULL ? "an answer that is not taken" :
		    "a frame that does not end");
	} else if (news && c->out != NULL) {
		write_out(c);
	} else if (news && !c->busy) {
		hear(c);
	}
}

void
serve_turn(const struct curl_waitfd *w)
{
	struct client *c;

	for (c = self.first; c != NULL; c = c->next)
		turn(c, c->slot != -1 && w[c->slot].revents != 0);
}
