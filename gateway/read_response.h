/*
 * read_response: the members of a descriptor that say what an answer means.
 */
#ifndef READ_RESPONSE_H
#define READ_RESPONSE_H

struct descriptor;

void read_response(struct descriptor *);

#endif
