/*
 * fds: closes inherited descriptors, and passes descriptors to another process.
 */
#ifndef FDS_H
#define FDS_H

#include <stddef.h>
#include <sys/types.h>

#define FDS_MAX	 65536	/* see fds_close_from */
#define FDS_PASS 8	/* descriptors in one message */

/*
 * Close all descriptors from this one on.  Where no system call does that
 * (Linux before 5.9), close those below FDS_MAX.
 */
void fds_close_from(int);

/*
 * Close every descriptor above 2 except those in kept, at most FDS_PASS; -1 in
 * it is ignored.
 */
void fds_close_but(const int *kept, size_t n);

/* Connect the descriptor to /dev/null.  0, or -1. */
int fds_null(int);

/*
 * Send one message with descriptors (SCM_RIGHTS) over a SOCK_SEQPACKET socket,
 * without waiting.  0, or -1 with errno.
 */
int fds_send(int sock, const void *message, size_t size, const int *fds,
    size_t n);

/*
 * Receive one such message; wait for it if the socket is blocking.  The
 * descriptors are close-on-exec; unused members of fds are -1.  Returns the
 * octets, 0 at the end of file, or -1 with errno: EMSGSIZE if there were more
 * than size octets or n descriptors (those that came have been closed).
 */
ssize_t fds_receive(int sock, void *message, size_t size, int *fds, size_t n);

#endif
