"""A listener's limits: sessions in all and of one source, failed AUTHs; and
that whoever is too many hears so."""

import os
import signal
import socket
import time

import smtp
import tap
from gateway import Gateway
from listener_lib import PATIENCE, Listener
from server_lib import alive
from smtp import SLOW, own_credentials, wait_until
from tls_lib import tls_lines

gw = Gateway()
FULL = b"421 4.3.2 Too many connections, try again later\r\n"
BLOCKED = b"421 4.7.0 Too many authentication failures, try again later\r\n"


def knock(port, source="127.0.0.1", send=b"", address="127.0.0.1"):
    """All that a client is told before it does anything."""
    with socket.create_connection((address, port), PATIENCE * SLOW,
                                  (source, 0)) as sock:
        if send:
            sock.sendall(send)
        data = b""
        while b"\n" not in data:
            try:
                more = sock.recv(1000)
            except ConnectionResetError:
                break
            if not more:
                break
            data += more
        return data


def turned(it):
    """How many were turned away, for each reason."""
    sums = {}
    for event in it.events("turned-away"):
        reason = event["reason"].strip('"')
        sums[reason] = sums.get(reason, 0) + int(event["connections"])
    return sums


@tap.test("max-sessions")
def all_sessions():
    with Listener(["max-sessions 3"], gw) as it:
        clients = [it.connect(source="127.0.0.%d" % (n + 1))
                   for n in range(3)]
        tap.is_(knock(it.port, "127.0.0.9"), FULL, "a fourth: 421")
        tap.is_(knock(it.port, "127.0.0.9", b"EHLO x\r\n"), FULL,
                "also where it spoke first")
        clients[0].bye()
        tap.ok(wait_until(lambda: len(it.sessions()) == 2, PATIENCE),
               "one of them ends")
        tap.like(knock(it.port).decode(), "^220 ", "then there is room")
        wait_until(lambda: it.events("turned-away"), PATIENCE)
        tap.is_(turned(it), {"max-sessions": 2}, "the log has the number")
        for client in clients[1:]:
            client.bye()


def besiege(port):
    """A process that comes from 127.0.0.66 again and again, without a pause,
    until it is killed."""
    pid = os.fork()
    while pid == 0:
        try:
            socket.create_connection(("127.0.0.1", port), 5,
                                     ("127.0.0.66", 0)).close()
        except OSError:
            pass
    return pid


def is_over(pid):
    """The process has ended, whether or not somebody asked for its status."""
    return wait_until(lambda: not alive(pid), PATIENCE)


@tap.test("a session that has ended makes room at once")
def at_once():
    with Listener(["max-sessions 2", "max-sessions-per-source 1"],
                  gw) as it:
        held = it.connect(source="127.0.0.66")
        enemies = [besiege(it.port) for _ in range(2)]
        try:
            said = []
            for _ in range(100):
                with it.connect() as client:
                    said.append(str(client.greeting)[:4])
                    pid = it.session_of(client)
                    client.bye()
                is_over(pid)
            tap.is_(said, ["220 "] * 100, "while others come without a pause")
            begun = time.monotonic()
            it.signal(signal.SIGTERM)
            tap.ok(it.wait_event("stop") and
                   time.monotonic() - begun < 5 * SLOW, "so does SIGTERM")
        finally:
            for pid in enemies:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        held.close()


@tap.test("max-sessions 0: no limit")
def no_limit():
    with Listener(["max-sessions 0", "max-sessions-per-source 0"],
                  gw) as it:
        clients = [it.connect() for _ in range(80)]
        tap.is_(len(it.sessions()), 80, "80 sessions of one source")
        for client in clients:
            client.close()


@tap.test("max-sessions-per-source")
def of_a_source():
    with Listener(["max-sessions-per-source 2", "trust 127.0.0.7"],
                  gw) as it:
        clients = [it.connect() for _ in range(2)]
        tap.is_(knock(it.port), FULL, "a third of one source: 421")
        others = [it.connect(source="127.0.0.2") for _ in range(2)]
        tap.is_(knock(it.port, "127.0.0.2"), FULL, "each source has its own")
        clients[0].bye()
        wait_until(lambda: len(it.sessions()) == 3, PATIENCE)
        tap.like(knock(it.port).decode(), "^220 ",
                 "one that has ended makes room")
        trusted = [it.connect(source="127.0.0.7") for _ in range(5)]
        tap.is_(len(trusted), 5, "addresses in trust are not counted")
        for client in clients[1:] + others + trusted:
            client.close()


@tap.test("an IPv6 address")
def ipv6():
    if not socket.has_ipv6:
        raise tap.Skip("no IPv6")
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError as why:
            raise tap.Skip("no IPv6 here") from why
        port = probe.getsockname()[1]
    with Listener(["max-sessions-per-source 1"], gw,
                  listen=["[::]:%d" % port], ready=False) as it:
        it.wait_event("listen")
        one = socket.create_connection(("::1", port))
        one.settimeout(PATIENCE * SLOW)
        tap.like(one.recv(100).decode(), "^220", "the first session of ::1")
        tap.is_(knock(port, "::1", address="::1"), FULL, "the second: 421")
        tap.like(knock(port).decode(), "^220 ", "IPv4 is another source")
        one.close()


@tap.test("one line of the log in a second, with the number")
def one_line():
    with Listener(["max-sessions 1"], gw) as it:
        with it.connect():
            begun = time.monotonic()
            for _ in range(200):
                knock(it.port)
            took = time.monotonic() - begun
            wait_until(lambda: turned(it).get("max-sessions") == 200, 5)
            lines = it.events("turned-away")
            tap.is_(turned(it), {"max-sessions": 200}, "all are counted")
            tap.ok(len(lines) <= took + 2, "%d lines in %.1f s" %
                   (len(lines), took))


@tap.test("max-auth-failures-per-source")
def failures():
    users = ["auth users " + smtp.secret_file(
        "alice " + smtp.SECRET_HASH), "max-auth-failures-per-source 4",
        "max-auth-failures 2", "trust 127.0.0.7"]
    with Listener(users, gw) as it:
        for n in range(2):
            with it.connect() as client:
                client.ehlo()
                tap.like(str(client.auth_plain("alice", "wrong")), "^535 ",
                         "session %d: a wrong password" % (n + 1))
                tap.like(str(client.auth_plain("alice", "wrong")), "^421 ",
                         "session %d: another" % (n + 1))
                # at once, before the process of the session is over
                if n == 1:
                    tap.is_(knock(it.port), BLOCKED,
                            "then the source is refused")
        tap.is_(knock(it.port), BLOCKED, "and again")
        tap.like(knock(it.port, "127.0.0.2").decode(), "^220 ",
                 "another source is not")
        with it.connect(source="127.0.0.2") as client:
            client.ehlo()
            tap.like(str(client.auth_plain("alice", "secret")), "^235 ",
                     "and can log in")
        with it.connect(source="127.0.0.7") as client:
            for _ in range(2):
                client.ehlo()
                client.auth_plain("alice", "wrong")
        tap.like(knock(it.port, "127.0.0.7").decode(), "^220 ",
                 "addresses in trust are not counted")
        wait_until(lambda: turned(it), PATIENCE)
        tap.is_(turned(it), {"max-auth-failures-per-source": 2},
                "the log has the number")


@tap.test("passwords that the gateway refuses at the final dot")
def late_failures():
    gw.reset()
    with Listener(["max-auth-failures-per-source 2"], gw) as it:
        for _ in range(2):
            with it.connect() as client:
                client.login("alice", "wrong")
                gw.queue("401")
                tap.like(str(client.send_message("x")), "^535 5.7.8",
                         "a wrong password is found out by the gateway")
        tap.is_(knock(it.port), BLOCKED, "it is counted, too")


@tap.test("failures of other kinds")
def other_failures():
    with Listener(["max-auth-failures-per-source 3"], gw) as it:
        with it.connect() as client:
            client.ehlo()
            tap.like(str(client.cmd("AUTH PLAIN")), "^334 ", "AUTH")
            tap.like(str(client.cmd("*")), "^501 ", "cancelled")
            tap.like(str(client.cmd("AUTH PLAIN !!!")), "^501 ", "no base64")
            client.close()
        tap.like(knock(it.port).decode(), "^220 ",
                 "what is no password is no failure")


@tap.test("broken off, refused, killed: nothing is counted twice")
def counts():
    with Listener(["max-sessions 4", "max-sessions-per-source 3"],
                  gw) as it:
        for _ in range(5):
            clients = [it.connect() for _ in range(3)]
            tap.is_(knock(it.port), FULL, "three are as many as there may be")
            for client in clients:
                client.close()
            wait_until(lambda: not it.sessions(), PATIENCE)


@tap.test("a socket for TLS: nothing in clear")
def over_tls():
    with Listener([*tls_lines(), "max-sessions 1"], gw, args=["-s"]) as it:
        with socket.create_connection(("127.0.0.1", it.port)):
            wait_until(it.sessions, PATIENCE)
            tap.is_(knock(it.port), b"", "the connection is closed")


@tap.test("sessions of one source that say nothing keep nobody out")
def slow_loris():
    gw.reset()
    with Listener(["max-sessions 30", "max-sessions-per-source 20"],
                  gw) as it:
        enemies = [socket.create_connection(("127.0.0.1", it.port),
                                            PATIENCE * SLOW, ("127.0.0.66",
                                                              0))
                   for _ in range(200)]
        begun = time.monotonic()
        with it.connect() as client:
            client.login()
            tap.like(str(client.send_message("through")), "^250 ",
                     "another source gets its mail through")
        tap.ok(time.monotonic() - begun < 5 * SLOW, "at once")
        for enemy in enemies:
            enemy.close()


tap.run()
