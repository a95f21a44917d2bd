/*
 * wipe: each block knows its size, so that all of it can be overwritten.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/log.h"
#include "gateway/wipe.h"

#define EXIT_TEMPORARY 75	/* EX_TEMPFAIL of sysexits(3) */

/* Stands in front of each block. */
union head {
	size_t size;
	max_align_t align;
};

void *
wipe_must(void *p)
{
	if (p != NULL)
		return p;
	log_event(LOG_CRIT, "memory", "error", "out of memory", NULL);
	_exit(EXIT_TEMPORARY);
}

void *
wipe_alloc(size_t n)
{
	union head *h;

	h = wipe_must(n > SIZE_MAX - sizeof(*h) ? NULL :
	    malloc(sizeof(*h) + n));
	h->size = n;
	return h + 1;
}

void
wipe_free(void *p)
{
	union head *h = p;

	if (h == NULL)
		return;
	h--;
	explicit_bzero(h + 1, h->size);
	free(h);
}

void *
wipe_calloc(size_t n, size_t size)
{
	void *p = size == 0 || n <= SIZE_MAX / size ? wipe_alloc(n * size) :
						       wipe_must(NULL);

	return memset(p, 0, n * size);
}

void *
wipe_realloc(void *old, size_t n)
{
	void *p = wipe_alloc(n);
	size_t had;

	if (old == NULL)
		return p;
	had = ((union head *)old)[-1].size;
	memcpy(p, old, had < n ? had : n);
	wipe_free(old);
	return p;
}

char *
wipe_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = wipe_alloc(n);

	return memcpy(p, s, n);
}

void
wipe_install(void)
{
	static int done;

	if (!done)
		json_set_alloc_funcs(wipe_alloc, wipe_free);
	done = 1;
}
