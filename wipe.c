/*
 * wipe: an allocator for jansson that knows how much it overwrites.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "wipe.h"

/* in front of each block */
union head {
	size_t size;
	max_align_t align;
};

static void *
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

void
wipe_install(void)
{
	static int done;

	if (!done)
		json_set_alloc_funcs(wipe_alloc, wipe_free);
	done = 1;
}
