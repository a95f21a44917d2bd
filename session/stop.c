/*
 * stop: see stop.h.
 */
#include <signal.h>
#include <time.h>

#include "common/clock.h"
#include "session/stop.h"

static struct {
	int caught;
	long long deadline;
} self;

/* The signal is unblocked only in ppoll(2), so no other code runs meanwhile. */
static void
on_term(int sig)
{
	(void)sig;
	if (self.deadline == 0)
		self.deadline = clock_ms() + STOP_WAIT;
}

void
stop_catch(void)
{
	struct sigaction sa = {.sa_handler = on_term};
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_SETMASK, &term, NULL);
	sigaction(SIGTERM, &sa, NULL);
	self.caught = 1;
}

int
stop_poll(struct pollfd *p, int ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};
	sigset_t none;

	if (!self.caught)
		return poll(p, 1, ms);
	sigemptyset(&none);
	return ppoll(p, 1, &ts, &none);
}

long long
stop_deadline(void)
{
	return self.deadline;
}
