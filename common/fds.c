/*
 * fds: descriptors that others have left open, and what differs about
 * closing them between systems.
 */
#include <sys/syscall.h>

#include <unistd.h>

#include "common/fds.h"

void
fds_close_from(int fd)
{
#if defined(__OpenBSD__) || defined(__FreeBSD__)
	closefrom(fd);
#else
	long n;

#ifdef SYS_close_range
	if (syscall(SYS_close_range, fd, ~0U, 0) == 0)
		return;
#endif
	n = sysconf(_SC_OPEN_MAX);
	for (n = n > 0 && n < FDS_MAX ? n : FDS_MAX; n-- > fd;)
		close((int)n);
#endif
}
