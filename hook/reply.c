/*
 * reply: who gets the mail, whether it is the first of its kind, and how many
 * there may be.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/number.h"
#include "hook/mail.h"
#include "hook/mailer.h"
#include "hook/reply.h"
#include "hook/timestamp.h"

#define ADDRESS_MAX  MAILER_RCPT_MAX
#define OUT_OF_MEMORY "out of memory"

/* The texts of one item; malloced. */
struct texts {
	char *from, *text, *time, *same[HOOK_SAME_MAX];
};

/* One that is being dealt with. */
struct work {
	const struct tools *tools;
	struct texts texts;
	char number[NUMBER_SIZE];	/* "": a name, or nobody's */
	char name[NOTE_NAME_SIZE];	/* of the webhook's note */
	char limit[NOTE_NAME_SIZE];	/* of the place in the limit */
	char to[ADDRESS_MAX + 1], in_reply_to[NOTE_ID_MAX + 1];
};

/* As once_do wants it. */
static void
log_later(void *arg, const char *why)
{
	const struct work *w = arg;

	log_event(LOG_ERR, "reply", "gateway", w->tools->gateway, "from",
	    LOG_MASKED(w->texts.from), "outcome", "later", "reason", why,
	    NULL);
}

/* ---- what is in it ---- */

static int
find_texts(const struct hook_reply *r, json_t *item, struct texts *t)
{
	size_t i;
	int all;

	memset(t, 0, sizeof(*t));
	t->from = hook_find(&r->from, item);
	t->text = hook_find(&r->text, item);
	t->time = hook_find(&r->time, item);
	all = t->from != NULL && t->text != NULL && t->time != NULL;
	for (i = 0; i < r->nsame; i++)
		all &= (t->same[i] = hook_find(&r->same[i], item)) != NULL;
	return all ? 0 : -1;
}

static void
free_texts(struct texts *t)
{
	size_t i;

	free(t->from);
	free(t->text);
	free(t->time);
	for (i = 0; i < HOOK_SAME_MAX; i++)
		free(t->same[i]);
}

/*
 * A form's '+' may have become a blank.  Without `digits` they are what they
 * are in our country.
 */
void
reply_number(const struct config *c, const char *s, int digits,
    char out[NUMBER_SIZE])
{
	struct number_rules rules = {.country = c->country,
	    .allow_short = 1};
	char plus[NUMBER_SIZE + 1];
	size_t n;

	if (*s == ' ') {
		s += strspn(s, " ");
		digits = 1;
	}
	n = strlen(s);
	if (digits && n >= NUMBER_E164_MIN &&
	    n <= NUMBER_E164_MAX && strspn(s, "0123456789") == n) {
		snprintf(plus, sizeof(plus), "+%s", s);
		if (number_read(plus, &rules, out) == NUMBER_OK)
			return;
	}
	if (number_read(s, &rules, out) != NUMBER_OK)
		out[0] = '\0';
}

/*
 * Name the note of this webhook.  -1 if nothing in it tells it from the next
 * one of the same number, which would then be taken for a repetition.
 */
static int
name_webhook(struct work *w, size_t nsame)
{
	const char *part[2 + HOOK_SAME_MAX] = {w->tools->gateway,
	    w->number[0] != '\0' ? w->number : w->texts.from};
	size_t i;
	int known = 0;

	for (i = 0; i < nsame; i++) {
		part[2 + i] = w->texts.same[i];
		known |= *part[2 + i] != '\0';
	}
	note_name(&w->tools->notes->key, "webhook", part, 2 + nsame, w->name);
	return known ? 0 : -1;
}

/* ---- who gets it ---- */

/*
 * Take a note of NOTE_SENDER apart, and believe nothing that could become a
 * header field.  Returns 0, or -1.
 */
static int
read_sender(const char *s, struct work *w)
{
	size_t n = strcspn(s, "\n"), id;

	if (n == 0 || n > ADDRESS_MAX || strspn(s, NOTE_ADDRESS "@") != n ||
	    s[n] != '\n')
		return -1;
	memcpy(w->to, s, n);
	w->to[n] = '\0';
	s += n + 1;
	for (id = 0; s[id] > ' ' && s[id] < 0x7f; id++)
		;
	if (s[id] != '\n' || id > NOTE_ID_MAX)
		return -1;
	memcpy(w->in_reply_to, s, id);
	w->in_reply_to[id] = '\0';
	return 0;
}

/* Who wrote to the number last: 1, 0 if nobody did, -1 with errno. */
static int
find_sender(struct work *w)
{
	char text[JOURNAL_VALUE_MAX + 1], name[NOTE_NAME_SIZE];
	const char *number = w->number;
	int r;

	if (w->tools->config->replies_for == 0 || number[0] == '\0')
		return 0;
	note_name(&w->tools->notes->key, NOTE_SENDER, &number, 1, name);
	r = note_get(w->tools->notes, name, text);
	return r == 1 && read_sender(text, w) == -1 ? 0 : r;
}

static int
find_recipient(struct work *w)
{
	const struct config *c = w->tools->config;
	int r = find_sender(w);

	if (r == 1)
		return 0;
	w->in_reply_to[0] = '\0';
	if (r == -1)
		log_later(w, strerror(errno));
	else if (c->replies_to == NULL)
		log_later(w, "replies-to is not set");
	else
		snprintf(w->to, sizeof(w->to), "%s", c->replies_to);
	return r == -1 || c->replies_to == NULL ? -1 : 0;
}

/* ---- how many ---- */

/*
 * A place among those that a number has in REPLY_LIMIT_LIFE; so two machines
 * that answer each other do it no more often.
 */
static int
take_place(struct work *w)
{
	const char *from = w->number[0] != '\0' ? w->number : w->texts.from;
	char place[8];
	const char *part[2] = {from, place};
	int i, r;

	for (i = 0; i < REPLY_LIMIT; i++) {
		snprintf(place, sizeof(place), "%d", i);
		note_name(&w->tools->notes->key, "limit", part, 2, w->limit);
		r = note_claim(w->tools->notes, w->limit, "", REPLY_LIMIT_LIFE);
		if (r == 0)
			return 0;
		if (r == -1) {
			log_later(w, strerror(errno));
			return -1;
		}
	}
	log_later(w, "too many from this number");
	return -1;
}

/* ---- the mail ---- */

const char *
reply_domain(const struct config *c)
{
	size_t i;

	for (i = 0; i < c->domain.n; i++)
		if (strcmp(c->domain.v[i], "*") != 0)
			return c->domain.v[i];
	return c->hostname;
}

static int
send_mail(struct work *w)
{
	const struct config *c = w->tools->config;
	char *storage = malloc(MAILER_MAIL_MAX + 1);
	struct mail_reply m = {.number = w->number, .name = w->texts.from,
	    .to = w->to, .domain = reply_domain(c), .id = w->name,
	    .in_reply_to = w->in_reply_to, .text = w->texts.text};
	struct buf b;
	int r;

	if (storage == NULL) {
		log_later(w, OUT_OF_MEMORY);
		return -1;
	}
	if (timestamp_read(w->texts.time, &m.date) == -1)
		m.date = time(NULL);
	buf_init(&b, storage, MAILER_MAIL_MAX + 1);
	mail_reply(&m, &b);
	r = mailer_send(w->tools->mailer, w->to, &b);
	free(storage);
	if (r == -1)
		log_later(w, "the mail server has not taken the mail");
	return r;
}

/* As once_do wants it. */
static int
deliver(void *arg)
{
	struct work *w = arg;

	if (find_recipient(w) == -1 || take_place(w) == -1)
		return -1;
	if (send_mail(w) == 0)
		return 0;
	note_drop(w->tools->notes, w->limit);
	return -1;
}

static void
log_taken(const struct work *w, enum once o)
{
	log_event(LOG_INFO, "reply", "gateway", w->tools->gateway, "from",
	    LOG_MASKED(w->texts.from), "to", o == ONCE_DONE ? w->to : NULL,
	    "outcome", o == ONCE_DONE ? "mailed" : "repeated", NULL);
}

enum reply_outcome
reply_take(const struct tools *tools, const struct hook_reply *r,
    json_t *item)
{
	struct work w = {.tools = tools};
	enum reply_outcome outcome = REPLY_LATER;
	enum once o;

	if (find_texts(r, item, &w.texts) == -1) {
		log_event(LOG_ERR, "reply", "gateway", tools->gateway,
		    "reason", OUT_OF_MEMORY, NULL);
	} else if (w.texts.from[0] == '\0') {
		outcome = REPLY_MALFORMED;
	} else {
		reply_number(tools->config, w.texts.from, r->digits, w.number);
		if (name_webhook(&w, r->nsame) == -1) {
			log_event(LOG_WARNING, "reply", "gateway",
			    tools->gateway, "reason", "nothing tells it from "
			    "the next one: no id", NULL);
			free_texts(&w.texts);
			return REPLY_MALFORMED;
		}
		o = once_do(tools, w.name, deliver, log_later, &w);
		if (o != ONCE_LATER) {
			log_taken(&w, o);
			outcome = REPLY_TAKEN;
		}
	}
	free_texts(&w.texts);
	return outcome;
}
