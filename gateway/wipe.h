/*
 * wipe: JSON values and libcurl's strings hold secrets for as long as a
 * request is made; what they leave in memory is overwritten.
 */
#ifndef WIPE_H
#define WIPE_H

#include <stddef.h>

/* Make jansson overwrite what it frees.  Before its first use. */
void wipe_install(void);

/*
 * malloc(3) and its kin, for a library that takes them; what comes from here
 * (jansson's strings, too) goes by wipe_free, which overwrites it.
 */
void *wipe_alloc(size_t);
void *wipe_calloc(size_t, size_t);
void *wipe_realloc(void *, size_t);
char *wipe_strdup(const char *);
void wipe_free(void *);

#endif
