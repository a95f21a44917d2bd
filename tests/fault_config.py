"""A broken configuration, scarce resources, odd descriptors."""

import os
import re
import resource
import socket
import subprocess
import tempfile

import tap
from foreign import need_root
from gateway import Gateway
from smtp import (NUMBER, PROGRAM, WRAP, Session, configuration,
                  own_credentials)

gw = Gateway()
OWN = own_credentials()
GOOD = configuration(OWN, gw)

# (what, line that is added to a good configuration)
BAD = [
    ("an unknown keyword", "no-such-keyword yes"),
    ("a keyword without a value", "hostname"),
    ("a value too many", "max-errors 1 2"),
    ("a bad truth value", "auth-check maybe"),
    ("a bad choice", "subject sometimes"),
    ("an empty value", 'gateway ""'),
    ("no number", "max-errors many"),
    ("a number and more", "max-errors 5x"),
    ("a negative number", "max-errors -1"),
    ("a number too small", "max-recipients 0"),
    ("a number too large", "max-recipients 1000000000"),
    ("a number far too large", "max-size 99999999999999999999999"),
    ("a bad network", "trust 127.0.0.0/33"),
    ("no network", "trust localhost"),
    ("a bad prefix", "allow 0049"),
    ("no prefix", "deny abc"),
    ("a bad country code", "country-code 0"),
    ("an alias without a number", "alias x"),
    ("an alias that is no number", "alias x y"),
    ("a keyword twice", "hostname sms.test"),
    ("a quote without its end", 'alias "x +4915112345678'),
    ("set without a value", "set device"),
    ("a NUL", "max-errors 5\0"),
    ("a hostname that would break the greeting", '\nhostname "a b"'),
]


def refused(s, what):
    """The client is told, nothing else happens, exit 78."""
    reply = s.reply()
    tap.ok(reply.starts("421 4.3.5") and s.rest() == b"",
           what + ": 421 4.3.5 and closed", repr(reply))
    tap.is_(s.finish(), 78, what + ": exit 78")


@tap.test("every kind of mistake")
def mistakes():
    for what, line in BAD:
        number = GOOD.count("\n") + 1
        config = GOOD + line + "\n"
        if "hostname \"" in line:
            config = config.replace("hostname sms.test\n", "\n")
            number += 1
        with Session(config=config, greeting=False,
                     args=["-o", "log=stderr"]) as s:
            refused(s, what)
            log = s.log()
            where = s.config if "\0" in line else "%s:%d" % (s.config,
                                                             number)
            if "alias that" in what or "hostname" in what:
                where = s.config    # found when all has been read
            tap.ok(where in log, what + ": the log says where", where, log)


@tap.test("a file that is missing, a folder, too large")
def files():
    with Session(args=["-f", "/nonexistent.conf", "-o", "log=stderr"],
                 greeting=False) as s:
        refused(s, "missing")
        tap.ok("/nonexistent.conf" in s.log(), "missing: the log says what")
    with Session(args=["-f", "/"], greeting=False) as s:
        refused(s, "a folder")
    with Session(config=GOOD + "# " + "x" * 100000 + "\n",
                 greeting=False) as s:
        refused(s, "too large")
    with Session(config=GOOD + "domain" + " x.test" * 500 + "\n",
                 greeting=False) as s:
        refused(s, "too many words")
    with Session(config=b"\xff\xfe\0" + GOOD.encode("utf-16-le"),
                 greeting=False) as s:
        refused(s, "UTF-16")


@tap.test("files that are right, however they look")
def right():
    rows = [
        ("CRLF", GOOD.replace("\n", "\r\n")),
        ("no newline at the end", GOOD.rstrip("\n")),
        ("comments and blanks", "# a comment\n\n  \t\n" +
         GOOD.replace("\n", "   # another\n")),
        ("quotes", GOOD.replace("hostname sms.test",
                                "hostname \"sms.test\"")),
        ("indented", "\n".join("\t" + line for line in
                               GOOD.splitlines()) + "\n"),
    ]
    for what, config in rows:
        with Session(config=config) as s:
            tap.like(str(s.greeting), "^220 sms.test ", what)


@tap.test("-o")
def overrides():
    with Session(OWN, gw, args=["-o", "hostname=other.test"]) as s:
        tap.like(str(s.greeting), "^220 other.test ", "overrides")
    with Session(OWN, gw, args=["-o", "max-size=2000", "-o",
                                "domain=a.test b.test"]) as s:
        tap.ok("SIZE 2000" in s.ehlo(), "two of them")
        s.mail()
        tap.is_([s.rcpt(domain=d).code for d in
                 ("a.test", "b.test", "sms.test")], [250, 250, 550],
                "a list takes the place of the file's")
    for bad in ("nonsense", "max-errors=x", "=x", "hostname="):
        with Session(OWN, gw, args=["-o", bad], greeting=False) as s:
            refused(s, "-o " + bad)


def run(*args):
    """What a command line does, where there is no client."""
    done = subprocess.run([*WRAP, PROGRAM, *args], stdin=subprocess.DEVNULL,
                          capture_output=True)
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    return done


@tap.test("usage")
def usage():
    for args in (["-Z"], ["-f"], ["-o"], ["-n", "extra"], ["extra"]):
        done = run(*args)
        tap.is_(done.returncode, 64, " ".join(args) + ": exit 64")
        tap.like(done.stderr, "usage:", " ".join(args) + ": usage")
        tap.like(done.stdout, r"^421 4\.3\.5 [^\r\n]*\r\n$",
                 " ".join(args) + ": and a client is told")
    done = run("-V")
    tap.is_(done.returncode, 0, "-V: exit 0")
    tap.like(done.stdout, r"^smtp2sms [0-9]", "-V: the version")


@tap.test("-t")
def check():
    with Session(OWN, gw) as s:
        done = run("-t", "-f", s.config)
        tap.is_(done.returncode, 0, "a good one: exit 0",
                done.stdout + done.stderr)
        tap.is_(gw.posts(), [], "nothing is sent")
        for what, extra in (("configuration", "max-errors none\n"),
                            ("descriptor", "gateway nonexistent\n"),
                            ("variable", "set no-such-variable 1\n"),
                            ("value", "set sim 9\n")):
            path = s.write("bad.conf", GOOD + extra)
            done = run("-t", "-f", path)
            said = done.stdout + done.stderr
            tap.is_(done.returncode, 78, what + ": exit 78", said)
            tap.ok("bad.conf" in said or ".json" in said,
                   what + ": where", said)


def advice(*lines):
    """What -t prints of these: (status, standard output, standard error)."""
    with Session(lines, gw, greeting=False, args=["-t"]) as s:
        out = s.rest().decode()
        return s.finish(), out, s.log()


COUNTRY_REMARK = r"country-code: not set; .*\+1 511 234 5678"


@tap.test("-t: what is no error, but keeps mails from being sent")
def advised():
    for lines, words in (
            (["auth none"], "needs no login .*: there are no credentials"),
            (["trust 127.0.0.1"], "needs no login .*no credentials"),
            (["auth users /dev/null"], "logs in .*no credentials"),
            (["auth users /dev/null"], "/dev/null: there is no login in it")):
        lines = ["auth gateway", "country-code 49", *lines]
        code, out, err = advice(*lines)
        if "auth users /dev/null" not in lines:
            tap.is_((code, err), (0, ""), "%s: exit 0" % lines)
        tap.like(out, words, "%s: but it is told" % lines)
    tap.is_(len(advice("auth gateway", "country-code 49")[1].splitlines()), 1,
            "else there is nothing but the sandbox")
    code, out, err = advice("auth gateway")
    tap.is_((code, err), (0, ""), "no country-code: exit 0")
    tap.like(out, COUNTRY_REMARK, "but it is told")


@tap.test("-t: an agent that is not there: exit 78")
def no_agent():
    for line, words in (
            ("delivery /nonexistent/socket", "delivery: /nonexistent/socket: "
             "No such file or directory; no agent is there"),
            ("delivery /dev/null", "delivery: /dev/null: Connection refused; "
             "no agent is there"),
            ("delivery /" + "x" * 200, "delivery: .*: File name too long"),
            ("agent-users root nosuch",
             "agent-users: nosuch: there is no such user")):
        code, _, err = advice("auth gateway", line)
        tap.is_(code, 78, line[:30] + ": exit 78")
        tap.like(err, r":\d+: " + words, "and why")


@tap.test("-t: an agent that is gone has left its socket")
def stale():
    with tempfile.TemporaryDirectory(prefix="smtp2sms-stale.") as folder:
        path = os.path.join(folder, "socket")
        with socket.socket(socket.AF_UNIX) as agent:
            agent.bind(path)
            agent.listen()
            code, out, err = advice("auth gateway", "delivery " + path)
            tap.is_((code, err), (0, ""), "an agent: exit 0")
            tap.ok("delivery" not in out, "nothing is said", out)
        code, _, err = advice("auth gateway", "delivery " + path)
        tap.is_(code, 78, "a socket that is left: exit 78")
        tap.like(err, "delivery: .*/socket: Connection refused; no agent is "
                 "there", "and why")


@tap.test("-t: files that others can read, and secrets that editors spoilt")
def private():
    with tempfile.TemporaryDirectory(prefix="smtp2sms-files.") as folder:
        path = os.path.join(folder, "file")

        def said(content, mode, *lines):
            with open(path, "wb") as f:
                f.write(content)
            os.chmod(path, mode)
            code, out, err = advice("auth gateway", *lines)
            tap.is_((code, err), (0, ""), "%r %o: exit 0" % (content, mode))
            tap.ok("s3cret" not in out, "and no secret on the screen", out)
            return out

        secret = ["set user u", "secret password " + path]
        good = said(b"s3cret\r\ns3cond \n", 0o640, *secret)
        tap.ok("password" not in good, "a good one: nothing is said", good)
        tap.like(said(b"s3cret\n", 0o644, *secret),
                 r":\d+: secret password: .*/file: others can read it "
                 r"\(mode 0644\)", "a secret that others can read")
        tap.like(said(b"s3cret\n", 0o602, *secret), "others can write it "
                 r"\(mode 0602\)", "a secret that others can write")
        tap.like(said(b"\xef\xbb\xbfs3cret\n", 0o600, *secret),
                 r":\d+: secret password: .*/file: begins with a byte order "
                 "mark", "a BOM")
        tap.like(said(b" s3cret\n", 0o600, *secret), "begins with a blank",
                 "a blank before it")
        for end in b" \n", b"\t\r\n", b" ":
            tap.like(said(b"s3cret" + end, 0o600, *secret),
                     "has a blank at the end of its line",
                     "%r behind it" % end)


@tap.test("a journal or a users file that others can write is refused")
def written_by_others():
    with tempfile.TemporaryDirectory(prefix="smtp2sms-open.") as folder:
        journal, users = folder + "/journal", folder + "/users"
        os.mkdir(journal)
        with open(users, "w") as f:
            f.write("alice -\n")
        for path, mode, line, words in (
                (journal, 0o703, "journal " + journal,
                 r":\d+: journal: .*/journal: others can write to it "
                 r"\(mode 0703\); chmod o-w"),
                (users, 0o602, "auth users " + users,
                 ".*/users: others can read it, or its group can write it")):
            os.chmod(path, mode)
            code, _, err = advice("auth gateway", line)
            tap.is_(code, 78, line + ": -t: exit 78")
            tap.like(err, words, "and why")
            os.chmod(path, 0o700 if path == journal else 0o600)
            code, _, err = advice("auth gateway", line)
            tap.is_((code, err), (0, ""), "when they cannot: exit 0")
        os.chmod(journal, 0o703)
        with Session([*OWN, "journal " + journal], gw) as s:
            s.ehlo()
            s.try_send("MAIL FROM:<a@b>\r\nRCPT TO:<%s@sms.test>\r\nDATA\r\n"
                       % NUMBER)
            codes = [s.reply().code]
            while codes[-1] == 250:
                codes.append(s.reply().code)
            if codes[-1] == 354:
                codes.append(s.raw_data("\r\nhello\r\n.\r\n").code)
            tap.ok(codes[-1] in (421, 451), "a session sends nothing", codes)
            s.hang_up()
            s.finish()
            tap.like(s.log(), "/journal: others can write to it",
                     "and the log says why")
        tap.is_(gw.posts(), [], "nothing came to the gateway")


@tap.test("-t: a gateway that can send nothing: exit 78")
def needs():
    for lines, missing in (
            (["gateway twilio"], "from or service"),
            (["gateway 46elks"], "from"), (["gateway vonage"], "from"),
            (["gateway telnyx"], "from or profile")):
        code, _, err = advice("auth none", *lines)
        tap.is_(code, 78, lines[0] + " without " + missing + ": exit 78", err)
        tap.like(err, "%s: a message that does not bring %s itself cannot be "
                 "sent: set one" % (lines[0], missing), "and why")
    for name in ("from", "service"):
        code, _, err = advice("auth none", "gateway twilio", "set user u",
                              "set %s x" % name)
        tap.is_((code, err), (0, ""), "twilio with %s: exit 0" % name)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("alice - from=+12025550100\nbob -\n")
        file.flush()
        code, _, err = advice("auth users " + file.name, "gateway twilio")
        tap.is_(code, 78, "twilio with from for one of two logins: exit 78")
        tap.is_(err.count("\n"), 1, "and nothing is said of that", err)
        tap.like(err, ":2: a message of 'bob' cannot be sent: from or service "
                 "is not set", "but of the other")


@tap.test("-t: set and secret: the line, the value, what may stand there")
def settings():
    for line, words in (
            ("set frmo x", r"\S+:\d+: set frmo: gateway twilio has no "
             r"variable 'frmo'; it has: user, password, .*service.*from"),
            ("set ttl 99999", r"\S+:\d+: set ttl: '99999' must be a number "
             "from 1 to 36000"),
            ("secret password /nonexistent", r"\S+:\d+: secret password: "
             "/nonexistent: No such file"),
            ("set base htp://x", r"twilio\.json: /url: 'htp://x/2010")):
        code, _, err = advice("auth none", "gateway twilio", "set user u",
                              "set from +12025550100", line)
        tap.is_(code, 78, line + ": exit 78", err)
        tap.like(err, words, "and what is wrong")


@tap.test("-t: all that is wrong, whoever finds it")
def all_of_it():
    need_root()
    code, _, err = advice("auth none", "tls-cert /nonexistent/cert.pem",
                          "tls-key /nonexistent/key.pem", "user nosuch",
                          "gateway twillio")
    tap.is_(code, 78, "exit 78")
    for words in ("cert.pem", "user nosuch: there is no such user",
                  "twillio.json: No such file"):
        tap.ok(words in err, words, err)
    code, _, err = advice("auth none", "secret password /tmp")
    tap.is_(code, 78, "a secret that is a folder: exit 78")
    tap.like(err, "secret password: /tmp: Is a directory", "and why")
    code, _, err = advice("auth none", "libexec /nonexistent")
    tap.is_(code, 75, "no smtp2sms-deliver: exit 75")
    tap.like(err, "/nonexistent/smtp2sms-deliver: No such file", "and why")


@tap.test("a secret that the user cannot read")
def unreadable():
    if WRAP:
        raise tap.Skip("nobody else may write valgrind's log")
    need_root()
    code, _, err = advice(*OWN, "user nobody")
    tap.is_(code, 78, "-t: exit 78")
    tap.like(err, "secret password: .*Permission denied", "and why")


def limited(kind, value):
    return lambda: resource.setrlimit(kind, (value, value))


def survives(what, before, lines=OWN):
    """A session under a limit: how far it comes, and that all is said."""
    gw.reset()
    with Session(lines + ["timeout-gateway 2"], gw, greeting=False,
                 before=before) as s:
        sent = s.try_send("EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<%s@sms."
                          "test>\r\nDATA\r\n" % NUMBER)
        codes = []
        try:
            while sent and (not codes or codes[-1] < 400):
                codes.append(s.reply(20).code)
                if codes[-1] == 354:
                    s.send("Message-ID: <1@c>\r\n\r\nhello\r\n.\r\nQUIT\r\n")
        except EOFError:
            pass
        s.hang_up()
        code = s.finish()
        log = s.log()
    good = codes == [220, 250, 250, 250, 354, 250, 221]
    answered = bool(codes) and 421 <= codes[-1] <= 454
    loader = not codes and code in (1, 126, 127, -6, -9, -11)
    ok = ((good and len(gw.messages) == 1)
          or (answered and not gw.messages)
          or (loader and "smtp2sms[" not in log))
    tap.ok(ok, what + ": delivered, or a temporary failure", codes,
           "exit %d" % code, log, gw.requests)
    return "whole" if good else "421" if codes[:1] == [421] else \
        "451" if answered else "loader"


@tap.test("descriptors run out")
def few_files():
    if WRAP:
        raise tap.Skip("there is something around it")
    found = [survives("%d descriptors" % n,
                      limited(resource.RLIMIT_NOFILE, n))
             for n in range(3, 24)]
    tap.note(found)
    tap.is_(found[-1], "whole", "23 are enough")


@tap.test("memory runs out")
def little_memory():
    if WRAP:
        raise tap.Skip("there is something around it")
    sizes = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 128,
             512]
    found = [survives("%d MB" % n, limited(resource.RLIMIT_AS, n << 20))
             for n in sizes]
    tap.note(list(zip(sizes, found)))
    tap.is_(found[-1], "whole", "512 MB are enough")


def nobody(kind=None, value=0):
    """Become nobody, under a limit that nobody can raise."""
    def before():
        if kind is not None:
            resource.setrlimit(kind, (value, value))
        os.setgid(65534)
        os.setuid(65534)
    return before


def need_nobody():
    if WRAP or os.geteuid() != 0:
        raise tap.Skip("cannot become nobody here")


@tap.test("a super-server's limits that are lower than ours")
def lower_limits():
    need_nobody()
    for what, kind, value in (
            ("none", None, 0),
            ("32 descriptors", resource.RLIMIT_NOFILE, 32),
            ("20 descriptors", resource.RLIMIT_NOFILE, 20),
            ("no core", resource.RLIMIT_CORE, 0),
            ("60 MB", resource.RLIMIT_AS, 60 << 20)):
        gw.reset()
        with Session([], gw, before=nobody(kind, value), remote="127.0.0.1",
                     greeting=False) as s:
            greeting = s.reply()
            tap.is_(greeting.code, 220, what + ": a session begins",
                    repr(greeting), s.log())
            if greeting.code == 220:
                s.login()
                reply = s.send_message("hello")
                tap.is_(reply.code, 250, what + ": and a mail goes out",
                        repr(reply), s.log())


@tap.test("a small stack")
def small_stack():
    if WRAP:
        raise tap.Skip("there is something around it")
    found = [survives("%d kB" % n, limited(resource.RLIMIT_STACK, n << 10))
             for n in (128, 256, 512, 1024, 8192)]
    tap.note(found)
    tap.is_(found[-1], "whole", "8 MB are enough")


@tap.test("no second process")
def no_fork():
    need_nobody()
    with Session([], gw, before=nobody(resource.RLIMIT_NPROC, 0),
                 greeting=False) as s:
        tap.is_(s.reply().code, 220, "the greeting is out already")
        reply = s.reply()
        tap.ok(str(reply).startswith("421 4.3."), "421 4.3.x", repr(reply))
        tap.is_(s.rest(), b"", "and closed")
        tap.is_(s.finish(), 75, "exit 75")


@tap.test("descriptor 2: the client's, closed, full")
def descriptor_two():
    log = ["log syslog"]
    gw.reset()
    with Session(OWN + log, gw, stderr="client") as s:
        s.ehlo()
        codes = [s.send_message("hello").code, s.cmd("BOGUS").code,
                 s.send_message("").code]
        tap.is_(codes, [250, 500, 550], "the client's: a session")
        tap.is_(s.quit(), 0, "the client's: and nothing of the log")
    with Session(OWN + log + ["max-errors none"], stderr="client",
                 greeting=False) as s:
        refused(s, "the client's, and a mistake")
    for what, before, path in (
            ("closed", lambda: os.close(2), "file"),
            ("full", None, "/dev/full")):
        gw.reset()
        with Session(OWN, gw, before=before, stderr=path) as s:
            s.ehlo()
            tap.is_(s.send_message("hello").code, 250, what + ": a session")
            tap.is_(s.cmd("BOGUS").code, 500, what + ": an error")
            tap.is_(s.quit(), 0, what + ": exit 0")
        tap.is_(len(gw.messages), 1, what + ": delivered")


@tap.test("no descriptor 0 or 1")
def no_descriptors():
    if WRAP:
        raise tap.Skip("there is something around it")
    for closed in ([0], [1], [0, 1], [0, 1, 2]):
        def before():
            for fd in closed:
                os.close(fd)
        with Session(OWN, gw, before=before, greeting=False) as s:
            s.hang_up()
            code = s.finish()
            tap.ok(code in (0, 64, 75, 78), "%s closed: it ends" % closed,
                   "exit %d" % code)


@tap.test("a super-server that leaves a descriptor open")
def leaky():
    if WRAP:
        raise tap.Skip("there is something around it")
    need_root("look into a process that has shut itself off")
    with Session(OWN, gw, wrap=["sh", "-c", 'exec 9</etc/passwd; exec "$@"',
                                "sh"]) as s:
        s.ehlo()
        tap.is_(s.send_message("hello").code, 250, "a session")
        held = [os.readlink("/proc/%d/fd/%s" % (pid, fd))
                for pid in s.processes()
                for fd in os.listdir("/proc/%d/fd" % pid)]
        tap.ok("/etc/passwd" not in held, "nobody holds it", held)
        tap.is_(s.quit(), 0, "exit 0")


@tap.test("a strange environment")
def environment():
    with Session(OWN, gw, env={"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR",
                               "TZ": "Nowhere/Land", "HOME": "/nonexistent",
                               "POSIXLY_CORRECT": "1", "X": "x" * 100000,
                               "TCPREMOTEIP": "127.0.0.1\r\nevil"}) as s:
        s.must("ehlo c", 250)
        reply = s.send_message("hello")
        tap.is_(reply.code, 250, "a session", repr(reply))
        tap.is_(s.quit(), 0, "exit 0")
        tap.ok("\nevil" not in s.log(), "the peer's name is escaped")


tap.run(240)
