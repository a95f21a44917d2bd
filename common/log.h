/*
 * log: one line of key=value for each event, to syslog or to standard
 * error.  Values from outside are escaped here.
 */
#ifndef LOG_H
#define LOG_H

#include <stddef.h>
#include <syslog.h>

#define LOG_LINE_MAX 2048	/* octets of a line; the rest is cut */
#define LOG_LIMIT    20		/* lines of log_limited in a second */

/*
 * ident names the program; to_stderr: descriptor 2, else syslog's mail, or
 * descriptor 2 after all where there is no syslog and it is no socket but the
 * journal's.  A line for the journal of systemd begins with its priority.
 */
void log_open(const char *ident, int to_stderr);

/* 1 if there is a syslogd. */
int log_has_syslog(void);

/*
 * The descriptor that the log needs besides descriptor 2, or -1.  Keep it when
 * you close inherited descriptors.
 */
int log_descriptor(void);

/*
 * Whether to wait a moment for a log that nobody reads; at first, yes.  Say no
 * in a process that others wait for: lines are lost instead.
 */
void log_may_wait(int);

/*
 * Set a key and value that all later lines have after their event, in the order
 * of the first call; NULL removes the key.  At most four.
 */
void log_context(const char *key, const char *value);

/*
 * Log an event with pairs of key and value, ended by a NULL key.  A pair whose
 * value is NULL is left out.
 */
void log_event(int priority, const char *event, ...)
    __attribute__((sentinel));

/*
 * The same for what a client can cause at no cost: at most LOG_LIMIT lines a
 * second for each struct log_limit, which belongs to one session and is all
 * zero at its start, except for the session's name if log_context does not have
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
