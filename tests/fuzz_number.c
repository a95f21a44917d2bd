/*
 * fuzz_number: a number as people write it, in each country.  What is read is
 * in its one form, which every country reads in the same way; a prefix of it
 * is a prefix; and what is in front of it at home changes nothing.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/number.h"
#include "common/number_plan.h"

#define HOLDS(x) do { if (!(x)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, \
	__LINE__, #x); abort(); } } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_form(const char *number)
{
	size_t n = strspn(number + 1, "0123456789");

	HOLDS(number[0] == '+' && number[1 + n] == '\0' && number[1] != '0');
	HOLDS(n >= NUMBER_E164_MIN && n <= NUMBER_E164_MAX);
	HOLDS(number_is_valid(number, 0) && !number_is_valid(number + 1, 0));
}

/* The same number, written otherwise and read elsewhere. */
static void
check_same(const char *number, const char *country)
{
	const struct number_rules here = {country, 0}, nowhere = {NULL, 0};
	char zeros[NUMBER_SIZE + 2], out[NUMBER_SIZE];
	enum number_fault fault;

	HOLDS(number_read(number, &here, out) == NUMBER_OK &&
	    strcmp(out, number) == 0);
	snprintf(zeros, sizeof(zeros), "00%s", number + 1);
	HOLDS(number_read(zeros, &nowhere, out) == NUMBER_OK &&
	    strcmp(out, number) == 0);
	fault = number_read(number + 1, &here, out);
	HOLDS(fault != NUMBER_OK || number_is_valid(out, 0));
}

static void
check_prefixes(const char *number)
{
	char prefix[NUMBER_SIZE], out[NUMBER_SIZE], *deny[] = {out};
	size_t n;

	for (n = 2; n <= strlen(number); n++) {
		snprintf(prefix, sizeof(prefix), "%.*s", (int)n, number);
		HOLDS(number_read_prefix(prefix, out) == NUMBER_OK);
		HOLDS(strcmp(prefix, out) == 0);
		HOLDS(!number_allowed(number, NULL, 0, deny, 1));
	}
}

static void
check(const char *s, const char *country, int allow_short)
{
	const struct number_rules rules = {country, allow_short};
	char out[NUMBER_SIZE];
	enum number_fault fault = number_read(s, &rules, out);
	size_t n;

	HOLDS(number_words(fault)[0] != '\0');
	if (fault != NUMBER_OK)
		return;
	if (allow_short && out[0] != '+') {
		HOLDS(number_is_valid(out, 1) && strlen(out) <= 6);
		return;
	}
	check_form(out);
	check_same(out, country);
	check_prefixes(out);
	HOLDS(number_plan_find(out + 1, &n) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *s, out[NUMBER_SIZE], country[4] = "";
	size_t len;

	if (n < 3)
		return 0;
	s = malloc(n - 2);
	HOLDS(s != NULL);
	memcpy(s, data + 3, n - 3);
	s[n - 3] = '\0';
	snprintf(country, sizeof(country), "%u",
	    (unsigned)(data[0] | data[1] << 8) % 1000);
	if (number_plan_find(country, &len) == NULL || country[len] != '\0')
		country[0] = '\0';
	check(s, country[0] != '\0' ? country : NULL, data[2] & 1);
	if (number_read_prefix(s, out) == NUMBER_OK)
		HOLDS(out[0] == '+' && number_read_prefix(out, out) ==
		    NUMBER_OK);
	free(s);
	return 0;
}
