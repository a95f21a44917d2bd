/*
 * http: one HTTP request and its answer.  Everything that curl does is done
 * here, but for the question which kept connection is still good: pool.c.
 * What a request says and an answer means is gateway.c's.
 *
 * A request is sent again, on another connection, only if it was surely not
 * processed: nothing of it had been sent, or the gateway said so (HTTP/2).
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <curl/curl.h>

#include "common/clock.h"
#include "common/log.h"
#include "delivery/http.h"
#include "delivery/pool.h"
#include "gateway/wipe.h"

#define ANSWER_ROOM 16384 /* octets; an answer that needs more gets more */
#define TURN_MAX  3600000 /* milliseconds; a wait without a deadline */
#define PEAK_KEEP 30000	  /* milliseconds; less than POOL_IDLE_MAX */
#define GOAWAY_MAX 8	  /* a server needs two to end a connection */
#define WORDS_MAX 200	  /* octets of a message of libcurl's that are read */

/* Older versions of libcurl cannot ask us before a request goes out. */
#define HAS_PREREQ (LIBCURL_VERSION_NUM >= 0x075000)

/* The head of an answer, as far as it has come. */
struct head {
	size_t octets, lines;	/* of trailers and interim answers, too */
	int final;		/* it is whole, and no interim answer's */
	int encodings;		/* Content-Encoding */
	long promise;		/* of Keep-Alive, milliseconds; 0: none */
	const char *wrong;	/* what is wrong with it; NULL: nothing */
};

struct transfer {
	struct transfer *next;	/* of those that wait, or of those that run */
	CURL *curl;		/* NULL: it waits */
	http_make make;		/* NULL: the request is there */
	struct curl_slist *headers;
	struct gateway_request request;
	int once;		/* it must not be processed twice */
	int tries;
	/* of the last try */
	struct pool_conn *conn;	/* NULL: none yet */
	unsigned stream;	/* in HTTP/2; 0: none, or not known */
	unsigned goaways;	/* GOAWAY frames, while it ran */
	int sent;		/* it may have left us */
	int stale;		/* not sent: its connection was no good */
	int refused;		/* the gateway has not processed it */
	int broke;		/* it was sent, and then its connection broke */
	size_t given;		/* octets of the body */
	int rewound;		/* libcurl wants them once more */
	struct head head;
	/* of all tries */
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
	struct transfer *runs;	/* that run, in no order */
	long long soonest;	/* no deadline of those that wait is earlier */
	int ended;		/* some have, in this turn */
	long running;
	long peak;		/* the most at a time, lately */
	long long peak_time;
	struct curl_waitfd *waits;	/* of a turn */
	unsigned nwaits;
	const char *ca;		/* the file with the authorities; may be NULL */
	struct stat ca_stat;
	long long ca_changed;	/* 0: it has not */
	int no_decoding;	/* a gateway's Content-Encoding is none */
} self;

static void panic(const char *) __attribute__((noreturn));

/* Every session gets 451 from its own side of the link. */
static void
panic(const char *why)
{
	log_event(LOG_CRIT, "http", "error", why, NULL);
	_exit(75);
}

/* ---- the file with the certificate authorities ---- */

static void
init_ca(void)
{
#if LIBCURL_VERSION_NUM >= 0x074600
	self.ca = curl_version_info(CURLVERSION_NOW)->cainfo;
#endif
	if (self.config->gateway_ca != NULL)
		self.ca = self.config->gateway_ca;
	if (self.ca == NULL || stat(self.ca, &self.ca_stat) == -1)
		memset(&self.ca_stat, 0, sizeof(self.ca_stat));
}

/* Connections that were verified with the old file are given up. */
static void
look_at_ca(void)
{
	const struct stat *old = &self.ca_stat;
	struct stat st;

	if (self.ca == NULL || stat(self.ca, &st) == -1 ||
	    (st.st_ino == old->st_ino && st.st_dev == old->st_dev &&
	    st.st_size == old->st_size &&
	    st.st_mtim.tv_sec == old->st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == old->st_mtim.tv_nsec))
		return;
	self.ca_stat = st;
	self.ca_changed = clock_ms();
	pool_distrust_all();
}

/*
 * libcurl keeps what it has read for a day, and a TLS session that is resumed
 * is not verified at all.
 */
static void
set_ca(CURL *c)
{
	if (self.config->gateway_ca != NULL) {
		/* these and no others */
		curl_easy_setopt(c, CURLOPT_CAINFO, self.config->gateway_ca);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	if (self.ca_changed == 0)
		return;
#if LIBCURL_VERSION_NUM >= 0x075700
	curl_easy_setopt(c, CURLOPT_CA_CACHE_TIMEOUT,
	    (long)((clock_ms() - self.ca_changed) / 1000));
#endif
	curl_easy_setopt(c, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

static void
set_certificate(CURL *c)
{
	if (self.config->gateway_cert == NULL)
		return;
	curl_easy_setopt(c, CURLOPT_SSLCERT, self.config->gateway_cert);
	curl_easy_setopt(c, CURLOPT_SSLKEY, self.config->gateway_key);
	/* or a key that is encrypted would be asked for on a terminal */
	curl_easy_setopt(c, CURLOPT_KEYPASSWD, "");
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
#if LIBCURL_VERSION_NUM >= 0x080300
	curl_global_trace("http/2"); /* for on_words */
#endif
	pool_set_timeout(c->timeout_gateway * 1000);
	init_ca();
	return 0;
}

/* ---- what curl calls: the answer ---- */

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

/* The value of a line's field if it has that name, else NULL. */
static const char *
field(const char *line, size_t n, const char *name)
{
	size_t len = strlen(name);

	if (n <= len || line[len] != ':' || strncasecmp(line, name, len) != 0)
		return NULL;
	for (line += len + 1; *line == ' '; line++)
		;
	return line;
}

/*
 * Some name a charset there.  libcurl cannot go on then; but it can if it is
 * not to decode anything.
 */
static void
read_encoding(struct head *h, const char *value)
{
	static const char *const known[] = {"gzip", "x-gzip", "deflate",
	    "identity", "none", "br", "zstd"};
	size_t i, n = strcspn(value, " \t\r\n,");

	/* each layer may hold a thousand times what it takes */
	if (h->encodings++ > 0 || strchr(value, ',') != NULL)
		h->wrong = "the answer is encoded more than once";
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i]) == n &&
		    strncasecmp(known[i], value, n) == 0)
			return;
	self.no_decoding = 1;
}

/* A line with its end; it is no string. */
static void
read_line(struct head *h, const char *line, size_t n, long status)
{
	char s[WORDS_MAX];
	const char *v;
	long seconds;

	if (h->final) /* a trailer */
		return;
	if (line[0] == '\r' || line[0] == '\n') {
		h->final = status >= 200;
		return;
	}
	snprintf(s, sizeof(s), "%.*s", (int)n, line);
	n = strlen(s);
	if ((v = field(s, n, "Keep-Alive")) != NULL &&
	    (v = strstr(v, "timeout=")) != NULL &&
	    (seconds = strtol(v + 8, NULL, 10)) > 0 && seconds < POOL_IDLE_MAX)
		h->promise = seconds * 1000;
	if ((v = field(s, n, "Content-Encoding")) != NULL)
		read_encoding(h, v);
}

/* Headers, trailers, and the heads of interim answers come line by line. */
static size_t
on_head(char *line, size_t size, size_t n, void *arg)
{
	struct transfer *x = arg;
	struct head *h = &x->head;
	long status = 0;

	n *= size;
	h->octets += n;
	h->lines++;
	if (h->octets > HTTP_HEAD_MAX || h->lines > HTTP_LINES_MAX)
		h->wrong = "the answer's head is too long";
	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
	if (n > 0)
		read_line(h, line, n, status);
	return h->wrong != NULL ? 0 : n;
}

/* ---- what curl calls: the request ---- */

/*
 * The body is given out once for each try, so that curl cannot repeat by
 * itself a request that the gateway may have processed.
 */
static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *x = arg;
	size_t left = x->request.nbody - x->given;

	if (x->rewound)
		return CURL_READFUNC_ABORT;
	n *= size;
	if (n > left)
		n = left;
	memcpy(p, x->request.body + x->given, n);
	x->given += n;
	return n;
}

#if HAS_PREREQ
/* libcurl is about to ask on_request whether it may repeat the request. */
static int
on_rewind(void *arg, curl_off_t offset, int origin)
{
	struct transfer *x = arg;

	(void)offset;
	(void)origin;
	x->rewound = 1;
	return CURL_SEEKFUNC_OK;
}
#endif

/* RFC 9113, 6.8: streams above the last one that GOAWAY names. */
static void
refuse_streams(const struct pool_conn *conn, unsigned last)
{
	struct transfer *x;

	for (x = self.runs; x != NULL; x = x->next)
		if (conn != NULL && x->conn == conn && x->stream > last)
			x->refused = 1;
}

/*
 * libcurl has no other way to tell that a gateway refused a stream of HTTP/2
 * (RFC 9113, 8.7) than its words for people.  Each is matched from its first
 * character on, since what follows may have been written by others.  Where
 * they are not known, the outcome is LOST: as with REFUSED_STREAM on a used
 * connection before libcurl 8.3.
 */
static void
read_words(struct transfer *x, const char *s)
{
	unsigned id;
	int end = 0;

	if (sscanf(s, "received GOAWAY, error=%*d, last_stream=%u", &id) == 1 ||
	    sscanf(s, "recveived GOAWAY, error=%*d, last_stream=%u", &id) == 1) {
		refuse_streams(x->conn, id);
		/* libcurl 7.88 does nothing else while more of them come */
		if (++x->goaways > GOAWAY_MAX && x->conn != NULL)
			pool_break(x->conn);
	} else if (sscanf(s, "Using Stream ID: %u", &id) == 1 ||
	    (sscanf(s, "[HTTP/2] [%u] OPENED stream%n", &id, &end) == 1 &&
	    end > 0)) {
		x->stream = id;
	} else if (strncmp(s, "REFUSED_STREAM,", 15) == 0 ||
	    (sscanf(s, "[HTTP/2] [%*u] REFUSED_STREAM,%n", &end) == 0 &&
	    end > 0)) {
		x->refused = 1;
	}
}

static int
on_words(CURL *curl, curl_infotype type, char *p, size_t n, void *arg)
{
	char s[WORDS_MAX];

	(void)curl;
	if (type != CURLINFO_TEXT || n == 0 || strchr("UrR[", *p) == NULL)
		return 0;
	snprintf(s, sizeof(s), "%.*s", (int)n, p);
	read_words(arg, s);
	return 0;
}

#if HAS_PREREQ
/* Before the request goes out on a connection, be it new or kept. */
static int
on_request(void *arg, char *peer, char *local, int peer_port, int local_port)
{
	struct transfer *x = arg;
	long opened = 0;

	(void)peer;
	(void)local;
	(void)peer_port;
	if (x->sent) {
		x->broke = 1; /* libcurl would send it a second time */
		return CURL_PREREQFUNC_ABORT;
	}
	x->conn = pool_use(local_port);
	curl_easy_getinfo(x->curl, CURLINFO_NUM_CONNECTS, &opened);
	if (x->conn == NULL && opened == 0) {
		x->stale = 1;
		curl_easy_setopt(x->curl, CURLOPT_FORBID_REUSE, 1L);
		return CURL_PREREQFUNC_ABORT;
	}
	x->sent = 1;
	return CURL_PREREQFUNC_OK;
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
		/* the signature covers the body: curl has to see all of it */
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, x->request.body);
		return;
	}
	curl_easy_setopt(c, CURLOPT_READFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_READDATA, x);
#if HAS_PREREQ
	curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_rewind);
	curl_easy_setopt(c, CURLOPT_SEEKDATA, x);
#endif
}

/*
 * Headers that curl would add.  Some gateways and their proxies compress an
 * answer although nobody asked: it is read, but not asked for.
 */
static void
take_out_headers(struct transfer *x)
{
	if (x->request.sigv4 != NULL)
		return; /* curl 7.88 signs what it then does not send */
	if (!self.no_decoding)
		curl_easy_setopt(x->curl, CURLOPT_ACCEPT_ENCODING,
		    "gzip, deflate");
	x->headers = curl_slist_append(x->headers, "Accept-Encoding:");
	x->headers = curl_slist_append(x->headers, "Expect:");
}

static void
set_connection(struct transfer *x)
{
	CURL *c = x->curl;

	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, pool_open);
	curl_easy_setopt(c, CURLOPT_CLOSESOCKETFUNCTION, pool_close);
	curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, (long)POOL_IDLE_MAX);
	curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, on_words);
	curl_easy_setopt(c, CURLOPT_DEBUGDATA, x);
#if HAS_PREREQ
	curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_request);
	curl_easy_setopt(c, CURLOPT_PREREQDATA, x);
#else
	/* on a new connection curl does not try again by itself */
	if (x->once)
		curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
#endif
}

static void
set_protocols(CURL *c)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(c, CURLOPT_PROTOCOLS, CURLPROTO_HTTP |
	    CURLPROTO_HTTPS);
#endif
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* or the loop would wait for a thread that waits for the DNS */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
#endif
}

static void
set_options(struct transfer *x)
{
	CURL *c = x->curl;
	size_t i;

	curl_easy_setopt(c, CURLOPT_PRIVATE, x);
	curl_easy_setopt(c, CURLOPT_URL, x->request.url);
	set_protocols(c);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "smtp2sms/" VERSION);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->error);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
	set_connection(x);
	set_ca(c);
	set_certificate(c);
	for (i = 0; i < x->request.nheader; i++)
		add_header(x, &x->request.header[i]);
	if (x->request.sigv4 != NULL)
		set_signature(x);
	if (x->request.body != NULL)
		set_body(x);
	take_out_headers(x);
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

/* Begin a try. */
static void
begin(struct transfer *x)
{
	x->tries++;
	x->conn = NULL;
	x->sent = x->stale = x->refused = x->broke = 0;
	x->stream = x->goaways = 0;
	x->given = 0;
	x->rewound = 0;
	x->error[0] = '\0';
	memset(&x->head, 0, sizeof(x->head));
	curl_easy_setopt(x->curl, CURLOPT_TIMEOUT_MS,
	    (long)clock_left(x->deadline) + 1);
	if (curl_multi_add_handle(self.multi, x->curl) != CURLM_OK)
		panic("curl_multi_add_handle");
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
	look_at_ca();
	set_options(x);
	begin(x);
	x->next = self.runs;
	self.runs = x;
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

/* Append to the queue; http_turn runs it. */
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
http_start(struct gateway_request *r, long ms, http_done done, void *arg)
{
	struct transfer *x = start(ms, done, arg);

	x->request = *r;
	memset(r, 0, sizeof(*r));
}

void
http_start_once(http_make make, long ms, http_done done, void *arg)
{
	struct transfer *x = start(ms, done, arg);

	x->make = make;
	x->once = 1;
}

/* ---- the end of one ---- */

/* What became of a transfer that has no answer. */
static enum ipc_outcome
outcome_of(const struct transfer *x, CURLcode code)
{
	switch ((int)code) {
	case CURLE_OPERATION_TIMEDOUT:
		/* a name, a connection; or its turn has not come */
		return x->sent || x->curl == NULL ? IPC_OUTCOME_TIMEOUT :
						    IPC_OUTCOME_UNREACHABLE;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
	case CURLE_URL_MALFORMAT:
		return x->sent ? IPC_OUTCOME_LOST : IPC_OUTCOME_INTERNAL;
	case CURLE_UNSUPPORTED_PROTOCOL: /* no HTTP status line */
	case CURLE_WEIRD_SERVER_REPLY:
		return x->sent ? IPC_OUTCOME_UNCLEAR : IPC_OUTCOME_UNREACHABLE;
	default:
		break;
	}
	if (!x->sent)
		return IPC_OUTCOME_UNREACHABLE;
	return x->head.wrong != NULL ? IPC_OUTCOME_UNCLEAR : IPC_OUTCOME_LOST;
}

/*
 * An answer of which a part is missing.  A refusal is in its status; of a
 * success nobody knows what would have followed.
 */
static int
is_cut_refusal(const struct transfer *x, CURLcode code, long status)
{
	return code != CURLE_OK && x->head.final && status >= 300;
}

static const char *
error_of(const struct transfer *x, CURLcode code)
{
	if (x->cut)
		return "the answer is too long";
	if (x->head.wrong != NULL)
		return x->head.wrong;
	if (x->broke)
		return "the connection broke";
	if (x->error[0] != '\0')
		return x->error;
	return code != CURLE_OK ? curl_easy_strerror(code) : "";
}

static int
may_repeat(const struct transfer *x, CURLcode code)
{
	return code != CURLE_OK && x->head.octets == 0 &&
	    x->tries < HTTP_TRIES && clock_left(x->deadline) > 0 &&
	    (x->stale || x->refused || (x->broke && !x->once));
}

static void
repeat(struct transfer *x)
{
	/* those that GOAWAY refused share a new connection, at first */
	int share = x->refused && x->tries == 1;

	curl_easy_setopt(x->curl, CURLOPT_PIPEWAIT, (long)share);
	curl_easy_setopt(x->curl, CURLOPT_FRESH_CONNECT, (long)!share);
	curl_easy_setopt(x->curl, CURLOPT_FORBID_REUSE, 0L);
	begin(x);
}

/* libcurl has ended a try; 1 if there is another one. */
static int
end_try(struct transfer *x, CURLcode code)
{
	struct pool_news news = {
		.promise = x->head.promise,
		.failed = code != CURLE_OK,
		.silent = code == CURLE_OPERATION_TIMEDOUT &&
		    x->head.octets == 0,
	};
	long version = 0;

	curl_easy_getinfo(x->curl, CURLINFO_HTTP_VERSION, &version);
	news.http2 = version >= CURL_HTTP_VERSION_2_0;
	curl_multi_remove_handle(self.multi, x->curl);
	if (x->conn != NULL)
		pool_release(x->conn, &news);
	x->conn = NULL;
	if (!may_repeat(x, code))
		return 0;
	repeat(x);
	return 1;
}

static void
stop_running(struct transfer *x)
{
	struct transfer **p;

	for (p = &self.runs; *p != x; p = &(*p)->next)
		;
	*p = x->next;
	self.running--;
}

/*
 * 1 if a proxy in front of the gateway says that it has not reached it
 * (Proxy-Status; RFC 9209, 2.3): the request went no further.
 */
static int
is_unreached(CURL *c)
{
#if LIBCURL_VERSION_NUM >= 0x075400
	static const char *const errors[] = {"dns_timeout", "dns_error",
	    "destination_not_found", "destination_unavailable",
	    "destination_ip_prohibited", "destination_ip_unroutable",
	    "connection_refused", "connection_timeout",
	    "connection_limit_reached"};
	struct curl_header *h;
	const char *error;
	size_t i, n;

	if (curl_easy_header(c, "Proxy-Status", 0, CURLH_HEADER, -1, &h) !=
	    CURLHE_OK || (error = strstr(h->value, "error=")) == NULL)
		return 0;
	error += strlen("error=");
	n = strcspn(error, " ;,");
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strlen(errors[i]) == n && strncmp(error, errors[i], n) == 0)
			return 1;
#else
	(void)c;
#endif
	return 0;
}

/*
 * libcurl takes a connection that ends in the head for the end of a whole
 * answer; nobody knows what would have followed (RFC 9112, 8).
 */
static CURLcode
judge_end(struct transfer *x, CURLcode code)
{
	if (code != CURLE_OK || x->head.final)
		return code;
	snprintf(x->error, sizeof(x->error),
	    "the connection ended in the answer's head");
	return CURLE_PARTIAL_FILE;
}

static void
finish(struct transfer *x, CURLcode code)
{
	struct http_result e = {.outcome = IPC_OUTCOME_INTERNAL};
	curl_off_t wait = 0;

	if (x->curl != NULL) {
		curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &e.status);
		curl_easy_getinfo(x->curl, CURLINFO_RETRY_AFTER, &wait);
#if !HAS_PREREQ
		curl_off_t us = 0;
		curl_easy_getinfo(x->curl, CURLINFO_PRETRANSFER_TIME_T, &us);
		x->sent = us > 0 || x->given > 0;
#endif
		code = judge_end(x, code);
		if (end_try(x, code))
			return;
		stop_running(x);
	}
	e.answered = code == CURLE_OK || x->cut ||
	    is_cut_refusal(x, code, e.status);
	e.outcome = outcome_of(x, code);
	e.sent = x->sent && !(e.status >= 500 && is_unreached(x->curl));
	e.body = x->answer;
	e.len = x->len;
	e.whole = code == CURLE_OK;
	e.retry_after = (long)wait;
	e.error = error_of(x, code);
	e.ms = (long)(clock_ms() - x->began);
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

/* Wait for curl's descriptors, the caller's, and idle connections' ends. */
static void
wait_for(struct curl_waitfd *fds, unsigned n, int ms)
{
	unsigned room = n + (unsigned)self.config->agent_requests, watched;

	if (room > self.nwaits) {
		free(self.waits);
		self.waits = calloc(room, sizeof(*self.waits));
		if (self.waits == NULL)
			panic("out of memory");
		self.nwaits = room;
	}
	if (n > 0)
		memcpy(self.waits, fds, n * sizeof(*fds));
	watched = pool_watch(self.waits + n, room - n);
	curl_multi_poll(self.multi, self.waits, n + watched, ms, NULL);
	pool_watched(self.waits + n, watched);
	if (n > 0)
		memcpy(fds, self.waits, n * sizeof(*fds));
}

void
http_turn(struct curl_waitfd *fds, unsigned n, int ms)
{
	struct transfer *x;
	CURLMsg *m;
	int left;

	self.ended = 0;
	admit();
	curl_multi_perform(self.multi, &left);
	while ((m = curl_multi_info_read(self.multi, &left)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
		finish(x, m->data.result);
	}
	left = admit();
	if (self.ended)
		left = 0;
	wait_for(fds, n, left < ms ? left : ms);
}
