/*
 * tls_cert: what can be said about a certificate and a private key without
 * a TLS library, whose start costs more than all the rest of smtp2sms-tls.
 */
#ifndef TLS_CERT_H
#define TLS_CERT_H

#define CERT_MAX 8192	/* octets of one certificate or key (DER) */

struct cert {
	/* the validity, UTC, as 2024-12-31T23:59:59Z; empty: not found */
	char from[21], until[21];
	int fits;	/* the key surely belongs to the certificate */
};

/*
 * Look at the first certificate and the first private key of two PEM texts.
 * What cannot be read (a key with a password, a form that is not known) is
 * no error: then only libtls can tell.
 */
void cert_look(struct cert *, const char *cert_pem, const char *key_pem);

/*
 * Why two PEM texts that libtls refuses are no certificate with its key, in
 * words.
 */
const char *cert_fault(const char *cert_pem, const char *key_pem);

/* -1 if the certificate is not yet valid, 1 if no longer, else 0. */
int cert_age(const struct cert *);

#endif
