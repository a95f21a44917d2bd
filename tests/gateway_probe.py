"""smtp2sms-deliver --check: for monitoring; nothing is sent."""

import json
import os
import re
import subprocess
import tempfile

import tap
from gateway import Gateway, Response, closed_port
from smtp import (HOME, SLOW, TOP, WRAP, configuration, own_credentials,
                  secret_file)

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
            ("no gateway of that name", OWN + ["-g"], "no such"),
            ("no credentials", [], "credentials"),
            ("a bad configuration", OWN + ["nonsense yes"], "nonsense"),
            ("a gateway without a check",
             ["gateway kannel", "auth none"], "no check|kannel")):
        more = ["-g", "nosuch"] if "-g" in lines else []
        got, out = check(*more, lines=[x for x in lines if x != "-g"])
        tap.is_(got, 3, what + ": exit 3", out)
        tap.like(out, "^SMTP2SMS UNKNOWN - .*(%s)" % words, what + ": why")
        tap.is_(out.count("\n"), 1, what + ": one line", out)


SECOND = Gateway()
TWO = [*OWN, "gateway one two", "descriptors " + FOLDER.name,
       "set one.base " + gw.url, "set two.base " + SECOND.url]


@tap.test("several gateways: each is asked, the worst is told")
def several():
    for name in ("one", "two", "three"):
        with open(os.path.join(TOP, "gateways", "smsgate.json")) as file:
            made = json.load(file)
        if name == "three":
            del made["check"]
        with open(os.path.join(FOLDER.name, name + ".json"), "w") as file:
            json.dump(made, file)
    for one, two, code, word in (
            ("ok", "ok", 0, "OK"), ("401", "ok", 2, "CRITICAL"),
            ("ok", "401", 2, "CRITICAL"), ("429", "ok", 1, "WARNING"),
            ("429", "500", 2, "CRITICAL")):
        gw.reset()
        SECOND.reset()
        gw.routes["GET /devices"] = one
        SECOND.routes["GET /devices"] = two
        got, out = check(lines=TWO)
        tap.is_(got, code, "%s, %s: exit %d" % (one, two, code), out)
        tap.ok(re.fullmatch(
            r"SMTP2SMS %s - one: [^|;]+; \d+ ms, two: [^|;]+; \d+ ms"
            r"\|time_one=\d+\.\d{3}s;\d+\.\d;;0;\d+"
            r" time_two=\d+\.\d{3}s;\d+\.\d;;0;\d+\n" % word, out),
            "one line with both", out)
    SECOND.routes["GET /devices"] = "ok"
    got, out = check("-g", "two", lines=TWO)
    tap.is_(got, 0, "-g: that one alone", out)
    got, out = check("-u", "bob", lines=TWO, password="builder\n")
    tap.ok(" two: " not in out, "-u: the first one, whose client it is", out)
    gw.reset()
    three = [*TWO, "gateway one three", "set one.base " + gw.url]
    three.remove("set two.base " + SECOND.url)
    got, out = check(lines=three)
    tap.is_(got, 0, "one without a check: the other decides", out)
    tap.like(out, "three: .*has no check", "and it is named")


# what each answers, by its documents, and what is told
BALANCES = [
    ("vonage", {"value": 10.28, "autoReload": False}, "10.28"),
    ("messagebird", {"payment": "prepaid", "type": "credits", "amount": 9.2},
     "9.2 credits"),
    ("infobip", {"balance": 47.79134, "currency": "EUR"}, "47.79134 EUR"),
    ("telnyx", {"data": {"record_type": "balance", "balance": "300.00",
                         "available_credit": "400.00", "currency": "USD"}},
     "400 USD"),
    ("clicksend", {"data": {"balance": "4.109625", "_currency": {
        "currency_name_short": "AUD"}}}, "4.109625 AUD"),
    ("plivo", {"cash_credits": "23.79822"}, "23.79822"),
    ("seven", {"amount": 503.12, "currency": "EUR"}, "503.12 EUR"),
    ("seven", "593.994", "593.994"),
    ("smsapi", {"username": "a", "points": 100.5}, "100.5"),
    ("smsapi", {"username": "a"}, None),
    ("smsapi", {"points": "none|x"}, None),
    ("infobip", {"balance": 1e300, "currency": "EUR"}, None),
    ("infobip", {"balance": -1, "currency": "E|R"}, "-1"),
    ("infobip", {"balance": 1, "currency": "E" * 16}, "1"),
    ("infobip", {"balance": 1, "currency": "E" * 15}, "1 " + "E" * 15),
]


@tap.test("the balance, where the answer has one")
def balance():
    gw.reset()
    for name, body, want in BALANCES:
        with open(os.path.join(TOP, "tests", "vectors", name + ".json")) as f:
            lines = ["auth none", "gateway " + name, "descriptors " +
                     os.path.join(TOP, "gateways")]
            for line in json.load(f)["configuration"]:
                words = line.split(None, 2)
                if words[0] == "secret":
                    line = "secret %s %s" % (words[1], secret_file(words[2]))
                lines.append(line)
        gw.respond = lambda request: Response(200, None, body)
        got, out = check(lines=lines)
        tap.is_(got, 0, name + ": exit 0", out)
        end = "" if want is None else " balance=" + want.split()[0]
        tap.like(out, re.escape("takes the credentials" + (
            ", balance " + want if want else "") + ";"),
            "%s: %s" % (name, want))
        tap.ok(re.search(r";0;\d+%s\n$" % re.escape(end), out),
               "and performance data", out)
    gw.respond = None


@tap.test("contrib/clients/nagios.cfg has a command for it")
def nagios():
    with open(os.path.join(TOP, "contrib", "clients", "nagios.cfg")) as file:
        tap.like(file.read(), r"command_line\s.*smtp2sms-deliver --check",
                 "there it is")


tap.run()
