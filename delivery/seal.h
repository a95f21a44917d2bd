/*
 * seal: texts are encrypted before they leave, by smtp2sms-seal, in a process
 * for each request.
 */
#ifndef SEAL_H
#define SEAL_H

#include <curl/curl.h>

#include "common/config.h"
#include "gateway/message.h"

#define SEAL_WAITS 4 /* processes at a time, and their descriptors */

/* sealed has as many texts as were given; NULL: it failed, and why. */
typedef void (*seal_done)(void *arg, struct gateway_texts *sealed,
    const char *why);

void seal_init(const struct config *);

/* The program's path, in storage of this file's. */
const char *seal_program(void);

/*
 * Encrypt the texts.  done is called once, from seal_turn, within ms
 * milliseconds; the sealed texts are then its own.
 */
void seal_start(const char *passphrase, const struct gateway_texts *, long ms,
    seal_done, void *arg);

/*
 * The descriptors to wait for, at most SEAL_WAITS: how many.  ms is
 * lowered to the first deadline.  seal_turn, with the same, looks at them.
 */
unsigned seal_prepare(struct curl_waitfd *, int *ms);
void seal_turn(const struct curl_waitfd *, unsigned n);

#endif
