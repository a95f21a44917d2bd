/*
 * number: parses phone numbers (ITU-T E.164) and prefixes.  Pure.  The session
 * brings numbers into their one form; the delivery side checks that it did.
 * number_plan.c knows what the numbers of each country look like.
 */
#include <string.h>
#include <strings.h>

#include "common/number.h"
#include "common/number_plan.h"

/* Digits of a number with an international prefix and a trunk prefix. */
#define WRITTEN_MAX (NUMBER_E164_MAX + 9)

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A number as it was written: its digits, and where "(0)" stands. */
struct written {
	int plus;
	size_t n;
	char digits[WRITTEN_MAX + 1];
	const char *optional;	/* the 0 of "(0)", or NULL */
};

static enum number_fault
scan(const char *s, struct written *w)
{
	static const char plmn[] = "/TYPE=PLMN";

	memset(w, 0, sizeof(*w));
	if (strncmp(s, "(+", 2) == 0)
		s++;
	w->plus = *s == '+';
	if (!w->plus && *s != '(' && !is_digit(*s))
		return NUMBER_SYNTAX;
	for (s += w->plus; *s != '\0' && strcasecmp(s, plmn) != 0; s++) {
		if (strncmp(s, "(0)", 3) == 0)
			w->optional = w->digits + w->n;
		if (strchr(" -.()", *s) != NULL)
			continue;
		if (!is_digit(*s))
			return NUMBER_SYNTAX;
		if (w->n == WRITTEN_MAX)
			return NUMBER_LONG;
		w->digits[w->n++] = *s;
	}
	return w->n > 0 ? NUMBER_OK : NUMBER_SYNTAX;
}

/* ---- lists of prefixes, as number_plan.h describes them ---- */

/* The digits after the list's first prefix, or NULL if they lack it. */
static const char *
behind(const char *prefix, const char *digits)
{
	for (; *prefix != '\0' && *prefix != '|'; prefix++, digits++)
		if (*digits == '\0' || (*prefix != '?' && *prefix != *digits))
			return NULL;
	return digits;
}

static const char *
next_prefix(const char *list)
{
	list += strcspn(list, "|");
	return *list == '|' ? list + 1 : list;
}

/* The digits after any of the prefixes, or NULL if they have none. */
static const char *
behind_any(const char *list, const char *digits)
{
	const char *rest = NULL;

	for (; *list != '\0' && rest == NULL; list = next_prefix(list))
		rest = behind(list, digits);
	return rest;
}

/* ---- the readings of a number ---- */

/* Why the digits are no number of the plan. */
static enum number_fault
why_not(const struct number_plan *plan, const char *digits)
{
	const char *rest = behind_any(number_plan_trunk(plan), digits);
	size_t n;

	if (!number_plan_begins(plan, *digits) && rest != NULL)
		digits = rest;
	n = strlen(digits);
	if (!number_plan_begins(plan, *digits))
		return NUMBER_TRUNK;
	if (n < number_plan_shortest(plan))
		return NUMBER_SHORT;
	return n > number_plan_longest(plan) ? NUMBER_LONG : NUMBER_LENGTH;
}

/* Read a number without its country code, with or without trunk prefix. */
static enum number_fault
read_national(const struct number_plan *plan, const char *digits, char *nsn)
{
	const char *list, *rest;

	if (number_plan_has(plan, digits)) {
		strcpy(nsn, digits);
		return NUMBER_OK;
	}
	list = number_plan_trunk(plan);
	for (; *list != '\0'; list = next_prefix(list)) {
		rest = behind(list, digits);
		if (rest != NULL && number_plan_has(plan, rest)) {
			strcpy(nsn, rest);
			return NUMBER_OK;
		}
	}
	return number_plan_respell(plan, digits, nsn) == 0 ? NUMBER_OK :
	    why_not(plan, digits);
}

/* One way to read what is written. */
struct reading {
	enum number_fault fault;
	int rank;			/* 0: impossible; 2: a mobile phone */
	char number[NUMBER_SIZE];
};

static void
read_plan(struct reading *r, const struct number_plan *plan, const char *code,
    size_t ncode, const char *digits)
{
	char *nsn = r->number + 1 + ncode;

	r->number[0] = '+';
	memcpy(r->number + 1, code, ncode);
	r->fault = read_national(plan, digits, nsn);
	r->rank = r->fault != NUMBER_OK ? 0 :
	    number_plan_is_mobile(plan, nsn) ? 2 : 1;
}

/* Read digits that begin with a country code; ignore a "(0)" after it. */
static void
read_international(struct reading *r, const struct written *w,
    const char *digits)
{
	const struct number_plan *plan;
	const char *nsn;
	size_t n;

	r->rank = 0;
	r->fault = NUMBER_COUNTRY;
	if ((plan = number_plan_find(digits, &n)) == NULL)
		return;
	nsn = digits + n;
	if (nsn == w->optional && !number_plan_begins(plan, '0'))
		nsn++;
	read_plan(r, plan, digits, n, nsn);
}

/*
 * Choose between two readings: the one that looks like a mobile number wins,
 * since nearly all texts go to mobile phones.
 */
static enum number_fault
choose(const struct reading *a, const struct reading *b, char *out)
{
	const struct reading *best = b->rank > a->rank ? b : a;

	if (a->rank == b->rank && a->rank > 0 &&
	    strcmp(a->number, b->number) != 0)
		return NUMBER_AMBIGUOUS;
	if (best->fault == NUMBER_OK)
		strcpy(out, best->number);
	return best->fault;
}

/*
 * Read a number without an international prefix.  It is a national number; or,
 * since people leave out the '+', one that begins with its country code.
 */
static enum number_fault
read_home(const struct written *w, const struct number_plan *home,
    const char *code, char out[NUMBER_SIZE])
{
	const char *digits = w->digits;
	struct reading national, whole = {.rank = 0};

	if (strncmp(digits, code, strlen(code)) == 0)
		read_international(&whole, w, digits);
	if (digits == w->optional && !number_plan_begins(home, '0'))
		digits++;
	read_plan(&national, home, code, strlen(code), digits);
	return choose(&national, &whole, out);
}

static enum number_fault
read_dialled(const struct written *w, const struct number_plan *home,
    const char *code, char out[NUMBER_SIZE])
{
	const char *own = NULL, *zeros = behind("00", w->digits);
	struct reading a = {.rank = 0}, b = {.rank = 0};

	if (home != NULL)
		own = behind_any(number_plan_abroad(home), w->digits);
	if (own == NULL && zeros == NULL && home != NULL)
		return read_home(w, home, code, out);
	if (own == NULL && zeros == NULL && *w->digits == '0')
		return NUMBER_NATIONAL;
	if (own == NULL && zeros == NULL)
		zeros = w->digits;
	if (own != NULL)
		read_international(&a, w, own);
	if (zeros != NULL)
		read_international(&b, w, zeros);
	return own != NULL ? choose(&a, &b, out) : choose(&b, &a, out);
}

static int
is_short(const struct written *w, const struct number_rules *rules)
{
	return rules->allow_short && !w->plus && *w->digits != '0' &&
	    w->n >= NUMBER_SHORT_MIN && w->n <= NUMBER_SHORT_MAX;
}

enum number_fault
number_read(const char *s, const struct number_rules *rules,
    char out[NUMBER_SIZE])
{
	const struct number_plan *home = NULL;
	struct reading r;
	struct written w;
	enum number_fault fault;
	size_t n;

	if ((fault = scan(s, &w)) != NUMBER_OK)
		return fault;
	if (is_short(&w, rules)) {
		strcpy(out, w.digits);
		return NUMBER_OK;
	}
	if (w.plus) {
		read_international(&r, &w, w.digits);
		return choose(&r, &r, out);
	}
	if (rules->country != NULL)
		home = number_plan_find(rules->country, &n);
	return read_dialled(&w, home, rules->country, out);
}

const char *
number_words(enum number_fault fault)
{
	switch (fault) {
	case NUMBER_OK:
		return "is a phone number";
	case NUMBER_SYNTAX:
		return "is not a phone number";
	case NUMBER_PREFIX:
		return "is not a country code with or without more digits";
	case NUMBER_NATIONAL:
		return "is a national number, and no country-code is set";
	case NUMBER_COUNTRY:
		return "begins with a country code that does not exist";
	case NUMBER_TRUNK:
		return "has a 0, or another trunk prefix, behind its country "
		       "code";
	case NUMBER_SHORT:
		return "has too few digits for its country";
	case NUMBER_LONG:
		return "has too many digits for its country";
	case NUMBER_LENGTH:
		return "has a number of digits that its country does not use";
	case NUMBER_AMBIGUOUS:
		return "can be read as two numbers";
	}
	return "";
}

int
number_is_valid(const char *s, int allow_short)
{
	struct number_rules rules = {.allow_short = allow_short};
	char out[NUMBER_SIZE];

	return number_read(s, &rules, out) == NUMBER_OK &&
	    strcmp(s, out) == 0;
}

enum number_fault
number_read_prefix(const char *s, char out[NUMBER_SIZE])
{
	const char *digits = s + (*s == '+');
	const struct number_plan *plan;
	size_t n = strspn(digits, "0123456789"), ncode;

	if (n == 0 || digits[n] != '\0')
		return NUMBER_PREFIX;
	if ((plan = number_plan_find(digits, &ncode)) == NULL) {
		if (!number_plan_begins_code(digits))
			return NUMBER_COUNTRY;
	} else if (!number_plan_begins(plan, digits[ncode])) {
		return NUMBER_TRUNK;
	} else if (n - ncode > number_plan_longest(plan)) {
		return NUMBER_LONG;
	}
	out[0] = '+';
	memcpy(out + 1, digits, n + 1);
	return NUMBER_OK;
}

/* The length of the longest prefix in list that number has; 0: none. */
static size_t
longest(const char *number, char *const *list, size_t n)
{
	size_t i, len, best = 0;

	for (i = 0; i < n; i++) {
		len = strlen(list[i]);
		if (len > best && strncmp(number, list[i], len) == 0)
			best = len;
	}
	return best;
}

int
number_allowed(const char *number, char *const *allow, size_t nallow,
    char *const *deny, size_t ndeny)
{
	size_t yes, no;

	if (*number != '+')
		return 1;
	yes = longest(number, allow, nallow);
	no = longest(number, deny, ndeny);
	if (yes == 0 && no == 0)
		return nallow == 0;
	return yes > no;
}
