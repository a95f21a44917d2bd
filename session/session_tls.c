/*
 * session_tls: STARTTLS (RFC 3207) by UCSPI-TLS: the wrapper is told over its
 * control socket, and answers with variables when the handshake is over.
 */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/session.h"
#include "session/session_private.h"

#define VARIABLES_MAX (64 * 1024) /* octets of the wrapper's variables */

static char block[VARIABLES_MAX];

int
session_tls_offered(const struct session *s)
{
	return !s->tls && s->setup->tls_control != -1;
}

/*
 * Wait for the end of the handshake, when the wrapper sends its variables,
 * each with a NUL behind it and another NUL at the end.  0, or -1 if the
 * handshake failed.
 */
static int
read_tls_variables(struct session *s)
{
	struct pollfd p = {.fd = s->setup->tls_control, .events = POLLIN};
	size_t have = 0;
	ssize_t n;

	for (;;) {
		if (poll(&p, 1, clock_left(s->conn.until)) != 1)
			return -1;
		n = read(p.fd, block + have, sizeof(block) - have);
		if (n <= 0)
			return -1;
		have += (size_t)n;
		if (block[have - 1] == '\0' &&
		    (have == 1 || block[have - 2] == '\0'))
			return 0;
		if (have == sizeof(block))
			return -1;
	}
}

/* The value of one of the wrapper's variables, or NULL. */
static const char *
tls_variable(const char *name)
{
	size_t n = strlen(name);
	const char *p;

	for (p = block; *p != '\0'; p += strlen(p) + 1)
		if (strncmp(p, name, n) == 0 && p[n] == '=')
			return p + n + 1;
	return NULL;
}

/* Whom the wrapper has verified; it names nobody else. */
void
session_tls_client(struct session *s, const char *subject)
{
	if (subject != NULL && strlen(subject) < sizeof(s->client))
		strcpy(s->client, subject);
}

/* Everything that was said in clear is forgotten. */
static void
forget_clear(struct session *s)
{
	session_reset(s);
	s->state = SESSION_START;
	session_auth_forget(s);
}

enum reply
session_tls_start(struct session *s, char *args)
{
	if (s->tls)
		return REPLY_TLS_TWICE;
	if (s->setup->tls_control == -1)
		return REPLY_NOT_HERE;
	if (*args != '\0')
		return REPLY_NO_ARGUMENT;
	if (conn_switch(&s->conn, s->conn.in, s->conn.out) == -1)
		return REPLY_TLS_BEHIND;
	session_reply(s, REPLY_TLS_READY);
	conn_flush(&s->conn);
	s->tls = 1;
	if (s->conn.gone || write(s->setup->tls_control, "Y", 1) != 1 ||
	    read_tls_variables(s) == -1) {
		log_event(LOG_WARNING, "starttls", "error", "no handshake",
		    NULL);
		s->over = 1;
		return REPLY_NONE;
	}
	close(s->setup->tls_control);
	close(s->conn.in); /* clear text could still be written there */
	close(s->conn.out);
	conn_switch(&s->conn, s->setup->tls_in, s->setup->tls_out);
	forget_clear(s);
	session_tls_client(s, tls_variable("SSL_CLIENT_S_DN"));
	log_event(LOG_INFO, "starttls", "protocol",
	    tls_variable("SSL_PROTOCOL"), "cipher",
	    tls_variable("SSL_CIPHER"), NULL);
	return REPLY_NONE;
}
