/*
 * update: change a value of the journal by a function, as often as it takes:
 * others may change it at the same time.
 */
#ifndef UPDATE_H
#define UPDATE_H

#include "common/buf.h"
#include "delivery/journal.h"

#define UPDATE_TRIES 50

/* What a function makes of a value. */
enum update_what {
	UPDATE_NOTHING,
	UPDATE_WRITE,
	UPDATE_DURABLE,		/* it survives a crash of the machine */
	UPDATE_REMOVE		/* likewise */
};

struct update {
	enum journal_kind kind;
	char name[JOURNAL_NAME_MAX + 1];
	long keep;		/* seconds */
	/*
	 * The value as text ("": there is none), and room for the new one.
	 * It may be called again, with another value.
	 */
	enum update_what (*change)(void *, const char *text, struct buf *);
	/* failed: journal_why() says why */
	void (*done)(void *, int failed);
	void *arg;
	/* private */
	int tries;
	char storage[JOURNAL_VALUE_MAX + 1];
};

/* Begin; done is called from here, or later from journal_turn. */
void update_start(struct update *);

#endif
