/*
 * job_road: the gateways that a recipient's message is tried at, in order;
 * and which of them have just failed.
 */
#ifndef JOB_ROAD_H
#define JOB_ROAD_H

#include "common/config.h"
#include "delivery/job.h"
#include "delivery/job_fate.h"
#include "gateway/descriptor.h"

void job_road_init(const struct config *, const struct descriptor *);

/*
 * Set the road of each recipient: the login's own, else the one that `route`
 * has for the number.  Recipients whose road no gateway of this job can serve
 * have NULL.
 */
void job_road_choose(struct job *);

/* 1 if two roads are the same gateways in the same order. */
int job_road_is_same(const struct config_road *, const struct config_road *);

/*
 * The first gateway of the road that has not been tried (a bit for each) and
 * can take the message, rather one that has not just failed.  NULL: there is
 * none.
 */
const struct descriptor *job_road_next(const struct job *,
    const struct config_road *, unsigned tried);

/*
 * A gateway's outcome.  One that has failed is not asked before others for
 * `gateway-rest` seconds.  After that a cheap request finds out whether it is
 * back, if its descriptor has one, else the next message does.
 */
void job_road_note(const struct descriptor *, enum job_fate);

#endif
