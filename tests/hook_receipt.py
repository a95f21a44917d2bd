"""Who asks what becomes of his SMS is told by a mail, once (RFC 3461)."""

import json
import os

import smtp
import tap
from gateway import Gateway
from hook_lib import FROM, Hook, event, keyed
from metrics_lib import family, new_file, shown

ALICE = "alice@example.org"
SECOND = "+12025550123"


class Circle:
    """A hook and a gateway, and sessions with the same configuration."""

    def __init__(self, gateway, *lines):
        self.gateway = gateway
        self.hook = Hook("smsgate", keyed(), *lines)
        self.lines = [*smtp.own_credentials(), "trust 127.0.0.0/8",
                      "journal " + self.hook.path("journal"), keyed(), *lines]

    def send(self, mail="", rcpts=(("", FROM),), sender=ALICE, fields="",
             text="Disk full"):
        """Send a mail; the gateway's id of it."""
        with smtp.Session(self.lines, self.gateway) as s:
            s.ehlo()
            tap.is_(s.cmd("MAIL FROM:<%s>%s" % (sender, mail)).code, 250,
                    "MAIL" + mail)
            for more, number in rcpts:
                tap.is_(s.cmd("RCPT TO:<%s@sms.test>%s" %
                              (number, more)).code, 250, "RCPT" + more)
            s.cmd("DATA")
            s.send("From: a\r\nMessage-ID: <%d@client.test>\r\n%s\r\n%s"
                   "\r\n.\r\n" % (len(self.gateway.messages), fields, text))
            reply = s.reply()
            tap.is_(reply.code, 250, "it is sent", reply)
            s.quit()
        return self.gateway.messages[-1]["id"]

    def tell(self, what, *args, **more):
        """A webhook; the mails that come of it."""
        answer = self.hook.post_signed(event(what, *args, **more))
        tap.is_(answer.status, 200, what + " is taken", self.hook.log)
        return self.hook.received()


def fields_of(part):
    """The fields of a message/delivery-status, all in one table."""
    return {name: str(value) for block in part.get_payload()
            for name, value in block.items()}


@tap.test("delivered: all of RFC 3464")
def delivered():
    with Gateway() as gateway:
        c = Circle(gateway)
        i = c.send(" RET=HDRS ENVID=QQ+2B314159", [
            (" NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Bob+20B@example.org",
             FROM)])
        mails = c.tell("sms:delivered", i, deliveredAt="2026-03-01T09:00:00Z")
        tap.is_(len(mails), 1, "one mail", c.hook.log)
        mail = mails[0]
        tap.is_(mail.defects, [], "without defects")
        tap.is_(mail.get_content_type(), "multipart/report", "type")
        tap.is_(mail.get_param("report-type"), "delivery-status", "of report")
        tap.is_(mail["To"].addresses[0].addr_spec, ALICE, "To")
        tap.is_(mail["In-Reply-To"], "<0@client.test>", "In-Reply-To")
        tap.is_(mail["Auto-Submitted"], "auto-replied", "a machine wrote it")
        text, status, headers = mail.iter_parts()
        tap.like(text.get_content(), r"SMS to \+4915112345678 has been "
                 "delivered", "for people")
        tap.is_(status.get_content_type(), "message/delivery-status", "status")
        tap.is_(fields_of(status), {
            "Original-Envelope-Id": "QQ+314159",
            "Reporting-MTA": "dns; sms.test",
            "Original-Recipient": "rfc822; Bob B@example.org",
            "Final-Recipient": "tel; " + FROM,
            "Action": "delivered", "Status": "2.0.0"}, "its fields")
        tap.is_(headers.get_content_type(), "text/rfc822-headers", "headers")
        tap.like(headers.get_content(), "Message-ID: <0@client.test>",
                 "of the mail")
        with open(os.path.join(c.hook.mails, "args")) as file:
            tap.is_(file.read().strip(), "-i -f <> -- " + ALICE,
                    "a null sender")
        tap.like(c.hook.log, "event=receipt .*action=delivered "
                 "outcome=mailed", "the log")
        tap.is_(c.tell("sms:delivered", i), [], "a repetition makes none")
        tap.is_(c.tell("sms:delivered", i, event_id="e2"), [], "nor another")
        tap.is_(c.tell("sms:failed", i), [], "the first fate is final")


@tap.test("failed: the gateway's words")
def failed():
    with Gateway() as gateway:
        c = Circle(gateway)
        i = c.send("", [(" NOTIFY=FAILURE", FROM)])
        mail, = c.tell("sms:failed", i, reason="no\nservice: \u00e4\r\n--=_")
        text, status, _ = mail.iter_parts()
        tap.is_(fields_of(status), {
            "Reporting-MTA": "dns; sms.test", "Final-Recipient":
            "tel; " + FROM, "Action": "failed", "Status": "5.0.0",
            "Diagnostic-Code": "x-sms; no?service: ????--=_"}, "its fields")
        tap.like(text.get_content(), "could not be delivered", "for people")
        tap.like(text.get_content(), "service: \u00e4", "in its own words")


@tap.test("each recipient has his own NOTIFY")
def each():
    with Gateway() as gateway:
        c = Circle(gateway)
        i = c.send("", [(" NOTIFY=SUCCESS", FROM), (" NOTIFY=NEVER", SECOND)])
        tap.is_(c.tell("sms:delivered", i, SECOND), [], "NEVER")
        tap.is_(c.tell("sms:failed", i, FROM, event_id="x"), [],
                "a failure, when only success was asked for")
        tap.is_(len(c.tell("sms:delivered", i, FROM)), 1, "SUCCESS")
        i = c.send("", [("", FROM)])
        tap.is_(c.tell("sms:delivered", i), [], "without NOTIFY none")
        tap.is_(c.tell("sms:failed", i), [], "whatever happens")
        i = c.send("", [(" NOTIFY=FAILURE", FROM)])
        tap.is_(c.tell("sms:delivered", i), [], "success was not asked for")
        tap.is_(c.tell("sms:delivered", "another", event_id="y"), [],
                "an SMS that is not ours")


@tap.test("X-SMS-Delivery-Report: mail")
def field():
    with Gateway() as gateway:
        c = Circle(gateway)
        i = c.send(fields="X-SMS-Delivery-Report: Mail\r\n")
        tap.is_(gateway.messages[-1].get("withDeliveryReport"), True,
                "the gateway is asked for a report")
        tap.is_(len(c.tell("sms:delivered", i)), 1, "and it is a mail")
        i = c.send(fields="X-SMS-Delivery-Report: yes\r\n", text="again")
        tap.is_(c.tell("sms:delivered", i), [], "yes is for the gateway alone")


@tap.test("an SMS of several parts is delivered with the last of them")
def parts():
    with Gateway() as gateway:
        c = Circle(gateway)
        i = c.send("", [(" NOTIFY=SUCCESS", FROM)], text="word " * 70)
        tap.is_(c.tell("sms:delivered", i, event_id="p1"), [], "the first")
        tap.is_(c.tell("sms:delivered", i, event_id="p1"), [],
                "the first once more")
        tap.is_(c.tell("sms:delivered", i, event_id="p2"), [], "the second")
        tap.is_(len(c.tell("sms:delivered", i, event_id="p3")), 1,
                "the third and last")


@tap.test("who is not told, and what is not noted")
def nobody():
    with Gateway() as gateway:
        c = Circle(gateway, "receipts no")
        i = c.send("", [(" NOTIFY=SUCCESS", FROM)])
        tap.is_(c.tell("sms:delivered", i), [], "receipts no")
        tap.is_(os.path.exists(c.hook.path("journal/reply")), False,
                "no note")
        c = Circle(gateway)
        c.lines.append("bounces accept")
        i = c.send("", [(" NOTIFY=SUCCESS", FROM)], sender="",
                   text="to nobody")
        tap.is_(c.tell("sms:delivered", i), [], "<> gets none")
        c = Circle(gateway)
        c.lines.remove(keyed())
        c.send("", [(" NOTIFY=SUCCESS", FROM)], text="no hook")
        tap.is_(os.path.exists(c.hook.path("journal/reply")), False,
                "without a key for webhooks nothing is noted")


@tap.test("a report that is faster than the gateway's answer comes again")
def fast():
    with Gateway() as gateway:
        c = Circle(gateway)
        early = []

        def meddle(request):
            if request.method == "POST":
                body = event("sms:delivered", json.loads(request.body)["id"])
                early.append(c.hook.post_signed(body).status)

        gateway.meddle = meddle
        i = c.send("", [(" NOTIFY=SUCCESS", FROM)])
        tap.is_(early, [503], "before the answer: later", c.hook.log)
        tap.is_(c.hook.received(), [], "no mail yet")
        tap.is_(len(c.tell("sms:delivered", i)), 1, "then it is a mail")
        i = c.send("", [("", FROM)], text="nobody asks")
        tap.is_(early, [503, 200], "where nobody has asked it is taken")


@tap.test("the mail server is down")
def down():
    with Gateway() as gateway:
        c = Circle(gateway)
        i = c.send("", [(" NOTIFY=SUCCESS", FROM)])
        c.hook.down()
        body = event("sms:delivered", i)
        tap.is_(c.hook.post_signed(body).status, 503, "later", c.hook.log)
        c.hook.down(False)
        tap.is_(c.hook.post_signed(body).status, 200, "then it is taken")
        tap.is_(len(c.hook.received()), 1, "one mail")


@tap.test("each is counted once, behind the sandbox")
def counted():
    path = new_file()
    with Gateway() as gateway:
        c = Circle(gateway, "metrics " + path)
        i = c.send(rcpts=[(" NOTIFY=SUCCESS", FROM)])
        c.tell("sms:delivered", i)
        c.tell("sms:delivered", i)
    tap.is_(family(shown(path), "receipts_total"), {"delivered": 1},
            "smtp2sms_receipts_total", c.hook.log)


tap.run()
