/*
 * tally: what a session counts of itself, and tells over the link when it
 * ends: a frame REQ_TALLY.  Pure.
 */
#ifndef TALLY_H
#define TALLY_H

#include <stdint.h>

#include "common/ipc.h"

#define TALLY_CODE_MIN	200	/* of a reply */
#define TALLY_CODES	400
#define TALLY_COUNT_MAX 10000000 /* what a session may claim of anything */
#define TALLY_FRAME_MAX (IPC_HEAD + 64 + TALLY_CODES * 8) /* octets */

enum tally_auth {
	TALLY_AUTH_OK,
	TALLY_AUTH_UNCHECKED,	/* kept for the gateway, which judges it */
	TALLY_AUTH_WRONG,
	TALLY_AUTH_TEMPORARY,
	TALLY_AUTHS
};

enum tally_tls { TALLY_TLS_OK, TALLY_TLS_FAILED, TALLY_TLSS };

/* All zero: nothing has happened. */
struct tally {
	uint32_t alone;		/* 1: no listener counts its connection */
	uint32_t auth[TALLY_AUTHS], tls[TALLY_TLSS];
	uint32_t reply[TALLY_CODES];	/* by code, less TALLY_CODE_MIN */
};

/* The whole frame, in a buffer of TALLY_FRAME_MAX octets. */
void tally_put(struct buf *, const struct tally *);

/* 1 if these first n octets are of such a frame. */
int tally_is(const void *, size_t n);

/*
 * Take an opened frame apart.  Returns 0, or -1: a sound session would not
 * have written it.
 */
int tally_get(struct ipc_frame *, struct tally *);

#endif
