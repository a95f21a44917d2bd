"""Several gateways: when the next one is asked, and what is told of it."""

import json
import os
import re
import subprocess
import tempfile

import link_lib
import tap
from roads_lib import (FIRST, FOLDER, SECOND, SINGLE, counts, descriptor, lines,
                       mail, reset, without_ids)
from smtp import HOME, NUMBER, Session, secret_file

NUMBERS = ["+4915100000%02d" % i for i in range(4)]


@tap.test("the first serves, and is named")
def first():
    reset()
    reply, log = mail(lines())
    tap.like(str(reply), r"250 2\.0\.0 Message accepted, queued as \S+ by one "
             r"\(1 recipient, 1 part, GSM-7\)", "the reply")
    tap.like(log, "gateway=one outcome=accepted", "and the log")
    tap.is_(counts(), (1, 0), "nothing goes to the second")


# (what the first does, whether it surely has not taken it, on-unknown drop:
#  what the client gets then, under "replies retry")
ACTIONS = [
    ("401", True), ("403", True), ("503", True), ("500", True),
    ("429:{}", True), ("redirect:302:http://127.0.0.1/", True),
    ("404:{}", None), ("400:{}", None),
    ("lost", False), ("stall", False), ("close", False), ("502", False),
    ("garbage-202", False), ("half", False), ("not-http", False),
]


@tap.test("what the first does, and whether the second is asked")
def actions():
    plain = without_ids("one")
    for action, taken in ACTIONS:
        for unknown in ("retry", "drop"):
            reset()
            FIRST.default = action
            reply, log = mail(lines(plain, None, "on-unknown " + unknown,
                                    "replies retry"))
            goes = taken or (taken is False and unknown == "retry")
            want = 250 if goes else 554 if taken is None else 451
            tap.is_(reply.code, want, "%s, on-unknown %s: %d" % (
                action, unknown, want), repr(reply), log)
            tap.is_(len(SECOND.messages), int(bool(goes)),
                    "the second has %d" % bool(goes), log)
            if goes:
                tap.like(str(reply), " by two ", "and is named")


@tap.test("a first that is not there")
def unreachable():
    reset()
    FIRST.refuse()
    reply, log = mail(lines())
    tap.like(str(reply), "250 .* by two ", "no connection: the second")
    tap.like(log, "gateway=one request=\\w+ .*error=", "the log has both")
    FIRST.listen()


@tap.test("both fail: the worst is told")
def both():
    plain = [without_ids("one"), without_ids("two")]
    for one, two, code in (("503", "401", 451), ("401", "503", 451),
                           ("401", "400:{}", 535), ("503", "400:{}", 451),
                           ("503", "stall", 451), ("401", "401", 535)):
        reset()
        FIRST.default, SECOND.default = one, two
        reply, log = mail(lines(*plain, "on-unknown drop", "replies retry"))
        tap.is_(reply.code, code, "%s, then %s: %d" % (one, two, code),
                repr(reply), log)
        tap.is_(len(SECOND.posts()), 1, "the second was asked once")


@tap.test("some of a message's recipients")
def some():
    reset()
    FIRST.choose = lambda request: (
        "503" if request.json()["phoneNumbers"][0] in NUMBERS[:2] else "ok")
    reply, log = mail(lines(descriptor("one", **SINGLE)), NUMBERS)
    tap.is_(reply.code, 250, "250", log)
    tap.is_(sorted(n for m in FIRST.messages for n in m["phoneNumbers"]),
            NUMBERS[2:], "the first serves two")
    tap.is_(sorted(n for m in SECOND.messages for n in m["phoneNumbers"]),
            NUMBERS[:2], "the second the others")
    tap.is_(sorted(re.findall(r"gateway=(\w+) outcome=accepted", log)),
            ["one", "one", "two", "two"], "the log has each recipient's gateway", log)


@tap.test("a rule: next")
def rule():
    reset()
    FIRST.default = '404:{"message":"not routable"}'
    rules = [{"status": 404, "match": {"path": "/message",
                                       "regex": "routable"}, "then": "next"}]
    reply, log = mail(lines(descriptor("one", rules=rules)))
    tap.like(str(reply), "250 .* by two ", "another gateway takes it", log)
    reset()
    FIRST.default = SECOND.default = '404:{"message":"not routable"}'
    reply, log = mail(lines(descriptor("one", rules=rules),
                            descriptor("two", rules=rules)))
    tap.is_(reply.code, 554, "there is none left: permanent", repr(reply), log)


@tap.test("a client that only the gateway can judge")
def passed_on():
    reset()
    FIRST.default = "503"
    conf = [*lines(), "auth gateway"]
    with Session(conf, FIRST) as s:
        s.login("somebody", "password-4711")
        reply = s.send_message("hello")
        tap.ok(reply.code >= 400, "is not served by another", repr(reply))
    tap.is_(counts(), (0, 0), "nothing is sent on our account")


@tap.test("all in time")
def deadline():
    reset()
    FIRST.default, SECOND.default = "stall", "stall"
    reply, log = mail(lines(None, None, "timeout-delivery 2"))
    tap.is_(reply.code, 451, "both stall: 451", repr(reply), log)
    reset()
    FIRST.default = "stall"
    reply, log = mail(lines(None, None, "timeout-delivery 1"))
    tap.is_((reply.code, len(SECOND.posts())), (451, 0),
            "no time is left for the second", repr(reply), log)


@tap.test("what is unknown is remembered with its gateway")
def journal():
    reset()
    conf = lines(without_ids("one"), None, "on-unknown drop",
                 "journal " + tempfile.mkdtemp(dir=FOLDER.name))
    FIRST.default, SECOND.default = "503", "lost-stall"
    reply, log = mail(conf)
    tap.is_(reply.code, 451, "the second is silent", repr(reply), log)
    FIRST.default = SECOND.default = "ok"
    reply, log = mail(conf)
    tap.is_((reply.code, counts()), (250, (0, 1)),
            "a retry asks that one, which has it already", repr(reply), log)


def on_journal(*more):
    return [*more, "journal " + tempfile.mkdtemp(dir=FOLDER.name)]


def loses(post):
    """Once it has got a message this way, it does not say whether it has."""
    posts = []

    def meddle(request):
        posts.extend([post] if request.method == "POST" else [])
        return None if not posts else \
            post if request.method == "POST" else "close"
    return meddle


@tap.test("who may have it is asked, and nobody else")
def nobody_else():
    for one, keyword, before in ((None, "on-unknown drop", 0),
                                 (without_ids("one"), "unknown-tries 0", 1)):
        reset()
        conf = lines(one, None, *on_journal(keyword))
        asked, SECOND.meddle = FIRST, loses("close")
        if before:
            FIRST.default, asked = "lost", SECOND
        else:
            FIRST.meddle = loses("close")
        reply, log = mail(conf)
        tap.is_((reply.code, counts()), (451, (before, 0)),
                keyword + ": nobody knows", repr(reply), log)
        asked.refuse()
        FIRST.default, FIRST.meddle, SECOND.meddle = "ok", None, None
        reply, log = mail(conf)
        tap.is_((reply.code, counts()), (451, (before, 0)),
                "it cannot be asked: later", repr(reply), log)
        asked.listen()
        reply, log = mail(conf)
        tap.is_(counts(), (1, before), "it says that it has none: then it has",
                log)
        tap.like(str(reply), "250 2.0.0 Message accepted", "a 250")


@tap.test("retry: who may have it is asked first, also while it rests")
def asked_first():
    reset()
    FIRST.meddle, SECOND.default = loses("lost"), "503"
    with Session(lines(None, None, *on_journal("replies retry")), FIRST) as s:
        s.ehlo()
        for want in ("451", "250 2.0.0 Already sent"):
            reply = s.send_message("hello", [NUMBER],
                                   headers="Message-ID: <1@c.test>\r\n")
            tap.like(str(reply), want, want, s.log())
            FIRST.meddle, SECOND.default = None, "ok"
    tap.is_(counts(), (1, 0), "it has it once")


@tap.test("a gateway that has failed rests")
def rest():
    for seconds, posts in ((60, 1), (0, 2)):
        reset()
        FIRST.default = "503"
        with Session(lines(None, None, "gateway-rest %d" % seconds),
                     FIRST) as s:
            s.ehlo()
            for number in (1, 2):
                reply = s.send_message("hello", headers="Message-ID: <%d@c>"
                                       "\r\n" % number)
                tap.is_(reply.code, 250, "250", s.log())
        tap.is_(len(FIRST.posts()), posts, "gateway-rest %d: it is asked %d "
                "times" % (seconds, posts))


@tap.test("-n shows the first, and what would be next")
def dry():
    reset()
    _, log = mail(lines(), args=["-n"])
    shown = [json.loads(row) for row in log.splitlines()
             if row.startswith("{")]
    tap.is_(len(shown), 2, "a request, and a line", log)
    tap.is_(shown[1], {"gateway": "one", "next": ["two"]}, "its gateway")
    tap.is_(counts(), (0, 0), "and nothing is sent")


@tap.test("--try: the one that is named")
def one():
    reset()
    with tempfile.TemporaryDirectory(dir=FOLDER.name) as folder:
        path = link_lib.write_configuration(folder, lines(), FIRST)
        for name, want in ((None, (1, 0)), ("one", (2, 0)), ("two", (2, 1))):
            done = subprocess.run(
                [os.path.join(HOME, "smtp2sms-deliver"), "--try", NUMBER,
                 "-f", path] + (["-g", name] if name else []),
                capture_output=True, text=True, check=False)
            tap.is_((done.returncode, counts()), (0, want),
                    "-g %s" % name, done.stdout, done.stderr)
        done = subprocess.run(
            [os.path.join(HOME, "smtp2sms-deliver"), "--try", NUMBER, "-f",
             path, "-g", "three"], capture_output=True, text=True,
            check=False)
        tap.is_(done.returncode, 64, "one that there is not: 64")
        tap.like(done.stderr, "three: .*gateway: one, two", "and which are")


@tap.test("-t checks all, and each line's gateway")
def test():
    secret = secret_file("x")
    for extra, words in (
            ("set two.nothing 1", "set two.nothing: gateway two has no "
             "variable 'nothing'; it has: "),
            ("set three.base x", "there is no gateway of this name"),
            ("set nothing 1", "none of the gateways has this variable"),
            ("set two.sim 9", "'9' must be a number from 1 to 3"),
            ("secret two.nothing " + secret, "gateway two has no variable"),
            ("gateway smsgate smsgate", "'smsgate' is given more than once"),
            ("gateway smsgate nosuch", "nosuch.json: No such file")):
        with Session([*lines(), extra], FIRST, greeting=False,
                     args=["-t"]) as s:
            s.rest()
            code, log = s.finish(), s.log()
        tap.is_(code, 78, extra + ": exit 78", log)
        tap.like(log, words, "and why")
    with Session([*lines(), "set two.sim 2", "set sim 1"], FIRST,
                 greeting=False, args=["-t"]) as s:
        s.rest()
        tap.is_(s.finish(), 0, "a value for one, another for all", s.log())
    reset()
    FIRST.default = "503"
    mail([*lines(), "set two.sim 2", "set sim 1"])
    tap.is_([m.get("simNumber") for m in SECOND.messages], [2],
            "the one for the gateway counts")


tap.run(300)
