"""The delivery program against a session that was taken over."""

import os
import socket
import struct
import subprocess
import time

import tap
from gateway import Gateway
from ipc_lib import (ANS_AUTH, ANS_SEND, FRAME_MAX, NO_RIGHTS, REQ_AUTH,
                     REQ_FORGET, REQ_LOGIN, REQ_NOTIFY, REQ_SEND, REQ_WARM,
                     frame, login, notify, options, send, string, u32)
from smtp import (HOME, NUMBER, SECRET_HASH, SLOW, WRAP, Session,
                  configuration, own_credentials)

gw = Gateway()
OWN = own_credentials()

class Deliver:
    """smtp2sms-deliver, with us in place of the session."""

    def __init__(self, lines=OWN, args=()):
        with Session(lines, gw) as s:   # only to have a folder's name
            pass
        self.dir = s.dir
        os.mkdir(self.dir)
        path = s.write("smtp2sms.conf", configuration(lines, gw))
        self.sock, theirs = socket.socketpair()
        self.log = open(s.path("log"), "w+b")
        self.child = subprocess.Popen(
            [*WRAP, os.path.join(HOME, "smtp2sms-deliver"), "-f", path,
             *args], stdin=theirs, stdout=subprocess.DEVNULL,
            stderr=self.log)
        theirs.close()
        self.sock.settimeout(10 * SLOW)

    def tell(self, *frames):
        for data in frames:
            try:
                self.sock.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                return

    def take(self, n):
        data = b""
        while len(data) < n:
            try:
                more = self.sock.recv(n - len(data))
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            data += more
        return data

    def answer(self):
        """(type, fields), or None at the end."""
        head = self.take(5)
        if head is None:
            return None
        size, kind = struct.unpack(">IB", head)
        return kind, self.take(size - 1)

    def outcome(self):
        """The outcome of the first recipient, or None at the end."""
        answer = self.answer()
        if answer is None:
            return None
        assert answer[0] == ANS_SEND, answer
        return answer[1][4]

    def finish(self):
        self.sock.close()
        return self.child.wait(10 * SLOW)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        import shutil
        self.sock.close()
        try:
            self.child.wait(10 * SLOW)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise
        finally:
            self.log.close()
            shutil.rmtree(self.dir, ignore_errors=True)


@tap.test("what a session may say")
def good():
    gw.reset()
    with Deliver() as d:
        d.tell(frame(REQ_WARM), send())
        tap.is_(d.outcome(), 0, "WARM, SEND: accepted")
        d.tell(send("again", message_id="<2@c>"))
        tap.is_(d.outcome(), 0, "SEND again: accepted")
        tap.is_(d.finish(), 0, "exit 0")
    with Deliver(["auth-check no"], ["-a"]) as d:
        d.tell(login(), send(message_id="<3@c>"))
        tap.is_(d.outcome(), 0, "LOGIN, SEND: accepted")
    with Deliver(["auth-check yes"], ["-a"]) as d:
        d.tell(login(REQ_AUTH, secret="wrong"))
        tap.is_(d.answer(), (ANS_AUTH, b"\1" + NO_RIGHTS), "AUTH, wrong")
        d.tell(login(REQ_AUTH))
        tap.is_(d.answer(), (ANS_AUTH, b"\0" + NO_RIGHTS), "AUTH, right")
        d.tell(send(message_id="<4@c>"))
        tap.is_(d.outcome(), 0, "SEND: accepted")
    with Deliver() as d:
        for octet in send(message_id="<5@c>"):
            d.tell(bytes([octet]))
        tap.is_(d.outcome(), 0, "one octet at a time: accepted")
    tap.is_(len(gw.messages), 5, "five messages")


# (what, configuration, arguments, frames)
CHECK = ["auth-check yes"]
HOSTILE = [
    ("SEND before AUTH", [], ["-a"], [send()]),
    ("SEND after a wrong AUTH", CHECK, ["-a"],
     [login(REQ_AUTH, secret="wrong"), None, send()]),
    ("LOGIN where AUTH is wanted", CHECK, ["-a"], [login(), send()]),
    ("LOGIN twice", [], ["-a"], [login(), login(user="bob"), send()]),
    ("AUTH after it was right", CHECK, ["-a"],
     [login(REQ_AUTH), None, login(REQ_AUTH, user="bob"), send()]),
    ("SEND before AUTH's answer", CHECK, ["-a"],
     [login(REQ_AUTH) + send()]),
    ("credentials of an unknown kind", [], ["-a"], [login(how=7), send()]),
    ("a user that is too long", [], ["-a"],
     [login(user="u" * 256), send()]),
    ("a secret that is too long", [], ["-a"],
     [login(secret="s" * 8193), send()]),
    ("a user with a NUL", [], ["-a"], [login(user="al\0ice"), send()]),
    ("credentials and more", [], ["-a"],
     [frame(REQ_LOGIN, b"\0" + string("alice") + string("wonderland")
            + b"x"), send()]),
    ("a denied number", OWN + ["deny +49900"], [],
     [send(to=["+4990012345"])]),
    ("a number that is not allowed", OWN + ["allow +49"], [],
     [send(to=["+12025550123"])]),
    ("a denied number behind a good one", OWN + ["deny +49900"], [],
     [send(to=[NUMBER, "+4990012345"])]),
    ("a short code", OWN, [], [send(to=["112"])]),
    ("a number without +", OWN, [], [send(to=["4915112345678"])]),
    ("a number with a blank", OWN, [], [send(to=["+49151 12345678"])]),
    ("a number with letters", OWN, [], [send(to=["+49151abc45678"])]),
    ("a number that is too long", OWN, [], [send(to=["+" + "1" * 16])]),
    ("a number that is far too long", OWN, [], [send(to=["+" + "1" * 999])]),
    ("an empty number", OWN, [], [send(to=[""])]),
    ("a number with a NUL", OWN, [], [send(to=["+4915112345678\0"])]),
    ("a number twice", OWN, [], [send(to=[NUMBER, NUMBER])]),
    ("nobody", OWN, [], [send(to=[])]),
    ("too many recipients", OWN + ["max-recipients 2"], [],
     [send(to=["+49151000000%d" % i for i in range(3)])]),
    ("4 billion recipients", OWN, [], [send(count=0xffffffff)]),
    ("fewer recipients than it says", OWN, [], [send(count=2)]),
    ("more recipients than it says", OWN, [],
     [send(to=[NUMBER, NUMBER[:-1] + "9"], count=1)]),
    ("an empty text", OWN, [], [send("")]),
    ("a text that is no UTF-8", OWN, [], [send(b"a\xffb")]),
    ("a surrogate in UTF-8", OWN, [], [send(b"a\xed\xa0\x80b")]),
    ("overlong UTF-8", OWN, [], [send(b"a\xc0\xafb")]),
    ("half a letter", OWN, [], [send(b"a\xc3")]),
    ("a text with a NUL", OWN, [], [send(b"a\0b")]),
    ("a text that is too long", OWN, [], [send("x" * 500000)]),
    ("a text of more parts than may be", OWN + ["max-parts 1"], [],
     [send("x" * 161)]),
    ("a Message-ID that is too long", OWN, [],
     [send(message_id="m" * 1001)]),
    ("a Date that is too long", OWN, [], [send(date="d" * 1001)]),
    ("more time than there is", OWN + ["timeout-gateway 1"], [],
     [send(ms=3600000)]),
    ("all the time there is", OWN + ["timeout-gateway 1"], [],
     [send(ms=0x7fff0000)]),
    ("a sender under sender fixed", OWN + ["sender fixed"], [],
     [send(more=options(sender="+4930123456"))]),
    ("a schedule beyond max-hold", OWN + ["max-hold 3600"], [],
     [send(more=options(schedule=int(time.time()) + 7200))]),
    ("a device under options no", OWN + ["options no"], [],
     [send(more=options(device="d1"))]),
    ("a SIM under options no", OWN + ["options no"], [],
     [send(more=options(sim=1))]),
    ("a data SMS under options no", OWN + ["options no"], [],
     [send("", more=options(port=1, data=b"x"))]),
    ("a raw priority under options no", OWN + ["options no"], [],
     [send(more=options(priority=(2, 100)))]),
    ("a name as sender under options no", OWN + ["options no"], [],
     [send(more=options(sender="ACME"))]),
    ("NOTIFY without a bit", OWN, [], [notify([(NUMBER, 0, "")]), send()]),
    ("NOTIFY with NEVER", OWN, [], [notify([(NUMBER, 1, "")]), send()]),
    ("NOTIFY with a bit that is none", OWN, [],
     [notify([(NUMBER, 16, "")]), send()]),
    ("NOTIFY of a number that is none", OWN, [],
     [notify([("+49", 2, "")]), send()]),
    ("NOTIFY with an ORCPT that is too long", OWN, [],
     [notify([(NUMBER, 2, "a;" + "x" * 499)]), send()]),
    ("NOTIFY with a line's end in the ORCPT", OWN, [],
     [notify([(NUMBER, 2, "a;b\nc")]), send()]),
    ("NOTIFY with a line's end in the ENVID", OWN, [],
     [notify(envid="a\nb"), send()]),
    ("NOTIFY with an ENVID that is too long", OWN, [],
     [notify(envid="x" * 101), send()]),
    ("NOTIFY of more than it says", OWN, [], [notify(count=0), send()]),
    ("NOTIFY of fewer than it says", OWN, [], [notify(count=2), send()]),
    ("NOTIFY of 4 billion", OWN, [], [notify(count=0xffffffff), send()]),
    ("NOTIFY of nothing at all", OWN, [], [frame(REQ_NOTIFY), send()]),
    ("WARM with a field", OWN, [], [frame(REQ_WARM, b"x"), send()]),
    ("an answer", OWN, [], [frame(ANS_SEND, u32(0)), send()]),
    ("type 0", OWN, [], [frame(0), send()]),
    ("type 255", OWN, [], [frame(255), send()]),
    ("an empty frame", OWN, [], [u32(0), send()]),
    ("a frame of 4 GB", OWN, [], [u32(0xffffffff) + b"\5", send()]),
    ("a frame just too large", OWN, [],
     [u32(FRAME_MAX + 1) + b"\5" + b"\0" * 1000]),
    ("the largest frame, of zeros", OWN, [],
     [u32(FRAME_MAX) + b"\5" + b"\0" * (FRAME_MAX - 1)]),
    ("SMTP", OWN, [], [b"EHLO client.test\r\n" * 10]),
]


@tap.test("what a session may not say")
def hostile():
    gw.reset()
    for what, lines, args, frames in HOSTILE:
        with Deliver(lines, args) as d:
            for data in frames:
                if data is None:
                    assert d.answer() is not None
                else:
                    d.tell(data)
            answer = d.answer()
            code = d.finish()
            tap.is_((answer, code, gw.posts()), (None, 75, []),
                    what + ": no answer, exit 75, nothing sent")


@tap.test("half a frame and the end")
def half():
    gw.reset()
    whole = send()
    codes = set()
    for cut in range(0, len(whole), 3):
        with Deliver() as d:
            d.tell(whole[:cut])
            codes.add(d.finish())
    tap.is_((codes, gw.posts()), ({0}, []), "exit 0, nothing sent")


@tap.test("two questions at once")
def pipelined():
    gw.reset()
    gw.default = "delay:200"
    with Deliver() as d:
        d.tell(send() + send("second", message_id="<2@c>"))
        tap.is_(d.answer(), None, "are none")
        d.finish()
    gw.wait_for(lambda: gw.open == 0, 5)
    tap.ok(len(gw.messages) <= 1 and all(r.complete for r in gw.posts()),
           "a whole message or nothing", gw.requests)


EXTERNAL = 2        # enum ipc_kind
CREDENTIALS = 4     # enum ipc_outcome


@tap.test("whoever has logged in is not somebody else by a certificate")
def certificate():
    with Session(greeting=False) as s:
        users = s.write("users", "alice %s\nboss %s\n"
                        % (SECRET_HASH, SECRET_HASH))
        os.chmod(users, 0o600)
        lines = OWN + ["auth users " + users, "tls-client-ca " + users,
                       "tls-cert " + users, "tls-key " + users]
        with Deliver(lines, ["-a"]) as d:
            d.tell(login(REQ_AUTH, secret="secret"))
            tap.is_(d.answer()[1][0], 0, "alice, by her password")
            for who, verdict in ("boss", 1), ("alice", 0):
                d.tell(frame(REQ_FORGET), login(REQ_AUTH, who, "", EXTERNAL))
                tap.is_(d.answer()[1][0], verdict,
                        "then %s, by a certificate" % who)
        with Deliver(lines, ["-a"]) as d:
            d.tell(login(REQ_AUTH, "boss", "", EXTERNAL))
            tap.is_(d.answer()[1][0], 0, "boss, by a certificate")


@tap.test("what options no and sender fixed leave is sent")
def leave():
    gw.reset()
    for lines, more in ((["options no"], options(sender="+4930123456")),
                        (["options no"], options(priority=(1, 5), ttl=60)),
                        (["sender fixed"], options(device="d1", sim=2)),
                        (["max-hold 3600"],
                         options(schedule=int(time.time()) + 3600))):
        with Deliver(OWN + lines) as d:
            d.tell(send(more=more, message_id="<%s@c>" % lines[0][:3]))
            tap.is_(d.outcome(), 0, lines[0])


@tap.test("FORGET and LOGIN do not make somebody else of a session")
def forget_login():
    gw.reset()
    with Session(greeting=False) as s:
        ca = s.write("ca", "")
        lines = ["auth gateway", "tls-client-ca " + ca, "tls-cert " + ca,
                 "tls-key " + ca]
        for first in login(), login(user="alice", secret="", how=EXTERNAL):
            with Deliver(lines, ["-a"]) as d:
                d.tell(first, frame(REQ_FORGET),
                       login(user="boss", secret="", how=EXTERNAL), send())
                tap.is_(d.outcome(), None, "boss after alice: no answer")
                tap.is_(d.finish(), 75, "and the end")
        with Deliver(lines + OWN[1:], ["-a"]) as d:
            d.tell(login(user="alice", secret="", how=EXTERNAL),
                   frame(REQ_FORGET),
                   login(user="alice", secret="", how=EXTERNAL), send())
            tap.is_(d.outcome(), 0, "alice after alice: sent")


@tap.test("454 is free: a gateway that fails is asked once a second")
def failing_check():
    gw.reset()
    gw.meddle = lambda request: "500"
    with Deliver(["auth gateway", "auth-check yes"], ["-a"]) as d:
        start = time.monotonic()
        for _ in range(3):
            d.tell(login(REQ_AUTH))
            tap.is_(d.answer()[1][0], 2, "temporary")
        tap.ok(time.monotonic() - start >= 1.9, "three take two seconds")
    tap.is_(len(gw.requests), 3, "and are three requests")


@tap.test("WARM is bounded")
def warm():
    gw.reset()
    with Deliver() as d:
        for _ in range(50):
            d.tell(*[frame(REQ_WARM)] * 20)
            time.sleep(0.01)
        d.tell(send())
        tap.is_(d.outcome(), 0, "a message is sent")
    asked = [r for r in gw.requests if r.method != "POST"
             and not r.path.startswith("/messages/")]
    tap.ok(len(asked) <= 1 + int(SLOW), "a thousand are one connection",
           asked)


@tap.test("passwords that the gateway alone can judge are counted")
def guesses():
    gw.reset()
    with Deliver(["auth gateway", "max-auth-failures 2"], ["-a"]) as d:
        for i in range(2):
            d.tell(login(secret="wrong"), send(ms=int(5000 * SLOW),
                                               message_id="<%d@c>" % i))
            tap.is_(d.outcome(), CREDENTIALS, "a wrong one")
            d.tell(frame(REQ_FORGET))
        d.tell(login(), send())
        tap.is_(d.outcome(), None, "there is no third")
    tap.is_(gw.messages, [], "nothing is sent")


@tap.test("a message whose time is up")
def no_time():
    gw.reset()
    with Deliver(OWN + ["set device d1"]) as d:
        d.tell(send(ms=0))
        tap.is_(d.outcome(), 10, "timeout")
        d.finish()
    tap.is_(gw.posts(), [], "is not sent")


@tap.test("the session goes while the gateway is thinking")
def gone():
    gw.reset()
    gw.queue("delay:300")
    with Deliver() as d:
        d.tell(send())
        gw.wait_for_request()
        tap.is_(d.finish(), 0, "exit 0")
    tap.is_(len(gw.messages), 1, "the message was sent")


tap.run()
