/*
 * null: 250 to every line, 354 to DATA, 221 to QUIT: the least that a
 * session can be, and so the limit of any filter under a super-server.
 * It believes everything, and reads and writes in blocks.
 *
 * With a port as its argument it accepts and forks by itself.
 */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define IN_MAX	 65536 /* octets read at once */
#define LOOK_MAX 512	/* octets of a line that are looked at */

static char out[IN_MAX];
static size_t nout;

static void
flush(void)
{
	size_t done = 0;
	ssize_t n;

	while (done < nout) {
		n = write(STDOUT_FILENO, out + done, nout - done);
		if (n <= 0)
			_exit(1);
		done += (size_t)n;
	}
	nout = 0;
}

static void
say(const char *reply)
{
	size_t n = strlen(reply);

	if (nout + n > sizeof(out))
		flush();
	memcpy(out + nout, reply, n);
	nout += n;
}

/* A command has come: 1 if what follows is a mail, -1 if it was QUIT. */
static int
answer(const char *line)
{
	if (strncasecmp(line, "DATA", 4) == 0) {
		say("354 Go\r\n");
		return 1;
	}
	if (strncasecmp(line, "QUIT", 4) == 0) {
		say("221 Bye\r\n");
		return -1;
	}
	say("250 OK\r\n");
	return 0;
}

/* A line of a mail: 0 if it was the last. */
static int
swallow(const char *line)
{
	if (strcmp(line, ".\r") != 0)
		return 1;
	say("250 OK\r\n");
	return 0;
}

/* The process of each connection returns, with it on 0 and 1. */
static void
serve(const char *port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
	    .sin_port = htons((in_port_t)atoi(port))};
	int sock = socket(AF_INET, SOCK_STREAM, 0), fd, on = 1;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(sock, (void *)&sin, sizeof(sin)) == -1 ||
	    listen(sock, 4096) == -1)
		_exit(1);
	signal(SIGCHLD, SIG_IGN);
	while ((fd = accept(sock, NULL, NULL)) != -1) {
		if (fork() == 0) {
			dup2(fd, STDIN_FILENO);
			dup2(fd, STDOUT_FILENO);
			close(fd);
			close(sock);
			return;
		}
		close(fd);
	}
	_exit(1);
}

int
main(int argc, char **argv)
{
	static char in[IN_MAX], line[LOOK_MAX];
	size_t len = 0;
	int data = 0;
	ssize_t i, n;

	if (argc == 2)
		serve(argv[1]);
	say("220 null ESMTP\r\n");
	flush();
	while ((n = read(STDIN_FILENO, in, sizeof(in))) > 0) {
		for (i = 0; i < n; i++) {
			if (in[i] != '\n') {
				if (len < sizeof(line) - 1)
					line[len++] = in[i];
				continue;
			}
			line[len] = '\0';
			len = 0;
			data = data ? swallow(line) : answer(line);
			if (data == -1) {
				flush();
				return 0;
			}
		}
		flush();
	}
	return 0;
}
