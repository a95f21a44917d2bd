/*
 * relay: SMTP by libcurl, which no other file of this folder calls.
 */
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "common/log.h"
#include "hook/relay.h"

#define URL_MAX 600	/* octets of the server's URL with our name */

/* What is left to be sent. */
struct rest {
	const char *p;
	size_t n;
};

static size_t
on_read(char *out, size_t size, size_t count, void *arg)
{
	struct rest *rest = arg;
	size_t n = size * count < rest->n ? size * count : rest->n;

	memcpy(out, rest->p, n);
	rest->p += n;
	rest->n -= n;
	return n;
}

/* The greeting of RFC 5321, 4.1.1.1, names us: libcurl takes it from here. */
static int
make_url(const char *url, const char *hostname, char out[URL_MAX])
{
	int n = snprintf(out, URL_MAX, "%s/%s", url, hostname);

	return n > 0 && n < URL_MAX ? 0 : -1;
}

static void
set_options(CURL *c, const char *url, struct curl_slist *to,
    struct rest *rest, long seconds)
{
	curl_easy_setopt(c, CURLOPT_URL, url);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
#else
	curl_easy_setopt(c, CURLOPT_PROTOCOLS, CURLPROTO_SMTP |
	    CURLPROTO_SMTPS);
#endif
	/* "Proxy:" of a webhook is HTTP_PROXY in the environment */
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_CRLF, 1L);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(c, CURLOPT_READDATA, rest);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, seconds);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
}

int
relay_give(const char *url, const char *hostname, const char *rcpt,
    const char *mail, size_t n, long seconds)
{
	char all[URL_MAX], error[CURL_ERROR_SIZE] = "out of memory";
	struct rest rest = {.p = mail, .n = n};
	CURLcode code = CURLE_FAILED_INIT;
	struct curl_slist *to = NULL;
	CURL *c = curl_easy_init();

	if (c != NULL && make_url(url, hostname, all) == 0 &&
	    (to = curl_slist_append(NULL, rcpt)) != NULL) {
		curl_easy_setopt(c, CURLOPT_ERRORBUFFER, error);
		set_options(c, all, to, &rest, seconds);
		code = curl_easy_perform(c);
	}
	if (code != CURLE_OK)
		log_event(LOG_ERR, "mail", "relay", url, "error",
		    error[0] != '\0' ? error : curl_easy_strerror(code),
		    NULL);
	curl_slist_free_all(to);
	if (c != NULL)
		curl_easy_cleanup(c);
	return code == CURLE_OK ? 0 : -1;
}
