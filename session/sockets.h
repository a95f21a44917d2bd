/*
 * sockets: the listening sockets of a listener: inherited or its own.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <stddef.h>
#include <sys/socket.h>

#define SOCKETS_MAX	16
#define SOCKETS_NAME	48	/* octets of an odd name that are kept */
#define SOCKETS_BACKLOG 4096	/* connections that may wait; the system may
				   lower it (somaxconn) */

/* The protocol of a socket. */
enum sockets_kind { SOCKETS_SMTP, SOCKETS_SMTPS, SOCKETS_LMTP };
#define SOCKETS_KIND_LAST SOCKETS_LMTP

struct sockets {
	struct {
		int fd;
		enum sockets_kind kind;
		char odd[SOCKETS_NAME];	/* a name that names no kind; or "" */
	} v[SOCKETS_MAX];
	size_t n;
	int own;	/* this program opened them (-l) */
};

/*
 * Find the sockets that the program was started with: descriptor 0 (wait of
 * inetd and xinetd, StandardInput=socket of systemd), else those that
 * LISTEN_FDS and LISTEN_FDNAMES tell of (sd_listen_fds(3)).  A socket without a
 * name of ours is of the given kind; if the name is not systemd's own (the
 * unit's, or "unknown"), it is kept in odd.  Returns 0, and s->n is 0 if there
 * are none; or -1: there are more than SOCKETS_MAX.
 */
int sockets_find(struct sockets *, enum sockets_kind);

/*
 * Open a socket at ADDRESS:PORT, with /smtp, /smtps or /lmtp behind it if it
 * is not to be of the given kind.  Returns NULL, or what is wrong.
 */
const char *sockets_open(struct sockets *, const char *where,
    enum sockets_kind);

/* Prepare them for accept(2).  0, or -1 with errno. */
int sockets_listen(const struct sockets *);

/* The name of a kind: "smtps". */
const char *sockets_name(enum sockets_kind);

#endif
