/*
 * job_journal: a message and the journal.
 */
#ifndef JOB_JOURNAL_H
#define JOB_JOURNAL_H

#include "delivery/job.h"

/*
 * Before anything is sent: leave out the recipients that are done, and have
 * it on the disk that the others are sent to.  What cannot be had from the
 * journal is not sent.  j->journalled says whether to write it afterwards.
 */
void job_journal_read(struct job *);

/* Before anybody is told: what became of those that were sent to. */
void job_journal_write(struct job *);

#endif
