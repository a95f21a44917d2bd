/* parameter: values, row by row. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/parameter.h"
#include "tap.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define NONE	  LLONG_MIN

static void
check(const char *what, const char *in, int r, long long got, long long want)
{
	tap_ok(want == NONE ? r == -1 : r == 0 && got == want,
	    "%s %s: %lld, want %lld", what, in, r == -1 ? NONE : got, want);
}

static const struct {
	const char *in;
	long long want;
} sizes[] = {
	{"0", 0}, {"1", 1}, {"10485760", 10485760}, {"0001", 1},
	{"99999999999999999999", LONG_MAX}, {"999999999999999999999", NONE},
	{"", NONE}, {"-1", NONE}, {"+1", NONE}, {"1x", NONE}, {" 1", NONE},
}, levels[] = {
	{"0", 0}, {"9", 9}, {"-9", -9}, {"-1", -1}, {"3", 3},
	{"10", NONE}, {"-10", NONE}, {"-0", NONE}, {"+1", NONE}, {"", NONE},
	{"-", NONE}, {"a", NONE}, {"1 ", NONE}, {"--1", NONE}, {"01", NONE},
}, holds[] = {
	{"1", 1}, {"60", 60}, {"999999999", 999999999},
	{"0", NONE}, {"060", NONE}, {"1000000000", NONE}, {"", NONE}, {"-1", NONE}, {"+1", NONE},
	{"1s", NONE}, {"1.5", NONE},
}, dates[] = {
	{"1970-01-01T00:00:00Z", 0},
	{"1970-01-01t00:00:01z", 1},
	{"1969-12-31T23:59:59Z", -1},
	{"2000-02-29T12:00:00Z", 951825600},
	{"2026-11-22T03:45:00Z", 1795319100},
	{"2026-11-22T04:45:00+01:00", 1795319100},
	{"2026-11-21T22:15:00-05:30", 1795319100},
	{"2026-11-22T03:45:00.123456789Z", 1795319100},
	{"2016-12-31T23:59:60Z", 1483228800},
	{"2100-02-28T00:00:00Z", 4107456000},
	{"9999-12-31T23:59:59Z", 253402300799},
	{"2100-02-29T00:00:00Z", NONE}, {"2025-02-29T00:00:00Z", NONE},
	{"2026-00-01T00:00:00Z", NONE}, {"2026-13-01T00:00:00Z", NONE},
	{"2026-01-00T00:00:00Z", NONE}, {"2026-04-31T00:00:00Z", NONE},
	{"2026-01-01T24:00:00Z", NONE}, {"2026-01-01T00:60:00Z", NONE},
	{"2026-01-01T00:00:61Z", NONE}, {"0000-01-01T00:00:00Z", NONE},
	{"2026-01-01T00:00:00", NONE}, {"2026-01-01", NONE}, {"", NONE},
	{"2026-01-01 00:00:00Z", NONE}, {"2026-01-01T00:00:00+24:00", NONE},
	{"2026-01-01T00:00:00+01:60", NONE}, {"2026-1-1T00:00:00Z", NONE},
	{"2026-01-01T00:00:00+0100", NONE}, {"2026-01-01T00:00:00.Z", NONE},
	{"2026-01-01T00:00:00Zx", NONE}, {"2026-01-01T00:00:00+01:00x", NONE},
	{"12026-01-01T00:00:00Z", NONE}, {"2026-01-01T0:00:00Z", NONE},
	{"2026-01-01T", NONE}, {"2026-01-01T00:00:00+", NONE},
}, schedules[] = {
	{"+0", 1000}, {"+60", 1060}, {"+999999999", 1000000999},
	{"1970-01-01T00:00:07Z", 7},
	{"+", NONE}, {"+-1", NONE}, {"++1", NONE}, {"60", NONE}, {"", NONE},
	{"+1000000000", NONE}, {"tomorrow", NONE},
}, answers[] = {
	{"yes", 1}, {"YES", 1}, {"True", 1}, {"no", 0}, {"false", 0},
	{"", NONE}, {"1", NONE}, {"on", NONE}, {"yes.", NONE},
}, hints[] = {
	{"high", 4}, {"High", 4}, {"urgent", 4}, {"1", 4}, {"2", 4},
	{"1 (Highest)", 4}, {"low", -4}, {"non-urgent", -4}, {"5 (Lowest)", -4},
	{"4", -4}, {"normal", 0}, {"3", 0}, {"", 0}, {"highest", 0}, {"10", 0},
}, envids[] = {
	{"QQ314159", 0}, {"a+2Bb", 0}, {"+20", 0}, {"+7E", 0},
	{"", NONE}, {"a+2bb", NONE}, {"a+", NONE}, {"a+2", NONE},
	{"a=b", NONE}, {"a b", NONE}, {"a+0Ab", NONE}, {"a+7F", NONE},
	{"a+FF", NONE}, {"a\xc3\xa4", NONE}, {"a\x7f", NONE},
}, xtexts[] = {
	{"<>", 0}, {"a@b.test", 0}, {"e+3Dmc2@example.com", 0},
	{"", NONE}, {"a=b", NONE}, {"a+", NONE}, {"+zz", NONE}, {"+3d", NONE},
	{"a\xc3\xa4", NONE},
}, orcpts[] = {
	{"rfc822;a@b.test", 0}, {"rfc822;a+2Bb@c", 0}, {"RFC822;", 0},
	{"utf-8;\xc3\xa4@b", 0}, {"utf-8;\\x{E4}@b", 0}, {"x-tel;1", 0},
	{"rfc822", NONE}, {";a@b", NONE}, {"", NONE}, {"rfc 822;a", NONE},
	{"rfc822;\xc3\xa4@b", NONE}, {"x-tel;\xc3\xa4", NONE},
	{"utf-8x;\xc3\xa4", NONE}, {"rfc822;a+b@c", NONE},
	{"rfc822;a=b", NONE}, {"rfc.822;a", NONE}, {"rfc822;a b", NONE},
}, notifies_[] = {
	{"NEVER", PARAMETER_NEVER}, {"never", PARAMETER_NEVER},
	{"SUCCESS", PARAMETER_SUCCESS},
	{"success,Failure", PARAMETER_SUCCESS | PARAMETER_FAILURE},
	{"DELAY,SUCCESS,FAILURE",
	    PARAMETER_SUCCESS | PARAMETER_FAILURE | PARAMETER_DELAY},
	{"SUCCESS,,", PARAMETER_SUCCESS}, {",SUCCESS", PARAMETER_SUCCESS},
	{"SUCCESS,,DELAY", PARAMETER_SUCCESS | PARAMETER_DELAY},
	{"NEVER,", PARAMETER_NEVER},
	{"", NONE}, {",", NONE}, {",,", NONE},
	{"NEVER,SUCCESS", NONE}, {"SUCCESS,NEVER", NONE},
	{"SUCCESS,SUCCESS", NONE}, {"ALWAYS", NONE}, {"SUCCESSES", NONE},
	{"SUCCES", NONE},
};

static const struct {
	const char *in;
	long long seconds;
	int returned;
} bys[] = {
	{"120;R", 120, 1}, {"120;N", 120, 0}, {"120;RT", 120, 1},
	{"120;NT", 120, 0}, {"120;rt", 120, 1}, {"+120;R", 120, 1},
	{"-120;N", -120, 0}, {"0;N", 0, 0}, {"999999999;R", 999999999, 1},
	{"1;R", 1, 1},
	{"0;R", NONE, 0}, {"-1;R", NONE, 0}, {"1000000000;R", NONE, 0},
	{"120", NONE, 0}, {"120;", NONE, 0}, {"120;X", NONE, 0},
	{"120;RN", NONE, 0}, {"120;TR", NONE, 0}, {";R", NONE, 0},
	{"", NONE, 0}, {"1.5;R", NONE, 0}, {"120;RTT", NONE, 0},
	{"+-1;N", NONE, 0},
};

static const struct {
	const char *in;
	long least, most;
	long long want;
} numbers[] = {
	{"5", 1, 5, 5}, {" 5 ", 1, 5, 5}, {"-128", -128, 127, -128},
	{"+127", -128, 127, 127}, {"999999999", 0, 999999999, 999999999},
	{"128", -128, 127, NONE}, {"-129", -128, 127, NONE},
	{"1000000000", 0, LONG_MAX, NONE}, {"", 0, 9, NONE},
	{"5x", 1, 9, NONE}, {"5 5", 1, 9, NONE}, {"0x5", 0, 9, NONE},
	{"1e3", 0, 9999, NONE}, {"--1", -9, 9, NONE}, {"- 1", -9, 9, NONE},
};

static void
values(void)
{
	long long when;
	long n;
	int i, r;
	size_t k;
	unsigned bits;

	for (k = 0; k < LENGTH(sizes); k++) {
		r = parameter_size(sizes[k].in, &n);
		check("SIZE", sizes[k].in, r, n, sizes[k].want);
	}
	for (k = 0; k < LENGTH(levels); k++) {
		r = parameter_level(levels[k].in, &i);
		check("MT-PRIORITY", levels[k].in, r, i, levels[k].want);
	}
	for (k = 0; k < LENGTH(holds); k++) {
		r = parameter_hold(holds[k].in, &n);
		check("HOLDFOR", holds[k].in, r, n, holds[k].want);
	}
	for (k = 0; k < LENGTH(dates); k++) {
		r = parameter_date(dates[k].in, &when);
		check("HOLDUNTIL", dates[k].in, r, when, dates[k].want);
	}
	for (k = 0; k < LENGTH(schedules); k++) {
		r = parameter_schedule(schedules[k].in, 1000, &when);
		check("schedule", schedules[k].in, r, when,
		    schedules[k].want);
	}
	for (k = 0; k < LENGTH(answers); k++) {
		r = parameter_yes(answers[k].in, &i);
		check("yes or no", answers[k].in, r, i, answers[k].want);
	}
	for (k = 0; k < LENGTH(hints); k++)
		check("hint", hints[k].in, 0, parameter_hint(hints[k].in),
		    hints[k].want);
	for (k = 0; k < LENGTH(envids); k++)
		check("ENVID", envids[k].in, parameter_envid(envids[k].in), 0,
		    envids[k].want);
	for (k = 0; k < LENGTH(xtexts); k++)
		check("AUTH", xtexts[k].in, parameter_xtext(xtexts[k].in), 0,
		    xtexts[k].want);
	for (k = 0; k < LENGTH(orcpts); k++)
		check("ORCPT", orcpts[k].in, parameter_orcpt(orcpts[k].in), 0,
		    orcpts[k].want);
	for (k = 0; k < LENGTH(notifies_); k++) {
		r = parameter_notify(notifies_[k].in, &bits);
		check("NOTIFY", notifies_[k].in, r, bits, notifies_[k].want);
	}
	for (k = 0; k < LENGTH(numbers); k++) {
		r = parameter_number(numbers[k].in, numbers[k].least,
		    numbers[k].most, &n);
		check("number", numbers[k].in, r, n, numbers[k].want);
	}
}

static void
by(void)
{
	long n;
	int returned, r;
	size_t k;

	for (k = 0; k < LENGTH(bys); k++) {
		r = parameter_by(bys[k].in, &n, &returned);
		check("BY", bys[k].in, r, n, bys[k].seconds);
		if (r == 0)
			tap_ok(returned == bys[k].returned, "BY %s: mode",
			    bys[k].in);
	}
}

/* Every limit that has a name. */
static void
limits(void)
{
	char s[PARAMETER_ORCPT_MAX + 2] = "rfc822;";

	memset(s + 7, 'a', sizeof(s) - 8);
	tap_ok(parameter_orcpt(s) == -1, "ORCPT of 501 octets");
	s[PARAMETER_ORCPT_MAX] = '\0';
	tap_ok(parameter_orcpt(s) == 0, "ORCPT of 500 octets");
	s[7 + PARAMETER_ENVID_MAX + 1] = '\0';
	tap_ok(parameter_envid(s + 7) == -1, "ENVID of 101 octets");
	s[7 + PARAMETER_ENVID_MAX] = '\0';
	tap_ok(parameter_envid(s + 7) == 0, "ENVID of 100 octets");
}

/* A date that was put is the date that is read. */
static void
there_and_back(void)
{
	static const long long at[] = {0, 1, 86399, 86400, 951782400,
	    951868800, 1795319100, 4107542399, 4107542400, 253402300799};
	char s[PARAMETER_DATE_MAX];
	long long when, day;
	size_t i;
	int good = 1;

	for (i = 0; i < LENGTH(at); i++) {
		parameter_put_date(at[i], s);
		tap_ok(parameter_date(s, &when) == 0 && when == at[i],
		    "%lld is %s", at[i], s);
	}
	parameter_put_date(1795319100, s);
	tap_is(s, "2026-11-22T03:45:00Z", "in RFC 3339's form");
	for (day = 0; day < 60000; day++) {
		parameter_put_date(day * 86400 + 43200, s);
		good &= parameter_date(s, &when) == 0 &&
		    when == day * 86400 + 43200;
	}
	tap_ok(good, "every day until 2134");
}

int
main(void)
{
	values();
	by();
	limits();
	there_and_back();
	return tap_done();
}
