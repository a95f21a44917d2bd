"""smtp2sms under a real systemd, the first process of a Debian of its own.

The Debian is a folder below build/, made once by mmdebstrap from the mirror
that this machine's apt uses, and booted by systemd-nspawn in a network
namespace of its own, which has nothing but a loopback interface: neither the
machine's systemd nor its network is touched.  smtp2sms is installed there by
the commands of README.md.  What is sent in comes from bench/client.c and from
Postfix, in the same namespace; the gateway is gateway.py.

Run it as root: make systemd
"""

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import tap
from smtp import SLOW, TOP, wait_until
from x509 import certify

BUILD = os.path.join(TOP, "build", "booted")
TREE = os.path.join(BUILD, "tree")      # as it was made
ROOT = os.path.join(BUILD, "root")      # the copy that is booted
CLIENT = os.path.join(TOP, "build", "client")
PACKAGES = ("systemd,systemd-sysv,dbus,libcurl4,libjansson4,libtls26,libuuid1,"
            "libcrypt1,ca-certificates,python3-minimal,libpython3-stdlib,curl,"
            "procps,postfix,openssl,iproute2")
PATIENCE = 60 * SLOW    # seconds for what systemd does
MAIL = "Message-ID: <%s@booted.test>\r\n\r\n%s\r\n"

CONF = """hostname sms.test
domain sms.test
auth none
set base http://127.0.0.1:8080
set user alice
secret password /etc/smtp2sms/password
tls-cert /etc/smtp2sms/cert.pem
tls-key /etc/smtp2sms/key.pem
listen-idle 3
max-sessions-per-source 0
"""

# The gateway serves until its standard input ends.
GATEWAY = """[Service]
ExecStart=/bin/sh -c 'sleep infinity | exec python3 /tests/gateway.py \
    --port 8080 --log /var/log/gateway'
[Install]
WantedBy=multi-user.target
"""


def mirror():
    """The mirror of Debian that this machine uses."""
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)",
         "Created-By: Packages", "Origin: Debian"], capture_output=True,
        text=True, check=False)
    found = [uri for uri in done.stdout.split() if "security" not in uri]
    return found[0] if found else None


def make_tree():
    """The Debian, unless an earlier run has made it."""
    if os.path.exists(os.path.join(TREE, "etc", "debian_version")):
        return
    shutil.rmtree(BUILD, ignore_errors=True)
    os.makedirs(BUILD)
    done = subprocess.run(
        ["mmdebstrap", "--variant=minbase", "--include=" + PACKAGES,
         "bookworm", TREE, *filter(None, [mirror()])], capture_output=True,
        text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(TREE, ignore_errors=True)
        raise RuntimeError("mmdebstrap: " + done.stderr[-2000:])


def readme_commands():
    """What README.md says under "Start it"."""
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
        section = re.search(r"(?ms)^## Start it\n(.*?)^## ", file.read())
    return re.search(r"(?m)(?:^ {4}.*\n)+", section.group(1)).group(0)


class Machine:
    """The booted Debian."""

    def __init__(self):
        make_tree()
        shutil.rmtree(ROOT, ignore_errors=True)
        subprocess.run(["cp", "-a", TREE, ROOT], check=True)
        self.log = open(os.path.join(BUILD, "boot.log"), "w+",
                        encoding="utf-8")
        self.child = None
        self.install()

    def path(self, name):
        return os.path.join(ROOT, name.lstrip("/"))

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def install(self):
        subprocess.run(["make", "-C", TOP, "install", "DESTDIR=" + ROOT],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["useradd", "-R", ROOT, "-r", "smtp2sms"], check=True)
        self.write("etc/smtp2sms.conf", CONF)
        self.write("etc/smtp2sms/password", "wonderland")
        self.certify("first")
        self.write("etc/systemd/system/gateway.service", GATEWAY)

    def certify(self, name):
        """A new certificate for sms.test; its fingerprint's serial."""
        with tempfile.TemporaryDirectory() as folder:
            key, cert = (os.path.join(folder, n) for n in ("key", "cert"))
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                 "-days", "30", "-subj", "/CN=sms.test/O=" + name, "-addext",
                 "subjectAltName=DNS:sms.test,DNS:localhost", "-keyout", key,
                 "-out", cert], check=True, capture_output=True)
            for source, to in ((cert, "cert.pem"), (key, "key.pem")):
                os.makedirs(self.path("etc/smtp2sms"), exist_ok=True)
                new = self.path("etc/smtp2sms/%s.new" % to)
                shutil.copy(source, new)
                os.chmod(new, 0o600)
                os.rename(new, self.path("etc/smtp2sms/" + to))

    def boot(self):
        self.child = subprocess.Popen(
            ["systemd-nspawn", "-q", "-D", ROOT, "-b", "--register=no",
             "--keep-unit", "--private-network", "--console=pipe",
             "--bind-ro=%s:/tests" % os.path.join(TOP, "tests"),
             "--bind-ro=%s:/client" % CLIENT],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            start_new_session=True)
        self.await_boot()

    def await_boot(self):
        if not wait_until(self.is_up, PATIENCE):
            raise RuntimeError("it does not boot: %s" % self.log.name)

    def leader(self):
        """The container's first process, as the machine numbers it."""
        done = subprocess.run(["pgrep", "-P", str(self.child.pid)],
                              capture_output=True, text=True, check=False)
        return done.stdout.split()[0] if done.stdout else None

    def command(self, *words):
        return ["nsenter", "-t", self.leader() or "0", "-a", *words]

    def run(self, *words, code=0, stdin=None):
        """A command in it; what it printed, if its status is right."""
        done = subprocess.run(self.command(*words), capture_output=True,
                              text=True, input=stdin, timeout=300 * SLOW,
                              check=False)
        said = done.stdout + done.stderr
        assert code is None or done.returncode == code, (words, said)
        return said

    def start(self, *words):
        """The same, beside us."""
        return subprocess.Popen(self.command(*words), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def is_up(self):
        if not self.leader():
            return False
        said = self.run("systemctl", "is-system-running", code=None)
        return said.strip() in ("running", "degraded")

    def state(self, unit):
        return self.run("systemctl", "is-active", unit, code=None).strip()

    def journal(self):
        return self.run("journalctl", "-b", "--no-pager", "-t", "smtp2sms",
                        "-t", "smtp2sms-deliver", "-t", "smtp2sms-tls")

    def texts(self):
        """What the gateway has been sent, in order."""
        try:
            rows = self.read("var/log/gateway").splitlines()
        except FileNotFoundError:
            return []
        return [row for row in map(json.loads, rows)
                if row["method"] == "POST"]

    def curl(self, name, url="smtp://127.0.0.1:587", *words):
        return self.run(
            "curl", "-sS", *words, "--url", url, "--mail-from", "a@c.test",
            "--mail-rcpt", "+4915112345678@sms.test", "--upload-file", "-",
            stdin=MAIL % (name, name))

    def stop(self):
        if self.child is None:
            return
        if self.child.poll() is None and self.leader():
            self.run("systemctl", "poweroff", code=None)
        try:
            self.child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.child.terminate()
            self.child.wait()
        shutil.rmtree(ROOT, ignore_errors=True)


if os.getuid() != 0:
    tap.skip_all("root boots it")
for program in "mmdebstrap", "systemd-nspawn", "openssl":
    if shutil.which(program) is None:
        tap.skip_all("no " + program)

MACHINE = Machine()
atexit.register(MACHINE.stop)


def sessions(count, at_a_time, *words, port=587):
    """A client's command: so many sessions, so many at a time."""
    return ("/client", "-n", str(count), "-c", str(at_a_time), *words,
            str(port))


@tap.test("it boots, and README's three commands start the port")
def boot():
    MACHINE.boot()
    MACHINE.run("systemctl", "enable", "--now", "gateway")
    for line in readme_commands().splitlines():
        words = line.strip()
        if words.startswith("cp contrib/"):
            *files, to = words.split()[1:]
            for name in files:
                shutil.copy(os.path.join(TOP, name), MACHINE.path(to))
        else:
            MACHINE.run("sh", "-ec", words)
    shutil.copy(os.path.join(TOP, "contrib/systemd/smtp2sms-smtps.socket"),
                MACHINE.path("/etc/systemd/system/"))
    MACHINE.run("systemctl", "daemon-reload")
    MACHINE.run("systemctl", "stop", "smtp2sms.service")
    MACHINE.run("systemctl", "enable", "--now", "smtp2sms-smtps.socket")
    tap.is_(MACHINE.state("smtp2sms.socket"), "active", "the port is open")
    tap.is_(MACHINE.state("smtp2sms.service"), "inactive", "no process yet")
    MACHINE.curl("first")
    tap.is_(MACHINE.state("smtp2sms.service"), "active",
            "the first connection starts it")
    tap.like(json.dumps(MACHINE.texts()), "first", "the gateway has the SMS")


@tap.test("what systemd-analyze says of its walls")
def walls():
    said = MACHINE.run("systemd-analyze", "security", "--no-pager",
                       "smtp2sms.service")
    level = float(re.search(r"exposure level for smtp2sms.service: ([\d.]+)",
                            said).group(1))
    tap.ok(level < 2.0, "exposure %.1f is below 2.0" % level, said)


@tap.test("a broken configuration is seen, and put right without a restart")
def broken():
    conf = MACHINE.read("etc/smtp2sms.conf")

    def status():
        return MACHINE.run("systemctl", "status", "--no-pager",
                           "smtp2sms.service", code=None)
    MACHINE.curl("before")
    tap.like(status(), "Status: .Serving 2 sockets", "systemctl status")
    MACHINE.write("etc/smtp2sms.conf", conf + "nonsense yes\n")
    try:
        MACHINE.curl("refused")
        said = ""
    except AssertionError as why:
        said = str(why)
    tap.like(said, "421", "broken: clients are told 421")
    tap.like(status(), "Status: .The configuration is broken",
             "systemctl status says so")
    tap.like(MACHINE.journal(), "smtp2sms.conf:[0-9]+.*nonsense",
             "the journal says where")
    MACHINE.write("etc/smtp2sms.conf", conf)
    MACHINE.curl("mended")
    tap.like(status(), "Status: .Serving", "mended, the next mail goes out")
    before = MACHINE.journal().count("event=renewed")
    MACHINE.run("systemctl", "reload", "smtp2sms.service")
    tap.ok(wait_until(lambda: MACHINE.journal().count("event=renewed") >
                      before, PATIENCE), "systemctl reload")
    MACHINE.curl("reloaded")


@tap.test("smtp2sms-tls is killed, and the next connection has TLS")
def tls_killed():
    MACHINE.curl("tls", "smtp://localhost:587", "--ssl-reqd", "--cacert",
                 "/etc/smtp2sms/cert.pem")
    MACHINE.run("pkill", "-9", "-x", "smtp2sms-tls")
    MACHINE.curl("tls again", "smtp://localhost:587", "--ssl-reqd",
                 "--cacert", "/etc/smtp2sms/cert.pem")
    tap.is_(MACHINE.run("systemctl", "show", "-P", "NRestarts",
                        "smtp2sms.service").strip(), "0", "no restart")


def served(name):
    """Send a mail; who is told 421 comes again, as a mail server would."""
    def sent():
        try:
            return MACHINE.curl(name) or True
        except AssertionError as why:
            assert "421" in str(why), why
            return False
    assert wait_until(sent, PATIENCE), "nobody is served"


STORM = """
import socket, time
began, held = time.monotonic(), []
for i in range(%d):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(("127.0.0.1", 587))
    held.append(s)
print(time.monotonic() - began)
time.sleep(%f)
"""


@tap.test("a storm does not shut the port")
def storm():
    for count, hold in ((1500, 0.05), (1500, 0.05), (9000, 2)):
        MACHINE.run("sh", "-c", "ulimit -n 20000; exec python3 -c '%s'"
                    % (STORM % (count, hold)).replace("'", '"'))
        began = time.monotonic()
        served("after %d" % count)
        tap.ok(True, "%d connections, then a mail in %.2f s"
               % (count, time.monotonic() - began))
        tap.is_((MACHINE.state("smtp2sms.socket"),
                 MACHINE.state("smtp2sms.service")), ("active", "active"),
                "the units are active")


@tap.test("sessions, fifty at a time, in clear and in TLS")
def many():
    before = len(MACHINE.texts())
    for count, words, port in (
            (10000, (), 587), (1000, ("-C", "/etc/smtp2sms/cert.pem"), 465)):
        seconds = float(MACHINE.run(*sessions(count, 50, *words,
                                              port=port)).split()[-1])
        tap.ok(True, "%d sessions in %.1f s" % (count, seconds))
    tap.is_(len(MACHINE.texts()) - before, 11000, "each is an SMS")
    tap.is_(MACHINE.run("systemctl", "show", "-P", "NRestarts",
                        "smtp2sms.service").strip(), "0", "no restart")


@tap.test("it ends when nobody comes, and starts again")
def idle():
    tap.ok(wait_until(lambda: MACHINE.state("smtp2sms.service") == "inactive",
                      PATIENCE), "it ends")
    tap.is_(MACHINE.run("pgrep", "-f", "smtp2sms", code=None), "",
            "no process is left")
    MACHINE.curl("again")
    tap.like(json.dumps(MACHINE.texts()[-1]), "again", "and starts again")


def subject(port, *words):
    return MACHINE.run("sh", "-c", "openssl s_client -connect 127.0.0.1:%d %s "
                       "</dev/null 2>/dev/null | openssl x509 -noout -subject"
                       % (port, " ".join(words)))


@tap.test("a renewed certificate is used from the next connection on")
def renewal():
    tap.like(subject(465), "O = first", "port 465")
    tap.like(subject(587, "-starttls smtp"), "O = first", "STARTTLS")
    MACHINE.certify("second")
    tap.ok(wait_until(lambda: "second" in subject(465), PATIENCE), "port 465")
    tap.like(subject(587, "-starttls smtp"), "O = second", "STARTTLS")


HOLD = """
import socket
s = socket.create_connection(("127.0.0.1", 587))
print(s.recv(100), flush=True)
while s.recv(100):
    pass
"""


@tap.test("LoadCredential=: never root, and a renewal needs a restart")
def credentials():
    folder = "/etc/systemd/system/smtp2sms.service.d"
    MACHINE.run("mkdir", "-p", folder)
    shutil.copy(os.path.join(TOP, "contrib/systemd/credentials.conf"),
                MACHINE.path(folder))
    MACHINE.run("chmod", "600", "/etc/smtp2sms/key.pem")
    MACHINE.run("systemctl", "daemon-reload")
    MACHINE.run("systemctl", "restart", "smtp2sms.service")
    MACHINE.curl("secured", "smtp://localhost:587", "--ssl-reqd", "--cacert",
                 "/etc/smtp2sms/cert.pem")
    owners = MACHINE.run("sh", "-c", "ps -o user= -p $(pgrep -d, smtp2sms)")
    tap.is_(set(owners.split()), {"smtp2sms"}, "no process of it is root's")
    said = MACHINE.run("systemd-analyze", "security", "--no-pager",
                       "smtp2sms.service")
    tap.ok(float(re.search(r"exposure level for \S+: ([\d.]+)",
                           said).group(1)) <= 1.3, "its walls", said)
    # a session, so that it does not end and start again by itself
    holder = MACHINE.start("python3", "-c", HOLD)
    holder.stdout.readline()
    MACHINE.certify("third")
    tap.ok("third" not in subject(465), "a renewed certificate")
    MACHINE.run("systemctl", "restart", "smtp2sms.service")
    holder.wait(PATIENCE)
    tap.like(subject(465), "O = third", "is used after a restart")
    tap.like(subject(587, "-starttls smtp"), "O = third", "STARTTLS, too")
    MACHINE.run("rm", "-r", folder)
    MACHINE.run("systemctl", "daemon-reload")
    MACHINE.run("systemctl", "restart", "smtp2sms.service")


@tap.test("systemctl restart under load loses no session")
def restart():
    before = len(MACHINE.texts())
    load = MACHINE.start(*sessions(3000, 20))
    restarts = 0
    while load.poll() is None and restarts < 20:
        MACHINE.run("systemctl", "restart", "smtp2sms.service")
        restarts += 1
        time.sleep(0.2)
    said, _ = load.communicate(timeout=300 * SLOW)
    tap.is_(load.returncode, 0, "%d restarts: no client fails" % restarts,
            said)
    tap.ok(restarts > 1, "there were some")
    tap.is_(len(MACHINE.texts()) - before, 3000, "each is an SMS")


POSTFIX = """
postconf -e 'inet_interfaces = loopback-only' 'mydestination = mta.test' \
    'myhostname = mta.test' 'smtp_tls_security_level = none' \
    'transport_maps = inline:{ { sms.test = smtp:[127.0.0.1]:587 } }' \
    'minimal_backoff_time = 2s' 'maximal_backoff_time = 5s' \
    'queue_run_delay = 2s' 'smtp_destination_concurrency_limit = 4'
systemctl restart postfix
"""


@tap.test("a reboot, with mails on their way from Postfix")
def reboot():
    MACHINE.run("sh", "-ec", POSTFIX)
    MACHINE.run("systemctl", "enable", "postfix")
    names = ["reboot-%d" % i for i in range(200)]
    before = len(MACHINE.texts())
    for i in range(0, 200, 20):
        MACHINE.run("sh", "-ec", "".join(
            "printf 'Message-ID: <%s@b.test>\\n\\n%s\\n' | sendmail "
            "-f a@c.test +4915112345678@sms.test\n" % (n, n)
            for n in names[i:i + 20]))
        if i == 100:
            MACHINE.run("systemctl", "reboot", code=None)
            # systemd-nspawn leaves the new start to whoever called it
            MACHINE.child.wait(PATIENCE)
            MACHINE.boot()
            MACHINE.run("systemctl", "start", "postfix")

    def arrived():
        said = json.dumps(MACHINE.texts()[before:])
        return [n for n in names if re.search(r"\b%s\b" % n, said)]

    wait_until(lambda: len(arrived()) == 200, PATIENCE)
    tap.is_(sorted(set(names) - set(arrived())), [], "all are at the gateway",
            MACHINE.run("postqueue", "-p"))
    ids = [row.get("id") for row in MACHINE.texts()[before:]]
    tap.ok(len(ids) >= 200, "%d requests for 200 mails" % len(ids))


def in_shell(commands):
    return MACHINE.run("sh", "-ec", commands)


@tap.test("--setup opens the port, and can be undone")
def setup():
    MACHINE.run("systemctl", "disable", "--now", "smtp2sms.socket",
                "smtp2sms-smtps.socket", "smtp2sms.service")
    in_shell("rm -r /etc/smtp2sms* /etc/systemd/system/smtp2sms*; "
             "userdel smtp2sms; rm -rf /var/lib/smtp2sms; "
             "systemctl daemon-reload")
    before = in_shell("ls /etc /etc/systemd/system /var/lib; cat /etc/passwd")
    said = in_shell("echo wonderland | smtp2sms --setup --hostname sms.test "
                    "--set base=http://127.0.0.1:8080 --set user=alice "
                    "--secret password=- --auth none --try +4915112345678")
    tap.like(said, "outcome: accepted", "the test SMS")
    tap.is_(MACHINE.state("smtp2sms.socket"), "active", "the port is open")
    MACHINE.curl("set up")
    tap.like(json.dumps(MACHINE.texts()[-1]), "set up", "a mail is an SMS")
    in_shell(re.search(r"To undo it, in this order:\n((?:  .*\n)+)",
                       said).group(1))
    tap.is_(in_shell("ls /etc /etc/systemd/system /var/lib; "
                     "cat /etc/passwd"), before, "undone: all is as before")
    tap.ok(MACHINE.state("smtp2sms.socket") != "active", "the port is shut")


tap.run(900)
