/*
 * listener_table: see listener_table.h.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session/listener_table.h"

/* In the environment: the descriptor of the table. */
#define TABLE_VARIABLE "SMTP2SMS_LISTENER"

static int table_fd = -1;

/* What must be the same for one program to understand another's table. */
static void
put_build(char build[48])
{
	snprintf(build, 48, "%s %zu %zu %zu", VERSION, sizeof(struct table),
	    sizeof(struct slot), sizeof(struct source));
}

static size_t
size_of(size_t n)
{
	return sizeof(struct table) + n * sizeof(struct slot);
}

/* Memory without a name; -1 where it cannot be had as a file. */
static int
open_memory(void)
{
#if defined(__linux__) || defined(__FreeBSD__)
	return memfd_create("smtp2sms", MFD_CLOEXEC);
#elif defined(__OpenBSD__)
	char name[] = "/smtp2sms.XXXXXXXXXX";
	int fd = shm_mkstemp(name);

	if (fd != -1)
		shm_unlink(name);
	return fd;
#else
	return -1;
#endif
}

void
table_keep_back(void *p, size_t size)
{
#if defined(MADV_DONTFORK)
	madvise(p, size, MADV_DONTFORK);
#elif defined(MAP_INHERIT_NONE)
	minherit(p, size, MAP_INHERIT_NONE);
#else
	(void)p;
	(void)size;
#endif
}

static struct table *
map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    table_fd != -1 ? MAP_SHARED : MAP_PRIVATE | MAP_ANON, table_fd, 0);

	if (p == MAP_FAILED)
		return NULL;
	table_keep_back(p, size);
	return p;
}

struct table *
table_new(size_t n)
{
	struct table *t;

	table_fd = open_memory();
	if (table_fd != -1 && ftruncate(table_fd, (off_t)size_of(n)) == -1) {
		close(table_fd);
		table_fd = -1;
	}
	if ((t = map(size_of(n))) == NULL)
		return NULL;
	put_build(t->build);
	t->size = size_of(n);
	t->nslots = n;
	t->free = -1;
	t->pending = -1;
	helper_init(&t->deliver);
	helper_init(&t->tls);
	helper_init(&t->keeper);
	return t;
}

struct table *
table_grow(struct table *t, size_t n)
{
	size_t old = t->size;

	if (n <= t->nslots || table_fd == -1 ||
	    ftruncate(table_fd, (off_t)size_of(n)) == -1)
		return t;
	munmap(t, old);
	if ((t = map(size_of(n))) == NULL)
		return NULL;
	t->size = size_of(n);
	t->nslots = n;
	return t;
}

struct slot *
table_take(struct table *t)
{
	struct slot *s;

	if (t->free != -1) {
		s = &t->slot[t->free];
		t->free = s->next;
	} else if (t->high < t->nslots) {
		s = &t->slot[t->high++];
	} else {
		return NULL;
	}
	memset(s, 0, sizeof(*s));
	s->next = s->source = s->client = s->link = s->line = -1;
	s->at_link = s->at_line = -1;
	t->sessions++;
	return s;
}

void
table_release(struct table *t, struct slot *s)
{
	s->pid = 0;
	s->next = t->free;
	t->free = (int)(s - t->slot);
	if (--t->sessions == 0) {
		t->high = 0;
		t->free = -1;
	}
}

/* ---- over an exec ---- */

static void
set_inherited(int fd, int yes)
{
	if (fd != -1)
		fcntl(fd, F_SETFD, yes ? 0 : FD_CLOEXEC);
}

static void
set_all(struct table *t, int yes)
{
	size_t i;

	set_inherited(table_fd, yes);
	for (i = 0; i < t->sockets.n; i++)
		set_inherited(t->sockets.v[i].fd, yes);
	set_inherited(t->pending, yes);
	set_inherited(t->deliver.control, yes);
	set_inherited(t->tls.control, yes);
	set_inherited(t->keeper.control, yes);
	for (i = 0; i < t->high; i++)
		if (t->slot[i].pid != 0) {
			set_inherited(t->slot[i].client, yes);
			set_inherited(t->slot[i].link, yes);
			set_inherited(t->slot[i].line, yes);
		}
}

int
table_hand_on(struct table *t, int yes)
{
	char number[12];

	if (table_fd == -1) {
		errno = ENOTSUP;
		return -1;
	}
	set_all(t, yes);
	snprintf(number, sizeof(number), "%d", table_fd);
	return yes ? setenv(TABLE_VARIABLE, number, 1) :
		     unsetenv(TABLE_VARIABLE);
}

struct table *
table_inherited(void)
{
	const char *number = getenv(TABLE_VARIABLE);
	char build[48];
	struct table *t;
	struct stat st;

	if (number == NULL)
		return NULL;
	table_fd = atoi(number);
	unsetenv(TABLE_VARIABLE);
	put_build(build);
	if (table_fd < 3 || fstat(table_fd, &st) == -1 ||
	    (size_t)st.st_size < sizeof(struct table) ||
	    (t = map((size_t)st.st_size)) == NULL)
		return NULL;
	if (strcmp(t->build, build) != 0 || t->size != (size_t)st.st_size ||
	    size_of(t->nslots) != t->size || t->high > t->nslots)
		return NULL;
	set_all(t, 0);
	return t;
}
