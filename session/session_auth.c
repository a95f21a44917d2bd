/*
 * session_auth: AUTH (RFC 4954): who may use it, and what follows from it.
 * auth.c does the SASL exchange, the delivery side judges the credentials.
 */
#include <string.h>

#include "auth.h"
#include "common/clock.h"
#include "common/log.h"
#include "session/line.h"
#include "session/ask.h"
#include "session/session.h"
#include "session/session_private.h"

#define AUTH_DELAY 1000 /* milliseconds after a wrong password */

static struct auth exchange; /* its secret is wiped when AUTH is over */

static int
auth_allowed(const struct session *s)
{
	return s->tls || (s->setup->auth_in_clear && !s->config->require_tls);
}

int
session_auth_offered(const struct session *s)
{
	return s->config->auth != CONFIG_AUTH_NONE && !s->authenticated &&
	    auth_allowed(s);
}

/* 1 if this host judges passwords, and not the gateway. */
static int
has_logins(const struct session *s)
{
	return s->config->auth == CONFIG_AUTH_USERS ||
	    s->config->auth == CONFIG_AUTH_CHECKPASSWORD;
}

/* The subject of the client's certificate if it can log in by it; or "". */
static const char *
external(const struct session *s)
{
	return s->config->auth == CONFIG_AUTH_CHECKPASSWORD ||
	    s->config->auth == CONFIG_AUTH_ANY ? "" : s->client;
}

const char *
session_auth_mechanisms(const struct session *s)
{
	int with = external(s)[0] != '\0';

	if (has_logins(s))
		return with ? "PLAIN LOGIN EXTERNAL" : "PLAIN LOGIN";
	return with ? AUTH_MECHANISMS " EXTERNAL" : AUTH_MECHANISMS;
}

/* 1 if the mechanism can be used with the configured kind of logins. */
static int
mechanism_offered(const struct session *s, enum auth_mechanism mechanism)
{
	switch (mechanism) {
	case AUTH_PLAIN:
	case AUTH_LOGIN:
	case AUTH_EXTERNAL: /* auth_begin knows whether there is a subject */
		return 1;
	case AUTH_XOAUTH2:
	case AUTH_OAUTHBEARER:
		return !has_logins(s);
	}
	return 0;
}

/* 1 if somebody judges the credentials before the first message. */
static int
is_judged(const struct session *s)
{
	if (has_logins(s))
		return 1;
	if (s->config->auth == CONFIG_AUTH_ANY)
		return 0;
	/* TLS has judged the certificate */
	return exchange.mechanism == AUTH_EXTERNAL ||
	    (s->config->auth_check && !s->setup->dry);
}

/* Judge well-formed credentials, as far as the configuration asks for it. */
static enum ipc_verdict
judge(struct session *s)
{
	int ms = (int)s->config->timeout_gateway * 1000;

	if (s->config->auth == CONFIG_AUTH_ANY)
		return IPC_VERDICT_OK;
	if (has_logins(s))
		return ask_auth(&exchange, &s->rights, ms);
	if (exchange.mechanism != AUTH_EXTERNAL) {
		if (!auth_fits_http(&exchange))
			return IPC_VERDICT_WRONG;
		if (s->config->auth_check)
			return ask_auth(&exchange, &s->rights, ms);
	}
	return ask_login(&exchange) == 0 ? IPC_VERDICT_OK :
					   IPC_VERDICT_TEMPORARY;
}

/* Let the client wait before its next try, also after a temporary failure. */
static enum reply
auth_delayed(struct session *s)
{
	log_limited(&s->log_limit, LOG_WARNING, "auth", "user",
	    s->authenticated ? NULL : exchange.user, "result", "temporary",
	    NULL);
	session_count_auth(s, TALLY_AUTH_TEMPORARY);
	conn_pause(&s->conn, AUTH_DELAY);
	return REPLY_AUTH_TEMPORARY;
}

enum reply
session_auth_failed(struct session *s)
{
	log_limited(&s->log_limit, LOG_WARNING, "auth", "user",
	    s->authenticated ? NULL : exchange.user, "result", "wrong", NULL);
	line_failed();
	session_count_auth(s, TALLY_AUTH_WRONG);
	conn_pause(&s->conn, AUTH_DELAY);
	if (++s->auth_failures >= s->config->max_auth_failures)
		return REPLY_421_AUTH;
	return REPLY_AUTH_FAILED;
}

static enum reply
auth_succeeded(struct session *s)
{
	int judged = is_judged(s);
	size_t i;

	s->authenticated = 1;
	s->handed_on = s->config->auth == CONFIG_AUTH_GATEWAY &&
	    exchange.mechanism != AUTH_EXTERNAL;
	/* with auth any the delivery side does not know of the client yet */
	s->warmed = s->config->auth != CONFIG_AUTH_ANY;
	/* logins that the gateway judges have no profile */
	s->has_rights = has_logins(s);
	for (i = 0; i < s->rights.nallow; i++)
		s->allow[i] = s->rights.allow[i];
	s->known = judged;
	s->early_end = clock_ms() + 1000LL * s->config->timeout_greeting;
	session_set_deadline(s);
	log_context("user", exchange.user);
	log_event(LOG_INFO, "auth", "result", judged ? "ok" : "unchecked",
	    NULL);
	session_count_auth(s, judged ? TALLY_AUTH_OK : TALLY_AUTH_UNCHECKED);
	return REPLY_AUTH_OK;
}

/* Send the challenge and read the client's response. */
static enum conn_status
challenge(struct session *s, char **line)
{
	enum conn_status st;
	size_t n;

	session_note(s, "%s", exchange.challenge);
	session_reply(s, REPLY_CHALLENGE);
	if ((st = conn_line(&s->conn, line, &n)) == CONN_OK)
		session_trace(s, "c", "***");
	return st;
}

static enum reply
auth_outcome(struct session *s, enum auth_status st)
{
	enum conn_status lost;
	enum reply failed;
	char *line;

	switch (st) {
	case AUTH_UNKNOWN:
		return REPLY_NO_MECHANISM;
	case AUTH_CANCELLED:
		return REPLY_CANCELLED;
	case AUTH_MALFORMED:
		return REPLY_BASE64;
	case AUTH_REFUSED:
		if (s->config->auth != CONFIG_AUTH_ANY)
			return session_auth_failed(s);
		break;
	case AUTH_CHALLENGE:
	case AUTH_DONE:
		break;
	}
	switch (judge(s)) {
	case IPC_VERDICT_OK:
		return auth_succeeded(s);
	case IPC_VERDICT_TEMPORARY:
		return auth_delayed(s);
	case IPC_VERDICT_WRONG:
		break;
	}
	/* count and log it before the client can leave (RFC 7628, 3.2.3) */
	failed = session_auth_failed(s);
	if (failed != REPLY_421_AUTH &&
	    auth_wrong(&exchange) == AUTH_CHALLENGE &&
	    (lost = challenge(s, &line)) != CONN_OK)
		return session_line_reply(s, lost);
	return failed;
}

void
session_auth_forget(struct session *s)
{
	if (!s->authenticated)
		return;
	s->authenticated = s->handed_on = s->known = 0;
	s->has_rights = s->warmed = 0;
	memset(&s->rights, 0, sizeof(s->rights));
	log_context("user", NULL);
	if (s->config->auth != CONFIG_AUTH_ANY)
		ask_forget();
	session_set_deadline(s);
}

enum reply
session_auth(struct session *s, char *args)
{
	char *initial = args + strcspn(args, " "), *line;
	enum conn_status lost = CONN_OK;
	enum auth_status st;
	enum reply r;

	if (s->config->auth == CONFIG_AUTH_NONE)
		return REPLY_NOT_HERE;
	if (s->authenticated)
		return REPLY_AUTH_TWICE;
	if (!auth_allowed(s))
		return REPLY_AUTH_CLEAR;
	if (*args == '\0')
		return REPLY_SYNTAX;
	if (*initial != '\0')
		*initial++ = '\0';
	st = auth_begin(&exchange, args, *initial != '\0' ? initial : NULL,
	    external(s));
	if (st != AUTH_UNKNOWN && !mechanism_offered(s, exchange.mechanism))
		st = AUTH_UNKNOWN;
	while (st == AUTH_CHALLENGE) {
		if ((lost = challenge(s, &line)) != CONN_OK)
			break;
		st = auth_response(&exchange, line);
	}
	r = lost != CONN_OK ? session_line_reply(s, lost) : auth_outcome(s, st);
	auth_wipe(&exchange);
	conn_forget(&s->conn);
	return r;
}
