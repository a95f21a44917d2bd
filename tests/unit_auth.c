/* auth: exchanges, row by row. */
#include <stdlib.h>

#include "auth.h"
#include "common/buf.h"
#include "tap.h"

static struct auth a;

static const struct {
	const char *mechanism, *initial, *answer, *answer2;
	enum auth_status want;
	const char *user, *secret;
} rows[] = {
	/* \0user\0pass */
	{"PLAIN", "AHVzZXIAcGFzcw==", NULL, NULL, AUTH_DONE, "user", "pass"},
	{"plain", NULL, "AHVzZXIAcGFzcw==", NULL, AUTH_DONE, "user", "pass"},
	/* user\0user\0pass, me\0user\0pass */
	{"PLAIN", "dXNlcgB1c2VyAHBhc3M=", NULL, NULL, AUTH_DONE, "user",
	    "pass"},
	{"PLAIN", "bWUAdXNlcgBwYXNz", NULL, NULL, AUTH_REFUSED, NULL, NULL},
	/* \0user\0, \0\0pass */
	{"PLAIN", "AHVzZXIA", NULL, NULL, AUTH_DONE, "user", ""},
	{"PLAIN", "AABwYXNz", NULL, NULL, AUTH_REFUSED, NULL, NULL},
	{"PLAIN", "=", NULL, NULL, AUTH_MALFORMED, NULL, NULL},
	{"PLAIN", NULL, "", NULL, AUTH_MALFORMED, NULL, NULL},
	{"PLAIN", NULL, "*", NULL, AUTH_CANCELLED, NULL, NULL},
	/* user, \0user, \0user\0pa\0ss */
	{"PLAIN", "dXNlcg==", NULL, NULL, AUTH_MALFORMED, NULL, NULL},
	{"PLAIN", "AHVzZXI=", NULL, NULL, AUTH_MALFORMED, NULL, NULL},
	{"PLAIN", "AHVzZXIAcGEAc3M=", NULL, NULL, AUTH_MALFORMED, NULL, NULL},
	/* base64 that is none: length, alphabet, padding, loose bits */
	{"PLAIN", "AHVzZXIAcGFzcw", NULL, NULL, AUTH_MALFORMED, NULL, NULL},
	{"PLAIN", "AHVzZXIAcGFz!w==", NULL, NULL, AUTH_MALFORMED, NULL, NULL},
	{"PLAIN", "AHVz=ZXIAcGFzcw=", NULL, NULL, AUTH_MALFORMED, NULL, NULL},
	{"PLAIN", "AHVzZXIAcGFzcx==", NULL, NULL, AUTH_MALFORMED, NULL, NULL},
	{"PLAIN", "AHVzZXIAcGFzc===", NULL, NULL, AUTH_MALFORMED, NULL, NULL},
	{"PLAIN", "====", NULL, NULL, AUTH_MALFORMED, NULL, NULL},
	{"LOGIN", NULL, "dXNlcg==", "cGFzcw==", AUTH_DONE, "user", "pass"},
	{"LOGIN", "dXNlcg==", "cGFzcw==", NULL, AUTH_DONE, "user", "pass"},
	{"LOGIN", "dXNlcg==", "*", NULL, AUTH_CANCELLED, NULL, NULL},
	{"LOGIN", "dXNlcg==", "?", NULL, AUTH_MALFORMED, NULL, NULL},
	{"LOGIN", "=", "cGFzcw==", NULL, AUTH_REFUSED, NULL, NULL},
	/* user=u ^A auth=Bearer tok ^A ^A */
	{"XOAUTH2", "dXNlcj11AWF1dGg9QmVhcmVyIHRvawEB", NULL, NULL, AUTH_DONE,
	    "u", "tok"},
	/* without the last ^A, without auth= */
	{"XOAUTH2", "dXNlcj11AWF1dGg9QmVhcmVyIHRvaw==", NULL, NULL,
	    AUTH_MALFORMED, NULL, NULL},
	{"XOAUTH2", "dXNlcj11AQE=", NULL, NULL, AUTH_MALFORMED, NULL, NULL},
	/* n,a=u,^Ahost=h^Aauth=Bearer tok^A^A; n,,^Aauth=Bearer tok^A^A */
	{"OAUTHBEARER", "bixhPXUsAWhvc3Q9aAFhdXRoPUJlYXJlciB0b2sBAQ==", NULL,
	    NULL, AUTH_DONE, "u", "tok"},
	{"OAUTHBEARER", "biwsAWF1dGg9QmVhcmVyIHRvawEB", NULL, NULL, AUTH_DONE,
	    "", "tok"},
	{"CRAM-MD5", NULL, NULL, NULL, AUTH_UNKNOWN, NULL, NULL},
	{"", NULL, NULL, NULL, AUTH_UNKNOWN, NULL, NULL},
};

static void
test_rows(void)
{
	enum auth_status st;
	size_t i;
	int ok;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		st = auth_begin(&a, rows[i].mechanism, rows[i].initial, NULL);
		if (st == AUTH_CHALLENGE && rows[i].answer != NULL)
			st = auth_response(&a, rows[i].answer);
		if (st == AUTH_CHALLENGE && rows[i].answer2 != NULL)
			st = auth_response(&a, rows[i].answer2);
		ok = st == rows[i].want;
		if (st == AUTH_DONE && ok)
			ok = strcmp(a.user, rows[i].user) == 0 &&
			    strcmp(a.secret, rows[i].secret) == 0;
		tap_ok(ok, "row %zu: %s", i, rows[i].mechanism);
	}
}

static void
test_prompts(void)
{
	auth_begin(&a, "LOGIN", NULL, NULL);
	tap_is(a.challenge, "VXNlcm5hbWU6", "Username:");
	auth_response(&a, "dXNlcg==");
	tap_is(a.challenge, "UGFzc3dvcmQ6", "Password:");
	auth_begin(&a, "PLAIN", NULL, NULL);
	tap_is(a.challenge, "", "PLAIN's challenge is empty");
	tap_ok(auth_wrong(&a) == AUTH_REFUSED, "PLAIN has no last challenge");
	auth_begin(&a, "XOAUTH2", "dXNlcj11AWF1dGg9QmVhcmVyIHRvawEB", NULL);
	tap_ok(auth_wrong(&a) == AUTH_CHALLENGE, "XOAUTH2 has");
}

static void
test_external(void)
{
	tap_ok(auth_begin(&a, "EXTERNAL", "=", NULL) == AUTH_UNKNOWN &&
	    auth_begin(&a, "EXTERNAL", "=", "") == AUTH_UNKNOWN,
	    "EXTERNAL needs a certificate");
	tap_ok(auth_begin(&a, "external", "=", "/CN=u") == AUTH_DONE &&
	    strcmp(a.user, "/CN=u") == 0, "the subject is the identity");
	tap_ok(auth_begin(&a, "EXTERNAL", "L0NOPXU=", "/CN=u") == AUTH_DONE,
	    "named as well");
	tap_ok(auth_begin(&a, "EXTERNAL", "L0NOPXY=", "/CN=u") ==
	    AUTH_REFUSED, "and nobody else's");
	tap_ok(auth_begin(&a, "EXTERNAL", NULL, "/CN=u") == AUTH_CHALLENGE &&
	    auth_response(&a, "") == AUTH_DONE, "by an empty answer");
}

/* PLAIN with a user and a secret of so many octets */
static enum auth_status
plain_of(size_t user, size_t secret)
{
	static char plain[16384], line[24000];
	struct buf b;

	memset(plain, 'a', sizeof(plain));
	plain[0] = plain[1 + user] = '\0';
	buf_init(&b, line, sizeof(line));
	buf_base64(&b, plain, 2 + user + secret);
	return auth_begin(&a, "PLAIN", b.p, NULL);
}

static void
test_limits(void)
{
	tap_ok(plain_of(IPC_USER_MAX, 1) == AUTH_DONE, "IPC_USER_MAX");
	tap_ok(plain_of(IPC_USER_MAX + 1, 1) == AUTH_MALFORMED, "one more");
	tap_ok(plain_of(1, IPC_SECRET_MAX) == AUTH_DONE, "IPC_SECRET_MAX");
	tap_ok(plain_of(1, IPC_SECRET_MAX + 1) == AUTH_MALFORMED, "one more");
	auth_wipe(&a);
	tap_ok(a.secret[0] == '\0' && a.secret[100] == '\0', "wiped");
}

/* One response of any mechanism, in base64. */
static enum auth_status
respond(const char *mechanism, const char *external, const char *s, size_t n)
{
	static char line[24000];
	struct buf b;

	buf_init(&b, line, sizeof(line));
	buf_base64(&b, s, n);
	return auth_begin(&a, mechanism, b.p, external);
}

/* prefix, n times 'a', "^A" and what follows */
static enum auth_status
bearer_of(const char *mechanism, const char *prefix, size_t n,
    const char *rest)
{
	static char s[16384];
	struct buf b;

	buf_init(&b, s, sizeof(s));
	buf_puts(&b, prefix);
	while (n-- > 0)
		buf_putc(&b, 'a');
	buf_puts(&b, rest);
	return respond(mechanism, NULL, b.p, b.len);
}

static void
test_limits_of_others(void)
{
	static char user[IPC_USER_MAX + 1], secret[IPC_SECRET_MAX + 1];
	struct buf b;
	char line[24000];

	memset(user, 'a', sizeof(user));
	memset(secret, 'a', sizeof(secret));
	tap_ok(respond("LOGIN", NULL, user, IPC_USER_MAX + 1) ==
	    AUTH_MALFORMED, "LOGIN: a user's name that is too long");
	tap_ok(respond("LOGIN", NULL, user, IPC_USER_MAX) == AUTH_CHALLENGE,
	    "LOGIN: one that is not");
	buf_init(&b, line, sizeof(line));
	buf_base64(&b, secret, IPC_SECRET_MAX + 1);
	tap_ok(auth_response(&a, b.p) == AUTH_MALFORMED,
	    "LOGIN: a secret that is too long");
	tap_ok(bearer_of("XOAUTH2", "user=", IPC_USER_MAX,
	    "\1auth=Bearer t\1\1") == AUTH_DONE, "XOAUTH2: IPC_USER_MAX");
	tap_ok(bearer_of("XOAUTH2", "user=", IPC_USER_MAX + 1,
	    "\1auth=Bearer t\1\1") == AUTH_MALFORMED, "one more");
	tap_ok(bearer_of("OAUTHBEARER", "n,a=", IPC_USER_MAX + 1,
	    ",\1auth=Bearer t\1\1") == AUTH_MALFORMED,
	    "OAUTHBEARER: one more");
	tap_ok(bearer_of("XOAUTH2", "user=u\1auth=Bearer ", IPC_SECRET_MAX,
	    "\1\1") == AUTH_DONE, "XOAUTH2: IPC_SECRET_MAX");
	tap_ok(bearer_of("XOAUTH2", "user=u\1auth=Bearer ",
	    IPC_SECRET_MAX + 1, "\1\1") == AUTH_MALFORMED, "one more");
	tap_ok(respond("XOAUTH2", NULL, "user=u\1auth=Bearer t\0\1\1", 24) ==
	    AUTH_MALFORMED, "XOAUTH2: a NUL");
	tap_ok(respond("EXTERNAL", "/CN=u", "/CN=u\0", 6) == AUTH_MALFORMED,
	    "EXTERNAL: a NUL");
}

static void
test_http(void)
{
	memset(&a, 0, sizeof(a));
	strcpy(a.user, "user");
	strcpy(a.secret, "p\xc3\xa4ss:word");
	tap_ok(auth_fits_http(&a), "a usual pair");
	strcpy(a.user, "us:er");
	tap_ok(!auth_fits_http(&a), "a colon in the user");
	strcpy(a.user, "us\ner");
	tap_ok(!auth_fits_http(&a), "a control in the user");
	strcpy(a.user, "user");
	strcpy(a.secret, "pass\r");
	tap_ok(!auth_fits_http(&a), "a control in the password");
	a.bearer = 1;
	strcpy(a.secret, "eyJ.x-_~+/z==");
	tap_ok(auth_fits_http(&a), "a token");
	strcpy(a.secret, "eyJ x");
	tap_ok(!auth_fits_http(&a), "a blank in a token");
	strcpy(a.secret, "eyJ=x");
	tap_ok(!auth_fits_http(&a), "padding inside a token");
}

int
main(void)
{
	test_rows();
	test_prompts();
	test_external();
	test_limits();
	test_limits_of_others();
	test_http();
	return tap_done();
}
