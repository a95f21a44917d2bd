/*
 * extract: shows the SMS that a mail would become: -x.
 */
#ifndef EXTRACT_H
#define EXTRACT_H

#include "common/config.h"

/*
 * Read a message from descriptor 0, and print on descriptor 1 the source of its
 * text, the alphabet, the parts and, after a blank line, the text: as it is if
 * look is -1, else drawn for a terminal (terminal_look).  Call it in the
 * sandbox: the message may come from anybody.  Returns 0; 1 if the message has
 * no text, or one that would be refused; -1 if it could not be read or written.
 */
int extract_run(const struct config *, int look);

#endif
