"""Kept connections to the gateway, which it ends when it likes.

Mails come around the moment at which real servers close an idle connection:
none may be lost, and none sent twice.  Then connections that have gone silent
and certificate authorities that change.
"""

import collections
import json
import os
import re
import subprocess
import threading
import time

import tap
from agent_lib import Agent
from gateway import Certificate, Gateway
from h2_lib import H2
from proxy_lib import Haproxy, Nginx, Node, free_port
from server_lib import need
from smtp import SLOW, Session, own_credentials

OWN = own_credentials()
AT_A_TIME = 12      # mails, each over a connection of its own
gw = Gateway()


def send(session, text, codes):
    reply = session.send_message(text, headers="Message-ID: <%s@c>\r\n" % text)
    codes[text] = str(reply)


def burst(agent, name, codes):
    """Mails at the same time, each in a session of its own."""
    def one(text):
        with agent.session() as s:
            s.ehlo()
            send(s, text, codes)

    threads = [threading.Thread(target=one, args=("%s.%d" % (name, i),))
               for i in range(AT_A_TIME)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def moments(idle, count):
    """Waits around the moment at which an idle connection is closed."""
    return [idle + (i - count // 2) * 0.016 for i in range(count)]


def check(codes, texts, what):
    """Each was accepted, and the gateway has each once."""
    bad = {text: code for text, code in codes.items()
           if not code.startswith("250")}
    tap.is_(bad, {}, "%s: %d mails, none lost" % (what, len(codes)))
    count = collections.Counter(texts)
    tap.is_({t: n for t, n in count.items() if n > 1}, {},
            what + ": none twice")
    tap.is_(set(codes) - set(count), set(), what + ": each is there")


def posted():
    return [r.json()["textMessage"]["text"] for r in gw.posts()]


def through_agent(server, idle, rounds, texts, what):
    codes = {}
    with Agent(OWN + ["timeout-gateway 10"], server) as agent:
        for i, wait in enumerate(moments(idle, rounds)):
            burst(agent, "round%d" % i, codes)
            time.sleep(wait)        # it is this wait that is tested
        burst(agent, "last", codes)
    check(codes, texts(), what)


@tap.test("nginx ends an idle connection: the agent")
def nginx_agent():
    for idle, rounds in ((1, 12), (2, 4)):
        gw.reset()
        with Nginx(gw, False, "keepalive_timeout %d;" % idle) as nginx:
            through_agent(nginx, idle, rounds, posted,
                          "keepalive_timeout %d" % idle)


@tap.test("nginx ends an idle connection: sessions of several mails")
def nginx_sessions():
    gw.reset()
    codes = {}

    def several(number):
        with Session(OWN + ["timeout-gateway 10"], nginx) as s:
            s.ehlo()
            for i, wait in enumerate(moments(1, 7)):
                send(s, "session%d.%d" % (number, i), codes)
                time.sleep(wait + number * 0.002)   # this wait is tested
            send(s, "session%d.last" % number, codes)

    with Nginx(gw, False, "keepalive_timeout 1;") as nginx:
        threads = [threading.Thread(target=several, args=(i,))
                   for i in range(AT_A_TIME)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    check(codes, posted(), "sessions")


@tap.test("HAProxy ends an idle connection")
def haproxy():
    gw.reset()
    with Haproxy(gw, more="timeout http-keep-alive 1s") as server:
        through_agent(server, 1, 6, posted, "HAProxy")


@tap.test("node ends an idle connection")
def node():
    with Node(1000) as server:
        through_agent(server, 1, 6, server.texts, "node")


def timed(agent, text):
    """A mail in a session of its own: its reply, and the seconds it took."""
    began = time.monotonic()
    codes = {}
    with agent.session() as s:
        s.ehlo()
        send(s, text, codes)
    return codes[text], time.monotonic() - began


def in_a_row(agent, count):
    """Mails one after the other; how many were not accepted."""
    replies = [timed(agent, "row%d" % i)[0] for i in range(count)]
    return sum(not reply.startswith("250") for reply in replies)


@tap.test("a firewall has lost its state a while ago")
def silent():
    with Gateway(tls="good") as tls, \
            Agent(OWN + ["timeout-gateway 5"], tls) as agent:
        tls.default = "delay:200"
        codes = {}
        burst(agent, "before", codes)
        tls.forget()
        time.sleep(13)      # probes need their time, however fast all is
        began = time.monotonic()
        burst(agent, "after", codes)
        tap.ok(time.monotonic() - began < 5 * SLOW, "nothing waits in vain",
               time.monotonic() - began)
        check(codes, [r.json()["textMessage"]["text"] for r in tls.posts()],
              "silence")


@tap.test("a firewall has just lost its state")
def just_silent():
    with Gateway(tls="good") as tls, \
            Agent(OWN + ["timeout-gateway 1"], tls) as agent:
        tls.default = "delay:200"
        burst(agent, "before", {})
        tls.default = "ok"
        tls.forget()
        tap.is_(in_a_row(agent, AT_A_TIME), 1,
                "one mail of many hears nothing, the others are sent")


@tap.test("a proxy that has gone silent")
def silent_proxy():
    with Gateway(tls="good") as tls, \
            Agent(OWN + ["timeout-gateway 1"], tls) as agent:
        tls.default = "delay:200"
        burst(agent, "before", {})
        tls.default = "ok"
        old = tls.connections
        tls.meddle = lambda request: \
            "stall" if request.connection <= old else None
        tap.is_(in_a_row(agent, AT_A_TIME), 1,
                "one mail of many hears nothing, the others are sent")


@tap.test("HTTP/2 over a connection that has gone silent")
def silent_http2():
    with H2() as gateway, \
            Agent(OWN + ["timeout-gateway 1"], gateway) as agent:
        tap.is_(in_a_row(agent, 2), 0, "a connection that is used")
        gateway.forget()
        tap.is_(in_a_row(agent, 6), 1,
                "one mail hears nothing, the others are sent")


class Talker:
    """openssl s_server: HTTP by hand, and TLS messages when one likes."""

    def __init__(self):
        self.certificate = Certificate()
        self.ca = self.certificate.ca
        self.port = free_port()
        self.url = "https://localhost:%d" % self.port
        self.texts, self.connections = [], 0
        self.child = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:%d" % self.port,
             "-tls1_3", "-cert", self.certificate.path("server.pem"), "-key",
             self.certificate.path("server.key")], bufsize=0,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            restore_signals=False)      # or SIGPIPE would end it
        said = b""
        while b"ACCEPT" not in said:    # a connection to try it would count
            more = os.read(self.child.stdout.fileno(), 1024)
            assert more, "openssl s_server has ended: %r" % said
            said += more
        threading.Thread(target=self.talk, daemon=True).start()

    def talk(self):
        heard = b""
        while True:
            more = os.read(self.child.stdout.fileno(), 65536)
            if not more:
                return
            heard += more
            self.connections += more.count(b"BEGIN SSL SESSION")
            found = re.search(rb"(GET|POST) .*?\r\n\r\n", heard, re.S)
            if not found:
                continue
            length = re.search(rb"Content-Length: (\d+)", found[0])
            end = found.end() + (int(length[1]) if length else 0)
            if len(heard) < end:
                continue
            if length:
                self.texts.append(json.loads(
                    heard[found.end():end])["textMessage"]["text"])
            heard = heard[end:]
            self.say(b"HTTP/1.1 %d X\r\nContent-Length: 10\r\n\r\n"
                     b'{"id":"1"}' % (202 if length else 404))

    def say(self, data):
        os.write(self.child.stdin.fileno(), data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.certificate.close()


@tap.test("TLS messages on an idle connection are no answer and no end")
def tls_messages():
    need("openssl")
    with Talker() as talker, \
            Agent(OWN + ["set device d1", "agent-requests 1"],
                  talker) as agent:
        codes = {}
        for i in range(6):
            codes["mail%d" % i] = timed(agent, "mail%d" % i)[0]
            if i % 2:
                talker.say(b"k\n")      # a KeyUpdate (RFC 8446, 4.6.3)
                time.sleep(0.1)         # until it is there
        check(codes, talker.texts, "KeyUpdate")
        tap.ok(talker.connections <= 4, "a connection is given up for each",
               talker.connections)


@tap.test("a connection that is good is used again")
def used():
    with Gateway(tls="good") as tls, Agent(OWN, tls) as agent:
        tap.is_(in_a_row(agent, 20), 0, "20 mails")
        tap.ok(tls.connections <= 2, "over one connection or two",
               tls.connections)


tap.run(300)
