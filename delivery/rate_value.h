/*
 * rate_value: what the flood guard keeps in the journal, as text: counters,
 * and what was held back from a recipient.  Pure.
 */
#ifndef RATE_VALUE_H
#define RATE_VALUE_H

#include "common/buf.h"
#include "common/config.h"
#include "delivery/journal_record.h"

#define RATE_FROM_MAX  8	/* senders that a digest names */
#define RATE_NAME_MAX  40	/* octets of a sender's name */
#define RATE_LINE_MAX  160	/* octets of a line of a value */
#define RATE_TEXT_MAX  400	/* octets of a digest's text */
#define RATE_COUNT_MAX 1000000000

/*
 * ---- counters ----
 * A window begins with the first text that is counted, and ends after its
 * period; the next text begins another.
 */
struct rate_window {
	long period;		/* seconds */
	long long start;
	long count;
};

struct rate_counter {
	struct rate_window v[CONFIG_RATES_EACH];
	size_t n;
};

/* What is no line of ours is left out: then it counts from 0 on. */
void rate_counter_read(struct rate_counter *, const char *text);
void rate_counter_write(const struct rate_counter *, struct buf *);

/*
 * Count up to `want` texts, or with force all of them, if every rule allows
 * it.  Returns how many; *until is the end of the windows that allow no more.
 */
long rate_counter_take(struct rate_counter *, const struct config_rate *,
    size_t nrules, long want, int force, long long now, long long *until);

/* n texts that were counted at that time have not been sent after all. */
void rate_counter_give(struct rate_counter *, long n, long long taken);

/* ---- what was held back ---- */

struct rate_pile {
	long n;			/* texts; 0: none, and nothing else counts */
	long long due;		/* when a digest has to be sent */
	struct {
		char name[RATE_NAME_MAX + 1];
		long n;
	} from[RATE_FROM_MAX];
	size_t nfrom;		/* those of others have no name */
};

#define RATE_BY_DIGEST "digest."	/* and a number */

/*
 * Of one recipient.  A pile that is being told grows no more; it belongs to
 * the message that tells it, until it is known what became of that, or to
 * a digest.
 */
struct rate_held {
	char number[NUMBER_SIZE];
	struct rate_pile pile, told;
	long long was;		/* when told was due as a pile; 0: unknown */
	char by[JOURNAL_NAME_MAX + 1];
};

/* Not one of these lines may be missing: 0, or -1 and all zero. */
int rate_held_read(struct rate_held *, const char *text);
void rate_held_write(const struct rate_held *, struct buf *);

/* Hold one text of this sender back, until then at least. */
void rate_held_add(struct rate_held *, const char *from, long long until);

/* Begin to tell what there is: the pile is empty again. */
void rate_held_tell(struct rate_held *, const char *by, long long due);

/* It was not told, or perhaps not: it belongs to the pile again. */
void rate_held_untell(struct rate_held *);

/*
 * It should have been told by a message of which nobody will hear any more:
 * it has been, or not, as on-unknown (enum config_unknown) says.
 */
void rate_held_end_stale(struct rate_held *, int on_unknown, long long now);

/* The text of a digest, of what is being told. */
void rate_held_text(const struct rate_held *, char out[RATE_TEXT_MAX]);

#endif
