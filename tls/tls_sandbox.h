/*
 * tls_sandbox: what smtp2sms-tls may still do once it has the private key
 * and listens to a client.
 */
#ifndef TLS_SANDBOX_H
#define TLS_SANDBOX_H

/* No core dump and no debugger: before the key is read.  0, or -1. */
int tls_sandbox_hide(void);

/* Send this process a signal when its parent dies, where that can be had. */
void tls_sandbox_tie(int sig);

/*
 * From here on: the descriptors that are open, memory, time, random numbers
 * and waiting for a child; no files, no new sockets, no processes, no exec.
 * What is not allowed fails with EPERM.  Returns 0, or -1 with errno if the
 * system cannot do it.  With best_effort the parts that the system has are
 * enough.
 */
int tls_sandbox_enter(int best_effort);

#endif
