/*
 * number: parses phone numbers (ITU-T E.164) and prefixes, and decides by
 * prefix whether a number is allowed.
 */
#ifndef NUMBER_H
#define NUMBER_H

#include <stddef.h>

#define NUMBER_E164_MIN	 7	/* digits, country code included */
#define NUMBER_E164_MAX	 15	/* digits; ITU-T E.164, 6.1 */
#define NUMBER_SHORT_MIN 3	/* digits of a short code */
#define NUMBER_SHORT_MAX 6
#define NUMBER_SIZE	 (NUMBER_E164_MAX + 2) /* storage: '+', NUL */

/* Why something is no number. */
enum number_fault {
	NUMBER_OK,
	NUMBER_SYNTAX,		/* it does not look like a number */
	NUMBER_PREFIX,		/* number_read_prefix: it has no digits */
	NUMBER_NATIONAL,	/* a national number of an unknown country */
	NUMBER_COUNTRY,		/* there is no such country code */
	NUMBER_TRUNK,		/* a trunk prefix after the country code */
	NUMBER_SHORT,		/* the country has no numbers so short */
	NUMBER_LONG,		/* the country has no numbers so long */
	NUMBER_LENGTH,		/* the country has no numbers of this length */
	NUMBER_AMBIGUOUS	/* it may mean two numbers */
};

struct number_rules {
	const char *country;	/* digits of the country code; NULL: none */
	int allow_short;	/* 3 to 6 digits are a short code */
};

/*
 * Bring a phone number, as people write it, into its one form: E.164 with its
 * '+', or the bare digits of a short code.  It may have the separators of ITU-T
 * E.123 and '.', "(0)", 00 or the country's own international prefix, its trunk
 * prefix, even after the country code, and the suffix /TYPE=PLMN (3GPP TS
 * 23.140, 8.4.5.1).
 */
enum number_fault number_read(const char *, const struct number_rules *,
    char out[NUMBER_SIZE]);

/* The fault in words, to follow the number: "has too many digits". */
const char *number_words(enum number_fault);

/* 1 if s is a number in its one form. */
int number_is_valid(const char *, int allow_short);

/*
 * Parse an E.164 prefix, with or without its '+', and write it with a '+'.  It
 * is a fault if no number can begin with it.
 */
enum number_fault number_read_prefix(const char *,
    char out[NUMBER_SIZE]);

/*
 * 1 if messages to the number are allowed.  The longest matching prefix of
 * allow and deny decides; of two equal ones, deny does.  If none matches, the
 * number is allowed unless there are allow prefixes.  Prefixes are E.164 with
 * their '+'.  Short codes are always allowed.
 */
int number_allowed(const char *number, char *const *allow, size_t nallow,
    char *const *deny, size_t ndeny);

#endif
