/*
 * tls_program: starts the program when the process with the key says so.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/log.h"
#include "tls/tls_environment.h"
#include "tls/tls_program.h"
#include "tls/tls_sandbox.h"
#include "tls/tls_setup.h"

#define SIGNAL_BASE 128	/* plus the signal that ended the program */

static int
close_on_exec(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int
program_channels(struct side *ours, struct side *theirs)
{
	int ctl[2], down[2], up[2], r = 0, i;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ctl) == -1 ||
	    pipe(down) == -1 || pipe(up) == -1)
		return -1;
	for (i = 0; i < 2; i++) {
		r |= close_on_exec(ctl[i]);
		r |= close_on_exec(down[i]);
		r |= close_on_exec(up[i]);
	}
	*ours = (struct side){.ctl = ctl[0], .in = up[0], .out = down[1]};
	*theirs = (struct side){.ctl = ctl[1], .in = down[0], .out = up[1]};
	return r;
}

void
program_close(const struct side *s)
{
	close(s->ctl);
	close(s->in);
	close(s->out);
}

static int
pass_descriptor(const char *name, int fd)
{
	char number[12];

	snprintf(number, sizeof(number), "%d", fd);
	return fcntl(fd, F_SETFD, 0) == -1 ? -1 : setenv(name, number, 1);
}

static int
pass_descriptors(const struct side *s)
{
	if (setup.at_once)
		return dup2(s->in, STDIN_FILENO) == -1 ||
		    dup2(s->out, STDOUT_FILENO) == -1 ? -1 : 0;
	return pass_descriptor("SSLCTLFD", s->ctl) == -1 ||
	    pass_descriptor("SSLREADFD", s->in) == -1 ||
	    pass_descriptor("SSLWRITEFD", s->out) == -1 ? -1 : 0;
}

/* Write a reply to the client: into the pipe to TLS, or in clear. */
static _Noreturn void
fail_program(int status, const char *reply, int error)
{
	log_event(LOG_ERR, "program", "file", setup.program[0], "error",
	    strerror(error), NULL);
	setup_write(STDOUT_FILENO, reply, strlen(reply));
	_exit(status);
}

_Noreturn void
program_run(const struct side *s, pid_t parent)
{
	int error = setup_become(&setup.program_user) == -1 ? errno : 0;

	tls_sandbox_tie(SIGTERM);
	if (getppid() != parent || environment_read(s->ctl) == -1)
		_exit(EX_OK);	/* there is no session */
	if (pass_descriptors(s) == -1)
		error = errno;
	if (error != 0)
		fail_program(EX_TEMPFAIL, REPLY_SYSTEM, error);
	execvp(setup.program[0], setup.program);
	fail_program(EX_CONFIG, REPLY_CONFIG, errno);
}

int
program_wait(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			return EX_OSERR;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	log_event(LOG_WARNING, "program", "signal", LOG_NUM(WTERMSIG(status)),
	    NULL);
	return SIGNAL_BASE + WTERMSIG(status);
}
