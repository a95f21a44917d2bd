/*
 * path: the paths of MAIL and RCPT (RFC 5321, 4.1.2; RFC 6531).  Pure.
 */
#include <string.h>

#include "common/path.h"
#include "common/utf8.h"

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* 1 for an octet beyond ASCII; look_at() checks the UTF-8 later. */
static int
is_utf8(char c)
{
	return (unsigned char)c >= 0x80;
}

/* 1 if a local part may have it outside quotes; more than atext. */
static int
is_local(char c)
{
	return is_utf8(c) ||
	    (c > ' ' && c < 0x7f && strchr("<>@,\"\\", c) == NULL);
}

static int
is_domain(char c)
{
	return is_utf8(c) || is_digit(c) || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || (c != '\0' && strchr("-._[]:", c));
}

/* Copy a quoted-string (RFC 5321, 4.1.2); s is behind the opening quote. */
static const char *
take_quoted(const char *s, char *out, size_t room)
{
	size_t n = 0;

	for (; *s != '"'; s++) {
		if (*s == '\\')
			s++;
		if ((*s < ' ' && !is_utf8(*s)) || *s == 0x7f || n >= room)
			return NULL;
		out[n++] = *s;
	}
	out[n] = '\0';
	return s + 1;
}

static const char *
take_run(const char *s, int (*member)(char), char *out, size_t room)
{
	size_t n = 0;

	for (; member(*s); s++) {
		if (n >= room)
			return NULL;
		out[n++] = *s;
	}
	out[n] = '\0';
	return s;
}

/* Skip "@a,@b:" before a mailbox (RFC 5321, 4.1.1.3 and appendix C). */
static const char *
skip_route(const char *s)
{
	if (*s != '@')
		return s;
	while (is_domain(*s) || *s == '@' || *s == ',') {
		if (*s == ':')
			return s + 1;
		s++;
	}
	return NULL;
}

/*
 * 0 if it is ASCII, 1 if it is UTF-8 with more than ASCII, -1 if it is neither
 * or has a C1 control character.
 */
static int
look_at(const char *s)
{
	int beyond = 0, n;

	for (; *s != '\0'; s += n) {
		n = utf8_length(s, UTF8_MAX, NULL);
		if (n <= 0 || (*s == '\xc2' && (unsigned char)s[1] < 0xa0))
			return -1;
		beyond |= n > 1;
	}
	return beyond;
}

static int
look_at_path(struct path *p)
{
	int local = look_at(p->local), domain = look_at(p->domain);

	p->utf8 = local == 1 || domain == 1;
	return local == -1 || domain == -1 ? -1 : 0;
}

/* Copy a mailbox; returns its end, or NULL if there is none. */
static const char *
take_mailbox(const char *s, struct path *p)
{
	if ((s = skip_route(s)) == NULL)
		return NULL;
	if (*s == '"')
		s = take_quoted(s + 1, p->local, PATH_LOCAL_MAX);
	else
		s = take_run(s, is_local, p->local, PATH_LOCAL_MAX);
	if (s == NULL || p->local[0] == '\0')
		return NULL;
	if (*s != '@')
		return s;
	s = take_run(s + 1, is_domain, p->domain, PATH_DOMAIN_MAX);
	return s != NULL && p->domain[0] != '\0' ? s : NULL;
}

/* 1 for "SIZE=99" after "FROM:": a parameter, and the path is missing. */
static int
is_parameter(const struct path *p)
{
	return p->domain[0] == '\0' && strchr(p->local, '=') != NULL;
}

int
path_parse(const char *s, const char **end, struct path *p)
{
	int bracket;

	memset(p, 0, sizeof(*p));
	while (*s == ' ')
		s++;
	bracket = *s == '<';
	s += bracket;
	if (!(bracket && *s == '>') && (s = take_mailbox(s, p)) == NULL)
		return -1;
	if (bracket ? *s != '>' : is_parameter(p))
		return -1;
	s += bracket;
	if (*s != '\0' && *s != ' ')
		return -1;
	*end = s;
	return look_at_path(p);
}

/* 1 if path_skip may skip it. */
static int
is_harmless(char c)
{
	return c > ' ' && c < 0x7f && c != '<' && c != '>' && c != '"';
}

int
path_skip(const char *s, const char **end, struct path *p)
{
	int bracket;

	memset(p, 0, sizeof(*p));
	while (*s == ' ')
		s++;
	bracket = *s == '<';
	s = take_run(s + bracket, is_harmless, p->local, PATH_LOCAL_MAX);
	if (s == NULL || p->local[0] == '\0' || is_parameter(p))
		return -1;
	if (bracket && *s++ != '>')
		return -1;
	if (*s != '\0' && *s != ' ')
		return -1;
	*end = s;
	return 0;
}
