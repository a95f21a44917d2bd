/*
 * journal_file: the journal as a folder of one machine.
 */
#ifndef JOURNAL_FILE_H
#define JOURNAL_FILE_H

#include "delivery/journal_record.h"

#define JOURNAL_FILE_MAX (1024 * 1024) /* octets of a record */

/*
 * Read the key of the journal in the folder dir, which makes it at the first
 * time.  Returns 0, or -1 with errno.
 */
int journal_file_read_key(const char *dir, struct journal_key *);

/*
 * Open and lock the record of the message `key` in the folder dir, which
 * must be there.  Returns 0; 1 if another session has it (try later; it never
 * waits); -1 with errno.  But for 0 there is nothing to close.
 */
int journal_file_open(struct journal *, const char *dir, const char *key);

/*
 * Make all that was noted durable: it survives a crash of the machine.
 * Returns 0, or -1 with errno: then the file says what it said before, or
 * some of the new.  It may be called again.
 */
int journal_file_commit(struct journal *);

/*
 * Unlock and close; what was not committed is lost.  A record in which all
 * recipients are NEW is removed.
 */
void journal_file_close(struct journal *);

/*
 * Remove records that were not written to for keep seconds, a few at a time:
 * one call looks at one folder's names and a sixteenth of its records, and
 * calls that come too soon do nothing.  No record that is open goes.
 */
void journal_file_prune(const char *dir, long keep);

#endif
