/*
 * mime_choice: the rules by which texts are kept (RFC 2046, 5.1; RFC 2387),
 * and their storage.  mime.c finds the parts, mime_part.c reads their headers,
 * mime_body.c makes their text.
 */
#include <stdio.h>
#include <string.h>

#include "mail/mime_choice.h"

void
mime_choice_init(struct mime_choice *c)
{
	c->depth = 0;
	c->overflow = 0;
	c->ntext = c->nsource = 0;
	c->last.end = c->piece.end = 0;
}

struct mime_choice_level *
mime_choice_open(struct mime_choice *c, enum mime_part_kind kind)
{
	struct mime_choice_level *l = &c->level[c->depth++];

	memset(l, 0, sizeof(*l));
	l->kind = kind;
	l->text = c->ntext;
	l->source = c->nsource;
	return l;
}

struct mime_choice_level *
mime_choice_inner(struct mime_choice *c)
{
	return &c->level[c->depth - 1];
}

void
mime_choice_add(struct mime_choice *c, const char *p, size_t n)
{
	size_t room = MIME_TEXT_MAX - c->ntext;

	if (c->overflow)
		return;
	if (n <= room) {
		memcpy(c->text + c->ntext, p, n);
		c->ntext += n;
		return;
	}
	memcpy(c->text + c->ntext, p, room);
	c->ntext += room;
	c->overflow = 1;
	if ((p[room] & 0xc0) != 0x80)
		return;
	while (c->ntext > 0 && (c->text[--c->ntext] & 0xc0) == 0x80)
		continue;
}

enum mime_choice_verdict {
	MIME_CHOICE_DROP,
	MIME_CHOICE_ADD,
	MIME_CHOICE_REPLACE
};

/*
 * Decide about a text of this rank in a level; *score is what it counts there.
 * Each part is decided when it comes.  So where a later alternative consists of
 * several texts, those that are no better than the text kept so far are dropped
 * even if a better one follows them.
 */
static enum mime_choice_verdict
mime_choice_weigh(const struct mime_choice_level *l, int rank, int *score)
{
	*score = 1;
	switch (l->kind) {
	case MIME_PART_MESSAGE:
		return MIME_CHOICE_ADD;
	case MIME_PART_SIGNED:
		return l->child == 1 ? MIME_CHOICE_ADD : MIME_CHOICE_DROP;
	case MIME_PART_ALTERNATIVE:
		*score = rank;
		if (l->score == 0 || l->kept != l->child)
			return rank > l->score ? MIME_CHOICE_REPLACE :
						 MIME_CHOICE_DROP;
		if (rank < l->score)
			*score = l->score;
		return MIME_CHOICE_ADD;
	case MIME_PART_RELATED:
		/* RFC 2387; the text of an MMS stands beside the root */
		*score = l->root ? 2 : 1;
		break;
	case MIME_PART_MIXED:
	case MIME_PART_DIGEST:
		*score = rank == MIME_PART_RANK_FORWARDED ? 1 :
		    rank == MIME_PART_RANK_NAMED	  ? 2 :
							    3;
		break;
	}
	if (*score == l->score)
		return MIME_CHOICE_ADD;
	return *score > l->score ? MIME_CHOICE_REPLACE : MIME_CHOICE_DROP;
}

/* The rank, in the outer level, of a text of this rank in a level. */
static int
mime_choice_outward(const struct mime_choice_level *l, int rank)
{
	return l->kind == MIME_PART_MESSAGE ? MIME_PART_RANK_FORWARDED : rank;
}

int
mime_choice_wants(const struct mime_choice *c, enum mime_part_rank of)
{
	size_t i = c->depth;
	int rank = (int)of, score, room = !c->overflow;

	while (i-- > 0) {
		switch (mime_choice_weigh(&c->level[i], rank, &score)) {
		case MIME_CHOICE_DROP:
			return 0;
		case MIME_CHOICE_ADD:
			break;
		case MIME_CHOICE_REPLACE:
			room = 1;
			break;
		}
		rank = mime_choice_outward(&c->level[i], rank);
	}
	return room;
}

/* Forget the text that a level has, and its source. */
static void
mime_choice_forget(struct mime_choice *c, size_t i)
{
	const struct mime_choice_level *l = &c->level[i];
	size_t j;

	if (l->text < c->ntext)
		c->overflow = 0;
	c->ntext = l->text;
	c->nsource = l->source;
	if (c->last.end > c->ntext)
		c->last.end = 0;
	for (j = i + 1; j < c->depth; j++) {
		c->level[j].text = c->ntext;
		c->level[j].source = c->nsource;
	}
}

/* Note where the text comes from, by IMAP's part number (RFC 3501, 6.4.5). */
static void
mime_choice_add_source(struct mime_choice *c, const struct mime_part *part)
{
	static const char more[] = ", ...";
	char s[MIME_SOURCE_MAX + 1];
	size_t n = 0, i, room = sizeof(c->source) - c->nsource;

	for (i = 0; i < c->depth && n < sizeof(s) / 2; i++)
		if (c->level[i].kind != MIME_PART_MESSAGE)
			n += (size_t)snprintf(s + n, sizeof(s) - n, "%s%u",
			    n > 0 ? "." : "", c->level[i].child);
	if (c->level[c->depth - 1].kind == MIME_PART_MESSAGE)
		n += (size_t)snprintf(s + n, sizeof(s) - n, "%s1",
		    n > 0 ? "." : "");
	n += (size_t)snprintf(s + n, sizeof(s) - n, " %s%s%s",
	    part->type->name, part->charset[0] != '\0' ? " charset=" : "",
	    part->charset);
	if (n < sizeof(s) && n + 2 * sizeof(more) < room) {
		c->nsource += (size_t)snprintf(c->source + c->nsource, room,
		    "%s%s", c->nsource > 0 ? ", " : "", s);
	} else if (room > sizeof(more)) {
		memcpy(c->source + c->nsource, more, sizeof(more));
		c->nsource = sizeof(c->source) - 1;
	}
}

void
mime_choice_begin(struct mime_choice *c, const struct mime_part *part,
    enum mime_part_rank of, int gap)
{
	size_t i = c->depth, forget = c->depth;
	int score, rank = (int)of;

	while (i-- > 0) {
		struct mime_choice_level *l = &c->level[i];

		if (mime_choice_weigh(l, rank, &score) == MIME_CHOICE_REPLACE)
			forget = i;
		l->score = score;
		l->kept = l->child;
		rank = mime_choice_outward(l, rank);
	}
	if (forget < c->depth)
		mime_choice_forget(c, forget);
	c->before = c->ntext;
	c->source_before = c->nsource;
	mime_choice_add_source(c, part);
	if (c->ntext > 0 && c->text[c->ntext - 1] != '\n')
		mime_choice_add(c, "\n", 1);
	if (c->ntext > 0 && gap)
		mime_choice_add(c, "\n", 1);
	c->piece.start = c->ntext;
	c->piece.class = part->type->class;
}

/* ---- is it the same text as before? ---- */

/* Skip white space and the characters that plain text uses as ornaments. */
static const char *
mime_choice_skip(const char *p, const char *end)
{
	for (; p < end; p++) {
		if (end - p >= 2 && memcmp(p, "\xc2\xa0", 2) == 0)
			p++;
		else if (*p == '-' ? end - p >= 2 && p[1] != ' ' &&
		    p[1] != '\n' && p[1] != '-' :
		    *p != ' ' && memchr("\t\n*_#=|>~", *p, 9) == NULL)
			break;
	}
	return p;
}

/* 1 if two texts say the same; cut: only the start of the second is known. */
static int
mime_choice_same(const char *a, const char *a_end, const char *b,
    const char *b_end, int cut)
{
	for (;;) {
		a = mime_choice_skip(a, a_end);
		b = mime_choice_skip(b, b_end);
		if (a == a_end || b == b_end)
			return b == b_end && (cut || a == a_end);
		if (*a++ != *b++)
			return 0;
	}
}

void
mime_choice_finish(struct mime_choice *c)
{
	const struct mime_choice_piece *last = &c->last;

	c->piece.end = c->ntext;
	if (last->end == 0 || last->class == c->piece.class ||
	    !mime_choice_same(c->text + last->start, c->text + last->end,
		c->text + c->piece.start, c->text + c->piece.end,
		c->overflow)) {
		c->last = c->piece;
		return;
	}
	c->ntext = c->before;
	c->nsource = c->source_before;
	c->overflow = 0;
}

void
mime_choice_end(struct mime_choice *c)
{
	if (c->nsource == 0)
		c->nsource = (size_t)snprintf(c->source, sizeof(c->source),
		    "none");
	c->text[c->ntext] = '\0';
	c->source[c->nsource] = '\0';
}
