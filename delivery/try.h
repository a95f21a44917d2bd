/*
 * try: one test SMS from the command line.
 */
#ifndef TRY_H
#define TRY_H

#include "common/config.h"
#include "gateway/descriptor.h"

struct try_setup {
	const char *number;
	const char *text;	/* NULL: one of our own */
	const char *user;	/* whose password comes on standard input;
				   NULL: the configuration's own credentials */
	int dry;
};

/*
 * Send it, and print the request with its secrets masked, the answer, and
 * what the two mean.  Returns 0 if the gateway has accepted it, 64 for a
 * number that is none, 69 if it was refused, 75 if it may be tried again,
 * 78 where no request can be made.
 */
int try_run(const struct config *, const struct descriptor *,
    const struct try_setup *);

#endif
