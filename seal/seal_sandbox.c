/*
 * seal_sandbox: limits everywhere; seccomp and Landlock on Linux, pledge on
 * OpenBSD.  A build with -DSANDBOX_NONE has only the limits; it is for the
 * sanitizers, which make system calls of their own.
 */
#include <sys/types.h>
#include <sys/resource.h>

#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "seal/seal_sandbox.h"

/* No core dump, no new descriptors, an end. */
static int
limit(void)
{
	const struct rlimit none = {0, 0}, cpu = {SEAL_CPU_MAX, SEAL_CPU_MAX};

	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    setrlimit(RLIMIT_CPU, &cpu) == -1)
		return -1;
#ifndef SANDBOX_NONE
	if (setrlimit(RLIMIT_NOFILE, &none) == -1 ||
	    setrlimit(RLIMIT_NPROC, &none) == -1)
		return -1;
#endif
	return 0;
}

#if defined(__linux__) && !defined(SANDBOX_NONE)

#include <sys/prctl.h>

#include "common/landlock.h"
#include "common/seccomp.h"

static const struct sock_filter filter[] = {
	FILTER_HEAD,
	/* one frame in, one frame out */
	PERMIT(read),
	PERMIT(write),
	PERMIT(exit_group),
	PERMIT(exit),
	PERMIT_MEMORY,
	/* libcrypto: random octets, and the clock to mix into them */
	PERMIT(getrandom),
	PERMIT(getpid),
	PERMIT_CLOCK,
	PERMIT_FUTEX,
	PERMIT(rt_sigprocmask),
	PERMIT(restart_syscall),
	DENY,
};

int
seal_sandbox_enter(int best_effort)
{
	struct sock_fprog prog = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = (struct sock_filter *)(uintptr_t)filter,
	};
	int version;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	/* without Landlock the filter forbids to open files, too */
	version = landlock_version();
	if (version > 0 && landlock_restrict(version, -1, 0) == -1 &&
	    !best_effort)
		return -1;
	if (limit() == -1)
		return -1;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == -1)
		return best_effort ? 0 : -1;
	return 0;
}

#elif defined(__OpenBSD__) && !defined(SANDBOX_NONE)

int
seal_sandbox_enter(int best_effort)
{
	(void)best_effort; /* every OpenBSD has pledge(2) */
	return limit() == -1 ? -1 : pledge("stdio", NULL);
}

#else

int
seal_sandbox_enter(int best_effort)
{
	(void)best_effort; /* this system has nothing more */
	return limit();
}

#endif
