/* number: row by row, and prefixes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/number.h"
#include "common/number_plan.h"
#include "tap.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *in, *country;
	int allow_short;
	const char *want; /* NULL: not a number */
	enum number_fault fault;
} numbers[] = {
	{"+491711234567", NULL, 0, "+491711234567", NUMBER_OK},
	{"00491711234567", NULL, 0, "+491711234567", NUMBER_OK},
	{"491711234567", NULL, 0, "+491711234567", NUMBER_OK},
	{"+49 (171) 123-45.67", NULL, 0, "+491711234567", NUMBER_OK},
	{"(+49) 171 1234567", NULL, 0, "+491711234567", NUMBER_OK},
	{"+491711234567/TYPE=PLMN", NULL, 0, "+491711234567", NUMBER_OK},
	{"+491711234567/type=plmn", NULL, 0, "+491711234567", NUMBER_OK},
	{"01711234567", "49", 0, "+491711234567", NUMBER_OK},
	{"1711234567", "49", 0, "+491711234567", NUMBER_OK},
	{"+431711234567", "49", 0, "+431711234567", NUMBER_OK},
	{"00431711234567", "49", 0, "+431711234567", NUMBER_OK},
	{"01711234567", NULL, 0, NULL, NUMBER_NATIONAL},
	{"+0171123456", NULL, 0, NULL, NUMBER_COUNTRY},
	{"000171123456", NULL, 0, NULL, NUMBER_COUNTRY},
	/* "(0)" is for those who dial from inside the country */
	{"+49 (0)171 1234567", NULL, 0, "+491711234567", NUMBER_OK},
	{"0049(0)1711234567", NULL, 0, "+491711234567", NUMBER_OK},
	{"49 (0)171 1234567", NULL, 0, "+491711234567", NUMBER_OK},
	{"(0)1711234567", "49", 0, "+491711234567", NUMBER_OK},
	{"+45 (0) 20123456", NULL, 0, "+4520123456", NUMBER_OK},
	{"+39 (0)6 69812345", NULL, 0, "+390669812345", NUMBER_OK},
	{"(0)6 69812345", "39", 0, "+390669812345", NUMBER_OK},
	{"+36 (06) 20 1234567", NULL, 0, "+36201234567", NUMBER_OK},
	/* a trunk prefix behind the country code gets past no deny */
	{"+490900123456", NULL, 0, "+49900123456", NUMBER_OK},
	{"+44 0 9091234567", NULL, 0, "+449091234567", NUMBER_OK},
	{"+119002345678", NULL, 0, "+19002345678", NUMBER_OK},
	{"+7 8 900 1234567", NULL, 0, "+79001234567", NUMBER_OK},
	{"+7 800 1234567", NULL, 0, "+78001234567", NUMBER_OK},
	{"+3606201234567", NULL, 0, "+36201234567", NUMBER_OK},
	{"+55 0 15 11 961234567", NULL, 0, "+5511961234567", NUMBER_OK},
	{"+5212221234567", NULL, 0, "+522221234567", NUMBER_OK},
	{"+4900900123456", NULL, 0, NULL, NUMBER_TRUNK},
	{"+11190023456", NULL, 0, NULL, NUMBER_TRUNK},
	{"+45 0 20123456", NULL, 0, NULL, NUMBER_TRUNK},
	{"+78800123456", NULL, 0, "+78800123456", NUMBER_OK},
	{"+788001234567", NULL, 0, "+78001234567", NUMBER_OK},
	/* national forms */
	{"12025550123", "1", 0, "+12025550123", NUMBER_OK},
	{"2025550123", "1", 0, "+12025550123", NUMBER_OK},
	{"011491711234567", "1", 0, "+491711234567", NUMBER_OK},
	{"00491711234567", "1", 0, "+491711234567", NUMBER_OK},
	{"5550123", "1", 0, NULL, NUMBER_SHORT},
	{"89001234567", "7", 0, "+79001234567", NUMBER_OK},
	{"79001234567", "7", 0, "+79001234567", NUMBER_OK},
	{"810491711234567", "7", 0, "+491711234567", NUMBER_OK},
	{"06201234567", "36", 0, "+36201234567", NUMBER_OK},
	{"201234567", "36", 0, "+36201234567", NUMBER_OK},
	{"0412345678", "61", 0, "+61412345678", NUMBER_OK},
	{"0011491711234567", "61", 0, "+491711234567", NUMBER_OK},
	{"09012345678", "81", 0, "+819012345678", NUMBER_OK},
	{"010491711234567", "81", 0, "+491711234567", NUMBER_OK},
	{"015 11 96123-4567", "55", 0, "+5511961234567", NUMBER_OK},
	{"011 96123-4567", "55", 0, "+5511961234567", NUMBER_OK},
	{"0015 49 171 1234567", "55", 0, "+491711234567", NUMBER_OK},
	{"045 222 1234567", "52", 0, "+522221234567", NUMBER_OK},
	{"011 15 2345-6789", "54", 0, "+5491123456789", NUMBER_OK},
	{"0223 15 234-5678", "54", 0, "+5492232345678", NUMBER_OK},
	{"02202 15 234567", "54", 0, "+5492202234567", NUMBER_OK},
	{"0661512345678", "54", 0, NULL, NUMBER_LONG},
	{"335 1234567", "39", 0, "+393351234567", NUMBER_OK},
	/* digits alone, with the country's own code in front */
	{"491711234567", "49", 0, "+491711234567", NUMBER_OK},
	{"4915112345678", "49", 0, "+4915112345678", NUMBER_OK},
	{"436641234567", "43", 0, "+436641234567", NUMBER_OK},
	{"628123456789", "62", 0, "+628123456789", NUMBER_OK},
	{"919812345678", "91", 0, "+919812345678", NUMBER_OK},
	{"9112345678", "91", 0, "+919112345678", NUMBER_OK},
	{"493012345678", "49", 0, NULL, NUMBER_AMBIGUOUS},
	/* 00 1 202..., a mobile phone perhaps, or 001 20 2..., which is none */
	{"001 2025550123", "592", 0, "+12025550123", NUMBER_OK},
	/* 00 237..., or 002 372... */
	{"00237251234567", "82", 0, NULL, NUMBER_AMBIGUOUS},
	/* lengths */
	{"+2901234", NULL, 0, "+2901234", NUMBER_OK},
	{"+29012", NULL, 0, NULL, NUMBER_SHORT},
	{"+4912345", NULL, 0, "+4912345", NUMBER_OK},
	{"+491234", NULL, 0, NULL, NUMBER_SHORT},
	{"+491234567890123", NULL, 0, "+491234567890123", NUMBER_OK},
	{"+4912345678901234", NULL, 0, NULL, NUMBER_LONG},
	{"+49123456789012345678901234", NULL, 0, NULL, NUMBER_LONG},
	{"+120255501234", NULL, 0, NULL, NUMBER_LONG},
	{"+4412345678", NULL, 0, NULL, NUMBER_LENGTH},
	{"+99912345678", NULL, 0, NULL, NUMBER_COUNTRY},
	{"+21", NULL, 0, NULL, NUMBER_COUNTRY},
	{"112", NULL, 1, "112", NUMBER_OK},
	{"123456", NULL, 1, "123456", NUMBER_OK},
	{"12", NULL, 1, NULL, NUMBER_SHORT},
	{"112", NULL, 0, NULL, NUMBER_SHORT},
	{"+112", NULL, 1, NULL, NUMBER_SHORT},
	{"012", NULL, 1, NULL, NUMBER_NATIONAL},
	/* what is no number */
	{"+49171+1234", NULL, 0, NULL, NUMBER_SYNTAX},
	{"++491711234567", NULL, 0, NULL, NUMBER_SYNTAX},
	{"+491711234567+ext", NULL, 0, NULL, NUMBER_SYNTAX},
	{"-12025550123", NULL, 0, NULL, NUMBER_SYNTAX},
	{".12025550123", NULL, 0, NULL, NUMBER_SYNTAX},
	{" 12025550123", NULL, 0, NULL, NUMBER_SYNTAX},
	{")12025550123", NULL, 0, NULL, NUMBER_SYNTAX},
	{"oncall", NULL, 0, NULL, NUMBER_SYNTAX},
	{"", NULL, 0, NULL, NUMBER_SYNTAX},
	{"+", NULL, 0, NULL, NUMBER_SYNTAX},
	{"()", NULL, 0, NULL, NUMBER_SYNTAX},
	{"/TYPE=PLMN", NULL, 0, NULL, NUMBER_SYNTAX},
	{"+491711234567/TYPE=IPV4", NULL, 0, NULL, NUMBER_SYNTAX},
	{"0", "49", 0, NULL, NUMBER_SHORT},
	{"00", NULL, 0, NULL, NUMBER_COUNTRY},
};

static enum number_fault
read_in(const char *country, const char *written, char out[NUMBER_SIZE])
{
	struct number_rules rules = {.country = country};

	out[0] = '\0';
	return number_read(written, &rules, out);
}

static int
reads_as(const char *country, const char *written, const char *e164)
{
	char out[NUMBER_SIZE];

	return read_in(country, written, out) == NUMBER_OK &&
	    strcmp(out, e164) == 0;
}

static int
is_abroad(const char *country, const char *written, const char *e164)
{
	char out[NUMBER_SIZE];

	return reads_as(country, written, e164) ||
	    (strncmp(written, "00", 2) == 0 &&
	    read_in(country, written, out) == NUMBER_AMBIGUOUS);
}

static void
test_numbers(void)
{
	struct number_rules rules;
	char out[NUMBER_SIZE];
	enum number_fault got;
	size_t i;

	for (i = 0; i < LENGTH(numbers); i++) {
		rules.country = numbers[i].country;
		rules.allow_short = numbers[i].allow_short;
		got = number_read(numbers[i].in, &rules, out);
		tap_ok(numbers[i].want == NULL ? got == numbers[i].fault :
		    got == NUMBER_OK && strcmp(out, numbers[i].want) == 0 &&
		    number_is_valid(out, rules.allow_short),
		    "number '%s': %s", numbers[i].in, number_words(got));
	}
	tap_ok(!number_is_valid("4917112345", 0), "no plus, no E.164");
	tap_ok(!number_is_valid("+49171123\n", 0), "nothing behind it");
	tap_ok(!number_is_valid("", 1), "nothing is no number");
	tap_ok(!number_is_valid("+4901711234567", 0), "another form is not");
}

/* ---- what libphonenumber says: tests/numbers.txt ---- */

/* A number may be written so wherever it is. */
static int
reads_everywhere(const char *country, const char *e164)
{
	char zeros[NUMBER_SIZE + 2];

	snprintf(zeros, sizeof(zeros), "00%s", e164 + 1);
	return reads_as(NULL, e164, e164) && reads_as(country, e164, e164) &&
	    reads_as(NULL, zeros, e164) && reads_as(NULL, e164 + 1, e164) &&
	    number_is_valid(e164, 0);
}

/*
 * Without its '+', in its own country.  It may be refused as two numbers, and
 * another than a mobile phone's may be taken for one of those.
 */
static int
reads_bare(const char *country, const char *e164, int mobile)
{
	char out[NUMBER_SIZE];
	enum number_fault f = read_in(country, e164 + 1, out);
	size_t n;

	if (f != NUMBER_OK || strcmp(out, e164) == 0)
		return f == NUMBER_OK || f == NUMBER_AMBIGUOUS;
	return !mobile && number_plan_is_mobile(number_plan_find(country, &n),
	    out + 1 + strlen(country));
}

static int
has_lengths(const char *country, char *list)
{
	char *word = strtok(list, " ");
	const struct number_plan *plan;
	size_t n, want = word != NULL ? strtoul(word, NULL, 10) : 0;

	if ((plan = number_plan_find(country, &n)) == NULL ||
	    n != strlen(country) || number_plan_shortest(plan) != want)
		return 0;
	for (n = 1; n <= NUMBER_E164_MAX + 1; n++) {
		if (number_plan_has(plan, "2222222222222222" + 16 - n) !=
		    (n == want))
			return 0;
		if (n != want)
			continue;
		if ((word = strtok(NULL, " ")) == NULL)
			return number_plan_longest(plan) == n;
		want = strtoul(word, NULL, 10);
	}
	return 0;
}

static void
test_libphonenumber(void)
{
	char line[256], kind[16], country[8], e164[NUMBER_SIZE], *rest;
	FILE *f = fopen("tests/numbers.txt", "r");
	int n, lines = 0, ok;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		if (sscanf(line, "%15s %7s %n%16s", kind, country, &n,
			e164) != 3)
			break;
		rest = line + n;
		if (strcmp(kind, "lengths") == 0) {
			ok = has_lengths(country, rest);
		} else {
			rest += strlen(e164) + 1;
			ok = (strcmp(kind, "abroad") == 0 ?
			    is_abroad : reads_as)(country, rest, e164) &&
			    reads_everywhere(country, e164);
		}
		if (strcmp(kind, "number") == 0 || strcmp(kind, "mobile") == 0)
			ok = ok && reads_bare(country, e164, *kind == 'm');
		line[n - 1] = ' ';
		tap_ok(ok, "%s", line);
		lines++;
	}
	tap_ok(lines > 1300, "tests/numbers.txt has been read");
	if (f != NULL)
		fclose(f);
}

static void
test_prefixes(void)
{
	char *allow[] = {"+49", "+4917199"}, *deny[] = {"+491719", "+49900"};

#define ALLOWED(n, a, d) number_allowed(n, allow, a, deny, d)
	tap_ok(ALLOWED("+12345678", 0, 0), "no list: all");
	tap_ok(!ALLOWED("+12345678", 1, 0), "an allow list: the rest is not");
	tap_ok(ALLOWED("+4917112345", 1, 1), "an allowed prefix");
	tap_ok(!ALLOWED("+4917191234", 1, 1), "a longer denied one");
	tap_ok(ALLOWED("+4917199123", 2, 1), "a still longer allowed one");
	tap_ok(ALLOWED("+12345678", 0, 2), "a deny list alone");
	tap_ok(!ALLOWED("+4990012345", 0, 2), "a denied prefix");
	deny[0] = "+49";
	tap_ok(!ALLOWED("+4917112345", 1, 1), "equal: denied");
	tap_ok(ALLOWED("112", 1, 1), "short codes have no prefix");
}

/* A prefix that no number in its one form begins with would deny nothing. */
static void
test_read_prefix(void)
{
	static const struct {
		const char *in, *want;
		enum number_fault fault;
	} rows[] = {
		{"+49", "+49", NUMBER_OK},
		{"49900", "+49900", NUMBER_OK},
		{"4", "+4", NUMBER_OK},
		{"+88", "+88", NUMBER_OK},
		{"+3906", "+3906", NUMBER_OK},
		{"+78", "+78", NUMBER_OK},
		{"+490900", NULL, NUMBER_TRUNK},
		{"+11900", NULL, NUMBER_TRUNK},
		{"+521", NULL, NUMBER_TRUNK},
		{"+999", NULL, NUMBER_COUNTRY},
		{"+0", NULL, NUMBER_COUNTRY},
		{"+21", "+21", NUMBER_OK},
		{"+2100", NULL, NUMBER_COUNTRY},
		{"+12025550123", "+12025550123", NUMBER_OK},
		{"+120255501234", NULL, NUMBER_LONG},
		{"+49 900", NULL, NUMBER_PREFIX},
		{"+", NULL, NUMBER_PREFIX},
		{"", NULL, NUMBER_PREFIX},
	};
	char out[NUMBER_SIZE];
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		enum number_fault got = number_read_prefix(rows[i].in, out);

		tap_ok(got == rows[i].fault && (rows[i].want == NULL ||
		    strcmp(out, rows[i].want) == 0), "prefix '%s': %s",
		    rows[i].in, number_words(got));
	}
}

int
main(void)
{
	test_numbers();
	test_libphonenumber();
	test_prefixes();
	test_read_prefix();
	return tap_done();
}
