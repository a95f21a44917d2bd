/*
 * client: one session's end of the link.  The session asks one thing at a
 * time, so there is one answer at most.  Nobody's time is without an end: a
 * frame that has begun and an answer that is not taken have a deadline.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "delivery/client.h"

#define FIRST_ROOM (IPC_HEAD + 1024) /* octets; larger frames get more */

static void
wipe(void *p, size_t n)
{
	if (p != NULL)
		explicit_bzero(p, n);
	free(p);
}

struct client *
client_new(int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->fd = fd;
	c->slot = -1;
	c->log_limit.session = c->session;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return c;
}

void
client_forget(struct client *c)
{
	c->logged_in = c->verified = 0;
	explicit_bzero(c->secret, sizeof(c->secret));
	c->user[0] = '\0';
	wipe(c->profile, sizeof(*c->profile));
	c->profile = NULL;
}

void
client_free(struct client *c)
{
	log_limit_end(&c->log_limit);
	client_hang_up(c);
	client_forget(c);
	wipe(c->in, c->room);
	free(c->out);
	free(c->notify);
	free(c);
}

void
client_hang_up(struct client *c)
{
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
}

int
client_reject(struct client *c, const char *why)
{
	log_event(LOG_ERR, "link", "session", c->session, "peer", c->peer,
	    "error", why, NULL);
	c->hostile = 1;
	client_hang_up(c);
	return -1;
}

/* Arm the deadline for an incomplete frame or an unread answer. */
static void
set_deadline(struct client *c)
{
	if (c->busy)
		return;
	if (c->have == 0 && c->out == NULL)
		c->deadline = 0;
	else if (c->deadline == 0)
		c->deadline = clock_ms() + CLIENT_WAIT;
}

/* ---- answers ---- */

int
client_begin(struct client *c, struct buf *b, enum ipc_type type, size_t room)
{
	room += IPC_HEAD + 64;
	free(c->out);
	c->out_len = c->out_done = 0;
	if ((c->out = malloc(room)) == NULL)
		return client_reject(c, "out of memory");
	buf_init(b, c->out, room);
	ipc_begin(b, type);
	return 0;
}

void
client_answer(struct client *c, struct buf *b)
{
	if (ipc_end(b) == -1) {
		client_reject(c, "the answer is too large");
		return;
	}
	c->out_len = b->len;
	client_write(c);
}

void
client_write(struct client *c)
{
	ssize_t n;

	while (c->fd != -1 && c->out_done < c->out_len) {
		n = write(c->fd, c->out + c->out_done,
		    c->out_len - c->out_done);
		if (n > 0) {
			c->out_done += (size_t)n;
		} else if (errno == EAGAIN) {
			set_deadline(c);
			return;
		} else if (errno != EINTR) {
			log_event(LOG_WARNING, "link", "session", c->session,
			    "error", "the session has gone before its answer",
			    NULL);
			client_hang_up(c);
		}
	}
	free(c->out);
	c->out = NULL;
	c->deadline = 0;
	set_deadline(c);
}

/* ---- frames ---- */

/* Make room for the frame that has begun; none is kept between frames. */
static int
make_room(struct client *c)
{
	long size = ipc_size(c->in, c->have);
	size_t want = size > 0 ? (size_t)size : FIRST_ROOM;
	char *in;

	if (want <= c->room)
		return 0;
	if ((in = malloc(want)) == NULL)
		return client_reject(c, "out of memory");
	if (c->have > 0)
		memcpy(in, c->in, c->have);
	wipe(c->in, c->room);
	c->in = in;
	c->room = want;
	return 0;
}

int
client_read(struct client *c)
{
	ssize_t n;

	if (make_room(c) == -1)
		return 0;
	n = read(c->fd, c->in + c->have, c->room - c->have);
	if (n > 0) {
		c->have += (size_t)n;
		return 1;
	}
	if (n == 0 || (errno != EINTR && errno != EAGAIN))
		client_hang_up(c);
	return 0;
}

/* Drop the frames that were opened; what follows moves to the front. */
static void
drop_frames(struct client *c)
{
	c->have -= c->done;
	memmove(c->in, c->in + c->done, c->have);
	explicit_bzero(c->in + c->have, c->done);
	c->done = 0;
	if (c->have == 0) {
		wipe(c->in, c->room);
		c->in = NULL;
		c->room = 0;
	}
	set_deadline(c);
}

int
client_frame(struct client *c, struct ipc_frame *f)
{
	size_t left = c->have - c->done;
	long size = ipc_size(c->in + c->done, left);

	if (c->fd != -1 && size > 0 && left >= (size_t)size) {
		ipc_open(f, c->in + c->done, (size_t)size);
		c->done += (size_t)size;
		c->deadline = 0;
		return 1;
	}
	if (c->fd != -1 && size == -1)
		client_reject(c, "not a frame");
	drop_frames(c);
	return 0;
}
