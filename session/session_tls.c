/*
 * session_tls: STARTTLS (RFC 3207) by UCSPI-TLS: ask the wrapper for TLS over
 * its control socket; it sends its variables when the handshake is over.
 */
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "session/line.h"
#include "session/session.h"
#include "session/session_private.h"

int
session_tls_offered(const struct session *s)
{
	return !s->tls && (s->setup->wrapper.control != -1 ||
	    s->setup->tls_by_listener);
}

/* The wrapper names only a client whose certificate it has verified. */
void
session_tls_client(struct session *s, const char *subject)
{
	if (subject != NULL && strlen(subject) < sizeof(s->client))
		strcpy(s->client, subject);
}

/* Forget all that was said in clear (RFC 3207, 4.2). */
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
	struct wrapper w = s->setup->wrapper;

	if (s->tls)
		return REPLY_TLS_TWICE;
	if (!session_tls_offered(s))
		return REPLY_NOT_HERE;
	if (*args != '\0')
		return REPLY_NO_ARGUMENT;
	if (conn_switch(&s->conn, s->conn.in, s->conn.out) == -1)
		return REPLY_TLS_BEHIND;
	if (s->setup->tls_by_listener && line_tls(&w) == -1)
		return REPLY_NO_TLS;
	session_reply(s, REPLY_TLS_READY);
	conn_flush(&s->conn);
	s->tls = 1;
	if (s->conn.gone || wrapper_start_tls(&w, s->conn.until) == -1) {
		session_count_tls(s, TALLY_TLS_FAILED);
		log_event(LOG_WARNING, "starttls", "error", "no handshake",
		    NULL);
		s->over = 1;
		return REPLY_NONE;
	}
	session_count_tls(s, TALLY_TLS_OK);
	close(w.control);
	close(s->conn.in); /* nobody may write clear text to it any more */
	close(s->conn.out);
	conn_switch(&s->conn, w.in, w.out);
	forget_clear(s);
	session_tls_client(s, wrapper_variable("SSL_CLIENT_S_DN"));
	log_event(LOG_INFO, "starttls", "protocol",
	    wrapper_variable("SSL_PROTOCOL"), "cipher",
	    wrapper_variable("SSL_CIPHER"), NULL);
	return REPLY_NONE;
}
