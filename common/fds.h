/*
 * fds: descriptors: to close those that were inherited, and to pass some to
 * another process.
 */
#ifndef FDS_H
#define FDS_H

#include <stddef.h>
#include <sys/types.h>

#define FDS_MAX	 65536	/* see fds_close_from */
#define FDS_PASS 8	/* descriptors in one message */

/*
 * Close all descriptors from this one on; on a system that cannot do so at
 * once (Linux before 5.9) those below FDS_MAX.
 */
void fds_close_from(int);

/*
 * Close every descriptor above 2 but those in kept, in which -1 stands for
 * none.  At most FDS_PASS of them.
 */
void fds_close_but(const int *kept, size_t n);

/* Make the descriptor one of /dev/null.  0, or -1. */
int fds_null(int);

/*
 * Send one message with descriptors (SCM_RIGHTS) over a SOCK_SEQPACKET socket
 * and never wait.  0, or -1 with errno.
 */
int fds_send(int sock, const void *message, size_t size, const int *fds,
    size_t n);

/*
 * Receive one such message and wait for it if the socket does.  The
 * descriptors are close-on-exec, the rest of fds is -1.  Returns the octets,
 * 0 at the end of file, or -1 with errno: EMSGSIZE if it was more than size
 * octets or more than n descriptors (those that came are closed).
 */
ssize_t fds_receive(int sock, void *message, size_t size, int *fds, size_t n);

#endif
