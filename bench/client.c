/*
 * client: SMTP sessions with AUTH and TLS, the same for all contenders, for
 * what smtp-source cannot do; and the time from a connection to its greeting.
 * Plain blocking sockets, one process for each session at a time.
 *
 *   client [-S] [-a user:password] [-C ca] [-c processes] [-l octets]
 *       [-m mails of a session] [-n sessions] [-t recipient] port
 *	prints the seconds that all the sessions took; with -C in TLS from the
 *	first octet on, with -S as well by STARTTLS
 *   client -g [-n sessions] [-p pause in milliseconds] port
 *	prints for each session the microseconds from connect to greeting
 */
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <tls.h>

#define IN_MAX	    16384   /* octets of a reply */
#define COMMAND_MAX 1024    /* octets of a command */
#define BODY_MAX    1048576 /* octets of a mail */
#define ROW	    72	    /* octets of a line of a mail */

static struct {
	const char *user, *ca, *to;
	long processes, length, mails, sessions, pause;
	int greeting, starttls;
	in_port_t port;
	char login[COMMAND_MAX], mail[BODY_MAX];
	size_t nmail;
} self = {.to = "+4915112345678@sms.test", .processes = 1, .length = 200,
    .mails = 1, .sessions = 1};

struct link {
	int fd;
	struct tls *tls;
	char in[IN_MAX];
	size_t have;
};

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- octets ---- */

static void
put(struct link *l, const char *p, size_t n)
{
	ssize_t done;

	while (n > 0) {
		done = l->tls != NULL ? tls_write(l->tls, p, n) :
					write(l->fd, p, n);
		if (done == TLS_WANT_POLLIN || done == TLS_WANT_POLLOUT)
			continue;
		if (done <= 0)
			errx(1, "the connection is lost in a write");
		p += done;
		n -= (size_t)done;
	}
}

static void
get(struct link *l)
{
	size_t room = sizeof(l->in) - 1 - l->have;
	ssize_t n;

	do
		n = l->tls != NULL ?
		    tls_read(l->tls, l->in + l->have, room) :
		    read(l->fd, l->in + l->have, room);
	while (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT);
	if (n <= 0)
		errx(1, "the connection is lost in a read");
	l->have += (size_t)n;
	l->in[l->have] = '\0';
}

/* The whole of a reply, which must be 2xx or 3xx; there is none behind it. */
static void
expect(struct link *l)
{
	char *line, *end;

	for (l->have = 0;;) {
		get(l);
		if (l->in[l->have - 1] != '\n')
			continue;
		for (line = l->in; *line != '\0'; line = end + 1) {
			end = strchr(line, '\n');
			if (*line != '2' && *line != '3')
				errx(1, "refused: %s", line);
			if (end - line < 4 || line[3] == ' ')
				return;
		}
	}
}

static void
say(struct link *l, const char *command)
{
	put(l, command, strlen(command));
	expect(l);
}

/* ---- a session ---- */

static void
dial(struct link *l)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
	    .sin_port = self.port};
	int one = 1;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	l->tls = NULL;
	if ((l->fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ==
		-1 ||
	    connect(l->fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		err(1, "connect");
}

static void
begin_tls(struct link *l, struct tls_config *config)
{
	if ((l->tls = tls_client()) == NULL ||
	    tls_configure(l->tls, config) == -1 ||
	    tls_connect_socket(l->tls, l->fd, "localhost") == -1 ||
	    tls_handshake(l->tls) == -1)
		errx(1, "TLS: %s", tls_error(l->tls));
}

static void
hang_up(struct link *l)
{
	if (l->tls != NULL) {
		tls_close(l->tls);
		tls_free(l->tls);
	}
	close(l->fd);
}

static void
session(struct link *l, struct tls_config *config)
{
	char to[COMMAND_MAX];
	long i;

	snprintf(to, sizeof(to), "RCPT TO:<%s>\r\n", self.to);
	dial(l);
	if (config != NULL && !self.starttls)
		begin_tls(l, config);
	expect(l);
	say(l, "EHLO client.test\r\n");
	if (self.starttls) {
		say(l, "STARTTLS\r\n");
		begin_tls(l, config);
		say(l, "EHLO client.test\r\n");
	}
	if (self.user != NULL)
		say(l, self.login);
	for (i = 0; i < self.mails; i++) {
		say(l, "MAIL FROM:<bench@client.test>\r\n");
		say(l, to);
		say(l, "DATA\r\n");
		put(l, self.mail, self.nmail);
		expect(l);
	}
	say(l, "QUIT\r\n");
	hang_up(l);
}

/* ---- the two ways to measure ---- */

/* One process: its share of the sessions. */
static void
work(long sessions)
{
	struct tls_config *config = NULL;
	static struct link l;

	if (self.ca != NULL && ((config = tls_config_new()) == NULL ||
	    tls_config_set_ca_file(config, self.ca) == -1))
		errx(1, "%s: cannot be read", self.ca);
	while (sessions-- > 0)
		session(&l, config);
}

static void
measure_sessions(void)
{
	double start = now();
	long i, share;
	int status, bad = 0;

	for (i = 0; i < self.processes; i++) {
		share = self.sessions / self.processes +
		    (i < self.sessions % self.processes);
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			work(share);
			_exit(0);
		}
	}
	while (wait(&status) != -1)
		bad |= status;
	if (bad)
		errx(1, "a session failed");
	printf("%.6f\n", now() - start);
}

static void
measure_greeting(void)
{
	const struct timespec rest = {.tv_sec = self.pause / 1000,
	    .tv_nsec = self.pause % 1000 * 1000000};
	static struct link l;
	double start;
	long i;

	for (i = 0; i < self.sessions; i++) {
		start = now();
		dial(&l);
		expect(&l);
		printf("%.1f\n", (now() - start) * 1e6);
		say(&l, "QUIT\r\n");
		while (read(l.fd, l.in, sizeof(l.in)) > 0)
			continue;
		close(l.fd);
		nanosleep(&rest, NULL);
	}
}

/* ---- start ---- */

/* AUTH PLAIN with user and password, base64 (RFC 4616, RFC 4648). */
static void
make_login(void)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
				    "mnopqrstuvwxyz0123456789+/";
	unsigned char raw[COMMAND_MAX / 2] = {0};
	size_t i, n = strlen(self.user) + 1;
	char *out = self.login, *colon;
	unsigned v;

	if (n > sizeof(raw) - 4)
		errx(2, "user and password are too long");
	memcpy(raw + 1, self.user, n - 1);
	if ((colon = memchr(raw + 1, ':', n)) != NULL)
		*colon = '\0';
	out += sprintf(out, "AUTH PLAIN ");
	for (i = 0; i < n; i += 3) {
		v = (unsigned)raw[i] << 16 | (unsigned)raw[i + 1] << 8 |
		    raw[i + 2];
		*out++ = digit[v >> 18];
		*out++ = digit[v >> 12 & 63];
		*out++ = i + 1 < n ? digit[v >> 6 & 63] : '=';
		*out++ = i + 2 < n ? digit[v & 63] : '=';
	}
	strcpy(out, "\r\n");
}

static void
make_mail(void)
{
	char *p = self.mail;
	long i;

	if (self.length < 1 || self.length > BODY_MAX * 9 / 10)
		errx(2, "-l: 1 to %d", BODY_MAX * 9 / 10);
	p += sprintf(p, "From: <bench@client.test>\r\nSubject: bench\r\n\r\n");
	for (i = 1; i <= self.length; i++) {
		*p++ = 'x';
		if (i % ROW == 0)
			p += sprintf(p, "\r\n");
	}
	p += sprintf(p, "\r\n.\r\n");
	self.nmail = (size_t)(p - self.mail);
}

static long
number(const char *s)
{
	char *end;
	long n = strtol(s, &end, 10);

	if (*s == '\0' || *end != '\0' || n < 0 || n > 10000000)
		errx(2, "%s: not a number", s);
	return n;
}

static void
usage(void)
{
	fprintf(stderr, "usage: client [-gS] [-a user:password] [-C ca] "
	    "[-c processes] [-l octets]\n\t[-m mails] [-n sessions] "
	    "[-p pause] [-t recipient] port\n");
	exit(2);
}

int
main(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "a:C:c:gl:m:n:p:St:")) != -1)
		switch (c) {
		case 'a':
			self.user = optarg;
			break;
		case 'C':
			self.ca = optarg;
			break;
		case 'c':
			self.processes = number(optarg);
			break;
		case 'g':
			self.greeting = 1;
			break;
		case 'l':
			self.length = number(optarg);
			break;
		case 'm':
			self.mails = number(optarg);
			break;
		case 'n':
			self.sessions = number(optarg);
			break;
		case 'p':
			self.pause = number(optarg);
			break;
		case 'S':
			self.starttls = 1;
			break;
		case 't':
			self.to = optarg;
			break;
		default:
			usage();
		}
	if (optind != argc - 1 || self.processes == 0 ||
	    (self.starttls && self.ca == NULL))
		usage();
	self.port = htons((in_port_t)number(argv[optind]));
	if (self.user != NULL)
		make_login();
	make_mail();
	if (self.greeting)
		measure_greeting();
	else
		measure_sessions();
	return 0;
}
