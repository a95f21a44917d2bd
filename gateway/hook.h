/*
 * hook: the member "hook" of a descriptor, when it has been read: what a
 * gateway's webhooks look like, and how one can tell that they are its own.
 */
#ifndef HOOK_H
#define HOOK_H

#include <stddef.h>

#include <jansson.h>

#include "common/digest.h"
#include "gateway/match.h"
#include "gateway/member.h"

#define HOOK_SAME_MAX	4	/* sources that tell a repetition */
#define HOOK_RULES_MAX	8	/* of a receipt */
#define HOOK_PLACES_MAX 4	/* where one of them may be found */
#define HOOK_HEADER_MAX 64	/* octets of a header field's name */
#define HOOK_PIECES_MAX 12	/* of what is signed */
#define HOOK_WINDOW_MAX 86400	/* seconds */

/* Names in `secret` and `set` that are for webhooks alone. */
#define HOOK_URL_SECRET "hook"		/* an element of the URL's path */
#define HOOK_KEY	"hook-key"	/* what the gateway signs with */
#define HOOK_URL	"hook-url"	/* the URL as the gateway knows it */

enum hook_format { HOOK_JSON, HOOK_FORM, HOOK_QUERY };

/* What is signed is made of pieces, one behind the other. */
enum hook_piece {
	HOOK_PIECE_TEXT,	/* as it stands */
	HOOK_PIECE_BODY,
	HOOK_PIECE_URL,
	HOOK_PIECE_FIELDS,	/* names and values of a form, sorted */
	HOOK_PIECE_HEADER	/* the value of a header field */
};

struct hook_part {
	enum hook_piece piece;
	const char *text;	/* of a text, or the header's name; borrowed */
	size_t n;
};

struct hook_sign {
	const char *header;	/* NULL: webhooks are not signed */
	enum digest_kind kind;
	int base64;		/* else in hexadecimal digits */
	struct hook_part part[HOOK_PIECES_MAX];
	size_t nparts;
	const char *time;	/* the header that has its time; NULL: none */
	long window;		/* seconds, either way */
};

/* Where a text is: the first pointer that leads to one counts. */
struct hook_source {
	const char *pointer[HOOK_PLACES_MAX];
	size_t n;
};

/* An SMS that has come in. */
struct hook_reply {
	int is_there;
	int digits;	/* numbers are E.164 without their '+' */
	struct match_list match;
	struct hook_source from, text, time;
	struct hook_source same[HOOK_SAME_MAX];
	size_t nsame;
};

/* What became of an SMS, as RFC 3464, 2.3.3 has it. */
enum hook_action { HOOK_DELIVERED, HOOK_FAILED, HOOK_DELAYED };

struct hook_rule {
	struct match_list match;
	enum hook_action then;
};

struct hook_receipt {
	int digits;	/* as of a reply */
	struct hook_source id, to, error;
	struct hook_source part; /* of one part alone; it differs for each */
	struct hook_rule rule[HOOK_RULES_MAX];
	size_t nrules;	/* 0: webhooks tell of no receipts */
};

struct hook {
	enum hook_format format;
	const char *each;	/* a pointer to the items; NULL: one item */
	struct hook_sign sign;
	struct hook_reply reply;
	struct hook_receipt receipt;
	int status;		/* of the answer to what has been taken */
	const char *body;	/* "" if nobody reads it */
};

/*
 * Read the member "hook" of a descriptor; h borrows from root.  Returns 1 if
 * it is there; what is wrong in it is reported.
 */
int hook_read(struct member_errors *, json_t *root, struct hook *h);

/*
 * The text that a source gives: malloced, "" if there is none.  Numbers are
 * text, too; a NUL becomes a blank.  NULL: out of memory.
 */
char *hook_find(const struct hook_source *, json_t *);

/*
 * 1 if a `set` or `secret` of this name (without a gateway's) is for webhooks:
 * nothing that is sent to a gateway may use it.
 */
int hook_is_name(const char *);

#endif
