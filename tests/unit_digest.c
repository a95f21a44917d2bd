/*
 * Vectors: FIPS 180-4's examples by NIST, and lengths around a block; RFC 2202
 * and RFC 4231 for HMAC.
 */
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "tap.h"

static const char *
hex_of(enum digest_kind kind, const char *s, size_t n, size_t step)
{
	static char out[2 * DIGEST_MAX + 1];
	unsigned char got[DIGEST_MAX];
	struct digest d;
	size_t i;

	digest_begin(&d, kind);
	for (i = 0; i < n; i += step)
		digest_put(&d, s + i, n - i < step ? n - i : step);
	digest_end(&d, got);
	digest_hex(got, digest_size(kind), out);
	return out;
}

static const char *
hmac_of(enum digest_kind kind, const char *key, size_t nkey, const char *s,
    size_t n)
{
	static char out[2 * DIGEST_MAX + 1];
	unsigned char got[DIGEST_MAX];
	struct digest_hmac h;

	digest_hmac_begin(&h, kind, key, nkey);
	digest_hmac_put(&h, s, n / 2);
	digest_hmac_put(&h, s + n / 2, n - n / 2);
	digest_hmac_end(&h, got);
	digest_hex(got, digest_size(kind), out);
	return out;
}

static void
digests(void)
{
	static const char two[] =
	    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	char *million = malloc(1000000);

	tap_is(hex_of(DIGEST_SHA1, "abc", 3, 1),
	    "a9993e364706816aba3e25717850c26c9cd0d89d", "SHA-1: abc");
	tap_is(hex_of(DIGEST_SHA1, "", 0, 1),
	    "da39a3ee5e6b4b0d3255bfef95601890afd80709", "SHA-1: nothing");
	tap_is(hex_of(DIGEST_SHA1, two, strlen(two), 7),
	    "84983e441c3bd26ebaae4aa1f95129e5e54670f1", "SHA-1: 448 bits");
	tap_is(hex_of(DIGEST_SHA256, "abc", 3, 2),
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	    "SHA-256: abc");
	tap_is(hex_of(DIGEST_SHA256, "", 0, 1),
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	    "SHA-256: nothing");
	tap_is(hex_of(DIGEST_SHA256, two, strlen(two), 64),
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
	    "SHA-256: 448 bits");
	if (million == NULL)
		return;
	memset(million, 'a', 1000000);
	tap_is(hex_of(DIGEST_SHA1, million, 1000000, 1000),
	    "34aa973cd4c4daa4f61eeb2bdbad27316534016f", "SHA-1: a million");
	tap_is(hex_of(DIGEST_SHA256, million, 1000000, 63),
	    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
	    "SHA-256: a million");
	/* what is padded within a block, and what needs another one */
	tap_is(hex_of(DIGEST_SHA256, million, 55, 55),
	    "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318",
	    "SHA-256: 55 octets");
	tap_is(hex_of(DIGEST_SHA256, million, 56, 56),
	    "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a",
	    "SHA-256: 56 octets");
	tap_is(hex_of(DIGEST_SHA256, million, 64, 64),
	    "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb",
	    "SHA-256: 64 octets");
	free(million);
}

static void
hmacs(void)
{
	static const char big[] =
	    "Test Using Larger Than Block-Size Key - Hash Key First";
	char key[131];

	memset(key, 0x0b, 20);
	tap_is(hmac_of(DIGEST_SHA1, key, 20, "Hi There", 8),
	    "b617318655057264e28bc0b6fb378c8ef146be00", "RFC 2202, 3, 1");
	tap_is(hmac_of(DIGEST_SHA256, key, 20, "Hi There", 8),
	    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
	    "RFC 4231, 4.2");
	tap_is(hmac_of(DIGEST_SHA1, "Jefe", 4,
		"what do ya want for nothing?", 28),
	    "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "RFC 2202, 3, 2");
	tap_is(hmac_of(DIGEST_SHA256, "Jefe", 4,
		"what do ya want for nothing?", 28),
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
	    "RFC 4231, 4.3");
	memset(key, 0xaa, sizeof(key));
	tap_is(hmac_of(DIGEST_SHA1, key, 80, big, strlen(big)),
	    "aa4ae5e15272d00e95705637ce8a3b55ed402112", "RFC 2202, 3, 6");
	tap_is(hmac_of(DIGEST_SHA256, key, 131, big, strlen(big)),
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
	    "RFC 4231, 4.7");
}

static void
comparing(void)
{
	tap_ok(digest_equal("abc", "abd", 2), "equal as far as is asked");
	tap_ok(!digest_equal("abc", "abd", 3), "the last octet differs");
	tap_ok(!digest_equal("abc", "bbc", 3), "the first octet differs");
}

int
main(void)
{
	digests();
	hmacs();
	comparing();
	return tap_done();
}
