/*
 * shape: the members of a descriptor that make a request.
 */
#ifndef SHAPE_H
#define SHAPE_H

#include <jansson.h>

struct descriptor;

/* Read all that a request for a message is made of. */
void shape_load(struct descriptor *);

/*
 * Members of any request; sent: it is for a message.  What is wrong is
 * reported.
 */
const char *shape_url(struct descriptor *, json_t *, const char *path,
    int sent);
const char *shape_method(struct descriptor *, json_t *, const char *path,
    const char *otherwise);
json_t *shape_headers(struct descriptor *, json_t *, const char *path,
    int sent);

#endif
