/*
 * pool: which of the connections that libcurl keeps may still be used.
 *
 * A connection is not used again if
 * - the gateway has ended it.  HTTP/1.1: anything that can be read, since no
 *   answer is due.  That may be the end (FIN, close_notify), an answer that
 *   nobody asked for (408 before a close), or a TLS ticket that came late.
 *   TLS 1.3 encrypts the difference, so the connection is given up; a ticket
 *   that comes with the handshake is read together with the first answer.
 *   HTTP/2: the end of the TCP connection alone, since pings and settings come
 *   at any time, and GOAWAY says which requests were not taken.
 * - the gateway is about to end it: it said so (Keep-Alive: timeout=5), or it
 *   ended others after as long.  The request and the end could cross.
 * - the network is silent: no keep-alive probe was answered lately, as when a
 *   firewall on the way has lost its state.
 * - a request on it failed, or one on a kept connection to the same address
 *   had no answer.
 */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "delivery/pool.h"

#define PROBE	    10	 /* seconds; an idle connection is probed as often */
#define PROBE_LATE  2000 /* milliseconds an answer to a probe may need */
#define END_MARGIN  500	 /* milliseconds; a request may be under way so long */
#define PEERS	    64	 /* addresses that are told apart */

#ifndef POLLRDHUP
#define POLLRDHUP 0
#endif

/* An address of the gateway's, or of a proxy.  Two may share one. */
struct peer {
	long keeps;		/* milliseconds it keeps idle connections, as
				   seen; 0: longer than we do */
	long long trusted;	/* connections are that were opened later */
};

struct pool_conn {
	struct pool_conn *next;
	int fd;			/* -1: closed, but a request is not over */
	int port;		/* our own; 0: not known yet */
	struct peer *peer;
	int requests;		/* that it was used for */
	int active;		/* of these, under way now */
	int http2;
	int ended;
	long promise;		/* milliseconds; 0: the gateway did not say */
	long long opened, idle;	/* since when */
	int slot;		/* where it is watched; -1: it is not */
};

static struct {
	struct pool_conn *first;
	struct peer peers[PEERS];
	long timeout;
	long long trusted;
} self;

void
pool_set_timeout(long ms)
{
	self.timeout = ms;
}

/* FNV-1a */
static struct peer *
find_peer(const void *address, size_t n)
{
	const unsigned char *p = address;
	unsigned h = 2166136261u;

	while (n-- > 0)
		h = (h ^ *p++) * 16777619u;
	return &self.peers[h % PEERS];
}

static void
set_number(int fd, int level, int name, int value)
{
	/* what a system does not have is a precaution less */
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

/*
 * Probes show that an idle connection stands, and keep it alive in firewalls
 * on the way.
 */
static void
set_probes(int fd)
{
	set_number(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
	set_number(fd, IPPROTO_TCP, TCP_KEEPIDLE, PROBE);
	set_number(fd, IPPROTO_TCP, TCP_KEEPINTVL, PROBE);
#endif
#ifdef TCP_USER_TIMEOUT
	if (self.timeout > 0)
		set_number(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
		    (int)self.timeout);
#endif
}

curl_socket_t
pool_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct pool_conn *c = calloc(1, sizeof(*c));
	int fd = c == NULL ? -1 : socket(a->family, a->socktype, a->protocol);

	(void)arg;
	(void)purpose;
	if (fd == -1) {
		free(c);
		return CURL_SOCKET_BAD;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	set_probes(fd);
	c->fd = fd;
	c->peer = find_peer(&a->addr, a->addrlen);
	c->opened = clock_ms();
	c->slot = -1;
	c->next = self.first;
	self.first = c;
	return fd;
}

static void
drop(struct pool_conn *c)
{
	struct pool_conn **p;

	for (p = &self.first; *p != c; p = &(*p)->next)
		;
	*p = c->next;
	free(c);
}

int
pool_close(void *arg, curl_socket_t fd)
{
	struct pool_conn *c;

	(void)arg;
	for (c = self.first; c != NULL; c = c->next)
		if (c->fd == fd)
			break;
	if (c != NULL) {
		c->fd = -1;
		if (c->active == 0)
			drop(c);
	}
	return close(fd);
}

static int
port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a;
	socklen_t n = sizeof(a);

	if (getsockname(fd, &a.any, &n) == -1)
		return 0;
	if (a.any.sa_family == AF_INET)
		return ntohs(a.v4.sin_port);
	return a.any.sa_family == AF_INET6 ? ntohs(a.v6.sin6_port) : 0;
}

/* NULL if there is none, or more than one with that port. */
static struct pool_conn *
find_port(int port)
{
	struct pool_conn *c, *found = NULL;

	if (port <= 0)
		return NULL;
	for (c = self.first; c != NULL; c = c->next) {
		if (c->port == 0)
			c->port = port_of(c->fd);
		if (c->port != port || c->fd == -1)
			continue;
		if (found != NULL)
			return NULL;
		found = c;
	}
	return found;
}

/* ---- may it be used again? ---- */

static int
has(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	return poll(&p, 1, 0) != 0;
}

/* Milliseconds without an acknowledgement of any kind; 0: cannot be known. */
static long
silence(int fd)
{
#if defined(__linux__) && defined(TCP_INFO)
	struct tcp_info info;
	socklen_t n = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0)
		return (long)info.tcpi_last_ack_recv;
#else
	(void)fd;
#endif
	return 0;
}

static int
is_distrusted(const struct pool_conn *c)
{
	return c->opened <= self.trusted || c->opened <= c->peer->trusted;
}

/* The gateway's idle limit is near: the request and the end could cross. */
static int
is_near_end(struct pool_conn *c, long idle)
{
	struct peer *p = c->peer;

	if (c->promise > 0 && idle > c->promise - 2 * END_MARGIN)
		return 1;
	if (p->keeps == 0 || idle < p->keeps - END_MARGIN)
		return 0;
	if (idle < p->keeps + END_MARGIN)
		return 1;
	p->keeps = idle; /* it keeps them longer than it seemed */
	return 0;
}

static int
is_usable(struct pool_conn *c)
{
	long idle = (long)(clock_ms() - c->idle);
	int shared = c->http2 || c->active > 0;

	if (c->ended || is_distrusted(c) ||
	    has(c->fd, shared ? POLLRDHUP : POLLIN | POLLRDHUP))
		return 0;
	if (c->active > 0)
		return 1;
	if (idle > PROBE * 1000 + PROBE_LATE &&
	    silence(c->fd) > PROBE * 1000 + PROBE_LATE)
		return 0;
	return !is_near_end(c, idle);
}

struct pool_conn *
pool_use(int port)
{
	struct pool_conn *c = find_port(port);

	if (c == NULL)
		return NULL;
	if (c->requests > 0 && !is_usable(c)) {
		c->ended = 1;
		return NULL;
	}
	c->requests++;
	c->active++;
	return c;
}

void
pool_release(struct pool_conn *c, const struct pool_news *news)
{
	c->active--;
	c->idle = clock_ms();
	c->http2 |= news->http2;
	c->promise = news->promise;
	c->ended |= news->failed;
	/* a first request shows nothing about those that were kept */
	if (news->silent && c->requests > 1)
		c->peer->trusted = c->idle;
	if (c->fd == -1 && c->active == 0)
		drop(c);
}

void
pool_break(struct pool_conn *c)
{
	c->ended = 1;
	if (c->fd != -1)
		shutdown(c->fd, SHUT_RDWR);
}

void
pool_distrust_all(void)
{
	self.trusted = clock_ms();
}

/* ---- how long the gateway keeps an idle connection ---- */

unsigned
pool_watch(struct curl_waitfd *w, unsigned max)
{
	struct pool_conn *c;
	unsigned n = 0;

	for (c = self.first; c != NULL; c = c->next) {
		c->slot = -1;
		if (c->requests == 0 || c->active > 0 || c->http2 ||
		    c->ended || c->fd == -1 || n == max)
			continue;
		c->slot = (int)n;
		w[n++] = (struct curl_waitfd){c->fd, CURL_WAIT_POLLIN, 0};
	}
	return n;
}

void
pool_watched(const struct curl_waitfd *w, unsigned n)
{
	struct pool_conn *c;
	long idle;

	for (c = self.first; c != NULL; c = c->next) {
		if (c->slot == -1 || (unsigned)c->slot >= n ||
		    w[c->slot].revents == 0)
			continue;
		c->ended = 1;
		if (!has(c->fd, POLLRDHUP))
			continue; /* something else than an end */
		idle = (long)(clock_ms() - c->idle);
		if (c->peer->keeps == 0 || idle < c->peer->keeps)
			c->peer->keeps = idle > 0 ? idle : 1;
	}
}
