"""session_lib: a delivery side that only takes notes.

Delivery() is a folder for `libexec` with a smtp2sms-deliver in it that
answers the session as it is told and writes down what it was asked: what
goes over the link, without a gateway.  A library: as a program it has
nothing to test.
"""

import json
import os
import shutil
import struct
import tempfile

from smtp import wait_until

# options.h
(PRIORITY, TTL, SCHEDULE, REPORT, SIM, DEVICE, FROM,
 DATA) = (1 << i for i in range(8))
EVERYTHING = 255
LEVEL, RAW = 1, 2
YES, NO = 1, 2

# ipc.h
(ACCEPTED, DUPLICATE, UNKNOWN, PERMANENT, CREDENTIALS, FAILED, REFUSED,
 TEMPORARY, UNCLEAR, LOST, TIMEOUT, UNREACHABLE, INTERNAL) = range(13)
RIGHT, WRONG, LATER = range(3)

SCRIPT = r"""#!/usr/bin/python3
import json, os, struct, sys
here = os.path.dirname(os.path.abspath(sys.argv[0]))
(REQ_WARM, REQ_LOGIN, REQ_AUTH, ANS_AUTH, REQ_SEND, ANS_SEND, REQ_FORGET,
 REQ_HELLO, REQ_CAN, ANS_CAN) = range(1, 11)
names = {REQ_WARM: "warm", REQ_LOGIN: "login", REQ_AUTH: "auth",
         REQ_SEND: "send", REQ_FORGET: "forget", REQ_HELLO: "hello",
         REQ_CAN: "can"}

def u32(n):
    return struct.pack(">I", n & 0xffffffff)

def string(s):
    return u32(len(s)) + s

class Fields:
    def __init__(self, data):
        self.data = data
    def take(self, n):
        assert n <= len(self.data)
        got, self.data = self.data[:n], self.data[n:]
        return got
    def u8(self):
        return self.take(1)[0]
    def u32(self):
        return struct.unpack(">I", self.take(4))[0]
    def i32(self):
        return struct.unpack(">i", self.take(4))[0]
    def raw(self):
        return self.take(self.u32())
    def str(self):
        return self.raw().decode()

def take(n):
    data = b""
    while len(data) < n:
        more = os.read(0, n - len(data))
        if not more:
            sys.exit(0)
        data += more
    return data

def answer(kind, fields):
    os.write(0, u32(1 + len(fields)) + bytes([kind]) + fields)

def message(f):
    m = dict(ms=f.u32(), text=f.str(), message_id=f.str(), date=f.str(),
             mail_from=f.str())
    m["to"] = [f.str() for _ in range(f.u32())]
    m["priority"] = [f.u8(), f.i32()]
    m.update(ttl=f.u32(), schedule=f.u32(), schedule_said=f.u32(),
             report=f.u8(), sim=f.u32(),
             device=f.str(), sender=f.str(), port=f.u32(),
             data=f.raw().hex())
    assert not f.data
    return m

def run():
    while True:
        size, kind = struct.unpack(">IB", take(5))
        f = Fields(take(size - 1))
        with open(os.path.join(here, "answers")) as file:
            say = json.load(file)
        note = {"request": names[kind]}
        if kind == REQ_SEND:
            note.update(message(f))
        elif kind in (REQ_LOGIN, REQ_AUTH):
            note.update(kind=f.u8(), user=f.str(), secret=f.str())
        elif kind == REQ_HELLO:
            note.update(session=f.str(), peer=f.str(), trusted=f.u8())
        with open(os.path.join(here, "notes"), "a") as file:
            file.write(json.dumps(note) + "\n")
        if kind == REQ_CAN:
            answer(ANS_CAN, b"".join(u32(n) for n in say["can"]))
        elif kind == REQ_AUTH:
            subject, parts, allow = say["rights"]
            answer(ANS_AUTH, bytes([say["verdict"]]) + u32(subject)
                   + u32(parts) + u32(len(allow))
                   + b"".join(string(p.encode()) for p in allow))
        elif kind == REQ_SEND:
            results = b""
            for i, number in enumerate(note["to"]):
                outcome = say["outcomes"].get(number, 0)
                results += (bytes([outcome, 0, 0]) + u32(0) + u32(1) + u32(0) + u32(0)
                            + string(b"id-%d" % i if outcome < 2 else b""))
            answer(ANS_SEND, u32(len(note["to"])) + results)

if "-t" not in sys.argv:
    run()
"""


class Delivery:
    """The folder; what it can, and says."""

    def __init__(self, can=EVERYTHING, ttl=(0, 0), schedule=(0, 0),
                 priority=(0, 0), verdict=RIGHT, rights=(-1, -1, ()),
                 outcomes=None):
        self.dir = tempfile.mkdtemp(prefix="smtp2sms-libexec.")
        os.chmod(self.dir, 0o755)
        path = os.path.join(self.dir, "smtp2sms-deliver")
        with open(path, "w", encoding="ascii") as file:
            file.write(SCRIPT)
        os.chmod(path, 0o755)
        self.say = {"can": [can, *ttl, *schedule, *priority],
                    "verdict": verdict, "rights": rights,
                    "outcomes": outcomes or {}}
        self.write()

    def write(self):
        with open(os.path.join(self.dir, "answers"), "w",
                  encoding="ascii") as file:
            json.dump(self.say, file)

    def outcomes(self, **numbers):
        self.say["outcomes"] = numbers
        self.write()

    def notes(self, request=None):
        """What was asked for so far."""
        try:
            with open(os.path.join(self.dir, "notes"),
                      encoding="ascii") as file:
                notes = [json.loads(line) for line in file]
        except FileNotFoundError:
            return []
        return [n for n in notes if request in (None, n["request"])]

    def sent(self):
        return self.notes("send")

    def wait_for(self, request):
        return wait_until(lambda: self.notes(request))

    def forget(self):
        try:
            os.unlink(os.path.join(self.dir, "notes"))
        except FileNotFoundError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)


if __name__ == "__main__":
    print("1..0 # SKIP a library")
