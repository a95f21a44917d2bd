/*
 * note: what smtp2sms-hook remembers, in the folder of a journal: who wrote
 * to a number last, which webhook has been dealt with.  A note is a value of
 * the journal (journal_value.h) whose name tells nobody what it is about.
 */
#ifndef NOTE_H
#define NOTE_H

#include <stddef.h>

#include "delivery/journal_value.h"

#define NOTE_NAME_SIZE (JOURNAL_NAME_MAX + 1) /* octets, with a NUL */

/*
 * Who wrote to a number last, under the number's name: an address of these
 * characters, a newline, a Message-ID in its brackets or nothing, a newline.
 */
#define NOTE_SENDER  "sender"

/*
 * Who wants to be told what becomes of an SMS, under the gateway's name, its
 * id and the number: address, ENVID, ORCPT, Message-ID, "BITS PARTS" (of
 * NOTIFY, and of the SMS), each in a line.
 */
#define NOTE_RECEIPT "receipt"

/* A number that is being sent to: such a note may come in a moment. */
#define NOTE_SENDING "sending"

#define NOTE_ID_MAX  900	/* octets of a Message-ID */
#define NOTE_ATOM    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
		     "0123456789"
#define NOTE_ADDRESS NOTE_ATOM ".!#$%&'*+-/=?^_`{|}~"
#define NOTE_DOMAIN  NOTE_ATOM ".-"

/* A journal's folder and its key. */
struct notes {
	const char *dir;
	struct journal_key key;
};

/*
 * Read the key of the journal in the folder dir, which must last.  Returns 0,
 * or -1 with errno.  notes_close wipes the key.
 */
int notes_open(struct notes *, const char *dir);
void notes_close(struct notes *);

/*
 * The name of a note, a UUID: HMAC-SHA-256 of its kind and of n parts with
 * the journal's key.  Without the key nobody can tell which number it is
 * about.
 */
void note_name(const struct journal_key *, const char *kind,
    const char *const part[], size_t n, char name[NOTE_NAME_SIZE]);

/*
 * Read a note.  Returns 1 if it is there, 0 if there is none or its life is
 * over, -1 with errno.
 */
int note_get(const struct notes *, const char *name,
    char out[JOURNAL_VALUE_MAX + 1]);

/*
 * Write a note in place of the one of that name, to live for life seconds.
 * durable: it survives a crash of the machine.  Returns 0, or -1 with errno.
 */
int note_put(const struct notes *, const char *name, const char *text,
    long life, int durable);

/*
 * The same if there is none, and durable: of several that try, one gets 0.
 * Returns 1 if there is one that is still alive.
 */
int note_claim(const struct notes *, const char *name, const char *text,
    long life);

/*
 * Remove a note, if it is there; after a crash of the machine it may be there
 * again.  Returns 0, or -1 with errno.
 */
int note_drop(const struct notes *, const char *name);

#endif
