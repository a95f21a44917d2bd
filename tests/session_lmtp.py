"""LMTP (RFC 2033), PRDR, and bad-recipient: an answer for each recipient."""

import smtplib
import subprocess

import tap
from foreign import need
from session_lib import (ACCEPTED, DUPLICATE, FAILED, PERMANENT, TEMPORARY, TIMEOUT,
                         Delivery)
from smtp import PROGRAM, Session

A, B, C = "+491511000001", "+491511000002", "+491511000003"
CONF = ["auth none", "max-errors 1000", "alias both %s %s" % (A, B),
        "alias one " + A]
ACCEPT = CONF + ["bad-recipient accept"]
MAIL = b"Message-ID: <1@c>\r\n\r\nhello\r\n"
LMTP = ("-L",)


def to(name):
    return "RCPT TO:<%s@sms.test>" % name


def finish(s, count, how="DATA"):
    """The message in DATA or BDAT; count replies as strings."""
    if how == "DATA":
        s.must("DATA", 354)
        s.send(MAIL + b".\r\n")
    else:
        s.send(b"BDAT 5\r\n" + MAIL[:5])
        s.must_be = s.reply()
        assert s.must_be.code == 250, s.must_be
        s.send(b"BDAT %d LAST\r\n" % len(MAIL[5:]) + MAIL[5:])
    replies = [str(r) for r in s.replies(count)]
    s.must("NOOP", 250)
    return replies


def queued(ident, n=1, more=""):
    return ("250 2.0.0 Message accepted, queued as %s (%d recipient%s, 1 "
            "part, GSM-7)%s" % (ident, n, "" if n == 1 else "s", more))


REFUSED = "554 5.0.0 Message refused by the gateway"
AGAIN = "451 4.3.0 Temporary failure, try again later"
NUMBER = ("550 5.1.3 Invalid phone number format (write +COUNTRYCODE and "
          "the number)")
DENIED = "550 5.7.1 Destination not allowed"


@tap.test("LHLO, and neither HELO nor EHLO")
def hello():
    with Delivery() as d, Session(CONF, libexec=d.dir, args=LMTP) as s:
        tap.like(str(s.greeting), "^220 sms.test LMTP ", "the greeting")
        tap.is_(s.cmds("HELO c", "EHLO c"),
                ["500 5.5.1 Command not recognized"] * 2, "HELO, EHLO: 500")
        tap.is_(s.cmds("MAIL FROM:<>", "DATA", "BDAT 0", "LHLO"),
                ["503 5.5.1 Send LHLO first"] * 3
                + ["250 SIZE 10485760"], "before LHLO, which needs no name")
        words = s.must("LHLO c", 250).lines[1:]
        for word in ("PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME",
                     "CHUNKING", "DSN"):
            tap.ok(word in words, "LHLO announces " + word)
        tap.ok("PRDR" not in words, "and not PRDR")
        tap.ok(s.mail(parameters="PRDR").starts("555 5.5.4"),
               "which is no parameter here")
        tap.ok("PRDR" not in "".join(s.must("HELP MAIL", 214).lines),
               "nor in the syntax of MAIL")
        text = "\n".join(s.must("HELP", 214).lines)
        tap.ok("LHLO" in text and "EHLO" not in text, "HELP names LHLO")
    with Delivery() as d, Session(CONF, libexec=d.dir) as s:
        tap.is_(s.cmd("LHLO c").code, 500, "without -L: LHLO is 500")


# (recipients, outcomes, replies)
ROWS = [
    ([A], {}, [queued("id-0")]),
    ([A, B, C], {}, [queued("id-%d" % i) for i in range(3)]),
    ([A, B, C], {B: PERMANENT}, [queued("id-0"), REFUSED, queued("id-2")]),
    ([A, B, C], {A: TEMPORARY, C: TIMEOUT},
     [AGAIN, queued("id-1"), "451 4.4.2 Timeout"]),
    ([A, A], {}, [queued("id-0")] * 2),
    ([A, B, A], {A: FAILED}, ["550 5.0.0 Message delivery failed",
                              queued("id-1"),
                              "550 5.0.0 Message delivery failed"]),
    (["both"], {}, [queued("id-0", 2)]),
    (["both"], {B: PERMANENT}, [REFUSED]),
    (["both"], {A: PERMANENT, B: TEMPORARY}, [AGAIN]),
    ([B, "both", C], {A: TEMPORARY}, [queued("id-0"), AGAIN,
                                      queued("id-2")]),
    (["one", A], {}, [queued("id-0")] * 2),
    ([A, B, C], {B: DUPLICATE, C: PERMANENT},
     [queued("id-0"), "250 2.0.0 Already sent, id-1", REFUSED]),
    (["both", A], {A: DUPLICATE},
     [queued("id-1", more=", already sent to 1"),
      "250 2.0.0 Already sent, id-0"]),
    (["both"], {A: DUPLICATE, B: DUPLICATE}, ["250 2.0.0 Already sent, id-0"]),
]


@tap.test("one reply for all: what was sent already is said, and counted")
def already_sent():
    for outcomes, want in [
            ({A: DUPLICATE, B: DUPLICATE}, "250 2.0.0 Already sent, id-0"),
            ({A: DUPLICATE}, queued("id-1", 1, ", already sent to 1")),
            ({A: DUPLICATE, B: PERMANENT}, REFUSED),
            ({A: DUPLICATE, B: TEMPORARY}, AGAIN)]:
        with Delivery(outcomes=outcomes) as d, \
                Session(CONF, libexec=d.dir) as s:
            s.ehlo()
            s.envelope([A, B])
            tap.is_(str(s.data("Message-ID: <1@c>\n\nhello")), want,
                    "%s: %s" % (outcomes, want))
            s.quit()
            said = [line for line in s.log().splitlines()
                    if "outcome=duplicate" in line]
            tap.is_(len(said), list(outcomes.values()).count(DUPLICATE),
                    "it is in the log")
            tap.ok("status=" not in said[0], "without a status of 0", said)


@tap.test("the envelope's sender goes over the link")
def sender_on_link():
    for sender, want in [("a@B.test", "a@B.test"), ("", "@"),
                         ('"a b"@c.test', "a b@c.test")]:
        with Delivery() as d, Session(CONF, libexec=d.dir) as s:
            s.ehlo()
            s.envelope([A], sender)
            s.data("hello")
            tap.is_(d.sent()[0]["mail_from"], want, "<%s>" % sender)


@tap.test("one reply for each recipient")
def each():
    for how in ("DATA", "BDAT"):
        for names, outcomes, want in ROWS:
            with Delivery(outcomes=outcomes) as d, \
                    Session(CONF, libexec=d.dir, args=LMTP) as s:
                s.must("LHLO c", 250)
                s.must("MAIL FROM:<>", 250)
                for name in names:
                    s.must(to(name), 250)
                tap.is_(finish(s, len(want), how), want, "%s %s, %s"
                        % (how, names, outcomes))
                tap.is_(len(d.sent()), 1, "... of one request")


@tap.test("a recipient that RCPT refused has no reply at the end")
def refused():
    with Delivery() as d, Session(CONF + ["deny +4990"], libexec=d.dir,
                                  args=LMTP) as s:
        s.must("LHLO c", 250)
        s.must("MAIL FROM:<>", 250)
        codes = [s.cmd(to(n)).code for n in ("x", A, "+499012345", B)]
        tap.is_(codes, [550, 250, 550, 250], "RCPT")
        tap.is_(finish(s, 2), [queued("id-0"), queued("id-1")], "two replies")
        s.must("MAIL FROM:<>", 250)
        s.cmd(to("x"))
        tap.ok(s.cmd("DATA").starts("503 5.5.1"), "none at all: 503")


@tap.test("a message that is refused is refused for each")
def whole():
    with Delivery() as d, Session(CONF + ["max-size 2000"], libexec=d.dir,
                                  args=LMTP) as s:
        s.must("LHLO c", 250)
        for what, data, want in (
                ("too big", b"x" * 3000 + b"\r\n",
                 "552 5.3.4 Message too big"),
                ("empty", b"Subject: x\r\n\r\n",
                 "550 5.6.0 Message body is empty"),
                ("a bare LF", b"\r\na\nb\r\n",
                 "550 5.5.2 Bare CR, bare LF or NUL in the message"),
                ("a bad field", b"X-SMS-SIM: 9\r\n\r\nhello\r\n",
                 "550 5.6.0 Bad value of X-SMS-SIM: 1 to 3")):
            s.must("MAIL FROM:<>", 250)
            for name in (A, B, A):
                s.must(to(name), 250)
            s.must("DATA", 354)
            s.send(data + b".\r\nNOOP\r\n")
            tap.is_([str(r) for r in s.replies(4)], [want] * 3
                    + ["250 2.0.0 OK"], what)
        tap.is_(d.sent(), [], "nothing was sent")


@tap.test("bad-recipient accept")
def accept():
    rows = [
        ([A, "x"], {}, [queued("id-0", 1, ", without recipient 2")]),
        (["x", A, "+499012345", B], {},
         [queued("id-0", 2, ", without recipient 1,3")]),
        ([A, "x"], {A: PERMANENT}, [REFUSED]),
        ([A, B], {}, [queued("id-0", 2)]),
    ]
    conf = ACCEPT + ["deny +4990"]
    for names, outcomes, want in rows:
        for how in ("DATA", "BDAT"):
            with Delivery(outcomes=outcomes) as d, \
                    Session(conf, libexec=d.dir) as s:
                s.ehlo()
                s.must("MAIL FROM:<>", 250)
                for name in names:
                    reply = s.cmd(to(name))
                    bad = {"x": "250 2.1.5 Will be left out: invalid phone "
                           "number format", "+499012345": "250 2.1.5 Will "
                           "be left out: destination not allowed"}
                    tap.is_(str(reply), bad.get(name,
                                                "250 2.1.5 Recipient OK"),
                            name)
                tap.is_(finish(s, 1, how), want, "%s %s" % (how, names))
                tap.is_(d.sent()[0]["to"], [n for n in names
                                            if n in (A, B)], "... sent to")
                s.quit()
                line = [e for e in s.events()
                        if e.get("event") == "message"][0]
                places = want[0].partition("without ")[2]
                if want[0].startswith("250"):
                    tap.is_(line.get("left-out", "").strip('"'), places,
                            "... the log names them")


@tap.test("bad-recipient accept: what is refused all the same")
def not_accepted():
    with Delivery() as d, Session(ACCEPT, libexec=d.dir) as s:
        s.ehlo()
        s.must("MAIL FROM:<>", 250)
        tap.is_(s.cmd("RCPT TO:<%s@other.test>" % A).code, 550,
                "another domain")
        tap.is_(s.cmd("RCPT TO:x").code, 550, "what is no path")
        tap.ok(s.cmd("DATA").starts("503 5.5.1"), "no recipient: 503")
        tap.is_(s.cmd(to("x")).code, 250, "only a bad one")
        none = "554 5.5.1 No valid recipients"
        tap.is_(str(s.cmd("DATA")), none, "DATA")
        s.send("BDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\n")
        tap.is_([str(r) for r in s.replies(2)], [none] * 2, "BDAT")
        tap.is_(s.cmd(to(A)).code, 250, "a good one besides")
        tap.is_(finish(s, 1), [queued("id-0", 1, ", without recipient 1")],
                "and it can be sent")
        tap.is_(len(d.sent()), 1, "once")
    with Delivery() as d, Session(ACCEPT, libexec=d.dir) as s:
        s.ehlo()
        s.must("MAIL FROM:<>", 250)
        s.must(to(A), 250)
        for _ in range(14):
            s.must(to("x"), 250)
        tap.is_(finish(s, 1), [queued("id-0", 1, ", without recipient "
                                      "2,3,4,5,6,7,8,9,10,11,...")],
                "ten are named")


@tap.test("bad-recipient accept, in LMTP")
def accept_lmtp():
    with Delivery(outcomes={B: TEMPORARY}) as d, \
            Session(ACCEPT + ["deny +4990"], libexec=d.dir, args=LMTP) as s:
        s.must("LHLO c", 250)
        s.must("MAIL FROM:<>", 250)
        for name in ("x", A, "+499012345", B):
            s.must(to(name), 250)
        tap.is_(finish(s, 4), [NUMBER, queued("id-0"), DENIED, AGAIN],
                "each has its own reply")
        s.must("MAIL FROM:<>", 250)
        s.must(to("x"), 250)
        tap.is_(str(s.cmd("DATA")), "554 5.5.1 No valid recipients",
                "only a bad one")


@tap.test("only bad recipients, in LMTP with BDAT")
def accept_lmtp_bdat():
    """RFC 2033, 4.3: a reply for each RCPT that had a 250."""
    with Delivery() as d, Session(ACCEPT + ["deny +4990", "max-size 2000"],
                                  libexec=d.dir, args=LMTP) as s:
        s.must("LHLO c", 250)
        for _ in range(2):
            s.must("MAIL FROM:<>", 250)
            for name in ("x", "+499012345"):
                s.must(to(name), 250)
            tap.is_(finish(s, 2, "BDAT"), [NUMBER, DENIED], "each has its "
                    "own reply, and then one to NOOP")
        s.must("MAIL FROM:<>", 250)
        for name in ("x", "y"):
            s.must(to(name), 250)
        s.send(b"BDAT 3000 LAST\r\n" + b"x" * 3000 + b"NOOP\r\n")
        tap.is_([str(r) for r in s.replies(3)],
                ["552 5.3.4 Message too big"] * 2 + ["250 2.0.0 OK"],
                "too big besides")
        s.must("MAIL FROM:<>", 250)
        tap.is_(s.cmd(to(A)).code, 250, "then a good one can come")
        tap.is_(finish(s, 1, "BDAT"), [queued("id-0")], "and be sent")
        tap.is_(len(d.sent()), 1, "one was")


@tap.test("PRDR")
def prdr():
    some = "250 2.0.0 Message accepted for some recipients"
    start = "353 A reply for each recipient follows"
    rows = [
        ([A, B], {}, [start, queued("id-0"), queued("id-1"),
                      queued("id-0", 2)]),
        ([A, B], {B: PERMANENT}, [start, queued("id-0"), REFUSED, some]),
        ([A, B], {A: PERMANENT, B: PERMANENT}, [start, REFUSED, REFUSED,
                                                REFUSED]),
        ([A, B], {A: PERMANENT, B: TEMPORARY}, [start, REFUSED, AGAIN,
                                                AGAIN]),
        (["both", C], {B: TEMPORARY}, [start, AGAIN, queued("id-2"), some]),
        ([A], {A: TEMPORARY}, [AGAIN]),
        ([A], {}, [queued("id-0")]),
        (["x", A], {}, [start, NUMBER, queued("id-0"), some]),
    ]
    for how in ("DATA", "BDAT"):
        for names, outcomes, want in rows:
            with Delivery(outcomes=outcomes) as d, \
                    Session(ACCEPT, libexec=d.dir) as s:
                s.ehlo()
                s.must("MAIL FROM:<> PRDR", 250)
                for name in names:
                    s.must(to(name), 250)
                tap.is_(finish(s, len(want), how), want, "%s %s %s"
                        % (how, names, outcomes))
                s.must("MAIL FROM:<>", 250)
                for name in names:
                    s.must(to(name), 250)
                tap.is_(len(finish(s, 1, how)), 1, "... and without the "
                        "parameter one reply")
    with Delivery() as d, Session(CONF, libexec=d.dir) as s:
        s.ehlo()
        s.must("MAIL FROM:<> PRDR", 250)
        s.cmds(to(A), to(B))
        s.must("DATA", 354)
        s.send(b"Subject: x\r\n\r\n.\r\nNOOP\r\n")
        tap.is_([str(r) for r in s.replies(2)],
                ["550 5.6.0 Message body is empty", "250 2.0.0 OK"],
                "a message that is refused: one reply")


@tap.test("more recipients than can be remembered")
def many():
    """A place for each RCPT, also of a number that is there already."""
    with Delivery() as d, Session(CONF, libexec=d.dir, args=LMTP) as s:
        s.must("LHLO c", 250)
        s.must("MAIL FROM:<>", 250)
        s.send((to(A) + "\r\n") * 1001)
        codes = [r.code for r in s.replies(1001)]
        tap.is_(codes, [250] * 1000 + [452], "a thousand, then 452")
        tap.is_(finish(s, 1000), [queued("id-0")] * 1000,
                "a thousand replies")


@tap.test("smtplib's LMTP")
def client():
    with Delivery(outcomes={B: PERMANENT}) as d, \
            Session(CONF, libexec=d.dir, args=LMTP) as s:
        lmtp = smtplib.LMTP("")
        lmtp.sock = s.sock.dup()
        lmtp.sock.setblocking(True)
        tap.is_(lmtp.ehlo("c")[0], 250, "LHLO")
        lmtp.mail("a@b.test")
        tap.is_([lmtp.rcpt("%s@sms.test" % n)[0] for n in (A, B)],
                [250, 250], "RCPT")
        tap.is_(lmtp.data("\r\nhello\r\n")[0], 250, "the first reply")
        tap.is_(lmtp.getreply()[0], 554, "the second")
        lmtp.close()


@tap.test("swaks speaks LMTP")
def swaks():
    need("swaks")
    with Delivery() as d, Session(CONF, libexec=d.dir,
                                  greeting=False) as s:
        command = "%s -L -f %s" % (PROGRAM, s.config)
        done = subprocess.run(
            ["swaks", "--protocol", "LMTP", "--pipe", command, "--to",
             "%s@sms.test" % A[1:], "--from", "a@b.test", "--body", "hello",
             "--helo", "c"], capture_output=True, text=True, check=False)
        tap.is_(done.returncode, 0, "exit 0", done.stdout, done.stderr)
        tap.like(done.stdout, r"LHLO(.|\n)*250 2\.0\.0 Message accepted",
                 "LHLO, and 250")
        tap.is_([m["to"] for m in d.sent()], [[A]], "the message")


assert ACCEPTED == 0
tap.run()
