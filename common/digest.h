/*
 * digest: SHA-1 and SHA-256 (FIPS 180-4), and HMAC of them (RFC 2104), for
 * programs that are linked with no library of cryptography.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_MAX   32	/* octets of the longest digest */
#define DIGEST_BLOCK 64	/* octets; both have blocks of this size */

enum digest_kind { DIGEST_SHA1, DIGEST_SHA256 };

struct digest {
	enum digest_kind kind;
	uint32_t state[8];
	uint64_t total;		/* octets so far */
	unsigned char block[DIGEST_BLOCK];
};

struct digest_hmac {
	struct digest inner, outer;
};

/* Octets of a digest: 20 or 32. */
size_t digest_size(enum digest_kind);

/* Digest what comes in pieces.  digest_end wipes the struct. */
void digest_begin(struct digest *, enum digest_kind);
void digest_put(struct digest *, const void *, size_t);
void digest_end(struct digest *, unsigned char out[DIGEST_MAX]);

/* The same with a key of n octets. */
void digest_hmac_begin(struct digest_hmac *, enum digest_kind,
    const void *key, size_t n);
void digest_hmac_put(struct digest_hmac *, const void *, size_t);
void digest_hmac_end(struct digest_hmac *, unsigned char out[DIGEST_MAX]);

/*
 * 1 if both have the same n octets.  The time that it takes does not tell
 * where they differ.
 */
int digest_equal(const void *, const void *, size_t n);

/* The octets in hexadecimal digits, lower case; out has 2 * n + 1. */
void digest_hex(const unsigned char *, size_t n, char *out);

#endif
