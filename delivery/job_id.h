/*
 * job_id: names that a retry makes again.  All are UUIDs made of a name
 * (RFC 9562, 5.5), but for the random one of a message that is like no other.
 */
#ifndef JOB_ID_H
#define JOB_ID_H

#include "common/config.h"
#include "delivery/job.h"

/*
 * Set the mark that tells a retry from a new message of the same words: the
 * Message-ID; without one the Date; under "dedupe text" the window of time,
 * since its senders make a new Message-ID for each try.  NULL: a message with
 * none of these is like no other.
 */
void job_id_mark(struct job *, const struct config *);

/*
 * The id of a request to these n numbers, in whatever order; before: what it
 * would have been a window ago, "" if there are no windows.
 */
void job_id_request(const struct job *, char *const *to, size_t n,
    char id[JOB_UUID], char before[JOB_UUID]);

/* What the journal calls the message (whose mark is not NULL)... */
void job_id_message(const struct job *, char out[JOB_UUID]);

/* ... and a recipient, whose number is nobody's business. */
void job_id_recipient(const char *number, char out[JOB_UUID]);

#endif
