"""A request for several recipients that is refused as a whole."""

import json
import os
import tempfile

import link_lib
import tap
from gateway import Gateway
from smtp import TOP, Session, own_credentials

gw = Gateway()
OWN = own_credentials()
FOLDER = tempfile.TemporaryDirectory(prefix="smtp2sms-apart.")
NUMBERS = ["+4915100000%02d" % i for i in range(16)]
REFUSED = '400:{"message":"invalid phone number"}'


def refuse(*bad, action=REFUSED):
    """SMSGate as it is: one number that is not valid, and all are refused."""
    gw.reset()
    gw.choose = lambda request: (
        action if request.method == "POST" and
        set(bad) & set(request.json()["phoneNumbers"]) else "ok")


def served():
    """The numbers of the messages that were accepted, in order."""
    return sorted(n for m in gw.messages for n in m["phoneNumbers"])


def descriptor(**changes):
    """SMSGate's descriptor with changes; its path."""
    with open(os.path.join(TOP, "gateways", "smsgate.json")) as file:
        made = json.load(file)
    made.update(changes)
    with tempfile.NamedTemporaryFile("w", suffix=".json", dir=FOLDER.name,
                                     delete=False) as file:
        json.dump(made, file)
    return file.name


@tap.test("only the bad ones are refused, wherever they stand")
def only_the_bad():
    for bad in ([0], [15], [7], [0, 15], [3, 4], [1, 6, 11], range(16)):
        numbers = [NUMBERS[i] for i in bad]
        refuse(*numbers)
        got, log = link_lib.send(OWN, gw, "hello", NUMBERS)
        want = ["refused" if n in numbers else "accepted" for n in NUMBERS]
        tap.is_([outcome for outcome, _ in got], want,
                "%d of 16" % len(numbers), log)
        tap.is_(served(), sorted(set(NUMBERS) - set(numbers)),
                "each of the others has one SMS")
        tap.ok(len(gw.posts()) <= 2 * 16 - 1, "and there are few requests",
               len(gw.posts()))
        tap.like(log, "refused as a whole; sent again in two halves",
                 "the log says so")


@tap.test("what is not a refusal of the whole is not taken apart")
def whole():
    for action in ("401", "500", "429:{}", "404:{}", "409:{}", "503"):
        refuse(NUMBERS[3], action=action)
        link_lib.send(OWN, gw, "hello", NUMBERS)
        tap.is_((len(gw.posts()), gw.messages), (1, []),
                action + ": one request")
    refuse(NUMBERS[0])
    link_lib.send(OWN, gw, "hello", NUMBERS[:1])
    tap.is_(len(gw.posts()), 1, "nor is a request for one")


@tap.test("413 and 422, and a rule")
def others():
    for action in ("413:{}", "422:{}"):
        refuse(NUMBERS[5], action=action)
        got, _ = link_lib.send(OWN, gw, "hello", NUMBERS)
        tap.is_([o for o, _ in got].count("accepted"), 15, action)
    rules = [{"status": 404, "match": {"path": "/message", "regex": "number"},
              "then": "apart"},
             {"status": 400, "then": "permanent"}]
    lines = [*OWN, "gateway " + descriptor(rules=rules)]
    refuse(NUMBERS[5], action='404:{"message":"no such number"}')
    got, _ = link_lib.send(lines, gw, "hello", NUMBERS)
    tap.is_([o for o, _ in got],
            ["permanent" if n == NUMBERS[5] else "accepted" for n in NUMBERS],
            "then: apart")
    refuse(NUMBERS[5])
    got, _ = link_lib.send(lines, gw, "hello", NUMBERS)
    tap.is_(([o for o, _ in got], len(gw.posts())), (["permanent"] * 16, 1),
            "a rule that says permanent is for all")


@tap.test("LMTP: each recipient has its own reply")
def lmtp():
    refuse(NUMBERS[2])
    with Session(OWN + ["replies retry"], gw, args=["-L"]) as s:
        s.must("LHLO c.test", 250)
        s.must("MAIL FROM:<a@c.test>", 250)
        for number in NUMBERS[:4]:
            s.must("RCPT TO:<%s@sms.test>" % number, 250)
        s.must("DATA", 354)
        s.send(b"Message-ID: <1@c>\r\n\r\nhello\r\n.\r\n")
        replies = [r.code for r in s.replies(4)]
    tap.is_(replies, [250, 250, 554, 250], "three are told that it is sent")


@tap.test("a retry: nobody has two")
def retry():
    for extra in ([], ["journal " + tempfile.mkdtemp(dir=FOLDER.name)]):
        refuse(NUMBERS[2])
        for _ in range(3):
            with Session(OWN + extra, gw) as s:
                s.ehlo()
                s.send_message("hello", NUMBERS[:8],
                               headers="Message-ID: <r@c.test>\r\n")
        tap.is_(served(), sorted(set(NUMBERS[:8]) - {NUMBERS[2]}),
                "with a journal" if extra else "by the gateway's ids")


@tap.test("the deadline holds")
def deadline():
    refuse(NUMBERS[0])
    slow = gw.choose
    gw.choose = lambda request: ("delay:400" if slow(request) == "ok"
                                 else "stall" if len(gw.posts()) > 2
                                 else REFUSED)
    with Session(OWN + ["timeout-gateway 2"], gw) as s:
        s.ehlo()
        reply = s.send_message("hello", NUMBERS)
        tap.is_(reply.code, 451, "451 in time", repr(reply), s.log())
    tap.ok(NUMBERS[15] in served(), "what could be sent was sent")


tap.run(240)
