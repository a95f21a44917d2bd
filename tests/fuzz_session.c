/*
 * fuzz_session: whole sessions.  The client is the fuzzer's input, whole and
 * in random pieces; the delivery side is below; the clock stands still but for
 * what is waited for.  An oracle of its own judges what came out:
 *
 * - every reply is well-formed and at most 512 octets long
 * - nothing follows a reply that closes the connection
 * - nothing is sent without an end of a message in what the client has sent,
 *   nor before AUTH or trust
 * - how the octets were cut into reads and writes makes no difference
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config.h"
#include "session/ask.h"
#include "session/line.h"
#include "session/session.h"

#define OUTPUT_MAX (1 << 20)
#define REPLY_MAX  512	/* RFC 5321, 4.5.3.1.5 */

static struct {
	const char *in;
	size_t n, at;
	char out[OUTPUT_MAX + 1];
	size_t nout;
	long long ms;
	unsigned random;	/* 0: everything at once */
	size_t sent;
	unsigned long texts;	/* a sum of what was sent */
} memory;

static struct session_setup setup;
static struct config config;

static void
check(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s\n%.*s\n", what, (int)memory.nout, memory.out);
	abort();
}

/* ---- the connection and the clock ---- */

static unsigned
draw(unsigned below)
{
	memory.random = memory.random * 1103515245U + 12345U;
	return (memory.random >> 16) % below;
}

ssize_t
memory_read(void *p, size_t n)
{
	if (memory.random != 0 && draw(8) == 0) {
		errno = draw(2) ? EINTR : EAGAIN;
		return -1;
	}
	if (n > memory.n - memory.at)
		n = memory.n - memory.at;
	if (memory.random != 0 && n > 0)
		n = 1 + draw((unsigned)(n < 40 ? n : 40));
	memcpy(p, memory.in + memory.at, n);
	memory.at += n;
	return (ssize_t)n;
}

ssize_t
memory_write(int fd, const void *p, size_t n)
{
	if (fd == STDERR_FILENO)
		return (ssize_t)n; /* the log */
	if (memory.random != 0 && draw(8) == 0) {
		errno = draw(2) ? EINTR : EAGAIN;
		return -1;
	}
	if (memory.random != 0 && n > 1)
		n = 1 + draw((unsigned)n);
	check(memory.nout + n <= OUTPUT_MAX, "more output than input can ask");
	memcpy(memory.out + memory.nout, p, n);
	memory.nout += n;
	memory.out[memory.nout] = '\0';
	return (ssize_t)n;
}

int
memory_poll(struct pollfd *p, int ms)
{
	if (p != NULL && p->events != 0) {
		p->revents = p->events;
		return 1;
	}
	memory.ms += ms;
	return 0;
}

int
memory_clock(struct timespec *ts)
{
	ts->tv_sec = 1795319100 + memory.ms / 1000;
	ts->tv_nsec = memory.ms % 1000 * 1000000;
	return 0;
}

/* ---- the listener and TLS: neither is there ---- */

void
line_failed(void)
{
}

int
line_has_listener(void)
{
	return 0;
}

int
line_tls(struct wrapper *w)
{
	(void)w;
	return -1;
}

int
wrapper_start_tls(const struct wrapper *w, long long deadline)
{
	(void)w;
	(void)deadline;
	return -1;
}

const char *
wrapper_variable(const char *name)
{
	(void)name;
	return NULL;
}

/* ---- the delivery side ---- */

/* Ends of a message in what the client has sent so far. */
static size_t
count_ends(void)
{
	const char *s = memory.in;
	size_t i, n = 0;

	for (i = 0; i < memory.at; i++) {
		if (i + 5 <= memory.at && memcmp(s + i, "\r\n.\r\n", 5) == 0)
			n++;
		else if (i + 4 <= memory.at && strncasecmp(s + i, "LAST", 4) == 0)
			n++;
	}
	return n;
}

void
ask_send(const struct ask_message *m, struct ask_result *r, int ms)
{
	const char *p;
	size_t i;

	(void)ms;
	memory.sent++;
	check(setup.any_lf || memory.sent <= count_ends(),
	    "a message was sent that did not end");
	check(setup.trusted || strstr(memory.out, "235 2.7.0 ") != NULL,
	    "a message was sent without AUTH");
	check(m->nto > 0 && m->nto <= CONFIG_RCPTS_MAX, "recipients");
	for (p = m->text; *p != '\0'; p++)
		memory.texts = memory.texts * 31 + (unsigned char)*p;
	for (i = 0; i < m->nto; i++) {
		memset(&r[i], 0, sizeof(r[i]));
		r[i].outcome = (enum ipc_outcome)
		    ((size_t)m->to[i][strlen(m->to[i]) - 1] %
		    (IPC_OUTCOME_LAST + 1));
		snprintf(r[i].id, sizeof(r[i].id), "id-%zu", i);
	}
}

enum ipc_verdict
ask_auth(const struct auth *a, struct rights *r, int ms)
{
	(void)ms;
	memset(r, 0, sizeof(*r));
	r->subject = -1;
	r->max_parts = -1;
	return a->secret[0] == 's' ? IPC_VERDICT_OK :
	    a->secret[0] == 't'	   ? IPC_VERDICT_TEMPORARY :
				     IPC_VERDICT_WRONG;
}

int
ask_login(const struct auth *a)
{
	(void)a;
	return 0;
}

int
ask_can(struct abilities *a)
{
	memset(a, 0, sizeof(*a));
	a->can = 0xff;
	return 0;
}

int
ask_broken(void)
{
	return 0;
}

void
ask_warm(void)
{
}

void
ask_forget(void)
{
}

void
ask_notify(const struct notify *n)
{
	(void)n;
}

void
ask_tally(const struct tally *t)
{
	(void)t;
}

/* ---- the oracle ---- */

static void
check_replies(void)
{
	const char *p = memory.out, *end;
	char more[4] = "";
	int closed = 0;

	for (; *p != '\0'; p = end + 1) {
		end = strchr(p, '\n');
		check(end != NULL && end > p + 4 && end[-1] == '\r',
		    "a reply without its end");
		check(end - p + 1 <= REPLY_MAX, "a reply that is too long");
		check(p[0] >= '2' && p[0] <= '5' && p[1] >= '0' &&
		    p[1] <= '9' && p[2] >= '0' && p[2] <= '9' &&
		    (p[3] == ' ' || p[3] == '-'), "a reply without a code");
		check(*more == '\0' || strncmp(more, p, 3) == 0,
		    "two codes in one reply");
		check(!closed || strncmp(p, "421", 3) == 0,
		    "a reply behind the last one");
		snprintf(more, sizeof(more), "%.3s", p[3] == '-' ? p : "");
		closed |= strncmp(p, "421", 3) == 0 ||
		    strncmp(p, "221", 3) == 0;
		for (; p < end - 1; p++)
			check(*p >= ' ' && *p <= '~', "a reply not of ASCII");
	}
	check(*more == '\0', "a reply that breaks off");
}

static void
converse(unsigned random)
{
	memory.at = memory.nout = memory.sent = 0;
	memory.texts = 0;
	memory.ms = 0;
	memory.random = random;
	memory.out[0] = '\0';
	session_greet(&setup);
	session_run();
	check_replies();
}

static void
configure(unsigned bits)
{
	static char *aliases[] = {"domain=sms.test", "hostname=sms.test",
	    "alias=both +4915112345678 +4915112345679", "max-size=2000",
	    "max-recipients=20", "deny=+49900"};

	if (config.hostname == NULL &&
	    config_load(&config, "/dev/null", aliases,
		sizeof(aliases) / sizeof(aliases[0]), NULL) == -1)
		abort();
	config.auth = bits & 1 ? CONFIG_AUTH_USERS : CONFIG_AUTH_GATEWAY;
	config.auth_check = (bits & 2) != 0;
	config.accept_bad = (bits & 4) != 0;
	config.bare_lf = bits & 8 ? CONFIG_LF_YES : CONFIG_LF_NO;
	config.replies = bits & 16 ? CONFIG_REPLIES_RETRY :
				     CONFIG_REPLIES_DOCUMENTED;
	setup = (struct session_setup){
		.config = &config,
		.lmtp = (bits & 32) != 0,
		.trusted = (bits & 64) != 0,
		.any_lf = (bits & 192) == 192,
		.auth_in_clear = 1,
		.wrapper = {-1, -1, -1},
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char whole[OUTPUT_MAX + 1];
	unsigned long texts;
	size_t sent;

	if (n < 2)
		return 0;
	configure(data[0]);
	memory.in = (const char *)data + 2;
	memory.n = n - 2;
	converse(0);
	strcpy(whole, memory.out);
	sent = memory.sent;
	texts = memory.texts;
	converse(data[1] + 1U);
	check(strcmp(whole, memory.out) == 0, "the pieces make a difference");
	check(sent == memory.sent && texts == memory.texts,
	    "the pieces make a difference to what is sent");
	return 0;
}
