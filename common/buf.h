/*
 * buf: a buffer over storage of a fixed size that the caller owns.  What does
 * not fit is left out, and overflow is set for good: the caller looks at it
 * once, at the end.
 */
#ifndef BUF_H
#define BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *p;	/* always NUL-terminated */
	size_t len;	/* octets in use, without the NUL */
	size_t cap;	/* octets of storage, with the NUL */
	int overflow;	/* something did not fit */
};

/* Begin with an empty buffer over cap octets of storage, at least 1. */
void buf_init(struct buf *, char *, size_t);

/* Empty the buffer and forget the overflow; the octets stay in memory. */
void buf_reset(struct buf *);

/* Empty the buffer and overwrite all its storage: for secrets. */
void buf_wipe(struct buf *);

/* Shorten to at most len octets. */
void buf_cut(struct buf *, size_t);

/* Append all of it; or nothing, if it does not fit, and set overflow. */
void buf_put(struct buf *, const void *, size_t);
void buf_putc(struct buf *, char);
void buf_puts(struct buf *, const char *);
void buf_vfmt(struct buf *, const char *, va_list)
    __attribute__((format(printf, 2, 0)));
void buf_fmt(struct buf *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* Append the octets as base64 with padding (RFC 4648, 4). */
void buf_base64(struct buf *, const void *, size_t);

#endif
