/*
 * advise: what -t says of a configuration that can be read.  Its errors are
 * told by those who read it.
 */
#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "delivery/advise.h"
#include "gateway/gateway.h"

/* Can a mail be sent that says nothing but its text? */
static void
try_mail(const struct descriptor *g, const struct gateway_login *login,
    int nlogin, const char *whose)
{
	static char number[] = "+12025550123";
	static const struct options none;
	char *to[] = {number};
	struct gateway_message m = {
		.id = "00000000-0000-0000-0000-000000000000", .text = "a",
		.to = to, .nto = 1, .options = &none, .now = time(NULL),
	};
	struct gateway_request r;
	char why[sizeof(r.why)] = "";
	int i;

	for (i = 0; i < nlogin; i++) {
		if (gateway_send(g, login != NULL ? &login[i] : NULL, &m, 0,
			&r) == 0) {
			gateway_free(&r);
			return;
		}
		if (i == 0)
			memcpy(why, r.why, sizeof(why));
	}
	printf("gateway: a mail of a client that %s cannot be sent unless it, "
	    "or the login, brings what is missing: %s\n", whose, why);
}

static void
advise_gateway(const struct config *c, const struct descriptor *g)
{
	static const struct gateway_login any[] = {
		{IPC_PASSWORD, "user", "password"},
		{IPC_BEARER, "user", "token"},
	};

	if (c->auth == CONFIG_AUTH_GATEWAY)
		try_mail(g, any, 2, "logs in");
	else if (c->auth != CONFIG_AUTH_NONE)
		try_mail(g, NULL, 1, "logs in");
	if (c->auth == CONFIG_AUTH_NONE || c->trust.n > 0)
		try_mail(g, NULL, 1, "needs no login");
}

static void
advise_agent(const struct config *c)
{
	const struct config_list *users = &c->agent_users;
	struct stat st;
	size_t i;

	if (c->delivery != NULL && stat(c->delivery, &st) == -1)
		printf("delivery: %s: %s\n", c->delivery, strerror(errno));
	else if (c->delivery != NULL && !S_ISSOCK(st.st_mode))
		printf("delivery: %s: is no socket\n", c->delivery);
	for (i = 0; i < users->n; i++)
		if (getpwnam(users->v[i]) == NULL)
			printf("agent-users: %s: there is no such user\n",
			    users->v[i]);
}

/* Without its sender, say, a gateway takes no message; a login may have it. */
static int
check_needs(const struct config *c, const struct descriptor *g,
    config_report report)
{
	char names[100], what[400];

	if (c->auth == CONFIG_AUTH_USERS ||
	    gateway_missing(g, names, sizeof(names)) == NULL)
		return 0;
	snprintf(what, sizeof(what), "gateway %.100s: a message that does not "
	    "bring %s itself cannot be sent: set one", c->gateway, names);
	report(what);
	return -1;
}

int
advise(const struct config *c, const struct descriptor *g,
    config_report report)
{
	advise_gateway(c, g);
	advise_agent(c);
	return check_needs(c, g, report);
}
