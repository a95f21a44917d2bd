/*
 * tls_cert: PEM (RFC 7468), and as much of DER (X.690) as it takes to find two
 * things in a certificate (RFC 5280, 4.1): the validity, which libtls does not
 * tell a server about its own certificate, and the public key.  No descriptors,
 * no log.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base64.h"
#include "tls/tls_cert.h"

#define FITS_MIN 32	/* octets of the shortest public key (P-256's is 65) */

enum {
	DER_INTEGER = 0x02,
	DER_BITS = 0x03,
	DER_UTCTIME = 0x17,
	DER_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_VERSION = 0xa0
};

struct der {
	const unsigned char *p;
	size_t n;
};

/* Decode n characters; returns the octets, 0 if there are more than cap. */
static size_t
decode(const char *s, size_t n, unsigned char *out, size_t cap)
{
	struct base64 b = {0, 0, 0};
	const char *end = s + n;
	size_t len = 0, k;

	while (s < end) {
		k = (size_t)(end - s) < cap - len ? (size_t)(end - s) :
						    cap - len;
		if (k == 0)
			return 0;
		len += base64_feed(&b, &s, k, (char *)out + len);
	}
	return len;
}

/* What follows the first label that ends so; NULL: there is none. */
static const char *
pem_find(const char *s, const char *label)
{
	size_t len, want = strlen(label);

	while ((s = strstr(s, "-----BEGIN ")) != NULL) {
		s += strlen("-----BEGIN ");
		len = strcspn(s, "-\r\n");
		if (len >= want && memcmp(s + len - want, label, want) == 0)
			return s + len;
	}
	return NULL;
}

/* Decode that block up to its END line; returns the octets, 0: none. */
static size_t
pem_decode(const char *s, const char *label, unsigned char *out, size_t cap)
{
	if ((s = pem_find(s, label)) == NULL)
		return 0;
	s += strspn(s, "-");
	return decode(s, strcspn(s, "-"), out, cap);
}

/* Read the next value of d, with this tag (value may be d).  0, or -1. */
static int
der_next(struct der *d, int tag, struct der *value)
{
	size_t head = 2, len, octets;
	struct der v;

	if (d->n < 2 || d->p[0] != tag)
		return -1;
	if ((len = d->p[1]) >= 0x80) {
		octets = len & 0x7f;
		if (octets == 0 || octets > 3 || d->n < 2 + octets)
			return -1;
		for (len = 0; octets > 0; octets--)
			len = len << 8 | d->p[head++];
	}
	if (len > d->n - head)
		return -1;
	v = (struct der){d->p + head, len};
	d->p += head + len;
	d->n -= head + len;
	*value = v;
	return 0;
}

/* YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ (RFC 5280, 4.1.2.5). */
static int
read_time(struct der *d, char out[21])
{
	const char *century = "";
	struct der v;
	const char *t;
	size_t i;

	if (der_next(d, DER_UTCTIME, &v) == 0) {
		if (v.n != 13)
			return -1;
		century = v.p[0] >= '5' ? "19" : "20";
	} else if (der_next(d, DER_TIME, &v) == -1 || v.n != 15)
		return -1;
	t = (const char *)v.p;
	for (i = 0; i < v.n - 1; i++)
		if (t[i] < '0' || t[i] > '9')
			return -1;
	if (t[i] != 'Z')
		return -1;
	snprintf(out, 21, "%s%.*s-%.2s-%.2sT%.2s:%.2s:%.2sZ", century,
	    (int)v.n - 11, t, t + v.n - 11, t + v.n - 9, t + v.n - 7,
	    t + v.n - 5, t + v.n - 3);
	return 0;
}

/* Find the validity and the bits of the public key.  Returns 0, or -1. */
static int
parse(struct cert *c, struct der d, struct der *key)
{
	struct der tbs, v, spki;

	if (der_next(&d, DER_SEQUENCE, &d) == -1 ||
	    der_next(&d, DER_SEQUENCE, &tbs) == -1)
		return -1;
	der_next(&tbs, DER_VERSION, &v);
	if (der_next(&tbs, DER_INTEGER, &v) == -1 ||	/* serial number */
	    der_next(&tbs, DER_SEQUENCE, &v) == -1 ||	/* signature */
	    der_next(&tbs, DER_SEQUENCE, &v) == -1 ||	/* issuer */
	    der_next(&tbs, DER_SEQUENCE, &v) == -1)	/* validity */
		return -1;
	if (read_time(&v, c->from) == -1 || read_time(&v, c->until) == -1)
		return -1;
	if (der_next(&tbs, DER_SEQUENCE, &v) == -1 ||	/* subject */
	    der_next(&tbs, DER_SEQUENCE, &spki) == -1 ||
	    der_next(&spki, DER_SEQUENCE, &v) == -1 ||	/* algorithm */
	    der_next(&spki, DER_BITS, key) == -1 || key->n < 2)
		return -1;
	key->p++;	/* the count of unused bits */
	key->n--;
	/* RSA: modulus and exponent, which the private key has in this order */
	if (key->p[0] == DER_SEQUENCE)
		return der_next(key, DER_SEQUENCE, key);
	return 0;
}

void
cert_parse(struct cert *c, const char *pem)
{
	unsigned char octets[CERT_MAX];
	struct der d = {.p = octets}, public;

	memset(c, 0, sizeof(*c));
	d.n = pem_decode(pem, "CERTIFICATE", octets, sizeof(octets));
	if (parse(c, d, &public) == -1) {
		memset(c, 0, sizeof(*c));
		return;
	}
	memcpy(c->key, public.p, public.n);
	c->nkey = public.n;
}

int
cert_fits(const struct cert *c, const char *pem)
{
	unsigned char key[CERT_MAX];
	size_t n = pem_decode(pem, "PRIVATE KEY", key, sizeof(key)), i;
	int fits = 0;

	for (i = 0; c->nkey >= FITS_MIN && i + c->nkey <= n && !fits; i++)
		fits = memcmp(key + i, c->key, c->nkey) == 0;
	explicit_bzero(key, sizeof(key));
	return fits;
}

const char *
cert_fault(const char *cert_pem, const char *key_pem)
{
	int cert = pem_find(cert_pem, "CERTIFICATE") != NULL;
	int key = pem_find(key_pem, "PRIVATE KEY") != NULL;

	if (!cert && !key && pem_find(cert_pem, "PRIVATE KEY") != NULL &&
	    pem_find(key_pem, "CERTIFICATE") != NULL)
		return "the files are swapped: the first holds the private "
		       "key, the second the certificate";
	if (!cert)
		return "there is no certificate in the first file";
	if (!key)
		return "there is no private key in the second file";
	if (pem_find(key_pem, "ENCRYPTED PRIVATE KEY") != NULL ||
	    strstr(key_pem, "Proc-Type: 4,ENCRYPTED") != NULL)
		return "the private key is encrypted with a passphrase";
	return "the private key does not fit the certificate, or one of the "
	       "two is damaged";
}

int
cert_age(const struct cert *c)
{
	char now[21];
	time_t t = time(NULL);
	struct tm tm;

	if (c->until[0] == '\0')
		return 0;
	strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
	if (strcmp(now, c->from) < 0)
		return -1;
	return strcmp(now, c->until) > 0;
}
