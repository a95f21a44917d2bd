/*
 * fate: what each outcome says of where the message is, and which of two
 * gateways' failures is told.
 */
#include "delivery/job_fate.h"
#include "tap.h"

static const struct {
	enum ipc_outcome outcome;
	int sent;
	long status;
	int next;
	enum job_fate fate;
} fates[] = {
	{IPC_OUTCOME_ACCEPTED, 1, 202, 0, JOB_FATE_ACCEPTED},
	{IPC_OUTCOME_DUPLICATE, 1, 409, 0, JOB_FATE_ACCEPTED},
	{IPC_OUTCOME_PERMANENT, 1, 400, 0, JOB_FATE_PERMANENT},
	{IPC_OUTCOME_PERMANENT, 1, 403, 1, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_CREDENTIALS, 1, 401, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_CREDENTIALS, 1, 402, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_FAILED, 1, 500, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_FAILED, 1, 503, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_FAILED, 1, 502, 0, JOB_FATE_UNKNOWN},
	{IPC_OUTCOME_FAILED, 1, 504, 0, JOB_FATE_UNKNOWN},
	{IPC_OUTCOME_FAILED, 0, 502, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_REFUSED, 1, 400, 0, JOB_FATE_PERMANENT},
	{IPC_OUTCOME_REFUSED, 1, 404, 0, JOB_FATE_PERMANENT},
	{IPC_OUTCOME_REFUSED, 1, 404, 1, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_REFUSED, 1, 408, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_REFUSED, 1, 425, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_REFUSED, 1, 429, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_TEMPORARY, 1, 429, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_TEMPORARY, 1, 302, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_TEMPORARY, 1, 520, 0, JOB_FATE_UNKNOWN},
	{IPC_OUTCOME_TEMPORARY, 1, 522, 0, JOB_FATE_UNKNOWN},
	{IPC_OUTCOME_TEMPORARY, 1, 524, 0, JOB_FATE_UNKNOWN},
	{IPC_OUTCOME_UNKNOWN, 1, 0, 0, JOB_FATE_UNKNOWN},
	{IPC_OUTCOME_UNCLEAR, 1, 200, 0, JOB_FATE_UNKNOWN},
	{IPC_OUTCOME_UNCLEAR, 0, 0, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_LOST, 1, 0, 0, JOB_FATE_UNKNOWN},
	{IPC_OUTCOME_LOST, 0, 0, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_TIMEOUT, 1, 0, 0, JOB_FATE_UNKNOWN},
	{IPC_OUTCOME_TIMEOUT, 0, 0, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_UNREACHABLE, 0, 0, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_INTERNAL, 0, 0, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_LIMITED, 0, 0, 0, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_HELD, 0, 0, 0, JOB_FATE_ACCEPTED},
};

/* Each of these is told rather than the ones below it. */
static const struct {
	enum ipc_outcome outcome;
	enum job_fate fate;
} ranks[] = {
	{IPC_OUTCOME_ACCEPTED, JOB_FATE_ACCEPTED},
	{IPC_OUTCOME_LOST, JOB_FATE_UNKNOWN},
	{IPC_OUTCOME_TEMPORARY, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_CREDENTIALS, JOB_FATE_NOT_TAKEN},
	{IPC_OUTCOME_PERMANENT, JOB_FATE_PERMANENT},
};

int
main(void)
{
	int seen[IPC_OUTCOME_LAST + 1] = {0};
	size_t i;

	for (i = 0; i < sizeof(fates) / sizeof(fates[0]); i++) {
		seen[fates[i].outcome] = 1;
		tap_ok(job_fate(fates[i].outcome, fates[i].sent,
		    fates[i].status, fates[i].next) == fates[i].fate,
		    "outcome %d, %s, status %ld, next %d", fates[i].outcome,
		    fates[i].sent ? "sent" : "not sent", fates[i].status,
		    fates[i].next);
	}
	for (i = 0; i <= IPC_OUTCOME_LAST; i++)
		tap_ok(seen[i], "outcome %zu is in the table", i);
	for (i = 1; i < sizeof(ranks) / sizeof(ranks[0]); i++)
		tap_ok(job_fate_rank(ranks[i - 1].outcome,
		    ranks[i - 1].fate) > job_fate_rank(ranks[i].outcome,
		    ranks[i].fate), "outcome %d before %d",
		    ranks[i - 1].outcome, ranks[i].outcome);
	return tap_done();
}
