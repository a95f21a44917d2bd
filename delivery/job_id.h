/*
 * job_id: ids that a retry makes again.  All are UUIDs made of a name
 * (RFC 9562, 5.5), but for the random one of a message that is like no other.
 */
#ifndef JOB_ID_H
#define JOB_ID_H

#include "common/config.h"
#include "delivery/job.h"

/*
 * Set the job's dedupe key, which tells a retry from a new message of the
 * same words: the Message-ID, or without one the Date.  Under `dedupe text`
 * it is the window of time, since those senders make a new Message-ID for
 * each try.  A message with none of these has NULL: it is like no other.
 */
void job_id_key(struct job *, const struct config *);

/*
 * The id of a request to these n numbers, in whatever order; before: what it
 * would have been one window ago, "" if there are no windows.
 */
void job_id_request(const struct job *, char *const *to, size_t n,
    char id[JOB_UUID], char before[JOB_UUID]);

/* The journal's name for the message, whose dedupe key is not NULL. */
void job_id_message(const struct job *, char out[JOB_UUID]);

/* The journal's name for a recipient: it does not show the number. */
void job_id_recipient(const char *number, char out[JOB_UUID]);

#endif
