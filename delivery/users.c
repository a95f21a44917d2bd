/*
 * users: reads the users file, by one table of options; errors have file and
 * line.  It reads the whole file each time: the file is small, and a change
 * counts at once.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/number.h"
#include "common/utf8.h"
#include "delivery/users.h"

#define MESSAGE_MAX 512	/* octets of an error message */
#define PARTS_MAX   255	/* as max-parts of the configuration */

struct reader {
	const struct config *config;
	const char *file;
	int line;		/* 0: the file as a whole */
	config_report report;
	int failed, too_long;	/* the line is over USERS_LINE_MAX */
	char *all, *next;	/* the file's octets, and its next line */
	size_t size;
};

struct option {
	const char *name;
	int (*parse)(struct reader *, const struct option *, char *value,
	    struct users_profile *);
	size_t offset, size;	/* of a text in the profile */
	long least, most;	/* of a number */
};

static int
fail(struct reader *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int
fail(struct reader *r, const char *fmt, ...)
{
	char what[MESSAGE_MAX], all[MESSAGE_MAX + 256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (r->line == 0)
		snprintf(all, sizeof(all), "%s: %s", r->file, what);
	else
		snprintf(all, sizeof(all), "%s:%d: %s", r->file, r->line,
		    what);
	r->report(all);
	r->failed = 1;
	return -1;
}

/* UTF-8 without control characters: it goes into JSON or a header. */
static int
is_text(const char *s)
{
	int n;

	for (; *s != '\0'; s += n) {
		n = utf8_length(s, UTF8_MAX, NULL);
		if (n <= 0 || (n == 1 && (*s < ' ' || *s == 0x7f)))
			return 0;
	}
	return 1;
}

int
users_is_name(const char *s)
{
	return *s != '\0' && strlen(s) <= IPC_USER_MAX && is_text(s);
}

/* ---- options: no error shows the value of a secret ---- */

static int
number(struct reader *r, const struct option *o, const char *value, long *n)
{
	char *end;

	errno = 0;
	*n = strtol(value, &end, 10);
	if (strspn(value, "+-0123456789") != strlen(value) || *end != '\0' ||
	    errno != 0 || *n < o->least || *n > o->most)
		return fail(r, "%s: '%s' is not a number from %ld to %ld",
		    o->name, value, o->least, o->most);
	return 0;
}

static int
parse_priority(struct reader *r, const struct option *o, char *value,
    struct users_profile *p)
{
	long n;

	if (number(r, o, value, &n) == -1)
		return -1;
	p->options.priority_kind = OPTIONS_PRIORITY_LEVEL;
	p->options.priority = (int)n;
	return 0;
}

static int
parse_ttl(struct reader *r, const struct option *o, char *value,
    struct users_profile *p)
{
	long n;

	if (number(r, o, value, &n) == -1)
		return -1;
	p->options.ttl = (uint32_t)n;
	return 0;
}

static int
parse_sim(struct reader *r, const struct option *o, char *value,
    struct users_profile *p)
{
	long n;

	if (number(r, o, value, &n) == -1)
		return -1;
	p->options.sim = (unsigned)n;
	return 0;
}

static int
parse_parts(struct reader *r, const struct option *o, char *value,
    struct users_profile *p)
{
	return number(r, o, value, &p->rights.max_parts);
}

static int
parse_report(struct reader *r, const struct option *o, char *value,
    struct users_profile *p)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return fail(r, "%s: '%s' is none of: yes, no", o->name, value);
	p->options.report =
	    *value == 'y' ? OPTIONS_REPORT_YES : OPTIONS_REPORT_NO;
	return 0;
}

static int
parse_rate(struct reader *r, const struct option *o, char *value,
    struct users_profile *p)
{
	if (!config_has_journal(r->config))
		return fail(r, "%s: requires journal", o->name);
	p->rate.kind = CONFIG_RATE_LOGIN;
	if (config_parse_rate(value, &p->rate.n, &p->rate.seconds) == 0)
		return 0;
	return fail(r, "%s: '%s' is not a number and a time, as 100/h",
	    o->name, value);
}

static int
parse_subject(struct reader *r, const struct option *o, char *value,
    struct users_profile *p)
{
	int i;

	for (i = 0; config_subjects[i] != NULL; i++)
		if (strcmp(value, config_subjects[i]) == 0) {
			p->rights.subject = i;
			return 0;
		}
	return fail(r, "%s: '%s' is none of: ignore, prefix, fallback, only",
	    o->name, value);
}

static int
parse_allow(struct reader *r, const struct option *o, char *value,
    struct users_profile *p)
{
	struct rights *rights = &p->rights;
	enum number_fault fault;
	char *prefix;

	while ((prefix = strsep(&value, ",")) != NULL) {
		if (rights->nallow == OPTIONS_ALLOW_MAX)
			return fail(r, "%s: more than %d prefixes", o->name,
			    OPTIONS_ALLOW_MAX);
		fault = number_read_prefix(prefix,
		    rights->allow[rights->nallow]);
		if (fault != NUMBER_OK)
			return fail(r, "%s: '%s' %s", o->name, prefix,
			    number_words(fault));
		rights->nallow++;
	}
	return 0;
}

static int
parse_gateway(struct reader *r, const struct option *o, char *value,
    struct users_profile *p)
{
	char *name;
	int g;

	while ((name = strsep(&value, ",")) != NULL) {
		g = config_find_gateway(r->config, name);
		if (g == -1)
			return fail(r, "%s: '%s' is none of the "
			    "configuration's", o->name, name);
		if (config_road_add(&p->road, g) == -1)
			return fail(r, "%s: '%s' is given more than once",
			    o->name, name);
	}
	return 0;
}

static int
parse_text(struct reader *r, const struct option *o, char *value,
    struct users_profile *p)
{
	if (strlen(value) >= o->size)
		return fail(r, "%s: has more than %zu octets", o->name,
		    o->size - 1);
	if (!is_text(value))
		return fail(r, "%s: is not text in UTF-8", o->name);
	memcpy((char *)p + o->offset, value, strlen(value) + 1);
	return 0;
}

#define PROFILE(m) offsetof(struct users_profile, m), \
	sizeof(((struct users_profile *)0)->m)

enum { GATEWAY_USER, GATEWAY_PASSWORD, GATEWAY_TOKEN };

static const struct option options[] = {
	[GATEWAY_USER] =
	    {"gateway-user", parse_text, PROFILE(gateway_user), 0, 0},
	[GATEWAY_PASSWORD] =
	    {"gateway-password", parse_text, PROFILE(gateway_secret), 0, 0},
	[GATEWAY_TOKEN] =
	    {"gateway-token", parse_text, PROFILE(gateway_secret), 0, 0},
	{"device", parse_text, PROFILE(options.device), 0, 0},
	{"from", parse_text, PROFILE(options.from), 0, 0},
	{"priority", parse_priority, 0, 0, -OPTIONS_LEVEL_MAX,
	    OPTIONS_LEVEL_MAX},
	{"ttl", parse_ttl, 0, 0, 1, USERS_TTL_MAX},
	{"sim", parse_sim, 0, 0, 1, OPTIONS_SIM_MAX},
	{"max-parts", parse_parts, 0, 0, 0, PARTS_MAX},
	{"report", parse_report, 0, 0, 0, 0},
	{"subject", parse_subject, 0, 0, 0, 0},
	{"allow", parse_allow, 0, 0, 0, 0},
	{"rate", parse_rate, 0, 0, 0, 0},
	{"gateway", parse_gateway, 0, 0, 0, 0},
};
#define NOPTIONS (sizeof(options) / sizeof(options[0]))

/* word: option=value.  seen: which options the line has had so far. */
static void
parse_option(struct reader *r, char *word, int seen[NOPTIONS],
    struct users_profile *p)
{
	char *value = strchr(word, '=');
	size_t i;

	if (value != NULL)
		*value++ = '\0';
	for (i = 0; value != NULL && i < NOPTIONS; i++)
		if (strcmp(word, options[i].name) == 0)
			break;
	if (value == NULL || i == NOPTIONS) {
		/* do not show the word: it may be a piece of a password */
		if (value == NULL || word[strspn(word,
			"abcdefghijklmnopqrstuvwxyz-")] != '\0')
			fail(r, "a word is not option=value");
		else
			fail(r, "unknown option '%s'", word);
	} else if (seen[i]++) {
		fail(r, "%s: given more than once", word);
	} else if (*value == '\0') {
		fail(r, "%s: the value is empty", word);
	} else {
		options[i].parse(r, &options[i], value, p);
	}
}

static void
check_gateway(struct reader *r, const int seen[NOPTIONS],
    struct users_profile *p)
{
	if (seen[GATEWAY_TOKEN] &&
	    (seen[GATEWAY_USER] || seen[GATEWAY_PASSWORD]))
		fail(r, "gateway-token cannot be combined with gateway-user "
		    "or gateway-password");
	else if (seen[GATEWAY_USER] != seen[GATEWAY_PASSWORD])
		fail(r, "gateway-user and gateway-password require each "
		    "other");
	p->has_gateway = seen[GATEWAY_TOKEN] || seen[GATEWAY_USER];
	p->kind = seen[GATEWAY_TOKEN] ? IPC_BEARER : IPC_PASSWORD;
}

/* ---- lines ---- */

static void
reset(struct users_login *u)
{
	memset(u, 0, sizeof(*u));
	u->profile.rights.subject = -1;
	u->profile.rights.max_parts = -1;
}

static void
parse_hash(struct reader *r, const char *hash, struct users_login *u)
{
	const char *fault;

	if (strcmp(hash, "-") == 0)
		return;
	if ((fault = hash_fault(hash)) != NULL) {
		fail(r, "the second word %s", fault);
		return;
	}
	u->has_password = 1;
	strcpy(u->hash, hash);
}

/* n: the result of config_split for the line. */
static int
parse_login(struct reader *r, char **word, int n, struct users_login *u)
{
	int i, before = r->failed, seen[NOPTIONS] = {0};

	reset(u);
	r->failed = 0;
	if (r->too_long)
		fail(r, "longer than %d octets", USERS_LINE_MAX);
	else if (n == CONFIG_OPEN_QUOTE)
		fail(r, "a quote is not closed");
	else if (n == CONFIG_MANY_WORDS)
		fail(r, "more than %d words", USERS_WORDS_MAX);
	else if (!users_is_name(word[0]))
		fail(r, "the name is empty, longer than %d octets or not "
		    "text in UTF-8", IPC_USER_MAX);
	else if (n == 1)
		fail(r, "requires a name and a hash");
	else
		parse_hash(r, word[1], u);
	for (i = 2; i < n; i++)
		parse_option(r, word[i], seen, &u->profile);
	check_gateway(r, seen, &u->profile);
	n = r->failed ? -1 : 0;
	r->failed |= before;
	return n;
}

/* The next line without its LF, or NULL. */
static char *
next_line(struct reader *r)
{
	char *s = r->next;

	if (s == r->all + r->size)
		return NULL;
	r->line++;
	r->next = s + strcspn(s, "\n");
	r->too_long = r->next - s > USERS_LINE_MAX;
	if (*r->next != '\0')
		*r->next++ = '\0';
	return s;
}

/*
 * Split the next line that has any words.  Returns their number, an error of
 * config_split (word[0] is set even then), or 0 at the end of the file.
 */
static int
next_login(struct reader *r, char **word)
{
	char *s;
	int n;

	while ((s = next_line(r)) != NULL)
		if ((n = config_split(s, word, USERS_WORDS_MAX)) != 0)
			return n;
	return 0;
}

/* ---- the file ---- */

/* The file holds hashes, and maybe passwords of a gateway. */
static int
check_file(struct reader *r, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return fail(r, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(r, "is not a regular file");
	if (st.st_mode & (S_IRWXO | S_IWGRP))
		return fail(r, "others can read it, or its group can write it "
		    "(chmod 0640)");
	return 0;
}

static int
read_all(struct reader *r, int fd)
{
	ssize_t n;

	do {
		n = read(fd, r->all + r->size, USERS_SIZE_MAX + 1 - r->size);
		if (n > 0)
			r->size += (size_t)n;
	} while ((n > 0 && r->size <= USERS_SIZE_MAX) ||
	    (n == -1 && errno == EINTR));
	if (n == -1)
		return fail(r, "%s", strerror(errno));
	if (r->size > USERS_SIZE_MAX)
		return fail(r, "larger than %d octets", USERS_SIZE_MAX);
	r->all[r->size] = '\0';
	if (strlen(r->all) != r->size)
		return fail(r, "contains a NUL");
	return 0;
}

static void
close_file(struct reader *r)
{
	if (r->all != NULL)
		explicit_bzero(r->all, r->size);
	free(r->all);
	r->all = NULL;
}

/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
static int
open_file(struct reader *r)
{
	int fd = open(r->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int ok;

	if (fd == -1)
		return fail(r, "%s", strerror(errno));
	r->size = 0;
	r->all = r->next = malloc(USERS_SIZE_MAX + 2);
	if (r->all == NULL)
		ok = fail(r, "%s", strerror(errno));
	else
		ok = check_file(r, fd) == 0 ? read_all(r, fd) : -1;
	close(fd);
	if (ok == -1)
		close_file(r);
	return ok;
}

enum users_result
users_find(const struct config *c, const char *name, struct users_login *u,
    config_report report)
{
	struct reader r = {.config = c, .file = c->users,
	    .report = report};
	char *word[USERS_WORDS_MAX], decoy[HASH_MAX + 1] = "";
	int n, found = 0;

	reset(u);
	if (open_file(&r) == -1)
		return USERS_BROKEN;
	while ((n = next_login(&r, word)) != 0) {
		if (decoy[0] == '\0' && n > 1 && hash_fault(word[1]) == NULL)
			strcpy(decoy, word[1]);
		if (strcmp(word[0], name) != 0)
			continue;
		if (found++)
			fail(&r, "'%s' is listed more than once", name);
		else
			parse_login(&r, word, n, u);
	}
	close_file(&r);
	if (r.failed) {
		explicit_bzero(u, sizeof(*u));
		reset(u);
		return USERS_BROKEN;
	}
	if (!u->has_password)
		strcpy(u->hash, decoy);
	return found ? USERS_FOUND : USERS_UNKNOWN;
}

struct seen {
	const char *name;
	int line;
};

static int
compare(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c != 0 ? c : x->line - y->line;
}

static void
check_names(struct reader *r, struct seen *seen, size_t n)
{
	size_t i;

	qsort(seen, n, sizeof(*seen), compare);
	for (i = 1; i < n; i++) {
		r->line = seen[i].line;
		if (strcmp(seen[i].name, seen[i - 1].name) == 0)
			fail(r, "'%s' is listed more than once",
			    seen[i].name);
	}
}

int
users_test(const struct config *c, config_report report)
{
	struct reader r = {.config = c, .file = c->users,
	    .report = report};
	struct seen *seen = calloc(USERS_MAX, sizeof(*seen));
	char *word[USERS_WORDS_MAX];
	struct users_login u;
	size_t count = 0;
	int n;

	if (seen == NULL)
		return fail(&r, "%s", strerror(errno));
	if (open_file(&r) == 0) {
		while ((n = next_login(&r, word)) != 0) {
			parse_login(&r, word, n, &u);
			if (count == USERS_MAX) {
				fail(&r, "more than %d logins", USERS_MAX);
				break;
			}
			seen[count].name = word[0];
			seen[count++].line = r.line;
		}
		check_names(&r, seen, count);
		close_file(&r);
		explicit_bzero(&u, sizeof(u));
	}
	free(seen);
	return r.failed ? -1 : 0;
}

static void
ignore(const char *what)
{
	(void)what;
}

void
users_each(const struct config *c, void (*each)(void *, int, const char *,
    const struct users_profile *), void *arg)
{
	struct reader r = {.config = c, .file = c->users,
	    .report = ignore};
	char *word[USERS_WORDS_MAX];
	struct users_login u;
	int n;

	if (open_file(&r) == -1)
		return;
	while ((n = next_login(&r, word)) != 0)
		if (parse_login(&r, word, n, &u) == 0)
			each(arg, r.line, word[0], &u.profile);
	close_file(&r);
	explicit_bzero(&u, sizeof(u));
}
