"""smtp2sms --setup, as root on a system that nobody else sees: layers_lib.py.
There is no systemd in it; tests/booted.py has one.
"""

import glob
import json
import os
import pty
import pwd
import re
import select
import shutil
import stat
import subprocess
import time
import urllib.parse

import layers_lib
import tap
from gateway import Gateway
from smtp import SLOW, TOP

SETUP = "/usr/local/sbin/smtp2sms"
CONF = "/etc/smtp2sms.conf"
FOLDER = "/etc/smtp2sms"
PATIENCE = 30 * SLOW
NUMBER = "+4915112345678"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def setup(*words, stdin="", code=0):
    done = subprocess.run([SETUP, "--setup", *words], input=stdin, text=True,
                          capture_output=True, timeout=PATIENCE, check=False)
    tap.is_(done.returncode, code, "--setup %s: exit %d" % (
        " ".join(words)[:50], code), done.stdout, done.stderr)
    return done.stdout + done.stderr


def made():
    """What there is of ours: {path: (kind and mode, owner, group)}."""
    found = {}
    for path in [CONF, *glob.glob(CONF + ".*"), FOLDER, *glob.glob(
            FOLDER + "/*"), "/var/lib/smtp2sms"]:
        if os.path.lexists(path):
            s = os.lstat(path)
            found[path] = (stat.filemode(s.st_mode), s.st_uid, s.st_gid)
    return found


def has_user():
    try:
        return pwd.getpwnam("smtp2sms")
    except KeyError:
        return None


def undo(said):
    """Run the commands that it says undo it all."""
    commands = re.search(r"To undo it, in this order:\n((?:  .*\n)+)", said)
    subprocess.run(["sh", "-e"], input=commands.group(1), text=True,
                   check=True)


def clean():
    """Leave nothing for the next test."""
    for path in made():
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)
    if has_user():
        subprocess.run(["userdel", "smtp2sms"], check=True,
                       capture_output=True)


def fresh(function):
    """Decorator: it finds nothing of ours, and a gateway."""
    def run():
        clean()
        with Gateway(users={"USER": "PASSWORD"}) as gateway:
            function(gateway)
    return run


def account(gateway):
    return ("--set", "base=" + gateway.url, "--set", "user=USER",
            "--secret", "password=-")


def mail(*login):
    """A session as a super-server would start it; what it answers."""
    lines = ["EHLO c.test", *login, "MAIL FROM:<a@c.test>",
             "RCPT TO:<%s@sms.test>" % NUMBER, "DATA",
             "Message-ID: <1@c.test>\r\n\r\nfrom a mail\r\n.", "QUIT"]
    done = subprocess.run(
        ["setpriv", "--reuid", "smtp2sms", "--regid", "smtp2sms",
         "--clear-groups", SETUP, "-o", "log=stderr"],
        input="".join(line + "\r\n" for line in lines), text=True,
        capture_output=True, timeout=PATIENCE, check=False)
    return done.stdout + done.stderr


@tap.test("from options: files, owners, modes; an SMS; a mail; and undone")
@fresh
def options(gateway):
    said = setup("--hostname", "sms.test", *account(gateway), "--auth",
                 "users", "--login", "alice", "--trust", "127.0.0.1",
                 "--country-code", "49", "--try", NUMBER,
                 stdin="PASSWORD\nsecret\n")
    user = has_user()
    tap.ok(user, "there is a user")
    tap.is_(made(), {
        CONF: ("-rw-r--r--", 0, 0),
        FOLDER: ("drwxr-x---", 0, user.pw_gid),
        FOLDER + "/password": ("-rw-r-----", 0, user.pw_gid),
        FOLDER + "/users": ("-rw-r-----", 0, user.pw_gid),
        "/var/lib/smtp2sms": ("drwx------", user.pw_uid, user.pw_gid),
    }, "what it makes")
    tap.is_(read(CONF), """# smtp2sms.conf(5); made by smtp2sms --setup
hostname sms.test
gateway smsgate
set base %s
set user USER
secret password /etc/smtp2sms/password
auth users /etc/smtp2sms/users
trust 127.0.0.1
country-code 49
# the mail's subject comes first, unless the text says it anyway
subject auto
# a mail that comes again is not sent again
journal /var/lib/smtp2sms
""" % gateway.url, "the configuration")
    tap.is_(gateway.messages[0]["phoneNumbers"], [NUMBER], "the test SMS")
    login = mail("AUTH PLAIN AGFsaWNlAHNlY3JldA==")     # alice, secret
    tap.like(login, r"250 2\.0\.0 Message accepted", "alice sends a mail")
    tap.is_(gateway.messages[1]["textMessage"]["text"], "from a mail",
            "which is an SMS")
    tap.ok("PASSWORD\n" not in said and "secret\n" not in said,
           "no secret is shown")
    tap.like(said, r"curl --crlf --url smtp://localhost:587 "
             r"--user 'alice:PASSWORD'", "the next command")
    undo(said)
    tap.is_((made(), has_user()), ({}, None), "the commands undo it all")
    tap.is_(glob.glob("/run/smtp2sms-setup.*"), [], "no secret is left behind")


@tap.test("without arguments but the gateway's own: clients log in there")
@fresh
def least(gateway):
    setup("--hostname", "sms.test", "--set", "base=" + gateway.url)
    tap.like(mail("AUTH PLAIN AFVTRVIAUEFTU1dPUkQ="), "250 2.0.0 Message",
             "a client with the gateway's user and password")
    tap.is_([name for name in made() if name.startswith(FOLDER + "/")], [],
            "no secret is kept here")


@tap.test("nothing is overwritten, and a failure takes back what was made")
@fresh
def careful(gateway):
    with open(CONF, "w", encoding="utf-8") as file:
        file.write("# mine\n")
    before = made()
    said = setup("--hostname", "sms.test", code=73)
    tap.like(said, "there is /etc/smtp2sms.conf already", "it says why")
    tap.is_((made(), read(CONF), has_user()), (before, "# mine\n", None),
            "nothing is changed")
    os.mkdir(FOLDER)
    with open(FOLDER + "/password", "w", encoding="utf-8") as file:
        file.write("mine\n")
    before = made()
    said = setup("--move-old", *account(gateway), stdin="x\n", code=73)
    tap.like(said, "there is /etc/smtp2sms/password already.*\n.*taken back",
             "a secret that is there")
    tap.is_((made(), read(CONF), has_user()), (before, "# mine\n", None),
            "all is as it was")
    shutil.rmtree(FOLDER)
    said = setup("--move-old", "--hostname", "sms.test")
    tap.is_(read(CONF + ".old"), "# mine\n", "--move-old keeps it")
    tap.like(read(CONF), "hostname sms.test", "and there is a new one")
    setup("--move-old", "--hostname", "sms.test", code=73)
    undo(said)
    tap.is_(read(CONF), "# mine\n", "undone: the old one is back")


@tap.test("what cannot be right changes nothing")
@fresh
def wrong(gateway):
    for words, stdin, code, why in (
            (["--gateway", "none-such"], "", 78, "none-such.json: No such"),
            (["--gateway", "infobip"], "", 78, r"\$\{account\} is not set"),
            (["--set", "nobody=1"], "", 78, "has no variable 'nobody'"),
            (["--set", "../x=1"], "", 64, "not the name of a variable"),
            (["--secret", "../x=-"], "x\n", 64, "not the name of a variable"),
            (["--secret", "password=/none"], "", 66, "/none"),
            (["--hostname", "a\nauth none"], "", 64, "cannot be written"),
            (["--set", "user=a'\"b"], "", 64, "cannot be written"),
            (["--country-code", "x"], "", 78, "country-code"),
            (["--cert", "/none", "--key", "/none"], "", 78, "/none"),
            (["--auth", "users"], "", 64, "--login NAME"),
            (["--auth", "everybody"], "", 78, "auth"),
            (["--auth", "users", "--login", "a"], "", 65, "cannot be made"),
            (["--hostname"], "", 64, "usage"), (["x"], "", 64, "usage"),
            ([], "", 64, "no terminal")):
        tap.like(setup(*words, stdin=stdin, code=code), why, why)
        tap.is_((made(), has_user()), ({}, None), "nothing is changed")


@tap.test("values with blanks and quotes arrive as they are")
@fresh
def quotes(gateway):
    for value in "a b", "it's", 'a "b" c', "#1", "ä":
        setup("--hostname", "sms.test", "--set", "from=" + value, "--gateway",
              "vonage", "--no-start", "--set", "user=u", "--secret",
              "password=-", stdin="p\n")
        done = subprocess.run(
            ["/usr/local/libexec/smtp2sms/smtp2sms-deliver", "--try", NUMBER,
             "-n"], capture_output=True, text=True, check=False)
        tap.ok("&from=%s&" % urllib.parse.quote(value) in done.stdout,
               "from is " + value, done.stdout, done.stderr)
        clean()


@tap.test("-n shows what it would write, to anybody")
@fresh
def dry(gateway):
    done = subprocess.run(
        ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
         SETUP, "--setup", "-n", "--hostname", "sms.test"],
        capture_output=True, text=True, timeout=PATIENCE, check=False)
    tap.like(done.stdout, "hostname sms.test", "the configuration",
             done.stderr)
    done = subprocess.run(
        ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
         SETUP, "--setup", "--hostname", "sms.test"],
        capture_output=True, text=True, timeout=PATIENCE, check=False)
    tap.is_(done.returncode, 77, "without it, root alone", done.stderr)
    tap.is_(made(), {}, "nothing is changed")


class Dialogue:
    """--setup on a terminal."""

    def __init__(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(SETUP, [SETUP, "--setup", "--no-start"])
        self.said, self.seen = "", 0

    def expect(self, pattern):
        """Read until it is there, behind what was found before."""
        limit = time.monotonic() + PATIENCE
        while True:
            found = re.compile(pattern).search(self.said, self.seen)
            if found:
                self.seen = found.end()
                return
            left = limit - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise AssertionError((pattern, self.said))
            try:
                data = os.read(self.fd, 4096)
            except OSError:
                data = b""
            if not data:
                raise AssertionError((pattern, self.said))
            self.said += data.decode(errors="replace").replace("\r\n", "\n")

    def answer(self, pattern, text):
        self.expect(pattern)
        os.write(self.fd, text.encode() + b"\n")

    def end(self):
        try:
            while True:
                data = os.read(self.fd, 4096)
                if not data:
                    break
                self.said += data.decode(errors="replace").replace(
                    "\r\n", "\n")
        except OSError:
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@tap.test("by questions, on a terminal")
@fresh
def questions(gateway):
    talk = Dialogue()
    talk.answer(r"Name of this server.*: $", "sms.test")
    talk.expect(r"twilio - Twilio Programmable Messaging")
    talk.answer(r"Which \[smsgate\]: $", "nothing")
    talk.expect(r"nothing.json")
    talk.answer(r"Which \[smsgate\]: $", "")
    talk.answer(r"Who may send[^$]*Which \[gateway\]: $", "trust")
    talk.expect(r"Networks.*: $")
    os.write(talk.fd, b"\x03")
    tap.ok(talk.end() != 0, "^C ends it")
    tap.is_((made(), has_user()), ({}, None), "and nothing is changed")
    done = subprocess.run(
        ["/usr/local/libexec/smtp2sms/smtp2sms-deliver", "--variables", "-f",
         "/dev/null"], capture_output=True, text=True, check=True)
    names = [line.split("\t")[0] for line in done.stdout.splitlines()]
    talk = Dialogue()
    talk.answer(r"Name of this server.*: $", "sms.test")
    talk.answer(r"Which \[smsgate\]: $", "")
    talk.answer(r"Which \[gateway\]: $", "trust")
    talk.answer(r"Networks.*\[127.0.0.1\]: $", "")
    for base in "nonsense", gateway.url:
        answers = {"user": "USER", "password": "PASSWORD", "base": base}
        for name in names:
            talk.answer(name + r" - .*: $", answers.get(name, ""))
    talk.answer(r"Country code.*: $", "49")
    talk.answer(r"File of the certificate.*: $", "")
    talk.answer(r"Number for a test SMS.*: $", NUMBER)
    tap.is_(talk.end(), 0, "answers that are right set it up", talk.said)
    tap.like(talk.said, "nonsense.*\nOnce more", "a wrong one is asked again")
    tap.ok("PASSWORD" not in talk.said, "the password is not shown",
           talk.said)
    tap.is_(gateway.messages[0]["phoneNumbers"], [NUMBER], "the test SMS")
    tap.like(read(CONF), "trust 127.0.0.1\ncountry-code 49", "the file")


@tap.test("a secret is asked for without showing it, and a login is made")
@fresh
def login(gateway):
    talk = Dialogue()
    talk.answer(r"Name of this server.*: $", "sms.test")
    talk.answer(r"Which \[smsgate\]: $", "seven")
    talk.answer(r"Which \[gateway\]: $", "users")
    talk.answer(r"first login \[alice\]: $", "bob")
    talk.answer(r"token - the API key.*: $", "k3y")
    talk.answer(r"from - .*: $", "Acme GmbH")
    talk.answer(r"base - .*: $", "")
    talk.answer(r"Country code.*: $", "")
    talk.answer(r"File of the certificate.*: $", "")
    talk.answer(r"Number for a test SMS.*: $", "")
    talk.answer(r"The password of bob:\nPassword: $", "secret")
    talk.answer(r"Again: $", "secret")
    tap.is_(talk.end(), 0, "it is set up", talk.said)
    tap.is_(read(FOLDER + "/token"), "k3y\n", "the secret's file")
    tap.ok("k3y" not in talk.said, "the secret is not shown", talk.said)
    tap.like(read(FOLDER + "/users"), r"^bob \$", "the login")
    tap.like(read(CONF), 'set from "Acme GmbH"', "the sender")


@tap.test("--gateways and --variables: each descriptor explains what to set")
def variables():
    program = os.path.join(TOP, "smtp2sms-deliver")
    words = ["-f", "/dev/null", "-o", "descriptors=" + os.path.join(
        TOP, "gateways")]

    def lines(*more):
        done = subprocess.run([program, *more, *words], text=True,
                              capture_output=True, check=True)
        return [line.split("\t") for line in done.stdout.splitlines()]

    rows = lines("--gateways")
    paths = sorted(glob.glob(os.path.join(TOP, "gateways", "*.json")))
    tap.is_([name for name, _ in rows],
            [os.path.basename(path)[:-5] for path in paths], "all of them")
    never = {"to", "id", "text", "number", "index", "data", "port",
             "alphabet", "parts", "schedule", "priority", "ttl", "report",
             "sim", "device"}
    for path in paths:
        name = os.path.basename(path)[:-5]
        descriptor = json.loads(read(path))
        made_of = descriptor.get("map", {})
        descriptor.pop("hook", None)    # its templates are another program's
        text = json.dumps(descriptor)
        used = set(re.findall(r"\$\{([a-z0-9_-]+)", text)) | {
            m["of"] for m in made_of.values()}
        # a token that is a password is the client's alone
        used -= never | set(made_of)
        if "token" in used and "user" not in used:
            used.discard("password")
        rows = lines("--variables", "-o", "gateway=" + name)
        tap.is_(sorted(used - {row[0] for row in rows}), [],
                name + ": nothing is without a word about it")
        tap.ok(all(len(row) == 5 and row[4] for row in rows),
               name + ": five fields", rows)
        secret = {row[0] for row in rows if row[1] == "secret"}
        tap.ok(secret, name + ": it has a secret")


layers_lib.enter()
subprocess.run(["make", "-C", TOP, "install"], check=True,
               stdout=subprocess.DEVNULL)
tap.run()
