/*
 * tls_key: reads the files and hands them to libtls.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/log.h"
#include "tls/tls_cert.h"
#include "tls/tls_key.h"
#include "tls/tls_setup.h"

#define CERT_FILE_MAX (128 * 1024)  /* octets: a certificate and its chain */
#define KEY_FILE_MAX  (16 * 1024)
#define CA_FILE_MAX   (1024 * 1024)

struct text {
	char *p;	/* NUL-terminated */
	size_t len, cap;
};

static char cert_text[CERT_FILE_MAX + 1], key_text[KEY_FILE_MAX + 1],
    ca_text[CA_FILE_MAX + 1];

static struct {
	struct text cert, key, ca;
	struct tls *server;
} self = {
	.cert = {cert_text, 0, sizeof(cert_text)},
	.key = {key_text, 0, sizeof(key_text)},
	.ca = {ca_text, 0, sizeof(ca_text)},
};

/* Read a file.  Returns NULL, or what is wrong. */
static const char *
read_text(struct text *t, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), error = errno;
	ssize_t n = 1;

	t->len = 0;
	if (fd == -1)
		return strerror(error);
	while (n > 0 && t->len < t->cap) {
		n = read(fd, t->p + t->len, t->cap - t->len);
		error = errno;
		if (n == -1 && error == EINTR)
			n = 1;
		else if (n > 0)
			t->len += (size_t)n;
	}
	close(fd);
	if (n == -1)
		return strerror(error);
	if (t->len == t->cap)
		return "file is too large";
	t->p[t->len] = '\0';
	return NULL;
}

static void
read_file(struct text *t, const char *file)
{
	const char *error = read_text(t, file);

	if (error != NULL)
		setup_fail(EX_CONFIG, "config", file, error);
}

/* Give the files to libtls.  Returns 0, or -1 with the reason in *error. */
static int
configure(struct tls *server, struct tls_config *config, const char **error)
{
	*error = "out of memory";
	if (tls_config_set_protocols(config,
		TLS_PROTOCOL_TLSv1_2 | TLS_PROTOCOL_TLSv1_3) == -1 ||
	    tls_config_set_keypair_mem(config, (uint8_t *)self.cert.p,
		self.cert.len, (uint8_t *)self.key.p, self.key.len) == -1 ||
	    (setup.ca_file != NULL && tls_config_set_ca_mem(config,
		(uint8_t *)self.ca.p, self.ca.len) == -1)) {
		*error = tls_config_error(config);
		return -1;
	}
	if (setup.ca_file != NULL)
		tls_config_verify_client_optional(config);
	if (tls_configure(server, config) == -1) {
		*error = tls_error(server);
		return -1;
	}
	return 0;
}

const char *
key_start(void)
{
	struct tls_config *config;
	const char *error = "out of memory";

	if (self.server != NULL)
		return NULL;
	if (tls_init() == -1 || (config = tls_config_new()) == NULL ||
	    (self.server = tls_server()) == NULL)
		return error;
	if (configure(self.server, config, &error) == -1)
		return error != NULL ? error : "unknown";
	tls_config_clear_keys(config);
	explicit_bzero(self.key.p, self.key.len);
	return NULL;
}

void
key_load(void)
{
	static struct cert cert;
	const char *error;
	int age, fits;

	read_file(&self.cert, setup.cert_file);
	/* parse the certificate while there is no key in memory */
	cert_parse(&cert, self.cert.p);
	read_file(&self.key, setup.key_file);
	if (setup.ca_file != NULL)
		read_file(&self.ca, setup.ca_file);
	fits = cert_fits(&cert, self.key.p);
	if ((!fits || setup.ca_file != NULL || setup.check) &&
	    (error = key_start()) != NULL) {
		log_event(LOG_ERR, "config", "cert", setup.cert_file, "key",
		    setup.key_file, "ca", setup.ca_file, "error", error,
		    "reason", fits ? NULL :
		    cert_fault(self.cert.p, self.key.p), NULL);
		setup_refuse(EX_CONFIG);
	}
	age = cert_age(&cert);
	if (age != 0 || setup.check)
		log_event(age != 0 ? LOG_WARNING : LOG_INFO, "certificate",
		    "file", setup.cert_file, "state",
		    age == 0 ? "valid" : age < 0 ? "not yet valid" : "expired",
		    "from", cert.from, "until", cert.until, NULL);
	/* a session uses it: some clients do not look at the dates */
	if (age != 0 && setup.check)
		setup_refuse(EX_CONFIG);
}

void
key_reload(void)
{
	struct tls *old = self.server;
	const char *error = read_text(&self.cert, setup.cert_file);

	if (error == NULL)
		error = read_text(&self.key, setup.key_file);
	if (error == NULL && setup.ca_file != NULL)
		error = read_text(&self.ca, setup.ca_file);
	if (error == NULL) {
		self.server = NULL;
		error = key_start();
	}
	explicit_bzero(self.key.p, self.key.cap);
	if (error == NULL) {
		tls_free(old);
		return;
	}
	log_event(LOG_ERR, "config", "cert", setup.cert_file, "key",
	    setup.key_file, "ca", setup.ca_file, "error", error, NULL);
	if (self.server != old)
		tls_free(self.server);
	self.server = old;
}

struct tls *
key_server(void)
{
	return self.server;
}
