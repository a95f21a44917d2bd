/*
 * credible: what a Date and a Message-ID are worth.  Pure.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "delivery/credible.h"

#define VALUE_MAX 256	/* octets of a date without its comments */

/* ---- Date ---- */

/*
 * Copy a date without its comments (RFC 5322, 3.2.2); a blank takes their
 * place.  -1: it is too long, or a comment does not end.
 */
static int
strip_comments(const char *s, char out[VALUE_MAX])
{
	size_t n = 0;
	int depth = 0;

	for (; *s != '\0'; s++) {
		if (depth > 0 && *s == '\\' && s[1] != '\0') {
			s++;
			continue;
		}
		if (*s == '(' && depth++ == 0 && n < VALUE_MAX - 1)
			out[n++] = ' ';
		else if (*s == ')' && depth > 0)
			depth--;
		else if (depth == 0 && n < VALUE_MAX - 1)
			out[n++] = *s;
		else if (depth == 0)
			return -1;
	}
	out[n] = '\0';
	return depth == 0 ? 0 : -1;
}

/* A number of at least `least` and at most `most` digits; NULL: none. */
static const char *
read_digits(const char *s, size_t least, size_t most, int *n)
{
	size_t digits = strspn(s, "0123456789"), i;

	if (digits < least || digits > most)
		return NULL;
	for (*n = 0, i = 0; i < digits; i++)
		*n = *n * 10 + (s[i] - '0');
	return s + digits;
}

static const char *
skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* "hh:mm" or "hh:mm:ss" */
static const char *
read_time(const char *s, struct tm *t)
{
	if ((s = read_digits(s, 1, 2, &t->tm_hour)) == NULL || *s != ':' ||
	    (s = read_digits(s + 1, 2, 2, &t->tm_min)) == NULL)
		return NULL;
	if (*s == ':' && (s = read_digits(s + 1, 2, 2, &t->tm_sec)) == NULL)
		return NULL;
	if (t->tm_hour > 23 || t->tm_min > 59 || t->tm_sec > 60)
		return NULL;
	return s;
}

static const char *
read_month(const char *s, struct tm *t)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int i;

	for (i = 0; i < 12; i++)
		if (strncasecmp(s, months[i], 3) == 0) {
			t->tm_mon = i;
			return s + 3;
		}
	return NULL;
}

/* Of two or three digits: RFC 5322, 4.3. */
static const char *
read_year(const char *s, struct tm *t)
{
	const char *end = read_digits(s, 2, 4, &t->tm_year);

	if (end == NULL)
		return NULL;
	if (end - s == 4)
		t->tm_year -= 1900;
	else if (end - s == 2 && t->tm_year < 50)
		t->tm_year += 100;
	return end;
}

/*
 * Seconds east of Greenwich.  Military letters and names that RFC 5322, 4.3,
 * does not have are UTC there: nobody knows what they meant.
 */
static long
read_zone(const char *s)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
	    {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
	size_t i;
	int n;

	if ((*s == '+' || *s == '-') && read_digits(s + 1, 4, 4, &n) != NULL)
		return (*s == '-' ? -1L : 1L) *
		    (n / 100 * 3600L + n % 100 * 60L);
	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (strncasecmp(s, zones[i].name, 3) == 0)
			return zones[i].hours * 3600L;
	return 0;
}

/* The time of a date, or -1. */
static time_t
parse_date(const char *value)
{
	char copy[VALUE_MAX];
	struct tm t = {0};
	const char *s, *comma;
	time_t when;

	if (strip_comments(value, copy) == -1)
		return -1;
	comma = strchr(copy, ',');
	s = skip_blanks(comma != NULL ? comma + 1 : copy);
	if ((s = read_digits(s, 1, 2, &t.tm_mday)) == NULL ||
	    t.tm_mday < 1 || t.tm_mday > 31 ||
	    (s = read_month(skip_blanks(s), &t)) == NULL ||
	    (s = read_year(skip_blanks(s), &t)) == NULL ||
	    (s = read_time(skip_blanks(s), &t)) == NULL)
		return -1;
	when = timegm(&t);
	return when == -1 ? -1 : when - read_zone(skip_blanks(s));
}

int
credible_date(const char *value, time_t now)
{
	time_t when = parse_date(value);

	return when != -1 && when <= now + CREDIBLE_FUTURE &&
	    when >= now - CREDIBLE_AGE;
}

/* ---- Message-ID ---- */

/* What programs write for a value that they do not have. */
static int
is_filler(const char *s, size_t n)
{
	static const char *const words[] = {"null", "(null)", "nil", "none",
	    "undefined", "unknown", "nan"};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == n && strncasecmp(s, words[i], n) == 0)
			return 1;
	return strspn(s, "0-.") >= n;
}

/* A template that was sent without a value in it. */
static int
is_template(const char *s)
{
	static const char *const starts[] = {"%s", "%d", "%u", "${", "$(",
	    "{{"};
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (strncmp(s, starts[i], strlen(starts[i])) == 0)
			return 1;
	return 0;
}

int
credible_message_id(const char *value)
{
	const char *s = value + strspn(value, " \t<"), *at = strrchr(s, '@');
	size_t left, right;

	if (at == NULL)
		return 0;
	left = (size_t)(at - s);
	right = strcspn(at + 1, "> \t");
	return left > 0 && right > 0 && !is_filler(s, left) &&
	    !is_template(s);
}
