"""The delivery side that sessions share, under systemd, with contrib/systemd.

The units as systemd-analyze sees them, then a systemd of our own (that of
server_systemd.py) with every wall of the services, where the sessions have no
network at all.
"""

import os
import re
import ssl
import subprocess
import threading
import time

import smtp
import tap

# It is a program; here only its systemd is wanted, and none of its tests.
_run, tap.run = tap.run, lambda: None
import server_systemd as base   # noqa: E402
tap.run = _run
tap._tests.clear()

from foreign import need_root   # noqa: E402
from server_lib import (PATIENCE, Client, Place, below, check_all,
                        need)   # noqa: E402
from smtp import SLOW, wait_until   # noqa: E402
from tls_lib import certificate   # noqa: E402

SOCKET, SERVICE = "smtp2sms-deliver.socket", "smtp2sms-deliver.service"
PROGRAM = "/usr/local/libexec/smtp2sms/smtp2sms-deliver"
DROP_IN, CREDENTIALS = "agent.conf", "deliver-credentials.conf"
USER = "smtp2sms:x:64999:64999::/nonexistent:/usr/sbin/nologin\n"
DELIVERY = "delivery /run/smtp2sms/deliver.sock"
RETRY = 5       # RestartSec

gw = base.gw
base_lay_out = base.lay_out
base.BOOT = base.BOOT.replace("mount -t tmpfs none /run\n", """\
mount -t tmpfs none /run
mount -t tmpfs none /var/lib
mount --bind "$dir/passwd" /etc/passwd
mount --bind "$dir/group" /etc/group
test ! -e "$dir/folder" || install -d -o smtp2sms -m 0700 /var/lib/smtp2sms
""")


def adapted(place, name, *changes):
    """A file of contrib/systemd for this place."""
    folder = "" if name.startswith(("smtp2sms-deliver", "deliver-")) else \
        "accept-yes/"
    return place.contrib("systemd/" + folder + name, *changes).replace(
        PROGRAM + " -o", place.deliver + " -f " + place.config + " -o"
    ).replace("/etc/smtp2sms/", place.path("secrets/"))


def lay_out(place, replacements, drop_in):
    """The units of the session and of the delivery side."""
    base_lay_out(place, replacements, drop_in)
    place.deliver = PROGRAM
    place.configure = lambda lines: base.configure(
        place, [place.delivery, *lines])
    place.configure(place.lines)
    for name, extra in (("passwd", USER), ("group", "smtp2sms:x:64999:\n")):
        with open("/etc/" + name) as file:
            kept = [line for line in file if not line.startswith("smtp2sms:")]
        place.write(name, "".join(kept) + extra)
    place.write("units/test.target", "[Unit]\nDefaultDependencies=no\n"
                "Wants=%s %s\n" % (base.SOCKET, SOCKET))
    place.write("units/" + SOCKET, adapted(place, SOCKET))
    place.write("units/" + SERVICE, adapted(
        place, SERVICE, ("StandardError=journal",
                         "StandardError=append:" + place.path("agent-log"))))
    for name in place.session_drop_ins:
        place.write("units/%s.d/%s" % (base.SERVICE, name),
                    adapted(place, name))
    for name in place.drop_ins:
        place.write("units/%s.d/%s" % (SERVICE, name), adapted(place, name))


base.lay_out = lay_out


class Installed(Place):
    def __init__(self, lines=(), drop_ins=()):
        super().__init__(gw)
        self.lines, self.drop_ins = lines, drop_ins
        self.delivery, self.session_drop_ins = DELIVERY, [DROP_IN]
        self.deliver = self.path("libexec", "smtp2sms-deliver")

    def agent_log(self):
        try:
            with open(self.path("agent-log"), errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""


class Systemd(base.Systemd):
    """The agent is none of its sessions."""

    def agents(self):
        return [pid for pid, _ in below(self.child.pid)
                if (smtp.process_name(pid) or "").startswith("smtp2sms-del")]

    def sessions(self):
        return [pid for pid in super().sessions()
                if pid not in self.agents()]


def send(server, text, login=True):
    """One session with one mail; the reply to it."""
    client = Client(server.port)
    if login:
        client.login()
    else:
        client.must("EHLO client.test", "250")
    client.envelope()
    reply = client.data(text)
    client.hang_up()
    return reply


def settings(name):
    return [line for line in base.raw(name).split("[Service]")[1].splitlines()
            if line and not line.startswith("#")]


@tap.test("the units")
def units():
    need("systemd-analyze")
    with Installed() as place:
        for name in (SOCKET, SERVICE, base.SOCKET, base.SERVICE):
            place.write("units/" + name, adapted(place, name))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
             place.path("units", SOCKET), place.path("units", SERVICE)],
            capture_output=True, text=True)
        tap.is_((done.returncode, done.stdout + done.stderr), (0, ""),
                "verify has nothing to say")
        check_exposure(place, SERVICE, base.EXPOSURE, "the delivery side")
        place.write("units/%s.d/%s" % (SERVICE, CREDENTIALS),
                    adapted(place, CREDENTIALS))
        check_exposure(place, SERVICE, base.EXPOSURE, "with its credentials")
        place.write("units/%s.d/%s" % (base.SERVICE, DROP_IN),
                    adapted(place, DROP_IN))
        check_exposure(place, base.SERVICE, 0.5, "a session without network")


def check_exposure(place, unit, limit, what):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager",
         "--threshold=%d" % (limit * 10), place.path("units", unit)],
        capture_output=True, text=True)
    tap.is_(done.returncode, 0, "security, %s: at most %.1f" % (what, limit),
            done.stdout)
    tap.note("exposure: " + re.search(r"exposure level .*: ([0-9.]+) ",
                                      done.stdout).group(1))


@tap.test("it has the session's walls")
def same():
    ours, theirs = settings(SERVICE), settings(base.SERVICE)
    missing = {line.split("=")[0] for line in theirs if line not in ours}
    tap.is_(missing, {"ExecStart", "StandardInput", "StandardOutput",
                      "SyslogIdentifier", "DynamicUser", "RuntimeMaxSec",
                      "TimeoutStopSec", "TasksMax", "MemoryMax",
                      # agent-users asks for users of the host by their ids
                      "PrivateUsers", "SystemCallFilter"},
            "of the session's alone")
    tap.is_([line for line in theirs if line not in ours and
             line.startswith("SystemCallFilter")],
            ["SystemCallFilter=landlock_create_ruleset landlock_add_rule "
             "landlock_restrict_self"], "it makes no sandbox of its own")


@tap.test("mails through all the walls")
def walls():
    with Installed(["journal /var/lib/smtp2sms"]) as place, \
            Systemd(place) as server:
        tap.is_(server.agents(), [], "at rest there is no process")
        check_all(server, gw)
        tap.is_(len(server.agents()), 1, "one delivery side for all of them")
        owners = {smtp.process_status(pid, "Uid")
                  for pid in server.agents()}
        tap.ok(0 not in owners, "it is not root's", owners)
        tap.is_(place.agent_log(), "", "it has nothing to complain about")


@tap.test("a session has no network")
def network():
    with Installed() as place, Systemd(place) as server:
        client = Client(server.port)
        mine = os.stat("/proc/self/ns/net").st_ino
        theirs = {os.stat("/proc/%d/ns/net" % pid).st_ino
                  for pid in server.sessions()}
        tap.ok(theirs and mine not in theirs, "it is in an empty one", theirs)
        client.login().envelope()
        tap.like(client.data("from nowhere"), "^250 ", "and sends a mail")
        client.quit()


@tap.test("at rest")
def rest():
    with Installed(["agent-idle 1"]) as place, Systemd(place) as server:
        gw.reset()
        tap.like(send(server, "first"), "^250 ", "a mail wakes it")
        tap.ok(wait_until(lambda: not server.agents(), PATIENCE),
               "a second later it has gone")
        tap.is_(server.sessions(), [], "and there is no process of ours")
        tap.like(send(server, "second"), "^250 ", "the next mail wakes it")
        tap.is_(len(gw.messages), 2, "both were sent")


@tap.test("stopped with a mail under way")
def stopped():
    with Installed() as place, Systemd(place) as server:
        gw.reset()
        gw.queue("delay:1500")
        replies = []
        thread = threading.Thread(
            target=lambda: replies.append(send(server, "under way")))
        thread.start()
        gw.wait_for(lambda: gw.posts())
        server.systemctl("stop", SERVICE)
        thread.join()
        tap.like(replies[0], "^250 ", "it has its answer first")
        tap.like(send(server, "after that"), "^250 ",
                 "and the next session wakes another")
        tap.is_(len(gw.messages), 2, "both were sent, and once")


@tap.test("a secret as a credential: contrib/systemd/deliver-credentials.conf")
def credentials():
    gw.reset()
    with Installed(["trust 127.0.0.1", "set user alice"],
                   [CREDENTIALS]) as place:
        place.write("secrets/password", "wonderland\n", 0o600)
        with Systemd(place) as server:
            tap.like(send(server, "by credential", login=False), "^250 ",
                     "a trusted network's mail", place.agent_log())
    tap.is_([m["user"] for m in gw.messages], ["alice"],
            "is sent with the gateway's own password")


@tap.test("the journal of sessions that share nothing: journal.conf")
def journal():
    for drop_ins in ["journal.conf"], []:
        with Installed(["journal /var/lib/smtp2sms"]) as place:
            place.delivery, place.session_drop_ins = "delivery spawn", drop_ins
            place.write("folder", "")
            gw.reset()
            with Systemd(place) as server:
                replies = [send(server, "once") for _ in range(2)]
                log = server.log()
        if drop_ins:
            tap.is_([r[:4] for r in replies], ["250 "] * 2,
                    "the same mail twice", log)
            tap.is_(len(gw.posts()), 1, "is sent once")
        else:
            tap.is_([r[:4] for r in replies], ["451 "] * 2,
                    "without it nothing is sent", log)
            tap.like(log, 'error="[^"]*journal: .*Read-only', "and the log says why")


@tap.test("logins of a file, inside of the walls")
def users():
    need_root()
    gw.reset()
    made = subprocess.run([os.path.join(smtp.HOME, "smtp2sms-deliver"),
                           "--hash", "alice"], input="wonderland\n",
                          capture_output=True, text=True, check=True)
    with Installed() as place:
        file = place.write("local/etc/users", made.stdout.rstrip("\n") +
                           " gateway-user=alice gateway-password=wonderland\n",
                           0o400)
        os.chown(file, 64999, 64999)
        place.lines = ["auth users /usr/local/etc/users"]
        with Systemd(place) as server:
            tap.like(send(server, "a login"), "^250 ", "a right password",
                     place.agent_log())
            client = Client(server.port)
            client.must("EHLO client.test", "250")
            tap.like(client.cmd("AUTH PLAIN " + smtp.b64("\0alice\0wrong")),
                     "^535 ", "a wrong one")
            client.quit()


@tap.test("STARTTLS: tls.conf beside agent.conf")
def starttls():
    gw.reset()
    made = certificate("good")
    with Installed(["auth-without-tls no"]) as place:
        for ours, theirs in (("server.pem", "cert.pem"),
                             ("server.key", "key.pem")):
            with open(made.path(ours)) as file:
                place.write("secrets/" + theirs, file.read(), 0o600)
        context = ssl.create_default_context(cafile=made.ca)
        with Systemd(place, drop_in="tls.conf") as server:
            client = Client(server.port)
            client.smtp._host = "localhost"
            client.smtp.starttls(context=context)
            client.login().envelope()
            tap.like(client.data("by TLS"), "^250 ", "a mail is accepted",
                     server.log())
            client.quit()


@tap.test("a broken configuration, put right")
def broken():
    with Installed(["gateway nothing", "timeout-gateway 2"]) as place, \
            Systemd(place) as server:
        gw.reset()
        try:
            reply = send(server, "too early")
        except (AssertionError, OSError) as error:
            reply = str(error)
        tap.like(reply, "4[25]1 4", "not now")
        tap.like(place.agent_log(), "nothing.json", "the log says why")
        starts = place.agent_log().count("nothing.json")
        time.sleep(3 * SLOW)
        tap.ok(place.agent_log().count("nothing.json") <= starts + 2,
               "it is not tried all the time", place.agent_log())
        place.configure(["timeout-gateway 2"])
        tap.ok(wait_until(lambda: retry(server), 2 * RETRY + PATIENCE),
               "put right, it works without further ado", server.said())


def retry(server):
    try:
        return send(server, "later").startswith("250 ")
    except (AssertionError, OSError):
        return False


tap.run()
