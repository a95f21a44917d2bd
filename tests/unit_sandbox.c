/*
 * The sandbox for real: after sandbox_enter() each thing that the session
 * must not do is tried and refused, and what it needs works.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "session/sandbox.h"
#include "tap.h"

static int datagram = -1, pipes[2];

static int
refused(long r)
{
	return r == -1 && (errno == EPERM || errno == EACCES);
}

static int
can_convert(const char *charset, char *octets, size_t n, const char *want)
{
	char out[64] = "", *o = out;
	size_t room = sizeof(out) - 1;
	iconv_t cd = iconv_open("UTF-8", charset);

	if (cd == (iconv_t)-1)
		return 0;
	if (iconv(cd, &octets, &n, &o, &room) == (size_t)-1)
		return 0;
	iconv_close(cd);
	return strcmp(out, want) == 0;
}

static void
try_files(void)
{
	char statx[256];
	struct stat st;

	tap_ok(refused(open("/etc/passwd", O_RDONLY)), "read /etc/passwd");
	tap_ok(refused(open("/proc/self/maps", O_RDONLY)), "read /proc");
	tap_ok(refused(open("/dev/null", O_RDWR)), "open for writing");
	tap_ok(refused(open("/tmp/smtp2sms-sandbox", O_CREAT | O_WRONLY, 0600)),
	    "create a file");
#ifdef SYS_open	/* arm64 has none */
	tap_ok(refused(syscall(SYS_open, "/tmp/x", O_RDWR | O_CREAT, 0600)),
	    "create a file with open(2)");
#endif
	tap_ok(refused(unlink("/tmp/smtp2sms-nothing")), "unlink");
	tap_ok(refused(rename("/tmp/a", "/tmp/b")), "rename");
	tap_ok(refused(mkdir("/tmp/smtp2sms-dir", 0700)), "mkdir");
	tap_ok(refused(symlink("/etc/passwd", "/tmp/smtp2sms-l")), "symlink");
	tap_ok(refused(chdir("/")), "chdir");
	tap_ok(refused(chmod("/tmp", 0777)), "chmod");
	tap_ok(refused(mknod("/tmp/smtp2sms-n", S_IFIFO, 0)), "mknod");
	tap_ok(refused(syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", NULL, 0)),
	    "openat2");
	tap_ok(refused(syscall(SYS_statx, AT_FDCWD, "/etc/passwd", 0, 0x7ff,
	    statx)), "statx of a path");
	tap_ok(fstat(0, &st) == 0, "fstat of what is open works");
}

static void
try_network(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	struct sockaddr_in in = {.sin_family = AF_INET};
	int pair[2];

	tap_ok(refused(socket(AF_INET, SOCK_STREAM, 0)), "a TCP socket");
	tap_ok(refused(socket(AF_INET6, SOCK_DGRAM, 0)), "a UDP socket");
	tap_ok(refused(socket(AF_UNIX, SOCK_STREAM, 0)), "a UNIX socket");
	tap_ok(refused(socket(AF_NETLINK, SOCK_RAW, 0)), "a netlink socket");
	tap_ok(refused(socketpair(AF_UNIX, SOCK_STREAM, 0, pair)),
	    "a socketpair");
	tap_ok(refused(connect(datagram, (struct sockaddr *)&un, sizeof(un))),
	    "connect what is open elsewhere");
	tap_ok(refused(bind(datagram, (struct sockaddr *)&in, sizeof(in))),
	    "bind");
	tap_ok(refused(listen(datagram, 1)), "listen");
	tap_ok(refused(sendto(datagram, "x", 1, 0, (struct sockaddr *)&un,
	    sizeof(un))), "sendto an address");
	tap_ok(send(datagram, "x", 1, 0) == 1, "send on what is connected");
	tap_ok(shutdown(datagram, SHUT_RD) == 0, "shutdown");
}

static void
try_processes(void)
{
	char *argv[] = {"true", NULL};

	tap_ok(refused(execv("/bin/true", argv)), "execve");
	tap_ok(refused(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, NULL,
	    0)), "execveat");
	tap_ok(refused(fork()), "fork");
	tap_ok(refused(syscall(SYS_clone3, NULL, 0)), "clone3");
	tap_ok(refused(ptrace(PTRACE_ATTACH, getppid(), 0, 0)), "ptrace");
	tap_ok(refused(kill(getppid(), 0)), "kill");
	tap_ok(refused(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL,
	    0, 0)), "process_vm_readv");
	tap_ok(refused(setuid(0)), "setuid");
	tap_ok(refused(syscall(SYS_io_uring_setup, 1, NULL)), "io_uring");
	tap_ok(refused(syscall(SYS_bpf, 0, NULL, 0)), "bpf");
	tap_ok(refused(syscall(SYS_memfd_create, "x", 0)), "memfd_create");
	tap_ok(refused(syscall(SYS_pidfd_open, getppid(), 0)), "pidfd_open");
}

static void
try_memory(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	void *p = mmap(NULL, 4096, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	tap_ok(p != MAP_FAILED, "memory can be had");
	tap_ok(refused(mprotect(p, 4096, PROT_READ | PROT_EXEC)),
	    "made executable");
	tap_ok(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE |
	    MAP_ANONYMOUS, -1, 0) == MAP_FAILED, "executable from nothing");
	tap_ok(mmap(NULL, 4096, rw | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0) == MAP_FAILED, "writable and executable");
	tap_ok(mmap(NULL, 2 * SANDBOX_MEMORY, rw, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0) == MAP_FAILED, "more than SANDBOX_MEMORY");
}

static void
try_limits(void)
{
	struct rlimit r = {64, 64};
	int i, fd[SANDBOX_FILES], n = 0;

	tap_ok(refused(setrlimit(RLIMIT_NOFILE, &r)), "raise a limit");
	for (i = 0; i < SANDBOX_FILES; i++)
		if ((fd[n] = dup(0)) != -1)
			n++;
	tap_ok(n == 0, "dup");
	tap_ok(refused(ioctl(0, TIOCSTI, "x")), "push input into a terminal");
}

static void
try_needs(void)
{
	struct pollfd p = {.fd = pipes[0], .events = POLLIN};
	struct timespec ts;
	char c;

	tap_ok(write(pipes[1], "x", 1) == 1, "write");
	tap_ok(poll(&p, 1, 1000) == 1, "poll");
	tap_ok(read(pipes[0], &c, 1) == 1, "read");
	tap_ok(clock_gettime(CLOCK_MONOTONIC, &ts) == 0, "the clock");
	/* glibc loads a module for each of these at this very moment */
	tap_ok(can_convert("KOI8-R", "\xf0\xd2", 2, "\xd0\x9f\xd1\x80"),
	    "iconv: koi8-r");
	tap_ok(can_convert("ISO-2022-JP", "\x1b$B$3\x1b(B", 8,
	    "\xe3\x81\x93"), "iconv: iso-2022-jp");
	tap_ok(can_convert("GB18030", "\xc4\xe3", 2, "\xe4\xbd\xa0"),
	    "iconv: gb18030");
	tap_ok(can_convert("UTF-16LE", "\x41\0", 2, "A"), "iconv: utf-16le");
	/* this module needs another library */
	tap_ok(can_convert("ISO-2022-KR", "\x1b$)C\x0e$!\x0f", 8,
	    "\xe3\x84\xb1"), "iconv: iso-2022-kr");
	tap_ok(close(pipes[0]) == 0, "close");
}

static int
inside(void)
{
	struct sandbox s;

	if (!tap_ok(sandbox_enter(0, &s) == 0, "sandbox_enter"))
		return 1;
	try_files();
	try_network();
	try_processes();
	try_memory();
	try_limits();
	try_needs();
	return tap_done();
}

int
main(void)
{
	struct sandbox s;
	int pair[2], status;
	pid_t pid;

	if (!tap_ok(sandbox_try(0, &s) == 0 && s.filter,
	    "a sandbox on this system: %s", strerror(errno)))
		return tap_done();
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == -1 ||
	    pipe(pipes) == -1)
		return 2;
	datagram = pair[0];
	if ((pid = fork()) == 0)
		_exit(inside());
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 2;
	return WEXITSTATUS(status);
}
