/*
 * session_reply: writes replies to the client and into the log, sets the
 * deadline of the session, ends a transaction.  reply.c has the texts.
 */
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "mail/mime.h"
#include "session/session.h"
#include "session/session_private.h"
#include "session/stop.h"

#define LOG_REFUSALS 100 /* of a session that are logged one by one */

void
session_note(struct session *s, const char *fmt, ...)
{
	va_list ap;

	buf_reset(&s->note);
	va_start(ap, fmt);
	buf_vfmt(&s->note, fmt, ap);
	va_end(ap);
}

void
session_trace(struct session *s, const char *who, const char *line)
{
	if (s->setup->verbose)
		log_event(LOG_DEBUG, "dialogue", who, line, NULL);
}

/* Write one line of a reply; sep is '-' if more follow. */
static void
write_line(struct session *s, const struct reply_text *r, char sep,
    const char *text, size_t n)
{
	char line[SESSION_NOTE_MAX + 32];
	struct buf b;

	buf_init(&b, line, sizeof(line));
	buf_fmt(&b, "%d%c", r->code, sep);
	if (r->enhanced != NULL)
		buf_fmt(&b, "%s ", r->enhanced);
	buf_put(&b, text, n);
	session_trace(s, "s", line);
	buf_puts(&b, "\r\n");
	conn_write(&s->conn, b.p, b.len);
}

static void
log_refusal(struct session *s, int code, const char *text)
{
	const char *to = s->rcpt_to, *domain = s->rcpt_domain;

	if (s->refusals++ < LOG_REFUSALS)
		log_limited(&s->log_limit, LOG_NOTICE, "refused", "code",
		    LOG_NUM(code), "text", text, "to",
		    *to != '\0' ? to : NULL, "domain",
		    *domain != '\0' ? domain : NULL, NULL);
}

void
session_count_auth(struct session *s, enum tally_auth result)
{
	if (s->config->metrics != NULL)
		s->tally.auth[result]++;
}

void
session_count_tls(struct session *s, enum tally_tls result)
{
	if (s->config->metrics != NULL)
		s->tally.tls[result]++;
}

void
session_reply(struct session *s, enum reply which)
{
	const struct reply_text *r = reply_of(which);
	const char *text, *nl;

	if (which == REPLY_NONE || which == REPLY_GO)
		return;
	if (r->effect == REPLY_EFFECT_ERROR &&
	    ++s->errors >= s->config->max_errors)
		r = reply_of(REPLY_421_ERRORS);
	text = r->text != NULL ? r->text : s->note.p;
	while ((nl = strchr(text, '\n')) != NULL) {
		write_line(s, r, '-', text, (size_t)(nl - text));
		text = nl + 1;
	}
	write_line(s, r, ' ', text, strlen(text));
	if (s->config->metrics != NULL)
		s->tally.reply[r->code - TALLY_CODE_MIN]++;
	if (r->effect == REPLY_EFFECT_CLOSE)
		s->over = 1;
	if (r->code >= 400)
		log_refusal(s, r->code, text);
	s->rcpt_to[0] = s->rcpt_domain[0] = '\0';
}

enum reply
session_line_reply(struct session *s, enum conn_status st)
{
	switch (st) {
	case CONN_TIMEOUT:
		return stop_deadline() != 0 ? REPLY_421_STOP :
					      REPLY_421_TIMEOUT;
	case CONN_LONG:
		return REPLY_TOO_LONG;
	case CONN_BARE:
		return REPLY_BAD_LINE;
	case CONN_EOF:
		s->over = 1;
		return REPLY_NONE;
	case CONN_OK:
	case CONN_END:
	case CONN_UNENDED:
	case CONN_DROPPED:
		break;
	}
	return REPLY_NONE;
}

int
session_may_send(const struct session *s)
{
	return s->authenticated || s->setup->trusted;
}

void
session_set_deadline(struct session *s)
{
	s->conn.until = s->end;
	if (!s->known && !s->setup->trusted && s->early_end < s->end)
		s->conn.until = s->early_end;
}

void
session_set_known(struct session *s)
{
	s->known = 1;
	session_set_deadline(s);
}

long long
session_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (long long)ts.tv_sec;
}

void
session_reset(struct session *s)
{
	if (s->state == SESSION_CHUNKING)
		mime_end(s->mime);
	s->nnumbers = s->nrecipients = 0;
	notify_reset(&s->asked);
	memset(&s->message, 0, sizeof(s->message));
	if (s->state != SESSION_START)
		s->state = SESSION_GREETED;
}
