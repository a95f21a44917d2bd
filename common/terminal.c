/*
 * terminal: see terminal.h.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/terminal.h"

/* 1 if the locale's name says UTF-8: no need to load the locale for it. */
static int
is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((value = getenv(names[i])) != NULL && *value != '\0')
			return strcasestr(value, "utf-8") != NULL ||
			    strcasestr(value, "utf8") != NULL;
	return 0;
}

int
terminal_look(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	int look = 0;

	if (!isatty(STDOUT_FILENO))
		return -1;
	if (is_utf8())
		look |= TERMINAL_UTF8;
	if ((no_color == NULL || *no_color == '\0') && term != NULL &&
	    strcmp(term, "dumb") != 0)
		look |= TERMINAL_COLOR;
	return look;
}
