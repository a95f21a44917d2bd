/* address: paths and numbers, row by row. */
#include <stdlib.h>

#include "common/address.h"
#include "tap.h"

static const struct {
	const char *in, *local, *domain; /* NULL: not a path */
} paths[] = {
	{"<a@b>", "a", "b"},
	{"  <a@b>", "a", "b"},
	{"<>", "", ""},
	{"<postmaster>", "postmaster", ""},
	{"<+49.171@sms.test>", "+49.171", "sms.test"},
	{"<@x,@y:a@b>", "a", "b"},
	{"<@x:a@b>", "a", "b"},
	{"<\"+49 171\"@b>", "+49 171", "b"},
	{"<\"a\\\"b\"@c>", "a\"b", "c"},
	{"<a@[127.0.0.1]>", "a", "[127.0.0.1]"},
	{"<a@[IPv6:::1]>", "a", "[IPv6:::1]"},
	{"<+1(555)123@b>", "+1(555)123", "b"},
	{"<1/TYPE=PLMN@b>", "1/TYPE=PLMN", "b"},
	{"a@b", NULL, NULL},
	{"", NULL, NULL},
	{"<", NULL, NULL},
	{"<a@b", NULL, NULL},
	{"<a@>", NULL, NULL},
	{"<@b>", NULL, NULL},
	{"<a@b@c>", NULL, NULL},
	{"<a b@c>", NULL, NULL},
	{"<a@b c>", NULL, NULL},
	{"<\"a@b>", NULL, NULL},
	{"<\"a\\", NULL, NULL},
	{"<\"a\nb\"@c>", NULL, NULL},
	{"<\xc3\xa4@b>", "\xc3\xa4", "b"},
	{"<a@\xc3\xb6.test>", "a", "\xc3\xb6.test"},
	{"<\"\xe4\xbd\xa0 \xf0\x9f\x98\x80\"@b>",
	    "\xe4\xbd\xa0 \xf0\x9f\x98\x80", "b"},
	{"<\xf4\x8f\xbf\xbf@b>", "\xf4\x8f\xbf\xbf", "b"},
	{"<\xf4\x90\x80\x80@b>", NULL, NULL},
	{"<\xc0\xaf@b>", NULL, NULL},
	{"<\xe0\x80\xaf@b>", NULL, NULL},
	{"<\xf0\x80\x80\xaf@b>", NULL, NULL},
	{"<\xed\xa0\x80@b>", NULL, NULL},
	{"<\xc2\x85@b>", NULL, NULL},
	{"<\xc3@b>", NULL, NULL},
	{"<\xe4\xbd@b>", NULL, NULL},
	{"<\"\xc3\\\xa4\"@b>", "\xc3\xa4", "b"},
	{"<\xff@b>", NULL, NULL},
	{"<a\x80@c>", NULL, NULL},
	{"<a@c\x80>", NULL, NULL},
	{"<@x a@b>", NULL, NULL},
};

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
test_paths(void)
{
	struct path p;
	const char *end;
	size_t i;
	int r;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		r = address_path(paths[i].in, &end, &p);
		tap_ok(r == (paths[i].local != NULL ? 0 : -1) && (r == -1 ||
		    (strcmp(p.local, paths[i].local) == 0 &&
		    strcmp(p.domain, paths[i].domain) == 0 && *end == '\0')),
		    "path %s", paths[i].in[0] == '<' ? paths[i].in + 1 :
		    paths[i].in);
	}
}

static void
test_path_limits(void)
{
	char s[1024];
	const char *end;
	struct path p;

	snprintf(s, sizeof(s), "<%0*d@b>", ADDRESS_LOCAL_MAX, 1);
	tap_ok(address_path(s, &end, &p) == 0, "ADDRESS_LOCAL_MAX octets");
	snprintf(s, sizeof(s), "<%0*d@b>", ADDRESS_LOCAL_MAX + 1, 1);
	tap_ok(address_path(s, &end, &p) == -1, "and one more");
	snprintf(s, sizeof(s), "<\"%0*d\"@b>", ADDRESS_LOCAL_MAX + 1, 1);
	tap_ok(address_path(s, &end, &p) == -1, "and one more in quotes");
	snprintf(s, sizeof(s), "<a@%0*d>", ADDRESS_DOMAIN_MAX, 1);
	tap_ok(address_path(s, &end, &p) == 0, "ADDRESS_DOMAIN_MAX octets");
	snprintf(s, sizeof(s), "<a@%0*d>", ADDRESS_DOMAIN_MAX + 1, 1);
	tap_ok(address_path(s, &end, &p) == -1, "and one more");
}

static void
test_numbers(void)
{
	struct address_rules rules;
	char out[ADDRESS_NUMBER_MAX];
	size_t i;
	int r;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		rules.country = numbers[i].country;
		rules.allow_short = numbers[i].allow_short;
		r = address_number(numbers[i].in, &rules, out);
		tap_ok(numbers[i].want == NULL ? r == -1 :
		    r == 0 && strcmp(out, numbers[i].want) == 0 &&
		    address_is_number(out, rules.allow_short),
		    "number '%s'", numbers[i].in);
	}
	tap_ok(!address_is_number("4917112345", 0), "no plus, no E.164");
	tap_ok(!address_is_number("+49171123\n", 0), "nothing behind it");
	tap_ok(!address_is_number("", 1), "nothing is no number");
}

static void
test_prefixes(void)
{
	char *allow[] = {"+49", "+4917199"}, *deny[] = {"+491719", "+49900"};

#define ALLOWED(n, a, d) address_allowed(n, allow, a, deny, d)
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
	test_paths();
	test_path_limits();
	test_numbers();
	test_prefixes();
	return tap_done();
}
