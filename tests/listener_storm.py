"""A listener in a storm: more connections than there can be sessions, than
there are descriptors, than there may be processes; and a thousand that say
nothing."""

import os
import re
import resource
import select
import socket
import subprocess
import time

import tap
from gateway import Gateway
from listener_lib import PATIENCE, Listener
from smtp import SLOW, own_credentials, wait_until

gw = Gateway()
FULL = b"421 4.3.2"
FD_LIMIT = 60
EXISTS = 9      # of useradd(8): there is such a user
ALONE = 200     # KiB of its own memory that an idle session may have
MEMORY = 100        # ... among a thousand


def raise_files(number):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < number:
        raise tap.Skip("no more than %d descriptors" % hard)
    if soft < number:
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))


def storm(port, count, together=400):
    """Connect so often, as fast as can be, with so many under way; what was
    heard: a dict of the first words and how often."""
    heard, waiting, begun = {}, {}, 0
    poll = select.poll()
    while begun < count or waiting:
        while begun < count and len(waiting) < together:
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            waiting[sock.fileno()] = sock
            poll.register(sock, select.POLLIN)
            begun += 1
        events = poll.poll(PATIENCE * SLOW * 1000)
        if not events:
            heard["silence"] = len(waiting)
            break
        for number, _ in events:
            sock = waiting.pop(number)
            poll.unregister(number)
            try:
                word = sock.recv(100)[:9].decode() or "nothing"
            except OSError as why:
                word = why.strerror
            word = word if word.startswith("4") else word[:4]
            heard[word] = heard.get(word, 0) + 1
            sock.close()
    return heard


@tap.test("a storm of 3,000 connections")
def many():
    raise_files(2000)
    with Listener([*own_credentials(), "max-sessions 100",
                   "max-sessions-per-source 0"], gw) as it:
        heard = storm(it.port, 3000)
        tap.is_(sum(heard.values()), 3000, "each of them")
        tap.ok(set(heard) <= {"220 ", "421 4.3.2"},
               "had a greeting or a 421", heard)

        def served():
            """A mail goes through; 421 is heard while the last of the
            storm's sessions end."""
            with it.connect() as client:
                if client.greeting.code == 421:
                    return False
                client.ehlo()
                return str(client.send_message("after the storm"))[:4] == \
                    "250 "

        tap.ok(wait_until(served, PATIENCE), "then a mail goes through")
        tap.ok(wait_until(lambda: not it.sessions(), PATIENCE),
               "and no session is left")
        tap.ok(it.events("session-killed") == [] and it.running(),
               "nothing was killed")


@tap.test("no descriptor is left")
def descriptors():
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (FD_LIMIT, FD_LIMIT))

    with Listener(["max-sessions 0", "max-sessions-per-source 0"], gw,
                  before=few) as it:
        socks = [socket.create_connection(("127.0.0.1", it.port))
                 for _ in range(100)]
        first = []
        for sock in socks:
            sock.settimeout(PATIENCE * SLOW)
            first.append(sock.recv(100)[:9])
        served = first.count(b"220 sms.t")
        tap.ok(10 <= served < FD_LIMIT, "%d have a session" % served)
        tap.is_(first.count(FULL), 100 - served, "the others a 421")
        with open("/proc/%d/stat" % it.pid) as file:
            before = sum(map(int, file.read().split()[13:15]))
        time.sleep(1)
        with open("/proc/%d/stat" % it.pid) as file:
            after = sum(map(int, file.read().split()[13:15]))
        tap.ok(after - before < 20, "it does not spin: %d ticks in a second"
               % (after - before))
        for sock in socks:
            sock.close()
        tap.ok(wait_until(lambda: not it.sessions(), PATIENCE), "all end")
        with it.connect() as client:
            tap.like(str(client.greeting), "^220 ", "and there is room again")
        tap.like(it.log(), 'reason="out of resources"', "the log says so")


@tap.test("no process is left")
def processes():
    if os.geteuid() != 0:
        raise tap.Skip("only root can become another user")

    def few():
        resource.setrlimit(resource.RLIMIT_NPROC, (20, 20))

    # a user who has no other process; another test may hold useradd's lock
    if not wait_until(lambda: subprocess.run(
            ["useradd", "-r", "-M", "smtp2sms-few"], check=False,
            capture_output=True).returncode in (0, EXISTS), PATIENCE):
        raise tap.Skip("no user can be added here")
    try:
        with Listener(["user smtp2sms-few", "max-sessions-per-source 0"], gw,
                      before=few) as it:
            socks = [socket.create_connection(("127.0.0.1", it.port))
                     for _ in range(40)]
            first = []
            for sock in socks:
                sock.settimeout(PATIENCE * SLOW)
                first.append(sock.recv(100)[:9])
            served = first.count(b"220 sms.t")
            tap.ok(1 <= served < 20, "%d have a session" % served)
            tap.is_(first.count(FULL), 40 - served, "the others a 421")
            for sock in socks:
                sock.close()
            wait_until(lambda: not it.sessions(), PATIENCE)
            with it.connect() as client:
                tap.like(str(client.greeting), "^220 ",
                         "and there is room again")
    finally:
        subprocess.run(["userdel", "smtp2sms-few"], check=False,
                       capture_output=True)


def pss(pids):
    """KiB of the processes' own memory, what they share divided among them.
    What is mapped of files depends on who else has mapped it."""
    total = 0
    for pid in pids:
        try:
            with open("/proc/%d/smaps_rollup" % pid) as file:
                total += int(re.search(r"^Pss_Anon:\s+(\d+)", file.read(),
                                       re.M).group(1))
        except OSError:
            pass
    return total


@tap.test("a thousand sessions that say nothing")
def thousand():
    raise_files(4000)
    with Listener([*own_credentials(), "max-sessions 1100",
                   "max-sessions-per-source 0"], gw) as it:
        with it.connect() as alone:
            alone.ehlo()
            one = pss([it.session_of(alone)])
            tap.ok(one <= ALONE, "one: %d KiB" % one)
            socks = []
            for _ in range(1000):
                sock = socket.create_connection(("127.0.0.1", it.port))
                sock.settimeout(PATIENCE * SLOW)
                assert sock.recv(100).startswith(b"220 ")
                socks.append(sock)
            pids = it.sessions()
            tap.is_(len(pids), 1001, "a thousand and one")
            each = pss(pids) / len(pids)
            tap.ok(each <= MEMORY, "each of them: %d KiB" % each)
            begun = time.monotonic()
            tap.like(str(alone.send_message("still here")), "^250 ",
                     "a mail meanwhile")
            with it.connect() as client:
                client.ehlo()
                tap.like(str(client.send_message("newly come",
                         headers="Message-ID: <2@x>\r\n")), "^250 ",
                         "and one of a new session")
            tap.ok(time.monotonic() - begun < 3 * SLOW, "in time")
        for sock in socks:
            sock.close()
        tap.ok(wait_until(lambda: not it.sessions(), 3 * PATIENCE),
               "they end when they are left")


@tap.test("a log that nobody reads")
def unread_log():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    gw.reset()
    with Listener(own_credentials(), gw, ready=False,
                  before=lambda: os.dup2(writer, 2)) as it:
        # the listener's log is the full pipe
        wait_until(lambda: not refused(it.port), PATIENCE)
        begun = time.monotonic()
        for _ in range(5):
            with it.connect() as client:
                client.ehlo()
        tap.ok(time.monotonic() - begun < 10 * SLOW,
               "sessions come and go all the same")
        for _ in range(50):
            with it.connect(greeting=False):
                pass
        tap.ok(it.running(), "and the listener waits for nobody")
    os.close(reader)
    os.close(writer)


def refused(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return False
    except ConnectionRefusedError:
        return True


tap.run()
