/*
 * serve: the sessions that smtp2sms-deliver serves.  Everything a session
 * says is checked as if it had been taken over.
 */
#ifndef SERVE_H
#define SERVE_H

#include <curl/curl.h>

#include "common/config.h"
#include "common/ipc.h"
#include "gateway/descriptor.h"

#define SERVE_FIRST_WAIT 10000 /* milliseconds for a frame to be complete, or an
				  answer to be taken */

void serve_init(const struct config *, const struct descriptor *);

/* What is known of a session that did not say it itself. */
struct serve_setup {
	const char *session, *peer;
	int auth_required;
	int dry;
	int agent;		/* REQ_HELLO has to come first */
};

/* Serve the session on this descriptor.  0, or -1: out of memory. */
int serve_add(int fd, const struct serve_setup *);

/* How many there are. */
size_t serve_count(void);

/* 1 once a session has broken the rules of the link. */
int serve_hostile(void);

/*
 * Let go of all that have nothing under way; the others have their answer
 * first.
 */
void serve_dismiss(void);

/*
 * What to wait for: fills at most max descriptors, returns how many, and
 * sets *ms to the time of the next deadline if that is sooner.
 */
unsigned serve_prepare(struct curl_waitfd *, unsigned max, int *ms);

/* ... and go on with those that something happened to. */
void serve_turn(const struct curl_waitfd *);

#endif
