/*
 * text_dump: what text_make makes of the body on standard input, for tests
 * in other languages and for people.
 *
 * usage: text_dump [-kM] [-a auto|gsm|ascii|keep]
 *            [-m ignore|prefix|fallback|only|auto] [-o truncate|reject] [-p parts] [-s subject]
 *
 * -k keeps the signature, -M says that the body went on.  The first line
 * printed is the result ("ok", "empty", "too-long"), the alphabet, the
 * parts, and "truncated" or "whole"; after it comes the text, as it is.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sms/text.h"

#define BODY_MAX (1024 * 1024)

static const char *const subjects[] = {"ignore", "prefix", "fallback", "only",
    "auto", NULL};
static const char *const alphabets[] = {"auto", "gsm", "ascii", "keep",
    NULL};
static const char *const overlongs[] = {"truncate", "reject", NULL};
static const char *const results[] = {"ok", "empty", "too-long"};

static unsigned
choose(const char *const *names, const char *s)
{
	unsigned i;

	for (i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], s) == 0)
			return i;
	errx(64, "unknown value: %s", s);
}

int
main(int argc, char **argv)
{
	static char body[BODY_MAX + 1];
	struct text_rules rules = {.max_parts = 10};
	struct text_info info;
	struct buf out;
	const char *subject = NULL;
	enum text_result result;
	int c, more = 0;
	size_t n, room;
	char *storage;

	while ((c = getopt(argc, argv, "a:km:Mo:p:s:")) != -1) {
		if (c == 'a')
			rules.alphabet = choose(alphabets, optarg);
		else if (c == 'k')
			rules.keep_signature = 1;
		else if (c == 'm')
			rules.subject = choose(subjects, optarg);
		else if (c == 'M')
			more = 1;
		else if (c == 'o')
			rules.overlong = choose(overlongs, optarg);
		else if (c == 'p')
			rules.max_parts = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 's')
			subject = optarg;
		else
			return 64;
	}
	n = fread(body, 1, BODY_MAX, stdin);
	if (ferror(stdin) || !feof(stdin))
		errx(65, "cannot read the body, or it is too long");
	body[n] = '\0';
	room = TEXT_ROOM(strlen(body) + (subject ? strlen(subject) : 0));
	storage = malloc(room);
	if (storage == NULL)
		err(71, "malloc");
	buf_init(&out, storage, room);
	result = text_make(&out, subject, body, more, &rules, &info);
	printf("%s %s %u %s\n", results[result],
	    text_alphabet_name(info.alphabet), info.parts,
	    info.truncated ? "truncated" : "whole");
	fwrite(out.p, 1, out.len, stdout);
	free(storage);
	return 0;
}
