/*
 * helper: a program that a listener has started for its sessions
 * (smtp2sms-deliver, smtp2sms-tls): its process, and the control socket over
 * which it is handed one session after the other.
 */
#ifndef HELPER_H
#define HELPER_H

#include <sys/types.h>

#include "session/argv.h"

/* It may be started HELPER_BURST times at once, and then one time in REST. */
#define HELPER_BURST 3
#define HELPER_REST  1000	/* milliseconds */

struct helper {
	pid_t pid;	/* 0: it does not run */
	int control;	/* -1: it does not run, or shall end */
	long long due;	/* when all its starts will have had their REST */
};

/* What became of a session that was to be handed over. */
enum helper_result {
	HELPER_OK,
	HELPER_BUSY,	/* not now: try again when it can be written to */
	HELPER_FAILED
};

void helper_init(struct helper *);

/* 1 if it may be handed a session, or may be started for it. */
int helper_is_usable(const struct helper *);

/* Start the program, its control socket on its descriptor 0.  0, or -1:
   logged. */
int helper_start(struct helper *, const struct argv *);

/* A start counts for helper_is_usable; helper_start has done so itself. */
void helper_count_start(struct helper *);

/* In a new process: become the program; of ours it has the socket alone. */
_Noreturn void helper_become(const struct argv *, int control);

/* Hand it one message with descriptors. */
enum helper_result helper_pass(struct helper *, const void *message,
    size_t size, const int *fds, size_t n);

/* Nothing more will be handed over: it ends when it has served. */
void helper_end(struct helper *);

/* Its process is over. */
void helper_gone(struct helper *);

/* Log how the process of this program ended, unless all was well. */
void helper_log(const char *name, int status);

#endif
