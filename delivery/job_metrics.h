/*
 * job_metrics: what a job that is over adds to the metrics.
 */
#ifndef JOB_METRICS_H
#define JOB_METRICS_H

#include "delivery/job.h"

void job_metrics_add(const struct job *);

#endif
