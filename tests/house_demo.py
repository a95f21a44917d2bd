"""make demo, and the SMS that is drawn on a terminal: in a path with a space,
piped, on a terminal, without colour, and when something fails."""

import os
import pty
import shutil
import subprocess
import tempfile

import tap
from smtp import HOME, SLOW, configuration, own_credentials

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MAIL = b"Subject: x\nContent-Type: text/plain; charset=utf-8\n\nGr\xc3\xbc\xc3\x9fe\n"
NUMBER = "+491711234567"


def copy(folder):
    """The sources and what was built of them, at a path with a space."""
    where = os.path.join(folder, "a clone's copy")
    shutil.copytree(TOP, where, symlinks=True, ignore=shutil.ignore_patterns(
        ".git", "build", "bench"))
    return where


def demo(where):
    return subprocess.run(["sh", "contrib/demo.sh"], cwd=where, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=200 * SLOW)


def on_terminal(command, stdin=b"", **env):
    """What a command writes on a terminal."""
    ours, theirs = pty.openpty()
    full = {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8"}
    with tempfile.TemporaryFile() as file:
        file.write(stdin)
        file.seek(0)
        child = subprocess.Popen(command, stdin=file, stdout=theirs,
                                 stderr=subprocess.DEVNULL,
                                 env=dict(full, **env))
    os.close(theirs)
    said = b""
    try:
        while more := os.read(ours, 65536):
            said += more
    except OSError:     # the end of a terminal
        pass
    os.close(ours)
    child.wait()
    return said.decode().replace("\r\n", "\n")


@tap.test("make demo in a path with a space")
def spaces():
    with tempfile.TemporaryDirectory(prefix="smtp2sms-demo.") as folder:
        where = copy(folder)
        done = demo(where)
        tap.is_(done.returncode, 0, "it works", done.stdout, done.stderr)
        tap.is_(done.stderr, "", "and has nothing to complain of")
        tail = "\n".join(done.stdout.splitlines()[-16:])
        for words in ("| " + NUMBER, "| Server db1: disk 97 % full - ",
                      "1 part, GSM-7", "\n  mail in ", "\n  request out  POST ",
                      "\n  reply        250 2.0.0 "):
            tap.ok(words in tail, "near the end: " + words.strip(), tail)
        tap.ok("\033" not in done.stdout, "no colour where it is piped")
        tap.ok("-o common/buf.o" not in done.stdout,
               "nor the compiler's words")
        with open(os.path.join(where, "smtp2sms-deliver"), "w") as file:
            file.write("#!/bin/sh\necho this is broken >&2\nexit 1\n")
        done = demo(where)
        tap.ok(done.returncode != 0, "a broken program: it fails")
        tap.like(done.stderr, "the mail was not taken(.|\n)*event=",
                 "and shows the log")
        with open(os.path.join(where, "auth.c"), "a") as file:
            file.write("#error this is broken\n")
        done = demo(where)
        tap.ok(done.returncode != 0, "what cannot be built: it fails")
        tap.like(done.stderr, "#error this is broken",
                 "and shows what the compiler said")


@tap.test("smtp2sms -x")
def extract():
    command = [os.path.join(HOME, "smtp2sms"), "-x", "-f", "/dev/null"]
    said = on_terminal(command, MAIL)
    tap.like(said, "parts: 1\n(.|\n)*\u256d\u2500+\u256e(.|\n)*Gr\u00fc\u00dfe",
             "a picture on a terminal")
    tap.ok("\033[" in said, "in colour")
    tap.ok("\033" not in on_terminal(command, MAIL, NO_COLOR="1"),
           "NO_COLOR is obeyed")
    tap.ok("\033" in on_terminal(command, MAIL, NO_COLOR=""),
           "but not where it is empty (no-color.org)")
    tap.ok("\033" not in on_terminal(command, MAIL, TERM="dumb"),
           "a dumb terminal has none")
    tap.like(on_terminal(command, MAIL, LANG="C"), r"\+---+\+",
             "in ASCII, if the locale is not of UTF-8")
    done = subprocess.run(command, input=MAIL, capture_output=True)
    tap.is_(done.stdout.decode().split("\n\n", 1)[1], "Gr\u00fc\u00dfe\n",
            "the plain text, where it is piped")


@tap.test("smtp2sms-deliver --try")
def trial():
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
        conf.write(configuration(own_credentials()))
        conf.flush()
        command = [os.path.join(HOME, "smtp2sms-deliver"), "--try", NUMBER,
                   "-n", "-f", conf.name, "hello"]
        said = on_terminal(command, NO_COLOR="1")
        tap.like(said, r"\u2502 \+491711234567 +\u2502\n(.|\n)*\u2502 hello ",
                 "a picture on a terminal")
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        tap.like(done.stdout, r"\Arequest: ", "none, where it is piped",
                 done.stderr)


tap.run()
