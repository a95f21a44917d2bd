/*
 * status: see status.h.  Written by hand, since libsystemd would be another
 * library for one datagram.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session/status.h"

#define TEXT_MAX 256

/* The address that systemd names; @ stands for the first NUL of an abstract
   one.  Its length, or 0. */
static socklen_t
find_supervisor(struct sockaddr_un *un)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path != NULL ? strlen(path) : 0;

	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	if (n < 2 || n >= sizeof(un->sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return 0;
	memcpy(un->sun_path, path, n);
	if (path[0] == '@')
		un->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

void
status_tell(const char *text)
{
	char message[TEXT_MAX];
	struct sockaddr_un un;
	socklen_t len = find_supervisor(&un);
	int fd, n;

	if (len == 0 ||
	    (fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return;
	n = snprintf(message, sizeof(message), "STATUS=%s\n", text);
	if (n > 0 && (size_t)n < sizeof(message))
		sendto(fd, message, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL,
		    (struct sockaddr *)&un, len);
	close(fd);
}
