"""No SMS twice, none lost: Postfix queues, everything behind it fails.

Postfix relays to smtp2sms under tcpserver; some of the mails have three
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
import threading
import time

import smtp
import tap
from client_lib import DOMAIN, Service
from journal_lib import journal
from postfix_lib import Postfix
from smtp import SLOW, wait_until

COUNT = int(os.environ.get("SMTP2SMS_PROOF") or 300)
SEED = int(os.environ.get("SMTP2SMS_SEED") or
           int.from_bytes(os.urandom(3), "big"))
PHONES = ("phone-1", "phone-2", "phone-3")
TEXTS = 20      # so many different texts
GIVE_UP = 60 + COUNT / 5    # seconds until the queue has to be empty
BASE = ["replies retry", "timeout-gateway 2"]

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


def draw(rng, faults):
    """One of the faults, by their shares of a hundred; or None."""
    at = rng.random() * 100
    for fault, share in faults.items():
        at -= share
        if at < 0:
            return fault
    return None


class Faults:
    """What the gateway does to each request."""

    def __init__(self, gateway, seed, posts, questions):
        self.rng = random.Random(seed)
        self.posts, self.questions = posts, questions
        self.lock = threading.Lock()
        self.seen = collections.Counter()
        gateway.meddle = self.meddle

    def meddle(self, request):
        with self.lock:
            if request.method == "POST":
                fault = draw(self.rng, self.posts)
                self.seen["POST " + (fault or "ok")] += 1
            elif "/messages/" in request.path:
                fault = draw(self.rng, self.questions)
                self.seen["GET " + (fault or "ok")] += 1
            else:
                fault = None
        return fault

    def missing(self):
        """Faults that never happened."""
        wanted = {"POST " + fault for fault in self.posts}
        return wanted - set(self.seen)


def family(root):
    """(process, parent, name) of all below it."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name) as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents.setdefault(int(fields[1]), []).append(int(name))
    found, todo = [], [root]
    while todo:
        parent = todo.pop()
        for pid in parents.get(parent, []):
            found.append((pid, parent, smtp.process_name(pid)))
            todo.append(pid)
    return found


class Killer(threading.Thread):
    """Kills a session or a delivery process of this server now and then.

    The server's own child is the delivery side, or waits to become it; the
    session is the child of that.
    """

    def __init__(self, server, gateway, seed, delivery):
        super().__init__(daemon=True)
        self.root, self.gateway = server.child.pid, gateway
        self.rng = random.Random(seed)
        self.delivery = delivery
        self.done = threading.Event()
        self.killed = collections.Counter()

    def victims(self):
        """(process, what it is)."""
        return [(pid, "delivery" if parent == self.root else "session")
                for pid, parent, name in family(self.root)
                if name and name.startswith("smtp2sms")
                and (self.delivery or parent != self.root)]

    def kill(self):
        """One of them; nobody else can have got its number meanwhile."""
        victims = self.victims()
        if not victims:
            return
        pid, what = self.rng.choice(victims)
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            if (pid, what) in self.victims():
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                self.killed[what] += 1
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)

    def run(self):
        while not self.done.wait(self.rng.uniform(0.05, 0.25)):
            if self.rng.random() < 0.03:
                self.gateway.refuse()
                self.done.wait(0.3)
                self.gateway.listen()
                self.killed["gateway not there"] += 1
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


def waiting(postfix):
    """How many mails are under way, and how many wait for the next try."""
    def count(*names):
        return sum(len(files) for name in names for _, _, files in
                   os.walk(postfix.place.path("postfix", "queue", name)))
    return count("maildrop", "incoming", "active"), count("deferred")


def drain(postfix):
    """Wait until the queue is empty; those that wait are not kept waiting."""
    limit = time.monotonic() + GIVE_UP * SLOW
    while time.monotonic() < limit:
        active, deferred = waiting(postfix)
        if not active and not deferred:
            return True
        if not active:
            postfix.flush()
        time.sleep(0.5)
    return False


class Proof:
    """Mails through Postfix, with everything failing, and what arrived."""

    def __init__(self, lines, posts, name, devices=(), delivery=True):
        tap.note("SMTP2SMS_SEED=%d SMTP2SMS_PROOF=%d" % (SEED, COUNT))
        seed = "%d %s" % (SEED, name)
        began = time.monotonic()
        self.mails = make_mails(random.Random(seed))
        with Service(*BASE, *lines, devices=devices, seed=seed) as service, \
                Postfix(service, more=EAGER) as postfix:
            self.faults = Faults(service.gateway, seed, posts, ASKED)
            killer = Killer(service.server, service.gateway, seed, delivery)
            killer.start()
            feed(postfix, self.mails)
            self.empty = drain(postfix)
            killer.stop()
            service.gateway.meddle = None
            wait_until(lambda: not service.server.sessions(), 10)
            self.bounced = re.findall(r"to=<[^\n]*status=(?:bounced|expired)"
                                      r"[^\n]*", postfix.log())
            self.tries = len(re.findall(r"to=<[^\n]* status=",
                                        postfix.log()))
            self.killed = killer.killed
            self.messages = list(service.gateway.messages)
        self.count()
        tap.note("%d mails, %d recipients, %d attempts, %d s" % (
            COUNT, len(self.wanted), self.tries, time.monotonic() - began))
        for counter in self.killed, self.faults.seen:
            tap.note(", ".join("%s %d" % pair
                               for pair in sorted(counter.items())))

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

    def check(self, name, good):
        """good(the number of SMS that somebody has)."""
        tap.ok(self.empty, "Postfix has sent everything")
        tap.is_(self.bounced, [], "and returned nothing")
        bad = {number: count for number, count in self.got.items()
               if not good(count)}
        tap.is_(bad, {}, "each of %d recipients has %s SMS"
                % (len(self.got), name))
        tap.is_(self.others, {}, "nobody has another's")
        tap.ok(self.killed["session"] > COUNT / 50, "sessions were killed",
               self.killed)
        if COUNT >= 200:
            tap.is_(self.faults.missing(), set(), "every fault happened")
        tap.note("SMS for one recipient: %s" % ", ".join(
            "%d for %d" % (count, many) for count, many in
            sorted(collections.Counter(self.got.values()).items())))


@tap.test("SMSGate with a device: exactly one")
def with_device():
    proof = Proof(["set device phone-2"],
                  {**SAID_NO, **NOT_TAKEN, **TAKEN, **TAKEN_SAID_NO},
                  "device", devices=PHONES)
    proof.check("one", lambda count: count == 1)
    tap.ok(proof.killed["delivery"], "delivery processes were killed")


@tap.test("SMSGate without a device: exactly one")
def without_device():
    proof = Proof([], {**SAID_NO, **NOT_TAKEN, **TAKEN, **TAKEN_SAID_NO},
                  "phones", devices=PHONES)
    proof.check("one", lambda count: count == 1)
    tap.ok(proof.killed["delivery"], "delivery processes were killed")


@tap.test("a journal, and answers that arrive: exactly one")
def known():
    proof = Proof(journal("timeout-gateway 20"), SAID_NO, "known", delivery=False)
    proof.check("one", lambda count: count == 1)


@tap.test("a journal, and on-unknown retry: at least one")
def retry():
    proof = Proof(journal("on-unknown retry"),
                  {**SAID_NO, **NOT_TAKEN, **TAKEN}, "retry")
    proof.check("at least one", lambda count: count >= 1)


@tap.test("a journal, and on-unknown drop: at most one")
def drop():
    proof = Proof(journal("on-unknown drop"),
                  {**SAID_NO, **NOT_TAKEN, **TAKEN}, "drop")
    proof.check("at most one", lambda count: count <= 1)


tap.run(60 + 5 * GIVE_UP)
