/*
 * landlock: what Linux's Landlock can forbid a process for good: files, TCP,
 * signals.  Elsewhere there is none.
 */
#ifndef LANDLOCK_H
#define LANDLOCK_H

/* The version of the kernel's Landlock; -1 with errno if it has none. */
int landlock_version(void);

enum {
	/* below the folder also write, list, make and remove files */
	LANDLOCK_KEEP_FILES = 1,
	/* processes that do not share the restriction may be sent signals, and
	   a signal at the death of the parent stays possible */
	LANDLOCK_SIGNALS = 2
};

/*
 * Forbid this process, and those that it forks, all that a Landlock of this
 * version knows.  Only the files below an open folder may be read; -1: none.
 * permits: what else stays possible.  prctl(2)'s no_new_privs must be set.
 * Returns 0, or -1 with errno.
 */
int landlock_restrict(int version, int folder, unsigned permits);

/*
 * The same in two steps: what is forbidden, as a descriptor, which other
 * processes can inherit; and to forbid it.  -1 with errno.
 */
int landlock_create(int version, int folder, unsigned permits);
int landlock_enter(int fd);

#endif
