/*
 * smtp2sms: main of the session program: the options, the configuration, and
 * what follows from them: a check (-t), a mail without SMTP (-x), or a session
 * with the client on descriptor 0.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config.h"
#include "common/fds.h"
#include "common/log.h"
#include "common/terminal.h"
#include "session/extract.h"
#include "session/link.h"
#include "session/listener.h"
#include "session/privileges.h"
#include "session/program.h"
#include "session/sandbox.h"
#include "session/sockets.h"
#include "session/start.h"
#include "session/wrapper.h"

static struct {
	struct program program;
	int test, extract;	/* -t, -x */
	int hidden;		/* descriptor 2 is the client's */
	char *listen[SOCKETS_MAX];	/* -l */
	size_t nlisten;
	struct sockets sockets;
	struct start start;
} self = {.program = {.file = (char *)(size_t)CONFIG_FILE}};

/* Classic inetd puts the client's socket on descriptor 2 as well. */
static int
stderr_is_client(void)
{
	struct stat in, err;

	return fstat(STDIN_FILENO, &in) == 0 &&
	    fstat(STDERR_FILENO, &err) == 0 && S_ISSOCK(err.st_mode) &&
	    in.st_dev == err.st_dev && in.st_ino == err.st_ino;
}

/* Say why there will be no session, if there is a client to hear it. */
static void
tell_client(const char *reply)
{
	if (!self.test && !self.extract && !isatty(STDIN_FILENO))
		start_refuse(reply);
}

static int
usage(void)
{
	tell_client("421 4.3.5 Server configuration error\r\n");
	if (!self.hidden)
		fprintf(stderr, "usage: smtp2sms [-Lnsv] [-f file] "
		    "[-l address:port]... [-o key=value]...\n"
		    "       smtp2sms -t [-f file] [-o key=value]...\n"
		    "       smtp2sms -x [-f file] [-o key=value]... <mail\n"
		    "       smtp2sms -V\n"
		    "       smtp2sms --setup [option]...\n");
	return PROGRAM_USAGE;
}

static int
options(struct program *p, int argc, char **argv)
{
	int c;

	p->argv = argv;
	while ((c = getopt(argc, argv, "f:l:Lno:stvVx")) != -1)
		switch (c) {
		case 'f':
			p->file = optarg;
			break;
		case 'l':
			if (self.nlisten == SOCKETS_MAX)
				return -1;
			self.listen[self.nlisten++] = optarg;
			break;
		case 'L':
			p->lmtp = 1;
			break;
		case 'n':
			p->dry = 1;
			break;
		case 'o':
			if (p->noverrides == CONFIG_OVERRIDES_MAX)
				return -1;
			p->overrides[p->noverrides++] = optarg;
			break;
		case 's':
			p->at_once = 1;
			break;
		case 't':
			self.test = 1;
			break;
		case 'v':
			p->verbose = 1;
			break;
		case 'V':
			printf("smtp2sms %s\n", VERSION);
			exit(PROGRAM_OK);
		case 'x':
			self.extract = 1;
			break;
		default:
			return -1;
		}
	return optind == argc ? 0 : -1;
}

/* ---- the configuration ---- */

static void
ignore(const char *what)
{
	(void)what;
}

static void
report(const char *what)
{
	if (self.test || self.extract)
		fprintf(stderr, "smtp2sms: %s\n", what);
	else
		log_event(LOG_ERR, "config", "error", what, NULL);
}

static int
load(struct program *p, config_report tell)
{
	return config_load(&p->config, p->file, p->overrides, p->noverrides,
	    tell);
}

/*
 * Load the configuration.  Errors are reported in a second pass, since the
 * first one finds out where the log goes.
 */
static int
configure(struct program *p)
{
	int bad = load(p, ignore);

	log_open("smtp2sms", p->config.log_stderr && !self.hidden);
	if (self.hidden && fds_null(STDERR_FILENO) == -1)
		_exit(PROGRAM_TEMPORARY);
	return bad ? load(p, report) : 0;
}

static int
drop_privileges(const struct program *p)
{
	const char *error = privileges_drop(p->config.user);

	if (error == NULL)
		return 0;
	return config_error(&p->config, "user", report, "user %s: %s",
	    p->config.user, error);
}

/* ---- -t and -x ---- */

/* Let smtp2sms-deliver check the gateway, the secrets and the logins. */
static int
test_deliver(const struct program *p)
{
	struct argv c;
	pid_t pid = fork();

	if (pid == 0) {
		link_command(&c, p);
		argv_add(&c, "-t");
		argv_exec(&c);
		fprintf(stderr, "smtp2sms: %s: %s\n", c.path, strerror(errno));
		_exit(PROGRAM_TEMPORARY);
	}
	return pid == -1 ? PROGRAM_TEMPORARY : link_wait(pid);
}

/* Try the sandbox in a process of its own, and say what sessions will have. */
static int
test_sandbox(const struct program *p)
{
	struct sandbox s;
	char text[SANDBOX_TEXT];

	if (sandbox_try(p->config.sandbox == CONFIG_SANDBOX_BEST_EFFORT,
	    &s) == -1) {
		fprintf(stderr, "smtp2sms: sandbox: %s: clients get a 421, "
		    "unless it is best-effort\n", strerror(errno));
		return PROGRAM_TEMPORARY;
	}
	sandbox_describe(&s, text);
	printf("sandbox: %s\n", text);
	fflush(stdout);
	return PROGRAM_OK;
}

/* Report all errors, whichever program finds them. */
static int
test(const struct program *p)
{
	int status = p->config.tls_cert != NULL ? wrapper_test(p) : PROGRAM_OK;
	int sandbox, more;

	/*
	 * root reads the key; the sessions' user must be able to read the rest
	 */
	if (drop_privileges(p) == -1)
		status = PROGRAM_CONFIG;
	sandbox = test_sandbox(p);
	more = test_deliver(p);
	if (status == PROGRAM_OK)
		status = more;
	return status != PROGRAM_OK ? status : sandbox;
}

/* Show the SMS that a mail on descriptor 0 would become. */
static int
extract(const struct program *p)
{
	int look = terminal_look();	/* behind the sandbox nobody knows */
	int best_effort = p->config.sandbox == CONFIG_SANDBOX_BEST_EFFORT;
	struct sandbox s;
	int r = -1;

	if (sandbox_enter(best_effort, &s) == 0)
		r = extract_run(&p->config, look);
	if (r == -1)
		fprintf(stderr, "smtp2sms: %s\n", strerror(errno));
	return r == -1 ? PROGRAM_TEMPORARY : r == 0 ? PROGRAM_OK :
						      PROGRAM_NO_TEXT;
}

/* ---- the session on descriptor 0 ---- */

/* Tell the client that the configuration cannot serve it. */
static int
misconfigured(const struct program *p)
{
	if (!p->at_once)
		tell_client("421 4.3.5 Server configuration error\r\n");
	return PROGRAM_CONFIG;
}

/* Find the peer: 0; 1 if it has left; -1 if there is no PROXY header. */
static int
find_peer(const struct program *p, struct peer *peer)
{
	if (!p->config.proxy_protocol || getenv(WRAPPER_PROXY_DONE) != NULL) {
		peer_find(peer);
		return 0;
	}
	switch (peer_proxy(STDIN_FILENO, peer)) {
	case PEER_OK:
		return 0;
	case PEER_NOBODY:
		return 1;
	case PEER_BAD:
		break;
	}
	peer_find(peer);
	log_event(LOG_WARNING, "proxy", "peer", peer->ip, "error",
	    "no PROXY header", NULL);
	if (!p->at_once)
		tell_client("421 4.7.0 PROXY header expected\r\n");
	return -1;
}

static int
serve(struct program *p, struct start *s, int wrapped)
{
	/* the wrapper needs root's key, and drops privileges itself */
	int wrap = p->config.tls_cert != NULL && !wrapped;

	if (p->at_once && !wrapped && !wrap) {
		report("-s requires tls-cert and tls-key");
		return misconfigured(p);
	}
	if (!wrap && drop_privileges(p) == -1)
		return misconfigured(p);
	if (find_peer(p, &s->peer) != 0)
		return PROGRAM_OK;
	if (wrap) {
		wrapper_become(p, &s->peer);
		return misconfigured(p);
	}
	start_identify(s);
	start_trust(p, s);
	s->lmtp = p->lmtp;
	s->link = -1;
	if (wrapper_has_tls()) {
		s->protocol = getenv("SSL_PROTOCOL");
		if (p->config.tls_client_ca != NULL)
			s->subject = getenv("SSL_CLIENT_S_DN");
	}
	if (geteuid() == 0)
		log_event(LOG_WARNING, "privileges", "user", "root", NULL);
	return start_session(p, s);
}

/* ---- the listener ---- */

static enum sockets_kind
default_kind(const struct program *p)
{
	return p->at_once ? SOCKETS_SMTPS : p->lmtp ? SOCKETS_LMTP :
						      SOCKETS_SMTP;
}

/* Find the sockets that are inherited, unless -l names others.  0, or -1. */
static int
find_sockets(const struct program *p)
{
	if (self.test || self.extract || self.nlisten > 0)
		return 0;
	return sockets_find(&self.sockets, default_kind(p));
}

/* Open the sockets that -l names.  0, or -1: reported. */
static int
open_sockets(const struct program *p)
{
	const char *error;
	size_t i;

	for (i = 0; i < self.nlisten; i++) {
		error = sockets_open(&self.sockets, self.listen[i],
		    default_kind(p));
		if (error == NULL)
			continue;
		fprintf(stderr, "smtp2sms: -l %s: %s\n", self.listen[i],
		    error);
		return -1;
	}
	return 0;
}

/* 1 if there is a port for TLS, but no certificate and key. */
static int
lacks_tls(const struct program *p)
{
	size_t i;

	for (i = 0; i < self.sockets.n; i++)
		if (self.sockets.v[i].kind == SOCKETS_SMTPS &&
		    p->config.tls_cert == NULL)
			return 1;
	return 0;
}

static int
listen_on(struct program *p)
{
	int broken;

	if (open_sockets(p) == -1)
		return PROGRAM_CONFIG;
	broken = configure(p) == -1;
	if (!broken && lacks_tls(p)) {
		report("a socket for smtps requires tls-cert and tls-key");
		broken = 1;
	}
	return listener_run(p, &self.sockets, broken);
}

/* ---- start ---- */

/* Open descriptors 0, 1 and 2, if they were not inherited. */
static void
open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd != -1 && fd < 3);
	if (fd > 2)
		close(fd);
}

/*
 * Close every inherited descriptor above 2, except those of the wrapper and
 * the sockets.
 */
static void
close_others(const struct wrapper *w)
{
	int kept[SOCKETS_MAX + 3] = {w->control, w->in, w->out};
	size_t i;

	for (i = 0; i < self.sockets.n; i++)
		kept[3 + i] = self.sockets.v[i].fd;
	fds_close_but(kept, 3 + self.sockets.n);
}

/* Undo what a super-server, or an attacker, may have left to this process. */
static void
clean_environment(void)
{
	signal(SIGPIPE, SIG_IGN);
	unsetenv("GCONV_PATH");
}

/* Execute the script that asks the questions; sessions do not need it. */
static int
setup(char **argv)
{
	execv(LIBEXECDIR "/smtp2sms-setup", argv);
	fprintf(stderr, "smtp2sms: " LIBEXECDIR "/smtp2sms-setup: %s\n",
	    strerror(errno));
	return PROGRAM_TEMPORARY;
}

int
main(int argc, char **argv)
{
	struct program *p = &self.program;
	struct start *s = &self.start;
	int wrapped;

	open_standard();
	if (argc > 1 && strcmp(argv[1], "--setup") == 0)
		return setup(argv + 1);
	self.hidden = stderr_is_client();
	opterr = !self.hidden;
	clean_environment();
	if (options(p, argc, argv) == -1)
		return usage();
	if (listener_is_resumed())
		return listener_resume(p, configure(p) == -1);
	if (find_sockets(p) == -1)
		return PROGRAM_TEMPORARY;
	wrapper_find(&s->wrapper);
	/* from a shell, -f may be /dev/fd/63 */
	if (!self.test && !self.extract && !p->dry)
		close_others(&s->wrapper);
	if (self.sockets.n > 0 || self.nlisten > 0)
		return listen_on(p);
	wrapped = wrapper_has_tls() || s->wrapper.control != -1;
	if (configure(p) == -1)
		return misconfigured(p);
	if (self.test)
		return test(p);
	if (self.extract)
		return extract(p);
	return serve(p, s, wrapped);
}
