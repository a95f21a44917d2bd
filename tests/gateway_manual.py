"""The descriptors that smtp2sms-gateway(5) shows are right."""

import json
import os
import re
import subprocess
import tempfile

import tap
from smtp import HOME, PROGRAM, TOP

LITERAL = re.compile(r"^\.Bd -literal.*?\n(\{\n.*?^\}\n)\.Ed$", re.S | re.M)


def examples():
    """The descriptors, as a reader would copy them."""
    with open(os.path.join(TOP, "man", "smtp2sms-gateway.5")) as file:
        page = file.read()
    return [text.replace("\\-", "-").replace("\\e", "\\")
            for text in LITERAL.findall(page)]


@tap.test("the first is the one that is installed")
def installed():
    with open(os.path.join(TOP, "gateways", "smsgate.json")) as file:
        tap.is_(json.loads(examples()[0]), json.load(file), "smsgate.json")


@tap.test("each passes -t")
def checked():
    found = examples()
    tap.is_(len(found), 4, "four examples")
    for text in found:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(text)
            file.flush()
            lines = ["gateway=" + file.name, "libexec=" + HOME, "auth=none"]
            if "${base}/send" in text:
                lines.append("set=base http://127.0.0.1")
            done = subprocess.run(
                [PROGRAM, "-t", "-f", "/dev/null"] +
                [word for line in lines for word in ("-o", line)],
                capture_output=True, text=True, check=False)
            tap.is_(done.returncode, 0, text[:70].replace("\n", " "),
                    done.stderr)


tap.run()
