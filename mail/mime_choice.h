/*
 * mime_choice: decides which of a message's texts a person should read, and
 * keeps them.  The texts come in the order of the message; each is dropped, is
 * appended to the text kept so far, or replaces it.
 */
#ifndef MIME_CHOICE_H
#define MIME_CHOICE_H

#include <stddef.h>

#include "common/ipc.h"
#include "mail/mime_part.h"

#define MIME_TEXT_MAX	IPC_TEXT_MAX	/* octets of UTF-8 */
#define MIME_SOURCE_MAX 200
#define MIME_DEPTH_MAX	64	/* nested multiparts and messages */

/* A multipart, or a message, whose parts are being read. */
struct mime_choice_level {
	enum mime_part_kind kind;
	unsigned child;		/* number of the part that is being read */
	unsigned kept;		/* number of the last part whose text is kept */
	int score;		/* of the text that is kept; 0: none */
	int root;		/* this part is a multipart/related's root */
	size_t text, source;	/* where its text and its source begin */
};

/* Where the text of a part stands in the whole text. */
struct mime_choice_piece {
	size_t start, end;
	enum mime_part_class class;
};

struct mime_choice {
	size_t depth;		/* levels that are open */
	struct mime_choice_level level[MIME_DEPTH_MAX];
	int overflow;		/* the text was cut at MIME_TEXT_MAX */
	struct mime_choice_piece last, piece; /* the previous one, this one */
	size_t before, source_before; /* ntext, nsource before this one */
	size_t ntext, nsource;
	char source[MIME_SOURCE_MAX + 1];
	char text[MIME_TEXT_MAX + 1];
};

/* Start with no text and no level. */
void mime_choice_init(struct mime_choice *);

/* Begin a level inside the open ones; depth must be below MIME_DEPTH_MAX. */
struct mime_choice_level *mime_choice_open(struct mime_choice *,
    enum mime_part_kind);

/* The innermost open level. */
struct mime_choice_level *mime_choice_inner(struct mime_choice *);

/* 1 if a text of this rank would be kept if it came now. */
int mime_choice_wants(const struct mime_choice *, enum mime_part_rank);

/*
 * Begin the text of a part, of this rank: remove the text that it replaces,
 * and start a new line, after a blank one if gap.
 */
void mime_choice_begin(struct mime_choice *, const struct mime_part *,
    enum mime_part_rank, int gap);

/* Append text; cut it between characters at MIME_TEXT_MAX. */
void mime_choice_add(struct mime_choice *, const char *, size_t n);

/*
 * End the text of the part.  Remove it again if it repeats the part before,
 * one of them being plain text and the other HTML.
 */
void mime_choice_finish(struct mime_choice *);

/* End: terminate both strings. */
void mime_choice_end(struct mime_choice *);

#endif
