/*
 * number_plan: the national numbering plans of ITU-T E.164: which numbers a
 * country can have, and what people dial before them.  A national (significant)
 * number, nsn, has neither country code nor prefixes.
 */
#ifndef NUMBER_PLAN_H
#define NUMBER_PLAN_H

#include <stddef.h>

struct number_plan;

/*
 * The plan of the country code that the digits begin with; *n is the length of
 * the code.  NULL if there is no such country code.
 */
const struct number_plan *number_plan_find(const char *digits, size_t *n);

/* 1 if a country code is, or begins with, these digits. */
int number_plan_begins_code(const char *digits);

/*
 * The trunk prefixes of the plan, and its international prefixes besides 00:
 * alternatives separated by '|', in which '?' is any digit.  "" if there are
 * none.
 */
const char *number_plan_trunk(const struct number_plan *);
const char *number_plan_abroad(const struct number_plan *);

/* 1 if numbers of the plan can begin with this digit. */
int number_plan_begins(const struct number_plan *, char digit);

/* Digits of the shortest and the longest number of the plan. */
size_t number_plan_shortest(const struct number_plan *);
size_t number_plan_longest(const struct number_plan *);

/* 1 if the plan has numbers like this one, by its length and first digit. */
int number_plan_has(const struct number_plan *, const char *nsn);

/*
 * Some numbers are dialled differently inside their country, beyond a trunk
 * prefix.  Write the nsn (at most NUMBER_E164_MAX digits) of such a number.
 * Returns 0, or -1 if it is not one of these.
 */
int number_plan_respell(const struct number_plan *, const char *dialled,
    char *nsn);

/* 1 if this looks like a mobile number of the plan. */
int number_plan_is_mobile(const struct number_plan *, const char *nsn);

#endif
