/*
 * sandbox: what the session may still do once it reads hostile octets.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#define SANDBOX_MEMORY (64UL * 1024 * 1024) /* octets of address space */
#define SANDBOX_FILES  32		    /* descriptors */

/*
 * From here on this process can open no socket, run no program, start no
 * process, write no file and read none but what iconv(3) loads; it can
 * read, write, poll and close what is open.  For ever.
 * Returns 0, or -1 with errno if the system cannot do it: then the
 * session must not begin.
 */
int sandbox_enter(void);

/* What sandbox_enter uses here, for people: "seccomp, Landlock 7". */
const char *sandbox_describe(void);

#endif
