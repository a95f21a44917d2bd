"""Two machines, one journal: no SMS twice, none lost, whoever is killed.

Postfix hands its queue to HAProxy (contrib/two-machines/haproxy.cfg), which
hands it with the PROXY protocol to two listeners; they share a cluster of
three etcd members.  The gateway fails at random.  Meanwhile a whole machine,
a delivery side or a member is killed, or a member hangs, at random.  When
the queue is empty, the gateway's messages are counted.

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
from client_lib import DOMAIN, PASSWORD, TOKEN, USER, Service
from etcd_lib import Cluster
from foreign import need
from gateway import Gateway
from journal_lib import without_ids
from postfix_lib import Postfix
from server_lib import CONTRIB, Place, Server, free_port, listens
from smtp import SLOW, process_name, wait_until

COUNT = int(os.environ.get("SMTP2SMS_PROOF") or 40)
SEED = int(os.environ.get("SMTP2SMS_SEED") or
           int.from_bytes(os.urandom(3), "big"))
GIVE_UP = 60 + COUNT / 3    # seconds until the queue has to be empty
KILLS = max(8, COUNT // 10)
EAGER = """
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
default_destination_concurrency_failed_cohort_limit = 0
default_destination_concurrency_negative_feedback = 0
initial_destination_concurrency = 5
smtp_destination_concurrency_limit = 10
"""
LOST = ("lost", "lost-middle", "close", "reset")


class Machine:
    """A listener in a process group of its own, which can die as a whole."""

    def __init__(self, place, name):
        self.place, self.port = place, free_port()
        self.output = place.path(name)
        self.start()

    def start(self):
        with open(self.output, "ab") as log:
            self.child = subprocess.Popen(
                [self.place.program, "-f", self.place.config, "-l",
                 "127.0.0.1:%d" % self.port], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True)
        assert wait_until(lambda: listens(self.port)), self.log()

    def kill(self):
        os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()

    def kill_delivery(self):
        """Its delivery side alone: the listener starts another."""
        for pid in group(self.child.pid):
            if process_name(pid) == "smtp2sms-deliver":
                os.kill(pid, signal.SIGKILL)

    def log(self):
        with open(self.output, errors="replace") as file:
            return file.read()


def group(pgid):
    """The processes of a process group."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getpgid(int(name)) == pgid:
                found.append(int(name))
        except ProcessLookupError:
            pass
    return found


class Front(Service):
    """What Postfix knows: HAProxy's port."""

    def __init__(self, *lines):
        self.gateway = Gateway(users={USER: PASSWORD}, tokens=[TOKEN])
        self.place = Place(self.gateway, [
            "domain sms.test " + DOMAIN, "proxy-protocol yes",
            "replies retry", "timeout-gateway 3", *lines])
        self.port = free_port()
        self.machines = [Machine(self.place, name)
                         for name in ("sms1", "sms2")]

    def haproxy(self):
        with open(os.path.join(CONTRIB, "two-machines", "haproxy.cfg")) as f:
            text = f.read()
        for old, new in (("bind :587", "bind 127.0.0.1:%d" % self.port),
                         ("inter 2s", "inter 200ms"),
                         ("192.0.2.1:2587", "127.0.0.1:%d"
                          % self.machines[0].port),
                         ("192.0.2.2:2587", "127.0.0.1:%d"
                          % self.machines[1].port)):
            assert old in text, old
            text = text.replace(old, new)
        file = self.place.write("haproxy.cfg", "global\n\tlog stdout format "
                                "raw local0 err\n" + text)
        return Server(self.place, ["haproxy", "-db", "-f", file],
                      port=self.port)

    def close(self):
        for machine in self.machines:
            machine.kill()
        self.gateway.close()
        self.place.close()


class Killer(threading.Thread):
    def __init__(self, rng, front, cluster):
        super().__init__(daemon=True)
        self.rng, self.front, self.cluster = rng, front, cluster
        self.killed = collections.Counter()

    def machine(self):
        one = self.rng.choice(self.front.machines)
        one.kill()
        time.sleep(self.rng.uniform(0, 0.5))
        one.start()

    def delivery(self):
        self.rng.choice(self.front.machines).kill_delivery()

    def member(self):
        i = self.rng.randrange(3)
        self.cluster.kill(i)
        time.sleep(self.rng.uniform(0, 0.5))
        self.cluster.start(i)

    def hang(self):
        i = self.rng.randrange(3)
        self.cluster.stop(i)
        time.sleep(self.rng.uniform(0, 1))
        self.cluster.cont(i)

    def quorum(self):
        gone = self.rng.sample(range(3), 2)
        for i in gone:
            self.cluster.stop(i)
        time.sleep(self.rng.uniform(0, 1))
        for i in gone:
            self.cluster.cont(i)

    def run(self):
        kinds = [self.machine, self.delivery, self.member, self.hang,
                 self.quorum]
        for turn in range(KILLS):
            time.sleep(self.rng.uniform(0, 0.4))
            what = kinds[turn % len(kinds)]
            what()
            self.killed[what.__name__] += 1


def feed(postfix):
    """{number: text} of the mails that Postfix has taken."""
    wanted = {}
    with smtplib.SMTP("127.0.0.1", postfix.port) as client:
        for i in range(COUNT):
            number = "+49151%08d" % i
            wanted[number] = "alarm %d" % i
            client.sendmail(
                "monitor@example.org", ["%s@%s" % (number, DOMAIN)],
                "From: monitor@example.org\r\nMessage-ID: <%d@client.test>"
                "\r\n\r\nalarm %d\r\n" % (i, i))
    return wanted


def drain(postfix):
    """Wait until the queue is empty."""
    def left():
        return sum(len(files) for name in ("maildrop", "incoming", "active",
                                           "deferred")
                   for _, _, files in os.walk(postfix.place.path(
                       "postfix", "queue", name)))
    limit = time.monotonic() + GIVE_UP * SLOW
    empty = 0
    while time.monotonic() < limit and empty < 2:
        empty = 0 if left() else empty + 1
        postfix.flush()
        time.sleep(0.5)
    return empty == 2


def prove(name, lines, faults, good):
    need("haproxy", "etcd")
    tap.note("SMTP2SMS_SEED=%d SMTP2SMS_PROOF=%d" % (SEED, COUNT))
    rng = random.Random("%d %s" % (SEED, name))
    dice = random.Random("%d %s gateway" % (SEED, name))
    began = time.monotonic()
    seen = collections.Counter()

    def meddle(request):
        if request.method != "POST" or "/messages" not in request.path:
            return None
        fault = dice.choice(faults) if faults and dice.random() < 0.2 else \
            "ok"
        seen[fault] += 1
        return fault
    with Cluster() as cluster:
        front = Front(*cluster.lines(), *lines)
        front.gateway.meddle = meddle
        try:
            with front.haproxy(), Postfix(front, more=EAGER) as postfix:
                killer = Killer(rng, front, cluster)
                killer.start()
                wanted = feed(postfix)
                killer.join()
                empty = drain(postfix)
                log = postfix.log()
                messages = list(front.gateway.messages)
                logs = "".join(m.log() for m in front.machines)
        finally:
            front.close()
    got = collections.Counter(
        (number, m["textMessage"]["text"]) for m in messages
        for number in m["phoneNumbers"])
    counts = {n: got.pop((n, text), 0) for n, text in wanted.items()}
    tap.note("%d mails, %d attempts, %d s; killed: %s; answered: %s" % (
        COUNT, len(re.findall(r"to=<[^\n]* status=", log)),
        time.monotonic() - began, dict(killer.killed), dict(seen)))
    tap.ok(empty, "Postfix has sent everything", log[-3000:], logs[-3000:])
    tap.is_(re.findall(r"to=<[^\n]*status=(?:bounced|expired)[^\n]*", log),
            [], "and returned nothing")
    bad = {n: count for n, count in counts.items() if not good(count)}
    tap.is_(bad, {}, "each of %d recipients has %s" % (COUNT, name))
    tap.is_(dict(got), {}, "nobody has another's")
    tap.is_(set(killer.killed), {"machine", "delivery", "member", "hang",
                                 "quorum"}, "everything was killed")
    peers = set(re.findall(r"event=message .*?peer=(\S+)", logs))
    tap.is_(peers, {"127.0.0.1"}, "the log has the client, not the balancer")


@tap.test("a gateway that knows ids: exactly one")
def ids():
    prove("one SMS", [], LOST, lambda count: count == 1)


@tap.test("a gateway that knows none, on-unknown retry: at least one")
def retry():
    prove("at least one SMS", ["gateway " + without_ids(),
                               "on-unknown retry", "unknown-tries 100"],
          LOST, lambda count: count >= 1)


@tap.test("a gateway that knows none, on-unknown drop: at most one")
def drop():
    prove("at most one SMS", ["gateway " + without_ids(), "on-unknown drop"],
          LOST, lambda count: count <= 1)


tap.run(60 + 3 * (GIVE_UP + KILLS))
