"""The session program built for a machine of 32 bits, in its sandbox.

It makes other system calls there: socketcall, send, statx, those with 64 bits
of time.  What needs them is tried with a program of build/32bit: character
sets that iconv(3) loads, lines to syslog, a session's deadlines.  The delivery
side is the usual one.
"""

import os
import shutil
import subprocess
import sys

import tap
from smtp import HOME, TOP

PLACE = os.path.join(TOP, "build", "32bit")
PROGRAM = os.path.join(PLACE, "smtp2sms")
CC = "gcc -m32"


def run(*argv, **more):
    return subprocess.run(argv, cwd=TOP, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **more)


def can_build():
    """1 if gcc can make a program for 32 bits, and it runs."""
    os.makedirs(PLACE, exist_ok=True)
    out = os.path.join(PLACE, "empty")
    try:
        done = run(*CC.split(), "-x", "c", "-o", out, "-",
                   input="int main(void) { return sizeof(long) - 4; }")
        return done.returncode == 0 and run(out).returncode == 0
    except OSError:
        return False


def build():
    if os.environ.get("SMTP2SMS_WRAP") or os.environ.get("SMTP2SMS"):
        raise tap.Skip("there is something around it")
    if not can_build():
        raise tap.Skip("no compiler for 32 bits (gcc-multilib)")
    done = run("sh", "tests/variant", PLACE, os.environ.get("MAKE", "make"),
               "CC=" + CC, "smtp2sms")
    tap.is_(done.returncode, 0, "it builds", done.stdout[-2000:])
    for name in ("smtp2sms-deliver", "smtp2sms-tls"):
        shutil.copy(os.path.join(HOME, name), PLACE)


def passes(what, *argv):
    done = run(*argv, env={**os.environ, "SMTP2SMS": PROGRAM})
    lines = done.stdout.split("\n")
    failed = [line for line in lines if line.startswith("not ok")]
    count = sum(line.startswith("ok ") for line in lines)
    tap.is_((done.returncode, failed), (0, []), "%s: %d checks" % (
        what, count), done.stdout[-3000:] if failed else "")
    tap.ok(count > 10, what + ": they were made", done.stdout[-2000:])


@tap.test("a program of 32 bits")
def all_of_it():
    build()
    with open(PROGRAM, "rb") as file:
        tap.is_(file.read(5)[4], 1, "it is one")
    objects = [os.path.join(PLACE, name) for name in (
        "session/sandbox.o", "common/fds.o", "common/landlock.o")]
    unit = os.path.join(PLACE, "unit_sandbox")
    done = run(*CC.split(), "-std=c11", "-D_GNU_SOURCE", "-I.", "-Itests",
               "-o", unit, "tests/unit_sandbox.c", *objects)
    tap.is_(done.returncode, 0, "the test of its sandbox builds",
            done.stdout[-2000:])
    passes("the sandbox", unit)
    for name, *words in (("session_text.py",), ("fault_log.py", "sent",
                                                "/dev/log", "systemd")):
        passes(name, sys.executable, os.path.join("tests", name), *words)


tap.run(300)
