"""smtp2sms under systemd, with contrib/systemd.

First the units as systemd-analyze sees them, then the command of the service
under systemd-socket-activate, and then a systemd of our own: process 1 of new
namespaces, with a control group of its own and no units but ours, so that
every wall of the service stands while a mail goes through.
"""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading

import smtp
import tap
from gateway import Gateway
from server_lib import (CONTRIB, PATIENCE, Client, Place, Server, below,
                        check_all, check_broken, connection, need, need_root)
from smtp import SLOW, wait_until
from x509 import RsaKey, certify

SOCKET = "smtp2sms.socket"
SERVICE = "smtp2sms@.service"
CREDENTIALS = "credentials.conf"
TLS = "tls.conf"
GOOD = "Deactivated successfully"
EXPOSURE = 1.2      # by systemd-analyze security; 0 is best, 10 worst
TARGETS = ("basic.target", "sysinit.target", "sockets.target",
           "shutdown.target", "umount.target", "system.slice")

# Arguments: the place, whose folders units/ and local/ are all that the new
# systemd sees of units and of /usr/local; and a terminal as its console.
BOOT = """set -e
dir=$1
mount --make-rprivate /
mkdir "$dir/cgroup"
mount -t cgroup2 none "$dir/cgroup"
mkdir "$dir/cgroup/smtp2sms-test-$$"
echo $$ >"$dir/cgroup/smtp2sms-test-$$/cgroup.procs"
exec unshare --cgroup --pid --fork --ipc --uts --mount sh -ec '
dir=$1
mount -t proc proc /proc
umount -R /sys/fs/cgroup 2>/dev/null || umount -l /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /run
mount --bind "$dir/units" /usr/lib/systemd/system
mount -t tmpfs none /etc/systemd
mkdir /etc/systemd/system
mount --bind "$dir/local" /usr/local
mount --bind "$2" /dev/console
mount --make-rshared /
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=smtp2sms-test \\
    /lib/systemd/systemd --system --unit=test.target \\
    --log-target=console --log-level=info --show-status=no
' sh "$dir" "$2"
"""

# Argument: the process that BOOT was.
TIDY = """set -e
mount -t cgroup2 none /mnt
find "/mnt/smtp2sms-test-$1" -depth -type d -exec rmdir {} +
"""

gw = Gateway()


def path_of(name):
    """A unit, or a drop-in, below contrib/."""
    path = "systemd/accept-yes/" + name
    return path if os.path.exists(os.path.join(CONTRIB, path)) else \
        "systemd/" + name


def unit(place, name, *replacements):
    return place.contrib(path_of(name), *replacements)


def command_of(text):
    """The last ExecStart of a unit."""
    return re.findall(r"^ExecStart=(.+)$", text, re.M)[-1]


@tap.test("systemd-analyze")
def analyze():
    need("systemd-analyze")
    with Place(gw) as place:
        for name in (SOCKET, SERVICE):
            place.write("units/" + name, unit(place, name))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
             place.path("units", SOCKET), place.path("units", SERVICE)],
            capture_output=True, text=True)
        tap.is_((done.returncode, done.stdout + done.stderr), (0, ""),
                "verify has nothing to say")
        check_exposure(place, "alone")
        for name in CREDENTIALS, TLS:
            file = place.write("units/%s.d/%s" % (SERVICE, name),
                               unit(place, name))
            check_exposure(place, "with " + name)
            os.remove(file)


def check_exposure(place, what):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager",
         "--threshold=%d" % (EXPOSURE * 10), place.path("units", SERVICE)],
        capture_output=True, text=True)
    tap.is_(done.returncode, 0, "security, %s: at most %.1f"
            % (what, EXPOSURE), done.stdout)
    level = re.search(r"exposure level .*: ([0-9.]+) ", done.stdout)
    tap.note("exposure: " + level.group(1))


@tap.test("the service's command under systemd-socket-activate")
def activate():
    need("systemd-socket-activate")
    need_root()
    with Place(gw) as place:
        command = command_of(unit(place, SERVICE)).split()
        with Server(place, [
                "setpriv", "--reuid=nobody", "--regid=nogroup",
                "--clear-groups", "systemd-socket-activate", "--accept",
                "--inetd", "-l", "127.0.0.1:%d" % place.port,
                *command]) as server:
            check_all(server, gw)
            check_broken(place, server, gw)


def in_chroot():
    """The root is not the root of a file system."""
    with open("/proc/self/mountinfo") as file:
        return not any(line.split()[3:5] == ["/", "/"] for line in file)


class Systemd(Server):
    """A systemd of its own, with these units."""

    def __init__(self, place, *replacements, drop_in=None):
        need("unshare", "nsenter")
        need_root()
        if not os.path.exists("/lib/systemd/systemd"):
            raise tap.Skip("no systemd")
        if in_chroot():
            raise tap.Skip("systemd cannot make namespaces in a chroot")
        lay_out(place, replacements, drop_in)
        if subprocess.run(["unshare", "-mpCui", "--fork", "sh", "-c",
                           "mount -t cgroup2 none /mnt"],
                          stderr=subprocess.DEVNULL).returncode != 0:
            raise tap.Skip("no namespaces, or no cgroup2, to be had here")
        self.said_file = place.path("console")
        self.master, self.console = os.openpty()
        threading.Thread(target=self.listen, daemon=True).start()
        super().__init__(place, ["unshare", "-m", "sh", "-c", BOOT, "sh",
                                 place.dir, os.ttyname(self.console)],
                         log=place.path("log"))

    def listen(self):
        """Write down what systemd says on its console."""
        with open(self.said_file, "ab", 0) as file:
            try:
                while True:
                    file.write(os.read(self.master, 4096))
            except OSError:     # the other end was closed
                os.close(self.master)

    def end(self):
        """Its process 1 takes everything with it."""
        first = [pid for pid, _ in below(self.child.pid)
                 if smtp.process_name(pid) == "systemd"]
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        if not first:
            self.child.kill()

    def stop(self):
        if self.child is None:
            return
        pid = self.child.pid
        super().stop()
        os.close(self.console)
        subprocess.run(["unshare", "-m", "sh", "-c", TIDY, "sh", str(pid)],
                       check=True)

    def systemctl(self, *words):
        first = [pid for pid, _ in below(self.child.pid)
                 if smtp.process_name(pid) == "systemd"][0]
        return subprocess.run(
            ["nsenter", "-t", str(first), "-m", "-p", "systemctl",
             "--no-pager", *words], capture_output=True, text=True).stdout

    def said(self):
        with open(self.said_file, errors="replace") as file:
            return file.read()


def lay_out(place, replacements, drop_in):
    """local/ as "make install" leaves it, and units/."""
    local = place.path("local")
    for names in (("sbin", "smtp2sms"),
                  ("libexec", "smtp2sms", "smtp2sms-deliver"),
                  ("libexec", "smtp2sms", "smtp2sms-tls")):
        os.makedirs(os.path.join(local, *names[:-1]), exist_ok=True)
        shutil.copy(os.path.join(smtp.HOME, names[-1]),
                    os.path.join(local, *names))
    shutil.copytree(place.path("gateways"),
                    os.path.join(local, "share", "smtp2sms", "gateways"))
    place.program = "/usr/local/sbin/smtp2sms"
    place.config = "/usr/local/etc/smtp2sms.conf"
    configure(place, [])
    for name in TARGETS:
        place.write("units/" + name, "[Unit]\nDefaultDependencies=no\n")
    place.write("units/test.target", "[Unit]\nDefaultDependencies=no\n"
                "Wants=%s\n" % SOCKET)
    changes = [("StandardError=journal",
                "StandardError=append:" + place.path("log")), *replacements]
    for name in (SOCKET, SERVICE):
        place.write("units/" + name, unit(place, name, *[
            change for change in changes if change[0] in raw(name)]))
    if drop_in:
        place.write("units/%s.d/%s" % (SERVICE, drop_in), unit(
            place, drop_in, ("/etc/smtp2sms/", place.path("secrets/"))))


def ends(server):
    """How systemd says that each session has ended."""
    return re.findall(r"(?<=service: )%s|status=\S+" % GOOD, server.said())


def raw(name):
    with open(os.path.join(CONTRIB, path_of(name))) as file:
        return file.read()


def configure(place, lines):
    place.write("local/etc/smtp2sms.conf", "".join(
        line + "\n" for line in [
            "hostname sms.test", "domain sms.test", "set base " + gw.url,
            *lines]))


@tap.test("a mail through all the walls of the service")
def walls():
    with Place(gw) as place, Systemd(place) as server:
        check_all(server, gw)
        place.configure = lambda lines: configure(place, lines)
        check_broken(place, server, gw)
        tap.ok(wait_until(lambda: server.systemctl(
            "list-units", "--all", "--no-legend", "smtp2sms@*") == "",
            PATIENCE), "no unit is left, not even of the session that failed")
        server.wait_said("service: Deactivated successfully", 5)
        tap.is_(ends(server), [GOOD] * 4 + ["status=78/CONFIG", GOOD],
                "systemd hears of every session's status")


@tap.test("smtp2sms's own sandbox can be had inside of them")
def sandbox():
    check = ("ExecStart=/usr/local/sbin/smtp2sms -o",
             "ExecStart=/usr/local/sbin/smtp2sms -t -o")
    outside = subprocess.run([smtp.PROGRAM, "-t", "-f", "/dev/null"],
                             capture_output=True, text=True).stdout
    outside = re.search("^sandbox: .*", outside, re.M).group()
    with Place(gw) as place, Systemd(place, check) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.settimeout(PATIENCE * SLOW)
            said = client.recv(1000).decode()
        tap.is_(said.split("\n")[0], outside, "the same as outside")


@tap.test("the limits of the socket")
def limits():
    for old, new in (("MaxConnections=40", "MaxConnections=2"),
                     ("MaxConnectionsPerSource=10",
                      "MaxConnectionsPerSource=2")):
        with Place(gw) as place, Systemd(place, (old, new)) as server:
            one, two = Client(server.port), Client(server.port)
            tap.ok(turned_away(server), new + ": a third is turned away")
            one.quit()
            tap.ok(wait_until(lambda: not turned_away(server), PATIENCE),
                   "until one of them has ended")
            two.quit()


def turned_away(server):
    try:
        Client(server.port).quit()
        return False
    except OSError:
        return True


@tap.test("a secret as a credential: contrib/systemd/credentials.conf")
def credentials():
    gw.reset()
    with Place(gw) as place:
        place.write("secrets/password", "wonderland\n", 0o600)
        with Systemd(place, drop_in=CREDENTIALS) as server:
            configure(place, ["trust 127.0.0.1", "set user alice"])
            client = Client(server.port)
            client.must("EHLO client.test", "250")
            client.envelope()
            tap.like(client.data("by credential"), "^250 ",
                     "a trusted network's mail", server.log())
            client.quit()
        tap.is_([m["user"] for m in gw.messages], ["alice"],
                "is sent with the gateway's own password")


@tap.test("STARTTLS inside of the walls: contrib/systemd/tls.conf")
def starttls():
    gw.reset()
    with Place(gw) as place:
        os.mkdir(place.path("secrets"), 0o700)
        made = certify(RsaKey(), names=["IP:127.0.0.1"])
        place.write("secrets/key.pem", made.key.pem(), 0o600)
        place.write("secrets/cert.pem", made.pem)
        context = ssl.create_default_context(
            cafile=place.path("secrets", "cert.pem"))
        with Systemd(place, drop_in=TLS) as server:
            configure(place, ["auth-without-tls no"])
            client = Client(server.port)
            client.smtp._host = "127.0.0.1"
            client.smtp.starttls(context=context)
            client.login().envelope()
            tap.like(client.data("by TLS"), "^250 ", "a mail is accepted",
                     server.log())
            tap.like(client.quit(), "^221 ", "QUIT")
            tap.is_([m["textMessage"]["text"] for m in gw.messages],
                    ["by TLS"], "the gateway has it")
            event = connection(server, client)
            tap.is_(event and event["peer"], "127.0.0.1",
                    "the log has the client's address", server.log())
            server.wait_said("service: Deactivated successfully")
            tap.is_(ends(server), [GOOD], "the session has ended well",
                    server.said())


tap.run()
