/*
 * number: phone numbers (ITU-T E.164), their prefixes, and who may be sent
 * to.  Pure.  The session normalises what it is given; the delivery side
 * checks again what the session says.
 */
#include <string.h>
#include <strings.h>

#include "common/number.h"

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
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
number_normalise(const char *s, const struct number_rules *rules,
    char out[NUMBER_SIZE])
{
	char digits[NUMBER_E164_MAX + 3];	/* a 00 in front besides */
	const char *d = digits, *country = "";
	int plus = *s == '+';
	size_t n;

	if ((n = take_digits(s + plus, digits, NUMBER_E164_MAX + 2)) == 0)
		return -1;
	if (!plus && strncmp(d, "00", 2) == 0) {
		plus = 1;
		d += 2;
	}
	if (!plus && rules->allow_short && n >= NUMBER_SHORT_MIN &&
	    n <= NUMBER_SHORT_MAX && *d != '0') {
		memcpy(out, d, n + 1);
		return 0;
	}
	if (!plus && rules->country != NULL) {
		country = rules->country;
		if (*d == '0')
			d++;
	}
	if (strlen(country) + strlen(d) > NUMBER_E164_MAX || *d == '\0')
		return -1;
	out[0] = '+';
	strcpy(out + 1, country);
	strcat(out, d);
	return number_is_valid(out, 0) ? 0 : -1;
}

int
number_is_valid(const char *s, int allow_short)
{
	int plus = *s == '+';
	size_t n;

	n = strspn(s + plus, "0123456789");
	if (s[plus] == '0' || s[(size_t)plus + n] != '\0')
		return 0;
	if (plus)
		return n >= NUMBER_E164_MIN && n <= NUMBER_E164_MAX;
	return allow_short && n >= NUMBER_SHORT_MIN && n <= NUMBER_SHORT_MAX;
}

int
number_prefix(const char *s, char out[NUMBER_SIZE])
{
	const char *digits = s + (*s == '+');
	size_t n = strspn(digits, "0123456789");

	if (n == 0 || n > NUMBER_E164_MAX || digits[n] != '\0' ||
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
number_allowed(const char *number, char *const *allow, size_t nallow,
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
