/*
 * link: connects a session to the delivery side: to a process of its own
 * (spawn) or to an agent that sessions share.
 */
#ifndef LINK_H
#define LINK_H

#include <sys/types.h>

#include "common/tally.h"
#include "session/argv.h"

/*
 * Build the command line of smtp2sms-deliver, with this program's own options:
 * the file, the overrides, -n.
 */
void link_command(struct argv *, const struct program *);

/* The session's identity, for the delivery side's log and rules. */
struct link_session {
	const char *id, *peer;
	int trusted;		/* it needs no AUTH */
};

/*
 * Fork.  Returns 0 in the child, which is the session and has the link in *fd.
 * The parent waits.  When the session sends its first request, the parent
 * executes smtp2sms-deliver.  If the session ends without a request, it returns
 * 1 in the parent, with the exit status in *status.  Returns -1 if fork(2)
 * fails.
 *
 * close_session is called in the parent: it closes the session's descriptors.
 */
int link_spawn(const struct program *, const struct link_session *,
    void (*close_session)(void), int *fd, int *status);

/*
 * Read the tally of a session that has sent nothing else.  Returns 1 if there
 * was one; 0 if something else is there, or nothing; -1 if the tally was
 * malformed and has been dropped.
 */
int link_take_tally(int fd, struct tally *);

/* Connect to the configured agent.  Returns the descriptor; -1: logged. */
int link_agent(const struct program *);

/* 1 if sessions use an agent. */
int link_has_agent(const struct program *);

/* Wait for a child.  Returns its exit status, or PROGRAM_TEMPORARY. */
int link_wait(pid_t);

#endif
