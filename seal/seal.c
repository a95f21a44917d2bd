/*
 * seal: main of smtp2sms-seal: encrypts the texts of one message for the
 * apps of SMSGate, which have the same passphrase.  It reads one frame and
 * writes one (common/sealing.h); it is the only program with libcrypto.
 *
 * The key of each text is derived from the passphrase and a salt of its own by
 * PBKDF2 (RFC 8018, 5.2) with HMAC-SHA1; the text is encrypted by AES-256 in
 * CBC mode with the padding of PKCS #7 (RFC 5652, 6.3).  That the salt is the
 * initialization vector, too, is the apps' format.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "common/buf.h"
#include "common/ipc.h"
#include "common/sealing.h"
#include "seal/seal_sandbox.h"

#define EXIT_USAGE 64
#define EXIT_DATA  65	/* a frame that smtp2sms-deliver does not write */
#define EXIT_OURS  70	/* libcrypto refuses, or memory has run out */
#define EXIT_IO	   74
#define EXIT_SANDBOX 71

static char in[IPC_HEAD + IPC_FRAME_MAX], out[IPC_HEAD + IPC_FRAME_MAX + 1];
static char text[IPC_TEXT_MAX + 1];
static char passphrase[SEALING_PASSPHRASE_MAX + 1];
static unsigned char blocks[IPC_TEXT_MAX + SEALING_BLOCK];

/* Read the whole frame; its size, or 0. */
static size_t
read_frame(void)
{
	size_t have = 0;
	long size = 0;
	ssize_t n;

	while (size == 0 || have < (size_t)size) {
		n = read(STDIN_FILENO, in + have, sizeof(in) - have);
		if (n == -1 && errno == EINTR)
			continue;
		if (n < 1)
			return 0;
		have += (size_t)n;
		if ((size = ipc_size(in, have)) == -1)
			return 0;
	}
	return have == (size_t)size ? have : 0;
}

static int
write_all(const char *s, size_t n)
{
	ssize_t done;

	while (n > 0) {
		done = write(STDOUT_FILENO, s, n);
		if (done == -1 && errno == EINTR)
			continue;
		if (done < 1)
			return -1;
		s += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Encrypt the text into blocks: how many octets they have; -1: libcrypto. */
static int
encrypt_text(const unsigned char key[SEALING_KEY],
    const unsigned char salt[SEALING_BLOCK])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n = 0, last = 0, ok;

	if (c == NULL)
		return -1;
	ok = EVP_EncryptInit_ex(c, EVP_aes_256_cbc(), NULL, key, salt) == 1 &&
	    EVP_EncryptUpdate(c, blocks, &n, (unsigned char *)text,
		(int)strlen(text)) == 1 &&
	    EVP_EncryptFinal_ex(c, blocks + n, &last) == 1;
	EVP_CIPHER_CTX_free(c);
	return ok ? n + last : -1;
}

static int
seal(struct buf *b)
{
	unsigned char salt[SEALING_BLOCK], key[SEALING_KEY];
	int n = -1;

	if (RAND_bytes(salt, sizeof(salt)) == 1 &&
	    PKCS5_PBKDF2_HMAC(passphrase, (int)strlen(passphrase), salt,
		sizeof(salt), SEALING_ITERATIONS, EVP_sha1(), sizeof(key),
		key) == 1)
		n = encrypt_text(key, salt);
	explicit_bzero(key, sizeof(key));
	if (n == -1)
		return -1;
	buf_puts(b, SEALING_HEAD);
	buf_base64(b, salt, sizeof(salt));
	buf_putc(b, '$');
	buf_base64(b, blocks, (size_t)n);
	return 0;
}

/* Seal every text of the frame. */
static int
answer(struct ipc_frame *f, struct buf *b)
{
	static char sealed[SEALING_SIZE(IPC_TEXT_MAX) + 1];
	struct buf one;
	uint32_t n, i;

	ipc_get_str(f, passphrase, SEALING_PASSPHRASE_MAX);
	n = ipc_get_u32(f);
	if (f->bad || f->type != SEALING_ASK || passphrase[0] == '\0' ||
	    n > SEALING_TEXTS_MAX)
		return EXIT_DATA;
	for (i = 0; i < n; i++) {
		ipc_get_str(f, text, IPC_TEXT_MAX);
		if (f->bad)
			return EXIT_DATA;
		buf_init(&one, sealed, sizeof(sealed));
		if (seal(&one) == -1 || one.overflow)
			return EXIT_OURS;
		ipc_put_str(b, one.p, one.len);
	}
	return ipc_close(f) == -1 ? EXIT_DATA : 0;
}

static void
wipe(void)
{
	explicit_bzero(in, sizeof(in));
	explicit_bzero(text, sizeof(text));
	explicit_bzero(passphrase, sizeof(passphrase));
}

/* No file of libcrypto's is read: its defaults are what is wanted. */
static int
prepare(int best_effort)
{
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return EXIT_OURS;
	return seal_sandbox_enter(best_effort) == -1 ? EXIT_SANDBOX : 0;
}

int
main(int argc, char **argv)
{
	int best_effort = argc == 2 && strcmp(argv[1], "-b") == 0, code;
	struct ipc_frame f;
	struct buf b;
	size_t n;

	if (argc > 1 + best_effort || isatty(STDIN_FILENO)) {
		fprintf(stderr, "usage: smtp2sms-seal [-b]\n"
		    "smtp2sms-deliver starts it; see smtp2sms-deliver(8)\n");
		return EXIT_USAGE;
	}
	if ((code = prepare(best_effort)) != 0)
		return code;
	if ((n = read_frame()) == 0)
		return EXIT_IO;
	ipc_open(&f, in, n);
	buf_init(&b, out, sizeof(out));
	ipc_begin(&b, SEALING_ANSWER);
	code = answer(&f, &b);
	wipe();
	if (code != 0)
		return code;
	if (ipc_end(&b) == -1)
		return EXIT_OURS;
	return write_all(b.p, b.len) == -1 ? EXIT_IO : 0;
}
