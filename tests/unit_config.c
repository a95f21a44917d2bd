/* config: the file, overrides, and every error with its place. */
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "common/config.h"
#include "tap.h"

static struct config c;
static char errors[4096], path[] = "/tmp/smtp2sms-unit-config-XXXXXX";

static void
report(const char *what)
{
	strncat(errors, what, sizeof(errors) - strlen(errors) - 2);
	strcat(errors, "\n");
}

static int
load(const char *text, char *override)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
	errors[0] = '\0';
	return config_load(&c, path, &override, override != NULL, report);
}

/* An error whose text is "PATH:LINE: " and then this. */
static void
bad(const char *text, int line, const char *want)
{
	char all[512];

	load(text, NULL);
	if (line > 0)
		snprintf(all, sizeof(all), "%s:%d: %s\n", path, line, want);
	else
		snprintf(all, sizeof(all), "%s: %s\n", path, want);
	tap_is(errors, all, want);
}

static void
test_defaults(void)
{
	tap_ok(load("", NULL) == 0, "an empty file is right");
	tap_ok(c.hostname != NULL && strcasecmp(c.domain.v[0], c.hostname) == 0,
	    "the domain is the host's name");
	tap_ok(c.max_size == 10485760 && c.max_recipients == 100 &&
	    c.max_messages == 1000 && c.max_errors == 10 &&
	    c.max_auth_failures == 3, "limits");
	tap_ok(c.timeout_command == 300 && c.timeout_data == 180 &&
	    c.timeout_session == 3600 && c.timeout_greeting == 60 &&
	    c.timeout_gateway == 10, "timeouts");
	tap_ok(config_timeout_delivery(&c) == 10 && c.gateway_rest == 60 &&
	    config_gateway(&c, 1) == NULL, "one gateway");
	tap_ok(c.max_sessions == 500 && c.max_sessions_per_source == 50 &&
	    c.max_auth_failures_per_source == 20 && c.listen_idle == -1,
	    "limits of a listener");
	tap_ok(c.journal_required && c.unknown_tries == 2 &&
	    c.sandbox == CONFIG_SANDBOX_REQUIRED && c.gateway_cert == NULL,
	    "journal, sandbox, client certificate");
	tap_ok(c.auth == CONFIG_AUTH_GATEWAY && !c.auth_check &&
	    c.auth_without_tls == CONFIG_CLEAR_LOCAL && c.max_parts == 10 &&
	    c.replies == CONFIG_REPLIES_DOCUMENTED && !c.log_stderr,
	    "choices");
}

static void
test_words(void)
{
	load("# all of this is a comment\n\n  domain\tA.test  \"b.test\" # c\n"
	     "domain c.test\nset name 'two words'\nset x a\"b c\"d#e\r\n"
	     "set name again\nmax-size 2M\nalias on-call +49171 1234567 "
	     "00431234567\n", NULL);
	tap_ok(c.domain.n == 3 && strcmp(c.domain.v[0], "a.test") == 0 &&
	    strcmp(c.domain.v[2], "c.test") == 0, "lists add up");
	tap_is(config_find(&c.set, "x"), "ab cd#e", "quotes inside a word");
	tap_is(config_find(&c.set, "name"), "again", "the last set counts");
	tap_ok(config_find(&c.set, "nothing") == NULL, "what is not set");
	tap_ok(c.max_size == 2 << 20, "M is 2^20");
	tap_ok(strstr(errors, ":9: alias on-call: '+49171' has too few digits"),
	    "aliases hold numbers");
	tap_ok(config_find_alias(&c, "ON-CALL")->numbers.n == 3,
	    "aliases in any letter case");
	tap_is(config_find_alias(&c, "on-call")->numbers.v[2], "+431234567",
	    "an alias's number is normalised");
	tap_ok(config_find_alias(&c, "*") == NULL, "no alias for the rest");
	load("route 49,41 b\nroute 4930 b a\ngateway /x/a.json b\n", NULL);
	tap_ok(config_route(&c, "+4940")->n == 1 &&
	    config_route(&c, "+4940")->gateway[0] == 1 &&
	    config_route(&c, "+41791")->gateway[0] == 1, "a route");
	tap_ok(config_route(&c, "+49301")->n == 2 &&
	    config_route(&c, "+49301")->gateway[1] == 0,
	    "the longest prefix");
	tap_ok(config_route(&c, "49301") == &c.all &&
	    config_route(&c, "+1202") == &c.all && c.all.n == 2,
	    "no route: all gateways");
	load("gateway a b\nroute 49 a\nroute * b\n", "route=41 b");
	tap_ok(c.route.n == 1 && config_route(&c, "+49") == &c.all,
	    "-o: in place of the file's");
	load("alias a +4912345678\nalias * +4912345679\n", NULL);
	tap_ok(config_find_alias(&c, "*") != NULL &&
	    config_find_alias(&c, "b") == NULL, "alias * has a name, too");
}

static void
test_hook(void)
{
	load("journal /j\nreplies-to a@b.test\nsendmail /bin/true\n"
	     "mail-relay smtp://[::1]:2525\n", NULL);
	tap_is(errors, "", "of smtp2sms-hook");
	tap_is(c.replies_to, "a@b.test", "an address");
	tap_is(c.mail_relay, "smtp://[::1]:2525", "a relay");
	load("replies-to a@b.test\n", NULL);
	tap_ok(strstr(errors, "replies-to: requires journal"), "no journal");
	load("replies-to a\nreplies-to 'a b@c'\n", NULL);
	tap_ok(strstr(errors, "'a' is not an address"), "no domain");
	load("replies-to '<a@b>'\n", NULL);
	tap_ok(strstr(errors, "is not an address"), "brackets");
	load("sendmail sendmail\n", NULL);
	tap_ok(strstr(errors, "is not an absolute path"), "a relative path");
	load("mail-relay http://a\n", NULL);
	tap_ok(strstr(errors, "is not smtp://HOST"), "another protocol");
	load("mail-relay smtp://a/b\n", NULL);
	tap_ok(strstr(errors, "is not smtp://HOST"), "a path");
	load("mail-relay smtps://\n", NULL);
	tap_ok(strstr(errors, "is not smtp://HOST"), "no host");
}

/* A set or secret knows where it stands, whoever finds fault with it. */
static void
test_places(void)
{
	char want[sizeof(path) + 8];

	load("\nset a 1\nset b 2\n\nset a 3\n", "set=b 4");
	snprintf(want, sizeof(want), "%s:5", path);
	tap_is(c.set.v[0].where, want, "the line of the last set counts");
	tap_is(c.set.v[1].where, "-o", "or -o");
}

static void
test_gateways(void)
{
	char name[CONFIG_NAME_MAX + 1];

	load("gateway a /etc/b.json c\ntimeout-gateway 7\n", NULL);
	tap_is(config_gateway(&c, 0), "a", "the first gateway");
	tap_is(config_gateway(&c, 1), "/etc/b.json", "the second, a path");
	tap_is(config_gateway(&c, 2), "c", "the third");
	tap_ok(config_gateway(&c, 3) == NULL, "and no more");
	tap_ok(config_timeout_delivery(&c) == 14, "twice the time of one");
	config_gateway_name("/etc/b.json", name);
	tap_is(name, "b", "the name of a path");
	load("gateway a b\ntimeout-delivery 5\n", "gateway=c");
	tap_ok(strcmp(config_gateway(&c, 0), "c") == 0 &&
	    config_gateway(&c, 1) == NULL, "-o names others");
	tap_ok(config_timeout_delivery(&c) == 10, "one has its own time");
	load("gateway a b\ntimeout-delivery 5\n", NULL);
	tap_ok(config_timeout_delivery(&c) == 5, "two have it together");
	load("gateway a b c d e f g h\n", NULL);
	tap_ok(errors[0] == '\0', "%d gateways", CONFIG_GATEWAYS_MAX);
	load("gateway a b c d e f g h i\n", NULL);
	tap_ok(strstr(errors, ":1: gateway: more than 8 gateways") != NULL,
	    "and one more");
	load("gateway a b /x/a.json\n", NULL);
	tap_ok(strstr(errors, ":1: gateway: 'a' is given more than once") !=
	    NULL, "a name twice");
	load("gateway /etc/\n", NULL);
	tap_ok(strstr(errors, "gateway: the value is empty") != NULL,
	    "a folder");
}

static void
test_listener(void)
{
	load("max-sessions 0\nmax-sessions-per-source 100000\n"
	     "max-auth-failures-per-source 0\nlisten-idle 0\n"
	     "journal-required no\nunknown-tries 0\nsandbox best-effort\n"
	     "gateway-cert c\ngateway-key k\n", NULL);
	tap_is(errors, "", "listener, journal, sandbox, client certificate");
	tap_ok(c.max_sessions == 0 && c.max_sessions_per_source == 100000 &&
	    c.max_auth_failures_per_source == 0 && c.listen_idle == 0,
	    "limits of a listener are read");
	tap_ok(!c.journal_required && c.unknown_tries == 0 &&
	    c.sandbox == CONFIG_SANDBOX_BEST_EFFORT, "and the journal's");
	tap_is(c.gateway_cert, "c", "gateway-cert");
	tap_is(c.gateway_key, "k", "gateway-key");
	bad("max-sessions 100001\n", 1,
	    "max-sessions: '100001' is not a number from 0 to 100000");
	bad("max-sessions-per-source 100001\n", 1, "max-sessions-per-source: "
	    "'100001' is not a number from 0 to 100000");
	bad("max-auth-failures-per-source 1000001\n", 1,
	    "max-auth-failures-per-source: '1000001' is not a number from 0 "
	    "to 1000000");
	bad("listen-idle 86401\n", 1,
	    "listen-idle: '86401' is not a number from 0 to 86400");
	bad("unknown-tries 101\n", 1,
	    "unknown-tries: '101' is not a number from 0 to 100");
	bad("sandbox off\n", 1,
	    "sandbox: 'off' is not one of: required, best-effort");
	bad("gateway-cert c\n", 1, "gateway-cert: requires gateway-key");
	bad("\ngateway-key k\n", 2, "gateway-key: requires gateway-cert");
}

static void
test_session(void)
{
	load("auth any\nbare-lf all\n", NULL);
	tap_is(errors, "", "auth any, bare-lf all");
	tap_ok(c.auth == CONFIG_AUTH_ANY && c.bare_lf == CONFIG_LF_ALL,
	    "are read");
	load("auth none\nbare-lf yes\n", NULL);
	tap_ok(c.auth == CONFIG_AUTH_NONE && c.bare_lf == CONFIG_LF_YES,
	    "auth none, bare-lf yes");
	bad("auth any users\n", 1, "auth: any takes no further value");
	bad("auth some\n", 1, "auth: 'some' is not one of: gateway, users, "
	    "checkpassword, any, none");
	bad("bare-lf lf\n", 1, "bare-lf: 'lf' is not one of: no, yes, all");
}

static void
test_overrides(void)
{
	tap_ok(load("hostname a\ndomain x y\n", "hostname=b") == 0 &&
	    strcmp(c.hostname, "b") == 0, "-o over a value");
	tap_ok(load("domain x y\n", "domain=z w") == 0 && c.domain.n == 2 &&
	    strcmp(c.domain.v[0], "z") == 0, "-o over a list replaces it");
	tap_ok(load("set a 1\nset b 2\n", "set=a 3") == 0 &&
	    strcmp(config_find(&c.set, "a"), "3") == 0 &&
	    strcmp(config_find(&c.set, "b"), "2") == 0, "-o over one set");
	load("", "max-parts");
	tap_is(errors, "-o: 'max-parts' is not key=value\n", "-o without =");
	load("", "no-such=1");
	tap_is(errors, "-o: unknown keyword 'no-such'\n", "-o unknown");
}

static void
test_errors(void)
{
	char line[CONFIG_WORDS_MAX * 2 + 16] = "domain";
	int i;

	bad("\n\nfoo bar\n", 3, "unknown keyword 'foo'");
	bad("hostnam a\n", 1,
	    "unknown keyword 'hostnam'; did you mean hostname?");
	bad("max_size 1M\n", 1,
	    "unknown keyword 'max_size'; did you mean max-size?");
	bad("tls-crt a\n", 1,
	    "unknown keyword 'tls-crt'; did you mean tls-cert?");
	bad("a-keyword-that-is-longer-than-any-which-exists yes\n", 1,
	    "unknown keyword 'a-keyword-that-is-longer-than-any-which-exists'");
	bad("hostname\n", 1, "hostname: requires a value");
	bad("hostname a b\n", 1, "hostname: requires one value, and has 2; "
	    "quote a value that has blanks in it");
	bad("domain\n", 1, "domain: requires at least one value");
	bad("set a\n", 1, "set: requires a name and a value");
	bad("set from My Company\n", 1, "set from: requires one value, and "
	    "has 2; quote a value that has blanks in it");
	bad("hostname a\n\nhostname b\n", 3,
	    "hostname: given more than once, first on line 1");
	bad("hostname 'a\n", 1, "a quote is not closed");
	bad("\nhostname a/b\n", 2, "hostname: 'a/b' is not a host name");
	bad("hostname ''\n", 1, "hostname: the value is empty");
	bad("log file\n", 1, "log: 'file' is not one of: syslog, stderr");
	bad("max-parts 256\n", 1,
	    "max-parts: '256' is not a number from 0 to 255");
	bad("max-parts -1\n", 1,
	    "max-parts: '-1' is not a number from 0 to 255");
	bad("max-recipients 1001\n", 1,
	    "max-recipients: '1001' is not a number from 1 to 1000");
	bad("max-size 99999999999999999999\n", 1, "max-size: "
	    "'99999999999999999999' is not a number from 1024 to 1073741824");
	bad("max-size 2G\n", 1, "max-size: '2G' is not a number from 1024 to "
	    "1073741824");
	bad("timeout-gateway 0\n", 1, "timeout-gateway: '0' is not a number "
	    "from 1 to 3600");
	bad("trust 10.0.0.0/33\n", 1, "trust: '10.0.0.0/33' is not a network; "
	    "write an address, ADDRESS/BITS, or local");
	bad("trust example.org\n", 1, "trust: 'example.org' is not a network; "
	    "write an address, ADDRESS/BITS, or local");
	bad("allow 49x\n", 1, "allow: '49x' is not a country code with or "
	    "without more digits");
	bad("deny +0\n", 1, "deny: '+0' begins with a country code that does "
	    "not exist");
	bad("deny +490900\n", 1, "deny: '+490900' has a 0, or another trunk "
	    "prefix, behind its country code");
	bad("country-code 0049\n", 1,
	    "country-code: '0049' is not a country code");
	bad("country-code 999\n", 1,
	    "country-code: '999' is not a country code");
	bad("country-code 1684\n", 1,
	    "country-code: '1684' is not a country code");
	bad("alias a 0171\n", 1, "alias a: '0171' is a national "
	    "number, and no country-code is set");
	bad("alias a\n", 1, "alias: requires a name and at least one number");
	bad("alias a +4912345678\nalias A +4912345678\n", 2,
	    "alias A: given more than once, first on line 1");
	bad("gateway a b\nroute 49 a c\n", 2,
	    "route +49: 'c' is none of the gateways");
	bad("gateway a b\nroute 49,+49 a\n", 2,
	    "route +49: given more than once, first on line 2");
	bad("route *\n", 1,
	    "route: requires prefixes and at least one gateway");
	for (i = 0; i < CONFIG_WORDS_MAX; i++)
		strcat(line, " x");
	bad(line, 1, "more than 128 words");
	tap_ok(load("foo\nbar\nbaz\n", NULL) == -1 &&
	    strstr(errors, ":1: ") && strstr(errors, ":3: "),
	    "every error is told");
	tap_ok(load("log stderr\nfoo\n", NULL) == -1 && c.log_stderr == 1,
	    "what could be read of log is kept");
}

/* What only shows when all has been read has its line, too. */
static void
test_rate(void)
{
	tap_ok(load("journal /j\nrate total 500/d\nrate recipient 10/10m\n"
	    "rate recipient 3/s\nrate login 1000000/31d\nover digest\n",
	    NULL) == 0 && c.nrates == 4 && c.over == CONFIG_OVER_DIGEST,
	    "four rules");
	tap_ok(c.rate[0].kind == CONFIG_RATE_RECIPIENT && c.rate[0].n == 10 &&
	    c.rate[0].seconds == 600 && c.rate[1].seconds == 1 &&
	    c.rate[2].kind == CONFIG_RATE_LOGIN &&
	    c.rate[2].seconds == 31 * 86400 &&
	    c.rate[3].kind == CONFIG_RATE_TOTAL && c.rate[3].n == 500,
	    "sorted by their kind");
	bad("rate total 1/h\n", 1, "rate: requires journal");
	bad("journal /j\nrate host 1/h\n", 2,
	    "rate: 'host' is not one of: recipient, login, total");
	bad("journal /j\nrate total 0/h\n", 2, "rate total: '0/h' is not a "
	    "number and a time, as 10/30s, 10/5m, 100/h, 500/d");
	bad("journal /j\nrate total 1000001/h\n", 2, "rate total: "
	    "'1000001/h' is not a number and a time, as 10/30s, 10/5m, "
	    "100/h, 500/d");
	bad("journal /j\nrate total 1/32d\n", 2, "rate total: '1/32d' is not "
	    "a number and a time, as 10/30s, 10/5m, 100/h, 500/d");
	bad("journal /j\nrate total 1/5\n", 2, "rate total: '1/5' is not a "
	    "number and a time, as 10/30s, 10/5m, 100/h, 500/d");
	bad("journal /j\nrate total 1/h\nrate total 9/60m\n", 3,
	    "rate total: given more than once for the same time");
	bad("journal /j\nrate total 1/s\nrate total 1/m\nrate total 1/h\n"
	    "rate total 1/d\nrate total 1/2d\n", 6,
	    "rate total: more than 4 lines");
}

static void
test_late_errors(void)
{
	char *override[] = {"tls-key=k"};

	bad("tls-cert c\n", 1, "tls-cert: requires tls-key");
	bad("\ntls-key k\n", 2, "tls-key: requires tls-cert");
	bad("tls-client-ca c\n", 1,
	    "tls-client-ca: requires tls-cert and tls-key");
	load("", override[0]);
	tap_is(errors, "-o: tls-key: requires tls-cert\n", "of -o");
	load("\n\nuser nosuch\n", NULL);
	errors[0] = '\0';
	tap_ok(config_error(&c, "user", report, "user %s: %d", "nosuch", 7) ==
	    -1 && strstr(errors, ":3: user nosuch: 7\n"),
	    "config_error() knows the line");
	errors[0] = '\0';
	config_error(&c, "libexec", report, "missing");
	tap_ok(strncmp(errors, path, strlen(path)) == 0 &&
	    strcmp(errors + strlen(path), ": missing\n") == 0,
	    "of a default the file alone");
}

static void
test_file(void)
{
	static char big[CONFIG_SIZE_MAX + 2];

	memset(big, '#', sizeof(big) - 1);
	bad(big, 0, "larger than 65536 octets");
	big[CONFIG_SIZE_MAX] = '\0';
	tap_ok(load(big, NULL) == 0, "CONFIG_SIZE_MAX octets are read");
	errors[0] = '\0';
	config_load(&c, "/nonexistent", NULL, 0, report);
	tap_is(errors, "/nonexistent: No such file or directory\n",
	    "a missing file is an error");
}

static void
test_trust(void)
{
	load("trust 10.1.0.0/16 2001:db8::/32 local\ntrust 192.0.2.1\n", NULL);
	tap_ok(config_trusts(&c, "10.1.2.3"), "in an IPv4 network");
	tap_ok(!config_trusts(&c, "10.2.0.1"), "not in it");
	tap_ok(config_trusts(&c, "::ffff:10.1.2.3"), "mapped IPv4");
	tap_ok(config_trusts(&c, "192.0.2.1"), "one address");
	tap_ok(!config_trusts(&c, "192.0.2.2"), "and no other");
	tap_ok(config_trusts(&c, "2001:db8:ffff::1"), "in an IPv6 network");
	tap_ok(!config_trusts(&c, "2001:db9::1"), "not in it");
	tap_ok(config_trusts(&c, "local"), "local");
	tap_ok(!config_trusts(&c, "unknown"), "unknown is nobody");
	load("trust 0.0.0.0/0\n", NULL);
	tap_ok(config_trusts(&c, "203.0.113.9"), "all of IPv4");
	tap_ok(!config_trusts(&c, "2001:db8::1"), "is not IPv6");
	tap_ok(!config_trusts(&c, "local"), "and not a pipe");
	load("", NULL);
	tap_ok(!config_trusts(&c, "127.0.0.1"), "nobody by default");
}

int
main(void)
{
	int fd = mkstemp(path);

	if (fd == -1)
		return 2;
	close(fd);
	test_defaults();
	test_words();
	test_places();
	test_gateways();
	test_hook();
	test_listener();
	test_session();
	test_overrides();
	test_errors();
	test_rate();
	test_late_errors();
	test_file();
	test_trust();
	unlink(path);
	return tap_done();
}
