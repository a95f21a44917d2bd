/*
 * seal: starts smtp2sms-seal, hands it a frame and takes its answer, without
 * waiting for it: that takes a processor a thirtieth of a second or more for
 * each text.  What is encrypted is the descriptor's, in gateway/.
 */
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/ipc.h"
#include "common/sealing.h"
#include "delivery/seal.h"
#include "gateway/gateway.h"
#include "gateway/wipe.h"

#define SEND_SECONDS 1 /* for the program to read its frame */

struct seal {
	STAILQ_ENTRY(seal) entry;
	int fd;			/* -1: it waits for its turn */
	pid_t pid;
	size_t texts;		/* how many are expected */
	char *out;		/* the frame for the program */
	size_t nout;
	char *in;
	size_t have;
	long long deadline;
	const char *why;	/* it has failed */
	seal_done done;
	void *arg;
};

static struct {
	const struct config *config;
	char path[PATH_MAX];
	STAILQ_HEAD(, seal) seals;	/* in their order */
	unsigned running;
} self;

void
seal_init(const struct config *c)
{
	self.config = c;
	STAILQ_INIT(&self.seals);
	snprintf(self.path, sizeof(self.path), "%s/smtp2sms-seal", c->libexec);
}

const char *
seal_program(void)
{
	return self.path;
}

static void
forget_frame(struct seal *s)
{
	if (s->out != NULL)
		explicit_bzero(s->out, s->nout);
	free(s->out);
	s->out = NULL;
}

/* End the process, if there is one; nobody else waits for it. */
static void
end_process(struct seal *s)
{
	if (s->fd == -1)
		return;
	close(s->fd);
	kill(s->pid, SIGKILL);
	while (waitpid(s->pid, NULL, 0) == -1 && errno == EINTR)
		;
	s->fd = -1;
	self.running--;
}

/* ---- the process ---- */

static int
spawn(pid_t *pid, int theirs)
{
	char name[] = "smtp2sms-seal", best_effort[] = "-b", *none[] = {NULL};
	char *argv[] = {name,
	    self.config->sandbox == CONFIG_SANDBOX_BEST_EFFORT ? best_effort :
	    NULL, NULL};
	posix_spawn_file_actions_t a;
	int e;

	if (posix_spawn_file_actions_init(&a) != 0)
		return -1;
	e = posix_spawn_file_actions_adddup2(&a, theirs, STDIN_FILENO);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&a, theirs,
		    STDOUT_FILENO);
	if (e == 0)
		e = posix_spawn(pid, self.path, &a, NULL, argv, none);
	posix_spawn_file_actions_destroy(&a);
	return e == 0 ? 0 : -1;
}

/* Hand over the frame.  It fits into the socket, or is read at once. */
static int
hand_over(struct seal *s)
{
	const struct timeval limit = {.tv_sec = SEND_SECONDS};
	size_t done = 0;
	ssize_t n;

	setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	while (done < s->nout) {
		n = send(s->fd, s->out + done, s->nout - done, MSG_NOSIGNAL);
		if (n < 1)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

static void
start(struct seal *s)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == -1) {
		s->why = "there is no socket";
		return;
	}
	if (spawn(&s->pid, fd[1]) == -1) {
		close(fd[0]);
		s->why = "smtp2sms-seal cannot be started";
	} else {
		s->fd = fd[0];
		self.running++;
		if (hand_over(s) == -1)
			s->why = "smtp2sms-seal does not read";
	}
	close(fd[1]);
	forget_frame(s);
}

/* ---- its answer ---- */

/* The texts of a whole answer, or NULL. */
static struct gateway_texts *
read_answer(const struct seal *s, long size)
{
	struct gateway_texts *t = wipe_must(calloc(1, sizeof(*t)));
	struct ipc_frame f;

	t->v = wipe_must(calloc(s->texts + 1, sizeof(*t->v)));
	ipc_open(&f, s->in, (size_t)size);
	for (; t->n < s->texts; t->n++) {
		t->v[t->n] = wipe_alloc(f.left + 1);
		ipc_get_str(&f, t->v[t->n], f.left);
	}
	if (f.type == SEALING_ANSWER && ipc_close(&f) == 0)
		return t;
	gateway_texts_free(t);
	return NULL;
}

/* It is over: tell, and forget it. */
static void
finish(struct seal *s, struct gateway_texts *t)
{
	STAILQ_REMOVE(&self.seals, s, seal, entry);
	end_process(s);
	s->done(s->arg, t, t != NULL ? "" : s->why);
	forget_frame(s);
	free(s->in);
	free(s);
}

static void
receive(struct seal *s)
{
	struct gateway_texts *t = NULL;
	ssize_t n = read(s->fd, s->in + s->have,
	    IPC_HEAD + IPC_FRAME_MAX - s->have);
	long size;

	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return;
	s->have += n > 0 ? (size_t)n : 0;
	size = ipc_size(s->in, s->have);
	if (n > 0 && size >= 0 && (size == 0 || (size_t)size > s->have))
		return;
	s->why = "smtp2sms-seal has failed";
	if (n > 0 && size > 0)
		t = read_answer(s, size);
	finish(s, t);
}

/* ---- requests ---- */

static void
make_frame(struct seal *s, const char *passphrase,
    const struct gateway_texts *texts)
{
	size_t room = IPC_HEAD + 32 + strlen(passphrase), i;
	struct buf b;

	for (i = 0; i < texts->n; i++)
		room += strlen(texts->v[i]) + 4;
	s->out = wipe_must(malloc(room));
	buf_init(&b, s->out, room);
	ipc_begin(&b, (enum ipc_type)SEALING_ASK);
	ipc_put_str(&b, passphrase, strlen(passphrase));
	ipc_put_u32(&b, (uint32_t)texts->n);
	for (i = 0; i < texts->n; i++)
		ipc_put_str(&b, texts->v[i], strlen(texts->v[i]));
	if (ipc_end(&b) == -1 || texts->n > SEALING_TEXTS_MAX)
		s->why = "too much to encrypt";
	s->nout = b.len;
	s->texts = texts->n;
}

void
seal_start(const char *passphrase, const struct gateway_texts *texts, long ms,
    seal_done done, void *arg)
{
	struct seal *s = wipe_must(calloc(1, sizeof(*s)));

	s->fd = -1;
	s->in = wipe_must(malloc(IPC_HEAD + IPC_FRAME_MAX));
	s->deadline = clock_ms() + ms;
	s->done = done;
	s->arg = arg;
	make_frame(s, passphrase, texts);
	STAILQ_INSERT_TAIL(&self.seals, s, entry);
}

unsigned
seal_prepare(struct curl_waitfd *w, int *ms)
{
	struct seal *s;
	unsigned n = 0;
	long left;

	STAILQ_FOREACH(s, &self.seals, entry) {
		if (s->fd == -1 && s->why == NULL &&
		    self.running < SEAL_WAITS)
			start(s);
		left = s->why != NULL ? 0 : clock_left(s->deadline);
		if (left < *ms)
			*ms = (int)left;
		if (s->fd != -1)
			w[n++] = (struct curl_waitfd){.fd = s->fd,
			    .events = CURL_WAIT_POLLIN};
	}
	return n;
}

static int
is_readable(const struct seal *s, const struct curl_waitfd *w, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (w[i].fd == s->fd)
			return w[i].revents != 0;
	return 0;
}

void
seal_turn(const struct curl_waitfd *w, unsigned n)
{
	struct seal *s, *next;

	for (s = STAILQ_FIRST(&self.seals); s != NULL; s = next) {
		next = STAILQ_NEXT(s, entry);
		if (s->why == NULL && clock_left(s->deadline) == 0)
			s->why = "there was no time to encrypt the message";
		if (s->why != NULL)
			finish(s, NULL);
		else if (s->fd != -1 && is_readable(s, w, n))
			receive(s);
	}
}
