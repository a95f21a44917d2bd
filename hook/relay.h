/*
 * relay: a mail to a server of SMTP, by libcurl.
 */
#ifndef RELAY_H
#define RELAY_H

#include <stddef.h>

/*
 * Give a mail of n octets, whose lines end with LF, to the server at a URL,
 * smtp://HOST[:PORT] or smtps://HOST[:PORT], from <> to one address; we are
 * hostname.  Returns 0 if the server has said 250 to it within so many
 * seconds, else -1; the log says why.
 */
int relay_give(const char *url, const char *hostname, const char *rcpt,
    const char *mail, size_t n, long seconds);

#endif
