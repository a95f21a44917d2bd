"""smtp2sms-deliver --check: for monitoring; nothing is sent."""

import os
import re
import subprocess
import tempfile

import tap
from gateway import Gateway, closed_port
from smtp import HOME, SLOW, TOP, WRAP, configuration, own_credentials

gw = Gateway()
OWN = own_credentials()
FOLDER = tempfile.TemporaryDirectory(prefix="smtp2sms-probe.")


def check(*args, lines=OWN, password=None, gateway=gw):
    """Its exit code, and what it printed."""
    path = os.path.join(FOLDER.name, "smtp2sms.conf")
    with open(path, "w") as file:
        file.write(configuration(lines, gateway))
    done = subprocess.run(
        [*WRAP, os.path.join(HOME, "smtp2sms-deliver"), "--check", "-f", path,
         *args], input=password, capture_output=True, text=True,
        timeout=30 * SLOW)
    return done.returncode, done.stdout


def is_plugin_line(text):
    """One line, with performance data of the form label=value."""
    return re.fullmatch(r"SMTP2SMS (OK|WARNING|CRITICAL) - [^|\n]+; \d+ ms"
                        r"\|time=\d+\.\d{3}s;\d+\.\d;;0;\d+\n", text)


@tap.test("what the gateway says to the credentials")
def states():
    for action, code, words in (
            ("ok", 0, "OK - .*takes the credentials"),
            ("401", 2, "CRITICAL - .*refuses the credentials .401."),
            ("403", 2, "CRITICAL - .*refuses"),
            ("429", 1, "WARNING - .*busy"),
            ("500", 2, "CRITICAL - .*answers 500"),
            ("404", 2, "CRITICAL - .*answers 404"),
            ("close", 2, "CRITICAL - .*no answer: ."),
            ("not-http", 2, "CRITICAL - .*no answer: ."),
            ("delay:700", 1, "WARNING - .*slow"),
            ("stall", 2, "CRITICAL - .*no answer: .*timed out")):
        gw.reset()
        gw.routes["GET /devices"] = action
        got, out = check("-o", "timeout-gateway=%d" % SLOW)
        tap.is_(got, code, "%s: exit %d" % (action, code), out)
        tap.like(out, "^SMTP2SMS " + words, action + ": says why")
        tap.ok(is_plugin_line(out), action + ": is a plug-in's line", out)
        tap.ok("wonderland" not in out, action + ": no secret")
        tap.is_([r.method for r in gw.requests], ["GET"],
                action + ": nothing is sent")


@tap.test("a gateway that is not there")
def not_there():
    line = "set base http://127.0.0.1:%d" % closed_port()
    got, out = check(lines=OWN + [line])
    tap.is_(got, 2, "exit 2")
    tap.like(out, "CRITICAL - smsgate: no answer: .*onnect", "and why")


@tap.test("other credentials")
def user():
    gw.reset()
    tap.is_(check("-u", "bob", lines=[], password="builder\n")[0], 0,
            "a user and his password: exit 0")
    tap.is_(check("-u", "bob", lines=[], password="wrong\n")[0], 2,
            "a wrong one: exit 2")
    tap.is_(check("-u", "bob", lines=[], password="")[0], 3,
            "none: exit 3")


@tap.test("what cannot be found out")
def unknown():
    for what, lines, words in (
            ("no credentials", [], "credentials"),
            ("a bad configuration", OWN + ["nonsense yes"], "nonsense"),
            ("a gateway without a check",
             ["gateway kannel", "auth none"], "no check|kannel")):
        got, out = check(lines=lines)
        tap.is_(got, 3, what + ": exit 3", out)
        tap.like(out, "^SMTP2SMS UNKNOWN - .*(%s)" % words, what + ": why")
        tap.is_(out.count("\n"), 1, what + ": one line", out)


@tap.test("contrib/clients/nagios.cfg has a command for it")
def nagios():
    with open(os.path.join(TOP, "contrib", "clients", "nagios.cfg")) as file:
        tap.like(file.read(), r"command_line\s.*smtp2sms-deliver --check",
                 "there it is")


tap.run()
