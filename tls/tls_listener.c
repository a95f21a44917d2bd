/*
 * tls_listener: the messages of session/listener_tls.c, and a process for each
 * session.  This process reads nothing that a client sends.  So it may stay
 * root, if it was started as root, to read the next certificate; the process of
 * a session becomes the user.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/fds.h"
#include "common/log.h"
#include "common/watch.h"
#include "tls/tls_key.h"
#include "tls/tls_listener.h"
#include "tls/tls_sandbox.h"
#include "tls/tls_session.h"
#include "tls/tls_setup.h"

/* The first octet of a message over the control socket. */
#define LISTENER_ASK	'q'
#define LISTENER_READY	'r'
#define LISTENER_BROKEN 'b'
#define LISTENER_CLIENT 'c'
#define LISTENER_FDS	4	/* the client, control, in, out */

/* The process of one session: take its client and its channels, and serve. */
static _Noreturn void
serve_session(const int fds[LISTENER_FDS])
{
	const struct side s = {.ctl = fds[1], .in = fds[2], .out = fds[3]};

	if (dup2(fds[0], STDIN_FILENO) == -1 ||
	    dup2(fds[0], STDOUT_FILENO) == -1 ||
	    setup_become(&setup.user) == -1 ||
	    tls_sandbox_enter(setup.best_effort) == -1) {
		log_event(LOG_ERR, "sandbox", "error", strerror(errno), NULL);
		_exit(EX_TEMPFAIL);
	}
	close(fds[0]);
	_exit(session_of_listener(&s));
}

/* Tell the listener whether there is a key. */
static void
answer_listener(void)
{
	const char word = key_server() != NULL ? LISTENER_READY :
						LISTENER_BROKEN;

	send(STDIN_FILENO, &word, 1, MSG_NOSIGNAL);
}

/* Obey one message of the listener; 0 when it has gone. */
static int
serve_message(struct watch *files)
{
	char message[128];
	int fds[LISTENER_FDS], i;
	ssize_t n = fds_receive(STDIN_FILENO, message, sizeof(message) - 1,
	    fds, LISTENER_FDS);

	if (n == 0 || (n == -1 && errno != EMSGSIZE))
		return 0;
	if (watch_changed(files) || key_server() == NULL)
		key_reload();
	message[n > 0 ? n : 0] = '\0';
	if (message[0] == LISTENER_ASK)
		answer_listener();
	if (message[0] == LISTENER_CLIENT && fds[LISTENER_FDS - 1] != -1 &&
	    key_server() != NULL && fork() == 0) {
		log_context("peer", message + 1);
		signal(SIGCHLD, SIG_DFL);
		serve_session(fds);
	}
	for (i = 0; i < LISTENER_FDS; i++)
		if (fds[i] != -1)
			close(fds[i]);
	return 1;
}

int
listener_serve(void)
{
	struct watch files = {.n = 0};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN); /* leave no zombies */
	if (tls_sandbox_hide() == -1)
		return EX_TEMPFAIL;
	watch_add(&files, setup.cert_file);
	watch_add(&files, setup.key_file);
	watch_add(&files, setup.ca_file);
	key_reload();
	answer_listener();
	while (serve_message(&files))
		;
	return EX_OK;
}
