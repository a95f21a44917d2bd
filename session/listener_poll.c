/*
 * listener_poll: the array of poll(2), without gaps: poll(2) refuses one that
 * is longer than the limit of open files, however many of it are unused.
 */
#include <sys/mman.h>

#include "session/listener_private.h"

/* Memory that no session inherits. */
static void *
own_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANON, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	table_keep_back(p, size);
	return p;
}

int
listener_poll_init(struct listener *l)
{
	size_t n, i;

	l->nfixed = POLL_SOCKETS + l->table->sockets.n;
	n = l->nfixed + 2 * l->table->nslots;
	l->poll = own_memory(n * sizeof(*l->poll));
	l->owner = own_memory(n * sizeof(*l->owner));
	if (l->poll == NULL || l->owner == NULL)
		return -1;
	for (i = 0; i < l->nfixed; i++)
		l->poll[i] = (struct pollfd){-1, POLLIN, 0};
	l->npoll = l->nfixed;
	return 0;
}

void
listener_poll_add(struct listener *l, int fd, int *at)
{
	if (fd == -1 || *at != -1)
		return;
	*at = (int)l->npoll++;
	l->poll[*at] = (struct pollfd){fd, POLLIN, 0};
	l->owner[*at] = at;
}

void
listener_poll_remove(struct listener *l, int *at)
{
	size_t last;

	if (*at == -1)
		return;
	last = --l->npoll;
	l->poll[*at] = l->poll[last];
	l->owner[*at] = l->owner[last];
	*l->owner[*at] = *at;
	*at = -1;
}
