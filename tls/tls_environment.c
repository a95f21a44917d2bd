/*
 * tls_environment: the names of the variables, their way over the control
 * socket, and what libtls says about a connection.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "tls/tls_environment.h"
#include "tls/tls_setup.h"

#define SNI_MAX	255	/* octets of a host name */

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

/*
 * The names of ucspi-ssl and mod_ssl (SSL_CLIENT_), s6-networking (SSL_PEER_).
 */
static const char *const variables[] = {
	"SSL_PROTOCOL",
	"SSL_CIPHER",
	"SSL_CIPHER_USEKEYSIZE",
	"SSL_TLS_SNI_SERVERNAME",
	"SSL_CLIENT_VERIFY",
	"SSL_CLIENT_S_DN",
	"SSL_CLIENT_I_DN",
	"SSL_PEER_CERT_SUBJECT",
	"SSL_PEER_CERT_HASH",
};

void
environment_clear(void)
{
	size_t i;

	for (i = 0; i < NELEM(variables); i++)
		unsetenv(variables[i]);
	unsetenv("SSLCTLFD");
	unsetenv("SSLREADFD");
	unsetenv("SSLWRITEFD");
}

/* ---- the program's process ---- */

/*
 * Set one "NAME=value", if it is one of ours.  The other process talks to the
 * client and may have been taken over.
 */
static int
set_variable(char *s)
{
	char *value = strchr(s, '=');
	size_t i;

	if (value == NULL)
		return -1;
	*value++ = '\0';
	for (i = 0; i < NELEM(variables); i++)
		if (strcmp(s, variables[i]) == 0)
			return setenv(s, value, 1);
	return -1;
}

int
environment_read(int ctl)
{
	char block[ENV_MAX], *s, *next;
	size_t n = 0;
	ssize_t r;

	do {
		r = read(ctl, block + n, sizeof(block) - n);
		if (r == -1 && errno == EINTR)
			continue;
		if (r <= 0)
			return -1;
		n += (size_t)r;
	} while (block[n - 1] != '\0' || (n > 1 && block[n - 2] != '\0'));
	for (s = block; *s != '\0'; s = next) {
		next = s + strlen(s) + 1;
		if (set_variable(s) == -1)
			return -1;
	}
	return 0;
}

/* ---- the process with the key ---- */

/* The host name, or NULL if it has characters that host names do not have. */
static const char *
plain_name(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

	return s != NULL && s[strspn(s, plain)] == '\0' &&
	    strlen(s) <= SNI_MAX ? s : NULL;
}

/* Append a variable; leave it out if there is no room for all of it. */
static void
put_variable(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	/* room for = and NUL, the last NUL, and the buffer's own */
	if (strlen(name) + strlen(value) + 4 > b->cap - b->len) {
		log_event(LOG_WARNING, "environment", "left-out", name, NULL);
		return;
	}
	buf_fmt(b, "%s=%s", name, value);
	buf_putc(b, '\0');
}

void
environment_describe(struct buf *b, struct tls *tls)
{
	int cert = tls_peer_cert_provided(tls);
	const char *subject = cert ? tls_peer_cert_subject(tls) : NULL;

	put_variable(b, "SSL_PROTOCOL", tls_conn_version(tls));
	put_variable(b, "SSL_CIPHER", tls_conn_cipher(tls));
	put_variable(b, "SSL_CIPHER_USEKEYSIZE",
	    LOG_NUM(tls_conn_cipher_strength(tls)));
	put_variable(b, "SSL_TLS_SNI_SERVERNAME",
	    plain_name(tls_conn_servername(tls)));
	if (setup.ca_file != NULL)
		put_variable(b, "SSL_CLIENT_VERIFY", cert ? "SUCCESS" : "NONE");
	put_variable(b, "SSL_CLIENT_S_DN", subject);
	put_variable(b, "SSL_CLIENT_I_DN",
	    cert ? tls_peer_cert_issuer(tls) : NULL);
	put_variable(b, "SSL_PEER_CERT_SUBJECT", subject);
	put_variable(b, "SSL_PEER_CERT_HASH",
	    cert ? tls_peer_cert_hash(tls) : NULL);
	buf_putc(b, '\0');
	log_event(LOG_INFO, "tls", "protocol", tls_conn_version(tls), "cipher",
	    tls_conn_cipher(tls), "sni", tls_conn_servername(tls), "client",
	    subject, NULL);
}
