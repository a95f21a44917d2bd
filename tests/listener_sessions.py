"""A listener and its sessions: a process for each, one delivery side for
all, started when the first needs it."""

import os
import signal
import socket
import subprocess
import time

import smtp
import tap
from agent_lib import Agent
from foreign import need_root
from gateway import Gateway
from listener_lib import PATIENCE, Listener
from smtp import NUMBER, own_credentials, wait_until

gw = Gateway()
ACCEPTED = r"^250 2\.0\.0 Message accepted"


def mail(client, text="hello", number=NUMBER):
    """The answer to a mail."""
    return str(client.send_message(
        text, (number,), "Message-ID: <%s@client.test>\r\n" %
        text.replace(" ", "-")))


@tap.test("a mail")
def one_mail():
    gw.reset()
    with Listener([], gw) as it:
        with it.connect() as client:
            tap.like(str(client.greeting), "^220 sms.test ESMTP", "greeting")
            client.login()
            tap.like(mail(client), ACCEPTED, "a mail is accepted")
            client.bye()
        tap.is_([(m["user"], m["textMessage"]["text"]) for m in gw.messages],
                [("alice", "hello")], "the gateway has it")
        tap.ok(wait_until(lambda: not it.sessions(), PATIENCE),
               "no session is left")
        connect = it.events("connect")[0]
        tap.is_((connect["peer"], connect["port"]),
                ("127.0.0.1", str(client.port)), "the log knows the client")


@tap.test("sessions are processes of their own and share smtp2sms-deliver")
def together():
    gw.reset()
    with Listener([], gw) as it:
        clients = [it.connect() for _ in range(5)]
        tap.is_(len(set(map(it.session_of, clients))), 5, "five processes")
        tap.is_(it.deliver(), [], "nobody needs smtp2sms-deliver yet")
        for client in clients:
            client.login()
        for number, client in enumerate(clients):
            tap.like(mail(client, "mail %d" % number), ACCEPTED,
                     "mail %d" % number)
        tap.is_(len(it.deliver()), 1, "one smtp2sms-deliver for all")
        tap.is_(sorted(m["textMessage"]["text"] for m in gw.messages),
                ["mail %d" % number for number in range(5)],
                "each mail was sent once")
        for client in clients:
            client.bye()


@tap.test("a session that never authenticates wakes nobody")
def idle():
    with Listener([], gw) as it:
        for _ in range(10):
            with it.connect() as client:
                client.ehlo()
                client.bye()
            with it.connect():
                pass
        tap.ok(wait_until(lambda: not it.sessions(), PATIENCE),
               "sessions come and go")
        tap.is_(it.deliver(), [], "smtp2sms-deliver was not started")
        tap.like(" ".join(e["event"] for e in it.events()),
                 "^(?!.*helper)", "nor is there a word of it in the log")


@tap.test("what a session is left with")
def left_with():
    with Listener([], gw) as it:
        with it.connect() as client, it.connect() as other:
            client.login()
            other.ehlo()
            pid = it.session_of(client)
            with open("/proc/%d/status" % pid) as file:
                status = file.read()
            tap.like(status, r"Seccomp:\t2\n", "seccomp")
            tap.like(status, r"NoNewPrivs:\t1\n", "no new privileges")
            need_root("look into a process that has shut itself off")
            fds = os.listdir("/proc/%d/fd" % pid)
            tap.ok(len(fds) == 5, "the client twice, the log, its link and "
                   "its line to the listener", fds)
            with open("/proc/%d/maps" % pid) as file:
                maps = file.read()
            tap.ok("memfd" not in maps, "nothing of the table of sessions",
                   maps)


@tap.test("the delivery side dies")
def dies():
    gw.reset()
    with Listener(["timeout-gateway 5"], gw) as it:
        with it.connect() as waiting, it.connect() as idle_one:
            waiting.login()
            gw.queue("delay:3000")
            waiting.envelope()
            waiting.send("Message-ID: <w@x>\r\n\r\nwaits\r\n.\r\n")
            gw.wait_for_request()
            old = it.deliver()
            os.kill(old[0], signal.SIGKILL)
            tap.like(str(waiting.reply()), r"^451 4\.3\.0", "who waited: 451")
            tap.ok(it.wait_event("helper"), "the log has it", it.log())
            idle_one.login()
            tap.like(mail(idle_one, "after it"), ACCEPTED,
                     "another session gets a new one")
            tap.ok(it.deliver() and it.deliver() != old, "it is another")
        with it.connect() as late:
            late.login()
            tap.like(mail(late, "late"), ACCEPTED, "and so does a new one")


@tap.test("the delivery side dies between sessions, and idle ones wait on it")
def dies_idle():
    gw.reset()
    with Listener([], gw) as it:
        with it.connect() as first, it.connect() as linked:
            first.login()
            tap.like(mail(first, "first"), ACCEPTED, "a mail")
            linked.login()
            first.bye()
            for number in range(2):
                os.kill(it.deliver()[0], signal.SIGKILL)
                it.wait_event("helper", number + 1)
                with it.connect() as after:
                    after.login()
                    tap.like(mail(after, "after %d" % number), ACCEPTED,
                             "the next session has a new one")
            reply = mail(linked, "linked")
            tap.like(reply, r"^4\d\d 4\.3\.0", "one whose link was the dead "
                     "one's is told to come again")


@tap.test("a delivery side that cannot be started")
def absent():
    with Listener(own_credentials() + ["libexec /nonexistent"], gw) as it:
        for _ in range(3):
            with it.connect() as client:
                client.ehlo()
                client.mail()
                client.rcpt()
                reply = client.cmd("DATA")
                if reply.code == 354:
                    reply = client.data("Message-ID: <1@x>\r\n\r\nx")
                tap.like(str(reply), r"^4(51|21) 4\.3\.0", "451")
        tap.like(it.log(), "/nonexistent/smtp2sms-deliver.*No such file",
                 "the log says why")
        tap.ok(it.running(), "the listener lives")


@tap.test("a delivery side that ends at once is not started in a loop")
def ends_at_once():
    with Listener(["gateway nosuch", "auth gateway"], gw) as it:
        begun = time.monotonic()
        n = 0
        while time.monotonic() < begun + 1.5:
            with it.connect() as client:
                client.ehlo()
                client.auth_plain()
                client.mail()
                client.rcpt()
                client.cmd("DATA")
            n += 1
        started = len(it.events("helper"))
        seconds = time.monotonic() - begun
        tap.ok(1 <= started <= seconds + 3 and n > 2 * started,
               "three times at once and then once a second: %d for %d "
               "sessions" % (started, n),
               it.log())


@tap.test("no session for a while: smtp2sms-deliver ends")
def rests():
    with Listener(own_credentials() + ["agent-idle 1"], gw) as it:
        with it.connect() as client:
            client.ehlo()
            tap.like(mail(client), ACCEPTED, "a mail")
            time.sleep(1.5 * smtp.SLOW)
            tap.is_(len(it.deliver()), 1, "it stays as long as a session")
            client.bye()
        tap.ok(wait_until(lambda: not it.deliver(), PATIENCE),
               "and ends after agent-idle")
        with it.connect() as client:
            client.ehlo()
            tap.like(mail(client, "again"), ACCEPTED, "a new one is started")
        tap.is_(it.events("helper"), [], "no word of it in the log")


@tap.test("delivery PATH: an agent works with a listener, too")
def with_agent():
    gw.reset()
    with Agent([], gw) as agent, Listener(agent.lines, gw) as it:
        with it.connect() as client:
            client.login()
            tap.like(mail(client), ACCEPTED, "a mail")
            tap.is_(it.deliver(), [], "by the agent alone")


@tap.test("-n: nothing is sent")
def dry():
    gw.reset()
    with Listener([], gw, args=["-n"]) as it:
        with it.connect() as client:
            client.login()
            tap.like(mail(client), ACCEPTED, "a mail")
        tap.is_(gw.posts(), [], "nothing was sent")
        tap.like(it.log(), '"textMessage"', "the request is shown")


@tap.test("descriptor 0, as of inetd's wait")
def standard_input():
    gw.reset()
    with socket.create_server(("127.0.0.1", 0), backlog=10) as sock:
        port = sock.getsockname()[1]
        with Listener(["listen-idle 1"], gw, listen=[], stdin=sock) as it:
            it.port = port
            with it.connect() as client:
                client.login()
                tap.like(mail(client), ACCEPTED, "a mail")
                client.bye()
            tap.is_(it.wait(), 0, "it ends when it has been idle")
            tap.is_(it.events("helper"), [], "without a complaint", it.log())
            client = socket.create_connection(("127.0.0.1", port))
            again = subprocess.Popen(
                [smtp.PROGRAM, "-f", it.config], stdin=sock,
                stderr=subprocess.DEVNULL)
            client.settimeout(PATIENCE * smtp.SLOW)
            tap.like(client.recv(100).decode(), "^220 ",
                     "who came meanwhile is served by the next one")
            client.close()
            again.wait(PATIENCE * smtp.SLOW)


@tap.test("LISTEN_FDS and the names of the sockets")
def named():
    socks = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    ports = [sock.getsockname()[1] for sock in socks]
    with Listener(["trust 127.0.0.1"], gw, listen=[], sockets=socks,
                  env={"LISTEN_FDNAMES": "smtp2sms.socket:lmtp:smtp"}) as it:
        words = []
        for port in ports:
            it.port = port
            with it.connect() as client:
                words.append(client.greeting.lines[0].split()[1])
        tap.is_(words, ["ESMTP", "LMTP", "ESMTP"], "what is spoken where")
        tap.is_(it.events("socket"), [], "the unit's name is no mistake")
    for sock in socks:
        sock.close()


@tap.test("a name in LISTEN_FDNAMES that says nothing")
def misnamed():
    socks = [socket.create_server(("127.0.0.1", 0)) for _ in range(5)]
    names = ["smtps2", "", "unknown", "x.socket", "n" * 100]
    with Listener([], gw, listen=[], sockets=socks,
                  env={"LISTEN_FDNAMES": ":".join(names)}) as it:
        it.port = socks[0].getsockname()[1]
        with it.connect() as client:
            tap.like(str(client.greeting), "ESMTP", "it is served as SMTP")
        found = it.events("socket")
        tap.is_([(e["name"], e["served-as"]) for e in found],
                [("smtps2", "smtp"), ("n" * 47, "smtp")],
                "with a warning, unless systemd has made it up")
        tap.like(it.log(), "none of smtp, smtps, lmtp", "that says what can be")
    for sock in socks:
        sock.close()


@tap.test("several -l, /lmtp, IPv6")
def several():
    from server_lib import free_port
    ports = [free_port(), free_port()]
    with Listener([], gw, listen=["127.0.0.1:%d/lmtp" % ports[0],
                                  "[::]:%d" % ports[1]], ready=False) as it:
        it.port = ports[1]
        wait_until(lambda: it.events("listen"), PATIENCE)
        with it.connect() as client:
            tap.like(str(client.greeting), "ESMTP", "[::] is for IPv4, too")
            event = it.wait_event("connect")[0]
            tap.is_(event["peer"], "127.0.0.1", "which is called by its name")
        it.port = ports[0]
        with it.connect() as client:
            tap.like(str(client.greeting), "LMTP", "/lmtp")


@tap.test("-l with what is no address")
def no_address():
    for value, why in (("nonsense", "is not ADDRESS:PORT"),
                       ("127.0.0.1", "is not ADDRESS:PORT"),
                       ("127.0.0.1:0", "is not ADDRESS:PORT"),
                       ("127.0.0.1:70000", "is not ADDRESS:PORT"),
                       ("[::1:25", "is not ADDRESS:PORT"),
                       ("mail.test:25", "is not ADDRESS:PORT"),
                       ("127.0.0.1:2525/pop3", "/smtp, /smtps, /lmtp"),
                       ("192.0.2.1:2525", "Cannot assign requested")):
        done = subprocess.run([smtp.PROGRAM, "-f", "/dev/null", "-l", value],
                              stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        tap.is_(done.returncode, 78, "-l %s: exit 78" % value)
        tap.ok(value in done.stderr and why in done.stderr,
               "-l %s: and why" % value, done.stderr)


tap.run()
