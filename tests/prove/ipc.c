/*
 * ipc.c: a frame of hostile octets is read without a step beyond it.
 *
 * Proved: for any head of up to 8 octets, ipc_size wants more, refuses, or
 * says a size within the cap.  By induction over one call: for a frame in any
 * state over any octets (up to 12 are left), a getter takes what it returns
 * and no more, a wrong one takes nothing further and leaves the frame bad for
 * good, and a string that it returns has no NUL inside and one at its end,
 * within max + 1 octets.  So any sequence of getters is safe on any frame,
 * however long: what is left only ever shrinks.  What the putters wrote, the
 * getters return.
 * Bound: 12 octets left, strings of up to 4.  Not said: that a caller's `out`
 * has max + 1 octets of room.
 *
 * prove size_is_capped --unwind 10
 * prove get_u8_stays_inside --unwind 14
 * prove get_u32_stays_inside --unwind 14
 * prove get_str_stays_inside --unwind 14
 * prove what_is_put_is_got --unwind 26
 * mutant size_is_capped common/ipc.c: len > IPC_FRAME_MAX ? -> \
 *     len > 2 * IPC_FRAME_MAX ?
 * mutant get_u8_stays_inside common/ipc.c: f->bad || n > f->left -> \
 *     f->bad || n > f->left + 1
 * mutant get_str_stays_inside common/ipc.c: if (n > max) -> if (n > max + 1)
 * mutant what_is_put_is_got common/ipc.c: p[1] = (unsigned char)(v >> 16) -> \
 *     p[1] = (unsigned char)(v >> 8)
 */
#include "tests/prove/libc.h"

#include "common/buf.c"
#include "common/ipc.c"

#define LEFT 12	/* octets */
#define TEXT 4	/* octets of a string */

size_t nondet_size(void);
uint32_t nondet_u32(void);
int nondet_int(void);
unsigned char nondet_octet(void);

static unsigned char *
any_octets(size_t n)
{
	unsigned char *p = __CPROVER_allocate(n, 0);
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = nondet_octet();
	return p;
}

static struct ipc_frame
any_frame(void)
{
	struct ipc_frame f;

	f.left = nondet_size();
	f.bad = nondet_int() != 0;
	f.type = nondet_octet();
	__CPROVER_assume(f.left <= LEFT);
	f.p = any_octets(f.left);
	return f;
}

/* What holds behind each getter that may take n octets at most. */
static void
must_hold(const struct ipc_frame *f, const struct ipc_frame *was, size_t n)
{
	__CPROVER_assert(f->left <= was->left, "what is left shrinks");
	__CPROVER_assert(was->left - f->left <= n, "no more than it returns");
	__CPROVER_assert(f->p == was->p + (was->left - f->left), "in step");
	__CPROVER_assert(!was->bad || f->bad, "bad for good");
	__CPROVER_assert(!was->bad || f->left == was->left, "takes nothing");
	__CPROVER_assert((ipc_close(f) == 0) == (!f->bad && f->left == 0),
	    "closed when nothing is left over");
}

void
size_is_capped(void)
{
	size_t n = nondet_size();
	long size;

	__CPROVER_assume(n <= 8);
	size = ipc_size(any_octets(n), n);
	__CPROVER_assert(n >= IPC_HEAD || size == 0, "more is needed");
	__CPROVER_assert(n < IPC_HEAD || size == -1 ||
	    (size > IPC_HEAD && size <= IPC_HEAD + IPC_FRAME_MAX), "capped");
}

void
get_u8_stays_inside(void)
{
	struct ipc_frame f = any_frame(), was = f;
	unsigned v = ipc_get_u8(&f);

	must_hold(&f, &was, 1);
	__CPROVER_assert(f.bad ? v == 0 : v == was.p[0], "the octet");
}

void
get_u32_stays_inside(void)
{
	struct ipc_frame f = any_frame(), was = f;
	uint32_t v = ipc_get_u32(&f);

	must_hold(&f, &was, 4);
	__CPROVER_assert(!f.bad || v == 0, "0 where there is none");
}

void
get_str_stays_inside(void)
{
	struct ipc_frame f = any_frame(), was = f;
	size_t max = nondet_size(), i = nondet_size(), n;
	char *out;

	__CPROVER_assume(max <= TEXT);
	out = __CPROVER_allocate(max + 1, 0);
	ipc_get_str(&f, out, max);
	must_hold(&f, &was, 4 + LEFT);
	for (n = 0; out[n] != '\0'; n++)
		;
	__CPROVER_assert(n <= max, "a NUL within max + 1 octets");
	__CPROVER_assert(!f.bad || n == 0, "empty where there is none");
	if (!f.bad) {
		__CPROVER_assert(was.left - f.left == 4 + n, "all of it");
		if (i < n)
			__CPROVER_assert(out[i] == (char)was.p[4 + i], "as is");
	}
}

void
what_is_put_is_got(void)
{
	char storage[24], text[TEXT + 1], got[TEXT + 1];
	unsigned u8 = nondet_octet(), type = nondet_octet();
	uint32_t u32 = nondet_u32();
	size_t n = nondet_size(), i = nondet_size();
	struct ipc_frame f;
	struct buf b;

	__CPROVER_assume(n <= TEXT);
	for (size_t k = 0; k < n; k++) {
		text[k] = (char)nondet_octet();
		__CPROVER_assume(text[k] != '\0');
	}
	buf_init(&b, storage, sizeof(storage));
	ipc_begin(&b, (enum ipc_type)type);
	ipc_put_u8(&b, u8);
	ipc_put_u32(&b, u32);
	ipc_put_str(&b, text, n);
	__CPROVER_assert(ipc_end(&b) == 0, "it fits");
	__CPROVER_assert(ipc_size(b.p, b.len) == (long)b.len, "its size");
	ipc_open(&f, b.p, b.len);
	__CPROVER_assert(f.type == type, "the type");
	__CPROVER_assert(ipc_get_u8(&f) == u8, "an octet");
	__CPROVER_assert(ipc_get_u32(&f) == u32, "a number");
	ipc_get_str(&f, got, TEXT);
	__CPROVER_assert(ipc_close(&f) == 0, "nothing is left over");
	__CPROVER_assert(got[n] == '\0', "as long");
	if (i < n)
		__CPROVER_assert(got[i] == text[i], "a string");
}
