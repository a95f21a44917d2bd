/*
 * session_private: what the rooms of one session share; nobody else enters.
 * session.c has the table, the states and the loop; session_tls.c STARTTLS,
 * session_auth.c AUTH, session_mail.c the envelope, session_data.c the
 * octets of a message, session_send.c what becomes of it.
 */
#ifndef SESSION_PRIVATE_H
#define SESSION_PRIVATE_H

#include "address.h"
#include "ask.h"
#include "auth.h"
#include "buf.h"
#include "config.h"
#include "conn.h"
#include "mime.h"
#include "reply.h"
#include "session.h"
#include "text.h"

#define SESSION_NOTE_MAX 2048 /* octets of a reply of many lines */

enum session_state {
	SESSION_START,
	SESSION_GREETED,
	SESSION_MAILED,
	SESSION_RECEIVING,
	SESSION_STATES
};

struct session {
	const struct session_setup *setup;
	const struct config *config;
	struct conn conn;
	enum session_state state;
	int tls;
	char client[AUTH_USER_MAX + 1]; /* of a certificate; "": none */
	int authenticated;
	int warmed; /* the delivery side knows that mail comes */
	int over;
	long messages, errors, refusals, auth_failures;
	long long end; /* deadline of the session */
	struct buf note;
	char note_storage[SESSION_NOTE_MAX];
	struct auth auth;
	struct rights rights; /* of the login; not set: as configured */
	struct options options; /* of the message */
	char numbers[CONFIG_RCPTS_MAX][ADDRESS_NUMBER_MAX];
	char *rcpt[CONFIG_RCPTS_MAX];
	size_t nrcpt;
	struct ask_result result[CONFIG_RCPTS_MAX];
	struct mime mime;
	char text[TEXT_ROOM(MIME_TEXT_MAX + MIME_FIELD_MAX)];
};

/* ---- session.c ---- */

/* Begin the note: the text of the reply that comes next. */
void session_note(struct session *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* The only way to the client. */
void session_reply(struct session *, enum reply);

/* What to say to a line, or to data, that did not come as it should. */
enum reply session_line_reply(struct session *, enum conn_status);

/* With -v: a line of the dialogue into the log; who is "c" or "s". */
void session_trace(struct session *, const char *who, const char *line);

/* 1 if mail may be sent: the client has authenticated, or need not. */
int session_may_send(const struct session *);

/* When the session ends; shorter until mail may be sent. */
void session_set_deadline(struct session *);

/* Forget the transaction. */
void session_reset(struct session *);

/*
 * ---- handlers of commands: args is what follows the verb, blanks at both
 * ends taken off.  They return the reply, or REPLY_NONE. ----
 */
enum reply session_tls_start(struct session *, char *args);
enum reply session_auth(struct session *, char *args);
enum reply session_mail(struct session *, char *args);
enum reply session_mail_rcpt(struct session *, char *args);
enum reply session_data(struct session *, char *args);

/* ---- session_tls.c ---- */

/* 1 if STARTTLS would be accepted now. */
int session_tls_offered(const struct session *);

/* Note whom the wrapper has verified; NULL: nobody. */
void session_tls_client(struct session *, const char *subject);

/* ---- session_auth.c ---- */

/* 1 if AUTH would be accepted now. */
int session_auth_offered(const struct session *);

/* ---- session_send.c ---- */

/* Send the message that mime has; what became of it. */
enum reply session_send(struct session *);

#endif
