/*
 * encrypt: the member "encrypt" of a descriptor: which values of a request's
 * body go out encrypted.  What encrypts them is not known here.
 */
#ifndef ENCRYPT_H
#define ENCRYPT_H

#include <jansson.h>

#include "gateway/descriptor.h"
#include "gateway/value.h"

struct gateway_texts;

/* Recipients of one request: each of them is a value to encrypt, too. */
#define ENCRYPT_RECIPIENTS_MAX 10

void encrypt_read(struct descriptor *);

/* The passphrase, of one that encrypts; to be freed by wipe_free. */
char *encrypt_passphrase(const struct descriptor *);

/* The values of a body that are to be encrypted, in their order. */
struct gateway_texts *encrypt_list(const struct descriptor *, json_t *body);

/*
 * Put the encrypted values in the place of the others, and the mark that says
 * so.  Without them (a dry run) the mark alone.  Returns 0, or -1 if they are
 * not as many.
 */
int encrypt_replace(const struct descriptor *, json_t *body,
    const struct gateway_texts *sealed);

/* Octets of a text once it is encrypted. */
size_t encrypt_size(size_t);

#endif
