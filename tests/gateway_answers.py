"""What the gateway says, and what the client then hears."""

import gzip
import socket
import tempfile
import threading
import time
import zlib

import tap
from gateway import Gateway, Response, closed_port
from smtp import NUMBER, WRAP, Session, own_credentials, process_status

gw = Gateway()
other = Gateway()
OWN = own_credentials()
RETRY = OWN + ["replies retry"]

REFUSED = "450 4.0.0 Temporary failure, try again later"
FAILED = "550 5.0.0 Message delivery failed"
LOGIN = "535 5.7.8 Authentication failed"
AGAIN = "451"
NEVER = "554 5.0.0"

# status: (replies documented, replies retry)
STATUS = {
    400: (REFUSED, NEVER), 401: (LOGIN, LOGIN), 402: (REFUSED, NEVER),
    403: (LOGIN, LOGIN), 404: (REFUSED, NEVER), 405: (REFUSED, NEVER),
    406: (REFUSED, NEVER), 408: (REFUSED, AGAIN), 409: (REFUSED, NEVER),
    410: (REFUSED, NEVER), 413: (REFUSED, NEVER), 415: (REFUSED, NEVER),
    418: (REFUSED, NEVER), 422: (REFUSED, NEVER), 425: (REFUSED, AGAIN),
    426: (REFUSED, NEVER), 429: (REFUSED, AGAIN), 431: (REFUSED, NEVER),
    451: (REFUSED, NEVER), 499: (REFUSED, NEVER), 500: (FAILED, AGAIN),
    501: (FAILED, AGAIN), 502: (FAILED, AGAIN), 503: (FAILED, AGAIN),
    504: (FAILED, AGAIN), 507: (FAILED, AGAIN), 511: (FAILED, AGAIN),
    599: (FAILED, AGAIN),
}


@tap.test("both tables, every status")
def statuses():
    for column, lines in enumerate((OWN, RETRY)):
        gw.reset()
        with Session(lines, gw) as s:
            s.ehlo()
            for status, wants in STATUS.items():
                gw.queue(status)
                reply = s.send_message("status %d" % status)
                want = wants[column]
                good = (str(reply) == want if " " in want[4:]
                        and want != NEVER else reply.starts(want))
                tap.ok(good, "%s, %d: %s" % (lines[-1].split()[-1] if column
                                             else "documented", status,
                                             want), repr(reply))
            tap.is_(s.send_message().code, 250, "and the session goes on")
        tap.is_(len(gw.posts()), len(STATUS) + 1, "each was asked once")


@tap.test("the body of a refusal does not matter")
def bodies():
    for body in ("", "null", "[]", '"text"', "{}", '{"message": null}',
                 '{"message": 5}', '{"message": {"x": []}}', "\xff\xfe",
                 "<html>", '{"message": "a\\r\\n250 OK"}', "{" * 5000,
                 "[" * 100000, '{"message": "%s"}' % ("m" * 100000)):
        gw.reset()
        gw.queue("400:" + body, "503:" + body)
        with Session(OWN, gw) as s:
            s.ehlo()
            first, second = s.send_message("a"), s.send_message("b")
            tap.is_([str(first), str(second)], [REFUSED, FAILED],
                    "400 and 503 with %r" % body[:40])


# (action, what the reply must start with)
STRANGE = [
    ("garbage", "451"),
    ("200", "451"),
    ('200:{"id": "x"}', "451"),
    ('201:{"id": "x"}', "451"),
    ("204", "451"),
    ("garbage-202", "451"),
    ("empty-202", "451"),
    ("300", "451"),
    ("304", "451"),
    ("close", "451 4.4."),
    ("close-head", "451 4.4."),
    ("close-body", "451 4.4."),
    ("reset", "451 4.4."),
    ("not-http", "451 4."),
    ("huge", "451 4."),
    ("huge-head", "451 4."),
]


@tap.test("answers that are none")
def strange():
    for lines in (OWN, RETRY):
        for action, want in STRANGE:
            gw.reset()
            gw.default = action
            with Session(lines, gw) as s:
                s.ehlo()
                reply = s.send_message("strange")
                tap.ok(str(reply).startswith(want),
                       "%s: %s" % (action, want), repr(reply))
                gw.default = "ok"
                reply = s.send_message("after it")
                tap.is_(reply.code, 250, "%s: the next is sent" % action,
                        repr(reply))


@tap.test("a hundred megabytes are not read into memory")
def huge():
    if WRAP:
        raise tap.Skip("there is something around it")
    small = b'[{"id": 1}' + b",{}" * 690000 + b"]"
    for action, raw in (("huge", b""), ("huge-head", b""),
                        ("huge-trailers", b""), ("huge-interim", b""),
                        ("raw", encoded("gzip", gzip.compress(
                            bytes(100 << 20)))),
                        ("raw", encoded("none", small)),
                        ("raw", encoded("gzip", gzip.compress(small)))):
        gw.reset()
        gw.raw = raw
        with Session(OWN, gw) as s:
            s.ehlo()
            tap.is_(s.send_message("before").code, 250, "a mail")
            pid = s.processes("smtp2sms-deliver")[0]
            before = process_status(pid, "VmHWM")
            gw.queue(action)
            reply = s.send_message("huge")
            tap.is_(reply.code, 451, action + ": 451", repr(reply))
            grown = process_status(pid, "VmHWM") - before
            tap.ok(grown < 6144, action + ": less than 6 MB more",
                   "%d kB more than %d kB" % (grown, before))


@tap.test("half a status line is no success")
def half_status():
    gw.reset()
    gw.default = "close-middle"
    with Session(OWN, gw) as s:
        s.ehlo()
        reply = s.send_message()
        tap.is_(reply.code, 451, "451", repr(reply))


# (action, what must be in the reply)
ACCEPTED = [
    ("ok", None),
    ("chunked", None),
    ("continue", None),
    ("delay:300", None),
    ('202:{"id": "GW-1"}', "queued as GW-1 "),
    ('202:{"id":"GW-2","x":[1,2,{"y":null}],"id2":true}', "queued as GW-2 "),
    ('202: {"id" : "GW\\u002d3" }', "queued as GW-3 "),
    # accepted, but what to call it?  By the id that was asked for.
    ("noid", "queued as %s "),
    ('202:{"id": null}', "queued as %s "),
    ('202:{"id": {"a": "b"}}', "queued as %s "),
    ('202:{"id": "a b"}', "queued as %s "),
    ('202:{"id": "a\\r\\n250 evil"}', "queued as %s "),
    ('202:{"id": "\\u0000"}', "queued as %s "),
    ('202:{"id": "\\u00e4"}', "queued as %s "),
    ('202:{"id": ""}', "queued as %s "),
    ('202:{"id": "' + "i" * 5000 + '"}', "queued as %s "),
]


@tap.test("answers that accept, and the id in the reply")
def accepted():
    for action, want in ACCEPTED:
        gw.reset()
        gw.queue(action)
        with Session(OWN, gw) as s:
            s.ehlo()
            reply = s.send_message("hello")
            ours = gw.posts()[0].json()["id"]
            want = (want or "queued as %s ")
            want = want % ours if "%s" in want else want
            tap.ok(reply.starts("250 2.0.0 Message accepted,")
                   and want in str(reply) and len(reply.lines) == 1,
                   "%s: 250" % action[:60], repr(reply), "want: " + want)
            tap.is_(s.cmd("NOOP").code, 250, "%s: and one reply"
                    % action[:60])


@tap.test("a gateway that has this id already")
def conflict():
    rows = [
        ('409:{"message":"message with the same ID already exists"}', 250),
        ('409:{"message":"Message with the same id already exists"}', None),
        ('409:{"message":"UNIQUE constraint failed"}', 450),
        ('409:{"message":"conflict"}', 450),
        ('409:message with the same ID already exists', 450),
        ('409:{"error":"message with the same ID already exists"}', 450),
        ('409:{"message":["same ID"]}', 450),
        ("409:", 450),
        ('400:{"message":"message with the same ID already exists"}', 450),
        ('500:{"message":"message with the same ID already exists"}', 550),
    ]
    for action, code in rows:
        if code is None:
            continue
        gw.reset()
        gw.queue(action)
        with Session(OWN, gw) as s:
            s.ehlo()
            reply = s.send_message("hello")
            tap.is_(reply.code, code, action, repr(reply))
            if code == 250:
                tap.ok(gw.posts()[0].json()["id"] in str(reply),
                       "the id is the one that was asked for", repr(reply))


@tap.test("no connection")
def unreachable():
    rows = ["http://127.0.0.1:%d" % closed_port(),
            "http://[::1]:%d" % closed_port(),
            "http://%s.test" % ("x" * 64)]
    for base in rows:
        for lines in (OWN, RETRY):
            with Session(lines + ["set base " + base], gw) as s:
                s.ehlo()
                reply = s.send_message()
                tap.ok(reply.starts("451 4.4.1"), base[:40] + ": 451 4.4.1",
                       repr(reply))
                tap.is_(s.send_message().code, 451, "and again")
                tap.is_(s.quit(), 0, "exit 0")
    for how in ("close", "reset"):
        gw.reset()
        gw.on_connect = how
        with Session(OWN, gw) as s:
            s.ehlo()
            reply = s.send_message()
            tap.ok(str(reply).startswith("451 4.4."),
                   how + " at once: 451 4.4.x", repr(reply))
            gw.on_connect = None
            tap.is_(s.send_message().code, 250, "when it is back: 250")


@tap.test("a redirect is not followed")
def redirects():
    for status in (301, 302, 303, 307, 308):
        gw.reset()
        other.reset()
        gw.queue("redirect:%d:%s/messages" % (status, other.url))
        with Session(OWN, gw) as s:
            s.ehlo()
            reply = s.send_message()
            tap.is_(reply.code, 451, "%d: 451" % status, repr(reply))
        tap.is_(other.requests, [], "%d: nobody else got it" % status)


@tap.test("an answer that is long, since it has all recipients in it")
def long():
    gw.reset()
    gw.respond = lambda request: Response(202, body={
        "echo": ["x" * 1000] * 1000, "id": "long-1"})
    with Session(["set device d1"] + OWN, gw) as s:
        s.ehlo()
        tap.like(str(s.send_message()), "^250 .*queued as long-1", "a megabyte")
    gw.respond = lambda request: Response(202, body={
        "echo": ["x" * 1000] * 3000, "id": "long-2"})
    with Session(["set device d1"] + OWN, gw) as s:
        s.ehlo()
        tap.is_(s.send_message().code, 451, "three megabytes: 451")
        tap.like(s.log(), "the answer is too long", "and the log says why")
    gw.reset()


def encoded(encoding, body, status="202 Accepted"):
    return ("HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
            "Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
            % (status, encoding, len(body))).encode() + body


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@tap.test("an answer that is compressed although nobody asked")
def compressed():
    plain = b'{"id": "packed-1"}'
    rows = [("gzip", gzip.compress(plain), True),
            ("x-gzip", gzip.compress(plain), True),
            ("GZIP", gzip.compress(plain), True),
            ("deflate", zlib.compress(plain), True),
            ("deflate", raw_deflate(plain), True),
            ("identity", plain, True), ("none", plain, True),
            ("gzip", gzip.compress(plain)[:-16], False),
            ("gzip", plain, False), ("gzip", b"", False),
            ("gzip, gzip", gzip.compress(gzip.compress(plain)), False),
            ("gzip\r\nContent-Encoding: gzip",
             gzip.compress(gzip.compress(plain)), False)]
    for encoding, body, good in rows:
        gw.reset()
        gw.raw = encoded(encoding, body)
        gw.queue("raw")
        with Session(OWN + ["set device d1"], gw) as s:
            s.ehlo()
            reply = s.send_message()
            tap.ok("queued as packed-1 " in str(reply) if good
                   else reply.code == 451, "%r, %d octets" % (
                       encoding[:10], len(body)), reply)
        tap.is_([r.header("Accept-Encoding") for r in gw.requests
                 if r.method == "POST"], [None], "it was not asked for")


@tap.test("an answer whose Content-Encoding is none")
def no_encoding():
    gw.reset()
    gw.raw = encoded("UTF-8", b'{"id": "charset-1"}')
    gw.default = "raw"
    gw.routes["GET /health"] = "raw"
    with Session(OWN + ["set device d1"], gw) as s:
        s.ehlo()
        s.envelope()            # it connects ahead of the message
        gw.wait_for_request("GET")
        time.sleep(0.2)
        reply = s.data("Message-ID: <1@c>\n\nhello")
        tap.like(str(reply), "queued as charset-1 ", "is read as it is")


@tap.test("a refusal that is compressed, and cannot be unpacked")
def compressed_refusal():
    for body in (gzip.compress(b'{"message":"no"}'), b"no gzip"):
        gw.reset()
        gw.raw = encoded("gzip", body, "400 Bad Request")
        gw.queue("raw")
        with Session(OWN, gw) as s:
            s.ehlo()
            tap.is_(str(s.send_message()), REFUSED, "%d octets" % len(body))


def heads(block, count, tail):
    """A head with so many blocks in it, and what follows."""
    return b"HTTP/1.1 202 Accepted\r\n" + block * count + tail


LENGTH = b'Content-Length: 11\r\n\r\n{"id": "1"}'
CHUNKED = b'Transfer-Encoding: chunked\r\n\r\nb\r\n{"id": "1"}\r\n0\r\n'
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
LINE = b"X-Filler: %s\r\n" % (b"x" * 1000)
# (what, the answer, accepted)
HEADS = [
    ("60 long lines", heads(LINE, 60, LENGTH), True),
    ("100 long lines", heads(LINE, 100, LENGTH), False),
    ("450 lines", heads(b"X-A: b\r\n", 450, LENGTH), True),
    ("550 lines", heads(b"X-A: b\r\n", 550, LENGTH), False),
    ("one long line", heads(b"X-A: " + b"b" * 70000 + b"\r\n", 1, LENGTH),
     False),
    ("40 trailers", heads(b"", 0, CHUNKED + LINE * 40 + b"\r\n"), True),
    ("100 trailers", heads(b"", 0, CHUNKED + LINE * 100 + b"\r\n"), False),
    ("550 short trailers",
     heads(b"", 0, CHUNKED + b"X-A: b\r\n" * 550 + b"\r\n"), False),
    ("40 lines and 40 trailers",
     heads(LINE, 40, CHUNKED + LINE * 40 + b"\r\n"), False),
    ("100 interim answers", INTERIM * 100 + heads(b"", 0, LENGTH), True),
    ("300 interim answers", INTERIM * 300 + heads(b"", 0, LENGTH), False),
]


@tap.test("headers, trailers and interim answers have one limit")
def limits():
    for what, answer, good in HEADS:
        gw.reset()
        gw.raw = answer
        gw.queue("raw")
        with Session(OWN + ["set device d1"], gw) as s:
            s.ehlo()
            reply = s.send_message()
            tap.is_(reply.code, 250 if good else 451, what, reply)
            if not good:
                tap.like(s.log(), "head is too long", what + ": the log")


@tap.test("an answer that was lost")
def lost():
    for action in ("lost", "lost-stall"):
        gw.reset()
        gw.queue(action)
        with Session(OWN + ["timeout-gateway 1"], gw) as s:
            s.ehlo()
            reply = s.send_message("once")
            # a connection that broke leaves time to ask for the id
            want = "250" if action == "lost" else "451 4.4.2"
            tap.ok(reply.starts(want), action + ": " + want, repr(reply))
        tap.is_(len(gw.posts()), 1, action + ": it was asked once")
        with Session(OWN, gw) as s:
            s.ehlo()
            reply = s.send_message("once")
            tap.is_(reply.code, 250, action + ": the retry is accepted",
                    repr(reply))
        tap.is_(len(gw.messages), 1, action + ": and nothing went twice")


# How a body can be cut: (what, head, octets of the body)
CUTS = [
    ("a wrong Content-Length", "Content-Length: 500", b'{"message": "no'),
    ("no body at all", "Content-Length: 500", b""),
    ("no last chunk", "Transfer-Encoding: chunked", b'5\r\n{"mes\r\n'),
    ("half a chunk", "Transfer-Encoding: chunked", b'50\r\n{"mes'),
    ("no chunk", "Transfer-Encoding: chunked", b"{ no chunk }"),
]


@tap.test("a refusal whose body is cut is a refusal")
def cut():
    for status, want in ((400, REFUSED), (401, LOGIN), (429, REFUSED),
                         (503, FAILED), (409, None), (202, None)):
        for what, head, body in CUTS:
            gw.reset()
            gw.raw = ("HTTP/1.1 %d Cut\r\nContent-Type: application/json\r\n"
                      "%s\r\n\r\n" % (status, head)).encode() + body
            gw.queue("raw")
            with Session(OWN + ["set device d1"], gw) as s:
                s.ehlo()
                reply = s.send_message()
            if want:
                tap.is_(str(reply), want, "%d, %s" % (status, what))
            else:
                tap.ok(reply.starts("451"), "%d, %s: 451" % (status, what),
                       reply)
    gw.reset()
    gw.raw = b"HTTP/1.1 503 Slow\r\nContent-Length: 500\r\n\r\n{"
    gw.queue("raw-stall")
    with Session(OWN + ["timeout-gateway 1"], gw) as s:
        s.ehlo()
        tap.is_(str(s.send_message()), FAILED, "503, and then silence")


PLAIN = """{"url": "${base}/messages", "to": {"mode": "one"},
  "auth": [{"type": "basic", "user": "${user}", "password": "${password}"}],
  "body": {"type": "text", "template": "${to} ${text}"},
  "ok": {"status": [202]}}"""


@tap.test("a head that is cut off is no answer, whatever its status")
def cut_head():
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(PLAIN)
        file.flush()
        own = OWN + ["gateway " + file.name]
        for raw, want in (
                (b"HTTP/1.1 202 Accepted\r\n\r\n", "^250 2.0.0 "),
                (b"HTTP/1.1 202 Accepted\r\n", "^451 4.4.2 .*lost"),
                (b"HTTP/1.1 202 Accepted\r\nX-A: b\r\n",
                 "^451 4.4.2 .*lost"),
                (b"HTTP/1.1 503 Slow\r\n", "^451 4.4.2 .*lost")):
            gw.reset()
            gw.raw = raw
            gw.queue("raw")
            with Session(own, gw) as s:
                s.ehlo()
                tap.like(str(s.send_message()), want, "%r" % raw)
                s.quit()
                if want.startswith("^451"):
                    tap.like(s.log(), "ended in the answer's head",
                             "and the log says why")
            tap.is_(len(gw.posts()), 1, "it is not sent again")


class Proxy:
    """A proxy that has one answer to each CONNECT; .url, .seen"""

    def __init__(self, answer):
        self.answer, self.seen = answer, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                sock, _ = self.socket.accept()
            except OSError:
                return
            with sock:
                self.seen += sock.recv(65536).startswith(b"CONNECT ")
                sock.sendall(self.answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)  # or accept() goes on
        self.socket.close()


@tap.test("a proxy that refuses has not sent anything")
def proxies():
    for answer in ("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
                   "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
                   "HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n",
                   "HTTP/1.1 200 OK\r\n\r\nnot TLS", "SMTP?\r\n", ""):
        with Gateway(tls="good") as tls, Proxy(answer.encode()) as proxy, \
                Session(OWN, tls, env={"https_proxy": proxy.url}) as s:
            s.ehlo()
            reply = s.send_message()
            tap.ok(reply.starts("451 4.4.1"), "%r: 451 4.4.1" % answer[:20],
                   reply)
            tap.ok(proxy.seen, "%r: it was asked" % answer[:20])
            tap.is_(tls.requests, [], "%r: nothing came" % answer[:20])


class FullServer:
    """It takes no more connections: the kernel leaves them unanswered."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(0)
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        self.ca = None
        self.crowd = []
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(self.socket.getsockname())
            self.crowd.append(sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in [*self.crowd, self.socket]:
            sock.close()


@tap.test("a connection that cannot be had in time has carried nothing")
def no_connection():
    with FullServer() as full, \
            Session(OWN + ["timeout-gateway 1"], full) as s:
        s.ehlo()
        reply = s.send_message()
        tap.ok(reply.starts("451 4.4.1"), "TCP: 451 4.4.1", reply)
    with Gateway(tls="good") as tls, \
            Session(OWN + ["timeout-gateway 1"], tls) as s:
        tls.on_connect = "stall"
        s.ehlo()
        reply = s.send_message()
        tap.ok(reply.starts("451 4.4.1"), "TLS: 451 4.4.1", reply)


@tap.test("several recipients share their answer")
def several():
    # a 400 may be for one of them: each is sent to alone as well
    for action, want, requests in (("500", FAILED, 1), ("400", REFUSED, 3),
                                   ("401", LOGIN, 1)):
        gw.reset()
        gw.default = action
        with Session(OWN, gw) as s:
            s.ehlo()
            reply = s.send_message("x", [NUMBER, "+4915112345679"])
            tap.is_(str(reply), want, "two recipients, " + action)
        tap.is_(len(gw.posts()), requests, action + ": requests")
    gw.reset()


tap.run()
