/*
 * names: the variables that a descriptor uses, where it may, and what is
 * wrong with the configuration's.
 */
#ifndef NAMES_H
#define NAMES_H

#include <jansson.h>

struct descriptor;

/* Where a template stands; the next are for what is not sent. */
enum names_place {
	NAMES_JSON,	/* body */
	NAMES_ELEMENT,	/* to.element */
	NAMES_FORM,	/* a form, a query */
	NAMES_TEXT,	/* a header, a text, what authenticates */
	NAMES_URL,
	NAMES_INNER	/* a default, a map */
};

/*
 * Note the variables of a template, and which of them go into what is sent
 * for a message; what may not stand there is an error.
 */
void names_note(struct descriptor *, const char *path, json_t *template,
    enum names_place, int sent);
void names_note_string(struct descriptor *, const char *path, const char *,
    enum names_place, int sent);
void names_note_name(struct descriptor *, const char *path, const char *,
    int sent);

/* When all are noted: circles, and what `set` and `secret` give. */
void names_check(struct descriptor *);

/* 1 if the variable goes into what is sent for a message. */
int names_sent(const struct descriptor *, const char *name);

#endif
