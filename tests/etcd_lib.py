"""etcd_lib: an etcd cluster of real members on this machine, and a proxy in
front of a member that loses answers.

Cluster() starts three members and waits until they have a leader.  A member
can be killed, started again with what it had, stopped (it hangs) and
continued.  A library: as a program it has nothing to test.
"""

import base64
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request

from foreign import need
from smtp import SLOW, wait_until

TXN = "/v3/kv/txn"
PREFIX = "/smtp2sms/"
PATIENCE = 20           # seconds until there is a leader
HEARTBEAT = int(50 * SLOW)          # milliseconds
ELECTION = int(500 * SLOW)


def free_ports(count):
    socks = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in socks]
    for sock in socks:
        sock.close()
    return ports


def b64(text):
    if isinstance(text, str):
        text = text.encode()
    return base64.b64encode(text).decode()


class Cluster:
    """count members.  tls: a Certificate that they have, and that clients
    need one of, too."""

    def __init__(self, count=3, tls=None):
        self.program = need("etcd")
        self.dir = tempfile.mkdtemp(prefix="smtp2sms-etcd.")
        self.scheme = "https" if tls else "http"
        self.tls = tls
        ports = free_ports(2 * count)
        self.client, self.peer = ports[:count], ports[count:]
        self.urls = ["%s://127.0.0.1:%d" % (self.scheme, port)
                     for port in self.client]
        self.members = [None] * count
        self.stopped = set()
        self.token = None
        try:
            for i in range(count):
                self.start(i)
            self.wait()
        except BaseException:
            self.close()
            raise

    def start(self, i):
        """Start a member, with what it had."""
        peers = ["http://127.0.0.1:%d" % port for port in self.peer]
        words = [
            self.program, "--name", "m%d" % i, "--data-dir",
            os.path.join(self.dir, "m%d" % i),
            "--listen-client-urls", self.urls[i],
            "--advertise-client-urls", self.urls[i],
            "--listen-peer-urls", peers[i],
            "--initial-advertise-peer-urls", peers[i],
            "--initial-cluster", ",".join(
                "m%d=%s" % pair for pair in enumerate(peers)),
            "--initial-cluster-state", "new",
            "--heartbeat-interval", str(HEARTBEAT),
            "--election-timeout", str(ELECTION),
            "--logger", "zap", "--log-outputs", "stderr"]
        if self.tls:
            words += ["--cert-file", self.tls.path("server.pem"),
                      "--key-file", self.tls.path("server.key"),
                      "--trusted-ca-file", self.tls.path("ca.pem"),
                      "--client-cert-auth"]
        with open(os.path.join(self.dir, "log%d" % i), "ab") as log:
            self.members[i] = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self, i):
        """Nothing of it is left but its data."""
        self.cont(i)
        self.members[i].kill()
        self.members[i].wait()

    def stop(self, i):
        """It takes connections (the kernel does), and is silent."""
        self.members[i].send_signal(signal.SIGSTOP)
        self.stopped.add(i)

    def cont(self, i):
        self.members[i].send_signal(signal.SIGCONT)
        self.stopped.discard(i)

    def call(self, path, body=None, member=0, timeout=5):
        """The answer of a member; LookupError if it is an error."""
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = self.token
        request = urllib.request.Request(
            self.urls[member] + path, json.dumps(body or {}).encode(),
            headers)
        try:
            with urllib.request.urlopen(request, timeout=timeout,
                                        context=self.context()) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise LookupError(error.read().decode()) from None

    def context(self):
        if not self.tls:
            return None
        context = ssl.create_default_context(cafile=self.tls.path("ca.pem"))
        context.load_cert_chain(self.tls.path("server.pem"),
                                self.tls.path("server.key"))
        return context

    def status(self, i):
        if i in self.stopped or self.members[i].poll() is not None:
            return {}
        try:
            return self.call("/v3/maintenance/status", member=i)
        except (OSError, LookupError):
            return {}

    def leader(self):
        """Which member leads; None: those that live do not agree."""
        found = {}
        for i in range(len(self.members)):
            status = self.status(i)
            if status:
                found[i] = (status["header"]["member_id"],
                            status.get("leader"))
        leaders = {leader for _, leader in found.values()}
        for i, (ident, leader) in found.items():
            if leaders == {ident} and leader == ident:
                return i
        return None

    def wait(self):
        """Wait for a leader; who it is."""
        if not wait_until(lambda: self.leader() is not None, PATIENCE):
            raise AssertionError("no leader: " + self.log())
        return self.leader()

    def log(self):
        text = ""
        for i in range(len(self.members)):
            with open(os.path.join(self.dir, "log%d" % i),
                      encoding="utf-8", errors="replace") as file:
                text += file.read()[-2000:]
        return text

    def pairs(self, prefix):
        """{key: value} of all keys that begin so."""
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        answer = self.call("/v3/kv/range",
                           {"key": b64(prefix), "range_end": b64(end)},
                           self.wait())
        return {base64.b64decode(kv["key"]).decode():
                base64.b64decode(kv.get("value", "")).decode("latin-1")
                for kv in answer.get("kvs", [])}

    def remove(self, prefix):
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        self.call("/v3/kv/deleterange",
                  {"key": b64(prefix), "range_end": b64(end)}, self.wait())

    def lines(self, *more):
        """A configuration's lines for a journal in it."""
        return ["journal etcd " + " ".join(self.urls), *more]

    def close(self):
        for i, member in enumerate(self.members):
            if member is not None:
                self.kill(i)
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Cutter:
    """A proxy in front of a member.  Of the next requests to a path it hands
    on, it can lose the answer, or hold the request back until release()."""

    def __init__(self, member):
        self.member = member
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.lose = {}          # path: how many answers to lose
        self.hold = None        # a path whose requests wait
        self.held = threading.Event()
        self.go_on = threading.Event()
        self.seen = []          # (path, request)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,),
                             daemon=True).start()

    @staticmethod
    def read(sock):
        """One request with a Content-Length; b"": there are no more."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = sock.recv(65536)
            if not more:
                return b""
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(body) < length:
            body += sock.recv(65536)
        return head + b"\r\n\r\n" + body

    def serve(self, sock):
        with sock:
            while True:
                request = self.read(sock)
                if not request:
                    return
                path = request.split(b" ")[1].decode()
                body = request.partition(b"\r\n\r\n")[2].decode()
                self.seen.append((path, body))
                if self.hold == path:
                    self.held.set()
                    self.go_on.wait()
                answer = self.hand_on(request)
                if self.lose.get(path, 0) > 0:
                    self.lose[path] -= 1
                    return
                try:
                    sock.sendall(answer)
                except OSError:
                    return

    def hand_on(self, request):
        host, _, port = self.member.rpartition("//")[2].partition(":")
        with socket.create_connection((host, int(port))) as member:
            member.sendall(request.replace(b"\r\n", b"\r\nConnection: close"
                                           b"\r\n", 1))
            answer = b""
            while True:
                more = member.recv(65536)
                if not more:
                    return answer
                answer += more

    def close(self):
        self.go_on.set()
        self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


if __name__ == "__main__":
    print("1..0 # SKIP a library")
