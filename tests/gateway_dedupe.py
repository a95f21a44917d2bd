"""The same message again: what is sent, and what is known already.

tests/gateway_request.py has what makes an id; here it is counted how many
SMS two mails are: by the gateway's ids, by a window of time (dedupe text),
and by the journal.
"""

import json
import os
import re
import signal
import threading
import time

import tap
from agent_lib import Agent
from gateway import Gateway, Gone, Response
from journal_lib import date, folder, journal, without_ids
from smtp import (NUMBER, SLOW, TOP, WRAP, Session, own_credentials,
                  wait_until)

gw = Gateway()
OWN = own_credentials()
NUMBERS = ["+4915100000%02d" % i for i in range(3)]
DATE = date(60)
WINDOW = int(3 * SLOW)      # seconds
BY_TEXT = ["dedupe text", "dedupe-window %d" % WINDOW]


def mail(lines, text="hello", numbers=(NUMBER,), ident="1", more=""):
    """The reply to a mail in a session of its own."""
    headers = ("Message-ID: <%s@client.test>\r\n" % ident if ident else
               "") + more
    with Session(OWN + list(lines), gw) as s:
        s.ehlo()
        return s.send_message(text, numbers, headers or "X-Other: 1\r\n")


def sent():
    """What the gateway has accepted since the last call: (numbers, text)."""
    with gw.lock:
        messages = [(m["phoneNumbers"], m["textMessage"]["text"])
                    for m in gw.messages]
    gw.reset()
    return messages


def middle():
    """Wait for the first half of a window of time."""
    while time.time() % WINDOW > WINDOW / 2:
        time.sleep(0.05)


class Slow(Exception):
    """This machine is too slow for such a window."""


def wait_for_time(moment):
    """Sleep until then, by the clock of the day, which dedupe-window means."""
    while time.time() < moment:
        time.sleep(min(0.05, max(moment - time.time(), 0)))


def twice(lines, first, second, count, name):
    """Two mails, the second as the first but for what it names."""
    gw.reset()
    codes = [mail(lines, **first).code, mail(lines, **second).code]
    tap.is_(codes, [250, 250], name + ": both are accepted")
    tap.is_(len(sent()), count, name + ": %d SMS" % count)


@tap.test("the same message")
def message():
    other = dict(ident="", more=DATE)
    for lines in [], journal():
        kind = "journal" if lines else "ids"
        for name, first, second, count in (
                ("Message-ID", {}, {}, 1),
                ("another Message-ID", {}, {"ident": "2"}, 2),
                ("another text", {}, {"text": "hallo"}, 2),
                ("another recipient", {}, {"numbers": NUMBERS[:1]}, 2),
                ("Date", other, other, 1),
                ("another Date", other, dict(
                    other, more=date(90)), 2),
                ("neither", {"ident": ""}, {"ident": ""}, 2)):
            # each in a text of its own, so that none is like another
            def own(values):
                return dict(values, text=name + values.get("text", ""))
            twice(lines, own(first), own(second), count,
                  "%s, %s" % (kind, name))


@tap.test("dedupe text: a window of time")
def by_text():
    for lines in BY_TEXT, journal(*BY_TEXT):
        kind = "journal" if len(lines) > 2 else "ids"
        middle()
        twice(lines, {}, {"ident": "2"}, 1, kind + ", the same text")
        twice(lines, {"text": "a", "ident": ""},
              {"text": "a", "ident": "", "more": DATE}, 1,
              kind + ", no Message-ID")
        twice(lines, {"text": "b"}, {"text": "c"}, 2,
              kind + ", another text")
        twice(lines, {"text": "d"}, {"text": "d", "numbers": NUMBERS[:1]}, 2,
              kind + ", another recipient")


@tap.test("dedupe text: a try whose answer was lost")
def by_text_lost():
    gw.reset()
    middle()
    lines = BY_TEXT + ["timeout-gateway 1"]
    gw.queue("lost-stall")
    tap.is_(mail(lines, "lost", ident="1").code, 451, "451")
    tap.is_(mail(lines, "lost", ident="2").code, 250, "the next: 250")
    tap.is_(len(sent()), 1, "one SMS")


def over_the_edge(attempt):
    """Call attempt(lines, late, early) with windows that grow until its clock
    is right: late() waits for the end of a window, early() for the start of
    the next, and each raises Slow where that is missed."""
    for window in WINDOW, 4 * WINDOW, 16 * WINDOW:
        lines = ["dedupe text", "dedupe-window %d" % window]
        edge = (time.time() + 0.4 * window) // window * window + window

        def late():
            wait_for_time(edge - 0.4 * window)

        def early():
            if time.time() >= edge:
                raise Slow
            wait_for_time(edge)

        try:
            attempt(lines, late, early)
            if time.time() < edge + window:
                return edge + window
        except Slow:
            pass
        tap.note("too slow for windows of %d s" % window)
    raise Slow


@tap.test("dedupe text: from one window into the next, and beyond")
def straddle():
    if WRAP:
        raise tap.Skip("windows would have to be very long")
    for kind in "ids", "journal":
        def attempt(lines, late, early):
            nonlocal used   # a journal of its own: the last try was another
            used = lines + (journal() if kind == "journal" else [])
            gw.reset()
            late()
            codes.append(mail(used, kind, ident="1").code)
            early()
            codes.append(mail(used, kind, ident="2").code)

        used, codes = None, []
        end = over_the_edge(attempt)
        tap.is_(set(codes), {250}, "late in a window, early in the next: 250")
        tap.is_(len(gw.messages), 1, kind + ": one SMS")
        wait_for_time(end)
        tap.is_(mail(used, kind, ident="3").code, 250, "one window later")
        tap.is_(len(sent()), 2, kind + ": that is news")


@tap.test("a retry repeats what was not accepted, and nothing else")
def partly():
    lines = journal("replies retry")
    gw.reset()
    gw.choose = lambda request: "503" if NUMBERS[2] in \
        request.json()["phoneNumbers"] else "ok"
    tap.is_(mail(lines, numbers=NUMBERS).code, 451, "one of two requests")
    tap.is_(sent(), [(NUMBERS[:2], "hello")], "the first is accepted")
    tap.is_(mail(lines, numbers=NUMBERS[::-1]).code, 250, "the retry: 250")
    tap.is_(sent(), [(NUMBERS[2:], "hello")], "the second is repeated")
    reply = mail(lines, numbers=NUMBERS)
    tap.is_(reply.code, 250, "once more: 250")
    tap.is_(len(gw.posts()), 0, "nothing is sent")
    tap.like(str(reply), r"Already sent, gw-",
             "the gateway's id is remembered")


@tap.test("what the gateway refuses is not remembered")
def refused():
    lines = journal("replies retry")
    for action, code in (("500", 451), ("400", 554), ("401", 535),
                         ("429", 451)):
        gw.reset()
        gw.queue(action)
        tap.is_(mail(lines, action).code, code, action)
        tap.is_(mail(lines, action).code, 250, "the next: 250")
        tap.is_(len(sent()), 1, "one SMS")


@tap.test("an answer that is lost: on-unknown")
def unknown():
    for action in "lost", "lost-stall", "lost-middle", "lost-body", "close":
        taken = int(action != "close")
        gw.reset()
        lines = journal("timeout-gateway 2", "on-unknown retry")
        gw.queue(action)
        tap.is_(mail(lines).code, 451, action + ", retry: 451")
        tap.is_(mail(lines).code, 250, "the next: 250")
        tap.is_(mail(lines).code, 250, "and so on")
        tap.is_(len(sent()), taken + 1, "at least one SMS")
        lines = journal("timeout-gateway 2", "on-unknown drop")
        gw.queue(action)
        tap.is_(mail(lines).code, 451, action + ", drop: 451")
        tap.is_(mail(lines).code, 250, "the next: 250")
        tap.is_(len(sent()), taken, "at most one SMS")


@tap.test("six retries made six SMS: unknown-tries")
def tries():
    for action in "lost", "garbage":
        for more, count in ([], 3), (["unknown-tries 0"], 1):
            lines = journal("timeout-gateway 2", "replies retry", *more)
            gw.reset()
            gw.default = action
            replies = [mail(lines, action) for _ in range(count + 2)]
            tap.is_([r.code for r in replies], [451] * count + [554] * 2,
                    "%s: %d tries, then 554" % (action, count))
            tap.is_(str(replies[-1]), "554 5.3.0 Perhaps sent, nobody knows; "
                    "not sent again", "the reply says so")
            tap.is_(len(gw.posts()), count, "%d requests" % count)
    lines = journal("timeout-gateway 2", "replies retry", "unknown-tries 1")
    gw.reset()
    gw.queue("lost", "503", "429", "lost")
    tap.is_([mail(lines).code for _ in range(5)], [451] * 4 + [554],
            "what was surely not taken is not counted")
    lines = journal("timeout-gateway 2", "on-unknown drop")
    gw.reset()
    gw.queue("lost")
    tap.is_(mail(lines).code, 451, "drop: 451")
    tap.like(str(mail(lines)), "^250 2.0.0 Perhaps already sent, not sent "
             r"again, \S+$", "then the 250 says what it is")


@tap.test("Retry-After is told, and kept")
def retry_after():
    def wait(status, seconds):
        return lambda request: Response(
            status, {"Retry-After": str(seconds)}, {"message": "slow down"})

    for lines, first, status in (([], "450 4.0.0", 429),
                                 (["replies retry"], "451 4.3.0", 503)):
        for seconds, kept in (30, 30), (3600, 60):
            gw.reset()
            gw.respond = wait(status, seconds)
            with Session(OWN + ["gateway " + without_ids()] + lines, gw) as s:
                s.ehlo()
                text = first + " Temporary failure, try again later, in %d " \
                    "seconds"
                tap.is_(str(s.send_message()), text % seconds, "told")
                gw.respond = None
                again = str(s.send_message())
                left = re.search(r"in (\d+) seconds", again)
                tap.ok(left and again == text % int(left.group(1))
                       and kept - 20 * SLOW <= int(left.group(1)) <= kept,
                       "the next is told the rest", again)
            tap.is_(len(gw.posts()), 1, "the gateway is asked once")
    gw.reset()
    gw.respond = wait(429, 1)
    with Session(OWN + ["gateway " + without_ids()], gw) as s:
        s.ehlo()
        tap.is_(s.send_message().code, 450, "for a second")
        time.sleep(1.1)
        gw.respond = None
        tap.is_(s.send_message().code, 250, "a second later it is sent")
    with Agent(["auth gateway", "gateway " + without_ids()], gw) as agent:
        gw.reset()
        gw.respond = wait(429, 30)
        with agent.session() as s:
            tap.is_(s.login("bob", "builder").send_message().code, 450, "bob")
        gw.respond = None
        with agent.session() as s:
            tap.is_(s.login("bob", "builder").send_message().code, 450,
                    "bob in another session")
        with agent.session() as s:
            tap.is_(s.login().send_message().code, 250, "alice need not wait")


@tap.test("502, 504, 520, 522 and 524 are a proxy's: on-unknown, too")
def proxy():
    for action in "502", "504", "520", "522", "524":
        for rule, count in ("retry", 1), ("drop", 0):
            gw.reset()
            gw.queue(action)
            lines = journal("replies retry", "on-unknown " + rule)
            tap.is_(mail(lines, action).code, 451, action + ": 451")
            tap.is_(mail(lines, action).code, 250, "the next: 250")
            tap.is_(len(sent()), count, rule)


@tap.test("a 502 whose proxy says that it reached nobody is not taken")
def unreached():
    for value, want in (("nginx; error=connection_refused", 1),
                        ('"a b"; error=dns_error; details="x"', 1),
                        ("cdn; error=connection_timeout, edge", 1),
                        ("nginx; error=connection_terminated", 0),
                        ("nginx; error=http_response_timeout", 0),
                        ("nginx", 0)):
        gw.reset()
        gw.respond = lambda request: Response(502, {"Proxy-Status": value})
        lines = journal("replies retry", "on-unknown drop")
        tap.is_(mail(lines, value).code, 451, value + ": 451")
        gw.respond = None
        tap.is_(mail(lines, value).code, 250, "the next: 250")
        tap.is_(len(sent()), want, "%d SMS" % want)


@tap.test("a gateway that knows ids tells for itself")
def both():
    gw.reset()
    lines = ["journal " + folder(), "on-unknown drop", "timeout-gateway 1"]
    gw.queue("close", "lost-stall")
    tap.is_([mail(lines).code for _ in range(3)], [451, 451, 250],
            "not taken, its answer lost, there already")
    tap.is_(len(sent()), 1, "one SMS")


class Ids:
    """A gateway that takes two at a time and answers for each; of an id that
    it has had it says so, and that is all it can be asked."""

    def __init__(self, *replies):
        with open(os.path.join(TOP, "gateways", "smsgate.json")) as file:
            made = json.load(file)
        del made["lookup"]
        made["to"]["max"] = 2
        made["each"] = {
            "list": "/each", "to": "/to",
            "ok": {"match": {"path": "/state", "equals": "ok"}},
            "rules": [{"match": {"path": "/state", "equals": "later"},
                       "then": "temporary"}]}
        self.path = os.path.join(folder(), "ids.json")
        with open(self.path, "w") as file:
            json.dump(made, file)
        self.replies = list(replies)    # of numbers, or "lost"
        self.ids = set()
        self.sent = []                  # numbers

    def __call__(self, request):
        if request.method != "POST":
            return Response(404)
        mail = request.json()
        if mail["id"] in self.ids:
            return Response(409, body={"message": "same ID"})
        how = self.replies.pop(0) if self.replies else {}
        states = {n: how.get(n, "ok") for n in mail["phoneNumbers"]}
        taken = [n for n in states if states[n] != "later"]
        if taken:
            self.ids.add(mail["id"])
        self.sent += taken
        if "lost" in states.values():
            raise Gone
        return Response(202, body={"id": mail["id"], "each": [
            {"to": n, "state": s} for n, s in states.items()]})


@tap.test("a retry of some: the others' requests are what they were")
def same_requests():
    numbers = ["+4915100000%02d" % i for i in range(4)]
    ids = Ids(*[{numbers[1]: "later", numbers[2]: "lost",
                 numbers[3]: "lost"}] * 4)
    gw.reset()
    gw.respond = ids
    lines = ["gateway " + ids.path, "journal " + folder(), "replies retry",
             "agent-requests 1"]
    tap.is_(mail(lines, numbers=numbers).code, 451, "some are not sent to")
    tap.is_(mail(lines, numbers=numbers).code, 250, "the retry: 250")
    tap.is_(sorted(ids.sent), numbers, "each has it once")


@tap.test("an id that stands for some of its recipients is none for all")
def id_of_some():
    for more in [], ["journal " + folder()]:
        ids = Ids(*[{NUMBERS[1]: "later"}] * 3)
        gw.reset()
        gw.respond = ids
        lines = ["gateway " + ids.path, "replies retry", *more]
        what = "with a journal" if more else "without a journal"
        tap.is_(mail(lines, numbers=NUMBERS).code, 451, what + ": 451")
        tap.is_(mail(lines, numbers=NUMBERS).code, 250, "the retry: 250")
        tap.is_(sorted(ids.sent), NUMBERS, "each has it once")


@tap.test("dedupe text: over the edge with a gateway that cannot be asked")
def edge():
    def attempt(lines, late, early):
        nonlocal ids
        ids = gw.respond = Ids({NUMBER: "lost"})
        lines += ["gateway " + ids.path, "journal " + folder(),
                  "on-unknown drop"]
        late()
        codes.append(mail(lines, ident="1").code)
        early()
        codes.append(mail(lines, ident="2").code)

    ids, codes = Ids(), []
    gw.reset()
    with Session(OWN + BY_TEXT + ["gateway " + ids.path], gw, greeting=False,
                 args=["-t"]) as s:
        tap.is_(s.finish(), 78, "without a journal: -t exits 78")
        tap.like(s.log(), "dedupe text: requires a journal", "and says why")
    over_the_edge(attempt)
    tap.is_(codes[-2:], [451, 250], "late in a window, early in the next")
    tap.is_(ids.sent, [NUMBER], "one SMS")


@tap.test("smtp2sms-deliver is killed while the gateway has the message")
def killed():
    for rule, count in ("retry", 2), ("drop", 1):
        lines = journal("on-unknown " + rule)
        gw.reset()
        gw.queue("lost-stall")
        with Session(OWN + lines, gw) as s:
            s.ehlo()
            s.envelope()
            s.send("Message-ID: <1@client.test>\r\n\r\nhello\r\n.\r\n")
            gw.wait_for_message()
            for pid in s.processes("smtp2sms-deliver"):
                os.kill(pid, signal.SIGKILL)
            tap.is_(s.reply().code, 451, rule + ": 451")
        tap.is_(mail(lines).code, 250, "the next: 250")
        tap.is_(len(sent()), count, "%d SMS" % count)


# The ways to say it; each must be sent once, whatever libcurl makes of it.
BY_GET = {"method": "GET", "url": "${base}/send", "body": None,
          "query": {"to": "${to!}", "text": "${text!}"}}
SIGNED = {"url": "${base}/send", "auth": [
    {"type": "aws-sigv4", "provider": "aws:amz:here:sns", "user": "${user}",
     "password": "${password}"}]}


@tap.test("a connection that was kept is lost with the answer")
def kept():
    sends = []

    def lose(request):
        if request.path.endswith("/health"):
            return None
        sends.append(request)
        if refuse:
            gw.refuse()
        return "close"

    for name, changes in (("POST", {}), ("GET", BY_GET), ("signed", SIGNED)):
        for refuse in False, True:
            gw.reset()
            gw.meddle = lose
            sends.clear()
            with Session(OWN + journal(**changes), gw) as s:
                s.ehlo()
                s.must("MAIL FROM:<root@client.test>", 250)
                gw.wait_for(lambda: [r for r in gw.requests if r.status])
                time.sleep(0.1 * SLOW)  # it has the answer, too
                s.must("RCPT TO:<%s@sms.test>" % NUMBER, 250)
                s.must("DATA", 354)
                reply = s.data("Message-ID: <1@c>\r\n\r\nhello\r\n")
            tap.is_(str(reply), "451 4.4.2 Connection to the gateway lost",
                    name + ": the outcome is unknown")
            tap.is_([r.connection for r in sends],
                    [r.connection for r in gw.requests[:1]],
                    name + ": sent once, on the connection that was kept")
            if refuse:
                gw.listen()


@tap.test("two sessions with the same message")
def together():
    gw.reset()
    gw.default = "delay:1000"
    lines, codes = journal(), []
    thread = threading.Thread(
        target=lambda: codes.append(mail(lines).code))
    thread.start()
    gw.wait_for_request("POST")
    tap.is_(mail(lines).code, 451, "the second is told to come again")
    thread.join()
    tap.is_(codes, [250], "the first is accepted")
    tap.is_(mail(lines).code, 250, "the next, too")
    tap.is_(len(sent()), 1, "one SMS")


@tap.test("what is kept, and for how long")
def pruned():
    gw.reset()
    lines = journal("journal-keep 3600")
    kept = lines[1].split()[1]
    os.mkdir(os.path.join(kept, "00"))
    records = [os.path.join(kept, "00", "00000000-0000-4000-8000-00000000000"
                            + digit) for digit in "01"]
    for path, age in zip(records, (3700, 3500)):
        open(path, "w").close()
        os.utime(path, (time.time() - age,) * 2)
    tap.is_(mail(lines, "secret words").code, 250, "a mail")
    tap.ok(wait_until(lambda: not os.path.exists(records[0]), 5),
           "a record that is old goes")
    tap.ok(os.path.exists(records[1]), "one that is not stays")
    found = [os.path.join(where, name) for where, _, names in os.walk(kept)
             for name in names]
    tap.is_(len(found), 3, "there is one for the mail")
    text = "".join(open(path).read() for path in found)
    tap.ok("accepted" in text and NUMBER[1:] not in text and
           "secret" not in text, "without number and text", text)
    tap.is_({os.stat(path).st_mode & 0o077 for path in found
             if path not in records}, {0}, "for its owner alone")


@tap.test("journal-required no: sent without it, and said")
def not_required():
    gw.reset()
    path = folder()
    os.rmdir(path)
    lines = ["gateway " + without_ids(), "journal " + path,
             "journal-required no"]
    with Session(OWN + lines, gw) as s:
        s.ehlo()
        reply = s.send_message()
        tap.like(str(reply), r"^250 2\.0\.0 .*, not in the journal$", "250")
        s.quit()
        said = [e for e in s.events() if e["event"] == "message"]
        tap.is_(said[0].get("journal"), '"not written"', "the log says so")
        tap.ok([e for e in s.events() if e["event"] == "journal"],
               "and why", s.log())
    tap.is_(len(sent()), 1, "one SMS")
    tap.ok("journal" not in str(mail(journal("journal-required no"))),
           "one that works is not spoken of")


@tap.test("a journal that cannot be used")
def broken():
    for name, spoil in (("not there", os.rmdir),
                        ("a file", lambda path: (
                            os.rmdir(path), open(path, "w").close()))):
        gw.reset()
        path = folder()
        spoil(path)
        lines = ["gateway " + without_ids(), "journal " + path]
        with Session(OWN + lines, gw) as s:
            s.ehlo()
            s.must("MAIL FROM:<root@client.test>", 250)
            tap.ok(True, name)
            s.must("RCPT TO:<%s@sms.test>" % NUMBER, 250)
            s.must("DATA", 354)
            tap.is_(s.data("Message-ID: <1@c>\r\n\r\nhello\r\n").code, 451,
                    "451")
            tap.ok(wait_until(lambda: "journal" in s.log(), 5),
                   "the log says why", s.log())
        tap.is_(gw.posts(), [], "nothing is sent")


tap.run(240)
