/*
 * smtp2sms-tls: gives TLS to a program that reads descriptor 0 and writes
 * descriptor 1, in the manner of UCSPI.  With -s TLS comes first; without, the
 * program begins in clear on the client's descriptors and asks for TLS by the
 * UCSPI-TLS convention (SSLCTLFD, SSLREADFD, SSLWRITEFD).
 *
 * The program and the private key are in different processes, which part
 * before the key is read:
 *
 *	fork -- child: waits for the environment on the control socket, exec
 *	  \---- parent: key, privileges, sandbox, environment, TLS, wait
 *
 * So the key was never in the program's memory, nothing is executed for a
 * client that never speaks, and wrong files are found before the program greets
 * its client.  With -L there is no program: a listener (smtp2sms) hands over
 * connections, and each gets a process here (tls_listener.c).
 *
 * libtls starts when TLS begins, not before: its start costs more than all the
 * rest.  No PROXY protocol here, and no SMTP but the 421 of an error.
 */
#include <sys/types.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "tls/tls_environment.h"
#include "tls/tls_key.h"
#include "tls/tls_listener.h"
#include "tls/tls_program.h"
#include "tls/tls_sandbox.h"
#include "tls/tls_session.h"
#include "tls/tls_setup.h"

/* The process with the key, which also waits for the program. */
static int
run_tls(const struct side *s, pid_t child)
{
	signal(SIGPIPE, SIG_IGN);
	if (tls_sandbox_hide() == -1)
		setup_fail(EX_TEMPFAIL, "system", NULL, strerror(errno));
	key_load();
	if (setup_become(&setup.user) == -1)
		setup_fail(EX_TEMPFAIL, "user", setup.user.name,
		    strerror(errno));
	if (tls_sandbox_enter(setup.best_effort) == -1)
		setup_fail(EX_TEMPFAIL, "sandbox", NULL, strerror(errno));
	return setup.at_once ? session_at_once(s, child) :
			       session_on_demand(s, child);
}

/* A single session: part into two processes. */
static int
run(pid_t parent)
{
	struct side ours, theirs;
	pid_t child;

	environment_clear();
	setup_session();
	if (program_channels(&ours, &theirs) == -1 || (child = fork()) == -1)
		setup_fail(EX_TEMPFAIL, "system", NULL, strerror(errno));
	if (child == 0) {
		program_close(&ours);
		program_run(&theirs, parent);
	}
	program_close(&theirs);
	return run_tls(&ours, child);
}

int
main(int argc, char **argv)
{
	pid_t pid = getpid();

	setup_descriptors();
	setup_parse(argc, argv);
	if (setup.check) {
		key_load();
		return EX_OK;
	}
	if (setup.listener)
		return listener_serve();
	_exit(run(pid));	/* no atexit(3) of libtls */
}
