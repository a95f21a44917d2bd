/*
 * job_journal: what the journal knows of a job's recipients.
 */
#ifndef JOB_JOURNAL_H
#define JOB_JOURNAL_H

#include "delivery/job.h"

/*
 * Before anything is sent: leave out the recipients that are done, and sync
 * to disk that the others will be sent to.  If the journal cannot be used,
 * nothing is sent.  j->journalled says whether job_journal_write is due.
 */
void job_journal_read(struct job *);

/* Before the reply: note what became of those that were sent to. */
void job_journal_write(struct job *);

#endif
