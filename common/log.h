/*
 * log: one line of key=value for each event, to syslog or to standard
 * error.  Values from outside are escaped here.
 */
#ifndef LOG_H
#define LOG_H

#include <stddef.h>
#include <syslog.h>

#define LOG_LINE_MAX 2048	/* octets of a line; the rest is cut */
#define LOG_LIMIT    20		/* lines of log_limited in one second */

/*
 * ident names the program; to_stderr: descriptor 2, else syslog's mail, or
 * descriptor 2 after all where there is no syslog and it is no socket but the
 * journal's.  A line for the journal of systemd begins with its priority.
 */
void log_open(const char *ident, int to_stderr);

/* 1 if somebody listens for syslog(3). */
int log_has_syslog(void);

/*
 * The descriptor that the log needs besides descriptor 2, or -1: whoever
 * closes what it has inherited keeps this one.
 */
int log_descriptor(void);

/*
 * May a line wait a moment until it can be written?  It may at first.  In a
 * process on which others wait it must not: then it is lost.
 */
void log_may_wait(int);

/*
 * A key and value that every later line carries behind its event, in the
 * order of the first call; NULL takes the key out.  At most four.
 */
void log_context(const char *key, const char *value);

/*
 * Log an event with pairs of key and value, a NULL key at the end; a pair
 * whose value is NULL is left out.
 */
void log_event(int priority, const char *event, ...)
    __attribute__((sentinel));

/*
 * The same for what a client can cause at no cost: at most LOG_LIMIT lines a
 * second for each struct log_limit, which belongs to one session and is all
 * zero at its start, but for the session's name where log_context does not say
 * it.  The number of lines that were left out is logged in a later second, or
 * by log_limit_end.
 */
struct log_limit {
	const char *session;
	long long second;
	unsigned lines;		/* of this second */
	unsigned long left_out;
};
void log_limited(struct log_limit *, int priority, const char *event, ...)
    __attribute__((sentinel));
void log_limit_end(struct log_limit *);

/* A number as a value: LOG_NUM(n) lives until the end of the statement. */
#define LOG_NUM(n)    log_number((char[24]){0}, (long long)(n))
#define LOG_MASKED(s) log_masked((char[24]){0}, (s))
const char *log_number(char [24], long long);

/* A phone number with all but its last four digits masked. */
const char *log_masked(char [24], const char *);

#endif
