/*
 * config: one table of keywords; errors with file and line.  Every program
 * reads the same file by this code.
 */
#include <arpa/inet.h>

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/config.h"
#include "common/number_plan.h"

#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/local/libexec/smtp2sms"
#endif
#ifndef DATADIR
#define DATADIR "/usr/local/share/smtp2sms"
#endif

#define SIZE_LEAST  1024L		/* bounds of max-size, octets */
#define SIZE_MOST   (1024L * 1024 * 1024)
#define MESSAGE_MAX 512			/* octets of an error message */
#define PLACE_MAX   300			/* octets of FILE:LINE before it */

/* Where a line came from, and who wants to hear what is wrong with it. */
struct line {
	struct config *c;
	const char *file;	/* NULL: an override */
	int number;
	config_report report;
	char **word;		/* the values behind the keyword */
	size_t nword;
	int failed;
};

struct keyword {
	const char *name;
	int (*parse)(struct line *, const struct keyword *, void *);
	size_t offset;
	long least, most;		/* of a number */
	const char *const *names;	/* of an enum, in the enum's order */
	size_t words;			/* exactly so many; 0: one or more */
	int repeats;			/* may stand on several lines */
};

/* Where the line stands: "FILE:LINE", "FILE" or "-o". */
static void
place(const struct line *l, char out[PLACE_MAX])
{
	if (l->file == NULL)
		strcpy(out, "-o");
	else if (l->number == 0)
		snprintf(out, PLACE_MAX, "%s", l->file);
	else
		snprintf(out, PLACE_MAX, "%.*s:%d", PLACE_MAX - 16, l->file,
		    l->number);
}

static int
fail(struct line *l, const char *fmt, ...)
{
	char what[MESSAGE_MAX], where[PLACE_MAX];
	char all[MESSAGE_MAX + PLACE_MAX + 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	place(l, where);
	snprintf(all, sizeof(all), "%s: %s", where, what);
	l->report(all);
	l->failed = 1;
	return -1;
}

/* The configuration is read once, before anything hostile is. */
static void *
check(void *p)
{
	if (p == NULL) {
		static const char msg[] = "smtp2sms: out of memory\n";

		if (write(STDERR_FILENO, msg, sizeof(msg) - 1) == -1)
			_exit(75);
		_exit(75);
	}
	return p;
}

static char *
copy(const char *s)
{
	return check(strdup(s));
}

static char *
copy_lower(const char *s)
{
	char *d = copy(s), *p;

	for (p = d; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return d;
}

static void
list_add(struct config_list *l, char *s)
{
	l->v = check(realloc(l->v, (l->n + 1) * sizeof(*l->v)));
	l->v[l->n++] = s;
}

/* ---- the kinds of values ---- */

static int
parse_string(struct line *l, const struct keyword *k, void *field)
{
	char **p = field;

	if (l->word[0][0] == '\0')
		return fail(l, "%s: the value is empty", k->name);
	free(*p);
	*p = copy(l->word[0]);
	return 0;
}

static int
parse_enum(struct line *l, const struct keyword *k, void *field)
{
	char names[128] = "";
	int i;

	for (i = 0; k->names[i] != NULL; i++) {
		if (strcmp(l->word[0], k->names[i]) == 0) {
			*(int *)field = i;
			return 0;
		}
		snprintf(names + strlen(names), sizeof(names) - strlen(names),
		    "%s%s", i > 0 ? ", " : "", k->names[i]);
	}
	return fail(l, "%s: '%s' is none of: %s", k->name, l->word[0], names);
}

static int
parse_number(struct line *l, const struct keyword *k, void *field)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(l->word[0], &end, 10);
	if (k->most == SIZE_MOST && errno == 0 && n <= k->most) {
		if (*end == 'K' || *end == 'M')
			n *= *end++ == 'K' ? 1024 : 1024 * 1024;
	}
	if (!isdigit((unsigned char)l->word[0][0]) || *end != '\0' ||
	    errno != 0 || n < k->least || n > k->most)
		return fail(l, "%s: '%s' is not a number from %ld to %ld",
		    k->name, l->word[0], k->least, k->most);
	*(long *)field = n;
	return 0;
}

static int
parse_list(struct line *l, const struct keyword *k, void *field)
{
	size_t i;

	(void)k;
	for (i = 0; i < l->nword; i++)
		list_add(field, copy_lower(l->word[i]));
	return 0;
}

static int
parse_names(struct line *l, const struct keyword *k, void *field)
{
	size_t i;

	(void)k;
	for (i = 0; i < l->nword; i++)
		list_add(field, copy(l->word[i]));
	return 0;
}

static int
parse_prefixes(struct line *l, const struct keyword *k, void *field)
{
	char prefix[NUMBER_SIZE];
	enum number_fault fault;
	size_t i;

	for (i = 0; i < l->nword; i++) {
		fault = number_read_prefix(l->word[i], prefix);
		if (fault != NUMBER_OK)
			return fail(l, "%s: '%s' %s", k->name, l->word[i],
			    number_words(fault));
		list_add(field, copy(prefix));
	}
	return 0;
}

static int
parse_country(struct line *l, const struct keyword *k, void *field)
{
	const char *digits = l->word[0] + (l->word[0][0] == '+');
	size_t n;

	(void)field;
	if (digits[strspn(digits, "0123456789")] != '\0' ||
	    number_plan_find(digits, &n) == NULL || digits[n] != '\0')
		return fail(l, "%s: '%s' is not a country code", k->name,
		    l->word[0]);
	free(l->c->country);
	l->c->country = copy(digits);
	return 0;
}

static int
parse_pair(struct line *l, const struct keyword *k, void *field)
{
	struct config_pairs *p = field;
	struct config_pair *pair;
	char where[PLACE_MAX];
	size_t i;

	(void)k;
	for (i = 0; i < p->n; i++)
		if (strcmp(p->v[i].name, l->word[0]) == 0)
			break;
	if (i == p->n) {
		p->v = check(realloc(p->v, (p->n + 1) * sizeof(*p->v)));
		memset(&p->v[p->n++], 0, sizeof(*p->v));
	}
	pair = &p->v[i];
	free(pair->name);
	free(pair->value);
	free(pair->where);
	pair->name = copy(l->word[0]);
	pair->value = copy(l->word[1]);
	place(l, where);
	pair->where = copy(where);
	return 0;
}

static int
parse_alias(struct line *l, const struct keyword *k, void *field)
{
	struct config_alias *a;
	size_t i;

	(void)field;
	if (l->nword < 2)
		return fail(l, "%s: wants a name and its numbers", k->name);
	if (config_find_alias(l->c, l->word[0]) != NULL)
		return fail(l, "%s: '%s' stands here twice", k->name,
		    l->word[0]);
	l->c->alias.v = check(realloc(l->c->alias.v,
	    (l->c->alias.n + 1) * sizeof(*a)));
	a = &l->c->alias.v[l->c->alias.n++];
	memset(a, 0, sizeof(*a));
	a->name = copy(l->word[0]);
	a->line = l->file != NULL ? l->number : 0;
	for (i = 1; i < l->nword; i++)
		list_add(&a->numbers, copy(l->word[i]));
	return 0;
}

static int
parse_net(const char *s, struct config_net *net)
{
	char addr[64], *slash, *end;
	unsigned long bits;

	memset(net, 0, sizeof(*net));
	if (strcmp(s, "local") == 0) {
		net->local = 1;
		return 0;
	}
	if (strlen(s) >= sizeof(addr))
		return -1;
	strcpy(addr, s);
	if ((slash = strchr(addr, '/')) != NULL)
		*slash++ = '\0';
	if (config_ip(addr, net->addr) == -1)
		return -1;
	net->bits = 128;
	if (slash == NULL)
		return 0;
	bits = strtoul(slash, &end, 10);
	if (!isdigit((unsigned char)*slash) || *end != '\0' ||
	    bits > (strchr(addr, ':') != NULL ? 128U : 32U))
		return -1;
	net->bits = (unsigned)bits + (strchr(addr, ':') != NULL ? 0 : 96);
	return 0;
}

static int
parse_trust(struct line *l, const struct keyword *k, void *field)
{
	struct config_net net;
	struct config *c = l->c;
	size_t i;

	(void)field;
	for (i = 0; i < l->nword; i++) {
		if (parse_net(l->word[i], &net) == -1)
			return fail(l, "%s: '%s' is not a network", k->name,
			    l->word[i]);
		c->trust.v = check(realloc(c->trust.v,
		    (c->trust.n + 1) * sizeof(net)));
		c->trust.v[c->trust.n++] = net;
	}
	return 0;
}

static int
parse_auth(struct line *l, const struct keyword *k, void *field)
{
	struct config *c = l->c;
	const char *how = l->word[0];
	size_t i;

	(void)field;
	if (strcmp(how, "gateway") == 0 || strcmp(how, "none") == 0) {
		if (l->nword != 1)
			return fail(l, "%s: %s stands alone", k->name, how);
		c->auth = *how == 'g' ? CONFIG_AUTH_GATEWAY : CONFIG_AUTH_NONE;
	} else if (strcmp(how, "users") == 0) {
		if (l->nword != 2)
			return fail(l, "%s: users wants a file", k->name);
		c->auth = CONFIG_AUTH_USERS;
		free(c->users);
		c->users = copy(l->word[1]);
	} else if (strcmp(how, "checkpassword") == 0) {
		if (l->nword < 2 || l->nword > CONFIG_PROGRAM_MAX)
			return fail(l, "%s: checkpassword wants a program and "
			    "at most %d arguments", k->name,
			    CONFIG_PROGRAM_MAX - 2);
		if (l->word[1][0] != '/')
			return fail(l, "%s: '%s' is not an absolute path",
			    k->name, l->word[1]);
		c->auth = CONFIG_AUTH_CHECKPASSWORD;
		memset(&c->checkpassword, 0, sizeof(c->checkpassword));
		for (i = 1; i < l->nword; i++)
			list_add(&c->checkpassword, copy(l->word[i]));
	} else {
		return fail(l, "%s: '%s' is none of: gateway, users, "
		    "checkpassword, none", k->name, how);
	}
	return 0;
}

static int
parse_delivery(struct line *l, const struct keyword *k, void *field)
{
	char **p = field;

	if (strcmp(l->word[0], "spawn") != 0 && l->word[0][0] != '/')
		return fail(l, "%s: '%s' is neither spawn nor the path of a "
		    "socket", k->name, l->word[0]);
	free(*p);
	*p = l->word[0][0] == '/' ? copy(l->word[0]) : NULL;
	return 0;
}

/* ---- the table ---- */

static const char *const names_yesno[] = {"no", "yes", NULL};
static const char *const names_sender[] = {"mail", "fixed", NULL};
static const char *const names_dedupe[] = {"message", "text", NULL};
static const char *const names_unknown[] = {"retry", "drop", NULL};
static const char *const names_bad[] = {"reject", "accept", NULL};
static const char *const names_clear[] = {"no", "local", "yes", NULL};
const char *const config_subjects[] = {"ignore", "prefix", "fallback", "only",
    NULL};
static const char *const names_signature[] = {"strip", "keep", NULL};
static const char *const names_alphabet[] = {"auto", "gsm", "keep", NULL};
static const char *const names_overlong[] = {"truncate", "reject", NULL};
static const char *const names_bounces[] = {"refuse", "accept", NULL};
static const char *const names_replies[] = {"documented", "retry", NULL};
static const char *const names_sandbox[] = {"required", "best-effort", NULL};
static const char *const names_log[] = {"syslog", "stderr", NULL};

#define AT(f)		 offsetof(struct config, f)
#define STRING(k, f)	 {k, parse_string, AT(f), 0, 0, NULL, 1, 0}
#define ENUM(k, f, n)	 {k, parse_enum, AT(f), 0, 0, n, 1, 0}
#define NUMBER(k, f, a, b) {k, parse_number, AT(f), a, b, NULL, 1, 0}
#define MANY(k, fn, f)	 {k, fn, AT(f), 0, 0, NULL, 0, 1}
#define PAIR(k, f)	 {k, parse_pair, AT(f), 0, 0, NULL, 2, 1}
#define SECONDS(k, f)	 NUMBER(k, f, 1, 86400)

static const struct keyword keywords[] = {
	STRING("hostname", hostname),
	MANY("domain", parse_list, domain),
	STRING("gateway", gateway),
	STRING("gateway-ca", gateway_ca),
	STRING("gateway-cert", gateway_cert),
	STRING("gateway-key", gateway_key),
	PAIR("set", set),
	PAIR("secret", secret),
	STRING("descriptors", descriptors),
	STRING("libexec", libexec),
	{"delivery", parse_delivery, AT(delivery), 0, 0, NULL, 1, 0},
	NUMBER("agent-idle", agent_idle, 0, 86400),
	NUMBER("agent-clients", agent_clients, 1, 100000),
	NUMBER("agent-requests", agent_requests, 1, 10000),
	MANY("agent-users", parse_names, agent_users),
	{"auth", parse_auth, 0, 0, 0, NULL, 0, 0},
	ENUM("auth-check", auth_check, names_yesno),
	ENUM("auth-without-tls", auth_without_tls, names_clear),
	ENUM("auth-legacy", auth_legacy, names_yesno),
	STRING("tls-cert", tls_cert),
	STRING("tls-key", tls_key),
	STRING("tls-client-ca", tls_client_ca),
	ENUM("require-tls", require_tls, names_yesno),
	STRING("user", user),
	ENUM("proxy-protocol", proxy_protocol, names_yesno),
	MANY("trust", parse_trust, trust),
	MANY("sender-allow", parse_list, sender_allow),
	ENUM("sender", sender, names_sender),
	ENUM("options", options, names_yesno),
	NUMBER("max-hold", max_hold, 60, 30 * 86400),
	ENUM("bad-recipient", accept_bad, names_bad),
	ENUM("dedupe", dedupe, names_dedupe),
	SECONDS("dedupe-window", dedupe_window),
	STRING("journal", journal),
	NUMBER("journal-keep", journal_keep, 3600, 31536000),
	ENUM("journal-required", journal_required, names_yesno),
	ENUM("on-unknown", on_unknown, names_unknown),
	NUMBER("unknown-tries", unknown_tries, 0, 100),
	{"country-code", parse_country, 0, 0, 0, NULL, 1, 0},
	ENUM("allow-short", number.allow_short, names_yesno),
	MANY("allow", parse_prefixes, allow),
	MANY("deny", parse_prefixes, deny),
	MANY("alias", parse_alias, alias),
	NUMBER("max-size", max_size, SIZE_LEAST, SIZE_MOST),
	NUMBER("max-recipients", max_recipients, 1, CONFIG_RCPTS_MAX),
	NUMBER("max-messages", max_messages, 1, 1000000),
	NUMBER("max-errors", max_errors, 1, 1000000),
	NUMBER("max-auth-failures", max_auth_failures, 1, 1000),
	NUMBER("max-auth-failures-per-source", max_auth_failures_per_source,
	    0, 1000000),
	NUMBER("max-sessions", max_sessions, 0, 100000),
	NUMBER("max-sessions-per-source", max_sessions_per_source, 0, 100000),
	NUMBER("listen-idle", listen_idle, 0, 86400),
	SECONDS("timeout-command", timeout_command),
	SECONDS("timeout-data", timeout_data),
	SECONDS("timeout-session", timeout_session),
	SECONDS("timeout-greeting", timeout_greeting),
	NUMBER("timeout-gateway", timeout_gateway, 1, 3600),
	NUMBER("timeout-tls", timeout_tls, 1, 3600),
	ENUM("subject", subject, config_subjects),
	ENUM("signature", keep_signature, names_signature),
	ENUM("alphabet", alphabet, names_alphabet),
	NUMBER("max-parts", max_parts, 0, 255),
	ENUM("overlong", overlong, names_overlong),
	ENUM("links", links, names_yesno),
	ENUM("bounces", accept_bounces, names_bounces),
	ENUM("replies", replies, names_replies),
	ENUM("log", log_stderr, names_log),
	ENUM("sandbox", sandbox, names_sandbox),
	ENUM("bare-lf", bare_lf, names_yesno),
};
#define NKEYWORDS (sizeof(keywords) / sizeof(keywords[0]))

static void
set_defaults(struct config *c)
{
	memset(c, 0, sizeof(*c));
	c->gateway = copy("smsgate");
	c->descriptors = copy(DATADIR "/gateways");
	c->libexec = copy(LIBEXECDIR);
	c->auth_without_tls = CONFIG_CLEAR_LOCAL;
	c->max_size = 10L * 1024 * 1024;
	c->max_recipients = 100;
	c->max_messages = 1000;
	c->max_errors = 10;
	c->max_auth_failures = 3;
	c->timeout_command = 300;
	c->timeout_data = 180;
	c->timeout_session = 3600;
	c->timeout_greeting = 60;
	c->timeout_gateway = 10;
	c->timeout_tls = 30;
	c->options = 1;
	c->max_hold = 7 * 86400;
	c->dedupe_window = 600;
	c->journal_keep = 7 * 86400;
	c->journal_required = 1;
	c->unknown_tries = 2;
	c->agent_idle = 60;
	c->agent_clients = 2000;
	c->agent_requests = 100;
	c->max_parts = 10;
	c->listen_idle = -1;
	c->max_sessions = 500;
	c->max_sessions_per_source = 50;
	c->max_auth_failures_per_source = 20;
}

/* ---- lines ---- */

int
config_split(char *s, char *word[], int max)
{
	char *out, quote;
	int n = 0;

	for (;;) {
		s += strspn(s, " \t\r");
		if (*s == '\0' || *s == '#')
			return n;
		if (n == max)
			return CONFIG_MANY_WORDS;
		word[n++] = out = s;
		for (quote = '\0'; *s != '\0'; s++) {
			if (quote == '\0' && strchr(" \t\r", *s) != NULL)
				break;
			if (*s == quote)
				quote = '\0';
			else if (quote == '\0' && (*s == '"' || *s == '\''))
				quote = *s;
			else
				*out++ = *s;
		}
		if (*s != '\0')
			s++;
		*out = '\0';
		if (quote != '\0')
			return CONFIG_OPEN_QUOTE;
	}
}

/* The words of a line, or -1. */
static int
split(struct line *l, char *s, char *word[CONFIG_WORDS_MAX])
{
	int n = config_split(s, word, CONFIG_WORDS_MAX);

	if (n == CONFIG_MANY_WORDS)
		return fail(l, "more than %d words", CONFIG_WORDS_MAX);
	return n == CONFIG_OPEN_QUOTE ? fail(l, "a quote is not closed") : n;
}

static const struct keyword *
find_keyword(const char *name)
{
	size_t i;

	for (i = 0; i < NKEYWORDS; i++)
		if (strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	return NULL;
}

/* seen: the keywords that the file has had so far. */
static void
apply(struct line *l, const char *name, char *seen)
{
	const struct keyword *k = find_keyword(name);

	if (k == NULL) {
		fail(l, "unknown keyword '%s'", name);
		return;
	}
	if (k->words != 0 ? l->nword != k->words : l->nword == 0) {
		fail(l, "%s: wants %s", name, k->words == 2 ?
		    "a name and a value" : k->words == 1 ? "one value" :
		    "a value");
		return;
	}
	if (!k->repeats && seen[k - keywords]++) {
		fail(l, "%s: stands here twice", name);
		return;
	}
	k->parse(l, k, (char *)l->c + k->offset);
}

static char *
slurp(struct line *l)
{
	FILE *f = fopen(l->file, "re");
	char *s;
	size_t n;

	if (f == NULL) {
		fail(l, "%s", strerror(errno));
		return NULL;
	}
	s = check(malloc(CONFIG_SIZE_MAX + 1));
	n = fread(s, 1, CONFIG_SIZE_MAX + 1, f);
	if (ferror(f))
		fail(l, "%s", strerror(errno));
	else if (n > CONFIG_SIZE_MAX)
		fail(l, "larger than %d octets", CONFIG_SIZE_MAX);
	else if (memchr(s, '\0', n) != NULL)
		fail(l, "holds a NUL");
	fclose(f);
	s[l->failed ? 0 : n] = '\0';
	return s;
}

static void
read_file(struct line *l)
{
	char seen[NKEYWORDS] = {0}, *word[CONFIG_WORDS_MAX];
	char *all, *s, *next;
	int n;

	if ((all = slurp(l)) == NULL)
		return;
	for (s = all; *s != '\0'; s = next) {
		l->number++;
		next = s + strcspn(s, "\n");
		if (*next != '\0')
			*next++ = '\0';
		if ((n = split(l, s, word)) < 1)
			continue;
		l->word = word + 1;
		l->nword = (size_t)n - 1;
		apply(l, word[0], seen);
	}
	free(all);
}

/* An override of a list takes the place of what the file said. */
static void
forget_list(struct config *c, const struct keyword *k)
{
	if (k->repeats && k->parse != parse_pair)
		memset((char *)c + k->offset, 0, sizeof(struct config_list));
}

static void
read_override(struct line *l, const char *override, char *overridden)
{
	char seen[NKEYWORDS] = {0}, *word[CONFIG_WORDS_MAX];
	char *s = copy(override), *value;
	const struct keyword *k;
	int n;

	if ((value = strchr(s, '=')) == NULL) {
		fail(l, "'%s' is not key=value", override);
	} else {
		*value++ = '\0';
		k = find_keyword(s);
		if (k != NULL && !overridden[k - keywords]++)
			forget_list(l->c, k);
		if ((n = split(l, value, word)) >= 0) {
			l->word = word;
			l->nword = (size_t)n;
			apply(l, s, seen);
		}
	}
	free(s);
}

/* They are read as country-code says, which may stand behind the alias. */
static void
read_alias_numbers(struct line *l, struct config_alias *a)
{
	struct line at = *l;
	char number[NUMBER_SIZE];
	enum number_fault fault;
	size_t i;

	at.number = a->line;
	at.file = a->line > 0 ? l->file : NULL;
	for (i = 0; i < a->numbers.n; i++) {
		fault = number_read(a->numbers.v[i], &l->c->number, number);
		if (fault != NUMBER_OK) {
			l->failed = fail(&at, "alias %s: '%s' %s", a->name,
			    a->numbers.v[i], number_words(fault));
			continue;
		}
		free(a->numbers.v[i]);
		a->numbers.v[i] = copy(number);
	}
}

/* What depends on more than one keyword. */
static void
finish(struct line *l)
{
	struct config *c = l->c;
	char host[256];
	size_t i;

	if (c->hostname == NULL) {
		if (gethostname(host, sizeof(host)) == -1 || host[0] == '\0')
			strcpy(host, "localhost");
		host[sizeof(host) - 1] = '\0';
		c->hostname = copy(host);
	}
	for (i = 0; c->hostname[i] != '\0'; i++)
		if (!isalnum((unsigned char)c->hostname[i]) &&
		    strchr("-._[]:", c->hostname[i]) == NULL)
			fail(l, "hostname: '%s' is not a host's name",
			    c->hostname);
	if (c->domain.n == 0)
		list_add(&c->domain, copy_lower(c->hostname));
	if ((c->tls_cert == NULL) != (c->tls_key == NULL))
		fail(l, "tls-cert and tls-key go together");
	if ((c->gateway_cert == NULL) != (c->gateway_key == NULL))
		fail(l, "gateway-cert and gateway-key go together");
	if (c->tls_client_ca != NULL && c->tls_cert == NULL)
		fail(l, "tls-client-ca goes with tls-cert and tls-key");
	c->number.country = c->country;
	for (i = 0; i < c->alias.n; i++)
		read_alias_numbers(l, &c->alias.v[i]);
}

int
config_load(struct config *c, const char *file, char *const *overrides,
    size_t n, config_report report)
{
	struct line l = {.c = c, .file = file, .report = report};
	char overridden[NKEYWORDS] = {0};
	size_t i;

	set_defaults(c);
	read_file(&l);
	l.file = NULL;
	for (i = 0; i < n; i++)
		read_override(&l, overrides[i], overridden);
	l.file = file;
	l.number = 0;
	finish(&l);
	return l.failed ? -1 : 0;
}

/* ---- look-ups ---- */

const char *
config_find(const struct config_pairs *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (strcmp(p->v[i].name, name) == 0)
			return p->v[i].value;
	return NULL;
}

const struct config_alias *
config_find_alias(const struct config *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->alias.n; i++)
		if (strcasecmp(c->alias.v[i].name, name) == 0)
			return &c->alias.v[i];
	return NULL;
}

int
config_ip(const char *s, unsigned char out[16])
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (inet_pton(AF_INET6, s, out) == 1)
		return 0;
	memcpy(out, mapped, sizeof(mapped));
	return inet_pton(AF_INET, s, out + 12) == 1 ? 0 : -1;
}

static int
in_net(const struct config_net *net, const unsigned char addr[16])
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (memcmp(net->addr, addr, whole) != 0)
		return 0;
	return rest == 0 ||
	    (net->addr[whole] ^ addr[whole]) >> (8 - rest) == 0;
}

int
config_trusts(const struct config *c, const char *peer)
{
	unsigned char addr[16];
	int local = strcmp(peer, "local") == 0;
	size_t i;

	if (!local && config_ip(peer, addr) == -1)
		return 0;
	for (i = 0; i < c->trust.n; i++)
		if (c->trust.v[i].local ? local :
		    !local && in_net(&c->trust.v[i], addr))
			return 1;
	return 0;
}
