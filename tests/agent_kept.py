"""Kept connections to the gateway, which it ends when it likes.

Mails come around the moment at which real servers close an idle connection:
none may be lost, and none sent twice.  Then connections that have gone silent
and certificate authorities that change.
"""

import collections
import threading
import time

import tap
from agent_lib import Agent
from gateway import Gateway
from proxy_lib import Haproxy, Nginx, Node
from smtp import Session, own_credentials

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
            s.quit()

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
    for idle, rounds in ((1, 14), (2, 6)):
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
            for i, wait in enumerate(moments(1, 9)):
                send(s, "session%d.%d" % (number, i), codes)
                time.sleep(wait + number * 0.002)   # this wait is tested
            send(s, "session%d.last" % number, codes)
            s.quit()

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
        through_agent(server, 1, 8, posted, "HAProxy")


@tap.test("node ends an idle connection")
def node():
    with Node(1000) as server:
        through_agent(server, 1, 8, server.texts, "node")


tap.run(300)
