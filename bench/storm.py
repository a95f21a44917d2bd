"""storm: connections as fast as they come, and a client that behaves.

20,000 connections from one address, as many at a time as there may be
descriptors, each until it has heard something. Meanwhile, and afterwards, a
client from another address sends mails, one session after the other.

usage: storm.py [connections]
"""

import json
import os
import resource
import select
import socket
import statistics
import sys
import time

import contenders
from memory import more_files
from place import PATIENCE, NUMBER, Place, process_name
from report import Report

COUNT = 20000
AT_ONCE = 10000         # no more than this wait, whatever the limit is
SPARE = 100             # descriptors that are for something else
ENEMY, FRIEND = "127.0.0.66", "127.0.0.1"
NAMES = ("null", "fork", "listener", "peer")
LONGEST = 60            # seconds that a storm may take
COMMANDS = ("EHLO client.test", "MAIL FROM:<bench@client.test>",
            "RCPT TO:<%s@sms.test>" % NUMBER, "DATA",
            "Subject: bench\r\n\r\nin a storm\r\n.", "QUIT")


def storm(port, count):
    """What the connections have heard: {first word: how often}."""
    together = min(AT_ONCE, count,
                   resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE)
    heard, waiting, begun = {}, {}, 0
    poll, until = select.epoll(), time.monotonic() + LONGEST
    while (begun < count or waiting) and time.monotonic() < until:
        while begun < count and len(waiting) < together:
            sock = socket.socket()
            sock.setblocking(False)
            sock.bind((ENEMY, 0))
            sock.connect_ex(("127.0.0.1", port))
            waiting[sock.fileno()] = sock
            poll.register(sock, select.EPOLLIN)
            begun += 1
        for number, _ in poll.poll(1):
            sock = waiting.pop(number)
            poll.unregister(number)
            try:
                word = sock.recv(100)[:3].decode() or "closed"
            except OSError as why:
                word = why.strerror
            heard[word] = heard.get(word, 0) + 1
            sock.close()
    if waiting:
        heard["nothing"] = len(waiting)
    return heard


def mail(port):
    """Milliseconds of a session with one mail; None: it was refused."""
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), PATIENCE,
                                  (FRIEND, 0)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with sock.makefile("rb") as file:
            for command in (None, *COMMANDS):
                if command:
                    sock.sendall(command.encode() + b"\r\n")
                line = b"000-"
                while line[3:4] == b"-":
                    line = file.readline()
                if line[:1] not in (b"2", b"3"):
                    return None
    return (time.monotonic() - start) * 1000


def tries(port, seconds):
    """([milliseconds], how many failed) of sessions for so long, or one."""
    times, failed, until = [], 0, time.monotonic() + seconds
    while True:
        try:
            took = mail(port)
        except OSError:
            took = None
        if took is None:
            failed += 1
        else:
            times.append(took)
        if time.monotonic() > until and times:
            return times, failed
        time.sleep(0.01)


def weather(port, count):
    """(what the storm heard, its seconds, the friend's times, failures,
    milliseconds until one is served when it is over)"""
    reader, writer = os.pipe()
    start = time.monotonic()
    if os.fork() == 0:
        os.write(writer, json.dumps(storm(port, count)).encode())
        os._exit(0)
    os.close(writer)
    times, failed = [], 0
    while not select.select([reader], [], [], 0)[0]:
        more, bad = tries(port, 0)
        times += more
        failed += bad
    took = time.monotonic() - start
    heard = json.loads(os.read(reader, 65536))
    os.close(reader)
    os.wait()
    after = time.monotonic()
    tries(port, 0)
    return heard, took, times, failed, (time.monotonic() - after) * 1000


def run(report, count=COUNT):
    with Place() as place:
        http, _ = place.nginx()
        url = "http://localhost:%d" % http
        config = place.configure(url)
        # the limits of smtp2sms are those that it has by itself
        rivals = contenders.make(place, config, url, ["auth=none"],
                                 names=NAMES, limits=())
        rows = []
        for name, rival in rivals.items():
            mail(rival.port)
            heard, took, times, failed, after = weather(rival.port, count)
            rows.append([name, ", ".join("%s: %d" % pair for pair in
                                         sorted(heard.items())),
                         "%.1f" % took,
                         "%.0f (%d)" % (statistics.median(times), len(times))
                         if times else "", "%.0f" % max(times, default=0),
                         failed, "%.0f" % after])
            if name != "listener":
                continue
            good = heard.get("220", 0) + heard.get("421", 0)
            report.aim("storm of %d connections, listener" % count,
                       "each is greeted or told 421", "%d" % good,
                       good == count)
            report.aim("... and a client from elsewhere meanwhile",
                       "never refused", "%d refused" % failed, failed == 0)
            assert process_name(rival.pid) == "smtp2sms"
    report.section(
        "A storm of %d connections" % count,
        "From one address, as fast as they come, each until it has heard "
        "something; smtp2sms with its own limits (50 sessions of one "
        "source). Meanwhile a client from another address sends mails, one "
        "session each: milliseconds of a session (how many there were), the "
        "longest, those that failed; and how long the first takes when the "
        "storm is over.",
        ["contender", "what they heard", "seconds", "a mail, ms", "longest",
         "failed", "afterwards, ms"], rows)


if __name__ == "__main__":
    more_files()
    run(Report(), int((sys.argv[1:] or [COUNT])[0]))
