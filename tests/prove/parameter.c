/*
 * parameter.c: values of ESMTP parameters, against their grammars, written
 * down once more below.
 *
 * Proved, for any string of up to 6 octets: no function reads behind its NUL;
 * xtext is what RFC 3461, 4, and RFC 4954, 5, allow: printable ASCII but "="
 * and "+", and "+" with two upper-case digits that stand for printable ASCII;
 * MT-PRIORITY is -9 to 9 with no sign but a needed one (RFC 6710, 4); BY is a
 * number of at most 9 digits with R or N and perhaps T, positive with R (RFC
 * 2852, 4); HOLDFOR is a positive number without leading zeros (RFC 4865,
 * 4); a number in a header field lies in its bounds; and each has the value
 * that is written.
 * Bound: octets of the string.  Dates and their timegm(3) are unit_parameter's.
 *
 * prove xtext_is_rfc3461 --unwind 12
 * prove level_is_rfc6710 --unwind 12
 * prove by_is_rfc2852 --unwind 12
 * prove hold_is_rfc4865 --unwind 12
 * prove number_is_in_its_bounds --unwind 12
 * mutant xtext_is_rfc3461 session/parameter.c: low == 15 -> low == 14
 * mutant level_is_rfc6710 session/parameter.c: (minus && *s == '0') -> 0
 * mutant by_is_rfc2852 session/parameter.c: *returned && *seconds <= 0 -> \
 *     *returned && *seconds < 0
 * mutant hold_is_rfc4865 session/parameter.c: *s == '0' ? -1 : -> \
 *     *s == 'x' ? -1 :
 * mutant number_is_in_its_bounds session/parameter.c: *n > most -> *n > most + 1
 */
#define PROVE_STRINGS
#include "tests/prove/libc.h"

#include "session/parameter.c"

#define OCTETS 6

size_t nondet_size(void);
long nondet_long(void);
char nondet_char(void);

static char *
any_string(void)
{
	size_t n = nondet_size(), i;
	char *s;

	__CPROVER_assume(n <= OCTETS);
	s = __CPROVER_allocate(n + 1, 0);
	for (i = 0; i < n; i++) {
		s[i] = nondet_char();
		__CPROVER_assume(s[i] != '\0');
	}
	s[n] = '\0';
	return s;
}

static int
is_hexchar(const char *s)
{
	int high = hex(s[1]), low = high == -1 ? -1 : hex(s[2]);

	return low != -1 && 16 * high + low > 31 && 16 * high + low < 127;
}

void
xtext_is_rfc3461(void)
{
	char *s = any_string();
	int want = *s != '\0', i, skip = 0;

	for (i = 0; i < OCTETS && s[i] != '\0'; i++) {
		if (skip > 0)
			skip--;
		else if (s[i] == '+' && is_hexchar(s + i))
			skip = 2;
		else if (s[i] < '!' || s[i] > '~' || s[i] == '+' ||
		    s[i] == '=')
			want = 0;
		if (!want)
			break;
	}
	__CPROVER_assert((parameter_xtext(s) == 0) == want, "xtext");
}

/* The value of the digits at *s, which moves on; their number in *n. */
static long
digits(const char **s, int *n)
{
	long v = 0;

	for (*n = 0; **s >= '0' && **s <= '9'; (*s)++, (*n)++)
		v = 10 * v + **s - '0';
	return v;
}

void
level_is_rfc6710(void)
{
	char *s = any_string();
	const char *p = s + (*s == '-');
	int n, level = 0;
	long v = digits(&p, &n);
	int want = n == 1 && *p == '\0' && (*s != '-' || v > 0);

	__CPROVER_assert((parameter_level(s, &level) == 0) == want, "taken");
	if (want)
		__CPROVER_assert(level == (*s == '-' ? -v : v), "its value");
}

void
by_is_rfc2852(void)
{
	char *s = any_string();
	const char *p = s + (*s == '-' || *s == '+');
	int n, returned = 0, mode, want;
	long v = digits(&p, &n), seconds = 0;

	want = n >= 1 && n <= 9 && *p == ';';
	mode = want ? p[1] & ~32 : 0;
	want = want && (mode == 'R' || mode == 'N');
	if (want) {
		p += 2;
		p += (*p & ~32) == 'T';
		want = *p == '\0' && (mode == 'N' || (v > 0 && *s != '-'));
	}
	__CPROVER_assert((parameter_by(s, &seconds, &returned) == 0) == want,
	    "taken");
	if (want)
		__CPROVER_assert(seconds == (*s == '-' ? -v : v) &&
		    returned == (mode == 'R'), "its value");
}

void
hold_is_rfc4865(void)
{
	char *s = any_string();
	const char *p = s;
	int n;
	long v = digits(&p, &n), seconds = 0;
	int want = n >= 1 && *p == '\0' && *s != '0';

	__CPROVER_assert((parameter_hold(s, &seconds) == 0) == want, "taken");
	if (want)
		__CPROVER_assert(seconds == v && v > 0, "its value");
}

void
number_is_in_its_bounds(void)
{
	char *s = any_string();
	long least = nondet_long(), most = nondet_long(), v = 0;

	__CPROVER_assume(least <= most && most < 1000000000);
	if (parameter_number(s, least, most, &v) == 0)
		__CPROVER_assert(v >= least && v <= most, "in its bounds");
}
