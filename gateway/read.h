/*
 * read: a descriptor's file becomes a struct descriptor.
 */
#ifndef READ_H
#define READ_H

#include "common/config.h"

struct descriptor;
struct hook;

/*
 * Read the descriptors of the gateways that the configuration names, and the
 * secrets.  Returns the first, from which `next` leads to the others.  Every
 * error is reported with file, JSON pointer and reason; NULL if there was
 * one.
 */
struct descriptor *read_descriptor(const struct config *, config_report);

/*
 * Read the member "hook" of one gateway's descriptor, and no secret.  Returns
 * 1 if it has one, 0 if it has none, -1 if something is wrong with it, which
 * is reported.
 */
int read_hook(const struct config *, const char *gateway, config_report,
    struct hook *);

#endif
