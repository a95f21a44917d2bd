/*
 * peer: who the client is, according to the super-server, a proxy or the
 * socket.
 */
#ifndef PEER_H
#define PEER_H

#include <sys/socket.h>

#define PEER_LOCAL	 "local"   /* a pipe, a terminal, a UNIX socket */
#define PEER_UNKNOWN	 "unknown" /* not known, so never trusted */
#define PEER_PROXY_WAIT	 10000	   /* milliseconds for a PROXY header */
#define PEER_PROXY_V1_MAX 107	   /* octets; the PROXY protocol, 2.1 */
#define PEER_PROXY_V2_MAX 4096	   /* octets, TLVs included */
#define PEER_PROXY_DROP	 1000	   /* milliseconds to drop other octets */
#define PEER_PROXY_DROP_MAX 131072 /* octets of that */

struct peer {
	char ip[64];	/* an address, PEER_LOCAL or PEER_UNKNOWN */
	char port[8];	/* "": unknown */
};

/*
 * Find the peer from the environment (TCPREMOTEIP of tcpserver and s6,
 * REMOTE_ADDR of systemd, REMOTE_HOST of xinetd and stunnel, SOCAT_PEERADDR),
 * else from descriptor 0.
 */
void peer_find(struct peer *);

/* Set the peer, which is all zero, from the address that accept(2) gave. */
void peer_address(struct peer *, const struct sockaddr *);

enum peer_status {
	PEER_OK,
	PEER_NOBODY,	/* the connection was closed without an octet */
	PEER_BAD	/* no PROXY header, or a wrong or late one; other
			   octets have been dropped */
};

/*
 * Read the peer from the PROXY header, version 1 or 2, that must come first on
 * this descriptor; read no octet after it.  Where a proxy speaks for itself
 * (UNKNOWN, LOCAL: a health check), use peer_find.
 */
enum peer_status peer_proxy(int fd, struct peer *);

int peer_is_loopback(const struct peer *);

#endif
