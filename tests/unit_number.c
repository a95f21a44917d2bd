/* number: row by row, and prefixes. */
#include "common/number.h"
#include "tap.h"

static const struct {
	const char *in, *country;
	int allow_short;
	const char *want; /* NULL: not a number */
} numbers[] = {
	{"+491711234567", NULL, 0, "+491711234567"},
	{"00491711234567", NULL, 0, "+491711234567"},
	{"491711234567", NULL, 0, "+491711234567"},
	{"+49 (171) 123-45.67", NULL, 0, "+491711234567"},
	{"+491711234567/TYPE=PLMN", NULL, 0, "+491711234567"},
	{"+491711234567/type=plmn", NULL, 0, "+491711234567"},
	{"+49 (0)171 1234567", NULL, 0, "+491711234567"},
	{"0049(0)1711234567", NULL, 0, "+491711234567"},
	{"(0)1711234567", "49", 0, "+491711234567"},
	{"01711234567", "49", 0, "+491711234567"},
	{"1711234567", "49", 0, "+491711234567"},
	{"+431711234567", "49", 0, "+431711234567"},
	{"00431711234567", "49", 0, "+431711234567"},
	{"01711234567", NULL, 0, NULL},
	{"+0171123456", NULL, 0, NULL},
	{"000171123456", NULL, 0, NULL},
	{"+1234567", NULL, 0, "+1234567"},
	{"+123456", NULL, 0, NULL},
	{"+123456789012345", NULL, 0, "+123456789012345"},
	{"+1234567890123456", NULL, 0, NULL},
	{"00123456789012345", NULL, 0, "+123456789012345"},
	{"001234567890123456", NULL, 0, NULL},
	{"123456789012345", "49", 0, NULL},
	{"112", NULL, 1, "112"},
	{"123456", NULL, 1, "123456"},
	{"12", NULL, 1, NULL},
	{"112", NULL, 0, NULL},
	{"+112", NULL, 1, NULL},
	{"012", NULL, 1, NULL},
	{"1234567", NULL, 1, "+1234567"},
	{"+49171+1234", NULL, 0, NULL},
	{"++491711234567", NULL, 0, NULL},
	{"+491711234567+ext", NULL, 0, NULL},
	{"oncall", NULL, 0, NULL},
	{"", NULL, 0, NULL},
	{"+", NULL, 0, NULL},
	{"()", NULL, 0, NULL},
	{"/TYPE=PLMN", NULL, 0, NULL},
	{"+491711234567/TYPE=IPV4", NULL, 0, NULL},
	{"0", "49", 0, NULL},
	{"00", NULL, 0, NULL},
};

static void
test_numbers(void)
{
	struct number_rules rules;
	char out[NUMBER_SIZE];
	size_t i;
	int r;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		rules.country = numbers[i].country;
		rules.allow_short = numbers[i].allow_short;
		r = number_normalise(numbers[i].in, &rules, out);
		tap_ok(numbers[i].want == NULL ? r == -1 :
		    r == 0 && strcmp(out, numbers[i].want) == 0 &&
		    number_is_valid(out, rules.allow_short),
		    "number '%s'", numbers[i].in);
	}
	tap_ok(!number_is_valid("4917112345", 0), "no plus, no E.164");
	tap_ok(!number_is_valid("+49171123\n", 0), "nothing behind it");
	tap_ok(!number_is_valid("", 1), "nothing is no number");
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

int
main(void)
{
	test_numbers();
	test_prefixes();
	return tap_done();
}
