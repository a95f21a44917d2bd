/*
 * parameter: parses the values of ESMTP parameters and of header fields (RFC
 * 1870, 2852, 3461, 4865, 6710, 3339).  Pure.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "session/parameter.h"

#define SIZE_DIGITS 20	/* RFC 1870, 4 */
#define LONG_DIGITS 9	/* as many as surely fit a long */

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Parse the one to most digits at *s, and move *s behind them.  0, or -1. */
static int
take_digits(const char **s, size_t most, long *n)
{
	size_t len = 0;

	for (*n = 0; is_digit(**s); (*s)++) {
		if (len++ == most)
			return -1;
		*n = 10 * *n + (**s - '0');
	}
	return len == 0 ? -1 : 0;
}

int
parameter_size(const char *s, long *octets)
{
	size_t len = strspn(s, "0123456789");

	if (len == 0 || len > SIZE_DIGITS || s[len] != '\0')
		return -1;
	*octets = strtol(s, NULL, 10); /* LONG_MAX if it is larger */
	return 0;
}

int
parameter_level(const char *s, int *level)
{
	int minus = *s == '-';

	s += minus;
	/* one digit, and no -0 */
	if (!is_digit(*s) || s[1] != '\0' || (minus && *s == '0'))
		return -1;
	*level = minus ? -(*s - '0') : *s - '0';
	return 0;
}

int
parameter_by(const char *s, long *seconds, int *returned)
{
	int minus = *s == '-';

	s += *s == '-' || *s == '+';
	if (take_digits(&s, PARAMETER_BY_DIGITS, seconds) == -1 || *s++ != ';')
		return -1;
	if (minus)
		*seconds = -*seconds;
	*returned = *s == 'R' || *s == 'r';
	if (!*returned && *s != 'N' && *s != 'n')
		return -1;
	s++;
	s += *s == 'T' || *s == 't';
	return *s != '\0' || (*returned && *seconds <= 0) ? -1 : 0;
}

static int
take_seconds(const char *s, long *seconds)
{
	return take_digits(&s, PARAMETER_HOLD_DIGITS, seconds) == -1 ||
	    *s != '\0' ? -1 : 0;
}

int
parameter_hold(const char *s, long *seconds)
{
	return *s == '0' ? -1 : take_seconds(s, seconds);
}

/* ---- dates (RFC 3339) ---- */

/* Parse exactly len digits at *s, and one octet of sep after them. */
static int
take_field(const char **s, size_t len, const char *sep, long *n)
{
	size_t i;

	for (i = 0, *n = 0; i < len; i++, (*s)++) {
		if (!is_digit(**s))
			return -1;
		*n = 10 * *n + (**s - '0');
	}
	if (*sep == '\0')
		return 0;
	return **s != '\0' && strchr(sep, *(*s)++) != NULL ? 0 : -1;
}

/* Midnight UTC of a day; -1 if there is no such day. */
static int
find_day(long year, long month, long day, long long *when)
{
	struct tm tm = {
		.tm_year = (int)year - 1900,
		.tm_mon = (int)month - 1,
		.tm_mday = (int)day,
	};

	if (year == 0 || month < 1 || month > 12 || day < 1)
		return -1;
	*when = timegm(&tm);
	/* timegm(3) makes the 1st of May of the 31st of April */
	return tm.tm_mday == day ? 0 : -1;
}

/* Parse "Z", or the offset from UTC in hours and minutes, to the end of s. */
static int
take_offset(const char *s, long *seconds)
{
	int sign = *s == '-' ? -1 : 1;
	long hours, minutes;

	*seconds = 0;
	if (*s == 'Z' || *s == 'z')
		return s[1] == '\0' ? 0 : -1;
	if (*s != '+' && *s != '-')
		return -1;
	s++;
	if (take_field(&s, 2, ":", &hours) == -1 ||
	    take_field(&s, 2, "", &minutes) == -1 || *s != '\0' ||
	    hours > 23 || minutes > 59)
		return -1;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return 0;
}

int
parameter_date(const char *s, long long *when)
{
	long year, month, day, hour, minute, second, offset;

	if (take_field(&s, 4, "-", &year) == -1 ||
	    take_field(&s, 2, "-", &month) == -1 ||
	    take_field(&s, 2, "Tt", &day) == -1 ||
	    take_field(&s, 2, ":", &hour) == -1 ||
	    take_field(&s, 2, ":", &minute) == -1 ||
	    take_field(&s, 2, "", &second) == -1)
		return -1;
	if (*s == '.') {
		if (!is_digit(*++s))
			return -1;
		while (is_digit(*s))
			s++;
	}
	if (hour > 23 || minute > 59 || second > 60 ||
	    find_day(year, month, day, when) == -1 ||
	    take_offset(s, &offset) == -1)
		return -1;
	*when += hour * 3600 + minute * 60 + second - offset;
	return 0;
}

void
parameter_put_date(long long when, char out[PARAMETER_DATE_MAX])
{
	time_t t = (time_t)when;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, PARAMETER_DATE_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* ---- DSN (RFC 3461) ---- */

/* The value of a hexadecimal digit of xtext (RFC 3461, 4), or -1. */
static int
hex(char c)
{
	if (is_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/*
 * 1 if it is xtext of printable ASCII; wide: it may also have octets above 127,
 * unencoded (RFC 6533, 3).
 */
static int
is_xtext(const char *s, int wide)
{
	int high, low;

	for (; *s != '\0'; s++) {
		if ((unsigned char)*s >= 0x80 && wide)
			continue;
		if (*s <= ' ' || *s >= 0x7f || *s == '=')
			return 0;
		if (*s != '+')
			continue;
		if ((high = hex(*++s)) == -1 || (low = hex(*++s)) == -1)
			return 0;
		if (high < 2 || high > 7 || (high == 7 && low == 15))
			return 0;
	}
	return 1;
}

int
parameter_xtext(const char *s)
{
	return *s != '\0' && is_xtext(s, 0) ? 0 : -1;
}

int
parameter_envid(const char *s)
{
	return *s != '\0' && strlen(s) <= PARAMETER_ENVID_MAX &&
	    is_xtext(s, 0) ? 0 : -1;
}

static const struct {
	const char *name;
	unsigned bit;
} notifies[] = {
	{"NEVER", PARAMETER_NEVER},
	{"SUCCESS", PARAMETER_SUCCESS},
	{"FAILURE", PARAMETER_FAILURE},
	{"DELAY", PARAMETER_DELAY},
};

/* The bit of a word of n octets; 0 if there is no such word. */
static unsigned
find_notify(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(notifies) / sizeof(notifies[0]); i++)
		if (strlen(notifies[i].name) == n &&
		    strncasecmp(notifies[i].name, s, n) == 0)
			return notifies[i].bit;
	return 0;
}

int
parameter_notify(const char *s, unsigned *bits)
{
	unsigned bit;
	size_t n;

	for (*bits = 0; *s != '\0'; s += n + (s[n] == ',')) {
		if ((n = strcspn(s, ",")) == 0)
			continue;
		if ((bit = find_notify(s, n)) == 0 || *bits & bit)
			return -1;
		*bits |= bit;
	}
	if (*bits & PARAMETER_NEVER)
		return *bits == PARAMETER_NEVER ? 0 : -1;
	return *bits != 0 ? 0 : -1;
}

int
parameter_orcpt(const char *s)
{
	size_t n = strcspn(s, ";"), i;

	if (n == 0 || s[n] == '\0' || strlen(s) > PARAMETER_ORCPT_MAX)
		return -1;
	for (i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] >= 0x7f ||
		    strchr("()<>@,:\\\".[]=+", s[i]) != NULL)
			return -1;
	return is_xtext(s + n + 1, n == 5 && strncasecmp(s, "utf-8", 5) == 0) ?
	    0 : -1;
}

/* ---- header fields ---- */

static const char *
skip_blanks(const char *s)
{
	return s + strspn(s, " ");
}

int
parameter_number(const char *s, long least, long most, long *n)
{
	int minus;

	s = skip_blanks(s);
	minus = *s == '-';
	s += *s == '-' || *s == '+';
	if (take_digits(&s, LONG_DIGITS, n) == -1 || *skip_blanks(s) != '\0')
		return -1;
	if (minus)
		*n = -*n;
	return *n < least || *n > most ? -1 : 0;
}

int
parameter_yes(const char *s, int *yes)
{
	*yes = strcasecmp(s, "yes") == 0 || strcasecmp(s, "true") == 0;
	return *yes || strcasecmp(s, "no") == 0 ||
	    strcasecmp(s, "false") == 0 ? 0 : -1;
}

int
parameter_schedule(const char *s, long long now, long long *when)
{
	long seconds;

	if (*s != '+')
		return parameter_date(s, when);
	s++;
	if (take_seconds(s, &seconds) == -1)
		return -1;
	*when = now + seconds;
	return 0;
}

int
parameter_hint(const char *s)
{
	static const char *const high[] = {"high", "urgent", "1", "2"};
	static const char *const low[] = {"low", "non-urgent", "4", "5"};
	size_t i, n = strcspn(s, " (;"); /* "1 (Highest)" */

	for (i = 0; i < sizeof(high) / sizeof(high[0]); i++) {
		if (strlen(high[i]) == n && strncasecmp(high[i], s, n) == 0)
			return PARAMETER_HINT;
		if (strlen(low[i]) == n && strncasecmp(low[i], s, n) == 0)
			return -PARAMETER_HINT;
	}
	return 0;
}
