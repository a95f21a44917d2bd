/*
 * sha256: the hash of FIPS 180-4, section 6.2; AWS wants that of a body.
 */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>

#define SHA256_HEX 65	/* octets of a hash in hex, with its NUL */

void sha256_hex(const void *, size_t, char out[SHA256_HEX]);

#endif
