/*
 * terminal: whether the standard output is a terminal, and what that can show.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

enum {
	TERMINAL_UTF8 = 1,	/* the locale's charset is UTF-8 */
	TERMINAL_COLOR = 2	/* and NO_COLOR is not set */
};

/* The flags above; -1 if the standard output is no terminal. */
int terminal_look(void);

#endif
