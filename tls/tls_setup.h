/*
 * tls_setup: how smtp2sms-tls was started, and what its other files need for
 * errors and privileges.
 */
#ifndef TLS_SETUP_H
#define TLS_SETUP_H

#include <sys/types.h>

#include <stddef.h>

#define REPLY_CONFIG "421 4.3.5 System incorrectly configured\r\n"
#define REPLY_SYSTEM "421 4.3.0 System error, try again later\r\n"

/* The user to become; name NULL: stay what we are. */
struct user {
	const char *name;
	uid_t uid;
	gid_t gid;
};

/* The command line.  setup_parse fills it, and nothing changes it later. */
struct setup {
	int at_once;		/* -s */
	int check;		/* -n */
	int listener;		/* -L */
	int to_stderr;		/* -e */
	int best_effort;	/* -b */
	long timeout;		/* -t: seconds for a handshake */
	const char *cert_file, *key_file, *ca_file;
	char **program;
	struct user program_user;	/* the program's process */
	struct user user;		/* the process with the key */
};

extern struct setup setup;

/* Read the command line and open the log; ends the process if it is wrong. */
void setup_parse(int argc, char **argv);

/* Make sure that no descriptor opened later is 0, 1 or 2. */
void setup_descriptors(void);

/* Prepare the socket and the environment for a session's program. */
void setup_session(void);

/* Give up root for this user.  Returns 0, or -1 with errno. */
int setup_become(const struct user *);

/* Write all octets.  Returns 0, or -1 with errno. */
int setup_write(int fd, const char *, size_t n);

/*
 * End the process because it can do nothing for its client.  Unless TLS comes
 * first (-s), the client is told so: 421.
 */
_Noreturn void setup_refuse(int status);

/* The same, after a line in the log; file may be NULL. */
_Noreturn void setup_fail(int status, const char *event, const char *file,
    const char *error);

#endif
