/*
 * wrapper: see wrapper.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/link.h"
#include "session/wrapper.h"

#define VARIABLES_MAX (64 * 1024) /* octets of the wrapper's variables */

static char variables[VARIABLES_MAX];

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

/*
 * Wait for the end of the handshake: then the wrapper sends its variables, each
 * followed by NUL, and another NUL.  0, or -1 if the handshake failed.
 */
static int
read_variables(int control, long long deadline)
{
	struct pollfd p = {.fd = control, .events = POLLIN};
	size_t have = 0;
	ssize_t n;

	for (;;) {
		if (poll(&p, 1, clock_left(deadline)) != 1)
			return -1;
		n = read(p.fd, variables + have, sizeof(variables) - have);
		if (n <= 0)
			return -1;
		have += (size_t)n;
		if (variables[have - 1] == '\0' &&
		    (have == 1 || variables[have - 2] == '\0'))
			return 0;
		if (have == sizeof(variables))
			return -1;
	}
}

int
wrapper_start_tls(const struct wrapper *w, long long deadline)
{
	if (write(w->control, "Y", 1) != 1)
		return -1;
	return read_variables(w->control, deadline);
}

const char *
wrapper_variable(const char *name)
{
	size_t n = strlen(name);
	const char *p;

	for (p = variables; *p != '\0'; p += strlen(p) + 1)
		if (strncmp(p, name, n) == 0 && p[n] == '=')
			return p + n + 1;
	return NULL;
}

/* ---- its command line ---- */

void
wrapper_command(struct argv *c, const struct program *p, const char *mode)
{
	static char seconds[24];

	snprintf(seconds, sizeof(seconds), "%ld", p->config.timeout_tls);
	argv_begin(c, p, "smtp2sms-tls");
	if (mode != NULL)
		argv_add(c, mode);
	argv_option(c, "-t", seconds);
	argv_option(c, "-c", p->config.tls_client_ca);
	if (p->config.log_stderr)
		argv_add(c, "-e");
	if (p->config.sandbox == CONFIG_SANDBOX_BEST_EFFORT)
		argv_add(c, "-b");
}

/* The arguments after the options. */
static void
add_files(struct argv *c, const struct program *p)
{
	argv_add(c, p->config.tls_cert);
	argv_add(c, p->config.tls_key);
}

void
wrapper_finish(struct argv *c, const struct program *p)
{
	if (geteuid() == 0)
		argv_option(c, "-u", p->config.user);
	add_files(c, p);
}

/* The path of this program, an absolute one if the system tells it. */
static void
own_path(char *path, size_t size, const char *argv0)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);

	if (n > 0)
		path[n] = '\0';
	else
		snprintf(path, size, "%s", argv0);
}

/* Name the peer in the environment, for the program behind the wrapper. */
static void
export_peer(const struct peer *peer)
{
	if (strcmp(peer->ip, PEER_LOCAL) == 0)
		return;
	setenv("TCPREMOTEIP", peer->ip, 1);
	setenv("TCPREMOTEPORT", peer->port, 1);
}

void
wrapper_become(const struct program *p, const struct peer *peer)
{
	char program[4096];
	struct argv c;
	char **argv;

	wrapper_command(&c, p, p->at_once ? "-s" : NULL);
	wrapper_finish(&c, p);
	own_path(program, sizeof(program), p->argv[0]);
	argv_add(&c, program);
	for (argv = p->argv + 1; *argv != NULL; argv++)
		argv_add(&c, *argv);
	export_peer(peer);
	/* the header comes before TLS and has been read */
	if (p->config.proxy_protocol)
		setenv(WRAPPER_PROXY_DONE, "1", 1);
	argv_exec(&c);
	log_event(LOG_ERR, "tls", "program", c.path, "error", strerror(errno),
	    NULL);
}

int
wrapper_test(const struct program *p)
{
	struct argv c;
	pid_t pid;

	wrapper_command(&c, p, "-n");
	add_files(&c, p);
	if ((pid = fork()) == 0) {
		argv_exec(&c);
		fprintf(stderr, "smtp2sms: %s: %s\n", c.path,
		    strerror(errno));
		_exit(PROGRAM_CONFIG);
	}
	return pid == -1 ? PROGRAM_TEMPORARY : link_wait(pid);
}
