/*
 * receipt: who has asked is in a note of smtp2sms-deliver's
 * (delivery/job_reply.c).  It goes when the SMS's fate is final.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/metrics.h"
#include "common/notify.h"
#include "hook/mail.h"
#include "hook/mailer.h"
#include "hook/receipt.h"
#include "hook/reply.h"

#define LINES 5		/* of a note; see NOTE_RECEIPT */

static const char *const actions[] = {
	[HOOK_DELIVERED] = "delivered",
	[HOOK_FAILED] = "failed",
	[HOOK_DELAYED] = "delayed",
};

/* RFC 3463: other or undefined status. */
static const char *const statuses[] = {
	[HOOK_DELIVERED] = "2.0.0",
	[HOOK_FAILED] = "5.0.0",
	[HOOK_DELAYED] = "4.0.0",
};

static const unsigned wanted[] = {
	[HOOK_DELIVERED] = NOTIFY_SUCCESS,
	[HOOK_FAILED] = NOTIFY_FAILURE,
	[HOOK_DELAYED] = NOTIFY_DELAY,
};

/* One that is being dealt with. */
struct work {
	const struct tools *tools;
	enum hook_action action;
	char *id, *to, *error, *part;	/* the texts of the item; malloced */
	char number[NUMBER_SIZE];
	char note[JOURNAL_VALUE_MAX + 1];
	const char *line[LINES];	/* of the note */
	unsigned bits, parts;
	char asked[NOTE_NAME_SIZE];	/* the note's name */
	char name[NOTE_NAME_SIZE];	/* of the mail's own note */
};

static void
log_later(void *arg, const char *why)
{
	const struct work *w = arg;

	log_event(LOG_ERR, "receipt", "gateway", w->tools->gateway, "id",
	    w->id, "number", LOG_MASKED(w->number), "outcome", "later",
	    "reason", why, NULL);
}

/* ---- what is in it ---- */

static const struct hook_rule *
find_rule(const struct hook_receipt *r, json_t *item)
{
	const struct match_subject subject = {.json = item, .text = ""};
	size_t i;

	for (i = 0; i < r->nrules; i++)
		if (match_all(&r->rule[i].match, &subject))
			return &r->rule[i];
	return NULL;
}

static int
find_texts(const struct hook_receipt *r, json_t *item, struct work *w)
{
	w->id = hook_find(&r->id, item);
	w->to = hook_find(&r->to, item);
	w->error = hook_find(&r->error, item);
	w->part = hook_find(&r->part, item);
	return w->id != NULL && w->to != NULL && w->error != NULL &&
	    w->part != NULL ? 0 : -1;
}

/* ---- who has asked ---- */

/* Take the note apart.  Returns 0, or -1 if it is none of ours. */
static int
read_note(struct work *w)
{
	char *s = w->note, *end;
	size_t i;

	for (i = 0; i < LINES; i++) {
		if ((end = strchr(s, '\n')) == NULL)
			return -1;
		*end = '\0';
		w->line[i] = s;
		s = end + 1;
	}
	if (sscanf(w->line[4], "%u %u", &w->bits, &w->parts) != 2)
		return -1;
	/* the first of these becomes an address */
	return w->line[0][0] != '\0' && strlen(w->line[0]) <=
	    MAILER_RCPT_MAX && w->line[0][strspn(w->line[0],
	    NOTE_ADDRESS "@")] == '\0' ? 0 : -1;
}

/* The number is being sent to, and somebody wants to know: 1; 0; or -1. */
static int
is_sending(const struct work *w)
{
	char name[NOTE_NAME_SIZE], got[JOURNAL_VALUE_MAX + 1];
	const char *number = w->number;

	note_name(&w->tools->notes->key, NOTE_SENDING, &number, 1, name);
	return note_get(w->tools->notes, name, got);
}

/* 1 if somebody wants to know; 0; or -1 with errno. */
static int
find_asker(struct work *w)
{
	const char *part[] = {w->tools->gateway, w->id, w->number,
	    actions[w->action]};
	int r;

	if (w->id[0] == '\0' || w->number[0] == '\0')
		return 0;
	note_name(&w->tools->notes->key, NOTE_RECEIPT, part, 3, w->asked);
	note_name(&w->tools->notes->key, "notified", part, 4, w->name);
	r = note_get(w->tools->notes, w->asked, w->note);
	if (r == 0 && (r = is_sending(w)) == 1) {
		errno = EAGAIN; /* who wants to know is noted in a moment */
		return -1;
	}
	if (r == 0)	/* it may have been noted between the two */
		r = note_get(w->tools->notes, w->asked, w->note);
	if (r != 1)
		return r;
	if (read_note(w) == -1)
		return 0;
	return (w->bits & wanted[w->action]) != 0;
}

/* 1 if the last of the parts' places is taken; 0; or -1 with errno. */
static int
is_full(const struct work *w)
{
	char name[NOTE_NAME_SIZE], got[JOURNAL_VALUE_MAX + 1], place[16];
	const char *part[] = {w->tools->gateway, w->id, w->number, place};

	snprintf(place, sizeof(place), "%u", w->parts - 1);
	note_name(&w->tools->notes->key, "place", part, 4, name);
	return note_get(w->tools->notes, name, got);
}

/*
 * A gateway that tells of each part: 1 if all of them have come; 0; or -1
 * with errno.  Each takes a place, once.
 */
static int
has_all_parts(struct work *w)
{
	const struct notes *notes = w->tools->notes;
	char name[NOTE_NAME_SIZE], full[NOTE_NAME_SIZE], place[16];
	char got[JOURNAL_VALUE_MAX + 1];
	const char *part[] = {w->tools->gateway, w->id, w->number, w->part};
	long life = w->tools->config->receipts_for;
	unsigned i;
	int r;

	if (w->action != HOOK_DELIVERED || w->part[0] == '\0' || w->parts < 2)
		return 1;
	note_name(&notes->key, "part", part, 4, name);
	if ((r = note_get(notes, name, got)) != 0)
		return r == -1 ? -1 : is_full(w);
	part[3] = place;
	for (i = 0, r = 1; r == 1 && i < w->parts; i++) {
		snprintf(place, sizeof(place), "%u", i);
		note_name(&notes->key, "place", part, 4, full);
		r = note_claim(notes, full, "", life);
	}
	if (r == -1 || note_put(notes, name, "", life, 1) == -1)
		return -1;
	return is_full(w);
}

/* ---- the mail ---- */

/* As once_do wants it. */
static int
mail(void *arg)
{
	struct work *w = arg;
	char *storage = malloc(MAILER_MAIL_MAX + 1);
	const struct mail_receipt m = {.number = w->number,
	    .to = w->line[0], .envid = w->line[1], .orcpt = w->line[2],
	    .message_id = w->line[3], .action = actions[w->action],
	    .status = statuses[w->action], .error = w->error,
	    .domain = reply_domain(w->tools->config),
	    .hostname = w->tools->config->hostname, .id = w->name,
	    .date = time(NULL)};
	struct buf b;
	int r;

	if (storage == NULL) {
		log_later(w, "out of memory");
		return -1;
	}
	buf_init(&b, storage, MAILER_MAIL_MAX + 1);
	mail_receipt(&m, &b);
	r = mailer_send(w->tools->mailer, w->line[0], &b);
	free(storage);
	if (r == -1)
		log_later(w, "the mail server has not taken the mail");
	return r;
}

static int
notify(struct work *w)
{
	enum once o = once_do(w->tools, w->name, mail, log_later, w);

	if (o == ONCE_LATER)
		return -1;
	log_event(LOG_INFO, "receipt", "gateway", w->tools->gateway, "id",
	    w->id, "number", LOG_MASKED(w->number), "to",
	    o == ONCE_DONE ? w->line[0] : NULL, "action", actions[w->action],
	    "outcome", o == ONCE_DONE ? "mailed" : "repeated", NULL);
	if (o == ONCE_DONE)
		metrics_add(METRICS_RECEIPTS, actions[w->action], NULL, 1);
	/* or it ends with its life: what is mailed once is not mailed again */
	if (w->action != HOOK_DELAYED)
		note_drop(w->tools->notes, w->asked);
	return 0;
}

static int
take(struct work *w)
{
	int r = find_asker(w);

	if (r == 1)
		r = has_all_parts(w);
	if (r == -1)
		log_later(w, strerror(errno));
	return r == 1 ? notify(w) : r;
}

void
receipt_prepare(const struct config *c)
{
	size_t i;

	metrics_open(c->metrics);
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		metrics_add(METRICS_RECEIPTS, actions[i], NULL, 0);
}

int
receipt_take(const struct tools *tools, const struct hook_receipt *r,
    json_t *item)
{
	const struct hook_rule *rule = find_rule(r, item);
	struct work w = {.tools = tools};
	int result;

	if (rule == NULL || tools->config->receipts == CONFIG_RECEIPTS_NO)
		return 0;
	w.action = rule->then;
	if (find_texts(r, item, &w) == -1) {
		log_event(LOG_ERR, "receipt", "gateway", tools->gateway,
		    "reason", "out of memory", NULL);
		result = -1;
	} else {
		reply_number(tools->config, w.to, r->digits, w.number);
		result = take(&w);
	}
	free(w.id);
	free(w.to);
	free(w.error);
	free(w.part);
	return result;
}
