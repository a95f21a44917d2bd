"""memory: of a session, of a thousand, and of mails of any size.

PSS: the memory of a process, where a page that n processes have counts as
1/n.  The programs cannot be looked into from outside, but by root: anybody
else starts them in a user namespace where he is root.
"""

import os
import re
import resource
import socket
import sys
import time

import contenders
from place import (NUMBER, PATIENCE, Place, process_name, read, state,
                   wait_until)
from report import Figure, Report, ratio

ROUNDS = int(os.environ.get("BENCH_ROUNDS") or 5)
MANY = int(os.environ.get("BENCH_SESSIONS") or 1000)
KB, MB = 1000, 1000000
SIZES = (1 * KB, 10 * KB, 100 * KB, 1 * MB, 10 * MB, 50 * MB)
NAIVE_MAX = 100 * KB    # an argument of curl has at most 128 KiB
ANONYMOUS = "Pss_Anon"
LOGIN = "AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ="   # alice, wonderland


def rollup(pid):
    """{name: KiB} of /proc/PID/smaps_rollup."""
    return {name: int(value) for name, value in re.findall(
        r"^(\w+): +(\d+) kB$", read("/proc/%d/smaps_rollup" % pid), re.M)}


def status(pid, name):
    """KiB of a line of /proc/PID/status; 0 if it has gone."""
    try:
        found = re.search(name + r":\s+(\d+)", read("/proc/%d/status" % pid))
    except OSError:
        return 0
    return int(found.group(1)) if found else 0


def weigh(rival):
    """(PSS, of that anonymous, processes) of its sessions; KiB."""
    rolls = [(process_name(pid), rollup(pid)) for pid in rival.sessions()]
    return (sum(roll.get("Pss", 0) for _, roll in rolls),
            sum(roll.get(ANONYMOUS, 0) for _, roll in rolls),
            [(name, roll.get("Pss", 0)) for name, roll in rolls])


class Client:
    """A plain client that can stay where it is."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reply()

    def reply(self):
        said = b""
        while not re.search(rb"(?m)^\d\d\d (?:.*)\r\n\Z", said):
            more = self.sock.recv(65536)
            if not more:
                sys.exit("the connection is lost: %r" % said)
            said += more
        if said[:1] not in b"23":
            sys.exit("refused: %r" % said)
        return said.decode()

    def say(self, line):
        self.sock.sendall(line.encode() + b"\r\n")
        return self.reply()

    def envelope(self):
        self.say("MAIL FROM:<bench@client.test>")
        self.say("RCPT TO:<%s@sms.test>" % NUMBER)

    def close(self):
        self.sock.close()


def settled(rival):
    """None of its sessions runs for the moment."""
    def asleep():
        return all(state(pid)[1][0] == "S" for pid in rival.sessions())
    wait_until(asleep)
    time.sleep(0.1)
    wait_until(asleep)


# ---- one session ----

def no_process(rival):
    return wait_until(lambda: not rival.sessions())


def life(rival, seen):
    """[(state, weigh())] of a session."""
    client = Client(rival.port)
    settled(rival)
    yield "after the greeting", weigh(rival)
    client.say("EHLO client.test")
    settled(rival)
    yield "before AUTH", weigh(rival)
    if seen is None:
        client.close()
        return
    client.say(LOGIN)
    client.envelope()
    wait_until(seen, 1)
    settled(rival)
    yield "after AUTH", weigh(rival)
    client.say("DATA")
    client.sock.sendall(b"Subject: bench\r\n\r\n" + b"a line\r\n" * 1000)
    settled(rival)
    yield "inside DATA", weigh(rival)
    client.say(".")
    settled(rival)
    yield "after the mail", weigh(rival)
    client.close()


def states(report, place, rivals):
    rows, found = [], {}
    for name, rival in rivals.items():
        if name == "peer":      # no process, and nothing to tell apart
            continue
        seen = None if name in ("null", "naive", "fork") else lambda: True
        runs = {}
        for _ in range(ROUNDS):
            for state, weight in life(rival, seen):
                runs.setdefault(state, []).append(weight)
            no_process(rival)
        for state, weights in runs.items():
            pss = Figure([w[0] for w in weights])
            found[name, state] = pss.median
            rows.append([
                name, state, pss.text(),
                Figure([w[1] for w in weights]).text(),
                ", ".join("%s %d" % pair for pair in weights[-1][2])])
    report.section(
        "Memory of a session",
        "PSS of all its processes in KiB, and how much of that is no part of "
        "a file. Pages of libc are shared with whatever else runs on the "
        "machine (%d processes here), and those of a program with its other "
        "sessions (none here): the more there are, the less is a session's "
        "part." % len([n for n in os.listdir("/proc") if n.isdigit()]),
        ["contender", "state", "PSS (range)", "anonymous", "processes"],
        rows, [(name, rival.text) for name, rival in rivals.items()])
    value = found.get(("listener", "before AUTH"))
    report.aim("memory, idle before AUTH, listener", "<= 200 KiB PSS",
               value and "%d KiB" % value, value and value <= 200)
    return found


# ---- a thousand ----

def more_files():
    """As many descriptors as we may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def pss(pids):
    return sum(rollup(pid).get("Pss", 0) for pid in pids)


def crowd(rival, login):
    """(PSS, of what they share, page tables: MiB; processes) of MANY
    sessions; what a shared process has more of than before is theirs."""
    clients, before = [], pss(rival.shared())
    for _ in range(MANY):
        clients.append(Client(rival.port))
        clients[-1].say("EHLO client.test")
        if login:
            clients[-1].say(LOGIN)
    settled(rival)
    theirs, _, processes = weigh(rival)
    tables = sum(status(pid, "VmPTE") for pid in rival.sessions())
    own = pss(rival.shared())
    if not processes:
        theirs = own - before
    for client in clients:
        client.close()
    no_process(rival)
    return theirs / 1024, own / 1024, tables / 1024, len(processes)


def crowds(report, rivals):
    rows, found = [], {}
    for name, rival in rivals.items():
        theirs, own, tables, processes = crowd(rival, False)
        found[name] = theirs
        rows.append([name, MANY, processes, "%.0f" % theirs,
                     "%.0f" % (theirs * 1024 / MANY), "%.0f" % tables,
                     "%.1f" % own if own else "", len(rival.sessions())])
    report.section(
        "Memory of many sessions",
        "All of them idle before AUTH. PSS is without the page tables, which "
        "the kernel has for each process. \"Shared\": the agent, or the "
        "listener and what it has started; peer has nothing else, and what "
        "it has more of than before is the sessions'. \"At rest\": processes "
        "of sessions that are left when the clients have gone.",
        ["contender", "sessions", "processes", "PSS MiB", "KiB each",
         "page tables MiB", "shared MiB", "at rest"], rows)
    value = found.get("listener") and found["listener"] * 1024 / MANY
    report.aim("memory, 1,000 idle before AUTH, listener",
               "<= 200 KiB PSS each", value and "%d KiB" % value,
               value and value <= 200)
    rest = {row[0]: row[-1] for row in rows}.get("listener")
    report.aim("processes of sessions at rest, listener", "none",
               None if rest is None else "%d" % rest, rest == 0)


def idle_agent(report, place, config):
    """An agent that has had its mail: is it gone when its time is up?"""
    agent = contenders.find_agent(place, config, "agent-idle=1")
    gone = agent and wait_until(
        lambda: not process_name(agent.pid).startswith("smtp2sms"))
    report.aim("at rest, agent (1 s after its last client)", "no process",
               agent and ("0" if gone else "1"), gone)


# ---- sizes ----

def mail(size):
    """A short text, and an attachment that makes it this big."""
    head = (b"From: <bench@client.test>\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            b"--b\r\nContent-Type: text/plain\r\n\r\nsee below\r\n--b\r\n"
            b"Content-Type: application/zip\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n")
    tail = b"--b--\r\n.\r\n"
    row = b"QUJD" * 19 + b"\r\n"
    return head + row * max(1, (size - len(head) - len(tail)) // len(row)) + \
        tail


def transfer(rival, octets):
    """(milliseconds from DATA to the last reply, peak KiB) of a mail."""
    client = Client(rival.port)
    client.say("EHLO client.test")
    client.envelope()
    start = time.monotonic()
    client.say("DATA")
    client.sock.settimeout(120)
    client.sock.sendall(octets)
    client.reply()
    taken = (time.monotonic() - start) * 1000
    peaks = {process_name(pid): status(pid, "VmHWM")
             for pid in [*rival.sessions(), *rival.shared()]}
    client.say("QUIT")
    client.close()
    no_process(rival)
    return taken, peaks


def sizes(report, rivals):
    """{name: [(octets, ms)]}"""
    rows, found = [], {name: [] for name in rivals}
    for size in SIZES:
        octets = mail(size)
        for name, rival in rivals.items():
            if name == "naive" and size > NAIVE_MAX:
                continue
            runs = [transfer(rival, octets)
                    for _ in range(ROUNDS if size < 10 * MB else 2)]
            ms = Figure([taken for taken, _ in runs])
            found[name].append((size, ms.median))
            peaks = {}
            for _, some in runs:
                for program, kib in some.items():
                    peaks[program] = max(kib, peaks.get(program, 0))
            rows.append([
                "%d KB" % (size // KB), name, ms.text("%.1f"),
                ratio(ms.median, found["null"][-1][1]),
                ", ".join("%s %d" % pair for pair in peaks.items())])
    report.section(
        "Mails of any size",
        "From DATA to the reply behind the final dot, the gateway being "
        "nginx by HTTP; a short text, the rest is an attachment in base64. "
        "Peak: the resident set (VmHWM) of each process, shared pages and "
        "all.", ["mail", "contender", "ms (range)", "/ null", "peak KiB"],
        rows, [(name, rival.text) for name, rival in rivals.items()])
    return found


def run(report):
    if os.geteuid() != 0:
        Place.around = ["unshare", "--user", "--map-root-user"]
    with Place() as place:
        http, _ = place.nginx()
        url = "http://localhost:%d" % http
        config = place.configure(url)
        agent = contenders.find_agent(place, config)
        login = contenders.make(place, config, url,
                                ["auth-without-tls=yes"],
                                names=contenders.ALL, agent=agent)
        found = states(report, place, login)
        crowds(report, {name: login[name] for name in login
                        if name != "naive"})
        idle_agent(report, place, config)
        plain = contenders.make(place, config, url,
                                ["auth=none", "max-size=104857600"],
                                agent=agent)
        return found, sizes(report, plain)


if __name__ == "__main__":
    more_files()
    run(Report())
