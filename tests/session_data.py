"""DATA: what ends a message and what does not; SPEC, section 3."""

import contextlib
import json
import re
import time

import tap
from gateway import Gateway
from smtp import NUMBER, SLOW, Session, own_credentials

gw = Gateway()
OWN = own_credentials()
EVIL = (b"MAIL FROM:<evil@b.test>\r\nRCPT TO:<+4915199999999@sms.test>\r\n"
        b"DATA\r\n\r\nsmuggled")
END = b"\r\n.\r\n"
HEAD = b"Message-ID: <1@c>\r\n\r\n"


def texts():
    return [m["textMessage"]["text"] for m in gw.messages]


# What other programs have taken for the end of a message.
ENDINGS = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r",
    b"\n.\r", b"\r.\n", b"\r\r\n.\r\r\n", b"\r\n.\r\r\n", b"\r\n\r.\r\n",
    b"\r\n.\0\r\n", b"\r\n\0.\r\n", b"\r\n.\r\0\n", b"\n\n.\n\n",
    b"\n\r.\n\r", b"\r\n.\n\r\n", b"\r\r.\r\r", b"\r\n.\r.\r\n",
    b"\r\n\n.\r\n", b"\n\r\n.\n",
]


def smuggle(s, data, send):
    """The replies to a message that is none, and to the NOOP behind."""
    s.ehlo()
    s.envelope()
    send(s, data + b"NOOP\r\n")
    return s.replies(2)


@tap.test("nothing but CRLF.CRLF ends a message")
def endings():
    for ending in ENDINGS:
        for how in (Session.send, Session.send_slowly):
            gw.reset()
            with Session(OWN, gw) as s:
                data = HEAD + b"hello" + ending + EVIL + END
                first, second = smuggle(s, data, how)
                good = (first.starts("550 5.5.2") and second.code == 250
                        and s.quiet() and not gw.posts())
                tap.ok(good, "%r: 550 5.5.2, nothing sent, and on (%s)"
                       % (ending, how.__name__), repr(first), repr(second),
                       gw.posts())


@tap.test("a bare CR, a bare LF or a NUL anywhere")
def bare():
    rows = [
        HEAD + b"a\nb\r\n", HEAD + b"a\rb\r\n", HEAD + b"a\0b\r\n",
        b"Subject: x\n" + HEAD + b"text\r\n", b"Sub\rject: x\r\n\r\nt\r\n",
        b"Sub\0ject: x\r\n\r\nt\r\n", b"\n" + HEAD + b"text\r\n",
        b"\r" + HEAD + b"text\r\n", b"\0" + HEAD + b"text\r\n",
        HEAD + b"text\r\r\n", HEAD + b"text\n\r\n", HEAD + b"text\r\n\0",
        HEAD + b"text\r\n\n", HEAD + b".\n\r\n", HEAD + b"..\n\r\n",
        HEAD + b"text\r\n\r",
    ]
    for data in rows:
        gw.reset()
        if not data.endswith(b"\r\n"):
            data += b"\r\n"
        with Session(OWN, gw) as s:
            first, second = smuggle(s, data + b".\r\n", Session.send)
            tap.ok(first.starts("550 5.5.2") and second.code == 250
                   and not gw.posts(), "%r: 550 5.5.2" % data,
                   repr(first), repr(second))


@tap.test("the next message of the session is whole again")
def again():
    gw.reset()
    with Session(OWN, gw) as s:
        s.ehlo()
        s.envelope()
        tap.ok(s.raw_data(HEAD + b"a\nb" + END).starts("550 5.5.2"), "550")
        tap.is_(s.cmd("DATA").code, 503, "the transaction is over")
        tap.is_(s.send_message("good").code, 250, "the next one: 250")
    tap.is_(texts(), ["good"], "and only that")


# (the body as it is sent, the text that must come of it)
BODIES = [
    (b"hello\r\n", "hello"),
    (b"..\r\n", "."),
    (b"...\r\n", ".."),
    (b"a\r\n..b\r\n", "a\n.b"),
    (b"a\r\n...\r\nb\r\n", "a\n..\nb"),
    (b"a.\r\nb\r\n", "a.\nb"),
    (b"a\r\n..\r\n..\r\nb\r\n", "a\n.\n.\nb"),
    (b"a\r\n.b\r\n", "a\nb"),       # not stuffed: RFC 5321, 4.5.2, anyway
    (b"a\r\n. b\r\n", "a\n b"),
    (b"a\r\n\r\nb\r\n", "a\n\nb"),
    (b"From here\r\n", "From here"),
    (b"QUIT\r\nDATA\r\nRSET\r\n", "QUIT\nDATA\nRSET"),
    (b"x" * 998 + b"\r\n", "x" * 998),
]


@tap.test("dots")
def dots():
    for body, want in BODIES:
        for how in (Session.send, Session.send_slowly):
            gw.reset()
            with Session(OWN, gw) as s:
                s.ehlo()
                s.envelope()
                how(s, HEAD + body + b".\r\n")
                reply = s.reply()
                tap.is_((reply.code, texts()), (250, [want]),
                        "%r (%s)" % (body[:30], how.__name__), repr(reply))


@tap.test("dots where packets end")
def packets():
    body = HEAD + b"a\r\n..b\r\n...\r\nc.\r\n"
    for cut in range(len(HEAD) - 2, len(body) + 5):
        gw.reset()
        with Session(OWN, gw) as s:
            s.ehlo()
            s.envelope()
            data = body + b".\r\nNOOP\r\n"
            s.send(data[:cut])
            s.cmd  # the rest goes in a packet of its own: TCP_NODELAY
            s.send(data[cut:])
            codes = [r.code for r in s.replies(2)]
            if (codes, texts()) != ([250, 250], ["a\n.b\n..\nc."]):
                tap.ok(False, "cut at %d" % cut, codes, texts())
                return
    tap.ok(True, "a message in two packets, cut anywhere")


@tap.test("where the buffers end")
def buffers():
    """A dot at every offset around the size of what is read at once."""
    wanted = []
    gw.reset()
    with Session(OWN + ["max-parts 0", "max-messages 1000"], gw) as s:
        s.ehlo()
        for size in [16384 + d for d in range(-12, 12)]:
            s.envelope()
            line = b"x" * 62 + b"\r\n"
            head = b"Message-ID: <%d@c>\r\n" % size
            pad = size - len(head) - 2 - 40
            body = line * (pad // 64) + b"y" * (pad % 64) + b"\r\n..z\r\n"
            reply = s.raw_data(head + b"\r\n" + body + b".\r\n")
            wanted.append(body.decode().replace("..z", ".z")
                          .replace("\r\n", "\n").strip())
            if reply.code != 250:
                tap.note("%d: %r" % (size, reply))
    tap.ok(texts() == wanted, "messages of 16372 to 16395 octets are whole",
           "%d of %d" % (len(texts()), len(wanted)))


@tap.test("no text")
def empty():
    rows = [b"", b"\r\n", b"Subject: x\r\n", b"Subject: x\r\n\r\n",
            HEAD + b"  \r\n\t\r\n", HEAD + b"-- \r\nmy signature\r\n",
            b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64"
            b"\r\n\r\naGVsbG8=\r\n"]
    for data in rows:
        gw.reset()
        with Session(OWN, gw) as s:
            s.ehlo()
            s.envelope()
            reply = s.raw_data(data + b".\r\n")
            tap.is_(str(reply), "550 5.6.0 Message body is empty",
                    "%r" % data)
            tap.is_((s.cmd("NOOP").code, gw.posts()), (250, []),
                    "%r: nothing sent, and on" % data)


@tap.test("354 and the reply")
def replies():
    gw.reset()
    with Session(OWN, gw) as s:
        s.ehlo()
        s.must("MAIL FROM:<a@b>", 250)
        s.must("RCPT TO:<%s@sms.test>" % NUMBER, 250)
        reply = s.must("DATA", 354)
        tap.is_(len(reply.lines), 1, "354 is one line")
        reply = s.data("\nhello")
        tap.like(str(reply), r"^250 2\.0\.0 Message accepted, queued as "
                 + re.escape(gw.messages[0]["id"]), "250, with the id")
        tap.like(str(reply), r"\b1 recipient", "... the recipients")
        tap.like(str(reply), r"\b1 part", "... the parts")
        tap.like(str(reply), r"GSM-7", "... the alphabet")
        tap.ok("+49" not in str(reply), "... not the number")
        s.envelope([NUMBER, "+4915112345679"])
        reply = s.data("Content-Type: text/plain; charset=utf-8\n\n"
                       + "\u4f60\u597d" * 40)
        tap.like(str(reply), r"\b2 recipients", "two recipients")
        tap.like(str(reply), r"\b2 parts", "two parts")
        tap.like(str(reply), r"UCS-2", "UCS-2")
        s.envelope()
        reply = s.data("\n" + "x" * 5000)
        tap.like(str(reply), r"\b10 parts", "ten parts at most")
        tap.like(str(reply), r"truncated", "and that it was truncated")
    tap.ok(texts()[2].endswith("x..."), "the text says so, too")


@tap.test("overlong reject")
def overlong():
    gw.reset()
    with Session(OWN + ["overlong reject", "max-parts 2"], gw) as s:
        s.ehlo()
        tap.is_(s.send_message("x" * 306).code, 250, "306: two parts")
        reply = s.send_message("x" * 307)
        tap.ok(reply.starts("552 5.3.4") or reply.starts("552 5.2.3"),
               "307: 552", repr(reply))
    tap.is_(len(gw.messages), 1, "one was sent")


@tap.test("bare-lf yes")
def bare_lf():
    lf = OWN + ["bare-lf yes"]
    gw.reset()
    with Session(lf, gw) as s:
        s.send(b"EHLO c\nMAIL FROM:<a@b>\nRCPT TO:<%s@sms.test>\nDATA\n"
               % NUMBER.encode())
        tap.is_([r.code for r in s.replies(4)], [250, 250, 250, 354],
                "a bare LF ends a command")
        s.send(b"Message-ID: <1@c>\nSubject: x\n\none\ntwo\r\nthree" + END)
        tap.is_(s.reply().code, 250, "and a line of a message")
    tap.is_(texts(), ["one\ntwo\nthree"], "the text")
    for ending in (b"\n.\n", b"\n.\r\n", b"\r\n.\n"):
        gw.reset()
        with Session(lf, gw) as s:
            data = HEAD + b"hello" + ending + EVIL + END
            first, second = smuggle(s, data, Session.send)
            tap.is_((first.code, second.code, s.quiet(), len(gw.posts())),
                    (250, 250, True, 1),
                    "%r does not end it: one message" % ending)
            tap.ok("smuggled" in texts()[0], "%r: the rest is its text"
                   % ending)
    for ending in (b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\0"):
        gw.reset()
        with Session(lf, gw) as s:
            data = HEAD + b"hello" + ending + EVIL + END
            first, second = smuggle(s, data, Session.send)
            tap.ok(first.starts("550 5.5.2") and not gw.posts(),
                   "%r: a bare CR and a NUL are still refused" % ending,
                   repr(first))


@tap.test("bare-lf all: LF.LF ends a message, for peers in trust alone")
def bare_lf_all():
    everything = [b"EHLO c", b"MAIL FROM:<a@b>",
                  b"RCPT TO:<%s@sms.test>" % NUMBER.encode(), b"DATA"]
    for lines, peer, good in [
            (["trust 192.0.2.0/24"], "192.0.2.1", True),
            (["trust 192.0.2.0/24"], "198.51.100.1", False),
            (["auth none"], "192.0.2.1", False)]:
        gw.reset()
        with Session([*OWN, *lines, "bare-lf all"], gw, remote=peer) as s:
            s.send(b"\n".join(everything) + b"\n")
            tap.is_([r.code for r in s.replies(4)], [250, 250, 250, 354],
                    "%s %s: commands" % (lines, peer))
            s.send(b"Message-ID: <1@c>\n\none\n..\ntwo\n.\nNOOP\n")
            if good:
                tap.is_([r.code for r in s.replies(2)], [250, 250],
                        "the message ends, and the session goes on")
            else:
                tap.ok(s.quiet(), "the message does not end")
        tap.is_(texts(), ["one\n.\ntwo"] if good else [], "the text")


@tap.test("a client whose last line ends in LF is told so, and soon")
def unended():
    gw.reset()
    waiting = []
    with contextlib.ExitStack() as stack:
        for lines in [], ["bare-lf yes"]:
            for end in (b"hello\r\n.\n", b"hello\n.\r\n", b"hello\n.\n",
                        b".\n"):
                s = stack.enter_context(Session(OWN + lines, gw))
                s.ehlo()
                s.envelope()
                s.send(end)
                waiting.append((s, time.monotonic(), lines, end))
        for s, start, lines, end in waiting:
            reply = s.reply(15)
            took = time.monotonic() - start
            tap.is_(str(reply), "550 5.5.2 Message must end with "
                    "<CRLF>.<CRLF>, closing connection",
                    "%r %s" % (end, lines))
            tap.ok(9 < took < 10 + 5 * SLOW, "in ten seconds", took)
            tap.is_(s.rest(), b"", "and the session is over")
    tap.is_(gw.posts(), [], "nothing is sent")
    with Session(OWN, gw) as s:
        s.ehlo()
        s.envelope()
        s.send(HEAD + b"hello\n.\n")
        time.sleep(1)
        s.send(b"the message goes on" + END)
        tap.ok(s.reply().starts("550 5.5.2 Bare"), "it was no end")
        tap.is_(s.cmd("NOOP").code, 250, "and the session goes on")


def printed(s):
    """The lines of JSON in what a dry run printed."""
    found = []
    for line in s.log().splitlines():
        if line.startswith("{"):
            found.append(json.loads(line))
    return found


@tap.test("a dry run")
def dry_run():
    for end in ("\n", "\r\n"):
        gw.reset()
        with Session(OWN, gw, via="pipe", args=["-n"]) as s:
            s.send(end.join(["EHLO c", "MAIL FROM:<a@b>",
                             "RCPT TO:<%s@sms.test>" % NUMBER, "DATA",
                             "Message-ID: <1@c>", "", "hello", "..", ".",
                             "QUIT", ""]))
            codes = [r.code for r in s.replies(6)]
            tap.is_(codes, [250, 250, 250, 354, 250, 221],
                    "%r ends everything" % end)
            tap.is_(s.finish(), 0, "exit 0")
            requests = printed(s)
            tap.is_(len(requests), 1, "one line of JSON")
            line = json.dumps(requests)
            tap.ok("hello\\\\n." in line or "hello\\n." in line,
                   "with the text", line)
            tap.ok(NUMBER in line and "/messages" in line,
                   "the number and the URL", line)
            tap.ok("wonderland" not in s.log(), "but not the password")
            tap.is_([e.get("outcome") for e in s.events()
                     if e["event"] == "message"], ["dry-run"], "the log")
        tap.is_(gw.requests, [], "and nothing went out")


tap.run()
