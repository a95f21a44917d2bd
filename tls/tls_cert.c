/*
 * tls_cert: PEM (RFC 7468) and as much of DER (X.690) as it takes to find
 * two things in a certificate (RFC 5280, 4.1): the validity, which libtls
 * does not tell a server about its own certificate, and the public key.
 * No descriptors, no log.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

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

static int
base64_value(int c)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c != '\0' ? strchr(set, c) : NULL;

	return p != NULL ? (int)(p - set) : -1;
}

/* Decode up to the first '-' (the END line); the octets, 0 if too many. */
static size_t
base64_decode(const char *s, unsigned char *out, size_t cap)
{
	unsigned long bits = 0;
	size_t n = 0, have = 0;
	int v;

	for (; *s != '\0' && *s != '-'; s++) {
		if ((v = base64_value(*s)) == -1)
			continue;
		bits = (bits << 6 | (unsigned long)v) & 0xffffff;
		if ((have += 6) < 8)
			continue;
		if (n == cap)
			return 0;
		have -= 8;
		out[n++] = (unsigned char)(bits >> have);
	}
	return n;
}

/* Behind the label of the first block whose label ends so, or NULL. */
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

/* The octets of that block; returns how many, 0: there is none. */
static size_t
pem_decode(const char *s, const char *label, unsigned char *out, size_t cap)
{
	if ((s = pem_find(s, label)) == NULL)
		return 0;
	return base64_decode(s + strspn(s, "-"), out, cap);
}

/* Take the next value with this tag off d (value may be d).  0, or -1. */
static int
der_take(struct der *d, int tag, struct der *value)
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
take_time(struct der *d, char out[21])
{
	const char *century = "";
	struct der v;
	const char *t;

	if (der_take(d, DER_UTCTIME, &v) == 0) {
		if (v.n != 13)
			return -1;
		century = v.p[0] >= '5' ? "19" : "20";
	} else if (der_take(d, DER_TIME, &v) == -1 || v.n != 15)
		return -1;
	t = (const char *)v.p;
	snprintf(out, 21, "%s%.*s-%.2s-%.2sT%.2s:%.2s:%.2sZ", century,
	    (int)v.n - 11, t, t + v.n - 11, t + v.n - 9, t + v.n - 7,
	    t + v.n - 5, t + v.n - 3);
	return 0;
}

/* Find the validity and the bits of the public key.  Returns 0, or -1. */
static int
look_inside(struct cert *c, struct der d, struct der *key)
{
	struct der tbs, v, spki;

	if (der_take(&d, DER_SEQUENCE, &d) == -1 ||
	    der_take(&d, DER_SEQUENCE, &tbs) == -1)
		return -1;
	der_take(&tbs, DER_VERSION, &v);
	if (der_take(&tbs, DER_INTEGER, &v) == -1 ||	/* serial number */
	    der_take(&tbs, DER_SEQUENCE, &v) == -1 ||	/* signature */
	    der_take(&tbs, DER_SEQUENCE, &v) == -1 ||	/* issuer */
	    der_take(&tbs, DER_SEQUENCE, &v) == -1)	/* validity */
		return -1;
	if (take_time(&v, c->from) == -1 || take_time(&v, c->until) == -1)
		return -1;
	if (der_take(&tbs, DER_SEQUENCE, &v) == -1 ||	/* subject */
	    der_take(&tbs, DER_SEQUENCE, &spki) == -1 ||
	    der_take(&spki, DER_SEQUENCE, &v) == -1 ||	/* algorithm */
	    der_take(&spki, DER_BITS, key) == -1 || key->n < 2)
		return -1;
	key->p++;	/* the count of unused bits */
	key->n--;
	/* RSA: modulus and exponent, which the private key holds in a row */
	if (key->p[0] == DER_SEQUENCE)
		return der_take(key, DER_SEQUENCE, key);
	return 0;
}

static int
contains(const unsigned char *hay, size_t n, const struct der *needle)
{
	size_t i;

	if (needle->n < FITS_MIN)
		return 0;
	for (i = 0; i + needle->n <= n; i++)
		if (memcmp(hay + i, needle->p, needle->n) == 0)
			return 1;
	return 0;
}

void
cert_look(struct cert *c, const char *cert_pem, const char *key_pem)
{
	unsigned char cert[CERT_MAX], key[CERT_MAX];
	struct der d = {.p = cert}, public;
	size_t n;

	memset(c, 0, sizeof(*c));
	d.n = pem_decode(cert_pem, "CERTIFICATE", cert, sizeof(cert));
	if (look_inside(c, d, &public) == -1) {
		memset(c, 0, sizeof(*c));
		return;
	}
	n = pem_decode(key_pem, "PRIVATE KEY", key, sizeof(key));
	c->fits = contains(key, n, &public);
	explicit_bzero(key, sizeof(key));
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
