/*
 * tls_pump: the connection of smtp2sms-tls.  libtls reads and writes through
 * net_read and net_write.  So this file knows whether the client ended the
 * connection (close_notify) or somebody cut it, and several records cost one
 * read(2).
 *
 * Each direction has one buffer, which is filled only when it is empty.  Where
 * octets come in faster than they go out, they wait in the kernel and in the
 * end with their sender.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "tls/tls_pump.h"

static int
nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags == -1 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

/* 1 if the error only means "try later". */
static int
is_later(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* ---- the client's side, as libtls sees it ---- */

static void
net_fill(struct pump *p)
{
	ssize_t n = read(p->in, p->net.data, sizeof(p->net.data));

	p->net.start = 0;
	p->net.end = n > 0 ? (size_t)n : 0;
	if (n > 0)
		p->heard = 1;
	else if (n == 0 || !is_later(errno)) {
		p->net_over = 1;
		p->net_errno = n == 0 ? 0 : errno;
	}
}

/*
 * Hide the end of the transport from libtls, which would stop writing, too.
 * libtls is told that there are no octets yet; its callers look at net_over.
 */
static ssize_t
net_read(struct tls *tls, void *buf, size_t len, void *arg)
{
	struct pump *p = arg;

	(void)tls;
	if (p->net.start == p->net.end && !p->net_over)
		net_fill(p);
	if (p->net.start == p->net.end)
		return TLS_WANT_POLLIN;
	if (len > p->net.end - p->net.start)
		len = p->net.end - p->net.start;
	memcpy(buf, p->net.data + p->net.start, len);
	p->net.start += len;
	return (ssize_t)len;
}

static ssize_t
net_write(struct tls *tls, const void *buf, size_t len, void *arg)
{
	struct pump *p = arg;
	ssize_t n = write(p->out, buf, len);

	(void)tls;
	return n == -1 && is_later(errno) ? TLS_WANT_POLLOUT : n;
}

int
pump_open(struct pump *p, struct tls *server, int in, int out)
{
	memset(p, 0, sizeof(*p));
	p->in = in;
	p->out = out;
	p->to = p->from = -1;
	if (nonblocking(in) == -1 || nonblocking(out) == -1)
		return -1;
	return tls_accept_cbs(server, &p->tls, net_read, net_write, p);
}

const char *
pump_error(const struct pump *p)
{
	const char *s = p->tls != NULL ? tls_error(p->tls) : NULL;

	if (s != NULL)
		return s;
	return p->net_errno != 0 ? strerror(p->net_errno) : "connection closed";
}

enum pump_result
pump_handshake(struct pump *p, long long deadline)
{
	struct pollfd pfd;
	int r, left;

	while ((r = tls_handshake(p->tls)) != 0) {
		if (r == TLS_WANT_POLLIN && p->net_over)
			return p->heard ? PUMP_FAILED : PUMP_SILENT;
		if (r != TLS_WANT_POLLIN && r != TLS_WANT_POLLOUT)
			return PUMP_FAILED;
		pfd.fd = r == TLS_WANT_POLLIN ? p->in : p->out;
		pfd.events = r == TLS_WANT_POLLIN ? POLLIN : POLLOUT;
		left = clock_left(deadline);
		if (left == 0 || poll(&pfd, 1, left) == 0)
			return PUMP_TIMEOUT;
	}
	return PUMP_OK;
}

/* ---- from the client to the program ---- */

static void
up_end(struct pump *p, ssize_t how)
{
	p->up_over = 1;
	if (how == -1) {
		log_event(LOG_WARNING, "tls-error", "error", pump_error(p),
		    NULL);
		p->broken = 1;
	} else if (how != 0 && !p->down_over)
		/*
		 * Many clients close like this after QUIT; the program
		 * knows whether a message was cut.  After our own
		 * close_notify nothing can be cut.
		 */
		log_event(LOG_INFO, "truncated", "error",
		    p->net_errno != 0 ? strerror(p->net_errno) :
		    "no close_notify", NULL);
}

/* Like all functions called ..._fill and ..._flush: 1 if octets moved. */
static int
up_fill(struct pump *p)
{
	ssize_t n = tls_read(p->tls, p->up.data, sizeof(p->up.data));

	p->up.start = 0;
	p->up.end = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return 1;
	if (n == TLS_WANT_POLLIN && !p->net_over) {
		p->wait_in = 1;
		return 0;
	}
	if (n == TLS_WANT_POLLOUT) {
		p->wait_out = 1;
		return 0;
	}
	up_end(p, n);
	return 1;
}

static int
up_flush(struct pump *p)
{
	ssize_t n;

	/* the program reads no more, but may well be writing */
	if (p->to == -1) {
		p->up.start = p->up.end;
		return 1;
	}
	n = write(p->to, p->up.data + p->up.start, p->up.end - p->up.start);
	if (n >= 0) {
		p->up.start += (size_t)n;
		return 1;
	}
	if (is_later(errno)) {
		p->wait_to = 1;
		return 0;
	}
	close_fd(&p->to);
	return 1;
}

static int
up_step(struct pump *p)
{
	if (p->up.start < p->up.end)
		return up_flush(p);
	if (!p->up_over && !p->broken)
		return up_fill(p);
	close_fd(&p->to);
	return 0;
}

/* ---- from the program to the client ---- */

/* The client cannot be reached: close the pipe, so that the program notices. */
static int
down_stop(struct pump *p)
{
	close_fd(&p->from);
	p->down_over = 1;
	shutdown(p->out, SHUT_WR); /* a pipe has to wait for pump_bye */
	return 1;
}

static int
down_fill(struct pump *p)
{
	ssize_t n = read(p->from, p->down.data, sizeof(p->down.data));

	p->down.start = 0;
	p->down.end = n > 0 ? (size_t)n : 0;
	if (n == -1 && is_later(errno)) {
		p->wait_from = 1;
		return 0;
	}
	if (n <= 0) {
		close_fd(&p->from);
		p->from_over = 1;
	}
	return 1;
}

/* Note what libtls waits for; 0 if that will never come. */
static int
down_wait(struct pump *p, ssize_t want)
{
	if (want == TLS_WANT_POLLOUT)
		p->wait_out = 1;
	else if (want == TLS_WANT_POLLIN && !p->net_over)
		p->wait_in = 1;
	else
		return 0;
	return 1;
}

static int
down_flush(struct pump *p)
{
	ssize_t n = tls_write(p->tls, p->down.data + p->down.start,
	    p->down.end - p->down.start);

	if (n >= 0) {
		p->down.start += (size_t)n;
		return 1;
	}
	if (down_wait(p, n))
		return 0;
	log_event(LOG_INFO, "client-gone", "error", pump_error(p), NULL);
	return down_stop(p);
}

/* The program has ended its output: send close_notify, then FIN. */
static int
down_close(struct pump *p)
{
	if (down_wait(p, tls_close(p->tls)))
		return 0;
	return down_stop(p);
}

static int
down_step(struct pump *p)
{
	if (p->down_over)
		return 0;
	if (p->broken)
		return down_stop(p);
	if (p->down.start < p->down.end)
		return down_flush(p);
	return p->from != -1 ? down_fill(p) : down_close(p);
}

/* ---- both ---- */

/*
 * Wait for what the two directions need, and for the program to close its
 * pipes, which poll(2) reports unasked.  When the program writes no more, give
 * a client that does not read a limited time.  When the program reads no more
 * either, nobody needs what the client still sends.
 */
static void
pump_wait(struct pump *p)
{
	struct pollfd pfd[4] = {
	    {.fd = p->wait_in ? p->in : -1, .events = POLLIN},
	    {.fd = p->wait_out ? p->out : -1, .events = POLLOUT},
	    {.fd = p->wait_from || !p->from_over ? p->from : -1,
		.events = p->wait_from ? POLLIN : 0},
	    {.fd = p->wait_to || p->down_over ? p->to : -1,
		.events = p->wait_to ? POLLOUT : 0},
	};
	int n = poll(pfd, 4, p->from_over && !p->down_over ? PUMP_FLUSH_MS : -1);

	if (n == 0) {
		log_event(LOG_WARNING, "stalled", "error",
		    "the client does not read", NULL);
		down_stop(p);
	}
	if (n <= 0)
		return;
	if (pfd[2].revents & (POLLHUP | POLLERR))
		p->from_over = 1;
	if (!p->wait_to && (pfd[3].revents & (POLLHUP | POLLERR)))
		close_fd(&p->to);
}

void
pump_run(struct pump *p, int to, int from)
{
	int moved;

	p->to = to;
	p->from = from;
	if (nonblocking(to) == -1 || nonblocking(from) == -1)
		p->broken = 1;
	while (!p->down_over || p->to != -1) {
		p->wait_in = p->wait_out = p->wait_to = p->wait_from = 0;
		moved = up_step(p);
		moved |= down_step(p);
		if (!moved && (!p->down_over || p->to != -1))
			pump_wait(p);
	}
	close_fd(&p->from);
}

void
pump_bye(int in, int out)
{
	long long deadline = clock_ms() + PUMP_LINGER_MS;
	struct pollfd pfd = {.fd = in, .events = POLLIN};
	char trash[4096];
	ssize_t n = 1;
	size_t got = 0;

	shutdown(out, SHUT_WR);
	if (out != in)
		close(out);
	while (n > 0 && got < PUMP_LINGER &&
	    poll(&pfd, 1, clock_left(deadline)) > 0) {
		n = read(in, trash, sizeof(trash));
		got += n > 0 ? (size_t)n : 0;
	}
	close(in);
}
