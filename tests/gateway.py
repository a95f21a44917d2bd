"""gateway: a real HTTP/1.1 server that plays SMSGate, well or badly.

As a library: Gateway() listens on 127.0.0.1 and records every request and
every message that it accepted; queue() and default say how the next POST
is answered.  Nothing in a test has to sleep: wait_for() waits for facts.

As a program: gateway.py --port 0 [--tls good] [--user NAME:PASSWORD]
[--token TOKEN] [--script ACTION,ACTION...] [--default ACTION] [--log FILE]
prints its port (and with --tls the file of its CA) on the first line and
serves until its standard input ends or it is killed; FILE gets a line of
JSON for each request.

With no argument it tests itself.

An action is a word, with an argument after a colon where it takes one:

  ok                what SMSGate would say
  STATUS[:BODY]     that status; the message is not accepted
  delay:MS          wait (SMTP2SMS_SLOW times as long), then what SMSGate
                    would say
  lost[:STATUS]     accept the message, then hang up without a word, or
                    answer with that status
  lost-stall        accept the message, then say nothing
  lost-middle       accept it, then hang up inside the head of the answer
  lost-body         accept it, then hang up inside the body of the answer
  stall             read the request, then say nothing
  stall-head        read the head of the request only, then say nothing
  half              half an answer, then nothing more
  half-body         the head and half the body of an answer, then nothing
  drip              an answer, one octet each half second
  close             read the request, then hang up
  close-head        read the head only, then hang up
  close-middle      hang up inside the head of the answer
  close-body        hang up inside the body of the answer
  reset             read the request, then reset the connection
  not-http          something that is not HTTP
  garbage           200 and something that is not JSON
  garbage-202       202 and something that is not JSON
  noid              202 and an object without an id
  empty-202         202 and no body
  redirect:STATUS:URL   that status, to the URL
  huge              202 and a body of 100 MB
  huge-head         202 and a head of 100 MB
  huge-trailers     202, an answer, and 100 MB of trailers behind it
  huge-interim      100 MB of interim answers (103)
  raw               the octets in .raw, then hang up
  raw-stall         the octets in .raw, then nothing more
  chunked           what SMSGate would say, in chunks of one octet
  continue          100 Continue twice, then what SMSGate would say

Where .respond is set there is no SMSGate: it is given each whole request,
of whatever method and path, and returns a Response.
"""

import base64
import ctypes
import fcntl
import json
import os
import random
import re
import select
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

import tap
from x509 import EcKey, certify

SLOW = float(os.environ.get("SMTP2SMS_SLOW") or 1)
HUGE = 100 * 1024 * 1024
HEAD_MAX = 1 << 20
EXPIRED = 1577923200    # 2020
REASONS = {200: "OK", 202: "Accepted", 307: "Temporary Redirect",
           400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
           404: "Not Found", 409: "Conflict", 500: "Internal Server Error",
           503: "Service Unavailable"}


class Gone(Exception):
    """The peer closed the connection, or the gateway is closing."""


class Request:
    """One request, as it came."""

    def __init__(self, connection):
        self.connection = connection    # number of the connection, from 1
        self.time = time.monotonic()    # when its first octet was there
        self.method = self.path = self.version = ""
        self.headers = []               # (name, value), as they came
        self.body = b""
        self.complete = False           # head and body were read in full
        self.status = None              # what was answered, if anything

    def header(self, name):
        """The value of a header field, or None; two of a name: an error."""
        found = [v for n, v in self.headers if n.lower() == name.lower()]
        assert len(found) < 2, "%s: %d times" % (name, len(found))
        return found[0] if found else None

    def json(self):
        return json.loads(self.body.decode("utf-8"))

    def __repr__(self):
        return "<%s %s #%d %r -> %s>" % (self.method, self.path,
                                         self.connection, self.body[:200],
                                         self.status)


class Response:
    """What .respond answers a whole request with, be it of any API.

    headers is a dict; body is octets, a string, or something for JSON,
    which also makes the Content-Type where there is none in headers.
    """

    def __init__(self, status=200, headers=None, body=b""):
        self.status = status
        self.headers = dict(headers or {})
        kind = "text/plain; charset=utf-8"
        if not isinstance(body, (bytes, str)):
            body, kind = json.dumps(body), "application/json"
        self.body = body if isinstance(body, bytes) else body.encode()
        if not any(n.lower() == "content-type" for n in self.headers):
            self.headers["Content-Type"] = kind

    def octets(self):
        lines = ["HTTP/1.1 %d %s" % (self.status,
                                     REASONS.get(self.status, "Whatever")),
                 "Content-Length: %d" % len(self.body)]
        lines += ["%s: %s" % pair for pair in self.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


class Gateway:
    """SMSGate at .url, or with .respond any other; see the file's head."""

    def __init__(self, tls=None, users=None, tokens=(), port=0,
                 base="", log=None, devices=(), seed=None):
        """Listen.

        devices   the account's phones: an id is then unique for a phone, and
                  a message that names none goes to any of them.  Without
                  it, one phone that has every name.
        """
        self.users = {"alice": "wonderland", "bob": "builder"}
        if users is not None:
            self.users = dict(users)
        self.tokens = set(tokens)
        self.base = base
        self.log = open(log, "a") if log else None
        self.devices = tuple(devices)
        self.random = random.Random(seed)
        self.lock = threading.Condition()
        self.reset()
        self.closing = False
        self.connections = 0            # accepted so far
        self.open = 0                   # open now
        self.sockets = set()            # of these, behind the handshake
        self.tls_failures = 0
        self.certificate = Certificate(tls) if tls else None
        self.socket = None
        self.port = port
        self.listen()
        host = "localhost" if tls else "127.0.0.1"
        self.url = "%s://%s:%d%s" % ("https" if tls else "http", host,
                                     self.port, base)
        self.ca = self.certificate.ca if tls else None

    def reset(self):
        """Forget all that was recorded and scripted."""
        with self.lock:
            self.requests = []
            self.messages = []          # what was accepted: the JSON, + user
            self.script = []
            self.default = "ok"
            self.taken = set()          # (device, id) of these
            self.on_connect = None      # close, reset, stall
            self.routes = {}            # "GET /devices" -> action
            self.choose = None          # function: whole POST -> action
            self.raw = b""              # of the action "raw"
            self.respond = None         # function: see Response
            self.meddle = None          # function: any whole request ->
                                        # action, or None

    def queue(self, *actions):
        """Script the next POSTs to /messages; after these: default."""
        with self.lock:
            self.script.extend(str(action) for action in actions)

    def posts(self):
        """The requests that would send something."""
        with self.lock:
            return [r for r in self.requests if r.method == "POST"]

    def wait_for(self, condition, timeout=10):
        """Wait until condition() holds; return its value."""
        limit = time.monotonic() + timeout * SLOW
        with self.lock:
            while True:
                value = condition()
                left = limit - time.monotonic()
                if value or left <= 0:
                    return value
                self.lock.wait(left)

    def wait_for_message(self, count=1, timeout=10):
        """Wait for that many accepted messages; return the last."""
        self.wait_for(lambda: len(self.messages) >= count, timeout)
        assert len(self.messages) >= count, self.requests
        return self.messages[count - 1]

    def wait_for_request(self, method="POST", count=1, timeout=10):
        """Wait for that many whole requests of the method; the last."""
        def found():
            return [r for r in self.requests
                    if r.method == method and r.complete]
        self.wait_for(lambda: len(found()) >= count, timeout)
        assert len(found()) >= count, self.requests
        return found()[count - 1]

    def listen(self):
        """Be there."""
        self.socket = socket.create_server(("127.0.0.1", self.port),
                                           backlog=64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.socket,),
                         daemon=True).start()

    def forget(self):
        """Nothing more arrives over the connections that are open now.  What
        was sent is acknowledged before: else it would be sent again, which
        looks alive."""
        limit = time.monotonic() + 10 * SLOW
        with self.lock:
            while any(map(unacknowledged, self.sockets)):
                assert time.monotonic() < limit, "not acknowledged"
                time.sleep(0.01)    # an acknowledgement has no event
            for sock in self.sockets:
                drop_all(sock)

    def refuse(self):
        """Refuse connections, until listen()."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.socket = None

    def close(self):
        """Stop listening and drop every connection."""
        with self.lock:
            if self.closing:
                return
            self.closing = True
            self.lock.notify_all()
        if self.socket:
            self.refuse()
        self.wait_for(lambda: self.open == 0, 2)
        if self.certificate:
            self.certificate.close()
        if self.log:
            self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # From here on: the server's threads.

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.open += 1
                number = self.connections
                self.lock.notify_all()
            threading.Thread(target=self._connection, args=(sock, number),
                             daemon=True).start()

    def _connection(self, sock, number):
        """One connection, until either side has had enough."""
        try:
            self._misbehave(sock)
            if self.certificate:
                sock.settimeout(10 * SLOW)
                sock = self.certificate.context.wrap_socket(
                    sock, server_side=True)
            sock.settimeout(None)
            with self.lock:
                self.sockets.add(sock)
            peer = Peer(self, sock, number)
            while peer.exchange():
                pass
        except ssl.SSLError:
            with self.lock:
                self.tls_failures += 1
        except (OSError, Gone):
            pass
        finally:
            with self.lock:
                self.sockets.discard(sock)
            sock.close()
            with self.lock:
                self.open -= 1
                self.lock.notify_all()

    def _misbehave(self, sock):
        """What on_connect says, before any octet is read."""
        how = self.on_connect
        if how == "stall":
            self._hold(sock)
        if how == "reset":
            linger_reset(sock)
        if how:
            raise Gone

    def _hold(self, sock):
        """Say nothing until the peer has gone or the gateway is closed."""
        while not self.closing:
            ready, _, _ = select.select([sock], [], [], 0.05)
            if ready and not sock.recv(65536):
                raise Gone
        raise Gone

    def _action(self, request):
        """What the script says about this request."""
        path = request.path.split("?")[0]
        key = "%s %s" % (request.method, path[len(self.base):])
        if key in self.routes:
            return self.routes[key]
        if key != "POST /messages":
            return "ok"
        with self.lock:
            return self.script.pop(0) if self.script else self.default

    def _record(self, request):
        with self.lock:
            self.requests.append(request)
            self.lock.notify_all()

    def _answered(self, request):
        with self.lock:
            self.lock.notify_all()
            if self.log and not self.log.closed:
                print(json.dumps({
                    "method": request.method, "path": request.path,
                    "headers": request.headers, "status": request.status,
                    "body": request.body.decode("utf-8", "replace"),
                    "connection": request.connection,
                    "complete": request.complete}), file=self.log, flush=True)

    def user(self, request):
        """Whose credentials the request carries, or None."""
        scheme, _, rest = (request.header("Authorization") or "").partition(
            " ")
        if scheme == "Bearer":
            return "token" if rest in self.tokens else None
        if scheme != "Basic":
            return None
        name, colon, password = base64.b64decode(rest).decode(
            "utf-8", "replace").partition(":")
        good = colon and name in self.users and self.users[name] == password
        return name if good else None

    def api(self, request):
        """SMSGate: (status, object)."""
        path = request.path.split("?")[0]
        if not path.startswith(self.base + "/"):
            return 404, {"message": "not found"}
        path = path[len(self.base):]
        if (request.method, path) == ("GET", "/health"):
            return 200, {"status": "pass", "version": "1.0", "checks": {}}
        user = self.user(request)
        if user is None:
            return 401, {"message": "Unauthorized"}
        if (request.method, path) == ("GET", "/devices"):
            return 200, [{"id": "dev1", "name": "test"}]
        if request.method == "GET" and path.startswith("/messages/"):
            return self._state(path[len("/messages/"):])
        if (request.method, path) == ("POST", "/messages"):
            return self.accept(request, user)
        return 404, {"message": "not found"}

    def _device(self, message):
        """The phone that will send it, or None."""
        if not self.devices:
            return "dev1"
        if "deviceId" in message:
            return message["deviceId"] if message["deviceId"] in \
                self.devices else None
        return self.random.choice(self.devices)

    def _state(self, ident):
        with self.lock:
            if any(known == ident for _, known in self.taken):
                return 200, {"id": ident, "state": "Pending"}
        return 404, {"message": "record not found"}

    def accept(self, request, user):
        """POST /messages: the message is accepted or is not."""
        try:
            message = request.json()
            check_message(message)
        except (ValueError, KeyError, TypeError) as why:
            return 400, {"message": "invalid: %s" % why}
        message["user"] = user
        device = self._device(message)
        if device is None:
            return 400, {"message": "record not found"}
        with self.lock:
            if "id" not in message:
                message["id"] = "gw-%06d" % (len(self.messages) + 1)
            if (device, message["id"]) in self.taken:
                return 409, {
                    "message": "message with the same ID already exists"}
            self.taken.add((device, message["id"]))
            self.messages.append(message)
            self.lock.notify_all()
        return 202, {"id": message["id"], "deviceId": device,
                     "state": "Pending", "isHashed": False,
                     "isEncrypted": False,
                     "recipients": [{"phoneNumber": n, "state": "Pending"}
                                    for n in message["phoneNumbers"]],
                     "states": {}}


def check_message(message):
    """SMSGate's rules for a message; an exception says what is wrong."""
    known = {"id", "deviceId", "textMessage", "dataMessage", "phoneNumbers",
             "simNumber", "withDeliveryReport", "priority", "ttl",
             "validUntil", "scheduleAt", "isEncrypted"}
    encrypted = message.get("isEncrypted", False)
    for member in message:
        if member not in known:
            raise ValueError("unknown member " + member)
    numbers = message["phoneNumbers"]
    if not isinstance(numbers, list) or not 1 <= len(numbers) <= 100:
        raise ValueError("phoneNumbers")
    for number in numbers:
        if not re.fullmatch(r"\$.{1,127}" if encrypted else
                            r"\+[1-9][0-9]{6,14}|[0-9]{3,6}", number):
            raise ValueError("phone number " + number)
    if len(set(numbers)) != len(numbers):
        raise ValueError("UNIQUE constraint failed")
    if ("textMessage" in message) == ("dataMessage" in message):
        raise ValueError("exactly one of textMessage and dataMessage")
    if "textMessage" in message:
        text = message["textMessage"]["text"]
        if not isinstance(text, str) or not 1 <= len(text) <= 65535:
            raise ValueError("text")
    for member, kind in (("id", str), ("deviceId", str), ("simNumber", int),
                         ("withDeliveryReport", bool), ("ttl", int),
                         ("isEncrypted", bool),
                         ("priority", int), ("scheduleAt", str)):
        if member in message and type(message[member]) is not kind:
            raise ValueError("type of " + member)
    if len(message.get("id", "")) > 36 or len(
            message.get("deviceId", "")) > 21:
        raise ValueError("too long")
    if not 1 <= message.get("simNumber", 1) <= 3:
        raise ValueError("simNumber")


SO_ATTACH_FILTER = 26   # Linux


def unacknowledged(sock):
    """Octets that the peer has not acknowledged yet (SIOCOUTQ)."""
    octets = fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4))
    return int.from_bytes(octets, sys.byteorder)


def drop_all(sock):
    """Nothing arrives at this socket any more, and nothing is acknowledged:
    as behind a firewall that has lost its state."""
    program = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                        struct.pack("HL", 1, ctypes.addressof(program)))
    except PermissionError:
        raise tap.Skip("only root can have a socket filtered here") from None


def linger_reset(sock):
    """Closing this socket will send a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))


class Peer:
    """One connection: requests come in, answers of all sorts go out."""

    def __init__(self, gateway, sock, number):
        self.gateway = gateway
        self.sock = sock
        self.number = number
        self.left = b""     # read, not yet used

    def exchange(self):
        """One request and its answer; false: the connection is over."""
        request = self.read_head()
        self.gateway._record(request)
        action, _, argument = self.gateway._action(request).partition(":")
        if action in ("stall-head", "close-head"):
            return self.refuse(request, action)
        self.read_body(request)
        if self.gateway.respond:
            return self.respond(request)
        if self.gateway.choose and request.method == "POST":
            action, _, argument = self.gateway.choose(request).partition(":")
        other = self.gateway.meddle and self.gateway.meddle(request)
        if other:
            action, _, argument = other.partition(":")
        try:
            return self.act(request, action, argument)
        finally:
            self.gateway._answered(request)

    def respond(self, request):
        response = self.gateway.respond(request)
        request.status = response.status
        self.sock.sendall(response.octets())
        self.gateway._answered(request)
        return True

    def refuse(self, request, action):
        self.gateway._answered(request)
        if action == "stall-head":
            self.hold()
        return False

    def hold(self):
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.settimeout(0.05)
            while not self.gateway.closing:
                try:
                    if not self.sock.recv(65536):
                        raise Gone
                except socket.timeout:
                    pass
        self.gateway._hold(self.sock)

    def receive(self):
        data = self.sock.recv(65536)
        if not data:
            raise Gone
        self.left += data

    def read_head(self):
        while not self.left:
            self.receive()
        request = Request(self.number)
        while b"\r\n\r\n" not in self.left:
            if len(self.left) > HEAD_MAX:
                raise Gone
            self.receive()
        head, self.left = self.left.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        request.method, request.path, request.version = lines[0].split(" ")
        for line in lines[1:]:
            name, _, value = line.partition(":")
            request.headers.append((name, value.strip()))
        return request

    def read_body(self, request):
        if (request.header("Expect") or "").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if (request.header("Transfer-Encoding") or "").lower() == "chunked":
            self.read_chunks(request)
        else:
            request.body = self.take(int(request.header("Content-Length")
                                         or 0))
        with self.gateway.lock:
            request.complete = True
            self.gateway.lock.notify_all()

    def take(self, count):
        while len(self.left) < count:
            self.receive()
        data, self.left = self.left[:count], self.left[count:]
        return data

    def read_chunks(self, request):
        while True:
            while b"\r\n" not in self.left:
                self.receive()
            size, self.left = self.left.split(b"\r\n", 1)
            chunk = self.take(int(size, 16) + 2)[:-2]
            if not chunk:
                return
            request.body += chunk

    def answer(self, request, status, body, *headers, kind="application/json"):
        """Write a whole answer."""
        request.status = status
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.sock.sendall(self.head(status, len(body), *headers, kind=kind)
                          + body)
        return True

    @staticmethod
    def head(status, length, *headers, kind="application/json"):
        lines = ["HTTP/1.1 %d %s" % (status, REASONS.get(status, "Whatever")),
                 "Content-Type: " + kind, "Content-Length: %d" % length]
        return ("\r\n".join(lines + list(headers)) + "\r\n\r\n").encode()

    def act(self, request, action, argument):
        """Do what the action says; false: hang up."""
        if action == "ok":
            return self.answer(request, *self.gateway.api(request))
        if action.isdigit():
            body = argument or json.dumps({"message": "scripted " + action})
            return self.answer(request, int(action), body.encode())
        name = "do_" + action.replace("-", "_")
        return getattr(self, name)(request, argument)

    def do_delay(self, request, argument):
        self.gateway.wait_for(lambda: self.gateway.closing,
                              int(argument) / 1000)
        return self.answer(request, *self.gateway.api(request))

    def do_lost(self, request, argument):
        self.gateway.api(request)
        if argument:
            return self.act(request, argument, "")
        return False

    def do_lost_middle(self, request, argument):
        self.gateway.api(request)
        return self.do_close_middle(request, argument)

    def do_lost_body(self, request, argument):
        self.gateway.api(request)
        return self.do_close_body(request, argument)

    def do_lost_stall(self, request, _):
        self.gateway.api(request)
        self.hold()

    def do_stall(self, request, _):
        self.hold()

    def do_half(self, request, _):
        self.sock.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Ty")
        self.hold()

    def do_half_body(self, request, _):
        self.sock.sendall(self.head(202, 100) + b'{"id":"half')
        self.hold()

    def do_drip(self, request, _):
        answer = self.head(202, 13) + b'{"id":"drip"}'
        for octet in answer:
            self.sock.sendall(bytes([octet]))
            ready, _, _ = select.select([self.sock], [], [], 0.5)
            if ready or self.gateway.closing:
                return False
        return False

    def do_close(self, request, _):
        return False

    def do_close_middle(self, request, _):
        self.sock.sendall(b"HTTP/1.1 202 Accep")
        return False

    def do_close_body(self, request, _):
        self.sock.sendall(self.head(202, 100) + b'{"id":"half')
        return False

    def do_reset(self, request, _):
        linger_reset(self.sock)
        return False

    def do_not_http(self, request, _):
        self.sock.sendall(b"220 smtp.example.org ESMTP\r\n")
        return False

    def do_garbage(self, request, _):
        return self.answer(request, 200, b"<html>\xff\0 welcome to the wifi",
                           kind="text/html")

    def do_garbage_202(self, request, _):
        return self.answer(request, 202, b'{"id": "x" \xff\0 "')

    def do_noid(self, request, _):
        return self.answer(request, 202, {"state": "Pending"})

    def do_empty_202(self, request, _):
        return self.answer(request, 202, b"")

    def do_redirect(self, request, argument):
        status, _, url = argument.partition(":")
        return self.answer(request, int(status), b"", "Location: " + url)

    def do_huge(self, request, _):
        self.sock.sendall(self.head(202, HUGE) + b'{"id":"')
        block = b"x" * 65536
        for _ in range(HUGE // len(block)):
            self.sock.sendall(block)
        return False

    def do_huge_head(self, request, _):
        self.sock.sendall(b"HTTP/1.1 202 Accepted\r\n")
        return self.fill(b"".join(b"X-Filler-%d: %s\r\n" % (i, b"x" * 1000)
                                  for i in range(64)))

    def do_huge_trailers(self, request, _):
        self.sock.sendall(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: "
                          b'chunked\r\n\r\nb\r\n{"id": "1"}\r\n0\r\n')
        return self.fill(b"X-A: b\r\n" * 8192)

    def do_huge_interim(self, request, _):
        return self.fill(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
                         * 1024)

    def fill(self, block):
        for _ in range(HUGE // len(block)):
            self.sock.sendall(block)
        return False

    def do_raw(self, request, _):
        self.sock.sendall(self.gateway.raw)
        return False

    def do_raw_stall(self, request, _):
        self.sock.sendall(self.gateway.raw)
        self.hold()

    def do_chunked(self, request, _):
        status, body = self.gateway.api(request)
        request.status = status
        octets = json.dumps(body).encode()
        self.sock.sendall(
            ("HTTP/1.1 %d %s\r\nTransfer-Encoding: chunked\r\n\r\n"
             % (status, REASONS[status])).encode()
            + b"".join(b"1\r\n%c\r\n" % c for c in octets) + b"0\r\n\r\n")
        return True

    def do_continue(self, request, _):
        self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 2)
        return self.answer(request, *self.gateway.api(request))


class Certificate:
    """A server's certificate: good, or bad in one way.

    good          localhost and 127.0.0.1, signed by the CA in .ca
    self-signed   likewise, signed by itself; .ca is another CA
    wrong-name    signed by .ca, for another host
    expired       signed by .ca, no longer valid
    other-ca      signed by a CA that is not .ca
    """

    KINDS = ("good", "self-signed", "wrong-name", "expired", "other-ca")
    NAMES = ("DNS:localhost", "IP:127.0.0.1")

    def __init__(self, kind="good"):
        assert kind in self.KINDS, kind
        self.dir = tempfile.mkdtemp(prefix="smtp2sms-cert.")
        self.authority = certify(EcKey(), "/CN=test authority")
        self.ca = self.write("ca", self.authority)
        issuer, names, when = self.authority, self.NAMES, {}
        if kind == "wrong-name":
            names = ("DNS:elsewhere.test",)
        elif kind == "self-signed":
            issuer = None
        elif kind == "other-ca":
            issuer = certify(EcKey(), "/CN=another authority")
        elif kind == "expired":
            when = {"start": EXPIRED - 86400, "end": EXPIRED}
        self.write("server", certify(EcKey(), "/CN=localhost", issuer, names,
                                     **when))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.path("server.pem"),
                                     self.path("server.key"))

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, made):
        """The files NAME.pem and NAME.key; the first one's path."""
        for suffix, text in (".pem", made.pem), (".key", made.key.pem()):
            with open(self.path(name + suffix), "w") as file:
                file.write(text)
        os.chmod(self.path(name + ".key"), 0o600)
        return self.path(name + ".pem")

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def closed_port():
    """A port of 127.0.0.1 where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def main(words):
    import argparse
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", choices=Certificate.KINDS)
    parser.add_argument("--user", action="append", default=[])
    parser.add_argument("--token", action="append", default=[])
    parser.add_argument("--script", default="")
    parser.add_argument("--default", default="ok")
    parser.add_argument("--base", default="")
    parser.add_argument("--on-connect", choices=("close", "reset", "stall"))
    parser.add_argument("--log")
    args = parser.parse_args(words)
    users = dict(word.split(":", 1) for word in args.user) or None
    with Gateway(tls=args.tls, users=users, tokens=args.token,
                 port=args.port, base=args.base, log=args.log) as gateway:
        gateway.default = args.default
        gateway.on_connect = args.on_connect
        gateway.queue(*[word for word in args.script.split(",") if word])
        print(gateway.port, gateway.ca or "", flush=True)
        while sys.stdin.buffer.read(4096):
            pass


def selftest():
    import http.client

    basic = "Basic " + base64.b64encode(b"alice:wonderland").decode()
    good = json.dumps({"id": "1", "phoneNumbers": ["+4915112345678"],
                       "textMessage": {"text": "hello"}})

    def call(gateway, method, path, body=None, auth=basic, timeout=10):
        client = http.client.HTTPConnection("127.0.0.1", gateway.port,
                                            timeout=timeout)
        try:
            client.request(method, path, body, {"Authorization": auth})
            answer = client.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()

    @tap.test("SMSGate's API")
    def api():
        with Gateway(tokens=["t0ken"]) as gateway:
            tap.is_(call(gateway, "GET", "/health", auth="")[0], 200,
                    "health needs no credentials")
            tap.is_(call(gateway, "GET", "/devices", auth="")[0], 401,
                    "devices needs them")
            tap.is_(call(gateway, "GET", "/devices")[0], 200,
                    "devices with them")
            tap.is_(call(gateway, "POST", "/messages", good)[0], 202,
                    "a message")
            tap.is_(call(gateway, "POST", "/messages", good,
                         "Bearer t0ken")[0], 409, "the same id again")
            tap.is_(call(gateway, "POST", "/messages", "{}")[0], 400,
                    "no message")
            tap.is_(call(gateway, "GET", "/messages/1")[0], 200, "its state")
            tap.is_(call(gateway, "GET", "/messages/2")[0], 404, "of none")
            tap.is_([len(gateway.messages), len(gateway.requests),
                     gateway.connections], [1, 8, 8], "all is recorded")

    @tap.test("several phones")
    def phones():
        def named(device):
            return json.dumps(dict(json.loads(good), deviceId=device))

        with Gateway(devices=("one", "two"), seed=1) as gateway:
            tap.is_([call(gateway, "POST", "/messages", named(d))[0]
                     for d in ("one", "one", "two", "three")],
                    [202, 409, 202, 400], "an id is unique for a phone")
            gateway.reset()
            codes = [call(gateway, "POST", "/messages", good)[0]
                     for _ in range(20)]
            tap.is_(sorted(codes), [202] * 2 + [409] * 18,
                    "without a phone's name any of them has it")
            tap.is_(call(gateway, "GET", "/messages/1")[0], 200, "its state")

    @tap.test("every way to misbehave")
    def misbehave():
        errors = (OSError, http.client.HTTPException)
        with Gateway() as gateway:
            for action in ("close", "close-head", "close-body", "reset",
                           "not-http", "lost", "stall", "stall-head",
                           "half", "half-body", "drip", "lost-stall",
                           "lost-body"):
                gateway.queue(action)
                try:
                    call(gateway, "POST", "/messages", good, timeout=0.2)
                    tap.ok(False, action)
                except errors:
                    tap.ok(True, action)
            tap.is_(len(gateway.messages), 1, "lost was accepted")
            for action, status in (("503", 503), ("418:short", 418),
                                   # http.client takes this for an answer
                                   ("close-middle", 202),
                                   ("lost-middle", 202), ("lost:500", 500),
                                   ("garbage", 200), ("garbage-202", 202),
                                   ("noid", 202), ("empty-202", 202),
                                   ("redirect:307:/x", 307), ("chunked", 409),
                                   ("continue", 409), ("delay:10", 409)):
                gateway.queue(action)
                tap.is_(call(gateway, "POST", "/messages", good)[0], status,
                        action)
            gateway.queue("huge")
            status, body = call(gateway, "POST", "/messages", good)
            tap.is_((status, len(body)), (202, HUGE), "huge")

            gateway.meddle = lambda request: "418"
            tap.is_([call(gateway, "POST", "/messages", good)[0],
                     call(gateway, "GET", "/devices")[0]], [418, 418],
                    "meddle")
            gateway.meddle = None
            gateway.refuse()
            try:
                call(gateway, "GET", "/health")
                tap.ok(False, "refuse")
            except ConnectionRefusedError:
                tap.ok(True, "refuse")
            gateway.listen()
            tap.is_(call(gateway, "GET", "/health")[0], 200, "listen")

    @tap.test("certificates")
    def certificates():
        for kind in Certificate.KINDS:
            with Gateway(tls=kind) as gateway:
                context = ssl.create_default_context(cafile=gateway.ca)
                try:
                    raw = socket.create_connection(
                        ("127.0.0.1", gateway.port), 5)
                    with context.wrap_socket(
                            raw, server_hostname="localhost"):
                        verified = True
                except ssl.SSLError:
                    verified = False
                tap.is_(verified, kind == "good", kind)

    @tap.test("as a program")
    def program():
        with tempfile.NamedTemporaryFile("r") as log:
            with subprocess.Popen(
                    [sys.executable, __file__, "--port", "0", "--user",
                     "u:p", "--script", "500", "--log", log.name],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
                port = int(child.stdout.readline())
                client = http.client.HTTPConnection("127.0.0.1", port)
                client.request("POST", "/messages", good)
                tap.is_(client.getresponse().status, 500, "the script rules")
                client.close()
                child.stdin.close()
            tap.is_(child.returncode, 0, "it ends with its input")
            tap.is_(json.loads(log.readline())["body"], good, "and logs")

    tap.run()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1:])
    else:
        selftest()
