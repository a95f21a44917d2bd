/*
 * watch: files that may be changed at any time: have they been?
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

/* Watch this file, whose name must stay; NULL is none. */
void watch_add(struct watch *, const char *path);

/*
 * 1 if a file is another one than at the last call or at watch_add, by its
 * times, its size or its inode; or if it came or went.
 */
int watch_changed(struct watch *);

#endif
