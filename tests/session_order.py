"""What may be said when: SPEC, section 3, the table and the command list."""

import re

import tap
from gateway import Gateway
from smtp import NUMBER, Session, b64, own_credentials

gw = Gateway()
TO = "RCPT TO:<%s@sms.test>" % NUMBER
PLAIN = "AUTH PLAIN " + b64("\0alice\0wonderland")
NONE = own_credentials()

# (what, configuration, commands before, the command, how its reply starts)
ROWS = [
    ("AUTH before EHLO", [], [], PLAIN, "503 5.5.1 Send EHLO first"),
    ("MAIL before EHLO", [], [], "MAIL FROM:<a@b.test>",
     "503 5.5.1 Send EHLO or HELO first"),
    ("RCPT before EHLO", [], [], TO, "503 5.5.1 Send EHLO or HELO first"),
    ("DATA before EHLO", [], [], "DATA", "503 5.5.1 Send EHLO or HELO first"),
    ("MAIL before EHLO, no AUTH needed", NONE, [], "MAIL FROM:<a@b.test>",
     "503 5.5.1 Send EHLO or HELO first"),
    ("AUTH after HELO", [], ["HELO c"], PLAIN, "235"),
    ("RCPT before MAIL", [], ["EHLO c", PLAIN], TO,
     "503 5.5.1 Send MAIL first"),
    ("RCPT before MAIL, HELO", NONE, ["HELO c"], TO,
     "503 5.5.1 Send MAIL first"),
    ("DATA before MAIL", [], ["EHLO c", PLAIN], "DATA",
     "503 5.5.1 Need MAIL command"),
    ("DATA before RCPT", [], ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>"],
     "DATA", "503 5.5.1 Need RCPT command"),
    ("DATA after a refused RCPT", [],
     ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>", "RCPT TO:<x@sms.test>"],
     "DATA", "503 5.5.1 Need RCPT command"),
    ("BDAT before EHLO", [], [], "BDAT 0", "503 5.5.1 Send EHLO or HELO "
     "first"),
    ("BDAT before MAIL", [], ["EHLO c", PLAIN], "BDAT 0",
     "503 5.5.1 Need MAIL command"),
    ("BDAT before RCPT", [], ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>"],
     "BDAT 0 LAST", "503 5.5.1 Need RCPT command"),
    ("RCPT after BDAT", [],
     ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>", TO, "BDAT 0"], TO,
     "503 5.5.1 The message has already begun with BDAT"),
    ("DATA after BDAT", [],
     ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>", TO, "BDAT 0"], "DATA",
     "503 5.5.1 The message has already begun with BDAT"),
    ("MAIL after BDAT", [],
     ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>", TO, "BDAT 0"],
     "MAIL FROM:<a@b.test>", "503 5.5.1 Nested MAIL command"),
    ("DATA with BODY=BINARYMIME", [],
     ["EHLO c", PLAIN, "MAIL FROM:<a@b.test> BODY=BINARYMIME", TO], "DATA",
     "503 5.5.1 BODY=BINARYMIME requires BDAT"),
    ("RSET after BDAT", [],
     ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>", TO, "BDAT 0", "RSET"], "DATA",
     "503 5.5.1 Need MAIL command"),
    ("MAIL before AUTH", [], ["EHLO c"], "MAIL FROM:<a@b.test>",
     "530 5.7.0 Authentication required"),
    ("MAIL before AUTH, HELO", [], ["HELO c"], "MAIL FROM:<a@b.test>",
     "530 5.7.0 Authentication required"),
    ("AUTH twice", [], ["EHLO c", PLAIN], PLAIN, "503 5.5.1"),
    ("AUTH twice, EHLO between", [], ["EHLO c", PLAIN, "EHLO c"], PLAIN,
     "503 5.5.1"),
    ("AUTH inside a transaction", ["trust 127.0.0.0/8", *NONE[1:]],
     ["EHLO c", "MAIL FROM:<a@b.test>"], PLAIN, "503 5.5.1"),
    ("MAIL inside a transaction", [],
     ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>"], "MAIL FROM:<a@b.test>",
     "503 5.5.1"),
    ("MAIL inside a transaction, after RCPT", [],
     ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>", TO], "MAIL FROM:<a@b.test>",
     "503 5.5.1"),
    ("MAIL after RSET", [],
     ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>", TO, "RSET"],
     "MAIL FROM:<a@b.test>", "250"),
    ("RCPT after RSET", [],
     ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>", TO, "RSET"], TO,
     "503 5.5.1 Send MAIL first"),
    ("DATA after RSET", [],
     ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>", TO, "RSET"], "DATA",
     "503 5.5.1 Need MAIL command"),
    ("MAIL after EHLO inside a transaction", [],
     ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>", TO, "EHLO c"],
     "MAIL FROM:<a@b.test>", "250"),
    ("DATA after HELO inside a transaction", [],
     ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>", TO, "HELO c"], "DATA",
     "503 5.5.1 Need MAIL command"),
    ("a second RCPT", [], ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>", TO], TO,
     "250"),
    ("RCPT after a refused one", [],
     ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>", "RCPT TO:<x@sms.test>"], TO,
     "250"),
    ("RSET before EHLO", [], [], "RSET", "250"),
    ("NOOP before EHLO", [], [], "NOOP", "250"),
    ("QUIT before EHLO", [], [], "QUIT", "221"),
    ("QUIT inside a transaction", [],
     ["EHLO c", PLAIN, "MAIL FROM:<a@b.test>"], "QUIT", "221"),
]


@tap.test("the table of what is out of order")
def order():
    for what, lines, before, command, want in ROWS:
        with Session(lines, gw) as s:
            s.cmds(*before)
            reply = s.cmd(command)
            tap.ok(reply.starts(want), "%s: %s" % (what, want), repr(reply))


# (command, how its reply may start), after EHLO
WORDS = [
    ("NOOP", ["250 2.0.0"]),
    ("NOOP and an argument", ["250 2.0.0"]),
    ("RSET", ["250 2.0.0"]),
    ("HELP", ["214 2.0.0"]),
    ("HELP MAIL", ["214 2.0.0"]),
    ("HELP no such thing", ["214 2.0.0", "504 5.5.4"]),
    ("VRFY root", ["252 2.0.0", "252 2.1.5", "252 2.5.0", "252 2.5.2",
                   "502 5.5.1"]),
    ("EXPN list", ["252 2.0.0", "252 2.1.5", "252 2.5.0", "252 2.5.2",
                   "502 5.5.1"]),
    ("ETRN b.test", ["502 5.5.1"]),
    ("TURN", ["502 5.5.1"]),
    ("HELO", ["250 sms.test"]),
    ("EHLO", ["250"]),
    ("EHLO  ", ["250"]),
    ("AUTH", ["501 5.5.4"]),
    ("HELLO", ["500 5.5.1", "500 5.5.2"]),
    ("MAI", ["500 5.5.1", "500 5.5.2"]),
    ("MAILX FROM:<a@b.test>", ["500 5.5.1", "500 5.5.2"]),
    ("FROM:<a@b.test>", ["500 5.5.1", "500 5.5.2"]),
    ("", ["500 5.5.1", "500 5.5.2"]),
    (" NOOP", ["500 5.5.1", "500 5.5.2"]),
    ("Subject: hello", ["500 5.5.1", "500 5.5.2"]),
    (b"\xff\xfe\x01", ["500 5.5.1", "500 5.5.2"]),
]


@tap.test("every command, and what is none")
def words():
    with Session(["max-errors 100"], gw) as s:
        s.ehlo()
        for command, wants in WORDS:
            reply = s.cmd(command)
            tap.ok(any(reply.starts(want) for want in wants),
                   "%r: %s" % (command, " or ".join(wants)), repr(reply))
        tap.is_(s.quit(), 0, "QUIT still works; exit 0")
    with Session(NONE, gw) as s:
        s.ehlo()
        tap.ok(s.cmd("MAIL").code == 501, "MAIL alone: 501")
        tap.ok(s.cmd("MAIL TO:<a@b.test>").code == 501, "MAIL TO: 501")
        s.must("MAIL FROM:<a@b.test>", 250)
        s.must(TO, 250)
        tap.ok(s.cmd("DATA now").code == 501, "DATA now: 501")
        tap.ok(s.cmd("RSET now").code == 501, "RSET now: 501")
        s.must("DATA", 354)


@tap.test("letter case")
def case():
    with Session(NONE, gw) as s:
        for line, code in (("eHlO c", 250), ("heLO c", 250), ("noop", 250),
                           ("help", 214), ("Mail From:<a@b.test>", 250),
                           ("rcpt to:<%s@SMS.Test>" % NUMBER, 250),
                           ("rset", 250), ("vrfy x", (252, 502)),
                           ("mAIL fROM:<a@b.test> Body=8bitMIME size=9",
                            250),
                           (TO.swapcase(), 250), ("dAtA", 354)):
            reply = s.cmd(line)
            codes = code if isinstance(code, tuple) else (code,)
            tap.ok(reply.code in codes, "%s: %s" % (line, code), repr(reply))
        s.data("\nhello")
        tap.is_(s.cmd("qUiT").code, 221, "qUiT")
    with Session([], gw) as s:
        s.ehlo()
        tap.is_(s.cmd(PLAIN.replace("AUTH PLAIN", "auth plaIN")).code, 235,
                "auth plaIN")


@tap.test("the greeting, HELO, EHLO")
def greeting():
    with Session([], gw) as s:
        tap.like(str(s.greeting), r"^220 sms\.test( .*)?ESMTP",
                 "220, the host's name, ESMTP")
        tap.is_(len(s.greeting.lines), 1, "on one line")
        reply = s.cmd("HELO client.test")
        tap.like(str(reply), r"^250 sms\.test\b", "HELO: the host's name")
        tap.is_(len(reply.lines), 1, "HELO: no extension")
        reply = s.cmd("EHLO client.test")
        tap.like(reply.lines[0], r"^sms\.test\b", "EHLO: the host's name")
        for name in ("[192.0.2.1]", "[IPv6:2001:db8::1]", "a_b", "x.y."):
            tap.is_(s.cmd("EHLO " + name).code, 250, "EHLO " + name)
        before = str(s.cmd("EHLO <script>%n\x7f"))
        tap.ok("script" not in before, "what came does not go into a reply")


BARE = ["8BITMIME", "BINARYMIME", "CHUNKING", "DELIVERBY", "DSN",
        "ENHANCEDSTATUSCODES", "FUTURERELEASE 604800", "MT-PRIORITY",
        "PIPELINING", "PRDR", "SIZE 10485760", "SMTPUTF8"]
AUTH = ["AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER"]


def announced(s):
    """What EHLO announces, sorted, without the time of day."""
    return sorted(re.sub(r"^(FUTURERELEASE \d+) \d{4}-\d\d-\d\dT[\d:]+Z$",
                         r"\1", line) for line in s.ehlo())


@tap.test("EHLO announces what is there and nothing else")
def announcement():
    with Session([], gw) as s:
        tap.is_(announced(s), sorted(BARE + AUTH), "AUTH is possible")
        tap.is_(s.auth_plain().code, 235, "AUTH")
        tap.is_(announced(s), BARE, "after AUTH: AUTH no more")
    with Session(["auth-without-tls no"], gw) as s:
        tap.is_(announced(s), BARE, "AUTH is not possible")
    with Session(NONE, gw) as s:
        tap.is_(announced(s), BARE, "auth none: no AUTH")
    with Session(["max-size 12345"], gw) as s:
        tap.ok("SIZE 12345" in s.ehlo(), "SIZE is max-size")
    with Session(["max-hold 3600"], gw) as s:
        tap.ok("FUTURERELEASE 3600" in announced(s), "max-hold")
    with Session(["auth-legacy yes"], gw) as s:
        tap.is_(announced(s), sorted(BARE + AUTH + ["AUTH=LOGIN PLAIN"]),
                "auth-legacy: the old form too")


@tap.test("extensions that are not there")
def absent():
    with Session(["max-errors 100"], gw) as s:
        s.login()
        for command in ("STARTTLS", "LHLO c", "BURL x", "XCLIENT ADDR=1",
                        "SEND FROM:<a@b.test>", "XFORWARD ADDR=1"):
            reply = s.cmd(command)
            tap.ok(reply.code in (500, 502), command + ": 500 or 502",
                   repr(reply))
        for parameter in ("X=1", "REQUIRETLS", "TRANSID=<1@b>", "SOLICIT=x",
                          "RRVS=x"):
            reply = s.mail(parameters=parameter)
            tap.ok(reply.starts("555 5.5.4"), parameter + ": 555 5.5.4",
                   repr(reply))
        s.must("MAIL FROM:<a@b.test>", 250)
        for parameter in ("RRVS=2014-04-03T23:01:00Z", "X", "CONNEG=x"):
            reply = s.cmd(TO + " " + parameter)
            tap.ok(reply.starts("555 5.5.4"),
                   "RCPT %s: 555 5.5.4" % parameter, repr(reply))


@tap.test("HELP tells what can be done here")
def help_():
    with Session(NONE + ["max-parts 3", "max-errors 100"], gw) as s:
        extensions = s.ehlo()
        text = "\n".join(s.must("HELP", 214).lines)
        for word in ("MAIL", "BDAT", "RSET", "10485760 octets",
                     "100 recipients", "3 SMS parts", "X-SMS-Priority"):
            tap.ok(word in text, "HELP: " + word, text)
        for line in extensions:
            tap.ok(line.split()[0] in text, "HELP: " + line)
        for verb in ("EHLO", "HELO", "MAIL", "RCPT", "DATA", "BDAT", "RSET",
                     "NOOP", "QUIT", "HELP", "VRFY", "AUTH"):
            reply = s.cmd("HELP " + verb)
            tap.like("%d %s" % (reply.code, reply.lines[0]),
                     r"^214 2\.0\.0 Syntax: %s\b" % verb, "HELP " + verb)
            tap.is_("PRDR" in "".join(reply.lines), verb == "MAIL",
                    "PRDR is a parameter of MAIL")
        for verb in ("EXPN", "GET", "LHLO", "x"):
            tap.is_(s.cmd("HELP " + verb).code, 504, "HELP " + verb)
        tap.like("\n".join(s.must("HELP MAIL", 214).lines),
                 r"(?s)SIZE=.*SMTPUTF8.*MT-PRIORITY=.*BY=.*HOLDFOR=.*RET=",
                 "HELP MAIL: all parameters")


@tap.test("an enhanced status code on every reply that has one")
def enhanced():
    """RFC 2034, section 4: not the greeting, EHLO and HELO, nor 3yz."""
    with Session(["max-errors 100"], gw) as s:
        for line, bare in (("EHLO c", True), ("HELO c", True),
                           ("NOOP", False), ("HELP", False), ("X", False),
                           ("AUTH PLAIN", True), ("*", False),
                           ("MAIL FROM:<>", False), ("RCPT", False),
                           ("DATA", False), ("BDAT 0", False),
                           ("VRFY x", False), ("AUTH", False),
                           (PLAIN, False), ("MAIL FROM:<>", False),
                           (TO, False), ("BDAT 0", False), ("RSET", False),
                           ("MAIL FROM:<>", False), (TO, False),
                           ("DATA", True), (".", False), ("QUIT", False)):
            reply = s.cmd(line)
            for text in reply.lines:
                has = re.match(r"[245]\.\d+\.\d+ ", text) is not None
                tap.ok(has != bare and (bare or text[0] ==
                                        str(reply.code)[0]),
                       "%s: %s" % (line, "none" if bare else "one"),
                       repr(reply))


@tap.test("HTTP is hung up on")
def http():
    for line in ("GET / HTTP/1.1", "POST /messages HTTP/1.0",
                 "CONNECT sms.test:25 HTTP/1.1", "HEAD / HTTP/1.1",
                 "PUT /x HTTP/1.1", "DELETE /x HTTP/1.1",
                 "OPTIONS * HTTP/1.1", "PATCH /x HTTP/1.1",
                 "POST /" + "a" * 12400 + " HTTP/1.1",
                 "GET / HTTP/1.0\nX: y"):
        with Session([], gw) as s:
            s.send(line + "\r\nHost: sms.test\r\n\r\nEHLO c\r\n")
            answer = s.rest()
            tap.like(answer.decode(), r"^421 [^\r\n]*\r\n$",
                     line[:20] + ": 421, nothing more")
            tap.is_(s.finish(), 0, line[:20] + ": exit 0")
    with Session([], gw) as s:
        s.login()
        reply = s.send_message("GET / HTTP/1.1\r\nPOST / HTTP/1.1")
        tap.is_(reply.code, 250, "inside a message it is text")


@tap.test("MAIL: forms and parameters")
def mail():
    rows = [
        ("MAIL FROM:<>", "250 2.1.0"),
        ("MAIL FROM: <a@b.test>", "250 2.1.0"),
        ("MAIL FROM:   <a@b.test>", "250 2.1.0"),
        ("MAIL FROM:<@x.test,@y.test:a@b.test>", "250 2.1.0"),
        ('MAIL FROM:<"a b"@b.test>', "250 2.1.0"),
        ("MAIL FROM:<a@[192.0.2.1]>", "250 2.1.0"),
        ("MAIL FROM:<root>", "250 2.1.0"),
        ("MAIL FROM:<a@b.test> SIZE=10485760", "250 2.1.0"),
        ("MAIL FROM:<a@b.test> SIZE=0", "250 2.1.0"),
        ("MAIL FROM:<a@b.test>  SIZE=10  BODY=7BIT ", "250 2.1.0"),
        ("MAIL FROM:<a@b.test> BODY=8BITMIME", "250 2.1.0"),
        ("MAIL FROM:<a@b.test> AUTH=<>", "250 2.1.0"),
        ("MAIL FROM:<a@b.test> SIZE=10485761", "552 5.3.4"),
        ("MAIL FROM:<a@b.test> SIZE=99999999999999999999", "552 5.3.4"),
        ("MAIL FROM:<a@b.test> SIZE=", "501 5.5.4"),
        ("MAIL FROM:<a@b.test> SIZE", "501 5.5.4"),
        ("MAIL FROM:<a@b.test> SIZE=1x", "501 5.5.4"),
        ("MAIL FROM:<a@b.test> SIZE=-1", "501 5.5.4"),
        ("MAIL FROM:<a@b.test> BODY=9BIT", "501 5.5.4"),
        ("MAIL FROM:<a@b.test> FOO", "555 5.5.4"),
        ("MAIL FROM:<a@b.test> FOO=BAR", "555 5.5.4"),
        ("MAIL FROM:<a@b.test> SIZE=1 FOO=BAR", "555 5.5.4"),
        ("MAIL FROM:<a@b.test> SMTPUTF8", "250 2.1.0"),
        ("MAIL FROM:<\u00e4@b.test> SMTPUTF8", "250 2.1.0"),
        ("MAIL FROM:<\u00e4@\u00f6.test> SMTPUTF8", "250 2.1.0"),
        ('MAIL FROM:<"\u4f60 \U0001f600"@b.test> SMTPUTF8', "250 2.1.0"),
        ("MAIL FROM:<\u00e4@b.test>", "553 5.6.7"),
        ("MAIL FROM:<a@\u00f6.test>", "553 5.6.7"),
        (b"MAIL FROM:<\xff@b.test> SMTPUTF8", "501"),
        (b"MAIL FROM:<\xc3@b.test> SMTPUTF8", "501"),
        (b"MAIL FROM:<\xc2\x85@b.test> SMTPUTF8", "501"),
        (b"MAIL FROM:<\xed\xa0\x80@b.test> SMTPUTF8", "501"),
        (b"MAIL FROM:<\xc0\xaf@b.test> SMTPUTF8", "501"),
        # without brackets, as many devices write it
        ("MAIL FROM:a@b.test", "250 2.1.0"),
        ("MAIL FROM: a@b.test SIZE=9", "250 2.1.0"),
        ("MAIL FROM:raid", "250 2.1.0"),
        # no address, but nobody needs one, and it can be told where it ends
        ("MAIL FROM:<a@b@c>", "250 2.1.0"),
        ("MAIL FROM:<@b.test>", "250 2.1.0"),
        ("MAIL FROM:<a@>", "250 2.1.0"),
        ("MAIL FROM:<printer!(2nd),floor@x_y!> SIZE=9", "250 2.1.0"),
        ("MAIL FROM:<a@b.test", "501"),
        ("MAIL FROM:<<a@b.test>>", "501"),
        ("MAIL FROM:a b@c.test", "555"),
        ("MAIL FROM:<a\tb@c.test>", "501"),
        ("MAIL FROM:<a\x01@c.test>", "501"),
        ('MAIL FROM:<"a@c.test>', "501"),
        ("MAIL FROM: SIZE=9", "501"),
        ("MAIL FROM:<" + "a" * 257 + ">", "501"),
        ("MAIL FROM:a@b.test>", "501"),
        ("MAIL FROM:<a b@c.test>", "501"),
        ("MAIL FROM:<a@b.test>SIZE=1", "501"),
        ("MAIL FROM:", "501"),
        ("MAIL FROM", "501"),
    ]
    with Session(["max-errors 100"], gw) as s:
        s.login()
        for command, want in rows:
            reply = s.cmd(command)
            tap.ok(reply.starts(want) or (len(want) == 3 and
                                          reply.code == int(want)),
                   "%r: %s" % (command, want), repr(reply))
            s.must("RSET", 250)


@tap.test("SMTPUTF8: recipients")
def utf8():
    rows = [("<%s@d\u00f6main.test>" % NUMBER, True, "250 2.1.5"),
            ("<%s@D\u00f6main.TEST>" % NUMBER, True, "250 2.1.5"),
            ("<%s@d\u00f6main.test>" % NUMBER, False, "553 5.6.7"),
            ("<%s@\u00f6.test>" % NUMBER, True, "550 5.1.2"),
            ("<j\u00fcrgen@sms.test>", True, "550 5.1.3"),
            ("<b\u00fcro@sms.test>", True, "250 2.1.5"),
            ("<%s@sms.test>" % NUMBER, True, "250 2.1.5")]
    with Session(NONE + ["domain sms.test d\u00f6main.test",
                         "alias b\u00fcro " + NUMBER], gw) as s:
        s.ehlo()
        for path, parameter, want in rows:
            s.must("MAIL FROM:<>" + (" SMTPUTF8" if parameter else ""), 250)
            reply = s.cmd("RCPT TO:" + path)
            tap.ok(reply.starts(want), "%s: %s" % (path, want), repr(reply))
            s.must("RSET", 250)
        tap.is_(s.cmd("VRFY j\u00fcrgen SMTPUTF8").code, 252, "VRFY")


@tap.test("a sender that is no address cannot be judged by sender-allow")
def sender_judged():
    with Session(["sender-allow *"] + NONE, gw) as s:
        s.ehlo()
        for line in ("<a@b@c>", "<@b.test>", "<a@>"):
            tap.is_(s.cmd("MAIL FROM:" + line).code, 501, line)
        tap.is_(s.cmd("MAIL FROM:a@b.test").code, 250, "a path can")


@tap.test("sender-allow")
def sender_allow():
    with Session(["sender-allow *@ok.test root@b.test"], gw) as s:
        s.login()
        for sender, good in (("x@ok.test", True), ("x@OK.test", True),
                             ("root@b.test", True), ("x@b.test", False),
                             ("x@ok.test.evil", False), ("", False)):
            reply = s.mail(sender)
            if good:
                tap.is_(reply.code, 250, "<%s> may send" % sender)
            else:
                tap.ok(reply.starts("550 5.7.1"),
                       "<%s> may not: 550 5.7.1" % sender, repr(reply))
            s.must("RSET", 250)


DIALOGUE = ("EHLO c\r\n" + PLAIN + "\r\nMAIL FROM:<a@b.test>\r\n" + TO +
            "\r\nRCPT TO:<nobody@sms.test>\r\nDATA\r\n"
            "Message-ID: <p@c>\r\n\r\nhello\r\n..\r\n.\r\n"
            "NOOP\r\nMAIL FROM:<b@b.test>\r\nRSET\r\nDATA\r\nBOGUS\r\n"
            "QUIT\r\n").encode()


def converse(send):
    """All replies to the dialogue, sent in some manner; and the exit."""
    gw.reset()
    with Session([], gw) as s:
        send(s)
        answers = re.sub(rb"T[0-9:]{8}Z", b"", s.rest(30))
        code = s.finish()
    return answers, code, [m["textMessage"] for m in gw.messages]


@tap.test("PIPELINING: packets do not matter")
def pipelining():
    whole = converse(lambda s: s.send(DIALOGUE))
    tap.is_([line[:3] for line in whole[0].split(b"\r\n")
             if line[3:4] == b" "],
            [b"250", b"235", b"250", b"250", b"550", b"354", b"250", b"250",
             b"250", b"250", b"503", b"500", b"221"],
            "everything in one packet: every reply")
    tap.is_(whole[1], 0, "exit 0")
    tap.is_(whole[2], [{"text": "hello\n."}], "one message")
    tap.is_(converse(lambda s: s.send_slowly(DIALOGUE)), whole,
            "one octet at a time: the same")

    def middle(s):
        for start in range(0, len(DIALOGUE), 7):
            s.send(DIALOGUE[start:start + 7])
    tap.is_(converse(middle), whole, "seven octets at a time: the same")

    def half_closed(s):
        s.send(DIALOGUE)
        s.end_of_input()
    tap.is_(converse(half_closed), whole, "and with the input closed")


@tap.test("on a socketpair and on pipes")
def descriptors():
    for via in ("socketpair", "pipe"):
        gw.reset()
        with Session([], gw, via=via) as s:
            s.login()
            tap.is_(s.send_message().code, 250, via + ": a message")
            tap.is_(s.quit(), 0, via + ": exit 0")
            tap.is_(len(gw.messages), 1, via + ": was delivered")


tap.run()
