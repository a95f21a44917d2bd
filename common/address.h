/*
 * address: paths of RFC 5321 and phone numbers (E.164).
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <stddef.h>

#define ADDRESS_LOCAL_MAX  256	/* octets; RFC 5321, 4.5.3.1.1 asks for 64 */
#define ADDRESS_DOMAIN_MAX 255	/* octets; RFC 5321, 4.5.3.1.2 */
#define ADDRESS_E164_MIN   7	/* digits, country code included */
#define ADDRESS_E164_MAX   15	/* digits; ITU-T E.164, 6.1 */
#define ADDRESS_SHORT_MIN  3	/* digits of a short code */
#define ADDRESS_SHORT_MAX  6
#define ADDRESS_NUMBER_MAX (ADDRESS_E164_MAX + 2) /* storage: '+', NUL */

struct path {
	char local[ADDRESS_LOCAL_MAX + 1];	/* unquoted; "" with <> */
	char domain[ADDRESS_DOMAIN_MAX + 1];	/* "" if it has none */
	int utf8;	/* 1: not all of it is ASCII (RFC 6531) */
};

/*
 * Parse a path in angle brackets at s, blanks before it allowed (RFC 5321,
 * 4.1.2); a source route is skipped (4.1.1.3).  The local part may hold
 * any printable ASCII but blanks and <>@," outside quotes, since numbers
 * are written in many ways; both may hold valid UTF-8 (RFC 6531, 3.3).  On success *end points behind the '>'.
 * Returns 0, or -1 if this is no path or one of its parts is too long.
 */
int address_path(const char *s, const char **end, struct path *);

struct address_rules {
	const char *country;	/* digits of the country code; NULL: none */
	int allow_short;	/* 3 to 6 digits are a short code */
};

/*
 * Turn what people write for a phone number into E.164 with its '+', or
 * into the bare digits of a short code.  Visual separators, a leading 00
 * and the suffix /TYPE=PLMN (3GPP TS 23.140) are understood.
 * Returns 0, or -1 if it is not a number.
 */
int address_number(const char *, const struct address_rules *,
    char out[ADDRESS_NUMBER_MAX]);

/* 1 if s is what address_number could have made: for the delivery side. */
int address_is_number(const char *, int allow_short);

/*
 * Write the digits of an E.164 prefix, with or without its '+', with it.
 * Returns 0, or -1 if it is none.
 */
int address_prefix(const char *, char out[ADDRESS_NUMBER_MAX]);

/*
 * 1 if the number may be sent to: the longest prefix among allow and deny
 * decides, deny where they are equal; where none matches, all is allowed
 * unless there are allow prefixes.  Prefixes are E.164 with their '+'.
 * Short codes are not subject to prefixes.
 */
int address_allowed(const char *number, char *const *allow, size_t nallow,
    char *const *deny, size_t ndeny);

#endif
