"""Credentials against real checkpassword programs, and lines for the users
file as people make them."""

import os
import pty
import re
import shutil
import signal
import subprocess
import tempfile
import time

import tap
from foreign import need
from smtp import SECRET_HASH, SLOW, TOP

DUMP = os.path.join(TOP, "build", "login_dump")
home = tempfile.mkdtemp(prefix="smtp2sms-login.")
os.chmod(home, 0o755)   # checkpw gives up its rights


def path(name):
    return os.path.join(home, name)


def write(name, text, mode=0o644):
    with open(path(name), "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path(name), mode)
    return path(name)


def configure(auth):
    return write("conf", "auth %s\nlog stderr\n" % auth)


def dump(*argv, secret="", env=None):
    return subprocess.run([DUMP, *argv], input=secret, text=True, env=env,
                          capture_output=True, timeout=60 * SLOW,
                          check=False)


def check(auth, user, secret, *options, env=None):
    """(the verdict, what the log has, milliseconds)."""
    done = dump(*options, configure(auth), user, secret=secret, env=env)
    assert done.returncode == 0, done
    said = dict(re.findall(r"^(\w+): (.*)$", done.stdout, re.M))
    return said["verdict"], done.stderr, int(said["took"])


def verdict(*args, **more):
    return check(*args, **more)[0]


@tap.test("an empty password is never asked about")
def empty():
    asked = path("asked")
    script = write("yes", "#!/bin/sh\ntouch %s\nexit 0\n" % asked, 0o755)
    tap.is_(verdict("checkpassword " + script, "alice", ""), "wrong",
            "it is wrong, though the program would take it")
    tap.ok(not os.path.exists(asked), "the program was not started")
    tap.is_(verdict("checkpassword " + script, "alice", "x"), "ok",
            "it is for another")


@tap.test("cvm-checkpassword with a file of crypt(3) passwords")
def cvm():
    need("cvm-checkpassword", "cvm-pwfile")
    passwd = write("passwd", "alice:%s:1000:1000::/tmp:/bin/sh\n" % SECRET_HASH)
    program = ("checkpassword /usr/bin/env CVM_PWFILE_PATH=%s "
               "CVM_PWFILE_PWCMP=crypt CVM_ACCOUNT_SPLIT_CHARS= "
               "cvm-checkpassword cvm-pwfile")
    auth = program % passwd
    tap.is_(verdict(auth, "alice", "secret"), "ok", "right")
    tap.is_(verdict(auth, "alice", "Secret"), "wrong", "wrong")
    tap.is_(verdict(auth, "bob", "secret"), "wrong", "unknown")
    tap.is_(verdict(auth, "alice", "secret", "-x"), "wrong",
            "a certificate is no login there")
    script = write("check-sms", "#!/bin/sh\nexport CVM_PWFILE_PATH=%s "
                   "CVM_PWFILE_PWCMP=crypt\nexec cvm-checkpassword "
                   "cvm-pwfile \"$@\"\n" % passwd, 0o755)
    tap.is_([verdict("checkpassword " + script, "alice", password)
             for password in ("secret", "guess")], ["ok", "wrong"],
            "by a script, as in smtp2sms.conf(5)")
    got, log, _ = check(program % path("none"), "alice", "secret")
    tap.is_(got, "temporary", "its file is not there")
    tap.like(log, "event=login user=alice error=\"checkpassword: exit status "
             r"\d+\"", "and that is in the log")
    tap.ok("secret" not in log, "without the password", log)


@tap.test("checkpw with a password in a user's home")
def checkpw():
    need("checkpw")
    if os.getuid() != 0:
        raise tap.Skip("checkpw becomes the user: root alone can try it")
    os.mkdir(path("maildir"), 0o755)
    secret = write("maildir/.password", "wonderland\n", 0o600)
    shutil.chown(secret, "daemon")
    auth = ("checkpassword /usr/bin/env MAILDIR=%s checkpw"
            % path("maildir"))
    tap.is_(verdict(auth, "daemon", "wonderland"), "ok", "right")
    tap.is_(verdict(auth, "daemon", "wonder"), "wrong", "wrong")
    # getpwnam(3) cannot always say that there is none, and checkpw exits 111
    tap.ok(verdict(auth, "nobody-knows", "wonderland") != "ok", "unknown")


@tap.test("what the program finds")
def surroundings():
    script = write("look", "#!/bin/sh\nexec >%s\necho \"$*\"\nenv | sort\n"
                   "ls -l /proc/self/fd\nulimit -c\ntr '\\0' '|' <&3\n"
                   "exit 1\n" % path("seen"), 0o755)
    env = dict(os.environ, SECRET="x", LD_PRELOAD="")
    with open(write("leaked", ""), "rb") as leaked:
        os.set_inheritable(leaked.fileno(), True)
        verdict("checkpassword %s 'one two' three" % script, "al ice",
                "p|w\n", env=env)
    with open(path("seen"), encoding="utf-8") as f:
        seen = f.read()
    tap.like(seen, r"^one two three (/usr)?/bin/true\n", "its arguments")
    names = re.findall(r"^(\w+)=", seen, re.M)
    tap.ok(set(names) <= {"PATH", "PWD", "OLDPWD", "SHLVL", "_"} and
           "PATH" in names, "a clean environment", names)
    files = dict(re.findall(r" (\d+) -> (\S+)", seen))
    tap.is_(files.get("0"), "/dev/null", "descriptor 0")
    tap.is_(files.get("2"), "/dev/null", "descriptor 2")
    tap.ok(files.get("3", "").startswith("pipe:"), "descriptor 3")
    # ls has one of its own, for the folder
    tap.ok(len(files) == 5, "and no others", files)
    tap.ok(seen.endswith("0\nal ice|p|w\n||"), "what is on descriptor 3",
           seen)


@tap.test("a program that hangs")
def hangs():
    script = write("hang", "#!/bin/sh\necho $$ >%s\nsleep 300\n"
                   % path("pid"), 0o755)
    got, log, took = check("checkpassword " + script, "alice", "x", "-w",
                           "500")
    tap.is_(got, "temporary", "is temporary")
    tap.like(log, "no answer in time", "and in the log")
    tap.ok(took < 5000 * SLOW, "after the time that was given", took)
    with open(path("pid"), encoding="ascii") as f:
        pid = int(f.read())
    limit = time.monotonic() + 10 * SLOW
    while os.path.exists("/proc/%d" % pid) and time.monotonic() < limit:
        time.sleep(0.02)
    tap.ok(not os.path.exists("/proc/%d" % pid), "it has been killed")


@tap.test("-t")
def test():
    done = dump("-t", configure("checkpassword /nonexistent/program"))
    tap.is_((done.returncode, done.stderr), (78, "checkpassword: "
            "/nonexistent/program: No such file or directory\n"),
            "a program that is not there")
    users = write("users", "alice %s\nbob -\nalice -\ncarol x sim=7\n"
                  % SECRET_HASH, 0o640)
    done = dump("-t", configure("users " + users))
    tap.is_(done.returncode, 78, "a users file with errors")
    tap.is_(done.stderr.splitlines(), [
        users + ":4: the second word is not a hash of crypt(3)",
        users + ":4: sim: '7' is not a number from 1 to 3",
        users + ":3: 'alice' is listed more than once"], "each is told")
    os.chmod(users, 0o644)
    done = dump("-t", configure("users " + users))
    tap.like(done.stderr, r"others can read it.*\(chmod 0640\)",
             "one that everybody can read")


@tap.test("many checks at once")
def many():
    users = write("users", "alice %s\n" % SECRET_HASH, 0o600)
    done = dump("-n", "64", configure("users " + users), "alice",
                secret="secret")
    tap.is_(done.stdout, "ok\n" * 64, "all come to their turn")


@tap.test("a large file costs little before the check")
def large():
    users = write("users", "".join(
        "user%d %s device=phone%d\n" % (i, SECRET_HASH, i) for i in range(6500)),
        0o600)
    tap.ok(os.path.getsize(users) > 900000, "almost 1 MiB")
    best = 1000
    for _ in range(5):
        done = dump(configure("users " + users), "user6499", secret="x")
        best = min(best, int(re.search(r"begun: (\d+)",
                                       done.stdout).group(1)))
    tap.ok(best <= 50 * SLOW, "%d ms" % best)


# ---- a line for the users file ----

def make(name, stdin):
    return dump("-h", name, secret=stdin)


@tap.test("a line from standard input")
def piped():
    for name, written in (("alice", "alice"), ("/CN=a b", '"/CN=a b"'),
                          ("#1", '"#1"'), ('5"', "'5\"'"),
                          ("o'hara", '"o\'hara"')):
        done = make(name, "pass word \u20ac\n")
        tap.ok(done.returncode == 0 and done.stdout.count("\n") == 1 and
               done.stdout.startswith(written + " $"), "for " + name, done)
        users = write("users", "# logins\n" + done.stdout, 0o600)
        tap.is_(verdict("users " + users, name, "pass word \u20ac"), "ok",
                "which lets %s in" % name)
        tap.is_(verdict("users " + users, name, "password"), "wrong",
                "with that password alone")
    tap.is_(make("a", "x\r\n").returncode, 0, "a line that ends in CRLF")
    tap.is_(make("a", "x").returncode, 0, "a line without an end")
    tap.is_(make("a", "x" * 511 + "\n").returncode, 0, "511 octets")
    tap.is_(make("a", "x" * 512 + "\n").returncode, 65, "512 are too many")
    tap.is_(make("a", "\n").returncode, 65, "an empty one")
    tap.is_(make("a", "").returncode, 65, "none")
    tap.is_(make("a", "a\0b\n").returncode, 65, "a NUL")
    for name in ("", "a\n", "x" * 256, "a\"'b"):
        done = make(name, "x\n")
        tap.is_((done.returncode, done.stdout), (64, ""),
                "not a name: %.10r" % name)


def terminal(script, name="alice"):
    """What the terminal shows, what came on standard output, the status.

    script: what to wait for, and what to type then.
    """
    reader, writer = os.pipe()
    pid, fd = pty.fork()
    if pid == 0:
        os.dup2(writer, 1)
        os.execv(DUMP, [DUMP, "-h", name])
    os.close(writer)
    shown = b""
    for prompt, answer in script:
        while not shown.endswith(prompt):
            shown += os.read(fd, 1000)
        os.write(fd, answer)
    while True:
        try:
            more = os.read(fd, 1000)
        except OSError:     # the terminal has gone
            more = b""
        if not more:
            break
        shown += more
    with os.fdopen(reader, "rb") as f:
        out = f.read()
    status = os.waitpid(pid, 0)[1]
    os.close(fd)
    return shown, out.decode(), os.waitstatus_to_exitcode(status)


@tap.test("a line from a terminal")
def typed():
    shown, out, code = terminal([(b"Password: ", b"open sesame\n"),
                                 (b"Again: ", b"open sesame\n")])
    tap.is_(code, 0, "the same twice")
    tap.ok(b"sesame" not in shown, "is not shown", shown)
    users = write("users", out, 0o600)
    tap.is_(verdict("users " + users, "alice", "open sesame"), "ok",
            "and lets alice in")
    shown, out, code = terminal([(b"Password: ", b"open\n"),
                                 (b"Again: ", b"opne\n")])
    tap.is_((code, out), (65, ""), "two that differ")
    tap.ok(b"the two passwords differ" in shown, "are told of", shown)
    shown, out, code = terminal([(b"Password: ", b"\n")])
    tap.is_((code, out), (65, ""), "an empty one")
    shown, out, code = terminal([(b"Password: ", b"op\x03")])
    tap.is_((code, out), (-signal.SIGINT, ""), "the interrupt key")


try:
    tap.run()
finally:
    shutil.rmtree(home, ignore_errors=True)
