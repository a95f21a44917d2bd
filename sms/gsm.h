/*
 * gsm: the GSM 7 bit default alphabet (3GPP TS 23.038, formerly GSM 03.38)
 * and the tables about code points that go with it: what stands for a sign
 * that it lacks, what combines with what.  UTF-8 in and out.
 */
#ifndef GSM_H
#define GSM_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define GSM_BAD 0xffffffffU	/* an octet that is not UTF-8 */

/*
 * Take one code point off a string that ends at end, at least one octet
 * long.  An octet that begins no valid sequence (RFC 3629) is GSM_BAD.
 */
uint32_t gsm_next(const char **, const char *end);

/* Append a code point. */
void gsm_char(struct buf *, uint32_t);

/* Septets of a code point: 1, or 2 with an escape; 0: not in the alphabet. */
int gsm_septets(uint32_t);

/*
 * What stands for a typographic sign, all of it in the alphabet and at most
 * three times as long ("" for what only tells how to show); NULL: none.
 */
const char *gsm_sign(uint32_t);

/* Whose Cyrillic it is: languages write the same letters differently. */
enum gsm_cyrillic { GSM_RUSSIAN, GSM_UKRAINIAN, GSM_BULGARIAN, GSM_SERBIAN };

enum gsm_cyrillic gsm_guess(const char *);

struct gsm_near {
	uint32_t prev, next;	/* the letters beside it; 0: none */
	enum gsm_cyrillic cyrillic;
	int ascii;		/* nothing beyond ASCII either */
};

/*
 * Append what a code point is written as in the alphabet, at most three
 * times as long: a letter without its accent, a transliteration, "?".
 * Nothing for a combining mark and for a picture that has no words.
 */
void gsm_transliterate(struct buf *, uint32_t, const struct gsm_near *);

/* The letter that is canonically the same as base and mark; 0: none. */
uint32_t gsm_compose(uint32_t base, uint32_t mark);

/* 1 if the code point belongs to the one before it (a combining mark). */
int gsm_is_mark(uint32_t);

/* 1 for emoji and their like (skin tones too), which a joiner can tie. */
int gsm_is_picture(uint32_t);

struct gsm_range {
	uint32_t first, last;
};

/* 1 if the code point is in one of the n ranges, which are sorted. */
int gsm_within(uint32_t, const struct gsm_range *, size_t n);

#endif
