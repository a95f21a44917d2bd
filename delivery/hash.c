/*
 * hash: crypt(3), which no other file calls.  The functions around it differ
 * between libxcrypt, OpenBSD and the rest.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__OpenBSD__)
#include <pwd.h>
#elif defined(__GLIBC__)
#include <crypt.h>
#endif

#include "delivery/hash.h"

#define ALPHABET "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
		 "abcdefghijklmnopqrstuvwxyz"
#define SALT_MAX 16	/* characters of SHA-512's salt */
#define ROUNDS	 "200000" /* of SHA-512, where that is the best there is */

/*
 * The methods that libxcrypt's crypt_checksalt(3) accepts as strong, and how
 * many characters follow the last '$'.
 */
static const struct {
	const char *prefix;
	size_t tail;
} methods[] = {
	{"$y$", 43},	/* yescrypt */
	{"$gy$", 43},
	{"$7$", 43},	/* scrypt */
	{"$2b$", 53},	/* bcrypt: its salt is among them */
	{"$2a$", 53},
	{"$2y$", 53},
	{"$6$", 86},	/* SHA-512 */
};
#define NMETHODS (sizeof(methods) / sizeof(methods[0]))

const char *
hash_fault(const char *hash)
{
	const char *tail;
	size_t i;

	if (strlen(hash) > HASH_MAX)
		return "is too long for a hash of crypt(3)";
	for (i = 0; i < NMETHODS; i++)
		if (strncmp(hash, methods[i].prefix,
			strlen(methods[i].prefix)) == 0)
			break;
	if (i == NMETHODS)
		return *hash == '$' || *hash == '_' || strlen(hash) == 13 ?
		    "is of a method that is too weak or not known" :
		    "is not a hash of crypt(3)";
	tail = strrchr(hash, '$') + 1;
	if (strlen(tail) != methods[i].tail ||
	    strspn(tail, ALPHABET) != methods[i].tail)
		return "is not a whole hash";
	return NULL;
}

/* Compare in a time that does not depend on where the octets differ. */
static int
same(const char *a, const char *b)
{
	size_t i, n = strlen(a);
	unsigned char differ = 0;

	if (strlen(b) != n)
		return 0;
	for (i = 0; i < n; i++)
		differ |= (unsigned char)a[i] ^ (unsigned char)b[i];
	return differ == 0;
}

int
hash_verify(const char *password, const char *hash)
{
	const char *got = crypt(password, hash);

	if (got == NULL || *got == '*')
		return -1;
	return same(got, hash);
}

/* ---- making one ---- */

#if defined(__OpenBSD__)

int
hash_make(const char *password, char out[HASH_MAX + 1])
{
	return crypt_newhash(password, "bcrypt,a", out, HASH_MAX + 1);
}

#else

/* For a system without crypt_gensalt(3). */
static int
make_setting(char *out, size_t room)
{
	unsigned char random[SALT_MAX];
	char salt[SALT_MAX + 1];
	size_t i;

	if (getentropy(random, sizeof(random)) == -1)
		return -1;
	for (i = 0; i < SALT_MAX; i++)
		salt[i] = ALPHABET[random[i] % 64];
	salt[SALT_MAX] = '\0';
	snprintf(out, room, "$6$rounds=" ROUNDS "$%s$", salt);
	return 0;
}

int
hash_make(const char *password, char out[HASH_MAX + 1])
{
	char setting[HASH_MAX + 1] = "";
	const char *got;

#ifdef CRYPT_GENSALT_IMPLEMENTS_DEFAULT_PREFIX
	if (crypt_gensalt_rn(NULL, 0, NULL, 0, setting, sizeof(setting)) ==
	    NULL)
		return -1;
#endif
	if (setting[0] == '\0' && make_setting(setting, sizeof(setting)) == -1)
		return -1;
	got = crypt(password, setting);
	if (got == NULL || hash_fault(got) != NULL) {
		errno = ENOTSUP;
		return -1;
	}
	snprintf(out, HASH_MAX + 1, "%s", got);
	return 0;
}

#endif
