/*
 * peer: finds out who the client is.  It reads the PROXY protocol (HAProxy,
 * doc/proxy-protocol.txt) octet by octet, before there is a sandbox: so it is
 * small.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/config.h"
#include "session/peer.h"

#define V2_SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V2_HEAD	     16	/* octets: signature, version, family, length */

/* Write IPv4 that came in on an IPv6 socket as IPv4. */
static int
normalize(struct peer *peer)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	unsigned char ip[16];

	if (config_ip(peer->ip, ip) == -1)
		return -1;
	if (memcmp(ip, mapped, sizeof(mapped)) == 0)
		inet_ntop(AF_INET, ip + 12, peer->ip, sizeof(peer->ip));
	return 0;
}

/* Set the address from text, perhaps in brackets.  -1 if it is none. */
static int
set_ip(struct peer *peer, const char *s)
{
	size_t n = strlen(s);

	if (n > 2 && s[0] == '[' && s[n - 1] == ']') {
		s++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof(peer->ip))
		return -1;
	memcpy(peer->ip, s, n);
	peer->ip[n] = '\0';
	return normalize(peer);
}

static void
set_port(struct peer *peer, unsigned port)
{
	snprintf(peer->port, sizeof(peer->port), "%u", port & 0xffff);
}

void
peer_address(struct peer *peer, const struct sockaddr *sa)
{
	const void *ip = NULL;

	if (sa->sa_family == AF_INET) {
		ip = &((const struct sockaddr_in *)(const void *)sa)->sin_addr;
		set_port(peer, ntohs(((const struct sockaddr_in *)
		    (const void *)sa)->sin_port));
	} else if (sa->sa_family == AF_INET6) {
		ip = &((const struct sockaddr_in6 *)(const void *)sa)->
		    sin6_addr;
		set_port(peer, ntohs(((const struct sockaddr_in6 *)
		    (const void *)sa)->sin6_port));
	}
	if (ip == NULL ||
	    inet_ntop(sa->sa_family, ip, peer->ip, sizeof(peer->ip)) == NULL)
		strcpy(peer->ip, sa->sa_family == AF_UNIX ? PEER_LOCAL :
							    PEER_UNKNOWN);
	else
		normalize(peer);
}

static void
ask_socket(struct peer *peer)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getpeername(STDIN_FILENO, (struct sockaddr *)&ss, &len) == 0)
		peer_address(peer, (struct sockaddr *)&ss);
	else
		/* a pipe or a terminal is local; a dead socket is not */
		strcpy(peer->ip, errno == ENOTSOCK ? PEER_LOCAL :
						     PEER_UNKNOWN);
}

void
peer_find(struct peer *peer)
{
	static const char *const names[][2] = {
		{"TCPREMOTEIP", "TCPREMOTEPORT"},
		{"REMOTE_ADDR", "REMOTE_PORT"},
		{"REMOTE_HOST", "REMOTE_PORT"},
		{"SOCAT_PEERADDR", "SOCAT_PEERPORT"},
	};
	const char *ip, *port;
	size_t i;

	memset(peer, 0, sizeof(*peer));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((ip = getenv(names[i][0])) != NULL && *ip != '\0') {
			/* a host name must not count as local */
			if (set_ip(peer, ip) == -1)
				strcpy(peer->ip, PEER_UNKNOWN);
			if ((port = getenv(names[i][1])) != NULL)
				snprintf(peer->port, sizeof(peer->port), "%s",
				    port);
			return;
		}
	ask_socket(peer);
}

/* ---- the PROXY protocol ---- */

/*
 * Read n octets until the deadline.  Returns how many came before the end, or
 * -1.  A reset counts as an end: health checks leave like that.
 */
static long
read_some(int fd, unsigned char *p, size_t n, long long deadline)
{
	struct pollfd w = {.fd = fd, .events = POLLIN};
	size_t have = 0;
	ssize_t r;

	while (have < n) {
		if (poll(&w, 1, clock_left(deadline)) == 0)
			return -1;
		r = read(fd, p + have, n - have);
		if (r == 0 || (r == -1 && errno == ECONNRESET))
			break;
		if (r == -1 && errno != EINTR && errno != EAGAIN)
			return -1;
		if (r > 0)
			have += (size_t)r;
	}
	return (long)have;
}

/* Parse a port as the protocol writes it (2.1): no zero in front.  0, or -1. */
static int
read_port(const char *s, unsigned *port)
{
	size_t n = strlen(s);

	if (n == 0 || n > 5 || strspn(s, "0123456789") != n ||
	    (s[0] == '0' && n > 1))
		return -1;
	*port = (unsigned)strtoul(s, NULL, 10);
	return *port <= 65535 ? 0 : -1;
}

/* Check that an address is of the family that the line names.  0, or -1. */
static int
check_ip(const char *family, const char *s)
{
	unsigned char ip[16];

	return inet_pton(strcmp(family, "TCP4") == 0 ? AF_INET : AF_INET6, s,
	    ip) == 1 ? 0 : -1;
}

/* Parse "TCP4 source destination port port", or "UNKNOWN" and anything. */
static enum peer_status
parse_v1(struct peer *peer, char *line)
{
	unsigned source_port, port;
	char *word[6];
	size_t n;

	if (strcmp(line, "UNKNOWN") == 0 || strncmp(line, "UNKNOWN ", 8) == 0) {
		peer_find(peer);
		return PEER_OK;
	}
	for (n = 0; n < 6; n++)
		if ((word[n] = strsep(&line, " ")) == NULL)
			break;
	if (n != 5 || (strcmp(word[0], "TCP4") && strcmp(word[0], "TCP6")) ||
	    check_ip(word[0], word[1]) == -1 ||
	    check_ip(word[0], word[2]) == -1 ||
	    read_port(word[3], &source_port) == -1 ||
	    read_port(word[4], &port) == -1 || set_ip(peer, word[1]) == -1)
		return PEER_BAD;
	set_port(peer, source_port);
	return PEER_OK;
}

static enum peer_status
read_v1(int fd, struct peer *peer, char *line, size_t have,
    long long deadline)
{
	while (have < 2 || memcmp(line + have - 2, "\r\n", 2) != 0) {
		if (have == PEER_PROXY_V1_MAX || read_some(fd,
		    (unsigned char *)line + have, 1, deadline) != 1)
			return PEER_BAD;
		have++;
	}
	line[have - 2] = '\0';
	if (strlen(line) != have - 2 || strncmp(line, "PROXY ", 6) != 0)
		return PEER_BAD;
	return parse_v1(peer, line + 6);
}

/* Set the source address and port from a block of n octets (2.2). */
static enum peer_status
parse_v2(struct peer *peer, unsigned family, const unsigned char *p, size_t n)
{
	if (family == 0x11 && n >= 12) {
		inet_ntop(AF_INET, p, peer->ip, sizeof(peer->ip));
		set_port(peer, (unsigned)p[8] << 8 | p[9]);
	} else if (family == 0x21 && n >= 36) {
		inet_ntop(AF_INET6, p, peer->ip, sizeof(peer->ip));
		set_port(peer, (unsigned)p[32] << 8 | p[33]);
		normalize(peer);
	} else {
		return PEER_BAD;
	}
	return PEER_OK;
}

static enum peer_status
read_v2(int fd, struct peer *peer, unsigned char *block, long long deadline)
{
	unsigned command = block[12], family = block[13];
	size_t n = (size_t)block[14] << 8 | block[15];

	if ((command != 0x20 && command != 0x21) || n > PEER_PROXY_V2_MAX ||
	    read_some(fd, block, n, deadline) != (long)n)
		return PEER_BAD;
	if (command == 0x20 || family == 0) {
		peer_find(peer);
		return PEER_OK;
	}
	return parse_v2(peer, family, block, n);
}

static enum peer_status
read_header(int fd, struct peer *peer, long long deadline)
{
	unsigned char block[PEER_PROXY_V2_MAX];
	long n;

	/* the shortest header, "PROXY UNKNOWN" CRLF, has 15 octets */
	n = read_some(fd, block, 6, deadline);
	if (n == 0)
		return PEER_NOBODY;
	if (n != 6)
		return PEER_BAD;
	if (memcmp(block, "PROXY ", 6) == 0)
		return read_v1(fd, peer, (char *)block, 6, deadline);
	if (memcmp(block, V2_SIGNATURE, 6) != 0 ||
	    read_some(fd, block + 6, V2_HEAD - 6, deadline) != V2_HEAD - 6 ||
	    memcmp(block, V2_SIGNATURE, 12) != 0)
		return PEER_BAD;
	return read_v2(fd, peer, block, deadline);
}

/*
 * Drop what the client sends, until it ends or for a short time: a socket that
 * is closed with unread octets is reset, and the client would lose its reply.
 */
static void
drop_rest(int fd)
{
	long long deadline = clock_ms() + PEER_PROXY_DROP;
	unsigned char trash[4096];
	long n = sizeof(trash), all = 0;

	for (; n == sizeof(trash) && all < PEER_PROXY_DROP_MAX; all += n)
		n = read_some(fd, trash, sizeof(trash), deadline);
}

enum peer_status
peer_proxy(int fd, struct peer *peer)
{
	long long deadline = clock_ms() + PEER_PROXY_WAIT;
	enum peer_status status;

	memset(peer, 0, sizeof(*peer));
	status = read_header(fd, peer, deadline);
	if (status == PEER_BAD && clock_left(deadline) > 0)
		drop_rest(fd);
	return status;
}

int
peer_is_loopback(const struct peer *peer)
{
	static const unsigned char mapped[13] = {[10] = 0xff, [11] = 0xff,
	    [12] = 127}, v6[16] = {[15] = 1};
	unsigned char ip[16];

	if (strcmp(peer->ip, PEER_LOCAL) == 0)
		return 1;
	return config_ip(peer->ip, ip) == 0 &&
	    (memcmp(ip, mapped, 13) == 0 || memcmp(ip, v6, 16) == 0);
}
