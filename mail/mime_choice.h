/*
 * mime_choice: which of a message's texts a person should read, and what has
 * been kept of them.  Texts come in one after the other, as they stand in the
 * message; each is dropped, is added to what there is, or takes its place.
 */
#ifndef MIME_CHOICE_H
#define MIME_CHOICE_H

#include <stddef.h>

#include "common/ipc.h"
#include "mail/mime_part.h"

#define MIME_TEXT_MAX	IPC_TEXT_MAX	/* octets of UTF-8 */
#define MIME_SOURCE_MAX 200
#define MIME_DEPTH_MAX	64	/* multiparts and messages in each other */

/* A multipart, or a message, whose parts are being read. */
struct mime_choice_level {
	enum mime_part_kind kind;
	unsigned child;		/* number of the part that is being read */
	unsigned kept;		/* number of the last part with text */
	int score;		/* of the text that was kept; 0: none */
	int root;		/* this part is a multipart/related's root */
	size_t text, source;	/* where its text and its source begin */
};

/* Where the text of a part lies in the text. */
struct mime_choice_piece {
	size_t start, end;
	enum mime_part_class class;
};

struct mime_choice {
	size_t depth;		/* levels that are open */
	struct mime_choice_level level[MIME_DEPTH_MAX];
	int overflow;		/* the text was cut at MIME_TEXT_MAX */
	struct mime_choice_piece last, piece; /* the one before, and this */
	size_t before, source_before; /* the octets there were without it */
	size_t ntext, nsource;
	char source[MIME_SOURCE_MAX + 1];
	char text[MIME_TEXT_MAX + 1];
};

/* No text and no level. */
void mime_choice_init(struct mime_choice *);

/* A level begins inside those that are open; there is room for it. */
struct mime_choice_level *mime_choice_open(struct mime_choice *,
    enum mime_part_kind);

/* The level that is open, the innermost one. */
struct mime_choice_level *mime_choice_inner(struct mime_choice *);

/* 1 if a text of that rank would be kept if it came now. */
int mime_choice_wants(const struct mime_choice *, enum mime_part_rank);

/*
 * The text of a part comes, of that rank: put what it takes the place of away,
 * and begin it on a line of its own, behind a blank one if gap.
 */
void mime_choice_begin(struct mime_choice *, const struct mime_part *,
    enum mime_part_rank, int gap);

/* Append to it; what is over MIME_TEXT_MAX is cut between characters. */
void mime_choice_add(struct mime_choice *, const char *, size_t n);

/*
 * The text of the part has ended.  If it is what the part before it said, one
 * of them plain and the other HTML, it goes.
 */
void mime_choice_finish(struct mime_choice *);

/* There is no more: both strings end. */
void mime_choice_end(struct mime_choice *);

#endif
