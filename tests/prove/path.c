/*
 * path.c: the paths of MAIL and RCPT (RFC 5321, 4.1.2).
 *
 * Proved, for any string of up to 7 octets, with rooms of 3 octets for the
 * local part and 2 for the domain: path_parse() and path_skip() read nothing
 * behind its NUL and write nothing beyond a room.  Where either says yes:
 * *end is a blank or the NUL of the string; blanks in front left aside, what
 * stands before it begins with "<" exactly if it ends with ">"; both parts are
 * strings in their rooms without control characters; and the local part is
 * empty with "<>" alone.  What path_skip() takes has neither a blank nor a
 * quote nor another bracket inside, so that nobody can disagree about its end.
 * Bound: octets of the string, and of the rooms, which are larger in earnest:
 * the code compares with them in one place, take_run() and take_quoted().
 *
 * prove parse_is_sound --unwind 10
 * prove skip_is_sound --unwind 10
 * mutant parse_is_sound common/path.c: bracket ? *s != '>' : -> \
 *     bracket ? *s == '<' :
 * mutant parse_is_sound common/path.c: *s == 0x7f || n >= room -> \
 *     *s == 0x7f || n > room
 * mutant skip_is_sound common/path.c: c > ' ' && c < 0x7f && c != '<' -> \
 *     c > '\0' && c < 0x7f && c != '<'
 */
#define PROVE_STRINGS
#include "tests/prove/libc.h"

#include "common/path.h"
#undef PATH_LOCAL_MAX
#undef PATH_DOMAIN_MAX
#define PATH_LOCAL_MAX	3
#define PATH_DOMAIN_MAX 2
#define path proved_path

struct path {
	char local[PATH_LOCAL_MAX + 1];
	char domain[PATH_DOMAIN_MAX + 1];
	int utf8;
};

#define path_parse proved_path_parse
#define path_skip  proved_path_skip

#include "common/path.c"
#include "common/utf8.c"

#define OCTETS 7

size_t nondet_size(void);
char nondet_char(void);

/* A string of OCTETS octets or fewer, in so much storage. */
static char *
any_string(size_t *n)
{
	char *s;
	size_t i;

	*n = nondet_size();
	__CPROVER_assume(*n <= OCTETS);
	s = __CPROVER_allocate(*n + 1, 0);
	for (i = 0; i < *n; i++) {
		s[i] = nondet_char();
		__CPROVER_assume(s[i] != '\0');
	}
	s[*n] = '\0';
	return s;
}

/* 1 if a NUL ends it within size octets, and nothing before is a control. */
static int
is_clean(const char *s, size_t size)
{
	size_t i;

	for (i = 0; i < size && s[i] != '\0'; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return 0;
	return i < size;
}

/* What holds for both; from: the first octet behind the blanks. */
static void
must_be_sound(const char *s, size_t n, const char *from, const char *end,
    const struct path *p)
{
	__CPROVER_assert(end > from && end <= s + n, "in the string");
	__CPROVER_assert(*end == ' ' || *end == '\0', "where a path may end");
	__CPROVER_assert((*from == '<') == (end[-1] == '>'),
	    "both brackets, or none");
	__CPROVER_assert(is_clean(p->local, sizeof(p->local)) &&
	    is_clean(p->domain, sizeof(p->domain)), "strings, no controls");
	if (p->local[0] == '\0')
		__CPROVER_assert(end - from == 2 && *from == '<',
		    "only <> is empty");
}

static const char *
behind_blanks(const char *s)
{
	while (*s == ' ')
		s++;
	return s;
}

void
parse_is_sound(void)
{
	size_t n;
	char *s = any_string(&n);
	const char *end = NULL;
	struct path p;

	if (path_parse(s, &end, &p) == 0)
		must_be_sound(s, n, behind_blanks(s), end, &p);
}

void
skip_is_sound(void)
{
	size_t n, i;
	char *s = any_string(&n);
	const char *end = NULL, *from = behind_blanks(s);
	struct path p;

	if (path_skip(s, &end, &p) == -1)
		return;
	must_be_sound(s, n, from, end, &p);
	for (i = 1; i < OCTETS; i++)
		if (i + 1 < (size_t)(end - from))
			__CPROVER_assert(from[i] != ' ' && from[i] != '"' &&
			    from[i] != '<' && from[i] != '>', "one end");
}
