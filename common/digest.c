/*
 * digest: SHA-1, SHA-256, HMAC.  The names of variables and functions are
 * those of FIPS 180-4.
 */
#include <string.h>

#include "common/digest.h"

#define LENGTH_AT (DIGEST_BLOCK - 8)	/* where a last block has it */

static const uint32_t start_sha1[8] = {0x67452301, 0xefcdab89, 0x98badcfe,
    0x10325476, 0xc3d2e1f0, 0, 0, 0};
static const uint32_t start_sha256[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
    0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static const uint32_t k256[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t
rotr(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint32_t
rotl(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static uint32_t
ch(uint32_t x, uint32_t y, uint32_t z)
{
	return (x & y) ^ (~x & z);
}

static uint32_t
maj(uint32_t x, uint32_t y, uint32_t z)
{
	return (x & y) ^ (x & z) ^ (y & z);
}

/* The sixteen words of a block, most significant octet first. */
static void
read_words(const unsigned char *p, uint32_t w[16])
{
	int t;

	for (t = 0; t < 16; t++, p += 4)
		w[t] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		    (uint32_t)p[2] << 8 | p[3];
}

/* FIPS 180-4, 4.1.1 and 4.2.1 */
static uint32_t
f_sha1(int t, const uint32_t s[8])
{
	if (t < 20)
		return ch(s[1], s[2], s[3]) + 0x5a827999;
	if (t < 40)
		return (s[1] ^ s[2] ^ s[3]) + 0x6ed9eba1;
	if (t < 60)
		return maj(s[1], s[2], s[3]) + 0x8f1bbcdc;
	return (s[1] ^ s[2] ^ s[3]) + 0xca62c1d6;
}

/* FIPS 180-4, 6.1.2 */
static void
turn_sha1(uint32_t state[8], const unsigned char *block)
{
	uint32_t w[80], s[8], x;
	int t;

	read_words(block, w);
	for (t = 16; t < 80; t++)
		w[t] = rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	memcpy(s, state, sizeof(s));
	for (t = 0; t < 80; t++) {
		x = rotl(s[0], 5) + f_sha1(t, s) + s[4] + w[t];
		s[4] = s[3];
		s[3] = s[2];
		s[2] = rotl(s[1], 30);
		s[1] = s[0];
		s[0] = x;
	}
	for (t = 0; t < 5; t++)
		state[t] += s[t];
	explicit_bzero(w, sizeof(w));
}

/* FIPS 180-4, 6.2.2 */
static void
turn_sha256(uint32_t state[8], const unsigned char *block)
{
	uint32_t w[64], s[8], x, y;
	int t;

	read_words(block, w);
	for (t = 16; t < 64; t++)
		w[t] = w[t - 16] + w[t - 7] +
		    (rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^
			w[t - 15] >> 3) +
		    (rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ w[t - 2] >> 10);
	memcpy(s, state, sizeof(s));
	for (t = 0; t < 64; t++) {
		x = s[7] + (rotr(s[4], 6) ^ rotr(s[4], 11) ^ rotr(s[4], 25)) +
		    ch(s[4], s[5], s[6]) + k256[t] + w[t];
		y = (rotr(s[0], 2) ^ rotr(s[0], 13) ^ rotr(s[0], 22)) +
		    maj(s[0], s[1], s[2]);
		memmove(s + 1, s, 7 * sizeof(s[0]));
		s[4] += x;
		s[0] = x + y;
	}
	for (t = 0; t < 8; t++)
		state[t] += s[t];
	explicit_bzero(w, sizeof(w));
}

static void
turn(struct digest *d)
{
	switch (d->kind) {
	case DIGEST_SHA1:
		turn_sha1(d->state, d->block);
		break;
	case DIGEST_SHA256:
		turn_sha256(d->state, d->block);
		break;
	}
}

size_t
digest_size(enum digest_kind kind)
{
	return kind == DIGEST_SHA1 ? 20 : 32;
}

void
digest_begin(struct digest *d, enum digest_kind kind)
{
	memset(d, 0, sizeof(*d));
	d->kind = kind;
	memcpy(d->state, kind == DIGEST_SHA1 ? start_sha1 : start_sha256,
	    sizeof(d->state));
}

void
digest_put(struct digest *d, const void *data, size_t n)
{
	const unsigned char *p = data;
	size_t have, some;

	for (; n > 0; p += some, n -= some) {
		have = d->total % DIGEST_BLOCK;
		some = DIGEST_BLOCK - have < n ? DIGEST_BLOCK - have : n;
		memcpy(d->block + have, p, some);
		d->total += some;
		if (have + some == DIGEST_BLOCK)
			turn(d);
	}
}

void
digest_end(struct digest *d, unsigned char out[DIGEST_MAX])
{
	static const unsigned char padding[DIGEST_BLOCK] = {0x80};
	uint64_t bits = d->total * 8;
	unsigned char length[8];
	size_t i, have = d->total % DIGEST_BLOCK;

	for (i = 0; i < 8; i++)
		length[i] = (unsigned char)(bits >> (56 - 8 * i));
	digest_put(d, padding, have < LENGTH_AT ?
	    LENGTH_AT - have : LENGTH_AT + DIGEST_BLOCK - have);
	digest_put(d, length, sizeof(length));
	for (i = 0; i < digest_size(d->kind); i++)
		out[i] = (unsigned char)(d->state[i / 4] >> (24 - 8 * (i % 4)));
	explicit_bzero(d, sizeof(*d));
}

void
digest_hmac_begin(struct digest_hmac *h, enum digest_kind kind,
    const void *key, size_t n)
{
	unsigned char k[DIGEST_BLOCK] = {0}, pad[DIGEST_BLOCK];
	size_t i;

	if (n > sizeof(k)) {
		digest_begin(&h->inner, kind);
		digest_put(&h->inner, key, n);
		digest_end(&h->inner, k);
	} else {
		memcpy(k, key, n);
	}
	digest_begin(&h->inner, kind);
	digest_begin(&h->outer, kind);
	for (i = 0; i < sizeof(k); i++)
		pad[i] = k[i] ^ 0x36;
	digest_put(&h->inner, pad, sizeof(pad));
	for (i = 0; i < sizeof(k); i++)
		pad[i] = k[i] ^ 0x5c;
	digest_put(&h->outer, pad, sizeof(pad));
	explicit_bzero(k, sizeof(k));
	explicit_bzero(pad, sizeof(pad));
}

void
digest_hmac_put(struct digest_hmac *h, const void *p, size_t n)
{
	digest_put(&h->inner, p, n);
}

void
digest_hmac_end(struct digest_hmac *h, unsigned char out[DIGEST_MAX])
{
	size_t n = digest_size(h->inner.kind);

	digest_end(&h->inner, out);
	digest_put(&h->outer, out, n);
	digest_end(&h->outer, out);
}

int
digest_equal(const void *a, const void *b, size_t n)
{
	const volatile unsigned char *p = a, *q = b;
	unsigned char differ = 0;
	size_t i;

	for (i = 0; i < n; i++)
		differ |= p[i] ^ q[i];
	return differ == 0;
}

void
digest_hex(const unsigned char *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}
