/*
 * ipc: the frames between the session and the delivery side.  A frame is
 * four octets of length (big-endian, of what follows), one of type, and
 * typed fields.  Both sides read it as if the other had been taken over:
 * lengths are capped, and an octet that is left over is refused.
 */
#ifndef IPC_H
#define IPC_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define IPC_HEAD      4			/* octets of length */
#define IPC_FRAME_MAX (512 * 1024)	/* octets, type and fields */
#define IPC_ID_MAX    64		/* octets of a message id */

/* Limits of what goes over the link; both programs keep to them. */
#define IPC_USER_MAX   255	/* octets; RFC 4616 has no bound that small */
#define IPC_SECRET_MAX 8192	/* octets of a password or a bearer token */
#define IPC_TEXT_MAX   (128 * 1024) /* octets of UTF-8 of a mail's text */
#define IPC_FIELD_MAX  1000	/* octets of UTF-8 of a header field */
#define IPC_SENDER_MAX 512	/* octets of an envelope sender */

/* ask_x() in the session and answer_x() in the delivery side meet here. */
enum ipc_type {
	REQ_WARM = 1,	/* (): connect to the gateway; no answer */
	REQ_LOGIN,	/* (u8 kind, str user, str secret): no answer */
	REQ_AUTH,	/* (u8 kind, str user, str secret) */
	ANS_AUTH,	/* (u8 enum ipc_verdict, rights) */
	REQ_SEND,	/* see put_message in ask.c; its deadline is that of
			   clock_ms(), modulo 2^32: both sides have one clock,
			   and a message that waited too long is not sent
			   behind the back of a client that was told so */
	ANS_SEND,	/* see ask_send */
	REQ_FORGET,	/* (): the credentials are void; no answer */
	REQ_HELLO,	/* (str session, str peer, u8 trusted): to an agent,
			   before all else; no answer */
	REQ_CAN,	/* (): what can the gateway do? */
	ANS_CAN,	/* (abilities) */
	REQ_TALLY,	/* see tally.c: what the session has counted; its last
			   word; no answer */
	REQ_NOTIFY	/* see notify.c: who wants to be told, of the message
			   that comes next; no answer */
};

#define IPC_NAME_MAX 64	/* octets of a session's id and of a peer's address */

/* IPC_EXTERNAL: TLS knows the client; only where tls-client-ca is set. */
enum ipc_kind { IPC_PASSWORD, IPC_BEARER, IPC_EXTERNAL };

enum ipc_verdict { IPC_VERDICT_OK, IPC_VERDICT_WRONG, IPC_VERDICT_TEMPORARY };
#define IPC_VERDICT_LAST IPC_VERDICT_TEMPORARY

/* What became of a recipient, from good to bad. */
enum ipc_outcome {
	IPC_OUTCOME_ACCEPTED,
	IPC_OUTCOME_DUPLICATE,	/* sent before, as the gateway or the journal
				   knows: not sent again */
	IPC_OUTCOME_UNKNOWN,	/* perhaps sent before, nobody knows; not sent
				   again (on-unknown, unknown-tries) */
	IPC_OUTCOME_PERMANENT,	/* a rule of the gateway's descriptor */
	IPC_OUTCOME_CREDENTIALS,	/* 401, 403 or such a rule */
	IPC_OUTCOME_FAILED,		/* 5xx */
	IPC_OUTCOME_REFUSED,	/* another 4xx */
	IPC_OUTCOME_TEMPORARY,	/* a rule of the gateway's descriptor */
	IPC_OUTCOME_UNCLEAR,	/* an answer that cannot be understood */
	IPC_OUTCOME_LOST,	/* the connection broke before the answer */
	IPC_OUTCOME_TIMEOUT,
	IPC_OUTCOME_UNREACHABLE,	/* no connection, no DNS, TLS failure */
	IPC_OUTCOME_INTERNAL,	/* nothing was asked: our own fault */
	/* the flood guard's: nothing was asked */
	IPC_OUTCOME_LIMITED,	/* too many: it may come later */
	IPC_OUTCOME_HELD	/* too many: a digest will say so */
};
#define IPC_OUTCOME_LAST IPC_OUTCOME_HELD

/* The outcome's name for the log and the metrics. */
const char *ipc_outcome_name(enum ipc_outcome);

/* Flags of a recipient's result. */
enum ipc_result {
	IPC_RESULT_UNJOURNALLED = 1	/* the journal could not be written */
};

/* 1 if the recipient has the message, by this try or by an earlier one. */
static inline int
ipc_is_success(enum ipc_outcome o)
{
	return o == IPC_OUTCOME_ACCEPTED || o == IPC_OUTCOME_DUPLICATE;
}

/*
 * 1 if a message id may go into a reply: at most IPC_ID_MAX octets of what
 * ids are made of.  "" is one.
 */
int ipc_is_id(const char *);

/* ---- putting a frame together; all fits or the buffer overflows ---- */
void ipc_begin(struct buf *, enum ipc_type);
void ipc_put_u8(struct buf *, unsigned);
void ipc_put_u32(struct buf *, uint32_t);
void ipc_put_str(struct buf *, const char *, size_t);
/* Write the length in front.  Returns 0, or -1 if it did not fit. */
int ipc_end(struct buf *);

/* ---- taking a frame apart; a wrong get is one sticky fact ---- */
struct ipc_frame {
	const unsigned char *p;
	size_t left;
	int bad;
	unsigned type;
};

/*
 * The whole size of the frame that starts with these n octets: 0 if more
 * octets are needed to tell, -1 if it is empty or over IPC_FRAME_MAX.
 */
long ipc_size(const void *, size_t n);

/* Open a whole frame of n octets (what ipc_size said). */
void ipc_open(struct ipc_frame *, const void *, size_t n);
unsigned ipc_get_u8(struct ipc_frame *);
uint32_t ipc_get_u32(struct ipc_frame *);
/*
 * A string of at most max octets, copied with a NUL behind it into out,
 * which has max + 1 octets of room.  A NUL inside is refused.
 */
void ipc_get_str(struct ipc_frame *, char *out, size_t max);
/* Returns 0 if every get was right and nothing is left over, else -1. */
int ipc_close(const struct ipc_frame *);

#endif
