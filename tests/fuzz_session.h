/*
 * fuzz_session.h: in front of each file of the session: its connection and its
 * clock are in memory.
 */
#ifndef FUZZ_SESSION_H
#define FUZZ_SESSION_H

#include <sys/socket.h>

#include <poll.h>
#include <time.h>
#include <unistd.h>

ssize_t memory_read(void *, size_t);
ssize_t memory_write(int fd, const void *, size_t);
int memory_poll(struct pollfd *, int ms);
int memory_clock(struct timespec *);

#define read(fd, p, n)	     ((void)(fd), memory_read(p, n))
#define write(fd, p, n)	     memory_write(fd, p, n)
#define poll(p, n, ms)	     ((void)(n), memory_poll(p, ms))
#define clock_gettime(c, ts) ((void)(c), memory_clock(ts))
#define shutdown(fd, how)    ((void)(fd), (void)(how), 0)
#define close(fd)	     ((void)(fd))

#endif
