/*
 * keeper: see keeper.h.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "common/clock.h"
#include "common/fds.h"
#include "common/log.h"
#include "session/keeper.h"
#include "session/wrapper.h"

#define WORD 't'	/* start smtp2sms-tls */

/* ---- the keeper ---- */

static void
ignore(const char *what)
{
	(void)what;
}

static void
on_child(int sig)
{
	(void)sig;
}

/*
 * In a new process: become smtp2sms-tls, as the configuration has it now.  The
 * listener has read the same, and has said what is wrong with it.
 */
static _Noreturn void
launch(const struct program *program, int control)
{
	static struct program p;
	struct argv c;

	p = *program;
	if (config_load(&p.config, p.file, p.overrides, p.noverrides,
	    ignore) == -1 || p.config.tls_cert == NULL ||
	    p.config.user == NULL)	/* there was one: never as root */
		_exit(PROGRAM_CONFIG);
	wrapper_command(&c, &p, "-L");
	wrapper_finish(&c, &p);
	helper_become(&c, control);
}

static void
reap(int options)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, options)) > 0 ||
	    (pid == -1 && errno == EINTR))
		if (pid > 0)
			helper_log("smtp2sms-tls", status);
}

/* Wait for a word of the listener's; 0 when the listener has gone. */
static int
serve(const struct program *p, int control)
{
	struct pollfd pfd = {.fd = control, .events = POLLIN};
	sigset_t none;
	char word = 0;
	ssize_t n;
	int fd;

	sigemptyset(&none);
	if (ppoll(&pfd, 1, NULL, &none) != 1)
		return errno == EINTR;
	n = fds_receive(control, &word, 1, &fd, 1);
	if (n == 0 || (n == -1 && errno != EMSGSIZE))
		return 0;
	if (fd == -1)
		return 1;
	if (word == WORD && fork() == 0)
		launch(p, fd);
	close(fd);
	return 1;
}

/* Signals but SIGCHLD are the listener's: it tells us by closing its end. */
static void
set_signals(void)
{
	struct sigaction sa = {.sa_handler = on_child};
	sigset_t blocked;

	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	sigaction(SIGCHLD, &sa, NULL);
}

static _Noreturn void
keep(const struct program *p, int control)
{
	const int kept[] = {control, log_descriptor()};

	set_signals();
#ifdef __linux__
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NAME, "smtp2sms-keeper", 0, 0, 0);
#endif
	fds_close_but(kept, 2);
	while (serve(p, control))
		reap(WNOHANG);
	reap(0);
	_exit(PROGRAM_OK);
}

/* ---- the listener ---- */

static int
fail(const char *what)
{
	log_event(LOG_ERR, "helper", "program", what, "error", strerror(errno),
	    NULL);
	return -1;
}

int
keeper_start(struct helper *keeper, const struct program *p)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return fail("keeper");
	if ((pid = fork()) == 0)
		keep(p, pair[1]);
	close(pair[1]);
	if (pid == -1) {
		close(pair[0]);
		return fail("keeper");
	}
	keeper->pid = pid;
	keeper->control = pair[0];
	return 0;
}

int
keeper_launch(struct helper *keeper, struct helper *tls)
{
	const char word = WORD;
	enum helper_result r;
	int pair[2];

	helper_count_start(tls);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return fail("smtp2sms-tls");
	r = helper_pass(keeper, &word, 1, &pair[1], 1);
	close(pair[1]);
	if (r != HELPER_OK) {
		fail("smtp2sms-tls");
		close(pair[0]);
		return -1;
	}
	tls->pid = 0;
	tls->control = pair[0];
	return 0;
}
