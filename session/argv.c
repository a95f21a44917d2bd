/*
 * argv: see argv.h.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "session/argv.h"

void
argv_begin(struct argv *c, const struct program *p, const char *name)
{
	c->n = 0;
	c->full = 0;
	snprintf(c->path, sizeof(c->path), "%s/%s", p->config.libexec, name);
	argv_add(c, name);
}

void
argv_add(struct argv *c, const char *argument)
{
	if (c->n == ARGV_MAX)
		c->full = 1;
	else
		c->v[c->n++] = (char *)(size_t)argument;
	c->v[c->n] = NULL;
}

void
argv_option(struct argv *c, const char *option, const char *value)
{
	if (value == NULL)
		return;
	argv_add(c, option);
	argv_add(c, value);
}

void
argv_exec(const struct argv *c)
{
	/* never without an argument: one that is missing may be -n */
	if (c->full)
		errno = E2BIG;
	else
		execv(c->path, c->v);
}
