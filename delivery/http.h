/*
 * http: one HTTP request and its answer, by libcurl.  All that are under way
 * share one pool of connections.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stddef.h>

#include <curl/curl.h>

#include "common/config.h"
#include "gateway/gateway.h"

#define HTTP_HEAD_MAX	65536 /* octets of an answer's headers, trailers and
				 interim (1xx) answers together */
#define HTTP_LINES_MAX	500   /* ... and their lines */
#define HTTP_TRIES	4     /* of a request that was surely not processed */

/* What became of a request. */
struct http_result {
	int answered;		/* there is an answer: status, body */
	enum ipc_outcome outcome;	/* if there is none: why */
	int sent;		/* the gateway may have had the request */
	long status;
	const char *body;
	size_t len;
	int whole;		/* the body is all there was */
	long retry_after;	/* seconds; 0: it did not say */
	const char *error;	/* libcurl's words; "": none */
	long ms;		/* since http_start */
};

typedef void (*http_done)(void *, const struct http_result *);

/* Get ready; 0, or -1. */
int http_init(const struct config *);

/*
 * Begin a request, which is taken over and freed.  At most agent-requests
 * run at a time; others wait for their turn.  done is called once, from
 * http_turn, within ms milliseconds.
 */
void http_start(struct gateway_request *, long ms, http_done, void *);

/* Make the request when its turn has come; 0, or -1 and its `why`. */
typedef int (*http_make)(void *, struct gateway_request *);

/*
 * The same with a request that must not be processed twice.  It is made when
 * it is sent, since many large ones may wait.  If its connection breaks
 * before there is an answer, the outcome is LOST; one of http_start is then
 * sent again.
 */
void http_start_once(http_make, long ms, http_done, void *);

/*
 * 1 if there is likely a connection that is open and not in use: more were
 * needed at a time, a little while ago, than are now.
 */
int http_is_warm(void);

/*
 * Go on with all of them; wait for something to happen to them or to the
 * descriptors, at most ms milliseconds.
 */
void http_turn(struct curl_waitfd *, unsigned n, int ms);

#endif
