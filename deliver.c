/*
 * deliver: main and event loop of smtp2sms-deliver.  It serves the session
 * on descriptor 0, or as an agent all that come (agent.c); what they say is
 * serve.c's.
 */
#include <sys/wait.h>

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "common/config.h"
#include "common/log.h"
#include "common/metrics.h"
#include "delivery/agent.h"
#include "delivery/catalogue.h"
#include "delivery/check.h"
#include "delivery/rate_digest.h"
#include "delivery/http.h"
#include "delivery/journal.h"
#include "delivery/login.h"
#include "delivery/probe.h"
#include "delivery/seal.h"
#include "delivery/serve.h"
#include "delivery/try.h"
#include "gateway/descriptor.h"
#include "gateway/gateway.h"
#include "gateway/read.h"

#define IDLE_WAIT 3600000	/* milliseconds; a wait without a deadline */

/* What the command line says. */
struct arguments {
	const char *file;
	char *overrides[CONFIG_OVERRIDES_MAX];
	size_t n;
	int test;
	int probe;
	int gateways, variables;	/* of the descriptors, for people */
	int metrics;		/* show them */
	int digest;		/* send those that are due */
	const char *listen;	/* the path of a socket to make */
	int by_listener;	/* descriptor 0 is a listener's */
	const char *hash;	/* the name of a login */
	const char *gateway;	/* to try; NULL: the first */
	struct try_setup try;	/* number NULL: none */
	struct serve_setup session;
};

static struct {
	struct config config;
	struct descriptor *gateway;
	int agent;
} self;

static void leave(int) __attribute__((noreturn));

/*
 * Let go of the session and outlive it: it still has to answer the client,
 * and a super-server may end it with us.  Code 0: with its exit status.
 */
static void
leave(int code)
{
	int status;

	close(STDIN_FILENO);
	if (wait(&status) != -1 && code == 0)
		code = WIFEXITED(status) ? WEXITSTATUS(status) : 75;
	_exit(code);
}

/* ---- the event loop ---- */

/* One turn: 0 when there is nothing left to do. */
static int
turn(struct curl_waitfd *w, unsigned max)
{
	unsigned agents = 0, journals, seals, n;
	int over, ms = IDLE_WAIT;

	if (self.agent && agent_stopping())
		serve_dismiss();
	n = serve_prepare(w + AGENT_WAITS, max - AGENT_WAITS - JOURNAL_WAITS -
	    SEAL_WAITS, &ms);
	over = self.agent ? agent_over() : serve_count() == 0;
	if (over || (self.agent && agent_stopping()))
		rate_digest_stop();
	rate_digest_turn(&ms);
	if (over && !rate_digest_busy())
		return 0;
	if (self.agent)
		agents = agent_prepare(w, &ms);
	metrics_turn(&ms);
	/* the descriptors stand without a gap */
	memmove(w + agents, w + AGENT_WAITS, n * sizeof(*w));
	journals = journal_prepare(w + agents + n, &ms);
	seals = seal_prepare(w + agents + n + journals, &ms);
	http_turn(w, agents + n + journals + seals, ms);
	seal_turn(w + agents + n + journals, seals);
	journal_turn(w + agents + n, journals);
	if (self.agent)
		agent_turn(w, agents);
	serve_turn(w + agents);
	return 1;
}

static int
run(void)
{
	unsigned max = AGENT_WAITS + JOURNAL_WAITS + SEAL_WAITS +
	    (self.agent ? (unsigned)self.config.agent_clients : 1);
	struct curl_waitfd *w = calloc(max, sizeof(*w));

	if (w == NULL)
		return 75;
	while (turn(w, max))
		;
	metrics_end();
	free(w);
	return serve_hostile() && !self.agent ? 75 : 0;
}

/* ---- start ---- */

static void
say_nothing(const char *what)
{
	(void)what;
}

static void
report(const char *what)
{
	log_event(LOG_ERR, "config", "error", what, NULL);
}

static void
report_stderr(const char *what)
{
	fprintf(stderr, "smtp2sms: %s\n", what);
}

static void
report_probe(const char *what)
{
	probe_unknown(what);
}

static int
usage(void)
{
	fprintf(stderr,
	    "usage: smtp2sms-deliver --try number [-n] [-g gateway] [-u user] "
	    "[-f file] "
	    "[-o key=value] [text]\n"
	    "       smtp2sms-deliver --check [-g gateway] [-u user] [-f file] "
	    "[-o key=value]\n"
	    "       smtp2sms-deliver --hash login\n"
	    "       smtp2sms-deliver --gateways | --variables [-f file] "
	    "[-o key=value]\n"
	    "       smtp2sms-deliver --digest | --metrics [-f file] [-o key=value]\n"
	    "       smtp2sms-deliver -l socket [-f file] [-o key=value]\n"
	    "       smtp2sms-deliver [-an] [-f file] [-i session] "
	    "[-o key=value] [-p peer]\n"
	    "       smtp2sms-deliver -L [-n] [-f file] [-o key=value]\n"
	    "       smtp2sms-deliver -t [-f file] [-o key=value]\n"
	    "smtp2sms starts it in the last three ways; see smtp2sms(8)\n");
	return 64;
}

static int
option(struct arguments *a, int c)
{
	switch (c) {
	case 'C':
		a->probe = 1;
		break;
	case 'G':
		a->gateways = 1;
		break;
	case 'V':
		a->variables = 1;
		break;
	case 'a':
		a->session.auth_required = 1;
		break;
	case 'D':
		a->digest = 1;
		break;
	case 'f':
		a->file = optarg;
		break;
	case 'g':
		a->gateway = optarg;
		break;
	case 'h':
		a->hash = optarg;
		break;
	case 'i':
		a->session.session = optarg;
		break;
	case 'L':
		a->by_listener = 1;
		break;
	case 'l':
		a->listen = optarg;
		break;
	case 'm':
		a->metrics = 1;
		break;
	case 'n':
		a->session.dry = a->try.dry = 1;
		break;
	case 'o':
		if (a->n == CONFIG_OVERRIDES_MAX)
			return -1;
		a->overrides[a->n++] = optarg;
		break;
	case 'p':
		a->session.peer = optarg;
		break;
	case 'T':
		a->try.number = optarg;
		break;
	case 't':
		a->test = 1;
		break;
	case 'u':
		a->try.user = optarg;
		break;
	default:
		return -1;
	}
	return 0;
}

static int
arguments(int argc, char **argv, struct arguments *a)
{
	static const struct option names[] = {
		{"check", no_argument, NULL, 'C'},
		{"gateways", no_argument, NULL, 'G'},
		{"digest", no_argument, NULL, 'D'},
		{"metrics", no_argument, NULL, 'm'},
		{"hash", required_argument, NULL, 'h'},
		{"try", required_argument, NULL, 'T'},
		{"variables", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "af:g:i:l:Lno:p:tu:", names, NULL)) !=
	    -1)
		if (option(a, c) == -1)
			return -1;
	if (a->try.number != NULL && optind + 1 == argc)
		a->try.text = argv[optind++];
	return optind == argc ? 0 : -1;
}

/* What is wrong is told where the configuration wants it to be told. */
static int
configure(struct arguments *a)
{
	config_report tell = a->probe ? report_probe :
	    a->test || a->try.number != NULL ? report_stderr : report;
	int bad = config_load(&self.config, a->file, a->overrides, a->n,
	    say_nothing);

	log_open("smtp2sms-deliver", self.config.log_stderr || a->probe ||
	    a->try.number != NULL);
	if (bad) {
		config_load(&self.config, a->file, a->overrides, a->n, tell);
		return -1;
	}
	self.gateway = read_descriptor(&self.config, tell);
	if (self.gateway == NULL)
		return -1;
	seal_init(&self.config);
	bad = check_start(&self.config, self.gateway, tell);
	if (a->test)
		bad |= check_test(&self.config, self.gateway, tell);
	return bad;
}

/* What descriptors say of themselves; no gateway has to be set up for it. */
static int
catalogue(struct arguments *a)
{
	if (config_load(&self.config, a->file, a->overrides, a->n,
	    report_stderr) == -1)
		return 78;
	return a->gateways ? catalogue_gateways(&self.config) :
			     catalogue_variables(&self.config);
}

static void
begin_metrics(void)
{
	const struct descriptor *g;

	metrics_open(self.config.metrics);
	for (g = self.gateway; g != NULL; g = g->next)
		metrics_gateway(g->name);
}

/* Be the agent, or serve the session on descriptor 0. */
static int
serve(struct arguments *a)
{
	if (!a->session.dry)
		begin_metrics();
	serve_init(&self.config, self.gateway);
	if (!a->session.dry)
		rate_digest_init(&self.config);
	self.agent = a->by_listener ?
	    agent_listener(&self.config, STDIN_FILENO, a->session.dry) :
	    agent_open(&self.config, a->listen);
	if (self.agent == -1)
		return 75;
	if (!self.agent && isatty(STDIN_FILENO))
		return usage();
	if (!self.agent && serve_add(STDIN_FILENO, &a->session) == -1)
		return 75;
	return run();
}

/* --digest: send what is due, and wait for what becomes of it. */
static int
send_digests(void)
{
	struct curl_waitfd w[JOURNAL_WAITS + SEAL_WAITS];
	unsigned journals, seals;
	int ms = IDLE_WAIT;

	begin_metrics();
	serve_init(&self.config, self.gateway);
	rate_digest_init(&self.config);
	rate_digest_turn(&ms);
	while (rate_digest_busy()) {
		journals = journal_prepare(w, &ms);
		seals = seal_prepare(w + journals, &ms);
		http_turn(w, journals + seals, ms);
		seal_turn(w + journals, seals);
		journal_turn(w, journals);
		ms = IDLE_WAIT;
		if (rate_digest_busy())
			rate_digest_turn(&ms);
	}
	metrics_end();
	return 0;
}

/* --metrics, whose configuration alone has to be right. */
static int
show_metrics(const struct arguments *a)
{
	const char *file;

	if (config_load(&self.config, a->file, a->overrides, a->n,
	    report_stderr) == -1)
		return 78;
	if ((file = self.config.metrics) == NULL) {
		fprintf(stderr, "smtp2sms: %s: there is no line `metrics "
		    "file`\n", a->file);
		return 78;
	}
	if (metrics_print(file) == 0)
		return 0;
	fprintf(stderr, "smtp2sms: %s.counts: %s\n", file, strerror(errno));
	return 75;
}

/* The gateway that -g names, or the first; NULL: there is no such. */
static struct descriptor *
find_gateway(const char *name)
{
	struct descriptor *g;

	for (g = self.gateway; g != NULL; g = g->next)
		if (name == NULL || strcmp(g->name, name) == 0)
			return g;
	fprintf(stderr, "smtp2sms: -g %s: the configuration has no such "
	    "gateway: ", name);
	for (g = self.gateway; g != NULL; g = g->next)
		fprintf(stderr, "%s%s", g->name, g->next != NULL ? ", " : "\n");
	return NULL;
}

/* Send one SMS, or ask for the credentials. */
static int
by_hand(struct arguments *a)
{
	struct descriptor *g = find_gateway(a->gateway);

	if (g == NULL)
		return a->probe ? probe_unknown("-g: there is no such "
		    "gateway") : 64;
	return a->probe ?
	    probe_run(&self.config, g, a->gateway != NULL, a->try.user) :
	    try_run(&self.config, g, &a->try);
}

int
main(int argc, char **argv)
{
	struct arguments a = {.file = CONFIG_FILE,
	    .session = {.session = "", .peer = ""}};
	int code;

	if (arguments(argc, argv, &a) == -1)
		return usage();
	if (a.hash != NULL)
		return login_hash(a.hash);
	if (a.gateways || a.variables)
		return catalogue(&a);
	if (a.metrics)
		return show_metrics(&a);
	signal(SIGPIPE, SIG_IGN);
#ifdef __linux__
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	if (configure(&a) == -1) {
		if (a.probe)
			return PROBE_UNKNOWN;
		if (a.test || a.digest || a.try.number != NULL || getenv("LISTEN_FDS"))
			return 78;
		leave(78);
	}
	if (a.test)
		return 0;
	if (http_init(&self.config) == -1 || journal_init(&self.config) == -1) {
		log_event(LOG_ERR, "http", "error", "curl cannot start",
		    NULL);
		leave(75);
	}
	if (a.probe || a.try.number != NULL)
		return by_hand(&a);
	if (a.digest)
		return send_digests();
	code = serve(&a);
	if (self.agent)
		return code;
	leave(code);
}
