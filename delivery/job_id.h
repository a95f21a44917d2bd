/*
 * job_id: ids that a retry makes again.  All are UUIDs made of a name
 * (RFC 9562, 5.5), but for the random one of a message that is like no other.
 */
#ifndef JOB_ID_H
#define JOB_ID_H

#include <time.h>

#include "common/config.h"
#include "delivery/job.h"

/*
 * Set what tells a retry of the job from a new message of the same words: the
 * Message-ID, or without one the Date, as far as they can be believed
 * (credible.h).  Under `dedupe text` it is the window of time, since those
 * senders make a new Message-ID for each try.
 */
void job_id_identify(struct job *, const struct config *, time_t now);

/*
 * The id of a request to these n numbers, in whatever order; before: what it
 * would have been one window ago, "" if there are no windows.
 */
void job_id_request(const struct job *, char *const *to, size_t n,
    char id[JOB_UUID], char before[JOB_UUID]);

/*
 * The journal's name for the message, which is not JOB_UNIQUE.  The key is
 * the journal's; it counts where nobody has verified who the user is.
 */
void job_id_message(const struct job *, const struct journal_key *,
    char out[JOB_UUID]);

/* 1 if that key counts. */
int job_id_needs_key(const struct job *);

/* The journal's name for something else, of a kind. */
void job_id_name(const char *kind, const char *what, char out[JOB_UUID]);

/*
 * The journal's name for what a login is allowed.  The name beside a bearer
 * token may be any, since the gateway does not see it: the token counts.
 */
void job_id_login(const struct job *, char out[JOB_UUID]);

/* The journal's name for a recipient: it does not show the number. */
void job_id_recipient(const char *number, char out[JOB_UUID]);

#endif
