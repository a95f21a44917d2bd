/*
 * session_send: makes the text of the message that mime.c has read, hands it to
 * the delivery side, and turns the outcome into replies and log lines.
 */
#include <string.h>

#include "common/log.h"
#include "session/line.h"
#include "mail/mime.h"
#include "session/ask.h"
#include "session/session.h"
#include "session/session_private.h"
#include "session/text_rules.h"
#include "sms/text.h"

#define REPLY_WAIT   5000 /* milliseconds to get the outcome to the client */
#define LOG_RCPTS    10	 /* numbers in one line of the log */
#define LOG_OPTIONS  512 /* octets of the options that were used */
#define LOG_MISSING  256 /* octets of the options that were left out */
#define NAMED_RECIPIENTS 10 /* recipients left out that a reply names */

static char message_text[TEXT_ROOM(MIME_TEXT_MAX + MIME_FIELD_MAX +
    TEXT_RULES_ROOM)];
static struct text_info info; /* of that text */
static struct ask_result result[CONFIG_RCPTS_MAX]; /* of each number */

/* The reply to an outcome: smtp2sms(8) has a table for each `replies`. */
static enum reply
outcome_reply(const struct config *c, const struct ask_result *r)
{
	int retry = c->replies == CONFIG_REPLIES_RETRY;

	switch (r->outcome) {
	case IPC_OUTCOME_ACCEPTED:
	case IPC_OUTCOME_DUPLICATE:
	case IPC_OUTCOME_HELD:
		return REPLY_ACCEPTED;
	case IPC_OUTCOME_LIMITED:
		return REPLY_LIMITED;
	case IPC_OUTCOME_UNKNOWN:
		return c->on_unknown == CONFIG_UNKNOWN_DROP ? REPLY_ACCEPTED :
		    REPLY_NOBODY_KNOWS;
	case IPC_OUTCOME_CREDENTIALS:
		return REPLY_AUTH_FAILED;
	case IPC_OUTCOME_REFUSED:
		if (!retry)
			return REPLY_GATEWAY_4XX;
		return r->status == 408 || r->status == 425 ||
		    r->status == 429 ? REPLY_RETRY : REPLY_PERMANENT;
	case IPC_OUTCOME_FAILED:
		return retry ? REPLY_RETRY : REPLY_GATEWAY_5XX;
	case IPC_OUTCOME_TEMPORARY:
		return REPLY_RETRY;
	case IPC_OUTCOME_PERMANENT:
		return REPLY_PERMANENT;
	case IPC_OUTCOME_UNCLEAR:
		return REPLY_UNCLEAR;
	case IPC_OUTCOME_LOST:
		return REPLY_LOST;
	case IPC_OUTCOME_TIMEOUT:
		return REPLY_TIMEOUT;
	case IPC_OUTCOME_UNREACHABLE:
		return REPLY_UNREACHABLE;
	case IPC_OUTCOME_INTERNAL:
		return REPLY_NO_DELIVERY;
	}
	return REPLY_NO_DELIVERY;
}

/* The worse of two: first 4xx, which makes the client retry, then 5xx. */
static enum reply
worse(enum reply a, enum reply b)
{
	if (a == REPLY_ACCEPTED)
		return b;
	return reply_of(a)->code >= 500 && b != REPLY_ACCEPTED &&
	    reply_of(b)->code < 500 ? b : a;
}

/* The worst reply of all recipients. */
static enum reply
worst_reply(const struct session *s)
{
	enum reply worst = REPLY_ACCEPTED;
	size_t i;

	for (i = 0; i < s->nnumbers; i++)
		worst = worse(worst, outcome_reply(s->config, &result[i]));
	return worst;
}

/* 1 if the gateway has taken the message for the recipient. */
static int
is_served(const struct ask_result *r)
{
	return r->outcome == IPC_OUTCOME_ACCEPTED ||
	    r->outcome == IPC_OUTCOME_DUPLICATE ||
	    r->outcome == IPC_OUTCOME_HELD;
}

static const char *
outcome_name(const struct session *s, enum ipc_outcome o)
{
	return o == IPC_OUTCOME_ACCEPTED && s->setup->dry ? "dry-run" :
	    ipc_outcome_name(o);
}

/* Append the positions of the recipients that were left out, after before. */
static void
put_missing(const struct session *s, const char *before, struct buf *b)
{
	size_t i, n = 0;

	for (i = 0; i < s->nrecipients; i++) {
		if (s->recipient[i].bad == REPLY_GO)
			continue;
		if (n == NAMED_RECIPIENTS) {
			buf_puts(b, ",...");
			break;
		}
		if (n++ == 0)
			buf_fmt(b, "%srecipient %zu", before, i + 1);
		else
			buf_fmt(b, ",%zu", i + 1);
	}
}

/* The name of a result's gateway; NULL if only one is configured. */
static const char *
gateway_of(const struct session *s, const struct ask_result *r,
    char name[CONFIG_NAME_MAX + 1])
{
	const char *g = config_gateway(s->config, r->gateway);

	if (config_gateway(s->config, 1) == NULL || g == NULL)
		return NULL;
	config_gateway_name(g, name);
	return name;
}

/* Append n numbers from first on, masked. */
static void
put_numbers(const struct session *s, size_t first, size_t n, struct buf *b)
{
	size_t i;

	for (i = 0; i < n && i < LOG_RCPTS; i++)
		buf_fmt(b, "%s%s", i > 0 ? "," : "",
		    LOG_MASKED(s->number[first + i]));
	if (n > LOG_RCPTS)
		buf_puts(b, ",...");
}

/* Log a result that n recipients, from first on, have in common. */
static void
log_result(struct session *s, size_t first, size_t n)
{
	const struct ask_result *r = &result[first];
	int served = is_served(r), text = s->message.options.port == 0;
	char to[LOG_RCPTS * 20 + 8], options[LOG_OPTIONS], missing[LOG_MISSING];
	char gateway[CONFIG_NAME_MAX + 1];
	struct buf b, o, m;

	buf_init(&b, to, sizeof(to));
	put_numbers(s, first, n, &b);
	buf_init(&o, options, sizeof(options));
	session_options_show(s, &o);
	buf_init(&m, missing, sizeof(missing));
	session_options_missing(s, ", ", &m);
	put_missing(s, ", ", &m);
	log_event(served ? LOG_INFO : LOG_WARNING, "message", "to", to,
	    "recipients", LOG_NUM(n),
	    "parts", text ? LOG_NUM(info.parts) : NULL,
	    "alphabet", text ? text_alphabet_name(info.alphabet) : NULL,
	    "truncated", info.truncated ? "yes" : NULL,
	    "source", text ? mime_source(s->mime) : NULL,
	    "options", o.len > 0 ? o.p + 1 : NULL,
	    "left-out", m.len > 0 ? m.p + 2 : NULL,
	    "gateway", gateway_of(s, r, gateway),
	    "outcome", outcome_name(s, r->outcome),
	    /* without a request there is none */
	    "status", served && r->status == 0 ? NULL : LOG_NUM(r->status),
	    "ms", LOG_NUM(r->ms), "id", r->id,
	    "retry-after", r->retry_after != 0 ? LOG_NUM(r->retry_after) : NULL,
	    "journal", r->unjournalled ? "not written" : NULL, NULL);
}

static void
log_results(struct session *s)
{
	const struct ask_result *r = result;
	size_t i, first = 0;

	for (i = 1; i <= s->nnumbers; i++)
		if (i == s->nnumbers || r[i].outcome != r[first].outcome ||
		    r[i].gateway != r[first].gateway ||
		    r[i].status != r[first].status ||
		    strcmp(r[i].id, r[first].id) != 0) {
			log_result(s, first, i - first);
			first = i;
		}
}

/* ---- from the message to its outcome ---- */

static struct text_rules
text_rules(const struct session *s)
{
	struct text_rules rules = text_rules_of(s->config);

	if (s->has_rights && s->rights.subject != -1) {
		rules.subject = (enum text_subject)s->rights.subject;
		rules.template = NULL;
	}
	if (s->has_rights && s->rights.max_parts != -1)
		rules.max_parts = (unsigned)s->rights.max_parts;
	return rules;
}

/* Make the text: REPLY_GO, or why there is none to send. */
static enum reply
make_text(struct session *s)
{
	struct text_rules rules = text_rules(s);
	const char *sender = s->message.sender[0] == '@' ? "" :
		s->message.sender;
	struct text_rules_values values;
	struct buf out;

	text_rules_fill(&rules, &values, s->mime, sender, s->host);
	buf_init(&out, message_text, sizeof(message_text));
	switch (text_make(&out, mime_field(s->mime, MIME_SUBJECT),
	    mime_text(s->mime), mime_overflow(s->mime), &rules,
	    &info)) {
	case TEXT_EMPTY:
		return REPLY_EMPTY;
	case TEXT_TOO_LONG:
		return REPLY_OVERLONG;
	case TEXT_OK:
		break;
	}
	return REPLY_GO;
}

/*
 * Note what the gateway has said about the client's credentials.  Returns
 * REPLY_GO, or REPLY_421_AUTH after max-auth-failures.
 */
static enum reply
judge_client(struct session *s)
{
	size_t i, served = 0, wrong = 0;

	for (i = 0; i < s->nnumbers; i++) {
		if (is_served(&result[i]))
			served++;
		else if (result[i].outcome == IPC_OUTCOME_CREDENTIALS &&
		    result[i].gateway == 0)
			wrong++; /* only the first gateway gets them */
	}
	if (served > 0)
		session_set_known(s);
	if (served > 0 || wrong == 0 || !s->handed_on)
		return REPLY_GO;
	return session_auth_failed(s) == REPLY_421_AUTH ? REPLY_421_AUTH :
							  REPLY_GO;
}

/* Say who wants to be told of his SMS's fate, if anybody can tell him. */
static void
ask_for_receipts(struct session *s)
{
	size_t i;

	if (!config_has_receipts(s->config))
		return;
	for (i = 0; s->message.mailed && i < s->nnumbers; i++)
		notify_add(&s->asked, s->number[i],
		    NOTIFY_SUCCESS | NOTIFY_FAILURE, "");
	if (s->asked.n > 0)
		ask_notify(&s->asked);
}

/* Deliver the message: REPLY_GO if there are results, or why there are none. */
static enum reply
deliver(struct session *s)
{
	const struct ask_message m = {
		.text = message_text,
		.message_id = mime_field(s->mime, MIME_MESSAGE_ID),
		.date = mime_field(s->mime, MIME_DATE),
		.sender = s->message.sender,
		.to = s->number,
		.nto = s->nnumbers,
		.options = &s->message.options,
	};
	enum reply r;

	if (!s->config->accept_bounces &&
	    mime_is_bounce(s->mime, strcmp(s->message.sender, "@") == 0))
		return REPLY_BOUNCE;
	if ((r = session_options_message(s)) != REPLY_GO)
		return r;
	message_text[0] = '\0';
	info = (struct text_info){0};
	if (s->message.options.port == 0 && (r = make_text(s)) != REPLY_GO)
		return r;
	conn_flush(&s->conn);
	ask_for_receipts(s);
	ask_send(&m, result,
	    (int)config_timeout_delivery(s->config) * 1000);
	conn_grant(&s->conn, REPLY_WAIT);
	log_results(s);
	return judge_client(s);
}

/* ---- replies ---- */

/* How many recipients are served, and the result that the reply names. */
struct served {
	size_t accepted, duplicate, unknown, held;
	uint32_t window;	/* the most that are held back from one */
	int unjournalled;
	const struct ask_result *named;
};

static void
tally_add(struct served *t, const struct ask_result *r)
{
	size_t *n = r->outcome == IPC_OUTCOME_DUPLICATE ? &t->duplicate :
	    r->outcome == IPC_OUTCOME_UNKNOWN		? &t->unknown :
	    r->outcome == IPC_OUTCOME_HELD		? &t->held :
							  &t->accepted;

	if (r->held > t->window)
		t->window = r->held;

	t->unjournalled |= r->unjournalled;
	/* prefer the id of this message to that of an earlier one */
	if (t->named == NULL || (n == &t->accepted && *n == 0))
		t->named = r;
	(*n)++;
}

/* How many are held back by now, unless this is a retry. */
static void
put_window(struct session *s, const struct served *t)
{
	if (t->window > 0)
		buf_fmt(&s->note, ", %lu in this window",
		    (unsigned long)t->window);
}

/* Set the note of a success: what was sent, how, and what was left out. */
static void
note_success(struct session *s, const struct served *t)
{
	char name[CONFIG_NAME_MAX + 1];
	const char *gateway = gateway_of(s, t->named, name);

	if (t->accepted == 0 && t->held > 0) {
		session_note(s, "Message held back");
		put_window(s, t);
		return;
	}
	if (t->accepted == 0) {
		session_note(s, t->unknown == 0 ? "Already sent, %s" :
		    "Perhaps already sent, not sent again, %s", t->named->id);
		return;
	}
	session_note(s, "Message accepted, queued as %s%s%s (%zu recipient%s, ",
	    t->named->id, gateway != NULL ? " by " : "",
	    gateway != NULL ? gateway : "", t->accepted,
	    t->accepted == 1 ? "" : "s");
	if (s->message.options.port != 0)
		buf_fmt(&s->note, "%zu octets of data)",
		    s->message.options.ndata);
	else
		buf_fmt(&s->note, "%u part%s, %s%s)", info.parts,
		    info.parts == 1 ? "" : "s",
		    text_alphabet_name(info.alphabet),
		    info.truncated ? ", truncated" : "");
	if (t->duplicate > 0)
		buf_fmt(&s->note, ", already sent to %zu", t->duplicate);
	if (t->unknown > 0)
		buf_fmt(&s->note, ", perhaps already sent to %zu", t->unknown);
	if (t->held > 0) {
		buf_fmt(&s->note, ", held back from %zu", t->held);
		put_window(s, t);
	}
	if (t->unjournalled)
		buf_fmt(&s->note, ", not in the journal");
	session_options_missing(s, ", without ", &s->note);
}

/* The same for all recipients. */
static void
note_all(struct session *s)
{
	struct served t = {0};
	size_t i;

	for (i = 0; i < s->nnumbers; i++)
		tally_add(&t, &result[i]);
	note_success(s, &t);
}

/* The result of one of the message's numbers. */
static const struct ask_result *
result_of(const struct session *s, const char *number)
{
	size_t i;

	for (i = 0; i + 1 < s->nnumbers; i++)
		if (strcmp(s->number[i], number) == 0)
			break;
	return &result[i];
}

/* The seconds that the gateway asks to wait before a retry. */
static uint32_t
longest_delay(const struct session *s)
{
	uint32_t most = 0;
	size_t i;

	for (i = 0; i < s->nnumbers; i++)
		if (result[i].retry_after > most)
			most = result[i].retry_after;
	return most;
}

/* Let a reply that asks for a retry say when, if the gateway has said so. */
static enum reply
with_delay(struct session *s, enum reply r, uint32_t seconds)
{
	if (seconds == 0 || (r != REPLY_RETRY && r != REPLY_GATEWAY_4XX))
		return r;
	session_note(s, "%s, in %lu seconds", reply_of(r)->text,
	    (unsigned long)seconds);
	return r == REPLY_RETRY ? REPLY_RETRY_WAIT : REPLY_GATEWAY_4XX_WAIT;
}

/* The reply for one recipient; for an alias the worst of its numbers. */
static enum reply
recipient_reply(struct session *s, const struct session_recipient *p)
{
	const struct ask_result *r = &result[p->number];
	enum reply worst = REPLY_ACCEPTED;
	struct served t = {0};
	size_t i, n = p->alias != NULL ? p->alias->numbers.n : 1;

	if (p->bad != REPLY_GO)
		return p->bad;
	for (i = 0; i < n; i++) {
		if (p->alias != NULL)
			r = result_of(s, p->alias->numbers.v[i]);
		worst = worse(worst, outcome_reply(s->config, r));
		tally_add(&t, r);
	}
	if (worst == REPLY_ACCEPTED)
		note_success(s, &t);
	return p->alias == NULL ? with_delay(s, worst, r->retry_after) : worst;
}

/*
 * Reply for each recipient (RFC 2033, 4.2), but return the last reply.  If
 * refused is not REPLY_GO, all get that.
 */
static enum reply
reply_each(struct session *s, enum reply refused)
{
	enum reply r = REPLY_NONE;
	size_t i;

	for (i = 0; i < s->nrecipients; i++) {
		session_reply(s, r);
		r = refused != REPLY_GO ? refused :
					  recipient_reply(s, &s->recipient[i]);
	}
	return r;
}

/*
 * PRDR (draft-hall-prdr, 4): 353, a reply for each recipient, and one for all,
 * which is a success if there was any.
 */
static enum reply
reply_prdr(struct session *s)
{
	enum reply r, all = REPLY_ACCEPTED;
	size_t i, good = 0;

	session_reply(s, REPLY_EACH);
	for (i = 0; i < s->nrecipients; i++) {
		r = recipient_reply(s, &s->recipient[i]);
		session_reply(s, r);
		good += r == REPLY_ACCEPTED;
		all = worse(all, r);
	}
	if (good > 0 && good < s->nrecipients)
		return REPLY_SOME_ACCEPTED;
	if (all == REPLY_ACCEPTED)
		note_all(s);
	return all;
}

enum reply
session_send(struct session *s, enum reply refused)
{
	/* in LMTP there may be no number: all recipients are left out */
	if (refused == REPLY_GO && s->nnumbers > 0)
		refused = deliver(s);
	if (s->setup->lmtp)
		return reply_each(s, refused);
	if (refused != REPLY_GO)
		return refused;
	/* as in Exim, a single recipient gets just the one reply */
	if (s->message.prdr && s->nrecipients > 1)
		return reply_prdr(s);
	note_all(s);
	put_missing(s, ", without ", &s->note);
	return with_delay(s, worst_reply(s), longest_delay(s));
}
