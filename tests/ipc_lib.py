"""ipc_lib: the frames of ipc.h, right ones and whatever a test wants.

A library: as a program it has nothing to test.
"""

import struct
import time

from smtp import NUMBER, SLOW

# Frames as in ipc.h.
(REQ_WARM, REQ_LOGIN, REQ_AUTH, ANS_AUTH, REQ_SEND, ANS_SEND, REQ_FORGET,
 REQ_HELLO, REQ_CAN, ANS_CAN, REQ_TALLY, REQ_NOTIFY) = range(1, 13)
FRAME_MAX = 512 * 1024


def u32(n):
    return struct.pack(">I", n)


def string(s):
    s = s if isinstance(s, bytes) else s.encode()
    return u32(len(s)) + s


def frame(kind, fields=b""):
    return u32(1 + len(fields)) + bytes([kind]) + fields


def login(kind=REQ_LOGIN, user="alice", secret="wonderland", how=0):
    return frame(kind, bytes([how]) + string(user) + string(secret))


def options(priority=(0, 0), ttl=0, schedule=0, report=0, sim=0, device="",
            sender="", port=0, data=b"", said=0):
    """As options.c puts them."""
    return (bytes([priority[0]]) + u32(priority[1] & 0xffffffff) + u32(ttl)
            + u32(schedule) + u32(said) + bytes([report]) + u32(sim) + string(device)
            + string(sender) + u32(port) + string(data))


# The rights of a login that has no profile.
NO_RIGHTS = u32(0xffffffff) + u32(0xffffffff) + u32(0)


def send(text="hello", to=(NUMBER,), ms=int(min(1000 * SLOW, 9000)), message_id="<1@c>", date="",
         sender="", count=None, more=options()):
    deadline = int(time.monotonic() * 1000) + ms & 0xffffffff
    return frame(REQ_SEND, u32(deadline) + string(text) + string(message_id)
                 + string(date) + string(sender)
                 + u32(len(to) if count is None else count)
                 + b"".join(string(n) for n in to) + more)


def notify(rcpts=((NUMBER, 2, ""),), envid="", count=None):
    """Who wants to be told: (number, bits of NOTIFY, ORCPT)."""
    return frame(REQ_NOTIFY, string(envid)
                 + u32(len(rcpts) if count is None else count)
                 + b"".join(string(number) + bytes([bits]) + string(orcpt)
                            for number, bits, orcpt in rcpts))


def hello(session="test", peer="local", trusted=1):
    """What an agent hears first."""
    return frame(REQ_HELLO, string(session) + string(peer)
                 + bytes([trusted]))
