"""What smtp2sms-deliver -L makes of a control socket and of links that do not
keep to the rules."""

import array
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time

import tap
from gateway import Gateway
from smtp import HOME, SLOW, configuration, own_credentials, wait_until

gw = Gateway()
HELLO, CAN, ANS_CAN = 8, 9, 10      # enum ipc_type


def text(value):
    return struct.pack(">I", len(value)) + value


def frame(kind, fields=b""):
    return struct.pack(">IB", 1 + len(fields), kind) + fields


def hello(session=b"s", peer=b"127.0.0.1", trusted=b"\1"):
    return frame(HELLO, text(session) + text(peer) + trusted)


class Deliver:
    """smtp2sms-deliver, and we are its listener."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="smtp2sms-enemy.")
        path = os.path.join(self.dir, "smtp2sms.conf")
        with open(path, "w") as file:
            file.write(configuration(own_credentials(), gw))
        self.control, theirs = socket.socketpair(socket.AF_UNIX,
                                                 socket.SOCK_SEQPACKET)
        self.log = open(os.path.join(self.dir, "log"), "w+")
        self.child = subprocess.Popen(
            [os.path.join(HOME, "smtp2sms-deliver"), "-L", "-f", path],
            stdin=theirs, stderr=self.log)
        theirs.close()

    def open_files(self):
        """How many; None where we may not look into a process that has shut
        itself off."""
        if os.geteuid() != 0:
            return None
        return len(os.listdir("/proc/%d/fd" % self.child.pid))

    def pass_on(self, message, count=1):
        """Send the message with so many links; our ends of them."""
        pairs = [socket.socketpair() for _ in range(count)]
        self.control.sendmsg([message], [(
            socket.SOL_SOCKET, socket.SCM_RIGHTS,
            array.array("i", [theirs.fileno() for _, theirs in pairs]))]
            if pairs else [])
        for ours, theirs in pairs:
            theirs.close()
            ours.settimeout(10 * SLOW)
        return [ours for ours, _ in pairs]

    def serves(self):
        """A session that keeps to the rules is answered."""
        link = self.pass_on(hello())[0]
        link.sendall(frame(CAN))
        answer = link.recv(5)
        link.close()
        return len(answer) == 5 and answer[4] == ANS_CAN

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.control.close()
        self.child.kill()
        self.child.wait()
        self.log.close()
        shutil.rmtree(self.dir)


def is_closed(link):
    try:
        return link.recv(100) == b""
    except ConnectionResetError:
        return True


@tap.test("messages that are none")
def malformed():
    rows = [("no frame", b"x" * 30), ("too short", hello()[:-1]),
            ("too long", hello() + b"x"), ("another request", frame(CAN)),
            ("a peer that is too long", hello(peer=b"1" * 65)),
            ("a NUL inside", hello(session=b"a\0b")),
            ("more than there is room for", hello(session=b"s" * 600)),
            ("nothing inside", frame(HELLO))]
    with Deliver() as it:
        tap.ok(it.serves(), "a session")
        for name, message in rows:
            link = it.pass_on(message)[0]
            tap.ok(is_closed(link), name + ": the link is closed")
            link.close()
        tap.ok(it.serves(), "and others are served")


def leaks_none(it, before, name):
    """No more files are open there than before."""
    if before is None:
        tap.skip("only root can look into a process that has shut itself off",
                 name)
    else:
        tap.ok(wait_until(lambda: it.open_files() <= before), name,
               it.open_files(), before)


@tap.test("descriptors that are none, or too many")
def descriptors():
    with Deliver() as it:
        tap.ok(it.serves(), "a session")
        time.sleep(0.5 * SLOW)  # until its link is closed there as well
        fds = it.open_files()
        it.pass_on(hello(), 0)
        for count in (2, 3, 8):
            links = it.pass_on(hello(), count)
            tap.ok(all(map(is_closed, links)), "%d: all closed" % count)
        tap.ok(it.serves(), "and others are served")
        # a link that we have just closed may still be open there
        leaks_none(it, fds, "none is left open")


def can_answer(link):
    """The type of a whole answer."""
    size = int.from_bytes(link.recv(4, socket.MSG_WAITALL), "big")
    return link.recv(size, socket.MSG_WAITALL)[0]


@tap.test("a session that says who it is, and one that passes descriptors")
def session():
    with Deliver() as it:
        good = it.pass_on(hello())[0]
        bad = it.pass_on(hello(trusted=b"\0"))[0]
        bad.sendall(hello(trusted=b"\1"))
        tap.ok(is_closed(bad), "a second introduction: closed")
        bad = it.pass_on(hello())[0]
        # once it answers, the link is open there
        bad.sendall(frame(CAN))
        tap.is_(can_answer(bad), ANS_CAN, "a link")
        before = it.open_files()
        with open("/dev/null") as null:
            bad.sendmsg([frame(CAN)], [(
                socket.SOL_SOCKET, socket.SCM_RIGHTS,
                array.array("i", [null.fileno()] * 8))])
        tap.is_(can_answer(bad), ANS_CAN, "descriptors are not taken")
        leaks_none(it, before, "and none of them is open there")
        good.sendall(frame(CAN))
        tap.is_(good.recv(5)[4], ANS_CAN, "another session is not concerned")


@tap.test("the listener has gone")
def gone():
    with Deliver() as it:
        link = it.pass_on(hello())[0]
        link.sendall(frame(CAN))
        link.recv(5)
        it.control.close()
        try:
            it.child.wait(1)
            ended = True
        except subprocess.TimeoutExpired:
            ended = False
        tap.ok(not ended, "it serves the session that it has")
        link.close()
        tap.is_(it.child.wait(10 * SLOW), 0, "and ends when that is over")


tap.run()
