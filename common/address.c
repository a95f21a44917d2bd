/*
 * address: paths of RFC 5321 and phone numbers (E.164).  Pure; used by the
 * session and, to check what the session says, by the delivery side.
 */
#include <string.h>
#include <strings.h>

#include "common/address.h"
#include "common/utf8.h"

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Of a character that is not ASCII; whether it is one is seen later. */
static int
is_utf8(char c)
{
	return (unsigned char)c >= 0x80;
}

/* What a local part may hold outside quotes; wider than atext. */
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

/* A quoted-string (RFC 5321, 4.1.2); s is behind the opening quote. */
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

/* "@a,@b:" in front of a mailbox (RFC 5321, 4.1.1.3 and appendix C). */
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
 * 0 if it is ASCII, 1 if it is UTF-8 beyond that, -1 if it is neither, or has
 * a control character of C1.
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

int
address_path(const char *s, const char **end, struct path *p)
{
	p->local[0] = p->domain[0] = '\0';
	p->utf8 = 0;
	while (*s == ' ')
		s++;
	if (*s++ != '<')
		return -1;
	if (*s == '>') {
		*end = s + 1;
		return 0;
	}
	if ((s = skip_route(s)) == NULL)
		return -1;
	if (*s == '"')
		s = take_quoted(s + 1, p->local, ADDRESS_LOCAL_MAX);
	else
		s = take_run(s, is_local, p->local, ADDRESS_LOCAL_MAX);
	if (s == NULL || p->local[0] == '\0')
		return -1;
	if (*s == '@') {
		s = take_run(s + 1, is_domain, p->domain, ADDRESS_DOMAIN_MAX);
		if (s == NULL || p->domain[0] == '\0')
			return -1;
	}
	if (*s != '>')
		return -1;
	*end = s + 1;
	return look_at_path(p);
}

/*
 * Copy the digits of s without the visual separators; at most max of them.
 * Returns how many, or 0 if there is anything else in it.
 */
static size_t
take_digits(const char *s, char *out, size_t max)
{
	static const char plmn[] = "/TYPE=PLMN";
	size_t n = 0;

	for (; *s != '\0'; s++) {
		if (strcasecmp(s, plmn) == 0)
			break;
		/* "+49 (0) 171": the 0 is for those who dial from inside */
		if (n > 0 && strncmp(s, "(0)", 3) == 0)
			s += 2;
		if (strchr(" -.()", *s) != NULL)
			continue;
		if (!is_digit(*s) || n >= max)
			return 0;
		out[n++] = *s;
	}
	out[n] = '\0';
	return n;
}

int
address_number(const char *s, const struct address_rules *rules,
    char out[ADDRESS_NUMBER_MAX])
{
	char digits[ADDRESS_E164_MAX + 3];	/* a 00 in front besides */
	const char *d = digits, *country = "";
	int plus = *s == '+';
	size_t n;

	if ((n = take_digits(s + plus, digits, ADDRESS_E164_MAX + 2)) == 0)
		return -1;
	if (!plus && strncmp(d, "00", 2) == 0) {
		plus = 1;
		d += 2;
	}
	if (!plus && rules->allow_short && n >= ADDRESS_SHORT_MIN &&
	    n <= ADDRESS_SHORT_MAX && *d != '0') {
		memcpy(out, d, n + 1);
		return 0;
	}
	if (!plus && rules->country != NULL) {
		country = rules->country;
		if (*d == '0')
			d++;
	}
	if (strlen(country) + strlen(d) > ADDRESS_E164_MAX || *d == '\0')
		return -1;
	out[0] = '+';
	strcpy(out + 1, country);
	strcat(out, d);
	return address_is_number(out, 0) ? 0 : -1;
}

int
address_is_number(const char *s, int allow_short)
{
	int plus = *s == '+';
	size_t n;

	n = strspn(s + plus, "0123456789");
	if (s[plus] == '0' || s[(size_t)plus + n] != '\0')
		return 0;
	if (plus)
		return n >= ADDRESS_E164_MIN && n <= ADDRESS_E164_MAX;
	return allow_short && n >= ADDRESS_SHORT_MIN && n <= ADDRESS_SHORT_MAX;
}

int
address_prefix(const char *s, char out[ADDRESS_NUMBER_MAX])
{
	const char *digits = s + (*s == '+');
	size_t n = strspn(digits, "0123456789");

	if (n == 0 || n > ADDRESS_E164_MAX || digits[n] != '\0' ||
	    *digits == '0')
		return -1;
	out[0] = '+';
	memcpy(out + 1, digits, n + 1);
	return 0;
}

/* Octets of the longest prefix in list that number starts with; 0: none. */
static size_t
longest(const char *number, char *const *list, size_t n)
{
	size_t i, len, best = 0;

	for (i = 0; i < n; i++) {
		len = strlen(list[i]);
		if (len > best && strncmp(number, list[i], len) == 0)
			best = len;
	}
	return best;
}

int
address_allowed(const char *number, char *const *allow, size_t nallow,
    char *const *deny, size_t ndeny)
{
	size_t yes, no;

	if (*number != '+')
		return 1;
	yes = longest(number, allow, nallow);
	no = longest(number, deny, ndeny);
	if (yes == 0 && no == 0)
		return nallow == 0;
	return yes > no;
}
