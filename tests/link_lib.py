"""link_lib: one message over the link between smtp2sms and smtp2sms-deliver.

send() is in the place of a session, and so can ask for what SMTP has no
word for.  A library: as a program it has nothing to test.
"""

import os
import socket
import struct
import subprocess
import tempfile
import time

import ipc_lib
from ipc_lib import ANS_SEND, options
from smtp import HOME, SLOW, WRAP, configuration

# enum ipc_outcome
OUTCOMES = ["accepted", "duplicate", "unknown", "permanent", "credentials", "failed",
            "refused", "temporary", "unclear", "lost", "timeout",
            "unreachable", "internal", "limited", "held"]


def put_options(priority=None, raw=None, ttl=0, schedule=0, report=None,
                sim=0, device="", port=0, data="", **others):
    """As options.c puts them.

    priority   a level, -9..9
    raw        or a priority on the gateway's own scale
    schedule   seconds from now
    data       in hex
    from       the sender; in others, since it is a word of Python's
    """
    kind = (1, priority) if priority is not None else (
        (2, raw) if raw is not None else (0, 0))
    sender = others.pop("from", "")
    assert not others, others
    return options(kind, ttl, int(time.time()) + schedule if schedule else 0,
                   {None: 0, True: 1, False: 2}[report], sim, device, sender,
                   port, bytes.fromhex(data))


def write_configuration(folder, lines, gateway):
    """smtp2sms.conf in the folder, as a Session would have it; its path."""
    path = os.path.join(folder, "smtp2sms.conf")
    with open(path, "w") as file:
        file.write(configuration(lines, gateway))
    return path


def leave(session):
    """QUIT and hang up: quicker than to wait until the server does."""
    session.must("QUIT", 221)
    session.hang_up()
    session.finish()


def send(lines, gateway, text, numbers, **more):
    """([(outcome, id)] of the recipients, the log).

    lines and gateway are Session's; with a port and data there is no text.
    """
    message = ipc_lib.send(
        "" if more.get("port") else text, numbers, 5000,
        "<%s@client.test>" % time.time(), more=put_options(**more))
    with tempfile.TemporaryDirectory(prefix="smtp2sms-link.") as folder:
        path = write_configuration(folder, lines, gateway)
        ours, theirs = socket.socketpair()
        with open(os.path.join(folder, "log"), "w+b") as log:
            child = subprocess.Popen(
                [*WRAP, os.path.join(HOME, "smtp2sms-deliver"), "-f", path],
                stdin=theirs, stdout=subprocess.DEVNULL, stderr=log)
            theirs.close()
            with ours:
                ours.settimeout(20 * SLOW)
                ours.sendall(message)
                answer = read_frame(ours)
            child.wait(20 * SLOW)
            log.seek(0)
            said = log.read().decode("utf-8", "replace")
    return results(answer, len(numbers)), said


def read_frame(sock):
    """A frame without its length; b"" if the link was closed before it."""
    with sock.makefile("rb") as file:
        head = file.read(4)
        return file.read(*struct.unpack(">I", head)) if head else b""


def results(frame, count):
    """[(outcome, id)] of an ANS_SEND; [] if it is none."""
    if not frame or frame[0] != ANS_SEND:
        return []
    found, at = [], 5
    for _ in range(count):
        size, = struct.unpack_from(">I", frame, at + 19)
        found.append((OUTCOMES[frame[at]],
                      frame[at + 23:at + 23 + size].decode()))
        at += 23 + size
    return found


if __name__ == "__main__":
    print("1..0 # SKIP a library")
