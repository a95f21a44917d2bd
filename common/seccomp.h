/*
 * seccomp: macros for the filters of the sandboxes: the architecture's name,
 * and a line for what is permitted.  Only for Linux.
 */
#ifndef SECCOMP_H
#define SECCOMP_H

#include <sys/mman.h>
#include <sys/syscall.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__i386__)
#define ARCH AUDIT_ARCH_I386
#elif defined(__arm__)
#define ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCH AUDIT_ARCH_PPC64LE
#else
#error "common/seccomp.h: name this architecture's AUDIT_ARCH"
#endif

/* The low word of a 64-bit argument of a system call. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW(n)	(offsetof(struct seccomp_data, args[n]) + 4)
#define HIGH(n) offsetof(struct seccomp_data, args[n])
#else
#define LOW(n)	offsetof(struct seccomp_data, args[n])
#define HIGH(n) (offsetof(struct seccomp_data, args[n]) + 4)
#endif

#define LOAD(at)     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(at))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define DENY	     RETURN(SECCOMP_RET_ERRNO | EPERM)
#define ALLOW	     RETURN(SECCOMP_RET_ALLOW)
/* if the loaded word equals k go on, else jump over n instructions */
#define IF_EQUAL(k, n)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 0, (n))
/* if the loaded word has any of these bits jump over n instructions */
#define IF_NONE(bits, n) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), (n), 0)

#define PERMIT(name) IF_EQUAL(SYS_##name, 1), ALLOW
/* ... only with none of these bits in argument n */
#define PERMIT_WITHOUT(name, n, bits) \
	IF_EQUAL(SYS_##name, 4), LOAD(LOW(n)), IF_NONE((bits), 1), ALLOW, DENY

/* What a filter begins with: another architecture has other numbers. */
#define FILTER_HEAD \
	LOAD(offsetof(struct seccomp_data, arch)), \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0), \
	RETURN(SECCOMP_RET_KILL_PROCESS), \
	LOAD(offsetof(struct seccomp_data, nr))

/* ---- what several of the sandboxes permit, on each architecture ---- */

#ifdef SYS_ppoll_time64
#define PERMIT_PPOLL PERMIT(ppoll), PERMIT(ppoll_time64)
#else
#define PERMIT_PPOLL PERMIT(ppoll)
#endif
#ifdef SYS_poll
#define PERMIT_POLL PERMIT(poll), PERMIT_PPOLL
#else
#define PERMIT_POLL PERMIT_PPOLL
#endif

/* The clock, where the vDSO does not answer. */
#ifdef SYS_clock_gettime64
#define PERMIT_GETTIME PERMIT(clock_gettime), PERMIT(clock_gettime64)
#else
#define PERMIT_GETTIME PERMIT(clock_gettime)
#endif
#ifdef SYS_time
#define PERMIT_CLOCK PERMIT_GETTIME, PERMIT(gettimeofday), PERMIT(time)
#else
#define PERMIT_CLOCK PERMIT_GETTIME, PERMIT(gettimeofday)
#endif

/* malloc(3); no memory that can be run. */
#ifdef SYS_mmap2
#define PERMIT_MMAP PERMIT_WITHOUT(mmap2, 2, PROT_EXEC)
#else
#define PERMIT_MMAP PERMIT_WITHOUT(mmap, 2, PROT_EXEC)
#endif
#define PERMIT_MEMORY \
	PERMIT(brk), PERMIT(munmap), PERMIT(mremap), PERMIT(madvise), \
	PERMIT_WITHOUT(mprotect, 2, PROT_EXEC), PERMIT_MMAP

#ifdef SYS_futex_time64
#define PERMIT_FUTEX PERMIT(futex), PERMIT(futex_time64)
#else
#define PERMIT_FUTEX PERMIT(futex)
#endif

/* syslog(3) on the socket that is connected already: there is no address. */
#define PERMIT_SENDTO \
	IF_EQUAL(SYS_sendto, 6), LOAD(LOW(4)), IF_EQUAL(0, 3), \
	LOAD(HIGH(4)), IF_EQUAL(0, 1), ALLOW, DENY
#ifdef SYS_send
#define PERMIT_SEND PERMIT_SENDTO, PERMIT(send)
#else
#define PERMIT_SEND PERMIT_SENDTO
#endif

#endif
