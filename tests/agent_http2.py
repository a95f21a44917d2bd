"""The agent and a gateway that speaks HTTP/2.

Many requests at a time share a connection, each with the credentials of its
own sender.  What the gateway says it has not processed (GOAWAY,
REFUSED_STREAM) is sent again over another connection; of what was cut off
without a word nobody knows.  Floods of frames end in time and in bounds.
nginx, and tests/h2_lib.py for what nginx does not do.
"""

import collections
import ctypes
import re
import threading
import time

import tap
from agent_lib import Agent
from gateway import Gateway, linger_reset
from h2_lib import (ACK, CONTINUATION, DATA, END_HEADERS, H2, HEADERS, PING,
                    PRIORITY, REFUSED_STREAM, SETTINGS, WINDOW, accepted,
                    field, frame, goaway, reset, status)
from proxy_lib import Nginx
from smtp import SLOW, WRAP, b64, own_credentials, process_status, wait_until

OWN = own_credentials()


def send(agent, user, password, text, codes):
    with agent.session() as s:
        s.login(user, password)
        codes.append(s.send_message(
            text, headers="Message-ID: <%s@c>\r\n" % text).code)
        s.quit()


def send_own(agent, text, timeout=10):
    """A mail of a sender that needs no login; the reply."""
    with agent.session() as s:
        s.ehlo()
        reply = s.send_message(text, headers="Message-ID: <%s@c>\r\n" % text,
                               timeout=timeout)
    return reply


def in_threads(function, arguments):
    threads = [threading.Thread(target=function, args=a) for a in arguments]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


@tap.test("many requests, few connections")
def multiplexed():
    behind = Gateway()
    logins = [("alice", "wonderland"), ("bob", "builder")]
    with Nginx(behind) as nginx, \
            Agent(["auth gateway", "set device d1"], nginx) as agent:
        codes = []
        send(agent, *logins[0], "first", codes)
        behind.default = "delay:300"
        in_threads(send, [(agent, *logins[i % 2], "mail%d" % i, codes)
                          for i in range(20)])
        posts = nginx.posts()
    tap.is_(codes, [250] * 21, "21 mails")
    tap.is_({p[1] for p in posts}, {"HTTP/2.0"}, "by HTTP/2")
    tap.ok(len({p[0] for p in posts}) <= 3, "over at most three connections",
           posts)
    tap.is_(sorted(p[4] for p in posts), sorted(
        [b64("alice:wonderland")] * 11 + [b64("bob:builder")] * 10),
        "each with its sender's credentials")
    tap.is_(sorted((m["user"], m["textMessage"]["text"])
                   for m in behind.messages),
            sorted([("alice", "first")] + [(logins[i % 2][0], "mail%d" % i)
                                           for i in range(20)]),
            "and each text under its sender's name")


@tap.test("nginx says GOAWAY while other requests are under way")
def goaway_nginx():
    for requests in (3, 10):
        behind = Gateway(seed=1)
        behind.choose = lambda request, gateway=behind: \
            "delay:%d" % gateway.random.choice([0, 5, 20])
        codes = {}

        def several(agent, number):
            for i in range(4):
                text = "m%d.%d" % (number, i)
                codes[text] = send_own(agent, text).code

        with Nginx(behind, more="keepalive_requests %d;" % requests) as nginx:
            with Agent(OWN, nginx) as agent:
                in_threads(several, [(agent, n) for n in range(20)])
        texts = collections.Counter(
            r.json()["textMessage"]["text"] for r in behind.posts())
        what = "keepalive_requests %d: " % requests
        tap.is_({t: c for t, c in codes.items() if c != 250}, {},
                what + "80 mails, none lost")
        tap.is_((len(texts), max(texts.values())), (80, 1),
                what + "each was sent once")


THE_END = b"the connection ends here"
THE_RESET = b"the connection is reset here"

# (what, function: stream -> frames, the reply's code, times it was sent)
SAYINGS = [
    ("GOAWAY below the stream", lambda n: goaway(n - 2), 250, 2),
    ("GOAWAY with an error, below it", lambda n: goaway(n - 2, 11), 250, 2),
    ("a graceful GOAWAY, and then one below it",
     lambda n: goaway(2 ** 31 - 1) + goaway(n - 2), 250, 2),
    ("RST_STREAM with REFUSED_STREAM", lambda n: reset(n, REFUSED_STREAM),
     250, 2),
    ("GOAWAY with the stream, and its answer",
     lambda n: goaway(n) + accepted(n), 250, 1),
    ("RST_STREAM with INTERNAL_ERROR", lambda n: reset(n, 2), 451, 1),
    ("RST_STREAM with CANCEL", lambda n: reset(n, 8), 451, 1),
    ("RST_STREAM with NO_ERROR", lambda n: reset(n, 0), 451, 1),
    ("GOAWAY with the stream, and the end",
     lambda n: goaway(n) + THE_END, 451, 1),
    ("the end without a word", lambda n: THE_END, 451, 1),
    ("a reset of the connection", lambda n: THE_RESET, 451, 1),
    ("what is no frame", lambda n: b"garbage " * 100, 451, 1),
]


def answer_once(gateway, say):
    """The next message is answered so, others are accepted."""
    rest = [say]

    def answer(c, stream, body):
        said = rest.pop()(stream) if rest else accepted(stream)
        if said == THE_RESET:
            linger_reset(c.sock)
            return False
        c.send(said.replace(THE_END, b""))
        return THE_END not in said

    gateway.answer = answer


def libcurl():
    """Its version."""
    version = ctypes.CDLL("libcurl.so.4").curl_version
    version.restype = ctypes.c_char_p
    return tuple(map(int, re.search(rb"libcurl/(\d+)\.(\d+)", version())
                     .groups()))


@tap.test("what was surely not processed is sent again")
def not_processed():
    for what, say, code, times in SAYINGS:
        for used in (False, True):
            # a device's ids need no question first
            with H2() as gateway, \
                    Agent(OWN + ["set device d1", "timeout-gateway 3"],
                          gateway) as agent:
                gateway.keeps = used
                answer_once(gateway, say)
                with agent.session() as s:
                    s.ehlo()
                    s.envelope()    # it connects ahead of the message
                    wait_until(lambda: gateway.gets == 1)
                    wait_until(lambda: used or gateway.ended == 1)
                    reply = s.data("Message-ID: <1@c>\n\nhello")
                posts = len(gateway.posts)
            if used and "REFUSED" in what and libcurl() < (8, 3):
                code, times = 451, 1    # it does not say so
            tap.is_((reply.code, posts), (code, times),
                    "%s, on a %s connection: %d, sent %s" % (
                        what, "used" if used else "new", code,
                        "once" if times == 1 else "twice"), reply)


@tap.test("a gateway that refuses every time")
def always():
    for say in (lambda stream: reset(stream, REFUSED_STREAM),
                lambda stream: goaway(stream - 2)):
        with H2() as gateway, Agent(OWN, gateway) as agent:
            gateway.answer = lambda c, stream, body: c.send(say(stream))
            tap.is_(send_own(agent, "again").code, 451, "451")
            tap.ok(1 <= len(gateway.posts) <= 5, "after a few tries",
                   len(gateway.posts))


# (what, the frames of a flood on a stream)
FLOODS = [
    ("PING", lambda n: frame(PING, 0, 0, b"12345678") * 64),
    ("SETTINGS", lambda n: frame(SETTINGS, 0, 0, b"\0\4\0\1\0\0") * 64),
    ("acknowledgements", lambda n: frame(SETTINGS, ACK, 0) * 64),
    ("RST_STREAM of streams that there are not",
     lambda n: b"".join(reset(i, 8) for i in range(2, 130, 2))),
    ("WINDOW_UPDATE", lambda n: frame(WINDOW, 0, 0, b"\0\0\0\1") * 64),
    ("PRIORITY", lambda n: frame(PRIORITY, 0, n, b"\0\0\0\0\1") * 64),
    ("empty DATA", lambda n: frame(DATA, 0, n) * 64),
    ("CONTINUATION", lambda n: frame(CONTINUATION, 0, n,
                                     field(b"x-a", b"b" * 100) * 100)),
    ("empty CONTINUATION", lambda n: frame(CONTINUATION, 0, n) * 64),
    ("interim answers", lambda n: frame(HEADERS, END_HEADERS, n,
                                        status(b"103")) * 64),
    ("frames of an unknown type", lambda n: frame(99, 0, n, b"x" * 99) * 64),
    ("GOAWAY", lambda n: goaway(2 ** 31 - 1) * 64),
]
LIMIT = 2       # seconds: timeout-gateway
GROWTH = 8192   # kB


@tap.test("floods of frames end in time, and take no memory")
def floods():
    for what, say in FLOODS:
        with H2() as gateway, Agent(OWN + [
                "set device d1", "timeout-gateway %d" % LIMIT],
                gateway) as agent:
            assert send_own(agent, "before").code == 250

            def answer(c, stream, body):
                if "CONT" in what:
                    c.send(frame(HEADERS, 0, stream, status(b"202")))
                until = time.monotonic() + 60
                while time.monotonic() < until:
                    c.send(say(stream))
                return False

            before = process_status(agent.child.pid, "VmHWM")
            gateway.answer = answer
            began = time.monotonic()
            reply = send_own(agent, "flooded", 3 * LIMIT + 5)
            tap.ok(reply.code == 451 and
                   time.monotonic() - began < (2 * LIMIT + 2) * SLOW,
                   what + ": 451 in time", reply, time.monotonic() - began)
            gateway.answer = lambda c, n, body: c.send(accepted(n))
            tap.ok(wait_until(lambda: send_own(agent, "after").code == 250),
                   what + ": then mails are sent", agent.log())
            grown = process_status(agent.child.pid, "VmHWM") - before
            tap.ok(WRAP or grown < GROWTH, what + ": no more than 8 MB",
                   "%d kB" % grown)


tap.run()
