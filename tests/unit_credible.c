/* credible: what tells one mail from another, and what does not. */
#include <stdlib.h>
#include <time.h>

#include "delivery/credible.h"
#include "tap.h"

#define NOW 1795348800	/* Sun, 22 Nov 2026 12:00:00 +0000 */

/* Dates that are NOW, in all the forms that RFC 5322 knows. */
static const char *const forms[] = {
	"Sun, 22 Nov 2026 12:00:00 +0000",
	"22 Nov 2026 12:00:00 +0000",
	"Sun,22 Nov 2026 12:00:00 +0000",
	"22 Nov 2026 12:00 +0000",
	" Sun, 22  Nov\t2026 12:00:00  +0000 ",
	"Sun, 22 Nov 2026 14:00:00 +0200",
	"Sun, 22 Nov 2026 14:00:00 +0200 (CEST)",
	"Sun, 22 Nov 2026 (a (nested) \\) one) 12:00:00 +0000",
	"(before) 22 Nov 2026 12:00:00 GMT",
	"Sun, 22 Nov 2026 06:30:00 -0530",
	"Sun, 22 Nov 26 12:00:00 UT",
	"Sun, 22 Nov 126 12:00:00 UT",
	"Sun, 22 nov 2026 07:00:00 EST",
	"Sun, 22 Nov 2026 05:00:00 PDT",
	"Sun, 22 Nov 2026 12:00:00 Z",
	"Sun, 22 Nov 2026 12:00:00",
	"Sun, 22 Nov 2026 12:00:00 -0000",
};

/* What is no date, or none that a clock could show. */
static const char *const none[] = {
	"", "now", "0", "1795348800", "2026-11-22T12:00:00Z", "22 Nov",
	"22 Nov 2026", "22 Nov 2026 12", "22 Nov 2026 12:", "22 Nov 2026 1200",
	"0 Nov 2026 12:00:00 +0000", "32 Nov 2026 12:00:00 +0000",
	"22 Foo 2026 12:00:00 +0000", "22 Nov 20266 12:00:00 +0000",
	"22 Nov 6 12:00:00 +0000", "22 Nov 2026 24:00:00 +0000",
	"22 Nov 2026 12:60:00 +0000", "22 Nov 2026 12:00:61 +0000",
	"22 Nov 2026 (open 12:00:00 +0000", "Nov 22 12:00:00 2026",
};

static void
test_forms(void)
{
	char longest[400];
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		tap_ok(credible_date(forms[i], NOW) == 1 &&
		    credible_date(forms[i], NOW + CREDIBLE_AGE) == 1 &&
		    credible_date(forms[i], NOW + CREDIBLE_AGE + 60) == 0,
		    "\"%s\" is now", forms[i]);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		tap_ok(credible_date(none[i], NOW) == 0, "\"%s\" is no date",
		    none[i]);
	memset(longest, ' ', sizeof(longest));
	strcpy(longest + sizeof(longest) - 40, "22 Nov 2026 12:00:00 +0000");
	tap_ok(credible_date(longest, NOW) == 0, "a date that is too long");
}

static void
test_time(void)
{
	static const char date[] = "Sun, 22 Nov 2026 12:00:00 +0000";

	tap_ok(credible_date(date, NOW - CREDIBLE_FUTURE), "a little ahead");
	tap_ok(!credible_date(date, NOW - CREDIBLE_FUTURE - 1), "in the "
	    "future");
	tap_ok(credible_date(date, NOW + CREDIBLE_AGE), "five days old");
	tap_ok(!credible_date(date, NOW + CREDIBLE_AGE + 1), "older");
	tap_ok(!credible_date("Mon, 01 Jan 2001 00:00:00 +0000", NOW),
	    "a board without a clock");
	tap_ok(!credible_date("Thu, 01 Jan 1970 00:00:12 +0000", NOW),
	    "a clock that starts at 1970");
	tap_ok(!credible_date("Tue, 19 Jan 2038 03:14:07 +0000", NOW),
	    "the end of 32 bits");
}

static void
test_message_id(void)
{
	static const char *const good[] = {"<1@c>", "<a.b@host.test>",
	    "a@b", "<\"a@b\"@c>", "<20261122014058.D4NI8%a@example.org>",
	    "<10@c>", "<0x1@c>", "<nullx@c>", "  <a@b>  "};
	static const char *const bad[] = {"", "<>", "<1>", "<@>", "<@c>",
	    "<1@>", "abc", "<null@c>", "<(null)@c>", "<UNDEFINED@c>",
	    "<unknown@c>", "<0@c>", "<0000.0000@c>",
	    "<00000000-0000-0000-0000-000000000000@c>", "<%s@%s>",
	    "<${id}@c>", "<{{id}}@c>", "<%d.%d@c>"};
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		tap_ok(credible_message_id(good[i]) == 1, "%s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		tap_ok(credible_message_id(bad[i]) == 0, "not %s", bad[i]);
}

int
main(void)
{
	test_forms();
	test_time();
	test_message_id();
	return tap_done();
}
