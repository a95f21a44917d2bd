"""The delivery program: missing, dying, hanging, hostile."""

import os
import signal
import struct
import subprocess
import time

import tap
from gateway import Gateway
from smtp import (HOME, NUMBER, SLOW, WRAP, Session, own_credentials,
                  secret_file, wait_until)

gw = Gateway()
OWN = own_credentials()
DELIVER = "smtp2sms-deliver"

# Frames as in ipc.h.
REQ_WARM, REQ_LOGIN, REQ_AUTH, ANS_AUTH, REQ_SEND, ANS_SEND = range(1, 7)
ACCEPTED, DUPLICATE, OUTCOMES = 0, 1, 15
HELD = 14


def u32(n):
    return struct.pack(">I", n)


def string(s):
    return u32(len(s)) + s


def frame(kind, fields=b""):
    return u32(1 + len(fields)) + bytes([kind]) + fields


def result(outcome=ACCEPTED, status=202, ident=b"stand-in", ms=5, gateway=0):
    return (bytes([outcome, 0, gateway]) + u32(status) + u32(ms) + u32(0)
            + u32(0) + string(ident))


def sent(*results):
    return frame(ANS_SEND, u32(len(results)) + b"".join(results))


# A delivery program that answers each REQ_SEND and REQ_AUTH with the octets
# of a file, and then does what another file says.
STAND_IN = r"""#!/usr/bin/python3
import os, struct, sys
here = os.path.dirname(os.path.abspath(sys.argv[0]))
def take(n):
    data = b""
    while len(data) < n:
        try:
            more = os.read(0, n - len(data))
        except ConnectionResetError:
            more = b""
        if not more:
            sys.exit(0)
        data += more
    return data
def read(name):
    with open(os.path.join(here, name), "rb") as f:
        return f.read()
then = read("then").decode()
if then == "die first":
    sys.exit(0)
if then == "answer first":
    os.write(0, read("answer"))
while True:
    size, kind = struct.unpack(">IB", take(5))
    take(size - 1)
    if then == "die at once":
        sys.exit(0)
    if kind in (3, 5):
        if then != "answer first":
            data = read("answer")
            while data:
                data = data[os.write(0, data):]
        while then == "hang":
            take(1)     # until the session has gone
        if then == "die":
            sys.exit(0)
"""


class StandIn:
    """A folder with a delivery program of our own."""

    def __init__(self, answer=b"", then="go on", script=STAND_IN):
        import tempfile
        self.dir = tempfile.mkdtemp(prefix="smtp2sms-libexec.")
        self.write(DELIVER, script.encode())
        os.chmod(os.path.join(self.dir, DELIVER), 0o755)
        self.write("answer", answer)
        self.write("then", then.encode())

    def write(self, name, data):
        with open(os.path.join(self.dir, name), "wb") as file:
            file.write(data)

    def has(self, name):
        return os.path.exists(os.path.join(self.dir, name))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        import shutil
        shutil.rmtree(self.dir, ignore_errors=True)


# The rights of a login that has no profile: subject, parts, prefixes.
NO_RIGHTS = struct.pack(">IIi", 0xffffffff, 0xffffffff, 0)


def try_mail(s):
    """Send a mail as far as it goes: the first reply that refuses it, or
    the last."""
    for line in ("MAIL FROM:<a@b.test>", "RCPT TO:<%s@sms.test>" % NUMBER,
                 "DATA"):
        reply = s.cmd(line)
        if reply.code >= 400:
            return reply
    return s.data("Message-ID: <1@c>\n\nhello", 20)


@tap.test("the stand-in itself")
def stand_in():
    with StandIn(sent(result())) as d:
        with Session(OWN, gw, libexec=d.dir) as s:
            s.ehlo()
            reply = try_mail(s)
            tap.like(str(reply), "^250 2.0.0 .* queued as stand-in ",
                     "is believed")
            tap.is_(try_mail(s).code, 250, "and again")
    with StandIn(frame(ANS_AUTH, b"\0" + NO_RIGHTS)) as d:
        with Session(["auth-check yes"], gw, libexec=d.dir) as s:
            s.ehlo()
            tap.is_(s.auth_plain().code, 235, "AUTH, too")


@tap.test("every outcome has a reply")
def outcomes():
    for number in range(OUTCOMES):
        with StandIn(sent(result(number, 599))) as d:
            with Session(OWN, gw, libexec=d.dir) as s:
                s.ehlo()
                reply = try_mail(s)
                tap.ok((reply.code == 250) == \
                       (number <= DUPLICATE or number == HELD)
                       and 250 <= reply.code <= 554,
                       "outcome %d" % number, repr(reply))


GOOD = result()

# (what, the answer)
HOSTILE = [
    ("an empty frame", u32(0)),
    ("a frame of 4 GB", u32(0xffffffff) + b"x" * 100),
    ("a frame just too large", u32(512 * 1024 + 1) + b"x" * 100),
    ("a frame of the largest size", u32(512 * 1024) + bytes([ANS_SEND])
     + b"\0" * (512 * 1024 - 1)),
    ("no fields", frame(ANS_SEND)),
    ("an unknown type", frame(99, u32(1) + GOOD)),
    ("type 0", frame(0, u32(1) + GOOD)),
    ("a request", frame(REQ_SEND, u32(1) + GOOD)),
    ("an answer to another question", frame(ANS_AUTH, b"\0")),
    ("no result", frame(ANS_SEND, u32(0))),
    ("fewer results than it says", frame(ANS_SEND, u32(2) + GOOD)),
    ("more results than were asked for", sent(GOOD, GOOD)),
    ("4 billion results", frame(ANS_SEND, u32(0xffffffff) + GOOD)),
    ("an octet left over", frame(ANS_SEND, u32(1) + GOOD + b"\0")),
    ("an octet too few", frame(ANS_SEND, (u32(1) + GOOD)[:-1])),
    ("an unknown outcome", sent(result(OUTCOMES))),
    ("outcome 255", sent(result(255))),
    ("a gateway that cannot be", sent(result(gateway=8))),
    ("an id of 4 GB", frame(ANS_SEND, u32(1) + b"\0\0\0" + u32(202) + u32(5)
                            + u32(0) + u32(0xffffffff) + b"x")),
    ("an id that is longer than the frame",
     frame(ANS_SEND, u32(1) + b"\0\0\0" + u32(202) + u32(5) + u32(0) + u32(60)
           + b"x")),
    ("an id of 65 octets", sent(result(ident=b"i" * 65))),
    ("an id with CRLF", sent(result(ident=b"x\r\n250 evil"))),
    ("an id with a NUL", sent(result(ident=b"x\0y"))),
    ("an id with a blank", sent(result(ident=b"x y"))),
    ("an id with 8 bits", sent(result(ident=b"x\xff"))),
    ("HTTP", b"HTTP/1.1 200 OK\r\n\r\n" * 10),
    ("zeros", b"\0" * 100),
]


@tap.test("hostile frames")
def hostile():
    for what, answer in HOSTILE:
        with StandIn(answer, "hang") as d:
            with Session(OWN + ["timeout-gateway 1"], gw,
                         libexec=d.dir) as s:
                s.ehlo()
                reply = try_mail(s)
                tap.ok(reply.starts("451 4.3.0"), what + ": 451 4.3.0",
                       repr(reply))
                tap.is_(s.cmd("NOOP").code, 250, what + ": it goes on")
                reply = s.mail()
                tap.ok(reply.starts("421 4.3.0"), what + ": then 421 4.3.0",
                       repr(reply))
                tap.is_(s.rest(), b"", what + ": and closed")
                end(s, what)


def end(s, what):
    """The session has ended and takes the delivery program with it."""
    code = s.finish()
    tap.ok(code in (75, 0, -signal.SIGKILL), what + ": it ends",
           "exit %d" % code)


@tap.test("hostile frames at AUTH")
def hostile_auth():
    for what, answer in [
            ("an unknown verdict", frame(ANS_AUTH, b"\3" + NO_RIGHTS)),
            ("verdict 255", frame(ANS_AUTH, b"\xff" + NO_RIGHTS)),
            ("no verdict", frame(ANS_AUTH)),
            ("two verdicts", frame(ANS_AUTH, b"\0\0" + NO_RIGHTS)),
            ("an answer to another question", sent(GOOD)),
            ("an empty frame", u32(0)),
            ("a huge frame", u32(0x7fffffff))]:
        with StandIn(answer, "hang") as d:
            with Session(["auth-check yes", "timeout-gateway 1"], gw,
                         libexec=d.dir) as s:
                s.ehlo()
                reply = s.auth_plain()
                tap.ok(reply.starts("454 4.7.0"), what + ": 454 4.7.0",
                       repr(reply))
                tap.ok(s.mail().code in (530, 421), what + ": not let in")


@tap.test("half a frame, then silence or the end")
def half():
    whole = sent(GOOD)
    for cut in range(len(whole)):
        with StandIn(whole[:cut], "die") as d:
            with Session(OWN, gw, libexec=d.dir) as s:
                s.ehlo()
                reply = try_mail(s)
                if not reply.starts("451 4.3.0"):
                    tap.ok(False, "died after %d octets" % cut, repr(reply))
                    return
    tap.ok(True, "it dies after any octet of its answer: 451 4.3.0")
    for cut in (0, 1, 4, 5, len(whole) - 1):
        with StandIn(whole[:cut], "hang") as d:
            with Session(OWN + ["timeout-gateway 1"], gw,
                         libexec=d.dir) as s:
                s.ehlo()
                start = time.monotonic()
                reply = try_mail(s)
                took = time.monotonic() - start
                tap.ok(reply.starts("451 4.4.2"),
                       "it hangs after %d octets: 451 4.4.2" % cut,
                       repr(reply))
                tap.ok(took < 5 * SLOW, "in time", "%.2f s" % took)
                tap.is_(s.mail().code, 421, "then 421")


@tap.test("it is missing, or is no program")
def missing():
    scripts = [("missing", None), ("not executable", ""),
               ("of an unknown format", "\x7fNOT A PROGRAM"),
               ("dies at once", "#!/bin/sh\nexit 0\n"),
               ("fails at once", "#!/bin/sh\nexit 75\n"),
               ("without its interpreter", "#!/nonexistent/shell\n"),
               ("speaks", "#!/bin/sh\necho hello; cat >&2\n")]
    if WRAP:    # valgrind does not live through an execve that fails so
        scripts = [row for row in scripts if row[0] !=
                   "without its interpreter"]
    for what, script in scripts:
        with StandIn(script=script or "") as d:
            path = os.path.join(d.dir, DELIVER)
            if script is None:
                os.remove(path)
            elif not script:
                os.chmod(path, 0o644)
            for lines in (OWN, [], ["auth-check yes"]):
                with Session(lines + ["timeout-gateway 1"], gw,
                             libexec=d.dir) as s:
                    s.ehlo()
                    codes = []
                    if lines is not OWN:
                        codes.append(s.auth_plain().code)
                    if codes in ([], [235]):
                        codes.append(try_mail(s).code)
                    tap.ok(codes[-1] in (421, 451, 454),
                           "%s, %s: a temporary failure"
                           % (what, lines[0] if lines else "auth gateway"),
                           codes)
                    s.try_send("QUIT\r\n")
                    s.rest()
                    end(s, what)
    with Session(OWN, gw, libexec="/nonexistent") as s:
        s.ehlo()
        tap.ok(try_mail(s).code in (421, 451), "no such folder: temporary")
        s.try_send("QUIT\r\n")
        tap.is_(s.finish(), 75, "exit 75")


@tap.test("it dies before it was asked")
def dies_first():
    for then in ("die first", "die at once"):
        with StandIn(sent(GOOD), then) as d:
            with Session(OWN, gw, libexec=d.dir) as s:
                s.ehlo()
                reply = try_mail(s)
                tap.ok(reply.code in (421, 451), then + ": temporary",
                       repr(reply))


def deliverer(s):
    """The delivery program's process."""
    assert wait_until(lambda: s.processes(DELIVER)), "it does not run"
    return s.processes(DELIVER)[0]


@tap.test("it is killed before, during and after the request")
def killed():
    if WRAP:
        raise tap.Skip("there is something around it")
    for sig in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM):
        name = sig.name
        gw.reset()
        with Session(OWN, gw) as s:
            s.ehlo()
            s.envelope()
            gw.wait_for_request("GET")
            os.kill(deliverer(s), sig)
            assert wait_until(lambda: not s.processes(DELIVER))
            reply = s.data("Message-ID: <1@c>\n\nhello")
            tap.ok(reply.starts("451 4.3.0"), name + " before: 451 4.3.0",
                   repr(reply))
            tap.is_(s.mail().code, 421, name + " before: then 421")
            tap.is_(s.rest(), b"", name + " before: and closed")
        tap.is_(gw.posts(), [], name + " before: nothing was sent")

        gw.reset()
        gw.queue("stall")
        with Session(OWN, gw) as s:
            s.ehlo()
            s.envelope()
            s.send("Message-ID: <1@c>\r\n\r\nhello\r\n.\r\n")
            gw.wait_for_request()
            os.kill(deliverer(s), sig)
            reply = s.reply()
            tap.ok(reply.starts("451 4.3.0"), name + " during: 451 4.3.0",
                   repr(reply))
            tap.is_(s.mail().code, 421, name + " during: then 421")
        tap.is_([r.complete for r in gw.posts()], [True],
                name + " during: one whole request")

        gw.reset()
        with Session(OWN, gw) as s:
            s.ehlo()
            tap.is_(try_mail(s).code, 250, name + " after: 250 stands")
            os.kill(deliverer(s), sig)
            assert wait_until(lambda: not s.processes(DELIVER))
            reply = try_mail(s)
            tap.ok(reply.code in (421, 451),
                   name + " after: the next is temporary", repr(reply))
        tap.is_(len(gw.messages), 1, name + " after: one message")


@tap.test("the session is killed")
def session_killed():
    if WRAP:
        raise tap.Skip("there is something around it")
    gw.reset()
    gw.queue("delay:300")
    with Session(OWN, gw) as s:
        s.ehlo()
        s.envelope()
        s.send("Message-ID: <1@c>\r\n\r\nhello\r\n.\r\n")
        gw.wait_for_request()
        for pid in s.processes("smtp2sms"):
            os.kill(pid, signal.SIGKILL)
        tap.is_(s.rest(), b"", "the client sees the connection end")
        s.finish()
        tap.ok(wait_until(lambda: not s.processes(), 5),
               "and the delivery program ends by itself")
    tap.ok(all(r.complete for r in gw.posts()), "whole or nothing")


MARK = """#!/bin/sh
echo started >> %s/mark
exec %s/smtp2sms-deliver "$@"
"""


class Marked(StandIn):
    """The real delivery program, behind a script that leaves a mark."""

    def __init__(self):
        super().__init__()
        self.write(DELIVER, (MARK % (self.dir, HOME)).encode())


@tap.test("who does not authenticate never starts it")
def never_started():
    talks = [
        ("a port scan", []),
        ("EHLO and QUIT", ["EHLO c", "QUIT"]),
        ("a health check", ["NOOP", "QUIT"]),
        ("MAIL without AUTH", ["EHLO c", "MAIL FROM:<a@b>", "QUIT"]),
        ("AUTH, cancelled", ["EHLO c", "AUTH LOGIN", "*", "QUIT"]),
        ("AUTH, nonsense", ["EHLO c", "AUTH PLAIN !", "AUTH FOO", "QUIT"]),
        ("AUTH PLAIN without a user",
         ["EHLO c", "AUTH PLAIN AABwdw==", "QUIT"]),
        ("a relay probe", ["HELO c", "MAIL FROM:<a@b>",
                           "RCPT TO:<c@d.test>", "DATA", "QUIT"]),
        ("HTTP", ["GET / HTTP/1.0"]),
    ]
    for what, lines in talks:
        with Marked() as d:
            with Session([], gw, libexec=d.dir) as s:
                for line in lines:
                    s.cmd(line)
                s.hang_up()
                tap.is_((s.finish(), d.has("mark")), (0, False), what)
    with Marked() as d:
        with Session(["auth-without-tls no"], gw, libexec=d.dir) as s:
            s.ehlo()
            s.auth_plain()
            s.quit()
            tap.ok(not d.has("mark"), "AUTH that is not allowed")
    with Marked() as d:
        with Session(["trust 127.0.0.1", *OWN[1:]], gw, libexec=d.dir) as s:
            s.ehlo()
            s.quit()
            tap.ok(not d.has("mark"), "a trusted peer that sends nothing")
    gw.reset()
    with Marked() as d:
        with Session([], gw, libexec=d.dir) as s:
            s.login()
            tap.is_(try_mail(s).code, 250, "who authenticates and sends")
            s.quit()
            tap.ok(d.has("mark"), "does start it")


def ended(s):
    """Whether the super-server's child ends while the client is there."""
    try:
        s.child.wait(0.3 * SLOW)
        return True
    except subprocess.TimeoutExpired:
        return False


@tap.test("what it refuses to start with")
def refuses():
    """Its own configuration errors: the descriptor and the secrets."""
    bad = secret_file("x")
    os.truncate(bad, 0)
    rows = [["gateway nonexistent"], ["gateway /nonexistent.json"],
            ["set no-such-variable 1"], ["set sim 9"],
            ["secret password /nonexistent"], ["secret password " + bad]]
    for lines in rows:
        gw.reset()
        with Session(OWN + lines, gw) as s:
            s.ehlo()
            reply = try_mail(s)
            tap.ok(reply.code in (421, 451), lines[0] + ": temporary",
                   repr(reply))
            if reply.code == 451:
                tap.ok(not ended(s), lines[0] + ": the super-server's "
                       "child lives as long as the session")
            s.try_send("QUIT\r\n")
            s.rest()
            tap.ok(s.finish() in (75, 78), lines[0] + ": exit 75 or 78",
                   "exit %s" % s.code)
            tap.ok(s.log().strip(), lines[0] + ": the log says why")
        tap.is_(gw.posts(), [], lines[0] + ": nothing was sent")


@tap.test("a SIGTERM to all is no disaster")
def terminated():
    if WRAP:
        raise tap.Skip("there is something around it")
    with Session(OWN, gw) as s:
        s.ehlo()
        s.envelope()
        os.killpg(s.child.pid, signal.SIGTERM)
        s.rest()
        s.finish()
        tap.ok(wait_until(lambda: not s.processes()), "all are gone")


tap.run(240)
