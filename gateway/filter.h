/*
 * filter: ${ttl|minutes}: what stands behind a variable's name and gives its
 * value in another form, or only under a condition.
 */
#ifndef FILTER_H
#define FILTER_H

#include <stddef.h>

#include <jansson.h>

#define FILTER_ARG_MAX 63	/* octets between the parentheses */

enum filter_kind {
	FILTER_SECONDS,
	FILTER_MS,
	FILTER_MINUTES,
	FILTER_UNIX,
	FILTER_RFC3339,
	FILTER_TIME,
	FILTER_IF_ASCII,
	FILTER_IF_GSM7,
	FILTER_IF_UCS2,
	FILTER_IF_NOT_ASCII,
	FILTER_UTF16BE_HEX,
	FILTER_RAW,
	FILTER_HEX,
	FILTER_BASE64,
	FILTER_STRING,
	FILTER_NUMBER,
	FILTER_BOOLEAN,
	FILTER_DIGITS,
	FILTER_ALNUM,
	FILTER_IF_NUMBER,
	FILTER_IF_NAME
};

struct filter {
	enum filter_kind kind;
	char arg[FILTER_ARG_MAX + 1];
};

struct values;

/*
 * Parse a filter at s, behind its '|'.  Returns its octets, or 0 if there
 * is no such filter.
 */
size_t filter_parse(const char *s, struct filter *);

/* What is wrong with the filters of a variable; NULL: nothing. */
const char *filter_wrong(const char *name, const struct filter *, size_t n);

/*
 * The value of a variable behind all n filters: a new reference, or NULL if
 * one of them unsets it.  Takes over the reference to the value.  A result
 * that is too long is NULL, too, and v->too_long is set.
 */
json_t *filter_apply(struct values *v, const char *name,
    const struct filter *, size_t n, json_t *value);

#endif
