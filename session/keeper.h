/*
 * keeper: the process that stays root after a listener has become its user,
 * so that smtp2sms-tls can be started again.  It reads one octet and one
 * descriptor from the listener, and nothing else; what it starts then is what
 * the configuration says, which it reads itself.
 */
#ifndef KEEPER_H
#define KEEPER_H

#include "session/helper.h"

/* Start the keeper, while this process is root.  0, or -1: logged. */
int keeper_start(struct helper *keeper, const struct program *);

/*
 * Have it start smtp2sms-tls, whose control socket is then tls's.  Its process
 * is no child of ours: that it has died is seen by the end of file there.
 * 0, or -1: logged.
 */
int keeper_launch(struct helper *keeper, struct helper *tls);

#endif
