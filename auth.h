/*
 * auth: SASL exchanges (RFC 4954, 4616, 7628).  The result is an identity and a
 * secret; others check whether they are right.
 */
#ifndef AUTH_H
#define AUTH_H

#include "common/ipc.h"

enum auth_mechanism {
	AUTH_PLAIN,
	AUTH_LOGIN,
	AUTH_XOAUTH2,
	AUTH_OAUTHBEARER,
	AUTH_EXTERNAL	/* RFC 4422, A: by the client's certificate */
};

enum auth_status {
	AUTH_DONE,	/* user and secret are known */
	AUTH_CHALLENGE,	/* send "334 " and the challenge, then auth_response */
	AUTH_CANCELLED,	/* the client sent "*" */
	AUTH_MALFORMED,	/* bad base64, or not the mechanism's syntax */
	AUTH_REFUSED,	/* well-formed, but can never be right */
	AUTH_UNKNOWN	/* no such mechanism */
};

struct auth {
	enum auth_mechanism mechanism;
	int step;
	int bearer;		/* the secret is a bearer token */
	const char *challenge;	/* base64 */
	char user[IPC_USER_MAX + 1];
	char secret[IPC_SECRET_MAX + 1];
};

/* The mechanisms that EHLO announces, without EXTERNAL. */
#define AUTH_MECHANISMS "PLAIN LOGIN XOAUTH2 OAUTHBEARER"

/*
 * Begin an exchange with the mechanism's name, in any letter case, and the
 * initial response in base64 ("=": an empty one, NULL: none).  external: the
 * identity of the client's certificate; without one (NULL, "") EXTERNAL is
 * unknown.
 */
enum auth_status auth_begin(struct auth *, const char *mechanism,
    const char *initial, const char *external);

/* Take the client's response, a line in base64. */
enum auth_status auth_response(struct auth *, const char *line);

/*
 * The credentials were wrong.  Returns AUTH_CHALLENGE if the mechanism has a
 * last challenge that says so (RFC 7628, 3.2.2); ignore the response to it.
 * Else AUTH_REFUSED.
 */
enum auth_status auth_wrong(struct auth *);

/*
 * 1 if HTTP can carry the credentials: no control characters, and no colon in
 * the user name (RFC 7617, 2); a bearer token is a b64token (RFC 6750, 2.1).
 */
int auth_fits_http(const struct auth *);

/* Overwrite the secret. */
void auth_wipe(struct auth *);

#endif
