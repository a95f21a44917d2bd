"""tls_lib: a session of smtp2sms whose client can speak TLS.

Secure() is smtp.Session with a certificate in its configuration; starttls()
and handshake() put TLS between the two, by hand over memory buffers, so that
a client can also cut the connection, or speak in clear where it must not.
certificate() is a good one.

A library: as a program it has nothing to test.
"""

import atexit
import os
import socket
import ssl
import struct
import time

import smtp
import tap
from client_lib import Service
from gateway import Certificate
from server_lib import Server, free_port, super_server
from smtp import SLOW, TIMEOUT, Session, octets

_made = {}


def certificate(name="good"):
    """A Certificate of gateway.py, good or (by its kind) bad; another name
    is another good one.  Made once, gone with the program."""
    if name not in _made:
        _made[name] = made = Certificate(
            name if name in Certificate.KINDS else "good")
        atexit.register(made.close)
        os.chmod(made.dir, 0o755)
    return _made[name]


def tls_lines(kind="good"):
    """The keywords that name a certificate and its key."""
    made = certificate(kind)
    return ["tls-cert " + made.path("server.pem"),
            "tls-key " + made.path("server.key")]


def client_context(ca=None, version=None, cert=None):
    """What a client believes: one CA, or anything."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(ca)
    if cert:
        context.load_cert_chain(*cert)
    if version:
        context.minimum_version = context.maximum_version = version
    return context


class Secure(Session):
    """One smtp2sms with tls-cert and tls-key; begins in clear."""

    def __init__(self, lines=(), kind="good", **more):
        self.tls = None
        self.how = None         # how TLS ended: notify, eof, reset
        super().__init__([*(tls_lines(kind) if kind else ()), *lines],
                         **more)

    # TLS over memory buffers.

    def raw_send(self, data):
        super().send(data)

    def flush_tls(self):
        data = self.outgoing.read()
        if data:
            super().send(data)

    def fill_tls(self, limit):
        smtp.wait([self.fdin], [], limit - time.monotonic(), "TLS")
        try:
            data = os.read(self.fdin, 65536)
        except ConnectionResetError:
            self.how, data = "reset", b""
        if data:
            self.incoming.write(data)
        else:
            self.incoming.write_eof()
            self.how = self.how or "eof"

    def step(self, call, *args, limit):
        """Call until it is done; what goes out goes out."""
        while True:
            try:
                value = call(*args)
                self.flush_tls()
                return value
            except ssl.SSLWantReadError:
                self.flush_tls()
                self.fill_tls(limit)

    def prepare(self, context=None, name="localhost"):
        """A client's TLS that has not said anything yet."""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        return (context or client_context()).wrap_bio(
            self.incoming, self.outgoing, server_hostname=name)

    def handshake(self, context=None, timeout=TIMEOUT):
        """From here on everything is sent and read in TLS."""
        tls = self.prepare(context)
        self.step(tls.do_handshake, limit=time.monotonic() + timeout * SLOW)
        self.tls = tls
        return self

    def starttls(self, context=None):
        """STARTTLS and the handshake, which must do."""
        self.must("STARTTLS", 220)
        return self.handshake(context)

    def greet(self):
        """The greeting, where it comes in TLS."""
        self.greeting = self.reply()
        assert self.greeting.code == 220, repr(self.greeting)
        return self

    def send(self, data):
        if self.tls is None:
            super().send(data)
            return
        data = memoryview(octets(data))
        while data:
            sent = self.step(self.tls.write, data[:16384],
                             limit=time.monotonic() + 60 * SLOW)
            data = data[sent:]

    def read_more(self, limit):
        if self.tls is None:
            return super().read_more(limit)
        try:
            data = self.step(self.tls.read, 65536, limit=limit)
        except ssl.SSLZeroReturnError:
            data = b""
        except (ssl.SSLEOFError, ssl.SSLSyscallError):
            return False
        except ssl.SSLWantReadError:
            raise
        except ssl.SSLError:
            self.how = "alert"
            return False
        if not data:
            self.how = self.how or "notify"
        self.input += data
        return bool(data)

    def close_notify(self):
        """Say in TLS that nothing more comes."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.flush_tls()

    def cut(self, reset=False):
        """Close the connection without a word of TLS."""
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        self.hang_up()

    def quit(self):
        """QUIT; the client closes too, which smtp2sms-tls waits for."""
        self.must("QUIT", 221)
        rest = self.rest()
        assert rest == b"", rest
        self.hang_up()
        return self.finish()

    # Facts.

    def ended(self, code, name):
        """One check: it ends with this status and leaves no process."""
        self.hang_up()
        got = self.finish()
        smtp.wait_until(lambda: not self.processes(), 5)
        return tap.is_((got, [smtp.process_name(pid) for pid in
                              self.processes()]), (code, []), name,
                       self.log())

    def logged(self, event, timeout=TIMEOUT):
        """The log's first line of this event, or None; it is waited for."""
        return smtp.wait_until(lambda: next(
            (e for e in self.events() if e.get("event") == event), None),
            timeout)

    def complaints(self):
        """The lines of the log that name an error."""
        return complaints(self.log())


def complaints(log):
    """The lines of a log that name an error.  Two are logged as no more than
    information: a client that left before it spoke, and one that closed
    without a close_notify, as many do after QUIT."""
    harmless = ('error="client left"', "event=truncated ")
    return [line for line in log.splitlines() if " error=" in line and
            not any(word in line for word in harmless)]


def at_once(lines=(), context=None, args=(), **more):
    """A session with -s, after the handshake and the greeting."""
    s = Secure(lines, args=["-s", *args], greeting=False, **more)
    try:
        return s.handshake(context).greet()
    except BaseException:
        s.abandon()
        raise


class TlsService(Service):
    """smtp2sms under a super-server: STARTTLS on .port, TLS at once on
    .tls_port; .ca is what its clients believe."""

    def __init__(self, *lines):
        made = certificate()
        self.ca = made.ca
        self.second = None
        super().__init__(*tls_lines(), *lines)
        try:
            self.place.copy("smtp2sms-tls", "libexec")
            self.tls_port = free_port()
            self.second = Server(self.place, [
                *super_server("127.0.0.1", self.tls_port), self.place.program, "-s", "-f",
                self.place.config], port=self.tls_port)
        except BaseException:
            self.close()
            raise

    def idle(self):
        """No process of a session is left."""
        return smtp.wait_until(lambda: not (self.server.sessions() or
                                            self.second.sessions()))

    def close(self):
        if self.second:
            self.second.stop()
        super().close()


if __name__ == "__main__":
    print("1..0 # SKIP a library")
