"""Memory runs out at each allocation of a delivery, once.

A message that is accepted is whole: whatever fails, no recipient, id or
option is left out of it.  A library that is loaded in front of libc counts
the allocations from the first octet of the session on, and one of them fails.
"""

import os
import shutil
import socket
import subprocess
import tempfile

import tap
from gateway import Gateway
from ipc_lib import REQ_WARM, frame, options, send
from link_lib import read_frame, results, write_configuration
from smtp import HOME, SLOW, WRAP, own_credentials

gw = Gateway()
NUMBERS = ["+49151000000%02d" % i for i in range(3)]
MORE = options((1, 9), 3600, 0, 1, 2, "phone")
STEP = int(os.environ.get("SMTP2SMS_ALLOC_STEP") or 1)

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long count, fail_at;
static int armed;

/* The session's first octets: from here on the allocations count. */
ssize_t
read(int fd, void *p, size_t n)
{
	static ssize_t (*real)(int, void *, size_t);
	ssize_t r;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "read");
	r = real(fd, p, n);
	if (fd == 0 && r > 0 && !armed) {
		fail_at = atol(getenv("FAIL_AT"));
		armed = 1;
	}
	return r;
}

static int
fails(void)
{
	if (!armed || __sync_add_and_fetch(&count, 1) != fail_at)
		return 0;
	if (write(2, "FAILED\n", 7) == -1)
		return 1;
	errno = ENOMEM;
	return 1;
}

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

void *
malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}
"""


def deliver(folder, path, fail_at):
    """(the outcomes, exit code, whether an allocation failed)."""
    ours, theirs = socket.socketpair()
    env = dict(os.environ, FAIL_AT=str(fail_at),
               LD_PRELOAD=os.path.join(folder, "shim.so"))
    with open(os.path.join(folder, "log"), "w+b") as log:
        child = subprocess.Popen([os.path.join(HOME, "smtp2sms-deliver"),
                                  "-f", path], stdin=theirs, stderr=log,
                                 stdout=subprocess.DEVNULL, env=env)
        theirs.close()
        with ours:
            ours.settimeout(20 * SLOW)
            ours.sendall(frame(REQ_WARM) + send(
                "hello", NUMBERS, 5000, "<1@c>", more=MORE))
            try:
                answer = read_frame(ours)
            except ConnectionResetError:
                answer = b""
        code = child.wait(20 * SLOW)
        log.seek(0)
        return results(answer, len(NUMBERS)), code, b"FAILED" in log.read()


def same(message):
    """What the message says, without what differs from one to the next."""
    return {k: v for k, v in message.items() if k not in ("id", "user")}


@tap.test("whatever fails, what is accepted is whole")
def each():
    if WRAP or "SMTP2SMS" in os.environ:
        raise tap.Skip("it has an allocator of its own")
    folder = tempfile.mkdtemp(prefix="smtp2sms-memory.")
    try:
        with open(os.path.join(folder, "shim.c"), "w") as file:
            file.write(SHIM)
        subprocess.run([os.environ.get("CC") or "cc", "-shared", "-fPIC",
                        "-o", os.path.join(folder, "shim.so"),
                        os.path.join(folder, "shim.c"), "-ldl"], check=True)
        path = write_configuration(folder, own_credentials(), gw)
        gw.reset()
        got, code, _ = deliver(folder, path, 0)
        tap.is_((code, [o for o, _ in got]), (0, ["accepted"] * 3),
                "none fails: accepted")
        whole = same(gw.messages[0])
        wrong, crashed, tried, accepted, n = [], [], 0, 0, 1
        failed = True
        while failed:
            gw.reset()
            got, code, failed = deliver(folder, path, n)
            outcomes = {o for o, _ in got}
            if "accepted" in outcomes:
                accepted += 1
                if not gw.messages or same(gw.messages[0]) != whole \
                        or not gw.messages[0].get("id"):
                    wrong.append((n, gw.messages))
            if code < 0:
                crashed.append((n, code))
            tried += 1
            n += STEP
        tap.ok(tried > 5, "%d failures, up to allocation %d" % (tried, n))
        tap.is_(wrong, [], "an accepted message is whole (%d were)" % accepted)
        tap.is_(crashed, [], "no failure is a crash")
    finally:
        shutil.rmtree(folder)


tap.run(240)
