/*
 * headers: a request's header fields, and what authenticates it.
 */
#ifndef HEADERS_H
#define HEADERS_H

#include <stddef.h>

#include <jansson.h>

struct gateway_request;
struct template_values;

/* Overwrite and free n octets, or a string; NULL is neither. */
void headers_wipe(char *, size_t);
void headers_wipe_string(char *);

/* Add a field; its value is malloced, and taken over.  0, or -1. */
int headers_add(struct gateway_request *, const char *name, char *value);

/* Add those of a descriptor's object that have a value.  0, or -1. */
int headers_fill(struct template_values *, json_t *,
    struct gateway_request *);

/*
 * Add what the first way needs whose values are all set.  Returns 0, also
 * if the descriptor has no ways; -1 if none has its values.  The body must
 * be there: it may be signed.
 */
int headers_authenticate(struct template_values *, struct gateway_request *);

#endif
