/*
 * path: parses the paths of MAIL and RCPT (RFC 5321, 4.1.2; RFC 6531).
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
 * Parse the path at s (RFC 5321, 4.1.2); blanks before it are allowed.  Angle
 * brackets are not required, since many devices forget them.  A source route is
 * skipped (4.1.1.3).  Outside quotes, the local part may have any printable
 * ASCII but blanks and <>@,", since people write numbers in many ways; both
 * parts may have valid UTF-8 (RFC 6531, 3.3).  On success *end points to the
 * blank or the NUL behind the path.  Returns 0, or -1 if this is no path or one
 * of its parts is too long.
 */
int path_parse(const char *s, const char **end, struct path *);

/*
 * Skip a path that path_parse has refused and that nobody will use, if there is
 * no doubt where it ends: it is printable ASCII without blanks and quotes, and
 * has a pair of brackets around it or none.  local gets all of it.  0, or -1.
 */
int path_skip(const char *s, const char **end, struct path *);

#endif
