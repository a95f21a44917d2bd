/*
 * phone: draws an SMS on a terminal as a phone shows it.  Used by smtp2sms -x,
 * smtp2sms-deliver --try and make demo.
 */
#ifndef PHONE_H
#define PHONE_H

#include "common/buf.h"

#define PHONE_WIDTH 34	/* cells of a line of the text */

/*
 * Octets of storage that a drawing may need for n octets of text and number.
 */
#define PHONE_ROOM(n) (160 * ((n) + 16))

/*
 * Draw a text in valid UTF-8 in a box.  Above it stands the number, or another
 * name of the recipient; below it the parts and the alphabet.  The flags are
 * those of common/terminal.h.
 */
void phone_draw(struct buf *, const char *to, const char *text,
    unsigned flags);

#endif
