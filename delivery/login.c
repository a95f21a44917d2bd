/*
 * login: checks of credentials, each in a child process, so that the event
 * loop of the delivery side never waits for one.
 *
 * The child has one end of a socket pair; it writes one packet to it, a
 * verdict with its reason, and exits.  Few children run at a time, since a
 * strong hash needs much memory.  The child starts a checkpassword program as
 * a child of its own, which inherits no descriptor that it could keep open.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fds.h"
#include "common/log.h"
#include "delivery/hash.h"
#include "delivery/login.h"
#include "delivery/users.h"

#define LINK	3	/* the child's end of the socket pair */
#define PIPE	3	/* where a checkpassword program reads */
#define PATH	"PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:" \
		"/sbin"

/*
 * What a checkpassword program exits with (cr.yp.to/checkpwd/interface.html),
 * and two more that mean a wrong password: vchkpw's 3, which Dovecot's have
 * for an unknown user, and 100, qmail's "permanent", of cvm-checkpassword.
 */
enum {
	CHECKPASSWORD_RIGHT,
	CHECKPASSWORD_WRONG,
	CHECKPASSWORD_MISUSED,
	CHECKPASSWORD_NOBODY,
	CHECKPASSWORD_PERMANENT = 100,
	CHECKPASSWORD_TEMPORARY = 111
};

/* What a child does: verify a hash, or run a program. */
struct login_work {
	const char *user, *secret;
	struct users_login login;
	const struct config_list *program;
};

struct verdict {
	unsigned char verdict;
	char why[LOGIN_WHY_MAX + 1];	/* for the log; "": nothing */
};

static struct {
	int running;
	STAILQ_HEAD(, login_check) waiting; /* for their turn */
} self = {.waiting = STAILQ_HEAD_INITIALIZER(self.waiting)};

static void
set_verdict(struct verdict *a, enum ipc_verdict v, const char *why)
{
	memset(a, 0, sizeof(*a));
	a->verdict = (unsigned char)v;
	snprintf(a->why, sizeof(a->why), "%s", why);
}

/* ---- the child ---- */

static int
use_null(void)
{
	int fd = open("/dev/null", O_RDWR);

	if (fd == -1 || dup2(fd, 0) == -1 || dup2(fd, 1) == -1 ||
	    dup2(fd, 2) == -1)
		return -1;
	return 0;
}

static void
on_alarm(int signo)
{
	(void)signo;
	kill(0, SIGKILL); /* the child and the program that it runs */
}

/* Lower a limit; one that is lower already stays. */
static const struct rlimit *
clamp(struct rlimit *r, rlim_t to)
{
	if (r->rlim_max != RLIM_INFINITY && r->rlim_max < to)
		to = r->rlim_max;
	r->rlim_cur = r->rlim_max = to;
	return r;
}

static void
set_limits(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_CORE, &r) == 0)
		setrlimit(RLIMIT_CORE, clamp(&r, 0));
	if (getrlimit(RLIMIT_CPU, &r) == 0)
		setrlimit(RLIMIT_CPU, clamp(&r, LOGIN_CPU_MAX));
	signal(SIGALRM, on_alarm);
	alarm(LOGIN_WAIT_MAX);
}

static void
check_hash(const struct login_work *w, struct verdict *a)
{
	int right = hash_verify(w->secret, w->login.hash);

	if (!w->login.has_password)
		set_verdict(a, IPC_VERDICT_WRONG, "");
	else if (right == -1)
		set_verdict(a, IPC_VERDICT_TEMPORARY,
		    "crypt(3) cannot use the login's hash");
	else
		set_verdict(a, right ? IPC_VERDICT_OK : IPC_VERDICT_WRONG, "");
}

/*
 * The program that a checkpassword program runs after a right password: one
 * that does nothing.  vchkpw requires "true" in its name.
 */
static const char *
find_true(void)
{
	static const char *const paths[] = {"/bin/true", "/usr/bin/true"};
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return "true";
}

static void run_program(const struct config_list *, int)
    __attribute__((noreturn));

static void
run_program(const struct config_list *program, int in)
{
	char *argv[CONFIG_PROGRAM_MAX + 2], *envp[] = {PATH, NULL};
	size_t i;

	for (i = 0; i < program->n; i++)
		argv[i] = program->v[i];
	argv[i++] = strdup(find_true());
	argv[i] = NULL;
	if (dup2(in, PIPE) != -1 && chdir("/") == 0) {
		fds_close_from(PIPE + 1);
		execve(argv[0], argv, envp);
	}
	_exit(CHECKPASSWORD_TEMPORARY);
}

/*
 * A pipe that holds the user name, the password and an empty timestamp: no
 * challenge was sent (cr.yp.to/checkpwd/interface.html).
 */
static int
fill_pipe(const struct login_work *w)
{
	char storage[LOGIN_PIPE_MAX + 1];
	struct buf b;
	int fd[2];
	ssize_t n;

	buf_init(&b, storage, sizeof(storage));
	buf_put(&b, w->user, strlen(w->user) + 1);
	buf_put(&b, w->secret, strlen(w->secret) + 1);
	buf_put(&b, "", 1);
	if (pipe(fd) == -1)
		return -1;
	n = write(fd[1], b.p, b.len);	/* a pipe holds more */
	close(fd[1]);
	buf_wipe(&b);
	return n > 0 ? fd[0] : -1;
}

static void
judge_status(int status, struct verdict *a)
{
	char why[LOGIN_WHY_MAX + 1];

	if (!WIFEXITED(status)) {
		snprintf(why, sizeof(why), "checkpassword: killed by signal "
		    "%d", WTERMSIG(status));
		set_verdict(a, IPC_VERDICT_TEMPORARY, why);
		return;
	}
	switch (WEXITSTATUS(status)) {
	case CHECKPASSWORD_RIGHT:
		set_verdict(a, IPC_VERDICT_OK, "");
		break;
	case CHECKPASSWORD_WRONG:
	case CHECKPASSWORD_NOBODY:
	case CHECKPASSWORD_PERMANENT:
		set_verdict(a, IPC_VERDICT_WRONG, "");
		break;
	default: /* misused, temporary, or a status that nobody defined */
		snprintf(why, sizeof(why), "checkpassword: exit status %d",
		    WEXITSTATUS(status));
		set_verdict(a, IPC_VERDICT_TEMPORARY, why);
	}
}

static void
check_program(const struct login_work *w, struct verdict *a)
{
	const char *path = w->program->v[0];
	char why[LOGIN_WHY_MAX + 1];
	int fd = access(path, X_OK) == 0 ? fill_pipe(w) : -1, status;
	pid_t pid = fd != -1 ? fork() : -1;

	if (pid == 0)
		run_program(w->program, fd);
	snprintf(why, sizeof(why), "checkpassword: %.200s: %s", path,
	    strerror(errno));
	set_verdict(a, IPC_VERDICT_TEMPORARY, why);
	if (pid == -1)
		return;
	close(fd);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return;
	judge_status(status, a);
}

static void child(int, const struct login_work *) __attribute__((noreturn));

static void
child(int fd, const struct login_work *w)
{
	struct verdict a;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	setpgid(0, 0);
	if ((fd != LINK && dup2(fd, LINK) == -1) || use_null() == -1)
		_exit(1);
	fds_close_from(LINK + 1);
	set_limits();
	if (w->program != NULL)
		check_program(w, &a);
	else
		check_hash(w, &a);
	send(LINK, &a, sizeof(a), MSG_NOSIGNAL);
	_exit(0);
}

/* ---- the parent ---- */

/* If fork(2) fails, closing the child's end makes the check fail. */
static void
start_child(struct login_check *c)
{
	if ((c->pid = fork()) == 0)
		child(c->theirs, c->work);
	if (c->pid == -1) {
		c->pid = 0;
	} else {
		setpgid(c->pid, c->pid); /* the child does so, too: a race */
		self.running++;
	}
	close(c->theirs);
	c->theirs = -1;
}

static void
start_waiting(void)
{
	struct login_check *c;

	while (self.running < LOGIN_RUNNING_MAX &&
	    (c = STAILQ_FIRST(&self.waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&self.waiting, entry);
		start_child(c);
	}
}

static void
leave_queue(struct login_check *c)
{
	STAILQ_REMOVE(&self.waiting, c, login_check, entry);
	close(c->theirs);
	c->theirs = -1;
}

/* Start the check when its turn comes; it keeps a copy of the work. */
static int
join_queue(struct login_check *c, int fd, const struct login_work *w)
{
	if ((c->work = malloc(sizeof(*w))) == NULL)
		return -1;
	memcpy(c->work, w, sizeof(*w));
	STAILQ_INSERT_TAIL(&self.waiting, c, entry);
	c->theirs = fd;
	start_waiting();
	return 0;
}

/* A verdict that takes no time: written as a child would do it. */
static int
send_verdict(int fd, enum ipc_verdict v, const char *why)
{
	struct verdict a;

	set_verdict(&a, v, why);
	if (send(fd, &a, sizeof(a), MSG_NOSIGNAL) != (ssize_t)sizeof(a))
		return -1;
	close(fd);
	return 0;
}

static void
log_users(const char *what)
{
	log_event(LOG_ERR, "login", "error", what, NULL);
}

static int
begin_users(struct login_check *c, int fd, const struct config *config,
    enum ipc_kind kind, struct login_work *w, struct users_profile *profile)
{
	struct users_login *u = &w->login;
	enum users_result found = users_find(config, w->user, u,
	    log_users);

	*profile = u->profile;
	if (found == USERS_BROKEN)
		return send_verdict(fd, IPC_VERDICT_TEMPORARY, "");
	if (kind == IPC_EXTERNAL)
		return send_verdict(fd,
		    found == USERS_FOUND ? IPC_VERDICT_OK : IPC_VERDICT_WRONG,
		    "");
	if (*w->secret == '\0' || strlen(w->secret) > HASH_PASSWORD_MAX ||
	    u->hash[0] == '\0')
		return send_verdict(fd, IPC_VERDICT_WRONG, "");
	return join_queue(c, fd, w);
}

static int
begin_program(struct login_check *c, int fd, const struct config *config,
    enum ipc_kind kind, struct login_work *w)
{
	/* an LDAP server takes an empty one for an anonymous bind
	   (RFC 4513, 5.1.2), and the program for a success */
	if (kind == IPC_EXTERNAL || *w->secret == '\0')
		return send_verdict(fd, IPC_VERDICT_WRONG, "");
	if (strlen(w->user) + strlen(w->secret) + 3 > LOGIN_PIPE_MAX)
		return send_verdict(fd, IPC_VERDICT_WRONG,
		    "checkpassword: user name and password are too long");
	w->program = &config->checkpassword;
	return join_queue(c, fd, w);
}

static int
begin(struct login_check *c, int fd, const struct config *config,
    enum ipc_kind kind, struct login_work *w, struct users_profile *profile)
{
	if (kind == IPC_BEARER)
		return send_verdict(fd, IPC_VERDICT_WRONG, "");
	switch ((enum config_auth)config->auth) {
	case CONFIG_AUTH_USERS:
		return begin_users(c, fd, config, kind, w, profile);
	case CONFIG_AUTH_CHECKPASSWORD:
		return begin_program(c, fd, config, kind, w);
	case CONFIG_AUTH_GATEWAY:
	case CONFIG_AUTH_NONE:
	case CONFIG_AUTH_ANY:
		break;
	}
	return send_verdict(fd, IPC_VERDICT_TEMPORARY,
	    "auth is neither users nor checkpassword");
}

int
login_begin(struct login_check *c, const struct config *config,
    enum ipc_kind kind, const char *user, const char *secret,
    struct users_profile *profile)
{
	struct login_work w = {.user = user, .secret = secret};
	int fd[2], r;

	memset(c, 0, sizeof(*c));
	c->theirs = -1;
	memset(profile, 0, sizeof(*profile));
	profile->rights.subject = -1;
	profile->rights.max_parts = -1;
	snprintf(c->user, sizeof(c->user), "%s", user);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) == -1)
		return -1;
	c->fd = fd[0];
	r = begin(c, fd[1], config, kind, &w, profile);
	explicit_bzero(&w, sizeof(w));
	if (r == 0)
		return 0;
	close(fd[0]);
	close(fd[1]);
	c->fd = -1;
	return -1;
}

static void
reap(struct login_check *c, int over)
{
	if (!over) {
		kill(-c->pid, SIGKILL);
		kill(c->pid, SIGKILL);
	}
	while (waitpid(c->pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	self.running--;
	c->pid = 0;
}

enum ipc_verdict
login_end(struct login_check *c)
{
	struct verdict a;
	ssize_t n = recv(c->fd, &a, sizeof(a), MSG_DONTWAIT);
	int over = n == (ssize_t)sizeof(a) && a.verdict <= IPC_VERDICT_LAST;

	if (!over)
		set_verdict(&a, IPC_VERDICT_TEMPORARY, n == 0 ?
		    "the password check process died" : "no answer in time");
	if (c->theirs != -1)
		leave_queue(c);
	else if (c->pid != 0)
		reap(c, over);
	close(c->fd);
	c->fd = -1;
	if (c->work != NULL)
		explicit_bzero(c->work, sizeof(*c->work));
	free(c->work);
	c->work = NULL;
	start_waiting();
	a.why[LOGIN_WHY_MAX] = '\0';
	if (a.why[0] != '\0')
		log_event(LOG_WARNING, "login", "user", c->user, "error",
		    a.why, NULL);
	return (enum ipc_verdict)a.verdict;
}

/* ---- -t ---- */

static int
test_program(const char *path, config_report report)
{
	struct stat st;
	char what[4200];

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		errno = EACCES;
	else if (access(path, X_OK) == 0)
		return 0;
	snprintf(what, sizeof(what), "checkpassword: %s: %s", path,
	    strerror(errno));
	report(what);
	return -1;
}

int
login_test(const struct config *config, config_report report)
{
	switch ((enum config_auth)config->auth) {
	case CONFIG_AUTH_USERS:
		return users_test(config, report);
	case CONFIG_AUTH_CHECKPASSWORD:
		return test_program(config->checkpassword.v[0], report);
	case CONFIG_AUTH_GATEWAY:
	case CONFIG_AUTH_NONE:
	case CONFIG_AUTH_ANY:
		break;
	}
	return 0;
}
