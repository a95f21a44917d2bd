"""One message, several requests: what is told, what a retry repeats."""

import json
import os
import tempfile

import tap
from gateway import Gateway
from smtp import TOP, Session, own_credentials

gw = Gateway()
OWN = own_credentials()
FOLDER = tempfile.TemporaryDirectory(prefix="smtp2sms-several.")
NUMBERS = ["+4915100000%02d" % i for i in range(5)]


def descriptor(**changes):
    """SMSGate's descriptor with changes; its path."""
    with open(os.path.join(TOP, "gateways", "smsgate.json")) as file:
        made = json.load(file)
    del made["variables"]   # which need not all be used after the changes
    made.update(changes)
    with tempfile.NamedTemporaryFile("w", suffix=".json", dir=FOLDER.name,
                                     delete=False) as file:
        json.dump(made, file)
    return file.name


PAIRS = ["gateway " + descriptor(to={"mode": "array", "max": 2})]
ONE = ["gateway " + descriptor(
    to={"mode": "one"}, body={"type": "json", "template": {
        "id": "${id!}", "phoneNumbers": ["${to!}"],
        "textMessage": {"text": "${text!}"}}})]


def told(lines, actions, numbers):
    """The reply to a mail to these numbers, with these answers."""
    gw.choose = lambda request: actions.get(
        request.json()["phoneNumbers"][0], "ok")
    with Session(OWN + lines + ["timeout-gateway 1"], gw) as s:
        s.ehlo()
        return s.send_message("hello", numbers)


@tap.test("two at a time")
def pairs():
    with Session(OWN + PAIRS, gw) as s:
        s.ehlo()
        reply = s.send_message("hello", NUMBERS)
        tap.is_(reply.code, 250, "250")
        tap.like(str(reply), "5 recipients", "for all")
    tap.is_(sorted(m["phoneNumbers"] for m in gw.messages),
            [NUMBERS[:2], NUMBERS[2:4], NUMBERS[4:]], "three requests")
    tap.is_(len({m["id"] for m in gw.messages}), 3, "each has its id")


@tap.test("one at a time")
def ones():
    gw.reset()
    with Session(OWN + ONE, gw) as s:
        s.ehlo()
        tap.is_(s.send_message("hello", NUMBERS).code, 250, "250")
    tap.is_(sorted(m["phoneNumbers"] for m in gw.messages),
            [[n] for n in NUMBERS], "five requests")


# (the answers, in the order of the numbers, documented, retry)
MIXED = [
    (["ok", "ok"], 250, 250),
    (["ok", "500"], 550, 451),
    (["500", "ok"], 550, 451),
    (["ok", "400:{}"], 450, 554),
    (["ok", "401"], 535, 535),
    (["ok", "stall"], 451, 451),
    (["ok", "close"], 451, 451),
    # what can be tried again decides
    (["500", "400:{}"], 450, 451),
    (["400:{}", "500"], 450, 451),
    (["400:{}", "429:{}"], 450, 451),
    (["429:{}", "400:{}"], 450, 451),
    (["500", "stall"], 451, 451),
    (["stall", "500"], 451, 451),
    (["401", "stall"], 451, 451),
    (["400:{}", "stall"], (450, 451), 451),
    (["401", "400:{}"], (450, 535), (535, 554)),
]


@tap.test("the answer is that of the worst")
def worst():
    for answers, *wants in MIXED:
        for lines, want in zip(([], ["replies retry"]), wants):
            gw.reset()
            actions = dict(zip(NUMBERS, answers))
            reply = told(ONE + lines, actions, NUMBERS[:2])
            codes = want if isinstance(want, tuple) else (want,)
            tap.ok(reply.code in codes, "%s, %s: %s" % (
                answers, lines[0] if lines else "documented", want),
                repr(reply))


@tap.test("the log has each status")
def statuses():
    gw.reset()
    gw.choose = lambda request: {
        NUMBERS[0]: "503", NUMBERS[1]: "429:{}"}.get(
            request.json()["phoneNumbers"][0], "ok")
    with Session(OWN + ONE + ["replies retry"], gw) as s:
        s.ehlo()
        tap.is_(s.send_message("hello", NUMBERS).code, 451, "451")
        s.quit()
        said = [(e["recipients"], e["status"]) for e in s.events()
                if e["event"] == "message" and e["outcome"] != "accepted"]
        tap.is_(said, [("1", "503"), ("1", "429")], "of each recipient")


@tap.test("a retry repeats what was not taken")
def retry():
    gw.reset()
    actions = {NUMBERS[1]: "503", NUMBERS[3]: "lost", NUMBERS[4]: "stall"}
    reply = told(ONE, actions, NUMBERS)
    tap.is_(reply.code, 451, "first: 451", repr(reply))
    taken = {m["phoneNumbers"][0] for m in gw.messages}
    tap.is_(taken, {NUMBERS[0], NUMBERS[2], NUMBERS[3]},
            "three were taken, one of them without a word")
    reply = told(ONE, {}, NUMBERS)
    tap.is_(reply.code, 250, "the retry: 250", repr(reply))
    tap.is_(sorted(m["phoneNumbers"][0] for m in gw.messages), NUMBERS,
            "each number has the message once")


@tap.test("a descriptor's own rules")
def rules():
    body = {"message": "no credit left"}
    for then, want in (("temporary", "451"), ("permanent", "554 5.0.0"),
                       ("credentials", "535 5.7.8"), ("accepted", "250")):
        for status in (200, 202, 400, 401, 409, 500):
            rule = {"status": status, "then": then,
                    "match": {"path": "/message", "regex": "^no credit"}}
            line = "gateway " + descriptor(rules=[rule])
            for replies in ([], ["replies retry"]):
                gw.reset()
                gw.queue("%d:%s" % (status, json.dumps(body)))
                with Session(OWN + [line] + replies, gw) as s:
                    s.ehlo()
                    reply = s.send_message()
                    tap.ok(reply.starts(want), "%d is %s%s: %s" % (
                        status, then, " (retry)" if replies else "", want),
                        repr(reply))


@tap.test("rules that do not match")
def no_match():
    rows = [({"status": 400, "match": {"regex": "credit"}}, "400:none", 450),
            ({"status": 400, "match": {"regex": "credit"}}, "400:credit",
             554),
            ({"match": {"path": "/a/0/b~1c", "regex": "^x$"}},
             '400:{"a":[{"b/c":"x"}]}', 554),
            ({"match": {"path": "/a/1/b", "regex": "^x$"}},
             '400:{"a":[{"b":"x"}]}', 450),
            ({"match": {"path": "/a", "regex": "^7$"}}, '400:{"a":7}', 554),
            ({"match": {"path": "/a", "regex": "."}}, '400:{"a":null}', 450),
            ({"match": {"path": "/a", "regex": "x"}}, "400:x", 450)]
    for rule, action, code in rows:
        line = "gateway " + descriptor(rules=[dict(rule, then="permanent")])
        gw.reset()
        gw.queue(action)
        with Session(OWN + [line], gw) as s:
            s.ehlo()
            reply = s.send_message()
            tap.is_(reply.code, code, "%s, %s" % (rule, action), repr(reply))


@tap.test("numbers without a +, and short codes")
def digits():
    gw.reset()
    line = "gateway " + descriptor(
        to={"mode": "array", "max": 9, "format": "digits"})
    with Session(OWN + [line, "allow-short yes"], gw) as s:
        s.ehlo()
        s.send_message("hello", [NUMBERS[0], "12345"])
    tap.is_(gw.posts()[0].json()["phoneNumbers"], [NUMBERS[0][1:], "12345"],
            "format digits")


@tap.test("a descriptor that is broken")
def broken():
    rows = [dict(url="${nothing}/x"), dict(url="ftp://x"), dict(auth={}),
            dict(to={"mode": "many"}), dict(ok={"status": []}),
            dict(extra=1), dict(url="${base"), dict(id="id"),
            dict(rules=[{"then": "nothing"}]),
            dict(rules=[{"then": "accepted", "match": {"regex": "("}}])]
    for change in rows:
        gw.reset()
        with Session(OWN + ["gateway " + descriptor(**change)], gw) as s:
            s.ehlo()
            s.send("MAIL FROM:<a@b>\r\nRCPT TO:<+4915112345678@sms.test>\r\n"
                   "DATA\r\n")
            codes = [s.reply().code]
            while codes[-1] == 250:
                codes.append(s.reply().code)
            if codes[-1] == 354:
                codes.append(s.raw_data("\r\nhello\r\n.\r\n").code)
            tap.ok(codes[-1] in (421, 451), "%s: temporary" % change, codes)
            s.try_send("QUIT\r\n")
            s.rest()
            s.finish()
            tap.ok(".json" in s.log(), "%s: the log says where" % change,
                   s.log())
        tap.is_(gw.posts(), [], "%s: nothing was sent" % change)


tap.run()
