"""The agent under attack, under load, and at its end.

One session's trouble is no other's; what is bounded says so in time; an end
in the middle loses nothing and sends nothing twice.
"""

import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

import tap
from agent_lib import Agent
from gateway import Gateway
from ipc_lib import (ANS_SEND, FRAME_MAX, REQ_AUTH, REQ_CAN, REQ_HELLO,
                     REQ_LOGIN, REQ_WARM, frame, hello, login, send, string,
                     u32)
from link_lib import OUTCOMES
from smtp import GATEWAYS, HOME, NUMBER, SLOW, WRAP, own_credentials, wait_until

gw = Gateway()
OWN = own_credentials()
TIMEOUT, CREDENTIALS, TEMPORARY = map(OUTCOMES.index, (
    "timeout", "credentials", "temporary"))
LATE = 3    # seconds that a bounded answer may be late


def connect(agent):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10 * SLOW)
    s.connect(agent.socket)
    return s


def is_closed(s):
    """It is closed without a word."""
    try:
        return s.recv(1) == b""
    except ConnectionResetError:
        return True


HOSTILE = [
    ("no introduction", send()),
    ("WARM before the introduction", frame(REQ_WARM)),
    ("two introductions", hello() + hello()),
    ("an introduction that is cut", frame(REQ_HELLO, string("x"))),
    ("an introduction with more", frame(REQ_HELLO, string("s") + string("p")
                                        + b"\1\1")),
    ("a long name", frame(REQ_HELLO, string("s" * 65) + string("p")
                          + b"\1")),
    ("an empty frame", u32(0)),
    ("a frame of 4 GB", u32(0xffffffff) + b"\7"),
    ("a frame just too large", u32(FRAME_MAX + 1)),
    ("an unknown request", hello() + frame(99)),
    ("a mail without authentication", hello(trusted=0) + send()),
    ("CAN with a field", hello() + frame(REQ_CAN, b"x")),
    ("garbage", os.urandom(4096)),
    ("SMTP", b"EHLO x\r\nMAIL FROM:<>\r\n" * 10),
]


@tap.test("failed passwords of one source are counted across sessions")
def sources():
    def guess(agent, number, secret, kind=REQ_AUTH, peer="192.0.2.7"):
        """The verdict of a login in a session of its own."""
        with connect(agent) as s:
            s.sendall(hello("s%d" % number, peer, 0)
                      + login(kind, secret=secret))
            if kind == REQ_LOGIN:
                s.sendall(send(message_id="<%d@c>" % number))
            head = s.recv(4, socket.MSG_WAITALL)
            body = s.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL)
            return body[1] if kind == REQ_AUTH else body[5]

    gw.reset()
    lines = ["auth gateway", "max-auth-failures-per-source 3",
             "trust 192.0.2.99"]
    with Agent(lines + ["auth-check yes"], gw) as agent:
        tap.is_([guess(agent, i, "wrong") for i in range(3)], [1, 1, 1],
                "three are wrong")
        asked = len(gw.requests)
        tap.is_([guess(agent, i, "wonderland") for i in range(2)], [2, 2],
                "then all are temporary")
        tap.is_(len(gw.requests), asked, "and the gateway is not asked")
        tap.like(agent.log(), "too many failed passwords from this source",
                 "the log says why")
        tap.is_(guess(agent, 1, "wonderland", peer="192.0.2.8"), 0,
                "another address is not concerned")
        tap.is_([guess(agent, i, "wrong", peer="192.0.2.99")
                 for i in range(4)], [1] * 4, "nor one in trust")
        six = "2001:db8:1:2::%d"
        tap.is_([guess(agent, i, "wrong", peer=six % i)
                 for i in range(4)], [1, 1, 1, 2], "IPv6: a /64 is one")
        tap.is_(guess(agent, 9, "wonderland", peer="2001:db8:1:3::1"), 0,
                "another /64 is another")
    with Agent(lines, gw) as agent:
        tap.is_([guess(agent, i, "wrong", REQ_LOGIN) for i in range(3)],
                [CREDENTIALS] * 3, "behind the dot: three are wrong")
        posts = len(gw.posts())
        tap.is_(guess(agent, 9, "wonderland", REQ_LOGIN), TEMPORARY,
                "then all are temporary")
        tap.is_(len(gw.posts()), posts, "and nothing is sent")


@tap.test("hostile frames")
def hostile():
    gw.reset()
    with Agent(OWN, gw) as agent, agent.session() as s:
        s.ehlo()
        for what, data in HOSTILE:
            with connect(agent) as c:
                try:
                    c.sendall(data)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                tap.ok(is_closed(c), what + ": closed")
        tap.is_(s.send_message("hello").code, 250,
                "the session beside them: 250")
    tap.is_(len(gw.messages), 1, "one message")


@tap.test("a client that is slow, deaf or gone")
def slow():
    gw.reset()
    with Agent(OWN, gw) as agent, agent.session() as s:
        s.ehlo()
        deaf = [connect(agent) for _ in range(5)]
        for i, c in enumerate(deaf):
            c.sendall(hello() + send(message_id="<deaf%d@c>" % i))
        half = connect(agent)
        half.sendall(hello() + send()[:20])
        gone = connect(agent)
        gone.sendall(hello() + send(message_id="<gone@c>"))
        gone.close()
        tap.is_(s.send_message("hello").code, 250, "another: 250")
        gw.wait_for(lambda: len(gw.messages) >= 7)
        tap.is_(len(gw.messages), 7, "what was asked for has been sent")
        for c in [*deaf, half]:
            c.close()
        tap.is_(s.send_message("again", headers="").code, 250, "and again")


@tap.test("no more clients than may be")
def clients():
    gw.reset()
    with Agent(OWN + ["agent-clients 2", "timeout-gateway 1"], gw) as agent:
        a, b = connect(agent), connect(agent)
        for c in (a, b):
            c.sendall(hello() + frame(REQ_CAN))
            c.recv(4096)
        with agent.session() as s:
            s.ehlo()
            began = time.monotonic()
            reply = s.send_message("hello")
            tap.is_(reply.code, 451, "the third: 451", reply)
            tap.ok(time.monotonic() - began < (1 + 2 + LATE) * SLOW,
                   "in time")
        a.close()
        with agent.session() as s:
            s.ehlo()
            tap.is_(s.send_message("hello").code, 250,
                    "when one has gone: 250")
        b.close()


@tap.test("a message that has waited too long at the door")
def waited():
    gw.reset()
    with Agent(OWN + ["agent-clients 1", "timeout-gateway 1"], gw) as agent:
        a, b = connect(agent), connect(agent)
        a.sendall(hello() + frame(REQ_CAN))
        a.recv(4096)
        b.sendall(hello() + send(ms=500))
        time.sleep(0.7)     # it is this wait that is tested
        a.close()
        answer = b.recv(4096)
        tap.is_((answer[4], answer[9]), (ANS_SEND, TIMEOUT),
                "is answered, too late")
        tap.is_(gw.posts(), [], "and not sent behind anybody's back")


@tap.test("no more requests than may be")
def requests():
    gw.reset()
    gw.default = "stall"
    with Agent(OWN + ["agent-requests 1", "timeout-gateway 2"], gw) as agent:
        results = {}

        def one(name):
            with agent.session() as s:
                s.ehlo()
                began = time.monotonic()
                reply = s.send_message(name)
                results[name] = reply.code, time.monotonic() - began

        threads = [threading.Thread(target=one, args=("mail %d" % i,))
                   for i in range(5)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        tap.is_({code for code, _ in results.values()}, {451},
                "they wait, and hear in time that it was in vain")
        tap.ok(max(t for _, t in results.values()) < (2 + 2 + LATE) * SLOW,
               "in time", results)
        tap.ok(len(gw.posts()) < 5, "one after the other", gw.posts())
        gw.default = "ok"
        with agent.session() as s:
            s.ehlo()
            tap.is_(s.send_message("hello", headers="").code, 250,
                    "then it goes on")


@tap.test("SIGTERM")
def terminate():
    gw.reset()
    gw.queue("delay:700")
    with Agent(OWN, gw) as agent, agent.session() as busy, \
            agent.session() as idle:
        idle.ehlo()
        busy.ehlo()
        busy.envelope()
        busy.send("Message-ID: <1@c>\r\n\r\nhello\r\n.\r\n")
        gw.wait_for(lambda: gw.posts())
        agent.terminate()
        tap.is_(busy.reply().code, 250, "what is under way has its answer")
        tap.is_(agent.wait(), 0, "exit 0")
        reply = idle.mail()
        tap.ok(reply.code in (250, 421), "who is idle", reply)
        if reply.code == 250:
            idle.rcpt()
            reply = idle.cmd("DATA")
            if reply.code == 354:
                reply = idle.raw_data("hello\r\n.\r\n")
        tap.ok(reply.code in (421, 451), "has to come again", reply)
    tap.is_(len(gw.messages), 1, "one message")


@tap.test("a restart under load loses nothing")
def restart():
    gw.reset()
    gw.choose = lambda request: "delay:%d" % (len(gw.requests) % 7 * 10)
    stop = threading.Event()
    told = {}       # text -> the codes that its sender got

    def sender(agent, n):
        i = 0
        while not stop.is_set():
            text = "mail %d-%d" % (n, i)
            codes = told.setdefault(text, [])
            try:
                with agent.session(greeting=False) as s:
                    if s.reply().code == 220:
                        s.ehlo()
                        codes.append(attempt(s, text))
            except (EOFError, OSError, AssertionError) as e:
                codes.append(repr(e))
            if codes and codes[-1] == 250:
                i += 1

    def attempt(s, text):
        for line in ("MAIL FROM:<a@b>", "RCPT TO:<%s@sms.test>" % NUMBER,
                     "DATA"):
            reply = s.cmd(line)
            if reply.code >= 400:
                return reply.code
        return s.data("Message-ID: <%s@c>\n\n%s" % (text.replace(" ", "."),
                                                    text)).code

    with Agent(OWN, gw) as agent:
        threads = [threading.Thread(target=sender, args=(agent, n))
                   for n in range(4)]
        for t in threads:
            t.start()
        for round in range(4):
            seen = len(gw.messages)
            gw.wait_for(lambda: len(gw.messages) >= seen + 15)
            agent.kill() if round % 2 else agent.terminate()
            agent.wait()
            agent.start()
        seen = len(gw.messages)
        gw.wait_for(lambda: len(gw.messages) >= seen + 15)
        stop.set()
        for t in threads:
            t.join()
    texts = [m["textMessage"]["text"] for m in gw.messages]
    done = sorted(text for text, codes in told.items() if 250 in codes)
    tap.ok(len(done) > 50, "%d mails were sent" % len(done))
    tap.is_(sorted(set(texts) & set(done)), done, "each is there")
    tap.is_(len(texts), len(set(texts)), "none is there twice")
    strange = {c for codes in told.values() for c in codes} - {250, 421, 451}
    tap.is_(strange, set(), "who was not answered by it got 421 or 451")
    tap.note("%d tries" % sum(len(c) for c in told.values()))


def is_calm(agent):
    """It waits most of the time, however busy the machine is."""
    running = 0
    for _ in range(50):
        with open("/proc/%d/stat" % agent.child.pid) as file:
            running += file.read().rpartition(")")[2].split()[0] == "R"
        time.sleep(0.02)
    return running < 25


@tap.test("a frame that came in pieces leaves no deadline behind")
def pieces():
    gw.reset()
    gw.queue("delay:11500")
    with Agent(OWN + ["timeout-gateway 60", "max-parts 0"], gw) as agent, \
            connect(agent) as c:
        c.settimeout(20 * SLOW)
        c.sendall(hello() + send("x" * 5000, ms=20000))
        time.sleep(10.2)
        tap.ok(is_calm(agent), "no busy loop while the gateway is slow")
        tap.ok(c.recv(4096) != b"", "it has its answer")
        time.sleep(0.3)
        c.sendall(send("again", message_id="<2@c>"))
        tap.ok(c.recv(4096) != b"", "and the link goes on")


@tap.test("SIGTERM and a client that never reads")
def deaf_at_the_end():
    gw.reset()
    with Agent(OWN, gw) as agent, connect(agent) as c:
        c.sendall(hello())
        c.setblocking(False)
        try:
            while True:
                c.sendall(frame(REQ_CAN) * 100)
                time.sleep(0.002)
        except BlockingIOError:
            pass
        agent.terminate()
        tap.is_(agent.wait(15), 0, "it ends without it")


@tap.test("out of descriptors")
def descriptors():
    def command(agent, deliver):
        return ["/bin/sh", "-c", 'ulimit -n 24; exec "$@"', "sh", deliver,
                "-l", agent.socket, "-f", agent.config]

    gw.reset()
    with Agent(OWN, gw, command) as agent:
        crowd = [connect(agent) for _ in range(40)]
        wait_until(lambda: "accept" in agent.log(), 5)
        tap.ok(is_calm(agent), "no busy loop")
        tap.ok(agent.log().count("accept") < 10, "the log says so, seldom",
               agent.log().count("accept"))
        for c in crowd:
            c.close()
        with agent.session() as s:
            s.ehlo()
            tap.is_(s.send_message("hello").code, 250,
                    "when they have gone: 250")


@tap.test("more descriptors than the soft limit are used")
def soft_limit():
    def command(agent, deliver):
        return ["/bin/sh", "-c", 'ulimit -Sn 24; exec "$@"', "sh", deliver,
                "-l", agent.socket, "-f", agent.config]

    gw.reset()
    with Agent(OWN, gw, command) as agent:
        crowd = [connect(agent) for _ in range(40)]
        for c in crowd:
            c.sendall(hello() + frame(REQ_CAN))
        tap.ok(all(c.recv(4096) for c in crowd), "all are served")
        for c in crowd:
            c.close()


@tap.test("one session's WARM, again and again")
def warm():
    gw.reset()
    gw.routes = {"GET /health": "stall"}
    with Agent(OWN + ["agent-requests 20"], gw) as agent, \
            connect(agent) as c:
        c.sendall(hello())
        for _ in range(200):
            c.sendall(frame(REQ_WARM))
            time.sleep(0.002)
        with agent.session() as s:
            s.ehlo()
            began = time.monotonic()
            tap.is_(s.send_message("hello").code, 250, "another: 250")
            tap.ok(time.monotonic() - began < LATE * SLOW, "at once")


SLOW_NAMES = """
#include <netdb.h>
#include <unistd.h>
int
getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **out)
{
	(void)host, (void)service, (void)hints, (void)out;
	sleep(8);
	return EAI_AGAIN;
}
"""


@tap.test("a name server that is silent")
def silent_names():
    def command(agent, deliver):
        library = os.path.join(agent.dir, "slow.so")
        done = subprocess.run(["cc", "-shared", "-fPIC", "-o", library, "-x",
                               "c", "-"], input=SLOW_NAMES.encode())
        assert done.returncode == 0
        return ["env", "LD_PRELOAD=" + library, deliver, "-l", agent.socket,
                "-f", agent.config]

    if shutil.which("cc") is None or "SMTP2SMS" in os.environ or WRAP:
        raise tap.Skip("nothing can be put in front of getaddrinfo")
    with Agent(OWN + ["set base http://gateway.test", "timeout-gateway 1"],
               None, command) as agent, connect(agent) as a, \
            connect(agent) as b:
        began = time.monotonic()
        a.sendall(hello() + send(ms=1000))
        tap.ok(a.recv(4096) != b"", "an answer")
        b.sendall(hello() + frame(REQ_CAN))
        tap.ok(b.recv(4096) != b"", "and one to another session")
        tap.ok(time.monotonic() - began < 1 + LATE, "in time",
               time.monotonic() - began)


@tap.test("a path that is no socket's")
def no_socket():
    with tempfile.TemporaryDirectory() as where:
        path = os.path.join(where, "precious")
        with open(path, "w") as file:
            file.write("configuration")
        done = subprocess.run(
            [*WRAP, os.path.join(HOME, "smtp2sms-deliver"), "-l", path, "-f",
             "/dev/null", "-o", "log=stderr", "-o", "hostname=sms.test", "-o",
             "descriptors=" + GATEWAYS],
            capture_output=True, text=True, timeout=20 * SLOW)
        tap.is_(done.returncode, 75, "exit 75", done.stderr)
        tap.like(done.stderr, "precious.*in use", "and why")
        with open(path) as file:
            tap.is_(file.read(), "configuration", "the file is left alone")


@tap.test("a log that nobody reads")
def deaf_log():
    with tempfile.TemporaryDirectory() as where:
        fifo = os.path.join(where, "log")
        os.mkfifo(fifo)
        end = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        try:
            while True:
                os.write(end, b"x" * 4096)
        except BlockingIOError:
            pass
        gw.reset()
        gw.queue(*["503"] * 3)
        with Agent(OWN, gw, lambda agent, deliver: [
                "sh", "-c", 'log=$1; shift; exec "$@" 2>"$log"', "sh", fifo,
                deliver, "-l", agent.socket, "-f", agent.config]) as agent, \
                agent.session() as s:
            s.ehlo()
            codes = [s.send_message("%d" % i).code for i in range(4)]
            tap.is_(codes, [550] * 3 + [250], "holds nobody up")
            s.quit()
            agent.terminate()
            tap.is_(agent.wait(), 0, "nor its end")
            data = os.read(end, 1 << 20)
            tap.ok(set(data) == {ord("x")}, "its lines are lost")
        os.close(end)


@tap.test("an agent that is busy for a while")
def busy():
    with Agent(OWN, gw) as agent:
        agent.child.send_signal(signal.SIGSTOP)
        waiting = []
        try:
            while True:
                s = socket.socket(socket.AF_UNIX)
                waiting.append(s)
                s.setblocking(False)
                s.connect(agent.socket)
        except BlockingIOError:
            pass
        with agent.session(greeting=False) as s:
            time.sleep(0.3)     # it is this wait that is tested
            tap.ok(s.quiet(), "a session waits at the door")
            agent.child.send_signal(signal.SIGCONT)
            tap.is_(s.reply().code, 220, "and is let in")
            s.quit()
        for s in waiting:
            s.close()


@tap.test("killed in the middle")
def kill():
    gw.reset()
    gw.queue("stall")
    with Agent(OWN, gw) as agent, agent.session() as s:
        s.ehlo()
        s.envelope()
        s.send("Message-ID: <1@c>\r\n\r\nhello\r\n.\r\n")
        gw.wait_for(lambda: gw.posts())
        agent.kill()
        tap.is_(s.reply().code, 451, "451")
        tap.is_(s.mail().code, 421, "then 421")
        s.rest()
        tap.is_(s.finish(), 75, "exit 75")


tap.run()
