/*
 * wrapper: smtp2sms-tls around a single session, ours or another wrapper
 * that speaks UCSPI-TLS.  A listener's sessions come by TLS in another way:
 * see line.h.
 */
#ifndef WRAPPER_H
#define WRAPPER_H

#include "session/argv.h"
#include "session/peer.h"

/* In the environment: the PROXY header was read before the wrapper. */
#define WRAPPER_PROXY_DONE "SMTP2SMS_PROXY_DONE"

/* The descriptors of UCSPI-TLS, for STARTTLS; control is -1: none. */
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
 * Become smtp2sms-tls, which runs this very program.  The peer is told to it,
 * since it cannot ask a pipe.  Returns if that cannot be: it is logged.
 */
void wrapper_become(const struct program *, const struct peer *);

/*
 * Ask the wrapper for TLS and wait for the end of the handshake, until the
 * deadline of clock_ms(): 0, or -1.  Behind it is what the wrapper says of it:
 * the value of a variable, or NULL.
 */
int wrapper_start_tls(const struct wrapper *, long long deadline);
const char *wrapper_variable(const char *name);

/*
 * The command line of smtp2sms-tls up to the user, the certificate and the
 * key; mode is an option in front of the others, or NULL.
 */
void wrapper_command(struct argv *, const struct program *,
    const char *mode);

/* ... and what comes behind the options. */
void wrapper_finish(struct argv *, const struct program *);

/* Have smtp2sms-tls check certificate and key; its exit status. */
int wrapper_test(const struct program *);

#endif
