"""The agent: many sessions share one smtp2sms-deliver and its connections."""

import os
import subprocess
import threading

import tap
from agent_lib import Agent
from foreign import need, need_root
from gateway import Gateway
from smtp import NUMBER, WRAP, b64, own_credentials

gw = Gateway()
OWN = own_credentials()
NOBODY = 65534


@tap.test("a mail")
def mail():
    gw.reset()
    with Agent(OWN, gw) as agent, agent.session() as s:
        s.ehlo()
        tap.like(str(s.send_message("hello")), "^250 2.0.0 ", "250")
        tap.is_(len(s.processes()), 1, "a session is one process")
        tap.is_(gw.messages[0]["textMessage"]["text"], "hello",
                "and the gateway has it")
        tap.is_(s.quit(), 0, "exit 0")


@tap.test("many sessions, one connection")
def one_connection():
    gw.reset()
    before = gw.connections
    with Agent(OWN, gw) as agent:
        for i in range(10):
            with agent.session() as s:
                s.ehlo()
                tap.is_(s.send_message("mail %d" % i).code, 250,
                        "session %d: 250" % i)
                s.quit()
        # the first mail may be there before its connection is
        tap.ok(gw.connections - before <= 2, "ten mails, one connection, "
               "and the one that was opened ahead", gw.connections - before)
    tap.is_(sorted(m["textMessage"]["text"] for m in gw.messages),
            ["mail %d" % i for i in range(10)], "all of them are there")


def basic(user, password):
    return "Basic " + b64("%s:%s" % (user, password))


@tap.test("two logins over one pool")
def two_logins():
    gw.reset()
    gw.tokens = {"t0ken"}
    with Agent(["auth gateway"], gw) as agent, \
            agent.session() as a, agent.session() as b, \
            agent.session() as c:
        a.login("alice", "wonderland")
        b.login("bob", "builder")
        c.ehlo()
        c.must("AUTH XOAUTH2 " + b64("user=carol\1auth=Bearer t0ken\1\1"), 235)
        for i in range(5):
            for name, s in (("alice", a), ("bob", b), ("carol", c)):
                tap.is_(s.send_message(name, headers="Message-ID: <%s%d@c>"
                                       % (name, i)
                                       + "\r\n").code, 250,
                        "%s, mail %d" % (name, i))
        posts = gw.posts()
        want = {"alice": basic("alice", "wonderland"),
                "bob": basic("bob", "builder"), "carol": "Bearer t0ken"}
        tap.is_([r.header("Authorization") for r in posts],
                [want[r.json()["textMessage"]["text"]] for r in posts],
                "each message has its own sender's credentials")
        tap.ok(len({r.connection for r in posts}) < 3,
               "over connections that they share",
               [r.connection for r in posts])
        a.cmd("RSET")
        b.quit()
        tap.is_(a.send_message("alice", headers="").code, 250,
                "one goes, another stays")
        tap.is_(gw.posts()[-1].header("Authorization"), want["alice"],
                "and is still itself")


@tap.test("a wrong password is nobody else's")
def wrong_password():
    gw.reset()
    with Agent(["auth gateway", "auth-check yes"], gw) as agent, \
            agent.session() as a, agent.session() as b:
        a.login("alice", "wonderland")
        b.ehlo()
        tap.is_(b.auth_plain("alice", "wrong").code, 535, "wrong: 535")
        tap.is_(b.mail().code, 530, "and no mail")
        tap.is_(a.send_message("hello").code, 250, "the other: 250")


@tap.test("at the same time")
def parallel():
    gw.reset()
    gw.default = "delay:200"
    codes = []

    def one(agent, i):
        with agent.session() as s:
            s.ehlo()
            codes.append(s.send_message("mail %d" % i).code)
            s.quit()

    with Agent(OWN, gw) as agent:
        threads = [threading.Thread(target=one, args=(agent, i))
                   for i in range(20)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    tap.is_(codes, [250] * 20, "twenty at once: 250")
    tap.is_(sorted(m["textMessage"]["text"] for m in gw.messages),
            sorted("mail %d" % i for i in range(20)), "each one once")


@tap.test("started by a socket")
def activated():
    need("systemd-socket-activate")

    def command(agent, deliver):
        return ["systemd-socket-activate", "-l", agent.socket, deliver, "-f", agent.config]

    gw.reset()
    with Agent(OWN + ["agent-idle 1"], gw, command) as agent:
        with agent.session() as s:
            s.ehlo()
            tap.is_(s.send_message("hello").code, 250, "250")
            s.quit()
        tap.is_(agent.wait(), 0, "it ends when nobody came for a second")
        tap.ok(os.path.exists(agent.socket), "the socket is not its own")


@tap.test("when nobody needs it")
def idle():
    gw.reset()
    with Agent(OWN + ["agent-idle 1"], gw) as agent:
        with agent.session() as s:
            s.ehlo()
            try:
                agent.wait(2)
                tap.ok(False, "a session keeps it")
            except subprocess.TimeoutExpired:
                tap.ok(True, "a session keeps it")
            tap.is_(s.send_message("hello").code, 250, "and is served")
            s.quit()
        tap.is_(agent.wait(), 0, "then it ends")
        with agent.session(greeting=False) as s:
            tap.is_(s.reply().code, 421, "without an agent: 421")
            tap.is_(s.finish(), 75, "exit 75")
            tap.like(s.log(), "event=link .*agent=", "the log says why")
        agent.start()
        with agent.session() as s:
            s.ehlo()
            tap.is_(s.send_message("again").code, 250,
                    "the next one finds the old socket and goes on")


def refusal(s):
    """The reply that ends an attempt to send a mail."""
    for line in ("EHLO x", "MAIL FROM:<a@b>",
                 "RCPT TO:<%s@sms.test>" % NUMBER, "DATA"):
        reply = s.cmd(line)
        if reply.code >= 400:
            return reply
    return s.raw_data("hello\r\n.\r\n")


@tap.test("agent-idle 0: it stays")
def stays():
    with Agent(OWN + ["agent-idle 0"], gw) as agent:
        try:
            agent.wait(1)
            tap.ok(False, "without a session")
        except subprocess.TimeoutExpired:
            tap.ok(True, "without a session")
        agent.terminate()
        tap.is_(agent.wait(), 0, "SIGTERM ends it")


@tap.test("who may come")
def users():
    if WRAP:
        tap.skip("nobody else may write valgrind's log", "another user")
        return
    need_root()
    gw.reset()
    with Agent(OWN, gw) as agent:
        os.chmod(agent.socket, 0o666)
        with agent.session(before=lambda: os.setuid(NOBODY)) as s:
            reply = refusal(s)
            tap.ok(reply.code in (421, 451), "another user: not now", reply)
        tap.like(agent.log(), "event=agent .*uid=%d" % NOBODY,
                 "and the log says who")
    tap.is_(gw.posts(), [], "nothing was sent")
    with Agent(OWN + ["agent-users nobody"], gw) as agent:
        os.chmod(agent.socket, 0o666)
        with agent.session(before=lambda: os.setuid(NOBODY)) as s:
            s.ehlo()
            tap.is_(s.send_message("hello").code, 250, "agent-users: 250")
        with agent.session() as s:
            reply = refusal(s)
            tap.ok(reply.code in (421, 451), "and not even root", reply)


@tap.test("a dry run is never the agent's")
def dry():
    gw.reset()
    with Agent(OWN, gw) as agent, agent.session(args=["-n"]) as s:
        s.ehlo()
        tap.is_(s.send_message("hello").code, 250, "250")
        s.quit()
        tap.like(s.log(), '"textMessage"', "it shows its request itself")
    tap.is_(gw.posts(), [], "nothing was sent")


tap.run()
