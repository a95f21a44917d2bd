/*
 * session_data: DATA, and BDAT (RFC 3030): passes the octets of a message on to
 * mime.c.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mail/mime.h"
#include "session/session.h"
#include "session/session_private.h"

/* Octets of a chunk; for a larger one, end the session and do not read it. */
#define CHUNK_MAX    (1024UL * 1024 * 1024)
#define CHUNK_DIGITS 10		/* of a chunk's size, leading zeros included */

static struct mime mime;

/* Begin a message. */
static void
begin(struct session *s)
{
	s->mime = &mime;
	mime_init(s->mime, s->config->links);
	conn_data_begin(&s->conn);
}

/* Pass octets on, up to max-size. */
static void
feed(struct session *s, const char *p, size_t n)
{
	struct session_message *m = &s->message;
	size_t max = (size_t)s->config->max_size;

	if (m->size <= max)
		m->size += n;
	if (m->size <= max)
		mime_feed(s->mime, p, n);
}

/* REPLY_GO, or why the octets so far cannot be a message. */
static enum reply
judge(const struct session *s)
{
	if (conn_bare(&s->conn) && !s->message.binary)
		return REPLY_BARE;
	return s->message.size > (size_t)s->config->max_size ? REPLY_TOO_BIG :
								 REPLY_GO;
}

/* End a message that is complete, and send it. */
static enum reply
finish(struct session *s)
{
	enum reply r;

	mime_end(s->mime);
	s->state = SESSION_RECEIVING;
	s->messages++;
	r = session_send(s, judge(s));
	session_reset(s);
	return r;
}

enum reply
session_data(struct session *s, char *args)
{
	enum conn_status st;
	const char *p;
	size_t n;

	if (*args != '\0')
		return REPLY_NO_ARGUMENT;
	if (s->message.binary)
		return REPLY_NEEDS_BDAT;
	if (s->nnumbers == 0)
		return REPLY_NO_RCPTS;
	session_reply(s, REPLY_GO_AHEAD);
	begin(s);
	s->conn.wait = (int)s->config->timeout_data * 1000;
	while ((st = conn_data(&s->conn, &p, &n)) == CONN_OK)
		feed(s, p, n);
	s->conn.wait = (int)s->config->timeout_command * 1000;
	if (st == CONN_END)
		return finish(s);
	mime_end(s->mime);
	return st == CONN_UNENDED ? REPLY_UNENDED : session_line_reply(s, st);
}

/* ---- BDAT ---- */

/*
 * Parse "octets [LAST]": REPLY_GO, or a reply that ends the session, since
 * nobody knows where the next command begins.
 */
static enum reply
parse_chunk_size(const char *args, size_t *size, int *last)
{
	size_t n = strspn(args, "0123456789");
	const char *rest = args + n + strspn(args + n, " ");

	if (n == 0 || (args[n] != ' ' && args[n] != '\0'))
		return REPLY_BDAT_SYNTAX;
	*last = strcasecmp(rest, "LAST") == 0;
	if (*rest != '\0' && !*last)
		return REPLY_BDAT_SYNTAX;
	if (n > CHUNK_DIGITS)
		return REPLY_CHUNK_TOO_BIG;
	*size = (size_t)strtoull(args, NULL, 10);
	return *size > CHUNK_MAX ? REPLY_CHUNK_TOO_BIG : REPLY_GO;
}

/* Read a chunk to its end; unless wanted, drop it. */
static enum conn_status
read_chunk(struct session *s, size_t left, int wanted)
{
	enum conn_status st;
	const char *p;
	size_t n;

	s->conn.wait = (int)s->config->timeout_data * 1000;
	while ((st = conn_chunk(&s->conn, &left, &p, &n)) == CONN_OK)
		if (wanted)
			feed(s, p, n);
	s->conn.wait = (int)s->config->timeout_command * 1000;
	return st;
}

enum reply
session_data_drop(struct session *s, char *args, enum reply refused)
{
	enum conn_status st;
	enum reply r;
	size_t size;
	int last;

	if ((r = parse_chunk_size(args, &size, &last)) != REPLY_GO)
		return r;
	st = read_chunk(s, size, 0);
	return st == CONN_END ? refused : session_line_reply(s, st);
}

enum reply
session_data_bdat(struct session *s, char *args)
{
	enum conn_status st;
	enum reply r;
	size_t size;
	int last;

	/* in LMTP each RCPT with a 250 gets a reply to the last chunk */
	if (s->nnumbers == 0 && !s->setup->lmtp)
		return session_data_drop(s, args, REPLY_NO_RCPTS);
	if ((r = parse_chunk_size(args, &size, &last)) != REPLY_GO)
		return r;
	if (s->state != SESSION_CHUNKING)
		begin(s);
	s->state = SESSION_CHUNKING;
	if ((st = read_chunk(s, size, 1)) != CONN_END)
		return session_line_reply(s, st);
	if (last) {
		conn_data_end(&s->conn);
		return finish(s);
	}
	/* all chunks of a message that is refused get the same reply */
	session_note(s, "%zu octets received", size);
	r = judge(s);
	return r == REPLY_GO ? REPLY_CHUNK_OK : r;
}
