"""The journal on a disk that is full: a file system of a few pages, in a
mount name space of its own.  As root."""

import os
import shutil
import subprocess
import tempfile

import tap
from gateway import Gateway
from journal_lib import without_ids
from smtp import WRAP, Session, own_credentials

gw = Gateway()
# argv: the folder, then the program: a full tmpfs is mounted on the folder.
FULL = ["unshare", "-m", "sh", "-c",
        "mount -t tmpfs -o size=16k,mode=700 tmpfs \"$1\" && "
        "{ dd if=/dev/zero of=\"$1\"/fill bs=4k 2>/dev/null; "
        "shift; exec \"$@\"; }", "sh"]


def can_mount():
    return os.geteuid() == 0 and not WRAP and subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        capture_output=True, check=False).returncode == 0


def mail(folder, *lines):
    """(the reply, the log) of a mail whose journal has no room."""
    with Session(own_credentials() +
                 ["gateway " + without_ids(), "journal " + folder, *lines],
                 gw, wrap=[*FULL, folder]) as s:
        s.ehlo()
        reply = str(s.send_message())
        s.quit()
        return reply, s.log()


@tap.test("the disk is full")
def full():
    if not can_mount():
        raise tap.Skip("only root can mount a small file system")
    folder = tempfile.mkdtemp(prefix="smtp2sms-full.")
    os.chmod(folder, 0o755)
    try:
        gw.reset()
        reply, log = mail(folder)
        tap.like(reply, "^451 4.3.0", "journal-required yes: 451")
        tap.like(log, "event=journal .*No space left", "the log says why")
        tap.is_(gw.posts(), [], "nothing is sent")
        reply, log = mail(folder, "journal-required no")
        tap.like(reply, "^250 2.0.0 .*, not in the journal$",
                 "journal-required no: 250, and says so")
        tap.like(log, "event=journal .*No space left", "the log says why")
        tap.is_(len(gw.messages), 1, "one SMS")
    finally:
        shutil.rmtree(folder)


tap.run()
