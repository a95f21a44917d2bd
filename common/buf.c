/*
 * buf: fixed-capacity buffers with a sticky overflow.  Pure: no descriptors,
 * no allocation, no globals.
 */
#include <stdio.h>
#include <string.h>

#include "common/buf.h"

void
buf_init(struct buf *b, char *storage, size_t cap)
{
	b->p = storage;
	b->cap = cap;
	buf_reset(b);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->overflow = 0;
	b->p[0] = '\0';
}

void
buf_wipe(struct buf *b)
{
	explicit_bzero(b->p, b->cap);
	buf_reset(b);
}

void
buf_cut(struct buf *b, size_t len)
{
	if (len < b->len) {
		b->len = len;
		b->p[len] = '\0';
	}
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	if (n >= b->cap - b->len) {
		b->overflow = 1;
		return;
	}
	memcpy(b->p + b->len, p, n);
	b->len += n;
	b->p[b->len] = '\0';
}

void
buf_putc(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_vfmt(struct buf *b, const char *fmt, va_list ap)
{
	size_t room = b->cap - b->len;
	int n = vsnprintf(b->p + b->len, room, fmt, ap);

	if (n < 0 || (size_t)n >= room) {
		b->p[b->len] = '\0';
		b->overflow = 1;
		return;
	}
	b->len += (size_t)n;
}

void
buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(b, fmt, ap);
	va_end(ap);
}

void
buf_base64(struct buf *b, const void *p, size_t n)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *s = p;
	unsigned long v;
	size_t i, k;

	for (i = 0; i < n; i += 3) {
		k = n - i < 3 ? n - i : 3;
		v = (unsigned long)s[i] << 16;
		if (k > 1)
			v |= (unsigned long)s[i + 1] << 8;
		if (k > 2)
			v |= s[i + 2];
		buf_putc(b, set[v >> 18 & 63]);
		buf_putc(b, set[v >> 12 & 63]);
		buf_putc(b, k > 1 ? set[v >> 6 & 63] : '=');
		buf_putc(b, k > 2 ? set[v & 63] : '=');
	}
}
