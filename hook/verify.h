/*
 * verify: is a webhook the gateway's own?
 */
#ifndef VERIFY_H
#define VERIFY_H

#include <stddef.h>
#include <time.h>

#include "gateway/hook.h"
#include "hook/cgi.h"
#include "hook/form.h"

#define VERIFY_KEYS_MAX	  16	/* lines of a file of keys */
#define VERIFY_SECRET_MIN 16	/* octets of the URL's secret */
#define VERIFY_SECRET_MAX 255

/* What one knows of a gateway to recognise it. */
struct verify_secrets {
	char url[VERIFY_SECRET_MAX + 1];	/* "": there is none */
	char *key[VERIFY_KEYS_MAX];	/* each of them will do */
	size_t nkeys;
};

/*
 * NULL if the request is from the gateway: it is signed with one of its keys,
 * or where we have no key the URL, or the password of Basic, is the secret.
 * Else what is wrong, for the log.  form: its fields, sorted; url: that the
 * gateway knows.
 */
const char *verify_origin(const struct hook *, const struct verify_secrets *,
    const struct cgi *, const struct form *, const char *url, time_t now);

#endif
