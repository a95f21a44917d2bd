/*
 * credible: whether a Message-ID or a Date tells one mail from another.
 * Small devices send the same one in every mail: their alarms must not be
 * taken for one alarm that comes again.
 */
#ifndef CREDIBLE_H
#define CREDIBLE_H

#include <time.h>

#define CREDIBLE_FUTURE 300 /* seconds that a sender's clock may be ahead */
#define CREDIBLE_AGE (5 * 86400) /* seconds; as long as a queue keeps a mail
				    (RFC 5321, 4.5.4.1) */

/*
 * 1 if the value of a Date field is the time of a clock that goes: a date by
 * RFC 5322, 3.3 or 4.3, not in the future and at most five days old.
 */
int credible_date(const char *, time_t now);

/*
 * 1 if the value of a Message-ID field looks unique (RFC 5322, 3.6.4): it has
 * an '@' with something on either side, and its left side was filled in.
 */
int credible_message_id(const char *);

#endif
