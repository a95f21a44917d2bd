/*
 * cgi: a request comes in, an answer goes out (RFC 3875).
 */
#ifndef CGI_H
#define CGI_H

#include <stddef.h>

#define CGI_BODY_MAX	(256 * 1024)	/* octets of a request's body */
#define CGI_URL_MAX	8192		/* octets of its URL */
#define CGI_ELEMENT_MAX 255		/* octets of an element of PATH_INFO */
#define CGI_VALUE_MAX	8192		/* octets of a header field's value */
#define CGI_SECONDS	30		/* that the body may take */

/* What is answered.  cgi.c has the words for people. */
enum cgi_answer {
	CGI_TAKEN,	/* 200, or what the descriptor says */
	CGI_MALFORMED,	/* 400 */
	CGI_FORBIDDEN,	/* 403 */
	CGI_UNKNOWN,	/* 404 */
	CGI_METHOD,	/* 405 */
	CGI_LENGTH,	/* 411 */
	CGI_LARGE,	/* 413 */
	CGI_BROKEN,	/* 500 */
	CGI_LATER	/* 503: the gateway may try again */
};

struct cgi {
	const char *method, *query;	/* "" if there is none */
	/* the last element of PATH_INFO, and the one before it; "" */
	char gateway[CGI_ELEMENT_MAX + 1], secret[CGI_ELEMENT_MAX + 1];
	char url[CGI_URL_MAX];		/* that was asked for; "" if unknown */
	char *body;			/* a NUL is behind it */
	size_t nbody;
};

/*
 * Read all but the body from the environment.  Returns CGI_TAKEN, or what is
 * wrong.
 */
enum cgi_answer cgi_head(struct cgi *);

/* Read the body, of which there may be none.  The same. */
enum cgi_answer cgi_body(struct cgi *);

/* The value of a header field, "" if it did not come or is too long. */
const char *cgi_header(const char *name, size_t n);

/* Write the answer; status and body are those of CGI_TAKEN. */
void cgi_reply(enum cgi_answer, int status, const char *body);

/* The status code of an answer, for the log. */
int cgi_status(enum cgi_answer, int status);

#endif
