/*
 * auth: SASL exchanges, strict about base64 and lengths.  Pure:
 * session_auth.c reads and writes the lines.
 */
#include <string.h>
#include <strings.h>

#include "auth.h"
#include "common/base64.h"

#define RESPONSE_MAX (IPC_USER_MAX + IPC_SECRET_MAX + 512)

static const char *const mechanisms[] = {
	[AUTH_PLAIN] = "PLAIN",
	[AUTH_LOGIN] = "LOGIN",
	[AUTH_XOAUTH2] = "XOAUTH2",
	[AUTH_OAUTHBEARER] = "OAUTHBEARER",
	[AUTH_EXTERNAL] = "EXTERNAL",
};
#define NMECHANISMS (sizeof(mechanisms) / sizeof(mechanisms[0]))

/* Copy n octets and add a NUL; -1 if they are too long or have a NUL. */
static int
copy(char *out, size_t max, const char *s, size_t n)
{
	if (n > max || memchr(s, '\0', n) != NULL)
		return -1;
	memcpy(out, s, n);
	out[n] = '\0';
	return 0;
}

/* authzid NUL authcid NUL passwd (RFC 4616, 2) */
static enum auth_status
read_plain(struct auth *a, const char *s, size_t n)
{
	const char *end = s + n, *user, *secret;

	user = memchr(s, '\0', n);
	if (user == NULL)
		return AUTH_MALFORMED;
	user++;
	secret = memchr(user, '\0', (size_t)(end - user));
	if (secret == NULL)
		return AUTH_MALFORMED;
	secret++;
	if (copy(a->user, IPC_USER_MAX, user, (size_t)(secret - user) - 1) ||
	    copy(a->secret, IPC_SECRET_MAX, secret, (size_t)(end - secret)))
		return AUTH_MALFORMED;
	if (*s != '\0' && strcmp(s, a->user) != 0)
		return AUTH_REFUSED; /* no login may act for another */
	return a->user[0] != '\0' ? AUTH_DONE : AUTH_REFUSED;
}

static enum auth_status
read_login(struct auth *a, const char *s, size_t n)
{
	if (a->step++ == 0) {
		if (copy(a->user, IPC_USER_MAX, s, n) == -1)
			return AUTH_MALFORMED;
		a->challenge = "UGFzc3dvcmQ6";
		return AUTH_CHALLENGE;
	}
	if (copy(a->secret, IPC_SECRET_MAX, s, n) == -1)
		return AUTH_MALFORMED;
	return a->user[0] != '\0' ? AUTH_DONE : AUTH_REFUSED;
}

/*
 * Key-value pairs, each followed by \x01, and one more \x01 at the end (RFC
 * 7628, 3.1).  XOAUTH2 has the user in one of them, OAUTHBEARER in the GS2
 * header "n,a=user," before them.
 */
static enum auth_status
read_bearer(struct auth *a, const char *s, size_t n)
{
	const char *sep;
	size_t len;

	a->bearer = 1;
	a->user[0] = a->secret[0] = '\0';
	if (strlen(s) != n)
		return AUTH_MALFORMED;
	for (; *s != '\0'; s = sep + 1) {
		if ((sep = strchr(s, '\1')) == NULL)
			return AUTH_MALFORMED;
		len = (size_t)(sep - s);
		if (len > 2 && strncasecmp(s, "n,", 2) == 0 &&
		    a->mechanism == AUTH_OAUTHBEARER) {
			if (strncmp(s + 2, "a=", 2) == 0 && s[len - 1] == ',' &&
			    copy(a->user, IPC_USER_MAX, s + 4, len - 5) == -1)
				return AUTH_MALFORMED;
		} else if (strncasecmp(s, "user=", 5) == 0) {
			if (copy(a->user, IPC_USER_MAX, s + 5, len - 5) == -1)
				return AUTH_MALFORMED;
		} else if (strncasecmp(s, "auth=Bearer ", 12) == 0) {
			if (copy(a->secret, IPC_SECRET_MAX, s + 12, len - 12))
				return AUTH_MALFORMED;
		}
	}
	return a->secret[0] != '\0' ? AUTH_DONE : AUTH_MALFORMED;
}

/* An authorization identity: empty, or the certificate's. */
static enum auth_status
read_external(const struct auth *a, const char *s, size_t n)
{
	if (strlen(s) != n)
		return AUTH_MALFORMED;
	return n == 0 || strcmp(s, a->user) == 0 ? AUTH_DONE : AUTH_REFUSED;
}

enum auth_status
auth_response(struct auth *a, const char *line)
{
	char response[RESPONSE_MAX + 1];
	enum auth_status st = AUTH_MALFORMED;
	long n;

	if (strcmp(line, "*") == 0)
		return AUTH_CANCELLED;
	/* RFC 4954, 4: no characters outside the alphabet, padding required */
	n = base64_decode(line, response, RESPONSE_MAX);
	if (n >= 0)
		switch (a->mechanism) {
		case AUTH_PLAIN:
			st = read_plain(a, response, (size_t)n);
			break;
		case AUTH_LOGIN:
			st = read_login(a, response, (size_t)n);
			break;
		case AUTH_XOAUTH2:
		case AUTH_OAUTHBEARER:
			st = read_bearer(a, response, (size_t)n);
			break;
		case AUTH_EXTERNAL:
			st = read_external(a, response, (size_t)n);
			break;
		}
	explicit_bzero(response, sizeof(response));
	return st;
}

enum auth_status
auth_begin(struct auth *a, const char *mechanism, const char *initial,
    const char *external)
{
	size_t i;

	memset(a, 0, sizeof(*a));
	for (i = 0; i < NMECHANISMS; i++)
		if (strcasecmp(mechanism, mechanisms[i]) == 0)
			break;
	if (i == NMECHANISMS)
		return AUTH_UNKNOWN;
	a->mechanism = (enum auth_mechanism)i;
	if (a->mechanism == AUTH_EXTERNAL &&
	    (external == NULL || *external == '\0' ||
	    copy(a->user, IPC_USER_MAX, external, strlen(external)) == -1))
		return AUTH_UNKNOWN;
	a->challenge = a->mechanism == AUTH_LOGIN ? "VXNlcm5hbWU6" : "";
	if (initial == NULL)
		return AUTH_CHALLENGE;
	return auth_response(a, strcmp(initial, "=") == 0 ? "" : initial);
}

enum auth_status
auth_wrong(struct auth *a)
{
	if (!a->bearer)
		return AUTH_REFUSED;
	/* {"status":"invalid_token"} */
	a->challenge = "eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=";
	return AUTH_CHALLENGE;
}

static int
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return 1;
	return 0;
}

int
auth_fits_http(const struct auth *a)
{
	size_t n;

	if (!a->bearer)
		return !has_control(a->user) && !has_control(a->secret) &&
		    strchr(a->user, ':') == NULL;
	n = strspn(a->secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "abcdefghijklmnopqrstuvwxyz0123456789-._~+/");
	n += strspn(a->secret + n, "=");
	return a->secret[n] == '\0' && !has_control(a->user);
}

void
auth_wipe(struct auth *a)
{
	explicit_bzero(a->secret, sizeof(a->secret));
}
