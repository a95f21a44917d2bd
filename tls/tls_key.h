/*
 * tls_key: the files of certificate, key and client CAs, and libtls, which
 * reads them.
 */
#ifndef TLS_KEY_H
#define TLS_KEY_H

#include <tls.h>

/*
 * Read the files and check cheaply whether TLS will work with them.  Start
 * libtls only where a cheap check does not suffice: its start costs more than
 * all the rest of a session.  Ends the process if the files are wrong.
 */
void key_load(void);

/* Start libtls, if it has not started.  Returns NULL, or what is wrong. */
const char *key_start(void);

/* Read the files again; if they are wrong, log it and keep the old ones. */
void key_reload(void);

/* The server that libtls has set up; NULL: none yet, or no good files. */
struct tls *key_server(void);

#endif
