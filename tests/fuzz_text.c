/*
 * fuzz_text: a libFuzzer target for text.c and gsm.c.  The first octets are
 * the rules, then come the subject and, after a NUL, the body: anything.
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. \
 *	    tests/fuzz_text.c text.c gsm.c buf.c
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sms/gsm.h"
#include "sms/text.h"
#include "utf8_valid.h"

#define RULES 4 /* octets of rules */

#define HOLDS(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "line %d: %s\n", __LINE__, #cond); \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void *
take(size_t n)
{
	void *p = malloc(n);

	HOLDS(p != NULL);
	return p;
}

/* No controls, no trailing blanks, no outer or double blank lines. */
static int
tidy(const char *s)
{
	const char *p;

	for (p = s; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 && *p != '\n')
			return 0;
		if (*p == ' ' && (p[1] == '\n' || p[1] == '\0'))
			return 0;
	}
	return *s != '\n' && (p == s || p[-1] != '\n') &&
	    strstr(s, "\n\n\n") == NULL;
}

static enum text_result
make(struct buf *out, const char *subject, const char *body, int more,
    const struct text_rules *rules, struct text_info *info)
{
	size_t room = TEXT_ROOM(strlen(body) + (subject ? strlen(subject) : 0));
	enum text_result result;

	buf_init(out, take(room), room);
	memset(out->p, 0xa5, room);
	result = text_make(out, subject, body, more, rules, info);
	HOLDS(!out->overflow && out->len == strlen(out->p));
	HOLDS(result == TEXT_OK ? out->len > 0 : out->len == 0);
	return result;
}

static void
check_info(const char *s, const struct text_info *info,
    const struct text_rules *rules)
{
	struct text_info again;
	const char *p = s;
	size_t n = strlen(s);

	text_count(s, &again);
	HOLDS(again.alphabet == info->alphabet && again.parts == info->parts);
	HOLDS(info->parts > 0);
	HOLDS(rules->max_parts == 0 || info->parts <= rules->max_parts);
	HOLDS(rules->alphabet != TEXT_GSM || info->alphabet == TEXT_GSM7);
	for (; rules->alphabet == TEXT_ASCII && *p != '\0'; p++)
		HOLDS((unsigned char)*p < 0x80);
	if (!info->truncated)
		return;
	HOLDS(rules->overlong == TEXT_TRUNCATE);
	HOLDS(n > 3 && strcmp(s + n - 3, "...") == 0);
	HOLDS(s[n - 4] != ' ' && s[n - 4] != '\n');
	HOLDS(n < 6 || strncmp(s + n - 6, "\xe3\x80\x80", 3) != 0);
}

/*
 * What was made stays what it is; not where a cut left a directional mark
 * and took all that was written from right to left, nor where it had to be
 * made inside a heap and left a joiner with nothing to join.
 */
static void
check_again(const char *s, const struct text_info *info,
    const struct text_rules *rules)
{
	struct text_rules same = *rules;
	struct text_info again;
	struct buf out;

	if (info->truncated &&
	    (strstr(s, "\xe2\x80\x8e") != NULL ||
		strstr(s, "\xe2\x80\x8f") != NULL ||
		strstr(s, "\xd8\x9c") != NULL ||
		strstr(s, "\xe2\x80\x8d...") != NULL))
		return;
	same.subject = TEXT_SUBJECT_IGNORE;
	same.keep_signature = 1;
	HOLDS(make(&out, NULL, s, 0, &same, &again) == TEXT_OK);
	HOLDS(strcmp(out.p, s) == 0);
	HOLDS(again.alphabet == info->alphabet && again.parts == info->parts);
	HOLDS(!again.truncated);
	free(out.p);
}

/* Blanks and directional marks: no text ends with one before the dots. */
static int
silent(uint32_t c)
{
	return c == ' ' || c == '\n' || c == 0x3000 || c == 0x061c ||
	    c == 0x200e || c == 0x200f;
}

/* The whole begins with what was cut, and a character more is too many. */
static void
check_cut(const char *s, const char *whole, unsigned max_parts)
{
	size_t n = strlen(s) - 3, heap = 0;
	const char *p = whole, *end = whole + strlen(whole);
	struct text_info info;
	char *longer;
	uint32_t c;

	HOLDS(strncmp(s, whole, n) == 0);
	while (p < whole + n) {
		c = gsm_next(&p, end);
		heap = gsm_is_mark(c) || gsm_is_picture(c) ? heap + 1 : 0;
	}
	if (p == end)
		return;
	c = gsm_next(&p, end);
	HOLDS(!gsm_is_mark(c) || heap >= 31);
	while (p < end && silent(c))
		c = gsm_next(&p, end);
	if (max_parts == 0 || silent(c) || gsm_is_mark(c) ||
	    gsm_is_picture(c) || (c >= 0x1f1e6 && c <= 0x1f1ff))
		return;
	/* marks that follow would make it longer still */
	longer = take((size_t)(p - whole) + 4);
	memcpy(longer, whole, (size_t)(p - whole));
	strcpy(longer + (p - whole), "...");
	text_count(longer, &info);
	if (p < end)
		c = gsm_next(&p, end);
	HOLDS(info.parts > max_parts || gsm_is_mark(c));
	free(longer);
}

static void
check_whole(const char *s, const char *subject, const char *body,
    const struct text_rules *rules)
{
	struct text_rules all = *rules;
	struct text_info info;
	struct buf out;

	all.max_parts = 0;
	HOLDS(make(&out, subject, body, 0, &all, &info) == TEXT_OK);
	check_cut(s, out.p, rules->max_parts);
	free(out.p);
}

static void
check(const char *subject, const char *body, int more,
    const struct text_rules *rules)
{
	struct text_info info;
	struct buf out;
	enum text_result result;

	result = make(&out, subject, body, more, rules, &info);
	if (result == TEXT_OK) {
		HOLDS(utf8_valid(out.p, strlen(out.p)) && tidy(out.p));
		check_info(out.p, &info, rules);
		check_again(out.p, &info, rules);
		if (info.truncated && rules->alphabet != TEXT_AUTO)
			check_whole(out.p, subject, body, rules);
	}
	HOLDS(result != TEXT_TOO_LONG || rules->overlong == TEXT_REJECT);
	free(out.p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct text_rules rules = {.max_parts = 0};
	char *subject, *body;

	if (n < RULES)
		return 0;
	rules.subject = (enum text_subject)(data[0] % 5);
	rules.alphabet = (enum text_alphabet_rule)(data[1] % 4);
	rules.overlong = (enum text_overlong)(data[2] % 2);
	rules.keep_signature = data[2] / 2 % 2;
	rules.max_parts = data[3] / 2 % 8;
	n -= RULES;
	subject = take(n + 2);
	memcpy(subject, data + RULES, n);
	subject[n] = subject[n + 1] = '\0';
	body = strdup(subject + strlen(subject) + 1);
	HOLDS(body != NULL);
	check(data[2] / 4 % 8 == 0 ? NULL : subject, body, data[3] % 2, &rules);
	free(subject);
	free(body);
	return 0;
}
