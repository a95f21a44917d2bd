"""Clients that break off, at every octet and in every way."""

import os
import subprocess
import threading

import tap
from foreign import need_root
from gateway import Gateway
from smtp import (NUMBER, PROGRAM, SLOW, WRAP, Session, b64, own_credentials,
                  process_name, process_status, wait_until)

gw = Gateway()
OWN = own_credentials()
MAIL = ("MAIL FROM:<a@b.test>\r\nRCPT TO:<%s@sms.test>\r\nDATA\r\n"
        "Message-ID: <%%d@c>\r\n\r\nhello\r\n..\r\n.\r\n" % NUMBER)
TALK = "EHLO c\r\nAUTH LOGIN\r\n%s\r\n%s\r\n" % (b64("alice"),
                                               b64("wonderland"))
MEMORY = 8 * 1024   # kB that the session may take


def whole_or_nothing():
    """Every request that the gateway read is complete and right."""
    return all(r.complete and r.json()["textMessage"]["text"] == "hello\n."
               for r in gw.posts())


@tap.test("the connection ends after every octet of a session")
def every_octet():
    data = (TALK + MAIL % 1).encode()
    dot = data.index(b"\r\n.\r\n") + 5
    step = 1 if SLOW == 1 else 7
    wrong = []
    for how in ("hang up", "half close"):
        for cut in [*range(0, len(data), step), len(data)]:
            gw.reset()
            with Session([], gw, greeting=False) as s:
                s.send(data[:cut])
                if how == "hang up":
                    s.hang_up()
                else:
                    s.end_of_input()
                    answers = s.rest()
                    if not answers.startswith(b"220 ") or b"\r\n4" in answers:
                        wrong.append((how, cut, answers))
                code = s.finish()
                if code != 0:
                    wrong.append((how, cut, "exit %d" % code))
            if len(gw.messages) > (cut >= dot) or not whole_or_nothing():
                wrong.append((how, cut, gw.requests))
            if how == "half close" and cut >= dot and not gw.messages:
                wrong.append((how, cut, "not delivered"))
    tap.is_(wrong, [], "exit 0; a whole message or nothing; %d cuts"
            % (len(data) + 1))


@tap.test("a reset in place of an end")
def resets():
    from gateway import linger_reset
    data = (TALK + MAIL % 1).encode()
    dot = data.index(b"\r\n.\r\n") + 5
    wrong = []
    for cut in range(0, len(data) + 1, 5):
        gw.reset()
        with Session([], gw) as s:
            s.send(data[:cut])
            linger_reset(s.sock)
            s.hang_up()
            code = s.finish()
            if code != 0 or len(gw.messages) > (cut >= dot) \
                    or not whole_or_nothing():
                wrong.append((cut, code, gw.requests))
    tap.is_(wrong, [], "exit 0; a whole message or nothing")


@tap.test("between the dot and the reply")
def after_the_dot():
    for how in ("hang up", "reset"):
        gw.reset()
        gw.queue("delay:300")
        with Session([], gw) as s:
            s.login()
            s.envelope()
            s.send("Message-ID: <1@c>\r\n\r\nhello\r\n..\r\n.\r\n")
            gw.wait_for_request()
            if how == "reset":
                from gateway import linger_reset
                linger_reset(s.sock)
            s.hang_up()
            tap.is_(s.finish(), 0, how + ": exit 0")
            gw.wait_for_message()
            tap.ok(len(gw.messages) == 1 and whole_or_nothing(),
                   how + ": the message was sent, whole", gw.requests)
        with Session([], gw) as s:
            s.login()
            s.envelope()
            reply = s.data("Message-ID: <1@c>\n\nhello\n.")
            tap.is_(reply.code, 250, how + ": the retry is accepted")
        tap.is_(len(gw.messages), 1, how + ": and does not send twice")


@tap.test("one octet at a time, and everything in one packet")
def packets():
    for how in (Session.send, Session.send_slowly):
        gw.reset()
        with Session([], gw, greeting=False) as s:
            how(s, TALK + MAIL % 1 + MAIL % 2 + "QUIT\r\n")
            codes = [r.code for r in s.replies(14)]
            tap.is_(codes, [220, 250, 334, 334, 235, 250, 250, 354, 250,
                            250, 250, 354, 250, 221],
                    how.__name__ + ": every reply")
            tap.is_((s.rest(), s.finish()), (b"", 0),
                    how.__name__ + ": and the end")
        tap.ok(len(gw.messages) == 2 and whole_or_nothing(),
               how.__name__ + ": two messages", gw.requests)


@tap.test("a client that speaks before the greeting")
def early():
    gw.reset()
    with Session([], gw, greeting=False) as s:
        s.send(TALK + MAIL % 1)
        codes = [r.code for r in s.replies(9)]
        tap.is_(codes, [220, 250, 334, 334, 235, 250, 250, 354, 250],
                "is answered in order")


def session_process(s):
    """The id of the process that speaks SMTP."""
    return [pid for pid in s.processes() if process_name(pid) == "smtp2sms"]


def peak(s):
    """The most memory that the session has had, in kB."""
    return max(process_status(pid, "VmHWM") for pid in session_process(s))


def stream(s, pieces, replies):
    """Write the pieces while a thread reads replies; their codes."""
    codes = {}

    def read():
        for _ in range(replies):
            code = s.reply(60).code
            codes[code] = codes.get(code, 0) + 1

    reader = threading.Thread(target=read)
    reader.start()
    for piece in pieces:
        s.send(piece)
    reader.join(100 * SLOW)
    return codes


def check_memory(s, what):
    if WRAP:
        tap.skip("there is something around it", what + ": memory")
        return
    kilobytes = peak(s)
    tap.ok(kilobytes < MEMORY, what + ": at most %d kB" % MEMORY,
           "%d kB" % kilobytes)
    tap.note("%d kB" % kilobytes)


@tap.test("a million RCPTs")
def million():
    count = int(1000 / SLOW) * 1000
    gw.reset()
    with Session(OWN, gw) as s:
        s.ehlo()
        s.must("MAIL FROM:<a@b.test>", 250)
        block = 1000
        codes = stream(s, ("".join(
            "RCPT TO:<+49151%08d@sms.test>\r\n" % i
            for i in range(start, start + block))
            for start in range(0, count, block)), count)
        tap.is_(codes, {250: 100, 452: count - 100},
                "100 are taken, the others are 452")
        check_memory(s, "RCPTs")
        s.must("DATA", 354)
        tap.is_(s.data("\nhello\n.").code, 250, "and the mail goes out")
        tap.is_(s.quit(), 0, "exit 0")
    tap.is_([len(m["phoneNumbers"]) for m in gw.messages], [100],
            "to the hundred")


@tap.test("a million commands")
def commands():
    count = int(1000 / SLOW) * 1000
    with Session(OWN, gw) as s:
        s.ehlo()
        codes = stream(s, ["NOOP\r\n" * 1000] * (count // 1000), count)
        tap.is_(codes, {250: count}, "NOOPs")
        codes = stream(s, ["MAIL FROM:<a@b.test>\r\nRSET\r\n" * 100] * 100,
                       20000)
        tap.is_(codes, {250: 20000}, "MAILs that are given up")
        check_memory(s, "commands")
        tap.is_(s.quit(), 0, "exit 0")


@tap.test("a line of a megabyte")
def long_line():
    with Session(OWN, gw) as s:
        s.ehlo()
        s.send(b"MAIL FROM:<" + b"a" * 1000000 + b"@b.test>\r\n")
        tap.ok(s.reply().starts("500 5.5.6"), "a command: 500 5.5.6")
        gw.reset()
        s.envelope()
        s.send(b"Message-ID: <1@c>\r\nX: " + b"x" * 1000000 + b"\r\n\r\n"
               + b"y" * 1000000 + b"\r\n.\r\n")
        reply = s.reply()
        tap.is_(reply.code, 250, "in a message: a text", repr(reply))
        tap.like(str(reply), "truncated", "which is truncated")
        check_memory(s, "long lines")
        tap.is_(s.quit(), 0, "exit 0")


@tap.test("a message of ten megabytes")
def large():
    gw.reset()
    with Session(OWN, gw) as s:
        s.ehlo()
        s.envelope()
        s.send(b"Message-ID: <1@c>\r\n\r\n" + b"hello world\r\n" * 800000)
        reply = s.raw_data(b".\r\n")
        tap.is_(reply.code, 250, "10.4 million octets: 250", repr(reply))
        s.envelope()
        s.send(b"Message-ID: <1@c>\r\n\r\n" + b"hello world\r\n" * 900000)
        reply = s.raw_data(b".\r\n")
        tap.ok(reply.starts("552 5.3.4"), "11.7 million: 552 5.3.4",
               repr(reply))
        check_memory(s, "messages")


@tap.test("NUL and all other octets")
def octets():
    every = bytes(range(256))
    for data in (every, every * 100, b"\0" * 100000, b"\xff" * 100000,
                 every[::-1] * 64 + b"\r\n"):
        with Session(OWN + ["timeout-command 2"], gw, greeting=False) as s:
            s.send(data + b"\r\nQUIT\r\n")
            answers = s.rest().split(b"\r\n")
            codes = {line[:3] for line in answers[:-1]}
            tap.ok(codes <= {b"220", b"500", b"421", b"221"}
                   and answers[-2][:3] in (b"221", b"421"),
                   "%r...: 500, then 221 or 421" % data[:8], answers[-3:])
            tap.is_(s.finish(), 0, "%r...: exit 0" % data[:8])


@tap.test("a client that never reads")
def deaf():
    gw.reset()
    with Session(OWN + ["timeout-command 1"], gw, via="socketpair",
                 greeting=False) as s:
        s.send(TALK.split("AUTH")[0] + MAIL % 1)
        gw.wait_for_message()
        tap.ok(whole_or_nothing(), "its mail is delivered all the same")
        s.send("QUIT\r\n")
        tap.is_(s.finish(), 0, "exit 0")


def held_by(pid):
    """A process's descriptors: number to what it is."""
    folder = "/proc/%d/fd" % pid
    return {fd: os.readlink(os.path.join(folder, fd))
            for fd in os.listdir(folder)}


@tap.test("the session is in its sandbox")
def sandbox():
    if WRAP:
        raise tap.Skip("there is something around it")
    need_root("look into a process that has shut itself off")
    with Session(OWN, gw) as s:
        done = subprocess.run([PROGRAM, "-t", "-f", s.config],
                              capture_output=True, text=True)
        pids = session_process(s)
        modes = [process_status(pid, "Seccomp") for pid in pids]
        tap.note(done.stdout)
        if "seccomp" not in done.stdout:
            raise tap.Skip("it has none here")
        tap.ok(2 in modes, "seccomp filters its system calls", modes)
        child = pids[modes.index(2)]
        tap.is_(process_status(child, "NoNewPrivs"), 1, "no new privileges")
        held = held_by(child)
        tap.is_(sorted(name.split(":")[0] for name in held.values()),
                sorted([s.path("stderr")] + ["socket"] * 3),
                "it holds the client, the log and the link, no more")
        parents = [pid for pid in pids if pid != child]
        tap.ok(wait_until(lambda: not any(
            held["0"] in held_by(pid).values() for pid in parents)),
            "and nobody else holds the client",
            [held_by(pid) for pid in parents])
        s.ehlo()
        tap.is_(s.send_message().code, 250, "and does its work")


@tap.test("nothing is left behind")
def left():
    gw.reset()
    gw.queue("stall")
    with Session(OWN + ["timeout-gateway 1"], gw) as s:
        s.ehlo()
        s.envelope()
        s.send("\r\nhello\r\n.\r\n")
        gw.wait_for_request()
        s.hang_up()
        s.finish()
        tap.ok(wait_until(lambda: not s.processes(), 3),
               "no process, although the gateway was silent",
               [process_name(pid) for pid in s.processes()])


tap.run(240)
