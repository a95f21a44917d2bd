/*
 * job_journal: what the journal knows of a job's recipients.
 */
#ifndef JOB_JOURNAL_H
#define JOB_JOURNAL_H

#include "delivery/job.h"

/*
 * Before anything is sent: leave out the recipients that are done, and make
 * it durable that the others will be sent to.  If the journal cannot be used,
 * nothing is sent.  Then `then` is called, from here or from journal_turn;
 * j->journalled says whether job_journal_write is due.
 */
void job_journal_read(struct job *, void (*then)(struct job *));

/*
 * Before the reply: note what became of those of j->all; then call
 * `then`, likewise.
 */
void job_journal_write(struct job *, void (*then)(struct job *));

#endif
