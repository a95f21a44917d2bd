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

/* What is wrong with what was written. */
enum number_fault {
	NUMBER_OK,
	NUMBER_SYNTAX,		/* no number at all */
	NUMBER_PREFIX,		/* no digits, for number_read_prefix() */
	NUMBER_NATIONAL,	/* a national one; of which country? */
	NUMBER_COUNTRY,		/* there is no such country code */
	NUMBER_TRUNK,		/* a 0 or the like behind it */
	NUMBER_SHORT,		/* the country has no number so short */
	NUMBER_LONG,		/* nor so long */
	NUMBER_LENGTH,		/* nor one between of that length */
	NUMBER_AMBIGUOUS	/* two numbers can be meant */
};

struct number_rules {
	const char *country;	/* digits of the country code; NULL: none */
	int allow_short;	/* 3 to 6 digits are a short code */
};

/*
 * Bring what people write for a phone number into its one form: E.164 with
 * its '+', or the bare digits of a short code.  Understood are the separators
 * of ITU-T E.123 and '.', "(0)", 00 and the country's own international
 * prefix, its trunk prefix, also behind the country code, and the suffix
 * /TYPE=PLMN (3GPP TS 23.140, 8.4.5.1).
 */
enum number_fault number_read(const char *, const struct number_rules *,
    char out[NUMBER_SIZE]);

/* What is wrong in words, to go behind the number: "has too many digits". */
const char *number_words(enum number_fault);

/* 1 if s is in its one form: for the delivery side. */
int number_is_valid(const char *, int allow_short);

/*
 * Write the digits of an E.164 prefix, with or without its '+', with it.  A
 * prefix with which no number in its one form can begin is a fault.
 */
enum number_fault number_read_prefix(const char *,
    char out[NUMBER_SIZE]);

/*
 * 1 if the number may be sent to: the longest prefix among allow and deny
 * decides, deny where they are equal; where none matches, all is allowed
 * unless there are allow prefixes.  Prefixes are E.164 with their '+'.
 * Short codes are not subject to prefixes.
 */
int number_allowed(const char *number, char *const *allow, size_t nallow,
    char *const *deny, size_t ndeny);

#endif
