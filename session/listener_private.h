/*
 * listener_private: what the files of the listener share; nobody else
 * includes it.  listener.c has the loop, listener_accept.c the limits and
 * what those hear who are too many, listener_slot.c a session that runs,
 * listener_tls.c smtp2sms-tls, listener_child.c the new process.
 */
#ifndef LISTENER_PRIVATE_H
#define LISTENER_PRIVATE_H

#include <poll.h>

#include "common/watch.h"
#include "session/line.h"
#include "session/listener_table.h"
#include "session/program.h"

/*
 * What is always in the array of poll(2); behind it come the sockets, and then
 * the links and lines of the sessions.
 */
enum listener_poll { POLL_DELIVER, POLL_TLS, POLL_SOCKETS };

/* Why clients were turned away; for the log. */
enum listener_reason {
	REASON_SESSIONS,	/* max-sessions */
	REASON_SOURCE,		/* max-sessions-per-source */
	REASON_FAILURES,	/* max-auth-failures-per-source */
	REASON_RESOURCES,	/* of the system: descriptors, processes */
	REASON_CONFIG,		/* the configuration is broken */
	REASONS
};

struct listener {
	struct program *program;
	const struct config *config;
	struct table *table;
	struct pollfd *poll;
	int **owner;		/* of each: the at_link or at_line of its slot */
	size_t npoll;		/* that are in it */
	size_t nfixed;		/* of these, those that are no session's */
	int broken;		/* the configuration is */
	int dropped;		/* this process is not root any more */
	int stopping;		/* no more connections */
	int failed;		/* end soon, so that we are started again */
	int renew;		/* execute this program again */
	int reload;		/* ... and forget what was configured */
	struct watch watch;	/* what the configuration is made of */
	long long pause;	/* no accept(2) before; 0: at any time */
	long long idle_since;	/* 0: there are sessions */
	long long deliver_idle;	/* since when no session is smtp2sms-deliver's;
				   0: there is one, or it does not run */
	long long retry;	/* sessions that wait are looked at; 0: none */
	long long tls_deadline;	/* for smtp2sms-tls to answer; 0: none */
	long long tls_asked;	/* when it was asked, or started, last */
	long long report;	/* when turned is logged; 0: all are 0 */
	unsigned long turned[REASONS];
	size_t counted;		/* sessions, as the metrics have them */
};

/* ---- listener.c ---- */

/* 1 if this program is to be executed again: a file has been changed. */
int listener_is_outdated(struct listener *);

/*
 * Count those sessions as ended whose processes are over by now.  To be called
 * before a client is told that there are too many.
 */
void listener_reap(struct listener *);

/* ---- listener_poll.c ---- */

/* 0, or -1 with errno. */
int listener_poll_init(struct listener *);

/*
 * Wait for this descriptor, too, unless it is -1 or in the array already; and
 * no longer.  *at is where it is: -1, not at all.
 */
void listener_poll_add(struct listener *, int fd, int *at);
void listener_poll_remove(struct listener *, int *at);

/* ---- listener_accept.c ---- */

void listener_accept_init(struct listener *);

/* Accept what is there, up to a number. */
void listener_accept(struct listener *, size_t socket);

/* Serve the connection that has waited for a new configuration. */
void listener_accept_pending(struct listener *);

/* Note that a client was turned away, and log it within a second. */
void listener_turned(struct listener *, enum listener_reason);
void listener_report(struct listener *);

/* Close the connections whose clients had time to read their 421. */
long long listener_linger(void);

/* ---- listener_slot.c ---- */

/* A session has begun: watch its link and its line. */
void listener_slot_watch(struct listener *, struct slot *);

/* Something has happened to what at is of a slot. */
void listener_slot_news(struct listener *, int *at, short events);

/* Links and TLS that had to wait. */
void listener_slot_retry(struct listener *);

/* Its process is over. */
void listener_slot_end(struct listener *, struct slot *, int status);

/* Watch smtp2sms-deliver's control socket. */
void listener_deliver_watch(struct listener *);

/*
 * End it when no session has needed it for agent-idle.  Returns the moment, or
 * 0: there is none.
 */
long long listener_deliver_rest(struct listener *);

/* The source of an address; -1: it is not counted. */
int listener_source(struct listener *, const struct peer *);

/* May this source have another session?  LINE_GO, LINE_FULL, LINE_BLOCKED. */
enum line_word listener_judge(struct listener *, int source);

/* ---- listener_tls.c ---- */

/* Start smtp2sms-tls if it is needed and does not run. */
void listener_tls_start(struct listener *);

/* Its control socket can be read. */
void listener_tls_read(struct listener *);

/* Its process is over. */
void listener_tls_gone(struct listener *);

/*
 * Begin TLS for a session: hand its connection to smtp2sms-tls and the other
 * end of the channels to the session.
 */
enum helper_result listener_tls_begin(struct listener *, struct slot *);

/* 1 if it is known whether smtp2sms-tls can be used; until then clients wait. */
int listener_tls_settled(struct listener *);

/* It could not be used: ask once more, or start it again. */
void listener_tls_recheck(struct listener *);

/* ---- listener_child.c ---- */

struct listener_child {
	const struct program *program;
	struct start *start;
	int client, line;
	enum sockets_kind kind;
};

/* Be the session, in the new process. */
_Noreturn void listener_child(const struct listener_child *);

#endif
