/*
 * job_send: a job's requests to the gateway, until each of its recipients
 * has an outcome.
 */
#ifndef JOB_SEND_H
#define JOB_SEND_H

#include "common/config.h"
#include "delivery/job.h"
#include "gateway/descriptor.h"

void job_send_init(const struct config *, const struct descriptor *);

/*
 * Deliver.  done is called once, from here or from http_turn, not later
 * than the deadline; then the job is the caller's again.
 */
void job_send(struct job *, job_done done, void *);

/* The same without a word to the gateway: every outcome is temporary. */
void job_refuse(struct job *, job_done done, void *);

#endif
