/*
 * watch: tells whether files have changed.
 */
#ifndef WATCH_H
#define WATCH_H

#include <sys/stat.h>

#include <stddef.h>

#define WATCH_MAX 32	/* files; more are not watched */

struct watch {
	struct {
		const char *path;
		int there;
		struct stat st;
	} v[WATCH_MAX];
	size_t n;
};

/* Watch a file; its name must stay in memory.  NULL is ignored. */
void watch_add(struct watch *, const char *path);

/*
 * 1 if a file has changed since watch_add or the last call, by its times, size
 * or inode, or if it has appeared or disappeared.
 */
int watch_changed(struct watch *);

#endif
