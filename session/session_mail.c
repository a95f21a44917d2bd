/*
 * session_mail: the envelope: MAIL and RCPT with their parameters, senders
 * and recipients.  session_options.c checks whether the gateway supports the
 * parameters.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/path.h"
#include "session/ask.h"
#include "session/parameter.h"
#include "session/session.h"
#include "session/session_private.h"

#define DOMAINS_MAX 400 /* octets of a reply that names our domains */

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* ---- parameters ---- */

/*
 * A parameter of MAIL or RCPT.  parse returns REPLY_GO, or what is wrong; value
 * is NULL if there is no "=".
 */
struct parameter {
	const char *keyword;
	enum reply (*parse)(struct session *, const char *value);
	int smtp;	/* SMTP has it, LMTP does not */
};

static enum reply
parse_size(struct session *s, const char *value)
{
	long size;

	if (value == NULL || parameter_size(value, &size) == -1)
		return REPLY_BAD_SIZE;
	return size > s->config->max_size ? REPLY_TOO_BIG : REPLY_GO;
}

/* RFC 6152; RFC 3030, 3. */
static enum reply
parse_body(struct session *s, const char *value)
{
	if (value == NULL)
		return REPLY_BAD_BODY;
	s->message.binary = strcasecmp(value, "BINARYMIME") == 0;
	return s->message.binary || strcasecmp(value, "7BIT") == 0 ||
	    strcasecmp(value, "8BITMIME") == 0 ? REPLY_GO : REPLY_BAD_BODY;
}

/*
 * The submitter's identity (RFC 4954, 5): checked, but not used.  Some clients
 * give it although AUTH was never offered.
 */
static enum reply
parse_auth(struct session *s, const char *value)
{
	if (s->config->auth == CONFIG_AUTH_NONE)
		return REPLY_GO;
	return value != NULL && parameter_xtext(value) == 0 ? REPLY_GO :
							      REPLY_BAD_AUTH;
}

static enum reply
parse_utf8(struct session *s, const char *value)
{
	s->message.utf8 = 1;
	return value == NULL ? REPLY_GO : REPLY_BAD_UTF8;
}

static enum reply
parse_prdr(struct session *s, const char *value)
{
	s->message.prdr = 1;
	return value == NULL ? REPLY_GO : REPLY_BAD_PRDR;
}

static enum reply
parse_priority(struct session *s, const char *value)
{
	struct options *o = &s->message.options;

	s->message.prioritised = 1;
	o->priority_kind = OPTIONS_PRIORITY_LEVEL;
	return value != NULL && parameter_level(value, &o->priority) == 0 ?
	    REPLY_GO : REPLY_BAD_PRIORITY;
}

/*
 * BY;R asks that the message be given up after that time: the gateway's TTL
 * does that.  BY;N asks for a notice of delay instead (RFC 2852, 3); nobody
 * here can write one, so the time is used as a TTL, too, and the reply says
 * that there will be no notice.
 */
static enum reply
parse_by(struct session *s, const char *value)
{
	int returned;
	long seconds;

	if (value == NULL || parameter_by(value, &seconds, &returned) == -1)
		return REPLY_BAD_BY;
	if (seconds > 0)
		s->message.options.ttl = (uint32_t)seconds;
	s->message.notice = !returned;
	return REPLY_GO;
}

/* Set the time of release: not in the past, nor beyond max-hold. */
static enum reply
set_hold(struct session *s, long long when, long long now)
{
	if (s->message.held)
		return REPLY_HOLD_TWICE;
	s->message.held = 1;
	if (when < now || when - now > s->config->max_hold)
		return REPLY_HOLD_LIMIT;
	if (when > now)
		s->message.options.schedule = (uint32_t)when;
	return REPLY_GO;
}

static enum reply
parse_hold_for(struct session *s, const char *value)
{
	long long now = session_now();
	long seconds;

	if (value == NULL || parameter_hold(value, &seconds) == -1)
		return REPLY_BAD_HOLDFOR;
	s->message.options.schedule_said = (uint32_t)seconds;
	return set_hold(s, now + seconds, now);
}

static enum reply
parse_hold_until(struct session *s, const char *value)
{
	long long when;

	if (value == NULL || parameter_date(value, &when) == -1)
		return REPLY_BAD_HOLDUNTIL;
	s->message.options.schedule_said = (uint32_t)when;
	return set_hold(s, when, session_now());
}

/* Check RET, which a receipt without the message has no use for. */
static enum reply
parse_ret(struct session *s, const char *value)
{
	(void)s;
	return value != NULL && (strcasecmp(value, "FULL") == 0 ||
	    strcasecmp(value, "HDRS") == 0) ? REPLY_GO : REPLY_BAD_RET;
}

static enum reply
parse_envid(struct session *s, const char *value)
{
	if (value == NULL || parameter_envid(value) == -1)
		return REPLY_BAD_ENVID;
	snprintf(s->asked.envid, sizeof(s->asked.envid), "%s", value);
	return REPLY_GO;
}

static const struct parameter of_mail[] = {
	{"SIZE", parse_size, 0},
	{"BODY", parse_body, 0},
	{"AUTH", parse_auth, 0},
	{"SMTPUTF8", parse_utf8, 0},
	{"MT-PRIORITY", parse_priority, 0},
	{"BY", parse_by, 0},
	{"HOLDFOR", parse_hold_for, 0},
	{"HOLDUNTIL", parse_hold_until, 0},
	{"RET", parse_ret, 0},
	{"ENVID", parse_envid, 0},
	{"PRDR", parse_prdr, 1},
};

/* NOTIFY is counted later, when the recipient has been accepted. */
static enum reply
parse_notify(struct session *s, const char *value)
{
	return value != NULL && parameter_notify(value, &s->notify) == 0 ?
	    REPLY_GO : REPLY_BAD_NOTIFY;
}

static enum reply
parse_orcpt(struct session *s, const char *value)
{
	if (value == NULL || parameter_orcpt(value) == -1)
		return REPLY_BAD_ORCPT;
	s->orcpt = value;
	return REPLY_GO;
}

static const struct parameter of_rcpt[] = {
	{"NOTIFY", parse_notify, 0},
	{"ORCPT", parse_orcpt, 0},
};

static enum reply
parse_parameter(struct session *s, const struct parameter *list, size_t n,
    unsigned *seen, char *word)
{
	char *value = strchr(word, '=');
	size_t i;

	if (value != NULL)
		*value++ = '\0';
	for (i = 0; i < n; i++)
		if (strcasecmp(list[i].keyword, word) == 0)
			break;
	if (i == n || (list[i].smtp && s->setup->lmtp))
		return REPLY_PARAMETER;
	if (*seen & 1U << i)
		return REPLY_TWICE;
	*seen |= 1U << i;
	return list[i].parse(s, value);
}

static enum reply
parse_parameters(struct session *s, const struct parameter *list, size_t n,
    char *args)
{
	unsigned seen = 0;
	char *word, *next;
	enum reply r;

	for (word = args; *word != '\0'; word = next) {
		next = word + strcspn(word, " ");
		if (*next != '\0')
			*next++ = '\0';
		if (*word == '\0')
			continue;
		if ((r = parse_parameter(s, list, n, &seen, word)) != REPLY_GO)
			return r;
	}
	return REPLY_GO;
}

/* The argument after "FROM:" or "TO:", or NULL. */
static char *
after_keyword(char *args, const char *keyword)
{
	size_t n = strlen(keyword);

	return strncasecmp(args, keyword, n) == 0 ? args + n : NULL;
}

/* ---- MAIL ---- */

_Static_assert(PATH_LOCAL_MAX + 1 + PATH_DOMAIN_MAX <= IPC_SENDER_MAX,
    "a path may be too long for the link");

/* 1 if a pattern of sender-allow matches the sender, in any letter case. */
static int
sender_allowed(const struct config *c, const char *sender)
{
	char lower[IPC_SENDER_MAX + 1], *q;
	size_t i;

	strcpy(lower, sender);
	for (q = lower; *q != '\0'; q++)
		if (*q >= 'A' && *q <= 'Z')
			*q = (char)(*q - 'A' + 'a');
	for (i = 0; i < c->sender_allow.n; i++)
		if (fnmatch(c->sender_allow.v[i], lower, 0) == 0)
			return 1;
	return c->sender_allow.n == 0;
}

/* With sender mail, a number in MAIL FROM becomes the sender of the SMS. */
static void
set_sender(struct session *s, const struct path *p)
{
	const struct config *c = s->config;
	char number[NUMBER_SIZE];

	if (c->sender == CONFIG_SENDER_MAIL &&
	    number_read(p->local, &c->number, number) == NUMBER_OK)
		snprintf(s->message.options.from,
		    sizeof(s->message.options.from), "%s", number);
}

static enum reply
parse_mail(struct session *s, char *args)
{
	const char *end;
	struct path path;
	enum reply r;

	if ((args = after_keyword(args, "FROM:")) == NULL)
		return REPLY_MAIL_SYNTAX;
	/* accept a sender that is no address, unless sender-allow judges it */
	if (path_parse(args, &end, &path) == -1 &&
	    (s->config->sender_allow.n > 0 ||
		path_skip(args, &end, &path) == -1))
		return REPLY_MAIL_SYNTAX;
	r = parse_parameters(s, of_mail, LENGTH(of_mail), args + (end - args));
	if (r != REPLY_GO)
		return r;
	if (path.utf8 && !s->message.utf8)
		return REPLY_NOT_ASCII;
	snprintf(s->message.sender, sizeof(s->message.sender), "%s@%s",
	    path.local, path.domain);
	if (!sender_allowed(s->config, s->message.sender))
		return REPLY_SENDER_DENIED;
	set_sender(s, &path);
	return session_options_mail(s);
}

enum reply
session_mail(struct session *s, char *args)
{
	enum reply r;

	if (!session_may_send(s))
		return REPLY_AUTH_REQUIRED;
	if (ask_broken())
		return REPLY_421_DELIVERY;
	if (s->messages >= s->config->max_messages)
		return REPLY_421_MESSAGES;
	if ((r = parse_mail(s, args)) != REPLY_GO) {
		session_reset(s);
		return r;
	}
	s->state = SESSION_MAILED;
	if (!s->warmed)
		ask_warm();
	s->warmed = 1;
	return REPLY_SENDER_OK;
}

/* ---- RCPT ---- */

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

static int
is_ascii(const char *s)
{
	while (*s > ' ' && *s < 0x7f)
		s++;
	return *s == '\0';
}

/* A login may have an allow list of its own; deny holds for all. */
static int
is_allowed(const struct session *s, const char *number)
{
	const struct config *c = s->config;

	if (s->has_rights && s->rights.nallow > 0)
		return number_allowed(number, s->allow, s->rights.nallow,
		    c->deny.v, c->deny.n);
	return number_allowed(number, c->allow.v, c->allow.n, c->deny.v,
	    c->deny.n);
}

/* The index of the number among those of the message, or s->nnumbers. */
static size_t
find_number(const struct session *s, const char *number)
{
	size_t i;

	for (i = 0; i < s->nnumbers; i++)
		if (strcmp(s->number[i], number) == 0)
			break;
	return i;
}

/* Add all of the numbers, or none: REPLY_GO, or why not. */
static enum reply
add_numbers(struct session *s, char *const *number, size_t n)
{
	size_t i, before = s->nnumbers;

	for (i = 0; i < n; i++) {
		if (!is_allowed(s, number[i])) {
			s->nnumbers = before;
			return REPLY_RCPT_DENIED;
		}
		if (find_number(s, number[i]) < s->nnumbers)
			continue;
		if (s->nnumbers >= (size_t)s->config->max_recipients) {
			s->nnumbers = before;
			return REPLY_TOO_MANY_RCPTS;
		}
		snprintf(s->number[s->nnumbers++], NUMBER_SIZE, "%s",
		    number[i]);
	}
	return REPLY_GO;
}

/* Add the recipient and its numbers: REPLY_GO, or why not. */
static enum reply
add_recipient(struct session *s, const char *local)
{
	struct session_recipient *r = &s->recipient[s->nrecipients];
	char storage[NUMBER_SIZE], *number = storage;
	enum reply added;

	if (s->nrecipients == CONFIG_RCPTS_MAX)
		return REPLY_TOO_MANY_RCPTS;
	memset(r, 0, sizeof(*r));
	s->rcpt_fault = number_read(local, &s->config->number, number);
	r->alias = config_find_alias(s->config, local);
	if (r->alias == NULL && s->rcpt_fault != NUMBER_OK)
		r->alias = config_find_alias(s->config, "*");
	if (r->alias != NULL)
		added = add_numbers(s, r->alias->numbers.v,
		    r->alias->numbers.n);
	else if (s->rcpt_fault != NUMBER_OK)
		added = REPLY_RCPT_NUMBER;
	else if ((added = add_numbers(s, &number, 1)) == REPLY_GO)
		r->number = find_number(s, number);
	s->nrecipients += added == REPLY_GO;
	return added;
}

/* Refuse something that looks like a number, and say why it is none. */
static enum reply
refuse_number(struct session *s)
{
	switch (s->rcpt_fault) {
	case NUMBER_OK:
	case NUMBER_SYNTAX:
	case NUMBER_PREFIX:
	case NUMBER_NATIONAL:
		return REPLY_RCPT_NUMBER;
	case NUMBER_COUNTRY:
	case NUMBER_TRUNK:
	case NUMBER_SHORT:
	case NUMBER_LONG:
	case NUMBER_LENGTH:
	case NUMBER_AMBIGUOUS:
		break;
	}
	session_note(s, "Invalid phone number format (%s; write +COUNTRYCODE "
	    "and the number)", number_words(s->rcpt_fault));
	return REPLY_RCPT_IMPOSSIBLE;
}

/* Refuse a recipient or, with bad-recipient accept, leave it out. */
static enum reply
leave_out(struct session *s, enum reply why)
{
	if (!s->config->accept_bad && why == REPLY_RCPT_NUMBER)
		return refuse_number(s);
	if (!s->config->accept_bad ||
	    (why != REPLY_RCPT_NUMBER && why != REPLY_RCPT_DENIED))
		return why;
	log_limited(&s->log_limit, LOG_NOTICE, "left-out", "to", s->rcpt_to,
	    "domain", s->rcpt_domain, "reason", reply_of(why)->text, NULL);
	s->recipient[s->nrecipients++].bad = why;
	s->message.nbad++;
	s->state = SESSION_RECEIVING;
	return why == REPLY_RCPT_NUMBER ? REPLY_RCPT_LATER :
					  REPLY_RCPT_LATER_DENIED;
}

/* Refuse a domain; name ours, if they are ASCII, as far as there is room. */
static enum reply
refuse_domain(struct session *s)
{
	const struct config_list *d = &s->config->domain;
	size_t i, n = 0;

	session_note(s, "Invalid recipient domain");
	for (i = 0; i < d->n; i++) {
		if (!is_ascii(d->v[i]))
			continue;
		buf_puts(&s->note, n++ == 0 ? " (ours: " : " ");
		if (s->note.len + strlen(d->v[i]) > DOMAINS_MAX) {
			buf_puts(&s->note, "...");
			break;
		}
		buf_puts(&s->note, d->v[i]);
	}
	if (n > 0)
		buf_puts(&s->note, ")");
	return REPLY_RCPT_DOMAIN;
}

/* Note what the last recipient, which may be several numbers, has asked for. */
static void
remember_notify(struct session *s)
{
	const struct session_recipient *r =
	    &s->recipient[s->nrecipients - 1];
	unsigned bits = s->notify & ~(unsigned)PARAMETER_NEVER;
	const char *orcpt = s->orcpt != NULL ? s->orcpt : "";
	size_t i;

	_Static_assert((int)PARAMETER_SUCCESS == (int)NOTIFY_SUCCESS &&
	    (int)PARAMETER_FAILURE == (int)NOTIFY_FAILURE &&
	    (int)PARAMETER_DELAY == (int)NOTIFY_DELAY, "the same bits");
	if (bits == 0)
		return;
	if (r->alias == NULL)
		notify_add(&s->asked, s->number[r->number], bits, orcpt);
	for (i = 0; r->alias != NULL && i < r->alias->numbers.n; i++)
		notify_add(&s->asked, r->alias->numbers.v[i], bits, orcpt);
}

enum reply
session_mail_rcpt(struct session *s, char *args)
{
	const char *end;
	struct path path;
	enum reply r;

	s->notify = 0;
	s->orcpt = NULL;
	if ((args = after_keyword(args, "TO:")) == NULL)
		return REPLY_RCPT_SYNTAX;
	if (path_parse(args, &end, &path) == -1 || path.domain[0] == '\0')
		return REPLY_RCPT_FORMAT;
	log_masked(s->rcpt_to, path.local);
	strcpy(s->rcpt_domain, path.domain);
	r = parse_parameters(s, of_rcpt, LENGTH(of_rcpt), args + (end - args));
	if (r != REPLY_GO)
		return r;
	if (path.utf8 && !s->message.utf8)
		return REPLY_NOT_ASCII;
	if (!is_our_domain(s->config, path.domain))
		return refuse_domain(s);
	if ((r = add_recipient(s, path.local)) != REPLY_GO)
		return leave_out(s, r);
	remember_notify(s);
	s->message.success += (s->notify & PARAMETER_SUCCESS) != 0;
	s->message.never += (s->notify & PARAMETER_NEVER) != 0;
	s->state = SESSION_RECEIVING;
	return REPLY_RCPT_OK;
}
