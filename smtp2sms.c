/*
 * smtp2sms: main of the session program: options, configuration, peer, the
 * link to the delivery side, sandbox, run.  SMTP itself is session.c's.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "config.h"
#include "log.h"
#include "sandbox.h"
#include "session.h"

#define OVERRIDES_MAX 64 /* -o options */
#define PEER_MAX      64 /* octets of the peer's address */

/* sysexits.h, as the manual documents them */
enum { EXIT_OK = 0, EXIT_USAGE = 64, EXIT_TEMPORARY = 75, EXIT_CONFIG = 78 };

static struct {
	struct config config;
	char *overrides[OVERRIDES_MAX];
	size_t noverrides;
	char *file;
	int dry, verbose, test;
	char peer[PEER_MAX], port[8];
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
	if (!self.test && !isatty(STDIN_FILENO) &&
	    write(STDOUT_FILENO, reply, strlen(reply)) == -1)
		return; /* it has gone already */
}

static int
usage(void)
{
	tell_client("421 4.3.5 Server configuration error\r\n");
	if (!stderr_is_client())
		fprintf(stderr, "usage: smtp2sms [-nv] [-f file] "
		    "[-o key=value]...\n"
		    "       smtp2sms -t [-f file] [-o key=value]...\n"
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
	if (self.test)
		fprintf(stderr, "smtp2sms: %s\n", what);
	else
		log_event(LOG_ERR, "config", "error", what, NULL);
}

/* ---- the peer ---- */

/* Take an address as text if it is one; brackets around it are known. */
static int
take_peer(const char *s)
{
	unsigned char ip[16];
	size_t n = strlen(s);

	if (n > 2 && s[0] == '[' && s[n - 1] == ']') {
		s++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof(self.peer))
		return -1;
	memcpy(self.peer, s, n);
	self.peer[n] = '\0';
	return config_ip(self.peer, ip);
}

static void
ask_socket(void)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	const void *ip = NULL;
	unsigned port = 0;

	if (getpeername(STDIN_FILENO, (struct sockaddr *)&ss, &len) == -1) {
		/* a pipe or a terminal is local; a dead socket is not */
		strcpy(self.peer, errno == ENOTSOCK ? "local" : "unknown");
		return;
	}
	if (ss.ss_family == AF_INET) {
		ip = &((struct sockaddr_in *)&ss)->sin_addr;
		port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
	} else if (ss.ss_family == AF_INET6) {
		ip = &((struct sockaddr_in6 *)&ss)->sin6_addr;
		port = ntohs(((struct sockaddr_in6 *)&ss)->sin6_port);
	}
	if (ip == NULL || inet_ntop(ss.ss_family, ip, self.peer,
	    sizeof(self.peer)) == NULL)
		strcpy(self.peer, ss.ss_family == AF_UNIX ? "local" :
							    "unknown");
	else
		snprintf(self.port, sizeof(self.port), "%u", port);
}

/* Who the super-server says it is, else who the socket says it is. */
static void
find_peer(void)
{
	static const char *const names[][2] = {
		{"TCPREMOTEIP", "TCPREMOTEPORT"},	/* tcpserver, s6 */
		{"REMOTE_ADDR", "REMOTE_PORT"},		/* systemd */
		{"REMOTE_HOST", "REMOTE_PORT"},		/* xinetd, stunnel */
		{"SOCAT_PEERADDR", "SOCAT_PEERPORT"},
	};
	const char *ip, *port;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((ip = getenv(names[i][0])) != NULL && *ip != '\0') {
			/* a name that is no address must not become "local" */
			if (take_peer(ip) == -1)
				strcpy(self.peer, "unknown");
			if ((port = getenv(names[i][1])) != NULL)
				snprintf(self.port, sizeof(self.port), "%s",
				    port);
			return;
		}
	ask_socket();
}

static int
is_loopback(const char *peer)
{
	unsigned char ip[16];
	static const unsigned char mapped[13] = {[10] = 0xff, [11] = 0xff,
	    [12] = 127}, v6[16] = {[15] = 1};

	if (strcmp(peer, "local") == 0)
		return 1;
	return config_ip(peer, ip) == 0 &&
	    (memcmp(ip, mapped, 13) == 0 || memcmp(ip, v6, 16) == 0);
}

/* SSL_PROTOCOL: a TLS wrapper in front says that the client's side is. */
static int
auth_allowed(void)
{
	const char *tls = getenv("SSL_PROTOCOL");

	if (tls != NULL && *tls != '\0')
		return 1;
	switch ((enum config_clear)self.config.auth_without_tls) {
	case CONFIG_CLEAR_NO:
		return 0;
	case CONFIG_CLEAR_LOCAL:
		return is_loopback(self.peer);
	case CONFIG_CLEAR_YES:
		return 1;
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
	char path[4096], *argv[2 * OVERRIDES_MAX + 16];
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
		argv[n++] = self.peer;
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
	execv(path, argv);
	log_event(LOG_ERR, "link", "program", path, "error", strerror(errno),
	    NULL);
}

static int
wait_for_session(pid_t pid)
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
	do
		n = recv(fd, &c, 1, MSG_PEEK);
	while (n == -1 && errno == EINTR);
	if (n == 1) {
		become_deliver(fd);
		close(STDIN_FILENO);
		close(fd);
		wait_for_session(pid);
		return EXIT_TEMPORARY;
	}
	return wait_for_session(pid);
}

static int
run_session(int fd)
{
	const struct session_setup setup = {
		.config = &self.config,
		.peer = self.peer,
		.trusted = self.trusted,
		.auth_allowed = auth_allowed(),
		.any_lf = self.dry || isatty(STDIN_FILENO),
		.verbose = self.verbose,
	};

	ask_init(fd);
	if (sandbox_enter() == -1) {
		log_event(LOG_ERR, "sandbox", "error", strerror(errno), NULL);
		tell_client("421 4.3.0 Server error\r\n");
		return EXIT_TEMPORARY;
	}
	return session_run(&setup) == 0 ? EXIT_OK : EXIT_TEMPORARY;
}

static int
serve(void)
{
	int fd[2] = {-1, -1};
	pid_t pid = -1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0)
		pid = fork();
	if (pid == -1) {
		log_event(LOG_ERR, "link", "error", strerror(errno), NULL);
		tell_client("421 4.3.0 Delivery is not available, "
		    "try again later\r\n");
		return EXIT_TEMPORARY;
	}
	if (pid == 0) {
		close(fd[1]);
		_exit(run_session(fd[0]));
	}
	close(fd[0]);
	return stand_by(fd[1], pid);
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

static void
identify(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	snprintf(self.id, sizeof(self.id), "%llx-%lx",
	    (unsigned long long)ts.tv_sec * 1000 +
	    (unsigned long long)ts.tv_nsec / 1000000, (long)getpid());
	log_context("session", self.id);
	log_context("peer", self.peer);
}

static int
options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "f:no:tvV")) != -1)
		switch (c) {
		case 'f':
			self.file = optarg;
			break;
		case 'n':
			self.dry = 1;
			break;
		case 'o':
			if (self.noverrides == OVERRIDES_MAX)
				return -1;
			self.overrides[self.noverrides++] = optarg;
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
configure(void)
{
	int hidden = stderr_is_client();
	int bad = load(say_nothing);

	log_open("smtp2sms", self.config.log_stderr && !hidden);
	if (hidden)
		null_onto(STDERR_FILENO);
	return bad ? load(report) : 0;
}

int
main(int argc, char **argv)
{
	open_standard();
	opterr = !stderr_is_client();
	if (options(argc, argv) == -1)
		return usage();
	signal(SIGPIPE, SIG_IGN);
	unsetenv("GCONV_PATH");
	if (configure() == -1) {
		tell_client("421 4.3.5 Server configuration error\r\n");
		return EXIT_CONFIG;
	}
	if (self.test) {
		printf("sandbox: %s\n", sandbox_describe());
		fflush(stdout);
		become_deliver(-1);
		return EXIT_TEMPORARY;
	}
	find_peer();
	identify();
	self.trusted = self.config.auth == CONFIG_AUTH_NONE ||
	    config_trusts(&self.config, self.peer);
	log_event(LOG_INFO, "connect", "port", self.port, "trusted",
	    self.trusted ? "yes" : "no", NULL);
	return serve();
}
