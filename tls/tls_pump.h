/*
 * tls_pump: one TLS connection between a client's descriptors and the two pipes
 * of a program: handshake, pump in both directions, close.  It starts no
 * process and opens nothing.
 */
#ifndef TLS_PUMP_H
#define TLS_PUMP_H

#include <stddef.h>
#include <tls.h>

#define PUMP_CHUNK     (16 * 1024)	/* octets that each buffer holds */
#define PUMP_FLUSH_MS  30000	/* for the client to read the last octets */
#define PUMP_LINGER_MS 2000	/* for the client to close its side, too */
#define PUMP_LINGER    (64 * 1024) /* octets that are dropped meanwhile */

struct pump_buf {
	unsigned char data[PUMP_CHUNK];
	size_t start, end;
};

struct pump {
	struct tls *tls;
	int in, out;		/* the client's; in may be out */
	int to, from;		/* the program's pipes; -1: closed */
	int heard;		/* the client sent an octet */
	int net_over;		/* its transport ended, cleanly or not */
	int net_errno;		/* why it ended; 0: end of file */
	int from_over;		/* nobody writes to from any more */
	int up_over;		/* nothing more comes from the client */
	int down_over;		/* nothing more goes to the client */
	int broken;		/* TLS failed in both directions */
	int wait_in, wait_out, wait_to, wait_from;	/* what to poll for */
	struct pump_buf net;	/* from the client, encrypted */
	struct pump_buf up;	/* from the client, in clear */
	struct pump_buf down;	/* from the program */
};

enum pump_result {
	PUMP_OK,
	PUMP_SILENT,	/* the client left and never sent an octet */
	PUMP_TIMEOUT,
	PUMP_FAILED	/* pump_error says why */
};

/*
 * Take over a connection: the client's descriptors become non-blocking.
 * Returns 0, or -1 (pump_error).
 */
int pump_open(struct pump *, struct tls *server, int in, int out);

/* Shake hands, until a deadline of clock_ms(). */
enum pump_result pump_handshake(struct pump *, long long deadline);

/*
 * Pump until both directions have ended.  It writes to, reads from, makes both
 * non-blocking and closes them.  If the client ends without TLS's close_notify
 * (RFC 8446, 6.1), that is logged, and the program sees an end of file.
 */
void pump_run(struct pump *, int to, int from);

/*
 * Close the client's descriptors so that the last octets still arrive: a socket
 * that is closed with unread octets is reset, which destroys octets under way.
 */
void pump_bye(int in, int out);

/* What went wrong, in words. */
const char *pump_error(const struct pump *);

#endif
