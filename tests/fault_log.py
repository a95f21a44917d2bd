"""The log: one line for each event, and no secret in it."""

import os
import re
import socket
import time

import tap
from gateway import Gateway
from smtp import NUMBER, Session, b64, own_credentials, own_token
from tls_lib import tls_lines

PASSWORD = "sesam-0pen-Pa55"
TOKEN = "t0k3n-ey.JhbGci-secret"
TEXT = "the quick brown fox"
LINE = (r'^smtp2sms(-deliver)?\[\d+\]: event=[a-z-]+'
        r'( [a-z_-]+=("[ -!#-\[\]-~]*(\\x[0-9a-f]{2}[ -!#-\[\]-~]*)*"'
        r'|[!-~]+))*$')
LOOSE = r"smtp2sms(-deliver|-tls)?\[\d+\]: event="
gw = Gateway(users={"alice": PASSWORD, "own": PASSWORD}, tokens=[TOKEN])
SECRETS = [PASSWORD, TOKEN, b64("\0alice\0" + PASSWORD), b64(PASSWORD),
           b64("alice:" + PASSWORD), b64("own:" + PASSWORD),
           b64("user=alice\1auth=Bearer %s\1\1" % TOKEN)]
VERBOSE = ["-v"]


def shape(s, what):
    """Every line is an event."""
    bad = [line for line in s.log().splitlines()
           if not re.match(LINE, line)]
    tap.is_(bad, [], what + ": every line is an event")


def discreet(s, what, text=TEXT):
    """No secret, no text."""
    log = s.log()
    found = [secret for secret in SECRETS + [text, b64(text)]
             if secret in log]
    tap.is_(found, [], what + ": no secret, no text")


def masked(s, what):
    """No number but its last four digits."""
    tap.ok("5112345678" not in s.log() and "5678" in s.log(),
           what + ": numbers are masked", s.log())


@tap.test("a mail that is sent")
def good():
    for args in ([], VERBOSE):
        what = " ".join(["sent", *args])
        gw.reset()
        with Session([], gw, args=args, remote="127.0.0.1") as s:
            s.login("alice", PASSWORD)
            reply = s.send_message(TEXT)
            assert reply.code == 250, repr(reply)
            tap.is_(s.quit(), 0, what + ": exit 0")
            shape(s, what)
            discreet(s, what)
            if args:
                tap.like(s.log(), "EHLO client.test",
                         what + ": the dialogue is there")
                tap.like(s.log(), r"AUTH \*\*\*|AUTH PLAIN \*\*\*",
                         what + ": AUTH is masked")
                continue
            masked(s, what)
            events = [e for e in s.events() if e["event"] == "message"]
            tap.is_(len(events), 1, what + ": one line for the message")
            event = events[0]
            for key, want in (("peer", "127.0.0.1"), ("user", "alice"),
                              ("parts", "1"), ("alphabet", "GSM-7"),
                              ("outcome", "accepted"), ("status", "202"),
                              ("id", gw.messages[0]["id"])):
                tap.is_(event.get(key), want, "%s: %s" % (what, key))
            tap.like(event.get("ms", ""), r"^\d+$", what + ": its time")
            tap.is_(len({e.get("session") for e in s.events()
                         if "session" in e}), 1, what + ": a session id")


@tap.test("mails that are not sent")
def failures():
    rows = [("401", "credentials", "401"), ("400:{}", "refused", "400"),
            ("500", "failed", "500"), ("close", "lost", "0"),
            ("stall", "timeout", "0"), ("garbage", "unclear", "200")]
    for action, outcome, status in rows:
        gw.reset()
        gw.queue(action)
        with Session(own_credentials("own", PASSWORD)
                     + ["timeout-gateway 1"], gw, args=VERBOSE) as s:
            s.ehlo()
            s.send_message(TEXT)
            s.quit()
            shape(s, action)
            discreet(s, action)
            event = [e for e in s.events() if e["event"] == "message"][0]
            tap.is_((event["outcome"], event["status"]), (outcome, status),
                    action + ": the outcome and the status")


@tap.test("the gateway's own words are escaped")
def words():
    gw.reset()
    gw.queue('400:{"message": "no\\nevent=fake \\"quoted\\" \\u001b[31m \\\\ '
             '\\u00e4 +4915112345678"}')
    with Session(own_credentials("own", PASSWORD), gw) as s:
        s.ehlo()
        s.send_message(TEXT)
        s.quit()
        shape(s, "a hostile message")
        discreet(s, "a hostile message")
        tap.ok("event=fake" not in [line.split(": ")[-1].split()[0]
                                    for line in s.log().splitlines()],
               "no line of its own")


@tap.test("AUTH that fails")
def auth():
    for lines in ([], ["auth-check yes"]):
        for args in ([], VERBOSE):
            what = " ".join(["AUTH", *lines, *args])
            gw.reset()
            with Session(lines + ["max-auth-failures 9"], gw,
                         args=args) as s:
                s.ehlo()
                s.auth_plain("alice", PASSWORD + "x")
                s.cmds("AUTH LOGIN", b64("alice"), "*")
                s.cmd("AUTH XOAUTH2 " + b64("user=bob\1auth=Bearer %sx\1\1"
                                            % TOKEN), 20)
                s.cmd("", 20)
                s.try_send("QUIT\r\n")
                s.rest()
                s.finish()
                shape(s, what)
                discreet(s, what)


@tap.test("a password that was sent where none was asked for")
def blind():
    """Some clients go on with AUTH LOGIN whatever the answers are."""
    plain = b64("\0alice\0" + PASSWORD)
    talks = [
        ("after a refused AUTH", ["auth-without-tls no"],
         ["AUTH LOGIN", b64("alice"), b64(PASSWORD)]),
        ("after an unknown mechanism", [],
         ["AUTH CRAM-MD5", plain]),
        ("after a bad user name", [],
         ["AUTH LOGIN", "alice!", b64(PASSWORD)]),
        ("before EHLO", [], [None, "AUTH PLAIN", plain]),
        ("with a tab", [], ["AUTH\tPLAIN\t" + plain]),
        ("with a blank in front", [], [" AUTH PLAIN " + plain]),
        ("misspelt", [], ["AUTHPLAIN " + plain, "ATH PLAIN " + plain]),
        ("in clear", [], ["USER alice", "PASS " + PASSWORD]),
    ]
    for what, lines, commands in talks:
        with Session(lines, gw, args=VERBOSE) as s:
            if commands[0] is None:
                commands = commands[1:]
            else:
                s.ehlo()
            for command in commands:
                s.cmd(command)
            s.quit()
            discreet(s, what)


@tap.test("a token")
def token():
    gw.reset()
    with Session(own_token(TOKEN), gw, args=VERBOSE) as s:
        s.ehlo()
        reply = s.send_message(TEXT)
        tap.is_(reply.code, 250, "a mail", repr(reply))
        s.quit()
        discreet(s, "our own token")
    with Session([], gw, args=VERBOSE) as s:
        s.ehlo()
        s.cmd("AUTH OAUTHBEARER " + b64("n,a=a,\1auth=Bearer %s\1\1"
                                        % TOKEN))
        s.send_message(TEXT)
        s.quit()
        discreet(s, "the client's")


@tap.test("a dry run prints the request without its secrets")
def dry_run():
    with Session(own_credentials("own", PASSWORD), gw, args=["-n"]) as s:
        s.ehlo()
        s.send_message(TEXT)
        s.quit()
        log = s.log()
        found = [secret for secret in SECRETS if secret in log]
        tap.is_(found, [], "no secret")
        tap.ok(TEXT in log, "the text is there")


@tap.test("what a client says is escaped")
def escaped():
    with Session(["max-errors 100", "max-auth-failures 9"], gw,
                 args=VERBOSE) as s:
        s.cmd(b"EHLO x\x1b[31mevent=fake \"quoted\" \\ \xff\xfe")
        s.cmd(b"event=fake session=1")
        s.cmd(b"MAIL FROM:<a\"b@c.test> \x01\x02\x7f")
        s.auth_plain("al\nice event=auth result=ok", "x")
        s.auth_plain("al\" event=auth", "x")
        s.quit()
        shape(s, "hostile words")


@tap.test("refusals are events, numbers in them are masked")
def refusals():
    with Session(own_credentials("own", PASSWORD) + ["deny +49151"], gw) as s:
        s.ehlo()
        s.mail()
        s.rcpt(NUMBER)
        s.rcpt("nobody")
        s.cmd("BOGUS " + NUMBER)
        s.quit()
        shape(s, "refusals")
        tap.ok("5112345678" not in s.log(), "no number in full", s.log())
        codes = [e.get("code") for e in s.events()
                 if e["event"] == "refused"]
        tap.is_(codes, ["550", "550", "500"], "each has its line")


@tap.test("a client that is refused for ever does not fill the disk")
def flood():
    with Session(own_credentials("own", PASSWORD)
                 + ["max-recipients 1"], gw) as s:
        s.ehlo()
        s.mail()
        lines = ["RCPT TO:<+49151%08d@sms.test>\r\n" % i
                 for i in range(20000)]
        for start in range(0, len(lines), 100):
            s.send("".join(lines[start:start + 100]))
            s.replies(100)
        s.quit()
        size = len(s.log().splitlines())
        tap.ok(size < 1000, "20000 refusals, less than 1000 lines", size)


@tap.test("what a client causes at no cost has a limit in each second")
def limited():
    with Session(own_credentials("own", PASSWORD)
                 + ["max-errors 1000"], gw) as s:
        start = time.monotonic()
        s.send("HELO\r\n" * 500)
        s.replies(500)
        seconds = int(time.monotonic() - start) + 2
        s.quit()
        shape(s, "a flood of HELOs")
        hellos = [e for e in s.events() if e["event"] == "hello"]
        left_out = [int(e["lines"]) for e in s.events()
                    if e["event"] == "suppressed"]
        tap.ok(20 <= len(hellos) <= 20 * seconds, "twenty a second",
               len(hellos))
        tap.is_(len(hellos) + sum(left_out), 500,
                "and the number of those that were left out")


@tap.test("what one message makes the delivery side say has a limit, too")
def delivery_limited():
    gw.reset()
    # refused as a whole, in halves, in quarters... 99 times, and each alone
    gw.choose = lambda request: '400:{"message":"invalid phone number"}'
    numbers = ["+49151%08d" % i for i in range(100)]
    with Session(own_credentials("own", PASSWORD), gw) as s:
        s.ehlo()
        start = time.monotonic()
        tap.is_(s.send_message("x", numbers).code, 450, "100 are refused")
        seconds = int(time.monotonic() - start) + 2
        s.quit()
        s.finish()
        said = [e for e in s.events() if e["event"] == "gateway"]
        left_out = [e for e in s.events() if e["event"] == "suppressed"]
    tap.is_(len(gw.posts()), 199, "199 requests")
    tap.ok(20 <= len(said) <= 20 * seconds, "twenty lines a second",
           len(said))
    tap.is_(len(said) + sum(int(e["lines"]) for e in left_out), 199 + 99,
            "and the number of those that were left out")
    tap.is_({e["session"] for e in left_out}, {said[0]["session"]},
            "with the session's name")


@tap.test("the end")
def ends():
    rows = [("QUIT", lambda s: s.cmd("QUIT")),
            ("EOF", lambda s: s.hang_up()),
            ("timeout", lambda s: s.reply(5))]
    for what, leave in rows:
        with Session(["timeout-command 1"], gw) as s:
            leave(s)
            s.finish()
            events = [e["event"] for e in s.events()]
            tap.is_(events.count("end"), 1, what + ": one line says so")
            shape(s, what)


@tap.test("nobody listens at /dev/log")
def no_syslog():
    if os.path.exists("/dev/log"):
        raise tap.Skip("somebody does")
    with Session(["log syslog"], gw) as s:
        s.cmd("QUIT")
        s.finish()
        tap.ok("event=end" in s.log(), "standard error has the lines",
               s.log())
    with Session(["log syslog"], gw, stderr="client") as s:
        tap.is_(s.cmd("NOOP").code, 250, "a client gets replies alone")
        tap.is_(s.cmd("QUIT").code, 221, "up to the last")
        tap.is_(s.rest(), b"", "and nothing else")


def journal_lines(lines, stream):
    """The lines of a session whose descriptor 2 is a stream socket; of
    stream, the value of JOURNAL_STREAM, %d are its device and inode."""
    ours, theirs = socket.socketpair()
    st = os.fstat(theirs.fileno())
    gw.reset()
    gw.queue("500")
    with Session(lines, gw, greeting=False,
                 env={"JOURNAL_STREAM": stream % (st.st_dev, st.st_ino)},
                 before=lambda: os.dup2(theirs.fileno(), 2)) as s:
        theirs.close()
        tap.is_(s.reply().code, 220, "the greeting")
        s.ehlo()
        s.send_message(TEXT)
        s.quit()
        said = b""
        ours.settimeout(10 * tap.SLOW)
        while more := ours.recv(65536):
            said += more
        ours.close()
        return said.decode().splitlines()


@tap.test("systemd's journal: a line has its priority, and no name")
def journal():
    tls = [*tls_lines("expired"), *own_credentials("own", PASSWORD),
           "log stderr"]
    lines = journal_lines(tls, "%d:%d")
    tap.is_([line for line in lines
             if not re.match(r"<[0-7]>event=[a-z-]+ ", line)], [],
            "every line")
    found = {line[3:].split()[0]: line[:3] for line in lines}
    for event, priority in (("connect", "<6>"), ("message", "<4>"),
                            ("end", "<6>"), ("certificate", "<4>")):
        tap.is_(found.get("event=" + event), priority, event, *lines)
    for stream in ("%d:1%d", "1%d:%d", "%d:%dx", "x%d%d", "%d %d"):
        lines = journal_lines(tls, stream)
        tap.is_([line for line in lines if not re.match(LOOSE, line)], [],
                "%s is not this one" % stream)
    if not os.path.exists("/dev/log"):
        lines = journal_lines(own_credentials("own", PASSWORD), "%d:%d")
        tap.ok(any("event=end" in line for line in lines),
               "where nobody listens at /dev/log it has the lines", *lines)


tap.run()
