/*
 * listener: see listener.h.  The loop: what poll(2) and signals tell, and
 * when it is time to end or to execute this program again.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/random.h>
#endif

#include "common/clock.h"
#include "common/log.h"
#include "common/metrics.h"
#include "session/keeper.h"
#include "session/listener.h"
#include "session/listener_private.h"
#include "session/privileges.h"
#include "session/sandbox.h"
#include "session/start.h"
#include "session/status.h"

#define FDS_SLOT  3		/* descriptors for each session */
#define FDS_OTHER 128
#define IDLE	  60		/* seconds, unless listen-idle says more */
#define POLL_PAUSE 100		/* milliseconds, if poll(2) fails */
#define LAST_WAIT 60000		/* milliseconds for smtp2sms-deliver to finish */

static struct listener self;
static volatile sig_atomic_t child_died, stop_asked, reload_asked;

/* ---- signals: they come in take_signals and while poll(2) waits ---- */

static void
on_signal(int sig)
{
	switch (sig) {
	case SIGCHLD:
		child_died = 1;
		break;
	case SIGHUP:
		reload_asked = 1;
		break;
	default:
		stop_asked = 1;
		break;
	}
}

static void
catch_signals(void)
{
	static const int caught[] = {SIGCHLD, SIGHUP, SIGTERM, SIGINT};
	struct sigaction sa = {.sa_handler = on_signal};
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	for (i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaddset(&blocked, caught[i]);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	for (i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaction(caught[i], &sa, NULL);
}

/*
 * Let in the signals that have come.  ppoll(2) does so only where it has to
 * wait: as long as clients come without a pause it would never tell us that
 * sessions have ended, or that we shall end.
 */
static void
take_signals(void)
{
	sigset_t none, blocked;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, &blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

/* ---- processes that are over ---- */

static struct slot *
find_slot(struct table *t, pid_t pid)
{
	size_t i;

	for (i = 0; i < t->high; i++)
		if (t->slot[i].pid == pid)
			return &t->slot[i];
	return NULL;
}

static void
bury(struct listener *l, pid_t pid, int status)
{
	struct table *t = l->table;
	struct slot *s = find_slot(t, pid);

	if (s != NULL) {
		listener_slot_end(l, s, status);
	} else if (pid == t->deliver.pid) {
		helper_log("smtp2sms-deliver", status);
		helper_gone(&t->deliver);
		listener_deliver_watch(l);
	} else if (pid == t->tls.pid) {
		helper_log("smtp2sms-tls", status);
		listener_tls_gone(l);
	} else if (pid == t->keeper.pid) {
		helper_log("smtp2sms-keeper", status);
		helper_gone(&t->keeper);
	} else {
		/* one that had been asked to end */
		helper_log("an earlier one", status);
	}
}

static void
reap(struct listener *l)
{
	int status;
	pid_t pid;

	child_died = 0;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		bury(l, pid, status);
}

void
listener_reap(struct listener *l)
{
	sigset_t come;

	sigemptyset(&come);
	sigpending(&come);
	if (child_died || sigismember(&come, SIGCHLD))
		reap(l);
}

/* ---- an end ---- */

static void
close_sockets(struct listener *l)
{
	size_t i;

	for (i = 0; i < l->table->sockets.n; i++)
		close(l->table->sockets.v[i].fd);
	l->table->sockets.n = 0;
}

/* SIGTERM: no more connections; the sessions are told, and end themselves. */
static void
stop(struct listener *l)
{
	size_t i;

	l->stopping = 1;
	close_sockets(l);
	for (i = 0; i < l->table->high; i++)
		if (l->table->slot[i].pid != 0)
			kill(l->table->slot[i].pid, SIGTERM);
	log_event(LOG_INFO, "stop", "sessions", LOG_NUM(l->table->sessions),
	    NULL);
	status_tell("Waiting for the last sessions");
}

/* Seconds without a session until the end; 0: never. */
static long
idle_seconds(const struct listener *l)
{
	if (l->table->sockets.own)
		return 0;
	return l->config->listen_idle == -1 ? IDLE : l->config->listen_idle;
}

static int
is_over(struct listener *l)
{
	long idle = idle_seconds(l);

	if (l->table->sessions > 0) {
		l->idle_since = 0;
		return 0;
	}
	if (l->idle_since == 0)
		l->idle_since = clock_ms();
	return l->stopping ||
	    (idle > 0 && clock_left(l->idle_since + 1000LL * idle) == 0);
}

/*
 * The sessions are over, but smtp2sms-deliver may still wait for an answer
 * that belongs into the journal.
 */
static void
wait_for_helpers(struct listener *l)
{
	long long deadline = clock_ms() + LAST_WAIT;
	struct table *t = l->table;

	helper_end(&t->deliver);
	helper_end(&t->tls);
	helper_end(&t->keeper);
	l->stopping = 1;
	for (;;) {
		reap(l);
		if (clock_left(deadline) == 0 || (t->deliver.pid == 0 &&
			t->tls.pid == 0 && t->keeper.pid == 0))
			return;
		poll(NULL, 0, 10);
	}
}

/* ---- to execute this program again ---- */

/*
 * A new image has new addresses and a new configuration.  It keeps the
 * process, its children, its sockets and the table of sessions; connections
 * wait meanwhile.
 */
static void
renew(struct listener *l)
{
	l->renew = 0;
	listener_report(l);
	metrics_end();
	if (l->reload)
		helper_end(&l->table->deliver);
	l->reload = 0;
	if (table_hand_on(l->table, 1) == 0) {
		/* by this name also where the file has been replaced */
		execv("/proc/self/exe", l->program->argv);
		execvp(l->program->argv[0], l->program->argv);
	}
	log_event(LOG_ERR, "renew", "error", strerror(errno), NULL);
	table_hand_on(l->table, 0);
	listener_deliver_watch(l);
}

int
listener_is_outdated(struct listener *l)
{
	if (reload_asked || watch_changed(&l->watch))
		l->renew = l->reload = 1;
	reload_asked = 0;
	return l->renew;
}

/* ---- the loop ---- */

static void
sooner(int *ms, long long moment)
{
	int left;

	if (moment != 0 && (left = clock_left(moment)) < *ms)
		*ms = left;
}

/* How long nothing will happen by itself. */
static int
time_left(struct listener *l)
{
	int ms = 3600 * 1000;

	if (l->failed && !l->stopping)
		return 0;
	if (l->idle_since != 0 && idle_seconds(l) > 0)
		sooner(&ms, l->idle_since + 1000LL * idle_seconds(l));
	sooner(&ms, l->pause);
	sooner(&ms, l->retry);
	sooner(&ms, l->report);
	sooner(&ms, l->tls_deadline);
	sooner(&ms, listener_linger());
	sooner(&ms, listener_deliver_rest(l));
	metrics_turn(&ms);
	return ms;
}

/* Clients are accepted, unless there is a reason to let them wait. */
static void
watch_sockets(struct listener *l)
{
	const struct sockets *s = &l->table->sockets;
	size_t i;
	int open;

	if (l->pause != 0 && clock_left(l->pause) == 0)
		l->pause = 0;
	open = l->pause == 0 && listener_tls_settled(l);
	for (i = 0; POLL_SOCKETS + i < l->nfixed; i++)
		l->poll[POLL_SOCKETS + i].fd =
		    open && i < s->n ? s->v[i].fd : -1;
}

static int
wait_for_news(struct listener *l)
{
	int ms = l->table->pending != -1 && listener_tls_settled(l) ? 0 :
	    time_left(l);
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};
	sigset_t none;
	int n;

	sigemptyset(&none);
	watch_sockets(l);
	n = ppoll(l->poll, (nfds_t)l->npoll, &ts, &none);
	if (n == -1 && errno != EINTR) {
		log_event(LOG_ERR, "poll", "error", strerror(errno), NULL);
		poll(NULL, 0, POLL_PAUSE);
	}
	return n;
}

/*
 * From the last to the first, since one that is taken out of the array has its
 * place filled by the last.
 */
static void
visit_slots(struct listener *l)
{
	short events;
	size_t i;

	for (i = l->npoll; i-- > l->nfixed;) {
		if (i >= l->npoll || l->poll[i].revents == 0)
			continue;
		events = l->poll[i].revents;
		l->poll[i].revents = 0;
		listener_slot_news(l, l->owner[i], events);
	}
}

static void
visit_sockets(struct listener *l)
{
	size_t i;

	for (i = 0; i < l->table->sockets.n; i++) {
		if (l->poll[POLL_SOCKETS + i].revents == 0)
			continue;
		listener_tls_recheck(l);
		if (l->renew || !listener_tls_settled(l))
			return;
		listener_accept(l, i);
	}
}

/* How many sessions there are, if that has changed. */
static void
count_sessions(struct listener *l)
{
	if (!metrics_are_on() || l->counted == l->table->sessions)
		return;
	l->counted = l->table->sessions;
	metrics_sessions(l->counted);
}

static void
turn(struct listener *l)
{
	int n = wait_for_news(l);

	take_signals();
	if ((stop_asked || l->failed) && !l->stopping)
		stop(l);
	/* first, so that the places of those that have ended are free */
	if (child_died)
		reap(l);
	if (n > 0) {
		visit_slots(l);
		if (l->poll[POLL_TLS].revents != 0)
			listener_tls_read(l);
		if (l->poll[POLL_DELIVER].revents != 0) {
			helper_end(&l->table->deliver);
			listener_deliver_watch(l);
		}
	}
	if (l->retry != 0 && clock_left(l->retry) == 0)
		listener_slot_retry(l);
	if (l->report != 0 && clock_left(l->report) == 0)
		listener_report(l);
	if (n > 0 && !l->stopping)
		visit_sockets(l);
	if (reload_asked)
		listener_is_outdated(l);
	if (l->renew && !l->stopping)
		renew(l);
	if (l->table->pending != -1 && listener_tls_settled(l))
		listener_accept_pending(l);
	count_sessions(l);
}

/* As the user who serves, and not again before the next exec. */
static void
begin_metrics(struct listener *l)
{
	metrics_open(l->config->metrics);
	l->counted = l->table->sessions;
	metrics_sessions(l->counted);
}

static int
loop(struct listener *l)
{
	while (!is_over(l))
		turn(l);
	listener_report(l);
	close_sockets(l);
	wait_for_helpers(l);
	count_sessions(l);
	metrics_end();
	return l->failed ? PROGRAM_TEMPORARY : PROGRAM_OK;
}

/* ---- start ---- */

/* Many systems give a program 1024, and as many as it asks for. */
static void
raise_limit(size_t slots)
{
	rlim_t want = (rlim_t)slots * FDS_SLOT + FDS_OTHER;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1 ||
	    r.rlim_cur == RLIM_INFINITY || r.rlim_cur >= want)
		return;
	r.rlim_cur = r.rlim_max == RLIM_INFINITY || r.rlim_max > want ?
	    want : r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

/* What the configuration is made of. */
static void
watch_files(struct listener *l)
{
	const struct config *c = l->config;
	size_t i;

	watch_add(&l->watch, l->program->file);
	watch_add(&l->watch, c->tls_client_ca);
	watch_add(&l->watch, c->gateway_ca);
	for (i = 0; i < c->secret.n; i++)
		watch_add(&l->watch, c->secret.v[i].value);
}

static size_t
slots_wanted(const struct config *c)
{
	return c->max_sessions > 0 && c->max_sessions < TABLE_SLOTS_MAX ?
	    (size_t)c->max_sessions : TABLE_SLOTS_MAX;
}

static int
fail(const char *what)
{
	log_event(LOG_ERR, "listener", "error", what, "reason",
	    strerror(errno), NULL);
	return PROGRAM_TEMPORARY;
}

/* From here on nothing can be had that root alone has, but by the keeper. */
static int
drop(struct listener *l)
{
	const char *error;

	if (geteuid() == 0 && l->config->user != NULL) {
		l->table->was_root = 1;
		if (l->config->tls_cert != NULL)
			keeper_start(&l->table->keeper, l->program);
	}
	error = privileges_drop(l->config->user);
	if (error != NULL) {
		log_event(LOG_ERR, "config", "error", error, NULL);
		l->broken = 1;
	}
	if (geteuid() == 0)
		log_event(LOG_WARNING, "privileges", "user", "root", NULL);
#ifdef __linux__
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	return 0;
}

static void
begin(struct listener *l, struct program *p, int broken)
{
	l->program = p;
	l->config = &p->config;
	l->broken = broken;
	log_may_wait(0);
	raise_limit(slots_wanted(l->config));
	watch_files(l);
	catch_signals();
	listener_accept_init(l);
}

static uint64_t
random_seed(void)
{
	uint64_t seed = 0;

#ifdef __linux__
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) ==
	    (ssize_t)sizeof(seed))
		return seed;
	return (uint64_t)clock_ms() ^ (uint64_t)getpid() << 32;
#else
	arc4random_buf(&seed, sizeof(seed));
	return seed;
#endif
}

/* For whoever looks at it by `systemctl status`. */
static void
tell_status(const struct listener *l)
{
	char text[64];

	snprintf(text, sizeof(text), "Serving %zu socket%s",
	    l->table->sockets.n, l->table->sockets.n == 1 ? "" : "s");
	status_tell(l->broken ? "The configuration is broken: clients are "
	    "told 421 4.3.5; the log says why" : text);
}

/* A port for TLS whose name is misspelt would be served in clear. */
static void
log_odd_names(const struct sockets *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->v[i].odd[0] != '\0')
			log_event(LOG_WARNING, "socket", "name", s->v[i].odd,
			    "served-as", sockets_name(s->v[i].kind), "error",
			    "the name is none of smtp, smtps, lmtp", NULL);
}

int
listener_run(struct program *p, const struct sockets *s, int broken)
{
	struct listener *l = &self;

	begin(l, p, broken);
	if ((l->table = table_new(slots_wanted(l->config))) == NULL)
		return fail("memory");
	l->table->sockets = *s;
	if (listener_poll_init(l) == -1)
		return fail("memory");
	sources_init(&l->table->sources, random_seed());
	if (sockets_listen(s) == -1)
		return fail("listen");
	listener_tls_start(l);
	drop(l);
	begin_metrics(l);
	start_try_sandbox(p);
	sandbox_prepare();
	log_odd_names(s);
	log_event(LOG_INFO, "listen", "sockets", LOG_NUM(s->n), NULL);
	tell_status(l);
	return loop(l);
}

int
listener_is_resumed(void)
{
	return (self.table = table_inherited()) != NULL;
}

int
listener_resume(struct program *p, int broken)
{
	struct listener *l = &self;
	size_t i;

#ifdef PR_SET_NAME
	prctl(PR_SET_NAME, "smtp2sms", 0, 0, 0);
#endif
	begin(l, p, broken);
	l->table = table_grow(l->table, slots_wanted(l->config));
	if (l->table == NULL || listener_poll_init(l) == -1)
		return fail("memory");
	for (i = 0; i < l->table->high; i++)
		if (l->table->slot[i].pid != 0) {
			l->table->slot[i].at_link = -1;
			l->table->slot[i].at_line = -1;
			listener_slot_watch(l, &l->table->slot[i]);
		}
	l->retry = clock_ms();	/* some may have waited for a helper */
	listener_deliver_watch(l);
	listener_tls_start(l);
	drop(l);
	begin_metrics(l);
	start_try_sandbox(p);
	sandbox_prepare();
	log_event(LOG_INFO, "renewed", "sessions",
	    LOG_NUM(l->table->sessions), NULL);
	/* somebody may have died meanwhile */
	child_died = 1;
	tell_status(l);
	return loop(l);
}
