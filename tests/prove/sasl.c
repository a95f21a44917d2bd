/*
 * auth.c: the responses of PLAIN and LOGIN, once base64 is off them (RFC 4616).
 *
 * Proved, for any octets (up to 6, NULs among them, a NUL behind, as
 * base64_decode() leaves them), with rooms of 2 octets for the user's name
 * and 2 for the secret: nothing is read behind the NUL, nothing is written
 * beyond a room.  PLAIN is done exactly when the octets are an authorization
 * identity, NUL, a user's name that is not empty and finds room, NUL, and a
 * secret that finds room, without further NULs, and nobody asks to act for
 * somebody else; user and secret are then these.  LOGIN gives the two lines.
 * Bound: octets of the response, and of the rooms, which are larger in earnest;
 * the code compares with them in one place, copy().  Bearer tokens (RFC 7628)
 * are too large for this: tests/fuzz_session.c and unit_auth have them.
 *
 * prove plain_is_rfc4616 --unwind 8
 * prove login_gives_its_lines --unwind 8
 * mutant plain_is_rfc4616 auth.c: n > max || memchr -> n > max + 1 || memchr
 * mutant plain_is_rfc4616 auth.c: *s != '\0' && strcmp(s, a->user) != 0 -> \
 *     *s == '\1' && strcmp(s, a->user) != 0
 * mutant login_gives_its_lines auth.c: a->step++ == 0 -> a->step++ == 1
 */
#define PROVE_STRINGS
#include "tests/prove/libc.h"

#include "common/ipc.h"
#undef IPC_USER_MAX
#undef IPC_SECRET_MAX
#define IPC_USER_MAX   2
#define IPC_SECRET_MAX 2
#include "auth.c"

#define OCTETS 6

size_t nondet_size(void);
char nondet_char(void);

static char *
any_octets(size_t *n)
{
	char *s;
	size_t i;

	*n = nondet_size();
	__CPROVER_assume(*n <= OCTETS);
	s = __CPROVER_allocate(*n + 1, 0);
	for (i = 0; i < *n; i++)
		s[i] = nondet_char();
	s[*n] = '\0';
	return s;
}

static int
is_string(const char *s, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (s[i] == '\0')
			return 1;
	return 0;
}

/* 1 if the n octets at s are the string at p. */
static int
is_this(const char *p, const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != s[i])
			return 0;
	return p[n] == '\0';
}

void
plain_is_rfc4616(void)
{
	struct auth a = {.mechanism = AUTH_PLAIN};
	size_t n, at[2] = {0, 0}, nuls = 0, nuser, nsecret, i;
	char *s = any_octets(&n);
	int done = read_plain(&a, s, n) == AUTH_DONE;

	for (i = 0; i < n; i++)
		if (s[i] == '\0') {
			if (nuls < 2)
				at[nuls] = i;
			nuls++;
		}
	__CPROVER_assert(is_string(a.user, sizeof(a.user)) &&
	    is_string(a.secret, sizeof(a.secret)), "strings in their rooms");
	if (nuls != 2) {
		__CPROVER_assert(!done, "two NULs");
		return;
	}
	nuser = at[1] - at[0] - 1;
	nsecret = n - at[1] - 1;
	__CPROVER_assert(done == (nuser >= 1 && nuser <= IPC_USER_MAX &&
	    nsecret <= IPC_SECRET_MAX && (at[0] == 0 || (at[0] == nuser &&
	    is_this(a.user, s, nuser)))), "who is done");
	if (done)
		__CPROVER_assert(is_this(a.user, s + at[0] + 1, nuser) &&
		    is_this(a.secret, s + at[1] + 1, nsecret), "as given");
}

void
login_gives_its_lines(void)
{
	struct auth a = {.mechanism = AUTH_LOGIN};
	size_t nuser, nsecret;
	char *user = any_octets(&nuser), *secret = any_octets(&nsecret);

	if (read_login(&a, user, nuser) != AUTH_CHALLENGE) {
		__CPROVER_assert(nuser > IPC_USER_MAX ||
		    strlen(user) != nuser, "a name that does not fit");
		return;
	}
	if (read_login(&a, secret, nsecret) == AUTH_DONE)
		__CPROVER_assert(nuser > 0 && is_this(a.user, user, nuser) &&
		    is_this(a.secret, secret, nsecret), "as given");
}
