"""A listener's ends and changes: SIGTERM, idleness, another configuration,
a broken one, and a session that dies by a signal."""

import os
import re
import signal
import socket
import tempfile
import threading
import time

import tap
from gateway import Gateway
from listener_lib import PATIENCE, Listener
from smtp import SLOW, own_credentials, wait_until

gw = Gateway()
ACCEPTED = r"^250 2\.0\.0 Message accepted"
CONFIG = "421 4.3.5 Server configuration error"


def greeting(it):
    with it.connect() as client:
        return str(client.greeting)


@tap.test("SIGTERM: what is under way is answered")
def term():
    gw.reset()
    with Listener([], gw) as it:
        busy, idle, mailing = it.connect(), it.connect(), it.connect()
        busy.login()
        mailing.login()
        gw.queue("delay:1500")
        busy.envelope()
        busy.send("Message-ID: <1@x>\r\n\r\nunder way\r\n.\r\n")
        gw.wait_for_request()
        it.signal(signal.SIGTERM)
        it.wait_event("stop")
        try:
            socket.create_connection(("127.0.0.1", it.port)).close()
            came = True
        except ConnectionRefusedError:
            came = False
        tap.ok(not came, "no more connections")
        tap.like(str(mailing.send_message("another")), ACCEPTED,
                 "a session can still send")
        tap.like(str(busy.reply()), ACCEPTED, "what was under way is sent")
        tap.ok(it.running(), "it waits for its sessions")
        tap.is_(str(idle.reply()),
                "421 4.3.2 Server is shutting down, try again later",
                "one that says nothing is told so")
        tap.like(str(mailing.reply()), "^421 4.3.2", "and so are the others")
        tap.is_(it.wait(), 0, "exit 0")
        tap.is_(sorted(m["textMessage"]["text"] for m in gw.messages),
                ["another", "under way"], "each mail was sent once")


@tap.test("SIGTERM: a client that goes on sending")
def term_busy():
    gw.reset()
    with Listener([], gw) as it:
        with it.connect() as client:
            client.login()
            it.signal(signal.SIGTERM)
            it.wait_event("stop")
            begun, replies = time.monotonic(), []
            while time.monotonic() < begun + 20 * SLOW:
                replies.append(str(client.cmd("RSET")))
                if replies[-1].startswith("421"):
                    break
                time.sleep(0.05)
            tap.like(replies[-1], "^421 4.3.2", "is told after a while")
        tap.is_(it.wait(), 0, "exit 0")


@tap.test("SIGTERM: inside a transaction it may finish")
def term_inside():
    gw.reset()
    with Listener([], gw) as it:
        with it.connect() as client:
            client.login()
            client.envelope()
            client.send("Message-ID: <1@x>\r\n\r\nslow")
            it.signal(signal.SIGTERM)
            it.wait_event("stop")
            time.sleep(6 * SLOW)
            tap.like(str(client.data(" but sure")), ACCEPTED,
                     "a message that takes longer is sent")
            tap.like(str(client.cmd("MAIL FROM:<a@b>")), "^421 4.3.2",
                     "the next is not begun")
        tap.is_(it.wait(), 0, "exit 0")


@tap.test("SIGTERM under load: no answer is missing")
def term_load():
    gw.reset()
    with Listener(own_credentials(), gw) as it:
        answers, lost, stop = [], [], threading.Event()

        def send(n):
            while not stop.is_set():
                try:
                    with it.connect(greeting=False) as client:
                        try:
                            first = client.reply()
                        except (EOFError, ConnectionError):
                            return  # never accepted: in the backlog
                        if first.code == 421:
                            return
                        client.ehlo()
                        text = "mail %d %d" % (n, len(answers))
                        reply = client.send_message(
                            text, headers="Message-ID: <%s@x>\r\n" %
                            text.replace(" ", "-"))
                        answers.append((text, reply.code))
                except ConnectionRefusedError:
                    return
                except Exception as why:
                    lost.append(repr(why))
                    return

        threads = [threading.Thread(target=send, args=(n,))
                   for n in range(8)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(answers) > 40, 30)
        it.signal(signal.SIGTERM)
        tap.is_(it.wait(30), 0, "exit 0")
        stop.set()
        for thread in threads:
            thread.join(30)
        tap.is_(lost, [], "no session was broken off")
        tap.is_(sorted(text for text, code in answers if code == 250),
                sorted(m["textMessage"]["text"] for m in gw.messages),
                "what was accepted was sent, and nothing else")


@tap.test("listen-idle does not end one that has opened its port itself")
def own_port():
    with Listener(["listen-idle 1"], gw) as it:
        time.sleep(2 * SLOW)
        tap.ok(it.running(), "it stays")


@tap.test("another configuration: the next connection has it")
def another():
    lines = own_credentials()
    with Listener(lines, gw) as it:
        with it.connect() as before:
            before.ehlo()
            it.configure([*lines, "hostname other.test"])
            tap.is_(greeting(it), "220 other.test ESMTP smtp2sms",
                    "the next connection")
            tap.like(str(before.send_message("old")), ACCEPTED,
                     "a session from before goes on")
        tap.is_(greeting(it), "220 other.test ESMTP smtp2sms", "and again")
        tap.is_(len(it.events("renewed")), 1, "it is read once")
        with it.connect() as client:
            client.ehlo()
            tap.like(str(client.send_message("new")), ACCEPTED, "a mail")


@tap.test("a secret that is another: the next session has it")
def secret():
    gateway = Gateway(users={"alice": "wonderland", "own": "second"})
    lines = own_credentials("own", "first")
    path = [line.split()[2] for line in lines if "secret" in line][0]
    with Listener(lines, gateway) as it:
        def send():
            with it.connect() as client:
                client.ehlo()
                return str(client.send_message("x"))
        tap.like(send(), "^535 ", "a wrong password")
        with open(path, "w") as file:
            file.write("second\n")
        tap.like(send(), ACCEPTED, "put right")


@tap.test("SIGHUP")
def hup():
    with Listener(own_credentials(), gw) as it:
        with it.connect() as client:
            client.ehlo()
            it.signal(signal.SIGHUP)
            tap.ok(it.wait_event("renewed"), "it reads all again")
            tap.like(str(client.send_message("x")), ACCEPTED,
                     "sessions go on")
        tap.like(greeting(it), "^220 ", "and others come")
        tap.ok(it.running(), "it is the same process")


@tap.test("a broken configuration")
def broken():
    lines = own_credentials()
    with Listener(lines, gw) as it:
        with it.connect() as client:
            client.ehlo()
            tap.like(str(client.send_message("first")), ACCEPTED, "a mail")
            it.configure([*lines, "nonsense yes"])
            tap.is_(greeting(it), CONFIG, "is said to each client")
            tap.is_(greeting(it), CONFIG, "again")
            tap.like(it.log(), "smtp2sms.conf:.*nonsense",
                     "the log has the reason")
            tap.like(str(client.send_message("old")), r"^250 2\.0\.0",
                     "a session from before goes on")
        it.configure([*lines, "hostname mended.test"])
        tap.is_(greeting(it), "220 mended.test ESMTP smtp2sms",
                "mended, it works at once")
        wait_until(lambda: it.events("turned-away"), PATIENCE)
        tap.is_([(e["connections"], e["reason"])
                 for e in it.events("turned-away")],
                [("2", '"broken configuration"')], "the log has the number")


@tap.test("systemctl status says what a listener does")
def told():
    with tempfile.TemporaryDirectory() as folder, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        path = os.path.join(folder, "notify")
        supervisor.bind(path)
        supervisor.settimeout(PATIENCE * SLOW)
        lines = own_credentials()
        with Listener(lines, gw, env={"NOTIFY_SOCKET": path}) as it:
            said = [supervisor.recv(1000)]
            it.configure([*lines, "nonsense yes"])
            tap.is_(greeting(it), CONFIG, "broken")
            said.append(supervisor.recv(1000))
            it.configure(lines)
            tap.like(greeting(it), "^220 ", "mended")
            said.append(supervisor.recv(1000))
            it.signal(signal.SIGTERM)
            said.append(supervisor.recv(1000))
            it.wait()
        tap.is_(said, [b"STATUS=Serving 1 socket\n", b"STATUS=The "
                       b"configuration is broken: clients are told 421 "
                       b"4.3.5; the log says why\n",
                       b"STATUS=Serving 1 socket\n",
                       b"STATUS=Waiting for the last sessions\n"],
                "each change is told")
    name = "smtp2sms-test-%d" % os.getpid()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.settimeout(PATIENCE * SLOW)
        supervisor.bind("\0" + name)
        with Listener(lines, gw, env={"NOTIFY_SOCKET": "@" + name}) as it:
            tap.is_(supervisor.recv(1000), b"STATUS=Serving 1 socket\n",
                    "an abstract socket")
    for name in "", "nonsense", "/" + 200 * "x", "/nonexistent":
        with Listener(lines, gw, env={"NOTIFY_SOCKET": name}) as it:
            tap.like(greeting(it), "^220 ", "%.10s...: no matter" % name)


@tap.test("broken from the start, and a configuration that is not there")
def broken_start():
    with Listener(config="nonsense yes\nlog stderr\n") as it:
        tap.is_(greeting(it), CONFIG, "broken: 421")
        os.unlink(it.config)
        tap.is_(greeting(it), CONFIG, "gone: 421")
        it.configure(own_credentials())
        tap.like(greeting(it), "^220 sms.test", "written, it works")


@tap.test("a user that is not there")
def no_user():
    if os.geteuid() != 0:
        raise tap.Skip("only root can become another user")
    with Listener(["user nosuch"], gw) as it:
        tap.is_(greeting(it), CONFIG, "421")
        tap.like(it.log(), "there is no such user", "the log says why")


@tap.test("started as root it becomes the user")
def user():
    if os.geteuid() != 0:
        raise tap.Skip("only root can become another user")
    gw.reset()
    with Listener(["user nobody"], gw) as it:
        with it.connect() as client:
            client.login()
            tap.like(str(client.send_message("x")), ACCEPTED, "a mail")
            owners = set()
            for pid in [it.pid, *it.sessions(), *it.deliver()]:
                with open("/proc/%d/status" % pid) as file:
                    owners |= set(re.search(r"^Uid:(.*)", file.read(),
                                            re.M).group(1).split())
            tap.ok("0" not in owners, "the listener, its session and "
                   "smtp2sms-deliver", owners)
        tap.ok(it.events("privileges") == [], "no warning")


def layout(pid):
    """Where its memory begins; only root can know."""
    if os.geteuid() != 0:
        return None
    with open("/proc/%d/maps" % pid) as file:
        return file.readline().split("-")[0]


@tap.test("a session that dies by a signal")
def killed():
    gw.reset()
    with Listener(["max-sessions-per-source 3"], gw) as it:
        victim, other, late = it.connect(), it.connect(), it.connect()
        other.login()
        tap.like(str(other.send_message("one")), ACCEPTED, "a mail")
        old = layout(it.pid)
        os.kill(it.session_of(victim), signal.SIGSEGV)
        tap.is_(victim.rest(), b"", "its client is alone")
        tap.ok(it.wait_event("renewed"), "the listener begins anew")
        tap.is_(it.events("session-killed")[0]["signal"], "11",
                "the log has the signal")
        tap.ok(it.running(), "the same process")
        if old is None:
            tap.skip("only root can look into a process that has shut itself "
                     "off", "at other addresses")
        else:
            tap.ok(layout(it.pid) != old, "at other addresses")
        with open("/proc/%d/comm" % it.pid) as file:
            tap.is_(file.read().strip(), "smtp2sms", "under its name")
        deliver = it.deliver()
        tap.like(str(other.send_message("two")), ACCEPTED,
                 "a session that had its link sends")
        late.login()
        tap.like(str(late.send_message("three")), ACCEPTED,
                 "and so does one that had not")
        tap.is_(it.deliver(), deliver, "by the smtp2sms-deliver of before")
        with it.connect() as fourth:
            tap.like(str(fourth.greeting), "^220 ",
                     "the place of the dead one is free")
            with it.connect(greeting=False) as fifth:
                tap.like(str(fifth.reply()), "^421 4.3.2",
                         "the others are still counted")
        other.bye()
        late.bye()
        tap.ok(wait_until(lambda: not it.sessions(), PATIENCE),
               "and their ends are noticed")


@tap.test("failures are not forgotten when the listener begins anew")
def remembered():
    with Listener(["max-auth-failures-per-source 2"], gw) as it:
        for _ in range(2):
            with it.connect() as client:
                client.login("alice", "wrong")
                gw.queue("401")
                client.send_message("x")
        it.signal(signal.SIGHUP)
        it.wait_event("renewed")
        with it.connect(greeting=False) as client:
            tap.like(str(client.reply()), "^421 4.7.0", "421")


@tap.test("signals without end, and nobody is lost")
def killed_often():
    gw.reset()
    with Listener(own_credentials(), gw) as it:
        stop, served, lost = threading.Event(), [], []

        def client():
            while not stop.is_set():
                try:
                    with it.connect() as one:
                        one.ehlo()
                        text = "n%d" % len(served)
                        served.append(one.send_message(
                            text, headers="Message-ID: <%s.%f@x>\r\n" %
                            (text, time.time())).code)
                except Exception as why:
                    lost.append(repr(why))
        thread = threading.Thread(target=client)
        thread.start()
        for _ in range(30):
            with it.connect() as victim:
                os.kill(it.session_of(victim), signal.SIGKILL)
                victim.rest()
        stop.set()
        thread.join()
        tap.ok(len(served) > 5 and set(served) == {250},
               "%d mails meanwhile" % len(served), served)
        tap.is_(lost, [], "none failed")
        tap.ok(len(it.events("renewed")) >= 20, "while it began anew")


tap.run()
