/*
 * job: memory for a message on its way.
 */
#include <stdlib.h>

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
	free(j);
}
