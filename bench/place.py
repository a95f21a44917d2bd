"""place: a temporary folder and the processes of a benchmark.

Everything listens on 127.0.0.1, on a port that is free, and is ended by its
pid.  A contender is something that speaks SMTP under tcpserver.  A library:
as a program it has nothing to measure.
"""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
BUILD = os.path.join(TOP, "build")
# another build of the programs: to hold one against the other
HOME = os.path.dirname(os.environ.get("SMTP2SMS") or
                       os.path.join(TOP, "smtp2sms"))
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin:/usr/local/sbin"
NUMBER = "+4915112345678"
PATIENCE = 10           # seconds that a start or an end may take
BACKLOG = "1000"        # tcpserver's own is 20: a burst would wait a second
LIMIT = "2000"          # sessions at a time; tcpserver's own is 40

NGINX = """daemon off;
{user}
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/nginx.error;
worker_rlimit_nofile 4096;
events {{ worker_connections 2000; }}
http {{
    access_log off;
    client_body_temp_path {dir}/nginx.body;
    proxy_temp_path {dir}/nginx.proxy;
    fastcgi_temp_path {dir}/nginx.fastcgi;
    uwsgi_temp_path {dir}/nginx.uwsgi;
    scgi_temp_path {dir}/nginx.scgi;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
    default_type application/json;
    server {{
        listen 127.0.0.1:{http} backlog=1000;
        listen 127.0.0.1:{https} ssl http2 backlog=1000;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate {dir}/cert.pem;
        ssl_certificate_key {dir}/key.pem;
        location = /messages {{
            return 202 '{{"id":"$request_id","state":"Pending"}}';
        }}
        location = /health {{
            {seen}
            return 200 '{{"status":"pass"}}';
        }}
        location = /devices {{
            return 200 '[]';
        }}
    }}
}}
"""
CONFIG = """hostname sms.test
libexec {home}
descriptors {top}/gateways
log stderr
set base {base}
{device}
set user bench
secret password {dir}/secret
gateway-ca {dir}/cert.pem
timeout-greeting 3600
max-messages 1000000
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def wait_until(condition, seconds=PATIENCE):
    """The value of the condition, once it holds or the time is up."""
    limit = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < limit:
        time.sleep(0.002)
    return value


def listens(port):
    """Somebody listens on this port; found out without a connection."""
    with open("/proc/net/tcp") as file:
        return any(fields[3] == "0A" and
                   int(fields[1].rpartition(":")[2], 16) == port
                   for fields in map(str.split, file.readlines()[1:]))


def read(path):
    with open(path, errors="replace") as file:
        return file.read()


def state(pid):
    """(name, fields from the state on) of /proc/PID/stat; ("", ["Z"]) if
    there is no such process or it has ended."""
    try:
        head, _, rest = read("/proc/%d/stat" % pid).rpartition(")")
    except OSError:
        return "", ["Z"]
    fields = rest.split()
    return "" if fields[0] == "Z" else head.partition("(")[2], fields


def process_name(pid):
    """The program's name; "" if there is no such process."""
    return state(pid)[0]


def cpu_time(pid):
    """Seconds that a process and all its ended children have used."""
    return sum(map(int, state(pid)[1][11:15])) / os.sysconf("SC_CLK_TCK")


def below(pid):
    """Every process below this one."""
    parents = {}
    for child in map(int, filter(str.isdigit, os.listdir("/proc"))):
        name, fields = state(child)
        if name:
            parents.setdefault(int(fields[1]), []).append(child)
    found, todo = [], [pid]
    while todo:
        some = parents.get(todo.pop(), [])
        found += some
        todo += some
    return found


class Group:
    """A control group (cgroups(7)): what processor time all processes that
    were ever in it have used."""

    ROOTS = (("/sys/fs/cgroup/cpuacct", "cpuacct.usage", r"()(\d+)", 1e9),
             ("/sys/fs/cgroup", "cpu.stat", r"(usage_usec) (\d+)", 1e6))

    def __init__(self, root, file, pattern, unit):
        self.path = tempfile.mkdtemp(prefix="smtp2sms-bench.", dir=root)
        self.file, self.pattern, self.unit = file, pattern, unit
        try:
            self.seconds()
        except OSError:
            os.rmdir(self.path)
            raise

    def seconds(self):
        text = read(os.path.join(self.path, self.file))
        return int(re.search(self.pattern, text)[2]) / self.unit

    def enter(self):
        with open(os.path.join(self.path, "cgroup.procs"), "w") as file:
            file.write("0")

    def remove(self):
        wait_until(lambda: not read(os.path.join(self.path, "cgroup.procs")))
        os.rmdir(self.path)


class Place(contextlib.ExitStack):
    """A folder, and what runs in it; on exit nothing of either is left."""

    around = []             # a command to start tcpserver and agent with

    def __init__(self):
        super().__init__()
        self.dir = tempfile.mkdtemp(prefix="smtp2sms-bench.")
        self.callback(shutil.rmtree, self.dir, ignore_errors=True)
        os.chmod(self.dir, 0o755)
        self.certificate()
        self.write("secret", "wonderland\n")

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def certificate(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-keyout",
             self.path("key.pem"), "-out", self.path("cert.pem"), "-days",
             "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost,IP:127.0.0.1"],
            check=True, capture_output=True)

    def group(self):
        """A new control group, or None where there can be none."""
        for root in Group.ROOTS:
            with contextlib.suppress(OSError):
                group = Group(*root)
                self.callback(group.remove)
                return group
        return None

    def start(self, command, ready, group=None, **more):
        """A process that is ended with the place; wait until ready()."""
        with open(self.path("log"), "ab") as log:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stderr=log, cwd=self.dir,
                env=dict(os.environ, PATH=PATH),
                preexec_fn=group.enter if group else None,
                **dict({"stdout": log}, **more))
        self.callback(self.end, child)
        if not wait_until(lambda: ready() or child.poll() is not None) or \
                child.poll() is not None:
            sys.exit("%s does not start:\n%s" % (
                command[0], read(self.path("log"))[-2000:]))
        return child

    @staticmethod
    def end(child):
        if child.poll() is not None:
            return
        child.terminate()
        try:
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def nginx(self):
        """The gateway; (port of HTTP, port of HTTPS)."""
        ports = free_port(), free_port()
        root = os.geteuid() == 0
        self.write("nginx.conf", NGINX.format(
            dir=self.dir, http=ports[0], https=ports[1],
            user="user root;" if root else "",
            seen="access_log %s/seen;" % self.dir))
        self.start(["nginx", "-p", self.dir, "-e", self.path("nginx.error"),
                    "-c", self.path("nginx.conf")],
                   lambda: listens(ports[0]) and listens(ports[1]))
        return ports

    def delay(self, port, ms):
        """A port that is that one, with a round trip of ms milliseconds."""
        own = free_port()
        self.start([sys.executable, os.path.join(HERE, "delay.py"),
                    str(own), str(port), str(ms)], lambda: listens(own))
        return own

    def tcpserver(self, command, group=None):
        """The command for each connection; (port, pid)."""
        port = free_port()
        child = self.start(
            self.around + [
                "tcpserver", "-R", "-H", "-l", "0", "-b", BACKLOG, "-c",
                LIMIT, "127.0.0.1", str(port)] + command,
            lambda: listens(port), group)
        return port, child.pid

    def configure(self, base, device="set device bench"):
        """A configuration for the gateway at this URL; its file."""
        name = "smtp2sms.%s%s.conf" % (base.rpartition(":")[2],
                                       "" if device else ".no-device")
        return self.write(name, CONFIG.format(
            home=HOME, top=TOP, dir=self.dir, base=base, device=device))

    def smtp2sms(self, config, *settings, dash=()):
        """Its command line; settings are lines of the configuration."""
        command = [os.path.join(HOME, "smtp2sms"), *dash, "-f", config]
        for setting in settings:
            command += ["-o", setting]
        return command

    def agent(self, config, *settings, group=None):
        """A delivery agent for this configuration: (its socket, pid)."""
        path = self.path("agent.%d" % len(os.listdir(self.dir)))
        command = self.around + [
            "systemd-socket-activate", "-l", path,
            os.path.join(HOME, "smtp2sms-deliver"), "-f", config]
        for setting in settings:
            command += ["-o", setting]
        child = self.start(command, lambda: os.path.exists(path), group)
        return path, child.pid
