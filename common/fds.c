/*
 * fds: see fds.h.  Descriptors differ between systems; that is dealt with here.
 */
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/fds.h"

/* Storage for the control message with the descriptors, properly aligned. */
union control {
	struct cmsghdr head;
	char octets[CMSG_SPACE(FDS_PASS * sizeof(int))];
};

/* Close the descriptors first to last.  -1 if the system call is missing. */
static int
close_range_of(int first, unsigned last)
{
#if defined(SYS_close_range)
	return (int)syscall(SYS_close_range, first, last, 0);
#else
	(void)first;
	(void)last;
	return -1;
#endif
}

void
fds_close_from(int fd)
{
#if defined(__OpenBSD__) || defined(__FreeBSD__)
	closefrom(fd);
#else
	long n;

	if (close_range_of(fd, ~0U) == 0)
		return;
	n = sysconf(_SC_OPEN_MAX);
	for (n = n > 0 && n < FDS_MAX ? n : FDS_MAX; n-- > fd;)
		close((int)n);
#endif
}

void
fds_close_but(const int *kept, size_t n)
{
	int from = 3, next, fd;
	size_t i;

	for (;;) {
		/* find the lowest one that is kept, from here on */
		for (i = 0, next = -1; i < n; i++)
			if (kept[i] >= from && (next == -1 || kept[i] < next))
				next = kept[i];
		if (next == -1)
			break;
		if (next > from &&
		    close_range_of(from, (unsigned)next - 1) == -1)
			for (fd = from; fd < next; fd++)
				close(fd);
		from = next + 1;
	}
	fds_close_from(from);
}

int
fds_null(int fd)
{
	int null = open("/dev/null", O_RDWR);

	if (null == -1 || (null != fd && dup2(null, fd) == -1))
		return -1;
	if (null != fd)
		close(null);
	return 0;
}

int
fds_send(int sock, const void *message, size_t size, const int *fds, size_t n)
{
	union control control;
	struct iovec iov = {(void *)(size_t)message, size};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *c;
	ssize_t r;

	memset(&control, 0, sizeof(control));
	if (n > 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	do
		r = sendmsg(sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (r == -1 && errno == EINTR);
	return r == -1 ? -1 : 0;
}

/* Copy the descriptors of the message; close those beyond n, and return 1. */
static int
copy_fds(struct msghdr *m, int *fds, size_t n)
{
	struct cmsghdr *c;
	size_t i, have = 0, count;
	int fd, surplus = 0;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < count; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			    sizeof(int));
			if (have < n) {
				fds[have++] = fd;
			} else {
				close(fd);
				surplus = 1;
			}
		}
	}
	return surplus;
}

ssize_t
fds_receive(int sock, void *message, size_t size, int *fds, size_t n)
{
	union control control;
	struct iovec iov = {message, size};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof(control)};
	int surplus;
	size_t i;
	ssize_t r;

	for (i = 0; i < n; i++)
		fds[i] = -1;
	do
		r = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (r == -1 && errno == EINTR);
	if (r == -1)
		return -1;
	surplus = copy_fds(&m, fds, n);
	if (!surplus && (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
		return r;
	for (i = 0; i < n; i++) {
		if (fds[i] != -1)
			close(fds[i]);
		fds[i] = -1;
	}
	errno = EMSGSIZE;
	return -1;
}
