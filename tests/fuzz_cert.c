/*
 * fuzz_cert: certificates and keys, changed octet by octet; what is found in
 * them is what OpenSSL finds, if it finds anything.  The input is a list of
 * changes to a certificate and its key, four octets each: what to do, where
 * (two octets), and with which octet.  One that begins with a '-' is text, the
 * certificate's and the key's, parted by a form feed.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tls/tls_cert.h"

#define HOLDS(x) do { if (!(x)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, \
	__LINE__, #x); abort(); } } while (0)

#define DER_MAX 4096	/* octets of what is changed */

/* what the first octet of a change says; another bit chooses the file */
enum { OTHER_FILE = 1, INSERT = 2, DELETE = 4, RSA_PAIR = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Made for this test, and used nowhere else. */
static const char ec_cert[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBSjCB8KADAgECAhRg0kWYkupvgCiQaSLBuy1Yys+6dDAKBggqhkjOPQQDAjAM\n"
    "MQowCAYDVQQDDAFzMCAXDTI2MTEyODE1MDEwM1oYDzIwNjUwMzI4MTUwMTAzWjAM\n"
    "MQowCAYDVQQDDAFzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE6S+sb11WV63f\n"
    "mu8Fv7tqUyz7oaUPtx5XEnfTM6pia8zPEA+4sgBUTqC9ugm/sDk90t0UKnzSZaL1\n"
    "2bEPOc61qKMuMCwwHwYDVR0jBBgwFoAUqX73tBELDqJi1JVSKFth5d8uB4kwCQYD\n"
    "VR0TBAIwADAKBggqhkjOPQQDAgNJADBGAiEAyf6hoZHodspsnSCoZlkF1lqeKwS9\n"
    "/XQGU4FXUdTmfikCIQDXep2eEbnVvMiuGymHGMMG8f+3Z0z8QTs1Y5rmpA/z4g==\n"
    "-----END CERTIFICATE-----\n";
static const char ec_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKLFFj7j+y5qSafkG\n"
    "d6X59StA9HossAKFOGqijULsRRqhRANCAATpL6xvXVZXrd+a7wW/u2pTLPuhpQ+3\n"
    "HlcSd9MzqmJrzM8QD7iyAFROoL26Cb+wOT3S3RQqfNJlovXZsQ85zrWo\n"
    "-----END PRIVATE KEY-----\n";
static const char rsa_cert[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBFDCBvwIUN6ulYtTt2WCYALocgnT51NE1188wDQYJKoZIhvcNAQELBQAwDDEK\n"
    "MAgGA1UEAwwBczAeFw0yNjExMjgxNTAxMDNaFw0yNzAzMDgxNTAxMDNaMAwxCjAI\n"
    "BgNVBAMMAXMwXDANBgkqhkiG9w0BAQEFAANLADBIAkEAxHhQO47ixBU4kG8O3afX\n"
    "9xfLWMeFlr+YXdiH6ByE7yuTV3u7KDGvFI3OVcCFyI22KAQmrMwQJQ0aH1dPj7S0\n"
    "lwIDAQABMA0GCSqGSIb3DQEBCwUAA0EAQQvih+FjBE5sNs2WP8CQm+PEOYXuUnaQ\n"
    "uHx0oFmP003ioI46GmyBoLjHVWooD4VFekvnky9FPjSpYjdH2Qgl3Q==\n"
    "-----END CERTIFICATE-----\n";
static const char rsa_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8AgEAAkEAxHhQO47ixBU4kG8O\n"
    "3afX9xfLWMeFlr+YXdiH6ByE7yuTV3u7KDGvFI3OVcCFyI22KAQmrMwQJQ0aH1dP\n"
    "j7S0lwIDAQABAkBHHvaMWNEmAjiTsGBFRPkc7XQjEzb8tybE8hlgoNJOcWkzheES\n"
    "/i+jqUC+B/BEkUYFa4wcnomCSC7nSEwWY7vhAiEA7BQwNn63gNpGphXhTW1hwuER\n"
    "yHx6DjfV9og9LXRaDGUCIQDVDHzj6ddiZE8jVi4N4NS7p3FAMEqwpEt0vhZBXv4X\n"
    "SwIhAM9JSqwOx4FUJwRd4d3iVRyQEtU+ts0VKcG2DkGDEC4hAiEAzDxedXa0faQ/\n"
    "oVZ6a99+0C4iiTBCSbgWheG8IAradqUCIQCvci3y10UgljsZmvaEgZ3ezEORPOHu\n"
    "EY8er9y5+8bqIQ==\n"
    "-----END PRIVATE KEY-----\n";

struct der {
	unsigned char p[DER_MAX];
	size_t n;
};

/* The octets of the first block. */
static void
decode(const char *pem, struct der *d)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	char *name, *header;
	unsigned char *p;
	long n;

	HOLDS(bio != NULL && PEM_read_bio(bio, &name, &header, &p, &n) == 1);
	HOLDS(n <= DER_MAX / 2);
	memcpy(d->p, p, (size_t)n);
	d->n = (size_t)n;
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(p);
	BIO_free(bio);
}

static char *
encode(const char *label, const struct der *d)
{
	char *pem = malloc(2 * d->n + 100), *s = pem;

	HOLDS(pem != NULL);
	s += sprintf(s, "-----BEGIN %s-----\n", label);
	s += EVP_EncodeBlock((unsigned char *)s, d->p, (int)d->n);
	sprintf(s, "\n-----END %s-----\n", label);
	return pem;
}

static void
change(struct der *d, const uint8_t *how)
{
	size_t at = (size_t)(how[1] << 8 | how[2]);

	if (at >= d->n)
		return;
	if (how[0] & DELETE) {
		memmove(d->p + at, d->p + at + 1, d->n - at - 1);
		d->n--;
	} else if ((how[0] & INSERT) == 0) {
		d->p[at] = how[3];
	} else if (d->n < DER_MAX) {
		memmove(d->p + at + 1, d->p + at, d->n - at);
		d->p[at] = how[3];
		d->n++;
	}
}

/* ---- what may be said of any text ---- */

static int
is_time(const char *s)
{
	static const char form[] = "9999-99-99T99:99:99Z";
	size_t i;

	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == '9' ? !isdigit((unsigned char)s[i]) :
		    s[i] != form[i])
			return 0;
	return s[i] == '\0';
}

static void
look(const char *cert, const char *key, struct cert *c, int *fits)
{
	int age;

	cert_parse(c, cert);
	*fits = cert_fits(c, key);
	age = cert_age(c);
	HOLDS(cert_fault(cert, key) != NULL);
	HOLDS((c->from[0] == '\0') == (c->until[0] == '\0'));
	if (c->from[0] == '\0') {
		HOLDS(!*fits && age == 0 && c->nkey == 0);
		return;
	}
	HOLDS(is_time(c->from) && is_time(c->until));
	HOLDS(c->nkey <= sizeof(c->key) && age >= -1 && age <= 1);
}

/* ---- what OpenSSL says ---- */

static void
compare_time(const ASN1_TIME *t, const char *ours)
{
	struct tm tm;
	char s[32];

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return;		/* the 31st of February: it is not looked at */
	strftime(s, sizeof(s), "%Y-%m-%dT%H:%M:%SZ", &tm);
	HOLDS(strcmp(s, ours) == 0);
}

static void
compare(const struct der *cert, const struct der *key, const struct cert *c,
    int fits)
{
	const unsigned char *p = cert->p, *q = key->p;
	X509 *x = d2i_X509(NULL, &p, (long)cert->n);
	EVP_PKEY *k = d2i_AutoPrivateKey(NULL, &q, (long)key->n);

	if (x != NULL && c->from[0] != '\0') {
		compare_time(X509_get0_notBefore(x), c->from);
		compare_time(X509_get0_notAfter(x), c->until);
		if (cert_age(c) != 0)
			HOLDS(X509_cmp_current_time(X509_get0_notBefore(x)) !=
			    -1 || X509_cmp_current_time(
			    X509_get0_notAfter(x)) != 1);
	}
	/* a damaged algorithm is noticed by the handshake alone */
	if (x != NULL && k != NULL && fits && X509_get0_pubkey(x) != NULL)
		HOLDS(X509_check_private_key(x, k) == 1);
	X509_free(x);
	EVP_PKEY_free(k);
}

static void
take_text(const uint8_t *data, size_t n)
{
	char *all = strndup((const char *)data, n), *key = strchr(all, '\f');
	static struct cert c;
	int fits;

	if (key != NULL)
		*key++ = '\0';
	look(all, key != NULL ? key : "", &c, &fits);
	free(all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int rsa = n > 0 && (data[0] & RSA_PAIR), fits;
	static struct der cert, key;
	static struct cert c;
	char *cert_pem, *key_pem;

	if (n > 0 && data[0] == '-') {
		take_text(data, n);
		return 0;
	}
	decode(rsa ? rsa_cert : ec_cert, &cert);
	decode(rsa ? rsa_key : ec_key, &key);
	for (; n >= 4; data += 4, n -= 4)
		change(data[0] & OTHER_FILE ? &key : &cert, data);
	cert_pem = encode("CERTIFICATE", &cert);
	key_pem = encode("PRIVATE KEY", &key);
	look(cert_pem, key_pem, &c, &fits);
	compare(&cert, &key, &c, fits);
	free(cert_pem);
	free(key_pem);
	return 0;
}
