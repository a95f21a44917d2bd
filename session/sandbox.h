/*
 * sandbox: what the session may still do once it reads hostile octets.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#define SANDBOX_MEMORY (64UL * 1024 * 1024) /* octets of address space */
#define SANDBOX_FILES  32		    /* descriptors */

#define SANDBOX_TEXT   192		    /* octets of a description */

/* What a process has of the sandbox, and why it lacks the rest. */
struct sandbox {
	int filter;		/* 1: the system calls are bounded */
	int landlock;		/* the version of its ABI; 0: none */
	int filter_error;	/* errno; 0: nothing failed */
	int landlock_error;
};

/*
 * From here on this process can open no socket, run no program, start no
 * process, write no file and read none but what iconv(3) loads; it can
 * read, write, poll and close what is open.  For ever.
 * Returns 0, or -1 with errno if the system cannot do it: then the
 * session must not begin.  With best_effort the parts that the system has
 * are enough.
 */
int sandbox_enter(int best_effort, struct sandbox *);

/*
 * Before processes are forked that will enter it: make what can be the same for
 * all of them.  They must keep the descriptor, unless it is -1; sandbox_enter
 * closes it.
 */
void sandbox_prepare(void);
int sandbox_descriptor(void);

/* The same in a process made for it, which ends at once. */
int sandbox_try(int best_effort, struct sandbox *);

/* 1 if something failed. */
int sandbox_lacks(const struct sandbox *);

/* For people: "seccomp, Landlock 7", "seccomp (no Landlock: why)". */
void sandbox_describe(const struct sandbox *, char [SANDBOX_TEXT]);

#endif
