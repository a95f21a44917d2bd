/*
 * journal_link: HTTP to the members of an etcd cluster.
 *
 * It has connections of its own, so that a claim never waits behind requests
 * to a gateway.  A member that does not answer in its share of the time is
 * left, and the next one is asked; who was left is not asked first again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <jansson.h>

#include "common/clock.h"
#include "delivery/journal_link.h"
#include "gateway/lenient.h"
#include "gateway/wipe.h"

#define CONNECTIONS_MAX 32	/* to all members together */
#define ANSWER_ROOM	4096	/* octets; an answer that needs more gets more */
#define PAUSE		50	/* milliseconds after all members have failed */
#define TICK		100	/* milliseconds */
#define SHARE_LEAST	100	/* milliseconds that a member is waited for */
#define TOKEN_MAX	4096	/* octets; a JWT */
#define SECRET_MAX	1024	/* octets of the password's line */
#define AUTH_PATH	"/v3/auth/authenticate"

struct ask {
	struct ask *next;
	CURL *curl;		/* NULL: it is not under way */
	struct curl_slist *headers;
	const char *path;
	char *body;
	size_t nbody;
	long long deadline;
	long long start;	/* not before */
	unsigned tries;
	size_t member;
	unsigned token;		/* the number of the token that it had */
	int renewed;		/* a token that was refused has been replaced */
	char *answer;
	size_t len, room;
	int cut;		/* the answer was too long */
	char error[CURL_ERROR_SIZE];
	journal_link_done done;
	void *arg;
};

static struct {
	const struct config *config;
	CURLM *multi;
	struct ask *first;	/* of all, in no order */
	size_t member;		/* who is asked first */
	struct curl_waitfd fd[JOURNAL_LINK_WAITS];
	unsigned nfd;
	long long timer;	/* libcurl's; -1: none */
	/* the token of journal-user */
	char token[TOKEN_MAX + 1];
	unsigned ntoken;	/* which one it is */
	int asking;		/* for a new one */
	int ended;		/* a request has, in this turn of the loop */
} self;

/* ---- what curl calls ---- */

static int
on_socket(CURL *c, curl_socket_t s, int what, void *arg, void *old)
{
	unsigned i;

	(void)c;
	(void)arg;
	(void)old;
	for (i = 0; i < self.nfd && self.fd[i].fd != s; i++)
		;
	if (what == CURL_POLL_REMOVE) {
		if (i < self.nfd)
			self.fd[i] = self.fd[--self.nfd];
		return 0;
	}
	if (i == JOURNAL_LINK_WAITS)
		return 0; /* it is found by its time limit */
	if (i == self.nfd)
		self.nfd++;
	self.fd[i].fd = s;
	self.fd[i].events = (short)((what & CURL_POLL_IN ? CURL_WAIT_POLLIN :
							   0) |
	    (what & CURL_POLL_OUT ? CURL_WAIT_POLLOUT : 0));
	return 0;
}

static int
on_timer(CURLM *m, long ms, void *arg)
{
	(void)m;
	(void)arg;
	/* rounded up: if it is early, libcurl does nothing */
	self.timer = ms < 0 ? -1 : clock_ms() + ms + (ms > 0);
	return 0;
}

static size_t
on_answer(char *p, size_t size, size_t n, void *arg)
{
	struct ask *a = arg;

	n *= size;
	if (n > JOURNAL_LINK_ANSWER_MAX - a->len) {
		a->cut = 1;
		return 0; /* ends the transfer */
	}
	while (a->room - a->len <= n) {
		a->room = a->room == 0 ? ANSWER_ROOM : 2 * a->room;
		a->answer = wipe_must(realloc(a->answer, a->room));
	}
	memcpy(a->answer + a->len, p, n);
	a->len += n;
	a->answer[a->len] = '\0';
	return n;
}

/* ---- one request to one member ---- */

static void
add_header(struct ask *a, const char *line)
{
	a->headers = wipe_must(curl_slist_append(a->headers, line));
}

static void
add_token(struct ask *a)
{
	char line[sizeof("Authorization: ") + TOKEN_MAX];

	a->token = self.ntoken;
	if (self.token[0] == '\0' || strcmp(a->path, AUTH_PATH) == 0)
		return;
	snprintf(line, sizeof(line), "Authorization: %s", self.token);
	add_header(a, line);
	explicit_bzero(line, sizeof(line));
}

static void
set_tls(CURL *c)
{
	if (self.config->journal_ca != NULL) {
		/* these and no others */
		curl_easy_setopt(c, CURLOPT_CAINFO, self.config->journal_ca);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	if (self.config->journal_cert == NULL)
		return;
	curl_easy_setopt(c, CURLOPT_SSLCERT, self.config->journal_cert);
	curl_easy_setopt(c, CURLOPT_SSLKEY, self.config->journal_key);
	/* or a key that is encrypted would be asked for on a terminal */
	curl_easy_setopt(c, CURLOPT_KEYPASSWD, "");
}

static void
set_protocol(CURL *c)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(c, CURLOPT_PROTOCOLS, CURLPROTO_HTTP |
	    CURLPROTO_HTTPS);
#endif
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* or the loop would wait for a thread that waits for the DNS */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
#endif
}

static size_t
count_members(void)
{
	return self.config->journal_etcd.n;
}

/*
 * How long this member is waited for: each that is left in this round has an
 * equal share of the time.
 */
static long
share_of(const struct ask *a)
{
	long left = clock_left(a->deadline);
	long n = (long)(count_members() - a->tries % count_members());
	long share = left / n > SHARE_LEAST ? left / n : SHARE_LEAST;

	return share < left ? share : left;
}

static void
set_options(struct ask *a)
{
	const char *member = self.config->journal_etcd.v[a->member];
	char url[1024];
	CURL *c = a->curl;

	snprintf(url, sizeof(url), "%s%s", member, a->path);
	curl_easy_setopt(c, CURLOPT_PRIVATE, a);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "smtp2sms/" VERSION);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, a->error);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, a);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)a->nbody);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, a->body);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, share_of(a) + 1);
	set_protocol(c);
	set_tls(c);
	add_header(a, "Content-Type: application/json");
	add_header(a, "Expect:");
	add_token(a);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, a->headers);
}

static void
free_try(struct ask *a)
{
	struct curl_slist *h;

	curl_easy_cleanup(a->curl);
	a->curl = NULL;
	for (h = a->headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(a->headers);
	a->headers = NULL;
}

static void
begin(struct ask *a)
{
	a->member = self.member;
	a->len = 0;
	a->cut = 0;
	a->error[0] = '\0';
	a->curl = wipe_must(curl_easy_init());
	set_options(a);
	if (curl_multi_add_handle(self.multi, a->curl) != CURLM_OK)
		wipe_must(NULL);
}

/* ---- the end of one ---- */

static void
free_ask(struct ask *a)
{
	struct ask **p;

	for (p = &self.first; *p != a; p = &(*p)->next)
		;
	*p = a->next;
	wipe_free(a->body);
	if (a->answer != NULL)
		explicit_bzero(a->answer, a->room);
	free(a->answer);
	free(a);
}

static void
finish(struct ask *a, long status, const char *error)
{
	const struct journal_link_answer e = {
		.status = status,
		.body = a->answer != NULL ? a->answer : "",
		.n = a->len,
		.error = error,
	};

	self.ended = 1;
	a->done(a->arg, &e);
	free_ask(a);
}

/*
 * An answer that another member might not give, or this one not a little
 * later: there is no leader, or too much to do.
 */
static int
is_passing(long status)
{
	return status >= 500 || status == 408 || status == 429;
}

/*
 * The member wants another token: ours is too old, or it has been restarted;
 * or there is none yet.  Its words are those of etcd's rpctypes.
 */
static int
is_token_refused(const struct ask *a, long status)
{
	return status == 401 || (status == 400 && a->answer != NULL &&
	    strstr(a->answer, "user name is empty") != NULL);
}

static void
forget_token(const struct ask *a)
{
	if (a->token != self.ntoken)
		return; /* there is a newer one by now */
	explicit_bzero(self.token, sizeof(self.token));
}

/* Whom to ask first: not the one that has just failed. */
static void
leave_member(const struct ask *a)
{
	if (self.member == a->member)
		self.member = (a->member + 1) % count_members();
}

static const char *
why(const struct ask *a, CURLcode code, long status)
{
	if (a->cut)
		return "the answer is too long";
	if (code == CURLE_OK && status >= 500)
		return a->answer != NULL ? a->answer : "an error of the server";
	if (code == CURLE_OK)
		return "too many requests";
	return a->error[0] != '\0' ? a->error : curl_easy_strerror(code);
}

/* No answer, or a passing one: the next member, if there is time. */
static void
try_next(struct ask *a, CURLcode code, long status)
{
	leave_member(a);
	if (clock_left(a->deadline) == 0) {
		finish(a, 0, why(a, code, status));
		return;
	}
	a->start = clock_ms() +
	    (++a->tries % count_members() == 0 ? PAUSE : 0);
	if (a->start >= a->deadline)
		a->start = a->deadline;
}

static void
end_try(struct ask *a, CURLcode code)
{
	long status = 0;

	curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_multi_remove_handle(self.multi, a->curl);
	free_try(a);
	if (code == CURLE_OK && !is_passing(status)) {
		if (is_token_refused(a, status) && !a->renewed &&
		    self.config->journal_user != NULL &&
		    strcmp(a->path, AUTH_PATH) != 0) {
			a->renewed = 1;
			forget_token(a);
			a->start = clock_ms();
			return;
		}
		finish(a, status, "");
		return;
	}
	try_next(a, code, status);
}

/* ---- the token ---- */

/* The password: the first line of a file.  0, or -1. */
static int
read_password(char out[SECRET_MAX + 2])
{
	FILE *f = fopen(self.config->journal_secret, "re");
	size_t n;

	if (f == NULL)
		return -1;
	setvbuf(f, NULL, _IONBF, 0); /* no copy of a secret in a buffer */
	n = fread(out, 1, SECRET_MAX + 1, f);
	fclose(f);
	out[n] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	return n <= SECRET_MAX && out[0] != '\0' ? 0 : -1;
}

static int
keep_token(const struct journal_link_answer *e)
{
	json_t *root = e->status == 200 ? lenient_json(e->body, e->n) : NULL;
	const char *s = json_string_value(json_object_get(root, "token"));
	/* it becomes a header's value */
	int ok = s != NULL && s[0] != '\0' && strlen(s) <= TOKEN_MAX &&
	    s[strcspn(s, "\r\n")] == '\0';

	if (ok) {
		strcpy(self.token, s);
		self.ntoken++;
	}
	json_decref(root);
	return ok ? 0 : -1;
}

/* Those that wait for it go on, or fail with its error. */
static void
on_token(void *arg, const struct journal_link_answer *e)
{
	struct ask *a, *next;
	char error[CURL_ERROR_SIZE];

	(void)arg;
	self.asking = 0;
	if (keep_token(e) == 0)
		return;
	snprintf(error, sizeof(error), "authenticate: %s",
	    e->status == 0 ? e->error : e->n > 0 ? e->body : "no token");
	for (a = self.first; a != NULL; a = next) {
		next = a->next;
		if (a->curl == NULL && strcmp(a->path, AUTH_PATH) != 0)
			finish(a, 0, error);
	}
}

/* Ask for a token, within the time of the request that needs it. */
static void
ask_token(const struct ask *a)
{
	char password[SECRET_MAX + 2], *body = NULL;
	json_t *root;

	if (read_password(password) == 0) {
		root = json_pack("{s:s,s:s}", "name", self.config->journal_user,
		    "password", password);
		body = root != NULL ? json_dumps(root, 0) : NULL;
		json_decref(root);
	}
	explicit_bzero(password, sizeof(password));
	self.asking = 1;
	if (body == NULL)
		on_token(NULL, &(struct journal_link_answer){.error =
		    "secret journal: no password can be read from its file"});
	else
		journal_link_ask(AUTH_PATH, body, strlen(body),
		    clock_left(a->deadline), on_token, NULL);
}

/* ---- all of them ---- */

int
journal_link_init(const struct config *c)
{
	self.config = c;
	self.timer = -1;
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, wipe_alloc, wipe_free,
		wipe_realloc, wipe_strdup, wipe_calloc) != CURLE_OK ||
	    (self.multi = curl_multi_init()) == NULL)
		return -1;
	wipe_install();
	curl_multi_setopt(self.multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
	    (long)CONNECTIONS_MAX);
	curl_multi_setopt(self.multi, CURLMOPT_MAXCONNECTS,
	    (long)CONNECTIONS_MAX);
	curl_multi_setopt(self.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(self.multi, CURLMOPT_TIMERFUNCTION, on_timer);
	return 0;
}

void
journal_link_ask(const char *path, char *body, size_t n, long ms,
    journal_link_done done, void *arg)
{
	struct ask *a = wipe_must(calloc(1, sizeof(*a)));

	a->path = path;
	a->body = body;
	a->nbody = n;
	a->start = clock_ms();
	a->deadline = a->start + ms;
	a->done = done;
	a->arg = arg;
	a->next = self.first;
	self.first = a;
}

const char *
journal_link_member(void)
{
	return self.config->journal_etcd.v[self.member];
}

/* It is due: begin it, unless it has to wait for a token. */
static void
start(struct ask *a)
{
	int auth = strcmp(a->path, AUTH_PATH) == 0;

	if (clock_left(a->deadline) == 0)
		finish(a, 0, a->error[0] != '\0' ? a->error : "no answer in "
		    "time");
	else if (auth || self.config->journal_user == NULL ||
	    self.token[0] != '\0')
		begin(a);
	else if (!self.asking)
		ask_token(a);
}

/* Those that wait for a token cannot be begun before it is there. */
static int
waits_for_token(const struct ask *a)
{
	return self.asking && strcmp(a->path, AUTH_PATH) != 0;
}

/* 1 if it can be begun now, or has to be given up. */
static int
is_due(const struct ask *a)
{
	if (a->curl != NULL || a->start > clock_ms())
		return 0;
	return !waits_for_token(a) || clock_left(a->deadline) == 0;
}

/* Each may end others, and bring new ones: look from the front each time. */
static void
start_all(void)
{
	struct ask *a;

	for (;;) {
		for (a = self.first; a != NULL && !is_due(a); a = a->next)
			;
		if (a == NULL)
			return;
		start(a);
	}
}

/* When libcurl, or a request that waits, wants to be looked at. */
static long long
soonest(long long latest)
{
	const struct ask *a;
	long long at = latest, start;

	if (self.timer != -1 && self.timer < at)
		at = self.timer;
	for (a = self.first; a != NULL; a = a->next) {
		start = waits_for_token(a) ? a->deadline : a->start;
		if (a->curl == NULL && start < at)
			at = start;
	}
	return at;
}

unsigned
journal_link_prepare(struct curl_waitfd *w, int *ms)
{
	self.ended = 0;
	start_all();
	/* what that brought about is looked at before anybody waits */
	*ms = self.ended ? 0 : clock_left(soonest(clock_ms() + *ms));
	memcpy(w, self.fd, self.nfd * sizeof(*w));
	return self.nfd;
}

/*
 * libcurl's time limits.  It does not say again what it has said before: then
 * look at them a little later.
 */
static void
turn_timer(void)
{
	int running;

	if (self.timer == -1 || clock_left(self.timer) > 0)
		return;
	self.timer = -1;
	curl_multi_socket_action(self.multi, CURL_SOCKET_TIMEOUT, 0,
	    &running);
	if (self.timer == -1 && running > 0)
		self.timer = clock_ms() + TICK;
}

void
journal_link_turn(const struct curl_waitfd *w, unsigned n)
{
	struct ask *a;
	CURLMsg *m;
	unsigned i;
	int left;

	if (self.multi == NULL)
		return;
	for (i = 0; i < n; i++)
		if (w[i].revents != 0)
			curl_multi_socket_action(self.multi, w[i].fd,
			    (w[i].revents & CURL_WAIT_POLLIN ? CURL_CSELECT_IN :
							       0) |
			    (w[i].revents & CURL_WAIT_POLLOUT ?
				CURL_CSELECT_OUT : 0), &left);
	turn_timer();
	while ((m = curl_multi_info_read(self.multi, &left)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &a);
		end_try(a, m->data.result);
	}
	start_all();
}
