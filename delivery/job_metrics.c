/*
 * job_metrics: what a job that is over adds to the metrics: one message, its
 * recipients, their parts.
 */
#include <stddef.h>

#include "common/metrics.h"
#include "delivery/job_metrics.h"
#include "sms/text.h"

static const char *
gateway_of(const struct job *j, const struct job_result *r)
{
	const struct descriptor *g = j->gateway;

	while (r->tried && g != NULL && g->index != r->gateway)
		g = g->next;
	return r->tried && g != NULL ? g->name : METRICS_NO_GATEWAY;
}

static unsigned long
count_parts(const struct job *j)
{
	struct text_info info;

	if (j->options.port != 0)
		return 1;	/* a data SMS */
	text_count(j->text, &info);
	return info.parts;
}

void
job_metrics_add(const struct job *j)
{
	const struct job_result *r, *worst = &j->result[0];
	unsigned long parts;
	size_t i;

	if (!metrics_are_on() || j->dry)
		return;
	parts = count_parts(j);
	for (i = 0; i < j->nto; i++) {
		r = &j->result[i];
		/* the outcomes stand in this order, from good to bad */
		if (r->outcome != IPC_OUTCOME_HELD &&
		    (r->outcome > worst->outcome ||
		    worst->outcome == IPC_OUTCOME_HELD))
			worst = r;
		metrics_add(METRICS_RECIPIENTS, gateway_of(j, r),
		    ipc_outcome_name(r->outcome), 1);
		metrics_add(METRICS_PARTS, gateway_of(j, r),
		    ipc_outcome_name(r->outcome), parts);
	}
	metrics_add(METRICS_MESSAGES, gateway_of(j, worst),
	    ipc_outcome_name(worst->outcome), 1);
}
