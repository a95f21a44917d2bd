/*
 * link: see link.h.
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fds.h"
#include "common/log.h"
#include "common/metrics.h"
#include "session/link.h"

#define AGENT_WAIT 2	/* seconds for an agent to accept a session */

void
link_command(struct argv *c, const struct program *p)
{
	size_t i;

	argv_begin(c, p, "smtp2sms-deliver");
	argv_option(c, "-f", p->file);
	for (i = 0; i < p->noverrides; i++)
		argv_option(c, "-o", p->overrides[i]);
	if (p->dry)
		argv_add(c, "-n");
	/*
	 * Some builds of libcurl load GnuTLS without using it, and its start
	 * takes a tenth of the time until main().  A libcurl that uses it
	 * starts it by itself.
	 */
	setenv("GNUTLS_NO_IMPLICIT_INIT", "1", 0);
}

int
link_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return PROGRAM_TEMPORARY;
	return WIFEXITED(status) ? WEXITSTATUS(status) : PROGRAM_TEMPORARY;
}

/* ---- spawn ---- */

/* Execute smtp2sms-deliver with the link on descriptor 0. */
static void
become_deliver(const struct program *p, const struct link_session *s, int fd)
{
	struct argv c;

	link_command(&c, p);
	argv_option(&c, "-i", s->id);
	argv_option(&c, "-p", s->peer);
	if (!s->trusted)
		argv_add(&c, "-a");
	if (dup2(fd, STDIN_FILENO) == -1)
		return;
	close(fd);
	if (fds_null(STDOUT_FILENO) == -1)
		return;
	argv_exec(&c);
	log_event(LOG_ERR, "link", "program", c.path, "error", strerror(errno),
	    NULL);
}

int
link_take_tally(int fd, struct tally *t)
{
	char frame[TALLY_FRAME_MAX];
	struct ipc_frame f;
	ssize_t n;

	n = recv(fd, frame, sizeof(frame), MSG_PEEK | MSG_DONTWAIT);
	if (n <= 0 || !tally_is(frame, (size_t)n) ||
	    ipc_size(frame, (size_t)n) != n)
		return 0;
	if (recv(fd, frame, (size_t)n, MSG_DONTWAIT) != n)
		return -1;
	ipc_open(&f, frame, (size_t)n);
	return tally_get(&f, t) == 0 ? 1 : -1;
}

/* Count the session here, rather than execute smtp2sms-deliver just for it. */
static int
count_session(const struct program *p, int fd)
{
	struct tally t;

	if (p->config.metrics == NULL || link_take_tally(fd, &t) != 1)
		return 0;
	metrics_open(p->config.metrics);
	metrics_tally(&t);
	metrics_end();
	return 1;
}

/*
 * The parent: close the client's descriptors, and sleep until the session sends
 * its first octet or ends.
 */
static int
wait_for_session(const struct program *p, const struct link_session *s, int fd,
    pid_t pid)
{
	ssize_t n;
	char c;

	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	do
		n = recv(fd, &c, 1, MSG_PEEK);
	while (n == -1 && errno == EINTR);
	if (n == 1 && !count_session(p, fd)) {
		become_deliver(p, s, fd);
		close(STDIN_FILENO);
		close(fd);
		link_wait(pid);
		return PROGRAM_TEMPORARY;
	}
	return link_wait(pid);
}

int
link_spawn(const struct program *p, const struct link_session *s,
    void (*close_session)(void), int *fd, int *status)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return -1;
	if ((pid = fork()) == -1) {
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	if (pid == 0) {
		close(pair[1]);
		*fd = pair[0];
		return 0;
	}
	close(pair[0]);
	close_session();
	*status = wait_for_session(p, s, pair[1], pid);
	return 1;
}

/* ---- agent ---- */

/* A dry run shows its requests on its own standard error, not the agent's. */
int
link_has_agent(const struct program *p)
{
	return p->config.delivery != NULL && !p->dry;
}

int
link_agent(const struct program *p)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *path = p->config.delivery;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval wait = {.tv_sec = AGENT_WAIT};

	/* bounds connect(2), which waits while the agent's backlog is full */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (strlen(path) >= sizeof(a.sun_path)) {
		errno = ENAMETOOLONG;
	} else {
		strcpy(a.sun_path, path);
		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
		    fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
			return fd;
	}
	log_event(LOG_ERR, "link", "agent", path, "error", strerror(errno),
	    NULL);
	return -1;
}
