/*
 * wipe: jansson's values and libcurl's strings hold secrets while a request
 * is made; this allocator overwrites them when they are freed.
 */
#ifndef WIPE_H
#define WIPE_H

#include <stddef.h>

/* Make jansson use this allocator; call it before anything of jansson's. */
void wipe_install(void);

/*
 * p, or the end of the process if it is NULL: memory has run out.  A message
 * that lacks a recipient, an id or an option must not go out; each session
 * gets a 451 from its own side of the link.
 */
void *wipe_must(void *p);

/*
 * An allocator for libraries that let one choose.  Free what it returns, and
 * jansson's strings, with wipe_free, which overwrites the memory.
 * None of them returns NULL.
 */
void *wipe_alloc(size_t);
void *wipe_calloc(size_t, size_t);
void *wipe_realloc(void *, size_t);
char *wipe_strdup(const char *);
void wipe_free(void *);

#endif
