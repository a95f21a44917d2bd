"""An SMS that answers one goes to whoever sent the last mail to its number."""

import os

import smtp
import tap
from gateway import Gateway
from hook_lib import FROM, REPLIES_TO, Hook, keyed, smsgate, text_of

ALICE, BOB = "alice@example.org", "bob@example.com"


class Circle:
    """A hook, a gateway that accepts, and sessions with one configuration."""

    def __init__(self, *lines):
        self.hook = Hook("smsgate", keyed(), *lines)
        self.n = 0

    def send(self, gateway, sender=ALICE, to=FROM, message_id=None):
        """A mail that becomes an SMS; its Message-ID."""
        self.n += 1
        if message_id is None:
            message_id = "<m%d@client.test>" % self.n
        lines = [*smtp.own_credentials(), "trust 127.0.0.0/8",
                 "journal " + self.hook.path("journal"), keyed(),
                 "replies-to " + REPLIES_TO, *self.extra]
        with smtp.Session(lines, gateway) as s:
            s.ehlo()
            s.cmd("MAIL FROM:<%s>" % sender)
            s.cmd("RCPT TO:<%s@sms.test>" % to)
            s.cmd("DATA")
            s.send("From: a\r\nMessage-ID: %s\r\n\r\nDisk full %d\r\n.\r\n" %
                   (message_id, self.n))
            reply = s.reply()
            tap.is_(reply.code, 250, "the mail is sent", reply)
            s.quit()
        return message_id

    extra = ()

    def answer(self, text="ACK", **more):
        """The SMS that comes back, as a mail."""
        self.n += 1
        got = self.hook.post_signed(smsgate(text, message="a%d" % self.n,
                                            **more))
        tap.is_(got.status, 200, "the answer is taken", self.hook.log)
        return self.hook.mail()


def to_of(mail):
    return mail["To"].addresses[0].addr_spec


@tap.test("the answer goes to the sender, into his thread")
def circle():
    c = Circle()
    with Gateway() as gateway:
        first = c.send(gateway)
        mail = c.answer("ACK")
        tap.is_(to_of(mail), ALICE, "to whoever sent the mail")
        tap.is_(mail["In-Reply-To"], first, "In-Reply-To")
        tap.is_(mail["References"], first, "References")
        tap.is_(mail["From"].addresses[0].addr_spec, FROM + "@sms.test",
                "from an address that is an SMS again")
        tap.is_(text_of(mail), "ACK", "the text")
        with open(os.path.join(c.hook.mails, "args")) as file:
            tap.is_(file.read().split()[-1], ALICE, "the envelope, too")
        tap.is_(to_of(c.answer("and more")), ALICE, "and the next one")
        tap.is_(to_of(c.answer(sender="+12025550123")), REPLIES_TO,
                "another number answers nobody")
        second = c.send(gateway, sender=BOB)
        mail = c.answer()
        tap.is_((to_of(mail), mail["In-Reply-To"]), (BOB, second),
                "the last one counts")


@tap.test("who gets no answers")
def nobody():
    c = Circle()
    c.extra = ["bounces accept"]
    with Gateway() as gateway:
        for sender, what in (("", "<>"),
                             ('"a b"@example.org', "a quoted local part"),
                             ("root", "an address without a domain")):
            c.send(gateway, sender=sender)
            mail = c.answer()
            tap.is_((to_of(mail), mail["In-Reply-To"]), (REPLIES_TO, None),
                    what)
        c.send(gateway, message_id="no id at all")
        mail = c.answer()
        tap.is_((to_of(mail), mail["In-Reply-To"]), (ALICE, None),
                "a mail without a Message-ID has no thread")


@tap.test("a Message-ID cannot make a header field")
def hostile():
    c = Circle()
    with Gateway() as gateway:
        for text in ("<a@b>\r\n <c@d>", "x <a@b> y"):
            c.send(gateway, message_id=text)
            tap.is_(c.answer()["In-Reply-To"], "<a@b>", text)
        c.send(gateway, message_id="<" + "x" * 950 + "@b>")
        tap.is_(c.answer()["In-Reply-To"], None, "one that is too long")


@tap.test("what is not switched on is not remembered")
def off():
    c = Circle("replies-for 0")
    c.extra = ["replies-for 0"]
    with Gateway() as gateway:
        c.send(gateway)
    tap.is_(os.path.exists(c.hook.path("journal/reply")), False, "no note")
    tap.is_(to_of(c.answer()), REPLIES_TO, "the answer goes to replies-to")


@tap.test("numbers are hashed with the journal's key")
def hashed():
    c = Circle()
    with Gateway() as gateway:
        c.send(gateway)
    names, texts = [], b""
    for folder, _, files in os.walk(c.hook.path("journal")):
        for name in files:
            names.append(name)
            with open(os.path.join(folder, name), "rb") as file:
                texts += file.read()
    everything = " ".join(names).encode() + texts
    tap.ok(ALICE.encode() in texts, "the sender is there")
    for digits in (FROM, FROM[1:], FROM[4:]):
        tap.ok(digits.encode() not in everything, digits + " is not")
    tap.ok(b"Disk full" not in everything, "nor the text")


tap.run()
