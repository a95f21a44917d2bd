/*
 * pool: which of the connections that libcurl keeps may still be used.
 *
 * libcurl opens, keeps and chooses connections; this file opens their sockets
 * for it, so that it can look at the one that was chosen before a request goes
 * out.  A request on a connection that the gateway has just closed is lost,
 * and nobody can tell whether it was taken.
 */
#ifndef POOL_H
#define POOL_H

#include <curl/curl.h>

#define POOL_IDLE_MAX 55 /* seconds a connection is kept unused; common
			    servers and balancers close theirs at 60 */

/* CURLOPT_OPENSOCKETFUNCTION and CURLOPT_CLOSESOCKETFUNCTION */
curl_socket_t pool_open(void *, curlsocktype, struct curl_sockaddr *);
int pool_close(void *, curl_socket_t);

struct pool_conn;

/* Kernel's time limit for data that is not acknowledged, milliseconds. */
void pool_set_timeout(long ms);

/*
 * A request is about to go out on the connection whose own port is this.
 * Returns the connection, until pool_release; or NULL if the request must go
 * over a fresh one: the gateway has closed this one, or may be about to.
 */
struct pool_conn *pool_use(int port);

/* What is known of a connection after a request. */
struct pool_news {
	int http2;
	long promise;	/* milliseconds the gateway keeps it; 0: not said */
	int failed;	/* the request had no whole answer */
	int silent;	/* and nothing of one in time */
};

/* The request on it is over; libcurl may have closed it. */
void pool_release(struct pool_conn *, const struct pool_news *);

/* Nothing more shall come over it. */
void pool_break(struct pool_conn *);

/* No connection that is open now will be used for another request. */
void pool_distrust_all(void);

/*
 * Descriptors that tell when the gateway closes an idle connection: how long
 * it keeps them.  Fills at most max, returns their number; then, after the
 * wait, pool_watched with the same.
 */
unsigned pool_watch(struct curl_waitfd *, unsigned max);
void pool_watched(const struct curl_waitfd *, unsigned n);

#endif
