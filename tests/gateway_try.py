"""smtp2sms-deliver --try: one test SMS, and everything that is known of it."""

import json
import os
import subprocess
import tempfile

import tap
from gateway import Gateway
from smtp import HOME, SLOW, WRAP, configuration, own_credentials

gw = Gateway()
OWN = own_credentials()
NUMBER = "+4915112345678"
FOLDER = tempfile.TemporaryDirectory(prefix="smtp2sms-try.")


def attempt(*args, lines=OWN, password=None, gateway=gw):
    """Its exit code, what it printed, what it complained about."""
    path = os.path.join(FOLDER.name, "smtp2sms.conf")
    with open(path, "w") as file:
        file.write(configuration(lines, gateway))
    done = subprocess.run(
        [*WRAP, os.path.join(HOME, "smtp2sms-deliver"), "-f", path, *args],
        input=password, capture_output=True, text=True, timeout=30 * SLOW)
    return done.returncode, done.stdout, done.stderr


@tap.test("a good one")
def good():
    gw.reset()
    code, out, err = attempt("--try", NUMBER, "hello")
    tap.is_((code, err), (0, ""), "exit 0")
    tap.is_([m["textMessage"]["text"] for m in gw.messages], ["hello"],
            "the gateway has it")
    shown = json.loads(out.splitlines()[0].split(" ", 1)[1])
    tap.is_(shown["body"], gw.posts()[0].json(), "the request is shown")
    tap.like(out, r"(?m)^answer:  202, \d+ ms$", "and the answer")
    tap.like(out, r"(?m)^outcome: accepted", "and what it means")
    tap.ok("wonderland" not in out and "YWxpY2U" not in out,
           "no secret is shown", out)
    code, out, err = attempt("--try", NUMBER, "hello")
    tap.is_((code, len(gw.messages)), (0, 2), "each try is a message")


@tap.test("only shown")
def shown():
    gw.reset()
    code, out, err = attempt("--try", NUMBER, "-n")
    tap.is_((code, err), (0, ""), "-n: exit 0")
    tap.like(out, "^request: {.*smtp2sms: a test", "the request")
    tap.ok("answer" not in out, "no answer", out)
    tap.is_(gw.requests, [], "nothing was sent")


@tap.test("somebody's password")
def user():
    gw.reset()
    code, out, _ = attempt("--try", NUMBER, "-u", "bob", lines=[],
                           password="builder\n")
    tap.is_((code, len(gw.messages)), (0, 1), "right: sent")
    tap.ok("builder" not in out, "and not shown", out)
    code, out, _ = attempt("--try", NUMBER, "-u", "bob", lines=[],
                           password="wrong\n")
    tap.is_(code, 69, "wrong: exit 69")
    tap.like(out, "answer:  401", "the answer")
    tap.like(out, "outcome: refused: the credentials", "what it means")
    code, out, _ = attempt("--try", NUMBER, "-u", "bob", lines=[],
                           password="")
    tap.is_(code, 64, "none: exit 64")
    code, out, _ = attempt("--try", NUMBER, lines=[])
    tap.is_(code, 78, "nobody's: exit 78")
    tap.like(out, "no credentials", "and why")
    tap.like(out, r"account: none; give one with -u USER, or in \S+/smtp2sms\."
             "conf: set user NAME and secret password FILE",
             "and where to put an account")
    code, out, _ = attempt("--try", NUMBER, lines=["gateway twilio"])
    tap.is_(code, 78, "nobody's, and no from: exit 78")
    code, out, _ = attempt("--try", NUMBER, lines=OWN + ["gateway vonage"])
    tap.is_(code, 78, "an account, but no from: exit 78")
    tap.ok("account:" not in out, "an account is not what is missing", out)


@tap.test("what can go wrong")
def bad():
    rows = [("500:no", 75, "failed"), ('400:{"message":"bad"}', 69,
                                       "refused.*\nerror:   bad"),
            ("503", 75, "failed"), ("close", 75, "lost"),
            ("stall", 75, "no answer in time"), ("garbage-202", 75,
                                                 "unclear"),
            ("400:\033[31mred", 69, r"\\x1b\[31mred")]
    for action, want, words in rows:
        gw.reset()
        gw.queue(action)
        code, out, _ = attempt("--try", NUMBER,
                               lines=OWN + ["timeout-gateway 1"])
        tap.is_(code, want, "%r: exit %d" % (action, want), out)
        tap.like(out, "(?s)" + words, "%r: in words" % action)
    code, out, _ = attempt("--try", NUMBER,
                           lines=OWN + ["set base http://127.0.0.1:1"],
                           gateway=None)
    tap.is_(code, 75, "nobody listens: exit 75")
    tap.like(out, "no connection", "in words")


@tap.test("the command line")
def command_line():
    gw.reset()
    for args in (["--try", "12345"], ["--try", "x"], ["--try"],
                 ["--try", NUMBER, "a", "b"]):
        code, out, err = attempt(*args)
        tap.is_(code, 64, "%s: exit 64" % args, out)
        tap.ok(err != "", "%s: why" % args)
    _, _, err = attempt("--try", "0151 12345678", "-n")
    tap.like(err, "'0151 12345678' is a national number, and no country-code "
             "is set", "a number is refused in words")
    code, _, _ = attempt("--try", "0151 12345678", "-n",
                         lines=OWN + ["country-code 49"])
    tap.is_(code, 0, "a number as people write it")
    code, _, err = attempt("--try", NUMBER, lines=OWN + ["gateway nothing"])
    tap.is_(code, 78, "a broken configuration: exit 78")
    tap.like(err, "nothing.json", "and why")
    tap.is_(gw.requests, [], "nothing was sent")


tap.run()
