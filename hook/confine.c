/*
 * confine: seccomp and Landlock on Linux, pledge and unveil on OpenBSD, limits
 * everywhere.  A build with -DSANDBOX_NONE has only the limit on core dumps:
 * for the sanitizers, which make system calls of their own.
 */
#include <sys/types.h>
#include <sys/resource.h>

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "hook/confine.h"

#define FILES_MAX 16	/* descriptors */

static int
limit(void)
{
	const struct rlimit none = {0, 0};
#ifndef SANDBOX_NONE
	const struct rlimit files = {FILES_MAX, FILES_MAX};

	if (setrlimit(RLIMIT_NOFILE, &files) == -1 ||
	    setrlimit(RLIMIT_NPROC, &none) == -1)
		return -1;
#endif
	return setrlimit(RLIMIT_CORE, &none);
}

#if defined(__linux__) && !defined(SANDBOX_NONE)

#include <sys/prctl.h>
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
	/* the request, the answer, the mailer */
	PERMIT(read),
	PERMIT(write),
	PERMIT(writev),
	PERMIT(close),
	PERMIT_POLL,
	/* notes; which files these may be is Landlock's to say */
	PERMIT(openat),
#ifdef SYS_mkdir
	PERMIT(mkdir),
#endif
	PERMIT(mkdirat),
	PERMIT(unlinkat),
#ifdef SYS_renameat
	PERMIT(renameat),
#endif
	PERMIT(renameat2),
#ifdef SYS_access
	PERMIT(access),
#endif
	PERMIT(faccessat),
#ifdef SYS_faccessat2
	PERMIT(faccessat2),
#endif
	PERMIT(clock_nanosleep),
#ifdef SYS_clock_nanosleep_time64
	PERMIT(clock_nanosleep_time64),
#endif
	PERMIT(flock),
	PERMIT(fsync),
	PERMIT(pread64),
	PERMIT(lseek),
#ifdef SYS__llseek
	PERMIT(_llseek),
#endif
	PERMIT(fstat),
#ifdef SYS_fstat64
	PERMIT(fstat64),
#endif
#ifdef SYS_newfstatat
	PERMIT(newfstatat),
#endif
#ifdef SYS_fstatat64
	PERMIT(fstatat64),
#endif
#ifdef SYS_statx
	PERMIT(statx),
#endif
#ifdef SYS_fcntl64
	PERMIT(fcntl64),
#else
	PERMIT(fcntl),
#endif
	PERMIT_CLOCK,
	PERMIT_MEMORY,
	PERMIT(getrandom),
	PERMIT(getpid),
	PERMIT(gettid),
	PERMIT_FUTEX,
	PERMIT_SEND,
#ifdef SYS_socketcall
	/* i386: a filter sees which call it is, but not its arguments */
	IF_EQUAL(SYS_socketcall, 4),
	LOAD(LOW(0)),
	IF_EQUAL(SYS_SEND, 1),
	ALLOW,
	DENY,
#endif
#ifdef SYS_sigreturn
	PERMIT(sigreturn),
#endif
	PERMIT(rt_sigreturn),
	PERMIT(rt_sigprocmask),
	PERMIT(restart_syscall),
	PERMIT(exit),
	PERMIT(exit_group),
	DENY,
};

/*
 * All files are forbidden but the journal's.  Without Landlock the filter alone
 * would leave every file of the user's open, the memory of the mailer among
 * them: -1, and best_effort decides.
 */
static int
restrict_files(const char *journal)
{
	int version = landlock_version(), folder, result;

	if (version < 1)
		return -1;
	folder = open(journal, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder == -1)
		return -1;
	result = landlock_restrict(version, folder, LANDLOCK_KEEP_FILES);
	close(folder);
	return result;
}

int
confine_enter(int best_effort, const char *journal)
{
	struct sock_fprog prog = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = (struct sock_filter *)(uintptr_t)filter,
	};

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	if ((restrict_files(journal) == -1 && !best_effort) || limit() == -1)
		return -1;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == -1)
		return best_effort ? 0 : -1;
	return 0;
}

#elif defined(__OpenBSD__) && !defined(SANDBOX_NONE)

int
confine_enter(int best_effort, const char *journal)
{
	(void)best_effort; /* every OpenBSD has both */
	if (limit() == -1 || unveil(journal, "rwc") == -1)
		return -1;
	return pledge("stdio rpath wpath cpath fattr flock", NULL);
}

#else

int
confine_enter(int best_effort, const char *journal)
{
	(void)best_effort; /* there is nothing more to be had */
	(void)journal;
	return limit();
}

#endif
