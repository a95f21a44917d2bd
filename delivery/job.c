/*
 * job: memory for a message on its way, and what the log says of it.
 */
#include <stdlib.h>

#include "common/log.h"
#include "delivery/job.h"

struct job *
job_new(void)
{
	return calloc(1, sizeof(struct job));
}

void
job_free(struct job *j)
{
	if (j == NULL)
		return;
	free(j->text);
	free(j->guard);
	free(j->notify);
	free(j);
}

const char *
job_gateway_name(const struct job *j, const struct descriptor *g)
{
	return j->gateway->next != NULL ? g->name : NULL;
}

void
job_trouble(const struct job *j, const struct descriptor *g,
    const char *request, long status, long ms, const char *error,
    long retry_after)
{
	log_limited(j->log_limit, LOG_WARNING, "gateway", "session", j->session,
	    "peer", j->peer, "gateway", job_gateway_name(j, g), "request",
	    request, "status", LOG_NUM(status), "ms", LOG_NUM(ms), "error", error,
	    "retry-after", retry_after > 0 ? LOG_NUM(retry_after) : NULL,
	    NULL);
}
