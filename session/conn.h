/*
 * conn: every octet to and from the client.
 */
#ifndef CONN_H
#define CONN_H

#include <stddef.h>

#include "session/dots.h"

#define CONN_IN_MAX  16384	/* octets read ahead */
#define CONN_OUT_MAX 4096	/* octets of replies held back */
#define CONN_LINE_MAX 12288	/* octets of a line with its CRLF, RFC 4954 */
#define CONN_TAIL     4		/* "\n.\r\n" */
#define CONN_DOT_WAIT 10000	/* milliseconds until CONN_UNENDED */
#define CONN_HEAD     16	/* octets that are kept of a dropped line */

enum conn_status {
	CONN_OK,
	CONN_END,	/* conn_data: the message is complete */
	CONN_UNENDED,	/* conn_data: the client believes so, and waits */
	CONN_EOF,	/* the client has gone */
	CONN_TIMEOUT,
	CONN_LONG,	/* the line was over CONN_LINE_MAX and is dropped */
	CONN_BARE,	/* a bare CR or LF, or a NUL: the line is dropped */
	CONN_DROPPED	/* the rest of a line that was CONN_BARE */
};

struct conn {
	int in, out;
	enum dots_lf lf;
	long long until;	/* deadline of everything, clock_ms */
	int wait;		/* milliseconds for a line, or for more data */
	int gone;		/* the client has hung up */
	int timed_out;		/* a deadline has passed */
	char head[CONN_HEAD + 1]; /* the first octets of a dropped line */

	/* private */
	size_t start, end;	/* the octets of inbuf that are still unread */
	size_t outlen;
	enum conn_status skip;	/* CONN_BARE or CONN_LONG: drop until CRLF */
	int at_line;		/* waits for a command: see stop.h */
	struct dots dots;
	char tail[CONN_TAIL];	/* the last octets taken of a message */
	char inbuf[CONN_IN_MAX], outbuf[CONN_OUT_MAX];
};

void conn_init(struct conn *, int in, int out, enum dots_lf);

/*
 * Read the next line, without its end, NUL-terminated; it stays valid until the
 * next call.  Output that is held back is written before it waits.  Returns
 * CONN_OK, or CONN_EOF, CONN_TIMEOUT, CONN_LONG, CONN_BARE, CONN_DROPPED; in
 * the last three cases head has the first octets of the line.
 */
enum conn_status conn_line(struct conn *, char **line, size_t *len);

/*
 * The next piece of the message that follows DATA, dots unstuffed (RFC
 * 5321, 4.5.2): CONN_OK with at least one octet.  CONN_END behind
 * CRLF.CRLF, and then conn_bare tells whether the message must be refused.
 * CONN_UNENDED if nothing more comes behind a dot on a line of its own that
 * ends the message for a client without CRLF, but not here: then the session
 * must end, and nothing be sent.  conn_data_begin comes first.
 */
void conn_data_begin(struct conn *);
enum conn_status conn_data(struct conn *, const char **, size_t *);
int conn_bare(const struct conn *);

/*
 * The next piece of a chunk of BDAT (RFC 3030, section 2), of which *left
 * octets are still to come: CONN_OK with at least one octet, by which *left
 * is less; CONN_END when it is 0.  No octet has a meaning here; that there
 * was a bare CR, a bare LF or a NUL is only noted.  conn_data_begin comes
 * before the first chunk, conn_data_end behind the last one.
 */
enum conn_status conn_chunk(struct conn *, size_t *left, const char **,
    size_t *);
void conn_data_end(struct conn *);

/* Hold back output until a read has to wait; conn_flush writes it now. */
void conn_write(struct conn *, const char *, size_t);
void conn_flush(struct conn *);

/* Overwrite the lines that were read: one held a secret. */
void conn_forget(struct conn *);

/*
 * Go on with other descriptors, those of a TLS wrapper.  Returns -1 if there
 * are octets left that came in clear: they must never be run (RFC 3207, 4.2).
 */
int conn_switch(struct conn *, int in, int out);

/*
 * Write the last reply, and wait until the client has hung up, so that it can
 * read the reply: at most ms milliseconds, even past the deadline.
 */
void conn_farewell(struct conn *, int ms);

/*
 * End the output, and drop what the client still sends until it hangs up, for
 * at most ms milliseconds: a socket that is closed with unread octets is reset,
 * and the client may lose the last reply.
 */
void conn_bye(int in, int out, int ms);

/*
 * Write what is held back, and wait for ms milliseconds (a delay against
 * guessing): not beyond the deadline, and not once the client has gone.
 */
void conn_pause(struct conn *, int ms);

/* Move the deadline, if needed, so that at least ms milliseconds are left. */
void conn_grant(struct conn *, int ms);

#endif
