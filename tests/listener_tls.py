"""TLS of a listener: one smtp2sms-tls for all sessions, and a certificate
that is renewed."""

import os
import shutil
import ssl
import time

import tap
from gateway import Gateway
from listener_lib import PATIENCE, Listener
from smtp import wait_until
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
        tap.is_(len(it.tls()), 1, "one smtp2sms-tls is left")
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


@tap.test("smtp2sms-tls dies")
def dies():
    with Listener(tls_lines(), gw) as it:
        with it.connect() as client:
            client.ehlo()
            old = it.tls()
            os.kill(old[0], 9)
            wait_until(lambda: it.events("helper"), PATIENCE)
            tap.like(str(client.cmd("STARTTLS")), "^454 4.7.0",
                     "a session of before: 454")
            tap.like(str(client.cmd("NOOP")), "^250 ", "and it goes on")
        with it.connect() as client:
            client.ehlo()
            client.starttls()
            tap.ok(it.tls() != old, "the next has a new one")


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
