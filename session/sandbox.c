/*
 * sandbox: seccomp and Landlock on Linux, pledge and unveil on OpenBSD.
 * What differs between systems about this lives here and nowhere else.
 * A build with -DSANDBOX_NONE has no sandbox: for valgrind and the
 * sanitizers, which make system calls of their own.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "session/sandbox.h"

/* A limit that is lower already stays. */
static const struct rlimit *
clamp(struct rlimit *r, rlim_t to)
{
	if (r->rlim_max != RLIM_INFINITY && r->rlim_max < to)
		to = r->rlim_max;
	r->rlim_cur = r->rlim_max = to;
	return r;
}

/* A macro, since the type of a resource's name is each libc's own. */
#define LOWER(resource, to) \
	(getrlimit((resource), &r) == -1 || \
	    setrlimit((resource), clamp(&r, (to))) == -1)

#ifndef RLIMIT_AS
#define RLIMIT_AS RLIMIT_DATA
#endif

/* Bounds besides what the system calls allow. */
static int
limit(void)
{
	struct rlimit r;

	return LOWER(RLIMIT_CORE, 0) || LOWER(RLIMIT_NPROC, 0) ||
	    LOWER(RLIMIT_NOFILE, SANDBOX_FILES) ||
	    LOWER(RLIMIT_AS, SANDBOX_MEMORY) ? -1 : 0;
}

#if defined(SANDBOX_NONE)

int
sandbox_enter(int best_effort, struct sandbox *s)
{
	(void)limit;
	(void)best_effort;
	*s = (struct sandbox){0};
	return 0;
}

void
sandbox_describe(const struct sandbox *s, char text[SANDBOX_TEXT])
{
	(void)s;
	snprintf(text, SANDBOX_TEXT, "none (a build for debugging)");
}

#elif defined(__linux__)

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/net.h>
#include <linux/seccomp.h>

#include <fcntl.h>
#include <iconv.h>
#include <limits.h>
#include <link.h>

#include "common/landlock.h"
#include "common/seccomp.h"

/*
 * What is allowed whatever its arguments are.  Everything
 * else answers EPERM, but for what some_permitted says.
 */
static const int permitted[] = {
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_close,
	SYS_shutdown,
	SYS_recvmsg, /* what the listener has for STARTTLS */
#ifdef SYS_poll
	SYS_poll,
#endif
	SYS_ppoll,
#ifdef SYS_ppoll_time64
	SYS_ppoll_time64,
#endif
	/* the clock, where the vDSO does not answer */
	SYS_clock_gettime,
#ifdef SYS_clock_gettime64
	SYS_clock_gettime64,
#endif
	SYS_gettimeofday,
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
#ifdef SYS_newfstatat
	SYS_newfstatat,
#endif
#ifdef SYS_fstatat64
	SYS_fstatat64,
#endif
	SYS_fstat,
#ifdef SYS_fstat64
	SYS_fstat64,
#endif
	SYS_lseek,
#ifdef SYS__llseek
	SYS__llseek,
#endif
	SYS_pread64,
#ifdef SYS_send
	SYS_send, /* it has no address */
#endif
	SYS_getpid,
	SYS_gettid,
	SYS_getrandom,
	SYS_futex,
#ifdef SYS_futex_time64
	SYS_futex_time64,
#endif
#ifdef SYS_sigreturn
	SYS_sigreturn,
#endif
	SYS_rt_sigreturn,
	SYS_rt_sigprocmask,
	SYS_restart_syscall,
	SYS_exit,
	SYS_exit_group,
};

/*
 * What is allowed with some arguments.  Files: see restrict_files(); without
 * it open_nothing stands in front of this list.
 */
static const struct sock_filter some_permitted[] = {
	/* memory; none that is made by hand may be run */
	PERMIT_WITHOUT(mprotect, 2, PROT_EXEC),
#ifdef SYS_mmap2
#define MMAP SYS_mmap2
#else
#define MMAP SYS_mmap
#endif
	/* mmap: not both PROT_EXEC and MAP_ANONYMOUS or PROT_WRITE */
	IF_EQUAL(MMAP, 8),
	LOAD(LOW(2)),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 4),
	IF_NONE(PROT_WRITE, 4),
	LOAD(LOW(3)),
	IF_NONE(MAP_ANONYMOUS, 2),
	ALLOW,
	ALLOW,
	DENY,
	/* the gconv modules of iconv */
	PERMIT_WITHOUT(openat, 2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC),
#ifdef SYS_open
	PERMIT_WITHOUT(open, 1, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC),
#endif
#if ULONG_MAX == 0xffffffffUL
	/* fstat(2) of a libc whose time has 64 bits; without a path */
	IF_EQUAL(SYS_statx, 4),
	LOAD(LOW(2)),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, AT_EMPTY_PATH, 0, 1),
	ALLOW,
	DENY,
#endif
	/* syslog(3) on the socket that is connected already */
	IF_EQUAL(SYS_sendto, 6),
	LOAD(LOW(4)),
	IF_EQUAL(0, 3),
	LOAD(HIGH(4)),
	IF_EQUAL(0, 1),
	ALLOW,
	DENY,
#ifdef SYS_socketcall
	/* i386: a filter sees which call it is, but not its arguments */
	IF_EQUAL(SYS_socketcall, 6),
	LOAD(LOW(0)),
	IF_EQUAL(SYS_SEND, 1),
	ALLOW,
	IF_EQUAL(SYS_SHUTDOWN, 1),
	ALLOW,
	DENY,
#endif
};

static const struct sock_filter architecture[] = {
	LOAD(offsetof(struct seccomp_data, arch)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	LOAD(offsetof(struct seccomp_data, nr)),
};

static const struct sock_filter open_nothing[] = {
	IF_EQUAL(SYS_openat, 1), DENY,
#ifdef SYS_open
	IF_EQUAL(SYS_open, 1), DENY,
#endif
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- the filter, put together ---- */

#define CALLS_MAX (COUNT(permitted) + COUNT(some_permitted) / 2)
#define END	  2	/* DENY, ALLOW */
#define CODE_MAX                                                 \
	(COUNT(architecture) + COUNT(open_nothing) + 2 * CALLS_MAX + \
	    END + COUNT(some_permitted) + 1)

/*
 * Of each call its number, and which instruction behind the search decides:
 * 1 is ALLOW, from END on they are those of some_permitted.
 */
static struct call {
	uint32_t number;
	size_t target;
} calls[CALLS_MAX];

static struct sock_filter code[CODE_MAX];
static size_t ncalls, ncode;

/* In the order of the numbers. */
static void
add_call(uint32_t number, size_t target)
{
	size_t i;

	for (i = ncalls++; i > 0 && calls[i - 1].number > number; i--)
		calls[i] = calls[i - 1];
	calls[i] = (struct call){number, target};
}

/* Each part of some_permitted begins with a jump that leads to the next. */
static void
add_calls(void)
{
	size_t i;

	for (i = 0; i < COUNT(permitted); i++)
		add_call((uint32_t)permitted[i], 1);
	for (i = 0; i < COUNT(some_permitted);
	     i += 1U + some_permitted[i].jf)
		add_call(some_permitted[i].k, END + i);
}

static void
add_code(const struct sock_filter *more, size_t n)
{
	memcpy(code + ncode, more, n * sizeof(*more));
	ncode += n;
}

/*
 * A search by halves for calls from first up to last.  end is where the search
 * ends: DENY is there, and behind it the targets.
 */
static void
add_search(size_t first, size_t last, size_t end)
{
	struct sock_filter *here = &code[ncode++];
	size_t middle = first + (last - first) / 2, at = ncode;

	if (last - first == 1) {
		*here = (struct sock_filter)BPF_JUMP(
		    BPF_JMP | BPF_JEQ | BPF_K, calls[first].number,
		    (uint8_t)(end + calls[first].target - at),
		    (uint8_t)(end - at));
		return;
	}
	add_search(first, middle, end);
	*here = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
	    calls[middle].number, (uint8_t)(ncode - at), 0);
	add_search(middle, last, end);
}

/*
 * When a filter is set the kernel runs it for each system call that there is,
 * to know which are always allowed: hence the search.
 */
static void
make_filter(int have_landlock)
{
	static const struct sock_filter end[END] = {DENY, ALLOW};

	_Static_assert(CODE_MAX <= UINT8_MAX, "a jump may be too far");
	ncalls = ncode = 0;
	add_calls();
	add_code(architecture, COUNT(architecture));
	if (!have_landlock)
		add_code(open_nothing, COUNT(open_nothing));
	add_search(0, ncalls, ncode + 2 * ncalls - 1);
	add_code(end, END);
	add_code(some_permitted, COUNT(some_permitted));
	/* nobody comes here, but the last part has a jump to it */
	add_code(end, 1);
}

static int
filter_calls(void)
{
	struct sock_fprog prog = {(unsigned short)ncode, code};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0);
}

/* ---- Landlock: which files may be read ---- */

/* The folder of iconv's modules: beside the libc (glibc only). */
#ifdef __GLIBC__
struct object {
	uintptr_t address;	/* of something inside */
	const char *name;
};

/*
 * Is this the object with the address?  dladdr(3) would tell as well, but
 * it also reads all of the object's symbols.
 */
static int
find_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	const ElfW(Phdr) *segment = info->dlpi_phdr;
	struct object *o = arg;
	size_t i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++, segment++)
		if (segment->p_type == PT_LOAD &&
		    o->address - (info->dlpi_addr + segment->p_vaddr) <
			segment->p_memsz) {
			o->name = info->dlpi_name;
			return 1;
		}
	return 0;
}
#endif

static int
open_gconv(void)
{
#ifdef __GLIBC__
	static const char name[] = "gconv";
	struct object libc = {.address = (uintptr_t)iconv_open};
	char path[4096];
	const char *slash;
	size_t n;

	if (dl_iterate_phdr(find_object, &libc) != 0 &&
	    (slash = strrchr(libc.name, '/')) != NULL) {
		n = (size_t)(slash - libc.name) + 1;
		if (n + sizeof(name) <= sizeof(path)) {
			memcpy(path, libc.name, n);
			memcpy(path + n, name, sizeof(name));
			return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		}
	}
#endif
	return -1;
}

/* What a listener has made for all of its sessions. */
static int prepared = -1, prepared_version, has_filter;

static int
make_ruleset(int version)
{
	int folder = open_gconv(), fd;

	fd = landlock_create(version, folder, 0);
	if (folder != -1)
		close(folder);
	return fd;
}

void
sandbox_prepare(void)
{
	prepared_version = landlock_version();
	if (prepared_version > 0)
		prepared = make_ruleset(prepared_version);
	if (prepared != -1 || prepared_version <= 0) {
		make_filter(prepared != -1);
		has_filter = 1;
	}
}

int
sandbox_descriptor(void)
{
	return prepared;
}

static int
restrict_files(int version)
{
	int fd = prepared != -1 ? prepared : make_ruleset(version), result;

	if (fd == -1)
		return -1;
	result = landlock_enter(fd);
	close(fd);
	prepared = -1;
	return result;
}

/*
 * Do without Landlock if the kernel has none: then the filter forbids to open
 * any file.  If the kernel has one that fails, give up.
 */
static int
enter_landlock(int best_effort, struct sandbox *s)
{
	int version = prepared != -1 ? prepared_version : landlock_version();

	if (version > 0 && restrict_files(version) == 0) {
		s->landlock = version;
		return 0;
	}
	s->landlock_error = errno;
	return version > 0 && !best_effort ? -1 : 0;
}

int
sandbox_enter(int best_effort, struct sandbox *s)
{
	*s = (struct sandbox){0};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return -1;
	if (enter_landlock(best_effort, s) == -1)
		return -1;
	if (limit() == -1)
		return -1;
	/* the one that is ready is for where Landlock works, or is not there */
	if (!has_filter || s->landlock_error != 0)
		make_filter(s->landlock > 0);
	if (filter_calls() == -1) {
		s->filter_error = errno;
		return best_effort ? 0 : -1;
	}
	s->filter = 1;
	return 0;
}

void
sandbox_describe(const struct sandbox *s, char text[SANDBOX_TEXT])
{
	char landlock[24] = "", filter_why[64] = "", landlock_why[64] = "";
	const char *filter = s->filter ? "seccomp" : "";
	int both = s->filter_error != 0 && s->landlock_error != 0;

	if (s->landlock > 0)
		snprintf(landlock, sizeof(landlock), "%sLandlock %d",
		    s->filter ? ", " : "", s->landlock);
	else if (!s->filter)
		filter = "resource limits alone";
	if (s->filter_error != 0)
		snprintf(filter_why, sizeof(filter_why), "no seccomp: %s",
		    strerror(s->filter_error));
	if (s->landlock_error != 0)
		snprintf(landlock_why, sizeof(landlock_why),
		    "no Landlock: %s", strerror(s->landlock_error));
	snprintf(text, SANDBOX_TEXT, "%s%s%s%s%s%s%s", filter, landlock,
	    sandbox_lacks(s) ? " (" : "", filter_why, both ? "; " : "",
	    landlock_why, sandbox_lacks(s) ? ")" : "");
}

#elif defined(__OpenBSD__)

int
sandbox_enter(int best_effort, struct sandbox *s)
{
	(void)best_effort; /* every OpenBSD has both */
	*s = (struct sandbox){.filter = 1};
	/* iconv comes from ports and loads nothing at run time */
	if (limit() == -1 || unveil(NULL, NULL) == -1)
		return -1;
	return pledge("stdio", NULL);
}

void
sandbox_describe(const struct sandbox *s, char text[SANDBOX_TEXT])
{
	(void)s;
	snprintf(text, SANDBOX_TEXT, "pledge, unveil");
}

#else

int
sandbox_enter(int best_effort, struct sandbox *s)
{
	(void)best_effort; /* there is nothing more to be had */
	*s = (struct sandbox){0};
	return limit();
}

void
sandbox_describe(const struct sandbox *s, char text[SANDBOX_TEXT])
{
	(void)s;
	snprintf(text, SANDBOX_TEXT, "resource limits alone");
}

#endif

#if defined(SANDBOX_NONE) || !defined(__linux__)

void
sandbox_prepare(void)
{
}

int
sandbox_descriptor(void)
{
	return -1;
}

#endif

int
sandbox_lacks(const struct sandbox *s)
{
	return s->filter_error != 0 || s->landlock_error != 0;
}

/* ---- a try ---- */

struct verdict {
	struct sandbox sandbox;
	int error;	/* errno of sandbox_enter, or 0 */
};

static _Noreturn void
enter_and_tell(int best_effort, int fd)
{
	struct verdict v = {0};

	if (sandbox_enter(best_effort, &v.sandbox) == -1)
		v.error = errno;
	_exit(write(fd, &v, sizeof(v)) != sizeof(v));
}

int
sandbox_try(int best_effort, struct sandbox *s)
{
	struct verdict v = {.error = EIO}; /* what kills it says nothing */
	int fds[2];
	pid_t pid;

	*s = (struct sandbox){0};
	if (pipe(fds) == -1)
		return -1;
	if ((pid = fork()) == 0)
		enter_and_tell(best_effort, fds[1]);
	if (pid == -1)
		v.error = errno;
	close(fds[1]);
	if (read(fds[0], &v, sizeof(v)) == sizeof(v))
		*s = v.sandbox;
	close(fds[0]);
	while (pid != -1 && waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	errno = v.error;
	return v.error == 0 ? 0 : -1;
}
