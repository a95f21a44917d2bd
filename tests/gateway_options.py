"""Every extension and every field, to the JSON that the gateway gets."""

import base64
import calendar
import smtplib
import subprocess
import tempfile
import time

import tap
from foreign import need
from gateway import Gateway
from smtp import HOME, NUMBER, PROGRAM, Session, configuration, \
    own_credentials

gw = Gateway()
OWN = own_credentials() + ["set device phone"]
TO = "RCPT TO:<%s@sms.test>" % NUMBER
BASE = {"deviceId": "phone", "phoneNumbers": [NUMBER],
        "textMessage": {"text": "hello"}}
NOTHING_MORE = {"user", "id"}


def mail(s, mail="", rcpt="", head="", body="hello", sender="a@b.test"):
    """Send one; the reply, and what the gateway got beyond the plain."""
    gw.reset()
    reply = s.mail(sender, mail)
    assert reply.code == 250, reply
    s.must(TO + (" " + rcpt if rcpt else ""), 250)
    s.must("DATA", 354)
    reply = s.data(head + "\n" + body)
    return reply, more()


def more():
    assert len(gw.messages) == 1, gw.requests
    return {k: v for k, v in gw.messages[0].items()
            if k not in NOTHING_MORE and BASE.get(k) != v}


# (what, MAIL, RCPT, fields, JSON besides the plain)
ROWS = [
    ("nothing", "", "", "", {}),
    ("8BITMIME", "BODY=8BITMIME", "", "", {}),
    ("SIZE", "SIZE=100", "", "", {}),
    ("SMTPUTF8", "SMTPUTF8", "", "", {}),
    ("MT-PRIORITY 0", "MT-PRIORITY=0", "", "", {"priority": 0}),
    ("MT-PRIORITY 9", "MT-PRIORITY=9", "", "", {"priority": 126}),
    ("MT-PRIORITY -9", "MT-PRIORITY=-9", "", "", {"priority": -126}),
    ("X-SMS-Priority", "", "", "X-SMS-Priority: 100\n", {"priority": 100}),
    ("Importance", "", "", "Importance: high\n", {"priority": 56}),
    ("X-Priority", "", "", "X-Priority: 5 (Lowest)\n", {"priority": -56}),
    ("DELIVERBY", "BY=600;R", "", "", {"ttl": 600}),
    ("X-SMS-TTL", "", "", "X-SMS-TTL: 60\n", {"ttl": 60}),
    ("DSN: SUCCESS", "RET=HDRS ENVID=1", "NOTIFY=SUCCESS", "",
     {"withDeliveryReport": True}),
    ("DSN: NEVER", "", "NOTIFY=NEVER ORCPT=rfc822;a@b", "",
     {"withDeliveryReport": False}),
    ("X-SMS-Delivery-Report", "", "", "X-SMS-Delivery-Report: no\n",
     {"withDeliveryReport": False}),
    ("X-SMS-SIM", "", "", "X-SMS-SIM: 2\n", {"simNumber": 2}),
    ("X-SMS-Device", "", "", "X-SMS-Device: other\n", {"deviceId": "other"}),
    ("PRDR", "PRDR", "", "", {}),
]


@tap.test("what the gateway gets")
def rows():
    with Session(OWN, gw) as s:
        s.ehlo()
        for what, parameters, rcpt, head, want in ROWS:
            reply, got = mail(s, parameters, rcpt, head)
            tap.is_((reply.code, got), (250, want), what, repr(reply))
        tap.is_(s.quit(), 0, "exit 0")


@tap.test("a schedule")
def schedule():
    with Session(OWN, gw) as s:
        s.ehlo()
        at = int(time.time()) + 3600
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        for what, parameters, head in (
                ("HOLDFOR", "HOLDFOR=3600", ""),
                ("HOLDUNTIL", "HOLDUNTIL=" + until, ""),
                ("X-SMS-Schedule", "", "X-SMS-Schedule: +3600\n"),
                ("X-SMS-Schedule, a date", "",
                 "X-SMS-Schedule: %s\n" % until)):
            reply, got = mail(s, parameters, "", head)
            when = got.pop("scheduleAt", "")
            tap.is_((reply.code, got), (250, {}), what, repr(reply))
            tap.ok(abs(calendar.timegm(time.strptime(
                when, "%Y-%m-%dT%H:%M:%SZ")) - at) < 30, "... in an hour",
                when)


@tap.test("a sender is what SMSGate has no place for")
def sender():
    with Session(OWN, gw) as s:
        s.ehlo()
        reply, got = mail(s, head="X-SMS-From: ACME\n")
        tap.is_(got, {}, "X-SMS-From: it goes out without")
        tap.like(str(reply), ", without sender$", "and that is said")
        reply, got = mail(s, sender="+4915199999999@b.test")
        tap.ok(got == {} and "without" not in str(reply),
               "a number in MAIL FROM: silently", got, repr(reply))


@tap.test("CHUNKING, BINARYMIME: a data SMS of any octets")
def chunks():
    octets = bytes(range(130)) + b"\r\n."
    head = (b"X-SMS-Port: 5000\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Transfer-Encoding: binary\r\n\r\n")
    with Session(OWN, gw) as s:
        s.ehlo()
        gw.reset()
        s.must("MAIL FROM:<> BODY=BINARYMIME", 250)
        s.must(TO, 250)
        s.send(b"BDAT %d\r\n" % len(head) + head
               + b"BDAT %d LAST\r\n" % len(octets) + octets)
        codes = [r.code for r in s.replies(2)]
        tap.is_(codes, [250, 250], "two chunks")
        m = gw.messages[0]
        tap.ok("textMessage" not in m, "no text")
        tap.is_(base64.b64decode(m["dataMessage"]["data"]), octets,
                "every octet")
        tap.is_(m["dataMessage"]["port"], 5000, "the port")


@tap.test("LMTP")
def lmtp():
    with Session(OWN, gw, args=("-L",)) as s:
        gw.reset()
        s.must("LHLO c", 250)
        s.must("MAIL FROM:<> MT-PRIORITY=1", 250)
        s.must(TO, 250)
        s.must("RCPT TO:<+4915112345679@sms.test>", 250)
        s.must("DATA", 354)
        s.send("\r\nhello\r\n.\r\n")
        tap.is_([r.code for r in s.replies(2)], [250, 250], "two replies")
        tap.is_([(m["phoneNumbers"], m["priority"]) for m in gw.messages],
                [([NUMBER, "+4915112345679"], 14)], "one request")


@tap.test("smtplib with parameters")
def library():
    with Session(OWN, gw) as s:
        gw.reset()
        client = smtplib.SMTP()
        client.sock = s.sock.dup()
        client.sock.setblocking(True)
        refused = client.sendmail(
            "a@b.test", [NUMBER + "@sms.test"], "\r\nhello",
            mail_options=["MT-PRIORITY=3", "BY=60;R"],
            rcpt_options=["NOTIFY=SUCCESS"])
        tap.is_(refused, {}, "nobody was refused")
        tap.is_(more(), {"priority": 42, "ttl": 60,
                         "withDeliveryReport": True}, "the JSON")
        client.quit()


@tap.test("swaks with fields")
def swaks():
    need("swaks")
    gw.reset()
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
        conf.write(configuration(OWN, gw))
        conf.flush()
        done = subprocess.run(
            ["swaks", "--pipe", "%s -f %s" % (PROGRAM, conf.name),
             "--to", NUMBER[1:] + "@sms.test", "--from", "a@b.test",
             "--helo", "c", "--h-X-SMS-Priority", "100",
             "--header", "X-SMS-TTL: 60", "--body", "hello"],
            capture_output=True, text=True, check=False, cwd=HOME)
    tap.is_(done.returncode, 0, "exit 0", done.stdout, done.stderr)
    tap.is_(more(), {"priority": 100, "ttl": 60}, "the JSON")


tap.run()
