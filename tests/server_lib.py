"""server_lib: smtp2sms under a real super-server, with contrib's own file.

Place() is a folder laid out as "make install" would: the programs, the
descriptors, a configuration.  Its contrib() reads a file of contrib/ with
the paths, the port and the user of this machine in place of the real ones.
Server() starts the super-server.  check_all() is what each has to pass.

A library: as a program it has nothing to test.
"""

import contextlib
import os
import random
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading

import smtp
import tap
from foreign import need, need_root, search_path
from smtp import NUMBER, SLOW, TOP, wait_until

CONTRIB = os.path.join(TOP, "contrib")
PROGRAM = "/usr/local/sbin/smtp2sms"
LOGS = "/var/log/smtp2sms"
PORT = 587
USER = "nobody"         # stands for smtp2sms and smtp2sms-log
USERS = re.compile(r"(\bid -[ug] |\bsu=|-u |\buser\s*=\s*|nowait\.\d+\s+"
                   r"|\bchown |setuidgid )smtp2sms(?:-log)?\b")
NO_PORT = '""'          # in the log, where nobody knows it
PATIENCE = 10           # seconds that a fact may take
# Not those that the kernel gives to clients: one of these may be taken before
# our server listens.
PORTS = 10000, 32768

_taken = []             # sockets whose names are our ports, for the others


def free_port():
    """A port of 127.0.0.1 that nobody uses, and that no other test program
    is given before we end."""
    while True:
        port = random.randrange(*PORTS)
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind("\0smtp2sms-test-port-%d" % port)
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            name.close()
            continue
        _taken.append(name)
        return port


def super_server(address, port):
    """The words in front of a program that is to be served at this port,
    where it does not matter which super-server does that."""
    return [sys.executable, os.path.join(TOP, "tests", "superserver.py"),
            address, str(port)]


class Place:
    """An installation, and the files of contrib/ adapted to it."""

    def __init__(self, gateway, lines=()):
        self.dir = tempfile.mkdtemp(prefix="smtp2sms-server.")
        os.chmod(self.dir, 0o755)   # the super-server's user comes here
        self.gateway = gateway
        self.port = free_port()
        self.program = self.path("sbin", "smtp2sms")
        self.config = self.path("smtp2sms.conf")
        try:
            self.copy("smtp2sms", "sbin")
            self.copy("smtp2sms-deliver", "libexec")
            shutil.copytree(os.path.join(TOP, "gateways"),
                            self.path("gateways"))
            self.configure(lines)
        except BaseException:
            self.close()
            raise

    def copy(self, name, folder):
        os.makedirs(self.path(folder), exist_ok=True)
        shutil.copy(os.path.join(smtp.HOME, name), self.path(folder, name))

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def configure(self, lines):
        """A configuration with everything at this place."""
        own = ["libexec " + self.path("libexec"),
               "descriptors " + self.path("gateways")]
        self.write("smtp2sms.conf",
                   smtp.configuration(own + list(lines), self.gateway))

    def contrib(self, name, *replacements, option=True):
        """The text of a file of contrib/, adapted.

        Every replacement must find what it replaces.  The program is told
        of its configuration by an option behind its path, unless the
        replacements see to that.
        """
        with open(os.path.join(CONTRIB, name)) as file:
            text = file.read()
        for old, new in replacements:
            assert old in text, "%s has no %r" % (name, old)
            text = text.replace(old, new)
        text = USERS.sub(r"\g<1>" + USER, text).replace(LOGS,
                                                        self.path("log"))
        text = re.sub(r"\b%d\b" % PORT, str(self.port), text)
        return text.replace(PROGRAM, self.program +
                            (" -f " + self.config if option else ""))

    def script(self, name, *replacements):
        """The same as a program at this place; its path."""
        return self.write(os.path.join("run", name),
                          self.contrib(name, *replacements), 0o755)

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Syslog:
    """A /dev/log for one command alone, and what was written to it."""

    OWN_DEV = """set -e
dev=$1 log=$2; shift 2
mount --make-rprivate /
mount -t tmpfs -o mode=755 none "$dev"
for name in null zero full random urandom tty; do
    : >"$dev/$name"
    mount --bind "/dev/$name" "$dev/$name"
done
ln -s /proc/self/fd "$dev/fd"
ln -s "$log" "$dev/log"
mount --move "$dev" /dev
exec "$@"
"""

    def __init__(self, place):
        self.place = place
        self.file = place.path("syslog")
        open(self.file, "w").close()
        os.mkdir(place.path("dev"))
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(place.path("log"))
        os.chmod(place.path("log"), 0o666)
        threading.Thread(target=self.write, daemon=True).start()

    def write(self):
        with open(self.file, "ab", 0) as file:
            while line := self.socket.recv(8192):
                file.write(line.rstrip(b"\n\0") + b"\n")

    def command(self, *words):
        """The command in a mount namespace whose /dev/log this is."""
        if subprocess.run(["unshare", "-m", "true"],
                          stderr=subprocess.DEVNULL).returncode != 0:
            raise tap.Skip("no mount namespace can be had")
        return ["unshare", "-m", "sh", "-c", self.OWN_DEV, "sh",
                self.place.path("dev"), self.place.path("log"), *words]


def below(pid):
    """(pid, state) of every process below this one."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name) as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append((int(name), fields[0]))
    found, todo = [], [pid]
    while todo:
        some = parents.get(todo.pop(), [])
        found += some
        todo += [child for child, _ in some]
    return found


def listens(port):
    """Somebody listens on this port; found out without a connection."""
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(name) as file:
            for fields in map(str.split, file.readlines()[1:]):
                if fields[3] == "0A" and \
                        int(fields[1].rpartition(":")[2], 16) == port:
                    return True
    return False


class Server:
    """A super-server that listens at its place."""

    def __init__(self, place, command, env=None, log=None, port=None):
        """Start the command and wait until it listens.

        log   where smtp2sms's log will be, if not on descriptor 2
        """
        self.port = port or place.port
        self.output = place.path("output.%d" % self.port)
        self.logfile = log or self.output
        with open(self.output, "ab") as file:
            os.chmod(self.output, 0o666)
            self.child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                env=dict({"PATH": search_path()}, **(env or {})),
                cwd=place.dir, start_new_session=True)
        try:
            wait_until(lambda: listens(self.port) or
                       self.child.poll() is not None, PATIENCE)
            assert listens(self.port) and self.child.poll() is None, \
                "it does not listen: " + self.said()
        except BaseException:
            self.stop()
            raise

    def said(self):
        """What the super-server itself wrote."""
        with open(self.output, errors="replace") as file:
            return file.read()

    def log(self):
        """What smtp2sms wrote."""
        try:
            with open(self.logfile, errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait_said(self, pattern, count=1):
        """The output, once it holds the pattern so often."""
        wait_until(lambda: len(re.findall(pattern, self.said(),
                                          re.M)) >= count, PATIENCE)
        return self.said()

    def wait_log(self, pattern):
        """smtp2sms's log, once it holds the pattern."""
        wait_until(lambda: re.search(pattern, self.log()), PATIENCE)
        return self.log()

    def sessions(self):
        """The processes of smtp2sms below it, dead ones as well."""
        return [pid for pid, _ in below(self.child.pid)
                if (smtp.process_name(pid) or "").startswith("smtp2sms")]

    def zombies(self):
        return [pid for pid, state in below(self.child.pid) if state == "Z"]

    def end(self):
        """Tell it to end."""
        self.child.terminate()

    def stop(self):
        """End it; whatever is left after that is killed."""
        if self.child is None:
            return
        mine = [pid for pid, _ in below(self.child.pid)]
        self.end()
        try:
            self.child.wait(PATIENCE * SLOW)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        wait_until(lambda: not any(map(alive, mine)), 1)
        for pid in filter(alive, mine):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.child = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def alive(pid):
    """The process is there, and not only its status."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Client:
    """A plain client; its own port names its session in the log."""

    def __init__(self, port):
        self.smtp = smtplib.SMTP(timeout=PATIENCE * SLOW)
        code, text = self.smtp.connect("127.0.0.1", port)
        assert code == 220, (code, text)
        self.port = self.smtp.sock.getsockname()[1]

    def cmd(self, line):
        """A command, or the lines of a message; the reply: "250 text"."""
        self.smtp.send(line + "\r\n")
        code, text = self.smtp.getreply()
        return "%d %s" % (code, text.decode())

    def must(self, line, code):
        reply = self.cmd(line)
        assert reply.startswith(code), (line, reply)

    def login(self):
        self.must("EHLO client.test", "250")
        self.must("AUTH PLAIN " + smtp.b64("\0alice\0wonderland"), "235")
        return self

    def envelope(self, number=NUMBER):
        self.must("MAIL FROM:<root@client.test>", "250")
        self.must("RCPT TO:<%s@sms.test>" % number, "250")

    def data(self, text):
        self.must("DATA", "354")
        return self.cmd("Message-ID: <%s@client.test>\r\n\r\n%s\r\n."
                        % (text.replace(" ", "-"), text))

    def quit(self):
        reply = self.cmd("QUIT")
        self.smtp.close()
        return reply

    def hang_up(self):
        self.smtp.close()


def events(log):
    """The lines of smtp2sms in a log, each as a dict."""
    return [dict(re.findall(r'([a-z0-9_-]+)=("(?:[^"\\]|\\.)*"|\S*)', line))
            for line in log.splitlines() if "event=" in line]


def connection(server, client):
    """What the log says of this client's connection, or None.

    Of a super-server that does not tell the port it is the latest.
    """
    def found():
        for event in reversed(events(server.log())):
            if event["event"] == "connect" and \
                    event.get("port", NO_PORT) in (str(client.port), NO_PORT):
                return event
        return None
    return wait_until(found, PATIENCE)


def check_mail(server, gateway):
    """A mail goes through, and the log knows who sent it."""
    gateway.reset()
    client = Client(server.port).login()
    client.envelope()
    tap.like(client.data("one mail"), r"^250 2\.0\.0 Message accepted",
             "a mail is accepted")
    tap.like(client.quit(), "^221 ", "QUIT")
    tap.is_([(m["user"], m["phoneNumbers"], m["textMessage"]["text"])
             for m in gateway.messages],
            [("alice", [NUMBER], "one mail")], "the gateway has it")
    event = connection(server, client)
    tap.is_(event and event["peer"], "127.0.0.1",
            "the log has the client's address and port", server.log())


def check_together(server, gateway):
    """Two sessions at once, each with its own recipient and text."""
    gateway.reset()
    one, two = Client(server.port).login(), Client(server.port).login()
    one.envelope("+4915100000001")
    two.envelope("+4915100000002")
    owners = {smtp.process_status(pid, "Uid") for pid in server.sessions()}
    tap.ok(owners and 0 not in owners, "they are not root's", owners)
    tap.like(two.data("second"), "^250 ", "the second of two sessions")
    tap.like(one.data("first"), "^250 ", "the first of them")
    one.quit()
    two.quit()
    tap.is_([(m["phoneNumbers"], m["textMessage"]["text"])
             for m in gateway.messages],
            [(["+4915100000002"], "second"), (["+4915100000001"], "first")],
            "neither disturbs the other")


def check_ends(server, gateway):
    """A client that goes away in the middle; nothing is left of it."""
    gateway.reset()
    client = Client(server.port).login()
    client.envelope()
    client.must("DATA", "354")
    client.smtp.send("half a mail\r\n")
    client.hang_up()
    tap.ok(wait_until(lambda: not server.sessions(), PATIENCE),
           "a client that hangs up leaves no process")
    tap.is_(gateway.posts(), [], "and sends nothing")
    tap.ok(wait_until(lambda: not server.zombies(), PATIENCE),
           "there is no zombie")


def check_all(server, gateway):
    check_mail(server, gateway)
    check_together(server, gateway)
    check_ends(server, gateway)


def storm(port, number):
    """So many connections at once; what each is told first."""
    socks = [socket.create_connection(("127.0.0.1", port))
             for _ in range(number)]
    said = []
    for sock in socks:
        sock.settimeout(PATIENCE * SLOW)
        said.append(sock.recv(100)[:4])
    for sock in socks:
        sock.close()
    return said


def check_listener(server, gateway):
    """Sessions are one listener's, which has been told "listen-idle 1"; it
    ends, and the super-server starts another."""
    clients = [Client(server.port) for _ in range(3)]
    parents = {smtp.process_status(pid, "PPid") for pid in server.sessions()}
    tap.is_(len(parents - {server.child.pid}), 1, "one listener has them all")
    for client in clients:
        client.quit()
    tap.ok(wait_until(lambda: not server.sessions(), PATIENCE),
           "it ends when nobody comes")
    check_mail(server, gateway)
    tap.is_(set(storm(server.port, 300)), {b"220 ", b"421 "},
            "300 connections at once: a session or a 421")
    tap.ok(wait_until(lambda: not server.sessions(), PATIENCE),
           "and then it ends again")
    check_mail(server, gateway)


def check_waits(server):
    """With a limit of two sessions the third has to wait."""
    one, two = Client(server.port), Client(server.port)
    with socket.create_connection(("127.0.0.1", server.port)) as third:
        third.settimeout(0.5 * SLOW)
        try:
            early = third.recv(100)
        except TimeoutError:
            early = None
        tap.is_(early, None, "with two sessions a third has to wait")
        one.quit()
        third.settimeout(PATIENCE * SLOW)
        tap.like(third.recv(100).decode(), "^220 ",
                 "until one of them has ended")
    two.quit()


def check_broken(place, server, gateway):
    """A broken configuration is answered; put right, it works at once."""
    place.configure(["nonsense yes"])
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(PATIENCE * SLOW)
        said = b""
        while more := client.recv(1000):
            said += more
    tap.is_(said, b"421 4.3.5 Server configuration error\r\n",
            "a broken configuration: 421")
    place.configure([])
    gateway.reset()
    client = Client(server.port).login()
    client.envelope()
    tap.like(client.data("mended"), "^250 ", "and the next session works")
    client.quit()


if __name__ == "__main__":
    print("1..0 # SKIP a library")
