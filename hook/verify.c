/*
 * verify: signatures over what came, their time, and the secret of the URL.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base64.h"
#include "hook/verify.h"

#define MILLISECONDS 100000000000LL	/* no time in seconds is so late */

/* What a signature is over. */
struct signed_parts {
	const struct cgi *request;
	const struct form *form;
	const char *url;
};

/* Names and values, one behind the other; what is there twice counts once. */
static void
put_fields(struct digest_hmac *h, const struct form *f)
{
	const struct form_field *x;
	size_t i;

	for (i = 0; i < f->n; i++) {
		x = &f->field[i];
		if (i > 0 && strcmp(x[-1].name, x->name) == 0 &&
		    strcmp(x[-1].value, x->value) == 0)
			continue;
		digest_hmac_put(h, x->name, strlen(x->name));
		digest_hmac_put(h, x->value, strlen(x->value));
	}
}

static void
put_part(struct digest_hmac *h, const struct hook_part *p,
    const struct signed_parts *s)
{
	const char *value;

	switch (p->piece) {
	case HOOK_PIECE_TEXT:
		digest_hmac_put(h, p->text, p->n);
		break;
	case HOOK_PIECE_BODY:
		digest_hmac_put(h, s->request->body, s->request->nbody);
		break;
	case HOOK_PIECE_URL:
		digest_hmac_put(h, s->url, strlen(s->url));
		break;
	case HOOK_PIECE_FIELDS:
		put_fields(h, s->form);
		break;
	case HOOK_PIECE_HEADER:
		value = cgi_header(p->text, p->n);
		digest_hmac_put(h, value, strlen(value));
		break;
	}
}

/* The signature that came, as octets.  Returns 0, or -1 if it is none. */
static int
decode(const struct hook_sign *sign, const char *s,
    unsigned char out[DIGEST_MAX])
{
	size_t i, n = digest_size(sign->kind);
	char octets[DIGEST_MAX + 1], pair[3] = "";

	if (sign->base64) {
		if (base64_decode(s, octets, n) != (long)n)
			return -1;
		memcpy(out, octets, n);
		return 0;
	}
	if (strlen(s) != 2 * n)
		return -1;
	for (i = 0; i < n; i++) {
		memcpy(pair, s + 2 * i, 2);
		if (!isxdigit((unsigned char)pair[0]) ||
		    !isxdigit((unsigned char)pair[1]))
			return -1;
		out[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	return 0;
}

static int
is_signed(const struct hook_sign *sign, const struct verify_secrets *secrets,
    const struct signed_parts *s)
{
	unsigned char came[DIGEST_MAX], want[DIGEST_MAX];
	struct digest_hmac h;
	size_t i, k;
	int found = 0;

	if (decode(sign, cgi_header(sign->header, strlen(sign->header)),
		came) == -1)
		return 0;
	for (k = 0; k < secrets->nkeys; k++) {
		digest_hmac_begin(&h, sign->kind, secrets->key[k],
		    strlen(secrets->key[k]));
		for (i = 0; i < sign->nparts; i++)
			put_part(&h, &sign->part[i], s);
		digest_hmac_end(&h, want);
		found |= digest_equal(came, want, digest_size(sign->kind));
	}
	explicit_bzero(want, sizeof(want));
	return found;
}

/* Its time is one that has been signed: seconds, or milliseconds. */
static const char *
check_time(const struct hook_sign *sign, time_t now)
{
	const char *s = cgi_header(sign->time, strlen(sign->time));
	long long t;
	size_t n = strlen(s);

	if (n == 0 || n > 15 || strspn(s, "0123456789") != n)
		return "it has no time";
	t = strtoll(s, NULL, 10);
	if (t > MILLISECONDS)
		t /= 1000;
	if (t < (long long)now - sign->window)
		return "it is too old";
	return t > (long long)now + sign->window ? "its time is to come" :
						   NULL;
}

static int
is_secret(const struct verify_secrets *secrets, const char *s)
{
	size_t n = strlen(secrets->url);

	return n > 0 && strlen(s) == n && digest_equal(s, secrets->url, n);
}

/* The password of Basic (RFC 7617). */
static int
has_password(const struct verify_secrets *secrets)
{
	static const char name[] = "Authorization";
	const char *s = cgi_header(name, strlen(name)), *colon;
	char pair[2 * VERIFY_SECRET_MAX + 1];
	long n;
	int r;

	if (strncasecmp(s, "Basic ", 6) != 0)
		return 0;
	n = base64_decode(s + 6 + strspn(s + 6, " "), pair, sizeof(pair) - 1);
	if (n == -1)
		return 0;
	colon = strchr(pair, ':');
	r = colon != NULL && is_secret(secrets, colon + 1);
	explicit_bzero(pair, sizeof(pair));
	return r;
}

const char *
verify_origin(const struct hook *hook, const struct verify_secrets *secrets,
    const struct cgi *request, const struct form *form, const char *url,
    time_t now)
{
	struct signed_parts s = {.request = request, .form = form,
	    .url = url};

	if (secrets->nkeys > 0) {
		if (hook->sign.header == NULL)
			return "the descriptor does not say how it signs";
		if (!is_signed(&hook->sign, secrets, &s))
			return "the signature is wrong";
		return hook->sign.time != NULL ? check_time(&hook->sign, now) :
						 NULL;
	}
	if (secrets->url[0] == '\0')
		return "there is neither a hook-key nor a secret hook";
	if (!is_secret(secrets, request->secret) && !has_password(secrets))
		return "the secret is missing or wrong";
	return NULL;
}
