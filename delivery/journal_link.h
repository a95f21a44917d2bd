/*
 * journal_link: requests to the members of an etcd cluster (its JSON gateway,
 * /v3/), one after the other until one of them answers.  What a request says
 * and an answer means is journal_etcd.c's.
 */
#ifndef JOURNAL_LINK_H
#define JOURNAL_LINK_H

#include <curl/curl.h>

#include "common/config.h"

#define JOURNAL_LINK_WAITS 64 /* descriptors that are waited for */
#define JOURNAL_LINK_ANSWER_MAX (2 * 1024 * 1024) /* octets of an answer */

struct journal_link_answer {
	long status;		/* 0: no member has answered in time */
	const char *body;
	size_t n;
	const char *error;	/* if there is no answer: why */
};

typedef void (*journal_link_done)(void *, const struct journal_link_answer *);

/* Get ready; 0, or -1. */
int journal_link_init(const struct config *);

/*
 * POST the n octets of body, a string of jansson's that is taken over, to the
 * path of one member, then another.  Those that do not answer may have carried it out all the
 * same: it must be a request that may come twice.  done is called once, from
 * journal_link_turn, within ms milliseconds.
 */
void journal_link_ask(const char *path, char *body, size_t n, long ms,
    journal_link_done, void *);

/* The address of the member that was asked last. */
const char *journal_link_member(void);

/*
 * Descriptors to wait for, at most JOURNAL_LINK_WAITS, and how long; then what
 * has happened to them.
 */
unsigned journal_link_prepare(struct curl_waitfd *, int *ms);
void journal_link_turn(const struct curl_waitfd *, unsigned n);

#endif
