"""No SMS twice, none lost: Postfix queues, everything behind it fails.

Postfix relays to smtp2sms under a super-server; some of the mails have three
recipients, and no recipient is in two mails.  The gateway fails at random:
it is not there, refuses, takes a message and says nothing, cuts its answer.
Processes are killed at random, SIGKILL, while mails flow.  When Postfix's
queue is empty, the gateway's messages are counted.

With SMSGate, which knows ids, every recipient has exactly one SMS: with "set
device", where a repeated id is a 409; and without, where the server picks
one of three phones each time and has to be asked for the id.

With a gateway that knows no ids, by the journal: exactly one as long as the
gateway's answers arrive and smtp2sms-deliver lives, whatever becomes of the
sessions.  Where an answer is lost, or smtp2sms-deliver dies between request
and answer, nobody can know: "on-unknown retry" gives each recipient at least
one SMS, "on-unknown drop" at most one.

All under "replies retry": in the documented table a gateway's 5xx is final.

SMTP2SMS_PROOF is the number of mails, SMTP2SMS_SEED of the randomness.
"""

import collections
import os
import random
import re
import signal
import smtplib
import subprocess
import threading
import time

import tap
from client_lib import DOMAIN, Service
from journal_lib import folder, journal
from postfix_lib import Postfix
from server_lib import below
from smtp import SLOW, wait_until

COUNT = int(os.environ.get("SMTP2SMS_PROOF") or 300)
SEED = int(os.environ.get("SMTP2SMS_SEED") or
           int.from_bytes(os.urandom(3), "big"))
PHONES = ("phone-1", "phone-2", "phone-3")
TEXTS = 20      # so many different texts
GIVE_UP = 60 + COUNT / 5    # seconds until the queue has to be empty
BASE = ["replies retry", "timeout-gateway 4"]

# What becomes of a request, and how often in a hundred.
SAID_NO = {"500": 5, "503": 5, "429": 3}
NOT_TAKEN = {"close": 2, "reset": 2, "stall": 1, "close-middle": 2,
             "not-http": 1, "garbage": 1}
TAKEN = {"lost": 4, "lost-stall": 1, "lost-middle": 3, "lost-body": 3}
# ... by a server that has the message and says that it has not
TAKEN_SAID_NO = {"lost:500": 2, "lost:503": 2}
ASKED = {"500": 5, "close": 3, "stall": 1}

# Postfix tries again at once, and does not spare a server that fails.
EAGER = """
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
default_destination_concurrency_failed_cohort_limit = 0
default_destination_concurrency_negative_feedback = 0
initial_destination_concurrency = 10
smtp_destination_concurrency_limit = 20
"""


class Deck:
    """A hundred cards, some of them faults; shuffled when it is used up, so
    that each fault happens as often as it should."""

    def __init__(self, rng, faults):
        self.rng = rng
        self.cards = [fault for fault, many in faults.items()
                      for _ in range(many)]
        self.cards += ["ok"] * (100 - len(self.cards))
        self.left = []

    def draw(self):
        if not self.left:
            self.left = list(self.cards)
            self.rng.shuffle(self.left)
        return self.left.pop()


class Faults:
    """What the gateway does to each request."""

    def __init__(self, gateway, seed, posts):
        rng = random.Random(seed)
        self.posts, self.questions = Deck(rng, posts), Deck(rng, ASKED)
        self.lock = threading.Lock()
        self.seen = collections.Counter()
        self.history = {}       # by a message's first number
        gateway.meddle = self.meddle

    def meddle(self, request):
        if "/messages" not in request.path:
            return None
        post = request.method == "POST"
        with self.lock:
            card = (self.posts if post else self.questions).draw()
            self.seen["%s %s" % (request.method, card)] += 1
            if post:
                self.history.setdefault(
                    request.json()["phoneNumbers"][0], []).append(
                        "%s %s" % (time.strftime("%H:%M:%S"), card))
        return card

    def missing(self):
        """Faults that never happened."""
        return {"POST " + card for card in self.posts.cards} - set(self.seen)

    def count(self, faults):
        """How often one of these happened."""
        return sum(self.seen["POST " + fault] for fault in faults)


def parent_of(pid):
    """The process's parent; None of one that is dead."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]) if fields[0] != "Z" else None


class Shared(threading.Thread):
    """A delivery agent that is started again whenever it has died."""

    def __init__(self, place, path):
        super().__init__(daemon=True)
        self.command = [place.path("libexec", "smtp2sms-deliver"), "-l", path,
                        "-f", place.config]
        self.output = place.path("agent")
        self.child, self.ending = None, False
        self.lock = threading.Lock()
        self.begin()
        self.start()
        assert wait_until(lambda: os.path.exists(path)), "no agent"

    def begin(self):
        with open(self.output, "ab") as file:
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stderr=file)

    def run(self):
        while True:
            self.child.wait()
            with self.lock:
                if self.ending:
                    return
                self.begin()

    def kill(self):
        self.child.kill()

    def stop(self):
        with self.lock:
            self.ending = True
            self.child.kill()
        self.join()


class Killer(threading.Thread):
    """Kills a session or a delivery process of this server now and then, and
    lets the gateway be away for a moment.

    The server's own child is the delivery side, or waits to become it; the
    session is the child of that.  With an agent there are sessions alone.
    """

    def __init__(self, service, seed, delivery, agent):
        super().__init__(daemon=True)
        self.root = service.server.child.pid
        self.gateway = service.gateway
        self.rng = random.Random(seed)
        self.delivery, self.agent = delivery, agent
        self.done = threading.Event()
        self.killed = collections.Counter()

    def what(self, pid, parent):
        if parent == self.root and not self.agent:
            return "delivery" if self.delivery else None
        return "session"

    def kill(self):
        """One of them; nobody else can have got its number meanwhile."""
        victims = [(pid, parent_of(pid)) for pid, state in below(self.root)
                   if state != "Z"]
        victims = [(pid, parent, self.what(pid, parent))
                   for pid, parent in victims if parent is not None]
        victims = [victim for victim in victims if victim[2]]
        if not victims:
            return
        pid, parent, what = self.rng.choice(victims)
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            if parent_of(pid) == parent:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                self.killed[what] += 1
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)

    def run(self):
        # not for ever: on a slow machine every session might be hit
        for turn in range(COUNT // 2):
            if self.done.wait(self.rng.uniform(0, 0.1)):
                break
            if turn % 40 == 20:
                self.gateway.refuse()
                self.done.wait(0.3)
                self.gateway.listen()
                self.killed["gateway"] += 1
            elif turn % 10 == 5 and self.agent:
                self.agent.kill()
                self.killed["agent"] += 1
            else:
                self.kill()

    def stop(self):
        self.done.set()
        self.join()


def make_mails(rng):
    """[numbers, text] of each mail; every tenth has three recipients."""
    mails, number = [], 0
    for i in range(COUNT):
        count = 3 if i % 10 == 9 else 1
        numbers = ["+49151%08d" % (number + k) for k in range(count)]
        number += count
        mails.append((numbers, "alarm %d" % rng.randrange(TEXTS)))
    return mails


def feed(postfix, mails):
    """Give them to Postfix."""
    with smtplib.SMTP("127.0.0.1", postfix.port) as client:
        for i, (numbers, text) in enumerate(mails):
            to = ["%s@%s" % (number, DOMAIN) for number in numbers]
            client.sendmail("monitor@example.org", to,
                            "From: monitor@example.org\r\nTo: %s\r\n"
                            "Message-ID: <%d@client.test>\r\n\r\n%s\r\n"
                            % (", ".join(to), i, text))


def drain(postfix):
    """Wait until the queue is empty; those that wait are not kept waiting.

    Among them is a mail that Postfix found locked, by the process that had
    just tried to send it: it goes back to incoming, which is looked at when a
    new mail comes, or every five minutes.
    """
    def count(*names):
        return sum(len(files) for name in names for _, _, files in
                   os.walk(postfix.place.path("postfix", "queue", name)))

    limit = time.monotonic() + GIVE_UP * SLOW
    empty = 0
    while time.monotonic() < limit:
        # twice: one that changes places meanwhile is not seen
        empty = 0 if count("maildrop", "incoming", "deferred",
                           "active") else empty + 1
        if empty == 2:
            return True
        if not count("active"):
            postfix.flush()
        time.sleep(0.5)
    return False


class Proof:
    """Mails through Postfix, with everything failing, and what arrived."""

    def __init__(self, name, lines, posts, devices=(), delivery=True,
                 agent=False):
        """Send them.

        posts      what becomes of a POST
        devices    the gateway's phones
        delivery   whether delivery processes are killed, too
        agent      whether there is one that the sessions share
        """
        tap.note("SMTP2SMS_SEED=%d SMTP2SMS_PROOF=%d" % (SEED, COUNT))
        self.seed = "%d %s" % (SEED, name)
        self.mails = make_mails(random.Random(self.seed))
        began = time.monotonic()
        path = os.path.join(folder(), "deliver.sock")
        if agent:
            lines = [*lines, "delivery " + path]
        with Service(*BASE, *lines, devices=devices,
                     seed=self.seed) as service, \
                Postfix(service, more=EAGER) as postfix:
            self.faults = Faults(service.gateway, self.seed, posts)
            shared = Shared(service.place, path) if agent else None
            killer = Killer(service, self.seed, delivery, shared)
            killer.start()
            feed(postfix, self.mails)
            self.empty = drain(postfix)
            killer.stop()
            wait_until(lambda: not service.server.sessions(), 10)
            if shared:
                shared.stop()
            self.log = postfix.log()
            self.killed = killer.killed
            self.messages = list(service.gateway.messages)
        self.count()
        self.tell(time.monotonic() - began)

    def tell(self, seconds):
        """The figures, for people."""
        tap.note("%d mails, %d recipients, %d attempts, %d s" % (
            COUNT, len(self.wanted),
            len(re.findall(r"to=<[^\n]* status=", self.log)), seconds))
        counts = collections.Counter(self.got.values())
        tap.note("recipients with %s" % ", ".join(
            "%d SMS: %d" % pair for pair in sorted(counts.items())))
        tap.note("killed: %s" % dict(sorted(self.killed.items())))
        tap.note("answered: %s" % dict(sorted(self.faults.seen.items())))

    def count(self):
        """The SMS that each recipient has."""
        self.wanted = {number: text for numbers, text in self.mails
                       for number in numbers}
        got = collections.Counter(
            (number, message["textMessage"]["text"])
            for message in self.messages
            for number in message["phoneNumbers"])
        self.got = {number: got.pop((number, text), 0)
                    for number, text in self.wanted.items()}
        self.others = dict(got)

    def story(self, number):
        """What happened to a recipient's mail."""
        lines = re.findall(r"[^\n]*to=<%s@[^\n]*" % re.escape(number),
                           self.log)
        return "\n".join([number, *self.faults.history.get(number, []),
                          *lines])

    def check(self, name, good, *kinds):
        """good(the number of SMS that somebody has); what was killed."""
        tap.ok(self.empty, "Postfix has sent everything")
        tap.is_(re.findall(r"to=<[^\n]*status=(?:bounced|expired)[^\n]*",
                           self.log), [], "and returned nothing")
        bad = {number: count for number, count in self.got.items()
               if not good(count)}
        tap.is_(bad, {}, "each of %d recipients has %s SMS"
                % (len(self.got), name), *map(self.story, list(bad)[:5]))
        tap.is_(self.others, {}, "nobody has another's")
        missing = {what for what in kinds if not self.killed[what]}
        if COUNT >= 100:
            missing |= self.faults.missing()
        tap.is_(missing, set(), "everything that can happen has happened")


def one(count):
    return count == 1


LIES = {**SAID_NO, **NOT_TAKEN, **TAKEN, **TAKEN_SAID_NO}
LOST = {**SAID_NO, **NOT_TAKEN, **TAKEN}


@tap.test("SMSGate with a device: exactly one")
def with_device():
    proof = Proof("device", ["set device phone-2"], LIES, PHONES)
    proof.check("one", one, "session", "delivery", "gateway")


@tap.test("SMSGate without a device: exactly one")
def without_device():
    proof = Proof("phones", [], LIES, PHONES)
    proof.check("one", one, "session", "delivery", "gateway")


@tap.test("SMSGate, and an agent that all share: exactly one")
def shared():
    proof = Proof("agent", [], LIES, PHONES, agent=True)
    proof.check("one", one, "session", "agent")


@tap.test("a journal, and answers that arrive: exactly one")
def known():
    proof = Proof("known", journal("timeout-gateway 20"), SAID_NO,
                  delivery=False)
    proof.check("one", one, "session")


@tap.test("a journal, and on-unknown retry: at least one")
def retry():
    # so many tries that nothing is returned, however often it is killed
    proof = Proof("retry", journal("on-unknown retry", "unknown-tries 100"),
                  LOST)
    proof.check("at least one", lambda count: count >= 1, "session",
                "delivery")
    # a request has two recipients at most, a mail three
    lost = 2 * proof.faults.count(TAKEN) + 3 * proof.killed["delivery"]
    more = sum(count - 1 for count in proof.got.values())
    tap.ok(more <= lost, "more only where the outcome was lost: %d, of %d"
           % (more, lost))


@tap.test("a journal, and on-unknown drop: at most one")
def drop():
    proof = Proof("drop", journal("on-unknown drop"), LOST)
    proof.check("at most one", lambda count: count <= 1, "session",
                "delivery")
    lost = 2 * proof.faults.count(NOT_TAKEN) + 3 * proof.killed["delivery"]
    none = list(proof.got.values()).count(0)
    tap.ok(none <= lost, "none only where the outcome was lost: %d, of %d"
           % (none, lost))


tap.run(60 + 6 * GIVE_UP)
