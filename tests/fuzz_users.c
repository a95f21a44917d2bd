/*
 * fuzz_users: a users file is read once more by a slow reader, after
 * smtp2sms-users(5) and apart from users.c: both must agree on whether it has
 * an error, and on what each login has.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delivery/users.h"
#include "utf8_valid.h"

#define HOLDS(x) do { if (!(x)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, \
	__LINE__, #x); abort(); } } while (0)

#define LOGINS 64	/* more of them in one input are not looked at */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

int LLVMFuzzerInitialize(int *, char ***);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* ---- the slow reader ---- */

static const char *const names[] = {"gateway-user", "gateway-password",
    "gateway-token", "device", "from", "priority", "ttl", "sim", "max-parts",
    "report", "subject", "allow", "gateway"};
enum { USER, PASSWORD, TOKEN, DEVICE, FROM, PRIORITY, TTL, SIM, PARTS, REPORT,
    SUBJECT, ALLOW, GATEWAY };
static const char *const subjects[] = {"ignore", "prefix", "fallback", "only",
    "auto"};
static const char *const gateways[] = {"one", "two", "three"};

struct login {
	char *name, *hash;
	char *value[COUNT(names)];	/* NULL: not given */
};

static struct login logins[LOGINS];
static size_t nlogins;

static int
find(const char *s, const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(s, list[i]) == 0)
			return (int)i;
	return -1;
}

/* Of `most` octets at most, printable, and not empty. */
static int
is_plain(const char *s, size_t most)
{
	size_t i, n = strlen(s);

	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return 0;
	return n > 0 && n <= most && utf8_valid(s, n);
}

static int
is_number(const char *s, long least, long most)
{
	int minus = *s == '-';
	long n = 0;

	if (*s == '-' || *s == '+')
		s++;
	if (*s == '\0')
		return 0;
	for (; *s >= '0' && *s <= '9'; s++)
		if (n < 10000000000)
			n = n * 10 + (*s - '0');
	if (minus)
		n = -n;
	return *s == '\0' && n >= least && n <= most;
}

/* Members between commas, each of which is one; no gateway twice. */
static int
is_list(int option, const char *value, size_t most)
{
	char copy[USERS_LINE_MAX + 1], number[NUMBER_SIZE], *s = copy, *word;
	unsigned seen = 0;
	size_t n;
	int i;

	strcpy(copy, value);
	for (n = 0; (word = strsep(&s, ",")) != NULL; n++) {
		if (option == ALLOW) {
			if (number_read_prefix(word, number) != NUMBER_OK)
				return 0;
			continue;
		}
		i = find(word, gateways, COUNT(gateways));
		if (i == -1 || (seen & 1U << i))
			return 0;
		seen |= 1U << i;
	}
	return n <= most;
}

static int
is_value(int option, const char *s)
{
	switch (option) {
	case USER:
		return is_plain(s, IPC_USER_MAX);
	case PASSWORD:
	case TOKEN:
		return is_plain(s, IPC_SECRET_MAX);
	case DEVICE:
		return is_plain(s, 64);
	case FROM:
		return is_plain(s, 32);
	case PRIORITY:
		return is_number(s, -9, 9);
	case TTL:
		return is_number(s, 1, 999999999);
	case SIM:
		return is_number(s, 1, 3);
	case PARTS:
		return is_number(s, 0, 255);
	case REPORT:
		return strcmp(s, "yes") == 0 || strcmp(s, "no") == 0;
	case SUBJECT:
		return find(s, subjects, COUNT(subjects)) != -1;
	case ALLOW:
		return is_list(option, s, OPTIONS_ALLOW_MAX);
	default:
		return is_list(option, s, COUNT(gateways));
	}
}

/* Take the next word off a line.  1; 0: there is none; -1: a quote is open. */
static int
next_word(char **line, char *out)
{
	char *s = *line, quote = '\0';

	while (*s == ' ' || *s == '\t' || *s == '\r')
		s++;
	if (*s == '\0' || *s == '#')
		return 0;
	for (; *s != '\0'; s++) {
		if (quote != '\0' ? *s == quote : *s == '"' || *s == '\'')
			quote = quote != '\0' ? '\0' : *s;
		else if (quote == '\0' &&
		    (*s == ' ' || *s == '\t' || *s == '\r'))
			break;
		else
			*out++ = *s;
	}
	*out = '\0';
	*line = s;
	return quote != '\0' ? -1 : 1;
}

static int
read_option(struct login *l, char *word)
{
	char *value = strchr(word, '=');
	int i;

	if (value == NULL)
		return -1;
	*value++ = '\0';
	i = find(word, names, COUNT(names));
	if (i == -1 || l->value[i] != NULL || *value == '\0' ||
	    !is_value(i, value))
		return -1;
	l->value[i] = strdup(value);
	return 0;
}

/* 0, or -1: an error; a login is added to the list. */
static int
read_line(char *line)
{
	char word[USERS_LINE_MAX + 1];
	struct login *l = &logins[nlogins];
	int n, r, bad = strlen(line) > USERS_LINE_MAX;
	size_t i;

	if (bad)
		return -1;
	for (n = 0; (r = next_word(&line, word)) == 1; n++) {
		if (n == 0) {
			nlogins++;
			l->name = strdup(word);
			bad |= !is_plain(word, IPC_USER_MAX);
			for (i = 0; i + 1 < nlogins; i++)
				bad |= strcmp(logins[i].name, word) == 0;
		} else if (n == 1) {
			l->hash = strdup(word);
			bad |= strcmp(word, "-") != 0 &&
			    hash_fault(word) != NULL;
		} else {
			bad |= read_option(l, word) == -1;
		}
	}
	bad |= r == -1 || n == 1 || n > USERS_WORDS_MAX;
	bad |= (l->value[USER] != NULL) != (l->value[PASSWORD] != NULL);
	bad |= l->value[USER] != NULL && l->value[TOKEN] != NULL;
	return bad ? -1 : 0;
}

static int
read_file(const uint8_t *data, size_t n)
{
	char *all = strndup((const char *)data, n), *s = all, *line;
	int bad = memchr(data, '\0', n) != NULL;

	while (!bad && (line = strsep(&s, "\n")) != NULL && nlogins < LOGINS)
		bad |= read_line(line) == -1;
	free(all);
	return bad ? -1 : 0;
}

static void
forget(void)
{
	size_t i;

	for (; nlogins > 0; nlogins--) {
		for (i = 0; i < COUNT(names); i++)
			free(logins[nlogins - 1].value[i]);
		free(logins[nlogins - 1].name);
		free(logins[nlogins - 1].hash);
		memset(&logins[nlogins - 1], 0, sizeof(logins[0]));
	}
}

/* ---- both ---- */

static struct config config;
static char path[64];
static size_t errors;

static void
count(const char *what)
{
	HOLDS(strncmp(what, path, strlen(path)) == 0);
	errors++;
}

static const char *
or_empty(const char *s)
{
	return s != NULL ? s : "";
}

static long
number_or(const char *s, long other)
{
	return s != NULL ? strtol(s, NULL, 10) : other;
}

static void
compare(const struct login *l)
{
	const char *const *v = (const char *const *)l->value;
	struct users_login u;
	const struct users_profile *p = &u.profile;
	size_t i, allow = v[ALLOW] != NULL, road = v[GATEWAY] != NULL;

	HOLDS(users_find(&config, l->name, &u, count) == USERS_FOUND);
	HOLDS(u.has_password == (strcmp(l->hash, "-") != 0));
	HOLDS(!u.has_password || strcmp(u.hash, l->hash) == 0);
	HOLDS(p->has_gateway == (v[USER] != NULL || v[TOKEN] != NULL));
	HOLDS(p->kind == (v[TOKEN] != NULL ? IPC_BEARER : IPC_PASSWORD));
	HOLDS(strcmp(p->gateway_user, or_empty(v[USER])) == 0);
	HOLDS(strcmp(p->gateway_secret,
	    or_empty(v[v[TOKEN] != NULL ? TOKEN : PASSWORD])) == 0);
	HOLDS(strcmp(p->options.device, or_empty(v[DEVICE])) == 0);
	HOLDS(strcmp(p->options.from, or_empty(v[FROM])) == 0);
	HOLDS(p->options.priority == number_or(v[PRIORITY], 0));
	HOLDS((p->options.priority_kind == OPTIONS_PRIORITY_LEVEL) ==
	    (v[PRIORITY] != NULL));
	HOLDS(p->options.ttl == number_or(v[TTL], 0));
	HOLDS(p->options.sim == number_or(v[SIM], 0));
	HOLDS(p->rights.max_parts == number_or(v[PARTS], -1));
	HOLDS(p->options.report == (v[REPORT] == NULL ? OPTIONS_REPORT_NONE :
	    *v[REPORT] == 'y' ? OPTIONS_REPORT_YES : OPTIONS_REPORT_NO));
	HOLDS(p->rights.subject == (v[SUBJECT] == NULL ? -1 :
	    find(v[SUBJECT], subjects, COUNT(subjects))));
	for (i = 0; v[ALLOW] != NULL && v[ALLOW][i] != '\0'; i++)
		allow += v[ALLOW][i] == ',';
	for (i = 0; v[GATEWAY] != NULL && v[GATEWAY][i] != '\0'; i++)
		road += v[GATEWAY][i] == ',';
	HOLDS(p->rights.nallow == allow && p->road.n == road);
}

static void
is_next(void *arg, int line, const char *name, const struct users_profile *p)
{
	size_t *n = arg;

	HOLDS(line > 0 && p != NULL && *n < nlogins &&
	    strcmp(logins[*n].name, name) == 0);
	++*n;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char host[] = "hostname=sms.test",
	    list[] = "gateway=one two three";
	char *overrides[] = {host, list};

	(void)argc;
	(void)argv;
	HOLDS(config_load(&config, "/dev/null", overrides, 2, count) == 0);
	config.users = path;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd = memfd_create("users", 0), good;
	struct users_login u;
	size_t i;

	HOLDS(fd != -1 && write(fd, data, n) == (ssize_t)n &&
	    fchmod(fd, 0600) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	errors = 0;
	good = read_file(data, n) == 0;
	if (nlogins < LOGINS) {
		HOLDS((users_test(&config, count) == 0) == good);
		HOLDS((errors == 0) == good);
	}
	if (good && nlogins < LOGINS) {
		for (i = 0; i < nlogins; i++)
			compare(&logins[i]);
		i = 0;
		users_each(&config, is_next, &i);
		HOLDS(i == nlogins);
		HOLDS(users_find(&config, "\n", &u, count) == USERS_UNKNOWN &&
		    !u.has_password && !u.profile.has_gateway);
		HOLDS(errors == 0);
	}
	forget();
	close(fd);
	return 0;
}
