/*
 * metrics: figures of all sessions for Prometheus.  The counters are in a
 * file of memory, FILE.counts, which every process of this host adds to at
 * once: nothing that was counted is lost when a process is killed.  FILE is
 * written from it, beside and renamed.
 *
 * Until metrics_open nothing is counted, and each call costs nothing.
 */
#ifndef METRICS_H
#define METRICS_H

#include "common/tally.h"

#define METRICS_SERIES	  1024	/* with different labels, in all */
#define METRICS_LABEL	  68	/* octets of a label's value, with its NUL */
#define METRICS_LISTENERS 64	/* whose open sessions are counted */
/* what stands for a gateway where none was asked: the journal knew, say */
#define METRICS_NO_GATEWAY "none"
#define METRICS_PAUSE	  1000	/* milliseconds between two writings */

enum metrics_family {
	METRICS_MESSAGES,	/* gateway, outcome */
	METRICS_RECIPIENTS,	/* gateway, outcome */
	METRICS_PARTS,		/* gateway, outcome */
	METRICS_REPLIES,	/* code */
	METRICS_AUTH,		/* result */
	METRICS_GATEWAY,	/* metrics_seconds */
	METRICS_GATEWAY_SUM,	/* ... its sum, in milliseconds */
	METRICS_SESSIONS,	/* metrics_sessions */
	METRICS_CONNECTIONS,	/* result */
	METRICS_TLS,		/* result */
	METRICS_HELD_BACK,
	METRICS_RECEIPTS,	/* state */
	METRICS_CLAIMS,		/* result */
	METRICS_FAMILIES
};

/* Count from now on.  0, or -1: it has been logged. */
int metrics_open(const char *file);

/* In a process that was forked: the memory is the parent's. */
void metrics_forget(void);

/* 1 if something is counted. */
int metrics_are_on(void);

/*
 * Add n to the series with these values of the family's labels: NULL for the
 * labels that it does not have.  With n 0 the series is there from now on.
 */
void metrics_add(enum metrics_family, const char *value, const char *second,
    unsigned long n);

/* A gateway has answered after so long. */
void metrics_seconds(const char *gateway, long ms);

/* All series of a gateway are there from now on, so that increases show. */
void metrics_gateway(const char *gateway);

/* What a session has told at its end. */
void metrics_tally(const struct tally *);

/* How many sessions this listener has open. */
void metrics_sessions(unsigned long n);

/*
 * Write FILE if a second has passed since the last time and something was
 * counted in this process.  Lower *ms to when that will be.
 */
void metrics_turn(int *ms);

/* Write FILE now, at the end of a process, if something was counted. */
void metrics_end(void);

/* Show what there is in this file's counters.  0, or -1 with errno. */
int metrics_print(const char *file);

#endif
