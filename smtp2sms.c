/*
 * smtp2sms: main of the session program: options, configuration, peer, the
 * link to the delivery side, sandbox, run.  SMTP itself is session.c's.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/config.h"
#include "common/fds.h"
#include "common/log.h"
#include "session/ask.h"
#include "session/conn.h"
#include "session/extract.h"
#include "session/peer.h"
#include "session/sandbox.h"
#include "session/session.h"


#define AGENT_WAIT 2  /* seconds for an agent to let a session in */
#define BYE_WAIT 1000 /* milliseconds for a client to read its 421 */

/* In the environment: we have read the PROXY header before the wrapper. */
#define PROXY_DONE "SMTP2SMS_PROXY_DONE"

/* sysexits.h, as the manual documents them */
enum {
	EXIT_OK = 0,
	EXIT_USAGE = 64,
	EXIT_NO_TEXT = 65,	/* -x alone */
	EXIT_TEMPORARY = 75,
	EXIT_CONFIG = 78
};

static struct {
	struct config config;
	char *overrides[CONFIG_OVERRIDES_MAX];
	size_t noverrides;
	char *file;
	int dry, verbose, test, extract;
	int lmtp;		/* -L: LMTP in place of SMTP */
	int at_once;		/* -s: TLS from the first octet */
	int tls_control, tls_in, tls_out;
	struct peer peer;
	char id[32];
	int trusted;
} self = {.file = CONFIG_FILE};

/* Classic inetd puts the client's socket on descriptor 2 as well. */
static int
stderr_is_client(void)
{
	struct stat in, err;

	return fstat(STDIN_FILENO, &in) == 0 &&
	    fstat(STDERR_FILENO, &err) == 0 && S_ISSOCK(err.st_mode) &&
	    in.st_dev == err.st_dev && in.st_ino == err.st_ino;
}

/* A client is never left without an answer. */
static void
tell_client(const char *reply)
{
	if (self.test || self.extract || isatty(STDIN_FILENO))
		return;
	if (write(STDOUT_FILENO, reply, strlen(reply)) != -1)
		conn_bye(STDIN_FILENO, STDOUT_FILENO, BYE_WAIT);
}

static int
usage(void)
{
	tell_client("421 4.3.5 Server configuration error\r\n");
	if (!stderr_is_client())
		fprintf(stderr, "usage: smtp2sms [-Lnsv] [-f file] "
		    "[-o key=value]...\n"
		    "       smtp2sms -t [-f file] [-o key=value]...\n"
		    "       smtp2sms -x [-f file] [-o key=value]... <mail\n"
		    "       smtp2sms -V\n");
	return EXIT_USAGE;
}

static void
say_nothing(const char *what)
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

/* ---- the peer ---- */

static int
auth_in_clear(void)
{
	switch ((enum config_clear)self.config.auth_without_tls) {
	case CONFIG_CLEAR_NO:
		return 0;
	case CONFIG_CLEAR_LOCAL:
		return peer_is_loopback(&self.peer);
	case CONFIG_CLEAR_YES:
		return 1;
	}
	return 0;
}

/* ---- TLS: a wrapper in front, ours or another ---- */

/* The wrapper says that the client's side is TLS already. */
static int
have_tls(void)
{
	const char *protocol = getenv("SSL_PROTOCOL");

	return protocol != NULL && *protocol != '\0';
}

/* A descriptor that the environment names (UCSPI-TLS), or -1. */
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

static void
find_wrapper(void)
{
	self.tls_control = named_descriptor("SSLCTLFD");
	self.tls_in = named_descriptor("SSLREADFD");
	self.tls_out = named_descriptor("SSLWRITEFD");
	if (self.tls_in == -1 || self.tls_out == -1)
		self.tls_control = -1;
}

/* These belong to the session alone. */
static void
close_wrapper(void)
{
	if (self.tls_control == -1)
		return;
	close(self.tls_control);
	close(self.tls_in);
	close(self.tls_out);
}

/* What the wrapper could not know: who the peer is. */
static void
tell_peer(void)
{
	if (strcmp(self.peer.ip, PEER_LOCAL) == 0)
		return;
	setenv("TCPREMOTEIP", self.peer.ip, 1);
	setenv("TCPREMOTEPORT", self.peer.port, 1);
}

/*
 * Become our own wrapper around this very program, which will find it in
 * its environment.  The PROXY header has been read: it comes before TLS.
 */
static void
become_wrapper(char **argv)
{
	char path[4096], program[4096], seconds[24];
	char *args[2 * CONFIG_OVERRIDES_MAX + 32];
	size_t n = 0;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/smtp2sms-tls", self.config.libexec);
	snprintf(seconds, sizeof(seconds), "%ld", self.config.timeout_tls);
	len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	snprintf(program + (len > 0 ? len : 0),
	    sizeof(program) - (len > 0 ? (size_t)len : 0), "%s",
	    len > 0 ? "" : argv[0]);
	args[n++] = path;
	args[n++] = "-t";
	args[n++] = seconds;
	if (self.config.log_stderr)
		args[n++] = "-e";
	if (self.at_once)
		args[n++] = "-s";
	if (self.config.tls_client_ca != NULL) {
		args[n++] = "-c";
		args[n++] = self.config.tls_client_ca;
	}
	if (self.config.user != NULL && geteuid() == 0) {
		args[n++] = "-u";
		args[n++] = self.config.user;
	}
	args[n++] = self.config.tls_cert;
	args[n++] = self.config.tls_key;
	args[n++] = program;
	for (argv++; *argv != NULL && n < 2 * CONFIG_OVERRIDES_MAX + 24; argv++)
		args[n++] = *argv;
	args[n] = NULL;
	if (*argv != NULL) {
		/* half of them would be another program: -n could be lost */
		log_event(LOG_ERR, "tls", "error", "too many arguments", NULL);
		return;
	}
	tell_peer();
	if (self.config.proxy_protocol)
		setenv(PROXY_DONE, "1", 1);
	execv(path, args);
	log_event(LOG_ERR, "tls", "program", path, "error", strerror(errno),
	    NULL);
}

/* ---- privileges ---- */

/* Started as root, become the user of the configuration.  0, or -1. */
static int
drop_privileges(void)
{
	const char *name = self.config.user;
	struct passwd *pw;

	if (name == NULL || geteuid() != 0)
		return 0;
	if ((pw = getpwnam(name)) == NULL) {
		report("user: there is no such user");
		return -1;
	}
	if (initgroups(name, pw->pw_gid) == -1 || setgid(pw->pw_gid) == -1 ||
	    setuid(pw->pw_uid) == -1 || (pw->pw_uid != 0 && setuid(0) == 0)) {
		report("user: cannot become this user");
		return -1;
	}
	return 0;
}

/* ---- the link to the delivery side ---- */

static void
null_onto(int fd)
{
	int null = open("/dev/null", O_RDWR);

	if (null == -1 || (null != fd && dup2(null, fd) == -1))
		_exit(EXIT_TEMPORARY);
	if (null > 2)
		close(null);
}

/* Become smtp2sms-deliver with the link as descriptor 0. */
static void
become_deliver(int fd)
{
	char path[4096], *argv[2 * CONFIG_OVERRIDES_MAX + 16];
	size_t i, n = 0;

	argv[n++] = "smtp2sms-deliver";
	argv[n++] = "-f";
	argv[n++] = self.file;
	for (i = 0; i < self.noverrides; i++) {
		argv[n++] = "-o";
		argv[n++] = self.overrides[i];
	}
	if (self.test) {
		argv[n++] = "-t";
	} else {
		argv[n++] = "-i";
		argv[n++] = self.id;
		argv[n++] = "-p";
		argv[n++] = self.peer.ip;
		if (dup2(fd, STDIN_FILENO) == -1)
			return;
		close(fd);
		null_onto(STDOUT_FILENO);
	}
	if (self.dry)
		argv[n++] = "-n";
	if (!self.trusted)
		argv[n++] = "-a";
	argv[n] = NULL;
	snprintf(path, sizeof(path), "%s/smtp2sms-deliver",
	    self.config.libexec);
	/*
	 * Some libcurls bring GnuTLS along for what is not used here; its
	 * start by itself would cost a tenth of the time until main().  A
	 * libcurl that uses it starts it.
	 */
	setenv("GNUTLS_NO_IMPLICIT_INIT", "1", 0);
	execv(path, argv);
	if (self.test)
		fprintf(stderr, "smtp2sms: %s: %s\n", path, strerror(errno));
	else
		log_event(LOG_ERR, "link", "program", path, "error",
		    strerror(errno), NULL);
}

static int
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return EXIT_TEMPORARY;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_TEMPORARY;
}

/*
 * The parent: hold nothing of the client's, sleep until the session says
 * something, and then become what it needs; or end with it.
 */
static int
stand_by(int fd, pid_t pid)
{
	ssize_t n;
	char c;

	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close_wrapper();
	do
		n = recv(fd, &c, 1, MSG_PEEK);
	while (n == -1 && errno == EINTR);
	if (n == 1) {
		become_deliver(fd);
		close(STDIN_FILENO);
		close(fd);
		wait_for(pid);
		return EXIT_TEMPORARY;
	}
	return wait_for(pid);
}

/* A dry run shows its requests on its own standard error: never there. */
static int
has_agent(void)
{
	return self.config.delivery != NULL && !self.dry;
}

/* The agent that many sessions share; it is awake as soon as we knock. */
static int
connect_agent(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *path = self.config.delivery;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval wait = {.tv_sec = AGENT_WAIT};

	/* where many come at once they wait at the door */
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

static int
run_session(int fd)
{
	ask_init(fd);
	if (has_agent())
		ask_hello(self.id, self.peer.ip, self.trusted);
	if (sandbox_enter() == -1) {
		log_event(LOG_ERR, "sandbox", "error", strerror(errno), NULL);
		tell_client("421 4.3.0 Server error\r\n");
		return EXIT_TEMPORARY;
	}
	return session_run() == 0 ? EXIT_OK : EXIT_TEMPORARY;
}

static int
no_delivery(void)
{
	tell_client("421 4.3.0 Delivery is not available, "
	    "try again later\r\n");
	return EXIT_TEMPORARY;
}

static int
serve_by_agent(const struct session_setup *setup)
{
	int fd = connect_agent();

	if (fd == -1)
		return no_delivery();
	session_greet(setup);
	return run_session(fd);
}

static int
serve_by_child(const struct session_setup *setup)
{
	int fd[2] = {-1, -1};
	pid_t pid = -1;

	session_greet(setup);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0)
		pid = fork();
	if (pid == -1) {
		log_event(LOG_ERR, "link", "error", strerror(errno), NULL);
		return no_delivery();
	}
	if (pid == 0) {
		close(fd[1]);
		_exit(run_session(fd[0]));
	}
	close(fd[0]);
	return stand_by(fd[1], pid);
}

/*
 * The greeting goes out before the second process and the sandbox are made:
 * both take longer than all that comes before, and the client need not wait.
 * Nothing of what it says is read until the sandbox is there.
 */
static int
serve(void)
{
	const struct session_setup setup = {
		.config = &self.config,
		.lmtp = self.lmtp,
		.trusted = self.trusted,
		.auth_in_clear = auth_in_clear(),
		.tls = have_tls(),
		.client = self.config.tls_client_ca != NULL ?
		    getenv("SSL_CLIENT_S_DN") : NULL,
		.tls_control = self.tls_control,
		.tls_in = self.tls_in,
		.tls_out = self.tls_out,
		.any_lf = self.dry || isatty(STDIN_FILENO),
		.verbose = self.verbose,
	};

	return has_agent() ? serve_by_agent(&setup) : serve_by_child(&setup);
}

/* ---- start ---- */

/* Descriptors 0, 1 and 2 are open from here on, whatever we were given. */
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
 * What a super-server has left open is no session's: nothing from 3 on but
 * the wrapper's descriptors.
 */
static void
close_others(void)
{
	const int kept[] = {self.tls_control, self.tls_in, self.tls_out};
	int fd, last = 2;
	size_t i;

	for (i = 0; self.tls_control != -1 && i < 3; i++)
		if (kept[i] > last)
			last = kept[i];
	for (fd = 3; fd < last; fd++)
		if (fd != kept[0] && fd != kept[1] && fd != kept[2])
			close(fd);
	fds_close_from(last + 1);
}

static void
identify(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	snprintf(self.id, sizeof(self.id), "%llx-%lx",
	    (unsigned long long)ts.tv_sec * 1000 +
	    (unsigned long long)ts.tv_nsec / 1000000, (long)getpid());
	log_context("session", self.id);
	log_context("peer", self.peer.ip);
}

static int
options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "f:Lno:stvVx")) != -1)
		switch (c) {
		case 'f':
			self.file = optarg;
			break;
		case 'L':
			self.lmtp = 1;
			break;
		case 'n':
			self.dry = 1;
			break;
		case 'o':
			if (self.noverrides == CONFIG_OVERRIDES_MAX)
				return -1;
			self.overrides[self.noverrides++] = optarg;
			break;
		case 's':
			self.at_once = 1;
			break;
		case 't':
			self.test = 1;
			break;
		case 'v':
			self.verbose = 1;
			break;
		case 'V':
			printf("smtp2sms %s\n", VERSION);
			exit(EXIT_OK);
		case 'x':
			self.extract = 1;
			break;
		default:
			return -1;
		}
	return optind == argc ? 0 : -1;
}

static int
load(config_report tell)
{
	return config_load(&self.config, self.file, self.overrides,
	    self.noverrides, tell);
}

/* What is wrong is told where the configuration wants it to be told. */
static int
configure(int wrapped)
{
	int hidden = stderr_is_client();
	int bad = load(say_nothing);

	log_open("smtp2sms", self.config.log_stderr && !hidden);
	if (hidden)
		null_onto(STDERR_FILENO);
	if (bad)
		return load(report);
	if (self.at_once && !wrapped && self.config.tls_cert == NULL) {
		report("-s wants tls-cert and tls-key");
		return -1;
	}
	return 0;
}

/* A configuration that cannot serve this client; it is told so. */
static int
misconfigured(void)
{
	if (!self.at_once)
		tell_client("421 4.3.5 Server configuration error\r\n");
	return EXIT_CONFIG;
}

/* Who is there: 0; 1 if nobody is; -1 if it will not say. */
static int
find_peer(void)
{
	if (!self.config.proxy_protocol || getenv(PROXY_DONE) != NULL) {
		peer_find(&self.peer);
		return 0;
	}
	switch (peer_proxy(STDIN_FILENO, &self.peer)) {
	case PEER_OK:
		return 0;
	case PEER_NOBODY:
		return 1;
	case PEER_BAD:
		break;
	}
	peer_find(&self.peer);
	log_event(LOG_WARNING, "proxy", "peer", self.peer.ip, "error",
	    "no PROXY header", NULL);
	if (!self.at_once)
		tell_client("421 4.7.0 PROXY header expected\r\n");
	return -1;
}

/* What smtp2sms-tls says of certificate and key; 0, or its status. */
static int
test_tls(void)
{
	char path[4096], *args[8];
	size_t n = 0;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/smtp2sms-tls", self.config.libexec);
	args[n++] = path;
	args[n++] = "-en";
	if (self.config.tls_client_ca != NULL) {
		args[n++] = "-c";
		args[n++] = self.config.tls_client_ca;
	}
	args[n++] = self.config.tls_cert;
	args[n++] = self.config.tls_key;
	args[n] = NULL;
	if ((pid = fork()) == 0) {
		execv(path, args);
		fprintf(stderr, "smtp2sms: %s: %s\n", path, strerror(errno));
		_exit(EXIT_CONFIG);
	}
	return pid == -1 ? EXIT_TEMPORARY : wait_for(pid);
}

/* What smtp2sms-deliver says of the rest. */
static int
test_deliver(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		become_deliver(-1);
		_exit(EXIT_TEMPORARY);
	}
	return pid == -1 ? EXIT_TEMPORARY : wait_for(pid);
}

/* All that is wrong is told, whichever program finds it. */
static int
test(void)
{
	int status = self.config.tls_cert != NULL ? test_tls() : EXIT_OK;
	int more;

	/* the key is root's, all else must be the sessions' */
	if (drop_privileges() == -1)
		status = EXIT_CONFIG;
	printf("sandbox: %s\n", sandbox_describe());
	fflush(stdout);
	more = test_deliver();
	return status != EXIT_OK ? status : more;
}

/* -x: what a mail on descriptor 0 would become. */
static int
extract(void)
{
	int r = sandbox_enter() == 0 ? extract_run(&self.config) : -1;

	if (r == -1)
		fprintf(stderr, "smtp2sms: %s\n", strerror(errno));
	return r == -1 ? EXIT_TEMPORARY : r == 0 ? EXIT_OK : EXIT_NO_TEXT;
}

int
main(int argc, char **argv)
{
	int wrapped, wrap;

	open_standard();
	opterr = !stderr_is_client();
	if (options(argc, argv) == -1)
		return usage();
	signal(SIGPIPE, SIG_IGN);
	unsetenv("GCONV_PATH");
	find_wrapper();
	/* by hand -f may well be /dev/fd/63 */
	if (!self.test && !self.extract && !self.dry)
		close_others();
	wrapped = have_tls() || self.tls_control != -1;
	if (configure(wrapped) == -1)
		return misconfigured();
	if (self.test)
		return test();
	if (self.extract)
		return extract();
	/* the wrapper needs root's key, and drops privileges itself */
	wrap = self.config.tls_cert != NULL && !wrapped;
	if (!wrap && drop_privileges() == -1)
		return misconfigured();
	if (find_peer() != 0)
		return EXIT_OK;
	if (wrap) {
		become_wrapper(argv);
		return misconfigured();
	}
	identify();
	self.trusted = self.config.auth == CONFIG_AUTH_NONE ||
	    config_trusts(&self.config, self.peer.ip);
	log_event(LOG_INFO, "connect", "port",
	    self.peer.port[0] != '\0' ? self.peer.port : NULL, "trusted",
	    self.trusted ? "yes" : "no", "tls", getenv("SSL_PROTOCOL"), NULL);
	if (geteuid() == 0)
		log_event(LOG_WARNING, "privileges", "user", "root", NULL);
	return serve();
}
