/*
 * helper: see helper.h.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fds.h"
#include "common/log.h"
#include "session/helper.h"

void
helper_init(struct helper *h)
{
	*h = (struct helper){.control = -1};
}

int
helper_is_usable(const struct helper *h)
{
	return h->control != -1 ||
	    h->due <= clock_ms() + (HELPER_BURST - 1) * HELPER_REST;
}

void
helper_count_start(struct helper *h)
{
	long long now = clock_ms();

	h->due = (h->due > now ? h->due : now) + HELPER_REST;
}

_Noreturn void
helper_become(const struct argv *c, int control)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* ^C is for the listener, which tells the others */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	if (dup2(control, STDIN_FILENO) != -1 &&
	    fds_null(STDOUT_FILENO) != -1)
		argv_exec(c);
	log_event(LOG_ERR, "helper", "program", c->path, "error",
	    strerror(errno), NULL);
	_exit(PROGRAM_TEMPORARY);
}

int
helper_start(struct helper *h, const struct argv *c)
{
	int pair[2];
	pid_t pid;

	helper_count_start(h);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) ==
	    -1) {
		log_event(LOG_ERR, "helper", "program", c->path, "error",
		    strerror(errno), NULL);
		return -1;
	}
	if ((pid = fork()) == 0)
		helper_become(c, pair[1]);
	close(pair[1]);
	if (pid == -1) {
		close(pair[0]);
		log_event(LOG_ERR, "helper", "program", c->path, "error",
		    strerror(errno), NULL);
		return -1;
	}
	h->pid = pid;
	h->control = pair[0];
	return 0;
}

enum helper_result
helper_pass(struct helper *h, const void *message, size_t size,
    const int *fds, size_t n)
{
	if (h->control == -1)
		return HELPER_FAILED;
	if (fds_send(h->control, message, size, fds, n) == 0)
		return HELPER_OK;
	/* ETOOMANYREFS: descriptors that are under way count, too (unix(7)) */
	if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM ||
	    errno == ETOOMANYREFS)
		return HELPER_BUSY;
	helper_end(h);
	return HELPER_FAILED;
}

void
helper_end(struct helper *h)
{
	if (h->control != -1)
		close(h->control);
	h->control = -1;
}

void
helper_gone(struct helper *h)
{
	h->pid = 0;
	helper_end(h);
}

void
helper_log(const char *name, int status)
{
	if (WIFSIGNALED(status))
		log_event(LOG_ERR, "helper", "program", name, "signal",
		    LOG_NUM(WTERMSIG(status)), NULL);
	else if (WEXITSTATUS(status) != 0)
		log_event(LOG_ERR, "helper", "program", name, "status",
		    LOG_NUM(WEXITSTATUS(status)), NULL);
}
