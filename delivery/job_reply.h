/*
 * job_reply: who wrote to a number last, so that an answer finds him; and who
 * wants to be told what becomes of an SMS.
 */
#ifndef JOB_REPLY_H
#define JOB_REPLY_H

#include "delivery/job.h"

/*
 * Before anything is sent: who wants to be told has not been noted yet, so a
 * webhook that is faster than the answer of the gateway has to come again.
 */
void job_reply_begin(const struct job *);

/*
 * Note what smtp2sms-hook needs of each recipient that has been accepted, if
 * the configuration wants replies to be matched, or the client wants
 * receipts.  What cannot be noted is logged; the job is as good without.
 */
void job_reply_note(const struct job *);

#endif
