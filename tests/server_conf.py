"""contrib/smtp2sms.conf: it is valid, and so is all that it suggests."""

import os
import re
import subprocess

import tap
from gateway import Gateway
from server_lib import CONTRIB, TOP, Place
from tls_lib import certificate

NOT_VALUES = ("none", "any", "all")    # words for an empty list

gw = Gateway()


def example():
    with open(os.path.join(CONTRIB, "smtp2sms.conf")) as file:
        return file.read()


def check(place, text):
    """What smtp2sms -t says: (status, words)."""
    text += "\nlibexec %s\ndescriptors %s\n" % (place.path("libexec"),
                                                place.path("gateways"))
    done = subprocess.run(
        [place.program, "-t", "-f", place.write("example.conf", text)],
        capture_output=True, text=True)
    return done.returncode, done.stderr


def options(text):
    """The lines that are commented out: a '#' and no blank."""
    return re.findall(r"(?m)^#([a-z][a-z-]* .+)$", text)


@tap.test("as it is")
def as_it_is():
    with Place(gw) as place:
        tap.is_(check(place, example()), (0, ""), "smtp2sms -t is content")
        tap.is_(check(place, example() + "nonsense yes\n")[0], 78,
                "which it is not with everything")


@tap.test("every option in a comment")
def every():
    with Place(gw) as place:
        secret = place.write("password", "wonderland\n", 0o600)
        folder = place.path("journal")
        os.mkdir(folder)
        for line in options(example()):
            own = line
            for theirs, ours in (
                    ("/etc/smtp2sms/password", secret),
                    ("/var/lib/smtp2sms", folder),
                    ("/etc/ssl/certs/my-ca.pem", certificate().ca)):
                own = own.replace(theirs, ours)
            text = example().replace("#" + line, own)
            if line.startswith("secret "):
                text += "set user USER\n"
            if line.startswith("rate "):
                text += "journal %s\n" % folder
            tap.is_(check(place, text), (0, ""), line)


@tap.test("a comment that names a default names the manual's")
def defaults():
    with open(os.path.join(TOP, "man", "smtp2sms.conf.5")) as file:
        manual = dict(re.findall(
            r"(?m)^\.It Ic (\S+) .*\bBq (?:Cm )?(\S+)$", file.read()))
    checked = 0
    for key, value in (line.split(" ", 1) for line in options(example())):
        if key in manual and manual[key] not in NOT_VALUES:
            tap.is_(value, manual[key], key)
            checked += 1
    tap.ok(checked > 8, "%d defaults were compared" % checked)


tap.run()
