/* path: row by row, and its limits. */
#include "common/path.h"
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
	{"a@b", "a", "b"},
	{"  a@b", "a", "b"},
	{"raid", "raid", ""},
	{"\"a b\"@c", "a b", "c"},
	{"a@b=c", NULL, NULL},
	{"a=b@c", "a=b", "c"},
	{"SIZE=9", NULL, NULL},
	{"a@b>", NULL, NULL},
	{"a>", NULL, NULL},
	{"<a@b>>", NULL, NULL},
	{"<a@b>x", NULL, NULL},
	{"<>x", NULL, NULL},
	{"<>>", NULL, NULL},
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

static void
test_paths(void)
{
	struct path p;
	const char *end;
	size_t i;
	int r;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		r = path_parse(paths[i].in, &end, &p);
		tap_ok(r == (paths[i].local != NULL ? 0 : -1) && (r == -1 ||
		    (strcmp(p.local, paths[i].local) == 0 &&
		    strcmp(p.domain, paths[i].domain) == 0 && *end == '\0')),
		    "path %s", paths[i].in[0] == '<' ? paths[i].in + 1 :
		    paths[i].in);
	}
}

static const struct {
	const char *in, *rest; /* NULL: it might be misread */
} skipped[] = {
	{"<a@b@c>", ""}, {"<@b>", ""}, {"<a@> X=1", " X=1"}, {"a@b@c", ""},
	{" <a,b;c@d> X", " X"}, {"@ X", " X"}, {"<@>", ""},
	{"<>", NULL}, {"", NULL}, {" ", NULL}, {"<", NULL}, {">", NULL},
	{"<a@b@c", NULL}, {"a@b@c>", NULL}, {"<<a@b>>", NULL},
	{"<a b@c>", NULL}, {"<a\tb>", NULL}, {"<\"a@b>", NULL},
	{"<a>b", NULL}, {"<a><b>", NULL}, {"<a\x01>", NULL},
	{"<a\x7f>", NULL}, {"<\xc3\xa4@@b>", NULL}, {"X=1", NULL},
};

static void
test_skip(void)
{
	struct path p;
	const char *end;
	size_t i;
	int r;

	for (i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++) {
		r = path_skip(skipped[i].in, &end, &p);
		tap_ok(skipped[i].rest == NULL ? r == -1 : r == 0 &&
		    strcmp(end, skipped[i].rest) == 0 && p.domain[0] == '\0',
		    "skip '%s'", skipped[i].in);
	}
}

/* SMTPUTF8 is asked for where it is needed, and only there (RFC 6531). */
static void
test_utf8(void)
{
	static const struct {
		const char *in;
		int utf8;
	} rows[] = {
		{"<a@b>", 0}, {"<>", 0}, {"<\"a b\"@c>", 0}, {"a@b", 0},
		{"<\xc3\xa4@b>", 1}, {"<a@\xc3\xa4>", 1},
		{"<a\xf0\x9f\x93\xb1@b>", 1},
	};
	struct path p;
	const char *end;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		tap_ok(path_parse(rows[i].in, &end, &p) == 0 &&
		    p.utf8 == rows[i].utf8, "%s: utf8 is %d", rows[i].in,
		    rows[i].utf8);
	memset(&p, 'x', sizeof(p));
	tap_ok(path_skip("<a@b@c>", &end, &p) == 0 && p.utf8 == 0 &&
	    p.domain[0] == '\0', "a path that is skipped leaves nothing over");
}

static void
test_path_limits(void)
{
	char s[1024];
	const char *end;
	struct path p;

	snprintf(s, sizeof(s), "<%0*d@b>", PATH_LOCAL_MAX, 1);
	tap_ok(path_parse(s, &end, &p) == 0, "PATH_LOCAL_MAX octets");
	snprintf(s, sizeof(s), "<%0*d@b>", PATH_LOCAL_MAX + 1, 1);
	tap_ok(path_parse(s, &end, &p) == -1, "and one more");
	snprintf(s, sizeof(s), "<\"%0*d\"@b>", PATH_LOCAL_MAX + 1, 1);
	tap_ok(path_parse(s, &end, &p) == -1, "and one more in quotes");
	snprintf(s, sizeof(s), "<a@%0*d>", PATH_DOMAIN_MAX, 1);
	tap_ok(path_parse(s, &end, &p) == 0, "PATH_DOMAIN_MAX octets");
	snprintf(s, sizeof(s), "<a@%0*d>", PATH_DOMAIN_MAX + 1, 1);
	tap_ok(path_parse(s, &end, &p) == -1, "and one more");
}

int
main(void)
{
	test_paths();
	test_skip();
	test_utf8();
	test_path_limits();
	return tap_done();
}
