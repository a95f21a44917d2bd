/*
 * serve: the sessions that smtp2sms-deliver serves, one or many at a time.
 * A session that breaks the rules gets no answer, and no other is concerned.
 */
#ifndef SERVE_H
#define SERVE_H

#include <curl/curl.h>

#include "common/config.h"
#include "gateway/descriptor.h"

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

/* Close the links of all that wait for no answer; the others get theirs. */
void serve_dismiss(void);

/*
 * Free the clients that have gone, and fill in what to wait for: at most max
 * descriptors.  Returns how many, and lowers *ms to the next deadline.
 */
unsigned serve_prepare(struct curl_waitfd *, unsigned max, int *ms);

/* Go on with the clients whose descriptors or deadlines are due. */
void serve_turn(const struct curl_waitfd *);

#endif
