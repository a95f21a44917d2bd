/*
 * cgi: the environment and standard input in, one answer on standard output.
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "gateway/hook.h"
#include "hook/cgi.h"

static const struct {
	int status;
	const char *reason;
} answers[] = {
	[CGI_TAKEN] = {200, "OK"},
	[CGI_MALFORMED] = {400, "Bad Request"},
	[CGI_FORBIDDEN] = {403, "Forbidden"},
	[CGI_UNKNOWN] = {404, "Not Found"},
	[CGI_METHOD] = {405, "Method Not Allowed"},
	[CGI_LENGTH] = {411, "Length Required"},
	[CGI_LARGE] = {413, "Content Too Large"},
	[CGI_BROKEN] = {500, "Internal Server Error"},
	[CGI_LATER] = {503, "Service Unavailable"},
};

/* A variable of the environment; "" if it is not there. */
static const char *
variable(const char *name)
{
	const char *s = getenv(name);

	return s != NULL ? s : "";
}

/* Copy an element of a path.  Returns 0, or -1 if it is too long. */
static int
copy_element(const char *s, size_t n, char out[CGI_ELEMENT_MAX + 1])
{
	if (n > CGI_ELEMENT_MAX)
		return -1;
	memcpy(out, s, n);
	out[n] = '\0';
	return 0;
}

/* The last two elements of PATH_INFO. */
static int
read_path(struct cgi *c)
{
	const char *path = variable("PATH_INFO"), *last, *before;

	if ((last = strrchr(path, '/')) == NULL)
		return -1;
	for (before = last; before > path && before[-1] != '/'; before--)
		;
	if (before > path &&
	    copy_element(before, (size_t)(last - before), c->secret) == -1)
		return -1;
	return copy_element(last + 1, strlen(last + 1), c->gateway);
}

/* The URL as the client had it, as far as the server can tell. */
static void
read_url(struct cgi *c)
{
	const char *https = variable("HTTPS");
	int tls = strcmp(https, "on") == 0 || strcmp(https, "1") == 0 ||
	    strcmp(variable("REQUEST_SCHEME"), "https") == 0;
	int n = snprintf(c->url, sizeof(c->url), "%s://%s%s",
	    tls ? "https" : "http", variable("HTTP_HOST"),
	    variable("REQUEST_URI"));

	if (n < 0 || (size_t)n >= sizeof(c->url))
		c->url[0] = '\0';
}

enum cgi_answer
cgi_head(struct cgi *c)
{
	memset(c, 0, sizeof(*c));
	c->method = variable("REQUEST_METHOD");
	c->query = variable("QUERY_STRING");
	if (strlen(c->query) > CGI_BODY_MAX)
		return CGI_LARGE;
	if (strcmp(c->method, "GET") != 0 && strcmp(c->method, "POST") != 0)
		return CGI_METHOD;
	read_url(c);
	return read_path(c) == 0 ? CGI_TAKEN : CGI_UNKNOWN;
}

/* Octets that the body has, or -1: not said; -2: too many. */
static long
length(void)
{
	const char *s = variable("CONTENT_LENGTH");
	char *end;
	long n;

	if (!isdigit((unsigned char)*s))
		return -1;
	errno = 0;
	n = strtol(s, &end, 10);
	if (*end != '\0')
		return -1;
	return errno != 0 || n > CGI_BODY_MAX ? -2 : n;
}

/* Read some of the body; -1 if it ends, or does not come in time. */
static ssize_t
read_some(char *p, size_t n, long long deadline)
{
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t got;

	for (;;) {
		if (clock_left(deadline) == 0)
			return -1;
		if (poll(&fd, 1, clock_left(deadline)) < 1)
			continue;
		got = read(STDIN_FILENO, p, n);
		if (got > 0)
			return got;
		if (got == 0 || (errno != EINTR && errno != EAGAIN))
			return -1;
	}
}

enum cgi_answer
cgi_body(struct cgi *c)
{
	long long deadline = clock_ms() + CGI_SECONDS * 1000;
	long n = strcmp(c->method, "GET") == 0 ? 0 : length();
	ssize_t got;

	if (n < 0)
		return n == -1 ? CGI_LENGTH : CGI_LARGE;
	if ((c->body = malloc((size_t)n + 1)) == NULL)
		return CGI_BROKEN;
	while (c->nbody < (size_t)n) {
		got = read_some(c->body + c->nbody, (size_t)n - c->nbody,
		    deadline);
		if (got == -1)
			return CGI_MALFORMED;
		c->nbody += (size_t)got;
	}
	c->body[n] = '\0';
	return CGI_TAKEN;
}

/* "X-Signature" is HTTP_X_SIGNATURE (RFC 3875, 4.1.18). */
const char *
cgi_header(const char *name, size_t n)
{
	char key[sizeof("HTTP_") + HOOK_HEADER_MAX] = "HTTP_";
	size_t i, at = strlen(key);
	const char *s;

	if (n > HOOK_HEADER_MAX)
		return "";
	for (i = 0; i < n; i++)
		key[at + i] = name[i] == '-' ? '_' :
		    (char)toupper((unsigned char)name[i]);
	key[at + n] = '\0';
	s = variable(key);
	return strlen(s) <= CGI_VALUE_MAX ? s : "";
}

int
cgi_status(enum cgi_answer a, int status)
{
	return a == CGI_TAKEN ? status : answers[a].status;
}

void
cgi_reply(enum cgi_answer a, int status, const char *body)
{
	printf("Status: %d %s\r\nContent-Type: text/plain\r\n"
	    "Cache-Control: no-store\r\n%s%s\r\n%s%s",
	    cgi_status(a, status), answers[a].reason,
	    a == CGI_METHOD ? "Allow: GET, POST\r\n" : "",
	    a == CGI_LATER ? "Retry-After: 60\r\n" : "",
	    a == CGI_TAKEN ? body : answers[a].reason,
	    a == CGI_TAKEN ? "" : "\n");
	fflush(stdout);
}
