/*
 * session_data: the octets of a message, on their way to mime.c.
 */
#include "session_private.h"

enum reply
session_data(struct session *s, char *args)
{
	enum conn_status st;
	const char *p;
	size_t n, size = 0, max = (size_t)s->config->max_size;
	enum reply r;

	if (*args != '\0')
		return REPLY_NO_ARGUMENT;
	session_reply(s, REPLY_GO_AHEAD);
	mime_init(&s->mime, s->config->links);
	conn_data_begin(&s->conn);
	s->conn.wait = (int)s->config->timeout_data * 1000;
	while ((st = conn_data(&s->conn, &p, &n)) == CONN_OK) {
		size += n;
		if (size <= max)
			mime_feed(&s->mime, p, n);
	}
	s->conn.wait = (int)s->config->timeout_command * 1000;
	if (st != CONN_END)
		return session_line_reply(s, st);
	mime_end(&s->mime);
	s->messages++;
	r = conn_bare(&s->conn) ? REPLY_BARE : size > max ? REPLY_TOO_BIG : GO;
	if (r == GO)
		r = session_send(s);
	session_reset(s);
	return r;
}
