"""TLS of a listener: one smtp2sms-tls for all sessions, and a certificate
that is renewed."""

import atexit
import os
import shutil
import signal
import ssl
import tempfile
import time

import smtp
import tap
from gateway import Gateway
from listener_lib import PATIENCE, Listener
from server_lib import alive
from smtp import SLOW, wait_until
from tls_lib import certificate, client_context, tls_lines

gw = Gateway()
ACCEPTED = r"^250 2\.0\.0 Message accepted"
CONFIG = "421 4.3.5 Server configuration error"


def place(folder, kind):
    """Put this certificate where the configuration looks for it."""
    made = certificate(kind)
    for name in ("server.pem", "server.key"):
        path = os.path.join(folder, name)
        shutil.copy(made.path(name), path + ".new")
        os.rename(path + ".new", path)
    return ["tls-cert " + os.path.join(folder, "server.pem"),
            "tls-key " + os.path.join(folder, "server.key")]


def shown(client):
    """The certificate that the server has shown, whole."""
    return client.tls.getpeercert(True)


@tap.test("STARTTLS")
def starttls():
    gw.reset()
    with Listener([*tls_lines(), "require-tls yes"], gw) as it:
        for n in range(3):
            with it.connect() as client:
                tap.ok("STARTTLS" in client.ehlo(), "it is offered")
                client.starttls()
                client.login()
                tap.like(str(client.send_message("mail %d" % n)), ACCEPTED,
                         "mail %d" % n)
                client.bye()
        tap.ok(wait_until(lambda: len(it.tls()) == 1, PATIENCE),
               "one smtp2sms-tls is left")
        tap.is_(len(gw.messages), 3, "the gateway has three")


@tap.test("TLS from the first octet")
def at_once():
    gw.reset()
    with Listener(tls_lines(), gw, args=["-s"]) as it:
        clients = []
        for n in range(3):
            client = it.connect(greeting=False).handshake().greet()
            client.login()
            tap.like(str(client.send_message("mail %d" % n)), ACCEPTED,
                     "mail %d" % n)
            clients.append(client)
        for client in clients:
            client.bye()
        tap.ok(wait_until(lambda: not it.sessions() and len(it.tls()) == 1,
                          PATIENCE), "no process of a session is left")


@tap.test("a renewed certificate")
def renewed():
    with Listener([], gw) as it:
        it.configure(place(it.dir, "good"))
        with it.connect() as client:
            client.ehlo()
            client.starttls(client_context(certificate("good").ca))
            old = shown(client)
            place(it.dir, "second")
            with it.connect() as other:
                other.ehlo()
                other.starttls(client_context(certificate("second").ca))
                tap.ok(shown(other) != old,
                       "the next connection has the new one")
            tap.like(str(client.cmd("NOOP")), "^250 ", "the old one goes on")


@tap.test("a certificate that cannot be used")
def unusable():
    with Listener([], gw) as it:
        lines = place(it.dir, "good")
        with open(os.path.join(it.dir, "server.key"), "w") as file:
            file.write("nonsense\n")
        it.configure(lines)
        with it.connect() as client:
            tap.is_(str(client.greeting), CONFIG, "421")
        place(it.dir, "good")
        wait_until(lambda: time.sleep(0.2) or greeting(it).startswith("220"),
                   PATIENCE)
        tap.like(greeting(it), "^220 ", "put right, it works")
        with open(os.path.join(it.dir, "server.key"), "w") as file:
            file.write("nonsense\n")
        with it.connect() as client:
            client.ehlo()
            client.starttls(client_context(certificate("good").ca))
            tap.ok(True, "a bad renewal leaves the old one in use")


def greeting(it):
    with it.connect() as client:
        return str(client.greeting)


def kill_tls(it):
    """The one that all sessions share; and wait until it is dead."""
    first = min(it.tls())
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not alive(first), PATIENCE)
    return first


def secured(it):
    """A session in TLS."""
    client = it.connect()
    client.ehlo()
    client.starttls()
    client.login()
    return client


def check_dies(it):
    gw.reset()
    with secured(it) as inside, it.connect() as before:
        before.ehlo()
        old = kill_tls(it)
        before.starttls()
        tap.like(str(before.cmd("NOOP")), "^250 ",
                 "a session of before has TLS by a new one")
        tap.like(str(inside.send_message("inside")), ACCEPTED,
                 "a session that had TLS goes on")
    tap.ok(it.wait_event("helper"), "the log has it", it.log())
    tap.is_(it.events("helper")[0]["signal"], "9", "with the signal")
    kill_tls(it)
    secured(it).bye()
    tap.ok(wait_until(lambda: len(it.tls()) == 1, PATIENCE) and
           old not in it.tls(), "killed between sessions: there is one again")


@tap.test("smtp2sms-tls dies")
def dies():
    with Listener(tls_lines(), gw) as it:
        check_dies(it)


@tap.test("smtp2sms-tls dies, and only root can read the key")
def dies_root():
    if os.geteuid() != 0:
        raise tap.Skip("only root can become another user")
    with Listener(["user nobody"], gw) as it:
        lines = place(it.dir, "good")
        os.chmod(it.path("server.key"), 0o600)
        it.configure([*lines, "user nobody"])
        it.signal(signal.SIGHUP)
        tap.is_(greeting(it), CONFIG, "TLS is new: root has to begin anew")
    with Listener(["user nobody", *lines_of_root()], gw) as it:
        check_dies(it)
        keeper = it.processes("smtp2sms-keeper")
        tap.is_([smtp.process_status(pid, "Uid") for pid in
                 [it.pid, *keeper]][1:], [0], "one process stays root")
        wait_until(lambda: len(it.tls()) == 1, PATIENCE)
        orphan = it.tls()[0]
        os.kill(keeper[0], signal.SIGKILL)
        it.wait_event("helper", 3)
        secured(it).bye()
        os.kill(orphan, signal.SIGKILL)
        tap.is_(it.wait(), 75, "without it, the listener ends: exit 75")
        tap.like(it.log(), "its keeper have died", "the log says so")


def lines_of_root():
    """A certificate whose key nobody but root can read."""
    folder = tempfile.mkdtemp(prefix="smtp2sms-key.")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.chmod(folder, 0o755)
    lines = place(folder, "good")
    os.chmod(os.path.join(folder, "server.key"), 0o600)
    return lines


@tap.test("another certificate in the configuration, for root as well")
def other_files():
    if os.geteuid() != 0:
        raise tap.Skip("only root can become another user")
    with Listener(["user nobody", *lines_of_root()], gw) as it:
        secured(it).bye()
        it.configure(["user nobody", *place(it.dir, "second")])
        with it.connect() as client:
            client.ehlo()
            client.starttls(client_context(certificate("second").ca))
            tap.ok(True, "the next connection has it, without a restart")


@tap.test("a session asks for TLS while smtp2sms-tls is dead")
def between():
    with Listener(tls_lines(), gw) as it:
        clients = [it.connect() for _ in range(3)]
        for client in clients:
            client.ehlo()
        for client in clients[:2]:
            kill_tls(it)
            client.starttls()
        tap.ok(True, "each has a new one")
        while it.tls():
            kill_tls(it)
        late = clients[2]
        begun = time.monotonic()
        codes = [late.cmd("STARTTLS").code]
        while codes[-1] == 454 and time.monotonic() - begun < 10 * SLOW:
            time.sleep(0.1)
            codes.append(late.cmd("STARTTLS").code)
        tap.is_(codes[-1], 220, "killed too often: 454, and soon it is there",
                codes)
        for client in clients:
            client.close()


@tap.test("smtp2sms-tls dies in the middle of a handshake")
def handshake():
    with Listener(tls_lines(), gw) as it:
        with it.connect() as client:
            client.ehlo()
            client.must("STARTTLS", 220)
            wait_until(lambda: len(it.tls()) == 2, PATIENCE)
            for pid in it.tls():
                os.kill(pid, signal.SIGKILL)
            tap.is_(client.rest(), b"", "the session ends")
        secured(it).bye()
        tap.ok(wait_until(lambda: not it.sessions(), PATIENCE),
               "the next is served, and none is left")


@tap.test("a handshake that fails")
def failed():
    with Listener(tls_lines(), gw) as it:
        with it.connect() as client:
            client.ehlo()
            client.must("STARTTLS", 220)
            client.raw_send(b"EHLO in clear\r\n")
            tap.ok(b"250" not in client.rest(), "nothing in clear is run")
        with it.connect() as client:
            client.ehlo()
            try:
                client.starttls(client_context(certificate("second").ca))
                tap.ok(False, "a client that does not know the CA")
            except ssl.SSLError:
                tap.ok(True, "a client that does not know the CA")
        tap.ok(wait_until(lambda: not it.sessions() and len(it.tls()) == 1,
                          PATIENCE), "no process of a session is left")


tap.run()
