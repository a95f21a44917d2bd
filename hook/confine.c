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

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/net.h>
#include <linux/seccomp.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule	    445
#define SYS_landlock_restrict_self  446
#endif
#define LANDLOCK_VERSION 1U /* LANDLOCK_CREATE_RULESET_VERSION */
#define LANDLOCK_BENEATH 1  /* LANDLOCK_RULE_PATH_BENEATH */

#include "common/seccomp.h"

static const struct sock_filter filter[] = {
	LOAD(offsetof(struct seccomp_data, arch)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	LOAD(offsetof(struct seccomp_data, nr)),
	/* the request, the answer, the mailer */
	PERMIT(read),
	PERMIT(write),
	PERMIT(writev),
	PERMIT(close),
#ifdef SYS_poll
	PERMIT(poll),
#endif
	PERMIT(ppoll),
#ifdef SYS_ppoll_time64
	PERMIT(ppoll_time64),
#endif
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
	/* the clock, where the vDSO does not answer */
	PERMIT(clock_gettime),
#ifdef SYS_clock_gettime64
	PERMIT(clock_gettime64),
#endif
	PERMIT(gettimeofday),
#ifdef SYS_time
	PERMIT(time),
#endif
	/* malloc; no memory that can be run */
	PERMIT(brk),
	PERMIT(munmap),
	PERMIT(mremap),
	PERMIT(madvise),
	PERMIT_WITHOUT(mprotect, 2, PROT_EXEC),
#ifdef SYS_mmap2
	PERMIT_WITHOUT(mmap2, 2, PROT_EXEC),
#else
	PERMIT_WITHOUT(mmap, 2, PROT_EXEC),
#endif
	PERMIT(getrandom),
	PERMIT(getpid),
	PERMIT(gettid),
	PERMIT(futex),
#ifdef SYS_futex_time64
	PERMIT(futex_time64),
#endif
	/* syslog(3) on the socket that is connected already */
	IF_EQUAL(SYS_sendto, 6),
	LOAD(LOW(4)),
	IF_EQUAL(0, 3),
	LOAD(HIGH(4)),
	IF_EQUAL(0, 1),
	ALLOW,
	DENY,
#ifdef SYS_send
	PERMIT(send), /* it has no address */
#endif
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

/* Names of rights by the version of Landlock that added them. */
static const struct {
	int abi;
	uint64_t fs, net, scoped;
} rights[] = {
	{1, (1ULL << 13) - 1, 0, 0},
	{2, 1ULL << 13, 0, 0},		/* refer */
	{3, 1ULL << 14, 0, 0},		/* truncate */
	{4, 0, 3, 0},			/* bind and connect of TCP */
	{5, 1ULL << 15, 0, 0},		/* ioctl of devices */
	{6, 0, 0, 3},			/* abstract sockets, signals */
};

/* Beneath the journal: write, read, list, remove, make files and folders. */
#define IN_JOURNAL \
	(1ULL << 1 | 1ULL << 2 | 1ULL << 3 | 1ULL << 5 | 1ULL << 7 | 1ULL << 8)

/* As the kernel has it (landlock_path_beneath_attr). */
struct beneath {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));

static int
add_rule(int set, const char *journal)
{
	struct beneath b = {.access = IN_JOURNAL};
	int r;

	b.fd = open(journal, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b.fd == -1)
		return -1;
	r = (int)syscall(SYS_landlock_add_rule, set, LANDLOCK_BENEATH, &b, 0U);
	close(b.fd);
	return r;
}

/*
 * Without Landlock the filter alone would leave every file of the user's
 * open, the memory of the mailer among them: -1, and best_effort decides.
 */
static int
restrict_files(const char *journal)
{
	struct {
		uint64_t fs, net, scoped;
	} set = {0, 0, 0};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
	    LANDLOCK_VERSION);
	size_t i, size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
	int fd, result;

	if (abi < 1)
		return -1;
	for (i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
		if (rights[i].abi <= abi) {
			set.fs |= rights[i].fs;
			set.net |= rights[i].net;
			set.scoped |= rights[i].scoped;
		}
	fd = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0U);
	if (fd == -1)
		return -1;
	result = add_rule(fd, journal);
	if (result == 0)
		result = (int)syscall(SYS_landlock_restrict_self, fd, 0U);
	close(fd);
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
