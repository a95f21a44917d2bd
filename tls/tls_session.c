/*
 * tls_session: waits for the client or the program, shakes hands, and pumps.
 */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "tls/tls_environment.h"
#include "tls/tls_key.h"
#include "tls/tls_pump.h"
#include "tls/tls_session.h"
#include "tls/tls_setup.h"

static struct pump pump;
static char block[ENV_MAX];

/*
 * With -s: wait until the client sends something, so that libtls does not start
 * for a port scan or a health check.
 */
static enum pump_result
await_client(long long deadline)
{
	struct pollfd pfd = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t n;
	char c;

	if (poll(&pfd, 1, clock_left(deadline)) == 0)
		return PUMP_TIMEOUT;
	n = recv(STDIN_FILENO, &c, 1, MSG_PEEK | MSG_DONTWAIT);
	if (n == 0 || (n == -1 && errno == ECONNRESET))
		return PUMP_SILENT;
	return PUMP_OK;
}

/* Start libtls and shake hands; *error is NULL or says what failed. */
static enum pump_result
shake_hands(struct pump *p, long long deadline, const char **error)
{
	enum pump_result result = PUMP_FAILED;

	if ((*error = key_start()) != NULL)
		return PUMP_FAILED;
	if (pump_open(p, key_server(), STDIN_FILENO, STDOUT_FILENO) == 0)
		result = pump_handshake(p, deadline);
	*error = pump_error(p);
	return result;
}

/* Begin TLS within the time that is allowed, and describe it in env. */
static enum pump_result
start_tls(struct pump *p, struct buf *env)
{
	long long deadline = clock_ms() + setup.timeout * 1000;
	enum pump_result result = setup.at_once ? await_client(deadline) :
						 PUMP_OK;
	const char *error = NULL;

	if (result == PUMP_OK)
		result = shake_hands(p, deadline, &error);
	switch (result) {
	case PUMP_OK:
		environment_describe(env, p->tls);
		break;
	case PUMP_SILENT:
		log_event(LOG_INFO, "handshake", "error", "client left", NULL);
		break;
	case PUMP_TIMEOUT:
		log_event(LOG_WARNING, "handshake", "error", "timeout", NULL);
		break;
	case PUMP_FAILED:
		log_event(LOG_WARNING, "handshake", "error", error, NULL);
		break;
	}
	return result;
}

int
session_at_once(const struct side *s, pid_t child)
{
	struct buf env;
	enum pump_result result;

	buf_init(&env, block, sizeof(block));
	result = start_tls(&pump, &env);
	if (result == PUMP_OK && setup_write(s->ctl, env.p, env.len) == 0) {
		close(s->ctl);
		pump_run(&pump, s->out, s->in);
		pump_bye(STDIN_FILENO, STDOUT_FILENO);
		return program_wait(child);
	}
	program_close(s);
	pump_bye(STDIN_FILENO, STDOUT_FILENO);
	program_wait(child);
	return result == PUMP_SILENT ? EX_OK : EX_PROTOCOL;
}

/* Read the command on the control socket; 0 if the program wants no TLS. */
static int
read_command(int ctl)
{
	char c;
	ssize_t n;

	while ((n = read(ctl, &c, 1)) == -1 && errno == EINTR)
		continue;
	if (n != 1)
		return 0;
	if (c == 'y' || c == 'Y')
		return c;
	log_event(LOG_ERR, "command", "error", "neither y nor Y", NULL);
	return 0;
}

/*
 * Begin TLS as the command says ('Y': with the environment), and pump.  Returns
 * 0, or -1 if there is no TLS.
 */
static int
obey(const struct side *s, int command)
{
	struct buf env;
	int ok;

	buf_init(&env, block, sizeof(block));
	ok = start_tls(&pump, &env) == PUMP_OK;
	if (ok && command == 'Y')
		ok = setup_write(s->ctl, env.p, env.len) == 0;
	close(s->ctl);
	if (ok)
		pump_run(&pump, s->out, s->in);
	else {
		close(s->in);
		close(s->out);
	}
	pump_bye(STDIN_FILENO, STDOUT_FILENO);
	return ok ? 0 : -1;
}

int
session_on_demand(const struct side *s, pid_t child)
{
	int command;

	if (setup_write(s->ctl, "", 1) == -1 ||
	    (command = read_command(s->ctl)) == 0) {
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		program_close(s);
		return program_wait(child);
	}
	obey(s, command);
	return program_wait(child);
}

int
session_of_listener(const struct side *s)
{
	int command = read_command(s->ctl);

	if (command == 0)
		return EX_OK;
	return obey(s, command) == 0 ? EX_OK : EX_PROTOCOL;
}
