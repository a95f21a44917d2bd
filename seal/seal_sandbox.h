/*
 * seal_sandbox: what is left to smtp2sms-seal: two descriptors, memory,
 * random octets and a little time.
 */
#ifndef SEAL_SANDBOX_H
#define SEAL_SANDBOX_H

#define SEAL_CPU_MAX 30 /* seconds of processor time */

/*
 * Give up all else for good.  best_effort: where the kernel cannot, go on
 * with the limits.  Returns 0, or -1 with errno.
 */
int seal_sandbox_enter(int best_effort);

#endif
