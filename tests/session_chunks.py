"""BDAT (RFC 3030): chunks, what they hold, and what is dropped."""

import time

import tap
from gateway import Gateway
from smtp import NUMBER, SLOW, Session, own_credentials

gw = Gateway()
OWN = own_credentials() + ["max-errors 1000"]
TO = "RCPT TO:<%s@sms.test>" % NUMBER
MAIL = b"Subject: none\r\n\r\nhello"      # without an id: never the same


def texts():
    return [m["textMessage"]["text"] for m in gw.messages]


def begin(s, parameters=""):
    s.must("MAIL FROM:<a@b.test> " + parameters, 250)
    s.must(TO, 250)


def chunk(s, data, last=False, timeout=10):
    """One chunk; its reply."""
    s.send(b"BDAT %d%s\r\n" % (len(data), b" LAST" if last else b"") + data)
    return s.reply(timeout)


@tap.test("a message in any chunks")
def any_chunks():
    ways = [("one", [MAIL]), ("two", [MAIL[:5], MAIL[5:]]),
            ("octets", [MAIL[i:i + 1] for i in range(len(MAIL))]),
            ("an empty one first", [b"", MAIL]),
            ("0 LAST", [MAIL, b""]),
            ("CR and LF apart", [MAIL[:14], MAIL[14:16], MAIL[16:]]),
            ("empty ones between", [MAIL[:9], b"", b"", MAIL[9:]])]
    with Session(OWN, gw) as s:
        s.ehlo()
        for what, pieces in ways:
            gw.reset()
            begin(s)
            for piece in pieces[:-1]:
                reply = chunk(s, piece)
                if str(reply) != "250 2.0.0 %d octets received" % len(piece):
                    tap.ok(False, what, repr(reply))
            reply = chunk(s, pieces[-1], True)
            tap.ok(reply.starts("250 2.0.0 Message"), what,
                   repr(reply))
            tap.is_(texts(), ["hello"], "... is the text")
        gw.reset()
        begin(s)
        s.send("bdat 000000%d last  \r\n" % len(MAIL))
        s.send(MAIL)
        tap.is_(s.reply().code, 250, "letter case, zeros and blanks")
        begin(s)
        s.must("DATA", 354)
        tap.is_(s.data("\nsame session").code, 250, "DATA in the same "
                "session")
        tap.is_(s.quit(), 0, "exit 0")
    tap.is_(texts(), ["hello", "same session"], "both were sent")


@tap.test("no octet in a chunk is a command, or an end")
def payload():
    evil = (b"Message-ID: <1@c>\r\n\r\nhello\r\n.\r\nMAIL FROM:<x@y>\r\n"
            b"..\r\nQUIT\r\nBDAT 9 LAST\r\n")
    with Session(OWN, gw) as s:
        for how in (Session.send, Session.send_slowly):
            gw.reset()
            s.must("EHLO c", 250)
            begin(s)
            how(s, b"BDAT %d LAST\r\n" % len(evil) + evil + b"NOOP\r\n")
            first, second = s.replies(2)
            tap.is_((first.code, second.code, s.quiet()), (250, 250, True),
                    "dots and commands are text (%s)" % how.__name__)
            tap.is_(texts(), ["hello\n.\nMAIL FROM:<x@y>\n..\nQUIT\n"
                              "BDAT 9 LAST"], "... all of it")


@tap.test("pipelined")
def pipelined():
    gw.reset()
    with Session(OWN, gw) as s:
        s.send(b"EHLO c\r\nMAIL FROM:<a@b>\r\n" + TO.encode() + b"\r\n"
               b"BDAT 9\r\n" + MAIL[:9]
               + b"BDAT %d LAST\r\n" % len(MAIL[9:]) + MAIL[9:]
               + b"MAIL FROM:<a@b>\r\nRCPT TO:<x@sms.test>\r\n"
               b"BDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\n"
               b"RSET\r\nMAIL FROM:<a@b>\r\n" + TO.encode() + b"\r\n"
               b"BDAT %d LAST\r\n" % len(MAIL) + MAIL + b"QUIT\r\n")
        codes = [r.code for r in s.replies(14)]
        tap.is_(codes, [250, 250, 250, 250, 250, 250, 550, 503, 503, 250,
                        250, 250, 250, 221], "every command has its reply")
        tap.is_(s.rest(), b"", "and nothing else")
    tap.is_(texts(), ["hello", "hello"], "two were sent")


@tap.test("a chunk at the wrong time is read and dropped")
def wrong_time():
    gw.reset()
    with Session(OWN, gw) as s:
        for before, want in (
                ([], "503 5.5.1 Send EHLO or HELO first"),
                (["EHLO c"], "503 5.5.1 Need MAIL command"),
                (["EHLO c", "MAIL FROM:<a@b>"],
                 "503 5.5.1 Need RCPT command"),
                (["EHLO c", "MAIL FROM:<a@b>", "RCPT TO:<x@sms.test>"],
                 "503 5.5.1 Need RCPT command")):
            s.cmds(*before)
            for last in (False, True):
                reply = chunk(s, b"QUIT\r\nQUIT\r\n", last)
                tap.is_(str(reply), want, "after %s" % before)
            tap.ok(s.quiet(), "nothing in it was run")
        s.must("RSET", 250)
        begin(s)
        chunk(s, MAIL, True)
        tap.is_(str(chunk(s, MAIL, True)), "503 5.5.1 Need MAIL command",
                "after the last one")
    tap.is_(texts(), ["hello"], "one was sent")
    with Session([], gw) as s:
        s.ehlo()
        tap.is_(str(chunk(s, b"QUIT\r\n")), "503 5.5.1 Need MAIL command",
                "before AUTH")
        tap.is_(s.quit(), 0, "exit 0")


@tap.test("RSET, EHLO and QUIT between chunks")
def between():
    gw.reset()
    with Session(OWN, gw) as s:
        s.ehlo()
        for line in ("RSET", "EHLO c", "HELO c"):
            begin(s)
            chunk(s, b"Subject: =?utf-16?B?")
            s.must(line, 250)
            begin(s)
            tap.is_(chunk(s, MAIL, True).code, 250, line + ": a new mail")
        begin(s)
        chunk(s, MAIL)
        tap.is_(s.cmd("NOOP").code, 250, "NOOP")
        tap.is_(chunk(s, b" world", True).code, 250, "and on")
        begin(s)
        chunk(s, MAIL)
        tap.is_(s.quit(), 0, "QUIT: exit 0")
    tap.is_(texts(), ["hello"] * 3 + ["hello world"], "no half message")


@tap.test("what is no BDAT ends the session")
def syntax():
    """Where the next command would begin is not known then."""
    rows = [("BDAT", 501), ("BDAT x", 501), ("BDAT -1", 501),
            ("BDAT +1", 501), ("BDAT 1x", 501), ("BDAT LAST", 501),
            ("BDAT 1 FIRST", 501), ("BDAT 1 LAST LAST", 501),
            ("BDAT 1LAST", 501), ("BDAT\t6", 501), ("BDAT\t6 LAST", 501),
            ("BDAT 0x10", 501), ("BDAT 1 2", 501),
            ("BDAT 6\0LAST", 501), ("bdat 6 LAST\0", 501),
            ("BDAT 6 LAST\nRSET", 501), ("BDAT 6\rLAST", 501),
            ("BDAT 6 LAST" + " " * 12288, 501),
            ("BDAT 6 " + "x" * 40000, 501),
            ("BDAT 6" + " " * 520, 501),
            ("BDAT 1073741825", 552), ("BDAT 99999999999 LAST", 552),
            ("BDAT 18446744073709551617 LAST", 552)]
    for when in ("in a transaction", "before EHLO"):
        for line, code in rows:
            gw.reset()
            with Session(OWN, gw) as s:
                if when == "in a transaction":
                    s.ehlo()
                    begin(s)
                s.send(line + "\r\nNOOP\r\n")
                reply = s.reply()
                tap.is_((reply.code, s.rest(), s.finish()), (code, b"", 0),
                        "%.20r, %s: %d and closed" % (line, when, code),
                        repr(reply))


@tap.test("too big")
def size():
    gw.reset()
    with Session(OWN + ["max-size 2000"], gw) as s:
        s.ehlo()
        head = b"Message-ID: <1@c>\r\n\r\n"
        big = "552 5.3.4 Message too big"
        begin(s)
        tap.is_(str(chunk(s, head + b"x" * 2000, True)), big, "one chunk")
        begin(s)
        tap.is_(chunk(s, head + b"x" * 1000).code, 250, "1000")
        tap.is_(str(chunk(s, b"x" * 1000)), big, "and 1000 more")
        tap.is_(str(chunk(s, b"QUIT\r\n")), big, "the next one, too")
        tap.is_(str(chunk(s, b"", True)), big, "and the last")
        tap.is_(s.mail().code, 250, "then a new one can begin")
        s.must(TO, 250)
        tap.is_(chunk(s, head + b"x" * (2000 - len(head)), True).code, 250,
                "2000 octets are not too many")
        s.send(b"MAIL FROM:<a@b>\r\n" + TO.encode() + b"\r\nBDAT 3000\r\n"
               + b"x" * 3000 + b"BDAT 3000 LAST\r\n" + b"QUIT\r\n" * 500
               + b"NOOP\r\n")
        tap.is_([r.code for r in s.replies(5)], [250, 250, 552, 552, 250],
                "pipelined chunks are dropped")
    tap.is_(len(gw.messages), 1, "one was sent")
    with Session(OWN, gw) as s:
        s.ehlo()
        begin(s)
        start = time.monotonic()
        reply = chunk(s, b"x" * 12000000, True, 30)
        tap.is_(str(reply), big, "12 MB of 10 allowed")
        tap.note("%.2f s" % (time.monotonic() - start))


@tap.test("a bare CR, a bare LF or a NUL in a chunk")
def bare():
    rows = [b"a\nb", b"a\rb", b"a\0b", b"a\r\r\nb", b"a\n\r\nb", b"a\r"]
    with Session(OWN, gw) as s:
        s.ehlo()
        for data in rows:
            gw.reset()
            begin(s)
            reply = chunk(s, MAIL + data, True)
            tap.ok(reply.starts("550 5.5.2") and not gw.posts(),
                   "%r: 550 5.5.2" % data, repr(reply))
        gw.reset()
        begin(s)
        tap.is_(chunk(s, MAIL + b"\r").code, 250, "CR at a chunk's end")
        tap.ok(chunk(s, b"x", True).starts("550 5.5.2"), "and no LF behind "
               "it")
        begin(s)
        reply = chunk(s, MAIL + b"a\nb")
        tap.ok(reply.starts("550 5.5.2"), "it is said at once", repr(reply))
        tap.ok(chunk(s, b"x", True).starts("550 5.5.2"), "and at the end")
        tap.is_(gw.posts(), [], "nothing was sent")
        for data, want in ((b" a\nb", "hello a\nb"),
                           (b" a\r\nb\r\n", "hello a\nb"),
                           (b" a\0b", "hello ab")):
            gw.reset()
            begin(s, "BODY=BINARYMIME")
            reply = chunk(s, MAIL + data, True)
            tap.is_((reply.code, texts()), (250, [want]),
                    "BODY=BINARYMIME: %r" % data, repr(reply))
        begin(s)
        tap.ok(chunk(s, MAIL + b"a\nb", True).starts("550 5.5.2"),
               "the next message is not binary")
    gw.reset()
    with Session(OWN + ["bare-lf yes"], gw) as s:
        s.ehlo()
        begin(s)
        tap.is_(chunk(s, MAIL + b"a\nb", True).code, 250, "bare-lf yes")


@tap.test("every octet of a binary part comes through")
def binary():
    """A picture that is not encoded; only the text around it is read."""
    octets = bytes(range(256)) * 40
    mail = (b"Message-ID: <1@c>\r\nMIME-Version: 1.0\r\nContent-Type: "
            b"multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nread this\r\n"
            b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: "
            b"binary\r\n\r\n" + octets + b"\r\n--b--\r\n")
    gw.reset()
    with Session(OWN, gw) as s:
        s.ehlo()
        begin(s, "BODY=BINARYMIME")
        tap.is_(chunk(s, mail, True).code, 250, "accepted")
    tap.is_(texts(), ["read this"], "the text")


@tap.test("a connection that ends inside a chunk")
def lost():
    for what, data in (("no octet", b""), ("some", MAIL[:10]),
                       ("all but one", MAIL[:-1])):
        for half in (True, False):
            gw.reset()
            with Session(OWN, gw) as s:
                s.ehlo()
                begin(s)
                s.send(b"BDAT %d LAST\r\n" % len(MAIL) + data)
                s.end_of_input() if half else s.hang_up()
                if half:
                    tap.is_(s.rest(), b"", what + ": no reply")
                tap.is_(s.finish(), 0, what + ": exit 0")
            tap.is_(gw.posts(), [], what + ": nothing is sent")
    gw.reset()
    with Session(OWN, gw) as s:
        s.ehlo()
        begin(s)
        chunk(s, MAIL)
        s.end_of_input()
        tap.is_((s.rest(), s.finish()), (b"", 0), "between chunks: exit 0")
    with Session(OWN + ["timeout-data 1"], gw) as s:
        s.ehlo()
        begin(s)
        s.send("BDAT 100\r\nx")
        start = time.monotonic()
        tap.is_(s.reply().code, 421, "timeout-data: 421")
        tap.ok(time.monotonic() - start < 3 * SLOW, "in time")
    tap.is_(gw.posts(), [], "nothing is sent")


@tap.test("require-tls: a chunk in clear is dropped")
def clear():
    with Session(OWN + ["require-tls yes"], gw) as s:
        s.ehlo()
        reply = chunk(s, b"NOOP\r\nNOOP\r\n")
        tap.ok(reply.starts("530 5.7.0") and s.quiet(), "530, and none of "
               "it is run", repr(reply))


tap.run()
