/*
 * journal_record: what a message's record says, in memory.  Pure but for
 * memory and the clock.
 */
#ifndef JOURNAL_RECORD_H
#define JOURNAL_RECORD_H

#include <sys/types.h>

#include <stdint.h>
#include <time.h>

#include "common/ipc.h"

/* Octets of a key and of a recipient's name: UUIDs as text in lower case. */
#define JOURNAL_NAME_MAX  36
#define JOURNAL_NAMES_MAX 2048	/* recipients that a record remembers */
#define JOURNAL_AHEAD	  300	/* seconds that a clock may be set back */
#define JOURNAL_KEY_BLOCK 64	/* octets; a block of SHA-1 */
#define JOURNAL_NONCE_MAX 36	/* octets of a claim's name: a UUID */
#define JOURNAL_WHY_MAX	  200	/* octets of a reason */
#define JOURNAL_RECORD_LINE 192 /* octets of a line, with a NUL */

/* Random octets that are this journal's alone, and stay in it. */
struct journal_key {
	unsigned char inner[JOURNAL_KEY_BLOCK], outer[JOURNAL_KEY_BLOCK];
};

/*
 * NEW: this try was certainly not taken; where an earlier one may have been,
 * that stays UNKNOWN: taken or not, nobody can tell.
 */
enum journal_state {
	JOURNAL_NEW,
	JOURNAL_SENDING,
	JOURNAL_ACCEPTED,
	JOURNAL_UNKNOWN
};

enum journal_answer {
	JOURNAL_OK,
	JOURNAL_BUSY,		/* another session is sending this message */
	JOURNAL_CHANGED,	/* it was not what it seemed: look again */
	JOURNAL_FAILED		/* journal_why() says why */
};

struct journal_entry;

/* One message's record; nobody else looks inside. */
struct journal {
	char key[JOURNAL_NAME_MAX + 1];
	struct journal_entry *entry;
	size_t n, room;
	/* of a folder */
	int fd, folder; /* -1: not open */
	size_t lines;	/* in the file */
	off_t end;	/* of the last line that is right */
	int settled;	/* the folder has the file for sure */
	/* of a cluster */
	char nonce[JOURNAL_NONCE_MAX + 1]; /* "": there is no claim of ours */
	uint64_t revision; /* of the record when it was read; 0: none */
};

/*
 * What is known of a recipient, if it was noted at `since` or later; with
 * since 0 at any time.  Else a time in the future is a clock's that was wrong:
 * it does not count.  id:
 * of an accepted one the gateway's, of one SENDING or UNKNOWN the name of the
 * gateway that may have it, or "".  What was noted as SENDING by a process
 * that came no further is UNKNOWN.
 */
enum journal_state journal_find(const struct journal *, const char *name,
    time_t since, char id[IPC_ID_MAX + 1]);

/* How often a recipient was sent to without anybody knowing the outcome. */
long journal_tries(const struct journal *, const char *name);

/* Forget what was noted of a recipient. */
void journal_forget(struct journal *, const char *name);

/*
 * Note the state of a recipient, in memory; id is NULL or what journal_find
 * shall find.  SENDING, and UNKNOWN without an id, keep the gateway's name.  A
 * record that is full forgets its oldest recipient.  Returns 0, or -1 with
 * errno: EINVAL if name or id is none, ENOMEM.
 */
int journal_note(struct journal *, const char *name, enum journal_state,
    const char *id);

/* ---- for those who keep it ---- */

struct journal_entry {
	char name[JOURNAL_NAME_MAX + 1];
	char id[IPC_ID_MAX + 1]; /* SENDING, UNKNOWN: the gateway's name */
	time_t time;
	long tries;  /* of SENDING and UNKNOWN: how many may have been taken */
	enum journal_state state;
	int dirty;   /* to be written */
	int written; /* there is, or may be, a line of it */
};

/* It starts with a UUID as text, in lower case (RFC 9562, 4). */
int journal_record_starts_with_name(const char *);

/* It is one, and so safe as a file's name. */
int journal_record_is_name(const char *);

/* 1 if the clock has been set back since then. */
int journal_record_is_ahead(time_t);

/* How many recipients have something that must not be forgotten. */
size_t journal_record_count(const struct journal *);

/*
 * Take in the lines of a record whose key is set.  SENDING becomes UNKNOWN:
 * its process came no further.  0, or -1 with errno.
 */
int journal_record_load(struct journal *, const char *, size_t n);

/*
 * The lines of entries: of those that are dirty, or of all that are not
 * NEW.  Returns memory, NULL if there is none.
 */
char *journal_record_lines(struct journal *, int all, size_t *size,
    size_t *lines);

/* Forget all entries, and free their memory. */
void journal_record_free(struct journal *);

#endif
