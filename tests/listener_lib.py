"""listener_lib: smtp2sms as a listener, and clients of it.

Listener(lines, gateway) writes a configuration and starts "smtp2sms -l" on
a port of 127.0.0.1; connect() is a client at the level of octets, with the
methods of smtp.Session and tls_lib.Secure.  A library: as a program it has
nothing to test.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import smtp
from server_lib import alive, below, free_port, listens
from smtp import PROGRAM, SLOW, TIMEOUT, WRAP, configuration, wait_until
from tls_lib import Secure

PATIENCE = 10

# What systemd does: the sockets from descriptor 3 on, whatever their numbers
# were, and a child that knows its own number.
HAND_OVER = """
import fcntl, os, sys
high = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 100)
        for number in sys.argv[1].split()]
for number, fd in enumerate(high, 3):
    os.dup2(fd, number)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execvp(sys.argv[2], sys.argv[2:])
"""


class Client(Secure):
    """A client of a listener."""

    def __init__(self, port, source="127.0.0.1", greeting=True,
                 address="127.0.0.1"):
        self.tls = self.how = self.child = self.out = self.code = None
        self.input = b""
        self.sock = socket.create_connection((address, port),
                                             TIMEOUT * SLOW, (source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.fdin = self.fdout = self.sock.fileno()
        self.port = self.sock.getsockname()[1]
        self.greeting = self.reply() if greeting else None

    def close(self):
        if self.sock:
            self.hang_up()

    def bye(self):
        """QUIT, and the end of file."""
        self.must("QUIT", 221)
        rest = self.rest()
        assert rest == b"", rest
        self.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Listener:
    """One listener."""

    def __init__(self, lines=(), gateway=None, args=(), listen=None,
                 config=None, wrap=(), env=None, before=None, ready=True,
                 sockets=(), stdin=subprocess.DEVNULL):
        """Start it.

        lines    configuration, as of smtp.Session; config: the whole of it
        listen   the values of -l; None: one port of 127.0.0.1, []: no -l
        ready    wait until it listens
        sockets  listening sockets of ours that it inherits from descriptor 3
                 on
        """
        self.dir = tempfile.mkdtemp(prefix="smtp2sms-listener.")
        os.chmod(self.dir, 0o755)
        self.gateway = gateway
        self.port = free_port()
        self.config = os.path.join(self.dir, "smtp2sms.conf")
        self.logfile = os.path.join(self.dir, "log")
        self.configure(lines, config)
        if listen is None:
            listen = ["127.0.0.1:%d" % self.port]
        command = [*WRAP, *wrap, PROGRAM, "-f", self.config,
                   *(word for one in listen for word in ("-l", one)), *args]
        full = {"PATH": os.environ["PATH"]}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                full[name] = os.environ[name]
        full.update(env or {})
        numbers = [sock.fileno() for sock in sockets]
        if sockets:
            command = [sys.executable, "-S", "-c", HAND_OVER,
                       " ".join(map(str, numbers)), *command]
            full["LISTEN_FDS"] = str(len(sockets))
        with open(self.logfile, "ab") as file:
            self.child = subprocess.Popen(
                command, stdin=stdin, stdout=subprocess.DEVNULL, stderr=file,
                env=full, cwd=self.dir, start_new_session=True,
                preexec_fn=before, pass_fds=numbers)
        self.pid = self.child.pid
        try:
            if ready and listen:
                wait_until(lambda: listens(self.port) or
                           self.child.poll() is not None, PATIENCE)
                assert listens(self.port), self.log()
        except BaseException:
            self.stop()
            raise

    def path(self, name):
        return os.path.join(self.dir, name)

    def configure(self, lines, config=None):
        """Write the configuration, as an administrator's editor would."""
        text = config if config is not None else \
            configuration(lines, self.gateway)
        with open(self.config + ".new", "w") as file:
            file.write(text)
        os.rename(self.config + ".new", self.config)

    def connect(self, **more):
        return Client(self.port, **more)

    def log(self):
        with open(self.logfile, errors="replace") as file:
            return file.read()

    def events(self, name=None):
        """The lines of the log, or those of one event, each as a dict."""
        found = [dict(re.findall(r'([a-z0-9_-]+)=("(?:[^"\\]|\\.)*"|\S*)',
                                 line))
                 for line in self.log().splitlines() if "event=" in line]
        return [event for event in found
                if name is None or event["event"] == name]

    def wait_event(self, name, count=1):
        """The lines of an event, once there are so many."""
        return wait_until(lambda: len(self.events(name)) >= count and
                          self.events(name), PATIENCE) or self.events(name)

    def processes(self, name):
        """The processes below it with this name, those alive."""
        return [pid for pid, state in below(self.pid) if state != "Z" and
                smtp.process_name(pid) == name[:15]]

    def sessions(self):
        """Its sessions as it counts them: one that has ended is a zombie, and
        still counts, until the listener has asked for its status."""
        return [pid for pid, _ in below(self.pid)
                if smtp.process_name(pid) == "smtp2sms"]

    def deliver(self):
        return self.processes("smtp2sms-deliver")

    def tls(self):
        return self.processes("smtp2sms-tls")

    def session_of(self, client):
        """The process of this client's session."""
        def found():
            for line in reversed(self.log().splitlines()):
                if "event=connect" in line and \
                        " port=%d " % client.port in line:
                    return int(re.search(r"\[(\d+)\]", line).group(1))
            return None
        return wait_until(found, PATIENCE)

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self, timeout=PATIENCE):
        return self.child.wait(timeout * SLOW)

    def running(self):
        return self.child.poll() is None

    def stop(self):
        """End it; the names of those that had to be killed."""
        left = []
        mine = [pid for pid, _ in below(self.pid)]
        if self.running():
            self.child.terminate()
            try:
                self.child.wait(4 * PATIENCE * SLOW)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
                left.append("the listener")
        wait_until(lambda: not any(map(alive, mine)), 1)
        for pid in filter(alive, mine):
            left.append(smtp.process_name(pid))
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.dir, ignore_errors=True)
        return left

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        left = self.stop()
        if kind is None:
            assert not left, "left behind: %s" % left


if __name__ == "__main__":
    print("1..0 # SKIP a library")
