/*
 * buf.c: all or nothing, and the NUL behind it.
 *
 * Proved, for any buffer of 1 to 16 octets of storage in any state that its
 * functions leave it in: no function reads or writes beyond the storage or
 * what it is given; what fits is appended behind what was there, which stays;
 * what does not fit changes nothing but the sticky overflow; the last octet is
 * a NUL.  buf_cut never makes it longer; buf_wipe leaves no octet.
 * buf_base64 writes what RFC 4648, section 4, says, for up to 6 octets.
 * Bound: 16 octets of storage.  No function knows a size of its own, so the
 * size is not what a mistake would hang on; buf_vfmt is libc's vsnprintf.
 *
 * prove put_all_or_nothing --unwind 18
 * prove cut_and_reset --unwind 18
 * prove wipe_leaves_nothing --unwind 18
 * prove base64_is_rfc4648 --unwind 18
 * mutant put_all_or_nothing common/buf.c: n >= b->cap - b->len -> \
 *     n > b->cap - b->len
 * mutant cut_and_reset common/buf.c: if (len < b->len) -> if (len != b->len)
 * mutant wipe_leaves_nothing common/buf.c: explicit_bzero(b->p, b->cap) -> \
 *     explicit_bzero(b->p, b->len)
 * mutant base64_is_rfc4648 common/buf.c: v >> 12 & 63 -> v >> 11 & 63
 */
#include "tests/prove/libc.h"

#include "common/buf.c"

#define CAP 16

size_t nondet_size(void);
int nondet_int(void);
char nondet_char(void);

static char old[CAP];

/* Any buffer; old keeps what is in it. */
static struct buf
any_buf(void)
{
	struct buf b;
	size_t i;

	b.cap = nondet_size();
	b.len = nondet_size();
	b.overflow = nondet_int() != 0;
	__CPROVER_assume(b.cap >= 1 && b.cap <= CAP && b.len < b.cap);
	b.p = __CPROVER_allocate(b.cap, 0);
	for (i = 0; i < b.cap; i++)
		b.p[i] = old[i] = nondet_char();
	b.p[b.len] = old[b.len] = '\0';
	return b;
}

static void
must_stand(const struct buf *b, size_t len)
{
	size_t i = nondet_size();

	__CPROVER_assert(b->len < b->cap && b->p[b->len] == '\0', "a NUL");
	__CPROVER_assume(i < len);
	__CPROVER_assert(b->p[i] == old[i], "what was there stays");
}

void
put_all_or_nothing(void)
{
	struct buf b = any_buf(), was = b;
	size_t n = nondet_size(), i = nondet_size();
	char *p;

	__CPROVER_assume(n <= CAP);
	p = __CPROVER_allocate(n, 0);
	for (size_t k = 0; k < n; k++)
		p[k] = nondet_char();
	buf_put(&b, p, n);
	if (n < was.cap - was.len) {
		__CPROVER_assert(b.len == was.len + n, "all of it");
		__CPROVER_assert(b.overflow == was.overflow, "no overflow");
		if (i < n)
			__CPROVER_assert(b.p[was.len + i] == p[i], "in order");
	} else {
		__CPROVER_assert(b.len == was.len && b.overflow, "nothing");
	}
	must_stand(&b, was.len);
}

void
cut_and_reset(void)
{
	struct buf b = any_buf(), was = b;
	size_t n = nondet_size();

	buf_cut(&b, n);
	__CPROVER_assert(b.len == (n < was.len ? n : was.len), "no longer");
	__CPROVER_assert(b.overflow == was.overflow, "overflow is kept");
	must_stand(&b, b.len);
	buf_reset(&b);
	__CPROVER_assert(b.len == 0 && !b.overflow && b.p[0] == '\0', "empty");
}

void
wipe_leaves_nothing(void)
{
	struct buf b = any_buf();
	size_t i = nondet_size();

	buf_wipe(&b);
	__CPROVER_assume(i < b.cap);
	__CPROVER_assert(b.p[i] == 0, "no octet is left");
	__CPROVER_assert(b.len == 0 && !b.overflow, "empty");
}

static int
value_of(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' :
	    c >= 'a' && c <= 'z'    ? c - 'a' + 26 :
	    c >= '0' && c <= '9'    ? c - '0' + 52 :
	    c == '+'		    ? 62 :
	    c == '/'		    ? 63 :
				      -1;
}

void
base64_is_rfc4648(void)
{
	char storage[CAP];
	unsigned char in[6];
	size_t n = nondet_size(), i = nondet_size(), group;
	unsigned long v = 0, w = 0;
	struct buf b;

	__CPROVER_assume(n <= sizeof(in));
	for (size_t k = 0; k < sizeof(in); k++)
		in[k] = (unsigned char)nondet_char();
	buf_init(&b, storage, sizeof(storage));
	buf_base64(&b, in, n);
	__CPROVER_assert(b.len == (n + 2) / 3 * 4 && !b.overflow, "its length");
	__CPROVER_assume(i < n);
	group = i / 3;
	for (size_t k = 0; k < 4; k++) {
		char c = b.p[4 * group + k];
		int padding = 3 * group + k > n;

		__CPROVER_assert(padding ? c == '=' : value_of(c) != -1,
		    "the alphabet, and padding at the end alone");
		v = v << 6 | (unsigned long)(padding ? 0 : value_of(c));
	}
	for (size_t k = 0; k < 3; k++)
		w = w << 8 | (3 * group + k < n ? in[3 * group + k] : 0);
	__CPROVER_assert(v == w, "the same bits");
}
