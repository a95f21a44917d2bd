"""Every limit of a session is met; SPEC, sections 2 and 3."""

import socket
import threading
import time

import tap
from gateway import Gateway
from smtp import NUMBER, SLOW, Session, b64, own_credentials

gw = Gateway()
OWN = own_credentials()
PLAIN = b64("\0alice\0wonderland")
TO = "RCPT TO:<%s@sms.test>" % NUMBER
LINE = 512          # octets of a command line with its CRLF


def padded(command, total):
    """The command with an argument, total octets with its CRLF."""
    return command + " " + "x" * (total - 3 - len(command))


@tap.test("the length of a line")
def lines():
    with Session(OWN, gw) as s:
        s.ehlo()
        tap.is_(s.cmd(padded("NOOP", LINE)).code, 250, "512 octets")
    for total in (LINE + 1, LINE + 2, 1000, 4096, 12287, 12288, 12289,
                  16383, 16384, 16385, 100000):
        with Session(OWN, gw) as s:
            s.ehlo()
            s.send(padded("NOOP", total) + "\r\nNOOP\r\n")
            first, second = s.replies(2)
            tap.ok(first.starts("500 5.5.6") and second.code == 250,
                   "%d: 500 5.5.6, then the next command" % total,
                   repr(first), repr(second))


@tap.test("extensions add their due to MAIL")
def mail_line():
    sender = "a" * 64 + "@" + ".".join(["d" * 60] * 4)[:180]
    with Session(OWN, gw) as s:
        s.ehlo()
        line = "MAIL FROM:<%s> SIZE=1000" % sender
        blanks = LINE + 26 - 2 - len(line)
        reply = s.cmd("MAIL FROM:<%s>%s SIZE=1000" % (sender, " " * blanks))
        tap.is_(reply.code, 250, "512 + 26 octets with SIZE", repr(reply))


@tap.test("a million octets without an end")
def endless():
    with Session(OWN, gw) as s:
        s.ehlo()
        s.send(b"x" * 1000000)
        s.send(b"\r\nNOOP\r\n")
        first, second = s.replies(2)
        tap.ok(first.starts("500 5.5.6"), "500 5.5.6", repr(first))
        tap.is_(second.code, 250, "and the next command is read")


@tap.test("a bare LF, CR or NUL in a command")
def bare():
    rows = [b"NOOP\n", b"NOOP\nNOOP\r\n", b"NO\rOP\r\n", b"NOOP \0\r\n",
            b"\0\r\n", b"NOOP\r\r\n", b"\n"]
    for octets in rows:
        with Session(OWN, gw) as s:
            s.send(octets)
            reply = s.reply()
            tap.is_(reply.code, 500, "%r: 500" % octets, repr(reply))
            if not octets.endswith(b"\r\n"):
                s.send(b"\r\n")
            s.send("EHLO c\r\n")
            tap.is_(s.reply().code, 250, "%r: one reply; it goes on"
                    % octets)


# What a client sends that ends lines in LF, where not all do, and waits for
# nothing: (octets, the replies to come).
RUNS_ON = [
    (b"EHLO c\nMAIL FROM:<a@b>\nBDAT 6\nNOOP\r\n", [500, 500, 501]),
    (b"NOOP\nBDAT 6\r\nNOOP\r\n", [500, 501]),
    (b"NOOP\nbdat\r\nNOOP\r\n", [500, 501]),
    (b"NOOP\nDATA\r\nNOOP\r\n.\r\n", [500, 421]),
    (b"DATA\nNOOP\r\n.\r\n", [421]),
    (b"NOOP\nGET / HTTP/1.1\r\nNOOP\r\n", [500, 421]),
    (b"NOOP\n" + b"x" * 20000 + b"\r\n", [500, 500]),
    (b"BDAT " + b"x" * 20000 + b"\nNOOP\r\n", [501]),
]


@tap.test("nothing behind a line that was dropped is run as a command")
def runs_on():
    for octets, want in RUNS_ON:
        for how in (Session.send, Session.send_slowly):
            if how == Session.send_slowly and len(octets) > 1000:
                continue
            with Session(OWN, gw) as s:
                how(s, octets)
                s.end_of_input()
                codes = [int(line[:3]) for line in s.rest().splitlines()]
                tap.is_(codes, want, "%.50r (%s)" % (octets, how.__name__))


@tap.test("a client that ends all lines in LF does not wait for ever")
def only_lf():
    with Session(OWN, gw) as s:
        for line in (b"EHLO c\n", b"HELO c\n", b"MAIL FROM:<a@b>\n"):
            s.send(line)
            tap.ok(s.reply().starts("500 5.5.2"), "%r: 500 5.5.2" % line)


@tap.test("max-errors")
def errors():
    with Session(OWN + ["max-errors 4"], gw) as s:
        codes = [s.cmd(line).code for line in
                 ("BOGUS", "DATA", "EHLO c", "RCPT TO:<x@y>", "BOGUS")]
        tap.is_(codes[:4], [500, 503, 250, 503], "three errors are borne")
        tap.is_(codes[4], 421, "the fourth: 421")
        tap.is_(s.rest(), b"", "and the connection is closed")
        tap.is_(s.finish(), 0, "exit 0")
    with Session(OWN, gw) as s:
        s.send("BOGUS\r\n" * 50)
        answers = s.rest().split(b"\r\n")[:-1]
        tap.is_([line[:3] for line in answers], [b"500"] * 9 + [b"421"],
                "by default: ten, and nothing after the 421")


@tap.test("max-messages")
def messages():
    gw.reset()
    with Session(OWN + ["max-messages 2"], gw) as s:
        s.ehlo()
        for text in ("one", "two"):
            tap.is_(s.send_message(text).code, 250, text)
        reply = s.mail()
        tap.is_(reply.code, 421, "the third MAIL: 421", repr(reply))
        tap.is_(s.rest(), b"", "and the connection is closed")
        tap.is_(s.finish(), 0, "exit 0")
    tap.is_(len(gw.messages), 2, "two were sent")


@tap.test("max-recipients")
def recipients():
    gw.reset()
    three = "alias three +491511000011 +491511000012 +491511000013"
    with Session(OWN + ["max-recipients 2", three], gw) as s:
        s.ehlo()
        s.must("MAIL FROM:<a@b>", 250)
        s.must("RCPT TO:<+491511000001@sms.test>", 250)
        s.must("RCPT TO:<+491511000002@sms.test>", 250)
        reply = s.rcpt("+491511000003")
        tap.ok(reply.starts("452 4.5.3"), "the third: 452 4.5.3",
               repr(reply))
        tap.is_(s.rcpt("+491511000001").code, 250,
                "one that is there already: 250")
        s.must("DATA", 354)
        tap.is_(s.data("\nhello").code, 250, "the two are served")
        s.mail()
        reply = s.rcpt("three")
        tap.ok(reply.starts("452 4.5.3"), "an alias of three: 452 4.5.3",
               repr(reply))
        tap.is_(s.cmd("DATA").code, 503, "and none of them was taken")
        s.must("RSET", 250)
        s.mail()
        tap.is_(s.rcpt().code, 250, "the next mail counts from none")
    tap.is_([m["phoneNumbers"] for m in gw.messages],
            [["+491511000001", "+491511000002"]], "what the gateway got")


@tap.test("max-recipients by default: a hundred, in one request")
def hundred():
    gw.reset()
    with Session(OWN, gw) as s:
        s.ehlo()
        s.must("MAIL FROM:<a@b>", 250)
        numbers = ["+49151%08d" % i for i in range(101)]
        s.send("".join("RCPT TO:<%s@sms.test>\r\n" % n for n in numbers))
        codes = [r.code for r in s.replies(101)]
        tap.is_(codes, [250] * 100 + [452], "the hundred and first: 452")
        s.must("DATA", 354)
        tap.is_(s.data("\nhello").code, 250, "the mail")
    tap.is_([m["phoneNumbers"] for m in gw.messages], [numbers[:100]],
            "all in one request, in their order")


def lasts(s, code, least, most, what):
    """The session says code and ends between two times from now."""
    start = time.monotonic()
    reply = s.reply(most)
    took = time.monotonic() - start
    tap.is_(reply.code, code, what + ": %d" % code, repr(reply))
    tap.ok(least <= took <= most * SLOW, "%s: in time" % what,
           "%.2f s" % took)
    tap.is_(s.rest(), b"", what + ": and closed")
    tap.is_(s.finish(), 0, what + ": exit 0")


@tap.test("timeouts")
def timeouts():
    with Session(OWN + ["timeout-command 1"], gw) as s:
        lasts(s, 421, 0.8, 2, "timeout-command, at once")
    with Session(OWN + ["timeout-command 1"], gw) as s:
        s.ehlo()
        s.mail()
        s.send("RCPT TO")
        lasts(s, 421, 0.8, 2, "timeout-command, inside a command")
    with Session(["timeout-command 1"], gw) as s:
        s.ehlo()
        s.must("AUTH LOGIN", 334)
        lasts(s, 421, 0.8, 2, "timeout-command, inside AUTH")
    with Session(["timeout-greeting 1"], gw) as s:
        s.ehlo()
        lasts(s, 421, 0.6, 2, "timeout-greeting")
    gw.reset()
    with Session(OWN + ["timeout-data 1"], gw) as s:
        s.ehlo()
        s.envelope()
        s.send("Subject: x\r\n\r\nhello\r\n")
        lasts(s, 421, 0.8, 2, "timeout-data")
    tap.is_(gw.posts(), [], "nothing was sent")


def busy(s, seconds):
    """Send NOOPs until the session ends; what it said last."""
    start = time.monotonic()
    while time.monotonic() - start < seconds * SLOW:
        if not s.try_send("NOOP\r\n"):
            break
        try:
            reply = s.reply()
        except EOFError:
            break
        if reply.code != 250:
            return reply.code, time.monotonic() - start
        time.sleep(0.05)
    return None, time.monotonic() - start


@tap.test("who keeps talking is stopped, too")
def talkers():
    with Session(["timeout-greeting 1"], gw) as s:
        code, took = busy(s, 4)
        tap.is_(code, 421, "timeout-greeting: 421")
        tap.ok(took < 2 * SLOW, "in time", "%.2f s" % took)
    for lines in ["auth-check yes"], OWN:
        with Session(lines + ["timeout-greeting 1"], gw) as s:
            s.ehlo()
            if lines != OWN:
                s.must("AUTH PLAIN " + PLAIN, 235)
            code, took = busy(s, 1.5)
            tap.is_(code, None, "who is known may stay: %s" % lines[0])
    with Session(["timeout-greeting 2"], gw) as s:
        s.login("mallory", "guess")
        code, took = busy(s, 4)
        tap.is_(code, 421, "not so by a password that nobody has judged")
        tap.ok(took < 3 * SLOW, "in time", "%.2f s" % took)
    with Session(["timeout-greeting %d" % (4 * SLOW)], gw) as s:
        s.login()
        s.send_message()
        code, took = busy(s, 5)
        tap.is_(code, None, "until a message has been accepted with it")
    with Session(["timeout-session 1"], gw) as s:
        s.login()
        code, took = busy(s, 4)
        tap.is_(code, 421, "timeout-session: 421")
        tap.ok(took < 2 * SLOW, "in time", "%.2f s" % took)
    gw.reset()
    with Session(OWN + ["timeout-session 1"], gw) as s:
        s.ehlo()
        s.envelope()
        start = time.monotonic()
        while s.try_send("x\r\n") and s.quiet():
            time.sleep(0.05)
            if time.monotonic() - start > 4 * SLOW:
                break
        tap.is_(s.reply().code, 421, "timeout-session, inside DATA: 421")
        tap.is_(s.finish(), 0, "exit 0")
    tap.is_(gw.posts(), [], "nothing was sent")


def flood(s, octets):
    """Send without a pause until the session ends: its last octets, and
    after what time; None where it does not end."""
    said = bytearray()

    def read():
        try:
            while data := s.sock.recv(65536):
                said[:] = (said + data)[-200:]
        except ConnectionResetError:
            pass

    def write():
        while s.try_send(octets * 2000):
            pass

    threads = [threading.Thread(target=f, daemon=True) for f in (read, write)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    threads[0].join(5 * SLOW)
    took = time.monotonic() - start
    ended = not threads[0].is_alive()
    if not ended:
        s.sock.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join(10 * SLOW)
    return bytes(said) if ended else None, took


@tap.test("who never pauses is stopped, too")
def floods():
    """There is always something to read: poll(2) alone sees no deadline."""
    envelope = ["MAIL FROM:<a@b.test>", TO]
    for conf, what, before, octets in (
            (["timeout-greeting 1"], "timeout-greeting, NOOP", [],
             b"NOOP\r\n"),
            (OWN + ["timeout-session 1"], "timeout-session, NOOP", [],
             b"NOOP\r\n"),
            (OWN + ["timeout-session 1"], "no line at all", [], b"x" * 8),
            (OWN + ["timeout-session 1"], "DATA", [*envelope, "DATA"],
             b"hello\r\n"),
            (OWN + ["timeout-session 1"], "BDAT", envelope,
             b"BDAT 10\r\nhello, o\r\n"),
            (OWN + ["timeout-command 1"], "timeout-command, no line", [],
             b"x" * 8)):
        gw.reset()
        with Session(conf, gw) as s:
            s.ehlo()
            s.cmds(*before)
            said, took = flood(s, octets)
            tap.ok(said is not None and took < 4 * SLOW, what + ": in time",
                   "%.2f s" % took)
            tap.like((said or b"").decode(), r"(^|\n)421 4\.4\.2 "
                     r"Timeout, closing connection\r\n$", "... with 421")
        tap.is_(gw.posts(), [], "... and nothing was sent")


@tap.test("a client that does not read")
def deaf():
    with Session(OWN + ["timeout-command 1", "max-errors 1000000"], gw,
                 via="socketpair") as s:
        s.sock.setblocking(False)
        sent = 0
        start = time.monotonic()
        while time.monotonic() - start < 10 * SLOW:
            try:
                sent += s.sock.send(b"HELP\r\n" * 1000)
            except BlockingIOError:
                if s.child.poll() is not None:
                    break
                time.sleep(0.02)
            except (BrokenPipeError, ConnectionResetError):
                break
        tap.is_(s.finish(5), 0, "is given up on; exit 0")
        tap.note("%d octets of HELP were taken" % sent)


@tap.test("max-size")
def size():
    gw.reset()
    with Session(OWN + ["max-size 2000"], gw) as s:
        s.ehlo()
        head = "Message-ID: <1@c>\r\n\r\n"
        for total, code in ((2000, "250"), (2001, "552 5.3.4"),
                            (2000000, "552 5.3.4")):
            s.envelope()
            text = head + "x" * (total - len(head) - 2) + "\r\n"
            reply = s.raw_data(text + ".\r\n")
            tap.ok(reply.starts(code), "%d octets: %s" % (total, code),
                   repr(reply))
        tap.ok(s.mail(parameters="SIZE=2001").starts("552 5.3.4"),
               "SIZE=2001: 552 5.3.4")
        tap.is_(s.mail(parameters="SIZE=2000").code, 250, "SIZE=2000: 250")
        s.must("RCPT TO:<%s@sms.test>" % NUMBER, 250)
        s.must("DATA", 354)
        reply = s.data("\n" + "x" * 3000)
        tap.ok(reply.starts("552 5.3.4"), "a lie about SIZE: 552 5.3.4",
               repr(reply))
        tap.is_(s.quit(), 0, "the session goes on to its end")
    tap.is_(len(gw.messages), 1, "one was sent")


tap.run()
