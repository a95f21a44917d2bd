/*
 * users: the users file, smtp2sms-users(5).
 */
#ifndef USERS_H
#define USERS_H

#include "common/config.h"
#include "delivery/hash.h"
#include "delivery/login.h"

#define USERS_SIZE_MAX	(1024 * 1024)	/* octets of the file */
#define USERS_LINE_MAX	16384		/* octets of a line */
#define USERS_WORDS_MAX 32		/* words on a line */
#define USERS_MAX	10000		/* logins */
#define USERS_TTL_MAX	999999999	/* seconds; as BY= of RFC 2852 */

struct users_login {
	int has_password;	/* 0: whatever the hash says, it is wrong */
	char hash[HASH_MAX + 1]; /* without a password that of another login,
				    so that a check takes as long; or "" */
	struct login_profile profile;
};

enum users_answer {
	USERS_FOUND,
	USERS_UNKNOWN,	/* has_password is 0, the profile empty */
	USERS_BROKEN	/* the file cannot be read, or the login's line is
			   wrong: reported */
};

/* Look for a login.  What is wrong with other lines does not matter. */
enum users_answer users_find(const char *file, const char *name,
    struct users_login *, config_report);

/* Report every error of the file.  0, or -1 if there is one. */
int users_test(const char *file, config_report);

/* 1 if it can be a login's name. */
int users_is_name(const char *);

#endif
