/*
 * extract: what a mail would become, for administrators who wonder: -x.
 */
#ifndef EXTRACT_H
#define EXTRACT_H

#include "common/config.h"

/*
 * Read a message from descriptor 0 and print on descriptor 1 where its text
 * came from, alphabet, parts, and behind a blank line the text: as it is if
 * look is -1, else drawn for a terminal (terminal_look).  The octets may come
 * from anywhere: call it in the sandbox.
 * Returns 0; 1 if the message has no text or one that would be refused;
 * -1 if it could not be read or written.
 */
int extract_run(const struct config *, int look);

#endif
