/*
 * agent: the socket at which sessions connect: who may connect, how many at a
 * time, and when the agent has been idle for long enough to end.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fds.h"
#include "common/ipc.h"
#include "common/log.h"
#include "delivery/agent.h"
#include "delivery/serve.h"

#define LISTEN_FIRST 3		/* sd_listen_fds(3) */
#define ACCEPTS_MAX  64		/* connections accepted in one turn */
#define ACCEPT_PAUSE 1000	/* milliseconds, after accept(2) failed */

/*
 * Descriptors.  A session has its link, its record in the journal and the
 * record's folder; a request has a connection, and more while it connects.
 */
#define FDS_CLIENT   3
#define FDS_REQUEST  3
#define FDS_OTHER    64

static struct {
	const struct config *config;
	int fd;
	int stop[2];		/* a pipe: SIGTERM has come */
	int by_listener;	/* fd: see agent_listener */
	int dry;		/* ... and its sessions send nothing */
	int closed;		/* ... and its listener wants no more */
	int stopping, over;
	long long idle_since;	/* 0: there are sessions */
	long long pause;	/* accept(2) is not called before; 0: none */
	struct log_limit refused;	/* whoever is none of agent-users */
} self;

static void
on_term(int sig)
{
	int saved = errno;

	(void)sig;
	if (write(self.stop[1], "", 1) == -1)
		errno = saved; /* the pipe is full of earlier ones */
	errno = saved;
}

static int
fail(const char *what)
{
	log_event(LOG_ERR, "agent", "error", what, "reason",
	    strerror(errno), NULL);
	return -1;
}

static int
given_socket(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");

	if (n == NULL || strcmp(n, "1") != 0)
		return -1;
	if (pid != NULL && strtol(pid, NULL, 10) != (long)getpid())
		return -1;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return LISTEN_FIRST;
}

/* 1 if the path is a socket that an earlier agent has left behind. */
static int
is_left_behind(int fd, const struct sockaddr_un *a)
{
	struct stat st;

	return lstat(a->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    connect(fd, (const struct sockaddr *)a, sizeof(*a)) == -1 &&
	    errno == ECONNREFUSED;
}

static int
own_socket(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	mode_t mask = umask(0117);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), ok;

	if (strlen(path) >= sizeof(a.sun_path)) {
		errno = ENAMETOOLONG;
		ok = 0;
	} else {
		strcpy(a.sun_path, path);
		if (is_left_behind(fd, &a))
			unlink(path);
		ok = bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
		    listen(fd, AGENT_BACKLOG) == 0;
	}
	umask(mask);
	return ok ? fd : -1;
}

/* Raise the limit of open files: often 1024, though more is allowed. */
static void
raise_limit(const struct config *c)
{
	rlim_t want = (rlim_t)c->agent_clients * FDS_CLIENT +
	    (rlim_t)c->agent_requests * FDS_REQUEST + FDS_OTHER;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1 ||
	    r.rlim_cur == RLIM_INFINITY || r.rlim_cur >= want)
		return;
	r.rlim_cur = r.rlim_max == RLIM_INFINITY || r.rlim_max > want ?
	    want : r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

static int
prepare(const struct config *c)
{
	struct sigaction sa = {.sa_handler = on_term};

	self.config = c;
	if (fcntl(self.fd, F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(self.fd, F_SETFD, FD_CLOEXEC) == -1)
		return fail("the listening socket");
	if (pipe(self.stop) == -1 ||
	    fcntl(self.stop[1], F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(self.stop[0], F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(self.stop[1], F_SETFD, FD_CLOEXEC) == -1)
		return fail("pipe");
	sigaction(SIGTERM, &sa, NULL);
	/* ^C is for the listener */
	if (!self.by_listener)
		sigaction(SIGINT, &sa, NULL);
	raise_limit(c);
	self.idle_since = clock_ms();
	return 1;
}

int
agent_open(const struct config *c, const char *path)
{
	if ((self.fd = given_socket()) == -1) {
		if (path == NULL)
			return 0;
		if ((self.fd = own_socket(path)) == -1)
			return fail(path);
	}
	return prepare(c);
}

int
agent_listener(const struct config *c, int fd, int dry)
{
	self.fd = fd;
	self.dry = dry;
	self.by_listener = 1;
	return prepare(c);
}

/* ---- sessions ---- */

static int
peer_uid(int fd, uid_t *uid)
{
#ifdef SO_PEERCRED
	struct ucred u;
	socklen_t n = sizeof(u);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &n) == -1)
		return -1;
	*uid = u.uid;
	return 0;
#else
	gid_t gid;

	return getpeereid(fd, uid, &gid);
#endif
}

static int
may_connect(int fd)
{
	const struct config_list *users = &self.config->agent_users;
	struct passwd *pw;
	uid_t uid;
	size_t i;

	if (peer_uid(fd, &uid) == -1)
		return 0;
	if (users->n == 0 && (uid == 0 || uid == geteuid()))
		return 1;
	for (i = 0; i < users->n; i++)
		if ((pw = getpwnam(users->v[i])) != NULL && pw->pw_uid == uid)
			return 1;
	log_limited(&self.refused, LOG_WARNING, "agent", "error",
	    "not one of agent-users", "uid", LOG_NUM(uid), NULL);
	return 0;
}

/* Sessions beyond agent-clients wait in the socket's backlog. */
static int
may_accept(void)
{
	if (self.pause != 0 && clock_left(self.pause) == 0)
		self.pause = 0;
	return self.pause == 0 &&
	    serve_count() < (size_t)self.config->agent_clients;
}

/* accept() failed and would fail again (EMFILE): pause, or the loop spins. */
static void
on_accept_error(void)
{
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	fail("accept");
	self.pause = clock_ms() + ACCEPT_PAUSE;
}

/*
 * One session from the listener: its link, and who it is, which is believed
 * as the session's own word would not be.  1, or 0: there is none now.
 */
static int
receive_client(void)
{
	char hello[AGENT_HELLO_MAX], session[IPC_NAME_MAX + 1];
	char peer[IPC_NAME_MAX + 1];
	struct serve_setup setup = {.session = session, .peer = peer,
	    .dry = self.dry};
	struct ipc_frame f;
	ssize_t n;
	int fd;

	n = fds_receive(self.fd, hello, sizeof(hello), &fd, 1);
	if (n == 0) {
		close(self.fd);
		self.closed = 1;
	}
	/* EMSGSIZE: no descriptor was left for the link, which is lost */
	if (n <= 0)
		return n == -1 && errno == EMSGSIZE;
	if (fd == -1 || ipc_size(hello, (size_t)n) != n) {
		close(fd);
		return 1;
	}
	ipc_open(&f, hello, (size_t)n);
	ipc_get_str(&f, session, IPC_NAME_MAX);
	ipc_get_str(&f, peer, IPC_NAME_MAX);
	setup.auth_required = !ipc_get_u8(&f);
	if (f.type != REQ_HELLO || ipc_close(&f) == -1 ||
	    serve_add(fd, &setup) == -1)
		close(fd);
	return 1;
}

static void
receive_clients(void)
{
	int i;

	for (i = 0; i < ACCEPTS_MAX && may_accept() && receive_client(); i++)
		;
}

static void
accept_clients(void)
{
	static const struct serve_setup setup = {.session = "?", .peer = "?",
	    .auth_required = 1, .agent = 1};
	int fd, i;

	for (i = 0; i < ACCEPTS_MAX && may_accept(); i++) {
		if ((fd = accept(self.fd, NULL, NULL)) == -1) {
			on_accept_error();
			return;
		}
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		if (!may_connect(fd) || serve_add(fd, &setup) == -1)
			close(fd);
	}
}

static long long
idle_end(void)
{
	return self.idle_since + 1000LL * self.config->agent_idle;
}

unsigned
agent_prepare(struct curl_waitfd *w, int *ms)
{
	unsigned n = 0;
	int left;

	if (serve_count() > 0 || self.config->agent_idle == 0 ||
	    self.by_listener)
		self.idle_since = 0;
	else if (self.idle_since == 0)
		self.idle_since = clock_ms();
	if (self.idle_since != 0) {
		left = clock_left(idle_end());
		if (left < *ms)
			*ms = left;
	}
	if (self.stopping)
		return 0;
	if (self.pause != 0 && (left = clock_left(self.pause)) < *ms)
		*ms = left;
	w[n++] = (struct curl_waitfd){self.stop[0], CURL_WAIT_POLLIN, 0};
	if (may_accept() && !self.closed)
		w[n++] = (struct curl_waitfd){self.fd, CURL_WAIT_POLLIN, 0};
	return n;
}

void
agent_turn(const struct curl_waitfd *w, unsigned n)
{
	if (self.stopping)
		return;
	if (w[0].revents != 0) {
		self.stopping = 1;
		return;
	}
	if (n > 1 && w[1].revents != 0) {
		if (self.by_listener)
			receive_clients();
		else
			accept_clients();
	} else if (self.idle_since != 0 && clock_left(idle_end()) == 0) {
		/* the super-server gives later connections to a new agent */
		accept_clients();
		self.over = serve_count() == 0;
	}
}

int
agent_stopping(void)
{
	return self.stopping;
}

int
agent_over(void)
{
	return self.over ||
	    ((self.stopping || self.closed) && serve_count() == 0);
}
