/*
 * wipe: JSON values hold secrets for as long as a request is made; what
 * they leave in memory is overwritten.
 */
#ifndef WIPE_H
#define WIPE_H

/* Make jansson overwrite what it frees.  Before its first use. */
void wipe_install(void);

/* Overwrite and free what jansson gave out as a string. */
void wipe_free(void *);

#endif
