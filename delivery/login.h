/*
 * login: who may log in.  The users file (smtp2sms-users(5)) or a program
 * that speaks the checkpassword interface says so.
 */
#ifndef LOGIN_H
#define LOGIN_H

#include <sys/types.h>

#include "common/config.h"
#include "common/ipc.h"
#include "common/options.h"
#include "delivery/hash.h"

#define LOGIN_RUNNING_MAX 8	/* checks at once; others wait for their turn */
#define LOGIN_CPU_MAX	  30	/* seconds of the processor for one check */
#define LOGIN_WAIT_MAX	  60	/* seconds for one, if nobody ends it sooner */
#define LOGIN_PIPE_MAX	  512	/* octets for a checkpassword program */
#define LOGIN_WHY_MAX	  255	/* octets of a reason, for the log */

/* What a login has of its own, from the users file. */
struct login_profile {
	struct rights rights;
	struct options options;	/* where a message says nothing */
	int has_gateway;	/* its own credentials for the gateway: */
	enum ipc_kind kind;
	char gateway_user[IPC_USER_MAX + 1];
	char gateway_secret[IPC_SECRET_MAX + 1];
};

/* A check that is under way; it must stay where it is until its end. */
struct login_check {
	int fd;			/* readable when the check is over */
	int theirs;		/* the child's end; -1 when it has it */
	pid_t pid;		/* of the child; 0: it needs none, or waits */
	struct login_work *work; /* NULL: there is nothing to be done */
	struct login_check *next; /* of those that wait for their turn */
	char user[IPC_USER_MAX + 1];
};

/*
 * Begin to check credentials; a child process does what is slow.  A password
 * (IPC_PASSWORD) is checked by either way, a certificate's subject
 * (IPC_EXTERNAL) is a login of the users file, anything else is wrong.
 * profile gets what the login has, or that it has nothing; it counts if the
 * verdict is IPC_VERDICT_OK, and holds a secret.  What is wrong with the users
 * file is logged, and IPC_VERDICT_TEMPORARY for the logins that it concerns.
 * user and secret must stay where they are until the check's end.  Returns 0,
 * or -1 if there are no descriptors or no memory left: errno.
 */
int login_begin(struct login_check *, const struct config *, enum ipc_kind,
    const char *user, const char *secret, struct login_profile *);

/*
 * End it: the verdict, or IPC_VERDICT_TEMPORARY if it is not over, and then it
 * is killed.
 */
enum ipc_verdict login_end(struct login_check *);

/* Report all that is wrong with the users file or the program.  0, or -1. */
int login_test(const struct config *, config_report);

/*
 * Read a password, unseen from a terminal (and there twice, if twice), or
 * from a line of standard input.  0; -1 if there is none that can be one.
 */
int login_read_password(int twice, char out[HASH_PASSWORD_MAX + 1]);

/*
 * Read a password, twice from a terminal or once from a line of standard
 * input, and print a line for the users file.  Returns an exit code.
 */
int login_hash(const char *name);

#endif
