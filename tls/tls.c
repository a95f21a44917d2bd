/*
 * smtp2sms-tls: a wrapper in the UCSPI manner that gives TLS to a program
 * which reads descriptor 0 and writes descriptor 1.  With -s TLS comes
 * first; without, the program begins in clear on the client's descriptors
 * and asks for TLS by the UCSPI-TLS convention (SSLCTLFD, SSLREADFD,
 * SSLWRITEFD).
 *
 * With -L there is no program: a listener (smtp2sms) hands over connections,
 * and each has a process here.  Otherwise there are two processes: the
 * program, and this one, which has the private key.
 * They part before the key is read:
 *
 *	fork -- child: waits for a word on the control socket, exec
 *	  \---- parent: key, privileges, sandbox, the word, TLS, wait
 *
 * so that the key was never in the other's memory, nothing is executed
 * for a client that never speaks, and a configuration that does not work is
 * found before the program greets.  libtls is woken when TLS begins, not
 * before: its start costs more than all the rest.
 *
 * The connection itself is tls_pump.c's.  No PROXY protocol, no SMTP but
 * the 421 of a broken configuration.  (libtls owns the names tls_x.)
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <tls.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/fds.h"
#include "common/log.h"
#include "common/watch.h"
#include "tls/tls_cert.h"
#include "tls/tls_pump.h"
#include "tls/tls_sandbox.h"

#define NAME "smtp2sms-tls"

#define CERT_FILE_MAX (128 * 1024)  /* octets: a certificate and its chain */
#define KEY_FILE_MAX  (16 * 1024)
#define CA_FILE_MAX   (1024 * 1024)
#define ENV_MAX	      8192	    /* octets of the SSL_ variables */
#define SNI_MAX	      255	    /* octets of a host name */
#define TIMEOUT	      30	    /* seconds for a handshake, unless told */
#define TIMEOUT_MAX   3600
#define SIGNAL_BASE   128	    /* plus the signal that ended the program:
				       its exit status, as the shell has it */

#define REPLY_CONFIG "421 4.3.5 System incorrectly configured\r\n"
#define REPLY_SYSTEM "421 4.3.0 System error, try again later\r\n"

/* Whom to become; name NULL: nobody else. */
struct user {
	const char *name;
	uid_t uid;
	gid_t gid;
};

/* One side of the three channels between wrapper and program. */
struct side {
	int ctl;	/* socket: go, 'y' or 'Y', the environment */
	int in, out;	/* pipes: clear text */
};

struct text {
	char *p;	/* NUL-terminated */
	size_t len, cap;
};

static char cert_text[CERT_FILE_MAX + 1], key_text[KEY_FILE_MAX + 1],
    ca_text[CA_FILE_MAX + 1];

static struct {
	int at_once;	/* -s */
	int check;	/* -n */
	int listener;	/* -L */
	int to_stderr;
	int best_effort;	/* -b */
	long timeout;
	const char *cert_file, *key_file, *ca_file;
	char **program;
	struct user program_user;	/* the child's */
	struct user user;		/* the parent's */
	struct text cert, key, ca;
	struct tls *server;	/* NULL until it is needed */
	pid_t child;
} self = {
	.timeout = TIMEOUT,
	.cert = {cert_text, 0, sizeof(cert_text)},
	.key = {key_text, 0, sizeof(key_text)},
	.ca = {ca_text, 0, sizeof(ca_text)},
};

/*
 * The variables that tell a program about its TLS, by the names of
 * ucspi-ssl and mod_ssl (SSL_CLIENT_) and of s6-networking (SSL_PEER_).
 * None of them is believed when it comes from outside.
 */
static const char *const variables[] = {
	"SSL_PROTOCOL",
	"SSL_CIPHER",
	"SSL_CIPHER_USEKEYSIZE",
	"SSL_TLS_SNI_SERVERNAME",
	"SSL_CLIENT_VERIFY",
	"SSL_CLIENT_S_DN",
	"SSL_CLIENT_I_DN",
	"SSL_PEER_CERT_SUBJECT",
	"SSL_PEER_CERT_HASH",
};

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

/* Write it all, or fail.  0, or -1. */
static int
write_all(int fd, const char *p, size_t n)
{
	ssize_t w;

	for (; n > 0; p += w, n -= (size_t)w)
		while ((w = write(fd, p, n)) == -1)
			if (errno != EINTR)
				return -1;
	return 0;
}

/*
 * Nothing can be done for this client.  It is told so in clear, which only
 * a client that has not been promised TLS at once can read.
 */
static _Noreturn void
refuse(int status)
{
	const char *reply = status == EX_TEMPFAIL ? REPLY_SYSTEM :
						    REPLY_CONFIG;

	if (!self.check && !self.at_once) {
		write_all(STDOUT_FILENO, reply, strlen(reply));
		pump_bye(STDIN_FILENO, STDOUT_FILENO);
	}
	_exit(status);
}

static _Noreturn void
give_up(int status, const char *what, const char *file, const char *error)
{
	log_event(LOG_ERR, what, "file", file, "error", error, NULL);
	refuse(status);
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
		give_up(EX_USAGE, "usage", NULL, "bad arguments");
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
		give_up(EX_CONFIG, "user", name, "no such user");
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

static void
parse_options(int argc, char **argv)
{
	const char *user = NULL, *both = NULL;
	int c;

	/* '+': the program's options are the program's (glibc) */
	while ((c = getopt(argc, argv, "+bc:eLnst:U:u:")) != -1)
		switch (c) {
		case 'b':
			self.best_effort = 1;
			break;
		case 'c':
			self.ca_file = optarg;
			break;
		case 'e':
			self.to_stderr = 1;
			break;
		case 'L':
			self.listener = 1;
			break;
		case 'n':
			self.check = self.to_stderr = 1;
			break;
		case 's':
			self.at_once = 1;
			break;
		case 't':
			self.timeout = seconds(optarg);
			break;
		case 'U':
			user = optarg;
			break;
		case 'u':
			both = optarg;
			break;
		default:
			usage();
		}
	argc -= optind;
	argv += optind;
	if (self.check || self.listener ? argc != 2 : argc < 3)
		usage();
	self.cert_file = argv[0];
	self.key_file = argv[1];
	self.program = argv + 2;
	log_open(NAME, self.to_stderr);
	if (both != NULL)
		find_user(&self.program_user, both);
	if (user != NULL || both != NULL)
		find_user(&self.user, user != NULL ? user : both);
}

/* ---- the surroundings ---- */

/* The address as text, IPv4 also where it is mapped.  0, or -1: none. */
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
	/* sin_port and sin6_port are at the same place (RFC 3493, 3.3) */
	snprintf(port, 6, "%u", (unsigned)ntohs(in4->sin_port));
	return inet_ntop(af, raw, ip, INET6_ADDRSTRLEN) != NULL ? 0 : -1;
}

/*
 * Tell the program who the client is: once its descriptor 0 is a pipe, it
 * cannot ask there.  If a super-server has named the client, believe it.
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

/*
 * No descriptor opened later may be 0, 1 or 2.  inetd(8) puts the client on
 * descriptor 2 as well, where a word in clear would disturb TLS.
 */
static void
prepare_descriptors(void)
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

static void
prepare_session(void)
{
	const int on = 1;
	size_t i;

	/* no matter if it is not a socket */
	setsockopt(STDIN_FILENO, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(STDOUT_FILENO, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	signal(SIGCHLD, SIG_DFL);
	for (i = 0; i < NELEM(variables); i++)
		unsetenv(variables[i]);
	unsetenv("SSLCTLFD");
	unsetenv("SSLREADFD");
	unsetenv("SSLWRITEFD");
	tell_peer();
}

static int
close_on_exec(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int
open_channels(struct side *ours, struct side *theirs)
{
	int ctl[2], down[2], up[2], r = 0, i;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ctl) == -1 ||
	    pipe(down) == -1 || pipe(up) == -1)
		return -1;
	for (i = 0; i < 2; i++) {
		r |= close_on_exec(ctl[i]);
		r |= close_on_exec(down[i]);
		r |= close_on_exec(up[i]);
	}
	*ours = (struct side){.ctl = ctl[0], .in = up[0], .out = down[1]};
	*theirs = (struct side){.ctl = ctl[1], .in = down[0], .out = up[1]};
	return r;
}

static void
close_side(const struct side *s)
{
	close(s->ctl);
	close(s->in);
	close(s->out);
}

static int
become(const struct user *u)
{
	if (u->name == NULL || geteuid() != 0)
		return 0;
	if (initgroups(u->name, u->gid) == -1 || setgid(u->gid) == -1 ||
	    setuid(u->uid) == -1)
		return -1;
	return 0;
}

/* ---- the child: the program ---- */

/*
 * Put one "NAME=value" into the environment.  The other process has met
 * the client: it is not believed that it sends nothing but what it should.
 */
static int
take_variable(char *s)
{
	char *value = strchr(s, '=');
	size_t i;

	if (value == NULL)
		return -1;
	*value++ = '\0';
	for (i = 0; i < NELEM(variables); i++)
		if (strcmp(s, variables[i]) == 0)
			return setenv(s, value, 1);
	return -1;
}

/* Wait for the word to go: NUL-terminated variables and one more NUL. */
static int
take_environment(int ctl)
{
	char block[ENV_MAX], *s, *next;
	size_t n = 0;
	ssize_t r;

	do {
		r = read(ctl, block + n, sizeof(block) - n);
		if (r == -1 && errno == EINTR)
			continue;
		if (r <= 0)
			return -1;
		n += (size_t)r;
	} while (block[n - 1] != '\0' || (n > 1 && block[n - 2] != '\0'));
	for (s = block; *s != '\0'; s = next) {
		next = s + strlen(s) + 1;
		if (take_variable(s) == -1)
			return -1;
	}
	return 0;
}

static int
pass_descriptor(const char *name, int fd)
{
	char number[12];

	snprintf(number, sizeof(number), "%d", fd);
	return fcntl(fd, F_SETFD, 0) == -1 ? -1 : setenv(name, number, 1);
}

static int
pass_descriptors(const struct side *s)
{
	if (self.at_once)
		return dup2(s->in, STDIN_FILENO) == -1 ||
		    dup2(s->out, STDOUT_FILENO) == -1 ? -1 : 0;
	return pass_descriptor("SSLCTLFD", s->ctl) == -1 ||
	    pass_descriptor("SSLREADFD", s->in) == -1 ||
	    pass_descriptor("SSLWRITEFD", s->out) == -1 ? -1 : 0;
}

/* Tell the client; with -s the way there is through TLS. */
static _Noreturn void
fail_program(int status, const char *reply, int error)
{
	log_event(LOG_ERR, "program", "file", self.program[0], "error",
	    strerror(error), NULL);
	write_all(STDOUT_FILENO, reply, strlen(reply));
	_exit(status);
}

static _Noreturn void
run_program(const struct side *s, pid_t parent)
{
	int error = become(&self.program_user) == -1 ? errno : 0;

	tls_sandbox_tie(SIGTERM);
	if (getppid() != parent || take_environment(s->ctl) == -1)
		_exit(EX_OK);	/* there is no session */
	if (pass_descriptors(s) == -1)
		error = errno;
	if (error != 0)
		fail_program(EX_TEMPFAIL, REPLY_SYSTEM, error);
	execvp(self.program[0], self.program);
	fail_program(EX_CONFIG, REPLY_CONFIG, errno);
}

/* How the program ended, as an exit status. */
static int
wait_program(void)
{
	int status;

	while (waitpid(self.child, &status, 0) == -1)
		if (errno != EINTR)
			return EX_OSERR;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	log_event(LOG_WARNING, "program", "signal", LOG_NUM(WTERMSIG(status)),
	    NULL);
	return SIGNAL_BASE + WTERMSIG(status);
}

/* ---- the parent: certificate and key ---- */

/* NULL, or what is wrong. */
static const char *
read_text(struct text *t, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), error = errno;
	ssize_t n = 1;

	t->len = 0;
	if (fd == -1)
		return strerror(error);
	while (n > 0 && t->len < t->cap) {
		n = read(fd, t->p + t->len, t->cap - t->len);
		error = errno;
		if (n == -1 && error == EINTR)
			n = 1;
		else if (n > 0)
			t->len += (size_t)n;
	}
	close(fd);
	if (n == -1)
		return strerror(error);
	if (t->len == t->cap)
		return "file is too large";
	t->p[t->len] = '\0';
	return NULL;
}

static void
read_file(struct text *t, const char *file)
{
	const char *error = read_text(t, file);

	if (error != NULL)
		give_up(EX_CONFIG, "config", file, error);
}

/* What libtls makes of the files; it says why in *error. */
static int
configure(struct tls *server, struct tls_config *config, const char **error)
{
	*error = "out of memory";
	if (tls_config_set_protocols(config,
		TLS_PROTOCOL_TLSv1_2 | TLS_PROTOCOL_TLSv1_3) == -1 ||
	    tls_config_set_keypair_mem(config, (uint8_t *)self.cert.p,
		self.cert.len, (uint8_t *)self.key.p, self.key.len) == -1 ||
	    (self.ca_file != NULL && tls_config_set_ca_mem(config,
		(uint8_t *)self.ca.p, self.ca.len) == -1)) {
		*error = tls_config_error(config);
		return -1;
	}
	if (self.ca_file != NULL)
		tls_config_verify_client_optional(config);
	if (tls_configure(server, config) == -1) {
		*error = tls_error(server);
		return -1;
	}
	return 0;
}

/* Wake libtls.  Returns NULL, or what is wrong with the configuration. */
static const char *
wake(void)
{
	struct tls_config *config;
	const char *error = "out of memory";

	if (self.server != NULL)
		return NULL;
	if (tls_init() == -1 || (config = tls_config_new()) == NULL ||
	    (self.server = tls_server()) == NULL)
		return error;
	if (configure(self.server, config, &error) == -1)
		return error != NULL ? error : "unknown";
	tls_config_clear_keys(config);
	explicit_bzero(self.key.p, self.key.len);
	return NULL;
}

/*
 * Read the files, and make as sure as is cheap that TLS will work with
 * them; what cannot be told cheaply is left to libtls, now.
 */
static void
load(void)
{
	struct cert cert;
	const char *error;
	int age;

	read_file(&self.cert, self.cert_file);
	read_file(&self.key, self.key_file);
	if (self.ca_file != NULL)
		read_file(&self.ca, self.ca_file);
	cert_look(&cert, self.cert.p, self.key.p);
	if ((!cert.fits || self.ca_file != NULL || self.check) &&
	    (error = wake()) != NULL) {
		log_event(LOG_ERR, "config", "cert", self.cert_file, "key",
		    self.key_file, "ca", self.ca_file, "error", error,
		    "reason", cert.fits ? NULL :
		    cert_fault(self.cert.p, self.key.p), NULL);
		refuse(EX_CONFIG);
	}
	age = cert_age(&cert);
	if (age != 0 || self.check)
		log_event(age != 0 ? LOG_WARNING : LOG_INFO, "certificate",
		    "file", self.cert_file, "state",
		    age == 0 ? "valid" : age < 0 ? "not yet valid" : "expired",
		    "from", cert.from, "until", cert.until, NULL);
}

/* ---- the parent: TLS ---- */

/* A host name that may go into an environment; anything else is none. */
static const char *
plain_name(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

	return s != NULL && s[strspn(s, plain)] == '\0' &&
	    strlen(s) <= SNI_MAX ? s : NULL;
}

/* A variable that does not fit is left out: half a subject is another. */
static void
put_variable(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	/* room for = and NUL, the last NUL, and the buffer's own */
	if (strlen(name) + strlen(value) + 4 > b->cap - b->len) {
		log_event(LOG_WARNING, "environment", "left-out", name, NULL);
		return;
	}
	buf_fmt(b, "%s=%s", name, value);
	buf_putc(b, '\0');
}

static void
describe(struct buf *b, struct tls *tls)
{
	int cert = tls_peer_cert_provided(tls);
	const char *subject = cert ? tls_peer_cert_subject(tls) : NULL;

	put_variable(b, "SSL_PROTOCOL", tls_conn_version(tls));
	put_variable(b, "SSL_CIPHER", tls_conn_cipher(tls));
	put_variable(b, "SSL_CIPHER_USEKEYSIZE",
	    LOG_NUM(tls_conn_cipher_strength(tls)));
	put_variable(b, "SSL_TLS_SNI_SERVERNAME",
	    plain_name(tls_conn_servername(tls)));
	if (self.ca_file != NULL)
		put_variable(b, "SSL_CLIENT_VERIFY", cert ? "SUCCESS" : "NONE");
	put_variable(b, "SSL_CLIENT_S_DN", subject);
	put_variable(b, "SSL_CLIENT_I_DN",
	    cert ? tls_peer_cert_issuer(tls) : NULL);
	put_variable(b, "SSL_PEER_CERT_SUBJECT", subject);
	put_variable(b, "SSL_PEER_CERT_HASH",
	    cert ? tls_peer_cert_hash(tls) : NULL);
	buf_putc(b, '\0');
	log_event(LOG_INFO, "tls", "protocol", tls_conn_version(tls), "cipher",
	    tls_conn_cipher(tls), "sni", tls_conn_servername(tls), "client",
	    subject, NULL);
}

/*
 * With -s: wait until the client says something, so that a port scan or a
 * health check wakes nobody.
 */
static enum pump_result
await_client(long long deadline)
{
	struct pollfd pfd = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t n;
	char c;

	if (poll(&pfd, 1, clock_left(deadline)) == 0)
		return PUMP_TIMEOUT;
	n = recv(STDIN_FILENO, &c, 1, MSG_PEEK | MSG_DONTWAIT);
	if (n == 0 || (n == -1 && errno == ECONNRESET))
		return PUMP_SILENT;
	return PUMP_OK;
}

/* Wake libtls and shake hands; *error is NULL or says what failed. */
static enum pump_result
shake_hands(struct pump *p, long long deadline, const char **error)
{
	enum pump_result result = PUMP_FAILED;

	if ((*error = wake()) != NULL)
		return PUMP_FAILED;
	if (pump_open(p, self.server, STDIN_FILENO, STDOUT_FILENO) == 0)
		result = pump_handshake(p, deadline);
	*error = pump_error(p);
	return result;
}

/* Begin TLS within the time allowed; what can be said about it is in env. */
static enum pump_result
start_tls(struct pump *p, struct buf *env)
{
	long long deadline = clock_ms() + self.timeout * 1000;
	enum pump_result result = self.at_once ? await_client(deadline) :
						 PUMP_OK;
	const char *error = NULL;

	if (result == PUMP_OK)
		result = shake_hands(p, deadline, &error);
	switch (result) {
	case PUMP_OK:
		describe(env, p->tls);
		break;
	case PUMP_SILENT:
		log_event(LOG_INFO, "handshake", "error", "client left", NULL);
		break;
	case PUMP_TIMEOUT:
		log_event(LOG_WARNING, "handshake", "error", "timeout", NULL);
		break;
	case PUMP_FAILED:
		log_event(LOG_WARNING, "handshake", "error", error, NULL);
		break;
	}
	return result;
}

/* -s: TLS, then the program.  Returns the exit status. */
static int
serve_at_once(struct pump *p, const struct side *s, struct buf *env)
{
	enum pump_result result = start_tls(p, env);

	if (result == PUMP_OK && write_all(s->ctl, env->p, env->len) == 0) {
		close(s->ctl);
		pump_run(p, s->out, s->in);
		pump_bye(STDIN_FILENO, STDOUT_FILENO);
		return wait_program();
	}
	close_side(s);
	pump_bye(STDIN_FILENO, STDOUT_FILENO);
	wait_program();
	return result == PUMP_SILENT ? EX_OK : EX_PROTOCOL;
}

/* The command on the control socket; 0 if the program wants nothing. */
static int
take_command(int ctl)
{
	char c;
	ssize_t n;

	while ((n = read(ctl, &c, 1)) == -1 && errno == EINTR)
		continue;
	if (n != 1)
		return 0;
	if (c == 'y' || c == 'Y')
		return c;
	log_event(LOG_ERR, "command", "error", "neither y nor Y", NULL);
	return 0;
}

/* UCSPI-TLS: the program, then TLS if it asks for it. */
static int
serve_on_demand(struct pump *p, const struct side *s, struct buf *env)
{
	int command, ok;

	if (write_all(s->ctl, "", 1) == -1 ||
	    (command = take_command(s->ctl)) == 0) {
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		close_side(s);
		return wait_program();
	}
	ok = start_tls(p, env) == PUMP_OK;
	if (ok && command == 'Y')
		ok = write_all(s->ctl, env->p, env->len) == 0;
	close(s->ctl);
	if (ok)
		pump_run(p, s->out, s->in);
	else {
		close(s->in);
		close(s->out);
	}
	pump_bye(STDIN_FILENO, STDOUT_FILENO);
	return wait_program();
}

static _Noreturn void
run_tls(const struct side *s)
{
	static struct pump pump;
	static char block[ENV_MAX];
	struct buf env;

	signal(SIGPIPE, SIG_IGN);
	if (tls_sandbox_hide() == -1)
		give_up(EX_TEMPFAIL, "system", NULL, strerror(errno));
	load();
	if (become(&self.user) == -1)
		give_up(EX_TEMPFAIL, "user", self.user.name, strerror(errno));
	if (tls_sandbox_enter(self.best_effort) == -1)
		give_up(EX_TEMPFAIL, "sandbox", NULL, strerror(errno));
	buf_init(&env, block, sizeof(block));
	_exit(self.at_once ? serve_at_once(&pump, s, &env) :
	    serve_on_demand(&pump, s, &env));
}

/* ---- one for all sessions of a listener ---- */

/* What is said over the control socket: see session/listener_tls.c. */
#define LISTENER_ASK	'q'
#define LISTENER_READY	'r'
#define LISTENER_BROKEN 'b'
#define LISTENER_CLIENT 'c'
#define LISTENER_FDS	4	/* the client, control, in, out */

/* Read the files (again); what cannot be used leaves the old ones in use. */
static void
reload(void)
{
	struct tls *old = self.server;
	const char *error = read_text(&self.cert, self.cert_file);

	if (error == NULL)
		error = read_text(&self.key, self.key_file);
	if (error == NULL && self.ca_file != NULL)
		error = read_text(&self.ca, self.ca_file);
	if (error == NULL) {
		self.server = NULL;
		error = wake();
	}
	explicit_bzero(self.key.p, self.key.cap);
	if (error == NULL) {
		tls_free(old);
		return;
	}
	log_event(LOG_ERR, "config", "cert", self.cert_file, "key",
	    self.key_file, "ca", self.ca_file, "error", error, NULL);
	if (self.server != old)
		tls_free(self.server);
	self.server = old;
}

/* The process of one session: its client on 0 and 1, and its channels. */
static _Noreturn void
serve_session(const int fds[LISTENER_FDS])
{
	static struct pump pump;
	static char block[ENV_MAX];
	const struct side s = {.ctl = fds[1], .in = fds[2], .out = fds[3]};
	struct buf env;
	int command, ok = 0;

	if (dup2(fds[0], STDIN_FILENO) == -1 ||
	    dup2(fds[0], STDOUT_FILENO) == -1 || become(&self.user) == -1 ||
	    tls_sandbox_enter(self.best_effort) == -1) {
		log_event(LOG_ERR, "sandbox", "error", strerror(errno), NULL);
		_exit(EX_TEMPFAIL);
	}
	close(fds[0]);
	buf_init(&env, block, sizeof(block));
	if ((command = take_command(s.ctl)) == 0)
		_exit(EX_OK);
	ok = start_tls(&pump, &env) == PUMP_OK;
	if (ok && command == 'Y')
		ok = write_all(s.ctl, env.p, env.len) == 0;
	close(s.ctl);
	if (ok)
		pump_run(&pump, s.out, s.in);
	pump_bye(STDIN_FILENO, STDOUT_FILENO);
	_exit(ok ? EX_OK : EX_PROTOCOL);
}

static void
answer_listener(void)
{
	const char word = self.server != NULL ? LISTENER_READY :
						LISTENER_BROKEN;

	send(STDIN_FILENO, &word, 1, MSG_NOSIGNAL);
}

/* One message of the listener's; 0 when it has gone. */
static int
serve_message(struct watch *files)
{
	char message[128];
	int fds[LISTENER_FDS], i;
	ssize_t n = fds_receive(STDIN_FILENO, message, sizeof(message) - 1,
	    fds, LISTENER_FDS);

	if (n == 0 || (n == -1 && errno != EMSGSIZE))
		return 0;
	if (watch_changed(files) || self.server == NULL)
		reload();
	message[n > 0 ? n : 0] = '\0';
	if (message[0] == LISTENER_ASK)
		answer_listener();
	if (message[0] == LISTENER_CLIENT && fds[LISTENER_FDS - 1] != -1 &&
	    self.server != NULL && fork() == 0) {
		log_context("peer", message + 1);
		signal(SIGCHLD, SIG_DFL);
		serve_session(fds);
	}
	for (i = 0; i < LISTENER_FDS; i++)
		if (fds[i] != -1)
			close(fds[i]);
	return 1;
}

/*
 * Load the library and the key once, and fork for each session.  Nothing that
 * a client sends is read here, so root, if it was that, is kept for the next
 * certificate; a session's process becomes the user.
 */
static int
serve_listener(void)
{
	struct watch files = {.n = 0};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN); /* nobody waits for the processes */
	if (tls_sandbox_hide() == -1)
		return EX_TEMPFAIL;
	watch_add(&files, self.cert_file);
	watch_add(&files, self.key_file);
	watch_add(&files, self.ca_file);
	reload();
	answer_listener();
	while (serve_message(&files))
		;
	return EX_OK;
}

int
main(int argc, char **argv)
{
	struct side ours, theirs;
	pid_t pid = getpid();

	prepare_descriptors();
	parse_options(argc, argv);
	if (self.check) {
		load();
		return EX_OK;
	}
	if (self.listener)
		return serve_listener();
	prepare_session();
	if (open_channels(&ours, &theirs) == -1 || (self.child = fork()) == -1)
		give_up(EX_TEMPFAIL, "system", NULL, strerror(errno));
	if (self.child == 0) {
		close_side(&ours);
		run_program(&theirs, pid);
	}
	close_side(&theirs);
	run_tls(&ours);
}
