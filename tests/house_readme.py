"""README.md as a newcomer follows it: its commands are run as they are printed,
in a mount namespace (layers_lib.py).  What is not run here is run elsewhere:
make demo by house_demo.py, make deb by CI, systemd's commands by booted.py, the
clients' recipes by client_*.py.
"""

import glob
import os
import re
import subprocess

import layers_lib
import tap
from foreign import need
from gateway import Gateway
from server_lib import free_port, listens
from smtp import SLOW, TOP, wait_until

CONF = "/etc/smtp2sms.conf"
PATIENCE = 60 * SLOW
with open(os.path.join(TOP, "README.md"), encoding="utf-8") as readme:
    README = readme.read()


def section(heading, page=README):
    found = re.search(r"(?ms)^## %s\n(.*?)(?=^## |\Z)" % re.escape(heading),
                      page)
    return found.group(1)


def blocks(heading, page=README):
    """The blocks of code of a section, without their indentation."""
    found = re.findall(r"(?m)((?:^ {4}.*\n)+)", section(heading, page))
    return [re.sub(r"(?m)^ {4}", "", block) for block in found]


def shell(command, code=0, stdin=""):
    done = subprocess.run(["sh", "-ec", command], cwd=TOP, input=stdin,
                          capture_output=True, text=True, timeout=PATIENCE,
                          check=False)
    tap.is_(done.returncode, code, command.strip()[:70].replace("\n", "; "),
            done.stdout, done.stderr)
    return done.stdout + done.stderr


def write(path, text, mode):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def check_command():
    return [block for block in blocks("Configure it") if " -t\n" in block][0]


@tap.test("Install it: programs below /usr/local")
def install():
    row = re.search(r"(?m)^\| programs below.*$", section("Install it"))
    commands = re.findall(r"`([^`]+)`", row.group(0))[1:]
    tap.is_(commands, ["make", "make install", "useradd -r smtp2sms"],
            "three commands")
    for command in commands:
        shell(command)


@tap.test("Configure it: each configuration passes the check")
def configure():
    found = [block for block in blocks("Configure it")
             if block.startswith("hostname ")]
    tap.is_(len(found), 2, "two configurations")
    with open(os.path.join(TOP, "contrib", "README.md"),
              encoding="utf-8") as file:
        page = file.read()
    for command in blocks("Who may send", page):
        if command.startswith(("mkdir", "install")):
            shell(command, stdin="secret\n")
    for text in found:
        write(CONF, text, 0o644)
        said = shell(check_command())
        rest = [line for line in said.splitlines()
                if not line.startswith("sandbox: ") and "country-code"
                not in line and "/dev/log" not in line]
        tap.is_(rest, [], "nothing but what README says", said)


@tap.test("Send the first SMS")
def first():
    command = blocks("Send the first SMS")[0].strip()
    with Gateway(users={"USER": "PASSWORD"}) as gateway:
        write(CONF, blocks("Configure it")[1] + "set base %s\n" % gateway.url,
              0o644)
        said = shell(command + " -n", stdin="PASSWORD\n")
        tap.is_(gateway.messages, [], "-n sends nothing")
        tap.like(said, "^request: ", "and shows the request")
        said = shell(command, stdin="PASSWORD\n")
        tap.is_(gateway.messages[0]["phoneNumbers"], ["+4915112345678"],
                "one SMS")
        tap.like(said, "outcome: accepted", "what the answer means")
        shell(command.replace("--try +4915112345678", "--check"),
              stdin="PASSWORD\n")


@tap.test("Start it: a mail by curl")
def mail():
    need("curl")
    command = blocks("Start it")[-1]
    with Gateway(users={"USER": "PASSWORD"}) as gateway:
        write(CONF, blocks("Configure it")[1] + "set base %s\n" % gateway.url,
              0o644)
        port = free_port()
        child = subprocess.Popen(
            ["/usr/local/sbin/smtp2sms", "-l", "127.0.0.1:%d" % port, "-o",
             "log=stderr", "-o", "user=smtp2sms"], stderr=subprocess.PIPE,
            text=True)
        try:
            wait_until(lambda: listens(port), PATIENCE)
            shell(command.replace("localhost:587", "localhost:%d" % port))
        finally:
            child.terminate()
            said = child.communicate(timeout=PATIENCE)[1]
        tap.is_([m["textMessage"]["text"] for m in gateway.messages],
                ["Disk full on db1"], "the SMS", said)


@tap.test("what README names is there")
def named():
    with open(os.path.join(TOP, "Makefile"), encoding="utf-8") as file:
        targets = set(re.findall(r"(?m)^([a-z-]+):", file.read()))
    used = set(re.findall(r"(?m)(?:`|^ {4})make ([a-z-]+)", README))
    tap.is_(used - targets, set(), "each target of make", used)
    for name in re.findall(r"smtp2sms-(?:gateways?|users|setup|deliver|tls|"
                           r"hook)\b(?!_)", section("More")):
        tap.ok(glob.glob(os.path.join(TOP, "man", name + ".[578]")),
               name + " has a manual")


layers_lib.enter()
tap.run()
