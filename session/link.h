/*
 * link: how a session comes by its link to the delivery side: a process of
 * its own (spawn) or the agent that sessions share.
 */
#ifndef LINK_H
#define LINK_H

#include <sys/types.h>

#include "common/tally.h"
#include "session/argv.h"

/*
 * The command line of smtp2sms-deliver, with what this program was told: the
 * file, the overrides, -n.
 */
void link_command(struct argv *, const struct program *);

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

/*
 * Where a session ends that never needed the delivery side, its tally is all
 * that it has written.  1 if it was there and is taken; 0 if something else is
 * there, or nothing; -1 if it is no sound one, which is dropped.
 */
int link_take_tally(int fd, struct tally *);

/* Connect to the agent of the configuration.  The descriptor, or -1: logged. */
int link_agent(const struct program *);

/* 1 if sessions go to an agent. */
int link_has_agent(const struct program *);

/* Wait for a child; its exit status, or PROGRAM_TEMPORARY. */
int link_wait(pid_t);

#endif
