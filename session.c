/*
 * session: the command table, the states and the table of replies; the
 * only place that decides a reply (RFC 5321, 4954, 2034).  The octets are
 * conn.c's, the mail is mime.c's and text.c's, delivery is ask.c's.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "address.h"
#include "ask.h"
#include "auth.h"
#include "buf.h"
#include "clock.h"
#include "conn.h"
#include "log.h"
#include "mime.h"
#include "session.h"
#include "text.h"

#define LINE_LIMIT	512	/* octets with CRLF; RFC 5321, 4.5.3.1.4 */
#define LINE_LIMIT_MAIL 1055	/* SIZE 26, BODY 17, AUTH 500 more */
#define AUTH_DELAY	1000	/* milliseconds after a wrong password */
#define FAREWELL	1000	/* milliseconds for the last reply */
#define NOTE_MAX	2048	/* octets of a reply of many lines */
#define LOG_RCPTS	10	/* numbers in one line of the log */
#define LOG_REFUSALS	100	/* lines of the log; then only the sum */

/* ---- replies ---- */

enum reply {
	GO,		/* in the command table: the state allows it */
	R_NONE,		/* there is nobody to answer, or it is done */
	R_GREETING,
	R_BYE,
	R_OK,
	R_NOTE,		/* 250 and the lines of the note */
	R_HELP,
	R_SENDER_OK,
	R_RCPT_OK,
	R_ACCEPTED,
	R_AUTH_OK,
	R_VRFY,
	R_CHALLENGE,
	R_GO_AHEAD,
	R_421_DELIVERY,
	R_421_TIMEOUT,
	R_421_ERRORS,
	R_421_AUTH,
	R_421_MESSAGES,
	R_421_HTTP,
	R_GATEWAY_4XX,
	R_RETRY,
	R_UNREACHABLE,
	R_TIMEOUT,
	R_LOST,
	R_UNCLEAR,
	R_NO_DELIVERY,
	R_TOO_MANY_RCPTS,
	R_AUTH_TEMPORARY,
	R_UNKNOWN,
	R_BAD_LINE,
	R_TOO_LONG,
	R_SYNTAX,
	R_HELO_SYNTAX,
	R_MAIL_SYNTAX,
	R_RCPT_SYNTAX,
	R_BAD_SIZE,
	R_BAD_BODY,
	R_NO_ARGUMENT,
	R_BASE64,
	R_CANCELLED,
	R_NOT_HERE,
	R_HELLO_FIRST,
	R_EHLO_FIRST,
	R_MAIL_FIRST,
	R_NEED_MAIL,
	R_NEED_RCPT,
	R_NESTED_MAIL,
	R_IN_TRANSACTION,
	R_AUTH_TWICE,
	R_NO_MECHANISM,
	R_NO_HELP,
	R_AUTH_REQUIRED,
	R_AUTH_FAILED,
	R_AUTH_CLEAR,
	R_GATEWAY_5XX,
	R_PERMANENT,
	R_SENDER_DENIED,
	R_RCPT_FORMAT,
	R_RCPT_DOMAIN,
	R_RCPT_NUMBER,
	R_RCPT_DENIED,
	R_BARE,
	R_EMPTY,
	R_TOO_BIG,
	R_OVERLONG,
	R_PARAMETER
};

/* Whether a reply ends the session, or counts for max-errors. */
enum { KEEP, ERROR, CLOSE };

static const struct {
	int code;
	const char *enhanced;	/* RFC 3463; NULL: none */
	const char *text;	/* NULL: the note's lines */
	int effect;
} replies[] = {
	[R_GREETING] = {220, NULL, NULL, KEEP},
	[R_BYE] = {221, "2.0.0", "Bye", CLOSE},
	[R_OK] = {250, "2.0.0", "OK", KEEP},
	[R_NOTE] = {250, NULL, NULL, KEEP},
	[R_HELP] = {214, "2.0.0", NULL, KEEP},
	[R_SENDER_OK] = {250, "2.1.0", "Sender OK", KEEP},
	[R_RCPT_OK] = {250, "2.1.5", "Recipient OK", KEEP},
	[R_ACCEPTED] = {250, "2.0.0", NULL, KEEP},
	[R_AUTH_OK] = {235, "2.7.0", "Authentication successful", KEEP},
	[R_VRFY] = {252, "2.5.0", "Cannot verify, but will try", KEEP},
	[R_CHALLENGE] = {334, NULL, NULL, KEEP},
	[R_GO_AHEAD] = {354, NULL, "End data with <CRLF>.<CRLF>", KEEP},
	[R_421_DELIVERY] = {421, "4.3.0",
	    "Delivery is not available, try again later", CLOSE},
	[R_421_TIMEOUT] = {421, "4.4.2", "Timeout, closing connection", CLOSE},
	[R_421_ERRORS] = {421, "4.7.0", "Too many errors", CLOSE},
	[R_421_AUTH] = {421, "4.7.0", "Too many authentication failures",
	    CLOSE},
	[R_421_MESSAGES] = {421, "4.7.0", "Too many messages in one session",
	    CLOSE},
	[R_421_HTTP] = {421, "4.7.0", "This is not an HTTP server", CLOSE},
	[R_GATEWAY_4XX] = {450, "4.0.0",
	    "Temporary failure, try again later", KEEP},
	[R_RETRY] = {451, "4.3.0", "Temporary failure, try again later",
	    KEEP},
	[R_UNREACHABLE] = {451, "4.4.1", "No connection to the gateway",
	    KEEP},
	[R_TIMEOUT] = {451, "4.4.2", "Timeout", KEEP},
	[R_LOST] = {451, "4.4.2", "Connection to the gateway lost", KEEP},
	[R_UNCLEAR] = {451, "4.3.0", "The gateway's answer is unclear", KEEP},
	[R_NO_DELIVERY] = {451, "4.3.0",
	    "Delivery is not available, try again later", KEEP},
	[R_TOO_MANY_RCPTS] = {452, "4.5.3", "Too many recipients", KEEP},
	[R_AUTH_TEMPORARY] = {454, "4.7.0",
	    "Temporary authentication failure", KEEP},
	[R_UNKNOWN] = {500, "5.5.1", "Command not recognized", ERROR},
	[R_BAD_LINE] = {500, "5.5.2",
	    "Lines end in CRLF and hold no NUL, CR or LF", ERROR},
	[R_TOO_LONG] = {500, "5.5.6", "Line too long", ERROR},
	[R_SYNTAX] = {501, "5.5.4", "Syntax error in arguments", ERROR},
	[R_HELO_SYNTAX] = {501, "5.5.4", "Syntax: EHLO hostname", ERROR},
	[R_MAIL_SYNTAX] = {501, "5.5.4", "Syntax: MAIL FROM:<address>", ERROR},
	[R_RCPT_SYNTAX] = {501, "5.5.4", "Syntax: RCPT TO:<number@domain>",
	    ERROR},
	[R_BAD_SIZE] = {501, "5.5.4", "Bad value of SIZE", ERROR},
	[R_BAD_BODY] = {501, "5.5.4", "Bad value of BODY", ERROR},
	[R_NO_ARGUMENT] = {501, "5.5.4", "No argument allowed", ERROR},
	[R_BASE64] = {501, "5.5.2", "Invalid authentication response", ERROR},
	[R_CANCELLED] = {501, "5.7.0", "Authentication cancelled", ERROR},
	[R_NOT_HERE] = {502, "5.5.1", "Command not implemented", ERROR},
	[R_HELLO_FIRST] = {503, "5.5.1", "Send EHLO or HELO first", ERROR},
	[R_EHLO_FIRST] = {503, "5.5.1", "Send EHLO first", ERROR},
	[R_MAIL_FIRST] = {503, "5.5.1", "Send MAIL first", ERROR},
	[R_NEED_MAIL] = {503, "5.5.1", "Need MAIL command", ERROR},
	[R_NEED_RCPT] = {503, "5.5.1", "Need RCPT command", ERROR},
	[R_NESTED_MAIL] = {503, "5.5.1", "Nested MAIL command", ERROR},
	[R_IN_TRANSACTION] = {503, "5.5.1",
	    "Not allowed during a mail transaction", ERROR},
	[R_AUTH_TWICE] = {503, "5.5.1", "Already authenticated", ERROR},
	[R_NO_MECHANISM] = {504, "5.5.4",
	    "Unrecognized authentication mechanism", ERROR},
	[R_NO_HELP] = {504, "5.5.4", "No help for that", ERROR},
	[R_AUTH_REQUIRED] = {530, "5.7.0", "Authentication required", ERROR},
	[R_AUTH_FAILED] = {535, "5.7.8", "Authentication failed", KEEP},
	[R_AUTH_CLEAR] = {538, "5.7.11",
	    "Encryption required for requested authentication mechanism",
	    ERROR},
	[R_GATEWAY_5XX] = {550, "5.0.0", "Message delivery failed", KEEP},
	[R_PERMANENT] = {554, "5.0.0", "Message refused by the gateway",
	    KEEP},
	[R_SENDER_DENIED] = {550, "5.7.1", "Sender not allowed", KEEP},
	[R_RCPT_FORMAT] = {550, "5.1.3", "Invalid recipient format", KEEP},
	[R_RCPT_DOMAIN] = {550, "5.1.2", "Invalid recipient domain", KEEP},
	[R_RCPT_NUMBER] = {550, "5.1.3", "Invalid phone number format", KEEP},
	[R_RCPT_DENIED] = {550, "5.7.1", "Destination not allowed", KEEP},
	[R_BARE] = {550, "5.5.2", "Bare CR, bare LF or NUL in the message",
	    KEEP},
	[R_EMPTY] = {550, "5.6.0", "Message body is empty", KEEP},
	[R_TOO_BIG] = {552, "5.3.4", "Message too big", KEEP},
	[R_OVERLONG] = {552, "5.2.3", "Text has too many parts", KEEP},
	[R_PARAMETER] = {555, "5.5.4", "Parameter not recognized", ERROR},
};

/* ---- the session ---- */

enum state { START, GREETED, MAILED, RECEIVING, STATES };

static struct session {
	const struct session_setup *setup;
	const struct config *config;
	struct conn conn;
	enum state state;
	int authenticated;
	int warmed;		/* the delivery side knows that mail comes */
	int over;
	long messages, errors, refusals, auth_failures;
	long long end;		/* deadline of the session */
	struct buf note;
	char note_storage[NOTE_MAX];
	struct auth auth;
	char numbers[CONFIG_RCPTS_MAX][ADDRESS_NUMBER_MAX];
	char *rcpt[CONFIG_RCPTS_MAX];
	size_t nrcpt;
	struct ask_result result[CONFIG_RCPTS_MAX];
	struct mime mime;
	char text[TEXT_ROOM(MIME_TEXT_MAX + MIME_FIELD_MAX)];
} self;

struct command {
	const char *verb;
	enum reply in[STATES];	/* GO, or what the state answers */
	enum reply (*handle)(struct session *, char *args);
	size_t line_max;	/* octets with CRLF */
	const char *syntax;	/* for HELP; NULL: not to be mentioned */
};

static void
note(struct session *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Begin the note: the text of the reply that comes next. */
static void
note(struct session *s, const char *fmt, ...)
{
	va_list ap;

	buf_reset(&s->note);
	va_start(ap, fmt);
	buf_vfmt(&s->note, fmt, ap);
	va_end(ap);
}

static void
trace(struct session *s, const char *who, const char *line)
{
	if (s->setup->verbose)
		log_event(LOG_DEBUG, "dialogue", who, line, NULL);
}

/* One line of a reply; sep is '-' if there are more. */
static void
write_line(struct session *s, enum reply r, char sep, const char *text,
    size_t n)
{
	char line[NOTE_MAX + 32];
	struct buf b;

	buf_init(&b, line, sizeof(line));
	buf_fmt(&b, "%d%c", replies[r].code, sep);
	if (replies[r].enhanced != NULL)
		buf_fmt(&b, "%s ", replies[r].enhanced);
	buf_put(&b, text, n);
	trace(s, "s", line);
	buf_puts(&b, "\r\n");
	conn_write(&s->conn, b.p, b.len);
}

/* The only way to the client. */
static void
reply(struct session *s, enum reply r)
{
	const char *text, *nl;

	if (r == R_NONE || r == GO)
		return;
	if (replies[r].effect == ERROR &&
	    ++s->errors >= s->config->max_errors)
		r = R_421_ERRORS;
	text = replies[r].text != NULL ? replies[r].text : s->note.p;
	while ((nl = strchr(text, '\n')) != NULL) {
		write_line(s, r, '-', text, (size_t)(nl - text));
		text = nl + 1;
	}
	write_line(s, r, ' ', text, strlen(text));
	if (replies[r].effect == CLOSE)
		s->over = 1;
	if (replies[r].code >= 400 && s->refusals++ < LOG_REFUSALS)
		log_event(LOG_NOTICE, "refused", "code",
		    LOG_NUM(replies[r].code), "text", text, NULL);
}

static enum reply
line_reply(struct session *s, enum conn_status st)
{
	switch (st) {
	case CONN_TIMEOUT:
		return R_421_TIMEOUT;
	case CONN_LONG:
		return R_TOO_LONG;
	case CONN_BARE:
		return R_BAD_LINE;
	case CONN_EOF:
		s->over = 1;
		return R_NONE;
	case CONN_OK:
	case CONN_END:
		break;
	}
	return R_NONE;
}

static int
may_send(const struct session *s)
{
	return s->authenticated || s->setup->trusted;
}

static void
set_deadline(struct session *s)
{
	long long greeting;

	s->conn.until = s->end;
	if (may_send(s))
		return;
	greeting = s->end - 1000LL * s->config->timeout_session +
	    1000LL * s->config->timeout_greeting;
	if (greeting < s->end)
		s->conn.until = greeting;
}

static void
reset_transaction(struct session *s)
{
	s->nrcpt = 0;
	if (s->state != START)
		s->state = GREETED;
}

/* ---- hello and small talk ---- */

static enum reply
do_helo(struct session *s, char *args)
{
	if (*args == '\0')
		return R_HELO_SYNTAX;
	s->state = GREETED;
	reset_transaction(s);
	note(s, "%s", s->config->hostname);
	return R_NOTE;
}

static int
auth_offered(const struct session *s)
{
	return s->config->auth != CONFIG_AUTH_NONE && !s->authenticated &&
	    s->setup->auth_allowed;
}

static enum reply
do_ehlo(struct session *s, char *args)
{
	if (do_helo(s, args) != R_NOTE)
		return R_HELO_SYNTAX;
	buf_fmt(&s->note,
	    "\nPIPELINING\nSIZE %ld\n8BITMIME\nENHANCEDSTATUSCODES",
	    s->config->max_size);
	if (auth_offered(s)) {
		buf_puts(&s->note, "\nAUTH " AUTH_MECHANISMS);
		if (s->config->auth_legacy)
			buf_puts(&s->note, "\nAUTH=LOGIN PLAIN");
	}
	return R_NOTE;
}

static enum reply
do_rset(struct session *s, char *args)
{
	if (*args != '\0')
		return R_NO_ARGUMENT;
	reset_transaction(s);
	return R_OK;
}

static enum reply
do_noop(struct session *s, char *args)
{
	(void)s;
	(void)args;
	return R_OK;
}

static enum reply
do_quit(struct session *s, char *args)
{
	(void)s;
	return *args == '\0' ? R_BYE : R_NO_ARGUMENT;
}

static enum reply
do_vrfy(struct session *s, char *args)
{
	(void)s;
	return *args != '\0' ? R_VRFY : R_SYNTAX;
}

static enum reply
do_nothing(struct session *s, char *args)
{
	(void)s;
	(void)args;
	return R_NOT_HERE;
}

static enum reply
do_http(struct session *s, char *args)
{
	(void)s;
	(void)args;
	return R_421_HTTP;
}

/* ---- AUTH ---- */

/* The credentials are well-formed: are they right, as far as we ask? */
static enum verdict
judge(struct session *s)
{
	if (!auth_fits_http(&s->auth))
		return VERDICT_WRONG;
	if (s->config->auth_check)
		return ask_auth(&s->auth,
		    (int)s->config->timeout_gateway * 1000);
	return ask_login(&s->auth) == 0 ? VERDICT_OK : VERDICT_TEMPORARY;
}

static enum reply
auth_failed(struct session *s)
{
	log_event(LOG_WARNING, "auth", "user", s->auth.user, "result", "wrong",
	    NULL);
	conn_pause(&s->conn, AUTH_DELAY);
	if (++s->auth_failures >= s->config->max_auth_failures)
		return R_421_AUTH;
	return R_AUTH_FAILED;
}

static enum reply
auth_succeeded(struct session *s)
{
	s->authenticated = 1;
	set_deadline(s);
	log_context("user", s->auth.user);
	log_event(LOG_INFO, "auth", "result", "ok", NULL);
	return R_AUTH_OK;
}

/* Send the challenge and read its answer. */
static enum conn_status
challenge(struct session *s, char **line)
{
	enum conn_status st;
	size_t n;

	note(s, "%s", s->auth.challenge);
	reply(s, R_CHALLENGE);
	if ((st = conn_line(&s->conn, line, &n)) == CONN_OK)
		trace(s, "c", "***");
	return st;
}

static enum reply
auth_outcome(struct session *s, enum auth_status st)
{
	enum conn_status lost;
	char *line;

	switch (st) {
	case AUTH_UNKNOWN:
		return R_NO_MECHANISM;
	case AUTH_CANCELLED:
		return R_CANCELLED;
	case AUTH_MALFORMED:
		return R_BASE64;
	case AUTH_REFUSED:
		return auth_failed(s);
	case AUTH_CHALLENGE:
	case AUTH_DONE:
		break;
	}
	switch (judge(s)) {
	case VERDICT_OK:
		return auth_succeeded(s);
	case VERDICT_TEMPORARY:
		return R_AUTH_TEMPORARY;
	case VERDICT_WRONG:
		break;
	}
	if (auth_wrong(&s->auth) == AUTH_CHALLENGE &&
	    (lost = challenge(s, &line)) != CONN_OK)
		return line_reply(s, lost);
	return auth_failed(s);
}

static enum reply
do_auth(struct session *s, char *args)
{
	char *initial = args + strcspn(args, " "), *line;
	enum conn_status lost = CONN_OK;
	enum auth_status st;
	enum reply r;

	if (s->config->auth == CONFIG_AUTH_NONE)
		return R_NOT_HERE;
	if (s->authenticated)
		return R_AUTH_TWICE;
	if (!s->setup->auth_allowed)
		return R_AUTH_CLEAR;
	if (*args == '\0')
		return R_SYNTAX;
	if (*initial != '\0')
		*initial++ = '\0';
	st = auth_begin(&s->auth, args, *initial != '\0' ? initial : NULL);
	while (st == AUTH_CHALLENGE) {
		if ((lost = challenge(s, &line)) != CONN_OK)
			break;
		st = auth_answer(&s->auth, line);
	}
	r = lost != CONN_OK ? line_reply(s, lost) : auth_outcome(s, st);
	auth_wipe(&s->auth);
	conn_forget(&s->conn);
	return r;
}

/* ---- the envelope ---- */

/* The argument behind "FROM:" or "TO:", or NULL. */
static char *
after_keyword(char *args, const char *keyword)
{
	size_t n = strlen(keyword);

	return strncasecmp(args, keyword, n) == 0 ? args + n : NULL;
}

static enum reply
take_size(struct session *s, const char *value)
{
	size_t n = strlen(value);
	long size;

	if (n == 0 || n > 20 || strspn(value, "0123456789") != n)
		return R_BAD_SIZE;
	size = n > 18 ? s->config->max_size + 1 : strtol(value, NULL, 10);
	return size > s->config->max_size ? R_TOO_BIG : GO;
}

static enum reply
take_body(const char *value)
{
	if (strcasecmp(value, "7BIT") == 0 ||
	    strcasecmp(value, "8BITMIME") == 0)
		return GO;
	/* RFC 3030: a value of an extension that is not announced */
	return strcasecmp(value, "BINARYMIME") == 0 ? R_PARAMETER : R_BAD_BODY;
}

/* One ESMTP parameter of MAIL: GO, or why not. */
static enum reply
take_mail_parameter(struct session *s, char *word)
{
	char *value = strchr(word, '=');

	if (value != NULL)
		*value++ = '\0';
	if (strcasecmp(word, "SIZE") == 0)
		return take_size(s, value != NULL ? value : "");
	if (strcasecmp(word, "BODY") == 0)
		return take_body(value != NULL ? value : "");
	/* RFC 4954, section 5: whom the client speaks for is not used */
	if (strcasecmp(word, "AUTH") == 0 && value != NULL &&
	    s->config->auth != CONFIG_AUTH_NONE)
		return GO;
	return R_PARAMETER;
}

static enum reply
take_mail_parameters(struct session *s, char *args)
{
	char *word, *next;
	enum reply r;

	for (word = args; *word != '\0'; word = next) {
		next = word + strcspn(word, " ");
		if (*next != '\0')
			*next++ = '\0';
		if (*word != '\0' &&
		    (r = take_mail_parameter(s, word)) != GO)
			return r;
	}
	return GO;
}

static int
sender_allowed(const struct config *c, const struct path *p)
{
	char sender[ADDRESS_LOCAL_MAX + ADDRESS_DOMAIN_MAX + 2], *q;
	size_t i;

	snprintf(sender, sizeof(sender), "%s@%s", p->local, p->domain);
	for (q = sender; *q != '\0'; q++)
		if (*q >= 'A' && *q <= 'Z')
			*q = (char)(*q - 'A' + 'a');
	for (i = 0; i < c->sender_allow.n; i++)
		if (fnmatch(c->sender_allow.v[i], sender, 0) == 0)
			return 1;
	return c->sender_allow.n == 0;
}

static enum reply
do_mail(struct session *s, char *args)
{
	const char *end;
	struct path path;
	enum reply r;

	if (!may_send(s))
		return R_AUTH_REQUIRED;
	if (ask_broken())
		return R_421_DELIVERY;
	if (s->messages >= s->config->max_messages)
		return R_421_MESSAGES;
	if ((args = after_keyword(args, "FROM:")) == NULL ||
	    address_path(args, &end, &path) == -1 ||
	    (*end != '\0' && *end != ' '))
		return R_MAIL_SYNTAX;
	if ((r = take_mail_parameters(s, args + (end - args))) != GO)
		return r;
	if (!sender_allowed(s->config, &path))
		return R_SENDER_DENIED;
	s->state = MAILED;
	if (!s->warmed && !s->authenticated)
		ask_warm();
	s->warmed = 1;
	return R_SENDER_OK;
}

static int
is_our_domain(const struct config *c, const char *domain)
{
	size_t i;

	for (i = 0; i < c->domain.n; i++)
		if (strcmp(c->domain.v[i], "*") == 0 ||
		    strcasecmp(c->domain.v[i], domain) == 0)
			return 1;
	return 0;
}

/* GO, or why the numbers cannot be added; none is added by half. */
static enum reply
add_numbers(struct session *s, char *const *number, size_t n)
{
	const struct config *c = s->config;
	size_t i, k, before = s->nrcpt;

	for (i = 0; i < n; i++) {
		if (!address_allowed(number[i], c->allow.v, c->allow.n,
			c->deny.v, c->deny.n)) {
			s->nrcpt = before;
			return R_RCPT_DENIED;
		}
		for (k = 0; k < s->nrcpt; k++)
			if (strcmp(s->rcpt[k], number[i]) == 0)
				break;
		if (k < s->nrcpt)
			continue;
		if (s->nrcpt >= (size_t)c->max_recipients) {
			s->nrcpt = before;
			return R_TOO_MANY_RCPTS;
		}
		s->rcpt[s->nrcpt] = s->numbers[s->nrcpt];
		snprintf(s->numbers[s->nrcpt++], ADDRESS_NUMBER_MAX, "%s",
		    number[i]);
	}
	return GO;
}

static enum reply
add_recipient(struct session *s, const char *local)
{
	const struct config_alias *alias;
	char storage[ADDRESS_NUMBER_MAX], *number = storage;

	if ((alias = config_find_alias(s->config, local)) != NULL)
		return add_numbers(s, alias->numbers.v, alias->numbers.n);
	if (address_number(local, &s->config->address, number) == -1)
		return R_RCPT_NUMBER;
	return add_numbers(s, &number, 1);
}

static enum reply
do_rcpt(struct session *s, char *args)
{
	const char *end;
	struct path path;
	enum reply r;

	if ((args = after_keyword(args, "TO:")) == NULL)
		return R_RCPT_SYNTAX;
	if (address_path(args, &end, &path) == -1 || path.domain[0] == '\0')
		return R_RCPT_FORMAT;
	if (*end != '\0')
		return *end == ' ' ? R_PARAMETER : R_RCPT_FORMAT;
	if (!is_our_domain(s->config, path.domain))
		return R_RCPT_DOMAIN;
	if ((r = add_recipient(s, path.local)) != GO)
		return r;
	s->state = RECEIVING;
	return R_RCPT_OK;
}

/* ---- the message ---- */

/* SPEC, section 6: the two tables of replies. */
static enum reply
outcome_reply(const struct config *c, const struct ask_result *r)
{
	int retry = c->replies == CONFIG_REPLIES_RETRY;

	switch (r->outcome) {
	case OUTCOME_ACCEPTED:
		return R_ACCEPTED;
	case OUTCOME_CREDENTIALS:
		return R_AUTH_FAILED;
	case OUTCOME_REFUSED:
		if (!retry)
			return R_GATEWAY_4XX;
		return r->status == 408 || r->status == 425 ||
		    r->status == 429 ? R_RETRY : R_PERMANENT;
	case OUTCOME_FAILED:
		return retry ? R_RETRY : R_GATEWAY_5XX;
	case OUTCOME_TEMPORARY:
		return R_RETRY;
	case OUTCOME_PERMANENT:
		return R_PERMANENT;
	case OUTCOME_UNCLEAR:
		return R_UNCLEAR;
	case OUTCOME_LOST:
		return R_LOST;
	case OUTCOME_TIMEOUT:
		return R_TIMEOUT;
	case OUTCOME_UNREACHABLE:
		return R_UNREACHABLE;
	case OUTCOME_INTERNAL:
		return R_NO_DELIVERY;
	}
	return R_NO_DELIVERY;
}

/* The reply for all: what is worth a retry comes first, then what is not. */
static enum reply
worst_reply(const struct session *s)
{
	enum reply worst = R_ACCEPTED, r;
	size_t i;

	for (i = 0; i < s->nrcpt; i++) {
		r = outcome_reply(s->config, &s->result[i]);
		if (worst == R_ACCEPTED || (replies[worst].code >= 500 &&
		    r != R_ACCEPTED && replies[r].code < 500))
			worst = r;
	}
	return worst;
}

static const char *
outcome_name(enum outcome o)
{
	static const char *const names[] = {
		[OUTCOME_ACCEPTED] = "accepted",
		[OUTCOME_PERMANENT] = "permanent",
		[OUTCOME_CREDENTIALS] = "credentials",
		[OUTCOME_FAILED] = "failed",
		[OUTCOME_REFUSED] = "refused",
		[OUTCOME_TEMPORARY] = "temporary",
		[OUTCOME_UNCLEAR] = "unclear",
		[OUTCOME_LOST] = "lost",
		[OUTCOME_TIMEOUT] = "timeout",
		[OUTCOME_UNREACHABLE] = "unreachable",
		[OUTCOME_INTERNAL] = "internal",
	};

	return names[o];
}

/* The recipients from first on that share its result, masked. */
static void
log_result(struct session *s, const struct text_info *info, size_t first,
    size_t n)
{
	const struct ask_result *r = &s->result[first];
	char to[LOG_RCPTS * 20 + 8];
	struct buf b;
	size_t i;

	buf_init(&b, to, sizeof(to));
	for (i = first; i < first + n && i < first + LOG_RCPTS; i++)
		buf_fmt(&b, "%s%s", i > first ? "," : "",
		    LOG_MASKED(s->rcpt[i]));
	if (n > LOG_RCPTS)
		buf_puts(&b, ",...");
	log_event(r->outcome == OUTCOME_ACCEPTED ? LOG_INFO : LOG_WARNING,
	    "message", "to", to, "recipients", LOG_NUM(n), "parts",
	    LOG_NUM(info->parts), "alphabet",
	    text_alphabet_name(info->alphabet), "truncated",
	    info->truncated ? "yes" : NULL, "source", mime_source(&s->mime),
	    "outcome", outcome_name(r->outcome), "status", LOG_NUM(r->status),
	    "ms", LOG_NUM(r->ms), "id", r->id, NULL);
}

static void
log_results(struct session *s, const struct text_info *info)
{
	const struct ask_result *r = s->result;
	size_t i, first = 0;

	for (i = 1; i <= s->nrcpt; i++)
		if (i == s->nrcpt || r[i].outcome != r[first].outcome ||
		    strcmp(r[i].id, r[first].id) != 0) {
			log_result(s, info, first, i - first);
			first = i;
		}
}

static enum reply
deliver(struct session *s, const struct text_info *info)
{
	const struct ask_message m = {
		.text = s->text,
		.message_id = mime_field(&s->mime, MIME_MESSAGE_ID),
		.date = mime_field(&s->mime, MIME_DATE),
		.to = s->rcpt,
		.nto = s->nrcpt,
	};

	ask_send(&m, s->result, (int)s->config->timeout_gateway * 1000);
	log_results(s, info);
	note(s, "Message accepted, queued as %s (%zu recipient%s, "
	    "%u part%s, %s%s)", s->result[0].id, s->nrcpt,
	    s->nrcpt == 1 ? "" : "s", info->parts,
	    info->parts == 1 ? "" : "s", text_alphabet_name(info->alphabet),
	    info->truncated ? ", truncated" : "");
	return worst_reply(s);
}

static enum reply
send_text(struct session *s)
{
	struct text_rules rules = config_text_rules(s->config);
	struct text_info info;
	struct buf out;

	buf_init(&out, s->text, sizeof(s->text));
	switch (text_make(&out, mime_field(&s->mime, MIME_SUBJECT),
	    mime_text(&s->mime), mime_overflow(&s->mime), &rules, &info)) {
	case TEXT_EMPTY:
		return R_EMPTY;
	case TEXT_TOO_LONG:
		return R_OVERLONG;
	case TEXT_OK:
		break;
	}
	return deliver(s, &info);
}

static enum reply
do_data(struct session *s, char *args)
{
	enum conn_status st;
	const char *p;
	size_t n, size = 0, max = (size_t)s->config->max_size;
	enum reply r;

	if (*args != '\0')
		return R_NO_ARGUMENT;
	reply(s, R_GO_AHEAD);
	mime_init(&s->mime, s->config->links);
	conn_data_begin(&s->conn);
	s->conn.wait = (int)s->config->timeout_data * 1000;
	while ((st = conn_data(&s->conn, &p, &n)) == CONN_OK) {
		size += n;
		if (size <= max)
			mime_feed(&s->mime, p, n);
	}
	s->conn.wait = (int)s->config->timeout_command * 1000;
	if (st != CONN_END)
		return line_reply(s, st);
	mime_end(&s->mime);
	s->messages++;
	r = conn_bare(&s->conn) ? R_BARE : size > max ? R_TOO_BIG : GO;
	if (r == GO)
		r = send_text(s);
	reset_transaction(s);
	return r;
}

/* ---- the table ---- */

static enum reply do_help(struct session *, char *);

#define ANYWHERE {GO, GO, GO, GO}

static const struct command commands[] = {
	{"EHLO", ANYWHERE, do_ehlo, LINE_LIMIT, "EHLO hostname"},
	{"HELO", ANYWHERE, do_helo, LINE_LIMIT, "HELO hostname"},
	{"AUTH", {R_EHLO_FIRST, GO, R_IN_TRANSACTION, R_IN_TRANSACTION},
	    do_auth, CONN_LINE_MAX, "AUTH mechanism [initial-response]"},
	{"MAIL", {R_HELLO_FIRST, GO, R_NESTED_MAIL, R_NESTED_MAIL}, do_mail,
	    LINE_LIMIT_MAIL,
	    "MAIL FROM:<address> [SIZE=octets] [BODY=7BIT|8BITMIME]"},
	{"RCPT", {R_HELLO_FIRST, R_MAIL_FIRST, GO, GO}, do_rcpt, LINE_LIMIT,
	    "RCPT TO:<number@domain>"},
	{"DATA", {R_HELLO_FIRST, R_NEED_MAIL, R_NEED_RCPT, GO}, do_data,
	    LINE_LIMIT, "DATA"},
	{"RSET", ANYWHERE, do_rset, LINE_LIMIT, "RSET"},
	{"NOOP", ANYWHERE, do_noop, LINE_LIMIT, "NOOP [anything]"},
	{"QUIT", ANYWHERE, do_quit, LINE_LIMIT, "QUIT"},
	{"HELP", ANYWHERE, do_help, LINE_LIMIT, "HELP [command]"},
	{"VRFY", ANYWHERE, do_vrfy, LINE_LIMIT, "VRFY number"},
	{"EXPN", ANYWHERE, do_nothing, LINE_LIMIT, NULL},
	{"ETRN", ANYWHERE, do_nothing, LINE_LIMIT, NULL},
	{"TURN", ANYWHERE, do_nothing, LINE_LIMIT, NULL},
	/* a browser that was lured here must not go on (cross-protocol) */
	{"GET", ANYWHERE, do_http, CONN_IN_MAX, NULL},
	{"POST", ANYWHERE, do_http, CONN_IN_MAX, NULL},
	{"PUT", ANYWHERE, do_http, CONN_IN_MAX, NULL},
	{"HEAD", ANYWHERE, do_http, CONN_IN_MAX, NULL},
	{"PATCH", ANYWHERE, do_http, CONN_IN_MAX, NULL},
	{"DELETE", ANYWHERE, do_http, CONN_IN_MAX, NULL},
	{"OPTIONS", ANYWHERE, do_http, CONN_IN_MAX, NULL},
	{"CONNECT", ANYWHERE, do_http, CONN_IN_MAX, NULL},
	{"TRACE", ANYWHERE, do_http, CONN_IN_MAX, NULL},
};
#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *
find_command(const char *verb, size_t n)
{
	size_t i;

	for (i = 0; i < NCOMMANDS; i++)
		if (strlen(commands[i].verb) == n &&
		    strncasecmp(commands[i].verb, verb, n) == 0)
			return &commands[i];
	return NULL;
}

static enum reply
do_help(struct session *s, char *args)
{
	const struct command *c;
	size_t i;

	if (*args != '\0') {
		c = find_command(args, strlen(args));
		if (c == NULL || c->syntax == NULL)
			return R_NO_HELP;
		note(s, "Syntax: %s", c->syntax);
		return R_HELP;
	}
	note(s, "Commands:");
	for (i = 0; i < NCOMMANDS; i++)
		if (commands[i].syntax != NULL)
			buf_fmt(&s->note, " %s", commands[i].verb);
	buf_puts(&s->note, "\nMail to <number@domain> is sent as an SMS");
	return R_HELP;
}

/* What is no command may be a password that came at the wrong time. */
static void
trace_command(struct session *s, const struct command *c, const char *line)
{
	if (c == NULL)
		trace(s, "c", "*** (not a command)");
	else if (c->handle == do_auth)
		trace(s, "c", "AUTH ***");
	else
		trace(s, "c", line);
}

static enum reply
run_line(struct session *s, char *line, size_t len)
{
	size_t n = strcspn(line, " ");
	const struct command *c = find_command(line, n);
	char *args = line + n, *end = line + len;

	trace_command(s, c, line);
	if (len + 2 > (c != NULL ? c->line_max : LINE_LIMIT))
		return R_TOO_LONG;
	if (c == NULL)
		return R_UNKNOWN;
	if (c->in[s->state] != GO)
		return c->in[s->state];
	while (*args == ' ')
		args++;
	while (end > args && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return c->handle(s, args);
}

int
session_run(const struct session_setup *setup)
{
	struct session *s = &self;
	const struct config *c = setup->config;
	enum conn_status st;
	size_t len;
	char *line;

	s->setup = setup;
	s->config = c;
	s->end = clock_ms() + 1000LL * c->timeout_session;
	buf_init(&s->note, s->note_storage, sizeof(s->note_storage));
	conn_init(&s->conn, 0, 1, setup->any_lf ? CONN_LF_EQUAL :
	    c->bare_lf			       ? CONN_LF_REPAIR :
						 CONN_LF_REFUSE);
	s->conn.wait = (int)c->timeout_command * 1000;
	set_deadline(s);
	note(s, "%s ESMTP smtp2sms", c->hostname);
	reply(s, R_GREETING);
	while (!s->over) {
		st = conn_line(&s->conn, &line, &len);
		reply(s, st == CONN_OK ? run_line(s, line, len) :
					 line_reply(s, st));
	}
	conn_farewell(&s->conn, FAREWELL);
	log_event(LOG_INFO, "end", "messages", LOG_NUM(s->messages), "refusals",
	    LOG_NUM(s->refusals), NULL);
	return ask_broken() ? -1 : 0;
}
