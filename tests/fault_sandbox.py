"""Kernels that lack seccomp, Landlock or both: sandbox required, best-effort.

A filter that the test puts on the program answers ENOSYS, as those kernels
do (gVisor, Linux before 5.13, containers)."""

import ctypes
import errno
import os
import platform
import struct
import subprocess
import sys

import tap
from gateway import Gateway
from listener_lib import Listener
from smtp import PROGRAM, WRAP, Session, own_credentials
from tls_lib import tls_lines

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
SYS_LANDLOCK_CREATE_RULESET = 444
SYS_PRCTL = {"x86_64": 157, "aarch64": 167, "riscv64": 167,
             "ppc64le": 171}.get(platform.machine())
# opcodes of <linux/bpf_common.h>
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7fff0000, 0x00050000
NR, ARGUMENT_0 = 0, 16  # struct seccomp_data

gw = Gateway()
OWN = own_credentials()
NO_LANDLOCK, NO_SECCOMP = "no Landlock", "no seccomp"
WHY = os.strerror(errno.ENOSYS)


def code_without(parts):
    """Octets of a filter: the calls of these parts fail with ENOSYS."""
    code = []
    if NO_LANDLOCK in parts:
        code += [(LOAD, 0, 0, NR),
                 (EQUAL, 0, 1, SYS_LANDLOCK_CREATE_RULESET),
                 (RETURN, 0, 0, ERRNO | errno.ENOSYS)]
    if NO_SECCOMP in parts:
        code += [(LOAD, 0, 0, NR),
                 (EQUAL, 0, 3, SYS_PRCTL),
                 (LOAD, 0, 0, ARGUMENT_0),
                 (EQUAL, 0, 1, PR_SET_SECCOMP),
                 (RETURN, 0, 0, ERRNO | errno.ENOSYS)]
    code.append((RETURN, 0, 0, ALLOW))
    return len(code), b"".join(struct.pack("HBBI", *row) for row in code)


libc = ctypes.CDLL(None, use_errno=True)


def kernel_without(*parts):
    """A function that puts this process, and all that it starts, there."""
    count, code = code_without(parts)
    code = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", count, ctypes.addressof(code)))

    def enter():
        if (libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or
                libc.prctl(PR_SET_SECCOMP, 2, program, 0, 0) != 0):
            raise OSError(ctypes.get_errno(), "prctl")
        code, program    # they live as long as this function
    return enter


def try_it(s, *args, stdin="", kernel=None):
    done = subprocess.run([PROGRAM, *args, "-f", s.config], input=stdin,
                          capture_output=True, text=True, preexec_fn=kernel)
    return done.returncode, done.stdout, done.stderr


def said(s, key):
    """What the log says of the sandbox."""
    return [e.get(key, "").strip('"') for e in s.events()
            if e["event"] == "sandbox"]


def is_there():
    """What this kernel has, by what -t says of it."""
    with Session(OWN, gw) as s:
        return try_it(s, "-t")[1]


def check_served(parts, mode, has, logged):
    what = "%s, %s: " % (" and ".join(parts), mode)
    kernel = kernel_without(*parts)
    gw.reset()
    with Session(OWN + ["sandbox " + mode], gw, before=kernel) as s:
        s.ehlo()
        tap.is_(s.send_message("fire").code, 250, what + "250")
        tap.is_(s.quit(), 0, what + "exit 0")
        tap.is_(said(s, "has"), [has] if logged else [], what + "the log")
        code, out, err = try_it(s, "-t", kernel=kernel)
        tap.ok("sandbox: " + has in out.splitlines(), what + "-t says it",
               out, err)
        tap.is_(code, 0, what + "-t is content", err)
        code, out, err = try_it(s, "-x", stdin="Subject: x\n\nfire\n",
                                kernel=kernel)
        tap.ok(code == 0 and "fire" in out, what + "-x", out, err)
    tap.is_(len(gw.messages), 1, what + "one SMS")


def check_refused(parts):
    what = "%s, required: " % " and ".join(parts)
    kernel = kernel_without(*parts)
    with Session(OWN, gw, before=kernel) as s:
        # the greeting is there before the sandbox
        tap.is_(s.greeting.code, 220, what + "the greeting")
        tap.ok(s.reply().starts("421 4.3.0 Server error"), what + "421")
        tap.is_(s.finish(), 75, what + "exit 75")
        tap.is_(said(s, "error"), [WHY], what + "the log says why, once")
        code, out, err = try_it(s, "-t", kernel=kernel)
        tap.is_(code, 75, what + "-t: exit 75", out)
        tap.ok("smtp2sms: sandbox: %s: " % WHY in err, what + "-t says why",
               err)
        tap.ok("sandbox:" not in out, what + "and promises nothing", out)
        code, out, err = try_it(s, "-x", stdin="Subject: x\n\nfire\n",
                                kernel=kernel)
        tap.ok(code == 75 and out == "" and WHY in err, what + "-x", out, err)


@tap.test("no Landlock")
def no_landlock():
    has = "seccomp (no Landlock: %s)" % WHY
    check_served([NO_LANDLOCK], "required", has, False)
    check_served([NO_LANDLOCK], "best-effort", has, True)


@tap.test("no seccomp")
def no_seccomp():
    check_refused([NO_SECCOMP])
    landlock = there.split("Landlock ")[1].split("\n")[0]
    check_served([NO_SECCOMP], "best-effort",
                 "Landlock %s (no seccomp: %s)" % (landlock, WHY), True)


@tap.test("neither")
def neither():
    check_refused([NO_SECCOMP, NO_LANDLOCK])
    check_served([NO_SECCOMP, NO_LANDLOCK], "best-effort",
                 "resource limits alone (no seccomp: %s; no Landlock: %s)"
                 % (WHY, WHY), True)


@tap.test("both")
def both():
    with Session(OWN + ["sandbox best-effort"], gw) as s:
        s.ehlo()
        tap.is_(s.send_message().code, 250, "250")
        tap.is_(s.quit(), 0, "exit 0")
        tap.is_(said(s, "has"), [], "the log has nothing to say of it")
        tap.is_(try_it(s, "-t")[1].splitlines()[0], there.splitlines()[0],
                "-t says the same as for required")


@tap.test("the process that has the private key")
def tls():
    kernel = kernel_without(NO_SECCOMP, NO_LANDLOCK)
    lines = OWN + tls_lines()
    with Session(lines, gw, before=kernel, greeting=False) as s:
        tap.ok(s.reply().starts("421 4.3.0"), "required: 421")
    with Session(lines + ["sandbox best-effort"], gw, before=kernel) as s:
        tap.ok("STARTTLS" in s.ehlo(), "best-effort: STARTTLS")
        tap.is_(s.send_message().code, 250, "and a message")


@tap.test("a listener tells of it once, not for each session")
def listener():
    kernel = kernel_without(NO_SECCOMP)
    with Listener(OWN + tls_lines() + ["sandbox best-effort"], gw,
                  before=kernel) as it:
        it.wait_event("listen")
        for number in range(2):
            with it.connect() as client:
                client.ehlo()
                client.starttls()
                client.ehlo()
                tap.is_(client.send_message("n%d" % number).code, 250,
                        "a session: 250")
                client.bye()
        tap.is_(len(it.events("sandbox")), 1, "one line", it.log())
    with Listener(OWN, gw, before=kernel) as it:
        it.wait_event("listen")
        for _ in range(2):
            with it.connect() as client:
                tap.ok(client.reply().starts("421 4.3.0"), "required: 421")
        tap.is_(len(it.events("sandbox")), 1, "one line", it.log())


if WRAP or SYS_PRCTL is None or sys.platform != "linux":
    tap.skip_all("needs Linux and nothing around the program")
there = is_there()
if "seccomp, Landlock" not in there:
    tap.skip_all("this kernel has not both: " + there)
tap.run()
