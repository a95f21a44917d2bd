/*
 * start: see start.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "session/ask.h"
#include "session/conn.h"
#include "session/line.h"
#include "session/link.h"
#include "session/sandbox.h"
#include "session/session.h"
#include "session/start.h"

#define BYE_WAIT 1000	/* milliseconds for a client to read its 421 */

/* For close_session, which takes no argument. */
static const struct start *self;

static int sandbox_logged;	/* the log says what the sandbox lacks */

void
start_refuse(const char *reply)
{
	if (write(STDOUT_FILENO, reply, strlen(reply)) != -1)
		conn_bye(STDIN_FILENO, STDOUT_FILENO, BYE_WAIT);
}

void
start_identify(struct start *s)
{
	static unsigned count;
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	snprintf(s->id, sizeof(s->id), "%llx-%lx",
	    (unsigned long long)ts.tv_sec * 1000 +
	    (unsigned long long)ts.tv_nsec / 1000000, (long)getpid());
	/* all sessions of a listener may have its pid */
	if (count++ > 0)
		snprintf(s->id + strlen(s->id), sizeof(s->id) - strlen(s->id),
		    "-%x", count);
}

void
start_trust(const struct program *p, struct start *s)
{
	s->trusted = p->config.auth == CONFIG_AUTH_NONE ||
	    config_trusts(&p->config, s->peer.ip);
}

/*
 * Without TLS, auth any accepts only clients that trust would accept without a
 * password, and programs on this host.
 */
static int
auth_in_clear(const struct program *p, const struct start *s)
{
	int local = peer_is_loopback(&s->peer);

	switch ((enum config_clear)p->config.auth_without_tls) {
	case CONFIG_CLEAR_NO:
		return 0;
	case CONFIG_CLEAR_LOCAL:
	case CONFIG_CLEAR_YES:
		break;
	}
	if (p->config.auth == CONFIG_AUTH_ANY)
		return local || s->trusted;
	return local || p->config.auth_without_tls == CONFIG_CLEAR_YES;
}

/* 1 if a bare LF ends a line, and LF.LF a message. */
static int
is_lf_crlf(const struct program *p, const struct start *s)
{
	return p->dry || isatty(STDIN_FILENO) ||
	    (p->config.bare_lf == CONFIG_LF_ALL &&
	    config_trusts(&p->config, s->peer.ip));
}

static int
is_best_effort(const struct program *p)
{
	return p->config.sandbox == CONFIG_SANDBOX_BEST_EFFORT;
}

/* Log what the sandbox lacks; error: errno, or 0. */
static void
log_sandbox(const struct program *p, const struct sandbox *s, int error)
{
	char text[SANDBOX_TEXT];

	if (sandbox_logged)
		return;
	sandbox_logged = 1;
	if (error != 0) {
		log_event(LOG_ERR, "sandbox", "error", strerror(error), NULL);
	} else if (is_best_effort(p) && sandbox_lacks(s)) {
		sandbox_describe(s, text);
		log_event(LOG_WARNING, "sandbox", "has", text, NULL);
	}
}

void
start_try_sandbox(const struct program *p)
{
	struct sandbox s;
	int error = sandbox_try(is_best_effort(p), &s) == -1 ? errno : 0;

	log_sandbox(p, &s, error);
}

static int
enter_sandbox(const struct program *p)
{
	struct sandbox s;
	int error = sandbox_enter(is_best_effort(p), &s) == -1 ? errno : 0;

	log_sandbox(p, &s, error);
	return error == 0 ? 0 : -1;
}

static int
run(const struct program *p, int fd)
{
	ask_init(fd);
	if (enter_sandbox(p) == -1) {
		start_refuse("421 4.3.0 Server error\r\n");
		return PROGRAM_TEMPORARY;
	}
	return session_run() == 0 ? PROGRAM_OK : PROGRAM_TEMPORARY;
}

static int
no_delivery(void)
{
	start_refuse("421 4.3.0 Delivery is not available, "
	    "try again later\r\n");
	return PROGRAM_TEMPORARY;
}

static int
serve_by_agent(const struct program *p, const struct start *s,
    const struct session_setup *setup)
{
	int fd = link_agent(p);

	if (fd == -1)
		return no_delivery();
	session_greet(setup);
	ask_init(fd);
	ask_hello(s->id, s->peer.ip, s->trusted);
	return run(p, fd);
}

static void
close_session(void)
{
	wrapper_close(&self->wrapper);
}

static int
serve_by_child(const struct program *p, const struct start *s,
    const struct session_setup *setup)
{
	const struct link_session session = {s->id, s->peer.ip, s->trusted};
	int fd, status;

	session_greet(setup);
	switch (link_spawn(p, &session, close_session, &fd, &status)) {
	case 0:
		_exit(run(p, fd));
	case 1:
		return status;
	default:
		log_event(LOG_ERR, "link", "error", strerror(errno), NULL);
		return no_delivery();
	}
}

/*
 * The greeting goes out before the second process starts and before the sandbox
 * is entered: the client need not wait for these.  Nothing that it sends is
 * read outside of the sandbox.
 */
int
start_session(const struct program *p, struct start *s)
{
	const struct session_setup setup = {
		.config = &p->config,
		.lmtp = s->lmtp,
		.trusted = s->trusted,
		.auth_in_clear = auth_in_clear(p, s),
		.tls = s->protocol != NULL,
		.peer = s->peer.ip,
		.client = s->subject,
		.wrapper = s->wrapper,
		.tls_by_listener = line_has_listener() &&
		    p->config.tls_cert != NULL,
		.any_lf = is_lf_crlf(p, s),
		.dry = p->dry,
		.verbose = p->verbose,
	};

	self = s;
	log_context("session", s->id);
	log_context("peer", s->peer.ip);
	log_event(LOG_INFO, "connect", "port",
	    s->peer.port[0] != '\0' ? s->peer.port : NULL, "trusted",
	    s->trusted ? "yes" : "no", "tls", s->protocol, NULL);
	if (link_has_agent(p))
		return serve_by_agent(p, s, &setup);
	if (s->link == -1)
		return serve_by_child(p, s, &setup);
	session_greet(&setup);
	return run(p, s->link);
}
