/*
 * tls_sandbox: what smtp2sms-tls may still do once it has the private key and
 * reads what a client sends.
 */
#ifndef TLS_SANDBOX_H
#define TLS_SANDBOX_H

/*
 * Forbid core dumps and debuggers; call it before the key is read.  0, or -1.
 */
int tls_sandbox_hide(void);

/* Send this process a signal when its parent dies, if the system can do it. */
void tls_sandbox_tie(int sig);

/*
 * Enter the sandbox.  It leaves the open descriptors, memory, time, random
 * numbers and waiting for a child; it takes files, new sockets, new processes
 * and exec: they fail with EPERM.  Returns 0, or -1 with errno if the system
 * cannot do it; with best_effort, the parts that the system has are enough.
 */
int tls_sandbox_enter(int best_effort);

#endif
