"""auth users and auth checkpassword: what the session makes of a login.

The delivery side of tests/session_lib.py plays the one that knows logins.
"""

import tap
from session_lib import LATER, RIGHT, WRONG, Delivery
from smtp import Session, b64

USERS = ["auth users /nonexistent", "max-errors 1000"]
PROGRAM = ["auth checkpassword /nonexistent/checkpassword"]
PLAIN = "AUTH PLAIN " + b64("\0alice\0secret")
TO = "+4915112345678"
CERT = {"SSL_PROTOCOL": "TLSv1.3", "SSL_CLIENT_S_DN": "/CN=alice"}
CA = ["tls-cert /nonexistent", "tls-key /nonexistent",
      "tls-client-ca /nonexistent"]


def mechanisms(s):
    """What EHLO says of AUTH."""
    return [line[5:] for line in s.ehlo() if line.startswith("AUTH ")]


@tap.test("the mechanisms")
def offered():
    rows = [("users", USERS, {}, ["PLAIN LOGIN"]),
            ("checkpassword", PROGRAM, {}, ["PLAIN LOGIN"]),
            ("gateway", [], {}, ["PLAIN LOGIN XOAUTH2 OAUTHBEARER"]),
            ("users, a certificate", USERS + CA, CERT,
             ["PLAIN LOGIN EXTERNAL"]),
            ("checkpassword, a certificate", PROGRAM + CA, CERT,
             ["PLAIN LOGIN"]),
            ("gateway, a certificate", CA, CERT,
             ["PLAIN LOGIN XOAUTH2 OAUTHBEARER EXTERNAL"])]
    with Delivery() as d:
        for what, lines, env, want in rows:
            with Session(lines, libexec=d.dir, env=env) as s:
                tap.is_(mechanisms(s), want, what)
    with Delivery() as d, Session(USERS, libexec=d.dir) as s:
        s.ehlo()
        for name in ("XOAUTH2", "OAUTHBEARER", "EXTERNAL", "XOAUTH2 eA==",
                     "CRAM-MD5"):
            tap.is_(str(s.cmd("AUTH " + name)),
                    "504 5.5.4 Unrecognized authentication mechanism", name)
        tap.is_(d.notes(), [], "nobody was asked")
    with Delivery() as d, Session(PROGRAM + CA, libexec=d.dir,
                                  env=CERT) as s:
        s.ehlo()
        tap.is_(s.cmd("AUTH EXTERNAL =").code, 504,
                "checkpassword knows no certificate")


@tap.test("a password is judged at once")
def judged():
    for what, lines in (("users", USERS), ("checkpassword", PROGRAM)):
        for verdict, want in ((RIGHT, "235 2.7.0 Authentication successful"),
                              (WRONG, "535 5.7.8 Authentication failed"),
                              (LATER, "454 4.7.0 Temporary authentication "
                               "failure")):
            with Delivery(verdict=verdict) as d, \
                    Session(lines, libexec=d.dir) as s:
                s.ehlo()
                tap.is_(str(s.cmd(PLAIN)), want, "%s: %s" % (what, want))
                tap.is_(d.notes(), [{"request": "auth", "kind": 0,
                                     "user": "alice", "secret": "secret"}],
                        "... by the delivery side")
                tap.is_(s.mail().code, 250 if verdict == RIGHT else 530,
                        "... and then MAIL")
    with Delivery(verdict=WRONG) as d, Session(USERS, libexec=d.dir) as s:
        s.ehlo()
        codes = [s.cmd(PLAIN).code for _ in range(3)]
        tap.is_(codes, [535, 535, 421], "the third failure")


@tap.test("a name that HTTP could not carry is one here")
def names():
    with Delivery() as d, Session(USERS, libexec=d.dir) as s:
        s.ehlo()
        tap.is_(s.cmd("AUTH PLAIN " + b64("\0a:b c\0x")).code, 235,
                "a colon")
        tap.is_(d.notes("auth")[0]["user"], "a:b c", "as it is")


@tap.test("a certificate's login")
def external():
    with Delivery() as d, Session(USERS + CA, libexec=d.dir, env=CERT) as s:
        s.ehlo()
        tap.is_(s.cmd("AUTH EXTERNAL =").code, 235, "EXTERNAL")
        tap.is_([(n["kind"], n["user"]) for n in d.notes("auth")],
                [(2, "/CN=alice")], "is looked up as its subject")
    with Delivery() as d, Session(CA, libexec=d.dir, env=CERT) as s:
        s.ehlo()
        tap.is_(s.cmd("AUTH EXTERNAL =").code, 235, "auth gateway")
        tap.is_(d.wait_for("login")[0]["kind"], 2, "is not asked")


def mail(s, to=TO, head="Subject: the subject\n", body="the body"):
    s.mail()
    reply = s.rcpt(to)
    if reply.code != 250:
        s.must("RSET", 250)
        return str(reply)
    s.must("DATA", 354)
    return str(s.data(head + "\n" + body))


@tap.test("the rights of a login")
def rights():
    conf = USERS + ["subject ignore", "max-parts 1", "allow +49"]
    rows = [((-1, -1, ()), "the body", "as configured"),
            ((1, -1, ()), "the subject the body", "subject prefix"),
            ((3, -1, ()), "the subject", "subject only"),
            ((0, -1, ()), "the body", "subject ignore")]
    for given, want, what in rows:
        with Delivery(rights=given) as d, Session(conf, libexec=d.dir) as s:
            s.ehlo()
            s.must(PLAIN, 235)
            mail(s)
            tap.is_([" ".join(m["text"].split()) for m in d.sent()],
                    [" ".join(want.split())], what)
    long = "x" * 200
    for parts, cut in ((-1, True), (2, False), (0, False), (1, True)):
        with Delivery(rights=(-1, parts, ())) as d, \
                Session(conf, libexec=d.dir) as s:
            s.ehlo()
            s.must(PLAIN, 235)
            mail(s, body=long)
            tap.is_(d.sent()[0]["text"].endswith("..."), cut,
                    "max-parts %d" % parts)
    denied = "550 5.7.1 Destination not allowed"
    with Delivery(rights=(-1, -1, ("+43", "+49151"))) as d, \
            Session(conf + ["deny +4366"], libexec=d.dir) as s:
        s.ehlo()
        s.must(PLAIN, 235)
        for to, want in ((TO, True), ("+4917012345678", False),
                         ("+43123456789", True), ("+33123456789", False),
                         ("+43661234567", False)):
            reply = mail(s, to)
            tap.is_(reply[:3] == "250" or reply, want or denied,
                    "allow +43 +49151, deny +4366: " + to)
    many = ["+49%03d" % i for i in range(100, 164)]
    with Delivery(rights=(-1, -1, many)) as d, \
            Session(conf, libexec=d.dir) as s:
        s.ehlo()
        s.must(PLAIN, 235)
        tap.is_(mail(s, "+4916312345")[:3], "250", "the 64th prefix")
        tap.is_(mail(s, "+4916412345"), denied, "and no other")


@tap.test("the rights end with the login")
def end():
    """STARTTLS is tried in tests/tls_session.py; a new session has none."""
    with Delivery(rights=(3, -1, ("+43",))) as d:
        conf = USERS + ["trust 127.0.0.1"]
        with Session(conf, libexec=d.dir) as s:
            s.ehlo()
            tap.is_(mail(s)[:3], "250", "a trusted peer before AUTH")
            s.must(PLAIN, 235)
            tap.is_(mail(s)[:3], "550", "as alice")
            s.must("EHLO c", 250)
            tap.is_(mail(s)[:3], "550", "also after EHLO")
        tap.is_([m["text"] for m in d.sent()], ["the body"], "what was sent")


tap.run()
