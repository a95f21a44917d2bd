/*
 * number: phone numbers (ITU-T E.164), their prefixes, and who may be sent
 * to.
 */
#ifndef NUMBER_H
#define NUMBER_H

#include <stddef.h>

#define NUMBER_E164_MIN	 7	/* digits, country code included */
#define NUMBER_E164_MAX	 15	/* digits; ITU-T E.164, 6.1 */
#define NUMBER_SHORT_MIN 3	/* digits of a short code */
#define NUMBER_SHORT_MAX 6
#define NUMBER_SIZE	 (NUMBER_E164_MAX + 2) /* storage: '+', NUL */

struct number_rules {
	const char *country;	/* digits of the country code; NULL: none */
	int allow_short;	/* 3 to 6 digits are a short code */
};

/*
 * Turn what people write for a phone number into E.164 with its '+', or
 * into the bare digits of a short code.  Visual separators, a leading 00
 * and the suffix /TYPE=PLMN (3GPP TS 23.140) are understood.
 * Returns 0, or -1 if it is not a number.
 */
int number_normalise(const char *, const struct number_rules *,
    char out[NUMBER_SIZE]);

/* 1 if s is what number_normalise could have made: for the delivery side. */
int number_is_valid(const char *, int allow_short);

/*
 * Write the digits of an E.164 prefix, with or without its '+', with it.
 * Returns 0, or -1 if it is none.
 */
int number_prefix(const char *, char out[NUMBER_SIZE]);

/*
 * 1 if the number may be sent to: the longest prefix among allow and deny
 * decides, deny where they are equal; where none matches, all is allowed
 * unless there are allow prefixes.  Prefixes are E.164 with their '+'.
 * Short codes are not subject to prefixes.
 */
int number_allowed(const char *number, char *const *allow, size_t nallow,
    char *const *deny, size_t ndeny);

#endif
