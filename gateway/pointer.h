/*
 * pointer: JSON pointers (RFC 6901), in which `*` stands for every element
 * of an array or every member of an object.
 */
#ifndef POINTER_H
#define POINTER_H

#include <stddef.h>

#include <jansson.h>

#define POINTER_TOKEN_MAX 127	/* octets of one step */

/* 1 if it is a pointer: "" (the whole), or '/' and steps. */
int pointer_is(const char *);

/* The first value that it leads to; borrowed.  NULL if there is none. */
json_t *pointer_get(json_t *, const char *);

/* Asked of each target; NULL: there is nothing. */
typedef int (*pointer_test)(json_t *, const void *);

struct pointer_count {
	size_t targets;	/* that it leads to, whether there or not */
	size_t passed;	/* those where the test returned 1 */
};

/*
 * Ask the test of every target.  A step that leads nowhere is one target,
 * which is not there; `*` over something empty has none.
 */
void pointer_walk(json_t *, const char *, pointer_test, const void *arg,
    struct pointer_count *);

/* A string, a number, true or false as text; "" for anything else. */
void pointer_text(json_t *, char *out, size_t room);

#endif
