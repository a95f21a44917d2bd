/*
 * maps: the variables that a descriptor makes or explains itself.
 */
#ifndef MAPS_H
#define MAPS_H

#include <stddef.h>

struct descriptor;
struct descriptor_map;

/* Read `variables`, `defaults` and `map`. */
void maps_load(struct descriptor *);

/* What `variables` says of a name, for people; "" if nothing. */
const char *maps_meaning(const struct descriptor *, const char *name);

/* The map that makes a variable, or NULL. */
const struct descriptor_map *maps_find(const struct descriptor *,
    const char *name);

/*
 * The templates that a default or a map is made of, one after the other:
 * a map's `of` by its name alone, in *of.  NULL behind the last.
 */
const char *maps_inner(const struct descriptor *, const char *name, size_t i,
    const char **of);

#endif
