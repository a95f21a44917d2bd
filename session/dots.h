/*
 * dots: where a message ends (RFC 5321, 4.1.1.4), which dots are stuffing
 * (4.5.2), and whether its lines end as they must (2.3.8).  Pure.
 */
#ifndef DOTS_H
#define DOTS_H

#include <stddef.h>

/* What a bare LF is: see bare-lf in smtp2sms.conf(5). */
enum dots_lf {
	DOTS_LF_REFUSE,
	DOTS_LF_REPAIR,	/* ends a command; inside a message becomes CRLF */
	DOTS_LF_EQUAL	/* the same as CRLF everywhere */
};

struct dots {
	enum dots_lf lf;
	int state;
	int bare;	/* the message holds a bare CR, a bare LF or a NUL */
	int ended;	/* the end-of-mail-data indicator has been taken */
};

/* Before the first octet of a message, or of its first chunk. */
void dots_begin(struct dots *, enum dots_lf);

/*
 * Take octets of a message that DATA began: of the n octets at s, n at least
 * 1, take the framing (stuffed dots, or the end) and behind it what stands
 * in the same line.  Returns how many octets were taken, at least 1; the
 * first *framing of them belong to the framing, the others are text.  Behind
 * CRLF.CRLF it stops and sets ended; then it must not be called again.
 */
size_t dots_take(struct dots *, const char *s, size_t n, size_t *framing);

/*
 * Take octets of a chunk of BDAT (RFC 3030, section 2), n at least 1, up to
 * the end of a line: no dot has a meaning, only bare is noted.  Returns how
 * many were taken, at least 1: all of them are text.
 */
size_t dots_take_chunk(struct dots *, const char *s, size_t n);

/* Behind the last chunk: a CR that nothing followed is bare. */
void dots_end_chunks(struct dots *);

#endif
