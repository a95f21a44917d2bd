/*
 * link: how a session comes by its link to the delivery side: a process of
 * its own (spawn) or the agent that sessions share.
 */
#ifndef LINK_H
#define LINK_H

#include <sys/types.h>

#include "session/program.h"

#define LINK_ARGS_MAX (2 * CONFIG_OVERRIDES_MAX + 16)

/* The command line of smtp2sms-deliver. */
struct link_command {
	char path[4096];
	char *argv[LINK_ARGS_MAX];
	size_t n;
};

/*
 * Begin the command line with what the program was told: the file, the
 * overrides, -n.  link_add puts an argument behind it.
 */
void link_command(struct link_command *, const struct program *);
void link_add(struct link_command *, const char *argument);

/* Become smtp2sms-deliver.  Returns if it cannot be: errno says why. */
void link_exec(struct link_command *);

/* Whose session it is, for the delivery side's log and its rules. */
struct link_session {
	const char *id, *peer;
	int trusted;		/* it needs no AUTH */
};

/*
 * Fork.  The child is the session: it has the link in *fd, and 0 comes back.
 * The parent stays here until the session needs the delivery side, becomes
 * it, and otherwise ends together with the session: then *status is the exit
 * status, and 1 comes back.  -1: there can be no second process.
 *
 * close_session closes what belongs to the session alone.
 */
int link_spawn(const struct program *, const struct link_session *,
    void (*close_session)(void), int *fd, int *status);

/* Connect to the agent of the configuration.  The descriptor, or -1: logged. */
int link_agent(const struct program *);

/* 1 if sessions go to an agent. */
int link_has_agent(const struct program *);

/* Wait for a child; its exit status, or PROGRAM_TEMPORARY. */
int link_wait(pid_t);

#endif
