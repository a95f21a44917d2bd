/*
 * wrapper: smtp2sms-tls, or another wrapper that speaks UCSPI-TLS, around a
 * single session.  The sessions of a listener get TLS in another way: see
 * line.h.
 */
#ifndef WRAPPER_H
#define WRAPPER_H

#include "session/argv.h"
#include "session/peer.h"

/* In the environment: the PROXY header has been read, before the wrapper. */
#define WRAPPER_PROXY_DONE "SMTP2SMS_PROXY_DONE"

/* The descriptors of UCSPI-TLS, for STARTTLS; control -1: there are none. */
struct wrapper {
	int control;
	int in, out;
};

/* Find the descriptors that the environment names. */
void wrapper_find(struct wrapper *);

/* Close them: they belong to the session alone. */
void wrapper_close(const struct wrapper *);

/* 1 if the environment says that descriptors 0 and 1 are TLS already. */
int wrapper_has_tls(void);

/*
 * Execute smtp2sms-tls, which runs this program again.  The environment names
 * the peer, since the program then cannot ask its pipe.  Returns only if that
 * fails; it is logged.
 */
void wrapper_become(const struct program *, const struct peer *);

/*
 * Ask the wrapper for TLS, and wait for the end of the handshake until the
 * deadline of clock_ms().  Returns 0, or -1.  Afterwards wrapper_variable has
 * the values of the wrapper's variables, or NULL.
 */
int wrapper_start_tls(const struct wrapper *, long long deadline);
const char *wrapper_variable(const char *name);

/*
 * Begin the command line of smtp2sms-tls, up to the user, the certificate and
 * the key.  mode is the first option, or NULL.
 */
void wrapper_command(struct argv *, const struct program *,
    const char *mode);

/* Append the user, the certificate and the key. */
void wrapper_finish(struct argv *, const struct program *);

/* Let smtp2sms-tls check certificate and key; returns its exit status. */
int wrapper_test(const struct program *);

#endif
