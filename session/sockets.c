/*
 * sockets: see sockets.h.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fds.h"
#include "session/sockets.h"

#define LISTEN_FIRST 3	/* sd_listen_fds(3) */

static const char *const names[] = {
	[SOCKETS_SMTP] = "smtp",
	[SOCKETS_SMTPS] = "smtps",
	[SOCKETS_LMTP] = "lmtp",
};

const char *
sockets_name(enum sockets_kind kind)
{
	return names[kind];
}

/* The kind with this name of n octets; otherwise if there is none. */
static enum sockets_kind
kind_of(const char *name, size_t n, enum sockets_kind otherwise)
{
	int i;

	for (i = 0; i <= SOCKETS_KIND_LAST; i++)
		if (strlen(names[i]) == n && memcmp(names[i], name, n) == 0)
			return (enum sockets_kind)i;
	return otherwise;
}

static int
add(struct sockets *s, int fd, enum sockets_kind kind)
{
	if (s->n == SOCKETS_MAX)
		return -1;
	s->v[s->n].fd = fd;
	s->v[s->n].odd[0] = '\0';
	s->v[s->n++].kind = kind;
	return 0;
}

/* ---- inherited ones ---- */

static int
is_listening(int fd)
{
	socklen_t len = sizeof(int);
	int yes = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == 0 &&
	    yes;
}

/*
 * Move the socket from descriptor 0 to another, since a session has its client
 * there.  inetd puts it on descriptor 1, too (for descriptor 2 see smtp2sms.c).
 */
static int
adopt_standard_input(struct sockets *s, enum sockets_kind kind)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, LISTEN_FIRST);

	if (fd == -1 || fds_null(STDIN_FILENO) == -1 ||
	    fds_null(STDOUT_FILENO) == -1)
		return -1;
	return add(s, fd, kind);
}

static int
count_inherited(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");

	if (n == NULL || (pid != NULL &&
		strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	return atoi(n);
}

/* 1 for systemd's own names: sd_listen_fds(3), FileDescriptorName=. */
static int
is_usual(const char *name, size_t n)
{
	static const char unit[] = ".socket", none[] = "unknown";

	return n == 0 ||
	    (n == sizeof(none) - 1 && memcmp(name, none, n) == 0) ||
	    (n >= sizeof(unit) && memcmp(name + n - (sizeof(unit) - 1), unit,
		sizeof(unit) - 1) == 0);
}

/* Add descriptor fd, which has a name of n octets.  0, or -1. */
static int
add_inherited(struct sockets *s, int fd, const char *name, size_t n,
    enum sockets_kind otherwise)
{
	enum sockets_kind none = (enum sockets_kind)(SOCKETS_KIND_LAST + 1);
	enum sockets_kind kind = kind_of(name, n, none);

	if (add(s, fd, kind != none ? kind : otherwise) == -1)
		return -1;
	if (kind == none && !is_usual(name, n))
		snprintf(s->v[s->n - 1].odd, SOCKETS_NAME, "%.*s", (int)n,
		    name);
	return fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ? -1 : 0;
}

/* Adopt the sockets of LISTEN_FDS; ignore connections among them. */
static int
adopt_inherited(struct sockets *s, enum sockets_kind otherwise)
{
	const char *name = getenv("LISTEN_FDNAMES");
	int i, n = count_inherited();
	size_t len;

	for (i = 0; i < n && i < FDS_MAX; i++) {
		len = name != NULL ? strcspn(name, ":") : 0;
		if (is_listening(LISTEN_FIRST + i) && add_inherited(s,
		    LISTEN_FIRST + i, name, len, otherwise) == -1)
			return -1;
		if (name != NULL)
			name += len + (name[len] == ':');
	}
	return 0;
}

int
sockets_find(struct sockets *s, enum sockets_kind otherwise)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int r = 0;

	if (is_listening(STDIN_FILENO))
		r = adopt_standard_input(s, otherwise);
	else if (getsockname(STDIN_FILENO, (void *)&ss, &len) == -1)
		r = adopt_inherited(s, otherwise);
	/* programs that this one starts must not use them */
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return r;
}

/* ---- our own ---- */

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* Parse ADDRESS:PORT or [ADDRESS]:PORT.  Returns its size; 0 if it is wrong. */
static socklen_t
parse_address(union address *a, char *where)
{
	char *colon = strrchr(where, ':'), *end;
	size_t n;
	long port;

	if (colon == NULL)
		return 0;
	*colon = '\0';
	port = strtol(colon + 1, &end, 10);
	if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port < 1 ||
	    port > 65535)
		return 0;
	n = strlen(where);
	if (n > 1 && where[0] == '[' && where[n - 1] == ']') {
		where[n - 1] = '\0';
		a->in6.sin6_family = AF_INET6;
		a->in6.sin6_port = htons((in_port_t)port);
		return inet_pton(AF_INET6, where + 1, &a->in6.sin6_addr) == 1 ?
		    sizeof(a->in6) : 0;
	}
	a->in.sin_family = AF_INET;
	a->in.sin_port = htons((in_port_t)port);
	if (strcmp(where, "localhost") == 0)
		where = (char *)(size_t)"127.0.0.1";
	return inet_pton(AF_INET, where, &a->in.sin_addr) == 1 ?
	    sizeof(a->in) : 0;
}

/* Open a socket at an address; [::] takes IPv4 as well. */
static int
open_socket(const union address *a, socklen_t len)
{
	const int on = 1, off = 0;
	int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->sa.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, &a->sa, len) == 0)
		return fd;
	close(fd);
	return -1;
}

const char *
sockets_open(struct sockets *s, const char *where, enum sockets_kind kind)
{
	const char *slash = strchr(where, '/');
	char address[128];
	union address a;
	socklen_t len;
	int fd;

	memset(&a, 0, sizeof(a));
	snprintf(address, sizeof(address), "%s", where);
	if (slash != NULL) {
		address[(size_t)(slash - where) < sizeof(address) ?
		    (size_t)(slash - where) : 0] = '\0';
		kind = kind_of(slash + 1, strlen(slash + 1),
		    (enum sockets_kind)(SOCKETS_KIND_LAST + 1));
		if (kind > SOCKETS_KIND_LAST)
			return "is none of: /smtp, /smtps, /lmtp";
	}
	if ((len = parse_address(&a, address)) == 0)
		return "is not ADDRESS:PORT, such as 127.0.0.1:2525 or "
		    "[::]:587";
	if ((fd = open_socket(&a, len)) == -1)
		return strerror(errno);
	s->own = 1;
	if (add(s, fd, kind) == 0)
		return NULL;
	close(fd);
	return "more sockets than 16";
}

int
sockets_listen(const struct sockets *s)
{
	const int on = 1;
	size_t i;
	int fd;

	for (i = 0; i < s->n; i++) {
		fd = s->v[i].fd;
		/* a super-server's backlog is too small for a storm */
		if (listen(fd, SOCKETS_BACKLOG) == -1 ||
		    fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
			return -1;
		/* on Linux, connections inherit both options */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	}
	return 0;
}
