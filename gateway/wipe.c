/*
 * wipe: each block knows its size, so that all of it can be overwritten.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "gateway/wipe.h"

/* Stands in front of each block. */
union head {
	size_t size;
	max_align_t align;
};

void *
wipe_alloc(size_t n)
{
	union head *h;

	if (n > SIZE_MAX - sizeof(*h) || (h = malloc(sizeof(*h) + n)) == NULL)
		return NULL;
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
	void *p = NULL;

	if (size == 0 || n <= SIZE_MAX / size)
		p = wipe_alloc(n * size);
	return p != NULL ? memset(p, 0, n * size) : NULL;
}

void *
wipe_realloc(void *old, size_t n)
{
	void *p = wipe_alloc(n);
	size_t had;

	if (p == NULL || old == NULL)
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

	return p != NULL ? memcpy(p, s, n) : NULL;
}

void
wipe_install(void)
{
	static int done;

	if (!done)
		json_set_alloc_funcs(wipe_alloc, wipe_free);
	done = 1;
}
