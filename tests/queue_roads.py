"""No SMS twice, none lost: two gateways, both of which fail at random.

A sender as simple as can be tries each mail until it gets a 250 or a 5yz.
Mails have one to three recipients, who are served by `route`, or by whichever
gateway takes the message; no recipient is in two mails.  The gateways know no
ids, so it is the journal that remembers.  They are not there, refuse, take a
message and say nothing, cut their answer.

As long as their answers arrive, each recipient has exactly one SMS.  Where an
answer is lost nobody can know: "on-unknown retry" gives each recipient at
least one SMS, "on-unknown drop" at most one.

SMTP2SMS_PROOF is the number of mails, SMTP2SMS_SEED of the randomness.
"""

import collections
import os
import random

import link_lib
import tap
from journal_lib import journal, without_ids
from roads_lib import FIRST, OWN, SECOND, reset
from smtp import Session

COUNT = int(os.environ.get("SMTP2SMS_PROOF") or 25)
SEED = int(os.environ.get("SMTP2SMS_SEED") or
           int.from_bytes(os.urandom(3), "big"))
TRIES = 60          # of one mail
AWAY = 8            # in a hundred: one of the gateways is not there

# What becomes of a request, and how often in a hundred.
SAID_NO = {"500": 8, "503": 8, "429": 5, "401": 3}
NOT_TAKEN = {"close": 4, "reset": 3, "stall": 1, "close-middle": 3,
             "not-http": 2, "garbage": 2}
TAKEN = {"lost": 6, "lost-stall": 1, "lost-middle": 4, "lost-body": 4,
         "lost:502": 3}


class Faults:
    """What one gateway does to each request."""

    def __init__(self, rng, faults):
        self.rng = rng
        self.cards = [fault for fault, many in faults.items()
                      for _ in range(many)]
        self.cards += ["ok"] * (100 - len(self.cards))
        self.seen = collections.Counter()

    def meddle(self, request):
        if request.method != "POST":
            return None
        # the first is a fault in any case
        card = self.rng.choice(self.cards if self.seen else
                               [c for c in self.cards if c != "ok"])
        self.seen[card] += 1
        return card


class Proof:
    """The mails of one configuration, and what came of them."""

    def __init__(self, lines, faults):
        self.rng = random.Random("%d %s" % (SEED, lines))
        reset()
        self.faults = []
        for gateway in (FIRST, SECOND):
            self.faults.append(Faults(self.rng, faults))
            gateway.meddle = self.faults[-1].meddle
        self.lines = [*OWN, *lines, "replies retry", "timeout-gateway 1",
                      "set one.base " + FIRST.url,
                      "set two.base " + SECOND.url]
        self.codes = collections.Counter()
        self.number = 0
        self.sent = []
        for ident in range(COUNT):
            self.deliver(ident)

    def deliver(self, ident):
        """Send a mail until its fate is known."""
        to = [self.recipient() for _ in range(self.rng.randint(1, 3))]
        for _ in range(TRIES):
            code = self.once(ident, to)
            self.codes[code] += 1
            if code // 100 != 4 and code != 535:
                break
        self.sent += to

    def recipient(self):
        """A number that nobody else has, in one of three countries."""
        self.number += 1
        return self.rng.choice(["+4915%09d", "+12025%06d", "+4179%07d"]
                               ) % (self.number + 100000)

    def once(self, ident, to):
        away = self.rng.choice([FIRST, SECOND]) \
            if self.rng.randrange(100) < AWAY else None
        if away:
            away.refuse()
        with Session(self.lines) as s:
            s.ehlo()
            code = s.send_message(
                "mail %d" % ident, to,
                headers="Message-ID: <%d.%d@c.test>\r\n" % (SEED, ident)).code
            link_lib.leave(s)
        if away:
            away.listen()
        return code

    def check(self, what, good):
        """Each recipient has as many SMS as it should have."""
        got = collections.Counter(n for gateway in (FIRST, SECOND)
                                  for m in gateway.messages
                                  for n in m["phoneNumbers"])
        self.counts = [got[number] for number in self.sent]
        tap.is_([(n, got[n]) for n in self.sent if not good(got[n])], [],
                "%d recipients: each has %s" % (len(self.sent), what),
                "seed %d" % SEED, self.codes)
        tap.ok(FIRST.messages and SECOND.messages, "both have served")
        tap.ok(all(set(f.seen) > {"ok"} for f in self.faults),
               "and both have failed", self.codes)

    def lost(self, faults):
        """Requests whose answer did not arrive."""
        return sum(f.seen[fault] for f in self.faults for fault in faults)


def gateways():
    """Two names for a gateway that knows no ids."""
    paths = {}
    for name in ("one", "two"):
        path = without_ids()
        paths[name] = os.path.join(os.path.dirname(path), name + ".json")
        os.replace(path, paths[name])
    return "gateway %s %s" % (paths["one"], paths["two"])


BOTH = gateways()
ROUTES = ["route 49 one two", "route 1 two one", "route * one two"]


@tap.test("answers that arrive: exactly one")
def known():
    for lines in (ROUTES, []):
        proof = Proof([*journal("timeout-gateway 20"), BOTH, *lines], SAID_NO)
        proof.check("exactly one SMS", lambda count: count == 1)


@tap.test("on-unknown retry: at least one")
def retry():
    proof = Proof([*journal("on-unknown retry", "unknown-tries 100"), BOTH,
                   *ROUTES], {**SAID_NO, **NOT_TAKEN, **TAKEN})
    proof.check("at least one SMS", lambda count: count >= 1)
    more = sum(count - 1 for count in proof.counts)
    most = 2 * proof.lost(TAKEN)    # a request has two recipients at most
    tap.ok(more <= most, "more only where an answer was lost: %d, of %d"
           % (more, most))


@tap.test("on-unknown drop: at most one")
def drop():
    proof = Proof([*journal("on-unknown drop"), BOTH, *ROUTES],
                  {**SAID_NO, **NOT_TAKEN, **TAKEN})
    proof.check("at most one SMS", lambda count: count <= 1)
    none = proof.counts.count(0)
    most = 2 * proof.lost(NOT_TAKEN)
    tap.ok(none <= most, "none only where an answer was lost: %d, of %d"
           % (none, most))


tap.run(120 + 2 * COUNT)
