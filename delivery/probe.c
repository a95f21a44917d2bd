/*
 * probe: do the gateways take our credentials?  One line and an exit code as
 * monitoring wants them (Monitoring Plugins Development Guidelines).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "delivery/http.h"
#include "delivery/journal.h"
#include "delivery/login.h"
#include "delivery/probe.h"
#include "gateway/gateway.h"

#define TURN_WAIT 60000 /* milliseconds */
#define TEXT_MAX  1024	/* octets of what is said of one gateway */

/* What is known of one gateway. */
struct finding {
	const struct descriptor *gateway;
	int asked;		/* it could be, and was */
	int has_balance;
	enum probe_state state;
	long ms;
	struct gateway_balance balance;
	char text[TEXT_MAX];
};

static struct {
	const struct config *config;
	struct finding finding[CONFIG_GATEWAYS_MAX];
	size_t n, left;		/* left: asked, and not answered yet */
} self;

/* A line is one line, and '|' begins its performance data. */
static void
put_plain(const char *s)
{
	for (; *s != '\0'; s++)
		putchar(*s < ' ' || *s > '~' || *s == '|' ? '?' : *s);
}

static void
put_head(enum probe_state state)
{
	static const char *const names[] = {"OK", "WARNING", "CRITICAL",
	    "UNKNOWN"};

	printf("SMTP2SMS %s - ", names[state]);
}

int
probe_unknown(const char *why)
{
	static int said;

	if (!said++) {
		put_head(PROBE_UNKNOWN);
		put_plain(why);
		putchar('\n');
	}
	return PROBE_UNKNOWN;
}

static void say(struct finding *, enum probe_state, const char *, ...)
    __attribute__((format(printf, 3, 4)));

static void
say(struct finding *f, enum probe_state state, const char *format, ...)
{
	size_t n;
	va_list ap;

	f->state = state;
	snprintf(f->text, sizeof(f->text), "%s: ", f->gateway->name);
	n = strlen(f->text);
	va_start(ap, format);
	vsnprintf(f->text + n, sizeof(f->text) - n, format, ap);
	va_end(ap);
}

/* ---- what one says ---- */

/* Whether a message would be taken now. */
static void
judge(struct finding *f, const struct http_result *e)
{
	if (!e->answered)
		say(f, PROBE_CRITICAL, "no answer: %s", e->error);
	else if (e->status == 401 || e->status == 402 || e->status == 403)
		say(f, PROBE_CRITICAL, "the gateway refuses the credentials "
		    "(%ld)", e->status);
	else if (e->status == 408 || e->status == 425 || e->status == 429)
		say(f, PROBE_WARNING, "the gateway is busy (%ld)", e->status);
	else if (e->status < 200 || e->status > 299)
		say(f, PROBE_CRITICAL, "the gateway answers %ld", e->status);
	else if (e->ms > self.config->timeout_gateway * 500)
		say(f, PROBE_WARNING, "the gateway is slow");
	else
		say(f, PROBE_OK, "the gateway takes the credentials");
}

static void
on_end(void *arg, const struct http_result *e)
{
	struct finding *f = arg;
	size_t n;

	judge(f, e);
	f->ms = e->ms;
	f->has_balance = e->answered && e->status >= 200 && e->status < 300 &&
	    gateway_balance(f->gateway, e->body, e->len, &f->balance) == 0;
	if (f->has_balance) {
		n = strlen(f->text);
		snprintf(f->text + n, sizeof(f->text) - n, ", balance %s%s%s",
		    f->balance.amount, f->balance.unit[0] != '\0' ? " " : "",
		    f->balance.unit);
	}
	self.left--;
}

static void
ask(struct finding *f, const struct gateway_login *login)
{
	struct gateway_request r;

	if (f->gateway->check.url == NULL) {
		say(f, PROBE_UNKNOWN, "this gateway's descriptor has no check");
		return;
	}
	f->asked = 1;
	if (gateway_check(f->gateway, login, &r) == -1) {
		say(f, PROBE_UNKNOWN, "%s", r.why);
		return;
	}
	self.left++;
	http_start(&r, self.config->timeout_gateway * 1000, on_end, f);
}

/* ---- what is told of all ---- */

/* From good to bad; what could not be found out is worse than good. */
static int
rank(enum probe_state s)
{
	static const int ranks[] = {[PROBE_OK] = 0, [PROBE_UNKNOWN] = 1,
	    [PROBE_WARNING] = 2, [PROBE_CRITICAL] = 3};

	return ranks[s];
}

/*
 * The worst of all.  A gateway without a check says nothing about the others,
 * but there must be one that could be asked.
 */
static enum probe_state
worst(void)
{
	enum probe_state state = PROBE_UNKNOWN;
	const struct finding *f;
	int n = 0;

	for (f = self.finding; f < self.finding + self.n; f++)
		if (f->asked && (n++ == 0 || rank(f->state) > rank(state)))
			state = f->state;
	return state;
}

/* A label: of several gateways each has its own. */
static void
put_label(const char *what, const struct finding *f)
{
	const char *s;

	printf("%s", what);
	if (self.n == 1)
		return;
	putchar('_');
	for (s = f->gateway->name; *s != '\0'; s++)
		putchar(*s <= ' ' || *s > '~' || strchr("='|;", *s) != NULL ?
		    '_' : *s);
}

static void
put_performance(const struct finding *f)
{
	long limit = self.config->timeout_gateway;

	put_label("time", f);
	printf("=%ld.%03lds;%ld.%ld;;0;%ld", f->ms / 1000, f->ms % 1000,
	    limit / 2, limit % 2 * 5, limit);
	if (!f->has_balance)
		return;
	putchar(' ');
	put_label("balance", f);
	printf("=%s", f->balance.amount);
}

static enum probe_state
tell(void)
{
	enum probe_state state = worst();
	const struct finding *f, *end = self.finding + self.n;
	char before = '|';

	put_head(state);
	for (f = self.finding; f < end; f++) {
		printf("%s", f > self.finding ? ", " : "");
		put_plain(f->text);
		if (f->asked && f->state != PROBE_UNKNOWN)
			printf("; %ld ms", f->ms);
	}
	for (f = self.finding; f < end; f++)
		if (f->asked && f->state != PROBE_UNKNOWN) {
			putchar(before);
			put_performance(f);
			before = ' ';
		}
	putchar('\n');
	return state;
}

static int
ask_all(const struct descriptor *g, int alone,
    const struct gateway_login *login)
{
	for (; g != NULL; g = alone ? NULL : g->next) {
		self.finding[self.n].gateway = g;
		ask(&self.finding[self.n++], login);
	}
	while (self.left > 0)
		http_turn(NULL, 0, TURN_WAIT);
	return (int)tell();
}

/* Whatever the gateway says, a message would not go out. */
static int
no_journal(void)
{
	enum probe_state state = self.config->journal_required ?
	    PROBE_CRITICAL : PROBE_WARNING;

	put_head(state);
	put_plain("the journal does not answer: ");
	put_plain(journal_why());
	putchar('\n');
	return (int)state;
}

int
probe_run(const struct config *c, const struct descriptor *g, int alone,
    const char *user)
{
	char secret[HASH_PASSWORD_MAX + 1] = "";
	const struct gateway_login login = {IPC_PASSWORD, user, secret};
	int code;

	self.config = c;
	if (journal_check() == -1)
		return no_journal();
	if (user == NULL)
		return ask_all(g, alone, NULL);
	if (login_read_password(0, secret) == -1)
		return probe_unknown("no password on standard input");
	/* a client's credentials are for one gateway */
	code = ask_all(g, 1, &login);
	explicit_bzero(secret, sizeof(secret));
	return code;
}
