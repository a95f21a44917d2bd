/*
 * line: the session's side of line.h; listener_slot.c has the listener's.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fds.h"
#include "common/log.h"
#include "session/line.h"

#define ANSWER_WAIT 5000	/* milliseconds for the listener */

static int line = -1;

void
line_init(int fd)
{
	line = fd;
}

int
line_has_listener(void)
{
	return line != -1;
}

static void
lose(const char *why)
{
	log_event(LOG_WARNING, "listener", "error", why, NULL);
	close(line);
	line = -1;
}

static int
send_word(enum line_word word, const void *more, size_t n)
{
	char message[LINE_MAX_SIZE];

	if (line == -1)
		return -1;
	message[0] = (char)word;
	if (n > 0)
		memcpy(message + 1, more, n);
	if (write(line, message, n + 1) == -1) {
		lose(strerror(errno));
		return -1;
	}
	return 0;
}

/* Wait for the listener's answer; LINE_NO if there is none. */
static enum line_word
receive(int fds[LINE_FDS])
{
	long long deadline = clock_ms() + ANSWER_WAIT;
	struct pollfd p = {.fd = line, .events = POLLIN};
	char word;
	int n;

	do
		n = poll(&p, 1, clock_left(deadline));
	while (n == -1 && errno == EINTR);
	if (n == 1 && fds_receive(line, &word, 1, fds, LINE_FDS) == 1)
		return (enum line_word)word;
	lose(n == 0 ? "no answer" : "the listener has gone");
	return LINE_NO;
}

void
line_failed(void)
{
	send_word(LINE_FAILED, NULL, 0);
}

enum line_word
line_peer(const struct peer *peer)
{
	int fds[LINE_FDS];
	enum line_word word = LINE_NO;

	if (send_word(LINE_PEER, peer, sizeof(*peer)) == 0)
		word = receive(fds);
	return word == LINE_NO ? LINE_FULL : word;
}

int
line_tls(struct wrapper *w)
{
	int fds[LINE_FDS];

	if (send_word(LINE_TLS, NULL, 0) == -1 || receive(fds) != LINE_GO ||
	    fds[LINE_FDS - 1] == -1)
		return -1;
	*w = (struct wrapper){fds[0], fds[1], fds[2]};
	return 0;
}
