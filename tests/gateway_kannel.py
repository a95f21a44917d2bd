"""Kannel for real: a mail goes in, and the SMS comes out at its fake SMSC.

bearerbox, smsbox and fakesmsc (Debian: kannel, kannel-extras) run below us,
on free ports of the loopback, with a configuration of their own.
"""

import atexit
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

import link_lib
import tap
from foreign import need
from gateway import closed_port
from smtp import NUMBER, SLOW, Session, own_credentials, wait_until

PASSWORD = "k&n=el +%/secret"
OTHER = "+12025550123"
UNROUTABLE = "+4990112345678"
DENIED = "+4991112345678"
WAIT = 10 * SLOW

CONFIGURATION = """
group = core
admin-port = %(admin)d
admin-interface = 127.0.0.1
admin-password = status
smsbox-port = %(box)d
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
log-level = 0

group = smsc
smsc = fake
smsc-id = fake
port = %(smsc)d
connect-allow-ip = 127.0.0.1
denied-prefix = "+4990"

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = %(http)d
sendsms-interface = 127.0.0.1
global-sender = 13013

group = sendsms-user
username = kannel-user
password = "%(password)s"
max-messages = 10
concatenation = true
black-list-regex = "^[+]4991"
"""


def listens(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


class Kannel:
    """The three programs, and what came out of the last."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="smtp2sms-kannel.")
        self.running = {}
        atexit.register(self.close)
        self.port = {name: closed_port()
                     for name in ("admin", "box", "smsc", "http")}
        self.conf = os.path.join(self.dir, "kannel.conf")
        with open(self.conf, "w") as file:
            file.write(CONFIGURATION % dict(self.port, password=PASSWORD))
        self.seen = 0
        self.start("bearerbox", "bearerbox", "-v", "4", self.conf)
        self.await_("bearerbox", lambda: listens(self.port["box"])
                    and listens(self.port["admin"]))
        self.start_smsc()
        self.start("smsbox", "smsbox", "-v", "4", self.conf)
        self.await_("smsbox", lambda: listens(self.port["http"])
                    and "smsbox:" in self.status())

    def start(self, name, *command):
        with open(os.path.join(self.dir, name + ".log"), "ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=self.dir, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)

    def start_smsc(self):
        """A fake SMSC, which itself sends nothing (-m 0)."""
        self.start("fakesmsc", FAKESMSC, "-H", "127.0.0.1", "-r",
                   str(self.port["smsc"]), "-m", "0", "1 2 text nothing")
        self.await_("fakesmsc", lambda: "(online" in self.status())

    def stop(self, name):
        child = self.running.pop(name)
        child.terminate()
        try:
            child.wait(WAIT)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def await_(self, what, condition):
        if not wait_until(condition, 20):
            raise TimeoutError("%s is not there: %s" % (what, self.log(what)))

    def status(self):
        """What bearerbox says of itself."""
        url = "http://127.0.0.1:%d/status.txt?password=status" % (
            self.port["admin"])
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def log(self, name):
        with open(os.path.join(self.dir, name + ".log"),
                  encoding="utf-8", errors="replace") as file:
            return file.read()

    def messages(self, count):
        """The next messages that came out: (sender, number, text)."""
        def found():
            return re.findall(r"Got message \d+: <(.*)>$",
                              self.log("fakesmsc"), re.M)[self.seen:]
        wait_until(lambda: len(found()) >= count, 10)
        time.sleep(0.2 * SLOW)      # would there be one more?
        new = found()
        self.seen += len(new)
        return [parse(line) for line in new]

    def close(self):
        for name in list(self.running):
            self.stop(name)
        shutil.rmtree(self.dir, ignore_errors=True)


def parse(line):
    """(sender, number, text) as fakesmsc shows a message."""
    sender, number, kind, rest = line.split(" ", 3)
    if kind == "text":
        return sender, number, rest
    if kind == "ucs-2":
        return sender, number, urllib.parse.unquote_to_bytes(
            rest.replace("+", " ")).decode("utf-16-be")
    assert kind == "udh", line
    rest = rest.split(" ", 2)[2]    # its header, "data"
    return sender, number, urllib.parse.unquote_to_bytes(
        rest.replace("+", " ")).decode("utf-16-be")


try:
    FAKESMSC = need("bearerbox", "smsbox", "fakesmsc")
except tap.Skip as missing:
    tap.skip_all(missing)

kannel = Kannel()
LINES = ["gateway kannel", "set base http://127.0.0.1:%d"
         % kannel.port["http"], *own_credentials("kannel-user", PASSWORD)]


def send(text, numbers=(NUMBER,), lines=()):
    """The reply to a mail, and the log."""
    with Session([*LINES, *lines]) as s:
        s.ehlo()
        reply = s.send_message(text, numbers, headers=(
            "Message-ID: <%s@client.test>\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n" % time.time()))
        link_lib.leave(s)
        return reply, s.log()


@tap.test("an SMS comes out")
def gsm():
    # fakesmsc speaks in lines: this text has but one
    text = "Grüße & 5 € [2 + 2 = 4] 100% ~{a|b}^ \\ @ $ _ Ç é ñ"
    reply, log = send(text)
    tap.is_(reply.code, 250, "250", repr(reply), log)
    tap.is_(kannel.messages(1), [("13013", NUMBER, text)], "as it went in")


@tap.test("a sender")
def sender():
    reply, log = send("from", lines=["set from Example"])
    tap.is_(reply.code, 250, "250", repr(reply), log)
    tap.is_(kannel.messages(1), [("Example", NUMBER, "from")], "Example")


@tap.test("UCS-2")
def ucs2():
    reply, log = send("日本 – Grüße 😀")
    tap.is_(reply.code, 250, "250", repr(reply), log)
    tap.is_(kannel.messages(1), [("13013", NUMBER, "日本 – Grüße 😀")],
            "as it went in")


@tap.test("ten parts")
def parts():
    text = "".join(chr(0x430 + i % 32) for i in range(670))
    reply, log = send(text)
    tap.ok(reply.code == 250 and "10 parts" in str(reply), "250",
           repr(reply), log)
    found = kannel.messages(10)
    tap.is_((len(found), "".join(m[2] for m in found)), (10, text),
            "ten messages, one text")


@tap.test("two recipients")
def two():
    reply, log = send("both", [NUMBER, OTHER])
    tap.is_(reply.code, 250, "250", repr(reply), log)
    tap.is_(sorted(m[1] for m in kannel.messages(2)), [OTHER, NUMBER],
            "two messages")


@tap.test("options")
def options():
    reply, log = send("soon", lines=["set ttl 600", "set priority 3"])
    tap.is_(reply.code, 250, "250", repr(reply), log)
    tap.is_([m[2] for m in kannel.messages(1)], ["soon"], "one message")


@tap.test("a data SMS")
def data():
    got, log = link_lib.send(LINES, None, "", [NUMBER], port=2948,
                             data="0041fe80")
    tap.is_([r[0] for r in got], ["accepted"], "accepted", log)
    kannel.messages(1)
    tap.like(kannel.log("fakesmsc"),
             r"udh %06%05%04%0B%84%0B%84 data %00A%FE%80>",
             "its ports and its octets come out")


@tap.test("a wrong password")
def password():
    reply, log = send("x", lines=own_credentials("kannel-user", "wrong"))
    tap.ok(reply.starts("535 5.7.8"), "535 5.7.8", repr(reply), log)
    tap.like(log, "Authorization failed", "the log says why")
    tap.ok(PASSWORD not in log, "and has no password", log)


@tap.test("a number without a route")
def unroutable():
    reply, log = send("x", [UNROUTABLE])
    tap.ok(reply.starts("554 5.0.0"), "554 5.0.0", repr(reply), log)
    tap.like(log, "Not routable", "the log says why")


@tap.test("a number that is denied, and one that is not")
def denied():
    reply, log = send("x", [DENIED])
    tap.ok(reply.starts("554 5.0.0"), "alone: 554 5.0.0", repr(reply), log)
    reply, log = send("y", [DENIED, NUMBER])
    tap.ok(reply.starts("554 5.0.0"), "with a good one: 554 5.0.0",
           repr(reply), log)
    tap.is_([m[1] for m in kannel.messages(1)], [NUMBER],
            "the good one has it")


@tap.test("the SMSC goes, and comes back")
def smsc():
    kannel.stop("fakesmsc")
    kannel.await_("fakesmsc", lambda: "(online" not in kannel.status())
    reply, log = send("later")
    tap.is_(reply.code, 250, "250: Kannel has queued it", repr(reply), log)
    kannel.start_smsc()
    tap.is_([m[2] for m in kannel.messages(1)], ["later"],
            "and now it comes out")


@tap.test("smsbox goes")
def smsbox():
    kannel.stop("smsbox")
    reply, log = send("x")
    tap.ok(reply.starts("451 4.4.1"), "451 4.4.1", repr(reply), log)
    tap.is_(kannel.messages(0), [], "nothing was sent")


tap.run()
