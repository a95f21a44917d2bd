/*
 * journal_value: small values that others keep with the journal, and those of
 * a folder of one machine.
 */
#ifndef JOURNAL_VALUE_H
#define JOURNAL_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "delivery/journal_record.h"

#define JOURNAL_VALUE_MAX 8192	/* octets of a value */

enum journal_kind {
	JOURNAL_RATE,		/* rate_value.h */
	JOURNAL_DIGEST,		/* likewise */
	JOURNAL_RECEIPT,
	JOURNAL_REPLY
};

struct journal_value {
	char name[JOURNAL_NAME_MAX + 1];
	uint64_t revision;	/* 0: there is none */
	size_t n;
	char text[JOURNAL_VALUE_MAX + 1]; /* octets, and a NUL behind them */
};

/* What is to become of a value. */
struct journal_change {
	enum journal_kind kind;
	const char *name;
	uint64_t revision;	/* what it has to be; 0: there is none */
	const char *text;	/* NULL: remove it */
	size_t n;
	long keep;		/* seconds; then it is gone */
	int durable;		/* it has to survive a crash of the machine */
};

/* The name of a kind: a folder's, or a part of a key's. */
const char *journal_value_kind(enum journal_kind);

/*
 * As journal_get, journal_put and journal_next (journal.h).  Return 0 and a
 * value; 1: others have it for too long; 2: it has changed, and the value is
 * what it is now; -1 with errno.
 */
int journal_value_get(const char *dir, enum journal_kind, const char *name,
    struct journal_value *);
int journal_value_put(const char *dir, const struct journal_change *,
    struct journal_value *);
int journal_value_next(const char *dir, enum journal_kind, const char *name,
    struct journal_value *);

/* Remove values whose time is over, now and then. */
void journal_value_prune(const char *dir);

#endif
