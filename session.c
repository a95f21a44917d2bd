/*
 * session: the command table and the states; the only place that decides a
 * reply (RFC 5321, 4954, 3207), by a name of reply.h.  The octets are
 * conn.c's, the mail is mime.c's and text.c's, delivery is ask.c's.
 */
#include <fnmatch.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "address.h"
#include "ask.h"
#include "auth.h"
#include "buf.h"
#include "clock.h"
#include "conn.h"
#include "log.h"
#include "mime.h"
#include "reply.h"
#include "session.h"
#include "text.h"

#define LINE_LIMIT	512	/* octets with CRLF; RFC 5321, 4.5.3.1.4 */
#define LINE_LIMIT_MAIL 1055	/* SIZE 26, BODY 17, AUTH 500 more */
#define AUTH_DELAY	1000	/* milliseconds after a wrong password */
#define FAREWELL	1000	/* milliseconds for the last reply */
#define NOTE_MAX	2048	/* octets of a reply of many lines */
#define LOG_RCPTS	10	/* numbers in one line of the log */
#define LOG_REFUSALS	100	/* lines of the log; then only the sum */

/* ---- the session ---- */

enum state { START, GREETED, MAILED, RECEIVING, STATES };

static struct session {
	const struct session_setup *setup;
	const struct config *config;
	struct conn conn;
	enum state state;
	int tls;
	char client[AUTH_USER_MAX + 1]; /* of a certificate; "": none */
	int authenticated;
	int warmed;		/* the delivery side knows that mail comes */
	int over;
	long messages, errors, refusals, auth_failures;
	long long end;		/* deadline of the session */
	struct buf note;
	char note_storage[NOTE_MAX];
	struct auth auth;
	struct rights rights;	/* of the login; not set: as configured */
	struct options options;	/* of the message */
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
	int clear;		/* may come before TLS under require-tls */
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
write_line(struct session *s, const struct reply_text *r, char sep,
    const char *text, size_t n)
{
	char line[NOTE_MAX + 32];
	struct buf b;

	buf_init(&b, line, sizeof(line));
	buf_fmt(&b, "%d%c", r->code, sep);
	if (r->enhanced != NULL)
		buf_fmt(&b, "%s ", r->enhanced);
	buf_put(&b, text, n);
	trace(s, "s", line);
	buf_puts(&b, "\r\n");
	conn_write(&s->conn, b.p, b.len);
}

/* The only way to the client. */
static void
reply(struct session *s, enum reply which)
{
	const struct reply_text *r = reply_of(which);
	const char *text, *nl;

	if (which == REPLY_NONE || which == GO)
		return;
	if (r->effect == ERROR && ++s->errors >= s->config->max_errors)
		r = reply_of(REPLY_421_ERRORS);
	text = r->text != NULL ? r->text : s->note.p;
	while ((nl = strchr(text, '\n')) != NULL) {
		write_line(s, r, '-', text, (size_t)(nl - text));
		text = nl + 1;
	}
	write_line(s, r, ' ', text, strlen(text));
	if (r->effect == CLOSE)
		s->over = 1;
	if (r->code >= 400 && s->refusals++ < LOG_REFUSALS)
		log_event(LOG_NOTICE, "refused", "code", LOG_NUM(r->code),
		    "text", text, NULL);
}

static enum reply
line_reply(struct session *s, enum conn_status st)
{
	switch (st) {
	case CONN_TIMEOUT:
		return REPLY_421_TIMEOUT;
	case CONN_LONG:
		return REPLY_TOO_LONG;
	case CONN_BARE:
		return REPLY_BAD_LINE;
	case CONN_EOF:
		s->over = 1;
		return REPLY_NONE;
	case CONN_OK:
	case CONN_END:
		break;
	}
	return REPLY_NONE;
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
		return REPLY_HELO_SYNTAX;
	s->state = GREETED;
	reset_transaction(s);
	note(s, "%s", s->config->hostname);
	return REPLY_NOTE;
}

static int
auth_allowed(const struct session *s)
{
	return s->tls || (s->setup->auth_in_clear && !s->config->require_tls);
}

static int
auth_offered(const struct session *s)
{
	return s->config->auth != CONFIG_AUTH_NONE && !s->authenticated &&
	    auth_allowed(s);
}

static int
tls_offered(const struct session *s)
{
	return !s->tls && s->setup->tls_control != -1;
}

static enum reply
do_ehlo(struct session *s, char *args)
{
	if (do_helo(s, args) != REPLY_NOTE)
		return REPLY_HELO_SYNTAX;
	buf_fmt(&s->note,
	    "\nPIPELINING\nSIZE %ld\n8BITMIME\nENHANCEDSTATUSCODES",
	    s->config->max_size);
	if (tls_offered(s))
		buf_puts(&s->note, "\nSTARTTLS");
	if (auth_offered(s)) {
		buf_puts(&s->note, "\nAUTH " AUTH_MECHANISMS);
		if (s->client[0] != '\0')
			buf_puts(&s->note, " EXTERNAL");
		if (s->config->auth_legacy)
			buf_puts(&s->note, "\nAUTH=LOGIN PLAIN");
	}
	return REPLY_NOTE;
}

static enum reply
do_rset(struct session *s, char *args)
{
	if (*args != '\0')
		return REPLY_NO_ARGUMENT;
	reset_transaction(s);
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

static enum reply
do_http(struct session *s, char *args)
{
	(void)s;
	(void)args;
	return REPLY_421_HTTP;
}

/* ---- STARTTLS (RFC 3207) by UCSPI-TLS ---- */

/*
 * The wrapper's variables, NUL-terminated, with another NUL at the end.
 * They come when the handshake is over; 0, or -1 if it failed.
 */
static int
read_tls_variables(struct session *s, char *block, size_t room)
{
	struct pollfd p = {.fd = s->setup->tls_control, .events = POLLIN};
	size_t have = 0;
	ssize_t n;

	for (;;) {
		if (poll(&p, 1, clock_left(s->conn.until)) != 1)
			return -1;
		n = read(p.fd, block + have, room - have);
		if (n <= 0)
			return -1;
		have += (size_t)n;
		if (block[have - 1] == '\0' &&
		    (have == 1 || block[have - 2] == '\0'))
			return 0;
		if (have == room)
			return -1;
	}
}

/* The value of a variable in the block, or NULL. */
static const char *
tls_variable(const char *block, const char *name)
{
	size_t n = strlen(name);

	for (; *block != '\0'; block += strlen(block) + 1)
		if (strncmp(block, name, n) == 0 && block[n] == '=')
			return block + n + 1;
	return NULL;
}

/* Whom the wrapper has verified; it names nobody else. */
static void
take_client(struct session *s, const char *subject)
{
	if (subject != NULL && strlen(subject) < sizeof(s->client))
		strcpy(s->client, subject);
}

/* Everything that was said in clear is forgotten. */
static void
forget_clear(struct session *s)
{
	s->state = START;
	s->nrcpt = 0;
	if (s->authenticated) {
		s->authenticated = 0;
		log_context("user", NULL);
		ask_forget();
		set_deadline(s);
	}
}

static enum reply
do_starttls(struct session *s, char *args)
{
	char *block = s->text; /* no message is there to use it */

	if (s->tls)
		return REPLY_TLS_TWICE;
	if (s->setup->tls_control == -1)
		return REPLY_NOT_HERE;
	if (*args != '\0')
		return REPLY_NO_ARGUMENT;
	if (conn_switch(&s->conn, s->conn.in, s->conn.out) == -1)
		return REPLY_TLS_BEHIND;
	reply(s, REPLY_TLS_READY);
	conn_flush(&s->conn);
	s->tls = 1;
	if (s->conn.gone || write(s->setup->tls_control, "Y", 1) != 1 ||
	    read_tls_variables(s, block, sizeof(s->text)) == -1) {
		log_event(LOG_WARNING, "starttls", "error", "no handshake",
		    NULL);
		s->over = 1;
		return REPLY_NONE;
	}
	close(s->setup->tls_control);
	close(s->conn.in); /* clear text could still be written there */
	close(s->conn.out);
	conn_switch(&s->conn, s->setup->tls_in, s->setup->tls_out);
	forget_clear(s);
	take_client(s, tls_variable(block, "SSL_CLIENT_S_DN"));
	log_event(LOG_INFO, "starttls", "protocol",
	    tls_variable(block, "SSL_PROTOCOL"), "cipher",
	    tls_variable(block, "SSL_CIPHER"), NULL);
	return REPLY_NONE;
}

/* ---- AUTH ---- */

/* The credentials are well-formed: are they right, as far as we ask? */
static enum verdict
judge(struct session *s)
{
	if (s->auth.mechanism == AUTH_EXTERNAL)
		return ask_login(&s->auth) == 0 ? VERDICT_OK :
						  VERDICT_TEMPORARY;
	if (!auth_fits_http(&s->auth))
		return VERDICT_WRONG;
	if (s->config->auth_check)
		return ask_auth(&s->auth, &s->rights,
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
		return REPLY_421_AUTH;
	return REPLY_AUTH_FAILED;
}

static enum reply
auth_succeeded(struct session *s)
{
	s->authenticated = 1;
	set_deadline(s);
	log_context("user", s->auth.user);
	log_event(LOG_INFO, "auth", "result", "ok", NULL);
	return REPLY_AUTH_OK;
}

/* Send the challenge and read its answer. */
static enum conn_status
challenge(struct session *s, char **line)
{
	enum conn_status st;
	size_t n;

	note(s, "%s", s->auth.challenge);
	reply(s, REPLY_CHALLENGE);
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
		return REPLY_NO_MECHANISM;
	case AUTH_CANCELLED:
		return REPLY_CANCELLED;
	case AUTH_MALFORMED:
		return REPLY_BASE64;
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
		return REPLY_AUTH_TEMPORARY;
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
		return REPLY_NOT_HERE;
	if (s->authenticated)
		return REPLY_AUTH_TWICE;
	if (!auth_allowed(s))
		return REPLY_AUTH_CLEAR;
	if (*args == '\0')
		return REPLY_SYNTAX;
	if (*initial != '\0')
		*initial++ = '\0';
	st = auth_begin(&s->auth, args, *initial != '\0' ? initial : NULL,
	    s->client);
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
		return REPLY_BAD_SIZE;
	size = n > 18 ? s->config->max_size + 1 : strtol(value, NULL, 10);
	return size > s->config->max_size ? REPLY_TOO_BIG : GO;
}

static enum reply
take_body(const char *value)
{
	if (strcasecmp(value, "7BIT") == 0 ||
	    strcasecmp(value, "8BITMIME") == 0)
		return GO;
	/* RFC 3030: a value of an extension that is not announced */
	return strcasecmp(value, "BINARYMIME") == 0 ? REPLY_PARAMETER :
						      REPLY_BAD_BODY;
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
	return REPLY_PARAMETER;
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
		return REPLY_AUTH_REQUIRED;
	if (ask_broken())
		return REPLY_421_DELIVERY;
	if (s->messages >= s->config->max_messages)
		return REPLY_421_MESSAGES;
	if ((args = after_keyword(args, "FROM:")) == NULL ||
	    address_path(args, &end, &path) == -1 ||
	    (*end != '\0' && *end != ' '))
		return REPLY_MAIL_SYNTAX;
	if ((r = take_mail_parameters(s, args + (end - args))) != GO)
		return r;
	if (!sender_allowed(s->config, &path))
		return REPLY_SENDER_DENIED;
	s->state = MAILED;
	if (!s->warmed && !s->authenticated)
		ask_warm();
	s->warmed = 1;
	return REPLY_SENDER_OK;
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
			return REPLY_RCPT_DENIED;
		}
		for (k = 0; k < s->nrcpt; k++)
			if (strcmp(s->rcpt[k], number[i]) == 0)
				break;
		if (k < s->nrcpt)
			continue;
		if (s->nrcpt >= (size_t)c->max_recipients) {
			s->nrcpt = before;
			return REPLY_TOO_MANY_RCPTS;
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
		return REPLY_RCPT_NUMBER;
	return add_numbers(s, &number, 1);
}

static enum reply
do_rcpt(struct session *s, char *args)
{
	const char *end;
	struct path path;
	enum reply r;

	if ((args = after_keyword(args, "TO:")) == NULL)
		return REPLY_RCPT_SYNTAX;
	if (address_path(args, &end, &path) == -1 || path.domain[0] == '\0')
		return REPLY_RCPT_FORMAT;
	if (*end != '\0')
		return *end == ' ' ? REPLY_PARAMETER : REPLY_RCPT_FORMAT;
	if (!is_our_domain(s->config, path.domain))
		return REPLY_RCPT_DOMAIN;
	if ((r = add_recipient(s, path.local)) != GO)
		return r;
	s->state = RECEIVING;
	return REPLY_RCPT_OK;
}

/* ---- the message ---- */

/* SPEC, section 6: the two tables of replies. */
static enum reply
outcome_reply(const struct config *c, const struct ask_result *r)
{
	int retry = c->replies == CONFIG_REPLIES_RETRY;

	switch (r->outcome) {
	case OUTCOME_ACCEPTED:
		return REPLY_ACCEPTED;
	case OUTCOME_CREDENTIALS:
		return REPLY_AUTH_FAILED;
	case OUTCOME_REFUSED:
		if (!retry)
			return REPLY_GATEWAY_4XX;
		return r->status == 408 || r->status == 425 ||
		    r->status == 429 ? REPLY_RETRY : REPLY_PERMANENT;
	case OUTCOME_FAILED:
		return retry ? REPLY_RETRY : REPLY_GATEWAY_5XX;
	case OUTCOME_TEMPORARY:
		return REPLY_RETRY;
	case OUTCOME_PERMANENT:
		return REPLY_PERMANENT;
	case OUTCOME_UNCLEAR:
		return REPLY_UNCLEAR;
	case OUTCOME_LOST:
		return REPLY_LOST;
	case OUTCOME_TIMEOUT:
		return REPLY_TIMEOUT;
	case OUTCOME_UNREACHABLE:
		return REPLY_UNREACHABLE;
	case OUTCOME_INTERNAL:
		return REPLY_NO_DELIVERY;
	}
	return REPLY_NO_DELIVERY;
}

/* The reply for all: what is worth a retry comes first, then what is not. */
static enum reply
worst_reply(const struct session *s)
{
	enum reply worst = REPLY_ACCEPTED, r;
	size_t i;

	for (i = 0; i < s->nrcpt; i++) {
		r = outcome_reply(s->config, &s->result[i]);
		if (worst == REPLY_ACCEPTED ||
		    (reply_of(worst)->code >= 500 && r != REPLY_ACCEPTED &&
		    reply_of(r)->code < 500))
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
		.options = &s->options,
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
		return REPLY_EMPTY;
	case TEXT_TOO_LONG:
		return REPLY_OVERLONG;
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
		return REPLY_NO_ARGUMENT;
	reply(s, REPLY_GO_AHEAD);
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
	r = conn_bare(&s->conn) ? REPLY_BARE : size > max ? REPLY_TOO_BIG : GO;
	if (r == GO)
		r = send_text(s);
	reset_transaction(s);
	return r;
}

/* ---- the table ---- */

static enum reply do_help(struct session *, char *);

#define ANYWHERE {GO, GO, GO, GO}

static const struct command commands[] = {
	{"EHLO", ANYWHERE, do_ehlo, LINE_LIMIT, "EHLO hostname", 1},
	{"HELO", ANYWHERE, do_helo, LINE_LIMIT, "HELO hostname", 0},
	{"STARTTLS", {REPLY_EHLO_FIRST, GO, GO, GO}, do_starttls, LINE_LIMIT,
	    "STARTTLS", 1},
	{"AUTH",
	    {REPLY_EHLO_FIRST, GO, REPLY_IN_TRANSACTION, REPLY_IN_TRANSACTION},
	    do_auth, CONN_LINE_MAX, "AUTH mechanism [initial-response]", 0},
	{"MAIL",
	    {REPLY_HELLO_FIRST, GO, REPLY_NESTED_MAIL, REPLY_NESTED_MAIL},
	    do_mail, LINE_LIMIT_MAIL,
	    "MAIL FROM:<address> [SIZE=octets] [BODY=7BIT|8BITMIME]", 0},
	{"RCPT", {REPLY_HELLO_FIRST, REPLY_MAIL_FIRST, GO, GO}, do_rcpt,
	    LINE_LIMIT, "RCPT TO:<number@domain>", 0},
	{"DATA", {REPLY_HELLO_FIRST, REPLY_NEED_MAIL, REPLY_NEED_RCPT, GO},
	    do_data, LINE_LIMIT, "DATA", 0},
	{"RSET", ANYWHERE, do_rset, LINE_LIMIT, "RSET", 0},
	{"NOOP", ANYWHERE, do_noop, LINE_LIMIT, "NOOP [anything]", 1},
	{"QUIT", ANYWHERE, do_quit, LINE_LIMIT, "QUIT", 1},
	{"HELP", ANYWHERE, do_help, LINE_LIMIT, "HELP [command]", 1},
	{"VRFY", ANYWHERE, do_vrfy, LINE_LIMIT, "VRFY number", 0},
	{"EXPN", ANYWHERE, do_nothing, LINE_LIMIT, NULL, 0},
	{"ETRN", ANYWHERE, do_nothing, LINE_LIMIT, NULL, 0},
	{"TURN", ANYWHERE, do_nothing, LINE_LIMIT, NULL, 0},
	/* a browser that was lured here must not go on (cross-protocol) */
	{"GET", ANYWHERE, do_http, CONN_IN_MAX, NULL, 1},
	{"POST", ANYWHERE, do_http, CONN_IN_MAX, NULL, 1},
	{"PUT", ANYWHERE, do_http, CONN_IN_MAX, NULL, 1},
	{"HEAD", ANYWHERE, do_http, CONN_IN_MAX, NULL, 1},
	{"PATCH", ANYWHERE, do_http, CONN_IN_MAX, NULL, 1},
	{"DELETE", ANYWHERE, do_http, CONN_IN_MAX, NULL, 1},
	{"OPTIONS", ANYWHERE, do_http, CONN_IN_MAX, NULL, 1},
	{"CONNECT", ANYWHERE, do_http, CONN_IN_MAX, NULL, 1},
	{"TRACE", ANYWHERE, do_http, CONN_IN_MAX, NULL, 1},
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
			return REPLY_NO_HELP;
		note(s, "Syntax: %s", c->syntax);
		return REPLY_HELP;
	}
	note(s, "Commands:");
	for (i = 0; i < NCOMMANDS; i++)
		if (commands[i].syntax != NULL &&
		    (commands[i].handle != do_starttls || tls_offered(s)))
			buf_fmt(&s->note, " %s", commands[i].verb);
	buf_puts(&s->note, "\nMail to <number@domain> is sent as an SMS");
	return REPLY_HELP;
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
		return REPLY_TOO_LONG;
	if (c == NULL)
		return REPLY_UNKNOWN;
	if (s->config->require_tls && !s->tls && !c->clear)
		return REPLY_TLS_REQUIRED;
	if (c->in[s->state] != GO)
		return c->in[s->state];
	while (*args == ' ')
		args++;
	while (end > args && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return c->handle(s, args);
}

void
session_greet(const struct session_setup *setup)
{
	struct session *s = &self;
	const struct config *c = setup->config;

	s->setup = setup;
	s->config = c;
	s->tls = setup->tls;
	take_client(s, setup->client);
	s->end = clock_ms() + 1000LL * c->timeout_session;
	buf_init(&s->note, s->note_storage, sizeof(s->note_storage));
	conn_init(&s->conn, 0, 1, setup->any_lf ? CONN_LF_EQUAL :
	    c->bare_lf			       ? CONN_LF_REPAIR :
						 CONN_LF_REFUSE);
	s->conn.wait = (int)c->timeout_command * 1000;
	set_deadline(s);
	note(s, "%s ESMTP smtp2sms", c->hostname);
	reply(s, REPLY_GREETING);
	conn_flush(&s->conn);
}

int
session_run(void)
{
	struct session *s = &self;
	enum conn_status st;
	size_t len;
	char *line;

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
