/*
 * journal: what became of each recipient of a message, kept across sessions,
 * for gateways that do not recognise a message that comes again.  Files and
 * locks alone: when a state is noted, and what it means for a reply, is said
 * elsewhere.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <sys/types.h>

#include <time.h>

#include "common/ipc.h"

/* Octets of a key and of a recipient's name: UUIDs as text in lower case. */
#define JOURNAL_NAME_MAX  36
#define JOURNAL_NAMES_MAX 2048	/* recipients that a record remembers */
#define JOURNAL_FILE_MAX  (1024 * 1024) /* octets of a record */
#define JOURNAL_AHEAD	  300	/* seconds that a clock may be set back */
#define JOURNAL_KEY_BLOCK 64	/* octets; a block of SHA-1 */

/* Random octets that are this journal's alone; its folder keeps them. */
struct journal_key {
	unsigned char inner[JOURNAL_KEY_BLOCK], outer[JOURNAL_KEY_BLOCK];
};

/*
 * NEW: this try was certainly not taken; where an earlier one may have been,
 * that stays UNKNOWN: taken or not, nobody can tell.
 */
enum journal_state {
	JOURNAL_NEW,
	JOURNAL_SENDING,
	JOURNAL_ACCEPTED,
	JOURNAL_UNKNOWN
};

struct journal_entry;

/* One message's record; nobody else looks inside. */
struct journal {
	int fd, folder; /* -1: not open */
	char key[JOURNAL_NAME_MAX + 1];
	struct journal_entry *entry;
	size_t n, room;
	size_t lines;	/* in the file */
	off_t end;	/* of the last line that is right */
	int settled;	/* the folder has the file for sure */
};

/*
 * Read the key of the journal in the folder dir, which makes it at the first
 * time.  Returns 0, or -1 with errno.
 */
int journal_read_key(const char *dir, struct journal_key *);

/*
 * Open and lock the record of the message `key` in the folder dir, which
 * must be there.  Returns 0; 1 if another session has it (try later; it never
 * waits); -1 with errno.  But for 0 there is nothing to close.
 */
int journal_open(struct journal *, const char *dir, const char *key);

/*
 * What is known of a recipient, if it was noted at `since` or later; with
 * since 0 at any time.  Else a time in the future is a clock's that was wrong:
 * it does not count.  id:
 * the gateway's, of an accepted one, else "".  What was noted as SENDING by a
 * process that came no further is UNKNOWN.
 */
enum journal_state journal_find(const struct journal *, const char *name,
    time_t since, char id[IPC_ID_MAX + 1]);

/* How often a recipient was sent to without anybody knowing the outcome. */
long journal_tries(const struct journal *, const char *name);

/* Forget what was noted of a recipient. */
void journal_forget(struct journal *, const char *name);

/*
 * Note the state of a recipient, in memory; id is NULL or the gateway's.  A
 * record that is full forgets its oldest recipient.  Returns 0, or -1 with
 * errno: EINVAL if name or id is none, ENOMEM.
 */
int journal_note(struct journal *, const char *name, enum journal_state,
    const char *id);

/*
 * Make all that was noted durable: it survives a crash of the machine.
 * Returns 0, or -1 with errno: then the file says what it said before, or
 * some of the new.  It may be called again.
 */
int journal_commit(struct journal *);

/*
 * Unlock and close; what was not committed is lost.  A record in which all
 * recipients are NEW is removed.
 */
void journal_close(struct journal *);

/*
 * Remove records that were not written to for keep seconds, a few at a time:
 * one call looks at one folder's names and a sixteenth of its records, and
 * calls that come too soon do nothing.  No record that is open goes.
 */
void journal_prune(const char *dir, long keep);

#endif
