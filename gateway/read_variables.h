/*
 * read_variables: what a descriptor and the configuration say of variables.
 */
#ifndef READ_VARIABLES_H
#define READ_VARIABLES_H

struct config_pair;
struct descriptor;

/* Read the members `variables`, `defaults` and `map`. */
void read_variables(struct descriptor *);

/*
 * When all templates have been read: circles, values of a wrong type, and
 * `set` and `secret` lines for what the descriptor does not have.
 */
void read_variables_check(struct descriptor *);

/*
 * When all gateways have been read: a `set` or `secret` line must be for a
 * variable of one of them.  0, or -1 if one was reported.
 */
int read_variables_check_pairs(struct descriptor *first);

/* Report "FILE:LINE: set NAME: REASON", the configuration's file and line. */
void read_variables_fail(struct descriptor *, const struct config_pair *,
    const char *keyword, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
