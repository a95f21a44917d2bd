"""A message's options: parameters of MAIL and RCPT, fields of the header.

What is asked for is read where the delivery side gets it.
"""

import calendar
import os
import signal
import smtplib
import socket
import time

import tap
from session_lib import (DATA, DEVICE, EVERYTHING, FROM, LEVEL, NO, PRIORITY,
                         RAW, REPORT, SCHEDULE, SIM, TTL, YES, Delivery)
from smtp import NUMBER, Session, b64

NONE = ["auth none", "max-errors 1000"]
TO = "RCPT TO:<%s@sms.test>" % NUMBER


def rfc3339(when):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))


def soon(seconds):
    return rfc3339(time.time() + seconds)


# What a reply says of a value that is wrong.
ALLOWED = {
    "SIZE": "octets",
    "BODY": "7BIT, 8BITMIME or BINARYMIME",
    "MT-PRIORITY": "-9 to 9",
    "BY": "seconds;R or seconds;N, with T or without",
    "HOLDFOR": "seconds, at least 1",
    "HOLDUNTIL": "a date and time of RFC 3339",
    "RET": "FULL or HDRS",
    "ENVID": "xtext",
    "NOTIFY": "NEVER, or some of SUCCESS, FAILURE, DELAY",
    "ORCPT": "type;xtext",
    "AUTH": "xtext or <>",
    "X-SMS-Priority": "-128 to 127, and what the gateway takes",
    "X-SMS-TTL": "seconds",
    "X-SMS-Schedule": "+seconds, or a date and time of RFC 3339",
    "X-SMS-Delivery-Report": "yes, no or mail",
    "X-SMS-Device": "at most 64 octets",
    "X-SMS-SIM": "1 to 3",
    "X-SMS-From": "at most 32 octets",
    "X-SMS-Port": "1 to 65535",
}


def bad_value(name):
    code = "550 5.6.0" if name.startswith("X-") else "501 5.5.4"
    return "%s Bad value of %s: %s" % (code, name, ALLOWED[name])


# What is wrong with a parameter: (parameters, reply).
BAD_MAIL = [
    ("SIZE", bad_value("SIZE")),
    ("SIZE=", bad_value("SIZE")),
    ("SIZE=1x", bad_value("SIZE")),
    ("SIZE=1 SIZE=1", "501 5.5.4 Parameter given twice"),
    ("SIZE=1 BODY=7BIT size=1", "501 5.5.4 Parameter given twice"),
    ("BODY", bad_value("BODY")),
    ("BODY=9BIT", bad_value("BODY")),
    ("BODY=7BIT BODY=8BITMIME", "501 5.5.4 Parameter given twice"),
    ("SMTPUTF8=1", "501 5.5.4 SMTPUTF8 takes no value"),
    ("SMTPUTF8=", "501 5.5.4 SMTPUTF8 takes no value"),
    ("SMTPUTF8 SMTPUTF8", "501 5.5.4 Parameter given twice"),
    ("PRDR=1", "501 5.5.4 PRDR takes no value"),
    ("PRDR PRDR", "501 5.5.4 Parameter given twice"),
    ("MT-PRIORITY", bad_value("MT-PRIORITY")),
    ("MT-PRIORITY=", bad_value("MT-PRIORITY")),
    ("MT-PRIORITY=10", bad_value("MT-PRIORITY")),
    ("MT-PRIORITY=-10", bad_value("MT-PRIORITY")),
    ("MT-PRIORITY=+1", bad_value("MT-PRIORITY")),
    ("MT-PRIORITY=-0", bad_value("MT-PRIORITY")),
    ("MT-PRIORITY=1 MT-PRIORITY=1", "501 5.5.4 Parameter given twice"),
    ("BY", bad_value("BY")),
    ("BY=60", bad_value("BY")),
    ("BY=60;X", bad_value("BY")),
    ("BY=0;R", bad_value("BY")),
    ("BY=-60;R", bad_value("BY")),
    ("BY=1000000000;R", bad_value("BY")),
    ("HOLDFOR", bad_value("HOLDFOR")),
    ("HOLDFOR=-1", bad_value("HOLDFOR")),
    ("HOLDFOR=1h", bad_value("HOLDFOR")),
    ("HOLDFOR=604801", "501 5.5.4 HOLDFOR or HOLDUNTIL is out of range"),
    ("HOLDUNTIL", bad_value("HOLDUNTIL")),
    ("HOLDUNTIL=tomorrow", bad_value("HOLDUNTIL")),
    ("HOLDUNTIL=2026-02-30T00:00:00Z", bad_value("HOLDUNTIL")),
    ("HOLDUNTIL=2001-01-01T00:00:00Z",
     "501 5.5.4 HOLDFOR or HOLDUNTIL is out of range"),
    ("HOLDUNTIL=2100-01-01T00:00:00Z",
     "501 5.5.4 HOLDFOR or HOLDUNTIL is out of range"),
    ("HOLDFOR=60 HOLDUNTIL=" + soon(60),
     "501 5.5.4 HOLDFOR and HOLDUNTIL cannot be combined"),
    ("HOLDUNTIL=" + soon(60) + " HOLDFOR=60",
     "501 5.5.4 HOLDFOR and HOLDUNTIL cannot be combined"),
    ("HOLDFOR=120 BY=60;R", "501 5.5.4 BY ends before HOLDFOR or HOLDUNTIL"),
    ("BY=60;R HOLDFOR=120", "501 5.5.4 BY ends before HOLDFOR or HOLDUNTIL"),
    ("RET", bad_value("RET")),
    ("RET=BODY", bad_value("RET")),
    ("RET=FULL RET=HDRS", "501 5.5.4 Parameter given twice"),
    ("ENVID", bad_value("ENVID")),
    ("ENVID=", bad_value("ENVID")),
    ("ENVID=a+b", bad_value("ENVID")),
    ("ENVID=" + "x" * 101, bad_value("ENVID")),
    ("NOTIFY=NEVER", "555 5.5.4 Parameter not recognized"),
    ("ORCPT=rfc822;a@b", "555 5.5.4 Parameter not recognized"),
    ("HOLDFOR=0", bad_value("HOLDFOR")),
    ("HOLDFOR=060", bad_value("HOLDFOR")),
    ("FOO", "555 5.5.4 Parameter not recognized"),
    ("FOO=BAR", "555 5.5.4 Parameter not recognized"),
    ("=BAR", "555 5.5.4 Parameter not recognized"),
    ("SIZE=99999999999", "552 5.3.4 Message too big"),
]
BAD_RCPT = [
    ("NOTIFY", bad_value("NOTIFY")),
    ("NOTIFY=", bad_value("NOTIFY")),
    ("NOTIFY=ALWAYS", bad_value("NOTIFY")),
    ("NOTIFY=NEVER,SUCCESS", bad_value("NOTIFY")),
    ("NOTIFY=SUCCESS NOTIFY=NEVER", "501 5.5.4 Parameter given twice"),
    ("ORCPT", bad_value("ORCPT")),
    ("ORCPT=a@b", bad_value("ORCPT")),
    ("ORCPT=rfc822;a+b", bad_value("ORCPT")),
    ("ORCPT=rfc822;a@b ORCPT=rfc822;a@b", "501 5.5.4 Parameter given twice"),
    ("SIZE=1", "555 5.5.4 Parameter not recognized"),
    ("FOO", "555 5.5.4 Parameter not recognized"),
    ("FOO=BAR", "555 5.5.4 Parameter not recognized"),
]


@tap.test("what is wrong with a parameter")
def bad():
    with Delivery() as d, Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        for words, want in BAD_MAIL:
            tap.is_(str(s.mail(parameters=words)), want, "MAIL " + words)
            tap.is_(s.cmd(TO).code, 503, "... and there is no MAIL")
        s.must("MAIL FROM:<a@b.test>", 250)
        for words, want in BAD_RCPT:
            tap.is_(str(s.cmd(TO + " " + words)), want, "RCPT " + words)
        tap.is_(s.cmd("DATA").code, 503, "... and there is no RCPT")
        tap.is_(d.sent(), [], "nothing was sent")


def options(m):
    """What of a message that was sent is not as if nothing was asked."""
    none = {"priority": [0, 0], "ttl": 0, "schedule": 0, "report": 0,
            "sim": 0, "device": "", "sender": "", "port": 0, "data": ""}
    return {k: m[k] for k in none if m[k] != none[k]}


def send(s, d, mail="", rcpt="", head="", sender="root@client.test",
         body="hello"):
    """Send a mail: the reply, and its options at the delivery side."""
    d.forget()
    reply = s.mail(sender, mail)
    if reply.code != 250:
        return reply, None
    reply = s.cmd(TO + (" " + rcpt if rcpt else ""))
    if reply.code != 250:
        s.must("RSET", 250)
        return reply, None
    s.must("DATA", 354)
    reply = s.data("Message-ID: <1@c>\n" + head + "\n" + body)
    sent = d.sent()
    return reply, options(sent[0]) if sent else None


# (MAIL, RCPT, header, options)
GOOD = [
    ("", "", "", {}),
    ("MT-PRIORITY=9", "", "", {"priority": [LEVEL, 9]}),
    ("MT-PRIORITY=-9", "", "", {"priority": [LEVEL, -9]}),
    ("mt-priority=3", "", "", {"priority": [LEVEL, 3]}),
    ("MT-PRIORITY=0", "", "", {"priority": [LEVEL, 0]}),
    ("BY=120;R", "", "", {"ttl": 120}),
    ("BY=120;RT", "", "", {"ttl": 120}),
    ("by=+120;r", "", "", {"ttl": 120}),
    ("RET=HDRS ENVID=QQ314159", "", "", {}),
    ("RET=full", "", "", {}),
    ("", "NOTIFY=SUCCESS", "", {"report": YES}),
    ("", "notify=success,failure,delay", "", {"report": YES}),
    ("", "NOTIFY=NEVER", "", {"report": NO}),
    ("", "NOTIFY=FAILURE", "", {}),
    ("", "ORCPT=rfc822;x+2By@b.test", "", {}),
    ("", "ORCPT=rfc822;a@b NOTIFY=NEVER", "", {"report": NO}),
    ("", "", "X-SMS-Priority: 100\n", {"priority": [RAW, 100]}),
    ("", "", "X-SMS-Priority: -128\n", {"priority": [RAW, -128]}),
    ("", "", "x-sms-priority:+127\n", {"priority": [RAW, 127]}),
    ("", "", "X-SMS-Priority: 0\n", {"priority": [RAW, 0]}),
    ("", "", "X-SMS-TTL: 60\n", {"ttl": 60}),
    ("", "", "X-SMS-Delivery-Report: yes\n", {"report": YES}),
    ("", "", "X-SMS-Delivery-Report: FALSE\n", {"report": NO}),
    ("", "", "X-SMS-Device: phone 1\n", {"device": "phone 1"}),
    ("", "", "X-SMS-SIM: 2\n", {"sim": 2}),
    ("", "", "X-SMS-From: ACME\n", {"sender": "ACME"}),
    ("", "", "X-SMS-From: +49 (151) 999-99999\n",
     {"sender": "+4915199999999"}),
    # as Python's email writes what is not ASCII
    ("", "", "X-SMS-From: =?utf-8?q?B=C3=BCro?=\n", {"sender": "B\u00fcro"}),
    ("", "", "X-SMS-Device: =?iso-8859-1?q?B=FCro?=\n =?utf-8?b?IDI=?=\n",
     {"device": "B\u00fcro 2"}),
    ("", "", "X-SMS-From: B\u00fcro\n", {"sender": "B\u00fcro"}),
    ("", "", "X-SMS-From: =?utf-8?q?a=0Ab?=\n", {"sender": "a b"}),
    ("", "", "Importance: high\n", {"priority": [LEVEL, 4]}),
    ("", "", "Importance: Low\n", {"priority": [LEVEL, -4]}),
    ("", "", "Importance: normal\n", {}),
    ("", "", "Importance: nonsense\n", {}),
    ("", "", "X-Priority: 1 (Highest)\n", {"priority": [LEVEL, 4]}),
    ("", "", "X-Priority: 3\n", {}),
    ("", "", "X-Priority: 5\n", {"priority": [LEVEL, -4]}),
    ("", "", "Priority: urgent\n", {"priority": [LEVEL, 4]}),
    ("", "", "Priority: non-urgent\n", {"priority": [LEVEL, -4]}),
    ("", "", "X-Priority: 3\nImportance: high\n", {"priority": [LEVEL, 4]}),
    ("", "", "X-SMS-Priority: 7\nImportance: high\n", {"priority": [RAW, 7]}),
    # a parameter beats a field
    ("MT-PRIORITY=2", "", "X-SMS-Priority: 7\n", {"priority": [LEVEL, 2]}),
    ("MT-PRIORITY=0", "", "X-SMS-Priority: 7\nImportance: high\n",
     {"priority": [LEVEL, 0]}),
    ("BY=120;R", "", "X-SMS-TTL: 7\n", {"ttl": 120}),
    ("", "NOTIFY=NEVER", "X-SMS-Delivery-Report: yes\n", {"report": NO}),
    # devices that got it wrong, and mean no harm
    ("", "NOTIFY=SUCCESS,,", "", {"report": YES}),
    ("AUTH=<>", "", "", {}),
    ("AUTH=a=b", "", "", {}),
    ("AUTH", "", "", {}),
    # a field may be repeated, if its value is the same
    ("", "", "X-SMS-SIM: 1\nX-SMS-TTL: 60\nx-sms-sim:1 \n",
     {"sim": 1, "ttl": 60}),
    # all at once
    ("SIZE=1000 BODY=8BITMIME SMTPUTF8 MT-PRIORITY=1 BY=600;R RET=HDRS "
     "ENVID=1", "NOTIFY=SUCCESS ORCPT=rfc822;a@b",
     "X-SMS-SIM: 3\nX-SMS-Device: d\nX-SMS-From: f\n",
     {"priority": [LEVEL, 1], "ttl": 600, "report": YES, "sim": 3,
      "device": "d", "sender": "f"}),
]


@tap.test("parameters and fields become options")
def good():
    with Delivery() as d, Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        for mail, rcpt, head, want in GOOD:
            reply, got = send(s, d, mail, rcpt, head)
            tap.is_((reply.code, got), (250, want), "%s %s %r"
                    % (mail, rcpt, head), repr(reply))
            tap.ok(", without" not in str(reply), "... none is left out",
                   repr(reply))
        tap.is_(s.quit(), 0, "exit 0")


@tap.test("times: HOLDFOR, HOLDUNTIL, X-SMS-Schedule")
def times():
    with Delivery() as d, Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        at = int(time.time()) + 3600
        offset = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at + 5400))
        for mail, head in (("HOLDFOR=3600", ""),
                           ("HOLDUNTIL=" + rfc3339(at), ""),
                           ("HOLDUNTIL=" + offset + "+01:30", ""),
                           ("", "X-SMS-Schedule: +3600\n"),
                           ("", "X-SMS-Schedule: %s\n" % rfc3339(at)),
                           ("HOLDFOR=3600 BY=4000;R", ""),
                           ("HOLDFOR=3600", "X-SMS-Schedule: +60\n")):
            reply, got = send(s, d, mail, "", head)
            tap.is_(reply.code, 250, mail + head, repr(reply))
            tap.ok(got and abs(got["schedule"] - at) < 30, "... in an hour",
                   got)
        keyword = [k for k in s.ehlo() if k.startswith("FUTURERELEASE ")][0]
        _, seconds, until = keyword.split()
        tap.is_(seconds, "604800", "the longest time is announced")
        until = calendar.timegm(time.strptime(until, "%Y-%m-%dT%H:%M:%SZ"))
        tap.ok(abs(until - time.time() - 604800) < 30, "and the last moment")
        tap.is_(s.mail(parameters="HOLDFOR=604800").code, 250,
                "which is accepted")
    with Delivery() as d, Session(NONE + ["max-hold 60"],
                                  libexec=d.dir) as s:
        s.ehlo()
        tap.is_(s.mail(parameters="HOLDFOR=61").code, 501, "max-hold 60: 61")
        tap.is_(send(s, d, head="X-SMS-Schedule: +61\n")[0].code, 550,
                "X-SMS-Schedule: likewise")
        # a queue may have tried until it was due
        head = "X-SMS-Schedule: %s\n"
        reply, got = send(s, d, head=head % rfc3339(int(time.time()) - 30))
        tap.is_((reply.code, got), (250, {}), "just past: sent at once")
        tap.is_(send(s, d, head=head % rfc3339(int(time.time()) - 90))[0].code,
                550, "long past: 550")
        tap.is_(s.mail(parameters="HOLDFOR=60").code, 250, "60")


# (field, value)
BAD_FIELDS = [
    ("Priority", "128"), ("Priority", "-129"), ("Priority", "high"),
    ("Priority", ""), ("Priority", "1 2"),
    ("Priority", "1" + " " * 1000 + "2"), ("TTL", "1" + " " * 9000 + "h"),
    ("TTL", "0"), ("TTL", "-5"), ("TTL", "1h"), ("TTL", ""),
    ("TTL", "99999999999"),
    ("Schedule", "tomorrow"), ("Schedule", "60"), ("Schedule", ""),
    ("Schedule", "2001-01-01T00:00:00Z"), ("Schedule", "+604801"),
    ("Schedule", "2100-01-01T00:00:00Z"),
    ("Delivery-Report", "perhaps"), ("Delivery-Report", ""),
    ("Device", ""), ("Device", "d" * 65),
    ("SIM", "0"), ("SIM", "4"), ("SIM", "one"),
    ("Device", "=?utf-8?q?" + "d" * 65 + "?="),
    ("From", ""), ("From", "f" * 33), ("From", "=?utf-8?q??="),
    ("Port", "0"), ("Port", "65536"), ("Port", "http"),
    # more than is kept: what is left is another option
    ("Device", "=?utf-8?q?A?=" + " =?utf-8?q??=" * 700 + " =?utf-8?q?B?="),
]


@tap.test("what is wrong with a field")
def bad_fields():
    with Delivery() as d, Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        for name, value in BAD_FIELDS:
            reply, got = send(s, d, head="X-SMS-%s: %s\n" % (name, value))
            tap.is_((str(reply), got), (bad_value("X-SMS-" + name), None),
                    "%s: %.80s" % (name, value))
        for mail, head, name in (
                ("", "X-SMS-TTL: 60\nX-SMS-Schedule: +120\n", "Schedule"),
                ("HOLDFOR=120", "X-SMS-TTL: 60\n", "TTL"),
                ("BY=60;R", "X-SMS-Schedule: +120\n", "Schedule"),
                ("BY=60;R", "X-SMS-TTL: x\n", "TTL")):
            reply, got = send(s, d, mail, head=head)
            tap.is_((str(reply), got),
                    (bad_value("X-SMS-" + name), None),
                    "%s %r" % (mail, head))
        tap.is_(send(s, d, head="X-SMS-Device: %s\nX-SMS-From: %s\n"
                     % ("d" * 64, "f" * 32))[1],
                {"device": "d" * 64, "sender": "f" * 32},
                "the longest names")


@tap.test("a field with two values contradicts itself")
def twice():
    with Delivery() as d, Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        for name, one, other in (
                ("Priority", "1", "2"), ("TTL", "60", "600"),
                ("Schedule", "+60", "+120"), ("Schedule", "+60", ""),
                ("Delivery-Report", "yes", "no"), ("SIM", "1", "2"),
                ("Device", "a", "b"), ("From", "a", "=?utf-8?q?b?="),
                ("Port", "1", "2"), ("SIM", "1", "1\nX-SMS-SIM: 2")):
            head = "X-SMS-%s: %s\nSubject: x\nX-SMS-%s: %s\n" % (
                name, one, name, other)
            reply, got = send(s, d, head=head)
            tap.is_((str(reply), got),
                    ("550 5.6.0 X-SMS-%s has two values" % name, None),
                    repr(head))
        reply, got = send(s, d, head="X-SMS-From: a b\n"
                          "X-SMS-From: =?utf-8?q?a_b?=\n")
        tap.is_((reply.code, got), (250, {"sender": "a b"}),
                "the same value in another form")
        reply, got = send(s, d, head="Importance: high\nImportance: low\n")
        tap.is_((reply.code, got), (250, {"priority": [LEVEL, 4]}),
                "other fields: the first counts")
    with Delivery() as d, Session(NONE + ["options no"], libexec=d.dir) as s:
        s.ehlo()
        reply, got = send(s, d, head="X-SMS-SIM: 1\nX-SMS-SIM: 2\n")
        tap.is_((reply.code, got), (250, {}), "options no: ignored")


@tap.test("options no")
def off():
    with Delivery() as d, Session(NONE + ["options no"], libexec=d.dir) as s:
        s.ehlo()
        for head in ("X-SMS-Priority: 7\n", "X-SMS-Priority: nonsense\n",
                     "X-SMS-Port: 5\n", "Importance: high\n",
                     "X-SMS-From: x\n"):
            reply, got = send(s, d, head=head)
            tap.is_((reply.code, got), (250, {}), "%r is ignored" % head)
            tap.is_(d.sent()[0]["text"], "hello", "... and no part of the "
                    "text")
        tap.is_(send(s, d, "MT-PRIORITY=3", "NOTIFY=SUCCESS")[1],
                {"priority": [LEVEL, 3], "report": YES},
                "parameters are obeyed")


@tap.test("what the gateway cannot do")
def cannot():
    with Delivery(can=0) as d, Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        for words, want in (
                ("MT-PRIORITY=1",
                 "555 5.5.4 MT-PRIORITY is not supported by the gateway"),
                ("BY=60;R", "555 5.5.4 BY is not supported by the gateway"),
                ("HOLDFOR=60", "555 5.5.4 HOLDFOR and HOLDUNTIL are not "
                 "supported by the gateway")):
            tap.is_(str(s.mail(parameters=words)), want, words)
        tap.is_(len(d.notes("can")), 1, "it was asked once")
        for words, want in (("MT-PRIORITY=0", {"priority": [LEVEL, 0]}),
                            ("RET=FULL ENVID=1", {})):
            reply, got = send(s, d, words)
            tap.is_((reply.code, got), (250, want), words + ": needs nothing")
            tap.ok("without" not in str(reply), "... and nothing is left out",
                   repr(reply))
        rows = [
            ("", "X-SMS-Priority: 7\n", ", without priority"),
            ("", "X-SMS-TTL: 60\n", ", without TTL"),
            ("", "X-SMS-Schedule: +60\n", ", without schedule"),
            ("", "X-SMS-Delivery-Report: yes\n", ", without delivery report"),
            ("", "X-SMS-Delivery-Report: no\n", ""),
            ("", "X-SMS-SIM: 1\n", ", without SIM"),
            ("", "X-SMS-Device: x\n", ", without device"),
            ("", "X-SMS-From: x\n", ", without sender"),
            ("", "Importance: high\n", ""),
            ("NOTIFY=SUCCESS", "", ", without delivery report"),
            ("NOTIFY=NEVER", "", ""),
            ("", "X-SMS-TTL: 60\nX-SMS-SIM: 1\n", ", without TTL, without "
             "SIM"),
        ]
        for rcpt, head, want in rows:
            reply, got = send(s, d, "", rcpt, head)
            tap.is_(str(reply), "250 2.0.0 Message accepted, queued as id-0 "
                    "(1 recipient, 1 part, GSM-7)" + want, rcpt + head)
            tap.ok(got in ({}, {"report": NO}), "... and it is not sent", got)
        reply, got = send(s, d, head="X-SMS-SIM: 9\n")
        tap.is_(str(reply), bad_value("X-SMS-SIM"),
                "a bad value is one all the same")
        s.quit()
        lines = [e for e in s.events() if e.get("event") == "message"]
        tap.is_(lines[-1].get("left-out"), '"TTL, SIM"', "the log says it")


@tap.test("within what the gateway can do")
def limits():
    with Delivery(ttl=(5, 3600), schedule=(60, 7200),
                  priority=(0, 3)) as d, Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        far = "501 5.5.4 HOLDFOR or HOLDUNTIL is out of range"
        for words, want in (("BY=4;R", "555 5.5.4 BY is out of the "
                             "gateway's range"),
                            ("BY=3601;R", "555 5.5.4 BY is out of the "
                             "gateway's range"),
                            ("HOLDFOR=30", far), ("HOLDFOR=7300", far)):
            tap.is_(str(s.mail(parameters=words)), want, words)
        for head in ("TTL: 4", "TTL: 3601", "Schedule: +30",
                     "Schedule: +7300", "Priority: -1", "Priority: 4"):
            reply, got = send(s, d, head="X-SMS-" + head + "\n")
            tap.is_((str(reply), got),
                    (bad_value("X-SMS-" + head.split(":")[0]), None), head)
        for mail, head in (("BY=5;R", ""), ("BY=3600;R", ""),
                           ("HOLDFOR=70", ""), ("HOLDFOR=7000", ""),
                           ("MT-PRIORITY=9", ""),
                           ("", "X-SMS-Priority: 3\n"),
                           ("", "X-SMS-TTL: 3600\n")):
            tap.is_(send(s, d, mail, head=head)[0].code, 250, mail + head)


@tap.test("a moment that comes while the mail does")
def overtaken():
    with Delivery() as d, Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        s.must("MAIL FROM:<a@client.test> HOLDFOR=1", 250)
        s.must(TO, 250)
        s.must("DATA", 354)
        time.sleep(2.1)     # it is this wait that is tested
        tap.is_(s.data("Message-ID: <1@c>\n\nhello").code, 250, "250")
        tap.is_(options(d.sent()[0]), {}, "it is sent at once")


@tap.test("BY with N: the time is the gateway's limit, and no condition")
def notice():
    with Delivery() as d, Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        for words, want in (("BY=120;N", {"ttl": 120}), ("BY=-5;NT", {}),
                            ("BY=0;N", {})):
            reply, got = send(s, d, words)
            tap.is_(got, want, "%s: %s" % (words, want))
            tap.like(str(reply), "^250 .*, without notice of delay$",
                     "... and that no notice is made is said")
        reply, got = send(s, d, "BY=120;N", head="X-SMS-TTL: 60\n")
        tap.is_(got, {"ttl": 120}, "a field does not change it")
        reply, got = send(s, d, "BY=0;N", head="X-SMS-TTL: 60\n")
        tap.is_(got, {}, "nor one that is over")
        for words, head in (("HOLDFOR=600 BY=60;N", ""),
                            ("BY=60;N", "X-SMS-Schedule: +600\n")):
            reply, got = send(s, d, words, head=head)
            tap.is_((reply.code, sorted(got)), (250, ["schedule"]),
                    "%s %r: a later release drops it" % (words, head))


@tap.test("NOTIFY of several recipients")
def notify():
    rows = [
        (["SUCCESS", "NEVER"], YES), (["NEVER", "NEVER"], NO),
        (["NEVER", None], 0), (["FAILURE", "NEVER"], 0),
        ([None, "SUCCESS"], YES), ([None, None], 0),
    ]
    with Delivery() as d, Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        for notifies, want in rows:
            d.forget()
            s.mail()
            for i, value in enumerate(notifies):
                s.must("RCPT TO:<+49151000000%d@sms.test>%s"
                       % (i, " NOTIFY=" + value if value else ""), 250)
            tap.is_(s.cmd("RCPT TO:<x@sms.test> NOTIFY=SUCCESS").code, 550,
                    "%s: one that is refused has no say" % notifies)
            s.must("DATA", 354)
            s.data("Message-ID: <1@c>\n\nhello")
            tap.is_(d.sent()[0]["report"], want, "... %d" % want)


@tap.test("sender mail, sender fixed")
def sender():
    rows = [("+4915112345678@b.test", "+4915112345678"),
            ("4915112345678@b.test", "+4915112345678"),
            ('"+49 151 12345678"@b.test', "+4915112345678"),
            ("root@b.test", ""), ("", ""), ("12@b.test", "")]
    with Delivery() as d, Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        for mail, want in rows:
            got = send(s, d, sender=mail)[1]
            tap.is_(got, {"sender": want} if want else {}, "<%s>" % mail)
        got = send(s, d, sender=rows[0][0], head="X-SMS-From: ACME\n")[1]
        tap.is_(got, {"sender": "ACME"}, "X-SMS-From is what is meant")
        tap.is_(d.notes("can")[1:], [], "nobody is asked for a number's sake")
        s.mail(rows[0][0])
        s.must("RSET", 250)
        tap.is_(send(s, d)[1], {}, "RSET forgets it")
        s.quit()
        line = [e for e in s.events() if e.get("event") == "message"][0]
        tap.is_(line.get("options"), '"from=+*********5678"',
                "the log masks it")
    with Delivery(can=0) as d, Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        reply, _ = send(s, d, sender=rows[0][0])
        tap.ok("without" not in str(reply), "a gateway that takes no sender: "
               "silently", repr(reply))
    with Delivery() as d, Session(NONE + ["sender fixed"],
                                  libexec=d.dir) as s:
        s.ehlo()
        tap.is_(send(s, d, sender=rows[0][0])[1], {}, "sender fixed: never")
        reply, got = send(s, d, head="X-SMS-From: ACME\n")
        tap.is_((str(reply), got), ("550 5.7.1 Sender not allowed", None),
                "nor by X-SMS-From")


def multipart(*parts):
    return "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n", \
        "".join("--b\n%s\n" % p for p in parts) + "--b--\n"


def binary(data, kind="application/octet-stream"):
    return "Content-Type: %s\nContent-Transfer-Encoding: base64\n" % kind, \
        b64(data) + "\n"


TEXT = "Content-Type: text/plain\n\nread this"


@tap.test("data SMS")
def data():
    one = bytes(range(133))
    part = "\n".join(binary(b"\0\xff\r\n"))
    rows = [
        ("the whole message", *binary(one), one),
        ("one octet", *binary(b"\0"), b"\0"),
        ("a part behind text", *multipart(TEXT, part), b"\0\xff\r\n"),
        ("the first of two",
         *multipart("\n".join(binary(b"1")), "\n".join(binary(b"2"))), b"1"),
        ("not a calendar",
         *multipart("Content-Type: text/calendar\n\nx", part),
         b"\0\xff\r\n"),
        ("8bit, as it is", *multipart(
            "Content-Type: application/octet-stream\n\na.b"), b"a.b"),
        ("a picture", *binary(b"png", "image/png"), b"png"),
    ]
    with Delivery() as d, Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        for what, head, body, want in rows:
            reply, got = send(s, d, head="X-SMS-Port: 16000\n" + head,
                              body=body)
            tap.is_(got, {"port": 16000, "data": want.hex()}, what,
                    repr(reply))
            tap.is_((d.sent() or [{}])[0].get("text"), "", "... and no text")
        tap.is_(str(reply), "250 2.0.0 Message accepted, queued as id-0 (1 "
                "recipient, 3 octets of data)", "the reply")
        for what, head, body, want in [
                ("text alone", "", "hello", "550 5.6.0 X-SMS-Port requires "
                 "a binary part"),
                ("an empty part", *binary(b""), "550 5.6.0 X-SMS-Port "
                 "requires a binary part"),
                ("134 octets", *binary(bytes(134)),
                 "552 5.3.4 The binary part is too big for one SMS"),
                ("a megabyte", *binary(bytes(1000000)),
                 "552 5.3.4 The binary part is too big for one SMS")]:
            reply, got = send(s, d, head="X-SMS-Port: 16000\n" + head,
                              body=body)
            tap.is_((str(reply), got), (want, None), what)
        reply, got = send(s, d, head=rows[2][1], body=rows[2][2])
        tap.is_(got, {}, "without X-SMS-Port: a text")
    with Delivery(can=EVERYTHING & ~DATA) as d, \
            Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        reply, got = send(s, d, head="X-SMS-Port: 1\n" + rows[0][1],
                          body=rows[0][2])
        tap.is_((str(reply), got), ("550 5.6.1 X-SMS-Port is not supported "
                                    "by the gateway", None),
                "a gateway that cannot")


@tap.test("how long MAIL and RCPT may be")
def lengths():
    limits = (("MAIL FROM:<a@b.test>", 512 + 26 + 17 + 500 + 10 + 15 + 17
               + 34 + 9 + 107 + 5),
              (TO, 512 + 29 + 507))
    with Delivery() as d, Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        s.must("MAIL FROM:<a@b.test>", 250)
        for command, most in limits:
            if command.startswith("MAIL"):
                s.must("RSET", 250)
            line = command + " " * (most - 2 - len(command))
            tap.ok(s.cmd(line + " ").starts("500 5.5.6"), "%d octets: too "
                   "long" % (most + 1))
            tap.is_(s.cmd(line).code, 250, "%d octets" % most)
        words = ("SIZE=10485760 BODY=BINARYMIME SMTPUTF8 MT-PRIORITY=-9 "
                 "BY=+604800000;RT HOLDUNTIL=%s RET=FULL ENVID=%s PRDR"
                 % (soon(600000), "x" * 100))
        s.must("RSET", 250)
        address = "a" * 64 + "@" + ".".join(["d" * 60] * 4)
        tap.is_(s.mail(address, words).code, 250, "all parameters and a long "
                "address")
        tap.is_(s.cmd(TO + " NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;"
                      + "x" * 493).code, 250, "the longest of RCPT")


@tap.test("the delivery side that is asked and does not answer")
def lost():
    with Delivery() as d:
        with open(d.dir + "/smtp2sms-deliver", "w", encoding="ascii") as f:
            f.write("#!/bin/sh\nexit 1\n")
        with Session(NONE, libexec=d.dir) as s:
            s.ehlo()
            reply = s.mail(parameters="BY=60;R")
            tap.ok(reply.starts("421 4.3.0"), "at MAIL: 421", repr(reply))
            tap.is_(s.rest(), b"", "and closed")
        with Session(NONE, libexec=d.dir) as s:
            s.ehlo()
            reply, _ = send(s, d, head="X-SMS-TTL: 60\n")
            tap.ok(reply.starts("451 4.3.0"), "at the end: 451", repr(reply))


@tap.test("the delivery side that dies after it said what it can")
def died():
    with Delivery() as d, Session(NONE, libexec=d.dir) as s:
        s.ehlo()
        s.must("MAIL FROM:<> BY=60;R", 250)
        os.kill(s.processes("smtp2sms-deliver")[0], signal.SIGKILL)
        s.must(TO, 250)
        s.must("DATA", 354)
        tap.is_(str(s.data("\nhello")), "451 4.3.0 Delivery is not "
                "available, try again later", "the message: 451")
        tap.ok(s.mail().starts("421 4.3.0"), "the next one: 421")
        tap.is_((s.rest(), d.sent()), (b"", []), "closed, nothing was sent")


@tap.test("smtplib sends them")
def library():
    """Python's client adds what it is told to MAIL and RCPT."""
    with Delivery() as d, Session(NONE, libexec=d.dir) as s:
        client = smtplib.SMTP()
        client.sock = s.sock.dup()
        client.sock.setblocking(True)
        client._host = "sms.test"       # starttls() and auth() look at it
        client.ehlo("client.test")
        for name in ("dsn", "deliverby", "mt-priority", "futurerelease",
                     "smtputf8", "chunking", "8bitmime"):
            tap.ok(client.has_extn(name), "has " + name)
        refused = client.sendmail(
            "a@b.test", ["%s@sms.test" % NUMBER],
            "Message-ID: <1@c>\r\n\r\nhello",
            mail_options=["MT-PRIORITY=5", "BY=300;R", "HOLDFOR=60",
                          "RET=HDRS", "ENVID=7"],
            rcpt_options=["NOTIFY=SUCCESS,FAILURE"])
        tap.is_(refused, {}, "nobody was refused")
        got = options(d.sent()[0])
        tap.ok(abs(got.pop("schedule", 0) - time.time() - 60) < 30,
               "scheduled")
        tap.is_(got, {"priority": [LEVEL, 5], "ttl": 300, "report": YES},
                "and all the rest")
        client.quit()
        assert isinstance(s.sock, socket.socket)


assert EVERYTHING == (PRIORITY | TTL | SCHEDULE | REPORT | SIM | DEVICE
                      | FROM | DATA)
tap.run()
