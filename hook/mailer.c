/*
 * mailer: what goes over the socket is checked as if its writer had been
 * taken over: u32 length of the address, u32 length of the mail, both; and
 * one octet back, 1 if the mail server has taken it.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fds.h"
#include "common/log.h"
#include "common/path.h"
#include "hook/mailer.h"
#include "hook/relay.h"

static int
write_all(int fd, const void *data, size_t n)
{
	const char *p = data;
	ssize_t done;

	for (; n > 0; p += done, n -= (size_t)done) {
		done = write(fd, p, n);
		if (done == -1 && errno == EINTR)
			done = 0;
		else if (done == -1)
			return -1;
	}
	return 0;
}

static int
read_all(int fd, void *data, size_t n)
{
	char *p = data;
	ssize_t got;

	for (; n > 0; p += got, n -= (size_t)got) {
		got = read(fd, p, n);
		if (got == -1 && errno == EINTR)
			got = 0;
		else if (got < 1)
			return -1;
	}
	return 0;
}

/* ---- the process ---- */

/* The program has MAILER_SECONDS, whatever it does. */
static void
run_sendmail(const char *program, char *rcpt)
{
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", lang[] = "LANG=C";
	char *env[] = {path, lang, NULL};
	char i[] = "-i", f[] = "-f", null[] = "<>", end[] = "--";
	char *argv[] = {(char *)(uintptr_t)program, i, f, null, end, rcpt,
	    NULL};

	signal(SIGPIPE, SIG_DFL);
	fds_close_from(3);
	alarm(MAILER_SECONDS);
	execve(program, argv, env);
	log_event(LOG_ERR, "mail", "program", program, "error",
	    strerror(errno), NULL);
	_exit(127);
}

static int
wait_for(pid_t pid, const char *program)
{
	char what[40];
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	snprintf(what, sizeof(what), "%s %d",
	    WIFSIGNALED(status) ? "signal" : "exit status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	log_event(LOG_ERR, "mail", "program", program, "error", what, NULL);
	return -1;
}

static int
give_to_sendmail(const char *program, char *rcpt, const char *mail, size_t n)
{
	int fd[2], r;
	pid_t pid;

	if (pipe(fd) == -1)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (dup2(fd[0], STDIN_FILENO) == -1)
			_exit(127);
		run_sendmail(program, rcpt);
	}
	close(fd[0]);
	r = pid != -1 ? write_all(fd[1], mail, n) : -1;
	if (pid != -1 && r == -1)
		kill(pid, SIGTERM); /* before the end of half a mail */
	close(fd[1]);
	if (pid != -1 && wait_for(pid, program) == -1)
		r = -1;
	return r;
}

/* An address with a domain, in ASCII. */
static int
is_address(const char *s)
{
	struct path path;
	const char *end;

	return path_parse(s, &end, &path) == 0 && *end == '\0' &&
	    path.domain[0] != '\0' && !path.utf8;
}

/* One mail: 1 if it has been taken, 0 if not, -1 at the end. */
static int
serve(int fd, const struct config *c)
{
	char rcpt[MAILER_RCPT_MAX + 1], *mail;
	uint32_t n[2];
	int r = -1;

	if (read_all(fd, n, sizeof(n)) == -1 || n[0] > MAILER_RCPT_MAX ||
	    n[1] > MAILER_MAIL_MAX || (mail = malloc(n[1] + 1)) == NULL)
		return -1;
	if (read_all(fd, rcpt, n[0]) == 0 && read_all(fd, mail, n[1]) == 0) {
		rcpt[n[0]] = '\0';
		if (!is_address(rcpt))
			r = 0;
		else if (c->mail_relay != NULL)
			r = relay_give(c->mail_relay, c->hostname, rcpt, mail,
			    n[1], MAILER_SECONDS) == 0;
		else
			r = give_to_sendmail(c->sendmail, rcpt, mail,
			    n[1]) == 0;
	}
	free(mail);
	return r;
}

static void
run(int fd, const struct config *c)
{
	char octet;
	int r;

	signal(SIGPIPE, SIG_IGN);
	/* the server waits for the end of these, and we may be the last */
	if (fds_null(STDIN_FILENO) == -1 || fds_null(STDOUT_FILENO) == -1)
		_exit(1);
	while ((r = serve(fd, c)) != -1) {
		octet = (char)r;
		if (write_all(fd, &octet, 1) == -1)
			break;
	}
	_exit(0);
}

int
mailer_start(const struct config *c)
{
	int fd[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == -1)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		run(fd[1], c);
	}
	close(fd[1]);
	if (pid != -1)
		return fd[0];
	close(fd[0]);
	return -1;
}

int
mailer_send(int fd, const char *rcpt, const struct buf *mail)
{
	uint32_t n[2] = {(uint32_t)strlen(rcpt), (uint32_t)mail->len};
	char taken = 0;

	if (mail->overflow || n[0] > MAILER_RCPT_MAX ||
	    mail->len > MAILER_MAIL_MAX ||
	    write_all(fd, n, sizeof(n)) == -1 ||
	    write_all(fd, rcpt, n[0]) == -1 ||
	    write_all(fd, mail->p, mail->len) == -1 ||
	    read_all(fd, &taken, 1) == -1)
		return -1;
	return taken == 1 ? 0 : -1;
}
