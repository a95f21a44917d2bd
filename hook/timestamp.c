/*
 * timestamp: a calendar without time zones.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook/timestamp.h"

#define LAST	     4260211200LL	/* 2105 */
#define MILLISECONDS 100000000000LL	/* what is later is no seconds */

/* Days from 1970 to the start of a month of the Gregorian calendar. */
static long long
days(long long year, int month)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243,
	    273, 304, 334};
	/* leap days: of the years before, and this one's from March on */
	long long y = month > 2 ? year : year - 1;

	return (year - 1970) * 365 + before[month - 1] +
	    (y / 4 - y / 100 + y / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400);
}

/* "Z", "+02:00", "+0200", or nothing, which is UTC: seconds.  0, or -1. */
static int
read_offset(const char *s, long long *offset)
{
	int hours, minutes, end = 0;
	char sign;

	*offset = 0;
	if (*s == '\0' || strcmp(s, "Z") == 0 || strcmp(s, "z") == 0)
		return 0;
	if ((sscanf(s, "%c%2d:%2d%n", &sign, &hours, &minutes, &end) != 3 &&
	    sscanf(s, "%c%2d%2d%n", &sign, &hours, &minutes, &end) != 3) ||
	    s[end] != '\0' || (sign != '+' && sign != '-') || hours < 0 ||
	    hours > 23 || minutes < 0 || minutes > 59)
		return -1;
	*offset = (hours * 60 + minutes) * 60 * (sign == '+' ? 1 : -1);
	return 0;
}

static int
read_date(const char *s, long long *t)
{
	int year, month, day, hour, minute, second, end = 0;
	long long offset;

	if (sscanf(s, "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &year, &month, &day,
		&hour, &minute, &second, &end) != 6 || end == 0)
		return -1;
	s += end;
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s); s++)
			;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 ||
	    hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
	    second < 0 || second > 60 || read_offset(s, &offset) == -1)
		return -1;
	*t = ((days(year, month) + day - 1) * 24 + hour) * 3600 +
	    minute * 60 + second - offset;
	return 0;
}

int
timestamp_read(const char *s, time_t *out)
{
	size_t n = strlen(s);
	long long t;

	if (n > 0 && n <= 15 && strspn(s, "0123456789") == n) {
		t = strtoll(s, NULL, 10);
		if (t > MILLISECONDS)
			t /= 1000;
	} else if (read_date(s, &t) == -1) {
		return -1;
	}
	if (t < 0 || t > LAST)
		return -1;
	*out = (time_t)t;
	return 0;
}
