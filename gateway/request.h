/*
 * request: a descriptor and its values make a request.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "gateway/descriptor.h"
#include "gateway/value.h"

#define REQUEST_URL_MAX	 (64 * 1024)		/* octets, filled in */
#define REQUEST_BODY_MAX (4 * 1024 * 1024)	/* octets, filled in */

struct gateway_request;
struct gateway_texts;

/*
 * Make the request for a message, or one of the other requests; with_login:
 * with credentials.  Returns 0; or -1 if a value that it needs
 * is not set or too long, or if there are no credentials: r->why tells.
 */
int request_send(struct values *, struct gateway_request *r);
int request_call(struct values *, const struct descriptor_call *,
    int with_login, struct gateway_request *r);

/* The values of the body that have to be encrypted; NULL, and r->why. */
struct gateway_texts *request_plain(struct values *, struct gateway_request *r);

/* The request as one line of JSON; malloced, or NULL. */
char *request_show(const struct gateway_request *, enum descriptor_body);

/* Overwrite and free what a request holds. */
void request_free(struct gateway_request *);

#endif
