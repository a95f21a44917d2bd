"""HACKING, "How to add a gateway", done step by step with its own example."""

import json
import os
import re
import subprocess
import sys
import tempfile

import tap
from smtp import HOME, PROGRAM, TOP, WRAP, secret_file

FOLDER = tempfile.TemporaryDirectory(prefix="smtp2sms-house.")
GATEWAYS = os.path.join(FOLDER.name, "gateways")
VECTORS = os.path.join(FOLDER.name, "vectors")


def examples():
    """The two files that HACKING shows: descriptor and vectors."""
    with open(os.path.join(TOP, "HACKING"), encoding="utf-8") as file:
        part = re.search(r"^\.\.\. a gateway:.*?(?=^\.\.\. )", file.read(),
                         re.S | re.M).group(0)
    return [json.loads(block) for block in
            re.findall(r"^  \{\n.*?^  \}\n", part, re.S | re.M)]


def put(folder, content):
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "house.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(content if isinstance(content, str)
                   else json.dumps(content))
    return path


def smtp2sms(option, *overrides, stdin=""):
    words = [word for line in (
        "libexec=" + HOME, "descriptors=" + GATEWAYS, "gateway=house",
        "log=stderr", "hostname=sms.test", "auth=none", *overrides)
        for word in ("-o", line)]
    return subprocess.run(
        [*WRAP, PROGRAM, option, "-f", "/dev/null", *words], input=stdin,
        capture_output=True, text=True, check=False)


def vectors():
    """The test, with our folders; (exit status, output)."""
    env = dict(os.environ, SMTP2SMS_GATEWAYS=GATEWAYS,
               SMTP2SMS_VECTORS=VECTORS)
    done = subprocess.run(
        [sys.executable, os.path.join(TOP, "tests", "gateway_vectors.py"),
         "house"], env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


if WRAP:
    @tap.test("a gateway is added")
    def slow():
        raise tap.Skip("too many starts for what is around the program")
    tap.run()

DESCRIPTOR, EXAMPLE = examples()
BASE = "set=base http://127.0.0.1:9"


@tap.test("the descriptor, and -t")
def check():
    put(GATEWAYS, DESCRIPTOR)
    done = smtp2sms("-t", BASE)
    tap.is_((done.returncode, done.stderr), (0, ""), "no complaint",
            done.stdout)
    done = smtp2sms("-t")
    tap.is_(done.returncode, 78, "without base: 78")
    tap.like(done.stderr + done.stdout, r"house\.json: /url: ",
             "and said where")
    wrong = json.loads(json.dumps(DESCRIPTOR))
    wrong["body"]["type"] = "xml"
    put(GATEWAYS, wrong)
    done = smtp2sms("-t", BASE)
    tap.is_(done.returncode, 78, "a body of type xml: 78")
    tap.like(done.stderr + done.stdout, r"house\.json: /body/type: ",
             "and said where")


@tap.test("the request, and -n")
def dry():
    put(GATEWAYS, DESCRIPTOR)
    done = smtp2sms("-n", BASE, "secret=token " + secret_file("house-4712"),
                    stdin="EHLO c.test\r\nMAIL FROM:<a@c.test>\r\n"
                    "RCPT TO:<+4915112345678@sms.test>\r\nDATA\r\n"
                    "\r\nhello\r\n.\r\nQUIT\r\n")
    shown = [json.loads(line) for line in done.stderr.splitlines()
             if line.startswith("{")]
    tap.is_([one["url"] for one in shown], ["http://127.0.0.1:9/send"],
            "it is shown", done.stderr, done.stdout)
    tap.ok("house-4712" not in done.stderr, "without its secret",
           done.stderr)


@tap.test("the vectors")
def run():
    put(GATEWAYS, DESCRIPTOR)
    put(VECTORS, EXAMPLE)
    code, said = vectors()
    tap.is_(code, 0, "all hold", said)
    tap.ok(len(re.findall(r"^ok ", said, re.M)) > 20, "and are many", said)


@tap.test("vectors that are wrong, and descriptors")
def wrong():
    def text(of):
        return json.dumps(of)

    rows = [
        ("a field of another name", GATEWAYS,
         text(DESCRIPTOR).replace('"number"', '"phone"')),
        ("no test of the state", GATEWAYS, text(dict(
            DESCRIPTOR, ok={"status": [200]}))),
        ("no rule", GATEWAYS, text(dict(DESCRIPTOR, rules=[]))),
        ("a secret in the open", GATEWAYS, text(dict(
            DESCRIPTOR, defaults={"note": "house-secret-4711"},
            headers={"X-Note": "${note}"}))),
        ("another request is wanted", VECTORS,
         text(EXAMPLE).replace('"hello"', '"hallo"')),
        ("another outcome is wanted", VECTORS,
         text(EXAMPLE).replace('"permanent"', '"temporary"')),
        ("another id is wanted", VECTORS,
         text(EXAMPLE).replace('"id": "2"', '"id": "3"')),
        ("one request less is wanted", VECTORS, text(dict(EXAMPLE, mails=[
            dict(EXAMPLE["mails"][0],
                 requests=EXAMPLE["mails"][0]["requests"][:1])]))),
    ]
    for what, folder, content in rows:
        put(GATEWAYS, DESCRIPTOR)
        put(VECTORS, EXAMPLE)
        put(folder, content)
        code, said = vectors()
        tap.ok(code == 1 and "\nnot ok" in said, what + ": is noticed", said)


@tap.test("a descriptor without vectors")
def lonely():
    put(GATEWAYS, DESCRIPTOR)
    os.remove(put(VECTORS, EXAMPLE))
    env = dict(os.environ, SMTP2SMS_GATEWAYS=GATEWAYS,
               SMTP2SMS_VECTORS=VECTORS)
    done = subprocess.run(
        [sys.executable, os.path.join(TOP, "tests", "gateway_vectors.py")],
        env=env, capture_output=True, text=True, check=False)
    tap.is_(done.returncode, 1, "is noticed", done.stdout)


tap.run(300)
