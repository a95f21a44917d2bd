/*
 * fuzz_answer: a gateway's octets to delivery/http.c, over loopback and
 * through libcurl.  The first octet says into which pieces they are cut: what
 * comes of them may not depend on it.  What a slow reader of HTTP/1.1 (RFC
 * 9112) knows for certain must be what was found: an answer that is cut off is
 * never whole, one that is whole has its body, and no head is over the limits.
 * A fuzzer does not write long heads: the octet 1 and another octet repeat the
 * line before them so many times, and eight times as often.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "delivery/http.h"

#define HOLDS(x) do { if (!(x)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, \
	__LINE__, #x); abort(); } } while (0)

#define STREAM_MAX (1024 * 1024) /* octets of an answer */
#define WAIT	   5000		 /* milliseconds for one request */
#define TURN	   1

int LLVMFuzzerInitialize(int *, char ***);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct result {
	int done, answered, sent, whole;
	enum ipc_outcome outcome;
	long status;
	size_t len;
	char *body;
};

static struct config config;
static int listener;
static char url[64];
static char stream[STREAM_MAX];
static size_t nstream;

/* ---- the gateway ---- */

/* The octets that the input stands for. */
static void
expand(const uint8_t *data, size_t n)
{
	size_t i, k, line = 0, len;

	nstream = 0;
	for (i = 0; i < n && nstream < STREAM_MAX; i++) {
		if (data[i] != 1 || i + 1 == n) {
			stream[nstream++] = (char)data[i];
			if (data[i] == '\n' && i + 1 < n && data[i + 1] != 1)
				line = nstream;
			continue;
		}
		len = nstream - line;
		for (k = 8 * data[++i]; k > 0 && nstream + len <= STREAM_MAX;
		     k--) {
			memcpy(stream + nstream, stream + line, len);
			nstream += len;
		}
		line = nstream;
	}
}

/* Until the empty line: the request has no body. */
static void
read_request(int fd)
{
	struct pollfd w = {.fd = fd, .events = POLLIN};
	char s[4096];
	size_t have = 0;
	ssize_t n;

	while (have < 4 || memcmp(s + have - 4, "\r\n\r\n", 4) != 0) {
		if (poll(&w, 1, WAIT) != 1)
			return;
		if ((n = read(fd, s + have, sizeof(s) - have)) <= 0)
			return;
		have += (size_t)n;
	}
}

static void
on_done(void *arg, const struct http_result *e)
{
	struct result *r = arg;

	HOLDS(!r->done && e->len <= GATEWAY_ANSWER_MAX);
	HOLDS(e->error != NULL && e->retry_after >= 0);
	r->done = 1;
	r->answered = e->answered;
	r->sent = e->sent;
	r->whole = e->whole;
	/* libcurl's error for the same fault depends on what it had read */
	r->outcome = e->answered ? IPC_OUTCOME_ACCEPTED :
	    e->outcome == IPC_OUTCOME_UNCLEAR ? IPC_OUTCOME_LOST : e->outcome;
	r->status = e->status;
	r->len = e->answered ? e->len : 0;
	r->body = malloc(r->len + 1);
	HOLDS(r->body != NULL);
	if (r->len > 0)
		memcpy(r->body, e->body, r->len);
}

/* Serve one connection in pieces of this size; 0: in one. */
static void
serve(int fd, size_t piece, const struct result *r)
{
	struct pollfd w = {.fd = fd, .events = POLLOUT};
	size_t done = 0, n;
	ssize_t sent;

	while (!r->done && done < nstream) {
		n = nstream - done;
		if (piece != 0 && n > piece)
			n = piece;
		sent = send(fd, stream + done, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent == -1 && errno != EAGAIN)
			return;
		done += sent > 0 ? (size_t)sent : 0;
		/* small pieces at the beginning, where the head is */
		if (done > 32 * piece)
			piece = 0;
		http_turn(NULL, 0, 0);
		if (sent == -1)
			poll(&w, 1, TURN);
	}
}

static void
ask(size_t piece, struct result *r)
{
	struct gateway_request q = {.method = "GET", .url = strdup(url)};
	int fd;

	memset(r, 0, sizeof(*r));
	http_start(&q, WAIT, on_done, r);
	while (!r->done) {
		http_turn(NULL, 0, TURN);
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd == -1)
			continue;
		http_turn(NULL, 0, 0);
		read_request(fd);
		serve(fd, piece, r);
		shutdown(fd, SHUT_WR);
		while (!r->done && recv(fd, &(char){0}, 1, 0) == -1)
			http_turn(NULL, 0, TURN);
		close(fd);
	}
}

/* ---- the slow reader ---- */

/* What is certain of an answer. */
struct want {
	int certain;
	int whole;
	long status;
	const char *body;
	size_t len;
	size_t head, lines;	/* octets, lines of all heads */
};

/* A line with its CRLF at p: its length, or 0: it is none of RFC 9112. */
static size_t
line_at(const char *p, const char *end)
{
	const char *s;

	for (s = p; s < end && ((*s >= ' ' && *s <= '~') || *s == '\t'); s++)
		;
	return end - s >= 2 && s[0] == '\r' && s[1] == '\n' ?
	    (size_t)(s + 2 - p) : 0;
}

/* Fields with a plain name, a colon, a space, and a value. */
static int
is_field(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && ((p[i] >= 'a' && p[i] <= 'z') ||
	    (p[i] >= 'A' && p[i] <= 'Z') || p[i] == '-'); i++)
		;
	return i > 0 && i + 1 < n && p[i] == ':' && p[i + 1] == ' ';
}

static int
has_name(const char *p, size_t n, const char *name)
{
	return n > strlen(name) && strncasecmp(p, name, strlen(name)) == 0;
}

/* Content-Length as 1*6DIGIT; -1: something else. */
static long
length_of(const char *p)
{
	char *end;
	long n;

	p += strlen("Content-Length: ");
	n = strtol(p, &end, 10);
	return *p >= '0' && *p <= '9' && end - p <= 6 && *end == '\r' ? n : -1;
}

/*
 * One answer, whose head is well formed, whose length is given once or by the
 * end of the connection, and that is encoded in no way.
 */
static void
judge(struct want *w)
{
	const char *p = stream, *end = stream + nstream;
	long length = -1;
	size_t n = line_at(p, end);

	memset(w, 0, sizeof(*w));
	if (n < 15 || strncmp(p, "HTTP/1.1 ", 9) != 0 || p[9] < '2' ||
	    p[9] > '5' || p[10] < '0' || p[10] > '9' || p[11] < '0' ||
	    p[11] > '9' || p[12] != ' ')
		return;
	w->status = strtol(p + 9, NULL, 10);
	if (w->status == 204 || w->status == 304)
		return;
	while (p += n, w->head += n, w->lines++,
	    (n = line_at(p, end)) > 2) {
		if (!is_field(p, n) || has_name(p, n, "Content-Encoding:") ||
		    has_name(p, n, "Transfer-Encoding:") ||
		    has_name(p, n, "Connection:") ||
		    has_name(p, n, "Content-Range:"))
			return;
		if (!has_name(p, n, "Content-Length:"))
			continue;
		if (length != -1 || (length = length_of(p)) == -1)
			return;
	}
	if (n == 0) { /* the end of the connection, in the head */
		w->certain = p == end;
		return;
	}
	w->head += n;
	w->lines++;
	w->body = p + n;
	w->len = (size_t)(end - w->body);
	w->whole = length == -1 || (size_t)length <= w->len;
	if (length != -1 && w->whole)
		w->len = (size_t)length;
	w->certain = 1;
}

static void
compare(const struct result *r, const struct want *w)
{
	int too_long = w->head > HTTP_HEAD_MAX || w->lines > HTTP_LINES_MAX;

	if (!w->certain)
		return;
	HOLDS(r->sent);
	if (too_long || !w->whole) {
		HOLDS(!r->whole);
		/* the status alone is a refusal, never a success */
		HOLDS(!r->answered || r->status >= 300);
		return;
	}
	HOLDS(r->answered && r->whole && r->status == w->status);
	HOLDS(r->len == w->len && memcmp(r->body, w->body, r->len) == 0);
}

static void
report(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);

	(void)argc;
	(void)argv;
	signal(SIGPIPE, SIG_IGN);
	HOLDS(config_load(&config, "/dev/null", NULL, 0, report) == 0);
	HOLDS(http_init(&config) == 0);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	HOLDS(listener != -1 && bind(listener, (struct sockaddr *)&a, n) == 0 &&
	    listen(listener, 8) == 0 &&
	    getsockname(listener, (struct sockaddr *)&a, &n) == 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(a.sin_port));
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct result whole, pieces;
	struct want want;

	if (n < 1)
		return 0;
	expand(data + 1, n - 1);
	judge(&want);
	ask(0, &whole);
	compare(&whole, &want);
	ask(1 + data[0] % 64, &pieces);
	compare(&pieces, &want);
	if (want.certain) {	/* else libcurl may see it one way or another */
		HOLDS(whole.answered == pieces.answered);
		HOLDS(whole.outcome == pieces.outcome);
		HOLDS(whole.status == pieces.status);
	}
	free(whole.body);
	free(pieces.body);
	return 0;
}
