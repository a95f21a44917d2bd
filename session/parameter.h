/*
 * parameter: parses the values of a message's options in ESMTP parameters and
 * in header fields.  session_mail.c and session_options.c decide whether they
 * are allowed.
 */
#ifndef PARAMETER_H
#define PARAMETER_H

#include <stddef.h>

#define PARAMETER_LEVEL_MAX 9	/* of MT-PRIORITY: -9 to 9; RFC 6710, 4 */
#define PARAMETER_HINT	    4	/* level of "high" in a header */
#define PARAMETER_BY_DIGITS 9	/* RFC 2852, 4 */
#define PARAMETER_HOLD_DIGITS 9 /* RFC 4865, 4 */
#define PARAMETER_ENVID_MAX 100 /* octets of xtext; RFC 3461, 4.4 */
#define PARAMETER_ORCPT_MAX 500 /* octets; RFC 3461, 4.2 */
#define PARAMETER_DATE_MAX  21	/* storage of 2026-11-22T03:45:00Z */

/* All of these return 0, or -1 if the value is wrong. */

/* SIZE: octets; LONG_MAX if there are more (RFC 1870, 4). */
int parameter_size(const char *, long *octets);

/* MT-PRIORITY: -9 to 9 (RFC 6710, 4). */
int parameter_level(const char *, int *level);

/*
 * BY: seconds;R or seconds;N, with or without T at the end (RFC 2852, 4).
 * returned: 1 with R; then the seconds are at least 1.
 */
int parameter_by(const char *, long *seconds, int *returned);

/* HOLDFOR: seconds, at least 1 and without leading zeros (RFC 4865, 4). */
int parameter_hold(const char *, long *seconds);

/* A date and time (RFC 3339, 5.6) as seconds since 1970, UTC. */
int parameter_date(const char *, long long *when);

/* Write a time, from 1970 to 9999, as a date and time in UTC. */
void parameter_put_date(long long when, char out[PARAMETER_DATE_MAX]);

/* AUTH of MAIL: xtext of printable ASCII (RFC 4954, 5; RFC 3461, 4). */
int parameter_xtext(const char *);

/* ENVID: the same, of bounded length (RFC 3461, 4.4). */
int parameter_envid(const char *);

enum {
	PARAMETER_NEVER = 1,
	PARAMETER_SUCCESS = 2,
	PARAMETER_FAILURE = 4,
	PARAMETER_DELAY = 8
};

/*
 * NOTIFY: NEVER alone, or some of the others (RFC 3461, 4.1).  An empty
 * member of the list is skipped: some clients leave a comma behind.
 */
int parameter_notify(const char *, unsigned *);

/* ORCPT: type;xtext (RFC 3461, 4.2), of type utf-8 also with UTF-8. */
int parameter_orcpt(const char *);

/* A decimal number with an optional sign; blanks around it are allowed. */
int parameter_number(const char *, long least, long most, long *);

/* "yes", "no", "true", "false" in any letter case. */
int parameter_yes(const char *, int *);

/* X-SMS-Schedule: a date and time, or +seconds from now. */
int parameter_schedule(const char *, long long now, long long *when);

/*
 * The level that Importance, Priority (RFC 2156, 5.3.4: high, urgent) or
 * X-Priority (1, 2; 4, 5) hints at; 0 for any other value.
 */
int parameter_hint(const char *);

#endif
