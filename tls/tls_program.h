/*
 * tls_program: the process of the program, and its channels to the process
 * with the key.
 */
#ifndef TLS_PROGRAM_H
#define TLS_PROGRAM_H

#include <sys/types.h>

/* One side of the three channels between wrapper and program. */
struct side {
	int ctl;	/* socket: the start, 'y' or 'Y', the environment */
	int in, out;	/* pipes: clear text */
};

/* Make the channels.  Returns 0, or -1 with errno. */
int program_channels(struct side *ours, struct side *theirs);

void program_close(const struct side *);

/*
 * In the child: wait on the control socket for the environment, then execute
 * the program.  If the parent ends before that, so does this process.
 */
_Noreturn void program_run(const struct side *, pid_t parent);

/* Wait for the program's end; returns its exit status as the shell has it. */
int program_wait(pid_t);

#endif
