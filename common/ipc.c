/*
 * ipc: writes and reads frames.  Pure: session/ask.c and delivery/client.c send
 * and receive the octets.
 */
#include <string.h>

#include "common/ipc.h"

int
ipc_is_id(const char *s)
{
	size_t n = strspn(s, "0123456789abcdefghijklmnopqrstuvwxyz"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.:+=@");

	return n <= IPC_ID_MAX && s[n] == '\0';
}

const char *
ipc_outcome_name(enum ipc_outcome o)
{
	static const char *const names[] = {
		[IPC_OUTCOME_ACCEPTED] = "accepted",
		[IPC_OUTCOME_DUPLICATE] = "duplicate",
		[IPC_OUTCOME_UNKNOWN] = "unknown",
		[IPC_OUTCOME_PERMANENT] = "permanent",
		[IPC_OUTCOME_CREDENTIALS] = "credentials",
		[IPC_OUTCOME_FAILED] = "failed",
		[IPC_OUTCOME_REFUSED] = "refused",
		[IPC_OUTCOME_TEMPORARY] = "temporary",
		[IPC_OUTCOME_UNCLEAR] = "unclear",
		[IPC_OUTCOME_LOST] = "lost",
		[IPC_OUTCOME_TIMEOUT] = "timeout",
		[IPC_OUTCOME_UNREACHABLE] = "unreachable",
		[IPC_OUTCOME_INTERNAL] = "internal",
		[IPC_OUTCOME_LIMITED] = "limited",
		[IPC_OUTCOME_HELD] = "held",
	};

	return names[o];
}

void
ipc_begin(struct buf *b, enum ipc_type type)
{
	buf_reset(b);
	ipc_put_u32(b, 0);
	ipc_put_u8(b, type);
}

void
ipc_put_u8(struct buf *b, unsigned v)
{
	buf_putc(b, (char)(v & 0xff));
}

static void
encode_u32(unsigned char p[4], uint32_t v)
{
	p[0] = (unsigned char)(v >> 24);
	p[1] = (unsigned char)(v >> 16);
	p[2] = (unsigned char)(v >> 8);
	p[3] = (unsigned char)v;
}

static uint32_t
decode_u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

void
ipc_put_u32(struct buf *b, uint32_t v)
{
	unsigned char p[4];

	encode_u32(p, v);
	buf_put(b, p, sizeof(p));
}

void
ipc_put_str(struct buf *b, const char *s, size_t n)
{
	ipc_put_u32(b, (uint32_t)n);
	buf_put(b, s, n);
}

int
ipc_end(struct buf *b)
{
	if (b->overflow || b->len - IPC_HEAD > IPC_FRAME_MAX)
		return -1;
	encode_u32((unsigned char *)b->p, (uint32_t)(b->len - IPC_HEAD));
	return 0;
}

long
ipc_size(const void *p, size_t n)
{
	uint32_t len;

	if (n < IPC_HEAD)
		return 0;
	len = decode_u32(p);
	return len < 1 || len > IPC_FRAME_MAX ? -1 : (long)len + IPC_HEAD;
}

void
ipc_open(struct ipc_frame *f, const void *p, size_t n)
{
	f->p = (const unsigned char *)p + IPC_HEAD;
	f->left = n - IPC_HEAD;
	f->bad = 0;
	f->type = ipc_get_u8(f);
}

/* The next n octets; or NULL, and then the frame is bad. */
static const unsigned char *
take(struct ipc_frame *f, size_t n)
{
	const unsigned char *p = f->p;

	if (f->bad || n > f->left) {
		f->bad = 1;
		return NULL;
	}
	f->p += n;
	f->left -= n;
	return p;
}

unsigned
ipc_get_u8(struct ipc_frame *f)
{
	const unsigned char *p = take(f, 1);

	return p != NULL ? *p : 0;
}

uint32_t
ipc_get_u32(struct ipc_frame *f)
{
	const unsigned char *p = take(f, 4);

	return p != NULL ? decode_u32(p) : 0;
}

void
ipc_get_str(struct ipc_frame *f, char *out, size_t max)
{
	size_t n = ipc_get_u32(f);
	const unsigned char *p;

	out[0] = '\0';
	if (n > max)
		f->bad = 1;
	if ((p = take(f, n)) == NULL)
		return;
	if (memchr(p, '\0', n) != NULL) {
		f->bad = 1;
		return;
	}
	memcpy(out, p, n);
	out[n] = '\0';
}

int
ipc_close(const struct ipc_frame *f)
{
	return f->bad || f->left != 0 ? -1 : 0;
}
