/*
 * journal_etcd: the journal in an etcd cluster that several machines share.
 */
#ifndef JOURNAL_ETCD_H
#define JOURNAL_ETCD_H

#include "common/config.h"
#include "delivery/journal_record.h"
#include "delivery/journal_value.h"

typedef void (*journal_etcd_done)(void *, enum journal_answer);
typedef void (*journal_etcd_key_done)(void *, const struct journal_key *);
typedef void (*journal_etcd_got)(void *, enum journal_answer,
    const struct journal_value *);

/* Get ready; 0, or -1. */
int journal_etcd_init(const struct config *);

/* What failed last. */
const char *journal_etcd_why(void);

/*
 * As those of journal.h.  All call back later, from journal_link_turn, but for
 * journal_etcd_open: -1 if key is none.
 */
void journal_etcd_read_key(journal_etcd_key_done, void *);
int journal_etcd_open(struct journal *, const char *key);
void journal_etcd_claim(struct journal *, long ms, journal_etcd_done, void *);
void journal_etcd_result(struct journal *, long ms, journal_etcd_done,
    void *);
void journal_etcd_get(enum journal_kind, const char *name, journal_etcd_got,
    void *);
void journal_etcd_put(const struct journal_change *, journal_etcd_got, void *);
void journal_etcd_next(enum journal_kind, const char *name, journal_etcd_got,
    void *);

/* Write a value and read it: OK if a claim could be made now. */
void journal_etcd_check(journal_etcd_done, void *);

#endif
