/*
 * wrapper: see wrapper.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "session/link.h"
#include "session/wrapper.h"

#define PROGRAM_ARGS_MAX (2 * CONFIG_OVERRIDES_MAX + 8)

int
wrapper_has_tls(void)
{
	const char *protocol = getenv("SSL_PROTOCOL");

	return protocol != NULL && *protocol != '\0';
}

/* The descriptor that a variable of the environment names, or -1. */
static int
named_descriptor(const char *name)
{
	const char *s = getenv(name);
	char *end;
	long fd;

	if (s == NULL || *s < '0' || *s > '9')
		return -1;
	fd = strtol(s, &end, 10);
	if (*end != '\0' || fd < 3 || fd > 65535 ||
	    fcntl((int)fd, F_GETFD) == -1)
		return -1;
	return (int)fd;
}

void
wrapper_find(struct wrapper *w)
{
	w->control = named_descriptor("SSLCTLFD");
	w->in = named_descriptor("SSLREADFD");
	w->out = named_descriptor("SSLWRITEFD");
	if (w->in == -1 || w->out == -1)
		w->control = -1;
	if (w->control == -1)
		w->in = w->out = -1;
}

void
wrapper_close(const struct wrapper *w)
{
	if (w->control == -1)
		return;
	close(w->control);
	close(w->in);
	close(w->out);
}

size_t
wrapper_command(const struct program *p, const char *mode,
    char *args[WRAPPER_ARGS_MAX], char *path, size_t size)
{
	static char seconds[24];
	size_t n = 0;

	snprintf(path, size, "%s/smtp2sms-tls", p->config.libexec);
	snprintf(seconds, sizeof(seconds), "%ld", p->config.timeout_tls);
	args[n++] = path;
	if (mode != NULL)
		args[n++] = (char *)(size_t)mode;
	args[n++] = (char *)(size_t)"-t";
	args[n++] = seconds;
	if (p->config.log_stderr)
		args[n++] = (char *)(size_t)"-e";
	if (p->config.tls_client_ca != NULL) {
		args[n++] = (char *)(size_t)"-c";
		args[n++] = p->config.tls_client_ca;
	}
	/* a test (-n) goes on to the files where this user does not exist */
	if (p->config.user != NULL && geteuid() == 0 &&
	    (mode == NULL || strchr(mode, 'n') == NULL)) {
		args[n++] = (char *)(size_t)"-u";
		args[n++] = p->config.user;
	}
	args[n++] = p->config.tls_cert;
	args[n++] = p->config.tls_key;
	args[n] = NULL;
	return n;
}

/* Where this program is, as an absolute path if that can be known. */
static void
own_path(char *path, size_t size, const char *argv0)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);

	if (n > 0)
		path[n] = '\0';
	else
		snprintf(path, size, "%s", argv0);
}

/* What the wrapper cannot find out itself. */
static void
tell_peer(const struct peer *peer)
{
	if (strcmp(peer->ip, PEER_LOCAL) == 0)
		return;
	setenv("TCPREMOTEIP", peer->ip, 1);
	setenv("TCPREMOTEPORT", peer->port, 1);
}

void
wrapper_become(const struct program *p, const struct peer *peer)
{
	char path[4096], program[4096];
	char *args[WRAPPER_ARGS_MAX + PROGRAM_ARGS_MAX];
	char **argv = p->argv;
	size_t n = wrapper_command(p, p->at_once ? "-s" : NULL, args, path,
	    sizeof(path));

	own_path(program, sizeof(program), argv[0]);
	args[n++] = program;
	for (argv++; *argv != NULL; argv++) {
		if (n + 1 == sizeof(args) / sizeof(args[0])) {
			/* some of them alone could mean the opposite: -n */
			log_event(LOG_ERR, "tls", "error",
			    "too many arguments", NULL);
			return;
		}
		args[n++] = *argv;
	}
	args[n] = NULL;
	tell_peer(peer);
	/* the header comes before TLS and has been read */
	if (p->config.proxy_protocol)
		setenv(WRAPPER_PROXY_DONE, "1", 1);
	execv(path, args);
	log_event(LOG_ERR, "tls", "program", path, "error", strerror(errno),
	    NULL);
}

int
wrapper_test(const struct program *p)
{
	char path[4096], *args[WRAPPER_ARGS_MAX];
	pid_t pid;

	wrapper_command(p, "-en", args, path, sizeof(path));
	if ((pid = fork()) == 0) {
		execv(path, args);
		fprintf(stderr, "smtp2sms: %s: %s\n", path, strerror(errno));
		_exit(PROGRAM_CONFIG);
	}
	return pid == -1 ? PROGRAM_TEMPORARY : link_wait(pid);
}
