"""From mail to text: how fast, and in how much memory.

Each row is a message, run through three commands in turn, several times:
`smtp2sms -x`, cat(1), and Python's email package doing the same work
(parse, find the text, decode it). What is printed are medians: megabytes of
message in a second of wall time, peak memory of the process, and ratios
between the commands of this run. Nothing fails for being slow.
"""

import base64
import os
import quopri
import statistics
import subprocess
import sys
import tempfile
import time

from place import HOME
from report import Report

ROUNDS = int(os.environ.get("BENCH_ROUNDS") or 5)
MEGABYTE = 1000000
TEXT = ("Server db1, Küche: the disk is 97 % full – please look. "
        "This line is as long as lines are.\r\n").encode()
PYTHON = """
import email, email.policy, sys
m = email.message_from_binary_file(sys.stdin.buffer,
                                   policy=email.policy.default)
part = m.get_body(("plain", "html"))
sys.stdout.write(part.get_content()[:131072] if part else "")
"""


def header(kind, encoding):
    return ("Subject: bench\r\nMIME-Version: 1.0\r\nContent-Type: %s\r\n"
            "Content-Transfer-Encoding: %s\r\n\r\n" % (kind, encoding)).encode()


def messages():
    """(name, octets of the message)"""
    size = 10 * MEGABYTE
    text = TEXT * (size // len(TEXT))
    utf8 = "text/plain; charset=utf-8"
    yield "plain, 10 MB", header(utf8, "8bit") + text
    yield ("quoted-printable, 10 MB", header(utf8, "quoted-printable") +
           quopri.encodestring(text).replace(b"\n", b"\r\n"))
    yield ("base64, 10 MB", header(utf8, "base64") +
           base64.encodebytes(text).replace(b"\n", b"\r\n"))
    row = b"<tr><td style=\"padding:0\"><p>" + TEXT + b"</p></td></tr>\r\n"
    yield ("HTML, 10 MB", header("text/html; charset=utf-8", "8bit") +
           b"<table>" + row * (size // len(row)) + b"</table>")
    line = base64.b64encode(os.urandom(57)) + b"\r\n"
    yield ("attachment that is skipped, 50 MB",
           header("multipart/mixed; boundary=b", "7bit") +
           b"--b\r\nContent-Type: text/plain\r\n\r\nsee below\r\n--b\r\n"
           b"Content-Type: application/zip\r\nContent-Transfer-Encoding: "
           b"base64\r\n\r\n" + line * (50 * MEGABYTE // len(line)) +
           b"--b--\r\n")
    yield "short mail, 1 KB", header(utf8, "8bit") + TEXT * 10


def measure(command, path):
    """Seconds and peak memory in KiB of one run.

    time(1) stands between: the peak of a process begins with that of the
    one that started it, and this one is not small.
    """
    peak = path + ".peak"
    with open(path, "rb") as mail:
        start = time.monotonic()
        subprocess.run(["time", "-f", "%M", "-o", peak] + command,
                       stdin=mail, stdout=subprocess.DEVNULL, check=True)
        seconds = time.monotonic() - start
    with open(peak, encoding="ascii") as file:
        return seconds, int(file.read())


def run(report):
    """{message: MB/s of smtp2sms -x}"""
    commands = [
        ("smtp2sms -x", [os.path.join(HOME, "smtp2sms"), "-x", "-f",
                         "/dev/null"]),
        ("cat", ["cat"]),
        ("Python's email", [sys.executable, "-c", PYTHON]),
    ]
    rows, found = [], {}
    with tempfile.TemporaryDirectory(prefix="smtp2sms-bench.") as folder:
        for name, message in messages():
            path = os.path.join(folder, "mail")
            with open(path, "wb") as file:
                file.write(message)
            taken = {label: [] for label, _ in commands}
            for _ in range(ROUNDS):
                for label, command in commands:
                    taken[label].append(measure(command, path))
            median = {label: statistics.median(s for s, _ in runs)
                      for label, runs in taken.items()}
            found[name] = len(message) / MEGABYTE / median["smtp2sms -x"]
            for label, _ in commands:
                rows.append([
                    name, label,
                    "%.0f" % (len(message) / MEGABYTE / median[label]),
                    max(kib for _, kib in taken[label]),
                    "%.2f" % (median[label] / median["cat"]),
                    "%.3f" % (median[label] / median["Python's email"])])
    report.section(
        "From mail to text",
        "Without SMTP: the whole program, from its start on, reading a mail.",
        ["mail", "command", "MB/s", "peak KiB", "time / cat",
         "time / Python"], rows,
        [("smtp2sms -x", "smtp2sms -x -f /dev/null <mail"),
         ("Python's email", "python3 -c '" + PYTHON.strip().replace(
             "\n", "; ") + "' <mail")])
    return found


if __name__ == "__main__":
    run(Report())
