/* login, users, hash: who may log in, and what is wrong with a users file. */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "delivery/hash.h"
#include "delivery/login.h"
#include "delivery/users.h"
#include "sms/text.h"
#include "tap.h"

/* The hashes of "secret", each as cheap as its method allows. */
#define YESCRYPT "$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYHMWB4NZN4$HDtJcZhEDN4lYyPsFs6qifx7sabk8w1.1PAkGR8ixD6"
#define GOST "$gy$j75$k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYHMWB4NZN4$wQ1Nq/4QB56Jl/pbLpHISikj8f6KCgYZgaHVNv6zTC6"
#define SCRYPT "$7$BU..../....k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYHMWB4NZN4$9xFFQ/ehzI.fiqOb0dOIHQ7OAxLb1VFQEblfTlG8eHA"
#define BCRYPT "04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn."
#define SHA512 "$6$rounds=1000$k2XAnEHBqQ1Ct2aM$Kusx4StgTAJKgtQ8A1Ud4OEtpvLZ/2wzq/Tix/qeeqdrvuTHgR6KFuCyOP4TNp5lvuV.tmBxpDTp10bqrWJyv1"
#define SHA256 "$5$rounds=1000$k2XAnEHBqQ1Ct2aM$jgOl0V/Vic8BJZ4wBDLE5hPwrxO8FWvvQqq4b1wm6k0"
#define MD5 "$1$k2XAnEHB$rbDfQq368qWY4bas.D3Ac0"
#define DES "kl.bVxHBAClgE"

#define BIG (USERS_SIZE_MAX + 16)

static char dir[] = "/tmp/smtp2sms-unit-login-XXXXXX";
static char path[64], log_path[64], errors[8192], big[BIG];
static struct config config;
static struct users_login u;

static void
report(const char *what)
{
	strncat(errors, what, sizeof(errors) - strlen(errors) - 2);
	strcat(errors, "\n");
}

static void
write_file(const char *text)
{
	FILE *f;

	unlink(path);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
	chmod(path, 0640);
	errors[0] = '\0';
}

/* An error of the whole file whose text is "PATH:LINE: " and then this. */
static void
bad(const char *text, int line, const char *want)
{
	char all[1024];

	write_file(text);
	users_test(&config, report);
	if (line > 0)
		snprintf(all, sizeof(all), "%s:%d: %s\n", path, line, want);
	else
		snprintf(all, sizeof(all), "%s: %s\n", path, want);
	tap_is(errors, all, want);
}

/* A line "a - ..." with this option has this error. */
static void
bad_option(const char *option, const char *want)
{
	char line[USERS_LINE_MAX];

	snprintf(line, sizeof(line), "# line 1\na - %s\n", option);
	bad(line, 2, want);
}

static enum users_result
find(const char *name)
{
	errors[0] = '\0';
	return users_find(&config, name, &u, report);
}

/* A word of n times the same octet. */
static char *
repeat(char *out, char c, size_t n)
{
	memset(out, c, n);
	out[n] = '\0';
	return out;
}

/* ---- hashes ---- */

static void
test_hashes(void)
{
	static const char *const good[] = {YESCRYPT, GOST, SCRYPT,
	    ("$2a$" BCRYPT), ("$2b$" BCRYPT), ("$2y$" BCRYPT), SHA512};
	static const char *const weak[] = {SHA256, MD5, DES, "_J9..k2XAabcd",
	    ("$2x$" BCRYPT), "$sha1$1$ab$cd", "$"};
	char out[HASH_MAX + 1], longest[HASH_MAX + 2];
	size_t i;
	int r;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		tap_ok(hash_fault(good[i]) == NULL, "good: %.4s", good[i]);
		r = hash_verify("secret", good[i]);
		tap_ok(r == 1 || r == -1, "right, if this system knows it");
		tap_ok(hash_verify("Secret", good[i]) == (r == 1 ? 0 : -1),
		    "... and wrong");
	}
	for (i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
		tap_is(hash_fault(weak[i]),
		    "is of a method that is too weak or not known", weak[i]);
	tap_is(hash_fault("secret"), "is not a hash of crypt(3)", "no hash");
	tap_is(hash_fault(""), "is not a hash of crypt(3)", "empty");
	tap_is(hash_fault("*"), "is not a hash of crypt(3)", "*");
	snprintf(longest, sizeof(longest), "%.*s", (int)strlen(SHA512) - 1,
	    SHA512);
	tap_is(hash_fault(longest), "is not a whole hash", "one octet less");
	tap_is(hash_fault("$6$salt"), "is not a whole hash", "the salt alone");
	tap_is(hash_fault(repeat(longest, '$', HASH_MAX)),
	    "is of a method that is too weak or not known", "HASH_MAX octets");
	tap_is(hash_fault(repeat(longest, '$', HASH_MAX + 1)),
	    "is too long for a hash of crypt(3)", "one more");
	tap_ok(hash_make("secret", out) == 0 && hash_fault(out) == NULL &&
	    hash_verify("secret", out) == 1 && hash_verify("other", out) == 0,
	    "a new hash is a good one: %.4s", out);
	repeat(big, 'x', HASH_PASSWORD_MAX);
	tap_ok(hash_make(big, out) == 0 && hash_verify(big, out) == 1,
	    "of HASH_PASSWORD_MAX octets");
	big[HASH_PASSWORD_MAX - 1] = 'y';
	tap_ok(hash_verify(big, out) == 0, "all of them count");
}

/* ---- the users file ---- */

static void
test_options(void)
{
	const struct options *o = &u.profile.options;

	write_file("# logins\n\nalice " SHA512 " priority=-9 ttl=3600 sim=3 "
	    "device=phone1 from='My \"Firm\"' report=no max-parts=0 "
	    "subject=only allow=49,+431 gateway-user=acme "
	    "gateway-password='p w'  # and so on\n"
	    "\"/CN=a b/O=c\"\t-\r\n'#1' - gateway-token=abc report=yes "
	    "priority=9\nlast -");
	tap_ok(users_test(&config, report) == 0, "a good file");
	tap_is(errors, "", "has no errors");
	tap_ok(find("alice") == USERS_FOUND && u.has_password, "alice");
	tap_is(u.hash, SHA512, "her hash");
	tap_ok(o->priority_kind == OPTIONS_PRIORITY_LEVEL &&
	    o->priority == -9 &&
	    o->ttl == 3600 && o->sim == 3 && o->report == OPTIONS_REPORT_NO &&
	    o->schedule == 0 && o->port == 0, "options");
	tap_is(o->device, "phone1", "device");
	tap_is(o->from, "My \"Firm\"", "from");
	tap_ok(u.profile.rights.max_parts == 0 && u.profile.rights.subject ==
	    TEXT_SUBJECT_ONLY && u.profile.rights.nallow == 2, "rights");
	tap_is(u.profile.rights.allow[0], "+49", "a prefix");
	tap_is(u.profile.rights.allow[1], "+431", "the other");
	tap_ok(u.profile.has_gateway && u.profile.kind == IPC_PASSWORD,
	    "a gateway's user name and password");
	tap_is(u.profile.gateway_user, "acme", "user");
	tap_is(u.profile.gateway_secret, "p w", "password");
	tap_ok(find("/CN=a b/O=c") == USERS_FOUND && !u.has_password &&
	    u.profile.rights.subject == -1 && u.profile.rights.max_parts == -1
	    && u.profile.rights.nallow == 0 && !u.profile.has_gateway &&
	    o->priority_kind == OPTIONS_PRIORITY_NONE && o->ttl == 0,
	    "a subject, and nothing of its own");
	tap_is(u.hash, SHA512, "another's hash, for the time it takes");
	tap_ok(find("#1") == USERS_FOUND && u.profile.has_gateway &&
	    u.profile.kind == IPC_BEARER && o->report == OPTIONS_REPORT_YES &&
	    o->priority == 9, "a token");
	tap_is(u.profile.gateway_secret, "abc", "the token");
	tap_ok(find("last") == USERS_FOUND, "a last line without LF");
	tap_ok(find("Alice") == USERS_UNKNOWN && !u.has_password &&
	    u.profile.rights.max_parts == -1, "letter case counts");
	tap_is(u.hash, SHA512, "an unknown login has another's hash");
	tap_ok(find("") == USERS_UNKNOWN, "no name");
	tap_is(errors, "", "nothing to report");
}

static void
test_option_errors(void)
{
	bad_option("foo=1", "unknown option 'foo'");
	bad_option("priority", "a word is not option=value");
	bad_option("aG9wZQ==", "a word is not option=value");
	bad_option("sim=1 sim=1", "sim: given more than once");
	bad_option("device=", "device: the value is empty");
	bad_option("priority=10", "priority: '10' is not a number from -9 to 9");
	bad_option("priority=-10",
	    "priority: '-10' is not a number from -9 to 9");
	bad_option("priority=high",
	    "priority: 'high' is not a number from -9 to 9");
	bad_option("ttl=0", "ttl: '0' is not a number from 1 to 999999999");
	bad_option("ttl=1000000000",
	    "ttl: '1000000000' is not a number from 1 to 999999999");
	bad_option("ttl=1h", "ttl: '1h' is not a number from 1 to 999999999");
	bad_option("ttl='1 '", "ttl: '1 ' is not a number from 1 to 999999999");
	bad_option("sim=4", "sim: '4' is not a number from 1 to 3");
	bad_option("sim=99999999999999999999",
	    "sim: '99999999999999999999' is not a number from 1 to 3");
	bad_option("max-parts=256",
	    "max-parts: '256' is not a number from 0 to 255");
	bad_option("report=true", "report: 'true' is none of: yes, no");
	bad_option("subject=all",
	    "subject: 'all' is none of: ignore, prefix, fallback, only");
	bad_option("allow=49,0",
	    "allow: '0' begins with a country code that does not exist");
	bad_option("allow=49,",
	    "allow: '' is not a country code with or without more digits");
	bad_option("allow=490171", "allow: '490171' has a 0, or another trunk "
	    "prefix, behind its country code");
	bad_option("gateway=x", "gateway: 'x' is none of the configuration's");
	bad_option("gateway=smsgate,smsgate",
	    "gateway: 'smsgate' is given more than once");
	bad_option("from=a\001", "from: is not text in UTF-8");
	bad_option("from=\xc3", "from: is not text in UTF-8");
	bad_option("device=\xed\xa0\x80", "device: is not text in UTF-8");
	bad_option("device=\xf4\x90\x80\x80", "device: is not text in UTF-8");
	bad_option("device=\xc0\xaf", "device: is not text in UTF-8");
	bad_option("gateway-user=a",
	    "gateway-user and gateway-password require each other");
	bad_option("gateway-password=a",
	    "gateway-user and gateway-password require each other");
	bad_option("gateway-token=a gateway-password=b", "gateway-token "
	    "cannot be combined with gateway-user or gateway-password");
	write_file("a - from=\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\n");
	tap_ok(find("a") == USERS_FOUND, "UTF-8 of every length");
}

/* What is at its limit is taken, one more is not. */
static void
test_option_limits(void)
{
	char line[USERS_LINE_MAX + 64], *end;
	size_t i;
	static const struct {
		const char *option;
		size_t max;
	} texts[] = {
		{"device=", OPTIONS_DEVICE_MAX},
		{"from=", OPTIONS_FROM_MAX},
		{"gateway-token=", IPC_SECRET_MAX},
		{"gateway-password=x gateway-user=", IPC_USER_MAX},
	};

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		sprintf(line, "a - %s", texts[i].option);
		repeat(line + strlen(line), 'x', texts[i].max);
		write_file(line);
		tap_ok(find("a") == USERS_FOUND, "%s%zu octets",
		    texts[i].option, texts[i].max);
		strcat(line, "x");
		write_file(line);
		tap_ok(find("a") == USERS_BROKEN, "and one more");
		tap_ok(strstr(errors, "octets\n") && !strstr(errors, "xx"),
		    "said without the value");
	}
	end = line + sprintf(line, "a - allow=1");
	for (i = 1; i < OPTIONS_ALLOW_MAX; i++)
		end += sprintf(end, ",49%zu", i);
	write_file(line);
	tap_ok(find("a") == USERS_FOUND &&
	    u.profile.rights.nallow == OPTIONS_ALLOW_MAX,
	    "OPTIONS_ALLOW_MAX prefixes");
	strcpy(end, ",2\n");
	bad(line, 1, "allow: more than 64 prefixes");
	tap_ok(USERS_LINE_MAX > IPC_SECRET_MAX + IPC_USER_MAX + HASH_MAX +
	    OPTIONS_ALLOW_MAX * NUMBER_SIZE + 512,
	    "a line has room for all options");
}

static void
test_line_errors(void)
{
	char line[USERS_LINE_MAX + 64];
	int i;

	bad("a\n", 1, "requires a name and a hash");
	bad("a -\n\n'' -\n", 3, "the name is empty, longer than 255 octets or "
	    "not text in UTF-8");
	bad("a\033 -\n", 1, "the name is empty, longer than 255 octets or not "
	    "text in UTF-8");
	bad("a '-\n", 1, "a quote is not closed");
	bad("a -\nb -\na -\n", 3, "'a' is listed more than once");
	bad("a secret\n", 1, "the second word is not a hash of crypt(3)");
	bad("a " MD5 "\n", 1, "the second word is of a method that is too weak "
	    "or not known");
	bad("a !" SHA512 "\n", 1, "the second word is not a hash of crypt(3)");
	repeat(line, 'a', IPC_USER_MAX);
	strcat(line, " -\n");
	write_file(line);
	tap_ok(users_test(&config, report) == 0, "a name of IPC_USER_MAX octets");
	repeat(line, 'a', IPC_USER_MAX + 1);
	strcat(line, " -\n");
	bad(line, 1, "the name is empty, longer than 255 octets or not text in "
	    "UTF-8");
	strcpy(line, "a -");
	for (i = 2; i <= USERS_WORDS_MAX; i++)
		strcat(line, " x");
	bad(line, 1, "more than 32 words");
	strcpy(line, "a - #");
	repeat(line + 5, 'x', USERS_LINE_MAX - 5);
	write_file(line);
	tap_ok(find("a") == USERS_FOUND, "a line of USERS_LINE_MAX octets");
	strcat(line, "x");
	bad(line, 1, "longer than 16384 octets");
	write_file("a\nb - x\n");
	tap_ok(users_test(&config, report) == -1 && strstr(errors, ":1: ") &&
	    strstr(errors, ":2: "), "every error is told");
}

static void
test_others(void)
{
	write_file("bad\nworse 'x\nb - sim=9\nb -\nalice " SHA512 "\nc - "
	    "report=no\nc -\n");
	tap_ok(find("alice") == USERS_FOUND, "other lines do not matter");
	tap_is(errors, "", "and are not told of");
	tap_ok(find("bad") == USERS_BROKEN && strstr(errors,
	    ":1: requires a name and a hash\n"), "a line without a hash");
	tap_ok(find("worse") == USERS_BROKEN && strstr(errors,
	    ":2: a quote is not closed\n"), "an open quote");
	tap_ok(find("b") == USERS_BROKEN && strstr(errors, ":3: sim: ") &&
	    strstr(errors, ":4: 'b' is listed more than once\n"), "two errors");
	tap_ok(find("c") == USERS_BROKEN && u.profile.options.report ==
	    OPTIONS_REPORT_NONE &&
	    strstr(errors, ":7: 'c' is listed more than once\n"),
	    "a good line and a second one");
	write_file("alice -\n");
	tap_ok(find("alice") == USERS_FOUND && !u.has_password &&
	    u.hash[0] == '\0', "a change counts at once");
}

static void
test_file(void)
{
	static const mode_t modes[] = {0644, 0604, 0642, 0641, 0660, 0620};
	char *p = big;
	FILE *f;
	size_t i;

	write_file("a -\n");
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		chmod(path, modes[i]);
		tap_ok(find("a") == USERS_BROKEN && users_test(&config, report) ==
		    -1 && strstr(errors, "others can read it, or its "
		    "group can write it (chmod 0640)\n"), "mode %o",
		    (unsigned)modes[i]);
	}
	chmod(path, 0600);
	tap_ok(find("a") == USERS_FOUND, "mode 600");
	chmod(path, 0440);
	tap_ok(find("a") == USERS_FOUND, "mode 440");
	unlink(path);
	tap_ok(find("a") == USERS_BROKEN &&
	    strstr(errors, ": No such file or directory\n"), "no file");
	mkfifo(path, 0600);
	tap_ok(find("a") == USERS_BROKEN && strstr(errors,
	    ": is not a regular file\n"), "a FIFO does not stop us");
	write_file("");
	tap_ok(find("a") == USERS_UNKNOWN && users_test(&config, report) == 0,
	    "an empty file");
	f = fopen(path, "w");
	fwrite("a -\n\0b -\n", 1, 9, f);
	fclose(f);
	tap_ok(find("a") == USERS_BROKEN && strstr(errors, ": contains a NUL\n"),
	    "a NUL");
	for (i = 0; i < USERS_SIZE_MAX; i++)
		big[i] = i % 100 == 99 ? '\n' : '#';
	big[i] = '\0';
	write_file(big);
	tap_ok(find("a") == USERS_UNKNOWN, "USERS_SIZE_MAX octets");
	strcpy(big + i, "\n");
	bad(big, 0, "larger than 1048576 octets");
	for (i = 0; i < USERS_MAX; i++)
		p += sprintf(p, "user%zu -\n", i);
	write_file(big);
	tap_ok(users_test(&config, report) == 0, "USERS_MAX logins");
	strcpy(p, "a -\n");
	bad(big, 10001, "more than 10000 logins");
}

/* ---- checks ---- */

static int
open_files(void)
{
	DIR *d = opendir("/dev/fd");
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void
wait_over(const struct login_check *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};

	poll(&p, 1, 60000);
}

static enum ipc_verdict
check(enum ipc_kind kind, const char *user, const char *secret,
    struct users_profile *profile)
{
	struct login_check c;

	if (login_begin(&c, &config, kind, user, secret, profile) == -1)
		return IPC_VERDICT_TEMPORARY;
	wait_over(&c);
	return login_end(&c);
}

static const char *
logged(void)
{
	static char text[4096];
	FILE *f = fopen(log_path, "r");
	size_t n = fread(text, 1, sizeof(text) - 1, f);

	fclose(f);
	text[n] = '\0';
	if (truncate(log_path, 0) == -1)
		return "truncate";
	return text;
}

static void
test_users(void)
{
	struct users_profile p;
	char password[HASH_PASSWORD_MAX + 2], hash[HASH_MAX + 1];
	char line[HASH_MAX + 64];

	config.auth = CONFIG_AUTH_USERS;
	config.users = path;
	write_file("alice " SHA512 " sim=2\nbob - sim=3\nbad - sim=9\n"
	    "strange $6$rounds=1000000000$k2XAnEHBqQ1Ct2aM$Kusx4StgTAJKgtQ8A1Ud"
	    "4OEtpvLZ/2wzq/Tix/qeeqdrvuTHgR6KFuCyOP4TNp5lvuV.tmBxpDTp10bqrWJyv"
	    "1\n");
	tap_ok(check(IPC_PASSWORD, "alice", "secret", &p) == IPC_VERDICT_OK &&
	    p.options.sim == 2, "the right password");
	tap_ok(check(IPC_PASSWORD, "alice", "Secret", &p) == IPC_VERDICT_WRONG,
	    "a wrong one");
	tap_ok(check(IPC_PASSWORD, "alice", "", &p) ==
	    IPC_VERDICT_WRONG, "none");
	tap_ok(check(IPC_PASSWORD, "carol", "secret", &p) ==
	    IPC_VERDICT_WRONG &&
	    p.options.sim == 0, "an unknown login with another's password");
	tap_ok(check(IPC_PASSWORD, "bob", "secret", &p) == IPC_VERDICT_WRONG,
	    "a login without a password with another's");
	tap_ok(check(IPC_PASSWORD, "bob", "-", &p) ==
	    IPC_VERDICT_WRONG, "or -");
	tap_ok(check(IPC_EXTERNAL, "bob", "", &p) == IPC_VERDICT_OK &&
	    p.options.sim == 3, "bob's certificate");
	tap_ok(check(IPC_EXTERNAL, "alice", "", &p) == IPC_VERDICT_OK,
	    "alice's certificate");
	tap_ok(check(IPC_EXTERNAL, "carol", "", &p) == IPC_VERDICT_WRONG,
	    "somebody's certificate");
	tap_ok(check(IPC_BEARER, "alice", "secret", &p) == IPC_VERDICT_WRONG,
	    "a token");
	tap_is(logged(), "", "nothing to log so far");
	tap_ok(check(IPC_PASSWORD, "bad", "x", &p) == IPC_VERDICT_TEMPORARY &&
	    strstr(logged(), ":3: sim: ") != NULL, "a bad line");
	tap_ok(check(IPC_PASSWORD, "strange", "x", &p) ==
	    IPC_VERDICT_TEMPORARY &&
	    strstr(logged(), "user=strange error=\"crypt(3) cannot use the "
	    "login's hash\"") != NULL, "a hash that crypt does not take");
	repeat(password, 'x', HASH_PASSWORD_MAX);
	hash_make(password, hash);
	snprintf(line, sizeof(line), "alice %s\n", hash);
	write_file(line);
	tap_ok(check(IPC_PASSWORD, "alice", password, &p) == IPC_VERDICT_OK,
	    "HASH_PASSWORD_MAX octets");
	strcat(password, "x");
	tap_ok(check(IPC_PASSWORD, "alice", password, &p) == IPC_VERDICT_WRONG,
	    "one more");
	unlink(path);
	tap_ok(check(IPC_PASSWORD, "alice", "x", &p) == IPC_VERDICT_TEMPORARY &&
	    strstr(logged(), "No such file") != NULL, "no file");
}

/* Milliseconds of the processor that a check has cost. */
static double
cost(const char *user)
{
	struct rusage before, after;
	struct users_profile p;

	getrusage(RUSAGE_CHILDREN, &before);
	check(IPC_PASSWORD, user, "guess", &p);
	getrusage(RUSAGE_CHILDREN, &after);
	return (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1e3 +
	    (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e3;
}

static void
test_time(void)
{
	double known, unknown, none;
	char hash[HASH_MAX + 1], text[HASH_MAX + 64];

	hash_make("secret", hash);
	snprintf(text, sizeof(text), "alice %s\nbob -\n", hash);
	write_file(text);
	known = cost("alice");
	unknown = cost("carol");
	none = cost("bob");
	tap_ok(known > 2, "a wrong password costs %.1f ms", known);
	tap_ok(unknown > known / 3, "an unknown login %.1f ms", unknown);
	tap_ok(none > known / 3, "one without a password %.1f ms", none);
}

static int
gone(pid_t pid)
{
	int i;

	for (i = 0; i < 200 && kill(pid, 0) == 0; i++)
		usleep(10000);
	return kill(pid, 0) == -1 && errno == ESRCH;
}

static pid_t
read_pid(const char *file)
{
	long pid = 0;
	FILE *f;
	int i;

	for (i = 0; i < 500 && pid == 0; i++) {
		usleep(10000);
		if ((f = fopen(file, "r")) == NULL)
			continue;
		if (fscanf(f, "%ld\n", &pid) != 1)
			pid = 0;
		fclose(f);
	}
	return (pid_t)pid;
}

static void
test_program(void)
{
	char *argv[] = {"/bin/sh", "-c", "", "sh"}, script[200], file[80];
	char secret[LOGIN_PIPE_MAX];
	struct login_check c;
	struct users_profile p;
	pid_t pid;
	int n, files = open_files();
	static const struct {
		const char *script;
		enum ipc_verdict v;
		const char *log;
	} rows[] = {
		{"exec \"$@\"", IPC_VERDICT_OK, ""},
		{"exit 0", IPC_VERDICT_OK, ""},
		{"exit 1", IPC_VERDICT_WRONG, ""},
		{"exit 3", IPC_VERDICT_WRONG, ""},
		{"exit 100", IPC_VERDICT_WRONG, ""},
		{"exit 2", IPC_VERDICT_TEMPORARY,
		    "checkpassword: exit status 2"},
		{"exit 111", IPC_VERDICT_TEMPORARY, "exit status 111"},
		{"exit 4", IPC_VERDICT_TEMPORARY, "exit status 4"},
		{"kill -9 $$", IPC_VERDICT_TEMPORARY, "killed by signal 9"},
		{"test \"$1\" = /bin/true -o \"$1\" = /usr/bin/true",
		    IPC_VERDICT_OK, ""},
		{"test $# = 1", IPC_VERDICT_OK, ""},
		{"test \"$(tr '\\0' : <&3)\" = alice:secret::",
		    IPC_VERDICT_OK, ""},
		{"test \"$(pwd)\" = /", IPC_VERDICT_OK, ""},
		{"echo >&0 && echo && echo >&2", IPC_VERDICT_OK, ""},
		{"kill -PIPE $$", IPC_VERDICT_TEMPORARY, "killed by signal 13"},
	};
	size_t i;

	config.auth = CONFIG_AUTH_CHECKPASSWORD;
	config.checkpassword.v = argv;
	config.checkpassword.n = 4;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		argv[2] = (char *)(size_t)rows[i].script;
		tap_ok(check(IPC_PASSWORD, "alice", "secret", &p) ==
		    rows[i].v && strstr(logged(), rows[i].log) != NULL &&
		    p.rights.max_parts == -1, "%s", rows[i].script);
	}
	argv[2] = "test $(wc -c <&3) = 512";
	repeat(secret, 'x', LOGIN_PIPE_MAX - 3 - 5);
	tap_ok(check(IPC_PASSWORD, "alice", secret, &p) == IPC_VERDICT_OK,
	    "LOGIN_PIPE_MAX octets");
	tap_ok(check(IPC_PASSWORD, "alice1", secret, &p) == IPC_VERDICT_WRONG &&
	    strstr(logged(), "are too long") != NULL, "one more");
	tap_ok(check(IPC_EXTERNAL, "alice", "", &p) == IPC_VERDICT_WRONG,
	    "no certificate is a login there");
	tap_ok(check(IPC_BEARER, "alice", "x", &p) == IPC_VERDICT_WRONG,
	    "no token is");
	snprintf(file, sizeof(file), "%s/pid", dir);
	snprintf(script, sizeof(script), "echo $$ >%s; sleep 100 & wait", file);
	argv[2] = script;
	login_begin(&c, &config, IPC_PASSWORD, "alice", "x", &p);
	pid = read_pid(file);
	tap_ok(pid > 0 && login_end(&c) == IPC_VERDICT_TEMPORARY &&
	    strstr(logged(), "no answer in time") != NULL && gone(pid),
	    "one that takes too long is killed");
	unlink(file);
	login_begin(&c, &config, IPC_PASSWORD, "alice", "x", &p);
	pid = c.pid;
	read_pid(file);
	kill(pid, SIGKILL);
	wait_over(&c);
	tap_ok(login_end(&c) == IPC_VERDICT_TEMPORARY &&
	    strstr(logged(), "check process died") != NULL,
	    "one whose child is killed");
	kill(read_pid(file), SIGKILL);
	argv[0] = "/nonexistent";
	tap_ok(check(IPC_PASSWORD, "alice", "x", &p) == IPC_VERDICT_TEMPORARY &&
	    strstr(logged(), "checkpassword: /nonexistent: No such file"),
	    "no such program");
	errors[0] = '\0';
	n = login_test(&config, report);
	tap_ok(n == -1 && strstr(errors, "checkpassword: /nonexistent: No "
	    "such file or directory\n"), "-t says so");
	argv[0] = "/tmp";
	tap_ok(login_test(&config, report) == -1 && strstr(errors,
	    "checkpassword: /tmp: Permission denied\n"), "a folder is none");
	argv[0] = "/bin/sh";
	tap_ok(login_test(&config, report) == 0, "a program is one");
	tap_ok(open_files() == files, "no descriptor is left open");
	tap_ok(wait(NULL) == -1 && errno == ECHILD, "no child is left");
}

/* More than LOGIN_RUNNING_MAX at once: the others wait. */
static void
test_turns(void)
{
	char *argv[] = {"/bin/sh", "-c", "", "sh"}, script[300], go[300];
	struct login_check c[LOGIN_RUNNING_MAX * 3];
	struct pollfd p[LOGIN_RUNNING_MAX * 3];
	struct users_profile profile;
	int i, n = LOGIN_RUNNING_MAX * 3, ready = 0, ok = 0;

	config.checkpassword.v = argv;
	snprintf(script, sizeof(script),
	    "while test ! -e %s/go; do sleep 0.05; done", dir);
	argv[2] = script;
	for (i = 0; i < n; i++) {
		login_begin(&c[i], &config, IPC_PASSWORD, "a", "b", &profile);
		p[i] = (struct pollfd){.fd = c[i].fd, .events = POLLIN};
	}
	for (i = 0; i < n; i++) {
		ready += c[i].theirs != -1;
		ok += c[i].pid != 0;
	}
	tap_ok(ok == LOGIN_RUNNING_MAX, "%d have a process", ok);
	ok = 0;
	tap_ok(ready == n - LOGIN_RUNNING_MAX, "%d of %d wait", ready, n);
	tap_ok(poll(p, (nfds_t)n, 200) == 0, "none is over");
	login_end(&c[n - 1]);
	login_end(&c[0]);
	login_end(&c[LOGIN_RUNNING_MAX + 1]);
	tap_ok(c[LOGIN_RUNNING_MAX].theirs == -1 && c[n - 2].theirs != -1,
	    "the first that waits has the turn of one that has ended");
	snprintf(go, sizeof(go), "%s/go", dir);
	close(open(go, O_CREAT | O_WRONLY, 0600));
	for (i = 1; i < n - 1; i++)
		if (i != LOGIN_RUNNING_MAX + 1) {
			wait_over(&c[i]);
			ok += login_end(&c[i]) == IPC_VERDICT_OK;
		}
	tap_ok(ok == n - 3, "and all others come to theirs");
	logged();
	unlink(go);
}

static void
test_none(void)
{
	struct users_profile p;

	config.auth = CONFIG_AUTH_NONE;
	tap_ok(check(IPC_PASSWORD, "a", "b", &p) == IPC_VERDICT_TEMPORARY,
	    "without logins of our own nobody is right");
	tap_ok(login_test(&config, report) == 0, "and nothing is wrong");
	logged();
}

int
main(void)
{
	char command[80];

	if (mkdtemp(dir) == NULL)
		return 2;
	snprintf(path, sizeof(path), "%s/users", dir);
	snprintf(log_path, sizeof(log_path), "%s/log", dir);
	config.users = path;
	config.gateway = "smsgate";
	if (freopen(log_path, "a", stderr) == NULL)
		return 2;
	log_open("unit_login", 1);
	signal(SIGPIPE, SIG_IGN); /* as in the delivery side */
	test_hashes();
	test_options();
	test_option_errors();
	test_option_limits();
	test_line_errors();
	test_others();
	test_file();
	test_users();
	test_time();
	test_program();
	test_turns();
	test_none();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 ? tap_done() : 2;
}
