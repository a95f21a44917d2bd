/*
 * http: one HTTP request and its answer.  Everything that curl does is
 * done here; what a request says and an answer means is gateway.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "common/clock.h"
#include "common/log.h"
#include "delivery/http.h"
#include "gateway/wipe.h"

#define ANSWER_ROOM 16384 /* octets; an answer that needs more gets more */
#define TURN_MAX  3600000 /* milliseconds; a wait without a deadline */
#define PEAK_KEEP 30000	  /* milliseconds; less than HTTP_IDLE_MAX */

struct transfer {
	struct transfer *next;	/* of those that wait for their turn */
	CURL *curl;		/* NULL: it waits */
	http_make make;	/* NULL: the request is there */
	struct curl_slist *headers;
	struct gateway_request request;
	int once;		/* what it asks for must not be done twice */
	int tries;		/* how often it was about to be sent */
	size_t given;		/* octets of the body */
	char *answer;
	size_t len, room;
	int cut;		/* the answer was longer */
	long long began, deadline;
	char error[CURL_ERROR_SIZE];
	http_done done;
	void *arg;
};

static struct {
	const struct config *config;
	CURLM *multi;
	struct transfer *first, **last;	/* that wait, in their order */
	long long soonest;	/* no deadline of theirs is earlier */
	int ended;		/* some have, in this turn */
	long running;
	long peak;		/* the most at a time, lately */
	long long peak_time;
} self;

static void panic(const char *) __attribute__((noreturn));

/* Every session gets 451 from its own side of the link. */
static void
panic(const char *why)
{
	log_event(LOG_CRIT, "http", "error", why, NULL);
	_exit(75);
}

int
http_init(const struct config *c)
{
	self.config = c;
	self.last = &self.first;
	/* it copies headers, and they hold passwords */
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, wipe_alloc, wipe_free,
		wipe_realloc, wipe_strdup, wipe_calloc) != CURLE_OK ||
	    (self.multi = curl_multi_init()) == NULL)
		return -1;
	curl_multi_setopt(self.multi, CURLMOPT_MAXCONNECTS,
	    c->agent_requests);
	curl_multi_setopt(self.multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
	    c->agent_requests);
	return 0;
}

/* ---- what curl calls ---- */

/* Room for n more octets of the answer. */
static void
make_room(struct transfer *x, size_t n)
{
	size_t room = x->room > 0 ? x->room : ANSWER_ROOM;

	while (room - x->len < n)
		room *= 2;
	if ((x->answer = realloc(x->answer, room)) == NULL)
		panic("out of memory");
	x->room = room;
}

static size_t
on_answer(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *x = arg;

	n *= size;
	if (n > GATEWAY_ANSWER_MAX - x->len) {
		x->cut = 1;
		return 0; /* ends the transfer */
	}
	if (n > x->room - x->len)
		make_room(x, n);
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
	struct transfer *x = arg;
	size_t left = x->request.nbody - x->given;

	n *= size;
	if (n > left)
		n = left;
	memcpy(p, x->request.body + x->given, n);
	x->given += n;
	return n;
}

#if LIBCURL_VERSION_NUM >= 0x075000
/*
 * Before the request goes out.  If a connection that was kept breaks without
 * an answer, curl tries again on a new one; but the gateway may have taken
 * the request all the same.
 */
static int
on_request(void *arg, char *peer, char *local, int peer_port, int local_port)
{
	struct transfer *x = arg;

	(void)peer;
	(void)local;
	(void)peer_port;
	(void)local_port;
	return x->tries++ > 0 && x->once ? CURL_PREREQFUNC_ABORT :
					   CURL_PREREQFUNC_OK;
}
#endif

/* ---- setting one up ---- */

static void
add_header(struct transfer *x, const struct gateway_header *h)
{
	size_t room = strlen(h->name) + strlen(h->value) + 3;
	char *line = malloc(room);

	if (line == NULL)
		panic("out of memory");
	snprintf(line, room, "%s: %s", h->name, h->value);
	x->headers = curl_slist_append(x->headers, line);
	explicit_bzero(line, room);
	free(line);
}

static void
set_signature(struct transfer *x)
{
	curl_easy_setopt(x->curl, CURLOPT_AWS_SIGV4, x->request.sigv4);
	curl_easy_setopt(x->curl, CURLOPT_USERNAME, x->request.sigv4_user);
	curl_easy_setopt(x->curl, CURLOPT_PASSWORD, x->request.sigv4_secret);
}

static void
set_body(struct transfer *x)
{
	CURL *c = x->curl;

	curl_easy_setopt(c, CURLOPT_POST, 1L);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, x->request.method);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)x->request.nbody);
	if (x->request.sigv4 != NULL) {
		/* the signature covers the body: curl has to see all of it;
		   and it would sign an Expect that it does not send */
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, x->request.body);
		return;
	}
	x->headers = curl_slist_append(x->headers, "Expect:");
	curl_easy_setopt(c, CURLOPT_READFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_READDATA, x);
}

static void
set_once(struct transfer *x)
{
#if LIBCURL_VERSION_NUM >= 0x075000
	curl_easy_setopt(x->curl, CURLOPT_PREREQFUNCTION, on_request);
	curl_easy_setopt(x->curl, CURLOPT_PREREQDATA, x);
#else
	/* on a new connection curl does not try again */
	if (x->once)
		curl_easy_setopt(x->curl, CURLOPT_FRESH_CONNECT, 1L);
#endif
}

static void
set_options(struct transfer *x)
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
#if LIBCURL_VERSION_NUM >= 0x075700
	/* or the loop would wait for a thread that waits for the DNS */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
#endif
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS,
	    (long)clock_left(x->deadline) + 1);
	curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, (long)HTTP_IDLE_MAX);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "smtp2sms/" VERSION);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->error);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
	if (self.config->gateway_ca != NULL) {
		/* these and no others */
		curl_easy_setopt(c, CURLOPT_CAINFO, self.config->gateway_ca);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	for (i = 0; i < x->request.nheader; i++)
		add_header(x, &x->request.header[i]);
	if (x->request.sigv4 != NULL)
		set_signature(x);
	if (x->request.body != NULL)
		set_body(x);
	set_once(x);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->headers);
}

static void
free_transfer(struct transfer *x)
{
	struct curl_slist *h;

	if (x->curl != NULL)
		curl_easy_cleanup(x->curl);
	for (h = x->headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(x->headers);
	gateway_free(&x->request);
	free(x->answer);
	free(x);
}

/* Take the first that waits out of the queue. */
static struct transfer *
take_first(void)
{
	struct transfer *x = self.first;

	self.first = x->next;
	if (self.first == NULL)
		self.last = &self.first;
	return x;
}

/* 0, or -1 if there is no request to be made. */
static int
run(struct transfer *x)
{
	if (x->make != NULL && x->make(x->arg, &x->request) == -1) {
		snprintf(x->error, sizeof(x->error), "%s", x->request.why);
		return -1;
	}
	x->curl = curl_easy_init();
	if (x->curl == NULL)
		panic("out of memory");
	make_room(x, 1);
	set_options(x);
	if (curl_multi_add_handle(self.multi, x->curl) != CURLM_OK)
		panic("curl_multi_add_handle");
	self.running++;
	if (self.running >= self.peak ||
	    clock_ms() - self.peak_time > PEAK_KEEP) {
		self.peak = self.running;
		self.peak_time = clock_ms();
	}
	return 0;
}

int
http_is_warm(void)
{
	return self.first == NULL && self.running < self.peak &&
	    clock_ms() - self.peak_time <= PEAK_KEEP;
}

/* At the end of the queue; http_turn will see to it. */
static struct transfer *
start(long ms, http_done done, void *arg)
{
	struct transfer *x = calloc(1, sizeof(*x));

	if (x == NULL)
		panic("out of memory");
	x->began = clock_ms();
	x->deadline = x->began + ms;
	x->done = done;
	x->arg = arg;
	if (self.first == NULL || x->deadline < self.soonest)
		self.soonest = x->deadline;
	*self.last = x;
	self.last = &x->next;
	return x;
}

void
http_start(struct gateway_request *r, long ms, http_done done,
    void *arg)
{
	struct transfer *x = start(ms, done, arg);

	x->request = *r;
	memset(r, 0, sizeof(*r));
}

void
http_start_once(http_make make, long ms, http_done done,
    void *arg)
{
	struct transfer *x = start(ms, done, arg);

	x->make = make;
	x->once = 1;
}

/* ---- the end of one ---- */

/* What became of a transfer that has no answer. */
static enum ipc_outcome
outcome_of(CURLcode code)
{
	switch ((int)code) {
	case CURLE_OPERATION_TIMEDOUT:
		return IPC_OUTCOME_TIMEOUT;
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
		return IPC_OUTCOME_UNREACHABLE;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
	case CURLE_URL_MALFORMAT:
		return IPC_OUTCOME_INTERNAL;
	case CURLE_UNSUPPORTED_PROTOCOL: /* no HTTP status line */
	case CURLE_WEIRD_SERVER_REPLY:
		return IPC_OUTCOME_UNCLEAR;
	default:
		return IPC_OUTCOME_LOST; /* the request may have arrived */
	}
}

static void
finish(struct transfer *x, CURLcode code)
{
	struct http_result e = {
		.answered = code == CURLE_OK || x->cut,
		.outcome = outcome_of(code),
		.body = x->answer,
		.len = x->len,
		.whole = !x->cut,
		.error = x->cut ? "the answer is too long" :
		    x->tries > 1 && x->once ? "the connection broke" :
		    x->error[0] != '\0' ? x->error :
		    code != CURLE_OK ? curl_easy_strerror(code) : "",
		.ms = (long)(clock_ms() - x->began),
	};
	curl_off_t us = 0, wait = 0;

	if (x->curl != NULL) {
		curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &e.status);
		curl_easy_getinfo(x->curl, CURLINFO_PRETRANSFER_TIME_T, &us);
		curl_easy_getinfo(x->curl, CURLINFO_RETRY_AFTER, &wait);
		e.sent = us > 0 || x->given > 0 || x->tries > 0;
		e.retry_after = (long)wait;
		/* a connection that could not be had was not the first */
		if (e.sent && e.outcome == IPC_OUTCOME_UNREACHABLE)
			e.outcome = IPC_OUTCOME_LOST;
		curl_multi_remove_handle(self.multi, x->curl);
		self.running--;
	}
	self.ended = 1;
	x->done(x->arg, &e);
	free_transfer(x);
}

/* Those whose time is up before their turn has come are not sent any more. */
static void
expire(void)
{
	struct transfer **p = &self.first, *x;

	self.soonest = clock_ms() + TURN_MAX;
	while ((x = *p) != NULL) {
		if (clock_left(x->deadline) > 0) {
			if (x->deadline < self.soonest)
				self.soonest = x->deadline;
			p = &x->next;
			continue;
		}
		if ((*p = x->next) == NULL)
			self.last = p;
		finish(x, CURLE_OPERATION_TIMEDOUT); /* more may come behind */
	}
}

/* Those whose turn has come run.  Milliseconds until it must be called. */
static int
admit(void)
{
	struct transfer *x;

	if (self.first != NULL && clock_left(self.soonest) == 0)
		expire();
	while (self.first != NULL &&
	    self.running < self.config->agent_requests) {
		x = take_first();
		if (clock_left(x->deadline) == 0)
			finish(x, CURLE_OPERATION_TIMEDOUT);
		else if (run(x) == -1)
			finish(x, CURLE_FAILED_INIT);
	}
	return self.first != NULL ? clock_left(self.soonest) : TURN_MAX;
}

void
http_turn(struct curl_waitfd *fds, unsigned nfds, int ms)
{
	struct transfer *x;
	CURLMsg *m;
	int n, left;

	self.ended = 0;
	admit();
	curl_multi_perform(self.multi, &n);
	while ((m = curl_multi_info_read(self.multi, &n)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
		finish(x, m->data.result);
	}
	left = admit();
	if (self.ended)
		left = 0;
	curl_multi_poll(self.multi, fds, nfds, left < ms ? left : ms, NULL);
}
