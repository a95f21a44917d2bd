/*
 * log: key=value lines.  Only this file formats a log line, and only it writes
 * one: to standard error, or to syslogd's socket (RFC 3164).  It does not use
 * syslog(3), which may wait for ever if nobody reads that socket.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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
	int to_journal;	/* systemd reads descriptor 2 */
	int fd;		/* where lines go; -1: syslogd is not there */
	int wait;	/* milliseconds until a line is dropped */
	struct {
		const char *key;
		char value[CONTEXT_VALUE + 1];
	} context[CONTEXT_MAX];
	size_t ncontext;
	int stuck;	/* nobody reads it: lines are lost */
} self = {.ident = "smtp2sms", .to_stderr = 1, .fd = STDERR_FILENO,
    .wait = WAIT};

/* The socket of syslogd, or -1.  OpenBSD's sendsyslog(2) needs none. */
static int
connect_syslogd(void)
{
#ifdef __OpenBSD__
	return -1;
#else
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = _PATH_LOG};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd != -1 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == -1) {
		close(fd);
		fd = -1;
	}
	return fd;
#endif
}

int
log_has_syslog(void)
{
#ifdef __linux__
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), found;

	/* EPROTOTYPE: there is one, with a stream socket */
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

/*
 * 1 if descriptor 2 is a stream to systemd's journal: JOURNAL_STREAM has its
 * device and inode (systemd.exec(5)).  A child may have another descriptor 2.
 */
static int
is_stderr_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;
	char more;

	if (stream == NULL || fstat(STDERR_FILENO, &st) == -1)
		return 0;
	return sscanf(stream, "%llu:%llu%c", &device, &inode, &more) == 2 &&
	    st.st_dev == device && st.st_ino == inode;
}

/* 0 if descriptor 2 may be the client's socket, as with classic inetd. */
static int
is_stderr_ours(void)
{
	struct stat st;

	return is_stderr_journal() ||
	    (fstat(STDERR_FILENO, &st) == 0 && !S_ISSOCK(st.st_mode));
}

void
log_open(const char *ident, int to_stderr)
{
	/* open the socket, read the time zone: the sandbox forbids it later */
	if (!to_stderr && (self.fd = connect_syslogd()) == -1 &&
	    !log_has_syslog())
		to_stderr = is_stderr_ours();
	self.ident = ident;
	self.to_stderr = to_stderr;
	self.to_journal = to_stderr && is_stderr_journal();
	if (to_stderr) {
		self.fd = STDERR_FILENO;
		return;
	}
	tzset();
	if (self.fd == -1)
		openlog(ident, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

int
log_descriptor(void)
{
	return self.fd == STDERR_FILENO ? -1 : self.fd;
}

/*
 * Open descriptor 2 again, with O_NONBLOCK of our own.  If it is a pipe that
 * others write to, it may be full, and they share the flags of descriptor 2.
 */
static void
open_stderr_again(void)
{
	struct stat st;
	int fd;

	if (!self.to_stderr || self.fd != STDERR_FILENO ||
	    fstat(STDERR_FILENO, &st) == -1 || S_ISSOCK(st.st_mode) ||
	    S_ISREG(st.st_mode))
		return;
	fd = open("/proc/self/fd/2",
	    O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd != -1)
		self.fd = fd;
}

void
log_may_wait(int yes)
{
	self.wait = yes ? WAIT : 0;
	if (!yes)
		open_stderr_again();
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

/* Append key=value, quoted and escaped (\xNN) where needed. */
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
 * 1 if the log can take a line now.  Wait a moment for it, but only once: a log
 * that nobody reads must not stop deliveries.
 */
static int
is_read(void)
{
	struct pollfd p = {.fd = self.fd, .events = POLLOUT};

	self.stuck = poll(&p, 1, self.stuck ? 0 : self.wait) == 0;
	return !self.stuck;
}

static void
emit_stderr(struct buf *b)
{
	if (b->overflow)
		buf_cut(b, b->cap - 2);
	b->p[b->len++] = '\n';
	if (!is_read())
		return;
	/* only send(2) can be told not to wait; 2 may be a socket */
	if (send(self.fd, b->p, b->len, MSG_DONTWAIT | MSG_NOSIGNAL) == -1 &&
	    errno == ENOTSOCK && write(self.fd, b->p, b->len) == -1)
		return; /* nobody can be told */
}

/* "<priority>Mmm dd hh:mm:ss ident[pid]: line" */
static void
emit_syslog(int priority, const struct buf *b)
{
	char line[LOG_LINE_MAX + 128], date[32];
	time_t now = time(NULL);
	struct tm tm;
	int n, try;

	strftime(date, sizeof(date), "%b %e %T", localtime_r(&now, &tm));
	n = snprintf(line, sizeof(line), "<%d>%s %s[%ld]: %s",
	    LOG_MAIL | priority, date, self.ident, (long)getpid(), b->p);
	if (n >= (int)sizeof(line))
		n = sizeof(line) - 1;
	for (try = 0; try < 2 && self.fd != -1 && is_read(); try++) {
		if (send(self.fd, line, (size_t)n,
		    MSG_DONTWAIT | MSG_NOSIGNAL) != -1 || errno == EAGAIN)
			return;
		/* syslogd was restarted; in the sandbox, its line is lost */
		close(self.fd);
		self.fd = connect_syslogd();
	}
}

static void
emit(int priority, struct buf *b)
{
	if (self.to_stderr)
		emit_stderr(b);
	else if (self.fd != -1)
		emit_syslog(priority, b);
	else
		syslog(priority, "%s", b->p);
}

/*
 * Begin a line as syslogd would.  The journal knows the program and its pid,
 * and reads the priority from sd-daemon(3)'s prefix.
 */
static void
put_head(struct buf *b, int priority)
{
	if (self.to_journal)
		buf_fmt(b, "<%d>", priority & LOG_PRIMASK);
	else if (self.to_stderr)
		buf_fmt(b, "%s[%ld]: ", self.ident, (long)getpid());
}

static void
put_event(int priority, const char *event, va_list ap)
{
	char line[LOG_LINE_MAX];
	const char *key, *value;
	struct buf b;
	size_t i;

	buf_init(&b, line, sizeof(line) - 1);
	put_head(&b, priority);
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
		log_event(LOG_NOTICE, "suppressed", "session", l->session,
		    "lines", LOG_NUM(l->left_out), NULL);
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
