/*
 * ask: blocking stubs for the delivery side.  The link is a stream socket.  Any
 * error breaks it for good, and then every outcome is temporary.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/config.h"
#include "common/log.h"
#include "session/ask.h"

#define WRITE_WAIT 5000 /* milliseconds for the other side to read a frame */
#define CAN_WAIT   5000	/* milliseconds for it to read its descriptor */

static struct {
	int fd;
	int broken;
	char storage[IPC_HEAD + IPC_FRAME_MAX + 1];
} wire;

void
ask_init(int fd)
{
	wire.fd = fd;
	wire.broken = fd == -1;
}

int
ask_broken(void)
{
	return wire.broken;
}

static int
fail(const char *why)
{
	if (!wire.broken)
		log_event(LOG_ERR, "link", "error", why, NULL);
	wire.broken = 1;
	return -1;
}

static int
await(short events, long long deadline)
{
	struct pollfd p = {.fd = wire.fd, .events = events};
	int n;

	do
		n = poll(&p, 1, clock_left(deadline));
	while (n == -1 && errno == EINTR);
	return n > 0 ? 0 : fail(n == 0 ? "no answer in time" :
					 strerror(errno));
}

/* Send the frame, and overwrite it: it may hold a secret. */
static int
put_frame(struct buf *b)
{
	long long deadline = clock_ms() + WRITE_WAIT;
	size_t done = 0;
	ssize_t n;

	if (ipc_end(b) == -1)
		fail("the request is too large");
	while (!wire.broken && done < b->len) {
		if (await(POLLOUT, deadline) == -1)
			break;
		n = write(wire.fd, b->p + done, b->len - done);
		if (n > 0)
			done += (size_t)n;
		else if (n == -1 && errno != EINTR && errno != EAGAIN)
			fail(strerror(errno));
	}
	explicit_bzero(b->p, b->len);
	return wire.broken ? -1 : 0;
}

/* Wait for a whole frame of this type; it stays in wire.storage. */
static int
get_frame(struct ipc_frame *f, enum ipc_type type, long long deadline)
{
	size_t want = IPC_HEAD, have = 0;
	ssize_t n;
	long size;

	for (;;) {
		size = ipc_size(wire.storage, have);
		if (size == -1)
			return fail("the answer is not a frame");
		if (size > 0)
			want = (size_t)size;
		if (have == want)
			break;
		if (await(POLLIN, deadline) == -1)
			return -1;
		n = read(wire.fd, wire.storage + have, want - have);
		if (n == 0)
			return fail("the delivery side has gone");
		if (n == -1 && errno != EINTR && errno != EAGAIN)
			return fail(strerror(errno));
		if (n > 0)
			have += (size_t)n;
	}
	ipc_open(f, wire.storage, have);
	return f->type == type ? 0 : fail("the answer is of the wrong type");
}

static void
begin(struct buf *b, enum ipc_type type)
{
	buf_init(b, wire.storage, sizeof(wire.storage));
	ipc_begin(b, type);
}

/* Send a request without fields. */
static void
request(enum ipc_type type)
{
	struct buf b;

	if (wire.broken)
		return;
	begin(&b, type);
	put_frame(&b);
}

void
ask_hello(const char *session, const char *peer, int trusted)
{
	struct buf b;

	if (wire.broken)
		return;
	begin(&b, REQ_HELLO);
	ipc_put_str(&b, session, strlen(session));
	ipc_put_str(&b, peer, strlen(peer));
	ipc_put_u8(&b, trusted != 0);
	put_frame(&b);
}

void
ask_warm(void)
{
	request(REQ_WARM);
}

void
ask_forget(void)
{
	request(REQ_FORGET);
}

void
ask_tally(const struct tally *t)
{
	struct buf b;

	if (wire.broken)
		return;
	buf_init(&b, wire.storage, sizeof(wire.storage));
	tally_put(&b, t);
	put_frame(&b);
}

static int
put_credentials(enum ipc_type type, const struct auth *a)
{
	struct buf b;

	if (wire.broken)
		return -1;
	begin(&b, type);
	ipc_put_u8(&b, a->mechanism == AUTH_EXTERNAL ? IPC_EXTERNAL :
	    a->bearer				     ? IPC_BEARER :
						       IPC_PASSWORD);
	ipc_put_str(&b, a->user, strlen(a->user));
	ipc_put_str(&b, a->secret, strlen(a->secret));
	return put_frame(&b);
}

int
ask_login(const struct auth *a)
{
	return put_credentials(REQ_LOGIN, a);
}

enum ipc_verdict
ask_auth(const struct auth *a, struct rights *r, int ms)
{
	long long deadline = clock_ms() + ms + ASK_GRACE;
	struct ipc_frame f;
	unsigned v;

	if (put_credentials(REQ_AUTH, a) == -1 ||
	    get_frame(&f, ANS_AUTH, deadline) == -1)
		return IPC_VERDICT_TEMPORARY;
	v = ipc_get_u8(&f);
	rights_get(&f, r);
	if (ipc_close(&f) == -1 || v > IPC_VERDICT_LAST) {
		fail("the answer is malformed");
		return IPC_VERDICT_TEMPORARY;
	}
	return (enum ipc_verdict)v;
}

int
ask_can(struct abilities *a)
{
	struct ipc_frame f;

	request(REQ_CAN);
	if (wire.broken ||
	    get_frame(&f, ANS_CAN, clock_ms() + CAN_WAIT) == -1)
		return -1;
	abilities_get(&f, a);
	return ipc_close(&f) == 0 ? 0 : fail("the answer is malformed");
}

void
ask_notify(const struct notify *t)
{
	struct buf b;

	if (wire.broken)
		return;
	begin(&b, REQ_NOTIFY);
	notify_put(&b, t);
	put_frame(&b);
}

/*
 * u32 deadline, str text, str Message-ID, str Date, str envelope sender,
 * u32 n, n times str number, the options
 */
static int
put_message(const struct ask_message *m, int ms)
{
	const char *id = m->message_id != NULL ? m->message_id : "";
	const char *date = m->date != NULL ? m->date : "";
	struct buf b;
	size_t i;

	if (wire.broken)
		return -1;
	begin(&b, REQ_SEND);
	ipc_put_u32(&b, (uint32_t)(clock_ms() + ms));
	ipc_put_str(&b, m->text, strlen(m->text));
	ipc_put_str(&b, id, strlen(id));
	ipc_put_str(&b, date, strlen(date));
	ipc_put_str(&b, m->sender, strlen(m->sender));
	ipc_put_u32(&b, (uint32_t)m->nto);
	for (i = 0; i < m->nto; i++)
		ipc_put_str(&b, m->to[i], strlen(m->to[i]));
	options_put(&b, m->options);
	return put_frame(&b);
}

/*
 * u32 n, n times (u8 outcome, u8 enum ipc_result, u32 status, u32 ms,
 * u32 retry-after, str id)
 */
static int
get_results(struct ipc_frame *f, struct ask_result *r, size_t n)
{
	unsigned outcome;
	size_t i;

	if (ipc_get_u32(f) != n)
		return -1;
	for (i = 0; i < n && !f->bad; i++) {
		outcome = ipc_get_u8(f);
		r[i].unjournalled = ipc_get_u8(f) & IPC_RESULT_UNJOURNALLED;
		r[i].gateway = ipc_get_u8(f);
		r[i].status = ipc_get_u32(f);
		r[i].ms = ipc_get_u32(f);
		r[i].retry_after = ipc_get_u32(f);
		r[i].held = ipc_get_u32(f);
		ipc_get_str(f, r[i].id, IPC_ID_MAX);
		if (outcome > IPC_OUTCOME_LAST || !ipc_is_id(r[i].id) ||
		    r[i].gateway >= CONFIG_GATEWAYS_MAX)
			return -1;
		r[i].outcome = (enum ipc_outcome)outcome;
	}
	return ipc_close(f);
}

void
ask_send(const struct ask_message *m, struct ask_result *r, int ms)
{
	long long deadline = clock_ms() + ms + ASK_GRACE;
	enum ipc_outcome failed = IPC_OUTCOME_INTERNAL;
	struct ipc_frame f;
	size_t i;

	if (put_message(m, ms) == 0) {
		if (get_frame(&f, ANS_SEND, deadline) == 0) {
			if (get_results(&f, r, m->nto) == 0)
				return;
			fail("the answer is malformed");
		} else if (clock_left(deadline) == 0) {
			failed = IPC_OUTCOME_TIMEOUT;
		}
	}
	for (i = 0; i < m->nto; i++)
		r[i] = (struct ask_result){.outcome = failed};
}
