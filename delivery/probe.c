/*
 * probe: does the gateway take our credentials?  One line and an exit code as
 * monitoring wants them (Monitoring Plugins Development Guidelines).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "delivery/http.h"
#include "delivery/login.h"
#include "delivery/probe.h"
#include "gateway/gateway.h"

#define TURN_WAIT 60000 /* milliseconds */

static struct {
	const struct config *config;
	const struct descriptor *gateway;
	int over, code;
} self;

/* A line is one line, and '|' begins its performance data. */
static void
put_plain(const char *s)
{
	for (; *s != '\0'; s++)
		putchar(*s < ' ' || *s > '~' || *s == '|' ? '?' : *s);
}

static void say(enum probe_state, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(enum probe_state state, const char *format, ...)
{
	static const char *const names[] = {"OK", "WARNING", "CRITICAL",
	    "UNKNOWN"};
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	printf("SMTP2SMS %s - ", names[state]);
	put_plain(text);
	self.code = (int)state;
	self.over = 1;
}

int
probe_unknown(const char *why)
{
	if (!self.over) {
		say(PROBE_UNKNOWN, "%s", why);
		putchar('\n');
	}
	return PROBE_UNKNOWN;
}

/* Whether a message would be taken now. */
static void
judge(const struct http_result *e)
{
	const char *name = self.config->gateway;

	if (!e->answered)
		say(PROBE_CRITICAL, "%s: no answer: %s", name, e->error);
	else if (e->status == 401 || e->status == 402 || e->status == 403)
		say(PROBE_CRITICAL, "%s: the gateway refuses the credentials "
		    "(%ld)", name, e->status);
	else if (e->status == 408 || e->status == 425 || e->status == 429)
		say(PROBE_WARNING, "%s: the gateway is busy (%ld)", name,
		    e->status);
	else if (e->status < 200 || e->status > 299)
		say(PROBE_CRITICAL, "%s: the gateway answers %ld", name,
		    e->status);
	else if (e->ms > self.config->timeout_gateway * 500)
		say(PROBE_WARNING, "%s: the gateway is slow", name);
	else
		say(PROBE_OK, "%s: the gateway takes the credentials", name);
}

static void
on_end(void *arg, const struct http_result *e)
{
	(void)arg;
	judge(e);
	printf("; %ld ms|time=%ld.%03lds;%ld.%ld;;0;%ld\n", e->ms,
	    e->ms / 1000, e->ms % 1000, self.config->timeout_gateway / 2,
	    self.config->timeout_gateway % 2 * 5,
	    self.config->timeout_gateway);
}

static int
ask(const struct gateway_login *login)
{
	struct gateway_request r;

	if (self.gateway->check.url == NULL)
		return probe_unknown("this gateway's descriptor has no check");
	if (gateway_check(self.gateway, login, &r) == -1)
		return probe_unknown(r.why);
	http_start(&r, self.config->timeout_gateway * 1000, on_end, NULL);
	while (!self.over)
		http_turn(NULL, 0, TURN_WAIT);
	return self.code;
}

int
probe_run(const struct config *c, const struct descriptor *g,
    const char *user)
{
	char secret[HASH_PASSWORD_MAX + 1] = "";
	const struct gateway_login login = {IPC_PASSWORD, user, secret};
	int code;

	self.config = c;
	self.gateway = g;
	if (user == NULL)
		return ask(NULL);
	if (login_read_password(0, secret) == -1)
		return probe_unknown("no password on standard input");
	code = ask(&login);
	explicit_bzero(secret, sizeof(secret));
	return code;
}
