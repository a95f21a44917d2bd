/*
 * base64.c against RFC 4648, section 4.
 *
 * Proved: base64_decode(), for any string of up to 8 octets and any room up
 * to 6, writes nothing beyond the room and its NUL, and takes exactly the
 * strings that are the encoding of some octets that find room (no other
 * digits, padding only where it is due, no bits left over), and gives these
 * octets.  base64_feed(), in any state and on one or two octets, reads and writes
 * what it may, at most an octet for each that it reads, and goes on as if it
 * had been given one octet at a time: it does not matter how a body is cut.
 * Bound: octets of a call.  Of base64_decode() 8 have each neighbour that
 * there is, since it looks at four together; base64_feed() looks at one.
 *
 * prove decode_is_rfc4648 --unwind 10
 * prove cuts_do_not_matter --unwind 5
 * mutant decode_is_rfc4648 common/base64.c: \
 *     (v & (0xffffffUL >> 8 * octets)) -> 0
 * mutant decode_is_rfc4648 common/base64.c: len + octets > max -> len > max
 * mutant cuts_do_not_matter common/base64.c: *pp = p; -> *pp = end;
 */
#include "tests/prove/libc.h"

#include "common/base64.c"

#define CHARS 8
#define ROOM  6

size_t nondet_size(void);
int nondet_int(void);
char nondet_char(void);

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789+/";

/* The encoding of n octets, n at most 6; a NUL behind it. */
static void
encode(const unsigned char *p, size_t n, char *out)
{
	size_t i, k = 0;

	for (i = 0; i < ROOM; i += 3) {
		unsigned a, b, c;

		if (i >= n)
			break;
		a = p[i];
		b = i + 1 < n ? p[i + 1] : 0;
		c = i + 2 < n ? p[i + 2] : 0;
		out[k++] = digits[a >> 2];
		out[k++] = digits[(a & 3) << 4 | b >> 4];
		out[k++] = i + 1 < n ? digits[(b & 15) << 2 | c >> 6] : '=';
		out[k++] = i + 2 < n ? digits[c & 63] : '=';
	}
	out[k] = '\0';
}

/*
 * What is taken encodes to what was given: so nothing else is taken.  And
 * what encodes to it is taken: nondet octets stand for all there are.
 */
void
decode_is_rfc4648(void)
{
	char s[CHARS + 1], again[CHARS + 1], *out;
	unsigned char other[ROOM];
	size_t max = nondet_size(), n = nondet_size(), i;
	long len;

	for (i = 0; i < CHARS; i++)
		s[i] = nondet_char();
	s[CHARS] = '\0';
	__CPROVER_assume(max <= ROOM);
	out = __CPROVER_allocate(max + 1, 0);
	len = base64_decode(s, out, max);
	__CPROVER_assert(len >= -1 && len <= (long)max, "finds room");
	if (len >= 0) {
		__CPROVER_assert(out[len] == '\0', "a NUL");
		encode((unsigned char *)out, (size_t)len, again);
		__CPROVER_assert(strcmp(s, again) == 0, "its encoding");
	}
	__CPROVER_assume(n <= max);
	for (i = 0; i < ROOM; i++)
		other[i] = (unsigned char)nondet_char();
	encode(other, n, again);
	if (strcmp(s, again) == 0) {
		__CPROVER_assert(len == (long)n, "all of it");
		for (i = 0; i < ROOM; i++)
			if (i < n)
				__CPROVER_assert((unsigned char)out[i] ==
				    other[i], "these octets");
	}
}

#define FED 2

/* Feed until all is taken; base64_feed stops behind padding. */
static size_t
feed_all(struct base64 *b, const char *p, size_t n, char *out)
{
	const char *end = p + n;
	size_t k = 0;

	while (p < end)
		k += base64_feed(b, &p, (size_t)(end - p), out + k);
	return k;
}

void
cuts_do_not_matter(void)
{
	struct base64 whole, cut;
	size_t n = nondet_int() != 0 ? 1 : FED, k, got = 0, i;
	char in[FED], out[FED], pieces[FED];

	for (i = 0; i < FED; i++)
		in[i] = nondet_char();
	whole.digits = nondet_size();
	whole.bits = (unsigned)nondet_int();
	whole.padded = nondet_int() != 0;
	__CPROVER_assume(whole.digits < 4 && whole.bits <= 0xffffff);
	cut = whole;
	k = feed_all(&whole, in, n, out);
	__CPROVER_assert(k <= n, "no more than it reads");
	for (i = 0; i < n; i++)
		got += feed_all(&cut, in + i, 1, pieces + got);
	__CPROVER_assert(got == k, "as many");
	for (i = 0; i < k; i++)
		__CPROVER_assert(out[i] == pieces[i], "the same");
	__CPROVER_assert(whole.digits == cut.digits &&
	    whole.bits == cut.bits && whole.padded == cut.padded, "the state");
}
