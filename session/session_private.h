/*
 * session_private: the state of one session, and the functions of its files.
 * Each file calls only those below it:
 *
 *	session.c		the table of commands, and the loop
 *	session_tls.c		STARTTLS
 *	session_mail.c		MAIL and RCPT
 *	session_data.c		DATA and BDAT
 *	session_send.c		from the message to its outcome
 *	session_options.c	the options of a message
 *	session_auth.c		AUTH
 *	session_reply.c		replies, deadlines, the end of a transaction
 */
#ifndef SESSION_PRIVATE_H
#define SESSION_PRIVATE_H

#include "common/buf.h"
#include "common/config.h"
#include "common/path.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/options.h"
#include "common/tally.h"
#include "session/conn.h"
#include "session/reply.h"

struct mime;
struct session_setup;

#define SESSION_NOTE_MAX 2048 /* octets of a reply that has several lines */

enum session_state {
	SESSION_START,
	SESSION_GREETED,
	SESSION_MAILED,
	SESSION_RECEIVING,	/* at least one recipient */
	SESSION_CHUNKING,	/* at least one BDAT, but not the last */
	SESSION_STATES
};

/* An RCPT that was answered with 250. */
struct session_recipient {
	const struct config_alias *alias;	/* NULL: one number */
	size_t number;		/* without an alias: index of the number */
	enum reply bad;		/* why it is left out, or REPLY_GO */
};

/* The state of one message; all zero at its start. */
struct session_message {
	char sender[IPC_SENDER_MAX + 1]; /* "local@domain"; "@": <> */
	struct options options;
	int utf8, binary, prdr;
	int prioritised, held;	/* there was such a parameter */
	int hinted;		/* the priority is from Importance or the like */
	int mailed;		/* X-SMS-Delivery-Report: mail */
	int notice;		/* BY with N: a notice, no deadline */
	int from_header;	/* options.from comes from X-SMS-From */
	size_t success, never;	/* recipients with such a NOTIFY */
	uint32_t left_out;	/* OPTIONS_CAN_... that the gateway lacks */
	size_t size;		/* octets so far */
	size_t nbad;		/* recipients that are left out */
};

struct session {
	const struct session_setup *setup;
	const struct config *config;
	enum session_state state;
	int tls;
	char client[IPC_USER_MAX + 1]; /* subject of its certificate, or "" */
	char host[PATH_DOMAIN_MAX + 1]; /* EHLO's name, or peer's address */
	int authenticated;
	int handed_on;		/* ... and the gateway judges each message */
	int known;		/* its credentials were judged to be right */
	int warmed;		/* the delivery side connects to the gateway */
	int over;
	long messages, errors, refusals, auth_failures;
	long long end;		/* deadline of the session */
	long long early_end;	/* ... until the client is known */
	struct log_limit log_limit;
	struct buf note;
	int has_rights;		/* the login has rights of its own */
	struct rights rights;
	char *allow[OPTIONS_ALLOW_MAX];	/* the prefixes of rights */
	int has_abilities;	/* the gateway has been asked */
	struct abilities abilities;
	struct session_message message;
	unsigned notify;	/* of the RCPT that is being read */
	const char *orcpt;	/* ... and its ORCPT, NULL: none */
	char rcpt_to[24], rcpt_domain[256]; /* its recipient, for the log */
	enum number_fault rcpt_fault;	/* with REPLY_RCPT_NUMBER */
	size_t nnumbers, nrecipients;
	struct mime *mime;	/* reads the message; from BDAT or DATA on */

	/* session_greet sets all members up to here to zero */
	struct conn conn;
	struct tally tally;	/* only with `metrics`; zero at the start */
	char note_storage[SESSION_NOTE_MAX];
	struct notify asked;	/* who wants to be told of the SMS's fate */
	char number[CONFIG_RCPTS_MAX][NUMBER_SIZE]; /* without duplicates */
	struct session_recipient recipient[CONFIG_RCPTS_MAX];
};

/*
 * ---- handlers of commands ----
 * args is what follows the verb, without blanks at either end.  They return
 * the reply, or REPLY_NONE.
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

/* Remember the subject of the client's certificate; NULL: it has none. */
void session_tls_client(struct session *, const char *subject);

/* ---- session_data.c ---- */

/*
 * Refuse a BDAT.  Its chunk is read and dropped, so that nothing in it runs
 * as a command.  Returns refused, or what is wrong with the command itself.
 */
enum reply session_data_drop(struct session *, char *args,
    enum reply refused);

/* ---- session_send.c ---- */

/*
 * Send the message that has been read, unless refused says why it must not be
 * sent (REPLY_GO: send it).  Reply once, or for each recipient (LMTP, PRDR),
 * but return the last reply.
 */
enum reply session_send(struct session *, enum reply refused);

/* ---- session_options.c ---- */

/* Check the options in the parameters of MAIL: REPLY_GO, or why not. */
enum reply session_options_mail(struct session *);

/*
 * Read the options in the message's header, and leave out those that the
 * gateway does not support: REPLY_GO, or why the message is refused.
 */
enum reply session_options_message(struct session *);

/* Append the options that are used, for the log: a blank before each. */
void session_options_show(const struct session *, struct buf *);

/* Append the options that were left out, before in front of each. */
void session_options_missing(const struct session *, const char *before,
    struct buf *);

/* ---- session_auth.c ---- */

/* 1 if AUTH would be accepted now. */
int session_auth_offered(const struct session *);

/* The mechanisms that AUTH would accept: "PLAIN LOGIN". */
const char *session_auth_mechanisms(const struct session *);

/* Forget who the client is. */
void session_auth_forget(struct session *);

/*
 * Credentials were wrong: log and count it, and let the client wait.  Returns
 * REPLY_AUTH_FAILED, or REPLY_421_AUTH after max-auth-failures.
 */
enum reply session_auth_failed(struct session *);

/* ---- session_reply.c ---- */

/* Set the note: the text of the next reply that has none in the table. */
void session_note(struct session *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* Write a reply to the client and log it if it refuses something. */
void session_reply(struct session *, enum reply);

/* The reply to a line, or to data, that conn.c could not read. */
enum reply session_line_reply(struct session *, enum conn_status);

/*
 * With `metrics`: count the result of an AUTH, or of a handshake; the delivery
 * side is told at the end.
 */
void session_count_auth(struct session *, enum tally_auth);
void session_count_tls(struct session *, enum tally_tls);

/* With -v: log a line of the dialogue; who is "c" or "s". */
void session_trace(struct session *, const char *who, const char *line);

/* 1 if mail may be sent: the client has authenticated, or need not. */
int session_may_send(const struct session *);

/* Set the session's deadline: an early one until the client is known. */
void session_set_deadline(struct session *);

/* The client's credentials are right: it gets the late deadline. */
void session_set_known(struct session *);

/* Seconds since 1970. */
long long session_now(void);

/* End the mail transaction. */
void session_reset(struct session *);

#endif
