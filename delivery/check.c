/*
 * check: see check.h.  Errors of single values are told by config.c, those of
 * the descriptor and its variables by gateway/.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "delivery/check.h"
#include "delivery/journal.h"
#include "delivery/login.h"
#include "delivery/seal.h"
#include "gateway/descriptor.h"
#include "gateway/gateway.h"

#define BOM	"\xef\xbb\xbf"	/* UTF-8's byte order mark */
#define WHY_MAX 200		/* octets of a reason */

static void
remark(const char *what)
{
	printf("%s\n", what);
}

/* ---- files ---- */

static int
check_file(const struct config *c, const char *keyword, const char *file,
    int mode, config_report tell)
{
	if (file == NULL || access(file, mode) == 0)
		return 0;
	return config_error(c, keyword, tell, "%s: %s: %s", keyword, file,
	    strerror(errno));
}

/*
 * Whoever can write to the journal decides what counts as sent.  Of the users
 * file users.c sees to that, each time it reads it.
 */
static int
check_journal(const struct config *c, config_report tell)
{
	struct stat st;

	if (strlen(c->journal_prefix) > JOURNAL_PREFIX_MAX)
		return config_error(c, "journal-prefix", tell,
		    "journal-prefix: longer than %d octets",
		    JOURNAL_PREFIX_MAX);
	if (check_file(c, "journal", c->journal, R_OK | W_OK | X_OK, tell) ==
	    -1)
		return c->journal_required ? -1 : 0; /* sent without it */
	if (c->journal == NULL || stat(c->journal, &st) == -1 ||
	    (st.st_mode & S_IWOTH) == 0)
		return 0;
	return config_error(c, "journal", tell, "journal: %s: others can write "
	    "to it (mode %04o); chmod o-w", c->journal,
	    (unsigned)st.st_mode & 07777);
}

/*
 * A window of time needs somebody who remembers; and a gateway has to be
 * asked for the id of the window before.
 */
static int
check_dedupe(const struct config *c, const struct descriptor *g,
    config_report tell)
{
	if (c->dedupe != CONFIG_DEDUPE_TEXT || config_has_journal(c) ||
	    (g->next == NULL && gateway_has_lookup(g)))
		return 0;
	return config_error(c, "dedupe", tell, "dedupe text: requires a "
	    "journal, or a single gateway that can be asked for an id");
}

/* Without it nothing could be sent, since nothing may go out in clear. */
static int
check_seal(const struct config *c, const struct descriptor *g,
    config_report tell)
{
	while (g != NULL && !gateway_encrypts(g))
		g = g->next;
	if (g == NULL || access(seal_program(), X_OK) == 0)
		return 0;
	return config_error(c, "secret", tell, "secret passphrase: %s: %s",
	    seal_program(), strerror(errno));
}

/* ---- files that others can read, secrets with invisible octets ---- */

static void
look_at_mode(const char *what, const char *file)
{
	struct stat st;

	if (file != NULL && stat(file, &st) == 0 &&
	    (st.st_mode & (S_IROTH | S_IWOTH)) != 0)
		printf("%s: %s: others can %s it (mode %04o)\n", what, file,
		    st.st_mode & S_IROTH ? "read" : "write",
		    (unsigned)st.st_mode & 07777);
}

/* What an editor may have left in the line that is the secret. */
static void
look_at_line(const char *what, const char *file)
{
	char line[IPC_SECRET_MAX + 2];
	FILE *f = fopen(file, "re");
	size_t n = 0;

	if (f == NULL)
		return;
	setvbuf(f, NULL, _IONBF, 0); /* no copy of a secret in a buffer */
	n = fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	line[n] = '\0';
	line[n = strcspn(line, "\r\n")] = '\0';
	if (strncmp(line, BOM, strlen(BOM)) == 0)
		printf("%s: %s: begins with a byte order mark, which is sent "
		    "as part of the secret\n", what, file);
	if (line[0] == ' ' || line[0] == '\t')
		printf("%s: %s: begins with a blank, which is sent as part of "
		    "the secret\n", what, file);
	if (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		printf("%s: %s: has a blank at the end of its line, which is "
		    "sent as part of the secret\n", what, file);
	explicit_bzero(line, sizeof(line));
}

static void
look_at_secrets(const struct config *c)
{
	char what[512];
	size_t i;

	for (i = 0; i < c->secret.n; i++) {
		snprintf(what, sizeof(what), "%s: secret %s",
		    c->secret.v[i].where, c->secret.v[i].name);
		look_at_mode(what, c->secret.v[i].value);
		look_at_line(what, c->secret.v[i].value);
	}
	look_at_mode("gateway-key", c->gateway_key);
	look_at_mode("journal-key", c->journal_key);
	if (c->journal_secret != NULL) {
		look_at_mode("secret journal", c->journal_secret);
		look_at_line("secret journal", c->journal_secret);
	}
	look_at_mode("tls-key", c->tls_key);
}

/* ---- can a message be sent that brings nothing but its text? ---- */

static const struct options nothing;

/* 0; or -1, and why has what is missing. */
static int
try_message(const struct descriptor *g, const struct gateway_login *login,
    const struct options *options, char *why, size_t room)
{
	static char number[] = "+12025550123";
	char *to[] = {number};
	const struct gateway_message m = {
		.id = "00000000-0000-0000-0000-000000000000", .text = "a",
		.to = to, .nto = 1, .options = options, .now = time(NULL),
	};
	struct gateway_request r;

	if (gateway_send(g, login, &m, 0, &r) == 0) {
		gateway_free(&r);
		return 0;
	}
	snprintf(why, room, "%s", r.why);
	return -1;
}

/* A digest is our own, and no client is there to be told of an error. */
static int
check_digest(const struct config *c, const struct descriptor *g,
    config_report tell)
{
	char why[WHY_MAX];

	if (c->over != CONFIG_OVER_DIGEST ||
	    (c->nrates == 0 && c->auth != CONFIG_AUTH_USERS) ||
	    try_message(g, NULL, &nothing, why, sizeof(why)) == 0)
		return 0;
	return config_error(c, "over", tell, "over digest: a text of our own "
	    "cannot be sent: %s", why);
}

int
check_start(const struct config *c, const struct descriptor *g,
    config_report tell)
{
	int bad = 0;

	bad |= check_file(c, "gateway-ca", c->gateway_ca, R_OK, tell);
	bad |= check_file(c, "gateway-cert", c->gateway_cert, R_OK, tell);
	bad |= check_file(c, "gateway-key", c->gateway_key, R_OK, tell);
	bad |= check_file(c, "journal-ca", c->journal_ca, R_OK, tell);
	bad |= check_file(c, "journal-cert", c->journal_cert, R_OK, tell);
	bad |= check_file(c, "journal-key", c->journal_key, R_OK, tell);
	bad |= check_file(c, "secret", c->journal_secret, R_OK, tell);
	bad |= check_journal(c, tell);
	bad |= check_dedupe(c, g, tell);
	bad |= check_seal(c, g, tell);
	bad |= check_digest(c, g, tell);
	return bad ? -1 : 0;
}

/* With the configuration's own credentials. */
static void
try_own(const struct config *c, const struct descriptor *g, const char *whose)
{
	char why[WHY_MAX];

	if (try_message(g, NULL, &nothing, why, sizeof(why)) == -1)
		config_error(c, "gateway", remark, "gateway %s: a message of "
		    "a client that %s cannot be sent: %s", c->gateway, whose,
		    why);
}

/* With a client's, whether it has a password or a token. */
static void
try_passed_on(const struct config *c, const struct descriptor *g)
{
	static const struct gateway_login any[] = {
		{IPC_PASSWORD, "user", "password"},
		{IPC_BEARER, "user", "token"},
	};
	char why[WHY_MAX], other[WHY_MAX];

	if (try_message(g, &any[0], &nothing, why, sizeof(why)) == -1 &&
	    try_message(g, &any[1], &nothing, other, sizeof(other)) == -1)
		config_error(c, "gateway", remark, "gateway %s: a message of "
		    "a client that logs in cannot be sent: %s", c->gateway,
		    why);
}

/* For users_each(). */
struct logins {
	const struct config *config;
	const struct descriptor *gateway;
	const char *missing;	/* "from or service", or NULL */
	config_report tell;
	int failed;
	size_t n;
};

static void
try_login(void *arg, int line, const char *name, const struct users_profile *p)
{
	struct logins *l = arg;
	const struct config_road *road = p->road.n > 0 ? &p->road :
	    &l->config->all;
	unsigned index = l->gateway->index;
	const struct gateway_login login = {p->kind, p->gateway_user,
	    p->gateway_secret};
	char why[WHY_MAX], what[2 * WHY_MAX + IPC_USER_MAX];
	int missing = l->missing != NULL && (p->options.from[0] == '\0' ||
	    strstr(l->missing, "from") == NULL);

	l->n++;
	if (memchr(road->gateway, (int)index, road->n) == NULL)
		return;
	if (missing)
		snprintf(why, sizeof(why), "%s is not set", l->missing);
	else if (try_message(l->gateway, p->has_gateway &&
		     index == road->gateway[0] ? &login : NULL,
		     &p->options, why, sizeof(why)) == 0)
		return;
	snprintf(what, sizeof(what), "%s:%d: a message of '%s' cannot be "
	    "sent: %s", l->config->users, line, name, why);
	if (missing)
		l->tell(what);
	else
		remark(what);
	l->failed |= missing;
}

static int
try_logins(const struct config *c, const struct descriptor *g,
    const char *missing, config_report tell)
{
	struct logins l = {c, g, missing, tell, 0, 0};

	users_each(c, try_login, &l);
	if (l.n == 0) {
		printf("auth users: %s: there is no login in it\n", c->users);
		try_own(c, g, "logs in");
	}
	return l.failed ? -1 : 0;
}

/*
 * What the gateway needs is an error where it is missing; credentials are a
 * remark, since a configuration is also tested before it has them.
 */
static int
check_gateway(const struct config *c, const struct descriptor *g,
    config_report tell)
{
	char names[100];
	const char *missing = gateway_missing(g, names, sizeof(names));
	int open = c->auth == CONFIG_AUTH_NONE || c->trust.n > 0;

	if (c->auth == CONFIG_AUTH_USERS &&
	    try_logins(c, g, missing, tell) == -1)
		return -1;
	if (missing != NULL && (c->auth != CONFIG_AUTH_USERS || open))
		return config_error(c, "gateway", tell, "gateway %s: a message "
		    "that does not bring %s itself cannot be sent: set one",
		    g->name, missing);
	if (c->auth == CONFIG_AUTH_GATEWAY && g->index == 0)
		try_passed_on(c, g);
	if (c->auth == CONFIG_AUTH_CHECKPASSWORD ||
	    c->auth == CONFIG_AUTH_ANY)
		try_own(c, g, "logs in");
	if (open)
		try_own(c, g, "needs no login");
	return 0;
}

/* Each gateway; and whether there are clients that only the first serves. */
static int
check_messages(const struct config *c, const struct descriptor *g,
    config_report tell)
{
	int bad = 0;

	if (g->next != NULL && c->auth == CONFIG_AUTH_GATEWAY &&
	    g->check.url == NULL)
		printf("gateway: clients that log in are served by %s alone, "
		    "which judges their passwords and cannot be asked without "
		    "a message\n", g->name);
	for (; g != NULL; g = g->next)
		bad |= check_gateway(c, g, tell);
	return bad;
}

/* ---- routes ---- */

static void
show_routes(const struct config *c)
{
	const struct config_route *r;
	char name[CONFIG_NAME_MAX + 1];
	size_t i, n;

	for (i = 0; i < c->route.n; i++) {
		r = &c->route.v[i];
		printf("route %s:", r->prefix[0] != '\0' ? r->prefix : "*");
		for (n = 0; n < r->road.n; n++) {
			config_gateway_name(config_gateway(c,
			    r->road.gateway[n]), name);
			printf("%s %s", n > 0 ? ", then" : "", name);
		}
		putchar('\n');
	}
}

/* ---- the agent ---- */

/* A socket without a process behind it is a file like any other. */
static int
check_agent(const struct config *c, config_report tell)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd, error;

	if (strlen(c->delivery) >= sizeof(a.sun_path))
		return config_error(c, "delivery", tell, "delivery: %s: %s",
		    c->delivery, strerror(ENAMETOOLONG));
	strcpy(a.sun_path, c->delivery);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* EAGAIN: an agent is there, and is busy */
	error = connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 ||
	    errno == EAGAIN ? 0 : errno;
	close(fd);
	if (error == 0)
		return 0;
	return config_error(c, "delivery", tell, "delivery: %s: %s%s",
	    c->delivery, strerror(error), error == ENOENT ||
	    error == ECONNREFUSED ? "; no agent is there" : "");
}

static int
check_agent_users(const struct config *c, config_report tell)
{
	const struct config_list *users = &c->agent_users;
	int bad = 0;
	size_t i;

	for (i = 0; i < users->n; i++)
		if (getpwnam(users->v[i]) == NULL)
			bad |= config_error(c, "agent-users", tell,
			    "agent-users: %s: there is no such user",
			    users->v[i]);
	return bad;
}

/* The node exporter reads *.prom; the folder is where FILE is renamed. */
static void
look_at_metrics(const struct config *c)
{
	char folder[WHY_MAX];
	const char *slash;
	size_t n;

	if (c->metrics == NULL)
		return;
	n = strlen(c->metrics);
	if (n < 5 || strcmp(c->metrics + n - 5, ".prom") != 0)
		config_error(c, "metrics", remark, "metrics: %s: the node "
		    "exporter reads files whose name ends in .prom",
		    c->metrics);
	slash = strrchr(c->metrics, '/');
	snprintf(folder, sizeof(folder), "%.*s",
	    slash != NULL ? (int)(slash - c->metrics) + 1 : 1,
	    slash != NULL ? c->metrics : ".");
	if (access(folder, W_OK | X_OK) == -1)
		config_error(c, "metrics", remark, "metrics: %s: %s; nothing "
		    "will be counted", folder, strerror(errno));
}

/* ---- a journal that several machines share ---- */

static void
look_at_cluster(const struct config *c)
{
	if (c->journal_etcd.n == 0)
		return;
	if (journal_init(c) == -1 || journal_check() == -1)
		config_error(c, "journal", remark, "journal: no member "
		    "answers: %s", journal_why());
	else
		config_error(c, "journal", remark, "journal: %s answers",
		    journal_where());
}

/* ---- all of it ---- */

int
check_test(const struct config *c, const struct descriptor *g,
    config_report tell)
{
	int bad = login_test(c, tell);

	bad |= check_messages(c, g, tell);
	show_routes(c);
	look_at_secrets(c);
	if (c->delivery != NULL)
		bad |= check_agent(c, tell);
	bad |= check_agent_users(c, tell);
	look_at_cluster(c);
	look_at_metrics(c);
	if (!c->log_stderr && !log_has_syslog())
		printf("log syslog: nobody listens at /dev/log; lines go to "
		    "standard error where it is no socket, else nowhere\n");
	if (c->country == NULL)
		printf("country-code: not set; a number without + must begin "
		    "with its country code: 15112345678 is +1 511 234 5678\n");
	return bad ? -1 : 0;
}
