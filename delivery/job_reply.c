/*
 * job_reply: notes for smtp2sms-hook.  They are not synced to the disk: if the
 * machine fails, an answer goes to replies-to.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "delivery/job_reply.h"
#include "delivery/note.h"

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

/* The Message-ID, with its brackets, of the field's value; "" if it has none. */
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
is_wanted(const struct job *j)
{
	const struct config *c = j->config;

	return c->replies_to != NULL && c->replies_for > 0 &&
	    c->journal != NULL && !j->dry && is_address(j->sender);
}

/* 0, or -1 with errno. */
static int
note_all(const struct job *j, const struct notes *notes)
{
	char text[JOURNAL_VALUE_MAX + 1], name[NOTE_NAME_SIZE];
	char id[NOTE_ID_MAX + 1];
	const char *number;
	size_t i;
	int r = 0;

	find_id(j->message_id, id);
	snprintf(text, sizeof(text), "%s\n%s\n", j->sender, id);
	for (i = 0; i < j->nto; i++) {
		if (j->result[i].outcome != IPC_OUTCOME_ACCEPTED)
			continue;
		number = j->number[i];
		note_name(&notes->key, NOTE_SENDER, &number, 1, name);
		r |= note_put(notes, name, text, j->config->replies_for, 0);
	}
	return r;
}

void
job_reply_note(const struct job *j)
{
	struct notes notes;

	if (!is_wanted(j))
		return;
	if (notes_open(&notes, j->config->journal) == -1 ||
	    note_all(j, &notes) == -1)
		log_event(LOG_ERR, "journal", "session", j->session, "folder",
		    j->config->journal, "error", strerror(errno), NULL);
	notes_close(&notes);
}
