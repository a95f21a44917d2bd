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

/* What it leads to first; borrowed, NULL if there is nothing. */
json_t *pointer_get(json_t *, const char *);

/* What is asked at a place; NULL: there is nothing. */
typedef int (*pointer_test)(json_t *, const void *);

struct pointer_count {
	size_t places;	/* that it leads to, there or not */
	size_t passed;	/* where the test returned 1 */
};

/*
 * Ask the test at every place.  A step that leads nowhere is one place,
 * where there is nothing; `*` over something empty is none.
 */
void pointer_walk(json_t *, const char *, pointer_test, const void *arg,
    struct pointer_count *);

/* The string or number as text, "" if it is neither; true and false, too. */
void pointer_text(json_t *, char *out, size_t room);

#endif
