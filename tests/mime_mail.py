"""Each mail of tests/mail and the text that its sender meant, in the .txt
beside it; empty: the mail has none.  The mails were taken from the programs
that they are named after, or written after what these send.  Each is fed
with LF and with CRLF, whole and cut."""

import glob
import os
import subprocess

import tap

HERE = os.path.dirname(os.path.abspath(__file__))
DUMP = os.environ.get("MIME_DUMP") or os.path.join(
    os.path.dirname(HERE), "build", "mime_dump")


def text(mail, *size):
    """What mime.c makes of a mail, without outer blank lines."""
    run = subprocess.run([DUMP, "-t"] + list(size), input=mail,
                         capture_output=True, check=True)
    return run.stdout.decode("utf-8").strip("\n")


@tap.test("each mail gives the text that was meant")
def mails():
    found = sorted(glob.glob(os.path.join(HERE, "mail", "*.eml")))
    tap.ok(len(found) > 40, "the mails are there", len(found))
    for name in found:
        with open(name, "rb") as f:
            lf = f.read()
        with open(name[:-4] + ".txt", encoding="utf-8") as f:
            want = f.read().strip("\n")
        crlf = lf.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        title = os.path.basename(name)[:-4]
        tap.is_(text(lf), want, title)
        other = [size for size in ("1", "7", "65536")
                 if text(crlf, size) != want]
        tap.is_(other, [], title + ", CRLF, in pieces")


tap.run()
