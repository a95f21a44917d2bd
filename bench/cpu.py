"""cpu: the instructions of one session, as callgrind counts them.

The session program, built without its sandbox (valgrind makes system calls
of its own), reads a fixed dialogue from a file; in a dry run nothing is sent.
The count of main() less what depends on the clock and on process ids (the
log, whose lines have them) is the same in each run: a later build with the
same compiler and libc, on a processor of the same kind, can be held against
it exactly. It is counted twice, to show that.
"""

import glob
import os
import re
import subprocess
import sys
import tempfile

from place import BUILD, TOP
from report import Report

HOME = os.path.join(BUILD, "bench")
DIALOGUE = """EHLO client.test\r
MAIL FROM:<bench@client.test>\r
RCPT TO:<+4915112345678@sms.test>\r
DATA\r
From: <bench@client.test>\r
Message-ID: <bench@client.test>\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: quoted-printable\r
\r
Disk full on db1: Gr=C3=B6=C3=9Fe 95 %\r
.\r
QUIT\r
"""
CONFIG = """hostname sms.test
libexec {folder}/home
descriptors {folder}/top/gateways
log stderr
auth none
set user bench
secret password {folder}/secret
"""
VARYING = ("log_event", "log_number", "identify")
SHOWN = ("main", "config_load", "log_event", "session_greet", "session_run",
         "mime_feed", "text_make", "ask_send")
EXACT = "main less log and ids"
LOADER = "all before main (the dynamic loader)"


def build():
    done = subprocess.run(
        ["sh", "tests/variant", "build/bench", os.environ.get("MAKE", "make"),
         "CFLAGS=-O2 -g -DSANDBOX_NONE"], cwd=TOP, capture_output=True,
        text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)


def command(folder):
    return ["valgrind", "--tool=callgrind", "--trace-children=yes",
            "--callgrind-out-file=%s/out.%%p" % folder,
            os.path.join(folder, "home", "smtp2sms"), "-n", "-f",
            os.path.join(folder, "smtp2sms.conf")]


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", newline="") as file:
        file.write(text)


def profile(folder):
    """The file of the process that ran the session."""
    for path in glob.glob(os.path.join(folder, "out.*")):
        with open(path, errors="replace") as file:
            if re.search(r"(?m)^c?fn=.* session_run$", file.read()):
                return path
    sys.exit("callgrind saw no session")


def inclusive(path):
    """{function: instructions, with those of what it calls}; "" is all."""
    done = subprocess.run(
        ["callgrind_annotate", "--inclusive=yes", "--threshold=100", path],
        capture_output=True, text=True, check=True)
    found = {}
    for line in done.stdout.splitlines():
        match = re.match(r" *([\d,]+) \([ \d.]+%\)  (?:PROGRAM TOTALS|"
                         r"\S+:(\w+))", line)
        if match:
            name = match[2] or ""
            found[name] = max(found.get(name, 0),
                              int(match[1].replace(",", "")))
    return found


def count():
    """{what: instructions} of one run."""
    with tempfile.TemporaryDirectory(prefix="smtp2sms-bench.") as folder:
        write(folder, "dialogue", DIALOGUE)
        write(folder, "secret", "wonderland\n")
        write(folder, "smtp2sms.conf", CONFIG.format(folder=folder))
        # paths of the same length, wherever this is
        os.symlink(HOME, os.path.join(folder, "home"))
        os.symlink(TOP, os.path.join(folder, "top"))
        with open(os.path.join(folder, "dialogue"), "rb") as dialogue:
            done = subprocess.run(
                command(folder), stdin=dialogue, capture_output=True,
                env={"PATH": os.environ["PATH"]}, cwd="/", check=False)
        if b"250 2.0.0 Message accepted" not in done.stdout:
            sys.exit("no session: %r" % done.stderr[-2000:])
        found = inclusive(profile(folder))
    result = {EXACT: found["main"] - sum(found.get(name, 0)
                                         for name in VARYING),
              LOADER: found[""] - found["main"]}
    result.update((name, found[name]) for name in SHOWN if name in found)
    return result


def run(report):
    build()
    first, second = count(), count()
    rows = [[what, first[what], second.get(what),
             "the same" if first[what] == second.get(what) else "not"]
            for what in first]
    report.section(
        "Instructions of one session",
        "Of the session program for one short mail in a dry run, by "
        "callgrind. A function counts with all that it calls. What is in the "
        "log varies with the clock and the process id; the first line leaves "
        "it out.", ["what", "first run", "second run", ""], rows,
        [("both", "valgrind --tool=callgrind --trace-children=yes "
          "build/bench/smtp2sms -n -f smtp2sms.conf <dialogue")])
    report.aim("instructions of a session", "the same in each run",
               "%d, %d" % (first[EXACT], second[EXACT]),
               first[EXACT] == second[EXACT])
    return first


if __name__ == "__main__":
    run(Report())
