/*
 * job_fate: outcomes, sorted by what they say of where the message is.
 */
#include "delivery/job_fate.h"

/*
 * Status codes of a reverse proxy (nginx, HAProxy, Cloudflare) whose upstream
 * failed; the gateway behind it may have the message all the same.
 */
static int
is_proxy_error(long status)
{
	return status == 502 || status == 504 || status == 520 ||
	    status == 522 || status == 524;
}

/* Too many requests, too early, or too slow (RFC 9110, 6585, 8470). */
static int
is_asked_to_wait(long status)
{
	return status == 408 || status == 425 || status == 429;
}

enum job_fate
job_fate(enum ipc_outcome o, int sent, long status, int next)
{
	switch (o) {
	case IPC_OUTCOME_ACCEPTED:
	case IPC_OUTCOME_DUPLICATE:
	case IPC_OUTCOME_HELD:	/* it is not to be sent again */
		return JOB_FATE_ACCEPTED;
	case IPC_OUTCOME_UNKNOWN:
	case IPC_OUTCOME_UNCLEAR:
	case IPC_OUTCOME_LOST:
	case IPC_OUTCOME_TIMEOUT:
		return sent ? JOB_FATE_UNKNOWN : JOB_FATE_NOT_TAKEN;
	case IPC_OUTCOME_FAILED:
	case IPC_OUTCOME_TEMPORARY:
		return sent && is_proxy_error(status) ? JOB_FATE_UNKNOWN :
							JOB_FATE_NOT_TAKEN;
	case IPC_OUTCOME_PERMANENT:
		return next ? JOB_FATE_NOT_TAKEN : JOB_FATE_PERMANENT;
	case IPC_OUTCOME_REFUSED:
		return next || is_asked_to_wait(status) ?
		    JOB_FATE_NOT_TAKEN : JOB_FATE_PERMANENT;
	case IPC_OUTCOME_CREDENTIALS:
	case IPC_OUTCOME_UNREACHABLE:
	case IPC_OUTCOME_INTERNAL:
	case IPC_OUTCOME_LIMITED:
		break;
	}
	return JOB_FATE_NOT_TAKEN;
}

int
job_fate_rank(enum ipc_outcome o, enum job_fate fate)
{
	switch (fate) {
	case JOB_FATE_ACCEPTED:
		return 4;
	case JOB_FATE_UNKNOWN:
		return 3;
	case JOB_FATE_NOT_TAKEN:
		return o == IPC_OUTCOME_CREDENTIALS ||
		    o == IPC_OUTCOME_PERMANENT ? 1 : 2;
	case JOB_FATE_PERMANENT:
		break;
	}
	return 0;
}
