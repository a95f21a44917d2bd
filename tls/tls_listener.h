/*
 * tls_listener: one smtp2sms-tls for all sessions of a listener (-L).
 */
#ifndef TLS_LISTENER_H
#define TLS_LISTENER_H

/*
 * Load libtls and the key once, and fork for each session that the listener on
 * descriptor 0 hands over, until it goes.  Returns the exit status.
 */
int listener_serve(void);

#endif
