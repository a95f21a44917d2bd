/*
 * fuzz_proxy: what stands before a session as a PROXY header is judged once
 * more, octet by octet after the text of the specification (HAProxy,
 * doc/proxy-protocol.txt, 2.1 and 2.2); both must agree on whether it is one,
 * on the client that it names, and on where it ends.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session/peer.h"

#define HOLDS(x) do { if (!(x)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, \
	__LINE__, #x); abort(); } } while (0)

int LLVMFuzzerInitialize(int *, char ***);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What the specification says of an input. */
struct want {
	enum peer_status status;
	int local;		/* UNKNOWN, LOCAL: the proxy itself */
	unsigned char ip[16];	/* IPv4: ::ffff:a.b.c.d */
	unsigned port;
	size_t used;		/* octets of the header */
};

struct text {
	const uint8_t *p;
	size_t n;
};

static int
skip(struct text *t, const char *word)
{
	size_t n = strlen(word);

	if (t->n < n || memcmp(t->p, word, n) != 0)
		return 0;
	t->p += n;
	t->n -= n;
	return 1;
}

/* Digits, no heading zero, at most `most`. */
static int
decimal(struct text *t, unsigned most, unsigned *value)
{
	size_t digits = 0;

	for (*value = 0; t->n > 0 && *t->p >= '0' && *t->p <= '9';
	     t->p++, t->n--, digits++) {
		if (digits > 0 && *value == 0)
			return 0;
		*value = *value * 10 + (*t->p - '0');
		if (*value > most)
			return 0;
	}
	return digits > 0;
}

static int
ipv4(struct text *t, unsigned char *ip)
{
	unsigned i, octet;

	for (i = 0; i < 4; i++) {
		if (i > 0 && !skip(t, "."))
			return 0;
		if (!decimal(t, 255, &octet))
			return 0;
		ip[i] = (unsigned char)octet;
	}
	return 1;
}

/* One to four hexadecimal digits. */
static int
group(struct text *t, unsigned char *ip)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	unsigned value = 0, n = 0;
	const char *d;

	for (; t->n > 0 && *t->p != '\0' &&
	     (d = strchr(digits + (*t->p < 'a') * 16, *t->p)) != NULL;
	     t->p++, t->n--) {
		if (++n > 4)
			return 0;
		value = value << 4 | ((unsigned)(d - digits) & 15);
	}
	ip[0] = (unsigned char)(value >> 8);
	ip[1] = (unsigned char)value;
	return n > 0;
}

/*
 * Groups with one "::" at most (RFC 4291, 2.2), the last two of which may be
 * written as IPv4.
 */
static int
ipv6(struct text *t, unsigned char *ip)
{
	unsigned char got[16];
	size_t n = 0, gap = 16;
	struct text again;

	memset(ip, 0, 16);
	if (skip(t, "::"))
		gap = 0;
	while (t->n > 0 && *t->p != ' ') {
		if (n > 0 && n != gap && !skip(t, ":"))
			return 0;
		again = *t;
		if (n <= 12 && ipv4(&again, got + n) &&
		    (again.n == 0 || *again.p == ' ')) {
			*t = again;
			n += 4;
			break;
		}
		if (n > 14 || !group(t, got + n))
			return 0;
		n += 2;
		if (skip(t, "::")) {
			if (gap != 16)
				return 0;
			gap = n;
		}
	}
	if (gap == 16 ? n != 16 : n > 14)
		return 0;
	memcpy(ip, got, gap < n ? gap : n);
	if (gap < n)
		memcpy(ip + 16 - (n - gap), got + gap, n - gap);
	return 1;
}

/* The line behind "PROXY ", without its CRLF. */
static int
version_1(struct text t, struct want *w)
{
	unsigned char to[16], four[4];
	unsigned port;
	int is_4;

	if (skip(&t, "UNKNOWN")) {
		w->local = 1;
		return t.n == 0 || *t.p == ' ';
	}
	is_4 = skip(&t, "TCP4 ");
	if (!is_4 && !skip(&t, "TCP6 "))
		return 0;
	if (!(is_4 ? ipv4(&t, four) : ipv6(&t, w->ip)) || !skip(&t, " ") ||
	    !(is_4 ? ipv4(&t, to) : ipv6(&t, to)) || !skip(&t, " ") ||
	    !decimal(&t, 65535, &w->port) || !skip(&t, " ") ||
	    !decimal(&t, 65535, &port) || t.n != 0)
		return 0;
	if (is_4) {
		memset(w->ip, 0, 16);
		w->ip[10] = w->ip[11] = 0xff;
		memcpy(w->ip + 12, four, 4);
	}
	return 1;
}

static int
version_2(const uint8_t *p, size_t n, struct want *w)
{
	size_t length;

	if (n < 16 || memcmp(p, "\r\n\r\n\0\r\nQUIT\n", 12) != 0)
		return 0;
	length = (size_t)(p[14] << 8 | p[15]);
	w->used = 16 + length;
	if ((p[12] != 0x20 && p[12] != 0x21) || length > PEER_PROXY_V2_MAX ||
	    n < w->used)
		return 0;
	w->local = p[12] == 0x20 || p[13] == 0;
	if (w->local)
		return 1;
	if (p[13] == 0x11 && length >= 12) {
		w->ip[10] = w->ip[11] = 0xff;
		memcpy(w->ip + 12, p + 16, 4);
		w->port = (unsigned)(p[24] << 8 | p[25]);
		return 1;
	}
	if (p[13] != 0x21 || length < 36)
		return 0;
	memcpy(w->ip, p + 16, 16);
	w->port = (unsigned)(p[48] << 8 | p[49]);
	return 1;
}

static void
judge(const uint8_t *p, size_t n, struct want *w)
{
	struct text line = {p, 0};
	size_t i;

	memset(w, 0, sizeof(*w));
	w->status = n == 0 ? PEER_NOBODY : PEER_BAD;
	if (version_2(p, n, w))
		w->status = PEER_OK;
	if (n < 6 || memcmp(p, "PROXY ", 6) != 0)
		return;
	for (i = 1; i < n && i < PEER_PROXY_V1_MAX; i++)
		if (p[i - 1] == '\r' && p[i] == '\n')
			break;
	if (i == n || i == PEER_PROXY_V1_MAX)
		return;
	line.n = i - 1;
	skip(&line, "PROXY ");
	w->used = i + 1;
	if (memchr(p, '\0', i) == NULL && version_1(line, w))
		w->status = PEER_OK;
}

static void
compare(const struct peer *peer, const struct want *w)
{
	unsigned char ip[16] = {[10] = 0xff, [11] = 0xff};
	char port[8];

	if (w->local) {
		HOLDS(strcmp(peer->ip, PEER_LOCAL) == 0);
		return;
	}
	HOLDS(inet_pton(AF_INET, peer->ip, ip + 12) == 1 ||
	    inet_pton(AF_INET6, peer->ip, ip) == 1);
	HOLDS(memcmp(ip, w->ip, 16) == 0);
	/* IPv4 is told as IPv4 */
	HOLDS((memcmp(ip, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0) ==
	    (strchr(peer->ip, ':') == NULL));
	snprintf(port, sizeof(port), "%u", w->port);
	HOLDS(strcmp(peer->port, port) == 0);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int fd = open("/dev/null", O_RDONLY);

	(void)argc;
	(void)argv;
	HOLDS(fd != -1 && dup2(fd, STDIN_FILENO) != -1);
	HOLDS(clearenv() == 0);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t rest[8192];
	struct peer peer;
	struct want w;
	size_t left = 0;
	int fd[2];

	HOLDS(n < sizeof(rest) && pipe(fd) == 0);
	HOLDS(write(fd[1], data, n) == (ssize_t)n);
	close(fd[1]);
	judge(data, n, &w);
	HOLDS(peer_proxy(fd[0], &peer) == w.status);
	if (w.status == PEER_OK) {
		compare(&peer, &w);
		left = (size_t)read(fd[0], rest, sizeof(rest));
		HOLDS(left == n - w.used &&
		    memcmp(rest, data + w.used, left) == 0);
	}
	close(fd[0]);
	return 0;
}
