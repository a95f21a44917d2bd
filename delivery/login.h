/*
 * login: who may log in, by the users file (smtp2sms-users(5)) or by a
 * program that speaks the checkpassword interface.
 */
#ifndef LOGIN_H
#define LOGIN_H

#include <sys/queue.h>
#include <sys/types.h>

#include "common/config.h"
#include "common/ipc.h"
#include "delivery/hash.h"
#include "delivery/users.h"

#define LOGIN_RUNNING_MAX 8	/* checks at a time; others wait in a queue */
#define LOGIN_CPU_MAX	  30	/* seconds of processor time for one check */
#define LOGIN_WAIT_MAX	  60	/* seconds for one, unless ended sooner */
#define LOGIN_PIPE_MAX	  512	/* octets for a checkpassword program */
#define LOGIN_WHY_MAX	  255	/* octets of a reason, for the log */

/* A check that is under way; it must not move in memory until login_end. */
struct login_check {
	int fd;			/* readable when the check is over */
	int theirs;		/* the child's end while it waits, else -1 */
	pid_t pid;		/* of the child; 0: there is none */
	struct login_work *work; /* of the child; NULL: none */
	STAILQ_ENTRY(login_check) entry; /* in the queue */
	char user[IPC_USER_MAX + 1];
};

/*
 * Begin to check credentials; a child process does what is slow.  A password
 * (IPC_PASSWORD) is checked by the users file or by checkpassword, a
 * certificate's subject (IPC_EXTERNAL) is looked up in the users file, and
 * anything else is wrong.  profile receives what the login has of its own: it
 * holds a secret, and counts if the verdict is IPC_VERDICT_OK.  An error in
 * the users file is logged; the logins that it concerns get
 * IPC_VERDICT_TEMPORARY.  user and secret must not move until login_end.
 * Returns 0, or -1 with errno if there are no descriptors or no memory.
 */
int login_begin(struct login_check *, const struct config *, enum ipc_kind,
    const char *user, const char *secret, struct users_profile *);

/*
 * End the check and return its verdict.  A check that is not over is killed:
 * IPC_VERDICT_TEMPORARY.
 */
enum ipc_verdict login_end(struct login_check *);

/* Report every error of the users file or the program.  0, or -1. */
int login_test(const struct config *, config_report);

/*
 * Read a password from a terminal without echo (twice, if `twice` is set), or
 * as a line of standard input.  0; -1 if there is none, or it is too long.
 */
int login_read_password(int twice, char out[HASH_PASSWORD_MAX + 1]);

/*
 * Read a password, twice from a terminal or once from a line of standard
 * input, and print a line for the users file.  Returns an exit code.
 */
int login_hash(const char *name);

#endif
