/*
 * listener_tls: smtp2sms-tls as a listener needs it: started once, with the
 * key, before root is given up; asked whether certificate and key can be used;
 * handed the connection of each session that begins TLS.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fds.h"
#include "common/log.h"
#include "session/keeper.h"
#include "session/listener_private.h"
#include "session/wrapper.h"

#define ANSWER_WAIT 10000	/* milliseconds for it to load its files */

/* What is said over its control socket: see tls_listener.c, its other end. */
#define TLS_ASK	    'q'		/* can certificate and key be used? */
#define TLS_READY   'r'
#define TLS_BROKEN  'b'
#define TLS_CLIENT  'c'		/* the peer, and four descriptors */

/* ---- its start and its state ---- */

/* FNV-1a over all arguments. */
static uint64_t
hash_command(const struct argv *c)
{
	uint64_t h = 0xcbf29ce484222325ULL;
	const char *p;
	size_t i;

	for (i = 0; i < c->n; i++) {
		for (p = c->v[i]; *p != '\0'; p++)
			h = (h ^ (unsigned char)*p) * 0x100000001b3ULL;
		h = h * 0x100000001b3ULL;
	}
	return h;
}

static void
set_state(struct listener *l, enum table_tls state)
{
	l->table->tls_state = state;
	l->tls_deadline = state == TABLE_TLS_STARTING ?
	    clock_ms() + ANSWER_WAIT : 0;
	/* what poll(2) has said may be about the one before */
	l->poll[POLL_TLS].fd = l->table->tls.control;
	l->poll[POLL_TLS].revents = 0;
}

/* What has died, or must be another, only root can start again. */
static int
needs_keeper(const struct listener *l)
{
	return l->table->was_root && geteuid() != 0;
}

static int
is_out_of_reach(const struct listener *l)
{
	return needs_keeper(l) && l->table->keeper.control == -1;
}

static int
start(struct listener *l, const struct argv *c)
{
	return needs_keeper(l) ?
	    keeper_launch(&l->table->keeper, &l->table->tls) :
	    helper_start(&l->table->tls, c);
}

void
listener_tls_start(struct listener *l)
{
	struct helper *h = &l->table->tls;
	struct argv c;
	uint64_t hash;

	if (l->config->tls_cert == NULL) {
		helper_end(h);
		set_state(l, TABLE_TLS_NONE);
		return;
	}
	wrapper_command(&c, l->program, "-L");
	wrapper_finish(&c, l->program);
	hash = hash_command(&c);
	if (h->control != -1 && hash == l->table->tls_command) {
		set_state(l, l->table->tls_state);
		return;
	}
	if (is_out_of_reach(l)) {
		log_event(LOG_ERR, "tls", "error", "smtp2sms-tls has to be "
		    "started by root: restart this program", NULL);
		set_state(l, TABLE_TLS_BROKEN);
		return;
	}
	helper_end(h);
	l->table->tls_command = hash;
	set_state(l, start(l, &c) == 0 ? TABLE_TLS_STARTING :
					 TABLE_TLS_BROKEN);
}

int
listener_tls_settled(struct listener *l)
{
	if (l->table->tls_state != TABLE_TLS_STARTING)
		return 1;
	if (clock_left(l->tls_deadline) > 0)
		return 0;
	log_event(LOG_ERR, "tls", "error", "smtp2sms-tls does not answer",
	    NULL);
	set_state(l, TABLE_TLS_BROKEN);
	return 1;
}

void
listener_tls_recheck(struct listener *l)
{
	struct helper *h = &l->table->tls;
	const char ask = TLS_ASK;

	if (l->table->tls_state != TABLE_TLS_BROKEN ||
	    clock_left(l->tls_asked + HELPER_REST) > 0)
		return;
	l->tls_asked = clock_ms();
	if (h->control == -1)
		listener_tls_start(l);
	else if (helper_pass(h, &ask, 1, NULL, 0) == HELPER_OK)
		set_state(l, TABLE_TLS_STARTING);
}

/* It has died: start another, at once unless that has been so often. */
static void
replace(struct listener *l)
{
	helper_end(&l->table->tls);
	set_state(l, TABLE_TLS_BROKEN);
	if (l->stopping)
		return;
	/* whoever has started us starts us again, with all that it takes */
	if (is_out_of_reach(l)) {
		log_event(LOG_ERR, "tls", "error", "smtp2sms-tls and its "
		    "keeper have died: this program ends, to be started again",
		    NULL);
		l->failed = 1;
	} else if (helper_is_usable(&l->table->tls))
		listener_tls_start(l);
}

void
listener_tls_gone(struct listener *l)
{
	helper_gone(&l->table->tls);
	replace(l);
}

/*
 * It does not listen any more.  If it is a child of ours, the rest is done when
 * we hear that its process is over; until then it cannot be asked.
 */
static void
lose(struct listener *l)
{
	struct helper *h = &l->table->tls;

	helper_end(h);
	if (h->pid == 0)
		replace(l);
	else
		set_state(l, TABLE_TLS_STARTING);
}

void
listener_tls_read(struct listener *l)
{
	struct helper *h = &l->table->tls;
	char word = 0;
	ssize_t n = recv(h->control, &word, 1, MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 1 && (word == TLS_READY || word == TLS_BROKEN)) {
		set_state(l, word == TLS_READY ? TABLE_TLS_READY :
						 TABLE_TLS_BROKEN);
		return;
	}
	lose(l);
}

/* ---- a session ---- */

/* What lies between a session and its smtp2sms-tls. */
struct channels {
	int control[2];		/* theirs, the session's */
	int down[2], up[2];	/* pipes to the session, and from it */
};

static void
close_all(const struct channels *c)
{
	const int all[] = {c->control[0], c->control[1], c->down[0],
	    c->down[1], c->up[0], c->up[1]};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] != -1)
			close(all[i]);
}

static int
open_channels(struct channels *c)
{
	*c = (struct channels){{-1, -1}, {-1, -1}, {-1, -1}};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c->control) ==
	    0 && pipe2(c->down, O_CLOEXEC) == 0 &&
	    pipe2(c->up, O_CLOEXEC) == 0)
		return 0;
	close_all(c);
	return -1;
}

/* Tell both sides of the channels. */
static enum helper_result
hand_out(struct listener *l, struct slot *s, const struct channels *c)
{
	const int theirs[] = {s->client, c->control[0], c->up[0], c->down[1]};
	const int ours[] = {c->control[1], c->down[0], c->up[1]};
	char message[1 + sizeof(s->peer.ip)], word = LINE_GO;
	enum helper_result r;

	message[0] = TLS_CLIENT;
	strcpy(message + 1, s->peer.ip);
	r = helper_pass(&l->table->tls, message, strlen(message), theirs, 4);
	if (r == HELPER_OK && fds_send(s->line, &word, 1, ours, 3) == -1)
		r = HELPER_FAILED;
	return r;
}

enum helper_result
listener_tls_begin(struct listener *l, struct slot *s)
{
	enum helper_result r;
	struct channels c;

	listener_tls_recheck(l);
	if (l->table->tls_state == TABLE_TLS_STARTING)
		return HELPER_BUSY;
	if (l->table->tls_state != TABLE_TLS_READY)
		return HELPER_FAILED;
	if (open_channels(&c) == -1)
		return HELPER_BUSY;
	r = hand_out(l, s, &c);
	close_all(&c);
	/* it has died, and nobody has told us: wait for another */
	if (r == HELPER_FAILED && l->table->tls.control == -1) {
		lose(l);
		return HELPER_BUSY;
	}
	if (r == HELPER_BUSY)
		return r;
	close(s->client);
	s->client = -1;
	return r;
}
