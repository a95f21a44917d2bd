/*
 * utf8.c against RFC 3629, section 4, written down once more below.
 *
 * Proved: for every string of one to four octets, utf8_length says how many
 * octets the first character has, or that the string is the beginning of one,
 * or that it is none, as the grammar of the RFC does; `bad` is 1 to 3 octets
 * and never more than there are.  For every code point but surrogates,
 * utf8_write writes what utf8_length takes, and it is the same code point.
 * Neither reads or writes beyond what it is given.
 * Bound: none is needed; the functions look at four octets at most.
 *
 * prove length_is_rfc3629 --unwind 6
 * prove write_is_read --unwind 6
 * mutant length_is_rfc3629 common/utf8.c: s[0] > 0xf4 -> s[0] > 0xf5
 * mutant length_is_rfc3629 common/utf8.c: low = 0xa0; -> low = 0x9f;
 * mutant write_is_read common/utf8.c: c < 0x800 ? 2 -> c <= 0x800 ? 2
 */
#include "common/utf8.c"

size_t nondet_size(void);
uint32_t nondet_u32(void);
unsigned char nondet_octet(void);

static int
is_tail(unsigned char c)
{
	return c >= 0x80 && c <= 0xbf;
}

/* UTF8-2, UTF8-3, UTF8-4 of the RFC: may b follow a? */
static int
is_second(unsigned char a, unsigned char b)
{
	switch (a) {
	case 0xe0:
		return b >= 0xa0 && b <= 0xbf;
	case 0xed:
		return b >= 0x80 && b <= 0x9f;
	case 0xf0:
		return b >= 0x90 && b <= 0xbf;
	case 0xf4:
		return b >= 0x80 && b <= 0x8f;
	default:
		return is_tail(b);
	}
}

static int
size_of(unsigned char a)
{
	return a <= 0x7f		? 1 :
	    a >= 0xc2 && a <= 0xdf	? 2 :
	    a >= 0xe0 && a <= 0xef	? 3 :
	    a >= 0xf0 && a <= 0xf4	? 4 :
					  -1;
}

static int
reference(const unsigned char *s, size_t n)
{
	int size = size_of(s[0]);

	if (size > 1 && n > 1 && !is_second(s[0], s[1]))
		return -1;
	if (size > 2 && n > 2 && !is_tail(s[2]))
		return -1;
	if (size > 3 && n > 3 && !is_tail(s[3]))
		return -1;
	return size == -1 ? -1 : (size_t)size <= n ? size : 0;
}

void
length_is_rfc3629(void)
{
	unsigned char s[UTF8_MAX];
	size_t n = nondet_size(), bad = 0;
	int got;

	__CPROVER_assume(n >= 1 && n <= UTF8_MAX);
	unsigned char *p = __CPROVER_allocate(n, 0);
	for (size_t i = 0; i < n; i++)
		p[i] = s[i] = nondet_octet();
	got = utf8_length((char *)p, n, &bad);
	__CPROVER_assert(got == reference(s, n), "as RFC 3629 has it");
	__CPROVER_assert(bad >= 1 && bad <= 3 && bad <= n, "one mistake");
	__CPROVER_assert(utf8_length((char *)p, n, NULL) == got, "no bad");
}

void
write_is_read(void)
{
	char s[UTF8_MAX];
	unsigned char *u = (unsigned char *)s;
	uint32_t c = nondet_u32(), again;
	size_t n;

	__CPROVER_assume(c <= 0x10ffff && (c < 0xd800 || c > 0xdfff));
	n = utf8_write(s, c);
	__CPROVER_assert(n >= 1 && n <= UTF8_MAX, "one to four octets");
	__CPROVER_assert(utf8_length(s, n, NULL) == (int)n, "a character");
	again = n == 1 ? u[0] :
	    n == 2     ? (u[0] & 0x1fu) << 6 | (u[1] & 0x3fu) :
	    n == 3     ? (u[0] & 0x0fu) << 12 | (u[1] & 0x3fu) << 6 |
			 (u[2] & 0x3fu) :
			 (u[0] & 0x07u) << 18 | (u[1] & 0x3fu) << 12 |
			 (u[2] & 0x3fu) << 6 | (u[3] & 0x3fu);
	__CPROVER_assert(again == c, "the same code point");
}
