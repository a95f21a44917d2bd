/*
 * login_hash: reads a password and prints a line for the users file.  It runs
 * on a terminal or in a script, and serves no sessions.
 */
#include <sys/select.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "delivery/hash.h"
#include "delivery/login.h"
#include "delivery/users.h"

/* Of sysexits(3). */
#define EXIT_USAGE  64
#define EXIT_DATA   65
#define EXIT_SYSTEM 71

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define NSIGNALS (sizeof(signals) / sizeof(signals[0]))

static volatile sig_atomic_t caught;

static void
on_signal(int signo)
{
	caught = signo;
}

static int
complain(int code, const char *what)
{
	fprintf(stderr, "smtp2sms-deliver: %s\n", what);
	return code;
}

/*
 * Read a line into out, without its end, and nothing beyond it.  Returns 0;
 * or -1 if there is none, it is too long, or it has a NUL.
 */
static int
read_line(char out[HASH_PASSWORD_MAX + 1])
{
	size_t len = 0;
	int bad = 0;
	ssize_t n;
	char c;

	while ((n = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') {
		if (c == '\0' || len == HASH_PASSWORD_MAX)
			bad = 1;
		else
			out[len++] = c;
	}
	if (len > 0 && out[len - 1] == '\r')
		len--;
	out[len] = '\0';
	return n == -1 || bad || len == 0 ? -1 : 0;
}

/* Ask, and wait for a whole line.  Signals are open only while it waits. */
static int
read_hidden(const char *prompt, const sigset_t *open,
    char out[HASH_PASSWORD_MAX + 1])
{
	fd_set in;
	int r = -1;

	fputs(prompt, stderr);
	fflush(stderr);
	FD_ZERO(&in);
	FD_SET(STDIN_FILENO, &in);
	if (pselect(STDIN_FILENO + 1, &in, NULL, NULL, NULL, open) == 1)
		r = read_line(out);
	fputc('\n', stderr);
	return r;
}

static int
read_asked(const sigset_t *open, int twice, char out[HASH_PASSWORD_MAX + 1])
{
	char again[HASH_PASSWORD_MAX + 1];
	int r = read_hidden("Password: ", open, out);

	if (!twice)
		return r;
	if (r == 0)
		r = read_hidden("Again: ", open, again);
	if (r == 0 && strcmp(out, again) != 0) {
		complain(0, "the two passwords differ");
		r = -1;
	}
	explicit_bzero(again, sizeof(again));
	return r;
}

/* Read without echo.  The terminal is restored, whatever signal comes. */
static int
read_terminal(const struct termios *shown, int twice,
    char out[HASH_PASSWORD_MAX + 1])
{
	struct sigaction act = {.sa_handler = on_signal}, old[NSIGNALS];
	struct termios hidden = *shown;
	sigset_t closed, open;
	size_t i;
	int r;

	sigemptyset(&closed);
	for (i = 0; i < NSIGNALS; i++)
		sigaddset(&closed, signals[i]);
	sigprocmask(SIG_BLOCK, &closed, &open);
	for (i = 0; i < NSIGNALS; i++)
		sigaction(signals[i], &act, &old[i]);
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	r = read_asked(&open, twice, out);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, shown);
	for (i = 0; i < NSIGNALS; i++)
		sigaction(signals[i], &old[i], NULL);
	sigprocmask(SIG_SETMASK, &open, NULL);
	if (caught != 0)
		raise(caught);
	return r;
}

int
login_read_password(int twice, char out[HASH_PASSWORD_MAX + 1])
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, &t) == 0)
		return read_terminal(&t, twice, out);
	return read_line(out);
}

/* The quotes that a name needs in the users file; NULL: none would do. */
static const char *
quotes(const char *name)
{
	if (strpbrk(name, " \t\"'") == NULL && *name != '#')
		return "";
	if (strchr(name, '"') == NULL)
		return "\"";
	return strchr(name, '\'') == NULL ? "'" : NULL;
}

int
login_hash(const char *name)
{
	char password[HASH_PASSWORD_MAX + 1], hash[HASH_MAX + 1];
	const char *q = users_is_name(name) ? quotes(name) : NULL;
	int r;

	if (q == NULL)
		return complain(EXIT_USAGE, "this name cannot be a login");
	if (login_read_password(1, password) == -1) {
		explicit_bzero(password, sizeof(password));
		return complain(EXIT_DATA, "no password, or not one line of "
		    "at most 511 octets");
	}
	r = hash_make(password, hash);
	explicit_bzero(password, sizeof(password));
	if (r == -1)
		return complain(EXIT_SYSTEM, strerror(errno));
	printf("%s%s%s %s\n", q, name, q, hash);
	return fflush(stdout) == 0 ? 0 : EXIT_SYSTEM;
}
