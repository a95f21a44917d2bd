"""smtp: one smtp2sms, started as a super-server would, and its client.

Session(lines, ...) writes a configuration, starts the program on a TCP
loopback connection, a socketpair or two pipes, and is a client at the level
of octets: send() and reply(), and on top of these cmd(), ehlo(), mail()...
finish() gives its exit code; log() what it wrote on descriptor 2.

The program is $SMTP2SMS or ./smtp2sms at the repository's top, or a copy of
it that every user may run;
$SMTP2SMS_WRAP (valgrind..., with quotes as for a shell) is put in front,
$SMTP2SMS_SLOW multiplies every time limit.  A library: as a program it has nothing to test.
"""

import atexit
import base64
import os
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WRAP = shlex.split(os.environ.get("SMTP2SMS_WRAP") or "")
SLOW = float(os.environ.get("SMTP2SMS_SLOW") or 1)
TIMEOUT = 10        # seconds to wait for a reply, unless told
NUMBER = "+4915112345678"
LINE_MAX = 512      # RFC 5321, 4.5.3.1.5: a reply line with its CRLF


# What a users file has for the password "secret" (crypt(3), SHA-512).
SECRET_HASH = ("$6$rounds=1000$k2XAnEHBqQ1Ct2aM$Kusx4StgTAJKgtQ8A1Ud4OEtpvLZ/"
               "2wzq/Tix/qeeqdrvuTHgR6KFuCyOP4TNp5lvuV.tmBxpDTp10bqrWJyv1")


def is_plain(folder):
    """Its name needs no quotes in a configuration or a shell."""
    return re.fullmatch(r"[\w./+@%,=:-]+", folder) is not None


def is_open(folder):
    """Everybody may come there."""
    while os.stat(folder).st_mode & 0o005 == 0o005:
        if folder == os.path.dirname(folder):
            return True
        folder = os.path.dirname(folder)
    return False


def find_home():
    """(programs, descriptors): the folders where both are.  If not everybody
    may come there (a clone in /root), or the name has blanks in it, these are
    copies: some tests become another user, and many write configurations.
    With $SMTP2SMS_WRAP no test becomes another user, and tests/valgrind does
    not look at what lies below /tmp."""
    home = os.path.dirname(os.environ.get("SMTP2SMS") or "") or TOP
    if is_plain(home) and is_plain(TOP) and (
            WRAP or is_open(home) and is_open(TOP)):
        return home, os.path.join(TOP, "gateways")
    copy = tempfile.mkdtemp(prefix="smtp2sms-home.",
                            dir="/var/tmp" if WRAP else None)
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    os.chmod(copy, 0o755)
    for name in ("smtp2sms", "smtp2sms-deliver", "smtp2sms-hook",
                 "smtp2sms-seal", "smtp2sms-tls"):
        if os.path.exists(os.path.join(home, name)):
            shutil.copy(os.path.join(home, name), copy)
    shutil.copytree(os.path.join(TOP, "gateways"),
                    os.path.join(copy, "gateways"))
    return copy, os.path.join(copy, "gateways")


HOME, GATEWAYS = find_home()
PROGRAM = os.path.join(HOME, os.path.basename(
    os.environ.get("SMTP2SMS") or "smtp2sms"))


class ProtocolError(AssertionError):
    """What came is not SMTP."""


def b64(data):
    """Base64, as a string, of octets or a string."""
    if isinstance(data, str):
        data = data.encode()
    return base64.b64encode(data).decode()


def octets(data):
    return data if isinstance(data, bytes) else data.encode()


class Reply:
    """One reply: code, lines (the text of each), raw."""

    def __init__(self, raw):
        self.raw = raw
        self.lines = []
        for line in raw[:-2].split(b"\r\n"):
            if not re.fullmatch(rb"[2-5][0-9][0-9][ -][ -~]*", line):
                raise ProtocolError("not a reply line: %r" % line)
            self.lines.append(line[4:].decode())
        self.code = int(raw[:3])

    def __str__(self):
        """The code and the last line, as in "250 2.1.0 OK"."""
        return "%d %s" % (self.code, self.lines[-1])

    def __repr__(self):
        return repr(self.raw)

    def starts(self, prefix):
        """The last line begins with these whole words."""
        return (str(self) + " ").startswith(prefix + " ")


class Session:
    """One smtp2sms and its client."""

    def __init__(self, lines=(), gateway=None, via="tcp", remote=None,
                 env=None, args=(), greeting=True, program=None,
                 libexec=None, wrap=(), config=None, before=None,
                 stderr="file"):
        """Start it.

        lines     configuration; of single values the last line wins
        gateway   a Gateway: its address (and CA) go into the configuration
        via       tcp, socketpair or pipe
        remote    TCPREMOTEIP
        wrap      a command in front, nearer to the program than $WRAP
        config    the whole configuration, in place of lines
        before    called in the child before it becomes the program
        stderr    file, or client: as classic inetd has it; or a path
        """
        self.dir = tempfile.mkdtemp(prefix="smtp2sms-test.")
        os.chmod(self.dir, 0o755)   # there is no secret in it
        self.child = None
        self.input = b""
        self.code = None
        try:
            self.config = os.path.join(self.dir, "smtp2sms.conf")
            if config is None:
                config = configuration(lines, gateway, libexec)
            self.write("smtp2sms.conf", config)
            command = [*WRAP, *wrap, program or PROGRAM, "-f", self.config,
                       *args]
            self.start(command, via, remote, env, before, stderr)
            self.greeting = self.reply() if greeting else None
        except BaseException:
            self.abandon()
            raise

    def start(self, command, via, remote, env, before, stderr):
        self.sock, self.out, ends = connect(via)
        self.fdin = self.sock.fileno() if self.out is None else self.out[0]
        self.fdout = self.sock.fileno() if self.out is None else self.out[1]
        full = {"PATH": os.environ["PATH"]}
        for name in ("SMTP2SMS_SLOW", "ASAN_OPTIONS", "UBSAN_OPTIONS",
                     "LLVM_PROFILE_FILE", "LSAN_OPTIONS"):
            if name in os.environ:
                full[name] = os.environ[name]
        if remote:
            full.update(TCPREMOTEIP=remote, TCPREMOTEPORT="40000")
        full.update(env or {})
        self.started = time.monotonic()
        path = self.path("stderr") if stderr in ("file", "client") else stderr
        with open(path, "ab") as file:
            self.child = subprocess.Popen(
                command, stdin=ends[0], stdout=ends[1],
                stderr=ends[1] if stderr == "client" else file, env=full,
                start_new_session=True, preexec_fn=before)
        for end in set(ends):
            os.close(end) if isinstance(end, int) else end.close()

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, data):
        """Write a file in the session's own directory; return its path."""
        with open(self.path(name), "wb") as file:
            file.write(octets(data))
        return self.path(name)

    # Octets.

    def send(self, data):
        """Write all of it, or fail in time."""
        data = memoryview(octets(data))
        limit = time.monotonic() + 60 * SLOW
        while data:
            wait([], [self.fdout], limit - time.monotonic(), "writable")
            data = data[os.write(self.fdout, data[:65536]):]

    def try_send(self, data):
        """Write what the other side takes; false if it has gone."""
        try:
            self.send(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def send_slowly(self, data):
        """Write one octet at a time, each in a packet of its own."""
        for octet in octets(data):
            self.send(bytes([octet]))

    def read_more(self, limit):
        """Read what is there into input; false at end of file."""
        wait([self.fdin], [], limit - time.monotonic(),
             "a reply; so far %r" % self.input)
        try:
            data = os.read(self.fdin, 65536)
        except ConnectionResetError:
            data = b""
        self.input += data
        return bool(data)

    def reply(self, timeout=TIMEOUT):
        """The next reply."""
        limit = time.monotonic() + timeout * SLOW
        raw = b""
        while True:
            while b"\n" not in self.input:
                if len(self.input) > LINE_MAX:
                    raise ProtocolError("long line: %r" % self.input)
                if not self.read_more(limit):
                    raise EOFError("no reply but end of file after %r"
                                   % (raw + self.input))
            line, self.input = self.input.split(b"\n", 1)
            line += b"\n"
            if not line.endswith(b"\r\n") or len(line) > LINE_MAX:
                raise ProtocolError("a line: %r" % line)
            if raw and raw[:3] != line[:3]:
                raise ProtocolError("codes differ: %r" % (raw + line))
            raw += line
            if line[3:4] != b"-":
                return Reply(raw)

    def replies(self, count, timeout=TIMEOUT):
        return [self.reply(timeout) for _ in range(count)]

    def rest(self, timeout=TIMEOUT):
        """Everything until end of file, as octets."""
        limit = time.monotonic() + timeout * SLOW
        while self.read_more(limit):
            pass
        data, self.input = self.input, b""
        return data

    def quiet(self):
        """Nothing has come that was not read."""
        import select
        return not self.input and not select.select([self.fdin], [], [],
                                                    0)[0]

    def hang_up(self):
        """Close the client's side for good."""
        if self.sock:
            self.sock.close()
        if self.out:
            for end in self.out:
                os.close(end)
        self.sock = self.out = None

    def reset(self):
        """Hang up so that whatever is written to us fails."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.hang_up()

    def end_of_input(self):
        """Say that no more will come; replies can still be read."""
        if self.out:
            os.close(self.out[1])
            self.out = (self.out[0], os.open(os.devnull, os.O_WRONLY))
            self.fdout = self.out[1]
        else:
            self.sock.shutdown(socket.SHUT_WR)

    # SMTP.

    def cmd(self, line, timeout=TIMEOUT):
        """A command, and its reply."""
        self.send(octets(line) + b"\r\n")
        return self.reply(timeout)

    def cmds(self, *lines):
        """Commands one after the other; the replies as strings."""
        return [str(self.cmd(line)) for line in lines]

    def must(self, line, code, timeout=TIMEOUT):
        """A command whose reply must have this code."""
        reply = self.cmd(line, timeout)
        assert reply.code == code, "%r: %r" % (line, reply)
        return reply

    def ehlo(self, name="client.test"):
        """The keywords that EHLO announces."""
        reply = self.must("EHLO " + name, 250)
        return reply.lines[1:]

    def auth_plain(self, user="alice", password="wonderland"):
        return self.cmd("AUTH PLAIN " + b64("\0%s\0%s" % (user, password)),
                        TIMEOUT + 20)

    def login(self, user="alice", password="wonderland"):
        """EHLO and AUTH, which must do."""
        self.ehlo()
        reply = self.auth_plain(user, password)
        assert reply.code == 235, repr(reply)
        return self

    def mail(self, sender="root@client.test", parameters=""):
        return self.cmd(("MAIL FROM:<%s> %s" % (sender, parameters)).strip())

    def rcpt(self, number=NUMBER, domain="sms.test"):
        return self.cmd("RCPT TO:<%s@%s>" % (number, domain))

    def envelope(self, numbers=(NUMBER,), sender="root@client.test"):
        """MAIL, RCPT and DATA, which must do."""
        self.must("MAIL FROM:<%s>" % sender, 250)
        for number in numbers:
            self.must("RCPT TO:<%s@sms.test>" % number, 250)
        self.must("DATA", 354)

    def data(self, message, timeout=TIMEOUT):
        """The message, stuffed, its dot, and the reply."""
        message = octets(message)
        message = re.sub(rb"\r?\n", b"\r\n", message)
        message = re.sub(rb"(?m)^\.", b"..", message)
        if not message.endswith(b"\r\n"):
            message += b"\r\n"
        return self.raw_data(message + b".\r\n", timeout)

    def raw_data(self, data, timeout=TIMEOUT):
        """Octets that should end a message, and the reply."""
        self.send(data)
        return self.reply(timeout)

    def send_message(self, text="hello", numbers=(NUMBER,),
                     headers="Message-ID: <1@client.test>\r\n",
                     timeout=TIMEOUT):
        """A whole mail of plain text; the reply to its dot."""
        self.envelope(numbers)
        return self.data(octets(headers) + b"\r\n" + octets(text), timeout)

    def quit(self):
        """QUIT, end of file and exit; the exit code."""
        self.must("QUIT", 221)
        rest = self.rest()
        assert rest == b"", rest
        return self.finish()

    # Its end.

    def finish(self, timeout=TIMEOUT):
        """Wait for its end; its exit code, or minus a signal's number."""
        self.code = self.child.wait(timeout * SLOW)
        return self.code

    def log(self):
        """What it wrote on descriptor 2; whole when it has ended."""
        with open(self.path("stderr"), encoding="utf-8",
                  errors="surrogateescape") as file:
            return file.read()

    def events(self):
        """The log's lines, each as a dict of its keys and values."""
        return [dict(re.findall(r'([a-z0-9_-]+)=("(?:[^"\\]|\\.)*"|\S*)',
                                line))
                for line in self.log().splitlines() if "=" in line]

    def processes(self, name=None):
        """The ids of its processes that are alive; with a name, of these."""
        return [pid for pid, session, state in all_processes()
                if session == self.child.pid and state != "Z"
                and (name is None or process_name(pid) == name[:15])]

    def abandon(self):
        """End it, whatever it does; the names of those that had to be."""
        left = []
        if self.child:
            self.hang_up()
            try:
                self.child.wait(TIMEOUT * SLOW)
            except subprocess.TimeoutExpired:
                pass
            wait_until(lambda: not self.processes(), 2)
            for pid in self.processes():
                left.append(process_name(pid))
                os.kill(pid, signal.SIGKILL)
            self.child.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
        return left

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        left = self.abandon()
        if kind is None:
            assert not left, "left behind: %s" % left


def wait(readers, writers, timeout, what):
    """Wait until one of the descriptors is ready, or fail."""
    import select
    if not any(select.select(readers, writers, [], max(timeout, 0))):
        raise TimeoutError("waited in vain for " + what)


def connect(via):
    """(client's socket, client's pipes, the program's descriptors)."""
    if via == "tcp":
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = socket.create_connection(listener.getsockname())
            server, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client, None, (server, server)
    if via == "socketpair":
        client, server = socket.socketpair()
        return client, None, (server, server)
    assert via == "pipe", via
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    return None, (ours_in, ours_out), (theirs_in, theirs_out)


# Keywords that may be there once for each first value, or many times.
BY_NAME = ("set", "secret", "alias", "rate", "route")

# Limits of the delivery side, in seconds; it is slower under valgrind, too.
SLOWED = ("timeout-gateway", "agent-idle")


def configuration(lines, gateway=None, libexec=None):
    """A configuration for tests; of single values the last line wins, and
    some grow by SMTP2SMS_SLOW."""
    chosen = {}
    common = ["hostname sms.test", "domain sms.test",
              "descriptors " + GATEWAYS,
              "libexec " + (libexec or HOME), "log stderr"]
    if SLOW != 1:
        common.append("timeout-gateway %d" % TIMEOUT)   # the default
    if gateway:
        common.append("set base " + gateway.url)
        if gateway.ca:
            common.append("gateway-ca " + gateway.ca)
    for line in [*common, *lines]:
        words = line.split()
        key = tuple(words[:2]) if words[0] in BY_NAME else words[0]
        if key in SLOWED and words[1].isdigit():
            line = "%s %d" % (key, int(words[1]) * SLOW)
        chosen[key] = line
    return "".join(line + "\n" for line in chosen.values())


def own_credentials(user="alice", password="wonderland"):
    """Lines for "auth none": the descriptor's own name and password."""
    return ["auth none", "set user " + user,
            "secret password " + secret_file(password)]


def own_token(token):
    """Lines for "auth none": the descriptor's own token."""
    return ["auth none", "secret token " + secret_file(token)]


_secrets = {}
_secrets_dir = None


def secret_file(secret):
    """A file, only for us to read, that holds the secret and a newline."""
    global _secrets_dir
    if _secrets_dir is None:
        _secrets_dir = tempfile.mkdtemp(prefix="smtp2sms-secret.")
        atexit.register(shutil.rmtree, _secrets_dir, ignore_errors=True)
    if secret not in _secrets:
        path = os.path.join(_secrets_dir, "secret%d" % len(_secrets))
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write(secret + "\n")
        _secrets[secret] = path
    return _secrets[secret]


def all_processes():
    """(pid, session, state) of every process there is."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name) as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        found.append((int(name), int(fields[3]), fields[0]))
    return found


def process_name(pid):
    try:
        with open("/proc/%d/comm" % pid) as file:
            return file.read().strip()
    except OSError:
        return None


def process_status(pid, field):
    """A number from /proc/PID/status, such as VmHWM (in kB)."""
    with open("/proc/%d/status" % pid) as file:
        return int(re.search(r"^%s:\s*(\d+)" % field, file.read(),
                             re.M).group(1))


def wait_until(condition, timeout=TIMEOUT):
    """For facts that have no event: look until it holds or time is up."""
    limit = time.monotonic() + timeout * SLOW
    while True:
        value = condition()
        if value or time.monotonic() > limit:
            return value
        time.sleep(0.01)


if __name__ == "__main__":
    print("1..0 # SKIP a library")
