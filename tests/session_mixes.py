"""Transactions of every kind, one behind the other, in packets of any size.

Dialogues are put together at random; the same octets in one packet, one by
one, and in pieces must have the same replies, and send the same.
"""

import os
import random
import re

import tap
from session_lib import PERMANENT, Delivery
from smtp import Session

A, B = "+4915112345678", "+4915112345679"
CONF = ["auth none", "max-errors 100000", "max-size 3000",
        "bad-recipient accept", "alias both %s %s" % (A, B)]
SEED = int(os.environ.get("SMTP2SMS_SEED") or 20261122)
DIALOGUES = 25
PARAMETERS = ["", "", "PRDR", "SIZE=100", "BODY=8BITMIME", "BODY=BINARYMIME",
              "SMTPUTF8", "MT-PRIORITY=4", "BY=60;R", "BY=60;N", "PRDR",
              "RET=HDRS ENVID=7", "HOLDFOR=0", "SIZE=4000", "MT-PRIORITY=x",
              "PRDR BODY=BINARYMIME MT-PRIORITY=-2", "FOO=1"]
RCPTS = ["", "", "NOTIFY=SUCCESS", "NOTIFY=NEVER ORCPT=rfc822;a@b", "FOO"]
NAMES = [A, A, B, "both", "nobody", "+4915112345670"]
HEADS = ["", "Importance: high\r\n", "X-SMS-TTL: 90\r\n",
         "X-SMS-SIM: 9\r\n", "X-SMS-Port: 7\r\n"]
BODIES = [b"hello", b"hello\r\n.\r\nQUIT\r\n", b"", b"x" * 4000, b"a\nb",
          b"a\0b", b"..\r\n.\r\n", "gr\u00fcn".encode()]
BETWEEN = [b"NOOP", b"RSET", b"EHLO c", b"VRFY x", b"HELP MAIL", b"BOGUS",
           b"BDAT 0", b"RCPT TO:<%s@sms.test>" % A.encode()]


def data(body):
    """A message as DATA wants it."""
    body = body if body.endswith(b"\r\n") else body + b"\r\n"
    return (b"DATA\r\n" + re.sub(rb"(?m)^\.", b"..", body) + b".\r\n")


def chunks(rnd, body):
    """A message as BDAT wants it, now and then with something between."""
    out = b""
    while rnd.random() < 0.6:
        cut = rnd.randint(0, len(body))
        out += b"BDAT %d\r\n" % cut + body[:cut]
        body = body[cut:]
        if rnd.random() < 0.1:
            out += rnd.choice(BETWEEN) + b"\r\n"
    return out + b"BDAT %d LAST\r\n" % len(body) + body


def transaction(rnd, safe):
    """One mail; safe: DATA only where it will be accepted, since what
    follows it would be commands else."""
    parameters = rnd.choice(PARAMETERS)
    good = not re.search("4000|=x|FOO|BINARY", parameters)
    out = ("MAIL FROM:<a@b.test> %s" % parameters).encode() + b"\r\n"
    for _ in range(rnd.randint(1, 4)):
        out += ("RCPT TO:<%s@sms.test> %s" % (
            rnd.choice(NAMES), rnd.choice(RCPTS))).encode() + b"\r\n"
    message = rnd.choice(HEADS).encode() + b"\r\n" + rnd.choice(BODIES)
    if rnd.random() < 0.1:
        return out + b"RSET\r\n"
    if safe and good and rnd.random() < 0.5:
        out += b"RCPT TO:<%s@sms.test>\r\n" % A.encode()
        return out + data(message)
    return out + chunks(rnd, message) + b"RSET\r\n"


def dialogue(rnd, hello):
    out = hello + b" c\r\n"
    for _ in range(rnd.randint(2, 6)):
        out += transaction(rnd, True)
        if rnd.random() < 0.3:
            out += rnd.choice(BETWEEN[:2] + BETWEEN[3:6]) + b"\r\n"
    return out + b"QUIT\r\n"


def converse(octets, args, send):
    with Delivery(outcomes={"+4915112345670": PERMANENT}) as d, \
            Session(CONF, libexec=d.dir, args=args) as s:
        send(s, octets)
        said = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]{8}Z", b"", s.rest(60))
        s.hang_up()
        code = s.finish()
        return said, code, [{k: v for k, v in m.items() if k != "ms"}
                            for m in d.sent()]


def in_pieces(size):
    def send(s, octets):
        for at in range(0, len(octets), size):
            s.send(octets[at:at + size])
    return send


@tap.test("any mix in packets of any size")
def mixes():
    tap.note("SMTP2SMS_SEED=%d" % SEED)
    rnd = random.Random(SEED)
    codes = set()
    for number in range(DIALOGUES):
        lmtp = number % 3 == 2
        octets = dialogue(rnd, b"LHLO" if lmtp else b"EHLO")
        args = ("-L",) if lmtp else ()
        whole = converse(octets, args, Session.send)
        size = rnd.choice([2, 3, 7, 64, 511])
        good = (whole[1] == 0 and b"\r\n221 " in whole[0]
                and whole == converse(octets, args, in_pieces(size))
                and (number % 5 or whole == converse(octets, args,
                                                     Session.send_slowly)))
        tap.ok(good, "dialogue %d, %d octets, %d messages, pieces of %d"
               % (number, len(octets), len(whole[2]), size), octets,
               whole[0])
        codes |= set(re.findall(rb"(?m)^(\d{3}) ", whole[0]))
    wanted = {b"250", b"353", b"354", b"501", b"503", b"550", b"552",
              b"554", b"555", b"221"}
    tap.ok(wanted <= codes, "replies of every kind were among them",
           wanted - codes)


tap.run()
