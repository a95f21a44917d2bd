/*
 * read_request: the members of a descriptor that say how requests are made.
 */
#ifndef READ_REQUEST_H
#define READ_REQUEST_H

struct descriptor;

/* Read what the request for a message is made of. */
void read_request(struct descriptor *);

/* Read the other requests: check, warm, lookup.  After read_request. */
void read_request_calls(struct descriptor *);

#endif
