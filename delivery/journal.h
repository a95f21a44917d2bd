/*
 * journal: what became of each recipient of a message, kept across sessions,
 * for gateways that do not recognise a message that comes again; and small
 * values that others keep with it.  It is a folder of one machine
 * (journal_file.c), or an etcd cluster that several machines share
 * (journal_etcd.c).  When a state is noted, and what it means for a reply, is
 * said elsewhere.
 *
 * Nothing here waits.  What takes time calls back: a folder does so before the
 * function returns, a cluster from journal_turn, within timeout-journal.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <curl/curl.h>

#include "common/config.h"
#include "delivery/journal_link.h"
#include "delivery/journal_record.h"
#include "delivery/journal_value.h"

#define JOURNAL_PREFIX_MAX 400 /* octets of journal-prefix */
#define JOURNAL_WAITS JOURNAL_LINK_WAITS /* of journal_prepare */

/* ---- the journal ---- */

/* Use the journal of the configuration.  0, or -1: it cannot start. */
int journal_init(const struct config *);

/* Does it answer?  Waits for it.  0, or -1 and journal_why(). */
int journal_check(void);

/* What failed last, for a log: a reason; and the folder, or the member. */
const char *journal_why(void);
const char *journal_where(void);

/*
 * For the event loop, as serve_prepare and serve_turn (serve.h): descriptors
 * to wait for, at most JOURNAL_WAITS, and what has happened to them.
 */
unsigned journal_prepare(struct curl_waitfd *, int *ms);
void journal_turn(const struct curl_waitfd *, unsigned n);

/* Without an event loop: wait until *over is not 0. */
void journal_wait(const int *over);

/* ---- one message: journal_find and others are in journal_record.h ---- */

typedef void (*journal_done)(void *, enum journal_answer);

/*
 * The journal's key, which is made at the first time.  NULL: it failed.  The
 * key is overwritten when the callback returns.
 */
typedef void (*journal_key_done)(void *, const struct journal_key *);
void journal_read_key(journal_key_done, void *);

/*
 * Open the record of the message `key`: OK, BUSY or FAILED.  After OK it has
 * to be closed.  A cluster is not asked yet: the record seems to be empty,
 * and journal_claim tells if it is not.
 */
void journal_open(struct journal *, const char *key, journal_done, void *);

/*
 * Before anything is sent: make what was noted durable, and the message ours
 * for `ms` milliseconds from now and the time that a result takes.  OK; BUSY;
 * CHANGED: all notes are gone, and the record is what another session has
 * made of it, so decide anew and claim again; FAILED: it may be written or
 * not, and nothing may be sent.
 */
void journal_claim(struct journal *, long ms, journal_done, void *);

/*
 * After sending: make what was noted durable, in at most ms milliseconds, and
 * give the message back.  OK, or FAILED: then it stays UNKNOWN.
 */
void journal_result(struct journal *, long ms, journal_done, void *);

/* Unlock and close; what is not durable is lost. */
void journal_close(struct journal *);

/* ---- small values that others keep with it: counters, for example ---- */

/* The value is the journal's; it is NULL after BUSY and FAILED. */
typedef void (*journal_got)(void *, enum journal_answer,
    const struct journal_value *);

/* OK and the value of that name, a UUID; or FAILED. */
void journal_get(enum journal_kind, const char *name, journal_got, void *);

/*
 * Compare and swap: OK and what was written, if the revision is still the
 * one that was read; else CHANGED and what it is now: decide anew and come
 * again.  BUSY: many want the same one.  FAILED: it may be written or not.
 */
void journal_put(const struct journal_change *, journal_got, void *);

/*
 * OK and the first value whose name is behind this one ("": the very first);
 * with revision 0 there are no more.
 */
void journal_next(enum journal_kind, const char *name, journal_got, void *);

/* Now and then: remove what is older than journal-keep, a little of it. */
void journal_prune(void);

#endif
