/*
 * config: the table of keywords, and errors with file and line.  All programs
 * read the same file with this code.
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
#include "common/path.h"
#include "common/wording.h"
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
#define NAME_MAX_LENGTH 40		/* letters of a name to guess from */

#define RATE_MOST   1000000L		/* texts */
#define RATE_PERIOD_MOST (31 * 86400L)	/* seconds */

#define OVERRIDE    (-1)		/* in place of a line's number */

/* A line, and to whom errors are reported. */
struct line {
	struct config *c;
	int number;		/* 0: the file as a whole */
	config_report report;
	char **word;		/* the values after the keyword */
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

/* "FILE:LINE"; "FILE" on line 0, for its end; "-o" on line OVERRIDE. */
static void
put_place(char out[PLACE_MAX], const char *file, int line)
{
	if (line == OVERRIDE)
		strcpy(out, "-o");
	else if (line == 0)
		snprintf(out, PLACE_MAX, "%s", file);
	else
		snprintf(out, PLACE_MAX, "%.*s:%d", PLACE_MAX - 16, file,
		    line);
}

static void
report_error(config_report report, const char *file, int line, const char *fmt,
    va_list ap)
{
	char what[MESSAGE_MAX], where[PLACE_MAX];
	char all[MESSAGE_MAX + PLACE_MAX + 2];

	vsnprintf(what, sizeof(what), fmt, ap);
	put_place(where, file, line);
	snprintf(all, sizeof(all), "%s: %s", where, what);
	report(all);
}

static int fail(struct line *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static int
fail(struct line *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_error(l->report, l->c->file, l->number, fmt, ap);
	va_end(ap);
	l->failed = 1;
	return -1;
}

/* The configuration is read before any client's octet, so dying is safe. */
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

static void
list_free(struct config_list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	memset(l, 0, sizeof(*l));
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
parse_program(struct line *l, const struct keyword *k, void *field)
{
	if (l->word[0][0] != '/')
		return fail(l, "%s: '%s' is not an absolute path", k->name,
		    l->word[0]);
	return parse_string(l, k, field);
}

static int
parse_relay(struct line *l, const struct keyword *k, void *field)
{
	const char *s = l->word[0];
	size_t n = strncmp(s, "smtp://", 7) == 0 ? 7 :
	    strncmp(s, "smtps://", 8) == 0	 ? 8 :
						   0;

	if (n == 0 || s[n] == '\0' ||
	    s[n + strspn(s + n, "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]")] != '\0')
		return fail(l, "%s: '%s' is not smtp://HOST[:PORT] or "
		    "smtps://HOST[:PORT]", k->name, s);
	return parse_string(l, k, field);
}

/* An address with a domain, which goes into a header and to a program. */
static int
parse_address(struct line *l, const struct keyword *k, void *field)
{
	struct path path;
	const char *end;

	if (path_parse(l->word[0], &end, &path) == -1 || *end != '\0' ||
	    path.domain[0] == '\0' || path.utf8 ||
	    strpbrk(l->word[0], "<>\" ") != NULL)
		return fail(l, "%s: '%s' is not an address like name@domain",
		    k->name, l->word[0]);
	return parse_string(l, k, field);
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
	return fail(l, "%s: '%s' is not one of: %s", k->name, l->word[0],
	    names);
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
	if (p == &l->c->secret && strcmp(l->word[0], "journal") == 0) {
		/* no gateway's */
		free(l->c->journal_secret);
		l->c->journal_secret = copy(l->word[1]);
		return 0;
	}
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
	put_place(where, l->c->file, l->number);
	pair->where = copy(where);
	return 0;
}

/* A folder, or "etcd" and the addresses of a cluster's members. */
static int
parse_journal(struct line *l, const struct keyword *k, void *field)
{
	struct config_list *members = &l->c->journal_etcd;
	char *url;
	size_t i, n;

	if (strcmp(l->word[0], "etcd") != 0 || l->nword < 2) {
		if (l->nword != 1)
			return fail(l, "%s: requires a folder, or etcd and "
			    "addresses", k->name);
		list_free(members);
		return parse_string(l, k, field);
	}
	free(l->c->journal);
	l->c->journal = NULL;
	list_free(members);
	for (i = 1; i < l->nword; i++) {
		if (strncmp(l->word[i], "http://", 7) != 0 &&
		    strncmp(l->word[i], "https://", 8) != 0)
			return fail(l, "%s: '%s' does not begin with http:// "
			    "or https://", k->name, l->word[i]);
		list_add(members, url = copy(l->word[i]));
		/* a path is put behind it */
		for (n = strlen(url); n > 0 && url[n - 1] == '/'; n--)
			url[n - 1] = '\0';
	}
	return 0;
}

/* A keyword, or a name after it (else ""), was given before, on line first. */
static int
fail_twice(struct line *l, const char *keyword, const char *name, int first)
{
	const char *blank = *name != '\0' ? " " : "";

	if (first == OVERRIDE)
		return fail(l, "%s%s%s: given more than once", keyword, blank,
		    name);
	return fail(l, "%s%s%s: given more than once, first on line %d",
	    keyword, blank, name, first);
}

static int
parse_alias(struct line *l, const struct keyword *k, void *field)
{
	const struct config_alias *first;
	struct config_alias *a;
	size_t i;

	(void)field;
	if (l->nword < 2)
		return fail(l, "%s: requires a name and at least one number",
		    k->name);
	if ((first = config_find_alias(l->c, l->word[0])) != NULL)
		return fail_twice(l, k->name, l->word[0], first->line);
	l->c->alias.v = check(realloc(l->c->alias.v,
	    (l->c->alias.n + 1) * sizeof(*a)));
	a = &l->c->alias.v[l->c->alias.n++];
	memset(a, 0, sizeof(*a));
	a->name = copy(l->word[0]);
	a->line = l->number;
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
			return fail(l, "%s: '%s' is not a network; write an "
			    "address, ADDRESS/BITS, or local", k->name,
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
	if (strcmp(how, "gateway") == 0 || strcmp(how, "none") == 0 ||
	    strcmp(how, "any") == 0) {
		if (l->nword != 1)
			return fail(l, "%s: %s takes no further value",
			    k->name, how);
		c->auth = *how == 'g' ? CONFIG_AUTH_GATEWAY :
		    *how == 'n'	      ? CONFIG_AUTH_NONE :
					CONFIG_AUTH_ANY;
	} else if (strcmp(how, "users") == 0) {
		if (l->nword != 2)
			return fail(l, "%s: users requires one file",
			    k->name);
		c->auth = CONFIG_AUTH_USERS;
		free(c->users);
		c->users = copy(l->word[1]);
	} else if (strcmp(how, "checkpassword") == 0) {
		if (l->nword < 2 || l->nword > CONFIG_PROGRAM_MAX)
			return fail(l, "%s: checkpassword requires a program "
			    "and at most %d arguments", k->name,
			    CONFIG_PROGRAM_MAX - 2);
		if (l->word[1][0] != '/')
			return fail(l, "%s: '%s' is not an absolute path",
			    k->name, l->word[1]);
		c->auth = CONFIG_AUTH_CHECKPASSWORD;
		list_free(&c->checkpassword);
		for (i = 1; i < l->nword; i++)
			list_add(&c->checkpassword, copy(l->word[i]));
	} else {
		return fail(l, "%s: '%s' is not one of: gateway, users, "
		    "checkpassword, any, none", k->name, how);
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

void
config_gateway_name(const char *gateway, char out[CONFIG_NAME_MAX + 1])
{
	const char *slash = strrchr(gateway, '/');
	size_t n;

	snprintf(out, CONFIG_NAME_MAX + 1, "%s",
	    slash != NULL ? slash + 1 : gateway);
	n = strlen(out);
	if (n > 5 && strcmp(out + n - 5, ".json") == 0)
		out[n - 5] = '\0';
}

/* The gateways in the order of trying; each name once. */
static int
parse_gateway(struct line *l, const struct keyword *k, void *field)
{
	char name[CONFIG_NAME_MAX + 1], other[CONFIG_NAME_MAX + 1];
	struct config *c = l->c;
	size_t i, j;

	(void)field;
	if (l->nword > CONFIG_GATEWAYS_MAX)
		return fail(l, "%s: more than %d gateways", k->name,
		    CONFIG_GATEWAYS_MAX);
	for (i = 0; i < l->nword; i++) {
		config_gateway_name(l->word[i], name);
		if (name[0] == '\0')
			return fail(l, "%s: the value is empty", k->name);
		for (j = 0; j < i; j++) {
			config_gateway_name(l->word[j], other);
			if (strcmp(name, other) == 0)
				return fail(l, "%s: '%s' is given more than "
				    "once", k->name, name);
		}
	}
	free(c->gateway);
	c->gateway = copy(l->word[0]);
	list_free(&c->next_gateways);
	for (i = 1; i < l->nword; i++)
		list_add(&c->next_gateways, copy(l->word[i]));
	return 0;
}

/* Add one prefix of a route; finish_route() looks up its gateways. */
static int
add_route(struct line *l, const struct keyword *k, const char *prefix)
{
	struct config *c = l->c;
	struct config_route r = {.line = l->number};
	enum number_fault fault;
	size_t i;

	if (strcmp(prefix, "*") != 0 &&
	    (fault = number_read_prefix(prefix, r.prefix)) != NUMBER_OK)
		return fail(l, "%s: '%s' %s", k->name, prefix,
		    number_words(fault));
	for (i = 0; i < c->route.n; i++)
		if (strcmp(c->route.v[i].prefix, r.prefix) == 0)
			return fail_twice(l, k->name, prefix,
			    c->route.v[i].line);
	for (i = 1; i < l->nword; i++)
		list_add(&r.names, copy(l->word[i]));
	c->route.v = check(realloc(c->route.v,
	    (c->route.n + 1) * sizeof(r)));
	c->route.v[c->route.n++] = r;
	return 0;
}

static int
parse_route(struct line *l, const struct keyword *k, void *field)
{
	char *prefixes = l->word[0], *prefix;

	(void)field;
	if (l->nword < 2)
		return fail(l, "%s: requires prefixes and at least one "
		    "gateway", k->name);
	while ((prefix = strsep(&prefixes, ",")) != NULL)
		if (add_route(l, k, prefix) == -1)
			return -1;
	return 0;
}

static int
parse_template(struct line *l, const struct keyword *k, void *field)
{
	struct wording_piece piece[WORDING_PIECES];
	const char *s = l->word[0], *bad;
	char **p = field;

	if (strlen(s) > WORDING_MAX)
		return fail(l, "%s: longer than %d octets", k->name,
		    WORDING_MAX);
	if (wording_parse(s, piece, &bad) == -1)
		return fail(l, "%s: '%.*s' is none of: %s, each at most once",
		    k->name, (int)strcspn(bad, "}") + 1, bad, WORDING_ALL);
	free(*p);
	*p = copy(s);
	return 0;
}

int
config_parse_rate(const char *s, long *n, long *seconds)
{
	static const struct {
		char letter;
		long seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	char *end;
	size_t i;

	errno = 0;
	*n = strtol(s, &end, 10);
	if (!isdigit((unsigned char)*s) || *end++ != '/' || errno != 0 ||
	    *n < 1 || *n > RATE_MOST)
		return -1;
	*seconds = 1;
	if (isdigit((unsigned char)*end))
		*seconds = strtol(end, &end, 10);
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (*end == units[i].letter && end[1] == '\0' && errno == 0 &&
		    *seconds >= 1 &&
		    *seconds <= RATE_PERIOD_MOST / units[i].seconds) {
			*seconds *= units[i].seconds;
			return 0;
		}
	return -1;
}

/* Rules of one kind stand together, in the order of the file. */
static int
parse_rate(struct line *l, const struct keyword *k, void *field)
{
	static const char *const kinds[] = {"recipient", "login", "total"};
	struct config_rate new, *v = l->c->rate;
	size_t i, at, same = 0;
	int kind;

	(void)field;
	for (kind = 0; kind < CONFIG_RATE_KINDS; kind++)
		if (strcmp(l->word[0], kinds[kind]) == 0)
			break;
	if (kind == CONFIG_RATE_KINDS)
		return fail(l, "%s: '%s' is not one of: recipient, login, "
		    "total", k->name, l->word[0]);
	new.kind = (enum config_rate_kind)kind;
	if (config_parse_rate(l->word[1], &new.n, &new.seconds) == -1)
		return fail(l, "%s %s: '%s' is not a number and a time, as "
		    "10/30s, 10/5m, 100/h, 500/d", k->name, l->word[0],
		    l->word[1]);
	for (at = 0; at < l->c->nrates && v[at].kind <= new.kind; at++) {
		same += v[at].kind == new.kind;
		if (v[at].kind == new.kind && v[at].seconds == new.seconds)
			return fail(l, "%s %s: given more than once for the "
			    "same time", k->name, l->word[0]);
	}
	if (same == CONFIG_RATES_EACH)
		return fail(l, "%s %s: more than %d lines", k->name,
		    l->word[0], CONFIG_RATES_EACH);
	for (i = l->c->nrates++; i > at; i--)
		v[i] = v[i - 1];
	v[at] = new;
	return 0;
}

/* ---- the table ---- */

static const char *const names_yesno[] = {"no", "yes", NULL};
static const char *const names_sender[] = {"mail", "fixed", NULL};
static const char *const names_dedupe[] = {"message", "text", NULL};
static const char *const names_unknown[] = {"retry", "drop", NULL};
static const char *const names_over[] = {"refuse", "digest", NULL};
static const char *const names_bad[] = {"reject", "accept", NULL};
/* in the order of enum config_lf */
static const char *const names_lf[] = {"no", "yes", "all", NULL};
static const char *const names_clear[] = {"no", "local", "yes", NULL};
const char *const config_subjects[] = {"ignore", "prefix", "fallback", "only",
    "auto", NULL};
static const char *const names_signature[] = {"strip", "keep", NULL};
static const char *const names_alphabet[] = {"auto", "gsm", "ascii", "keep",
    NULL};
static const char *const names_overlong[] = {"truncate", "reject", NULL};
static const char *const names_bounces[] = {"refuse", "accept", NULL};
static const char *const names_replies[] = {"documented", "retry", NULL};
static const char *const names_receipts[] = {"no", "mail", NULL};
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
	{"gateway", parse_gateway, 0, 0, 0, NULL, 0, 0},
	MANY("route", parse_route, route),
	NUMBER("gateway-rest", gateway_rest, 0, 86400),
	NUMBER("timeout-delivery", timeout_delivery, 1, 3600),
	STRING("gateway-ca", gateway_ca),
	STRING("gateway-cert", gateway_cert),
	STRING("gateway-key", gateway_key),
	PAIR("set", set),
	PAIR("secret", secret),
	STRING("metrics", metrics),
	{"rate", parse_rate, 0, 0, 0, NULL, 2, 1},
	ENUM("over", over, names_over),
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
	{"journal", parse_journal, AT(journal), 0, 0, NULL, 0, 0},
	STRING("journal-prefix", journal_prefix),
	STRING("journal-user", journal_user),
	STRING("journal-ca", journal_ca),
	STRING("journal-cert", journal_cert),
	STRING("journal-key", journal_key),
	NUMBER("timeout-journal", timeout_journal, 1, 60),
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
	{"template", parse_template, AT(template), 0, 0, NULL, 1, 0},
	ENUM("signature", keep_signature, names_signature),
	ENUM("alphabet", alphabet, names_alphabet),
	NUMBER("max-parts", max_parts, 0, 255),
	ENUM("overlong", overlong, names_overlong),
	ENUM("links", links, names_yesno),
	ENUM("bounces", accept_bounces, names_bounces),
	ENUM("replies", replies, names_replies),
	ENUM("receipts", receipts, names_receipts),
	NUMBER("receipts-for", receipts_for, 60, 31536000),
	{"replies-to", parse_address, AT(replies_to), 0, 0, NULL, 1, 0},
	NUMBER("replies-for", replies_for, 0, 31536000),
	{"sendmail", parse_program, AT(sendmail), 0, 0, NULL, 1, 0},
	{"mail-relay", parse_relay, AT(mail_relay), 0, 0, NULL, 1, 0},
	ENUM("log", log_stderr, names_log),
	ENUM("sandbox", sandbox, names_sandbox),
	ENUM("bare-lf", bare_lf, names_lf),
};
#define NKEYWORDS (sizeof(keywords) / sizeof(keywords[0]))

static void
set_defaults(struct config *c)
{
	memset(c, 0, sizeof(*c));
	c->lines = check(calloc(NKEYWORDS, sizeof(*c->lines)));
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
	c->gateway_rest = 60;
	c->timeout_tls = 30;
	c->options = 1;
	c->max_hold = 7 * 86400;
	c->dedupe_window = 600;
	c->journal_keep = 7 * 86400;
	c->journal_required = 1;
	c->journal_prefix = copy("/smtp2sms/");
	c->timeout_journal = 2;
	c->unknown_tries = 2;
	c->agent_idle = 60;
	c->agent_clients = 2000;
	c->agent_requests = 100;
	c->max_parts = 10;
	c->sendmail = copy("/usr/sbin/sendmail");
	c->replies_for = 7 * 86400;
	c->receipts = CONFIG_RECEIPTS_MAIL;
	c->receipts_for = 3 * 86400;
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

	/* the first letter tells most of them apart, without a call */
	for (i = 0; i < NKEYWORDS; i++)
		if (keywords[i].name[0] == name[0] &&
		    strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	return NULL;
}

/*
 * The edit distance: how many letters to add, remove or change to make b of a;
 * NAME_MAX_LENGTH if one of them is too long.
 */
static size_t
distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_LENGTH], i, j, n = strlen(b), old, best;

	if (strlen(a) >= NAME_MAX_LENGTH || n >= NAME_MAX_LENGTH)
		return NAME_MAX_LENGTH;
	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; a[i - 1] != '\0'; i++)
		for (old = row[0]++, j = 1; j <= n; j++) {
			best = old + (a[i - 1] != b[j - 1]);
			if (best > row[j] + 1)
				best = row[j] + 1;
			if (best > row[j - 1] + 1)
				best = row[j - 1] + 1;
			old = row[j];
			row[j] = best;
		}
	return row[n];
}

static int
fail_unknown(struct line *l, const char *name)
{
	size_t i, d, best = NAME_MAX_LENGTH;
	const char *nearest = "";

	for (i = 0; i < NKEYWORDS; i++)
		if ((d = distance(name, keywords[i].name)) < best) {
			best = d;
			nearest = keywords[i].name;
		}
	if (best > 2 || best * 2 > strlen(name))
		return fail(l, "unknown keyword '%s'", name);
	return fail(l, "unknown keyword '%s'; did you mean %s?", name,
	    nearest);
}

static int
fail_words(struct line *l, const struct keyword *k)
{
	static const char quote[] = "quote a value that has blanks in it";

	switch (k->words) {
	case 0:
		return fail(l, "%s: requires at least one value", k->name);
	case 1:
		if (l->nword == 0)
			return fail(l, "%s: requires a value", k->name);
		return fail(l, "%s: requires one value, and has %zu; %s",
		    k->name, l->nword, quote);
	default:
		if (l->nword < k->words)
			return fail(l, "%s: requires a name and a value",
			    k->name);
		return fail(l, "%s %s: requires one value, and has %zu; %s",
		    k->name, l->word[0], l->nword - 1, quote);
	}
}

/* Obey a line; seen has the lines of the keywords that came before. */
static void
apply(struct line *l, const char *name, int *seen)
{
	const struct keyword *k = find_keyword(name);
	size_t i;

	if (k == NULL) {
		fail_unknown(l, name);
		return;
	}
	i = (size_t)(k - keywords);
	if (k->words != 0 ? l->nword != k->words : l->nword == 0) {
		fail_words(l, k);
		return;
	}
	if (!k->repeats && seen[i] != 0) {
		fail_twice(l, name, "", seen[i]);
		return;
	}
	seen[i] = l->c->lines[i] = l->number;
	k->parse(l, k, (char *)l->c + k->offset);
}

static char *
slurp(struct line *l)
{
	FILE *f = fopen(l->c->file, "re");
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
		fail(l, "contains a NUL");
	fclose(f);
	s[l->failed ? 0 : n] = '\0';
	return s;
}

static void
read_file(struct line *l)
{
	int seen[NKEYWORDS] = {0};
	char *word[CONFIG_WORDS_MAX], *all, *s, *next;
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

static void
free_pairs(struct config_pairs *p)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		free(p->v[i].name);
		free(p->v[i].value);
		free(p->v[i].where);
	}
	free(p->v);
	memset(p, 0, sizeof(*p));
}

static void
free_aliases(struct config *c)
{
	size_t i;

	for (i = 0; i < c->alias.n; i++) {
		free(c->alias.v[i].name);
		list_free(&c->alias.v[i].numbers);
	}
	free(c->alias.v);
	memset(&c->alias, 0, sizeof(c->alias));
}

static void
free_routes(struct config *c)
{
	size_t i;

	for (i = 0; i < c->route.n; i++)
		list_free(&c->route.v[i].names);
	free(c->route.v);
	memset(&c->route, 0, sizeof(c->route));
}

/* Free what a keyword has allocated, as if it had not been given. */
static void
forget(struct config *c, const struct keyword *k)
{
	void *field = (char *)c + k->offset;

	if (k->parse == parse_string || k->parse == parse_delivery ||
	    k->parse == parse_program || k->parse == parse_relay ||
	    k->parse == parse_address || k->parse == parse_template) {
		free(*(char **)field);
		*(char **)field = NULL;
	} else if (k->parse == parse_list || k->parse == parse_names ||
	    k->parse == parse_prefixes) {
		list_free(field);
	} else if (k->parse == parse_gateway) {
		free(c->gateway);
		c->gateway = NULL;
		list_free(&c->next_gateways);
	} else if (k->parse == parse_pair) {
		free_pairs(field);
	} else if (k->parse == parse_journal) {
		free(c->journal);
		c->journal = NULL;
		list_free(&c->journal_etcd);
	} else if (k->parse == parse_alias) {
		free_aliases(c);
	} else if (k->parse == parse_route) {
		free_routes(c);
	} else if (k->parse == parse_rate) {
		c->nrates = 0;
	} else if (k->parse == parse_trust) {
		free(c->trust.v);
		memset(&c->trust, 0, sizeof(c->trust));
	}
}

void
config_free(struct config *c)
{
	size_t i;

	for (i = 0; i < NKEYWORDS; i++)
		forget(c, &keywords[i]);
	list_free(&c->checkpassword);
	free(c->journal_secret);
	free(c->users);
	free(c->country);
	free(c->lines);
	memset(c, 0, sizeof(*c));
}

static void
read_override(struct line *l, const char *override, char *overridden)
{
	int seen[NKEYWORDS] = {0};
	char *word[CONFIG_WORDS_MAX], *s = copy(override), *value;
	const struct keyword *k;
	int n;

	if ((value = strchr(s, '=')) == NULL) {
		fail(l, "'%s' is not key=value", override);
	} else {
		*value++ = '\0';
		k = find_keyword(s);
		/* a list replaces that of the file */
		if (k != NULL && !overridden[k - keywords]++ && k->repeats &&
		    k->parse != parse_pair)
			forget(l->c, k);
		if ((n = split(l, value, word)) >= 0) {
			l->word = word;
			l->nword = (size_t)n;
			apply(l, s, seen);
		}
	}
	free(s);
}

/* ---- what depends on more than one keyword ---- */

/* Let the next errors name the line of this keyword. */
static void
point_at(struct line *l, const char *keyword)
{
	l->number = l->c->lines[find_keyword(keyword) - keywords];
}

static void
require(struct line *l, const char *keyword, const char *value,
    const char *other, const char *other_value)
{
	if (value == NULL || other_value != NULL)
		return;
	point_at(l, keyword);
	fail(l, "%s: requires %s", keyword, other);
}

static void
finish_hostname(struct line *l)
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
			break;
	if (c->hostname[i] != '\0') {
		point_at(l, "hostname");
		fail(l, "hostname: '%s' is not a host name", c->hostname);
	}
	if (c->domain.n == 0)
		list_add(&c->domain, copy_lower(c->hostname));
}

/* Read the numbers of an alias now: country-code may come after it. */
static void
finish_alias(struct line *l, struct config_alias *a)
{
	char number[NUMBER_SIZE];
	enum number_fault fault;
	size_t i;

	l->number = a->line;
	for (i = 0; i < a->numbers.n; i++) {
		fault = number_read(a->numbers.v[i], &l->c->number, number);
		if (fault != NUMBER_OK) {
			fail(l, "alias %s: '%s' %s", a->name, a->numbers.v[i],
			    number_words(fault));
			continue;
		}
		free(a->numbers.v[i]);
		a->numbers.v[i] = copy(number);
	}
}

/* Look up the gateways of a route now: `gateway` may come after it. */
static void
finish_route(struct line *l, struct config_route *r)
{
	const char *prefix = r->prefix[0] != '\0' ? r->prefix : "*";
	size_t i;
	int g;

	l->number = r->line;
	for (i = 0; i < r->names.n; i++) {
		g = config_find_gateway(l->c, r->names.v[i]);
		if (g == -1)
			fail(l, "route %s: '%s' is none of the gateways",
			    prefix, r->names.v[i]);
		else if (config_road_add(&r->road, g) == -1)
			fail(l, "route %s: '%s' is given more than once",
			    prefix, r->names.v[i]);
	}
}

static void
finish(struct line *l)
{
	struct config *c = l->c;
	size_t i;

	finish_hostname(l);
	for (i = 0; i <= c->next_gateways.n; i++)
		config_road_add(&c->all, (int)i);
	for (i = 0; i < c->route.n; i++)
		finish_route(l, &c->route.v[i]);
	require(l, "tls-cert", c->tls_cert, "tls-key", c->tls_key);
	require(l, "tls-key", c->tls_key, "tls-cert", c->tls_cert);
	require(l, "tls-client-ca", c->tls_client_ca, "tls-cert and tls-key",
	    c->tls_cert);
	require(l, "gateway-cert", c->gateway_cert, "gateway-key",
	    c->gateway_key);
	require(l, "gateway-key", c->gateway_key, "gateway-cert",
	    c->gateway_cert);
	require(l, "replies-to", c->replies_to, "journal", c->journal);
	if (c->nrates > 0 && !config_has_journal(c)) {
		point_at(l, "rate");
		fail(l, "rate: requires journal");
	}
	require(l, "journal-cert", c->journal_cert, "journal-key",
	    c->journal_key);
	require(l, "journal-key", c->journal_key, "journal-cert",
	    c->journal_cert);
	require(l, "journal-user", c->journal_user, "secret journal",
	    c->journal_secret);
	c->number.country = c->country;
	for (i = 0; i < c->alias.n; i++)
		finish_alias(l, &c->alias.v[i]);
}

int
config_load(struct config *c, const char *file, char *const *overrides,
    size_t n, config_report report)
{
	struct line l = {.c = c, .report = report};
	char overridden[NKEYWORDS] = {0};
	size_t i;

	set_defaults(c);
	c->file = file;
	read_file(&l);
	l.number = OVERRIDE;
	for (i = 0; i < n; i++)
		read_override(&l, overrides[i], overridden);
	finish(&l);
	return l.failed ? -1 : 0;
}

int
config_error(const struct config *c, const char *keyword,
    config_report report, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_error(report, c->file,
	    c->lines[find_keyword(keyword) - keywords], fmt, ap);
	va_end(ap);
	return -1;
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

const char *
config_gateway(const struct config *c, size_t i)
{
	return i == 0 ? c->gateway :
	    i <= c->next_gateways.n ? c->next_gateways.v[i - 1] : NULL;
}

int
config_find_gateway(const struct config *c, const char *name)
{
	char other[CONFIG_NAME_MAX + 1];
	const char *g;
	int i;

	for (i = 0; (g = config_gateway(c, (size_t)i)) != NULL; i++) {
		config_gateway_name(g, other);
		if (strcmp(name, other) == 0)
			return i;
	}
	return -1;
}

int
config_road_add(struct config_road *r, int gateway)
{
	if (memchr(r->gateway, gateway, r->n) != NULL)
		return -1;
	r->gateway[r->n++] = (unsigned char)gateway;
	return 0;
}

const struct config_road *
config_route(const struct config *c, const char *number)
{
	const struct config_road *best = &c->all;
	const char *prefix;
	size_t i, n, longest = 0;

	for (i = 0; i < c->route.n; i++) {
		prefix = c->route.v[i].prefix;
		n = strlen(prefix);
		if (n >= longest && strncmp(number, prefix, n) == 0) {
			best = &c->route.v[i].road;
			longest = n;
		}
	}
	return best;
}

int
config_has_journal(const struct config *c)
{
	return c->journal != NULL || c->journal_etcd.n > 0;
}

long
config_timeout_delivery(const struct config *c)
{
	if (c->next_gateways.n == 0)
		return c->timeout_gateway;
	return c->timeout_delivery != 0 ? c->timeout_delivery :
	    2 * c->timeout_gateway;
}

/* "hook" or "hook-key", with or without the name of a gateway in front. */
static int
is_of_hook(const struct config_pair *p)
{
	const char *dot = strchr(p->name, '.');
	const char *name = dot != NULL ? dot + 1 : p->name;

	return strcmp(name, "hook") == 0 || strcmp(name, "hook-key") == 0;
}

int
config_has_receipts(const struct config *c)
{
	size_t i;

	if (c->receipts != CONFIG_RECEIPTS_MAIL || c->journal == NULL)
		return 0;
	for (i = 0; i < c->secret.n; i++)
		if (is_of_hook(&c->secret.v[i]))
			return 1;
	for (i = 0; i < c->set.n; i++)
		if (is_of_hook(&c->set.v[i]))
			return 1;
	return 0;
}
