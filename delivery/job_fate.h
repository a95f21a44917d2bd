/*
 * job_fate: what is certain about a message after a gateway's answer, or
 * without one.  Pure.
 */
#ifndef JOB_FATE_H
#define JOB_FATE_H

#include "common/ipc.h"

enum job_fate {
	JOB_FATE_ACCEPTED,
	JOB_FATE_NOT_TAKEN,	/* surely: another gateway may be asked */
	JOB_FATE_UNKNOWN,	/* the gateway may have it */
	JOB_FATE_PERMANENT	/* no gateway will take it */
};

/*
 * sent: the request went out; status: the gateway's, 0 if there is none;
 * next: a rule of the descriptor says that another gateway may take it.
 */
enum job_fate job_fate(enum ipc_outcome, int sent, long status, int next);

/*
 * Of two failures at different gateways the client is told the one with the
 * higher rank: what may have been sent, then what can be tried again.
 */
int job_fate_rank(enum ipc_outcome, enum job_fate);

#endif
