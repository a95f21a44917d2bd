/*
 * The delivery side against a session that says whatever it likes.  HTTP is
 * played: each request is answered at once.  What must hold: no message goes
 * out before the session has logged in, none to a denied number, and each
 * answer is a whole frame of a known type.
 */
#include <sys/socket.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/config.h"
#include "common/ipc.h"
#include "common/options.h"
#include "delivery/http.h"
#include "delivery/serve.h"
#include "gateway/gateway.h"
#include "gateway/read.h"

#define ROUNDS 4

static struct config config;
static struct descriptor *gateway;
static int may_send;	/* the session has logged in, or need not */

static void
say_nothing(const char *what)
{
	(void)what;
}

/* ---- HTTP, played ---- */

static void
answer(http_done done, void *arg, const struct gateway_request *r)
{
	static const char body[] = "{\"id\": \"m1\", \"state\": \"Pending\"}";
	struct http_result e = {.answered = 1, .sent = 1, .status = 202,
	    .body = body, .len = sizeof(body) - 1, .whole = 1, .error = ""};

	if (strcmp(r->method, "GET") == 0) {
		e.status = 404;
		e.len = 0;
	}
	done(arg, &e);
}

void
http_start(struct gateway_request *r, long ms, http_done done, void *arg)
{
	struct gateway_request copy = *r;

	(void)ms;
	memset(r, 0, sizeof(*r));
	answer(done, arg, &copy);
	gateway_free(&copy);
}

static int
is_denied(const struct gateway_request *r)
{
	json_t *body = json_loadb(r->body, r->nbody, JSON_ALLOW_NUL, NULL);
	json_t *numbers = json_object_get(body, "phoneNumbers"), *number;
	int denied = json_array_size(numbers) == 0;
	size_t i;

	json_array_foreach(numbers, i, number)
		denied |= strncmp(json_string_value(number), "+49900", 6) == 0;
	json_decref(body);
	return denied;
}

void
http_start_once(http_make make, long ms, http_done done, void *arg)
{
	const struct http_result none = {.error = "",
	    .outcome = IPC_OUTCOME_INTERNAL};
	struct gateway_request r;

	(void)ms;
	if (make(arg, &r) == -1) {
		done(arg, &none);
		return;
	}
	if (!may_send || is_denied(&r))
		abort();
	answer(done, arg, &r);
	gateway_free(&r);
}

int
http_is_warm(void)
{
	return 0;
}

/* ---- the session ---- */

static void
write_all(int fd, const void *p, size_t n)
{
	if (n > 0 && send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT) == -1)
		return;
}

/* Let the delivery side read and answer; check what it says. */
static void
turn(int fd)
{
	static char in[65536];
	static size_t have;
	struct curl_waitfd w[4];
	int ms = 0, i;
	ssize_t n;
	long size;

	for (i = 0; i < ROUNDS; i++) {
		unsigned k, used = serve_prepare(w, 4, &ms);

		for (k = 0; k < used; k++)
			w[k].revents = w[k].events;
		serve_turn(w);
	}
	have = 0;
	while ((n = recv(fd, in + have, sizeof(in) - have, MSG_DONTWAIT)) > 0)
		have += (size_t)n;
	for (n = 0; (size_t)n < have; n += size) {
		size = ipc_size(in + n, have - (size_t)n);
		if (size <= 0 || (size_t)size > have - (size_t)n)
			abort();
		if (in[n + IPC_HEAD] != ANS_AUTH &&
		    in[n + IPC_HEAD] != ANS_SEND &&
		    in[n + IPC_HEAD] != ANS_CAN)
			abort();
	}
}

/* A good message whose text, and one octet besides, are the fuzzer's. */
static void
put_message(int fd, const uint8_t *p, size_t n)
{
	static char storage[8192];
	struct options o = {.ttl = n > 2 ? p[2] : 0};
	struct buf b;

	buf_init(&b, storage, sizeof(storage));
	ipc_begin(&b, REQ_SEND);
	ipc_put_u32(&b, (uint32_t)(clock_ms() + 1000));
	ipc_put_str(&b, n > 3 ? (const char *)p + 3 : "hello",
	    n > 3 ? n - 3 : 5);
	ipc_put_str(&b, "<1@c>", 5);
	ipc_put_str(&b, "", 0);
	ipc_put_str(&b, "a@b", 3);
	ipc_put_u32(&b, 2);
	ipc_put_str(&b, "+4915112345678", 14);
	ipc_put_str(&b, "+12025550123", 12);
	options_put(&b, &o);
	if (ipc_end(&b) == -1)
		return;
	if (n > 1 && p[0] != 0)
		b.p[(size_t)p[0] * b.len / 256] ^= (char)p[1];
	write_all(fd, b.p, b.len);
}

/* A frame of that type with these fields. */
static void
put_frame(int fd, unsigned type, const uint8_t *p, size_t n)
{
	static char storage[8192];
	struct buf b;

	buf_init(&b, storage, sizeof(storage));
	ipc_begin(&b, (enum ipc_type)type);
	buf_put(&b, p, n);
	if (ipc_end(&b) == 0)
		write_all(fd, b.p, b.len);
	may_send |= type == REQ_LOGIN || type == REQ_AUTH ||
	    (type == REQ_HELLO && n > 0 && p[n - 1] != 0);
}

int LLVMFuzzerInitialize(int *, char ***);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char *lines[] = {"log=stderr", "descriptors=gateways",
	    "gateway=smsgate", "set=base http://127.0.0.1:1",
	    "auth=gateway", "set=user u", "set=password p", "deny=+49900", "hostname=sms.test",
	    "max-messages=1000000"};

	(void)argc;
	(void)argv;
	if (config_load(&config, "/dev/null", lines,
		sizeof(lines) / sizeof(lines[0]), say_nothing) == -1 ||
	    (gateway = read_descriptor(&config, say_nothing)) == NULL)
		abort();
	serve_init(&config, gateway);
	return 0;
}

/* data[0]: what it is said of the session; then (type, length, fields)... */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct serve_setup setup = {.session = "s", .peer = "192.0.2.1"};
	int fd[2];
	size_t n;

	if (size < 1 || socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == -1)
		return 0;
	setup.agent = data[0] & 1;
	setup.auth_required = (data[0] & 2) != 0;
	may_send = !setup.agent && !setup.auth_required;
	if (serve_add(fd[0], &setup) == -1)
		abort();
	if (data[0] & 4) { /* octets as they are: frames may be in them */
		may_send = 1;
		write_all(fd[1], data + 1, size - 1);
		turn(fd[1]);
		size = 0;
	}
	for (data++; size > 3; data += 2 + n, size -= 2 + n) {
		n = data[1] < size - 3 ? data[1] : size - 3;
		if (data[0] >= 128)
			put_message(fd[1], data + 2, n);
		else
			put_frame(fd[1], data[0] % 14, data + 2, n);
		if (data[0] & 64)
			turn(fd[1]);
	}
	turn(fd[1]);
	close(fd[1]);
	while (serve_count() > 0) {
		struct curl_waitfd w[4];
		int ms = 0;
		unsigned k, used = serve_prepare(w, 4, &ms);

		for (k = 0; k < used; k++)
			w[k].revents = w[k].events;
		serve_turn(w);
	}
	return 0;
}
