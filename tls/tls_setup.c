/*
 * tls_setup: the command line, users, and what has to be right with the
 * descriptors and the environment before a session begins.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/log.h"
#include "tls/tls_pump.h"
#include "tls/tls_setup.h"

#define NAME "smtp2sms-tls"

#define TIMEOUT	    30		/* seconds for a handshake, unless -t says so */
#define TIMEOUT_MAX 3600

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

struct setup setup = {.timeout = TIMEOUT};

int
setup_write(int fd, const char *p, size_t n)
{
	ssize_t w;

	for (; n > 0; p += w, n -= (size_t)w)
		while ((w = write(fd, p, n)) == -1)
			if (errno != EINTR)
				return -1;
	return 0;
}

_Noreturn void
setup_refuse(int status)
{
	const char *reply = status == EX_TEMPFAIL ? REPLY_SYSTEM :
						    REPLY_CONFIG;

	if (!setup.check && !setup.at_once) {
		setup_write(STDOUT_FILENO, reply, strlen(reply));
		pump_bye(STDIN_FILENO, STDOUT_FILENO);
	}
	_exit(status);
}

_Noreturn void
setup_fail(int status, const char *event, const char *file, const char *error)
{
	log_event(LOG_ERR, event, "file", file, "error", error, NULL);
	setup_refuse(status);
}

/* 1 if the descriptor is a TCP connection. */
static int
is_tcp(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	return getpeername(fd, (void *)&ss, &len) == 0 &&
	    (ss.ss_family == AF_INET || ss.ss_family == AF_INET6);
}

/* ---- the command line ---- */

static _Noreturn void
usage(void)
{
	/* under inetd(8) nobody reads descriptor 2 */
	if (is_tcp(STDIN_FILENO)) {
		log_open(NAME, 0);
		setup_fail(EX_USAGE, "usage", NULL, "bad arguments");
	}
	fprintf(stderr,
	    "usage: smtp2sms-tls [-bes] [-c client-ca] [-t seconds] [-U user] "
	    "[-u user]\n"
	    "                    cert key program [argument ...]\n"
	    "       smtp2sms-tls -n [-c client-ca] cert key\n"
	    "       smtp2sms-tls -L [-be] [-c client-ca] [-t seconds] [-u user] "
	    "cert key\n"
	    "  -L          for the listener on descriptor 0: smtp2sms alone "
	    "starts it so\n"
	    "  -b          do without the parts of the sandbox that the "
	    "kernel lacks\n"
	    "  -c file     ask for a client's certificate, by these CAs\n"
	    "  -e          log to standard error, not to syslog\n"
	    "  -n          check certificate and key, and do no more\n"
	    "  -s          TLS at once; else by UCSPI-TLS\n"
	    "  -t seconds  for the handshake (%d)\n"
	    "  -U user     run TLS, and TLS alone, as this user\n"
	    "  -u user     run both TLS and the program as this user\n",
	    TIMEOUT);
	exit(EX_USAGE);
}

static void
find_user(struct user *u, const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL)
		setup_fail(EX_CONFIG, "user", name, "no such user");
	u->name = name;
	u->uid = pw->pw_uid;
	u->gid = pw->pw_gid;
}

static long
seconds(const char *s)
{
	char *end;
	long n = strtol(s, &end, 10);

	if (*s == '\0' || *end != '\0' || n < 1 || n > TIMEOUT_MAX)
		usage();
	return n;
}

/* Obey one option; *user and *both are the names of -U and -u. */
static void
obey(int c, const char **user, const char **both)
{
	switch (c) {
	case 'b':
		setup.best_effort = 1;
		break;
	case 'c':
		setup.ca_file = optarg;
		break;
	case 'e':
		setup.to_stderr = 1;
		break;
	case 'L':
		setup.listener = 1;
		break;
	case 'n':
		setup.check = setup.to_stderr = 1;
		break;
	case 's':
		setup.at_once = 1;
		break;
	case 't':
		setup.timeout = seconds(optarg);
		break;
	case 'U':
		*user = optarg;
		break;
	case 'u':
		*both = optarg;
		break;
	default:
		usage();
	}
}

void
setup_parse(int argc, char **argv)
{
	const char *user = NULL, *both = NULL;
	int c;

	/* '+': leave the program's options to the program (glibc) */
	while ((c = getopt(argc, argv, "+bc:eLnst:U:u:")) != -1)
		obey(c, &user, &both);
	argc -= optind;
	argv += optind;
	if (setup.check || setup.listener ? argc != 2 : argc < 3)
		usage();
	setup.cert_file = argv[0];
	setup.key_file = argv[1];
	setup.program = argv + 2;
	log_open(NAME, setup.to_stderr);
	if (both != NULL)
		find_user(&setup.program_user, both);
	if (user != NULL || both != NULL)
		find_user(&setup.user, user != NULL ? user : both);
}

/* ---- descriptors and environment ---- */

/* Write an address as text, a mapped one as IPv4.  0, or -1: none. */
static int
address(const struct sockaddr_storage *ss, char ip[INET6_ADDRSTRLEN],
    char port[6])
{
	const struct sockaddr_in *in4 = (const void *)ss;
	const struct sockaddr_in6 *in6 = (const void *)ss;
	const void *raw;
	int af = ss->ss_family;

	if (af == AF_INET)
		raw = &in4->sin_addr;
	else if (af != AF_INET6)
		return -1;
	else if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		af = AF_INET;
		raw = in6->sin6_addr.s6_addr + 12;
	} else
		raw = &in6->sin6_addr;
	/* sin_port and sin6_port have the same offset (RFC 3493, 3.3) */
	snprintf(port, 6, "%u", (unsigned)ntohs(in4->sin_port));
	return inet_ntop(af, raw, ip, INET6_ADDRSTRLEN) != NULL ? 0 : -1;
}

/*
 * Tell the program who the client is, since it cannot ask its descriptor 0 when
 * that is a pipe.  If a super-server has named the client, believe it.
 */
static void
tell_peer(void)
{
	static const char *const told[] = {"TCPREMOTEIP", "REMOTE_ADDR",
	    "REMOTE_HOST"};
	char ip[INET6_ADDRSTRLEN], port[6];
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	const char *s = NULL;
	size_t i;

	for (i = 0; i < NELEM(told) && s == NULL; i++)
		s = getenv(told[i]);
	log_context("peer", s != NULL ? s : "local");
	if (s != NULL || getpeername(STDIN_FILENO, (void *)&ss, &len) == -1 ||
	    address(&ss, ip, port) == -1)
		return;
	log_context("peer", ip);
	setenv("PROTO", "TCP", 1);
	setenv("TCPREMOTEIP", ip, 1);
	setenv("TCPREMOTEPORT", port, 1);
	len = sizeof(ss);
	if (getsockname(STDIN_FILENO, (void *)&ss, &len) == 0 &&
	    address(&ss, ip, port) == 0) {
		setenv("TCPLOCALIP", ip, 1);
		setenv("TCPLOCALPORT", port, 1);
	}
}

/* inetd(8) puts the client on descriptor 2, too: no clear text may go there. */
void
setup_descriptors(void)
{
	int fd = open("/dev/null", O_RDWR);

	while (fd != -1 && fd <= STDERR_FILENO)
		fd = dup(fd);
	if (fd == -1)
		_exit(EX_OSERR);
	if (is_tcp(STDERR_FILENO))
		dup2(fd, STDERR_FILENO);
	close(fd);
}

void
setup_session(void)
{
	const int on = 1;

	/* these fail on a pipe, which is fine */
	setsockopt(STDIN_FILENO, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(STDOUT_FILENO, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	signal(SIGCHLD, SIG_DFL);
	tell_peer();
}

int
setup_become(const struct user *u)
{
	if (u->name == NULL || geteuid() != 0)
		return 0;
	if (initgroups(u->name, u->gid) == -1 || setgid(u->gid) == -1 ||
	    setuid(u->uid) == -1)
		return -1;
	return 0;
}
