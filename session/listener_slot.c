/*
 * listener_slot: a session that runs, as its listener sees it: the link that
 * it will need, what it says on its line, and its end.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/fds.h"
#include "common/ipc.h"
#include "common/log.h"
#include "common/metrics.h"
#include "session/link.h"
#include "session/listener_private.h"

#define RETRY	   20	/* milliseconds until who waits is tried again */
#define LAST_WORDS 64	/* messages of a session that has ended */

/* ---- what poll(2) looks at ---- */

void
listener_slot_watch(struct listener *l, struct slot *s)
{
	listener_poll_add(l, s->line, &s->at_line);
	if (!s->link_waits)
		listener_poll_add(l, s->link, &s->at_link);
}

static void
drop_link(struct listener *l, struct slot *s)
{
	listener_poll_remove(l, &s->at_link);
	if (s->link != -1)
		close(s->link);
	s->link = -1;
	s->link_waits = 0;
}

static void
drop_line(struct listener *l, struct slot *s)
{
	listener_poll_remove(l, &s->at_line);
	if (s->line != -1)
		close(s->line);
	s->line = -1;
}

/* ---- sources ---- */

int
listener_source(struct listener *l, const struct peer *peer)
{
	unsigned char address[16];

	if (config_ip(peer->ip, address) == -1 ||
	    config_trusts(l->config, peer->ip))
		return -1;
	return sources_find(&l->table->sources, address);
}

static uint64_t
seconds(void)
{
	return (uint64_t)clock_ms() / 1000;
}

enum line_word
listener_judge(struct listener *l, int source)
{
	const struct sources *all = &l->table->sources;
	const struct config *c = l->config;

	if (source == -1)
		return LINE_GO;
	if (c->max_auth_failures_per_source > 0 &&
	    sources_failures(all, source, seconds()) >=
	    (unsigned long)c->max_auth_failures_per_source)
		return LINE_BLOCKED;
	if (c->max_sessions_per_source > 0 &&
	    sources_sessions(all, source) >=
	    (unsigned long)c->max_sessions_per_source)
		return LINE_FULL;
	return LINE_GO;
}

/* ---- the link ---- */

static void
start_deliver(struct listener *l)
{
	struct argv c;

	link_command(&c, l->program);
	argv_add(&c, "-L");
	helper_start(&l->table->deliver, &c);
	listener_deliver_watch(l);
}

/*
 * Who the session is is said here and not by itself, which may have been
 * taken over by the time that anybody asks.
 */
static void
put_hello(struct buf *b, const struct slot *s)
{
	ipc_begin(b, REQ_HELLO);
	ipc_put_str(b, s->id, strlen(s->id));
	ipc_put_str(b, s->peer.ip, strlen(s->peer.ip));
	ipc_put_u8(b, s->trusted != 0);
	ipc_end(b);
}

static void
retry_later(struct listener *l)
{
	if (l->retry == 0)
		l->retry = clock_ms() + RETRY;
}

static void
hand_over(struct listener *l, struct slot *s)
{
	struct helper *h = &l->table->deliver;
	char storage[512];
	struct buf b;

	if (h->control == -1 && helper_is_usable(h))
		start_deliver(l);
	buf_init(&b, storage, sizeof(storage));
	put_hello(&b, s);
	switch (helper_pass(h, b.p, b.len, &s->link, 1)) {
	case HELPER_OK:
		s->delivers = 1;
		l->table->delivering++;
		break;
	case HELPER_BUSY:
		s->link_waits = 1;
		listener_poll_remove(l, &s->at_link);
		retry_later(l);
		return;
	case HELPER_FAILED:
		/* the session will find nobody, and say 451 */
		break;
	}
	drop_link(l, s);
}

/* What a session says at its end that never needed smtp2sms-deliver. */
static int
took_tally(struct listener *l, struct slot *s)
{
	struct tally t;

	if (l->config->metrics == NULL)
		return 0;
	switch (link_take_tally(s->link, &t)) {
	case 0:
		return 0;
	case 1:
		t.alone = 0;	/* its connection is counted here */
		metrics_tally(&t);
		break;
	}
	drop_link(l, s);
	return 1;
}

static void
on_link(struct listener *l, struct slot *s, short events)
{
	char c;

	/* hung up, perhaps without a word */
	if ((events & (POLLHUP | POLLERR)) != 0 &&
	    recv(s->link, &c, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
		drop_link(l, s);
	else if (!took_tally(l, s))
		hand_over(l, s);
}

void
listener_deliver_watch(struct listener *l)
{
	/* what poll(2) has said may be about the one before */
	l->poll[POLL_DELIVER].fd = l->table->deliver.control;
	l->poll[POLL_DELIVER].revents = 0;
}

long long
listener_deliver_rest(struct listener *l)
{
	const struct table *t = l->table;
	long long end;

	if (t->delivering > 0 || t->deliver.control == -1 ||
	    l->config->agent_idle == 0) {
		l->deliver_idle = 0;
		return 0;
	}
	if (l->deliver_idle == 0)
		l->deliver_idle = clock_ms();
	end = l->deliver_idle + 1000LL * l->config->agent_idle;
	if (clock_left(end) > 0)
		return end;
	helper_end(&l->table->deliver);
	listener_deliver_watch(l);
	return 0;
}

/* ---- the line ---- */

static void
answer(struct listener *l, struct slot *s, enum line_word word,
    const int *fds, size_t n)
{
	char octet = (char)word;

	if (fds_send(s->line, &octet, 1, fds, n) == -1)
		drop_line(l, s);
}

/* A session that has been taken over, or that is broken, is not listened to. */
static void
reject(struct listener *l, struct slot *s, const char *why)
{
	log_event(LOG_ERR, "line", "session", s->id, "peer", s->peer.ip,
	    "error", why, NULL);
	drop_line(l, s);
}

static void
count_failure(struct listener *l, struct slot *s)
{
	if (++s->failures > l->config->max_auth_failures +
	    l->config->max_messages)
		reject(l, s, "more failures than a session can have");
	else if (s->source != -1)
		sources_failure(&l->table->sources, s->source, seconds());
}

/* A peer that is no address was not in a PROXY header. */
static void
set_peer(struct slot *s, const char *p)
{
	unsigned char address[16];
	struct peer peer;

	memcpy(&peer, p, sizeof(peer));
	peer.ip[sizeof(peer.ip) - 1] = '\0';
	peer.port[sizeof(peer.port) - 1] = '\0';
	if (config_ip(peer.ip, address) == 0)
		s->peer = peer;
	else if (strcmp(peer.ip, s->peer.ip) != 0)
		strcpy(s->peer.ip, PEER_UNKNOWN);
}

/*
 * The PROXY header has named the client; until then the session was of no
 * source.  Only the first word is believed: it was said before the session
 * had read anything of the client's.
 */
static void
take_peer(struct listener *l, struct slot *s, const char *p)
{
	enum line_word word;

	if (!l->config->proxy_protocol || s->was_peer) {
		reject(l, s, "a peer that nobody asked for");
		return;
	}
	s->was_peer = 1;
	set_peer(s, p);
	s->trusted = l->config->auth == CONFIG_AUTH_NONE ||
	    config_trusts(l->config, s->peer.ip);
	s->source = listener_source(l, &s->peer);
	word = listener_judge(l, s->source);
	if (word == LINE_GO && s->source != -1)
		sources_begin(&l->table->sources, s->source);
	if (word == LINE_GO)
		metrics_add(METRICS_CONNECTIONS, "accepted", NULL, 1);
	if (word != LINE_GO) {
		listener_turned(l, word == LINE_FULL ? REASON_SOURCE :
						       REASON_FAILURES);
		s->source = -1;
	}
	answer(l, s, word, NULL, 0);
}

static void
begin_tls(struct listener *l, struct slot *s)
{
	s->tls_waits = 0;
	switch (listener_tls_begin(l, s)) {
	case HELPER_OK:
		break;
	case HELPER_BUSY:
		s->tls_waits = 1;
		retry_later(l);
		break;
	case HELPER_FAILED:
		/* it may ask again, as long as its connection is here */
		s->was_tls = s->client == -1;
		answer(l, s, LINE_NO, NULL, 0);
		break;
	}
}

static void
take_tls(struct listener *l, struct slot *s)
{
	if (s->was_tls || s->client == -1) {
		reject(l, s, "TLS a second time");
		return;
	}
	s->was_tls = 1;
	begin_tls(l, s);
}

static void
on_line(struct listener *l, struct slot *s)
{
	char message[LINE_MAX_SIZE];
	ssize_t n = recv(s->line, message, sizeof(message), MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		drop_line(l, s);
	else if (message[0] == LINE_FAILED && n == 1)
		count_failure(l, s);
	else if (message[0] == LINE_PEER && n == (ssize_t)sizeof(message))
		take_peer(l, s, message + 1);
	else if (message[0] == LINE_TLS && n == 1)
		take_tls(l, s);
	else
		reject(l, s, "a malformed message");
}

static struct slot *
slot_of(struct table *t, const int *at)
{
	return &t->slot[(size_t)((const char *)at - (const char *)t->slot) /
	    sizeof(t->slot[0])];
}

void
listener_slot_news(struct listener *l, int *at, short events)
{
	struct slot *s = slot_of(l->table, at);

	if (at == &s->at_link)
		on_link(l, s, events);
	else
		on_line(l, s);
}

void
listener_slot_retry(struct listener *l)
{
	struct table *t = l->table;
	struct slot *s;
	size_t i;

	l->retry = 0;
	for (i = 0; i < t->high; i++) {
		s = &t->slot[i];
		if (s->pid != 0 && s->link_waits) {
			s->link_waits = 0;
			listener_slot_watch(l, s);
			hand_over(l, s);
		}
		if (s->pid != 0 && s->tls_waits)
			begin_tls(l, s);
	}
}

/* ---- the end ---- */

/*
 * A signal may be the end of an attempt to guess an address, of which the
 * next session would have the same.
 */
void
listener_slot_end(struct listener *l, struct slot *s, int status)
{
	int i;

	if (WIFSIGNALED(status)) {
		log_event(LOG_ERR, "session-killed", "session", s->id, "peer",
		    s->peer.ip, "signal", LOG_NUM(WTERMSIG(status)), NULL);
		l->renew = 1;
	}
	/* what it said at last still counts */
	for (i = 0; i < LAST_WORDS && s->line != -1; i++)
		on_line(l, s);
	if (s->link != -1)
		took_tally(l, s);
	drop_line(l, s);
	drop_link(l, s);
	if (l->config->proxy_protocol && !s->was_peer)
		metrics_add(METRICS_CONNECTIONS, "proxy", NULL, 1);
	if (s->source != -1)
		sources_end(&l->table->sources, s->source);
	if (s->delivers)
		l->table->delivering--;
	if (s->client != -1)
		close(s->client);
	table_release(l->table, s);
}
