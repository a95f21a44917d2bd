/*
 * deliver: main and event loop of smtp2sms-deliver.  It serves the session
 * on descriptor 0: answer_auth(), answer_send().  Everything the session
 * says is checked here as if the session had been taken over.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <curl/curl.h>
#include <jansson.h>
#include <uuid/uuid.h>

#include "address.h"
#include "auth.h"
#include "buf.h"
#include "clock.h"
#include "config.h"
#include "descriptor.h"
#include "gateway.h"
#include "ipc.h"
#include "log.h"
#include "mime.h"
#include "options.h"

#define IDLE_WAIT     3600000	/* milliseconds; a wait without a deadline */
#define TEXT_MAX      TEXT_ROOM(MIME_TEXT_MAX + MIME_FIELD_MAX)
#define UUID_TEXT     37	/* octets of a UUID as text, with its NUL */

enum purpose { TO_WARM, TO_CHECK, TO_SEND };

/* One HTTP request that is under way. */
struct exchange {
	enum purpose purpose;
	CURL *curl;
	struct curl_slist *headers;
	struct gateway_request request;
	size_t sent;		/* octets of the body */
	char answer[GATEWAY_ANSWER_MAX];
	size_t len;
	int cut;		/* the answer was longer */
	long long began;
	char error[CURL_ERROR_SIZE];
	char id[UUID_TEXT];
	size_t first, n;	/* the recipients of the job it carries */
};

struct result {
	enum outcome outcome;
	long status;
	long long ms;
	char id[IPC_ID_MAX + 1];
};

/* One SEND of the session. */
struct job {
	char text[TEXT_MAX + 1];
	char message_id[MIME_FIELD_MAX + 1], date[MIME_FIELD_MAX + 1];
	char number[CONFIG_RCPTS_MAX][ADDRESS_NUMBER_MAX];
	char *to[CONFIG_RCPTS_MAX];
	size_t nto;
	long long deadline;
	struct result result[CONFIG_RCPTS_MAX];
	struct options options;
	size_t pending;		/* exchanges */
};

static struct {
	struct config config;
	struct descriptor *gateway;
	CURLM *multi;
	int dry, auth_required;
	/* the session */
	int fd;			/* -1: it has gone */
	int logged_in, want_warm, busy;
	long messages, auth_failures;
	enum ipc_kind kind;
	char user[AUTH_USER_MAX + 1], secret[AUTH_SECRET_MAX + 1];
	struct job job;
	size_t have;
	char in[IPC_HEAD + IPC_FRAME_MAX], out[IPC_HEAD + IPC_FRAME_MAX + 1];
} self;

static void leave(int) __attribute__((noreturn));
static void fatal(const char *) __attribute__((noreturn));

/*
 * Let go of the session and outlive it: it still has to answer the client,
 * and a super-server may end it with us.  Code 0: with its exit status.
 */
static void
leave(int code)
{
	int status;

	close(STDIN_FILENO);
	explicit_bzero(self.secret, sizeof(self.secret));
	if (wait(&status) != -1 && code == 0)
		code = WIFEXITED(status) ? WEXITSTATUS(status) : 75;
	_exit(code);
}

/* The link is broken or the session is hostile: it gets no answer. */
static void
fatal(const char *why)
{
	log_event(LOG_ERR, "link", "error", why, NULL);
	leave(75);
}

/* ---- answers to the session ---- */

static void
put_frame(struct buf *b)
{
	size_t done = 0;
	ssize_t n;

	if (ipc_end(b) == -1)
		fatal("the answer is too large");
	while (done < b->len && self.fd != -1) {
		n = write(self.fd, b->p + done, b->len - done);
		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR) {
			log_event(LOG_WARNING, "link", "error",
			    "the session has gone before its answer", NULL);
			self.fd = -1;
		}
	}
}

static void
begin(struct buf *b, enum ipc_type type)
{
	buf_init(b, self.out, sizeof(self.out));
	ipc_begin(b, type);
}

static void
forget(void)
{
	self.logged_in = 0;
	explicit_bzero(self.secret, sizeof(self.secret));
	self.user[0] = '\0';
}

static void
finish_auth(enum verdict v)
{
	const struct rights rights = {.subject = -1, .max_parts = -1};
	struct buf b;

	self.logged_in = v == VERDICT_OK;
	self.auth_failures += v == VERDICT_WRONG;
	if (!self.logged_in)
		forget();
	self.busy = 0;
	begin(&b, ANS_AUTH);
	ipc_put_u8(&b, v);
	rights_put(&b, &rights);
	put_frame(&b);
}

static void
finish_send(void)
{
	struct job *j = &self.job;
	const struct result *r;
	struct buf b;
	size_t i;

	self.busy = 0;
	begin(&b, ANS_SEND);
	ipc_put_u32(&b, (uint32_t)j->nto);
	for (i = 0; i < j->nto; i++) {
		r = &j->result[i];
		ipc_put_u8(&b, r->outcome);
		ipc_put_u32(&b, (uint32_t)r->status);
		ipc_put_u32(&b, (uint32_t)r->ms);
		ipc_put_str(&b, r->id, strlen(r->id));
	}
	put_frame(&b);
}

/* The recipients that an exchange carries, as the gateway's message. */
static struct gateway_message
message_of(const struct exchange *x)
{
	return (struct gateway_message){
		.id = x->id,
		.text = self.job.text,
		.to = self.job.to + x->first,
		.nto = x->n,
		.options = &self.job.options,
		.now = time(NULL),
	};
}

static void
set_result(const struct exchange *x, enum outcome outcome, long status,
    const char *id)
{
	struct result *r;
	size_t i;

	for (i = x->first; i < x->first + x->n; i++) {
		r = &self.job.result[i];
		r->outcome = outcome;
		r->status = status;
		r->ms = clock_ms() - x->began;
		snprintf(r->id, sizeof(r->id), "%s",
		    outcome == OUTCOME_ACCEPTED && *id == '\0' ? x->id : id);
	}
}

/* ---- exchanges ---- */

static size_t
on_answer(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	n *= size;
	if (n > sizeof(x->answer) - x->len) {
		x->cut = 1;
		return 0; /* ends the transfer */
	}
	memcpy(x->answer + x->len, p, n);
	x->len += n;
	return n;
}

/*
 * The body is given out once.  There is no way to rewind it, so curl cannot
 * repeat on a new connection a request that an old one may have taken.
 */
static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	size_t left = x->request.nbody - x->sent;

	n *= size;
	if (n > left)
		n = left;
	memcpy(p, x->request.body + x->sent, n);
	x->sent += n;
	return n;
}

static void
add_header(struct exchange *x, const char *name, const char *value)
{
	size_t room = strlen(name) + strlen(value) + 3;
	char *line = malloc(room);

	if (line == NULL)
		fatal("out of memory");
	snprintf(line, room, "%s: %s", name, value);
	x->headers = curl_slist_append(x->headers, line);
	explicit_bzero(line, room);
	free(line);
}

static void
set_options(struct exchange *x, long ms)
{
	CURL *c = x->curl;
	size_t i;

	curl_easy_setopt(c, CURLOPT_PRIVATE, x);
	curl_easy_setopt(c, CURLOPT_URL, x->request.url);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(c, CURLOPT_PROTOCOLS, CURLPROTO_HTTP |
	    CURLPROTO_HTTPS);
#endif
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, ms);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "smtp2sms/" VERSION);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->error);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
	if (self.config.gateway_ca != NULL) {
		/* these and no others */
		curl_easy_setopt(c, CURLOPT_CAINFO, self.config.gateway_ca);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	for (i = 0; i < x->request.nheader; i++)
		add_header(x, x->request.header[i].name,
		    x->request.header[i].value);
	if (x->request.body != NULL) {
		curl_easy_setopt(c, CURLOPT_POST, 1L);
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, x->request.method);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)x->request.nbody);
		curl_easy_setopt(c, CURLOPT_READFUNCTION, on_body);
		curl_easy_setopt(c, CURLOPT_READDATA, x);
		x->headers = curl_slist_append(x->headers, "Expect:");
	}
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->headers);
}

static struct exchange *
new_exchange(enum purpose purpose)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (x == NULL || (x->curl = curl_easy_init()) == NULL)
		fatal("out of memory");
	x->purpose = purpose;
	x->began = clock_ms();
	return x;
}

static void
free_exchange(struct exchange *x)
{
	struct curl_slist *h;

	if (x->curl != NULL)
		curl_easy_cleanup(x->curl);
	for (h = x->headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(x->headers);
	gateway_free(&x->request);
	free(x);
}

static void
start(struct exchange *x, long long ms)
{
	set_options(x, ms < 1 ? 1 : (long)ms);
	if (curl_multi_add_handle(self.multi, x->curl) != CURLM_OK)
		fatal("curl_multi_add_handle");
}

/* What became of a transfer that has no answer. */
static enum outcome
outcome_of(CURLcode code)
{
	switch ((int)code) {
	case CURLE_OPERATION_TIMEDOUT:
		return OUTCOME_TIMEOUT;
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ENGINE_INITFAILED:
		return OUTCOME_UNREACHABLE;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
	case CURLE_URL_MALFORMAT:
		return OUTCOME_INTERNAL;
	case CURLE_UNSUPPORTED_PROTOCOL: /* no HTTP status line */
	case CURLE_WEIRD_SERVER_REPLY:
		return OUTCOME_UNCLEAR;
	default:
		return OUTCOME_LOST; /* the request may have arrived */
	}
}

static void
log_trouble(const struct exchange *x, long status, const char *error)
{
	static const char *const names[] = {
		[TO_WARM] = "warm", [TO_CHECK] = "check", [TO_SEND] = "send"};

	log_event(x->purpose == TO_WARM ? LOG_INFO : LOG_WARNING, "gateway",
	    "request", names[x->purpose], "status", LOG_NUM(status), "ms",
	    LOG_NUM(clock_ms() - x->began), "error", error, NULL);
}

static void
end_send(struct exchange *x, CURLcode code, long status)
{
	struct gateway_answer a = {.outcome = outcome_of(code)};
	struct gateway_result result[CONFIG_RCPTS_MAX];
	struct gateway_message m = message_of(x);
	size_t i;

	if (code == CURLE_OK || x->cut)
		gateway_judge(self.gateway, &m, status, x->answer, x->len,
		    !x->cut, &a, result);
	else
		snprintf(a.error, sizeof(a.error), "%.*s", GATEWAY_ERROR_MAX,
		    x->error[0] != '\0' ? x->error :
					  curl_easy_strerror(code));
	if (a.outcome != OUTCOME_ACCEPTED)
		log_trouble(x, status, a.error);
	set_result(x, a.outcome, status, a.id);
	for (i = 0; i < x->n && (code == CURLE_OK || x->cut); i++) {
		struct result *r = &self.job.result[x->first + i];

		r->outcome = result[i].outcome;
		if (result[i].id[0] != '\0')
			strcpy(r->id, result[i].id);
	}
	if (--self.job.pending == 0)
		finish_send();
}

static void
end_check(struct exchange *x, CURLcode code, long status)
{
	enum verdict v = VERDICT_TEMPORARY;

	if (code == CURLE_OK || x->cut) {
		if (status >= 200 && status < 300)
			v = VERDICT_OK;
		else if (status == 401 || status == 403)
			v = VERDICT_WRONG;
	}
	if (v == VERDICT_TEMPORARY)
		log_trouble(x, status, x->error);
	finish_auth(v);
}

static void
end_exchange(struct exchange *x, CURLcode code)
{
	long status = 0;

	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_multi_remove_handle(self.multi, x->curl);
	switch (x->purpose) {
	case TO_WARM:
		if (code != CURLE_OK && !x->cut)
			log_trouble(x, status, x->error);
		break;
	case TO_CHECK:
		end_check(x, code, status);
		break;
	case TO_SEND:
		end_send(x, code, status);
		break;
	}
	free_exchange(x);
}

/* ---- requests of the session ---- */

/* The credentials for the gateway; NULL: the configuration's own. */
static const struct gateway_login *
login(struct gateway_login *l)
{
	*l = (struct gateway_login){self.kind, self.user, self.secret};
	return self.kind == IPC_EXTERNAL ? NULL : l;
}

/*
 * The same message of the same sender has the same id: a UUID made of a
 * name (RFC 9562, 5.5).  Without a Message-ID the Date takes its place; a
 * message with neither is like no other.
 */
static void
make_id(char out[UUID_TEXT], size_t first, size_t n)
{
	static const uuid_t space = {0x5e, 0x1c, 0x07, 0xd6, 0x2b, 0x8f, 0x4f,
	    0x0a, 0x9d, 0x51, 0x3c, 0x1a, 0x64, 0x8b, 0xee, 0x02};
	const struct job *j = &self.job;
	const char *mark = j->message_id[0] != '\0' ? j->message_id : j->date;
	static char name[IPC_FRAME_MAX];
	struct buf b;
	uuid_t id;
	size_t i;

	if (*mark == '\0') {
		uuid_generate_random(id);
		uuid_unparse_lower(id, out);
		return;
	}
	buf_init(&b, name, sizeof(name));
	ipc_put_str(&b, self.user, strlen(self.user));
	ipc_put_str(&b, mark, strlen(mark));
	ipc_put_str(&b, j->text, strlen(j->text));
	for (i = first; i < first + n; i++)
		ipc_put_str(&b, j->to[i], strlen(j->to[i]));
	uuid_generate_sha1(id, space, b.p, b.len);
	uuid_unparse_lower(id, out);
}

/* In a dry run the request is shown, and the answer is what one hopes. */
static void
show(struct exchange *x)
{
	if (x->request.shown == NULL)
		fatal("out of memory");
	fprintf(stderr, "%s\n", x->request.shown);
	set_result(x, OUTCOME_ACCEPTED, 0, "");
	if (--self.job.pending == 0)
		finish_send();
	free_exchange(x);
}

static void
send_some(size_t first, size_t n)
{
	struct exchange *x = new_exchange(TO_SEND);
	struct gateway_message m;
	struct gateway_login l;

	x->first = first;
	x->n = n;
	make_id(x->id, first, n);
	m = message_of(x);
	if (gateway_send(self.gateway, self.logged_in ? login(&l) : NULL,
		&m, self.dry, &x->request) == -1) {
		log_trouble(x, 0, "no credentials, or a variable is not set");
		set_result(x, OUTCOME_INTERNAL, 0, "");
		if (--self.job.pending == 0)
			finish_send();
		free_exchange(x);
	} else if (self.dry) {
		show(x);
	} else {
		start(x, self.job.deadline - clock_ms());
	}
}

static void
send_job(void)
{
	size_t max = gateway_max_recipients(self.gateway), i, n;
	struct job *j = &self.job;

	self.busy = 1;
	self.want_warm = 0;
	j->pending = (j->nto + max - 1) / max;
	for (i = 0; i < j->nto; i += n) {
		n = j->nto - i < max ? j->nto - i : max;
		send_some(i, n);
	}
}

/* What the gateway cannot take is refused before it is asked. */
static int
over_limit(const struct job *j)
{
	struct gateway_message m = {
		.text = j->text,
		.options = &j->options,
		.now = time(NULL),
	};
	const char *limit = gateway_limit(self.gateway, &m);

	if (limit != NULL)
		log_event(LOG_WARNING, "gateway", "limit", limit, NULL);
	return limit != NULL;
}

/* Numbers that a session of ours could have sent. */
static int
check_number(const struct job *j, size_t i)
{
	const struct config *c = &self.config;
	size_t k;

	if (!address_is_number(j->to[i], c->address.allow_short) ||
	    !address_allowed(j->to[i], c->allow.v, c->allow.n, c->deny.v,
		c->deny.n))
		return -1;
	for (k = 0; k < i; k++)
		if (strcmp(j->to[k], j->to[i]) == 0)
			return -1;
	return 0;
}

static int
check_text(const struct job *j)
{
	json_t *s = json_string(j->text); /* NULL unless valid UTF-8 */

	json_decref(s);
	return s != NULL && j->text[0] != '\0' ? 0 : -1;
}

static void
answer_send(struct ipc_frame *f)
{
	struct job *j = &self.job;
	uint32_t ms = ipc_get_u32(f);
	size_t i;

	ipc_get_str(f, j->text, TEXT_MAX);
	ipc_get_str(f, j->message_id, MIME_FIELD_MAX);
	ipc_get_str(f, j->date, MIME_FIELD_MAX);
	j->nto = ipc_get_u32(f);
	if (j->nto < 1 || j->nto > (size_t)self.config.max_recipients)
		fatal("a wrong number of recipients");
	for (i = 0; i < j->nto; i++) {
		j->to[i] = j->number[i];
		ipc_get_str(f, j->to[i], ADDRESS_NUMBER_MAX - 1);
		if (f->bad || check_number(j, i) == -1)
			fatal("a recipient that may not be");
	}
	options_get(f, &j->options);
	if (ipc_close(f) == -1 || check_text(j) == -1 ||
	    ms > (uint32_t)self.config.timeout_gateway * 1000)
		fatal("a malformed message");
	if (self.auth_required && !self.logged_in)
		fatal("a message without authentication");
	if (++self.messages > self.config.max_messages)
		fatal("more messages than a session may send");
	j->deadline = clock_ms() + ms;
	if (over_limit(j)) {
		for (i = 0; i < j->nto; i++)
			j->result[i] = (struct result){OUTCOME_PERMANENT, 0,
			    0, ""};
		finish_send();
		return;
	}
	send_job();
}

static void
take_credentials(struct ipc_frame *f)
{
	unsigned kind = ipc_get_u8(f);

	ipc_get_str(f, self.user, AUTH_USER_MAX);
	ipc_get_str(f, self.secret, AUTH_SECRET_MAX);
	if (ipc_close(f) == -1 || kind > IPC_EXTERNAL)
		fatal("malformed credentials");
	if (kind == IPC_EXTERNAL && self.config.tls_client_ca == NULL)
		fatal("a certificate where none is asked for");
	if (self.logged_in)
		fatal("credentials a second time");
	if (self.auth_failures >= self.config.max_auth_failures)
		fatal("more passwords than a session may try");
	self.kind = (enum ipc_kind)kind;
}

static void
answer_auth(struct ipc_frame *f)
{
	struct gateway_login l;
	struct exchange *x;

	take_credentials(f);
	self.busy = 1;
	if (self.dry) {
		finish_auth(VERDICT_OK);
		return;
	}
	x = new_exchange(TO_CHECK);
	if (gateway_check(self.gateway, login(&l), &x->request) == -1) {
		free_exchange(x);
		finish_auth(VERDICT_WRONG);
		return;
	}
	start(x, self.config.timeout_gateway * 1000);
}

static void
answer(struct ipc_frame *f)
{
	if (self.busy)
		fatal("a request before the answer to the last one");
	switch (f->type) {
	case REQ_WARM:
		if (ipc_close(f) == -1)
			fatal("a malformed request");
		self.want_warm = 1;
		break;
	case REQ_FORGET:
		if (ipc_close(f) == -1)
			fatal("a malformed request");
		forget();
		break;
	case REQ_LOGIN:
		take_credentials(f);
		if (self.config.auth_check && self.kind != IPC_EXTERNAL)
			fatal("credentials that were not checked");
		self.logged_in = 1;
		self.want_warm = 1;
		break;
	case REQ_AUTH:
		answer_auth(f);
		break;
	case REQ_SEND:
		answer_send(f);
		break;
	default:
		fatal("an unknown request");
	}
}

/* Connect ahead of the message, unless it is here already. */
static void
warm(void)
{
	struct exchange *x;

	self.want_warm = 0;
	if (self.dry)
		return;
	x = new_exchange(TO_WARM);
	if (gateway_warm(self.gateway, &x->request) == -1)
		free_exchange(x);
	else
		start(x, self.config.timeout_gateway * 1000);
}

/* ---- the event loop ---- */

static void
take_frames(void)
{
	struct ipc_frame f;
	long size;

	while ((size = ipc_size(self.in, self.have)) != 0) {
		if (size == -1)
			fatal("not a frame");
		if (self.have < (size_t)size)
			return;
		ipc_open(&f, self.in, (size_t)size);
		answer(&f);
		explicit_bzero(self.in, (size_t)size);
		self.have -= (size_t)size;
		memmove(self.in, self.in + size, self.have);
	}
}

static void
hear(void)
{
	ssize_t n = read(self.fd, self.in + self.have,
	    sizeof(self.in) - self.have);

	if (n == -1 && errno == EINTR)
		return;
	if (n <= 0) {
		/* what is under way is brought to its end all the same */
		self.fd = -1;
		return;
	}
	self.have += (size_t)n;
	take_frames();
}

/* A message that is under way is seen through; a warm-up is not. */
static int
is_over(void)
{
	return self.fd == -1 && self.job.pending == 0;
}

static void
turn(void)
{
	struct curl_waitfd w = {.fd = self.fd, .events = CURL_WAIT_POLLIN};
	struct exchange *x;
	CURLMsg *m;
	int n;

	curl_multi_perform(self.multi, &n);
	while ((m = curl_multi_info_read(self.multi, &n)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
		end_exchange(x, m->data.result);
	}
	if (is_over())
		return;
	curl_multi_poll(self.multi, &w, self.fd != -1, IDLE_WAIT, NULL);
	if (self.fd != -1 && w.revents != 0)
		hear();
	if (self.want_warm)
		warm();
}

static void
say_nothing(const char *what)
{
	(void)what;
}

static void
report(const char *what)
{
	log_event(LOG_ERR, "config", "error", what, NULL);
}

static void
report_stderr(const char *what)
{
	fprintf(stderr, "smtp2sms: %s\n", what);
}

static int
usage(void)
{
	fprintf(stderr, "usage: smtp2sms-deliver [-an] [-f file] "
	    "[-i session] [-o key=value] [-p peer]\n"
	    "       smtp2sms-deliver -t [-f file] [-o key=value]\n"
	    "smtp2sms starts it; see smtp2sms(8)\n");
	return 64;
}

struct arguments {
	const char *file;
	char *overrides[CONFIG_OVERRIDES_MAX];
	size_t n;
	int test;
};

static int
options(int argc, char **argv, struct arguments *o)
{
	int c;

	while ((c = getopt(argc, argv, "af:i:no:p:t")) != -1)
		switch (c) {
		case 'a':
			self.auth_required = 1;
			break;
		case 'f':
			o->file = optarg;
			break;
		case 'i':
			log_context("session", optarg);
			break;
		case 'n':
			self.dry = 1;
			break;
		case 'o':
			if (o->n == CONFIG_OVERRIDES_MAX)
				return -1;
			o->overrides[o->n++] = optarg;
			break;
		case 'p':
			log_context("peer", optarg);
			break;
		case 't':
			o->test = 1;
			break;
		default:
			return -1;
		}
	return optind == argc ? 0 : -1;
}

static int
check_ca(config_report tell)
{
	const char *file = self.config.gateway_ca;
	char what[4200];

	if (file == NULL || access(file, R_OK) == 0)
		return 0;
	snprintf(what, sizeof(what), "gateway-ca: %s: %s", file,
	    strerror(errno));
	tell(what);
	return -1;
}

/* What is wrong is told where the configuration wants it to be told. */
static int
configure(struct arguments *o)
{
	config_report tell = o->test ? report_stderr : report;
	int bad = config_load(&self.config, o->file, o->overrides, o->n,
	    say_nothing);

	log_open("smtp2sms-deliver", self.config.log_stderr);
	if (bad) {
		config_load(&self.config, o->file, o->overrides, o->n, tell);
		return -1;
	}
	self.gateway = descriptor_load(&self.config, tell);
	if (self.gateway == NULL)
		return -1;
	return check_ca(tell);
}

int
main(int argc, char **argv)
{
	struct arguments o = {.file = CONFIG_FILE};

	if (options(argc, argv, &o) == -1)
		return usage();
	signal(SIGPIPE, SIG_IGN);
#ifdef __linux__
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	if (configure(&o) == -1) {
		if (o.test)
			return 78;
		leave(78);
	}
	if (o.test)
		return 0;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (self.multi = curl_multi_init()) == NULL)
		fatal("curl cannot start");
	while (!is_over())
		turn();
	leave(0);
}
