/*
 * phone: an SMS as it stands on a phone, drawn for a terminal.  For people:
 * smtp2sms -x, smtp2sms-deliver --try, make demo.
 */
#ifndef PHONE_H
#define PHONE_H

#include "common/buf.h"

#define PHONE_WIDTH 34	/* cells of a line of the text */

/*
 * Octets of storage that a drawing may need, for so many octets of text and
 * number: a line has PHONE_WIDTH cells, and a cell at most some octets.
 */
#define PHONE_ROOM(n) (160 * ((n) + 16))

/*
 * Draw a text, which is valid UTF-8, in a box: above it the number (or what
 * else to call the recipient), below it the parts and the alphabet.  The flags
 * are those of common/terminal.h.
 */
void phone_draw(struct buf *, const char *to, const char *text,
    unsigned flags);

#endif
