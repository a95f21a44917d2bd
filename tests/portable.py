"""What needs libc alone (the session program, the unit tests of the pure files)
as code for other machines, tried on this one.

usage: portable.py MAKE       make portable starts it

i386: the sessions of some scripted tests, whose delivery side stays this
machine's.  arm64: compiled by a cross compiler, and its unit tests run by QEMU,
which emulates no seccomp and finds no modules of iconv(3).  The compilers come
from Debian, below build/foreign (some 550 MB).
"""

import glob
import os
import subprocess
import sys

import foreign
import tap
from smtp import SLOW, TOP

PACKAGES = [
    foreign.Package("gcc-multilib", files=["/usr/lib32/libc.so"]),
    foreign.Package("gcc-aarch64-linux-gnu", "aarch64-linux-gnu-gcc",
                    more="libc6-dev-arm64-cross"),
    foreign.Package("qemu-user-static", "qemu-aarch64-static"),
]
SESSIONS = ("auth", "chunks", "data", "lmtp", "options", "text")
NO_ICONV = ("charset", "mime", "utf8")
NO_SECCOMP = ("sandbox",)
PATIENCE = 100 * SLOW
make = sys.argv.pop(1) if len(sys.argv) > 1 else "make"


def run(*words, **env):
    done = subprocess.run(words, cwd=TOP, capture_output=True, text=True,
                          errors="replace",
                          check=False, timeout=PATIENCE,
                          env=dict(os.environ, **env))
    return done.returncode, done.stdout + done.stderr


def build(name, compiler):
    """The folder of the programs, built without a warning."""
    where = os.path.join(TOP, "build", name)
    code, said = run("sh", "tests/variant", where, make, "CC=" + compiler,
                     "CFLAGS=-O2 -g -Werror", "libc-units")
    tap.is_(code, 0, "%s: it builds" % compiler, said[-3000:])
    return where


def units(where, *front, but=()):
    for path in sorted(glob.glob(os.path.join(where, "build", "unit_*"))):
        name = os.path.basename(path)
        if name[5:] not in but:
            code, said = run(*front, path)
            tap.is_(code, 0, name, *[line for line in said.splitlines()
                                     if line.startswith("not ok")][:5])


@tap.test("i386")
def i386():
    where = build("i386", "gcc -m32")
    units(where)
    for name in "smtp2sms-deliver", "smtp2sms-tls":
        if not os.path.lexists(os.path.join(where, name)):
            os.symlink(os.path.join(TOP, name), os.path.join(where, name))
    for name in SESSIONS:
        code, said = run(sys.executable, "tests/session_%s.py" % name,
                         SMTP2SMS=os.path.join(where, "smtp2sms"))
        tap.is_(code, 0, "sessions: " + name, *[
            line for line in said.splitlines()
            if line.startswith("not ok")][:5])


@tap.test("arm64")
def arm64():
    where = build("arm64", "aarch64-linux-gnu-gcc")
    units(where, "qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu",
          but=NO_ICONV + NO_SECCOMP)


if not foreign.overlaid():
    for package, why in foreign.fetch(PACKAGES).items():
        print("# not to be had: %s: %s" % (package.name, why))
    front = foreign.overlay(())
    if front:
        sys.stdout.flush()
        os.execvp(front[0], [*front, sys.executable, sys.argv[0], make,
                             *sys.argv[1:]])
tap.run(900)
