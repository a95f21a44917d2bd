"""secret passphrase: texts and numbers go out encrypted, as SMSGate's own
clients do it.

What comes out is decrypted by Python's hashlib and by openssl(1); both are
held first against a vector of SMSGate's client for Python.
"""

import base64
import hashlib
import json
import os
import re
import subprocess
import tempfile

import link_lib
import tap
from agent_lib import Agent
from foreign import need
from gateway import Gateway
from roads_lib import descriptor
from smtp import (HOME, NUMBER, SLOW, Session, own_credentials, secret_file,
                  wait_until)

gw = Gateway()
PASSPHRASE = "schnüre ein 4711"
OWN = [*own_credentials(), "timeout-gateway 20",
       "secret passphrase " + secret_file(PASSPHRASE)]
SEAL = os.path.join(HOME, "smtp2sms-seal")
NUMBERS = ["+4915100000%02d" % i for i in range(12)]
# "hello", by android-sms-gateway's client-py (tests/test_encryption.py)
VECTOR = ("$aes-256-cbc/pbkdf2-sha1$i=75000$obSTW6ittQvTtdAxonQKIw==$"
          "g3QFAC9CtBcPxoKlouqsyQ==")
SHAPE = re.compile(r"\$aes-256-cbc/pbkdf2-sha1\$i=(\d+)\$([A-Za-z0-9+/]{22}==)"
                   r"\$([A-Za-z0-9+/]+={0,2})")


def opened(sealed, passphrase=PASSPHRASE):
    """The text in it, as the app reads it."""
    need("openssl")
    found = SHAPE.fullmatch(sealed)
    assert found, sealed
    salt = base64.b64decode(found[2])
    key = hashlib.pbkdf2_hmac("sha1", passphrase.encode(), salt,
                              int(found[1]), 32)
    done = subprocess.run(
        ["openssl", "enc", "-d", "-aes-256-cbc", "-K", key.hex(), "-iv",
         salt.hex()], input=base64.b64decode(found[3]), capture_output=True,
        check=False)
    return done.stdout.decode() if done.returncode == 0 else None


def mail(text="Disk full: Größe 95 %", numbers=(NUMBER,), lines=()):
    """(reply, log) of a mail."""
    with Session([*OWN, *lines], gw) as s:
        s.ehlo()
        reply = s.send_message(
            text, numbers, "Message-ID: <1@c.test>\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n")
        link_lib.leave(s)
        return reply, s.log()


@tap.test("the vector of SMSGate's own client")
def vector():
    tap.is_(opened(VECTOR, "passphrase"), "hello", "what opens it is right")
    tap.is_(opened(VECTOR, "Passphrase"), None, "and opens no other")


@tap.test("text and numbers are encrypted, each for itself")
def message():
    gw.reset()
    reply, log = mail(numbers=NUMBERS[:3])
    tap.like(str(reply), r"250 .*\(3 recipients, 1 part, GSM-7\)", "250", log)
    sent, = gw.messages
    tap.is_(sent["isEncrypted"], True, "isEncrypted")
    tap.is_(opened(sent["textMessage"]["text"]), "Disk full: Größe 95 %",
            "the text")
    tap.is_([opened(n) for n in sent["phoneNumbers"]], NUMBERS[:3],
            "the numbers")
    all_ = [sent["textMessage"]["text"], *sent["phoneNumbers"]]
    tap.is_(len({SHAPE.fullmatch(one)[2] for one in all_}), 4,
            "each has a salt of its own")
    body = gw.posts()[0].body.decode()
    tap.ok("Disk" not in body and NUMBERS[0][1:] not in body,
           "nothing is in clear", body)
    tap.ok(PASSPHRASE not in log and "4711" not in log, "nor is it logged")


@tap.test("texts of every length around a block")
def lengths():
    for size in (1, 15, 16, 17, 31, 32, 300):
        gw.reset()
        reply, log = mail("x" * size)
        tap.is_(opened(gw.messages[0]["textMessage"]["text"]), "x" * size,
                "%d octets" % size, log, repr(reply))


@tap.test("data goes out as its base64, encrypted")
def data():
    gw.reset()
    got, log = link_lib.send(OWN, gw, "", [NUMBER], port=4711,
                             data="00ff10")
    tap.is_([o for o, _ in got], ["accepted"], "accepted", log)
    sent = gw.messages[0]["dataMessage"]
    tap.is_((opened(sent["data"]), sent["port"]),
            (base64.b64encode(b"\x00\xff\x10").decode(), 4711), "the data")


@tap.test("many recipients: so many in a request that it is in time")
def many():
    gw.reset()
    reply, log = mail(numbers=NUMBERS)
    tap.is_(reply.code, 250, "250", log)
    tap.is_(sorted(len(m["phoneNumbers"]) for m in gw.messages), [2, 10],
            "two requests")
    tap.is_(sorted(opened(n) for m in gw.messages
                   for n in m["phoneNumbers"]), NUMBERS, "for all")


@tap.test("a retry is the same message")
def retry():
    gw.reset()
    gw.queue("lost-stall")
    reply, log = mail(lines=["timeout-gateway 2"])
    tap.is_(reply.code, 451, "its answer is lost", log)
    reply, log = mail()
    tap.like(str(reply), "250 2.0.0 Already sent", "the id is the same", log)
    tap.is_(len(gw.messages), 1, "and there is one SMS")


@tap.test("a text that is too long once it is encrypted")
def too_long():
    path = descriptor("smsgate", limits={"text": 120})
    for size, code in ((31, 250), (32, 554)):
        gw.reset()
        reply, log = mail("x" * size, lines=["gateway " + path])
        tap.is_(reply.code, code, "%d octets: %d" % (size, code), log)
        tap.ok(all(len(m["textMessage"]["text"]) <= 120
                   for m in gw.messages), "as the gateway takes it")


@tap.test("nothing goes out in clear if the program fails")
def failures():
    with tempfile.TemporaryDirectory(prefix="smtp2sms-sealed.") as folder:
        for name in ("smtp2sms-deliver", "smtp2sms-tls"):
            os.symlink(os.path.join(HOME, name), os.path.join(folder, name))
        fake = os.path.join(folder, "smtp2sms-seal")
        for what, script, words in (
                ("ends", "#!/bin/sh\nexit 1\n", "has failed|does not read"),
                ("says something else", "#!/bin/sh\necho hello; cat\n",
                 "has failed"),
                ("hangs", "#!/bin/sh\nexec sleep 100\n", "no time"),
                ("is no program", "nonsense", "cannot be started|has failed|"
                 "does not read"),
                ("is not there", None, "smtp2sms-seal: No such file")):
            gw.reset()
            if script is None:
                os.unlink(fake)
            else:
                with open(fake, "w") as file:
                    file.write(script)
                os.chmod(fake, 0o755)
            reply, log = mail(lines=["libexec " + folder,
                                     "timeout-gateway 2"])
            tap.is_(reply.code, 451, "it %s: 451" % what, repr(reply), log)
            tap.like(log, words, "and the log says why")
            tap.is_(gw.posts(), [], "nothing is sent")


@tap.test("an agent serves others while a message is encrypted")
def others():
    clear = Gateway()
    with tempfile.TemporaryDirectory(prefix="smtp2sms-sealed.") as folder:
        for name in ("smtp2sms-deliver", "smtp2sms-tls"):
            os.symlink(os.path.join(HOME, name), os.path.join(folder, name))
        fake = os.path.join(folder, "smtp2sms-seal")
        with open(fake, "w") as file:
            file.write("#!/bin/sh\nexec sleep 100\n")
        os.chmod(fake, 0o755)
        lines = [*own_credentials(), "timeout-gateway 3", "libexec " + folder,
                 "gateway %s %s" % (descriptor("one"), descriptor("two")),
                 "set one.base " + gw.url, "set two.base " + clear.url,
                 "secret one.passphrase " + secret_file(PASSPHRASE),
                 "route 49 one", "route * two"]
        with Agent(lines, gw) as agent, agent.session() as slow, \
                agent.session() as quick:
            slow.ehlo()
            slow.envelope([NUMBER])
            slow.send("Message-ID: <1@c>\r\n\r\nhello\r\n.\r\n")
            quick.ehlo()
            reply = quick.send_message("hello", ["+12025550123"])
            tap.like(str(reply), "250 .* by two ", "another gateway's message")
            tap.ok(slow.quiet(), "while the first one waits")
            tap.is_(slow.reply().code, 451, "until its time is over")
            tap.is_(len(clear.messages), 1, "which is in clear, as it is told")
    clear.close()


def frame(kind, *fields):
    body = bytes([kind]) + b"".join(fields)
    return len(body).to_bytes(4, "big") + body


def text(value):
    value = value.encode()
    return len(value).to_bytes(4, "big") + value


def seal(octets, *args):
    """(exit status, answer) of smtp2sms-seal."""
    done = subprocess.run([SEAL, *args], input=octets, capture_output=True,
                          timeout=30 * SLOW, check=False)
    return done.returncode, done.stdout


@tap.test("smtp2sms-seal alone")
def alone():
    two = (2).to_bytes(4, "big")
    code, out = seal(frame(1, text("p"), two, text("a"), text("")))
    tap.is_((code, out[4]), (0, 2), "an answer")
    size = int.from_bytes(out[5:9], "big")
    tap.is_(opened(out[9:9 + size].decode(), "p"), "a", "a text")
    tap.is_(opened(out[13 + size:].decode(), "p"), "", "an empty one")
    for what, octets, want in (
            ("nothing", b"", 74),
            ("half a frame", frame(1, text("p"))[:-1], 74),
            ("two frames", 2 * frame(1, text("p"), bytes(4)), 74),
            ("a frame that is too large", b"\x7f\xff\xff\xff", 74),
            ("another frame", frame(2, text("p"), bytes(4)), 65),
            ("no passphrase", frame(1, text(""), bytes(4)), 65),
            ("a long one", frame(1, text("p" * 1025), bytes(4)), 65),
            ("too many", frame(1, text("p"), (17).to_bytes(4, "big"),
                               17 * text("a")), 65),
            ("fewer than it says", frame(1, text("p"), two, text("a")), 65),
            ("more than it says", frame(1, text("p"), bytes(4), text("a")),
             65),
            ("a NUL", frame(1, text("p"), (1).to_bytes(4, "big"),
                            text("a\0b")), 65)):
        code, out = seal(octets)
        tap.is_((code, out), (want, b""), "%s: %d" % (what, want))
    tap.is_(seal(b"", "-x")[0], 64, "usage: 64")
    tap.is_(seal(frame(1, text("p"), bytes(4)), "-b")[0], 0, "-b")


@tap.test("smtp2sms-seal is in a sandbox before it reads an octet")
def sandbox():
    with subprocess.Popen([SEAL], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as child:
        def status():
            with open("/proc/%d/status" % child.pid) as file:
                return dict(line.split(":", 1) for line in file)
        inside = wait_until(lambda: status()["Seccomp"].strip() == "2")
        child.stdin.close()
        child.wait()
    if os.environ.get("SMTP2SMS_WRAP"):
        raise tap.Skip("there is something around it")
    tap.ok(inside, "seccomp")


@tap.test("a passphrase that cannot be used is refused")
def passphrase():
    for value, words in (("x" * 1025, "has more than 1024 octets"),
                         ("x" * 1024, None)):
        with Session([*OWN, "secret passphrase " + secret_file(value)], gw,
                     greeting=False, args=["-t"]) as s:
            out = s.rest().decode()
            code = s.finish()
            tap.is_(code, 78 if words else 0, "%d octets" % len(value),
                    out, s.log())
            if words:
                tap.like(out + s.log(), words, "and why")
    for change, words in (
            ({"mark": None}, "/encrypt/mark: is missing"),
            ({"values": []}, "/encrypt/values: is missing"),
            ({"values": ["x"]}, "must be a JSON pointer"),
            ({"other": 1}, "/encrypt/other")):
        made = {"passphrase": "${passphrase}", "values": ["/a"],
                "mark": "isEncrypted", **change}
        path = descriptor("smsgate", encrypt={
            k: v for k, v in made.items() if v is not None})
        with Session([*OWN, "gateway " + path], gw, greeting=False,
                     args=["-t"]) as s:
            out = s.rest().decode()
            tap.is_(s.finish(), 78, "%s: exit 78" % change)
            tap.like(out + s.log(), words, "and why")


@tap.test("--try encrypts; -n shows what is encrypted")
def tries():
    gw.reset()
    with tempfile.TemporaryDirectory(prefix="smtp2sms-sealed.") as folder:
        path = link_lib.write_configuration(folder, OWN, gw)
        for more, count in (([], 1), (["-n"], 1)):
            done = subprocess.run(
                [os.path.join(HOME, "smtp2sms-deliver"), "--try", NUMBER,
                 "-f", path, *more, "hello"], capture_output=True, text=True,
                check=False)
            tap.is_((done.returncode, len(gw.messages)), (0, count),
                    "--try %s" % more, done.stdout, done.stderr)
            line = [row for row in done.stdout.split("\n")
                    if row.startswith("request: ")][0]
            body = json.loads(line[len("request: "):])["body"]
            tap.is_(body["isEncrypted"], True, "isEncrypted")
            tap.ok(PASSPHRASE not in done.stdout, "no passphrase")
    tap.is_(opened(gw.messages[0]["textMessage"]["text"]), "hello",
            "the text")


tap.run(240)
