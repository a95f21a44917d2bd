/*
 * serve: the list of clients, and who of them is due.  Their octets are
 * client.c's, their requests answer.c's.
 */
#include <string.h>

#include "common/clock.h"
#include "delivery/answer.h"
#include "delivery/client.h"
#include "delivery/job_send.h"
#include "delivery/serve.h"

static struct {
	LIST_HEAD(, client) clients;
	size_t n;
	int hostile;
} self;

void
serve_init(const struct config *c, const struct descriptor *g)
{
	LIST_INIT(&self.clients);
	answer_init(c, g);
	job_send_init(c, g);
}

size_t
serve_count(void)
{
	return self.n;
}

int
serve_hostile(void)
{
	return self.hostile;
}

int
serve_add(int fd, const struct serve_setup *s)
{
	struct client *c = client_new(fd);

	if (c == NULL)
		return -1;
	c->auth_required = s->auth_required;
	c->dry = s->dry;
	c->introduced = !s->agent;
	c->shared = s->agent;
	strncat(c->session, s->session, IPC_NAME_MAX);
	strncat(c->peer, s->peer, IPC_NAME_MAX);
	LIST_INSERT_HEAD(&self.clients, c, entry);
	self.n++;
	return 0;
}

static void
drop(struct client *c)
{
	self.hostile |= c->hostile;
	LIST_REMOVE(c, entry);
	self.n--;
	client_free(c);
}

void
serve_dismiss(void)
{
	struct client *c;

	LIST_FOREACH(c, &self.clients, entry)
		if (!c->busy && c->out == NULL)
			client_hang_up(c);
}

/* The descriptor that this client waits for, and what for; -1: none. */
static int
waits_for(const struct client *c, short *events)
{
	*events = CURL_WAIT_POLLIN;
	if (c->check != NULL)
		return c->check->fd;
	if (c->fd != -1 && c->out != NULL) {
		*events = CURL_WAIT_POLLOUT;
		return c->fd;
	}
	return c->busy ? -1 : c->fd;
}

unsigned
serve_prepare(struct curl_waitfd *w, unsigned max, int *ms)
{
	struct client *c, *next;
	unsigned n = 0;
	short events;
	int fd, left;

	for (c = LIST_FIRST(&self.clients); c != NULL; c = next) {
		next = LIST_NEXT(c, entry);
		if (c->fd == -1 && !c->busy) {
			drop(c);
			continue;
		}
		answer_idle(c);
		if (c->deadline != 0 &&
		    (left = clock_left(c->deadline)) < *ms)
			*ms = left;
		c->slot = -1;
		if ((fd = waits_for(c, &events)) == -1 || n == max)
			continue;
		c->slot = (int)n;
		w[n++] = (struct curl_waitfd){fd, events, 0};
	}
	return n;
}

static void
read_requests(struct client *c)
{
	struct ipc_frame f;

	if (client_read(c))
		while (client_frame(c, &f))
			answer_frame(c, &f);
}

static void
turn(struct client *c, int ready)
{
	int late = c->deadline != 0 && clock_left(c->deadline) == 0;

	if (c->delayed) {
		if (late)
			answer_delayed(c);
	} else if (c->check != NULL) {
		if (ready || late)
			answer_checked(c);
	} else if (c->fd != -1 && late && !c->busy) {
		client_reject(c, c->out != NULL ?
		    "an answer that is not taken" :
		    "a frame that does not end");
	} else if (ready && c->out != NULL) {
		client_write(c);
	} else if (ready && !c->busy) {
		read_requests(c);
	}
}

void
serve_turn(const struct curl_waitfd *w)
{
	struct client *c;

	LIST_FOREACH(c, &self.clients, entry)
		turn(c, c->slot != -1 && w[c->slot].revents != 0);
}
