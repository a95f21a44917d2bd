/*
 * job_reply: who wrote to a number last, so that an answer finds him.
 */
#ifndef JOB_REPLY_H
#define JOB_REPLY_H

#include "delivery/job.h"

/*
 * Note the envelope sender and the Message-ID for each recipient that has
 * been accepted, if the configuration wants replies to be matched.  What
 * cannot be noted is logged; the job is as good without.
 */
void job_reply_note(const struct job *);

#endif
