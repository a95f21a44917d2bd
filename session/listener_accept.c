/*
 * listener_accept: connections come in: the limits, a process for each that
 * keeps to them, and a 421 for the others.  Nothing here waits, and nothing
 * here reads what a client sends.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/metrics.h"
#include "session/link.h"
#include "session/listener_private.h"

#define ACCEPTS_MAX  32		/* connections in one turn */
#define PAUSE	     100	/* milliseconds, where the system has no room */
#define LINGER_MAX   64		/* connections that are closed a bit later */
#define LINGER	     1000	/* milliseconds for a client to read its 421 */
#define REPORT	     1000	/* milliseconds that one line of the log is of */

#define REPLY_FULL \
	"421 4.3.2 Too many connections, try again later\r\n"
#define REPLY_BLOCKED \
	"421 4.7.0 Too many authentication failures, try again later\r\n"
#define REPLY_CONFIG \
	"421 4.3.5 Server configuration error\r\n"

static struct {
	int spare;	/* a descriptor, for when there is no other left */
	struct {
		int fd;
		long long until;
	} linger[LINGER_MAX];
	size_t first, n;
} self = {.spare = -1};

void
listener_accept_init(struct listener *l)
{
	(void)l;
	self.spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* ---- those who are turned away ---- */

void
listener_turned(struct listener *l, enum listener_reason reason)
{
	static const char *const names[REASONS] = {
		[REASON_SESSIONS] = "max-sessions",
		[REASON_SOURCE] = "max-sessions-per-source",
		[REASON_FAILURES] = "max-auth-failures-per-source",
		[REASON_RESOURCES] = "resources",
		[REASON_CONFIG] = "config",
	};

	metrics_add(METRICS_CONNECTIONS, names[reason], NULL, 1);
	l->turned[reason]++;
	if (l->report == 0)
		l->report = clock_ms() + REPORT;
}

void
listener_report(struct listener *l)
{
	static const char *const names[REASONS] = {
		[REASON_SESSIONS] = "max-sessions",
		[REASON_SOURCE] = "max-sessions-per-source",
		[REASON_FAILURES] = "max-auth-failures-per-source",
		[REASON_RESOURCES] = "out of resources",
		[REASON_CONFIG] = "broken configuration",
	};
	size_t i;

	for (i = 0; i < REASONS; i++)
		if (l->turned[i] > 0)
			log_event(LOG_WARNING, "turned-away", "connections",
			    LOG_NUM(l->turned[i]), "reason", names[i], NULL);
	memset(l->turned, 0, sizeof(l->turned));
	l->report = 0;
}

long long
listener_linger(void)
{
	while (self.n > 0) {
		if (clock_left(self.linger[self.first].until) > 0)
			return self.linger[self.first].until;
		close(self.linger[self.first].fd);
		self.first = (self.first + 1) % LINGER_MAX;
		self.n--;
	}
	return 0;
}

/*
 * A socket that is closed with unread octets in it is reset, and the client
 * may never read our last words: keep it for a moment, as far as there is
 * room; whoever waited longest is closed first.
 */
static void
close_later(int fd)
{
	size_t at;

	shutdown(fd, SHUT_WR);
	if (self.n == LINGER_MAX) {
		close(self.linger[self.first].fd);
		self.first = (self.first + 1) % LINGER_MAX;
		self.n--;
	}
	at = (self.first + self.n++) % LINGER_MAX;
	self.linger[at].fd = fd;
	self.linger[at].until = clock_ms() + LINGER;
}

/* In clear, and so nothing to a client that is to begin with TLS. */
static void
turn_away(struct listener *l, int fd, enum sockets_kind kind,
    enum listener_reason reason)
{
	static const char *const replies[REASONS] = {
		[REASON_SESSIONS] = REPLY_FULL,
		[REASON_SOURCE] = REPLY_FULL,
		[REASON_FAILURES] = REPLY_BLOCKED,
		[REASON_RESOURCES] = REPLY_FULL,
		[REASON_CONFIG] = REPLY_CONFIG,
	};
	const char *reply = replies[reason];

	listener_turned(l, reason);
	if (kind == SOCKETS_SMTPS) {
		close(fd);
		return;
	}
	metrics_add(METRICS_REPLIES, "421", NULL, 1);
	/* the buffer of a new connection has room, or the client is gone */
	send(fd, reply, strlen(reply), MSG_DONTWAIT | MSG_NOSIGNAL);
	if (reason == REASON_RESOURCES)
		close(fd);
	else
		close_later(fd);
}

/* ---- those who may come ---- */

/* What it takes to be a session, beside the connection. */
struct pairs {
	int link[2], line[2];	/* the session's end first */
};

static void
close_pair(int pair[2])
{
	if (pair[0] != -1)
		close(pair[0]);
	if (pair[1] != -1)
		close(pair[1]);
}

static int
open_pairs(struct listener *l, struct pairs *p)
{
	*p = (struct pairs){{-1, -1}, {-1, -1}};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p->line) ==
	    -1)
		return -1;
	if (link_has_agent(l->program) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p->link) == 0)
		return 0;
	close_pair(p->line);
	return -1;
}

/* 1 if the session may ask for TLS, and smtp2sms-tls then needs its client. */
static int
keeps_client(const struct listener *l)
{
	return l->config->tls_cert != NULL;
}

/* In the listener: the session runs. */
static void
enter(struct listener *l, struct slot *s, const struct start *start, int fd,
    const struct pairs *p)
{
	close(p->line[0]);
	if (p->link[0] != -1)
		close(p->link[0]);
	s->line = p->line[1];
	s->link = p->link[1];
	if (keeps_client(l))
		s->client = fd;
	else
		close(fd);
	strcpy(s->id, start->id);
	s->peer = start->peer;
	s->trusted = start->trusted;
	if (s->source != -1)
		sources_begin(&l->table->sources, s->source);
	/* behind a proxy it is none before its peer is known */
	if (!l->config->proxy_protocol)
		metrics_add(METRICS_CONNECTIONS, "accepted", NULL, 1);
	listener_slot_watch(l, s);
}

/* Fork a process for the connection.  0, or -1: there is no room for one. */
static int
begin(struct listener *l, int fd, struct start *start,
    enum sockets_kind kind, int source)
{
	struct listener_child child = {l->program, start, fd, -1, kind};
	struct slot *s;
	struct pairs p;
	pid_t pid;

	if (open_pairs(l, &p) == -1)
		return -1;
	if ((s = table_take(l->table)) == NULL)
		goto fail;
	start->link = p.link[0];
	child.line = p.line[0];
	/* the child has no table: nothing of it may be touched there */
	if ((pid = fork()) == 0)
		listener_child(&child);
	if (pid == -1) {
		table_release(l->table, s);
		goto fail;
	}
	s->pid = pid;
	s->source = source;
	enter(l, s, start, fd, &p);
	return 0;
fail:
	close_pair(p.link);
	close_pair(p.line);
	return -1;
}

/* ---- accept(2) ---- */

static int
is_full(const struct listener *l)
{
	return l->config->max_sessions > 0 &&
	    l->table->sessions >= (size_t)l->config->max_sessions;
}

/* Sessions that have ended while this turn lasts do not count any more. */
static enum line_word
judge(struct listener *l, int source)
{
	enum line_word word = listener_judge(l, source);

	if (word != LINE_FULL)
		return word;
	listener_reap(l);
	return listener_judge(l, source);
}

static void
admit(struct listener *l, int fd, const struct sockaddr_storage *ss,
    enum sockets_kind kind)
{
	struct start start = {.wrapper = {-1, -1, -1}};
	int source = -1;

	if (l->broken || l->table->tls_state == TABLE_TLS_BROKEN) {
		turn_away(l, fd, kind, REASON_CONFIG);
		return;
	}
	if (is_full(l))
		listener_reap(l);
	if (is_full(l)) {
		turn_away(l, fd, kind, REASON_SESSIONS);
		return;
	}
	peer_address(&start.peer, (const struct sockaddr *)ss);
	/* behind a proxy everybody has its address: see LINE_PEER */
	if (!l->config->proxy_protocol)
		source = listener_source(l, &start.peer);
	switch (judge(l, source)) {
	case LINE_FULL:
		turn_away(l, fd, kind, REASON_SOURCE);
		return;
	case LINE_BLOCKED:
		turn_away(l, fd, kind, REASON_FAILURES);
		return;
	default:
		break;
	}
	start_identify(&start);
	start_trust(l->program, &start);
	start.lmtp = kind == SOCKETS_LMTP;
	if (begin(l, fd, &start, kind, source) == -1)
		turn_away(l, fd, kind, REASON_RESOURCES);
}

void
listener_accept_pending(struct listener *l)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd = l->table->pending;

	l->table->pending = -1;
	if (getpeername(fd, (struct sockaddr *)&ss, &len) == -1)
		close(fd);
	else
		admit(l, fd, &ss, l->table->pending_kind);
}

/*
 * All descriptors are in use.  A connection that nobody accepts would wait
 * and wake us for ever: tell it to come back, with the spare descriptor.
 */
static void
use_spare(struct listener *l, int sock, enum sockets_kind kind)
{
	int fd;

	if (self.spare != -1)
		close(self.spare);
	fd = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
	if (fd != -1)
		turn_away(l, fd, kind, REASON_RESOURCES);
	self.spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* another process may have taken it: ENFILE */
	if (self.spare == -1 || fd == -1)
		l->pause = clock_ms() + PAUSE;
}

/* accept(2) has failed.  1: the next connection may be better off. */
static int
accept_failed(struct listener *l, size_t i)
{
	switch (errno) {
	case EINTR:
	case ECONNABORTED:
	/* of the connection's network: accept(2), "Error handling" */
	case EPROTO:
	case ENETDOWN:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ENETUNREACH:
		return 1;
	case EAGAIN:
		return 0;
	case EMFILE:
	case ENFILE:
		use_spare(l, l->table->sockets.v[i].fd,
		    l->table->sockets.v[i].kind);
		return l->pause == 0;
	default:
		log_event(LOG_ERR, "accept", "error", strerror(errno), NULL);
		l->pause = clock_ms() + PAUSE;
		return 0;
	}
}

void
listener_accept(struct listener *l, size_t i)
{
	struct sockaddr_storage ss;
	enum sockets_kind kind;
	socklen_t len;
	int n, fd;

	for (n = 0; n < ACCEPTS_MAX; n++) {
		len = sizeof(ss);
		ss.ss_family = AF_UNSPEC;
		fd = accept4(l->table->sockets.v[i].fd,
		    (struct sockaddr *)&ss, &len, SOCK_CLOEXEC);
		if (fd == -1 && !accept_failed(l, i))
			return;
		if (fd == -1)
			continue;
		kind = l->table->sockets.v[i].kind;
		/* looked at behind accept(2): what was changed before the
		   client came holds for it */
		if (listener_is_outdated(l)) {
			l->table->pending = fd;
			l->table->pending_kind = kind;
			return;
		}
		admit(l, fd, &ss, kind);
	}
}
