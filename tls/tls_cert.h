/*
 * tls_cert: what can be found out about a certificate and a private key without
 * a TLS library, whose start costs more than all the rest of smtp2sms-tls.
 */
#ifndef TLS_CERT_H
#define TLS_CERT_H

#include <stddef.h>

#define CERT_MAX 8192	/* octets of one certificate or key (DER) */

struct cert {
	/* the validity, UTC, as 2024-12-31T23:59:59Z; "": not found */
	char from[21], until[21];
	/* octets of the public key that the private key's file has, too */
	size_t nkey;		/* 0: not found */
	unsigned char key[CERT_MAX];
};

/*
 * Parse the first certificate of a PEM text.  One that cannot be parsed is no
 * error: then only libtls can tell.  Call it before the key is read, so that no
 * parser runs with a key in memory.
 */
void cert_parse(struct cert *, const char *cert_pem);

/*
 * 1 if the first private key of a PEM text surely belongs to the certificate.
 * 0 says nothing: only libtls can tell about a key with a passphrase or in an
 * unusual form.
 */
int cert_fits(const struct cert *, const char *key_pem);

/* Say why libtls refuses a certificate and a key, two PEM texts. */
const char *cert_fault(const char *cert_pem, const char *key_pem);

/* -1 if the certificate is not yet valid, 1 if it has expired, else 0. */
int cert_age(const struct cert *);

#endif
