/*
 * gsm: the GSM 7 bit default alphabet (3GPP TS 23.038, formerly GSM 03.38) and
 * tables of code points: replacements for those that the alphabet lacks, and
 * which ones combine.  UTF-8 comes in and goes out.
 */
#ifndef GSM_H
#define GSM_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define GSM_BAD 0xffffffffU	/* an octet that is not UTF-8 */

/*
 * Read one code point of a string that is not empty and ends at end, and move
 * the pointer behind it.  An octet that begins no valid sequence (RFC 3629) is
 * GSM_BAD.
 */
uint32_t gsm_next(const char **, const char *end);

/* Append a code point. */
void gsm_char(struct buf *, uint32_t);

/* Septets of a code point: 1, or 2 with an escape; 0: not in the alphabet. */
int gsm_septets(uint32_t);

/*
 * The replacement for a typographic sign: characters of the alphabet, at most
 * three times as long in octets; "" for one that only affects the display.
 * NULL if the code point is no such sign.
 */
const char *gsm_sign(uint32_t);

/* Languages in Cyrillic: they transliterate the same letters differently. */
enum gsm_cyrillic { GSM_RUSSIAN, GSM_UKRAINIAN, GSM_BULGARIAN, GSM_SERBIAN };

/* Guess the language of a text by the letters that only one of them has. */
enum gsm_cyrillic gsm_guess(const char *);

struct gsm_near {
	uint32_t prev, next;	/* the letters beside it; 0: none */
	enum gsm_cyrillic cyrillic;
	int ascii;		/* write nothing beyond ASCII */
};

/*
 * Append the transliteration of a code point into the alphabet, at most three
 * times as long in octets: a letter without its accent, several letters, or
 * "?".  Append nothing for a combining mark and for a picture without words.
 */
void gsm_transliterate(struct buf *, uint32_t, const struct gsm_near *);

/* The letter that is canonically equivalent to base and mark; 0: none. */
uint32_t gsm_compose(uint32_t base, uint32_t mark);

/* 1 for a combining mark: it belongs to the code point before it. */
int gsm_is_mark(uint32_t);

/* 1 for emoji and the like, which U+200D can join; also for skin tones. */
int gsm_is_picture(uint32_t);

struct gsm_range {
	uint32_t first, last;
};

/* 1 if the code point is in one of the n ranges, which are sorted. */
int gsm_within(uint32_t, const struct gsm_range *, size_t n);

#endif
