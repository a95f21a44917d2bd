/*
 * log: key=value lines.  The only file that formats a log line.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"

#define CONTEXT_MAX   4
#define CONTEXT_VALUE 300 /* octets of a value */
#define WAIT	      500 /* milliseconds until a line is lost */

static struct {
	const char *ident;
	int to_stderr;
	struct {
		const char *key;
		char value[CONTEXT_VALUE + 1];
	} context[CONTEXT_MAX];
	size_t ncontext;
	int stuck;	/* nobody reads it: lines are lost */
} self = {.ident = "smtp2sms", .to_stderr = 1};

int
log_has_syslog(void)
{
#ifdef __linux__
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), found;

	/* EPROTOTYPE: it is there, as a stream */
	found = fd == -1 ||
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 ||
	    errno == EPROTOTYPE;
	if (fd != -1)
		close(fd);
	return found;
#else
	return 1; /* OpenBSD has a system call for it */
#endif
}

/* A socket on descriptor 2 may be a client's: classic inetd does that. */
static int
is_stderr_ours(void)
{
	struct stat st;

	return fstat(STDERR_FILENO, &st) == 0 && !S_ISSOCK(st.st_mode);
}

void
log_open(const char *ident, int to_stderr)
{
	if (!to_stderr && !log_has_syslog())
		to_stderr = is_stderr_ours();
	self.ident = ident;
	self.to_stderr = to_stderr;
	if (to_stderr)
		return;
	/* the sandbox forbids both later: the time zone and the socket */
	tzset();
	openlog(ident, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void
log_context(const char *key, const char *value)
{
	size_t i;

	for (i = 0; i < self.ncontext; i++)
		if (strcmp(self.context[i].key, key) == 0)
			break;
	if (i == CONTEXT_MAX)
		return;
	if (i == self.ncontext)
		self.ncontext++;
	self.context[i].key = key;
	snprintf(self.context[i].value, sizeof(self.context[i].value), "%s",
	    value != NULL ? value : "");
}

static int
is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
}

static int
needs_quotes(const char *s)
{
	if (*s == '\0')
		return 1;
	for (; *s != '\0'; s++)
		if (!is_plain((unsigned char)*s))
			return 1;
	return 0;
}

/* key=value; what is not plain is quoted, and \xNN where it must be. */
static void
put_pair(struct buf *b, const char *key, const char *value)
{
	const char *quote = needs_quotes(value) ? "\"" : "";
	unsigned char c;

	buf_fmt(b, " %s=%s", key, quote);
	for (; *value != '\0'; value++) {
		c = (unsigned char)*value;
		if (is_plain(c) || c == ' ' || c == '=')
			buf_putc(b, (char)c);
		else
			buf_fmt(b, "\\x%02x", c);
	}
	buf_puts(b, quote);
}

/*
 * 1 if a line of the log can be written at once: whoever stopped reading it
 * must not stop deliveries.  The first time it is waited for a moment.
 */
static int
is_read(void)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

	self.stuck = poll(&p, 1, self.stuck ? 0 : WAIT) == 0;
	return !self.stuck;
}

static void
emit(int priority, struct buf *b)
{
	if (!self.to_stderr) {
		syslog(priority, "%s", b->p);
		return;
	}
	if (b->overflow)
		buf_cut(b, b->cap - 2);
	b->p[b->len++] = '\n';
	if (!is_read())
		return;
	if (write(STDERR_FILENO, b->p, b->len) == -1)
		return; /* there is nowhere left to say so */
}

static void
put_event(int priority, const char *event, va_list ap)
{
	char line[LOG_LINE_MAX], head[32];
	const char *key, *value;
	struct buf b;
	size_t i;

	buf_init(&b, line, sizeof(line) - 1);
	if (self.to_stderr) {
		snprintf(head, sizeof(head), "[%ld]: ", (long)getpid());
		buf_puts(&b, self.ident);
		buf_puts(&b, head);
	}
	buf_fmt(&b, "event=%s", event);
	for (i = 0; i < self.ncontext; i++)
		if (self.context[i].value[0] != '\0')
			put_pair(&b, self.context[i].key,
			    self.context[i].value);
	while ((key = va_arg(ap, const char *)) != NULL)
		if ((value = va_arg(ap, const char *)) != NULL)
			put_pair(&b, key, value);
	emit(priority, &b);
}

void
log_event(int priority, const char *event, ...)
{
	va_list ap;

	va_start(ap, event);
	put_event(priority, event, ap);
	va_end(ap);
}

void
log_limited(struct log_limit *l, int priority, const char *event, ...)
{
	long long second = clock_ms() / 1000;
	va_list ap;

	if (second != l->second) {
		log_limit_end(l);
		l->second = second;
		l->lines = 0;
	}
	if (l->lines == LOG_LIMIT) {
		l->left_out++;
		return;
	}
	l->lines++;
	va_start(ap, event);
	put_event(priority, event, ap);
	va_end(ap);
}

void
log_limit_end(struct log_limit *l)
{
	if (l->left_out > 0)
		log_event(LOG_NOTICE, "suppressed", "lines",
		    LOG_NUM(l->left_out), NULL);
	l->left_out = 0;
}

const char *
log_number(char out[24], long long n)
{
	snprintf(out, 24, "%lld", n);
	return out;
}

const char *
log_masked(char out[24], const char *number)
{
	size_t i, n = strlen(number);

	if (n > 23)
		n = 23;
	for (i = 0; i < n; i++)
		out[i] = n - i > 4 && number[i] != '+' ? '*' : number[i];
	out[n] = '\0';
	return out;
}
