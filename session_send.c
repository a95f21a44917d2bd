/*
 * session_send: from the message that mime.c has read to its text, from the
 * outcome to the reply and the log.
 */
#include <string.h>

#include "log.h"
#include "session_private.h"

#define LOG_RCPTS 10 /* numbers in one line of the log */

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
		return r->status == 408 || r->status == 425 || r->status == 429
			   ? REPLY_RETRY
			   : REPLY_PERMANENT;
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
log_result(
    struct session *s, const struct text_info *info, size_t first, size_t n)
{
	const struct ask_result *r = &s->result[first];
	char to[LOG_RCPTS * 20 + 8];
	struct buf b;
	size_t i;

	buf_init(&b, to, sizeof(to));
	for (i = first; i < first + n && i < first + LOG_RCPTS; i++)
		buf_fmt(
		    &b, "%s%s", i > first ? "," : "", LOG_MASKED(s->rcpt[i]));
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
	session_note(s,
	    "Message accepted, queued as %s (%zu recipient%s, "
	    "%u part%s, %s%s)",
	    s->result[0].id, s->nrcpt, s->nrcpt == 1 ? "" : "s", info->parts,
	    info->parts == 1 ? "" : "s", text_alphabet_name(info->alphabet),
	    info->truncated ? ", truncated" : "");
	return worst_reply(s);
}

enum reply
session_send(struct session *s)
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
