/*
 * ipc: the frames between a session and the delivery side.  A frame is four
 * octets of length (big-endian, without these four), one octet of type, and
 * typed fields.  Each side reads it as if the other had been taken over:
 * lengths are bounded, and octets left over are an error.
 */
#ifndef IPC_H
#define IPC_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define IPC_HEAD      4			/* octets of length */
#define IPC_FRAME_MAX (512 * 1024)	/* octets, type and fields */
#define IPC_ID_MAX    64		/* octets of a message id */

/* Limits of the link that both programs obey. */
#define IPC_USER_MAX   255	/* octets; RFC 4616 has no such limit */
#define IPC_SECRET_MAX 8192	/* octets of a password or a bearer token */
#define IPC_TEXT_MAX   (128 * 1024) /* octets of UTF-8 of a mail's text */
#define IPC_FIELD_MAX  1000	/* octets of UTF-8 of a header field */
#define IPC_SENDER_MAX 512	/* octets of an envelope sender */

/* The requests of ask_x() (session/ask.c) to answer_x() (delivery/answer.c). */
enum ipc_type {
	REQ_WARM = 1,	/* (): connect to the gateway; no answer */
	REQ_LOGIN,	/* (u8 kind, str user, str secret): no answer */
	REQ_AUTH,	/* (u8 kind, str user, str secret) */
	ANS_AUTH,	/* (u8 enum ipc_verdict, rights) */
	REQ_SEND,	/* see put_message in ask.c.  Its deadline is of
			   clock_ms(), which both sides share, modulo 2^32: a
			   message that came too late is not sent, since the
			   client has already been told that it was not */
	ANS_SEND,	/* see ask_send */
	REQ_FORGET,	/* (): the credentials are void; no answer */
	REQ_HELLO,	/* (str session, str peer, u8 trusted): to an agent,
			   before any other request; no answer */
	REQ_CAN,	/* (): which options does the gateway support? */
	ANS_CAN,	/* (abilities) */
	REQ_TALLY,	/* see tally.c: what the session has counted, at its
			   end; no answer */
	REQ_NOTIFY	/* see notify.c: who wants to be told, of the message
			   that comes next; no answer */
};

#define IPC_NAME_MAX 64	/* octets of a session's id and of a peer's address */

/* IPC_EXTERNAL: by the client's certificate; only with tls-client-ca. */
enum ipc_kind { IPC_PASSWORD, IPC_BEARER, IPC_EXTERNAL };

enum ipc_verdict { IPC_VERDICT_OK, IPC_VERDICT_WRONG, IPC_VERDICT_TEMPORARY };
#define IPC_VERDICT_LAST IPC_VERDICT_TEMPORARY

/* The outcome of a recipient, from good to bad. */
enum ipc_outcome {
	IPC_OUTCOME_ACCEPTED,
	IPC_OUTCOME_DUPLICATE,	/* not sent again: the gateway or the journal
				   has it already */
	IPC_OUTCOME_UNKNOWN,	/* not sent again, although nobody knows
				   whether it was (on-unknown) */
	IPC_OUTCOME_PERMANENT,	/* a rule of the gateway's descriptor */
	IPC_OUTCOME_CREDENTIALS,	/* 401, 403 or such a rule */
	IPC_OUTCOME_FAILED,		/* 5xx */
	IPC_OUTCOME_REFUSED,	/* another 4xx */
	IPC_OUTCOME_TEMPORARY,	/* a rule of the gateway's descriptor */
	IPC_OUTCOME_UNCLEAR,	/* a response that makes no sense */
	IPC_OUTCOME_LOST,	/* the connection broke before the response */
	IPC_OUTCOME_TIMEOUT,
	IPC_OUTCOME_UNREACHABLE,	/* no connection, no DNS, TLS failure */
	IPC_OUTCOME_INTERNAL,	/* no request was made: an error of ours */
	/* the flood guard's: no request was made */
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
 * 1 if a message id may go into a reply: at most IPC_ID_MAX octets, all of them
 * characters of ids.  "" is one.
 */
int ipc_is_id(const char *);

/* ---- writing a frame; if it does not fit, the buffer overflows ---- */
void ipc_begin(struct buf *, enum ipc_type);
void ipc_put_u8(struct buf *, unsigned);
void ipc_put_u32(struct buf *, uint32_t);
void ipc_put_str(struct buf *, const char *, size_t);
/* End: write the length in front.  -1 if the frame does not fit. */
int ipc_end(struct buf *);

/* ---- reading a frame; a wrong get sets bad for good ---- */
struct ipc_frame {
	const unsigned char *p;
	size_t left;
	int bad;
	unsigned type;
};

/*
 * The whole size of the frame that begins with these n octets; 0 if more octets
 * are needed, -1 if it is empty or longer than IPC_FRAME_MAX.
 */
long ipc_size(const void *, size_t n);

/* Begin to read a whole frame of n octets, as ipc_size said. */
void ipc_open(struct ipc_frame *, const void *, size_t n);
unsigned ipc_get_u8(struct ipc_frame *);
uint32_t ipc_get_u32(struct ipc_frame *);
/*
 * Copy a string of at most max octets to out, which has room for max + 1, with
 * a NUL at its end.  A NUL inside is an error.
 */
void ipc_get_str(struct ipc_frame *, char *out, size_t max);
/* End: 0 if every get was right and nothing is left over, else -1. */
int ipc_close(const struct ipc_frame *);

#endif
