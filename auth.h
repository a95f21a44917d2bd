/*
 * auth: SASL exchanges (RFC 4954, 4616, 7628).  They yield an identity and
 * a secret, nothing else: whether these are right is not known here.
 */
#ifndef AUTH_H
#define AUTH_H

#include "common/ipc.h"

enum auth_mechanism {
	AUTH_PLAIN,
	AUTH_LOGIN,
	AUTH_XOAUTH2,
	AUTH_OAUTHBEARER,
	AUTH_EXTERNAL	/* RFC 4422, appendix A: TLS knows who it is */
};

enum auth_status {
	AUTH_DONE,	/* user and secret are there */
	AUTH_CHALLENGE,	/* send "334 " and the challenge, then auth_answer */
	AUTH_CANCELLED,	/* the client sent "*" */
	AUTH_MALFORMED,	/* bad base64, or not what the mechanism wants */
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

/* The names of the mechanisms as EHLO announces them, but for EXTERNAL. */
#define AUTH_MECHANISMS "PLAIN LOGIN XOAUTH2 OAUTHBEARER"

/*
 * Begin with the mechanism's name in any letter case and the initial
 * response in base64 ("=" is an empty one, NULL none).  external: whom TLS
 * knows the client to be; NULL or "": nobody, and then there is no EXTERNAL.
 */
enum auth_status auth_begin(struct auth *, const char *mechanism,
    const char *initial, const char *external);

/* Go on with the client's line in base64. */
enum auth_status auth_answer(struct auth *, const char *line);

/*
 * The credentials were wrong.  AUTH_CHALLENGE where the mechanism has a
 * last challenge to say so (RFC 7628, 3.2.2), whose answer is not read
 * into; else AUTH_REFUSED.
 */
enum auth_status auth_wrong(struct auth *);

/*
 * 1 if HTTP can carry the credentials: no control characters and no colon
 * in the user name (RFC 7617, section 2), or a b64token (RFC 6750, 2.1).
 */
int auth_fits_http(const struct auth *);

/* Overwrite the secret. */
void auth_wipe(struct auth *);

#endif
