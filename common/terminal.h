/*
 * terminal: what the standard output can show to a person.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

enum {
	TERMINAL_UTF8 = 1,	/* the locale's charset is UTF-8 */
	TERMINAL_COLOR = 2	/* and NO_COLOR is not set */
};

/* -1: it is no terminal, and whatever reads it wants plain text. */
int terminal_look(void);

#endif
