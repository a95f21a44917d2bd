"""TLS to the gateway is verified."""

import os
import shutil
import socket
import ssl
import tempfile
import threading
import time

import tap
from agent_lib import Agent
from gateway import Certificate, Gateway
from smtp import GATEWAYS, SLOW, Session, own_credentials

OWN = own_credentials()


@tap.test("a good certificate")
def good():
    with Gateway(tls="good") as gw:
        for host in ("localhost", "127.0.0.1"):
            gw.reset()
            base = "set base https://%s:%d" % (host, gw.port)
            with Session(OWN + [base], gw) as s:
                s.ehlo()
                replies = [s.send_message(t).code for t in ("a", "b")]
                tap.is_(replies, [250, 250], "https://%s: 250" % host)
            tap.is_(len(gw.messages), 2, "https://%s: delivered" % host)
            # the first mail does not wait for the warm-up to end
            tap.ok(len({r.connection for r in gw.requests}) <= 2,
                   "https://%s: over one connection or two" % host)


@tap.test("a bad certificate")
def bad():
    for kind in Certificate.KINDS[1:]:
        with Gateway(tls=kind) as gw:
            with Session(OWN, gw) as s:
                s.ehlo()
                for attempt in (1, 2):
                    reply = s.send_message()
                    tap.ok(reply.starts("451 4.4.1"),
                           "%s: 451 4.4.1 (%d)" % (kind, attempt),
                           repr(reply))
                tap.is_(s.quit(), 0, kind + ": exit 0")
            tap.is_(gw.requests, [], kind + ": it has not got anything")
            tap.ok(gw.connections > 0, kind + ": it was connected to")


@tap.test("a certificate that only this test's CA knows")
def unknown():
    with Gateway(tls="good") as gw:
        gw.ca, ca = None, gw.ca
        with Session(OWN, gw) as s:
            s.ehlo()
            reply = s.send_message()
            tap.ok(reply.starts("451 4.4.1"), "without gateway-ca: 451 4.4.1",
                   repr(reply))
        gw.ca = ca
        tap.is_(gw.requests, [], "nothing was asked")


@tap.test("a CA file that is missing or is none")
def no_ca():
    no_pem = os.path.join(GATEWAYS, "smsgate.json")
    with Gateway(tls="good") as gw:
        for path, want in (("/nonexistent.pem", "451 4.3.0"),
                           ("/dev/null", "451 4.4.1"),
                           (no_pem, "451 4.4.1")):
            with Session(OWN + ["gateway-ca " + path], gw) as s:
                s.ehlo()
                reply = s.send_message()
                tap.ok(reply.starts(want), path + ": " + want, repr(reply))
        tap.is_(gw.requests, [], "nothing was asked")


@tap.test("a CA file that changes")
def changed_ca():
    first, second = Certificate(), Certificate()
    with Gateway(tls="good") as gw, tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "ca.pem")
        gw.certificate.close()

        def trust(certificate):
            shutil.copy(certificate.ca, file + ".new")
            os.rename(file + ".new", file)

        def mail(text):
            with agent.session() as s:
                s.ehlo()
                return s.send_message(text)

        gw.certificate = first
        trust(first)
        with Agent(OWN + ["gateway-ca " + file], gw) as agent:
            tap.is_(mail("one").code, 250, "the first CA")
            gw.certificate = second
            trust(second)
            tap.is_(mail("two").code, 250, "another one, and its server")
            tap.is_(mail("three").code, 250, "once more")
            used = gw.connections
            trust(first)
            reply = mail("four")
            tap.ok(reply.starts("451 4.4.1"), "a CA that is not the server's: "
                   "451 4.4.1, although a connection was kept", reply)
            tap.ok(gw.connections > used, "it was connected to")
            trust(second)
            tap.is_(mail("five").code, 250, "and back")
    first.close()
    second.close()


@tap.test("a gateway that asks for a certificate of ours")
def client_certificate():
    client, stranger = Certificate(), Certificate()
    with Gateway(tls="good") as gw:
        gw.certificate.context.verify_mode = ssl.CERT_REQUIRED
        gw.certificate.context.load_verify_locations(client.ca)

        def lines(certificate):
            return OWN + ["gateway-cert " + certificate.path("server.pem"),
                          "gateway-key " + certificate.path("server.key")]

        for what, more, code in (("with it", lines(client), 250),
                                 ("with another", lines(stranger), 451),
                                 ("without", OWN, 451)):
            with Session(more, gw) as s:
                s.ehlo()
                tap.is_(s.send_message(what).code, code,
                        "%s: %d" % (what, code))
        tap.is_([r.json()["textMessage"]["text"] for r in gw.posts()],
                ["with it"], "nobody else was let in")
        for name in ("gateway-cert", "gateway-key"):
            with Session(lines(client) + [name + " /nonexistent.pem"],
                         gw) as s:
                s.ehlo()
                reply = s.send_message()
                tap.ok(reply.starts("451 4.3.0"), name + " that is missing: "
                       "451 4.3.0", reply)
                tap.like(s.log(), name + ": /nonexistent.pem: No such",
                         "and the log says so")
    client.close()
    stranger.close()


@tap.test("AUTH is not tried on a gateway that is not verified")
def auth():
    with Gateway(tls="self-signed") as gw:
        with Session(["auth-check yes"], gw) as s:
            s.ehlo()
            reply = s.auth_plain()
            tap.ok(reply.starts("454 4.7.0"), "454 4.7.0", repr(reply))
        tap.is_(gw.requests, [], "the password has not left")


@tap.test("a server that speaks no TLS, and the reverse")
def mismatch():
    with Gateway() as gw:
        line = "set base https://127.0.0.1:%d" % gw.port
        with Session(OWN + [line, "timeout-gateway 1"], gw) as s:
            s.ehlo()
            reply = s.send_message()
            tap.ok(str(reply).startswith("451 4.4."), "451 4.4.x",
                   repr(reply))
        tap.is_(gw.posts(), [], "nothing was sent in clear")
    with Gateway(tls="good") as gw:
        line = "set base http://127.0.0.1:%d" % gw.port
        with Session(OWN + [line, "timeout-gateway 1"], gw) as s:
            s.ehlo()
            reply = s.send_message()
            tap.is_(reply.code, 451, "http to a TLS port: 451", repr(reply))


class HalfTls:
    """It answers a ClientHello with these octets, and is silent."""

    def __init__(self, octets):
        self.octets = octets
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "https://localhost:%d" % self.socket.getsockname()[1]
        self.ca = None
        self.held = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                sock, _ = self.socket.accept()
            except OSError:
                return
            self.held.append(sock)
            sock.recv(65536)
            sock.sendall(self.octets)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)  # or accept() goes on
        for sock in [self.socket, *self.held]:
            sock.close()


@tap.test("TLS that is half open")
def half_open():
    hello = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03"
    for what, octets in (("nothing", b""), ("half the head of a record",
                                            b"\x16\x03"),
                         ("half a ServerHello", hello + bytes(50)),
                         ("a record that never ends",
                          b"\x16\x03\x03\x40\x00" + bytes(100)),
                         ("warnings without end",
                          b"\x15\x03\x03\x00\x02\x01\x5a" * 3)):
        with HalfTls(octets) as gw, \
                Session(OWN + ["timeout-gateway 1"], gw) as s:
            s.ehlo()
            began = time.monotonic()
            reply = s.send_message()
            tap.ok(reply.starts("451 4.4.1"), what + ": 451 4.4.1", reply)
            tap.ok(time.monotonic() - began < 3 * SLOW, what + ": in time")


@tap.test("no other protocol than HTTP")
def protocols():
    for base in ("file:///etc", "ftp://127.0.0.1", "gopher://127.0.0.1:70",
                 "smtp://127.0.0.1"):
        with Session(OWN + ["set base " + base], greeting=False) as s:
            greeting = s.reply()
            if greeting.code == 421:
                tap.ok(True, base + ": is refused at once")
                continue
            s.ehlo()
            reply = s.send_message()
            tap.ok(400 <= reply.code <= 554, base + ": is refused",
                   repr(reply))


tap.run()
