/*
 * conn: reads and writes every octet of the client: lines, deadlines, output
 * that is flushed once per read.  session.c runs the lines; dots.c finds the
 * end of a message.
 */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "session/conn.h"
#include "session/stop.h"

void
conn_init(struct conn *c, int in, int out, enum dots_lf lf)
{
	memset(c, 0, offsetof(struct conn, inbuf));
	c->in = in;
	c->out = out;
	c->lf = lf;
}

/* Wait for the descriptor.  Returns 0 if it is ready, else -1. */
static int
await(struct conn *c, int fd, short events, long long deadline)
{
	struct pollfd p = {.fd = fd, .events = events};
	long long stop;
	int n;

	if (deadline > c->until)
		deadline = c->until;
	do {
		stop = c->at_line ? stop_deadline() : 0;
		if (stop != 0 && stop < deadline)
			deadline = stop;
		n = stop_poll(&p, clock_left(deadline));
	} while (n == -1 && errno == EINTR);
	if (n > 0)
		return 0;
	if (n == 0)
		c->timed_out = 1;
	else
		c->gone = 1;
	return -1;
}

void
conn_flush(struct conn *c)
{
	long long deadline = clock_ms() + c->wait;
	size_t done = 0;
	ssize_t n;

	while (done < c->outlen && !c->gone && !c->timed_out) {
		if (await(c, c->out, POLLOUT, deadline) == -1)
			break;
		n = write(c->out, c->outbuf + done, c->outlen - done);
		if (n > 0)
			done += (size_t)n;
		else if (n == -1 && errno != EINTR && errno != EAGAIN)
			c->gone = 1;
	}
	c->outlen = 0;
}

void
conn_write(struct conn *c, const char *p, size_t n)
{
	size_t room;

	while (n > 0) {
		if (c->outlen == CONN_OUT_MAX)
			conn_flush(c);
		room = CONN_OUT_MAX - c->outlen;
		if (room > n)
			room = n;
		memcpy(c->outbuf + c->outlen, p, room);
		c->outlen += room;
		p += room;
		n -= room;
	}
}

void
conn_forget(struct conn *c)
{
	explicit_bzero(c->inbuf, c->start);
	explicit_bzero(c->inbuf + c->end, CONN_IN_MAX - c->end);
}

int
conn_switch(struct conn *c, int in, int out)
{
	if (c->start != c->end)
		return -1;
	c->in = in;
	c->out = out;
	return 0;
}

void
conn_pause(struct conn *c, int ms)
{
	/* no events: poll(2) returns early only if the client has gone */
	struct pollfd p = {.fd = c->out};
	long long end = clock_ms() + ms;

	conn_flush(c);
	if (end > c->until)
		end = c->until;
	while (!c->gone && clock_left(end) > 0)
		if (poll(&p, 1, clock_left(end)) > 0)
			c->gone = 1;
}

void
conn_grant(struct conn *c, int ms)
{
	long long least = clock_ms() + ms;

	if (c->until < least)
		c->until = least;
}

/*
 * As long as there is something to read, poll(2) does not see a deadline pass.
 */
static int
is_late(struct conn *c, long long deadline)
{
	if (clock_left(deadline) == 0 || clock_left(c->until) == 0)
		c->timed_out = 1;
	return c->timed_out;
}

/* Read more octets into inbuf, which must have room. */
static enum conn_status
fill(struct conn *c, long long deadline)
{
	ssize_t n;

	conn_flush(c);
	do {
		if (c->gone || is_late(c, deadline) ||
		    await(c, c->in, POLLIN, deadline) == -1)
			return c->timed_out ? CONN_TIMEOUT : CONN_EOF;
		n = read(c->in, c->inbuf + c->end, CONN_IN_MAX - c->end);
	} while (n == -1 && (errno == EINTR || errno == EAGAIN));
	if (n <= 0) {
		c->gone = 1;
		return CONN_EOF;
	}
	c->end += (size_t)n;
	return CONN_OK;
}

void
conn_bye(int in, int out, int ms)
{
	struct pollfd p = {.fd = in, .events = POLLIN};
	long long deadline = clock_ms() + ms;
	char dropped[4096];
	ssize_t n;

	if (shutdown(out, SHUT_WR) == -1)
		close(out); /* a pipe */
	while (clock_left(deadline) > 0 &&
	    poll(&p, 1, clock_left(deadline)) > 0) {
		n = read(in, dropped, sizeof(dropped));
		if (n == 0 || (n == -1 && errno != EINTR && errno != EAGAIN))
			break;
	}
}

void
conn_farewell(struct conn *c, int ms)
{
	c->timed_out = 0;
	c->until = clock_ms() + ms;
	conn_flush(c);
	conn_bye(c->in, c->out, clock_left(c->until));
}

/* Move the octets to the front of inbuf, to make room for a whole line. */
static void
compact(struct conn *c)
{
	memmove(c->inbuf, c->inbuf + c->start, c->end - c->start);
	c->end -= c->start;
	c->start = 0;
}

/* Keep the first octets of a line that may be dropped. */
static void
keep_head(struct conn *c)
{
	const char *s = c->inbuf + c->start;
	size_t n, most = c->end - c->start;

	if (most > CONN_HEAD)
		most = CONN_HEAD;
	for (n = 0; n < most && s[n] != '\r' && s[n] != '\n'; n++)
		c->head[n] = s[n];
	c->head[n] = '\0';
}

/*
 * End the line at the LF at p, or drop it.  A line that is too long is reported
 * at its end.  One with a bare LF is reported at that LF, since a client that
 * ends all its lines like that waits for a reply; the octets up to the next
 * CRLF still belong to it.
 */
static enum conn_status
end_line(struct conn *c, char *p, char **line, size_t *len)
{
	char *s = c->inbuf + c->start;
	size_t n = (size_t)(p - s);
	enum conn_status skip = c->skip;
	int crlf = n > 0 && p[-1] == '\r';

	if (skip != CONN_LONG)
		keep_head(c);
	c->start += n + 1;
	c->skip = crlf || c->lf != DOTS_LF_REFUSE ? CONN_OK : CONN_BARE;
	if (skip == CONN_LONG || n + 1 > CONN_LINE_MAX)
		return CONN_LONG;
	if (c->skip == CONN_BARE)
		return CONN_BARE;
	if (skip == CONN_BARE)
		return CONN_DROPPED;
	n -= (size_t)crlf;
	s[n] = '\0';
	*line = s;
	*len = n;
	if (memchr(s, '\0', n) != NULL || memchr(s, '\r', n) != NULL)
		return CONN_BARE;
	return CONN_OK;
}

enum conn_status
conn_line(struct conn *c, char **line, size_t *len)
{
	long long deadline = clock_ms() + c->wait;
	enum conn_status st;
	size_t seen = 0;
	char *p;

	/* do not serve a client that cannot hear the replies */
	if (c->gone)
		return CONN_EOF;
	for (;;) {
		p = memchr(c->inbuf + c->start + seen, '\n',
		    c->end - c->start - seen);
		if (p != NULL)
			return end_line(c, p, line, len);
		seen = c->end - c->start;
		if (seen >= CONN_LINE_MAX) {
			if (c->skip != CONN_LONG)
				keep_head(c);
			c->skip = CONN_LONG;
			/* keep the last octet: it may be the CR */
			c->start = c->end - 1;
			seen = 1;
		}
		compact(c);
		c->at_line = 1;
		st = fill(c, deadline);
		c->at_line = 0;
		if (st != CONN_OK)
			return st;
	}
}

void
conn_data_begin(struct conn *c)
{
	dots_begin(&c->dots, c->lf);
	memcpy(c->tail, "\r\n\r\n", CONN_TAIL);
}

int
conn_bare(const struct conn *c)
{
	return c->dots.bare;
}

void
conn_data_end(struct conn *c)
{
	dots_end_chunks(&c->dots);
}

/* All that was read has been taken: keep the last of it, and make room. */
static void
empty(struct conn *c)
{
	size_t n = c->end < CONN_TAIL ? c->end : CONN_TAIL;

	memmove(c->tail, c->tail + n, CONN_TAIL - n);
	memcpy(c->tail + CONN_TAIL - n, c->inbuf + c->end - n, n);
	c->start = c->end = 0;
}

/* 1 if the client may believe that its message is complete. */
static int
seems_complete(const struct conn *c)
{
	return memcmp(c->tail + 1, "\n.\n", 3) == 0 ||
	    memcmp(c->tail, "\n.\r\n", 4) == 0;
}

/* Read more of a message. */
static enum conn_status
fill_data(struct conn *c)
{
	int wait = c->wait, complete;
	enum conn_status st;

	empty(c);
	complete = seems_complete(c);
	if (complete && wait > CONN_DOT_WAIT)
		wait = CONN_DOT_WAIT;
	st = fill(c, clock_ms() + wait);
	return st == CONN_TIMEOUT && complete ? CONN_UNENDED : st;
}

enum conn_status
conn_data(struct conn *c, const char **p, size_t *n)
{
	enum conn_status st;
	size_t framing, taken;

	do {
		if (c->start == c->end && (st = fill_data(c)) != CONN_OK)
			return st;
		*p = c->inbuf + c->start;
		taken = dots_take(&c->dots, *p, c->end - c->start, &framing);
		c->start += taken;
		if (c->dots.ended)
			return CONN_END;
		*p += framing;
		*n = taken - framing;
	} while (*n == 0);
	return CONN_OK;
}

enum conn_status
conn_chunk(struct conn *c, size_t *left, const char **p, size_t *n)
{
	enum conn_status st;
	size_t have;

	if (*left == 0)
		return CONN_END;
	if (c->start == c->end) {
		c->start = c->end = 0;
		if ((st = fill(c, clock_ms() + c->wait)) != CONN_OK)
			return st;
	}
	have = c->end - c->start;
	*p = c->inbuf + c->start;
	*n = dots_take_chunk(&c->dots, *p, have < *left ? have : *left);
	c->start += *n;
	*left -= *n;
	return CONN_OK;
}
