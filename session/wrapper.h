/*
 * wrapper: smtp2sms-tls around a single session, ours or another wrapper
 * that speaks UCSPI-TLS.  A listener's sessions come by TLS in another way:
 * see line.h.
 */
#ifndef WRAPPER_H
#define WRAPPER_H

#include "session/peer.h"
#include "session/program.h"

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
 * Put the command line of smtp2sms-tls together, up to certificate and key:
 * the arguments of mode, the configuration's options.  path has room for size
 * octets.  Returns how many arguments there are.
 */
#define WRAPPER_ARGS_MAX 16
size_t wrapper_command(const struct program *, const char *mode,
    char *args[WRAPPER_ARGS_MAX], char *path, size_t size);

/* Have smtp2sms-tls check certificate and key; its exit status. */
int wrapper_test(const struct program *);

#endif
