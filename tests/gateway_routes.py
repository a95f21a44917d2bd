"""Which gateways a number, a login or a client that nobody knows may have."""

import itertools
import os
import re
import tempfile
import time

import link_lib
import tap
from agent_lib import Agent
from roads_lib import (FIRST, FOLDER, SECOND, counts, descriptor, lines, mail,
                       numbers_of, reset, test, without_ids)
from smtp import SLOW, Session

GERMAN = ["+4915100000%02d" % i for i in range(3)]
SWISS = ["+41791234567", "+41791234568"]
BERLIN = "+493012345678"
US = "+12025550123"
# "secret", cheaply hashed
HASH = ("$6$rounds=1000$k2XAnEHBqQ1Ct2aM$Kusx4StgTAJKgtQ8A1Ud4OEtpvLZ/2wzq/Tix"
        "/qeeqdrvuTHgR6KFuCyOP4TNp5lvuV.tmBxpDTp10bqrWJyv1")


@tap.test("the longest prefix decides, and each way has one request")
def longest():
    reset()
    conf = lines(None, None, "route 49,+41 two", "route 4930 one",
                 "route * one two")
    reply, log = mail(conf, [US, *GERMAN, BERLIN, *SWISS])
    tap.is_(reply.code, 250, "250", repr(reply), log)
    tap.like(str(reply), "7 recipients", "for all")
    tap.is_(numbers_of(SECOND), [sorted(SWISS + GERMAN)],
            "two prefixes of one way: one request")
    tap.is_(sorted(numbers_of(FIRST)), [[US], [BERLIN]],
            "another way with the same first gateway: its own")
    tap.is_(sorted(set(re.findall(r"gateway=(\w+) outcome=accepted", log))),
            ["one", "two"], "the log has both")


@tap.test("without a route for it a number has all gateways")
def rest():
    reset()
    FIRST.default = "503"
    reply, log = mail(lines(None, None, "route 49 one"), [US])
    tap.like(str(reply), "250 .* by two ", "the next one is asked", log)
    reset()
    FIRST.default = "503"
    reply, log = mail(lines(None, None, "route 49 one", "replies retry"),
                      GERMAN)
    tap.is_((reply.code, len(SECOND.posts())), (451, 0),
            "a route of one gateway has no next one", log)
    reset()
    SECOND.default = "503"
    reply, log = mail(lines(None, None, "route 49 two one"), GERMAN)
    tap.like(str(reply), "250 .* by one ", "a route has its own order", log)
    reset()
    mail(lines(None, None, "allow-short yes", "route 1 two"), ["12345"])
    tap.is_(numbers_of(FIRST), [["12345"]], "a short code has no prefix")


@tap.test("one way fails: one reply, and a retry for those alone")
def fails():
    journal = "journal " + tempfile.mkdtemp(dir=FOLDER.name)
    for more in ([journal], []):
        reset()
        conf = lines(None, None, "route 49 two", "route * one",
                     "replies retry", *more)
        SECOND.default = "503"
        reply, log = mail(conf, [US, *GERMAN])
        tap.is_(reply.code, 451, "the worst is told", repr(reply), log)
        tap.is_(counts(), (1, 0), "one way has served")
        SECOND.default = "ok"
        reply, log = mail(conf, [US, *GERMAN])
        tap.is_(reply.code, 250, "the retry: 250", repr(reply), log)
        tap.is_((numbers_of(FIRST), numbers_of(SECOND)), ([[US]], [GERMAN]),
                "nobody has two")
        tap.like(str(reply), "by two .*already sent to 1",
                 "and the reply says so")


@tap.test("LMTP: each recipient has its own reply")
def lmtp():
    reset()
    SECOND.default = "503"
    with Session(lines(None, None, "route 49 two", "route * one",
                       "replies retry"), FIRST, args=["-L"]) as s:
        s.must("LHLO c.test", 250)
        s.must("MAIL FROM:<a@c.test>", 250)
        for number in (GERMAN[0], US, GERMAN[1]):
            s.must("RCPT TO:<%s@sms.test>" % number, 250)
        s.must("DATA", 354)
        s.send(b"Message-ID: <1@c>\r\n\r\nhello\r\n.\r\n")
        replies = s.replies(3)
    tap.is_([r.code for r in replies], [451, 250, 451], "in their order")
    tap.like(str(replies[1]), " by one ", "which names its gateway")


@tap.test("a gateway of the way that cannot take the message")
def limits():
    reset()
    small = descriptor("two", limits={"text": 3})
    reply, log = mail(lines(None, small, "route 49 two", "route * one"),
                      [GERMAN[0], US])
    tap.is_((reply.code, counts()), (554, (1, 0)),
            "the other way has served", repr(reply), log)
    reply, log = mail(lines(None, small, "route 49 two one"), GERMAN)
    tap.is_(reply.code, 250, "another of the same way takes it", log)


@tap.test("-t: routes are shown, and errors refused")
def dry():
    code, out = test(lines(None, None, "route 49,+41 two one", "route * one"))
    tap.is_(code, 0, "good ones", out)
    for want in (r"^route \+49: two, then one$", r"^route \+41: two, then one",
                 r"^route \*: one$"):
        tap.ok(re.search(want, out, re.M), want, out)
    for wrong, words in (
            ("route 49 three", r"route \+49: 'three' is none of the gateways"),
            ("route 49 one one", r"route \+49: 'one' is given more than once"),
            ("route 49", "requires prefixes and at least one gateway"),
            ("route x one", "'x' is not a country code"),
            ("route 49,,41 one", "'' is not a country code"),
            ("route 0151 one", "'0151' begins with a country code"),
            ("route 41,49,+49 one", "route .49: given more than once, first "
             r"on line \d+"),
            ("route *,* one", r"route \*: given more than once, first on")):
        code, out = test(lines(None, None, wrong))
        tap.is_(code, 78, wrong + ": exit 78", out)
        tap.like(out, words, "and why")


def users(options):
    path = os.path.join(tempfile.mkdtemp(dir=FOLDER.name), "users")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write("bob %s %s\n" % (HASH, options))
    return "auth users " + path


def bob(conf, numbers):
    with Session(conf, FIRST) as s:
        s.login("bob", "secret")
        reply = s.send_message("hello", numbers)
        link_lib.leave(s)
        return reply, s.log()


@tap.test("a login's line has its own gateways")
def login():
    reset()
    conf = lines(None, None, "route 49 one", users("gateway=two"))
    reply, log = bob(conf, [GERMAN[0], US])
    tap.is_(reply.code, 250, "250", repr(reply), log)
    tap.is_((numbers_of(FIRST), numbers_of(SECOND)), ([], [[US, GERMAN[0]]]),
            "in place of every route")
    reset()
    SECOND.default = "503"
    reply, log = bob(lines(None, None, users("gateway=two,one")), GERMAN)
    tap.like(str(reply), "250 .* by one ", "in its order", log)
    reset()
    FIRST.users["bobs"] = SECOND.users["bobs"] = "own"
    SECOND.default = "503"
    own = users("gateway=two,one gateway-user=bobs gateway-password=own")
    reply, log = bob(lines(None, None, own), GERMAN)
    tap.is_((SECOND.user(SECOND.posts()[0]), FIRST.user(FIRST.posts()[0])),
            ("bobs", "alice"), "its account is the first one's of these", log)


@tap.test("a login's line that is wrong")
def wrong_login():
    for options, words in (
            ("gateway=three", "gateway: 'three' is none of the config"),
            ("gateway=one,one", "gateway: 'one' is given more than once"),
            ("gateway=one,", "gateway: '' is none of the config")):
        code, out = test(lines(None, None, users(options)))
        tap.is_(code, 78, options + ": exit 78", out)
        tap.like(out, "users:1: " + words, "and why")


def passed_on(conf, number=US, password="builder", user="bob"):
    """A client that logs in with its account at the first gateway."""
    with Session([*conf, "auth gateway"], FIRST) as s:
        s.login(user, password)
        reply = s.send_message("hello", [number])
        link_lib.leave(s)
        return reply, s.log()


@tap.test("auth gateway: the first one judges, before another serves")
def judged():
    one = without_ids("one")
    for action, password, want in (
            ("503", "builder", 250), ("403", "builder", 250),
            ("503", "wrong", 535), ("401", "wrong", 535)):
        reset()
        FIRST.default = action
        reply, log = passed_on(lines(one, None, "replies retry"),
                               password=password)
        tap.is_(reply.code, want, "%s, %s: %d" % (action, password, want),
                repr(reply), log)
        served = int(want == 250)
        tap.is_(len(SECOND.messages), served, "the second has %d" % served)
        if served:
            tap.is_(SECOND.messages[0]["user"], "alice",
                    "with our account, not the client's")
    reset()
    FIRST.routes["GET /devices"] = "ok"
    SECOND.default = "401"
    with Session([*lines(None, None, "route 49 two"), "auth gateway",
                  "max-auth-failures 1"], FIRST) as s:
        s.login("bob", "builder")
        tap.is_(s.send_message("hello", [GERMAN[0]]).code, 535,
                "our account at the second is refused")
        tap.is_(s.send_message("hello", [US]).code, 250,
                "which is no failed password of the client's", s.log())
    for action in ("stall", "lost", "close"):
        reset()
        FIRST.default = action
        reply, log = passed_on(lines(one, None, "on-unknown retry"))
        tap.is_((reply.code, SECOND.posts()), (451, []),
                action + ": nobody can judge it", repr(reply), log)


@tap.test("auth gateway: a route past the one that judges")
def past():
    conf = lines(None, None, "route 49 two")
    reset()
    reply, log = passed_on(conf, GERMAN[0])
    tap.is_((reply.code, counts()), (250, (0, 1)), "a good password", log)
    reset()
    reply, log = passed_on(conf, GERMAN[0], "wrong")
    tap.is_((reply.code, counts()), (535, (0, 0)), "a wrong one",
            repr(reply), log)
    reset()
    FIRST.routes["GET /devices"] = "500"
    reply, log = passed_on(conf, GERMAN[0])
    tap.is_((reply.code, counts()), (451, (0, 0)), "nobody knows",
            repr(reply), log)
    blind = lines(descriptor("one", ["check"]), None, "route 49 two")
    reset()
    reply, log = passed_on(blind, GERMAN[0])
    tap.is_((reply.code, counts()), (554, (0, 0)),
            "one that cannot be asked: refused", repr(reply), log)
    tap.like(log, "only the first gateway can judge", "and why")
    reset()
    FIRST.default = "503"
    reply, log = passed_on(blind)
    tap.is_(len(SECOND.posts()), 0, "nor is another asked after it", log)
    code, out = test([*blind, "auth gateway"])
    tap.like(out, "served by one alone, which judges", "-t says so", code)
    reset()
    reply, log = passed_on([*conf, "auth-check yes"], GERMAN[0])
    tap.is_((reply.code, len(FIRST.requests)), (250, 1),
            "auth-check: asked once, at AUTH", log)


@tap.test("one client's wrong password does not make a gateway rest")
def wrong_password():
    for action, password in (("ok", "wrong"), ("429:{}", "builder")):
        reset()
        FIRST.default = action
        with Agent([*lines(), "auth gateway", "replies retry"],
                   FIRST) as agent:
            with agent.session() as s:
                s.login("bob", password)
                s.send_message("hello", [US])
                s.quit()
            FIRST.default = "ok"
            with agent.session() as s:
                s.login("alice", "wonderland")
                reply = s.send_message("hello again", [US])
                tap.like(str(reply), "250 .* by one ", "%s, %s: another "
                         "client has it first" % (action, password),
                         agent.log())


def mails_until(s, condition):
    """Send mails until the condition holds; how many were needed."""
    limit = time.monotonic() + 20 * SLOW
    for count in itertools.count(1):
        assert time.monotonic() < limit, s.log()
        reply = s.send_message("hello", headers="")
        tap.is_(reply.code, 250, "mail %d: 250" % count, s.log())
        if FIRST.wait_for(condition, 0.1 / SLOW):
            return count


@tap.test("after its rest a request that sends nothing is first")
def back():
    silent = descriptor("one", ["check", "warm"])
    warm = descriptor("one", ["check"])
    for path, one, asked in (("/devices", None, True),
                             ("/health", warm, True), ("", silent, False)):
        reset()
        FIRST.default = "503"
        with Session(lines(one, None, "gateway-rest 1"), FIRST) as s:
            s.ehlo()
            if asked:
                FIRST.routes["GET " + path] = "stall" if path == "/devices" \
                    else "404"
            s.send_message("hello", headers="")
            before = len(FIRST.requests)
            mails_until(s, lambda: len(FIRST.requests) > before)
            found = FIRST.requests[before]
            tap.is_((found.method, found.path),
                    ("GET", path) if asked else ("POST", "/messages"),
                    "%s: one request" % (path or "neither"))
            tap.is_(len(FIRST.posts()), 1 if asked else 2,
                    "no other message has waited for it")
            FIRST.default = "ok"
            FIRST.routes.clear()
            mails_until(s, lambda: FIRST.messages)
            s.quit()
            tap.ok(asked == ("request=probe" in s.log()), "the log has it",
                   s.log())


tap.run(240)
