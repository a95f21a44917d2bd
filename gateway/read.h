/*
 * read: a descriptor's file becomes a struct descriptor.
 */
#ifndef READ_H
#define READ_H

#include "common/config.h"

struct descriptor;

/*
 * Read the descriptors of the gateways that the configuration names, and the
 * secrets.  Returns the first, from which `next` leads to the others.  Every
 * error is reported with file, JSON pointer and reason; NULL if there was
 * one.
 */
struct descriptor *read_descriptor(const struct config *, config_report);

#endif
