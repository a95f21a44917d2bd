/*
 * users: the users file, smtp2sms-users(5).
 */
#ifndef USERS_H
#define USERS_H

#include "common/config.h"
#include "common/ipc.h"
#include "common/options.h"
#include "delivery/hash.h"

#define USERS_SIZE_MAX	(1024 * 1024)	/* octets of the file */
#define USERS_LINE_MAX	16384		/* octets of a line */
#define USERS_WORDS_MAX 32		/* words on a line */
#define USERS_MAX	10000		/* logins */
#define USERS_TTL_MAX	999999999	/* seconds; as BY= of RFC 2852 */

/* What a login has of its own, from the users file. */
struct users_profile {
	struct rights rights;
	struct options options;	/* where a message says nothing */
	struct config_road road; /* its gateways; n 0: as configured */
	struct config_rate rate; /* n 0: none of its own */
	int has_gateway;	/* its own credentials for the gateway: */
	enum ipc_kind kind;
	char gateway_user[IPC_USER_MAX + 1];
	char gateway_secret[IPC_SECRET_MAX + 1];
};

struct users_login {
	int has_password;	/* 0: no password is right */
	char hash[HASH_MAX + 1]; /* of another login, if this one has none:
				    so that the check takes as long; or "" */
	struct users_profile profile;
};

enum users_result {
	USERS_FOUND,
	USERS_UNKNOWN,	/* has_password is 0, the profile empty */
	USERS_BROKEN	/* the file cannot be read, or the login's line has
			   an error: reported */
};

/* Look for a login.  Errors in other lines do not matter. */
enum users_result users_find(const struct config *, const char *name,
    struct users_login *, config_report);

/* Report every error of the file.  0, or -1 if there is one. */
int users_test(const struct config *, config_report);

/* Call for each login whose line has no error, until the file ends. */
void users_each(const struct config *, void (*each)(void *arg, int line,
    const char *name, const struct users_profile *), void *arg);

/* 1 if it can be a login's name. */
int users_is_name(const char *);

#endif
