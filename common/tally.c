/*
 * tally: see tally.h.
 */
#include <string.h>

#include "common/tally.h"

/*
 * u32 alone, u32 for each enum tally_auth and each enum tally_tls, u32 n,
 * n times (u32 code, u32 count) with ascending codes
 */
void
tally_put(struct buf *b, const struct tally *t)
{
	uint32_t n = 0;
	size_t i;

	ipc_begin(b, REQ_TALLY);
	ipc_put_u32(b, t->alone);
	for (i = 0; i < TALLY_AUTHS; i++)
		ipc_put_u32(b, t->auth[i]);
	for (i = 0; i < TALLY_TLSS; i++)
		ipc_put_u32(b, t->tls[i]);
	for (i = 0; i < TALLY_CODES; i++)
		n += t->reply[i] > 0;
	ipc_put_u32(b, n);
	for (i = 0; i < TALLY_CODES; i++) {
		if (t->reply[i] == 0)
			continue;
		ipc_put_u32(b, (uint32_t)i + TALLY_CODE_MIN);
		ipc_put_u32(b, t->reply[i]);
	}
	ipc_end(b);
}

int
tally_is(const void *p, size_t n)
{
	return n > IPC_HEAD && ((const unsigned char *)p)[IPC_HEAD] == REQ_TALLY;
}

static uint32_t
get_count(struct ipc_frame *f)
{
	uint32_t n = ipc_get_u32(f);

	f->bad |= n > TALLY_COUNT_MAX;
	return n;
}

int
tally_get(struct ipc_frame *f, struct tally *t)
{
	uint32_t i, n, code, last = TALLY_CODE_MIN - 1;

	memset(t, 0, sizeof(*t));
	t->alone = ipc_get_u32(f);
	f->bad |= t->alone > 1;
	for (i = 0; i < TALLY_AUTHS; i++)
		t->auth[i] = get_count(f);
	for (i = 0; i < TALLY_TLSS; i++)
		t->tls[i] = get_count(f);
	n = ipc_get_u32(f);
	for (i = 0; i < n && !f->bad; i++) {
		code = ipc_get_u32(f);
		if (code <= last || code >= TALLY_CODE_MIN + TALLY_CODES)
			return -1;
		last = code;
		t->reply[code - TALLY_CODE_MIN] = get_count(f);
	}
	return ipc_close(f);
}
