"""smtp2sms-tls: TLS at once (-s) and by UCSPI-TLS, with small programs.

Each test starts the wrapper as a super-server would, with one connection of
a loopback listener on its descriptors 0 and 1, and is the client: Python's
ssl over memory buffers (so that it can half-close, cut and lie), and openssl
s_client.  Certificates are made in a temporary folder.

The program is $SMTP2SMS_TLS, or smtp2sms-tls beside $SMTP2SMS, or that at
the repository's top.
"""

import atexit
import calendar
import hashlib
import os
import re
import select
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

import tap
from foreign import need
from smtp import HOME
from x509 import (LOCKED_CERTIFICATE, LOCKED_KEY, P384, EcKey, RsaKey,
                  certify)

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("SMTP2SMS_TLS") or os.path.join(HOME, "smtp2sms-tls")
PATIENCE = 20 * tap.SLOW        # seconds to wait for anything
MIB = 1024 * 1024
BULK = 50 * MIB
FLUSH_S = 30                    # PUMP_FLUSH_MS
LINGER_S = 2                    # PUMP_LINGER_MS
EX_USAGE, EX_PROTOCOL, EX_CONFIG = 64, 76, 78
ROOT = os.geteuid() == 0
LINUX = sys.platform.startswith("linux")
with open(PROGRAM, "rb") as f:
    SANITIZED = b"__asan_init" in f.read()  # and so without a sandbox

DIR = tempfile.mkdtemp(prefix="tls_wrapper.")
os.chmod(DIR, 0o755)
atexit.register(shutil.rmtree, DIR, True)


def path(name):
    return os.path.join(DIR, name)


def write(name, text):
    with open(path(name), "w") as f:
        f.write(text)
    return path(name)


def read(name):
    with open(path(name), newline="") as f:
        return f.read()


def until(condition, patience=PATIENCE):
    """Wait for a condition; its last value."""
    end = time.monotonic() + patience
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


# ---- certificates ----

made = {}       # by name: x509.Certificate


def make(name, key=None, subject="/CN=localhost", issuer=None, **more):
    """The files NAME.crt and NAME.key; signed by the issuer, or by itself."""
    made[name] = certify(key or EcKey(), subject, made.get(issuer), **more)
    write(name + ".crt", made[name].pem)
    write(name + ".key", made[name].key.pem())


def make_certificates():
    make("rsa", RsaKey())
    make("ec")
    make("root", subject="/CN=root")
    make("middle", RsaKey(), "/CN=middle", "root", ca=True)
    make("leaf", issuer="middle", names=["DNS:localhost"])
    write("chain.crt", read("leaf.crt") + read("middle.crt"))
    make("client", subject="/C=DE/O=Example/CN=pager", issuer="root")
    write("combined.pem", read("ec.key") + read("ec.crt"))


make_certificates()


# ---- the wrapper ----

class Wrapper:
    """One smtp2sms-tls on one connection; self.sock is the client's end."""

    def __init__(self, program, *options, cert="ec.crt", key="ec.key",
                 env=None, stderr=None, pipes=False, buffers=None):
        self.log_name = tempfile.mkstemp(dir=DIR)[1]
        argv = [PROGRAM, "-e", *options, path(cert), path(key), *program]
        self.sock, far = self._connect(buffers) if not pipes else (None,
                                                                         None)
        ends = os.pipe() + os.pipe() if pipes else None
        with open(self.log_name, "wb") as log:
            self.process = subprocess.Popen(
                argv, stdin=ends[0] if pipes else far,
                stdout=ends[3] if pipes else far,
                stderr=far if stderr == "client" else log,
                env=env, start_new_session=True)
        self.pid = self.process.pid
        if pipes:
            os.close(ends[0])
            os.close(ends[3])
            self.pipes = ends[2], ends[1]
        else:
            far.close()

    @staticmethod
    def _connect(buffers):
        with socket.socket() as listener:
            if buffers:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF,
                                    buffers)
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)
            near = socket.socket()
            if buffers:
                near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffers)
            near.connect(listener.getsockname())
            far = listener.accept()[0]
        near.settimeout(PATIENCE)
        return near, far

    def wait(self):
        """The exit status."""
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return "still running"

    def log(self):
        with open(self.log_name, errors="replace") as f:
            return f.read()

    def others(self):
        """The processes of the session that are not the wrapper."""
        return [pid for pid in family(self.pid) if pid != self.pid]

    def program(self):
        """The pid of the program, once it is that and no longer a fork."""
        def find():
            return [pid for pid in self.others()
                    if not cmdline(pid).startswith(PROGRAM)]
        return (until(find) or [None])[0]

    def gone(self):
        """No process is left."""
        return until(lambda: not family(self.pid))

    def close(self):
        """Whatever happened, leave nothing behind."""
        for pid in family(self.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        if self.sock is not None:
            self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def family(session):
    """Living processes of a session."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name) as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            found.append(int(name))
    return found


def cmdline(pid):
    try:
        with open("/proc/%d/cmdline" % pid) as f:
            return f.read()
    except OSError:
        return PROGRAM      # gone: not the program


def status(pid):
    """/proc/PID/status as a dictionary."""
    with open("/proc/%d/status" % pid) as f:
        return dict(re.findall(r"^(\w+):\s*(.*)$", f.read(), re.M))


def is_idle(pid, seconds=0.5):
    """The process comes to rest: then it is not woken even once."""
    def woken():
        s = status(pid)
        return (s["voluntary_ctxt_switches"],
                s["nonvoluntary_ctxt_switches"], s["State"])

    def sleeps():
        before = woken()
        time.sleep(seconds)
        return woken() == before and before[2].startswith("S")
    return until(sleeps, 5 * tap.SLOW)


# ---- the client ----

class Client:
    """TLS by hand over a socket (or a pair of descriptors)."""

    def __init__(self, wrapper, ca=None, cert=None, version=None,
                 name="localhost", handshake=True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = ca is not None
        context.verify_mode = ssl.CERT_REQUIRED if ca else ssl.CERT_NONE
        if ca:
            context.load_verify_locations(path(ca))
        if cert:
            context.load_cert_chain(path(cert + ".crt"), path(cert + ".key"))
        if version:
            context.minimum_version = context.maximum_version = version
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing,
                                    server_hostname=name)
        self.sock = wrapper.sock
        self.pipes = None if self.sock else wrapper.pipes
        self.buffer = b""
        self.end = None     # "notify", "eof", "reset": how it ended
        if handshake:
            self.step(self.tls.do_handshake)

    def _send(self):
        data = self.outgoing.read()
        if self.sock:
            self.sock.sendall(data)
        elif data:
            os.write(self.pipes[1], data)

    def _receive(self):
        try:
            data = (self.sock.recv(65536) if self.sock
                    else os.read(self.pipes[0], 65536))
        except ConnectionResetError:
            self.end = "reset"
            data = b""
        if data:
            self.incoming.write(data)
        else:
            self.incoming.write_eof()
            self.end = self.end or "eof"

    def step(self, call, *args):
        """Call until it is done; what goes out goes out."""
        while True:
            try:
                result = call(*args)
                self._send()
                return result
            except ssl.SSLWantReadError:
                self._send()
                self._receive()
            except ssl.SSLError:
                try:
                    self._send()
                except OSError:
                    pass
                raise

    def send(self, data):
        self.step(self.tls.write, data)

    def recv(self, n=16384):
        """Some octets, or none: then self.end says how it ended."""
        try:
            data = self.step(self.tls.read, n)
        except ssl.SSLZeroReturnError:
            data = b""
        except (ssl.SSLEOFError, ssl.SSLSyscallError):
            return b""
        if not data:
            # some versions of Python tell an end that was cut just so
            self.end = self.end or "notify"
        return data

    def line(self):
        while b"\n" not in self.buffer:
            data = self.recv()
            if not data:
                break
            self.buffer += data
        line, sep, self.buffer = self.buffer.partition(b"\n")
        return (line + sep).decode()

    def rest(self):
        data = self.buffer
        self.buffer = b""
        while True:
            more = self.recv()
            if not more:
                return data
            data += more

    def close_notify(self):
        """Say that nothing more comes; what comes in can still be read."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self._send()

    def cut(self, reset=False):
        """Close without a word."""
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        self.sock.close()


def raw_line(sock):
    line = b""
    while not line.endswith(b"\n"):
        octet = sock.recv(1)
        if not octet:
            break
        line += octet
    return line.decode()


def raw_rest(sock):
    data = b""
    try:
        while True:
            more = sock.recv(65536)
            if not more:
                return data
            data += more
    except ConnectionResetError:
        return data


# ---- programs ----

def script(name, text):
    return ["/usr/bin/python3", "-S", "-E", write(name, text)]


# Speaks clear text until STARTTLS, then asks for TLS by UCSPI-TLS; says what
# it was told on the control socket, and echoes in capitals.  The first
# argument is the command.
UCSPI = script("ucspi.py", """
import os, sys
def line(fd):
    s = b""
    while not s.endswith(b"\\n"):
        c = os.read(fd, 1)
        if not c:
            break
        s += c
    return s
os.write(1, b"220 clear\\r\\n")
while True:
    s = line(0).strip().upper()
    if s == b"EHLO X":
        os.write(1, b"250-clear\\r\\n250 STARTTLS\\r\\n")
        continue
    if s == b"QUIT" or not s:
        sys.exit(7)
    if s == b"STARTTLS":
        break
    os.write(1, b"500 what\\r\\n")
os.write(1, b"220 go\\r\\n")
ctl = int(os.environ["SSLCTLFD"])
os.write(ctl, sys.argv[1].encode())
told = b""
if sys.argv[1] == "Y":
    while not told.endswith(b"\\0\\0"):
        data = os.read(ctl, 4096)
        if not data:
            break
        told += data
over = os.read(ctl, 1)
os.dup2(int(os.environ["SSLREADFD"]), 0)
os.dup2(int(os.environ["SSLWRITEFD"]), 1)
os.close(int(os.environ["SSLREADFD"]))
os.close(int(os.environ["SSLWRITEFD"]))
os.close(ctl)
if over:
    os.write(1, b"599 more on the control socket\\r\\n")
with open(sys.argv[2], "wb") as f:
    f.write(told)
while True:
    s = line(0)
    if not s:
        break
    with open(sys.argv[2], "ab") as f:
        f.write(s)
    os.write(1, s.upper())
    if s == b"QUIT\\r\\n":
        sys.exit(5)
""")

# Says how much it read and its SHA-256, once its input has ended.
DIGEST = script("digest.py", """
import hashlib, os
h, n = hashlib.sha256(), 0
while True:
    data = os.read(0, 65536)
    if not data:
        break
    h.update(data)
    n += len(data)
os.write(1, b"%d %s\\n" % (n, h.hexdigest().encode()))
""")


def ucspi(command, told="told"):
    return UCSPI + [command, path(told)]


def told_variables(name="told"):
    with open(path(name), "rb") as f:
        block = f.read().split(b"\0\0")[0]
    return dict(s.decode().split("=", 1) for s in block.split(b"\0") if s)


def show_environment(name):
    return ["sh", "-c", "env > %s; cat" % path(name)]


def environment(name):
    return dict(line.split("=", 1) for line in read(name).splitlines()
                if "=" in line)


def check(*args):
    """smtp2sms-tls -n: its exit status and log."""
    done = subprocess.run([PROGRAM, "-n", *args], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL)
    return done.returncode, done.stderr


# A client that never reads takes FLUSH_S seconds to be given up: the wait
# goes on behind the other tests.  It begins here and is looked at last.
class Stalled:
    def __init__(self):
        # more than the socket takes, less than that and a pipe together
        self.wrapper = Wrapper(["head", "-c", "60000", "/dev/zero"], "-s",
                               buffers=4096)
        self.client = Client(self.wrapper)
        self.began = time.monotonic()


STALLED = Stalled()


# ---- the command line and the files ----

@tap.test("usage")
def usage():
    for args in ([], ["a"], ["a", "b"], ["-n", "a"], ["-n", "a", "b", "c"],
                 ["-t", "0", "a", "b", "c"], ["-t", "x", "a", "b", "c"],
                 ["-t", "3601", "a", "b", "c"], ["-Q", "a", "b", "c"]):
        done = subprocess.run([PROGRAM, *args], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL)
        tap.is_(done.returncode, EX_USAGE, "usage: %r" % args)
        tap.like(done.stderr, "(?m)^usage: ", "it says how")


@tap.test("usage under inetd")
def usage_inetd():
    with Wrapper([], "-t", "x") as w:
        tap.is_(raw_rest(w.sock),
                b"421 4.3.5 System incorrectly configured\r\n",
                "the client is told")
        w.sock.close()
        tap.is_(w.wait(), EX_USAGE, "exit 64")


@tap.test("-n: good files")
def check_good():
    make("old", EcKey(P384), "/CN=old")
    write("old.key", made["old"].key.old_pem())
    write("pkcs1.key", made["rsa"].key.old_pem())
    for name, cert, key in (
            ("rsa", "rsa.crt", "rsa.key"), ("rsa", "rsa.crt", "pkcs1.key"),
            ("ec", "ec.crt", "ec.key"), ("leaf", "chain.crt", "leaf.key"),
            ("old", "old.crt", "old.key"),
            ("ec", "combined.pem", "combined.pem")):
        code, log = check(path(cert), path(key))
        tap.is_(code, 0, "%s fits %s" % (key, cert), log)
        tap.like(log, "state=valid .*until=" + time.strftime(
            "%Y-%m-%dT%H:%M:%SZ", time.gmtime(made[name].end)),
                 "its end is told")


@tap.test("-n: bad files")
def check_bad():
    write("empty", "")
    write("garbage", "-----BEGIN CERTIFICATE-----\nMIIB\n")
    write("large.key", "x" * (16 * 1024 + 1))
    write("large.crt", "x" * (128 * 1024 + 1))
    write("locked.key", LOCKED_KEY)
    write("locked.crt", LOCKED_CERTIFICATE)
    for cert, key, why in (
            ("rsa.crt", "ec.key", "mismatch|different"),
            ("ec.crt", "root.key", "reason=.the private key does not fit "
             "the certificate"),
            ("ec.key", "ec.crt", "reason=.the files are swapped"),
            ("ec.key", "ec.key", "reason=.there is no certificate in the "
             "first file"),
            ("ec.crt", "ec.crt", "reason=.there is no private key in the "
             "second file"),
            ("ec.crt", "locked.key", "reason=.the private key is encrypted "
             "with a passphrase"),
            ("none.crt", "ec.key", "No such file"),
            ("ec.crt", "none.key", "none.key.*No such file"),
            ("ec.crt", ".", "directory"),
            ("empty", "ec.key", "certificate"),
            ("garbage", "ec.key", "certificate"),
            ("ec.crt", "empty", "key"),
            ("locked.crt", "locked.key", "key"),
            ("ec.crt", "large.key", "large.key.*too large"),
            ("large.crt", "ec.key", "large.crt.*too large")):
        code, log = check(path(cert), path(key))
        tap.is_(code, EX_CONFIG, "%s and %s are refused" % (cert, key))
        tap.like(log, why, "and why is said")
    for ca in ("none", "garbage"):
        code, log = check("-c", path(ca), path("ec.crt"), path("ec.key"))
        tap.is_(code, EX_CONFIG, "a bad client CA is refused: %s" % ca, log)


def dated(name, *when):
    """A certificate with a validity of its own."""
    start, end = (calendar.timegm(time.strptime(one, "%Y-%m-%dT%H:%M:%SZ"))
                  for one in when)
    make(name, issuer="root", start=start, end=end)


@tap.test("a certificate's validity")
def validity():
    dated("expired", "2020-01-01T00:00:00Z", "2021-02-03T04:05:06Z")
    dated("early", "2040-01-01T00:00:00Z", "2056-07-08T09:10:11Z")
    code, log = check(path("expired.crt"), path("expired.key"))
    tap.is_(code, EX_CONFIG, "an expired certificate is an error")
    tap.like(log, "state=expired .*until=2021-02-03T04:05:06Z",
             "and why is said")
    code, log = check(path("early.crt"), path("early.key"))
    tap.is_(code, EX_CONFIG, "so is one of the future")
    tap.like(log, 'state="not yet valid" from=2040-01-01T00:00:00Z '
             "until=2056-07-08T09:10:11Z", "one of the future (and beyond "
             "2050, where the form of the date is another) too")
    with Wrapper(["cat"], "-s", cert="expired.crt", key="expired.key") as w:
        c = Client(w)
        c.send(b"x\n")
        tap.is_(c.line(), "x\n", "it works for who does not look")
        tap.like(w.log(), "event=certificate .*state=expired", "and is logged")


@tap.test("a large certificate is left to libtls")
def large_certificate():
    make("wide", names=["DNS:host%d.example.com" % i for i in range(500)])
    with Wrapper(["cat"], "-s", cert="wide.crt", key="wide.key") as w:
        c = Client(w)
        c.send(b"x\n")
        tap.is_(c.line(), "x\n", "it works")


@tap.test("a broken configuration")
def broken():
    for cert, key in (("rsa.crt", "ec.key"), ("ec.crt", "none.key")):
        with Wrapper(["touch", path("started")], cert=cert, key=key) as w:
            tap.is_(raw_rest(w.sock),
                    b"421 4.3.5 System incorrectly configured\r\n",
                    "%s: the client is told in clear" % key)
            w.sock.close()
            tap.is_(w.wait(), EX_CONFIG, "%s: exit 78" % key)
            tap.like(w.log(), "event=config peer=127.0.0.1 ", "and logged")
            tap.ok(w.gone(), "no process is left")
        with Wrapper(["touch", path("started")], "-s", cert=cert,
                     key=key) as w:
            tap.is_(raw_rest(w.sock), b"", "%s, -s: just closed" % key)
            tap.is_(w.wait(), EX_CONFIG, "%s, -s: exit 78" % key)
    tap.ok(not os.path.exists(path("started")), "the program never started")


@tap.test("a program that is not there")
def no_program():
    reply = b"421 4.3.5 System incorrectly configured\r\n"
    with Wrapper([path("nothing")]) as w:
        tap.is_(raw_rest(w.sock), reply, "told in clear")
        w.sock.close()
        tap.is_(w.wait(), EX_CONFIG, "exit 78")
        tap.like(w.log(), "event=program .*nothing.*No such file", "logged")
    with Wrapper([path("nothing")], "-s") as w:
        c = Client(w)
        tap.is_(c.rest(), reply, "-s: told through TLS")
        c.cut()
        tap.is_(w.wait(), EX_CONFIG, "-s: exit 78")


# ---- TLS at once ----

@tap.test("-s: echo, both versions, both keys, a chain")
def echo():
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        for cert, key, ca in (("rsa.crt", "rsa.key", None),
                              ("ec.crt", "ec.key", None),
                              ("chain.crt", "leaf.key", "root.crt")):
            with Wrapper(["cat"], "-s", cert=cert, key=key) as w:
                c = Client(w, version=version, ca=ca)
                c.send(b"hello\n")
                tap.is_(c.line(), "hello\n", "%s %s" % (version.name, cert))
                c.close_notify()
                tap.is_((c.rest(), c.end), (b"", "notify"),
                        "the end is a close_notify")
                c.sock.close()
                tap.is_(w.wait(), 0, "exit 0")
                tap.ok(w.gone(), "no process is left")
                tap.ok("truncated" not in w.log(), "nothing is amiss",
                       w.log())


@tap.test("-s: the environment")
def variables():
    dirty = dict(os.environ, SSL_CLIENT_S_DN="/CN=root", SSLCTLFD="9",
                 SSL_PROTOCOL="none", PROTO="x")
    for name in ("TCPREMOTEIP", "REMOTE_ADDR", "REMOTE_HOST"):
        dirty.pop(name, None)
    with Wrapper(show_environment("env"), "-s", env=dirty) as w:
        c = Client(w, version=ssl.TLSVersion.TLSv1_3, name="mx.example.org")
        c.send(b"x\n")
        c.line()
        env = environment("env")
        tap.is_(env.get("SSL_PROTOCOL"), "TLSv1.3", "SSL_PROTOCOL")
        tap.is_(env.get("SSL_CIPHER"), c.tls.cipher()[0], "SSL_CIPHER")
        tap.is_(env.get("SSL_CIPHER_USEKEYSIZE"), str(c.tls.cipher()[2]),
                "SSL_CIPHER_USEKEYSIZE")
        tap.is_(env.get("SSL_TLS_SNI_SERVERNAME"), "mx.example.org", "SNI")
        tap.ok("SSL_CLIENT_S_DN" not in env, "no forged certificate")
        tap.ok("SSL_CLIENT_VERIFY" not in env, "none was asked for")
        tap.ok("SSLCTLFD" not in env, "no stale control socket")
        tap.is_((env.get("PROTO"), env.get("TCPREMOTEIP"),
                 env.get("TCPREMOTEPORT"), env.get("TCPLOCALIP"),
                 env.get("TCPLOCALPORT")),
                ("TCP", "127.0.0.1", str(w.sock.getsockname()[1]),
                 "127.0.0.1", str(w.sock.getpeername()[1])),
                "the peer's address and ours")
        tap.like(w.log(), "event=tls peer=127.0.0.1 protocol=TLSv1.3 "
                 "cipher=TLS_\\S+ sni=mx.example.org", "the log line")
    with Wrapper(show_environment("env"), "-s",
                 env=dict(dirty, REMOTE_ADDR="192.0.2.7")) as w:
        c = Client(w)
        c.send(b"x\n")
        c.line()
        env = environment("env")
        tap.is_((env.get("REMOTE_ADDR"), env.get("TCPREMOTEIP")),
                ("192.0.2.7", None), "what the super-server says stays")
        tap.like(w.log(), "event=tls peer=192.0.2.7 ", "in the log too")


@tap.test("-s: nobody speaks TLS")
def no_tls():
    started = path("began")
    program = ["touch", started]
    with Wrapper(program, "-s") as w:
        w.sock.close()
        tap.is_(w.wait(), 0, "connect and close (a port scan): exit 0")
        tap.ok(w.gone(), "no process is left")
    with Wrapper(program, "-s") as w:
        w.sock.sendall(b"EHLO example.com\r\n")
        raw_rest(w.sock)
        w.sock.close()
        tap.is_(w.wait(), EX_PROTOCOL, "clear text: exit 76")
        tap.like(w.log(), "event=handshake peer=127.0.0.1 error=", "logged")
    with Wrapper(program, "-s") as w:
        w.sock.sendall(b"\x16\x03\x01\x02\x00\x01" + os.urandom(600))
        tap.like(raw_rest(w.sock).hex(), "^15", "garbage: an alert")
        w.sock.close()
        tap.is_(w.wait(), EX_PROTOCOL, "exit 76")
    with Wrapper(program, "-s") as w:
        w.sock.sendall(b"\x16\x03\x01")
        w.sock.close()
        tap.is_(w.wait(), EX_PROTOCOL, "an end inside the handshake: exit 76")
        tap.ok(w.gone(), "no process is left")
    tap.ok(not os.path.exists(started), "the program never started")


@tap.test("-s: a handshake that never ends")
def slow_handshake():
    for octets in (b"", b"\x16\x03\x01"):
        with Wrapper(["cat"], "-s", "-t", "1") as w:
            began = time.monotonic()
            w.sock.sendall(octets)
            tap.is_(raw_rest(w.sock), b"", "%r: closed" % octets)
            took = time.monotonic() - began
            tap.ok(0.9 < took < 1 + PATIENCE / 4, "after a second", took)
            w.sock.close()
            tap.is_(w.wait(), EX_PROTOCOL, "exit 76")
            tap.like(w.log(), "event=handshake .*error=timeout", "logged")
    with Wrapper(["cat"], "-s", "-t", "1") as w:
        end = time.monotonic() + PATIENCE
        try:
            w.sock.sendall(b"\x16\x03\x01\x00\xff")
            while time.monotonic() < end:
                w.sock.sendall(b"\x01")
                time.sleep(0.1)
        except OSError:
            pass
        tap.ok(time.monotonic() < end, "octet by octet does not help")


def s_client(wrapper, *options, commands=()):
    """openssl s_client, which wants a port, and a wrapper behind that port:
    what the client says, the wrapper's exit status and log."""
    need("openssl")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        client = subprocess.Popen(
            ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port,
             *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        far = listener.accept()[0]
    with far:
        server = subprocess.Popen([PROGRAM, "-e", *wrapper], stdin=far,
                                  stdout=far, stderr=subprocess.PIPE)
    try:
        for command in commands:
            time.sleep(0.5 * tap.SLOW)
            client.stdin.write(command)
            client.stdin.flush()
        time.sleep(0.5 * tap.SLOW)
        out = client.communicate(timeout=PATIENCE)[0]
    except BrokenPipeError:
        out = client.stdout.read()
    finally:
        client.kill()
        client.wait()
    log = server.communicate(timeout=PATIENCE)[1]
    return (out.decode(errors="replace"), server.returncode,
            log.decode(errors="replace"))


def at_once(*program):
    return ["-s", path("ec.crt"), path("ec.key"), *program]


@tap.test("old versions, renegotiation, a strange name")
def refused():
    for version in ("-tls1", "-tls1_1"):
        out, code, log = s_client(at_once("cat"), version, "-cipher",
                                  "ALL:@SECLEVEL=0")
        tap.like(out, "alert protocol version", "%s: refused" % version)
        tap.is_(code, EX_PROTOCOL, "exit 76")
        tap.like(log, "event=handshake .*error=.*(protocol|version)", "logged")
    out, code, log = s_client(at_once("cat"), "-tls1_2",
                              commands=(b"R\n", b"after\n"))
    tap.like(out, "RENEGOTIATING", "a client asks for renegotiation")
    tap.like(out, "no renegotiation|handshake failure", "and is refused")
    tap.ok("after" not in out, "nothing goes on after that")
    out, code, log = s_client(at_once(*show_environment("strange")),
                              "-servername", "a b$(c);\"")
    env = environment("strange")
    tap.ok("SSL_PROTOCOL" in env and "SSL_TLS_SNI_SERVERNAME" not in env,
           "a name that is no host name does not reach the environment", log)


@tap.test("client certificates")
def client_certificates():
    make("stranger", subject="/CN=stranger")
    with Wrapper(show_environment("env"), "-s", "-c", path("root.crt")) as w:
        c = Client(w, cert="client")
        c.send(b"x\n")
        c.line()
        env = environment("env")
        subject = "/C=DE/O=Example/CN=pager"
        tap.is_((env.get("SSL_CLIENT_VERIFY"), env.get("SSL_CLIENT_S_DN"),
                 env.get("SSL_PEER_CERT_SUBJECT"),
                 env.get("SSL_CLIENT_I_DN")),
                ("SUCCESS", subject, subject, "/CN=root"),
                "the subject, by both names, and its issuer")
        der = ssl.PEM_cert_to_DER_cert(read("client.crt"))
        tap.is_(env.get("SSL_PEER_CERT_HASH"),
                "SHA256:" + hashlib.sha256(der).hexdigest(), "the hash")
        tap.like(w.log(), "event=tls .*client=", "the log has it")
    with Wrapper(show_environment("env"), "-s", "-c", path("root.crt")) as w:
        c = Client(w)
        c.send(b"x\n")
        tap.is_(c.line(), "x\n", "none is no error")
        env = environment("env")
        tap.is_((env.get("SSL_CLIENT_VERIFY"), env.get("SSL_CLIENT_S_DN")),
                ("NONE", None), "and is told")
    with Wrapper(["touch", path("stranger")], "-s", "-c",
                 path("root.crt")) as w:
        try:
            c = Client(w, cert="stranger")
            c.rest()
            how = c.end
        except ssl.SSLError as e:
            how = str(e)
        tap.like(how, "(?i)unknown.ca|alert", "one of another CA is refused")
        w.sock.close()
        tap.is_(w.wait(), EX_PROTOCOL, "exit 76")
        tap.ok(not os.path.exists(path("stranger")), "nothing was started")


@tap.test("a subject too long for the environment")
def long_subject():
    make("long", subject="/CN=long" + ("/OU=" + "x" * 60) * 150,
         issuer="root")
    with Wrapper(show_environment("env"), "-s", "-c", path("root.crt")) as w:
        c = Client(w, cert="long")
        c.send(b"x\n")
        tap.is_(c.line(), "x\n", "the session goes on")
        env = environment("env")
        tap.ok("SSL_CLIENT_S_DN" not in env, "without it, rather than cut")
        tap.is_(env.get("SSL_PROTOCOL"), "TLSv1.3", "and with the rest")
        tap.like(w.log(), "event=environment .*left-out=SSL_CLIENT_S_DN",
                 "which is logged")


# ---- UCSPI-TLS ----

@tap.test("UCSPI-TLS: y and Y")
def commands():
    for command in "yY":
        with Wrapper(ucspi(command)) as w:
            tap.is_(raw_line(w.sock), "220 clear\r\n", "begins in clear")
            w.sock.sendall(b"starttls\r\n")
            tap.is_(raw_line(w.sock), "220 go\r\n", "goes on")
            c = Client(w)
            c.send(b"abc\r\n")
            tap.is_(c.line(), "ABC\r\n", command + ": TLS")
            told = told_variables() if command == "Y" else {}
            tap.is_(told.get("SSL_PROTOCOL"),
                    "TLSv1.3" if command == "Y" else None,
                    command + ": what is told")
            c.send(b"QUIT\r\n")
            tap.is_((c.rest(), c.end), (b"QUIT\r\n", "notify"),
                    "the last words and a close_notify")
            c.sock.close()
            tap.is_(w.wait(), 5, "the program's exit status")
            tap.ok(w.gone(), "no process is left")
            tap.ok("truncated" not in w.log(), "nothing is amiss", w.log())


@tap.test("UCSPI-TLS: openssl s_client -starttls smtp")
def s_client_starttls():
    out, code, log = s_client(
        [path("chain.crt"), path("leaf.key"), *ucspi("Y")], "-starttls",
        "smtp", "-name", "x", "-quiet", "-verify_return_error", "-CAfile",
        path("root.crt"), commands=(b"hello\n", b"QUIT\r\n"))
    tap.like(out, "(?s)HELLO\n.*QUIT", "a real client")
    tap.is_(code, 5, "the program's exit status", out, log)


@tap.test("UCSPI-TLS: nobody asks for TLS")
def clear():
    with Wrapper(ucspi("Y")) as w:
        raw_line(w.sock)
        w.sock.sendall(b"what\r\nquit\r\n")
        tap.is_(raw_rest(w.sock), b"500 what\r\n", "clear text, and the end")
        tap.is_(w.wait(), 7, "the program's exit status")
    with Wrapper(["sh", "-c", "kill -9 $$"]) as w:
        tap.is_(raw_rest(w.sock), b"", "a program that dies")
        tap.is_(w.wait(), 128 + 9, "is 128 + the signal")
        tap.like(w.log(), "event=program .*signal=9", "and logged")
    # the program closes all and works on: the client is free at once
    with Wrapper(["sh", "-c", "exec <&- >&- 3<&- 4<&- 5<&- 6<&- 7<&- 8<&-; "
                  "sleep 1; exit 3"]) as w:
        began = time.monotonic()
        raw_rest(w.sock)
        tap.ok(time.monotonic() - began < 0.9, "closed before it ends")
        tap.is_(w.wait(), 3, "which is waited for")


@tap.test("UCSPI-TLS: a handshake that fails")
def failed_starttls():
    with Wrapper(ucspi("Y")) as w:
        raw_line(w.sock)
        w.sock.sendall(b"STARTTLS\r\n")
        raw_line(w.sock)
        w.sock.sendall(b"MAIL FROM:<x@example.com>\r\n")
        tap.ok(b"250" not in raw_rest(w.sock), "clear text after STARTTLS")
        w.sock.close()
        tap.is_(w.wait(), 0, "the program sees the end")
        tap.is_(read("told"), "", "and nothing else")
        tap.ok(w.gone(), "no process is left")
        tap.like(w.log(), "event=handshake .*error=", "logged")
    # what was sent in clear behind STARTTLS, in the same segment
    with Wrapper(ucspi("Y")) as w:
        raw_line(w.sock)
        w.sock.sendall(b"STARTTLS\r\nRCPT TO:<y@example.com>\r\n")
        raw_line(w.sock)
        try:
            Client(w)
            how = "handshake"
        except (ssl.SSLError, OSError):
            how = "refused"
        tap.is_(how, "refused", "no TLS after injected clear text")
        w.sock.close()
        w.wait()
        tap.is_(read("told"), "", "which reaches nobody")
    with Wrapper(ucspi("y"), "-t", "1") as w:
        raw_line(w.sock)
        w.sock.sendall(b"STARTTLS\r\n")
        raw_line(w.sock)
        tap.is_(raw_rest(w.sock), b"", "no handshake in time: closed")
        w.sock.close()
        tap.is_(w.wait(), 0, "exit status of the program")


@tap.test("UCSPI-TLS: an unknown command")
def unknown_command():
    with Wrapper(ucspi("Z")) as w:
        raw_line(w.sock)
        w.sock.sendall(b"STARTTLS\r\n")
        raw_line(w.sock)
        w.sock.shutdown(socket.SHUT_WR)
        raw_rest(w.sock)
        tap.is_(w.wait(), 0, "the program sees the end")
        tap.like(w.log(), "event=command .*error=", "logged")


@tap.test("UCSPI-TLS: the environment")
def ucspi_environment():
    dirty = dict(os.environ, SSL_PROTOCOL="TLSv9", SSLCTLFD="77")
    with Wrapper(show_environment("env"), env=dirty) as w:
        w.sock.sendall(b"x\n")
        raw_line(w.sock)
        env = environment("env")
        tap.ok("SSL_PROTOCOL" not in env, "nothing forged")
        fds = [env.get(n) for n in ("SSLCTLFD", "SSLREADFD", "SSLWRITEFD")]
        tap.ok(all(n and 2 < int(n) < 20 for n in fds), "three descriptors",
               fds)
        if LINUX:
            program = w.program()
            have = sorted(map(int, os.listdir("/proc/%d/fd" % program)))
            want = sorted([0, 1, 2] + [int(n) for n in fds])
            tap.is_(have, want, "and the program has no other")


# ---- ends ----

@tap.test("half-close by the client")
def client_half():
    data = os.urandom(100000)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with Wrapper(DIGEST, "-s") as w:
            c = Client(w, version=version)
            c.send(data)
            c.close_notify()
            want = "%d %s\n" % (len(data), hashlib.sha256(data).hexdigest())
            tap.is_(c.line(), want, version.name + ": all came, the answer "
                    "went")
            tap.is_((c.rest(), c.end), (b"", "notify"), "and the end")
            c.sock.close()
            tap.is_(w.wait(), 0, "exit 0")
            tap.ok("truncated" not in w.log(), "a clean end", w.log())


@tap.test("half-close by the program")
def program_half():
    with Wrapper(["sh", "-c", "echo bye; exec >&-; cat > %s" % path("late")],
                 "-s") as w:
        c = Client(w)
        tap.is_((c.rest(), c.end), (b"bye\n", "notify"),
                "its last word and a close_notify")
        c.send(b"still here\n")
        tap.ok(is_idle(w.pid), "the wrapper sleeps meanwhile")
        c.close_notify()
        c.sock.close()
        tap.is_(w.wait(), 0, "exit 0")
        tap.is_(read("late"), "still here\n", "what came later arrived")


@tap.test("a program that stops reading")
def program_deaf():
    with Wrapper(["sh", "-c", "exec <&-; sleep 0.5; echo done"], "-s") as w:
        c = Client(w)
        for _ in range(20):
            c.send(b"x" * 16384)
        tap.is_((c.rest(), c.end), (b"done\n", "notify"), "is still heard")
        c.sock.close()
        tap.is_(w.wait(), 0, "exit 0")


@tap.test("a client that is cut off")
def truncated():
    for reset in (False, True):
        with Wrapper(["sh", "-c", "cat > %s; exit 4" % path("cut")],
                     "-s") as w:
            c = Client(w)
            c.send(b"MAIL\r\nDA")
            until(lambda: os.path.exists(path("cut")) and read("cut"))
            c.cut(reset)
            tap.is_(w.wait(), 4, "the program sees an end")
            tap.is_(read("cut"), "MAIL\r\nDA", "and what came before")
            tap.like(w.log(), "event=truncated .*error=",
                     "but a warning says that it was no clean one")
            tap.ok(w.gone(), "no process is left")
        os.unlink(path("cut"))


@tap.test("a client that closes after the program has ended")
def not_truncated():
    with Wrapper(["echo", "bye"], "-s") as w:
        c = Client(w)
        tap.is_((c.rest(), c.end), (b"bye\n", "notify"), "the program ends")
        c.cut()
        tap.is_(w.wait(), 0, "the client closes without a word")
        tap.ok("truncated" not in w.log(), "which nobody minds", w.log())


@tap.test("killed")
def killed():
    with Wrapper(["cat"], "-s") as w:
        c = Client(w)
        os.kill(w.program(), signal.SIGKILL)
        tap.is_((c.rest(), c.end), (b"", "notify"), "the program: the client "
                "sees an end")
        c.sock.close()
        tap.is_(w.wait(), 128 + 9, "exit 137")
        tap.ok(w.gone(), "no process is left")
    with Wrapper(["cat"], "-s") as w:
        c = Client(w)
        w.program()
        os.kill(w.pid, signal.SIGKILL)
        tap.ok(c.rest() == b"" and c.end != "notify",
               "the wrapper: the client sees it cut", c.end)
        tap.ok(w.gone(), "and the program ends")
    for signum in (signal.SIGKILL, signal.SIGTERM):
        with Wrapper(["sleep", "100"]) as w:
            w.program()
            os.kill(w.pid, signum)
            w.wait()
            tap.ok(w.gone(), "the wrapper, in clear: the program ends too")
    with Wrapper(["sleep", "100"], "-s") as w:
        until(lambda: len(family(w.pid)) == 2)
        os.kill(w.pid, signal.SIGKILL)
        tap.ok(w.gone(), "the wrapper, before the program: none is left")
    with Wrapper(["sh", "-c", "cat; sleep 0.5; exit 6"], "-s") as w:
        c = Client(w)
        c.cut(reset=True)
        tap.is_(w.wait(), 6, "the client: the program is waited for")
        tap.ok(w.gone(), "no process is left")


@tap.test("a client that does not close")
def linger():
    with Wrapper(["echo", "bye"], "-s") as w:
        c = Client(w)
        began = time.monotonic()
        c.rest()
        tap.is_(w.wait(), 0, "it is waited for")
        took = time.monotonic() - began
        tap.ok(LINGER_S - 0.5 < took < LINGER_S + PATIENCE / 4,
               "for two seconds", took)
    with Wrapper(["echo", "bye"], "-s") as w:
        c = Client(w)
        c.rest()
        w.sock.settimeout(1)
        sent = 0
        try:
            while sent < 64 * MIB:
                sent += w.sock.send(b"x" * 65536)
        except OSError:
            pass
        tap.ok(sent < 64 * MIB, "not if it sends without end", sent)
        tap.is_(w.wait(), 0, "exit 0")


# ---- load ----

def duplex(client, data):
    """Send data and read as much, both at once; the hash of what came."""
    digest, got, sent = hashlib.sha256(), 0, 0
    pending = b""
    sock = client.sock
    sock.setblocking(False)
    end = time.monotonic() + 3 * PATIENCE
    while got < len(data) and time.monotonic() < end:
        if not pending and sent < len(data):
            client.tls.write(data[sent:sent + 16384])
            sent += 16384
            pending = client.outgoing.read()
        readable, writable, _ = select.select(
            [sock], [sock] if pending else [], [], PATIENCE)
        if writable:
            pending = pending[sock.send(pending):]
        if readable:
            octets = sock.recv(262144)
            if not octets:
                break
            client.incoming.write(octets)
            try:
                while True:
                    clear = client.tls.read(65536)
                    digest.update(clear)
                    got += len(clear)
            except ssl.SSLWantReadError:
                pass
    sock.setblocking(True)
    sock.settimeout(PATIENCE)
    return got, digest.hexdigest()


@tap.test("50 MB each way")
def bulk():
    data = os.urandom(MIB) * (BULK // MIB)
    want = hashlib.sha256(data).hexdigest()
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with Wrapper(["cat"], "-s") as w:
            c = Client(w, version=version)
            began = time.monotonic()
            got = duplex(c, data)
            took = time.monotonic() - began
            tap.is_(got, (len(data), want), version.name + ": echoed whole")
            tap.note("%.0f MB/s each way" % (BULK / MIB / took))
            if LINUX:
                peak = int(status(w.pid)["VmHWM"].split()[0])
                tap.ok(peak < 20000, "in bounded memory", "%d kB" % peak)
            c.close_notify()
            tap.is_((c.rest(), c.end), (b"", "notify"), "and a clean end")
            c.sock.close()
            tap.is_(w.wait(), 0, "exit 0")


def octets_moved(pid):
    with open("/proc/%d/io" % pid) as f:
        io = dict(line.split(": ") for line in f.read().splitlines())
    return int(io["rchar"]), int(io["wchar"])


@tap.test("a client that does not read")
def slow_reader():
    with Wrapper(["head", "-c", str(64 * MIB), "/dev/zero"], "-s") as w:
        c = Client(w)
        program = w.program()
        if LINUX:
            tap.ok(until(lambda: is_idle(w.pid) and is_idle(program)),
                   "both wait")
            tap.ok(octets_moved(program)[1] < 24 * MIB,
                   "the program was held back", octets_moved(program))
            peak = int(status(w.pid)["VmHWM"].split()[0])
            tap.ok(peak < 20000, "in bounded memory", "%d kB" % peak)
        n = 0
        while True:
            data = c.recv()
            if not data:
                break
            n += len(data)
        tap.is_((n, c.end), (64 * MIB, "notify"), "then all comes")
        c.sock.close()
        tap.is_(w.wait(), 0, "exit 0")


@tap.test("a program that does not read")
def slow_program():
    with Wrapper(["sleep", "100"], "-s") as w:
        c = Client(w)
        w.sock.settimeout(1)
        sent = 0
        try:
            while sent < 64 * MIB:
                c.send(b"x" * 16384)
                sent += 16384
        except OSError:
            pass
        tap.ok(sent < 32 * MIB, "the client is held back", sent)
        if LINUX:
            tap.ok(is_idle(w.pid), "the wrapper sleeps")
            peak = int(status(w.pid)["VmHWM"].split()[0])
            tap.ok(peak < 20000, "in bounded memory", "%d kB" % peak)
        os.kill(w.program(), signal.SIGTERM)
        c.sock.close()
        tap.is_(w.wait(), 128 + 15, "and it ends with the program")


@tap.test("a message of 1 MB in small and large records")
def records():
    for size in (1, 1000, 16384):
        data = os.urandom(MIB if size > 1 else 20000)
        with Wrapper(DIGEST, "-s") as w:
            c = Client(w)
            for i in range(0, len(data), size):
                c.tls.write(data[i:i + size])
                if c.outgoing.pending > 65536:
                    c._send()
            c.close_notify()
            tap.is_(c.line(), "%d %s\n" % (
                len(data), hashlib.sha256(data).hexdigest()),
                "records of %d" % size)


@tap.test("an idle session makes no system call")
def idle():
    if not LINUX:
        raise tap.Skip("needs /proc")
    with Wrapper(ucspi("y")) as w:
        raw_line(w.sock)
        tap.ok(is_idle(w.pid), "in clear")
        w.sock.sendall(b"STARTTLS\r\n")
        raw_line(w.sock)
        c = Client(w)
        c.send(b"a\n")
        c.line()
        tap.ok(is_idle(w.pid), "in TLS")
    with Wrapper(["sh", "-c", "cat; sleep 3"], "-s") as w:
        c = Client(w)
        c.close_notify()
        tap.ok(is_idle(w.pid), "after the client's close_notify")
    with Wrapper(["sleep", "100"], "-s") as w:
        c = Client(w)
        w.program()
        c.cut(reset=True)
        tap.ok(is_idle(w.pid), "after a reset")
    with Wrapper(["sleep", "100"], "-s") as w:
        tap.ok(is_idle(w.pid), "before the handshake")


# ---- the private key and the sandbox ----

def key_secrets(key):
    """What only the private key has: its primes, in the orders in which a
    library may hold them, and its text."""
    secrets = []
    for octets in key.parts():
        secrets += [octets[:32], octets[::-1][:32]]
    return secrets + key.pem().encode().splitlines()[5:8]


def memory_has(pid, secrets):
    """Whether one of them is in the memory of a process."""
    piece, overlap = 4 * MIB, max(map(len, secrets))
    with open("/proc/%d/maps" % pid) as f:
        areas = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw", f.read(), re.M)
    with open("/proc/%d/mem" % pid, "rb", 0) as f:
        for start, end in areas:
            start, end = int(start, 16), int(end, 16)
            if end - start > 1024 * MIB:
                continue        # a sanitizer's shadow
            for at in range(start, end, piece):
                f.seek(at)
                data = f.read(min(piece + overlap, end - at))
                if any(s in data for s in secrets):
                    return True
    return False


@tap.test("the private key is in no other process")
def key_memory():
    if not (LINUX and ROOT):
        raise tap.Skip("needs root and /proc/PID/mem")
    secrets = key_secrets(made["rsa"].key)
    with Wrapper(["cat"], "-s", cert="rsa.crt", key="rsa.key") as w:
        until(lambda: len(family(w.pid)) == 2)
        time.sleep(0.2)
        tap.ok(memory_has(w.pid, secrets), "the wrapper has it (and the "
               "search finds it)")
        tap.ok(not memory_has(w.others()[0], secrets),
               "its child has not, before the program")
        c = Client(w)
        c.send(b"x\n")
        c.line()
        tap.ok(memory_has(w.pid, secrets), "the wrapper has it in TLS")
        tap.ok(not memory_has(w.program(), secrets), "the program has not")
    with Wrapper(ucspi("Y"), cert="rsa.crt", key="rsa.key") as w:
        raw_line(w.sock)
        tap.ok(not memory_has(w.program(), secrets), "nor in clear")
        w.sock.sendall(b"STARTTLS\r\n")
        raw_line(w.sock)
        c = Client(w)
        c.send(b"x\n")
        c.line()
        tap.ok(not memory_has(w.program(), secrets), "nor after STARTTLS")


@tap.test("privileges")
def privileges():
    if not (LINUX and ROOT):
        raise tap.Skip("needs root")
    nobody = str(65534)
    os.chmod(path("ec.key"), 0o600)
    tell = ["sh", "-c", "id -u; cat"]
    for option, program_uid in ((["-u", "nobody"], nobody),
                                (["-U", "nobody"], "0"), ([], "0")):
        with Wrapper(tell, "-s", *option) as w:
            c = Client(w)
            name = " ".join(option) or "neither"
            tap.is_(c.line().strip(), program_uid, name + ": the program")
            s = status(w.pid)
            want = nobody if option else "0"
            tap.is_(s["Uid"].split(), [want] * 4, name + ": the wrapper")
            if option:
                tap.is_(s["CapEff"].strip("0"), "", "without capabilities")
                tap.is_(s["Groups"].split(), [nobody], "or other groups")
            if not SANITIZED:
                tap.is_((s["Seccomp"], s["NoNewPrivs"]), ("2", "1"),
                        "in the sandbox")
            with open("/proc/%d/limits" % w.pid) as f:
                tap.like(f.read(), r"Max core file size\s+0\s+0 ",
                         "no core dump")
            tap.is_(os.stat("/proc/%d/mem" % w.pid).st_uid, 0,
                    "no debugger of the same user")
            with open("/proc/%d/limits" % w.program()) as f:
                tap.ok(not re.search(r"Max processes\s+0 ", f.read()),
                       "which does not bind the program")
    with Wrapper(tell, "-u", "no-such-user") as w:
        tap.like(raw_rest(w.sock).decode(), "^421 4.3.5 ", "unknown user")
        w.sock.close()
        tap.is_(w.wait(), EX_CONFIG, "exit 78")


SANDBOXED = """
import ctypes, errno, fcntl, mmap, os, socket, sys, time
sandbox = ctypes.CDLL(sys.argv[1], use_errno=True)
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 \\
    + [ctypes.c_long]
r, w = os.pipe()
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
kept = os.open("/", os.O_RDONLY)
if sandbox.tls_sandbox_enter(0) != 0:
    print("no sandbox", flush=True)
    os._exit(1)
def say(name, good):
    os.write(1, ("%s %s\\n" % ("ok" if good else "bad", name)).encode())
def refused(name, call, *args):
    try:
        call(*args)
        say(name, False)
    except OSError as e:
        say(name, e.errno == errno.EPERM)
def refused_c(name, result):
    say(name, result in (-1, None, ctypes.c_void_p(-1).value)
        and ctypes.get_errno() == errno.EPERM)
refused("open", os.open, "/etc/passwd", os.O_RDONLY)
refused("openat", lambda: os.open("etc/passwd", os.O_RDONLY, dir_fd=kept))
refused("create", os.open, "/tmp/x", os.O_WRONLY | os.O_CREAT)
refused("stat", os.stat, "/etc/passwd")
refused("unlink", os.unlink, "/tmp/none")
refused("socket", socket.socket)
refused("unix socket", socket.socket, socket.AF_UNIX)
refused("send to an address", u.sendto, b"x", ("127.0.0.1", 9))
refused("connect", u.connect, ("127.0.0.1", 9))
refused("pipe", os.pipe)
refused("dup", os.dup, 0)
refused("fork", os.fork)
refused("exec", os.execv, "/bin/true", ["true"])
refused("kill", os.kill, os.getppid(), 0)
refused("chdir", os.chdir, "/")
refused("setuid", os.setuid, 0)
refused_c("mmap exec", libc.mmap(None, 4096, mmap.PROT_READ | mmap.PROT_EXEC,
                               mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0))
refused_c("ptrace", libc.ptrace(0, 0, 0, 0))
say("mmap", libc.mmap(None, 4096, mmap.PROT_READ | mmap.PROT_WRITE,
                    mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    not in (None, ctypes.c_void_p(-1).value))
os.write(w, b"x")
say("read and write", os.read(r, 1) == b"x")
fcntl.fcntl(r, fcntl.F_SETFL, os.O_NONBLOCK)
say("non-blocking", fcntl.fcntl(r, fcntl.F_GETFL) & os.O_NONBLOCK)
say("random", len(os.urandom(9)) == 9)
say("time", time.monotonic() > 0)
os._exit(0)
"""


@tap.test("what the sandbox allows")
def sandbox():
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not (LINUX and compiler):
        raise tap.Skip("needs Linux and a compiler")
    library = path("sandbox.so")
    subprocess.run([compiler, "-shared", "-fPIC", "-I", TOP, "-o", library,
                    os.path.join(TOP, "tls", "tls_sandbox.c"),
                    os.path.join(TOP, "common", "landlock.c")], check=True)
    done = subprocess.run([sys.executable, write("sandboxed.py", SANDBOXED),
                           library], capture_output=True, text=True)
    tap.is_(done.returncode, 0, "it can be entered", done.stdout, done.stderr)
    verdicts = re.findall(r"^(ok|bad) (.*)$", done.stdout, re.M)
    tap.is_(len(verdicts), 23, "all was tried", done.stdout, done.stderr)
    for verdict, name in verdicts:
        tap.is_(verdict, "ok", "sandbox: " + name)


# ---- other surroundings ----

@tap.test("inetd: the client is on descriptor 2 as well")
def inetd():
    with Wrapper(["sh", "-c", "echo loud >&2; cat"], "-s",
                 stderr="client") as w:
        c = Client(w)
        c.send(b"x\n")
        tap.is_(c.line(), "x\n", "no word in clear disturbs TLS")
        c.close_notify()
        tap.is_((c.rest(), c.end), (b"", "notify"), "or holds the end up")


@tap.test("pipes in place of a socket")
def pipes():
    with Wrapper(["cat"], "-s", pipes=True) as w:
        c = Client(w)
        c.send(b"x\n")
        tap.is_(c.line(), "x\n", "echo")
        c.close_notify()
        tap.is_((c.rest(), c.end), (b"", "notify"), "the end")
        os.close(w.pipes[1])
        tap.is_(w.wait(), 0, "exit 0")
        tap.is_(os.read(w.pipes[0], 1), b"", "the transport's end")
        os.close(w.pipes[0])


@tap.test("standard descriptors that are closed")
def closed_descriptors():
    with Wrapper(["cat"], "-s") as w:
        w.sock.close()
        w.wait()
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -e -s "$1" "$2" cat <&- >&- 2>&-', PROGRAM,
         path("ec.crt"), path("ec.key")], timeout=PATIENCE)
    tap.ok(done.returncode in (0, EX_PROTOCOL), "no client: no harm",
           done.returncode)


@tap.test("a client that never reads the last octets")
def stalled():
    w = STALLED.wrapper
    left = FLUSH_S + 15 * tap.SLOW - (time.monotonic() - STALLED.began)
    tap.ok(until(lambda: not family(w.pid), max(left, 1)), "is given up")
    tap.like(w.log(), "event=stalled ", "which is logged")
    w.close()


if __name__ == "__main__":
    tap.run(240)
