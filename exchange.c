/*
 * exchange: one HTTP request and its answer.  Everything that curl does is
 * done here; what a request says and an answer means is gateway.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "clock.h"
#include "exchange.h"
#include "log.h"

#define TURN_MAX  3600000 /* milliseconds; a wait without a deadline */
#define PEAK_KEEP 30000	  /* milliseconds; less than EXCHANGE_IDLE_MAX */

struct exchange {
	struct exchange *next;
	CURL *curl;		/* NULL: it waits for its turn */
	struct curl_slist *headers;
	struct gateway_request request;
	int once;		/* what it asks for must not be done twice */
	int tries;		/* how often it was about to be sent */
	size_t given;		/* octets of the body */
	char *answer;
	size_t len;
	int cut;		/* the answer was longer */
	long long began, deadline;
	char error[CURL_ERROR_SIZE];
	exchange_done done;
	void *arg;
};

static struct {
	const struct config *config;
	CURLM *multi;
	struct exchange *first, **last;
	long running;
	long peak;		/* the most at a time, lately */
	long long peak_time;
} self;

static void panic(const char *) __attribute__((noreturn));

/* Every session gets 451 from its own side of the link. */
static void
panic(const char *why)
{
	log_event(LOG_CRIT, "exchange", "error", why, NULL);
	_exit(75);
}

int
exchange_init(const struct config *c)
{
	self.config = c;
	self.last = &self.first;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (self.multi = curl_multi_init()) == NULL)
		return -1;
	curl_multi_setopt(self.multi, CURLMOPT_MAXCONNECTS,
	    c->agent_requests);
	curl_multi_setopt(self.multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
	    c->agent_requests);
	return 0;
}

/* ---- what curl calls ---- */

static size_t
on_answer(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	n *= size;
	if (n > GATEWAY_ANSWER_MAX - x->len) {
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
	struct exchange *x = arg;

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
add_header(struct exchange *x, const struct gateway_header *h)
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
set_signature(struct exchange *x)
{
	curl_easy_setopt(x->curl, CURLOPT_AWS_SIGV4, x->request.sigv4);
	curl_easy_setopt(x->curl, CURLOPT_USERNAME, x->request.sigv4_user);
	curl_easy_setopt(x->curl, CURLOPT_PASSWORD, x->request.sigv4_secret);
}

static void
set_body(struct exchange *x)
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
set_once(struct exchange *x)
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
set_options(struct exchange *x)
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
	curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, (long)EXCHANGE_IDLE_MAX);
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
free_exchange(struct exchange *x)
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

static void
take_out(struct exchange *x)
{
	struct exchange **p;

	for (p = &self.first; *p != x; p = &(*p)->next)
		;
	*p = x->next;
	if (x->next == NULL)
		self.last = p;
	if (x->curl != NULL) {
		curl_multi_remove_handle(self.multi, x->curl);
		self.running--;
	}
}

static void
run(struct exchange *x)
{
	x->curl = curl_easy_init();
	x->answer = malloc(GATEWAY_ANSWER_MAX);
	if (x->curl == NULL || x->answer == NULL)
		panic("out of memory");
	set_options(x);
	if (curl_multi_add_handle(self.multi, x->curl) != CURLM_OK)
		panic("curl_multi_add_handle");
	self.running++;
	if (self.running >= self.peak ||
	    clock_ms() - self.peak_time > PEAK_KEEP) {
		self.peak = self.running;
		self.peak_time = clock_ms();
	}
}

int
exchange_is_warm(void)
{
	return self.running < self.peak &&
	    clock_ms() - self.peak_time <= PEAK_KEEP;
}

static void
start(struct gateway_request *r, long ms, int once, exchange_done done,
    void *arg)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (x == NULL)
		panic("out of memory");
	x->request = *r;
	x->once = once;
	memset(r, 0, sizeof(*r));
	x->began = clock_ms();
	x->deadline = x->began + ms;
	x->done = done;
	x->arg = arg;
	*self.last = x;
	self.last = &x->next;
	if (self.running < self.config->agent_requests && ms > 0)
		run(x);
}

void
exchange_start(struct gateway_request *r, long ms, exchange_done done,
    void *arg)
{
	start(r, ms, 0, done, arg);
}

void
exchange_start_once(struct gateway_request *r, long ms, exchange_done done,
    void *arg)
{
	start(r, ms, 1, done, arg);
}

/* ---- the end of one ---- */

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
finish(struct exchange *x, CURLcode code)
{
	struct exchange_end e = {
		.answered = code == CURLE_OK || x->cut,
		.outcome = outcome_of(code),
		.body = x->answer,
		.len = x->len,
		.whole = !x->cut,
		.error = x->tries > 1 && x->once ? "the connection broke" :
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
		if (e.sent && e.outcome == OUTCOME_UNREACHABLE)
			e.outcome = OUTCOME_LOST;
	}
	take_out(x);
	x->done(x->arg, &e);
	free_exchange(x);
}

/*
 * Those whose turn has come run; those whose time is up before are not sent
 * any more.
 */
static int
admit(void)
{
	struct exchange *x, *next;
	int left = TURN_MAX, ms;

	for (x = self.first; x != NULL; x = next) {
		next = x->next;
		if (x->curl != NULL)
			continue;
		if ((ms = clock_left(x->deadline)) == 0) {
			finish(x, CURLE_OPERATION_TIMEDOUT);
			return 0; /* done may have changed the list */
		} else if (self.running < self.config->agent_requests) {
			run(x);
			left = 0;
		} else if (ms < left) {
			left = ms;
		}
	}
	return left;
}

void
exchange_turn(struct curl_waitfd *fds, unsigned nfds, int ms)
{
	struct exchange *x;
	CURLMsg *m;
	int n, left;

	curl_multi_perform(self.multi, &n);
	while ((m = curl_multi_info_read(self.multi, &n)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
		finish(x, m->data.result);
		ms = 0;
	}
	left = admit();
	curl_multi_poll(self.multi, fds, nfds, left < ms ? left : ms, NULL);
}
