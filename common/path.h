/*
 * path: the paths of MAIL and RCPT (RFC 5321, 4.1.2; RFC 6531).
 */
#ifndef PATH_H
#define PATH_H

#include <stddef.h>

#define PATH_LOCAL_MAX	256	/* octets; RFC 5321, 4.5.3.1.1 asks for 64 */
#define PATH_DOMAIN_MAX 255	/* octets; RFC 5321, 4.5.3.1.2 */

struct path {
	char local[PATH_LOCAL_MAX + 1];	/* unquoted; "" with <> */
	char domain[PATH_DOMAIN_MAX + 1];	/* "" if it has none */
	int utf8;	/* 1: not all of it is ASCII (RFC 6531) */
};

/*
 * Parse the path at s, blanks before it allowed (RFC 5321, 4.1.2).  Angle
 * brackets around it are not required: many devices forget them.  A source
 * route is skipped (4.1.1.3).  The local part may hold any printable ASCII
 * but blanks and <>@," outside quotes, since numbers are written in many
 * ways; both parts may hold valid UTF-8 (RFC 6531, 3.3).  On success *end
 * points to the blank or the NUL behind the path.  Returns 0, or -1 if this
 * is no path or one of its parts is too long.
 */
int path_parse(const char *s, const char **end, struct path *);

/*
 * For a path that path_parse did not like and that nobody will use: skip it
 * if there is no doubt where it ends.  It is printable ASCII without blanks
 * and quotes, and either has a pair of brackets around it or none at all.
 * local gets all of it.  0, or -1.
 */
int path_skip(const char *s, const char **end, struct path *);

#endif
