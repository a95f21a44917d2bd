"""AUTH: every mechanism and every way to get it wrong; SPEC, section 3."""

import base64
import time

import tap
from gateway import Gateway
from smtp import NUMBER, Session, b64, own_credentials, own_token

gw = Gateway(users={"alice": "wonderland", "bob": "builder",
                    "J\u00fcrgen": "p\u00e4ss:w\u00f6rd", "empty": "",
                    "own": "0wn secret"}, tokens=["t0ken.abc-_~+/="])
USER, SECRET = b64("alice"), b64("wonderland")
PLAIN = b64("\0alice\0wonderland")
CHECK = ["auth-check yes"]
OUTSIDE = "192.0.2.1"


def xoauth2(user="alice", token="t0ken.abc-_~+/="):
    return b64("user=%s\1auth=Bearer %s\1\1" % (user, token))


def oauthbearer(user="alice", token="t0ken.abc-_~+/="):
    return b64("n,a=%s,\1host=sms.test\1port=587\1auth=Bearer %s\1\1"
               % (user, token))


def header():
    """The credentials of the only POST."""
    posts = gw.posts()
    assert len(posts) == 1, posts
    return posts[0].header("Authorization")


def basic(user, password):
    return "Basic " + b64("%s:%s" % (user, password))


ALICE = basic("alice", "wonderland")
BEARER = "Bearer t0ken.abc-_~+/="

# (what, (line, the reply)..., what the gateway must get)
GOOD = [
    ("PLAIN with an initial response", [("AUTH PLAIN " + PLAIN, "235")],
     ALICE),
    ("PLAIN without", [("AUTH PLAIN", "334 "), (PLAIN, "235")], ALICE),
    ("PLAIN, authzid is the user",
     [("AUTH PLAIN " + b64("alice\0alice\0wonderland"), "235")], ALICE),
    ("PLAIN, UTF-8",
     [("AUTH PLAIN " + b64("\0J\u00fcrgen\0p\u00e4ss:w\u00f6rd"), "235")],
     basic("J\u00fcrgen", "p\u00e4ss:w\u00f6rd")),
    ("PLAIN, an empty password", [("AUTH PLAIN " + b64("\0empty\0"), "235")],
     basic("empty", "")),
    ("LOGIN without an initial response",
     [("AUTH LOGIN", "334 VXNlcm5hbWU6"), (USER, "334 UGFzc3dvcmQ6"),
      (SECRET, "235")], ALICE),
    ("LOGIN, the user as initial response",
     [("AUTH LOGIN " + USER, "334 UGFzc3dvcmQ6"), (SECRET, "235")], ALICE),
    ("LOGIN, lower case",
     [("auth login", "334 VXNlcm5hbWU6"), (USER, "334 UGFzc3dvcmQ6"),
      (SECRET, "235")], ALICE),
    ("XOAUTH2 with an initial response",
     [("AUTH XOAUTH2 " + xoauth2(), "235")], BEARER),
    ("XOAUTH2 without", [("AUTH XOAUTH2", "334 "), (xoauth2(), "235")],
     BEARER),
    ("OAUTHBEARER with an initial response",
     [("AUTH OAUTHBEARER " + oauthbearer(), "235")], BEARER),
    ("OAUTHBEARER without",
     [("AUTH OAUTHBEARER", "334 "), (oauthbearer(), "235")], BEARER),
    ("OAUTHBEARER without a user",
     [("AUTH OAUTHBEARER " + b64("n,,\1auth=Bearer t0ken.abc-_~+/=\1\1"),
       "235")], BEARER),
]


def exchange(s, lines, what):
    for line, want in lines:
        reply = s.cmd(line)
        wrong = (str(reply) != want if want.startswith("334")
                 else not reply.starts(want))
        if wrong:
            return tap.is_(str(reply), want, "%s: the answer to %r"
                           % (what, line[:20]))
    return True


@tap.test("credentials reach the gateway")
def good():
    for lines in ([], CHECK):
        for what, dialogue, want in GOOD:
            gw.reset()
            with Session(lines, gw) as s:
                s.ehlo()
                if not exchange(s, dialogue, what):
                    continue
                reply = s.send_message()
                tap.is_((reply.code, header()), (250, want),
                        " ".join([what, *lines]), repr(reply))


@tap.test("a success is 235 2.7.0")
def success():
    with Session([], gw) as s:
        s.ehlo()
        tap.ok(s.auth_plain().starts("235 2.7.0"), "235 2.7.0")


# (what, (line, the reply)...): none of these is a guess at a password
BAD = [
    ("no mechanism", [("AUTH", "501 5.5.4")]),
    ("an unknown mechanism", [("AUTH CRAM-MD5", "504 5.5.4")]),
    ("an unknown mechanism with a response", [("AUTH NTLM abcd",
                                               "504 5.5.4")]),
    ("a mechanism's beginning", [("AUTH PLAI", "504 5.5.4")]),
    ("PLAIN, cancelled", [("AUTH PLAIN", "334 "), ("*", "501 5.7.0")]),
    ("LOGIN, cancelled", [("AUTH LOGIN", "334 VXNlcm5hbWU6"),
                          ("*", "501 5.7.0")]),
    ("LOGIN, cancelled later", [("AUTH LOGIN", "334 VXNlcm5hbWU6"),
                                (USER, "334 UGFzc3dvcmQ6"),
                                ("*", "501 5.7.0")]),
    ("XOAUTH2, cancelled", [("AUTH XOAUTH2", "334 "), ("*", "501 5.7.0")]),
    ("bad base64 at once", [("AUTH PLAIN !!!!", "501 5.5.2")]),
    ("bad base64 later", [("AUTH PLAIN", "334 "), ("####", "501 5.5.2")]),
    ("base64 without padding", [("AUTH LOGIN YWxpY2Vz=", "501 5.5.2")]),
    ("base64 too short", [("AUTH PLAIN abc", "501 5.5.2")]),
    ("base64, = inside", [("AUTH PLAIN ab=cdefg", "501 5.5.2")]),
    ("base64, padding too long", [("AUTH PLAIN a===", "501 5.5.2")]),
    ("base64 and more", [("AUTH PLAIN " + PLAIN + " x", "501")]),
    ("base64 for LOGIN's user", [("AUTH LOGIN", "334 VXNlcm5hbWU6"),
                                 ("alice", "501 5.5.2")]),
    ("base64 for LOGIN's password", [("AUTH LOGIN " + USER,
                                      "334 UGFzc3dvcmQ6"),
                                     ("wonderland!", "501 5.5.2")]),
    ("PLAIN, an empty response", [("AUTH PLAIN =", "501 5.5.2")]),
    ("PLAIN, an empty line", [("AUTH PLAIN", "334 "), ("", "501 5.5.2")]),
    ("PLAIN without a NUL", [("AUTH PLAIN " + b64("alice"), "501 5.5.2")]),
    ("PLAIN with one NUL", [("AUTH PLAIN " + b64("\0alice"), "501 5.5.2")]),
    ("PLAIN with three NULs", [("AUTH PLAIN " + b64("\0alice\0x\0y"),
                                "501 5.5.2")]),
    ("LOGIN, a user with a NUL", [("AUTH LOGIN " + b64("al\0ice"),
                                   "501 5.5.2")]),
    ("XOAUTH2 without a token", [("AUTH XOAUTH2 " + b64("user=alice\1\1"),
                                  "501 5.5.2")]),
    ("XOAUTH2, nonsense", [("AUTH XOAUTH2 " + b64("hello"), "501 5.5.2")]),
    ("OAUTHBEARER, nonsense", [("AUTH OAUTHBEARER " + b64("hello"),
                                "501 5.5.2")]),
    ("OAUTHBEARER, empty", [("AUTH OAUTHBEARER =", "501 5.5.2")]),
]


@tap.test("what is not an exchange; the session goes on")
def bad():
    for what, dialogue in BAD:
        with Session(["auth-check yes", "max-auth-failures 1"], gw) as s:
            s.ehlo()
            if exchange(s, dialogue, what):
                reply = s.cmd("NOOP")
                tap.is_(reply.code, 250, what + ": " + dialogue[-1][1])
                assert s.auth_plain().code in (235, 421)


# (what, (line, the reply)...): well-formed, never right
REFUSED = [
    ("PLAIN for somebody else",
     [("AUTH PLAIN " + b64("bob\0alice\0wonderland"), "535 5.7.8")]),
    ("PLAIN, no user", [("AUTH PLAIN " + b64("\0\0wonderland"),
                         "535 5.7.8")]),
    ("LOGIN, no user", [("AUTH LOGIN =", "334 UGFzc3dvcmQ6"),
                        (SECRET, "535 5.7.8")]),
]


@tap.test("credentials that can never be right")
def refused():
    for what, dialogue in REFUSED:
        with Session([], gw) as s:
            s.ehlo()
            if exchange(s, dialogue, what):
                tap.is_(s.mail().code, 530, what + ": 535, then 530")


@tap.test("credentials that cannot be handed on")
def untold():
    gw.reset()
    for user, password in (("al:ice", "wonderland"), ("alice\r\nX: y", "z"),
                           ("alice", "w\r\nX-Evil: 1")):
        with Session(CHECK, gw) as s:
            s.ehlo()
            reply = s.auth_plain(user, password)
            tap.ok(reply.code in (501, 535),
                   "%r: refused" % (user + "/" + password), repr(reply))
    users = [base64.b64decode(r.header("Authorization").split()[1])
             for r in gw.requests if r.header("Authorization")]
    tap.ok(not any(u.startswith(b"al:") for u in users),
           "the gateway has not seen half a name")


@tap.test("wrong passwords with auth-check")
def wrong():
    gw.reset()
    with Session(CHECK, gw) as s:
        s.ehlo()
        for _ in range(2):
            reply = s.auth_plain("alice", "wrong")
            tap.ok(reply.starts("535 5.7.8"), "535 5.7.8", repr(reply))
        tap.is_(s.mail().code, 530, "not let in")
        reply = s.auth_plain("alice", "wrong")
        tap.is_(reply.code, 421, "the third failure: 421", repr(reply))
        tap.is_(s.rest(), b"", "and the connection is closed")
        tap.is_(s.finish(), 0, "exit 0")
    tap.is_([(r.method, r.path) for r in gw.requests
             if r.path != "/health"], [("GET", "/devices")] * 3,
            "each was asked about once")
    for limit in (1, 2):
        with Session(CHECK + ["max-auth-failures %d" % limit], gw) as s:
            s.ehlo()
            codes = [s.auth_plain("alice", "no").code for _ in range(limit)]
            tap.is_(codes, [535] * (limit - 1) + [421],
                    "max-auth-failures %d" % limit)
    with Session(CHECK, gw) as s:
        s.ehlo()
        s.auth_plain("alice", "wrong")
        tap.is_(s.auth_plain().code, 235, "right after wrong")
        tap.is_(s.send_message().code, 250, "and a mail")
    with Session(CHECK, gw) as s:
        s.ehlo()
        s.cmds("AUTH LOGIN", USER)
        tap.ok(s.cmd(b64("wrong"), 30).starts("535 5.7.8"), "LOGIN: 535")


@tap.test("a wrong token with auth-check")
def wrong_token():
    for name, initial in (("XOAUTH2", xoauth2(token="bad")),
                          ("OAUTHBEARER", oauthbearer(token="bad"))):
        with Session(CHECK, gw) as s:
            s.ehlo()
            reply = s.cmd("AUTH %s %s" % (name, initial), 30)
            tap.is_(reply.code, 334, name + ": the error as a challenge",
                    repr(reply))
            why = base64.b64decode(reply.lines[0]).decode()
            tap.like(why, r'^\{.*"status"', name + ": which is JSON")
            reply = s.cmd("AQ==" if name == "OAUTHBEARER" else "", 30)
            tap.ok(reply.starts("535 5.7.8"), name + ": then 535",
                   repr(reply))
            tap.is_(s.auth_plain().code, 235, name + ": another try")


@tap.test("a wrong token is logged and counted, whatever comes then")
def no_goodbye():
    gw.reset()
    with Session(CHECK, gw) as s:
        s.ehlo()
        tap.is_(s.cmd("AUTH XOAUTH2 " + xoauth2(token="bad"), 30).code, 334,
                "a challenge")
        s.hang_up()
        s.finish()
        tap.ok(any(e["event"] == "auth" for e in s.events()),
               "a client that leaves is in the log", s.log())
    with Session(CHECK + ["max-auth-failures 2"], gw) as s:
        s.ehlo()
        tap.is_(s.cmd("AUTH XOAUTH2 " + xoauth2(token="bad"), 30).code, 334,
                "a challenge")
        tap.is_(s.cmd("a\0b").code, 500, "no answer to it")
        tap.is_(s.cmd("AUTH XOAUTH2 " + xoauth2(token="bad"), 30).code, 421,
                "but it was counted")


@tap.test("wrong passwords without auth-check are found at the dot")
def unchecked():
    gw.reset()
    with Session([], gw) as s:
        s.ehlo()
        tap.is_(s.auth_plain("alice", "wrong").code, 235, "AUTH: 235")
        reply = s.send_message()
        tap.ok(reply.starts("535 5.7.8 Authentication failed"),
               "the dot: 535 5.7.8 Authentication failed", repr(reply))
    tap.is_([r.path for r in gw.requests if r.path == "/devices"], [],
            "nobody asked at AUTH time")
    tap.is_(gw.messages, [], "nothing was sent")


@tap.test("the gateway cannot say: 454")
def temporary():
    for action in ("500", "503", "close"):
        gw.reset()
        gw.routes["GET /devices"] = action
        with Session(CHECK, gw) as s:
            s.ehlo()
            reply = s.auth_plain()
            tap.ok(reply.starts("454 4.7.0"), "%s: 454 4.7.0" % action,
                   repr(reply))
            tap.is_(s.mail().code, 530, "%s: not let in" % action)
    gw.reset()
    gw.routes["GET /devices"] = "stall"
    with Session(CHECK + ["timeout-gateway 1"], gw) as s:
        s.ehlo()
        reply = s.auth_plain()
        tap.ok(reply.starts("454 4.7.0"), "stall: 454 4.7.0", repr(reply))
    gw.reset()


@tap.test("AUTH lasts")
def lasts():
    gw.reset()
    with Session([], gw) as s:
        s.ehlo()
        s.auth_plain("bob", "builder")
        first = s.send_message("one")
        s.must("RSET", 250)
        s.must("EHLO again", 250)
        second = s.send_message("two")
        s.must("MAIL FROM:<x@y>", 250)
        s.must("RSET", 250)
        third = s.send_message("three")
        tap.is_([first.code, second.code, third.code], [250] * 3,
                "three mails")
    tap.is_([m["user"] for m in gw.messages], ["bob"] * 3,
            "each with the same credentials")


@tap.test("AUTH in clear")
def clear():
    # (auth-without-tls, peer, env, via, allowed)
    rows = [
        ("no", "127.0.0.1", "tcp", False),
        ("no", OUTSIDE, "tcp", False),
        ("no", None, "pipe", False),
        ("local", "127.0.0.1", "tcp", True),
        ("local", "127.1.2.3", "tcp", True),
        ("local", "::1", "tcp", True),
        ("local", "::ffff:127.0.0.1", "tcp", True),
        ("local", None, "tcp", True),
        ("local", None, "pipe", True),
        ("local", None, "socketpair", True),
        ("local", OUTSIDE, "tcp", False),
        ("local", "10.0.0.1", "tcp", False),
        ("local", "2001:db8::1", "tcp", False),
        ("local", "::ffff:192.0.2.1", "tcp", False),
        ("local", "localhost", "tcp", False),
        ("local", "127.0.0.1.example.org", "tcp", False),
        ("local", "fe80::1%lo", "tcp", False),
        ("yes", OUTSIDE, "tcp", True),
        ("yes", "2001:db8::1", "tcp", True),
    ]
    for rule, peer, via, allowed in rows:
        what = "auth-without-tls %s, %s" % (rule, peer or via)
        with Session(["auth-without-tls " + rule], gw, remote=peer,
                     via=via) as s:
            announced = any(word.startswith("AUTH") for word in s.ehlo())
            tap.is_(announced, allowed, what + ": announced")
            reply = s.auth_plain()
            if allowed:
                tap.is_(reply.code, 235, what + ": accepted")
                continue
            tap.is_(str(reply), "538 5.7.11 Encryption required for "
                    "requested authentication mechanism", what + ": 538")
            tap.is_(s.cmd("AUTH LOGIN").code, 538, what + ": LOGIN too")
            tap.is_(s.mail().code, 530, what + ": not let in")


@tap.test("the peer's address, by each super-server's variables")
def peers():
    for env in ({"TCPREMOTEIP": OUTSIDE}, {"REMOTE_ADDR": OUTSIDE},
                {"REMOTE_HOST": OUTSIDE}):
        with Session([], gw, env=env) as s:
            tap.ok(not any(w.startswith("AUTH") for w in s.ehlo()),
                   "%s is not local" % list(env)[0])
        tap.like(read_log(env), r"peer=\"?%s" % OUTSIDE,
                 "%s is in the log" % list(env)[0])


@tap.test("behind a TLS wrapper that says so")
def wrapped():
    with Session(["auth-without-tls no"], gw, remote=OUTSIDE,
                 env={"SSL_PROTOCOL": "TLSv1.3"}) as s:
        s.ehlo()
        tap.is_(s.auth_plain().code, 235, "SSL_PROTOCOL: AUTH is allowed")
    with Session(["auth-without-tls no"], gw, remote=OUTSIDE,
                 env={"SSL_PROTOCOL": ""}) as s:
        s.ehlo()
        tap.is_(s.auth_plain().code, 538, "empty: it is not")


def read_log(env):
    with Session([], gw, env=env) as s:
        s.quit()
        return s.log()


OWN = own_credentials("own", "0wn secret")


@tap.test("trust")
def trust():
    rows = [
        ("trust 192.0.2.0/24", OUTSIDE, True),
        ("trust 192.0.2.1", OUTSIDE, True),
        ("trust 192.0.2.0/25 198.51.100.0/24", "198.51.100.7", True),
        ("trust 192.0.2.0/24", "::ffff:192.0.2.9", True),
        ("trust 0.0.0.0/0", OUTSIDE, True),
        ("trust 2001:db8::/33", "2001:db8:7fff::1", True),
        ("trust 2001:db8::/33", "2001:db8:8000::1", False),
        ("trust 192.0.2.0/25", "192.0.2.128", False),
        ("trust 0.0.0.0/0", "2001:db8::1", False),
        ("trust 127.0.0.0/8", OUTSIDE, False),
        ("trust 192.0.2.0/24", "192.0.2.1.example.org", False),
    ]
    for line, peer, trusted in rows:
        with Session([line, *OWN[1:]], gw, remote=peer) as s:
            s.ehlo()
            tap.is_(s.mail().code, 250 if trusted else 530,
                    "%s, %s: %s" % (line, peer, trusted))
    gw.reset()
    with Session(["trust 127.0.0.1", *OWN[1:]], gw) as s:
        s.ehlo()
        s.send_message("trusted")
        s.cmd("AUTH PLAIN " + PLAIN)
        s.send_message("as alice")
    tap.is_([(m["textMessage"]["text"], m["user"]) for m in gw.messages],
            [("trusted", "own"), ("as alice", "alice")],
            "own credentials; the client's after AUTH")


@tap.test("auth none")
def none():
    gw.reset()
    with Session(OWN, gw, remote=OUTSIDE) as s:
        s.ehlo()
        reply = s.cmd("AUTH PLAIN " + PLAIN)
        tap.ok(reply.code in (500, 502, 503), "there is no AUTH",
               repr(reply))
        tap.is_(s.send_message().code, 250, "nor is it needed")
    tap.is_([m["user"] for m in gw.messages], ["own"], "own credentials")
    gw.reset()
    with Session(own_token("t0ken.abc-_~+/="), gw) as s:
        s.must("HELO c", 250)
        tap.is_(s.send_message().code, 250, "HELO will do")
    tap.is_(header(), BEARER, "a token of our own")


@tap.test("auth any: whatever is given is taken, and is handed on to nobody")
def any_credentials():
    lines = ["auth any", *OWN[1:]]
    tries = [["AUTH PLAIN " + PLAIN], ["AUTH PLAIN", b64("\0x\0y")],
             ["AUTH LOGIN", b64("printer"), b64("no:such\1password")],
             ["AUTH LOGIN =", b64("")],
             ["AUTH PLAIN " + b64("a\0b\0c")],
             ["AUTH XOAUTH2 " + xoauth2(token="bad")]]
    for words in tries:
        gw.reset()
        with Session(lines, gw) as s:
            tap.ok(any(w.startswith("AUTH") for w in s.ehlo()), "announced")
            tap.is_(s.mail().code, 530, "a client must give something")
            tap.is_(s.cmds(*words)[-1], "235 2.7.0 Authentication successful",
                    " ".join(words))
            tap.is_(s.send_message().code, 250, "and may send")
            s.quit()
            tap.is_([e.get("result") for e in s.events()
                     if e["event"] == "auth"], ["unchecked"], "unchecked")
        tap.is_([m["user"] for m in gw.messages], ["own"],
                "with the configuration's credentials")
        # what warms the connection up has none
        tap.is_({r.header("authorization") for r in gw.requests} - {None},
                {"Basic " + b64("own:0wn secret")}, "and no others")


@tap.test("auth any: not from other hosts, unless by TLS or trust")
def any_peer():
    tls = {"SSL_PROTOCOL": "TLSv1.3"}
    rows = [([], None, {}, True), ([], "127.0.0.1", {}, True),
            ([], OUTSIDE, {}, False), ([], OUTSIDE, tls, True),
            (["auth-without-tls yes"], OUTSIDE, {}, False),
            (["auth-without-tls no"], None, {}, False),
            (["trust " + OUTSIDE], OUTSIDE, {}, True),
            (["trust 192.0.2.2"], OUTSIDE, {}, False)]
    for more, peer, env, good in rows:
        what = "%s from %s %s" % (more, peer, env)
        with Session(["auth any", *OWN[1:], *more], gw, remote=peer,
                     env=env) as s:
            announced = any(w.startswith("AUTH") for w in s.ehlo())
            tap.is_(announced, good, what + ": announced")
            reply = s.auth_plain("x", "y")
            tap.is_(reply.code, 235 if good else 538, what)
            tap.is_(s.mail().code, 250 if good else 530, "... MAIL")


@tap.test("result: ok where somebody has judged, else unchecked")
def results():
    for lines, want in ([], "unchecked"), (CHECK, "ok"):
        for args in [], ["-n"]:
            with Session(lines, gw, args=args) as s:
                s.ehlo()
                s.auth_plain()
                s.quit()
                tap.is_([e.get("result") for e in s.events()
                         if e["event"] == "auth"],
                        ["unchecked" if args else want],
                        "%s %s" % (lines, args))


def timed(call):
    start = time.monotonic()
    reply = call()
    return reply, time.monotonic() - start


@tap.test("a 535 behind the dot waits and is counted as one of AUTH is")
def counted():
    gw.reset()
    with Session(["max-auth-failures 2"], gw) as s:
        s.ehlo()
        s.auth_plain("alice", "wrong")
        reply, took = timed(s.send_message)
        tap.ok(reply.starts("535 5.7.8"), "the first: 535", repr(reply))
        tap.ok(took > 0.9, "after a second", took)
        reply, took = timed(lambda: s.send_message("again"))
        tap.is_(str(reply), "421 4.7.0 Too many authentication failures",
                "the second: 421")
        tap.ok(took > 0.9, "after a second", took)
        tap.is_(s.rest(), b"", "and the connection is closed")
        tap.is_(s.finish(), 0, "exit 0")
        tap.is_([e.get("result") for e in s.events() if e["event"] == "auth"],
                ["unchecked", "wrong", "wrong"], "the log")
    with Session(OWN[:1] + own_credentials("own", "wrong")[1:]
                 + ["max-auth-failures 1"], gw) as s:
        s.ehlo()
        tap.is_([s.send_message("x%d" % i).code for i in range(2)],
                [535, 535], "a password of the configuration is not its "
                "clients' fault")


@tap.test("a 454 waits and is counted as an error")
def temporary_counted():
    gw.reset()
    gw.routes["GET /devices"] = "500"
    with Session(CHECK + ["max-errors 3"], gw) as s:
        s.ehlo()
        replies = [timed(s.auth_plain) for _ in range(3)]
        tap.is_([r.code for r, _ in replies], [454, 454, 421], "the replies")
        tap.ok(all(took > 0.9 for _, took in replies), "each after a second",
               replies)
        tap.is_(s.rest(), b"", "then it is over")
    gw.reset()
    gw.routes["GET /devices"] = "500"
    with Session(CHECK, gw) as s:
        s.ehlo()
        s.send(("AUTH PLAIN " + PLAIN + "\r\n") * 400)
        s.reply()
        s.reset()
        _, took = timed(s.finish)
        tap.ok(took < 4, "a client that has gone is not served", took)
        asked = len([r for r in gw.requests if r.path == "/devices"])
        tap.ok(asked < 4, "nor is the gateway asked for it", asked)
        tap.ok(len(s.log().splitlines()) < 30, "nor is the log filled")
    gw.reset()


@tap.test("AUTH and PIPELINING")
def pipelining():
    gw.reset()
    with Session([], gw) as s:
        s.send("EHLO c\r\nAUTH LOGIN\r\n%s\r\n%s\r\nMAIL FROM:<a@b>\r\n"
               "RCPT TO:<%s@sms.test>\r\nDATA\r\n" % (USER, SECRET, NUMBER))
        codes = [r.code for r in s.replies(7)]
        tap.is_(codes, [250, 334, 334, 235, 250, 250, 354],
                "all of it in one packet")
        tap.is_(s.raw_data("\r\nhello\r\n.\r\n").code, 250, "and the mail")


@tap.test("lines of AUTH may be 12288 octets long")
def long_lines():
    password = "p" * 8000
    gw.reset()
    gw.users["long"] = password
    with Session([], gw) as s:
        s.ehlo()
        tap.is_(s.auth_plain("long", password).code, 235,
                "a password of 8000 octets")
        s.send_message()
    tap.is_(header(), basic("long", password), "is handed on")
    # 12288 octets with the CRLF, whatever they are: no 500
    with Session([], gw) as s:
        s.ehlo()
        line = "AUTH PLAIN " + "A" * (12288 - 2 - 11)
        tap.is_(s.cmd(line).code, 501, "12288 octets: nonsense, but read")
        tap.ok(s.cmd(line + "A").starts("500 5.5.6"), "12289: 500 5.5.6")
        tap.is_(s.cmd("NOOP").code, 250, "the session goes on")
        s.must("AUTH PLAIN", 334)
        tap.ok(s.cmd("A" * 12287).starts("500 5.5.6"),
               "12289 in an answer: 500 5.5.6")
        tap.is_(s.cmd("NOOP").code, 250, "and AUTH is over")
        s.must("AUTH PLAIN", 334)
        s.send("A" * 1000000 + "\r\n")
        tap.ok(s.reply().starts("500 5.5.6"), "a million: 500 5.5.6")
        tap.is_(s.auth_plain().code, 235, "then the right thing")


tap.run()
