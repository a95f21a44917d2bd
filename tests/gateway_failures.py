"""The table of smtp2sms-deliver(8), "When a gateway fails": each of its rows.

The rows are read from the manual: for what the gateway does in each of them
there is an entry in WAYS, and the rest of the row is what has to happen.
"""

import os

import tap
from gateway import Gateway
from roads_lib import (FIRST, OWN, SECOND, descriptor, lines, mail, reset,
                       without_ids)
from smtp import TOP

MANUAL = os.path.join(TOP, "man", "smtp2sms-deliver.8")


def rows():
    """{what the gateway does: (outcome, next, reply)}"""
    with open(MANUAL) as file:
        text = file.read()
    table = text[text.index(".Ss When a gateway fails"):]
    table = table[table.index(".Bl -column"):table.index(".El")]
    found = {}
    for line in table.split("\n"):
        cells = [cell.strip().replace("\\&", "")
                 for cell in line.replace(".It ", "").split(" Ta ")]
        if len(cells) == 4 and not cells[0].startswith("Em "):
            found[cells[0]] = tuple(cells[1:])
    return found


def says(*actions):
    """It answers a message like this; so does each of these ways."""
    def way(action):
        FIRST.default = action
        return without_ids("one")
    return [lambda action=action: way(action) for action in actions]


def rule(then):
    """It says 404, and its descriptor has a rule for that."""
    def way():
        FIRST.default = "404:{}"
        return descriptor("one", ["lookup"], ids=False,
                          rules=[{"status": 404, "then": then}])
    return [way]


def away():
    FIRST.refuse()
    return without_ids("one")


def nameless():
    return without_ids("one", url="http://nowhere.invalid/messages")


def small():
    return descriptor("one", limits={"text": 3})


WAYS = {
    "Has no address, refuses the connection": [away, nameless],
    "Has a wrong certificate": None,    # a gateway of its own
    "Answers 401, 403": says("401", "403"),
    "Answers 429, 408, 425": says("429:{}", "408:{}", "425:{}"),
    "Answers 400, 404, 422": says("400:{}", "404:{}", "422:{}"),
    "Answers 500, 503": says("500", "503"),
    "Answers 502, 504": says("502", "504"),
    "Redirects": says("redirect:302:http://127.0.0.1/"),
    "Answers 2xx that cannot be read": says("garbage-202", "200:<p>hello"),
    "Does not answer, or not all, in time": says("stall", "lost-stall", "half"),
    "Hangs up before the answer": says("close", "lost", "reset"),
    "Cuts the answer": says("lost-middle"),
    "Answers what is no HTTP": says("not-http"),
    "Rule: temporary": rule("temporary"),
    "Rule: credentials": rule("credentials"),
    "Rule: next": rule("next"),
    "Rule: permanent": rule("permanent"),
    "Cannot take the message": [small],
}


def back():
    reset()
    if FIRST.socket is None:
        FIRST.listen()


def check(what, one, want):
    """One way in which it fails: alone, and before another gateway."""
    result, goes, code = want
    alone = [*OWN, "gateway " + one, "set base " + FIRST.url,
             "timeout-gateway 1", "replies retry"]
    reply, log = mail(alone)
    tap.is_(reply.code, int(code), "%s, alone: %s" % (what, code), log)
    tap.like(log, "event=message .* outcome=%s " % result,
             "and the log says " + result)
    for unknown in ("retry", "drop"):
        SECOND.reset()
        reply, log = mail(lines(one, None, "replies retry",
                                "on-unknown " + unknown))
        asked = goes == "yes" or (goes == "maybe" and unknown == "retry")
        tap.is_(len(SECOND.messages), int(asked),
                "%s, on-unknown %s: the next one is %sasked" % (
                    what, unknown, "" if asked else "not "), log)
        tap.is_(reply.code, 250 if asked else int(code), "and the reply", log)


@tap.test("the table has a row for each way, and no other")
def complete():
    tap.is_(sorted(rows()), sorted(WAYS), "they are the same")


@tap.test("each row")
def each():
    for what, ways in WAYS.items():
        for way in ways or []:
            back()
            check(what, way(), rows()[what])
    back()


@tap.test("a wrong certificate")
def certificate():
    what = "Has a wrong certificate"
    with Gateway(tls="self-signed") as bad:
        reset()
        check(what, without_ids("one", url=bad.url + "/messages"),
              rows()[what])


tap.run(240)
