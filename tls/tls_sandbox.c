/*
 * tls_sandbox: limits everywhere; seccomp and Landlock on Linux, pledge on
 * OpenBSD.  Unlike a session, which needs iconv's modules, this program opens
 * no file at all.  A build with -DSANDBOX_NONE has only the limits; it is for
 * the sanitizers, which make system calls of their own.
 */
#include <sys/types.h>
#include <sys/resource.h>

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "tls/tls_sandbox.h"

#define POLL_FDS 4 /* poll(2) refuses more descriptors than RLIMIT_NOFILE */

#if defined(__linux__)
#include <sys/prctl.h>
#elif defined(__FreeBSD__)
#include <sys/procctl.h>
#include <signal.h>
#endif

int
tls_sandbox_hide(void)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		return -1;
#if defined(__linux__)
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#elif defined(__FreeBSD__)
	int off = PROC_TRACE_CTL_DISABLE;

	return procctl(P_PID, 0, PROC_TRACE_CTL, &off);
#else
	return 0;
#endif
}

void
tls_sandbox_tie(int sig)
{
#if defined(__linux__)
	prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0);
#elif defined(__FreeBSD__)
	procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &sig);
#else
	(void)sig;
#endif
}

/* No new descriptors and, unless root, no new processes. */
static int
limit(void)
{
#ifndef SANDBOX_NONE
	const struct rlimit none = {0, 0}, fds = {POLL_FDS, POLL_FDS};

	if (setrlimit(RLIMIT_NOFILE, &fds) == -1 ||
	    setrlimit(RLIMIT_NPROC, &none) == -1)
		return -1;
#endif
	return 0;
}

#if defined(__linux__) && !defined(SANDBOX_NONE)

#include <sys/syscall.h>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/net.h>
#include <linux/seccomp.h>

#include "common/landlock.h"
#include "common/seccomp.h"

static const struct sock_filter filter[] = {
	FILTER_HEAD,
	/* the pump */
	PERMIT(read),
	PERMIT(write),
	PERMIT_POLL,
	PERMIT(close),
	PERMIT(shutdown),
	PERMIT(recvfrom), /* to peek at the client's first octet */
	PERMIT(wait4),
	PERMIT(exit_group),
	PERMIT(exit),
	/* O_NONBLOCK; no copies of descriptors */
#ifdef SYS_fcntl64
#define FCNTL SYS_fcntl64
#else
#define FCNTL SYS_fcntl
#endif
	IF_EQUAL(FCNTL, 6),
	LOAD(LOW(1)),
	IF_EQUAL(F_GETFL, 1),
	ALLOW,
	IF_EQUAL(F_SETFL, 1),
	ALLOW,
	DENY,
	PERMIT_CLOCK,
	PERMIT_MEMORY,
	/* the TLS library */
	PERMIT(getrandom),
	PERMIT(getpid),
	PERMIT(sysinfo),
	PERMIT_FUTEX,
	PERMIT_SEND,
#ifdef SYS_recv
	PERMIT(recv),
#endif
#ifdef SYS_socketcall
	/* i386: a filter sees which call it is, but not its arguments */
	IF_EQUAL(SYS_socketcall, 8),
	LOAD(LOW(0)),
	IF_EQUAL(SYS_SEND, 1),
	ALLOW,
	IF_EQUAL(SYS_RECV, 1),
	ALLOW,
	IF_EQUAL(SYS_SHUTDOWN, 1),
	ALLOW,
	DENY,
#endif
	/* signals */
#ifdef SYS_sigreturn
	PERMIT(sigreturn),
#endif
	PERMIT(rt_sigaction),
	PERMIT(rt_sigprocmask),
	PERMIT(rt_sigreturn),
	PERMIT(restart_syscall),
	DENY,
};

/*
 * Forbid all files.  A kernel without Landlock is no error: the filter forbids
 * to open them.  Signals stay possible for tls_sandbox_tie(), and the filter
 * forbids to send any.
 */
static int
forbid_files(void)
{
	int version = landlock_version();

	return version < 1 ? 0 : landlock_restrict(version, -1, LANDLOCK_SIGNALS);
}

int
tls_sandbox_enter(int best_effort)
{
	struct sock_fprog prog = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = (struct sock_filter *)(uintptr_t)filter,
	};

	if (tls_sandbox_hide() == -1 || /* setuid(2) has undone it */
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	if ((forbid_files() == -1 && !best_effort) || limit() == -1)
		return -1;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == -1)
		return best_effort ? 0 : -1;
	return 0;
}

#elif defined(__OpenBSD__) && !defined(SANDBOX_NONE)

int
tls_sandbox_enter(int best_effort)
{
	(void)best_effort; /* every OpenBSD has pledge(2) */
	return limit() == -1 ? -1 : pledge("stdio", NULL);
}

#else

int
tls_sandbox_enter(int best_effort)
{
	(void)best_effort; /* this system has nothing more */
	return limit();
}

#endif
