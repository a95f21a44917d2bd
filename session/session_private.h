/*
 * session_private: what the rooms of one session share; nobody else enters.
 * session.c has the table, the states and the loop; session_tls.c STARTTLS,
 * session_auth.c AUTH, session_mail.c the envelope, session_data.c the
 * octets of a message, session_options.c its options, session_send.c what
 * becomes of it.
 */
#ifndef SESSION_PRIVATE_H
#define SESSION_PRIVATE_H

#include "auth.h"
#include "common/buf.h"
#include "common/config.h"
#include "common/number.h"
#include "mail/mime.h"
#include "session/ask.h"
#include "session/conn.h"
#include "session/reply.h"
#include "session/session.h"
#include "sms/text.h"

#define SESSION_NOTE_MAX   2048 /* octets of a reply of many lines */
#define SESSION_PLACES_MAX CONFIG_RCPTS_MAX /* accepted RCPTs of a message */

enum session_state {
	SESSION_START,
	SESSION_GREETED,
	SESSION_MAILED,
	SESSION_RECEIVING,	/* there was a recipient */
	SESSION_CHUNKING,	/* there was a BDAT that was not the last */
	SESSION_STATES
};

/* An RCPT that was answered by 250. */
struct session_place {
	const struct config_alias *alias;	/* NULL: one number */
	size_t number;		/* which of the message's, without an alias */
	enum reply bad;		/* why it is left out; GO: it is not */
};

/* What one message brings with it; all zero: nothing. */
struct session_message {
	char sender[IPC_SENDER_MAX + 1]; /* "local@domain"; "@": <> */
	struct options options;
	int utf8, binary, prdr;
	int null_sender;	/* MAIL FROM:<> */
	int prioritised, held;	/* by a parameter, whatever its value */
	int hinted;		/* the priority is only a hint's */
	int notice;		/* BY: a notice is asked for, no return */
	int from_header;	/* options.from is X-SMS-From's */
	size_t success, never;	/* recipients with such a NOTIFY */
	uint32_t left_out;	/* OPTIONS_CAN_...: what the gateway cannot */
	size_t size;		/* octets so far */
	size_t nbad;		/* places that are left out */
	struct text_info info;	/* of the text that was made */
};

struct session {
	const struct session_setup *setup;
	const struct config *config;
	struct conn conn;
	enum session_state state;
	int tls;
	char client[IPC_USER_MAX + 1]; /* of a certificate; "": none */
	int authenticated;
	int warmed;		/* the delivery side knows that mail comes */
	int over;
	long messages, errors, refusals, auth_failures;
	long long end;		/* deadline of the session */
	struct buf note;
	char note_storage[SESSION_NOTE_MAX];
	struct auth auth;
	int has_rights;		/* of the login; else all is as configured */
	struct rights rights;
	char *allow[OPTIONS_ALLOW_MAX];	/* the prefixes of rights */
	int has_abilities;	/* of the gateway: it has been asked */
	struct abilities abilities;
	struct session_message message;
	unsigned notify;	/* of the RCPT that is being read */
	char numbers[CONFIG_RCPTS_MAX][NUMBER_SIZE];
	char *rcpt[CONFIG_RCPTS_MAX];
	size_t nrcpt;
	struct session_place place[SESSION_PLACES_MAX];
	size_t nplaces;
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

/* Seconds since 1970. */
long long session_now(void);

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
enum reply session_data_bdat(struct session *, char *args);

/* ---- session_tls.c ---- */

/* 1 if STARTTLS would be accepted now. */
int session_tls_offered(const struct session *);

/* Note whom the wrapper has verified; NULL: nobody. */
void session_tls_client(struct session *, const char *subject);

/* ---- session_auth.c ---- */

/* 1 if AUTH would be accepted now. */
int session_auth_offered(const struct session *);

/* ... and by which mechanisms: "PLAIN LOGIN". */
const char *session_auth_mechanisms(const struct session *);

/* Forget who the client is. */
void session_auth_forget(struct session *);

/* ---- session_data.c ---- */

/*
 * A BDAT that is refused: its chunk is read all the same, since nothing in
 * it is a command.  Returns refused, or what is wrong with the command.
 */
enum reply session_data_drop(struct session *, char *args,
    enum reply refused);

/* ---- session_options.c ---- */

/* What the parameters of MAIL ask for: GO, or why it cannot be. */
enum reply session_options_mail(struct session *);

/*
 * What the message's fields ask for, and what of all options is left out:
 * GO, or why the message is refused.
 */
enum reply session_options_message(struct session *);

/* The options that are used, for the log: a blank before each. */
void session_options_show(const struct session *, struct buf *);

/* The options that were left out, with before in front of each. */
void session_options_missing(const struct session *, const char *before,
    struct buf *);

/* ---- session_send.c ---- */

/*
 * Send the message that mime has, unless it is refused already (GO: it is
 * not), and answer: once, or for each recipient (LMTP, PRDR).
 */
enum reply session_send(struct session *, enum reply refused);

#endif
