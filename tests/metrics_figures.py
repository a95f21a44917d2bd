"""The keyword metrics: the figures agree with what clients, the log and the
gateway have seen, whoever counts and whoever is killed."""

import collections
import os
import re
import signal
import socket
import stat
import threading

import tap
from agent_lib import Agent
from gateway import Gateway
from ipc_lib import frame, u32
from listener_lib import PATIENCE, Listener
from metrics_lib import family, new_file, parse, read, show, shown
from smtp import (SECRET_HASH, Session, own_credentials, secret_file,
                  wait_until)
from tls_lib import tls_lines

gw = Gateway()
OWN = own_credentials()
REQ_TALLY = 11
NUMBERS = ["+49151123400%02d" % n for n in range(4)]


def leave(client):
    """End the session at once: it waits for who does not close.  Its exit
    code."""
    client.must("QUIT", 221)
    client.hang_up()
    return client.finish()


def await_figures(path, condition):
    """What FILE says when the condition holds of it; else after a while."""
    wait_until(lambda: condition(read(path)), PATIENCE)
    return read(path)


def logged(log):
    """{outcome: recipients} of the log's messages."""
    sums = collections.Counter()
    for line in log.splitlines():
        if "event=message " in line:
            sums[re.search(r"outcome=(\S+)", line)[1]] += \
                int(re.search(r"recipients=(\d+)", line)[1])
    return dict(sums)


def auths(log):
    return dict(collections.Counter(re.findall(
        r"event=auth .*result=(\S+)", log)))


def tallied(replies):
    return {str(code): n for code, n in replies.items()}


class Counting:
    """Notes the code of each reply of the sessions that are under it."""

    def __init__(self):
        self.codes = collections.Counter()
        self.sent = 0
        self.lock = threading.Lock()

    def watch(self, client):
        reply, self_ = client.reply, self

        def count(*args, **more):
            got = reply(*args, **more)
            with self_.lock:
                self_.codes[got.code] += 1
            return got
        client.reply = count
        with self.lock:
            self.codes[client.greeting.code] += 1
        return client


def dialogue(seen, client, n):
    """A session of one of several kinds."""
    seen.watch(client)
    client.ehlo()
    if n % 5 == 4:
        client.cmd("NONSENSE")
        return
    text = "x" * 200 if n % 5 == 1 else "hello"
    numbers = NUMBERS[:1 + n % 3]
    client.send_message("%s %d" % (text, n), numbers=numbers)
    with seen.lock:
        seen.sent += 1


def answers():
    """What the gateway says: mostly yes."""
    count = [0]
    lock = threading.Lock()

    def choose(_):
        with lock:
            count[0] += 1
            return ("503", "422", "ok", "ok")[count[0] % 4]
    return choose


@tap.test("eight clients of a listener, and as many sessions without one")
def crowd():
    gw.reset()
    gw.choose = answers()
    path, seen, log = new_file(), Counting(), []
    lines = [*OWN, "metrics " + path]

    def client_of(listener, n):
        for i in range(6):
            with listener.connect() as client:
                dialogue(seen, client, n + i)
                client.bye()

    def alone(n):
        for i in range(2):
            with Session(lines, gw) as s:
                dialogue(seen, s, n + i)
                leave(s)
                log.append(s.log())

    whole = []

    def reader(stop):
        while not stop.is_set():
            if os.path.exists(path):
                with open(path) as file:
                    whole.append(file.read())
            stop.wait(0.002)
    stop = threading.Event()
    with Listener(lines, gw) as it:
        threads = [threading.Thread(target=client_of, args=(it, n))
                   for n in range(4)]
        threads += [threading.Thread(target=alone, args=(n,))
                    for n in range(4)]
        watcher = threading.Thread(target=reader, args=(stop,))
        watcher.start()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        want = tallied(seen.codes)
        figures = await_figures(path, lambda f: family(
            f, "replies_total") == want)
        stop.set()
        watcher.join()
        log = it.log() + "".join(log)
    tap.is_(family(figures, "replies_total"), want,
            "replies: those that clients have had")
    outcomes = {key[1]: value for key, value in
                family(figures, "recipients_total").items()}
    tap.is_(outcomes, logged(log), "recipients: those of the log")
    tap.is_(outcomes.get("accepted"), sum(
        len(m["phoneNumbers"]) for m in gw.messages),
        "accepted: what the gateway has")
    tap.is_(sum(family(figures, "messages_total").values()),
            seen.sent, "messages: each once")
    parts = sum(len(m["phoneNumbers"]) *
                (2 if len(m["textMessage"]["text"]) > 160 else 1)
                for m in gw.messages)
    tap.is_(figures[("parts_total", "smsgate", "accepted")], parts,
            "parts: those of each recipient")
    tap.is_(figures[("gateway_seconds_count", "smsgate")], len(gw.posts()),
            "gateway_seconds: a request each")
    tap.is_(figures[("connections_total", "accepted")], 32,
            "connections: each once")
    tap.is_(figures[("sessions",)], 0, "no session is open")
    tap.is_(shown(path), figures, "--metrics shows the same")
    tap.ok(whole and all(text.startswith("# HELP") and text.endswith(
        "smtp2sms_held_back_total 0\n") and parse(text) for text in whole),
        "no reader has ever seen a part of the file (%d times)" % len(whole))
    mode = stat.S_IMODE(os.stat(path).st_mode)
    tap.is_(oct(mode), "0o644", "whoever exports it can read it")


@tap.test("processes that are killed")
def killed():
    gw.reset()
    path = new_file()
    lines = [*OWN, "metrics " + path]
    with Listener(lines, gw) as it:
        for n in range(5):
            with it.connect() as client:
                client.ehlo()
                client.send_message("before %d" % n)
                client.bye()
        await_figures(path, lambda f: f.get(("replies_total", "221")) == 5)
        holder = it.connect()
        wait_until(lambda: read(path).get(("sessions",)) == 1, PATIENCE)
        tap.is_(read(path)[("sessions",)], 1, "an open session is counted")
        with it.connect() as client:
            client.ehlo()
            client.send_message("the last one")
            for pid in [*it.deliver(), it.pid]:
                os.kill(pid, signal.SIGKILL)
        it.wait()
        holder.close()
    figures = shown(path)
    tap.is_(figures[("messages_total", "smsgate", "accepted")], 6,
            "what a process counted that was killed is there")
    tap.is_(figures[("sessions",)], 0,
            "a listener that was killed has no sessions")
    with Listener(lines, gw) as it, it.connect() as client:
        client.bye()
        figures = await_figures(path, lambda f: f.get(
            ("replies_total", "221")) == 6)
    tap.is_(figures[("messages_total", "smsgate", "accepted")], 6,
            "... and in the file with the next session")


@tap.test("a session that sends nothing starts nothing")
def nothing():
    path = new_file()
    lines = [*OWN, "metrics " + path]
    with Listener(lines, gw) as it:
        with it.connect() as client:
            client.bye()
        figures = await_figures(path, lambda f: f.get(
            ("replies_total", "221")) == 1)
        tap.is_(figures.get(("replies_total", "221")), 1, "it is counted")
        tap.is_(it.deliver(), [], "without smtp2sms-deliver")
    lines.append("libexec /nonexistent")
    with Session(lines, gw) as s:
        tap.is_(leave(s), 0, "a session without a listener ends well")
        tap.ok("error" not in s.log(), "and executes nothing", s.log())
    tap.is_(shown(path)[("replies_total", "221")], 2, "it is counted, too")


@tap.test("connections that are turned away")
def turned_away():
    path = new_file()
    with Listener([*OWN, "metrics " + path, "max-sessions 1"], gw) as it:
        with it.connect() as first:
            with it.connect() as second:
                tap.is_(second.greeting.code, 421, "the second is too many")
            first.bye()
        figures = await_figures(path, lambda f: f.get(
            ("replies_total", "221")) == 1)
    tap.is_(family(figures, "connections_total"),
            {"accepted": 1, "max-sessions": 1}, "each has its result")
    tap.is_(figures[("replies_total", "421")], 1, "its reply is counted")


@tap.test("AUTH")
def auth():
    gw.reset()
    path = new_file()
    users = secret_file("bob " + SECRET_HASH)
    with Listener(["auth users " + users, "metrics " + path,
                   "max-auth-failures 9"], gw) as it:
        with it.connect() as client:
            client.ehlo()
            tap.is_(client.auth_plain("bob", "wrong").code, 535, "wrong")
            tap.is_(client.auth_plain("bob", "secret").code, 235, "right")
            client.bye()
        figures = await_figures(path, lambda f: f.get(
            ("replies_total", "221")) == 1)
        tap.is_(family(figures, "auth_total"), auths(it.log()),
                "the results are those of the log")
    with Session(["auth gateway", "metrics " + path], gw) as s:
        s.ehlo()
        s.login("alice", "nonsense")
        tap.is_(s.send_message("no").code, 535, "the gateway says no")
        leave(s)
    tap.is_(family(shown(path), "auth_total"),
            {"ok": 1, "wrong": 2, "unchecked": 1},
            "what the gateway refuses is wrong, too")
    tap.is_(shown(path)[("messages_total", "smsgate", "credentials")], 1,
            "the message's outcome")


@tap.test("TLS")
def tls():
    gw.reset()
    path = new_file()
    lines = [*OWN, *tls_lines(), "metrics " + path]
    with Listener(lines, gw) as it:
        with it.connect() as client:
            client.ehlo()
            client.starttls()
            client.bye()
        with it.connect() as client:
            client.ehlo()
            client.must("STARTTLS", 220)
            client.sock.sendall(b"no TLS at all\r\n\r\n")
            client.hang_up()
        figures = await_figures(path, lambda f: f.get(
            ("tls_handshakes_total", "failed")) == 1)
        tap.is_(family(figures, "tls_handshakes_total"),
                {"ok": 1, "failed": 1}, "STARTTLS")
    path = new_file()
    with Listener([*lines, "metrics " + path], gw, args=["-s"]) as it:
        client = it.connect(greeting=False).handshake().greet()
        client.bye()
        with socket.create_connection(("127.0.0.1", it.port)) as sock:
            sock.sendall(b"no TLS at all\r\n\r\n")
            figures = await_figures(path, lambda f: f.get(
                ("tls_handshakes_total", "failed")) == 1)
        tap.is_(family(figures, "tls_handshakes_total"),
                {"ok": 1, "failed": 1}, "TLS from the first octet")


@tap.test("an agent, and a session that was taken over")
def agent():
    gw.reset()
    path = new_file()
    with Agent([*OWN, "metrics " + path], gw) as it:
        for n in range(3):
            with it.session() as s:
                s.ehlo()
                s.send_message("mail %d" % n)
                leave(s)
        figures = await_figures(path, lambda f: f.get(
            ("replies_total", "221")) == 3)
        tap.is_(figures.get(("replies_total", "221")), 3, "three sessions")
        tap.is_(figures[("connections_total", "accepted")], 3,
                "their connections")
        tap.is_(figures[("messages_total", "smsgate", "accepted")], 3,
                "their messages")
        sound = u32(1) * 1 + u32(0) * 6 + u32(1) + u32(250) + u32(7)
        for what, fields in (
                ("nothing", b""), ("a code that is none", u32(1) + u32(0) * 6
                                   + u32(1) + u32(199) + u32(1)),
                ("a code that is none", u32(0) * 7 + u32(1) + u32(600) +
                 u32(1)),
                ("a code twice", u32(0) * 7 + u32(2) + (u32(250) + u32(1)) *
                 2),
                ("more than can be", u32(0) * 7 + u32(1) + u32(250) +
                 u32(10000001)),
                ("more connections than one", u32(2) + u32(0) * 7),
                ("something behind", sound + b"x")):
            enemy(it, frame(REQ_TALLY, fields))
            tap.is_(shown(path), figures, what)
        tap.is_(it.log().count("figures that cannot be"), 7, "logged")
        enemy(it, frame(REQ_TALLY, sound) * 2)
        tap.is_(shown(path)[("replies_total", "250")],
                figures[("replies_total", "250")] + 7, "no tally twice")


def enemy(agent_, data):
    """Say this after the introduction, and wait for the end of the link."""
    hello = frame(8, b"".join(len(s).to_bytes(4, "big") + s
                              for s in (b"x", b"127.0.0.1")) + b"\1")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(agent_.socket)
        sock.sendall(hello + data)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(4096):
            pass


@tap.test("a file that cannot be written")
def unwritable():
    gw.reset()
    lines = [*OWN, "metrics /nonexistent/x.prom"]
    with Listener(lines, gw) as it:
        for n in range(2):
            with it.connect() as client:
                client.ehlo()
                tap.is_(client.send_message("mail %d" % n).code, 250,
                        "mail is sent all the same")
                client.bye()
        it.signal(signal.SIGTERM)
        it.wait()
        tap.is_(len(re.findall("smtp2sms.*event=metrics .*No such file",
                               it.log())), 2,
                "both programs have said so, once")


@tap.test("somebody removes the counters")
def removed():
    gw.reset()
    path = new_file()
    with Listener([*OWN, "metrics " + path], gw) as it:
        for n in range(3):
            with it.connect() as client:
                client.bye()
            await_figures(path, lambda f: ("sessions",) in f)
            os.unlink(path)
            if n == 0:
                os.unlink(path + ".counts")
        with it.connect() as client:
            client.bye()
        figures = await_figures(path, lambda f: f.get(
            ("replies_total", "221")))
    tap.ok(figures.get(("replies_total", "221")), "they begin again")
    with open(path + ".counts", "w") as file:
        file.write("something else")
    with Session([*OWN, "metrics " + path], gw) as s:
        leave(s)
    tap.is_(shown(path)[("replies_total", "221")], 1,
            "what is no file of counters is replaced")


@tap.test("--metrics without metrics")
def none():
    done = show(None)
    tap.is_(done.returncode, 78, "a wrong configuration")
    tap.like(done.stderr, "there is no line `metrics file`", "in words")
    done = show("/nonexistent/x")
    tap.is_(done.returncode, 75, "no counters")
    tap.like(done.stderr, r"/nonexistent/x\.counts: No such file", "in words")


tap.run()
