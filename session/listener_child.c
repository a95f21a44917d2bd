/*
 * listener_child: the new process of a connection: from fork(2) to the start
 * of its session.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fds.h"
#include "common/log.h"
#include "common/metrics.h"
#include "session/ask.h"
#include "session/listener_private.h"
#include "session/sandbox.h"
#include "session/stop.h"

/* ^C and the end of a terminal are the listener's, which tells us by SIGTERM. */
static void
set_signals(void)
{
	signal(SIGCHLD, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	stop_catch();
}

/* The client on 0 and 1, the link, the line, the log; nothing else. */
static void
set_descriptors(const struct listener_child *c)
{
	const int kept[] = {c->start->link, c->line, log_descriptor(),
	    sandbox_descriptor()};

	if (dup2(c->client, STDIN_FILENO) == -1 ||
	    dup2(c->client, STDOUT_FILENO) == -1)
		_exit(PROGRAM_TEMPORARY);
	fds_close_but(kept, 4);
}

/* There will be no session: tell what it would have told at its end. */
static void
tell_tally(const struct listener_child *c, const struct tally *t)
{
	if (c->program->config.metrics == NULL || c->program->dry)
		return;
	ask_init(c->start->link);
	ask_tally(t);
}

/* Whom the PROXY header names, if that source may have another session. */
static void
read_proxy(const struct listener_child *c)
{
	struct peer *peer = &c->start->peer, proxy = *peer;
	struct tally t = {0};
	const char *reply = "421 4.7.0 PROXY header expected\r\n";

	switch (peer_proxy(STDIN_FILENO, peer)) {
	case PEER_NOBODY:
		_exit(PROGRAM_OK);
	case PEER_BAD:
		log_event(LOG_WARNING, "proxy", "peer", proxy.ip, "error",
		    "no PROXY header", NULL);
		break;
	case PEER_OK:
		switch (line_peer(peer)) {
		case LINE_GO:
			start_trust(c->program, c->start);
			return;
		case LINE_BLOCKED:
			reply = "421 4.7.0 Too many authentication failures, "
			    "try again later\r\n";
			break;
		default:
			reply = "421 4.3.2 Too many connections, "
			    "try again later\r\n";
			break;
		}
		break;
	}
	if (c->kind != SOCKETS_SMTPS) {
		start_refuse(reply);
		t.reply[421 - TALLY_CODE_MIN] = 1;
		tell_tally(c, &t);
	}
	_exit(PROGRAM_OK);
}

/* TLS comes first.  What is read and written from here on is clear text. */
static void
begin_tls(const struct listener_child *c)
{
	long long deadline = clock_ms() +
	    1000LL * c->program->config.timeout_tls;
	struct tally failed = {.tls = {[TALLY_TLS_FAILED] = 1}};
	struct start *s = c->start;
	struct wrapper w;

	if (line_tls(&w) == -1) {
		log_event(LOG_ERR, "tls", "peer", s->peer.ip, "error",
		    "smtp2sms-tls is not there", NULL);
		_exit(PROGRAM_TEMPORARY);
	}
	if (wrapper_start_tls(&w, deadline) == -1 ||
	    dup2(w.in, STDIN_FILENO) == -1 ||
	    dup2(w.out, STDOUT_FILENO) == -1) {
		tell_tally(c, &failed);
		_exit(PROGRAM_OK); /* smtp2sms-tls says why */
	}
	wrapper_close(&w);
	s->protocol = wrapper_variable("SSL_PROTOCOL");
	if (c->program->config.tls_client_ca != NULL)
		s->subject = wrapper_variable("SSL_CLIENT_S_DN");
}

_Noreturn void
listener_child(const struct listener_child *c)
{
	metrics_forget();
	set_signals();
	log_may_wait(1);
	set_descriptors(c);
	line_init(c->line);
	if (c->program->config.proxy_protocol)
		read_proxy(c);
	if (c->kind == SOCKETS_SMTPS)
		begin_tls(c);
	_exit(start_session(c->program, c->start));
}
