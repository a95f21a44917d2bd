"""h2_lib: a gateway that speaks HTTP/2 at the level of frames (RFC 9113).

H2() listens with TLS (.url, .ca).  Each whole request with a body is recorded
in .posts and answered by what .answer says, a function of the connection, the
stream and the body; where it returns false the connection ends.  A request
without a body is answered with 404; .keeps is false: and the connection ends.
A library: as a program it has nothing to test.
"""

import atexit
import json
import socket
import ssl
import struct
import threading

from gateway import Certificate, drop_all

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, \
    CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
REFUSED_STREAM = 7      # an error code


def goaway(last, error=0):
    """The last stream that was or will be processed, at least none."""
    return frame(GOAWAY, 0, 0, struct.pack(">II", max(last, 0), error))


def reset(stream, error):
    return frame(RST, 0, stream, struct.pack(">I", error))


def frame(kind, flags, stream, data=b""):
    return struct.pack(">I", len(data))[1:] + struct.pack(
        ">BBI", kind, flags, stream) + data


def field(name, value):
    """A header field, not indexed and not compressed (RFC 7541, 6.2.2)."""
    return bytes([0, len(name)]) + name + bytes([len(value)]) + value


def status(code):
    return b"\x08" + bytes([len(code)]) + code      # of the static table


def accepted(stream, body=None):
    """The frames of an answer that accepts."""
    if body is None:
        body = json.dumps({"id": "h2-%d" % stream}).encode()
    return frame(HEADERS, END_HEADERS, stream, status(b"202")) + frame(
        DATA, END_STREAM, stream, body)


class Post:
    def __init__(self, connection, stream, body):
        self.connection, self.stream, self.body = connection, stream, body
        self.text = json.loads(body)["textMessage"]["text"]


class Connection:
    """One connection: .send(), .number, .streams."""

    def __init__(self, server, sock, number):
        self.server, self.sock, self.number = server, sock, number
        self.bodies = {}        # of streams whose end has not come

    def send(self, data):
        self.sock.sendall(data)
        return True

    def receive(self, count):
        data = b""
        while len(data) < count:
            more = self.sock.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def run(self):
        self.receive(24)        # the preface
        self.send(frame(SETTINGS, 0, 0))
        while self.take_frame():
            pass

    def take_frame(self):
        head = self.receive(9)
        size = struct.unpack(">I", b"\0" + head[:3])[0]
        kind, flags, stream = struct.unpack(">BBI", head[3:])
        data = self.receive(size)
        if kind == SETTINGS and not flags & ACK:
            return self.send(frame(SETTINGS, ACK, 0))
        if kind == PING and not flags & ACK:
            return self.send(frame(PING, ACK, 0, data))
        if kind == HEADERS:
            self.bodies[stream] = b""
        if kind == DATA:
            self.bodies[stream] += data
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            return self.take_request(stream, self.bodies.pop(stream))
        return True

    def take_request(self, stream, body):
        if not body:
            with self.server.lock:
                self.server.gets += 1
            self.send(frame(HEADERS, END_HEADERS | END_STREAM, stream,
                            status(b"404")))
            return self.server.keeps
        with self.server.lock:
            self.server.posts.append(Post(self.number, stream, body))
        return self.server.answer(self, stream, body)


class H2:
    certificate = None      # one for all

    def __init__(self):
        if H2.certificate is None:
            H2.certificate = Certificate()
            H2.certificate.context.set_alpn_protocols(["h2"])
            atexit.register(H2.certificate.close)
        self.ca = self.certificate.ca
        self.lock = threading.Lock()
        self.posts = []
        self.connections = self.ended = self.gets = 0
        self.sockets = []
        self.keeps = True
        self.answer = lambda c, stream, body: c.send(accepted(stream))
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = "https://localhost:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, daemon=True,
                             args=(sock, self.connections)).start()

    def serve(self, sock, number):
        try:
            with self.certificate.context.wrap_socket(
                    sock, server_side=True) as tls:
                with self.lock:
                    self.sockets.append(tls)
                Connection(self, tls, number).run()
        except (OSError, EOFError, ssl.SSLError):
            pass
        finally:
            with self.lock:
                self.ended += 1

    def forget(self):
        """Nothing more arrives over the connections that there were."""
        with self.lock:
            for sock in self.sockets:
                if sock.fileno() != -1:
                    drop_all(sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)  # or accept() goes on
        self.socket.close()
