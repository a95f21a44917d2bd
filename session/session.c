/*
 * session: the table of commands, the states that allow them, and the loop that
 * reads lines and runs them (RFC 5321).  session_*.c has the commands of more
 * than a few lines.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/ask.h"
#include "session/line.h"
#include "session/parameter.h"
#include "session/session.h"
#include "session/session_private.h"
#include "session/stop.h"

#define FAREWELL 1000 /* milliseconds for the last reply */

/*
 * Octets of a command line with its CRLF (RFC 5321, 4.5.3.1.4), and what
 * each extension adds: SIZE 26 (RFC 1870), BODY 17 (6152), AUTH 500 (4954),
 * SMTPUTF8 10 (6531), MT-PRIORITY 15 (6710), BY 17 (2852), HOLD... 34
 * (4865); a blank, the keyword and the longest value of RET 9 and ENVID 107,
 * NOTIFY 29 and ORCPT 507 (3461), PRDR 5.
 */
#define LINE_LIMIT	512
#define LINE_LIMIT_MAIL (LINE_LIMIT + 26 + 17 + 500 + 10 + 15 + 17 + 34 + \
	9 + 107 + 5)
#define LINE_LIMIT_RCPT (LINE_LIMIT + 29 + 507)
#define LINE_LIMIT_VRFY (LINE_LIMIT + 10)

static struct session self;

enum protocol { BOTH, SMTP, LMTP };

struct command {
	const char *verb;
	enum reply in[SESSION_STATES];	/* REPLY_GO, or the refusal */
	enum reply (*handle)(struct session *, char *args);
	size_t line_max;	/* octets with CRLF */
	const char *syntax;	/* for HELP; NULL: HELP does not mention it */
	int clear;		/* may come before TLS under require-tls */
	enum protocol protocol;
};

/* ---- hello and small talk ---- */

static enum reply
do_helo(struct session *s, char *args)
{
	/* many small devices give no name, and nobody needs it */
	if (*args == '\0')
		log_limited(&s->log_limit, LOG_NOTICE, "hello", "name", "",
		    NULL);
	/* an address literal is often wrong (NAT): use the real address */
	snprintf(s->host, sizeof(s->host), "%s",
	    *args != '\0' && *args != '[' ? args : s->setup->peer);
	session_reset(s);
	s->state = SESSION_GREETED;
	session_note(s, "%s", s->config->hostname);
	return REPLY_NOTE;
}

/* Append the extensions that would be accepted now, sep before each. */
static void
put_extensions(struct session *s, const char *sep)
{
	static const char *const always[] = {"PIPELINING", "8BITMIME",
	    "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME",
	    "DSN", "DELIVERBY", "MT-PRIORITY"};
	char until[PARAMETER_DATE_MAX];
	size_t i;

	for (i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		buf_fmt(&s->note, "%s%s", sep, always[i]);
	parameter_put_date(session_now() + s->config->max_hold, until);
	buf_fmt(&s->note, "%sFUTURERELEASE %ld %s", sep, s->config->max_hold,
	    until);
	buf_fmt(&s->note, "%sSIZE %ld", sep, s->config->max_size);
	if (!s->setup->lmtp)
		buf_fmt(&s->note, "%sPRDR", sep);
	if (session_tls_offered(s))
		buf_fmt(&s->note, "%sSTARTTLS", sep);
	if (session_auth_offered(s)) {
		buf_fmt(&s->note, "%sAUTH %s", sep,
		    session_auth_mechanisms(s));
		if (s->config->auth_legacy)
			buf_fmt(&s->note, "%sAUTH=LOGIN PLAIN", sep);
	}
}

/* EHLO, and LHLO (RFC 2033, 4.1). */
static enum reply
do_ehlo(struct session *s, char *args)
{
	do_helo(s, args);
	put_extensions(s, "\n");
	return REPLY_NOTE;
}

static enum reply
do_rset(struct session *s, char *args)
{
	if (*args != '\0')
		return REPLY_NO_ARGUMENT;
	session_reset(s);
	return REPLY_OK;
}

static enum reply
do_noop(struct session *s, char *args)
{
	(void)s;
	(void)args;
	return REPLY_OK;
}

static enum reply
do_quit(struct session *s, char *args)
{
	(void)s;
	return *args == '\0' ? REPLY_BYE : REPLY_NO_ARGUMENT;
}

static enum reply
do_vrfy(struct session *s, char *args)
{
	(void)s;
	return *args != '\0' ? REPLY_VRFY : REPLY_SYNTAX;
}

static enum reply
do_nothing(struct session *s, char *args)
{
	(void)s;
	(void)args;
	return REPLY_NOT_HERE;
}

/* ---- the table ---- */

static enum reply do_help(struct session *, char *);

#define ANYWHERE    {REPLY_GO, REPLY_GO, REPLY_GO, REPLY_GO, REPLY_GO}
#define GREETED(in) {REPLY_EHLO_FIRST, REPLY_GO, in, in, in}

static const struct command commands[] = {
	{"EHLO", ANYWHERE, do_ehlo, LINE_LIMIT, "EHLO hostname", 1, SMTP},
	{"HELO", ANYWHERE, do_helo, LINE_LIMIT, "HELO hostname", 0, SMTP},
	{"LHLO", ANYWHERE, do_ehlo, LINE_LIMIT, "LHLO hostname", 1, LMTP},
	{"STARTTLS", GREETED(REPLY_GO), session_tls_start, LINE_LIMIT,
	    "STARTTLS", 1, BOTH},
	{"AUTH", GREETED(REPLY_IN_TRANSACTION), session_auth, CONN_LINE_MAX,
	    "AUTH mechanism [initial-response]", 0, BOTH},
	{"MAIL",
	    {REPLY_HELLO_FIRST, REPLY_GO, REPLY_NESTED_MAIL, REPLY_NESTED_MAIL,
		REPLY_NESTED_MAIL},
	    session_mail, LINE_LIMIT_MAIL,
	    "MAIL FROM:<address> [SIZE=octets] "
	    "[BODY=7BIT|8BITMIME|BINARYMIME] [SMTPUTF8]\n"
	    "[MT-PRIORITY=-9..9] [BY=seconds;R|N[T]] "
	    "[HOLDFOR=seconds | HOLDUNTIL=date-time]\n"
	    "[RET=FULL|HDRS] [ENVID=xtext] [AUTH=xtext]", 0, BOTH},
	{"RCPT",
	    {REPLY_HELLO_FIRST, REPLY_MAIL_FIRST, REPLY_GO, REPLY_GO,
		REPLY_CHUNKING},
	    session_mail_rcpt, LINE_LIMIT_RCPT,
	    "RCPT TO:<number@domain> "
	    "[NOTIFY=NEVER|SUCCESS,FAILURE,DELAY] [ORCPT=type;xtext]", 0,
	    BOTH},
	{"DATA",
	    {REPLY_HELLO_FIRST, REPLY_NEED_MAIL, REPLY_NEED_RCPT, REPLY_GO,
		REPLY_CHUNKING},
	    session_data, LINE_LIMIT, "DATA", 0, BOTH},
	{"BDAT",
	    {REPLY_HELLO_FIRST, REPLY_NEED_MAIL, REPLY_NEED_RCPT, REPLY_GO,
		REPLY_GO},
	    session_data_bdat, LINE_LIMIT, "BDAT octets [LAST]", 0, BOTH},
	{"RSET", ANYWHERE, do_rset, LINE_LIMIT, "RSET", 0, BOTH},
	{"NOOP", ANYWHERE, do_noop, LINE_LIMIT, "NOOP [anything]", 1, BOTH},
	{"QUIT", ANYWHERE, do_quit, LINE_LIMIT, "QUIT", 1, BOTH},
	{"HELP", ANYWHERE, do_help, LINE_LIMIT, "HELP [command]", 1, BOTH},
	{"VRFY", ANYWHERE, do_vrfy, LINE_LIMIT_VRFY, "VRFY number", 0, BOTH},
	{"EXPN", ANYWHERE, do_nothing, LINE_LIMIT_VRFY, NULL, 0, BOTH},
	{"ETRN", ANYWHERE, do_nothing, LINE_LIMIT, NULL, 0, BOTH},
	{"TURN", ANYWHERE, do_nothing, LINE_LIMIT, NULL, 0, BOTH},
};
#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

/* 1 if this session's protocol has the command. */
static int
is_spoken(const struct session *s, const struct command *c)
{
	return c->protocol == BOTH || (c->protocol == LMTP) == s->setup->lmtp;
}

static const struct command *
find_command(const struct session *s, const char *verb, size_t n)
{
	size_t i;

	for (i = 0; i < NCOMMANDS; i++)
		if (strlen(commands[i].verb) == n &&
		    strncasecmp(commands[i].verb, verb, n) == 0 &&
		    is_spoken(s, &commands[i]))
			return &commands[i];
	return NULL;
}

/* Write the help: commands, extensions, limits. */
static void
put_help(struct session *s)
{
	const struct config *c = s->config;
	size_t i;

	session_note(s, "Commands:");
	for (i = 0; i < NCOMMANDS; i++)
		if (commands[i].syntax != NULL && is_spoken(s, &commands[i]) &&
		    (commands[i].handle != session_tls_start ||
			session_tls_offered(s)))
			buf_fmt(&s->note, " %s", commands[i].verb);
	buf_puts(&s->note, "\nExtensions:");
	put_extensions(s, "\n  ");
	buf_fmt(&s->note, "\nLimits: %ld octets, %ld recipients, ",
	    c->max_size, c->max_recipients);
	if (c->max_parts > 0)
		buf_fmt(&s->note, "%ld SMS parts, ", c->max_parts);
	buf_fmt(&s->note, "%ld messages", c->max_messages);
	if (c->options)
		buf_puts(&s->note, "\nHeader fields: X-SMS-Priority, -TTL, "
		    "-Schedule, -Delivery-Report, -Device, -SIM, -From, "
		    "-Port");
	buf_puts(&s->note, "\nMail to <number@domain> is sent as an SMS");
}

static enum reply
do_help(struct session *s, char *args)
{
	const struct command *c;

	if (*args == '\0') {
		put_help(s);
		return REPLY_HELP;
	}
	c = find_command(s, args, strlen(args));
	if (c == NULL || c->syntax == NULL)
		return REPLY_NO_HELP;
	session_note(s, "Syntax: %s", c->syntax);
	if (c->handle == session_mail && !s->setup->lmtp)
		buf_puts(&s->note, " [PRDR]");
	return REPLY_HELP;
}

/* Log a command; a line that is none may be a misplaced password. */
static void
trace_command(struct session *s, const struct command *c, const char *line)
{
	if (c == NULL)
		session_trace(s, "c", "*** (not a command)");
	else if (c->handle == session_auth)
		session_trace(s, "c", "AUTH ***");
	else
		session_trace(s, "c", line);
}

/*
 * 1 if the line is, or begins, the first line of an HTTP request (RFC 9112, 3).
 * A web page may have made somebody's browser send it, with SMTP commands in
 * the body.
 */
static int
is_http(const struct command *c, const char *line)
{
	const char *target = line + strcspn(line, " ");

	return strstr(target, " HTTP/") != NULL ||
	    (c == NULL && strncmp(target, " /", 2) == 0);
}

/* REPLY_GO, or why the command must not run now. */
static enum reply
refusal(const struct session *s, const struct command *c, size_t len)
{
	enum reply r;

	if (len + 2 > (c != NULL ? c->line_max : LINE_LIMIT))
		return REPLY_TOO_LONG;
	if (c == NULL)
		return REPLY_UNKNOWN;
	if (s->config->require_tls && !s->tls && !c->clear)
		return REPLY_TLS_REQUIRED;
	r = c->in[s->state];
	if (s->setup->lmtp &&
	    (r == REPLY_HELLO_FIRST || r == REPLY_EHLO_FIRST))
		return REPLY_LHLO_FIRST;
	return r;
}

static enum reply
run_line(struct session *s, char *line, size_t len)
{
	size_t n = strcspn(line, " \t");
	const struct command *c = find_command(s, line, n);
	enum reply refused = refusal(s, c, len);
	char *args = line + n, *end = line + len;

	trace_command(s, c, line);
	if (is_http(c, line))
		return REPLY_421_HTTP;
	while (*args == ' ')
		args++;
	while (end > args && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	if (refused == REPLY_GO)
		return c->handle(s, args);
	if (c == NULL || c->handle != session_data_bdat)
		return refused;
	/* the message lacks this chunk, so send none of it */
	return refused == REPLY_TOO_LONG ? REPLY_BDAT_SYNTAX :
					   session_data_drop(s, args, refused);
}

/*
 * Reply to a line that conn.c has dropped.  End the session where the octets
 * that follow are no commands: after BDAT, after DATA if the client does not
 * wait for the reply, and after an HTTP request.
 */
static enum reply
drop_line(struct session *s, enum conn_status st)
{
	const char *head = s->conn.head;
	const struct command *c;

	if (st == CONN_EOF || st == CONN_TIMEOUT)
		return session_line_reply(s, st);
	c = find_command(s, head, strcspn(head, " \t"));
	if (c != NULL && c->handle == session_data_bdat)
		return REPLY_BDAT_SYNTAX;
	if (c != NULL && c->handle == session_data)
		return REPLY_421_LINES;
	if (is_http(c, head))
		return REPLY_421_HTTP;
	return session_line_reply(s, st);
}

void
session_greet(const struct session_setup *setup)
{
	struct session *s = &self;
	const struct config *c = setup->config;

	memset(s, 0, offsetof(struct session, conn));
	s->setup = setup;
	s->config = c;
	s->tls = setup->tls;
	session_tls_client(s, setup->client);
	if (setup->tls)
		session_count_tls(s, TALLY_TLS_OK);
	s->end = clock_ms() + 1000LL * c->timeout_session;
	s->early_end = clock_ms() + 1000LL * c->timeout_greeting;
	buf_init(&s->note, s->note_storage, sizeof(s->note_storage));
	conn_init(&s->conn, 0, 1, setup->any_lf ? DOTS_LF_EQUAL :
	    c->bare_lf			       ? DOTS_LF_REPAIR :
						 DOTS_LF_REFUSE);
	s->conn.wait = (int)c->timeout_command * 1000;
	session_set_deadline(s);
	session_note(s, "%s %s smtp2sms", c->hostname,
	    setup->lmtp ? "LMTP" : "ESMTP");
	session_reply(s, REPLY_GREETING);
	conn_flush(&s->conn);
}

/* 1 if the listener is stopping and no transaction is under way. */
static int
is_stopped(const struct session *s)
{
	return stop_deadline() != 0 && clock_left(stop_deadline()) == 0 &&
	    s->state <= SESSION_GREETED;
}

/* Report the counts, but not those of a dry run. */
static void
report_tally(struct session *s)
{
	if (s->config->metrics == NULL || s->setup->dry)
		return;
	s->tally.alone = !line_has_listener();
	ask_tally(&s->tally);
}

int
session_run(void)
{
	struct session *s = &self;
	enum conn_status st;
	size_t len;
	char *line;

	while (!s->over) {
		if (is_stopped(s)) {
			session_reply(s, REPLY_421_STOP);
			break;
		}
		st = conn_line(&s->conn, &line, &len);
		session_reply(s, st == CONN_OK ? run_line(s, line, len) :
						 drop_line(s, st));
	}
	session_reset(s);
	conn_farewell(&s->conn, FAREWELL);
	report_tally(s);
	log_limit_end(&s->log_limit);
	log_event(LOG_INFO, "end", "messages", LOG_NUM(s->messages), "refusals",
	    LOG_NUM(s->refusals), NULL);
	return ask_broken() ? -1 : 0;
}
