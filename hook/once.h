/*
 * once: something that is done once, however often the gateway asks for it.
 */
#ifndef ONCE_H
#define ONCE_H

#include "common/config.h"
#include "delivery/note.h"

#define ONCE_LIFE      (7 * 86400) /* seconds that it is known */
#define ONCE_BUSY_LIFE 120	/* seconds that it may be under way */

enum once { ONCE_DONE, ONCE_REPEATED, ONCE_LATER };

/* What all that is done here needs. */
struct tools {
	const struct config *config;
	const struct notes *notes;
	const char *gateway;
	int mailer;
};

/*
 * Call `act` with arg if it has not succeeded under this name before; it
 * returns 0, or -1 after it has told why.  `later` is told what else went
 * wrong.
 */
enum once once_do(const struct tools *, const char *name, int (*act)(void *),
    void (*later)(void *, const char *why), void *arg);

#endif
