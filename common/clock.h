/*
 * clock: deadlines are milliseconds of the monotonic clock.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <time.h>

static inline long long
clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The time until a deadline, for poll(2); 0 if it has passed. */
static inline int
clock_left(long long deadline)
{
	long long left = deadline - clock_ms();

	return left <= 0 ? 0 : left > 1000000000 ? 1000000000 : (int)left;
}

#endif
