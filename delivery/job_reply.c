/*
 * job_reply: notes for smtp2sms-hook.  Of those for replies none is synced to
 * the disk: if the machine fails, an answer goes to replies-to.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "delivery/job_reply.h"
#include "delivery/note.h"
#include "gateway/variable.h"

#define SENDING_GRACE 5	/* seconds beyond the time that sending may take */

/*
 * An address that can stand in any header field and command as it is: dot-atoms
 * (RFC 5322, 3.2.3) with a domain.  Nobody is answered elsewhere.
 */
static int
is_address(const char *s)
{
	const char *at = strchr(s, '@');
	size_t n = strspn(s, NOTE_ADDRESS);

	return at != NULL && at != s && s + n == at && at[1] != '\0' &&
	    at[1 + strspn(at + 1, NOTE_DOMAIN)] == '\0';
}

/* The Message-ID of the field, with its brackets; "" if it has none. */
static void
find_id(const char *s, char out[NOTE_ID_MAX + 1])
{
	size_t n;

	out[0] = '\0';
	if ((s = strchr(s, '<')) == NULL)
		return;
	for (n = 1; s[n] > ' ' && s[n] < 0x7f && s[n] != '<' && s[n] != '>';)
		n++;
	if (s[n] != '>' || n == 1 || n >= NOTE_ID_MAX)
		return;
	memcpy(out, s, n + 1);
	out[n + 1] = '\0';
}

static int
wants_replies(const struct config *c)
{
	return c->replies_to != NULL && c->replies_for > 0 &&
	    c->journal != NULL;
}

/* Who wrote to the number.  0, or -1 with errno. */
static int
note_sender(const struct job *j, const struct notes *notes, const char *id,
    const char *number)
{
	char text[JOURNAL_VALUE_MAX + 1], name[NOTE_NAME_SIZE];

	snprintf(text, sizeof(text), "%s\n%s\n", j->sender, id);
	note_name(&notes->key, NOTE_SENDER, &number, 1, name);
	return note_put(notes, name, text, j->config->replies_for, 0);
}

static int
wants_receipts(const struct job *j)
{
	return j->notify != NULL && !j->dry && is_address(j->sender) &&
	    config_has_receipts(j->config);
}

static void
log_trouble(const struct job *j)
{
	log_event(LOG_ERR, "journal", "session", j->session, "folder",
	    j->config->journal, "error", strerror(errno), NULL);
}

/* Write NOTE_SENDING for those who want to be told, or remove it. */
static int
note_sending(const struct job *j, const struct notes *notes, int is_sending)
{
	long life = config_timeout_delivery(j->config) + SENDING_GRACE;
	char name[NOTE_NAME_SIZE];
	const char *number;
	size_t i;
	int r = 0;

	for (i = 0; i < j->notify->n; i++) {
		number = j->notify->v[i].number;
		note_name(&notes->key, NOTE_SENDING, &number, 1, name);
		r |= is_sending ? note_put(notes, name, "", life, 0) :
				  note_drop(notes, name);
	}
	return r;
}

void
job_reply_begin(const struct job *j)
{
	struct notes notes;

	if (!wants_receipts(j))
		return;
	if (notes_open(&notes, j->config->journal) == -1 ||
	    note_sending(j, &notes, 1) == -1)
		log_trouble(j);
	notes_close(&notes);
}

static const char *
gateway_of(const struct job *j, const struct job_result *r)
{
	const struct descriptor *g = j->gateway;

	while (g != NULL && g->index != r->gateway)
		g = g->next;
	return g != NULL ? g->name : "";
}

/* Who wants to be told what became of it.  0, or -1 with errno. */
static int
note_receipt(const struct job *j, const struct notes *notes, const char *id,
    size_t i)
{
	const struct notify_recipient *r = notify_find(j->notify,
	    j->number[i]);
	const char *part[3] = {gateway_of(j, &j->result[i]),
	    j->result[i].id, j->number[i]};
	char text[JOURNAL_VALUE_MAX + 1], name[NOTE_NAME_SIZE];
	unsigned parts = 1;

	if (r == NULL || part[1][0] == '\0')
		return 0;
	if (j->text[0] != '\0')
		variable_alphabet(j->text, &parts);
	snprintf(text, sizeof(text), "%s\n%s\n%s\n%s\n%u %u\n", j->sender,
	    j->notify->envid, j->notify->pool + r->orcpt, id, r->bits,
	    parts);
	note_name(&notes->key, NOTE_RECEIPT, part, 3, name);
	return note_put(notes, name, text, j->config->receipts_for, 1);
}

/*
 * 1 if the gateway has it by this try, or has said that it had it: then its
 * first answer was lost, and nothing was noted.  What the journal knew to be
 * sent was noted then.
 */
static int
has_now(const struct job_result *r)
{
	return r->outcome == IPC_OUTCOME_ACCEPTED ||
	    (r->outcome == IPC_OUTCOME_DUPLICATE && r->tried);
}

/* 0, or -1 with errno. */
static int
note_all(const struct job *j, const struct notes *notes)
{
	int replies = wants_replies(j->config);
	int receipts = wants_receipts(j);
	char id[NOTE_ID_MAX + 1];
	size_t i;
	int r = 0;

	find_id(j->message_id, id);
	for (i = 0; i < j->nto; i++) {
		if (!has_now(&j->result[i]))
			continue;
		if (replies)
			r |= note_sender(j, notes, id, j->number[i]);
		if (receipts)
			r |= note_receipt(j, notes, id, i);
	}
	if (receipts)
		r |= note_sending(j, notes, 0);
	return r;
}

void
job_reply_note(const struct job *j)
{
	const struct config *c = j->config;
	struct notes notes;

	if (j->dry || !is_address(j->sender) ||
	    (!wants_replies(c) && !wants_receipts(j)))
		return;
	if (notes_open(&notes, c->journal) == -1 ||
	    note_all(j, &notes) == -1)
		log_trouble(j);
	notes_close(&notes);
}
